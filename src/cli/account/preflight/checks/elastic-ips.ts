import type { Layout } from "../../../../iam/cluster";
import type { Instances } from "../../../../settings/deployment";
import { inOrder, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped, unknown } from "../check";

/** "EC2-VPC Elastic IPs" of Service Quotas, per region; 5 unless raised. */
const QUOTA = { ServiceCode: "ec2", QuotaCode: "L-0263D0A3" };

export interface AddressUse {
  readonly needed: number;
  readonly taken: number;
  readonly quota: number | undefined;
}

/**
 * Elastic IPs that DKP allocates: in WithoutNAT one for every master and static node, else one for the NAT gateway and one for the bastion.
 * A string instead names the setting that is missing.
 */
export function addressesNeeded(layout: Layout | undefined, { masters, staticNodes, bastion }: Instances): number | string {
  if (layout === undefined) {
    return "cluster.layout";
  }
  if (layout !== "WithoutNAT") {
    return layout === "WithNAT" && bastion !== undefined ? 2 : 1;
  }
  const nodes = [masters, ...staticNodes];
  const incomplete = nodes.find(({ replicas }) => replicas === undefined);
  return incomplete === undefined
    ? nodes.reduce((sum, { replicas = 0 }) => sum + replicas, 0)
    : `cluster.${incomplete.field}.replicas`;
}

/** Whether the quota of the region leaves room for the cluster's addresses. */
export function judgeAddresses({ needed, taken, quota }: AddressUse, region: string): Finding {
  const use = `the cluster requires ${needed} in ${region}, ${taken} are in use`;
  if (quota === undefined) {
    return unknown(
      `${use}, and Service Quotas does not return the quota`,
      `look up "EC2-VPC Elastic IPs" (${QUOTA.QuotaCode}) in the Service Quotas console of ${region}`,
    );
  }
  return taken + needed <= quota
    ? ok(`${use}, the quota is ${quota}`)
    : failed(
        `${use}, and the quota is ${quota}`,
        `raise it to ${taken + needed} or more: aws service-quotas request-service-quota-increase --service-code ${QUOTA.ServiceCode} --quota-code ${QUOTA.QuotaCode} --desired-value ${taken + needed} --region ${region}; or release addresses`,
      );
}

/** Elastic IPs against their quota. */
export const elasticIpCheck = check({
  name: "Elastic IPs",
  calls: ["ec2:DescribeAddresses", "servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"],
  where: "region",
  async run({ call }, { deployment: { cluster, instances, region }, existingCluster }) {
    if (existingCluster) {
      return [skipped("the cluster already has its addresses, as --existing-cluster expects")];
    }
    const needed = addressesNeeded(cluster.layout, instances);
    if (typeof needed === "string") {
      return [skipped("the number of addresses that the cluster requires is not known", `set ${needed}`)];
    }
    const [{ Addresses = [] }, applied] = await inOrder([
      call("ec2:DescribeAddresses", {}),
      unlessMissing(call("servicequotas:GetServiceQuota", QUOTA), "NoSuchResourceException"),
    ]);
    const answer =
      applied ?? (await unlessMissing(call("servicequotas:GetAWSDefaultServiceQuota", QUOTA), "NoSuchResourceException"));
    // Addresses from a pool of the account do not count towards the quota.
    const taken = Addresses.filter(({ PublicIpv4Pool: pool = "amazon" }) => pool === "amazon").length;
    return [judgeAddresses({ needed, taken, quota: answer?.Quota?.Value }, region)];
  },
});
