import { type Check, when } from "../check";

/** Whether the Region is enabled. */
export const regionCheck: Check = {
  id: "region",
  field: "region",
  calls: ["ec2:DescribeRegions"],
  async run({ list }, { deployment: { region } }) {
    const regions = await list("ec2:DescribeRegions", { AllRegions: true }, ({ Regions }) => Regions);
    const status = regions.find(({ RegionName }) => RegionName === region)?.OptInStatus ?? "unknown to AWS";
    const isEnabled = status === "opted-in" || status === "opt-in-not-required";
    return when(!isEnabled, { rule: "region-disabled", values: { region, status } });
  },
};
