import { matchesAction as matches } from "../../../../src/iam/action-patterns";
import { ACCOUNT_ID } from "../../../../src/iam/arns";
import { CATALOGUE } from "../../../../src/iam/catalogue";
import { type Cluster, nodeRoleName, otherNodeRoles } from "../../../../src/iam/cluster";
import type { PolicyCondition, PolicyStatement } from "../../../../src/iam/policy-document";
import { type PolicyOptions, policyStatements } from "../../../../src/iam/policy-statements";
import { exampleArn } from "./example-resources";
import rows from "./risks.json";

export interface RiskRow {
  readonly goal: string;
  readonly text: string;
  readonly requests: readonly string[];
  readonly also?: readonly string[];
  readonly parameters?: true;
}

export const RISK_ROWS: readonly RiskRow[] = rows as readonly RiskRow[];

export interface AskedRequest {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

type Values = Readonly<Record<string, string>>;

type Asked = Pick<PolicyOptions, "environment" | "cluster">;

/** What an attacker reaches with a leaked key, by which actions. */
export interface Risk {
  readonly goal: string;
  readonly what: string;
  readonly actions: readonly string[];
  /** `what` without its phrases and its Region. */
  readonly frame: string;
  /** "every Region", or the Region; empty if the sentence has none. */
  readonly reach: string;
  readonly parts: readonly string[];
}

/**
 * The impact of a leaked key: what the policy of a deployment allows an attacker, most severe
 * first. Networks are not considered.
 * @param named formats the name of a role, of a VPC or of an account
 * @param statements the policy; by default, the one that follows from the options
 * @returns of each goal, how the attacker reaches it, as a continuation of "a principal with the
 * key can", and by which actions
 */
export function risksOf(
  options: PolicyOptions,
  named: (name: string) => string,
  statements: readonly PolicyStatement[] = policyStatements(options),
): readonly Risk[] {
  const { cluster, environment } = options;
  const elsewhere = { cluster, environment: { ...environment, region: "elsewhere" } };
  const peerAccounts = cluster.peerAccountIds.map((id) => `any VPC of the account ${named(id)}`);
  return shownRows(options, statements).map(({ goal, text, requests }) => {
    const isEverywhere =
      text.includes("{reach}") &&
      requestsOf(requests, elsewhere).every((request) => allows(statements, request));
    const everywhere = isEverywhere ? "every Region" : environment.region;
    const values: Values = {
      reach: `in ${everywhere}`,
      role: named(roleOf(cluster)),
      otherRoles: otherNodeRoles(cluster).map(named).join(" or "),
      peers: [...cluster.peeredVPCs.map(named), ...peerAccounts].sort().join(" or "),
    };
    const phrases = phrasesOf(text);
    const shown = phrases.filter((phrase) => isAllowed(phrase.requests, options, statements));
    const textWith = (some: typeof phrases) =>
      phrases.reduce(
        (all, phrase) => all.replace(phrase.source, some.includes(phrase) ? phrase.words : ""),
        text,
      );
    const shownBy = [...requests, ...shown.flatMap((phrase) => phrase.requests)];
    return {
      goal,
      what: filled(textWith(shown), values),
      actions: [...new Set(shownBy.map(actionIn))],
      frame: filled(textWith([]), { ...values, reach: "" }),
      reach: text.includes("{reach}") ? everywhere : "",
      parts: shown.map(({ words }) => words.replaceAll(/^ |,$| and$/g, "")),
    };
  });
}

/** The action of a request of a row. */
export function actionIn(request: string): string {
  return request.split(" ")[0] ?? "";
}

/** A part of a sentence that only some policies bear out: `[requests|words]` in the row. */
interface Phrase {
  readonly source: string;
  readonly requests: readonly string[];
  readonly words: string;
}

/** The phrases of a text. */
export function phrasesOf(text: string): readonly Phrase[] {
  return [...text.matchAll(/\[([^\]|]+)\|([^\]]+)\]/g)].map(
    ([source, requests = "", words = ""]) => ({ source, requests: requests.split(" & "), words }),
  );
}

/** The first row of each goal that a policy allows. */
export function shownRows(
  options: Asked,
  statements: readonly PolicyStatement[],
): readonly RiskRow[] {
  const shown = RISK_ROWS.filter(({ requests }) => isAllowed(requests, options, statements));
  return shown.filter(({ goal }, at) => shown.findIndex((row) => row.goal === goal) === at);
}

function isAllowed(
  texts: readonly string[],
  options: Asked,
  statements: readonly PolicyStatement[],
): boolean {
  const requests = requestsOf(texts, options);
  return requests.length > 0 && requests.every((request) => allows(statements, request));
}

/**
 * Requests of a row, one for each value of their placeholders; none at all if a placeholder has no
 * value.
 */
export function requestsOf(
  texts: readonly string[],
  { environment, cluster }: Asked,
): readonly AskedRequest[] {
  const { partition, region, account = ACCOUNT_ID } = environment;
  const vpc = (owner: string, id = "vpc-other") =>
    `arn:${partition}:ec2:${region}:${owner}:vpc/${id}`;
  const placeholders: Readonly<Record<string, readonly string[]>> = {
    role: [roleOf(cluster)],
    otherRoles: otherNodeRoles(cluster),
    peers: [
      ...cluster.peeredVPCs.map((id) => vpc(account, id)),
      ...cluster.peerAccountIds.map((owner) => vpc(owner)),
    ],
    vpc: [vpc(account)],
    externalVpc: [vpc("external")],
  };
  const requests = texts.map((text) => {
    const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    const values = names.reduce<readonly Values[]>(
      (all, name) =>
        all.flatMap((known) =>
          (placeholders[name] ?? []).map((value) => ({ ...known, [name]: value })),
        ),
      [{}],
    );
    return values.flatMap((each) => requestsIn(text, each, { partition, region, account }));
  });
  return requests.some((each) => each.length === 0) ? [] : requests.flat();
}

/**
 * "action resource key=value ...". An action alone is on an example of each of its resource types.
 */
function requestsIn(
  text: string,
  values: Values,
  environment: Required<PolicyOptions["environment"]>,
): readonly AskedRequest[] {
  const [action = "", resource, ...pairs] = text.split(" ");
  const [service = ""] = action.split(":");
  const { partition, region, account } = environment;
  const where = service === "iam" ? "" : region;
  const types = resource === undefined ? (RESOURCE_TYPES.get(action) ?? []) : [resource];
  const arns = types.flatMap((type) => {
    const isNamed = /[/{]/.test(type) && type === resource;
    const named = `arn:${partition}:${service}:${where}:${account}:${filled(type, values)}`;
    return isNamed ? named : (exampleArn(service, type, environment) ?? []);
  });
  const conditions = pairs
    .map((pair) => pair.split("="))
    .map(([key = "", value = ""]) => [key, filled(value, values)] as const);
  const context = { "aws:RequestedRegion": region, ...Object.fromEntries(conditions) };
  return (arns.length === 0 ? ["*"] : arns).map((arn) => ({ action, resource: arn, context }));
}

function filled(text: string, values: Values): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

const RESOURCE_TYPES = new Map(CATALOGUE.map(({ action, resources }) => [action, resources]));

/** Whether the policy allows a request that comes from its networks. */
function allows(
  statements: readonly PolicyStatement[],
  { action, resource, context }: AskedRequest,
): boolean {
  const holds = ({ test, variable, values }: PolicyCondition) => {
    const value = context[variable];
    return value === undefined
      ? test.startsWith("ForAllValues:")
      : values.some((pattern) => matches(pattern, value));
  };
  return statements.some(
    ({ effect, actions, resources, conditions }) =>
      effect === undefined &&
      actions.includes(action) &&
      resources.some((pattern) => matches(pattern, resource)) &&
      conditions.every(holds),
  );
}

/** Name of the node role of DKP; `PREFIX-node` if the settings have no prefix. */
export function roleOf({ prefix }: Cluster): string {
  return nodeRoleName(prefix ?? "PREFIX");
}
