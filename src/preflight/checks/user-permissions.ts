import type { EvaluationResult, SimulatePolicyResponse } from "../../aws-api/operations";
import { unlessMissing } from "../../aws-api/operations";
import { iamResourceArn } from "../../iam/arns";
import { CATALOGUE } from "../../iam/catalogue";
import { policyDocument } from "../../iam/policy-document";
import { grantedRows, type PolicyOptions } from "../../iam/policy-statements";
import { deploymentPolicies } from "../../iam/split-policy";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { blocker, cannotTell, check, type Finding, ok, type Subject, type Tools, warning } from "../check";
import { managedPolicy } from "../managed-policy";
import { isNeeded, type SimulatedCalls, simulatedCalls } from "../simulated-requests";

/** Who has the last word on an action. */
export type Answer = "allowed" | "denied by policy" | "denied by boundary" | "denied by SCP" | "cannot tell";

/** From the worst to the best: of several resources the worst answer counts. */
const WORST_FIRST: readonly Answer[] = ["denied by SCP", "denied by boundary", "denied by policy", "cannot tell", "allowed"];

/** What the simulator says of one action. It names the SCP and the boundary beside its decision. */
export function answerOf(result: EvaluationResult): Answer {
  const { EvalDecision, OrganizationsDecisionDetail, PermissionsBoundaryDecisionDetail, ResourceSpecificResults = [] } = result;
  if (EvalDecision === "allowed") {
    return "allowed";
  }
  if (OrganizationsDecisionDetail?.AllowedByOrganizations === false) {
    return "denied by SCP";
  }
  const boundaries = [
    PermissionsBoundaryDecisionDetail,
    ...ResourceSpecificResults.map((resource) => resource.PermissionsBoundaryDecisionDetail),
  ];
  if (boundaries.some((detail) => detail?.AllowedByPermissionsBoundary === false)) {
    return "denied by boundary";
  }
  const missing = [result, ...ResourceSpecificResults].flatMap(({ MissingContextValues = [] }) => MissingContextValues);
  return EvalDecision === undefined || missing.length > 0 ? "cannot tell" : "denied by policy";
}

/** What was simulated: the user as it is, or the policy that an apply will make. */
export type Simulated = "user" | "policy";

export interface Permissions {
  readonly stack: string;
  readonly user: string;
  readonly simulated: Simulated;
  readonly answers: ReadonlyMap<string, Answer>;
  /** Actions that this cluster is known to call. */
  readonly needed: ReadonlySet<string>;
}

/** The actions told apart by their answers. A denied action is a blocker only where this cluster calls it. */
export function judgePermissions(permissions: Permissions): readonly Finding[] {
  const { stack, user, simulated, answers, needed } = permissions;
  const who = simulated === "user" ? `the user ${user}` : "the policy that an apply makes";
  const findings = (Object.keys(REMEDIES) as Exclude<Answer, "allowed">[]).flatMap((answer) => {
    const actions = [...answers].filter(([, other]) => other === answer).map(([action]) => action);
    const remedy = REMEDIES[answer](stack, simulated);
    const { cause, judge } = SAYINGS[answer];
    const [called, spare] = [actions.filter((action) => needed.has(action)), actions.filter((action) => !needed.has(action))];
    return [
      ...(called.length === 0 ? [] : [judge(`${who}: ${cause} ${list(called)}`, remedy)]),
      ...(spare.length === 0
        ? []
        : [
            (answer === "cannot tell" ? cannotTell : warning)(
              `${who}: ${cause} ${list(spare)}, which this cluster is not known to call`,
              remedy,
            ),
          ]),
    ];
  });
  const scps = simulated === "policy" ? "; what an SCP denies shows once the user is there" : "";
  return findings.length > 0 ? findings : [ok(`${who} is allowed all ${answers.size} actions${scps}`)];
}

const SAYINGS = {
  "denied by policy": { cause: "no policy allows, or one denies,", judge: blocker },
  "denied by boundary": { cause: "the permissions boundary denies", judge: blocker },
  "denied by SCP": { cause: "an SCP of the organization denies", judge: blocker },
  "cannot tell": { cause: "the simulator can't judge", judge: cannotTell },
};

const REMEDIES: Readonly<Record<Exclude<Answer, "allowed">, (stack: string, simulated: Simulated) => string>> = {
  "denied by policy": (stack, simulated) =>
    simulated === "user"
      ? `apply, if the policy is not yet what the settings say; npm run policy -- ${stack} prints it`
      : "change policy.mode, policy.supplement or cluster, until the policy has them",
  "denied by boundary": () => "have the boundary allow them, or set another user.permissionsBoundary",
  "denied by SCP": () =>
    "have the organization's administrator allow them; where its SCPs have conditions, which the simulator judges badly, ask the key itself with --as-key",
  "cannot tell": () => "ask the key itself with --as-key, once there is one",
};

function list(actions: readonly string[]): string {
  return actions.length === 1 ? `${actions[0]}` : `${actions.length} actions: ${actions.join(", ")}`;
}

type Calls = "iam:SimulatePrincipalPolicy" | "iam:SimulateCustomPolicy" | "iam:GetPolicy" | "iam:GetPolicyVersion";

/** Questions at a time: IAM throttles soon. */
const AT_ONCE = 3;

/** The policy's actions and those that the cluster needs, as IAM's simulator judges them: no call of DKP's is made. */
export const permissionsCheck = check({
  name: "permissions",
  calls: ["iam:SimulatePrincipalPolicy", "iam:SimulateCustomPolicy", "iam:GetPolicy", "iam:GetPolicyVersion"],
  where: "always-on region",
  async run(tools, subject) {
    const { deployment } = subject;
    const options = policyOptionsOf(subject.deployment, subject.account);
    const rows = new Set([...grantedRows(options), ...CATALOGUE.filter((row) => isNeeded(row, options.cluster))]);
    const calls = simulatedCalls([...rows], options.environment, options.cluster);
    const arn = userArn(subject);
    const [first] = calls;
    // The first question tells whether there is a user.
    const live = first !== undefined && (await unlessMissing(simulateUser(tools, arn, first), "NoSuchEntity")) !== undefined;
    const simulate = live
      ? (question: SimulatedCalls) => simulateUser(tools, arn, question)
      : await simulatorOfPolicy(tools, deployment, options);
    const answers = new Map<string, Answer>([...rows].map(({ action }) => [action, "cannot tell"]));
    const waiting = [...calls];
    let done = 0;
    const work = async () => {
      for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
        for (const [action, answer] of worst(await simulate(question))) {
          answers.set(action, answer);
        }
        done += question.actions.length;
        tools.progress(`${done} of ${rows.size} actions`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const needed = new Set([...rows].filter((row) => isNeeded(row, options.cluster)).map(({ action }) => action));
    return judgePermissions({
      stack: deployment.stack,
      user: deployment.user.name,
      simulated: live ? "user" : "policy",
      answers,
      needed,
    });
  },
});

/** ARN of the deployment's user. */
export function userArn({ deployment: { user }, ...environment }: Omit<Subject, "existingCluster">): string {
  return iamResourceArn(environment, `user${user.path}${user.name}`);
}

type Simulator = (question: SimulatedCalls) => Promise<readonly EvaluationResult[]>;

async function simulateUser({ askAll }: Tools<Calls>, PolicySourceArn: string, question: SimulatedCalls) {
  return resultsOf(await askAll("iam:SimulatePrincipalPolicy", { PolicySourceArn, ...inputOf(question) }));
}

async function simulatorOfPolicy(
  { ask, askAll }: Tools<Calls>,
  { user }: Deployment,
  options: PolicyOptions,
): Promise<Simulator> {
  const boundary = user.permissionsBoundary === undefined ? undefined : await managedPolicy(ask, user.permissionsBoundary);
  const policies = {
    PolicyInputList: deploymentPolicies(options).map((statements) => JSON.stringify(policyDocument(statements))),
    ...(boundary === undefined ? {} : { PermissionsBoundaryPolicyInputList: [JSON.stringify(boundary)] }),
  };
  return async (question) => resultsOf(await askAll("iam:SimulateCustomPolicy", { ...policies, ...inputOf(question) }));
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

/** Answers by action. Results come one an action, or one an action and resource. */
function worst(results: readonly EvaluationResult[]): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const result of results) {
    const action = result.EvalActionName ?? "";
    const answer = answerOf(result);
    const former = answers.get(action) ?? "allowed";
    answers.set(action, WORST_FIRST.indexOf(answer) < WORST_FIRST.indexOf(former) ? answer : former);
  }
  return answers;
}
