import { CATALOGUE } from "../../../../iam/catalogue";
import { policyDocument } from "../../../../iam/policy-document";
import { grantedRows } from "../../../../iam/policy-statements";
import { policyOptionsOf } from "../../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import { type EvaluationResult, type SimulatePolicyResponse, someAtATime, unlessMissing } from "../../aws/operations";
import { check, type Finding, failed, ok, type Subject, type Tools, unknown, userArn, warning } from "../check";
import { isNeeded, type SimulatedCalls, simulatedCalls } from "../simulated-requests";

/** The decision on an action and what makes it. */
export type Answer = "allowed" | "denied by policy" | "denied by boundary" | "denied by SCP" | "unknown";

/** From the worst to the best: of several resources the worst decision counts. */
const WORST_FIRST: readonly Answer[] = ["denied by SCP", "denied by boundary", "denied by policy", "unknown", "allowed"];

/** The decision of the simulator on one action. It reports the SCP and the boundary beside its decision. */
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
  return EvalDecision === undefined || missing.length > 0 ? "unknown" : "denied by policy";
}

/** What was simulated: the existing user, or the policy that an apply will create. */
export type Simulated = "user" | "policy";

export interface Permissions {
  readonly stack: string;
  readonly user: string;
  readonly simulated: Simulated;
  readonly answers: ReadonlyMap<string, Answer>;
  /** Actions that this cluster is known to call. */
  readonly needed: ReadonlySet<string>;
}

/** Findings by decision. A denied action fails the check only where this cluster calls it. */
export function judgePermissions(permissions: Permissions): readonly Finding[] {
  const { stack, user, simulated, answers, needed } = permissions;
  const who = simulated === "user" ? `the user ${user}` : "the policy that an apply creates";
  const findings = Object.entries(DENIALS).flatMap(([answer, { cause, judge, remedy }]) => {
    const actions = [...answers].filter(([, other]) => other === answer).map(([action]) => action);
    const called = actions.filter((action) => needed.has(action));
    const spare = actions.filter((action) => !needed.has(action));
    const text = remedy(stack, simulated);
    const of: Finding[] = [];
    if (called.length > 0) {
      of.push(judge(`${who}: ${cause} ${list(called)}`, text));
    }
    if (spare.length > 0) {
      const found = `${who}: ${cause} ${list(spare)}, which this cluster is not known to call`;
      of.push(judge === unknown ? unknown(found, text) : warning(found, text));
    }
    return of;
  });
  const scps = simulated === "policy" ? "; denials by an SCP are visible only once the user exists" : "";
  return findings.length > 0 ? findings : [ok(`${who} is allowed all ${answers.size} actions${scps}`)];
}

interface Denial {
  readonly cause: string;
  /** The finding where this cluster calls the action. */
  readonly judge: (found: string, remedy: string) => Finding;
  readonly remedy: (stack: string, simulated: Simulated) => string;
}

const DENIALS: Readonly<Record<Exclude<Answer, "allowed">, Denial>> = {
  "denied by policy": {
    cause: "no policy allows, or one denies,",
    judge: failed,
    remedy: (stack, simulated) =>
      simulated === "user"
        ? `apply if the settings have not been applied yet; ${dkpAccess("policy", stack)} prints the policy`
        : "change policy.mode, policy.supplement or cluster until the policy contains them",
  },
  "denied by boundary": {
    cause: "the permissions boundary denies",
    judge: failed,
    remedy: () => "allow them in the boundary, or set another user.permissionsBoundary",
  },
  "denied by SCP": {
    cause: "an SCP of the organization denies",
    judge: failed,
    remedy: () =>
      "have the administrator of the organization allow them; if its SCPs have conditions, which the simulator does not evaluate reliably, test the key itself with --as-key",
  },
  unknown: {
    cause: "the simulator returns no decision for",
    judge: unknown,
    remedy: () => "test the key itself with --as-key once it exists",
  },
};

function list(actions: readonly string[]): string {
  return actions.length === 1 ? `${actions[0]}` : `${actions.length} actions: ${actions.join(", ")}`;
}

type Calls = "iam:SimulatePrincipalPolicy" | "iam:SimulateCustomPolicy" | "iam:GetPolicy" | "iam:GetPolicyVersion";

/** Concurrent calls: IAM throttles at a low rate. */
const AT_ONCE = 3;

/** The actions of the policy and those that the cluster requires, by the simulator of IAM: no call of DKP is made. */
export const permissionsCheck = check({
  name: "permissions",
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
    const simulate = live
      ? (request: SimulatedCalls) => simulateUser(tools, arn, request)
      : await simulatorOfPolicy(tools, subject);
    const answers = new Map<string, Answer>([...rows].map(({ action }) => [action, "unknown"]));
    await someAtATime(AT_ONCE, calls, async (request) => {
      for (const [action, answer] of worst(await simulate(request))) {
        answers.set(action, answer);
      }
    });
    const needed = new Set([...rows].filter((row) => isNeeded(row, options.cluster)).map(({ action }) => action));
    const { stack, user } = deployment;
    return judgePermissions({ stack, user: user.name, simulated: live ? "user" : "policy", answers, needed });
  },
});

type Simulator = (request: SimulatedCalls) => Promise<readonly EvaluationResult[]>;

async function simulateUser({ callAll }: Tools<Calls>, PolicySourceArn: string, request: SimulatedCalls) {
  return resultsOf(await callAll("iam:SimulatePrincipalPolicy", { PolicySourceArn, ...inputOf(request) }));
}

async function simulatorOfPolicy(
  { call, callAll }: Tools<Calls>,
  { deployment: { user, policies }, account }: Subject,
): Promise<Simulator> {
  const input = {
    PolicyInputList: policies.map(({ statements }) => JSON.stringify(policyDocument(statements, account))),
    PermissionsBoundaryPolicyInputList: await boundaryOf(call, user.permissionsBoundary),
  };
  return async (request) => resultsOf(await callAll("iam:SimulateCustomPolicy", { ...input, ...inputOf(request) }));
}

async function boundaryOf(call: Tools<Calls>["call"], PolicyArn: string | undefined): Promise<string[] | undefined> {
  if (PolicyArn === undefined) {
    return undefined;
  }
  const { Policy } = await call("iam:GetPolicy", { PolicyArn });
  const { PolicyVersion } = await call("iam:GetPolicyVersion", { PolicyArn, VersionId: Policy?.DefaultVersionId });
  return [decodeURIComponent(PolicyVersion?.Document ?? "")];
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

/** The worst decision of each action. There is one result per action, or per action and resource. */
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
