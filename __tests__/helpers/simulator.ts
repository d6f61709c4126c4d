import { runSimulation } from "@cloud-copilot/iam-simulate";
import type { PolicyDocument } from "../../src/iam/policy-document";

// Matching ARNs to resource types takes most of a simulation, and its result follows from the arguments alone. Simulations repeat them.
jest.mock("@cloud-copilot/iam-utils", () => {
  const actual = jest.requireActual<typeof import("@cloud-copilot/iam-utils")>("@cloud-copilot/iam-utils");
  const remember = <Arguments extends readonly unknown[], Result>(judge: (...args: Arguments) => Result) => {
    const results = new Map<string, Result>();
    return (...args: Arguments): Result => {
      const key = JSON.stringify(args);
      const result = results.get(key) ?? judge(...args);
      results.set(key, result);
      return result;
    };
  };
  return {
    ...actual,
    mostSpecificMatchingResourceTypePatterns: remember(actual.mostSpecificMatchingResourceTypePatterns),
    resourceStringMatchesResourceTypePattern: remember(actual.resourceStringMatchesResourceTypePattern),
  };
});

/** A call to AWS, as IAM judges it. */
export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

const ACCOUNT = "123456789012";

/**
 * The simulator's data has lost the resource types of the newer load balancers for these actions (it merges two APIs).
 * What is asked is the same of an action on which it knows them, so that one stands in, in the policy as well.
 */
const STAND_INS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "elasticloadbalancing:AddTags": {
    targetgroup: "elasticloadbalancing:RegisterTargets",
    listener: "elasticloadbalancing:DeleteListener",
  },
};

/** Calls that AWS answers without any permission. */
export const NEEDS_NO_PERMISSION: readonly string[] = ["sts:GetCallerIdentity"];

/** KMS asks the key's own policy first; this is the one that leaves the decision to IAM. */
const KEY_POLICY = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` }, Action: "kms:*", Resource: "*" }],
};

/** Whether IAM allows a call under a policy. @throws Error if the simulator can't judge it */
export async function isAllowed(whole: PolicyDocument, request: Request): Promise<boolean> {
  // Actions are listed by name and all is Allow, so only statements with the action can matter; reading all takes ten times as long.
  const policy = onlyWith(whole, request.action, request.action);
  if (policy.Statement.length === 0 && !NEEDS_NO_PERMISSION.includes(request.action)) {
    return false;
  }
  const kind = request.resource.split(":")[5]?.split("/")[0] ?? "";
  const standIn = STAND_INS[request.action]?.[kind];
  if (standIn !== undefined) {
    return isAllowed(onlyWith(policy, request.action, standIn), { ...request, action: standIn });
  }
  const question = JSON.stringify([policy, request]);
  const known = ANSWERS.get(question);
  if (known !== undefined) {
    return known;
  }
  const answer = await simulate(policy, request);
  ANSWERS.set(question, answer);
  return answer;
}

/** Answers so far: clusters and modes have most of their statements in common. */
const ANSWERS = new Map<string, boolean>();

async function simulate(policy: PolicyDocument, request: Request): Promise<boolean> {
  const partition = request.resource === "*" ? "aws" : (request.resource.split(":")[1] ?? "aws");
  const result = await runSimulation(
    {
      identityPolicies: [{ name: "policy", policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(request.action.startsWith("kms:") ? { resourcePolicy: keyPolicy(partition) } : {}),
      request: {
        action: request.action,
        principal: `arn:${partition}:iam::${ACCOUNT}:user/deckhouse`,
        // EC2 asks the caller's policy alone, also about what another account owns.
        resource: { accountId: ACCOUNT, resource: request.resource },
        contextVariables: { ...request.context },
      },
    },
    {},
  );
  if (result.resultType === "error") {
    throw new Error(`${request.action} on ${request.resource}: ${JSON.stringify(result.errors)}`);
  }
  return result.overallResult === "Allowed";
}

/** The statements that grant an action, with another or the same as their only one. */
function onlyWith(policy: PolicyDocument, granted: string, action: string): PolicyDocument {
  const statements = policy.Statement.filter((statement) => [statement.Action].flat().includes(granted));
  return { ...policy, Statement: statements.map((statement) => ({ ...statement, Action: action })) };
}

function keyPolicy(partition: string): object {
  return JSON.parse(JSON.stringify(KEY_POLICY).replace("arn:aws:", `arn:${partition}:`)) as object;
}
