import { type InstanceGroup, instanceGroups } from "../../../../settings/deployment";
import type { InstanceTypeInfo } from "../../aws/operations";
import { inOrder, type Operations, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, skipped } from "../check";

/** Whether a region has an instance type, and DKP's node software runs on it. */
export function judgeInstanceType(
  info: InstanceTypeInfo | undefined,
  { field, instanceType }: InstanceGroup,
  region: string,
): Finding {
  const setting = `cluster.${field}.instanceClass.instanceType`;
  if (info === undefined) {
    return failed(`${field}: ${region} has no instance type ${instanceType}`, `correct ${setting}`);
  }
  const architectures: readonly string[] = info.ProcessorInfo?.SupportedArchitectures ?? [];
  return architectures.includes("x86_64")
    ? ok(`${field}: ${instanceType} is available in ${region}, x86_64`)
    : failed(
        `${field}: ${instanceType} is ${architectures.join(", ") || "of an unknown architecture"}, and the node software of DKP requires x86_64`,
        `set ${setting} to a type for x86_64`,
      );
}

/** The instance types that the settings name. */
export const instanceTypeCheck = check({
  name: "instance type",
  calls: ["ec2:DescribeInstanceTypes"],
  where: "region",
  async run({ call }, { deployment: { instances, region } }) {
    return inOrder(
      instanceGroups(instances).map(async (group) => {
        if (group.instanceType === undefined) {
          return skipped(`${group.field}: no instance type is set`, `set cluster.${group.field}.instanceClass.instanceType`);
        }
        // The type of the SDK lists the instance types that it knows; AWS adds new ones every month.
        const input = { InstanceTypes: [group.instanceType] } as Operations["ec2:DescribeInstanceTypes"]["input"];
        const answer = await unlessMissing(call("ec2:DescribeInstanceTypes", input), "InvalidInstanceType");
        return judgeInstanceType(answer?.InstanceTypes?.[0], group, region);
      }),
    );
  },
});
