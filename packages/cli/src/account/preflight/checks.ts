import { iamResourceArn, partitionOf } from "../../../../../src/iam/arns";
import { type Check, when } from "./check";
import { imageCheck } from "./checks/image";
import { prefixCheck } from "./checks/prefix";
import { resourceNamesCheck } from "./checks/resource-names";

/**
 * Whether the credentials belong to the account of the settings and, with `--as-key`, are the key
 * of the deployment's user. AWS requires no permission for the call. All other checks depend on it.
 */
export function accountCheck(asKey: boolean): Check {
  return {
    id: "account",
    field: "accountId",
    async run({ list, deployment: { accountId, stack, region, user: own } }) {
      const [account = "", arn = ""] = await list(
        "sts:GetCallerIdentity",
        {},
        ({ Account, Arn }) => [Account, Arn],
      );
      const user = iamResourceArn(
        { partition: partitionOf(region), account },
        `user${own.path}${own.name}`,
      );
      const unset = accountId === undefined ? "accountId" : undefined;
      return [
        accountId !== undefined && accountId !== account
          ? { rule: "account-differs", values: { account, arn, accountId } }
          : { rule: "account-ok", values: { account, arn, unset } },
        ...when(asKey && arn !== user, { rule: "key-owner-differs", values: { arn, user, stack } }),
      ];
    },
  };
}

/** Whether the Region is enabled. Otherwise every call there fails. */
export const regionCheck: Check = {
  id: "region",
  field: "region",
  async run({ list, deployment: { region } }) {
    const regions = await list(
      "ec2:DescribeRegions",
      { AllRegions: true },
      ({ Regions }) => Regions,
    );
    const status =
      regions.find(({ RegionName }) => RegionName === region)?.OptInStatus ?? "unknown to AWS";
    const isEnabled = status === "opted-in" || status === "opt-in-not-required";
    return when(!isEnabled, { rule: "region-disabled", values: { region, status } });
  },
};

/** Every check besides the account and the Region, in the order of the report. */
export const CHECKS: readonly Check[] = [imageCheck, resourceNamesCheck, prefixCheck];
