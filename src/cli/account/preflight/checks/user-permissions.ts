import { CATALOGUE } from "../../../../iam/catalogue";
import { policyDocument } from "../../../../iam/policy-document";
import { grantedRows } from "../../../../iam/policy-statements";
import { policyOptionsOf } from "../../../../settings/deployment";
import { mapped } from "../../aws/iam-reader";
import { type EvaluationResult, someAtATime, unlessMissing } from "../../aws/operations";
import { type Check, type PreflightFound, type Subject, type Tools, userArn, when } from "../check";
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
type Decision = "allowed" | "undecided" | Denier;

/** From the worst to the best: of several resources the worst decision counts. */
const WORST_FIRST: readonly Decision[] = [...DENIERS, "undecided", "allowed"];

/** The decision of the simulator on one action. It reports the SCP and the boundary beside its decision. */
function decisionOf(result: EvaluationResult): Decision {
  const { EvalDecision, OrganizationsDecisionDetail, ResourceSpecificResults = [] } = result;
  if (EvalDecision === "allowed") {
    return "allowed";
  }
  if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) {
    return "SCP";
  }
  const all = [result, ...ResourceSpecificResults];
  if (all.some(({ PermissionsBoundaryDecisionDetail: detail }) => detail?.AllowedByPermissionsBoundary === false)) {
    return "boundary";
  }
  const isUndecided = EvalDecision === undefined || all.some(({ MissingContextValues = [] }) => MissingContextValues.length > 0);
  return isUndecided ? "undecided" : "policy";
}

/** Concurrent calls: IAM throttles at a low rate. */
const AT_ONCE = 3;

/** The actions of the policy and those that the cluster requires, by the simulator of IAM: no call of DKP is made. */
export const permissionsCheck: Check = {
  id: "permissions",
  field: "policy",
  calls: ["iam:SimulatePrincipalPolicy", "iam:SimulateCustomPolicy", "iam:GetPolicy", "iam:GetPolicyVersion"],
  where: "always-on region",
  async run(tools, subject) {
    const { user } = subject.deployment;
    const policy = policyOptionsOf(subject.deployment);
    const options = { ...policy, environment: { ...policy.environment, account: subject.account } };
    const rows = new Set([...grantedRows(options), ...CATALOGUE.filter((row) => isNeeded(row, options.cluster))]);
    const needed = new Set([...rows].filter((row) => isNeeded(row, options.cluster)).map(({ action }) => action));
    const calls = simulatedCalls([...rows], options);
    const ofUser = userSimulator(tools, subject);
    // The first call shows whether the user exists.
    const [first] = await Promise.all(calls.slice(0, 1).map((call) => unlessMissing(ofUser(call), "NoSuchEntity")));
    const isUser = first !== undefined;
    const boundary = isUser ? { value: undefined } : await boundaryOf(tools, user.permissionsBoundary);
    if ("unread" in boundary) {
      const object = `permissions boundary ${user.permissionsBoundary}`;
      return [{ rule: "object-unread", field: "user.permissionsBoundary", values: { object, reason: boundary.unread } }];
    }
    const simulate = isUser ? ofUser : policySimulator(tools, subject, boundary.value);
    const decisions = new Map<string, Decision>();
    await someAtATime(AT_ONCE, calls, async (request) => {
      for (const result of await simulate(request)) {
        const { EvalActionName: action = "" } = result;
        const both = [decisionOf(result), decisions.get(action) ?? "allowed"];
        decisions.set(action, WORST_FIRST.find((decision) => both.includes(decision)) ?? "undecided");
      }
    });
    for (const { action } of rows) {
      decisions.set(action, decisions.get(action) ?? "undecided");
    }
    const findings = denials(decisions, needed, isUser ? `the user ${user.name}` : "the policy that an apply creates");
    const passed: PreflightFound = isUser
      ? { rule: "permissions-ok", values: { user: user.name, count: decisions.size } }
      : { rule: "permissions-planned-ok", values: { count: decisions.size } };
    return findings.length > 0 ? findings : [passed];
  },
};

/** Findings by decision. A denied action requires attention only where this cluster calls it. */
function denials(
  decisions: ReadonlyMap<string, Decision>,
  needed: ReadonlySet<string>,
  simulated: string,
): readonly PreflightFound[] {
  const decided = (wanted: Decision) => [...decisions].flatMap(([action, decision]) => (decision === wanted ? [action] : []));
  const denied = DENIERS.flatMap((denier) => {
    const used = decided(denier).filter((action) => needed.has(action));
    const unused = decided(denier).filter((action) => !needed.has(action));
    return [
      ...when(used.length > 0, { rule: DENIAL_RULES[denier], values: { simulated, actions: used } }),
      ...when(unused.length > 0, { rule: "permission-denied-unused", values: { simulated, denier, actions: unused } }),
    ];
  });
  const actions = decided("undecided");
  return [...denied, ...when(actions.length > 0, { rule: "permission-undecided", values: { simulated, actions } })];
}

type Simulator = (request: SimulatedCalls) => Promise<readonly EvaluationResult[]>;

const userSimulator =
  ({ list }: Tools, subject: Subject): Simulator =>
  (request) => {
    const input = { PolicySourceArn: userArn(subject), ...inputOf(request) };
    return list("iam:SimulatePrincipalPolicy", input, ({ EvaluationResults }) => EvaluationResults);
  };

function policySimulator({ list }: Tools, { deployment, account }: Subject, boundary: string | undefined): Simulator {
  const input = {
    PolicyInputList: deployment.policies.map(({ statements }) => JSON.stringify(policyDocument(statements, account))),
    PermissionsBoundaryPolicyInputList: boundary === undefined ? undefined : [boundary],
  };
  return (request) =>
    list("iam:SimulateCustomPolicy", { ...input, ...inputOf(request) }, ({ EvaluationResults }) => EvaluationResults);
}

/** The document of the permissions boundary. */
async function boundaryOf({ iam }: Tools, arn: string | undefined) {
  return arn === undefined
    ? { value: undefined }
    : mapped(await iam.managedPolicy(arn), (policy) => policy && JSON.stringify(policy.document));
}

const inputOf = ({ actions, resources, context }: SimulatedCalls) => ({
  ActionNames: [...actions],
  ...(resources.length === 0 ? {} : { ResourceArns: [...resources] }),
  ContextEntries: context.map(({ key, type, value }) => ({
    ContextKeyName: key,
    ContextKeyType: type,
    ContextKeyValues: [value],
  })),
});
