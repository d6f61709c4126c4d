import { coversText } from "../../../iam/wildcards";

/** A policy as IAM returns it, decoded. */
export interface ReadPolicy {
  readonly Statement?: ReadStatement | readonly ReadStatement[];
}

type OneOrMore = string | readonly string[];

export interface ReadStatement {
  readonly Effect?: string;
  readonly Action?: OneOrMore;
  readonly NotAction?: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly NotResource?: OneOrMore;
  readonly Principal?: "*" | Readonly<Record<string, OneOrMore>>;
  readonly Condition?: object;
}

/** `conditional`: it depends on a condition. */
export type Decision = "allowed" | "not allowed" | "denied" | "conditional";

/** A policy document as IAM sends it, percent-encoded JSON. */
export function parsePolicyDocument(document: string | undefined): ReadPolicy {
  return JSON.parse(decodeURIComponent(document ?? "{}")) as ReadPolicy;
}

/** The decision of policies of one kind on an action without resource types, such as `ec2:DescribeTags`. A Deny overrides any Allow. */
export function actionDecision(action: string, policies: readonly ReadPolicy[]): Decision {
  const statements = policies.flatMap(statementsOf).map((statement) => ({ statement, match: matches(statement, action) }));
  const matching = (effect: string) => statements.filter(({ statement, match }) => statement.Effect === effect && match !== "no");
  const [allows, denies] = [matching("Allow"), matching("Deny")];
  if (denies.some(({ match }) => match === "yes")) {
    return "denied";
  }
  if (allows.length === 0) {
    return "not allowed";
  }
  return denies.length === 0 && allows.some(({ match }) => match === "yes") ? "allowed" : "conditional";
}

/** Whether the trust policy of a role allows a service to assume the role. */
export function trusts(policy: ReadPolicy, services: readonly string[]): Decision {
  const statements = statementsOf(policy)
    .filter(({ Principal }) => typeof Principal === "object" && list(Principal.Service).some((name) => services.includes(name)))
    // A trust policy has no resources: it applies to its role.
    .map((statement) => ({ ...statement, Resource: "*" }));
  return actionDecision("sts:AssumeRole", [{ Statement: statements }]);
}

function matches(statement: ReadStatement, action: string): "yes" | "no" | "conditional" {
  const { Action, NotAction, Resource, NotResource, Condition } = statement;
  const named = (patterns: OneOrMore | undefined) =>
    list(patterns).some((pattern) => coversText(pattern.toLowerCase(), action.toLowerCase()));
  if (NotAction === undefined ? !named(Action) : named(NotAction)) {
    return "no";
  }
  if (NotResource === undefined && !list(Resource).some((resource) => /^\*+$/.test(resource))) {
    return "no";
  }
  return NotResource === undefined && Condition === undefined ? "yes" : "conditional";
}

function statementsOf({ Statement = [] }: ReadPolicy): readonly ReadStatement[] {
  return Array.isArray(Statement) ? Statement : [Statement as ReadStatement];
}

function list(value: OneOrMore | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}
