import { matchesAction } from "../../../iam/action-patterns";
import { storedDocument } from "../aws/iam-reader";
import type { Ask } from "../aws/operations";

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

/** The version of a managed policy that is in force. */
export async function managedPolicy(call: Ask<"iam:GetPolicy" | "iam:GetPolicyVersion">, PolicyArn: string): Promise<ReadPolicy> {
  const { Policy } = await call("iam:GetPolicy", { PolicyArn });
  const { PolicyVersion } = await call("iam:GetPolicyVersion", { PolicyArn, VersionId: Policy?.DefaultVersionId });
  return storedDocument(PolicyVersion?.Document);
}

/** The decision of policies of one kind on an action without resource types, such as `ec2:DescribeTags`. A Deny overrides any Allow. */
export function actionDecision(action: string, policies: readonly ReadPolicy[]): Decision {
  const statements = policies.flatMap(statementsOf);
  const matching = (effect: string) =>
    statements.filter(({ Effect }) => Effect === effect).flatMap((statement) => matches(statement, action) ?? []);
  const [allows, denies] = [matching("Allow"), matching("Deny")];
  if (denies.includes("always")) {
    return "denied";
  }
  if (allows.length === 0) {
    return "not allowed";
  }
  return denies.length === 0 && allows.includes("always") ? "allowed" : "conditional";
}

/** Whether the trust policy of a role allows a service to assume the role. */
export function trusts(policy: ReadPolicy, services: readonly string[]): Decision {
  const statements = statementsOf(policy)
    .filter(({ Principal }) => typeof Principal === "object" && list(Principal.Service).some((name) => services.includes(name)))
    // A trust policy has no resources: it applies to its role.
    .map((statement) => ({ ...statement, Resource: "*" }));
  return actionDecision("sts:AssumeRole", [{ Statement: statements }]);
}

function matches({ Action, NotAction, Resource, NotResource, Condition }: ReadStatement, action: string) {
  const named = (patterns: OneOrMore | undefined) =>
    list(patterns).some((pattern) => matchesAction(pattern.toLowerCase(), action.toLowerCase()));
  const isForAll = NotResource !== undefined || list(Resource).some((resource) => /^\*+$/.test(resource));
  if (!isForAll || (NotAction === undefined ? !named(Action) : named(NotAction))) {
    return undefined;
  }
  return NotResource === undefined && Condition === undefined ? "always" : "sometimes";
}

const statementsOf = ({ Statement }: ReadPolicy): readonly ReadStatement[] => list(Statement);

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : ([value].flat() as readonly T[]);
}
