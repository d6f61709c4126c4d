import { CATALOGUE, type CatalogueRow, FEATURES, type Feature, type Need } from "./catalogue";
import { type Cluster, circumstancesOf, reasons } from "./cluster";
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
  const because = reasons(row, circumstancesOf(cluster));
  const elsewhere = row.needed.filter((need) => !because.includes(need));
  return { because: because.map(inWords), elsewhere: elsewhere.map(inWords) };
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
    ...grants.flatMap(({ sid, resources, conditions }) => [
      `  allowed: statement ${sid}, on ${resources.join(", ")}`,
      ...conditions.map(({ test, variable, values }) => `           only if ${variable} ${test} ${values.join(", ")}`),
    ]),
    ...(grants.length === 0 ? ["  allowed: no"] : []),
  ];
  return lines.join("\n");
}

const WORDS: Readonly<Record<Exclude<Need, `layout:${string}` | `feature:${string}`>, string>> = {
  always: "every cluster",
  bastion: "a bastion",
  "own-vpc": "a VPC of its own",
  peering: "peered VPCs",
  tags: "tags",
  imdsv2: "imdsv2",
  "default-security-groups": "DKP's default security groups",
};

function inWords(need: Need): string {
  const [kind, name] = need.split(":");
  if (kind === "layout") {
    return `layout ${name}`;
  }
  return kind === "feature" ? `feature ${name} (${FEATURES[name as Feature]})` : WORDS[need as keyof typeof WORDS];
}
