import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Cluster } from "../../src/iam/cluster";
import { PROJECT } from "./project-root";

export type { Layout } from "../../src/iam/cluster";

/** The settings of a run, beyond the layout. */
type Condition = "own-vpc" | "peering" | "tags" | "default-security-groups" | "burstable";

/** A row of `measured-calls.yaml`, which explains it. */
interface MeasuredRow {
  readonly actions: readonly string[];
  readonly calls?: Readonly<Record<string, string>>;
  readonly changes?: Readonly<Record<string, string>>;
  readonly onlyWhen?: Condition;
}

/** No separate requests, so no log shows them: AWS authorizes them within other calls. */
export const IMPLIED = ["ec2:CreateTags", "iam:PassRole"];

/** As `IMPLIED`, if the settings have `tags`: the role is created with them. */
export const IMPLIED_BY_TAGS = ["iam:TagRole"];

const MEASURED: readonly MeasuredRow[] = parse(readFileSync(join(PROJECT, "__tests__/helpers/measured-calls.yaml"), "utf8"));

/** The conditions under which calls were measured that a cluster meets. A burstable instance type is possible in every one. */
function conditionsOf({ existingVPCID, peeredVPCs, tags, disableDefaultSecurityGroup }: Cluster): readonly Condition[] {
  const held: Readonly<Record<Condition, boolean>> = {
    burstable: true,
    "default-security-groups": !disableDefaultSecurityGroup,
    "own-vpc": existingVPCID === undefined,
    peering: peeredVPCs.length > 0,
    tags: Object.keys(tags).length > 0,
  };
  return (Object.keys(held) as Condition[]).filter((condition) => held[condition]);
}

/**
 * The actions of DKP's Terraform that were measured for such a cluster and its changes, sorted: most changes are possible in every one.
 * WithNAT without a bastion has the calls of Standard.
 */
export function measuredActions(cluster: Cluster): readonly string[] {
  const { layout = "Standard", bastion, imdsv2, features } = cluster;
  const conditions = conditionsOf(cluster);
  const letter = { WithoutNAT: "W", WithNAT: bastion ? "N" : "S", Standard: "S" }[layout];
  const isPhaseOf = (phase: string) => !phase.includes("[") || phase.includes(letter);
  const happens = (change: string) =>
    (change !== "imdsv2" || imdsv2 !== undefined) && (change !== "instanceType" || features.includes("instance-type-change"));
  const rows = MEASURED.filter(
    ({ onlyWhen, calls = {}, changes = {} }) =>
      (onlyWhen === undefined || conditions.includes(onlyWhen)) &&
      (Object.values(calls).some((phases) => phases.split(" ").some(isPhaseOf)) || Object.keys(changes).some(happens)),
  );
  return [...new Set(rows.flatMap(({ actions }) => actions))].sort();
}
