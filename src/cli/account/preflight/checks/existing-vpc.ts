import { unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped } from "../check";

export interface ExistingVpc {
  readonly id: string;
  readonly region: string;
  readonly exists: boolean;
  /** Ids of the internet gateways attached to it. */
  readonly gateways: readonly string[];
}

/** Whether DKP can attach its internet gateway: it does so in every layout, and a VPC has at most one. */
export function judgeExistingVpc({ id, region, exists, gateways }: ExistingVpc, existingCluster: boolean): Finding {
  if (!exists) {
    return failed(`${id} does not exist in ${region} of this account`, "correct cluster.existingVPCID");
  }
  if (existingCluster) {
    return ok(`${id} exists, with ${gateways.join(", ") || "no internet gateway"}`);
  }
  return gateways.length === 0
    ? ok(`${id} exists and has no internet gateway`)
    : failed(
        `${id} has the internet gateway ${gateways.join(", ")}, and DKP attaches its own in every layout`,
        "use another VPC, detach the gateway if nothing uses it, or add --existing-cluster if it belongs to the cluster",
      );
}

/** The VPC in which DKP creates the cluster. */
export const existingVpcCheck = check({
  name: "existing VPC",
  calls: ["ec2:DescribeVpcs", "ec2:DescribeInternetGateways"],
  where: "region",
  async run({ call }, { deployment: { cluster, region }, existingCluster }) {
    const id = cluster.existingVPCID;
    if (id === undefined) {
      return [skipped("cluster.existingVPCID is not set: DKP creates a VPC")];
    }
    const vpcs = await unlessMissing(call("ec2:DescribeVpcs", { VpcIds: [id] }), "InvalidVpcID.NotFound");
    if (vpcs?.Vpcs?.[0] === undefined) {
      return [judgeExistingVpc({ id, region, exists: false, gateways: [] }, existingCluster)];
    }
    const attached = { Name: "attachment.vpc-id", Values: [id] };
    const { InternetGateways = [] } = await call("ec2:DescribeInternetGateways", { Filters: [attached] });
    const gateways = InternetGateways.map(({ InternetGatewayId = "" }) => InternetGatewayId);
    return [judgeExistingVpc({ id, region, exists: true, gateways }, existingCluster)];
  },
});
