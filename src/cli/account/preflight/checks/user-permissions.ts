import { CATALOGUE, type CatalogueRow } from "../../../../iam/catalogue";
import { conditionsOf, reasons } from "../../../../iam/cluster";
import { policyDocument } from "../../../../iam/policy-document";
import { policyOptionsOf } from "../../../../settings/deployment";
import { grouped } from "../../../../text/grouped";
import { mapped } from "../../aws/iam-reader";
import { type EvaluationResult, someAtATime, unlessMissing } from "../../aws/operations";
import { type Check, type PreflightFound, type Subject, type Tools, userArn, when } from "../check";
import { type SimulatedCalls, simulatedCalls } from "../simulated-requests";

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

/** The decision of the simulator on one action. It reports the SCP and the boundary next to its decision. */
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
    const conditions = conditionsOf(options.cluster);
    const isNeeded = (row: CatalogueRow) => reasons(row, conditions, options.cluster.dkpVersion).length > 0;
    const needed = CATALOGUE.filter(isNeeded).map(({ action }) => action);
    const calls = simulatedCalls(options, needed);
    const ofUser = userSimulator(tools, subject);
    const [first] = calls;
    const isUser = first !== undefined && (await unlessMissing(ofUser(first), "NoSuchEntity")) !== undefined;
    const boundary = isUser ? { value: undefined } : await boundaryOf(tools, user.permissionsBoundary);
    if ("unread" in boundary) {
      const object = `permissions boundary ${user.permissionsBoundary}`;
      return [{ rule: "object-unread", field: "user.permissionsBoundary", object, values: { reason: boundary.unread } }];
    }
    const simulate = isUser ? ofUser : policySimulator(tools, subject, boundary.value);
    const results: EvaluationResult[] = [];
    await someAtATime(AT_ONCE, calls, async (request) => {
      results.push(...(await simulate(request)));
    });
    return [
      ...when(!isUser, { rule: "permissions-planned", values: { user: user.name } }),
      ...denials(decisionsOf(calls, results), new Set(needed), isUser ? `the user ${user.name}` : PLANNED),
    ];
  },
};

const PLANNED = "the policy that an apply creates";

/** The worst decision on each action; an action without a result is undecided. */
function decisionsOf(calls: readonly SimulatedCalls[], results: readonly EvaluationResult[]): ReadonlyMap<string, Decision> {
  const byAction = grouped(results, ({ EvalActionName = "" }) => EvalActionName);
  const decisions = (action: string) => new Set(byAction.get(action)?.map(decisionOf));
  const worst = (action: string) => WORST_FIRST.find((decision) => decisions(action).has(decision)) ?? "undecided";
  return new Map(calls.flatMap(({ actions }) => actions).map((action) => [action, worst(action)]));
}

/** Findings by decision. A denied action requires attention only where this cluster calls it. */
function denials(
  decisions: ReadonlyMap<string, Decision>,
  needed: ReadonlySet<string>,
  simulated: string,
): readonly PreflightFound[] {
  const decided = (decision: Decision) => [...decisions.keys()].filter((action) => decisions.get(action) === decision);
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
