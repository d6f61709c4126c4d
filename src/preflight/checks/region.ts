import { suggest } from "../../settings/messages";
import { blocker, check, type Finding, ok } from "../check";

/** A region as EC2 tells of it. */
export interface RegionStatus {
  readonly name: string;
  /** `opt-in-not-required`, `opted-in` or `not-opted-in`. */
  readonly optInStatus: string;
}

/** Whether an account may use a region, by all regions that the partition has. */
export function judgeRegion(regions: readonly RegionStatus[], region: string): Finding {
  const status = regions.find(({ name }) => name === region)?.optInStatus;
  if (status === undefined) {
    const names = regions.map(({ name }) => name);
    return blocker(`AWS knows no region ${region}`, `correct region: ${suggest(region, names)}`);
  }
  return status === "opted-in" || status === "opt-in-not-required"
    ? ok(`${region} is enabled (${status})`)
    : blocker(
        `${region} is not enabled in this account (${status})`,
        `enable it under "AWS Regions" of the account's page, or aws account enable-region --region-name ${region}; it takes minutes to hours`,
      );
}

/** Asked in a region that is always there: one that is not enabled refuses every key. */
export const regionCheck = check({
  name: "region",
  calls: ["ec2:DescribeRegions"],
  where: "always-on region",
  async run({ ask }, { deployment }) {
    const { Regions = [] } = await ask("ec2:DescribeRegions", { AllRegions: true });
    const regions = Regions.map(({ RegionName: name = "", OptInStatus: optInStatus = "" }) => ({ name, optInStatus }));
    return [judgeRegion(regions, deployment.region)];
  },
});
