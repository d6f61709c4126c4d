import {
  CATALOGUE,
  type CatalogueRow,
  type ClusterCondition,
  FEATURES,
  type Feature,
} from "../../../../src/iam/catalogue";
import { type Cluster, conditionsOf, reasons } from "../../../../src/iam/cluster";
import { appliesTo } from "../../../../src/iam/dkp-versions";
import type { PolicyStatement } from "../../../../src/iam/policy-document";
import { type PolicyOptions, policyStatements } from "../../../../src/iam/policy-statements";
import { code, plain, prose, tableRow } from "../text/markdown";

export interface Explanation {
  readonly row: CatalogueRow;
  /** What of this cluster, or else of other ones, requires it. */
  readonly requiredBy: string;
  /** Empty: the policy does not grant it. */
  readonly grants: readonly PolicyStatement[];
  /** A Deny applies to every action, if all its conditions hold. */
  readonly denials: readonly PolicyStatement[];
}

interface Permission {
  readonly row: CatalogueRow;
  readonly isRequired: boolean;
  readonly tableRow: string;
}

/** Why an action of the catalogue is in a policy or not. Ignores case, as IAM does. */
export function explain(action: string, options: PolicyOptions): Explanation | undefined {
  const name = action.toLowerCase();
  const row = CATALOGUE.find((candidate) => candidate.action.toLowerCase() === name);
  const statements = policyStatements(options);
  return (
    row && {
      row,
      requiredBy: requirementsOf(row, options.cluster).requiredBy,
      grants: statements.filter(({ actions }) => actions.includes(row.action)),
      denials: statements.filter(({ effect }) => effect === "Deny"),
    }
  );
}

function requirementsOf(row: CatalogueRow, cluster: Cluster) {
  const conditions = reasons(row, conditionsOf(cluster));
  const isAnyLayout = cluster.layout === undefined;
  const isInVersion = appliesTo(row);
  const others = row.requiredWhen.filter((condition) => !conditions.includes(condition));
  const versions = isInVersion ? "" : ` in DKP ${versionsOf(row)}`;
  const elsewhere = others.map((condition) => `${described(condition)}${versions}`).join(" or ");
  const possible = elsewhere && `${isAnyLayout ? "" : "not this cluster; "}with ${elsewhere}`;
  return {
    isRequired:
      conditions.length > 0 || (row.requiredWhen.length > 0 && isAnyLayout && isInVersion),
    requiredBy: conditions.map(described).join(", ") || possible || "nothing known",
  };
}

/** @param statements what allows the actions */
export function permissionsOf(
  rows: readonly CatalogueRow[],
  statements: readonly PolicyStatement[],
  cluster: Cluster,
): readonly Permission[] {
  return rows.map((row) => {
    const { isRequired, requiredBy } = requirementsOf(row, cluster);
    const allowing = statements.filter(({ actions }) => actions.includes(row.action));
    const cells = [
      `${code(row.action)}${row.documented ? "" : " (additional)"}`,
      row.access,
      plain(row.why, cluster.prefix),
      prose(row.callers.join(", ") || "no known caller"),
      plain(requiredBy),
      allowing.map(({ sid }) => code(sid)).join(", "),
    ];
    return { row, isRequired, tableRow: tableRow(cells) };
  });
}

export function explanationText({ row, requiredBy, grants, denials }: Explanation): string {
  const versions = versionsOf(row);
  const listed = row.documented
    ? "in the DKP documentation"
    : "not in the DKP documentation; an additional permission";
  return [
    `${row.action} (${row.access})`,
    `  why:     ${row.why}`,
    `  source:  ${row.source}`,
    `  callers: ${row.callers.join(", ") || "none known"}`,
    `  listed:  ${listed}`,
    `  for:     ${requiredBy}`,
    ...(versions === "" ? [] : [`  DKP:     ${versions}`]),
    ...grants.flatMap(({ sid, resources, conditions }) => [
      `  allowed: statement ${sid}, on ${resources.join(", ")}`,
      ...conditionLines(conditions),
    ]),
    ...(grants.length === 0 ? ["  allowed: no"] : []),
    ...denials.flatMap(({ sid, conditions }) => [
      `  denied:  statement ${sid}`,
      ...conditionLines(conditions),
    ]),
  ].join("\n");
}

function conditionLines(conditions: PolicyStatement["conditions"]): readonly string[] {
  return conditions.map(
    ({ test, variable, values }) => `           only if ${variable} ${test} ${values.join(", ")}`,
  );
}

const WORDS: Readonly<Record<Exclude<ClusterCondition, `${string}:${string}`>, string>> = {
  always: "every cluster",
  bastion: "a bastion",
  "own-vpc": "a VPC of its own",
  peering: "peered VPCs",
  tags: "tags",
  "imdsv2-set": "imdsv2, true or false",
  "default-security-groups": "DKP's default security groups",
};

/** Empty: all versions of DKP call the action. */
function versionsOf({ since, until }: CatalogueRow): string {
  return [
    ...(since === undefined ? [] : [`from ${since}`]),
    ...(until === undefined ? [] : [`up to ${until}`]),
  ].join(" ");
}

function described(condition: ClusterCondition): string {
  const [kind, name] = condition.split(":");
  if (kind === "layout") {
    return `layout ${name}`;
  }
  return kind === "feature"
    ? `feature ${name} (${FEATURES[name as Feature]})`
    : WORDS[condition as keyof typeof WORDS];
}
