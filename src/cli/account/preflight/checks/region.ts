import { suggest } from "../../../../settings/message-parts";
import { check, type PreflightFound } from "../check";

/** A Region as EC2 reports it. */
export interface RegionStatus {
  readonly name: string;
  /** `opt-in-not-required`, `opted-in` or `not-opted-in`. */
  readonly status: string;
}

/** Whether a Region is enabled in an account. @param regions all Regions of the partition */
export function checkRegion(regions: readonly RegionStatus[], region: string): PreflightFound {
  const status = regions.find(({ name }) => name === region)?.status;
  if (status === undefined) {
    const names = regions.map(({ name }) => name);
    return { rule: "region-unknown", values: { region, suggestion: suggest(region, names) } };
  }
  const isEnabled = status === "opted-in" || status === "opt-in-not-required";
  return { rule: isEnabled ? "region-ok" : "region-disabled", values: { region, status } };
}

/** Called in a Region that every account has: a Region that is not enabled rejects every key. */
export const regionCheck = check({
  id: "region",
  field: "region",
  calls: ["ec2:DescribeRegions"],
  where: "always-on region",
  async run({ call }, { deployment }) {
    const { Regions = [] } = await call("ec2:DescribeRegions", { AllRegions: true });
    const regions = Regions.map(({ RegionName: name = "", OptInStatus: status = "" }) => ({ name, status }));
    return [checkRegion(regions, deployment.region)];
  },
});
