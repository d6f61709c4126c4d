import { CATALOGUE, type CatalogueRow } from "../../../../iam/catalogue";
import { conditionsOf, reasons } from "../../../../iam/cluster";
import { policyDocument } from "../../../../iam/policy-document";
import { policyOptionsOf } from "../../../../settings/deployment";
import { grouped } from "../../../../text/grouped";
import { mapReading } from "../../aws/iam-reader";
import { type EvaluationResult, someAtATime, unlessMissing } from "../../aws/operations";
import { type Check, type PreflightFound, type Subject, type Tools, userArn, when } from "../check";
import { type SimulatedCalls, simulatedCalls } from "../simulated-requests";

/** The rules of actions that are not allowed, from the worst: of several resources the worst decision counts. */
const WORST_FIRST = [
  "permission-denied-by-scp",
  "permission-denied-by-boundary",
  "permission-denied-by-policy",
  "permission-undecided",
] as const;

/** The decision of the simulator on one action. It reports the SCP and the boundary next to its decision. */
function decisionOf(result: EvaluationResult): (typeof WORST_FIRST)[number] | "allowed" {
  const { EvalDecision, OrganizationsDecisionDetail, ResourceSpecificResults = [] } = result;
  if (EvalDecision === "allowed") {
    return "allowed";
  }
  if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) {
    return "permission-denied-by-scp";
  }
  const all = [result, ...ResourceSpecificResults];
  if (all.some(({ PermissionsBoundaryDecisionDetail: detail }) => detail?.AllowedByPermissionsBoundary === false)) {
    return "permission-denied-by-boundary";
  }
  const isUndecided = EvalDecision === undefined || all.some(({ MissingContextValues = [] }) => MissingContextValues.length > 0);
  return isUndecided ? "permission-undecided" : "permission-denied-by-policy";
}

/** Concurrent calls: IAM throttles at a low rate. */
const AT_ONCE = 3;

/** The actions of the policy and those that the cluster requires, by the simulator of IAM: no call of DKP is made. */
export const permissionsCheck: Check = {
  id: "permissions",
  field: "policy",
  calls: ["iam:SimulatePrincipalPolicy", "iam:SimulateCustomPolicy", "iam:GetPolicy", "iam:GetPolicyVersion"],
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
      ...denials(needed, results, isUser ? `the user ${user.name}` : "the policy that an apply creates"),
    ];
  },
};

/** The actions that are not allowed; an action without a result is undecided. */
function denials(actions: readonly string[], results: readonly EvaluationResult[], simulated: string): readonly PreflightFound[] {
  const byAction = grouped(results, ({ EvalActionName = "" }) => EvalActionName);
  const worst = (action: string) => {
    const decisions = byAction.get(action)?.map(decisionOf) ?? ["permission-undecided"];
    return WORST_FIRST.find((rule) => decisions.includes(rule));
  };
  return WORST_FIRST.flatMap((rule) => {
    const denied = actions.filter((action) => worst(action) === rule);
    return when(denied.length > 0, { rule, values: { simulated, actions: denied } });
  });
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
    : mapReading(await iam.managedPolicy(arn), (policy) => policy && JSON.stringify(policy.document));
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
