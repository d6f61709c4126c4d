import { CATALOGUE, type CatalogueRow, type ClusterCondition, FEATURES, type Feature } from "./catalogue";
import { type Cluster, conditionsOf, reasons } from "./cluster";
import { appliesTo } from "./dkp-versions";
import { type PolicyOptions, type PolicyStatement, policyStatements } from "./policy-statements";

/** Why an action is in a deployment's policy or not, and on what it is allowed. */
export interface Explanation {
  readonly row: CatalogueRow;
  /** What of this cluster needs it; empty: nothing. */
  readonly because: readonly string[];
  /** What of other clusters would need it. */
  readonly elsewhere: readonly string[];
  /** Where the policy grants it; empty: it does not. */
  readonly grants: readonly Pick<PolicyStatement, "sid" | "resources" | "conditions">[];
}

/** Explains an action of the catalogue; undefined if it is none. IAM ignores case in actions, and so does this. */
export function explain(action: string, options: PolicyOptions): Explanation | undefined {
  const row = CATALOGUE.find((candidate) => candidate.action.toLowerCase() === action.toLowerCase());
  if (row === undefined) {
    return undefined;
  }
  const grants = policyStatements(options).filter(({ actions }) => actions.includes(row.action));
  return { row, ...needsOf(row, options.cluster), grants };
}

/** What of a cluster needs an action, and what of other clusters would, in words. */
export function needsOf(row: CatalogueRow, cluster: Cluster): Pick<Explanation, "because" | "elsewhere"> {
  const because = reasons(row, conditionsOf(cluster), cluster.dkpVersion);
  const elsewhere = row.requiredWhen.filter((need) => !because.includes(need));
  const inVersions = appliesTo(row, cluster.dkpVersion) ? "" : ` in DKP ${versionsOf(row)}`;
  return { because: because.map(inWords), elsewhere: elsewhere.map((condition) => `${inWords(condition)}${inVersions}`) };
}

/** An explanation as lines for people. */
export function explanationText({ row, because, elsewhere, grants }: Explanation): string {
  const lines = [
    `${row.action} (${row.access})`,
    `  why:     ${row.why}`,
    `  source:  ${row.source}`,
    `  callers: ${row.callers.length === 0 ? "nobody found" : row.callers.join(", ")}`,
    `  page:    ${row.documented ? "lists it" : "does not list it"}`,
    `  needed:  ${because.length > 0 ? because.join(", ") : `not by this cluster${elsewhere.length === 0 ? "" : `; it would be with: ${elsewhere.join(", ")}`}`}`,
    ...versionLine(row),
    ...grants.flatMap(({ sid, resources, conditions }) => [
      `  allowed: statement ${sid}, on ${resources.join(", ")}`,
      ...conditions.map(({ test, variable, values }) => `           only if ${variable} ${test} ${values.join(", ")}`),
    ]),
    ...(grants.length === 0 ? ["  allowed: no"] : []),
  ];
  return lines.join("\n");
}

const WORDS: Readonly<Record<Exclude<ClusterCondition, `layout:${string}` | `feature:${string}`>, string>> = {
  always: "every cluster",
  bastion: "a bastion",
  "own-vpc": "a VPC of its own",
  peering: "peered VPCs",
  tags: "tags",
  "imdsv2-stated": "imdsv2, true or false",
  "default-security-groups": "DKP's default security groups",
};

function versionLine(row: CatalogueRow): readonly string[] {
  const versions = versionsOf(row);
  return versions === "" ? [] : [`  DKP:     ${versions}`];
}

/** The versions of DKP that call an action; empty: all. */
function versionsOf({ since, until }: CatalogueRow): string {
  return [...(since === undefined ? [] : [`from ${since}`]), ...(until === undefined ? [] : [`up to ${until}`])].join(" ");
}

function inWords(need: ClusterCondition): string {
  const [kind, name] = need.split(":");
  if (kind === "layout") {
    return `layout ${name}`;
  }
  return kind === "feature" ? `feature ${name} (${FEATURES[name as Feature]})` : WORDS[need as keyof typeof WORDS];
}
