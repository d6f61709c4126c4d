import { suggest } from "../../../../settings/message-parts";
import { check, type Finding, failed, ok } from "../check";

/** A region as EC2 reports it. */
export interface RegionStatus {
  readonly name: string;
  /** `opt-in-not-required`, `opted-in` or `not-opted-in`. */
  readonly optInStatus: string;
}

/** Whether a region is enabled in an account. @param regions all regions of the partition */
export function judgeRegion(regions: readonly RegionStatus[], region: string): Finding {
  const status = regions.find(({ name }) => name === region)?.optInStatus;
  if (status === undefined) {
    const names = regions.map(({ name }) => name);
    return failed(`AWS has no region ${region}`, `correct region: ${suggest(region, names)}`);
  }
  return status === "opted-in" || status === "opt-in-not-required"
    ? ok(`${region} is enabled (${status})`)
    : failed(
        `${region} is not enabled in this account (${status})`,
        `enable it under "AWS Regions" of the account's page, or aws account enable-region --region-name ${region}; it takes minutes to hours`,
      );
}

/** Called in a region that every account has: a region that is not enabled rejects every key. */
export const regionCheck = check({
  name: "region",
  calls: ["ec2:DescribeRegions"],
  where: "always-on region",
  async run({ call }, { deployment }) {
    const { Regions = [] } = await call("ec2:DescribeRegions", { AllRegions: true });
    const regions = Regions.map(({ RegionName: name = "", OptInStatus: optInStatus = "" }) => ({ name, optInStatus }));
    return [judgeRegion(regions, deployment.region)];
  },
});
