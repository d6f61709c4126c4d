import { unlessMissing } from "../../aws-api/operations";
import { blocker, check, type Finding, ok, skipped } from "../check";

export interface ExistingVpc {
  readonly id: string;
  readonly region: string;
  readonly exists: boolean;
  /** Ids of the internet gateways attached to it. */
  readonly gateways: readonly string[];
}

/** Whether DKP can make its internet gateway, which it does in every layout and a VPC has only one of. */
export function judgeExistingVpc({ id, region, exists, gateways }: ExistingVpc, existingCluster: boolean): Finding {
  if (!exists) {
    return blocker(`${id} is not in ${region} of this account`, "correct cluster.existingVPCID");
  }
  if (existingCluster) {
    return ok(`${id} exists, with ${gateways.join(", ") || "no internet gateway"}`);
  }
  return gateways.length === 0
    ? ok(`${id} exists and has no internet gateway`)
    : blocker(
        `${id} has the internet gateway ${gateways.join(", ")}, and DKP attaches one of its own, in every layout`,
        "use another VPC, detach the gateway if nothing needs it, or say --existing-cluster if it is the cluster's own",
      );
}

/** The VPC that the cluster is put into. */
export const existingVpcCheck = check({
  name: "existing VPC",
  calls: ["ec2:DescribeVpcs", "ec2:DescribeInternetGateways"],
  where: "region",
  async run({ ask }, { deployment: { cluster, region }, existingCluster }) {
    const id = cluster.existingVPCID;
    if (id === undefined) {
      return [skipped("cluster.existingVPCID is not stated: DKP makes a VPC")];
    }
    const vpcs = await unlessMissing(ask("ec2:DescribeVpcs", { VpcIds: [id] }), "InvalidVpcID.NotFound");
    if (vpcs?.Vpcs?.[0] === undefined) {
      return [judgeExistingVpc({ id, region, exists: false, gateways: [] }, existingCluster)];
    }
    const attached = { Name: "attachment.vpc-id", Values: [id] };
    const { InternetGateways = [] } = await ask("ec2:DescribeInternetGateways", { Filters: [attached] });
    const gateways = InternetGateways.map(({ InternetGatewayId = "" }) => InternetGatewayId);
    return [judgeExistingVpc({ id, region, exists: true, gateways }, existingCluster)];
  },
});
