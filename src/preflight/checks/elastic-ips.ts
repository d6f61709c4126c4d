import { inOrder, unlessMissing } from "../../aws-api/operations";
import type { Layout } from "../../iam/cluster";
import type { Instances } from "../../settings/deployment";
import { blocker, cannotTell, check, type Finding, ok, skipped } from "../check";

/** "EC2-VPC Elastic IPs" of Service Quotas, per region; 5 unless raised. */
const QUOTA = { ServiceCode: "ec2", QuotaCode: "L-0263D0A3" };

export interface AddressUse {
  readonly needed: number;
  readonly taken: number;
  readonly quota: number | undefined;
}

/**
 * Elastic IPs that DKP takes: in WithoutNAT one for every master and static node, else one for the NAT gateway and one for the bastion.
 * A text instead says what of the settings is missing to know it.
 */
export function addressesNeeded(layout: Layout | undefined, { masters, staticNodes, bastion }: Instances): number | string {
  if (layout === undefined) {
    return "cluster.layout";
  }
  if (layout !== "WithoutNAT") {
    return layout === "WithNAT" && bastion !== undefined ? 2 : 1;
  }
  const nodes = [masters, ...staticNodes];
  const unknown = nodes.find(({ replicas }) => replicas === undefined);
  return unknown === undefined ? nodes.reduce((sum, { replicas = 0 }) => sum + replicas, 0) : `cluster.${unknown.field}.replicas`;
}

/** Whether the quota of the region leaves room for the cluster's addresses. */
export function judgeAddresses({ needed, taken, quota }: AddressUse, region: string): Finding {
  const use = `the cluster takes ${needed} in ${region}, ${taken} are taken`;
  if (quota === undefined) {
    return cannotTell(
      `${use}, and Service Quotas does not tell how many there may be`,
      `look up "EC2-VPC Elastic IPs" (${QUOTA.QuotaCode}) in the Service Quotas console of ${region}`,
    );
  }
  return taken + needed <= quota
    ? ok(`${use}, the quota is ${quota}`)
    : blocker(
        `${use}, and the quota is ${quota}`,
        `raise it to ${taken + needed} or more: aws service-quotas request-service-quota-increase --service-code ${QUOTA.ServiceCode} --quota-code ${QUOTA.QuotaCode} --desired-value ${taken + needed} --region ${region}; or release addresses`,
      );
}

/** Elastic IPs against their quota. */
export const elasticIpCheck = check({
  name: "Elastic IPs",
  calls: ["ec2:DescribeAddresses", "servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"],
  where: "region",
  async run({ ask }, { deployment: { cluster, instances, region }, existingCluster }) {
    if (existingCluster) {
      return [skipped("the cluster has its addresses already, as --existing-cluster says")];
    }
    const needed = addressesNeeded(cluster.layout, instances);
    if (typeof needed === "string") {
      return [skipped("how many addresses the cluster takes is not known", `say ${needed}`)];
    }
    const [{ Addresses = [] }, applied] = await inOrder([
      ask("ec2:DescribeAddresses", {}),
      unlessMissing(ask("servicequotas:GetServiceQuota", QUOTA), "NoSuchResourceException"),
    ]);
    const answer =
      applied ?? (await unlessMissing(ask("servicequotas:GetAWSDefaultServiceQuota", QUOTA), "NoSuchResourceException"));
    // Addresses that the account brought along don't count.
    const taken = Addresses.filter(({ PublicIpv4Pool: pool = "amazon" }) => pool === "amazon").length;
    return [judgeAddresses({ needed, taken, quota: answer?.Quota?.Value }, region)];
  },
});
