import { CATALOGUE } from "../../../../iam/catalogue";
import { policyDocument } from "../../../../iam/policy-document";
import { grantedRows } from "../../../../iam/policy-statements";
import { policyOptionsOf } from "../../../../settings/deployment";
import { type IamReader, mapped, type Reading } from "../../aws/iam-reader";
import { type EvaluationResult, type SimulatePolicyResponse, someAtATime, unlessMissing } from "../../aws/operations";
import { check, type PreflightFound, type Subject, type Tools, userArn } from "../check";
import { isNeeded, type SimulatedCalls, simulatedCalls } from "../simulated-requests";

/** What denies an action, and its rule. */
const DENIAL_RULES = {
  SCP: "permission-denied-by-scp",
  boundary: "permission-denied-by-boundary",
  policy: "permission-denied-by-policy",
} as const;

type Denier = keyof typeof DENIAL_RULES;
const DENIERS = Object.keys(DENIAL_RULES) as readonly Denier[];

/** The decision on an action: what denies it, if anything does. */
export type Decision = "allowed" | "undecided" | Denier;

/** From the worst to the best: of several resources the worst decision counts. */
const WORST_FIRST: readonly Decision[] = [...DENIERS, "undecided", "allowed"];

/** The decision of the simulator on one action. It reports the SCP and the boundary beside its decision. */
export function decisionOf(result: EvaluationResult): Decision {
  const { EvalDecision, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail, ResourceSpecificResults = [] } = result;
  if (EvalDecision === "allowed") {
    return "allowed";
  }
  if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) {
    return "SCP";
  }
  const boundaries = [
    PermissionsBoundaryDecisionDetail,
    ...ResourceSpecificResults.map((resource) => resource.PermissionsBoundaryDecisionDetail),
  ];
  if (boundaries.some((detail) => detail?.AllowedByPermissionsBoundary === false)) {
    return "boundary";
  }
  const missing = [result, ...ResourceSpecificResults].flatMap(({ MissingContextValues = [] }) => MissingContextValues);
  return EvalDecision === undefined || missing.length > 0 ? "undecided" : "policy";
}

export interface Permissions {
  readonly user: string;
  /** What was simulated: the existing user, or the policy that an apply will create. */
  readonly isUser: boolean;
  readonly decisions: ReadonlyMap<string, Decision>;
  /** Actions that this cluster is known to call. */
  readonly needed: ReadonlySet<string>;
}

/** Findings by decision. A denied action requires attention only where this cluster calls it. */
export function checkPermissions({ user, isUser, decisions, needed }: Permissions): readonly PreflightFound[] {
  const simulated = isUser ? `the user ${user}` : "the policy that an apply creates";
  const findings: PreflightFound[] = [];
  for (const denier of DENIERS) {
    const denied = [...decisions].flatMap(([action, decision]) => (decision === denier ? [action] : []));
    const [used, unused] = [denied.filter((action) => needed.has(action)), denied.filter((action) => !needed.has(action))];
    if (used.length > 0) {
      findings.push({ rule: DENIAL_RULES[denier], values: { simulated, actions: used } });
    }
    if (unused.length > 0) {
      findings.push({ rule: "permission-denied-unused", values: { simulated, denier, actions: unused } });
    }
  }
  const undecided = [...decisions].flatMap(([action, decision]) => (decision === "undecided" ? [action] : []));
  if (undecided.length > 0) {
    findings.push({ rule: "permission-undecided", values: { simulated, actions: undecided } });
  }
  const passed: PreflightFound = isUser
    ? { rule: "permissions-ok", values: { user, count: decisions.size } }
    : { rule: "permissions-planned-ok", values: { count: decisions.size } };
  return findings.length > 0 ? findings : [passed];
}

type Calls = "iam:SimulatePrincipalPolicy" | "iam:SimulateCustomPolicy" | "iam:GetPolicy" | "iam:GetPolicyVersion";

/** Concurrent calls: IAM throttles at a low rate. */
const AT_ONCE = 3;

/** The actions of the policy and those that the cluster requires, by the simulator of IAM: no call of DKP is made. */
export const permissionsCheck = check({
  id: "permissions",
  field: "policy",
  calls: ["iam:SimulatePrincipalPolicy", "iam:SimulateCustomPolicy", "iam:GetPolicy", "iam:GetPolicyVersion"],
  where: "always-on region",
  async run(tools, subject) {
    const { deployment } = subject;
    const options = policyOptionsOf({ ...subject.deployment, accountId: subject.account });
    const rows = new Set([...grantedRows(options), ...CATALOGUE.filter((row) => isNeeded(row, options.cluster))]);
    const calls = simulatedCalls([...rows], options);
    const arn = userArn(subject);
    const [first] = calls;
    // The first call shows whether the user exists.
    const live = first !== undefined && (await unlessMissing(simulateUser(tools, arn, first), "NoSuchEntity")) !== undefined;
    const { permissionsBoundary } = deployment.user;
    const boundary = live ? { value: undefined } : await boundaryOf(tools.iam, permissionsBoundary);
    if ("unread" in boundary) {
      const object = `permissions boundary ${permissionsBoundary}`;
      return [{ rule: "object-unread", field: "user.permissionsBoundary", values: { object, reason: boundary.unread } }];
    }
    const simulate = live
      ? (request: SimulatedCalls) => simulateUser(tools, arn, request)
      : simulatorOfPolicy(tools, subject, boundary.value);
    const decisions = new Map<string, Decision>([...rows].map(({ action }) => [action, "undecided"]));
    await someAtATime(AT_ONCE, calls, async (request) => {
      for (const [action, decision] of worst(await simulate(request))) {
        decisions.set(action, decision);
      }
    });
    const needed = new Set([...rows].filter((row) => isNeeded(row, options.cluster)).map(({ action }) => action));
    return checkPermissions({ user: deployment.user.name, isUser: live, decisions, needed });
  },
});

type Simulator = (request: SimulatedCalls) => Promise<readonly EvaluationResult[]>;

async function simulateUser({ callAll }: Tools<Calls>, PolicySourceArn: string, request: SimulatedCalls) {
  return resultsOf(await callAll("iam:SimulatePrincipalPolicy", { PolicySourceArn, ...inputOf(request) }));
}

function simulatorOfPolicy({ callAll }: Tools<Calls>, { deployment, account }: Subject, boundary: string | undefined): Simulator {
  const input = {
    PolicyInputList: deployment.policies.map(({ statements }) => JSON.stringify(policyDocument(statements, account))),
    PermissionsBoundaryPolicyInputList: boundary === undefined ? undefined : [boundary],
  };
  return async (request) => resultsOf(await callAll("iam:SimulateCustomPolicy", { ...input, ...inputOf(request) }));
}

async function boundaryOf(iam: IamReader, arn: string | undefined): Promise<Reading<string | undefined>> {
  return arn === undefined
    ? { value: undefined }
    : mapped(await iam.managedPolicy(arn), (policy) => policy && JSON.stringify(policy.document));
}

function inputOf({ actions, resources, context }: SimulatedCalls) {
  return {
    ActionNames: [...actions],
    ...(resources.length === 0 ? {} : { ResourceArns: [...resources] }),
    ContextEntries: context.map(({ key, type, value }) => ({
      ContextKeyName: key,
      ContextKeyType: type,
      ContextKeyValues: [value],
    })),
  };
}

function resultsOf(pages: readonly SimulatePolicyResponse[]): readonly EvaluationResult[] {
  return pages.flatMap(({ EvaluationResults = [] }) => EvaluationResults);
}

/** The worst decision on each action. There is one result per action, or per action and resource. */
function worst(results: readonly EvaluationResult[]): ReadonlyMap<string, Decision> {
  const decisions = new Map<string, Decision>();
  for (const result of results) {
    const action = result.EvalActionName ?? "";
    const decision = decisionOf(result);
    const former = decisions.get(action) ?? "allowed";
    decisions.set(action, WORST_FIRST.indexOf(decision) < WORST_FIRST.indexOf(former) ? decision : former);
  }
  return decisions;
}
