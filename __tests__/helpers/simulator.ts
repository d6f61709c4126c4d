import type { PolicyDocument } from "../../src/iam/policy-document";
import { memoized } from "./memoized";

/**
 * The IAM simulator with a memory: matching ARNs to resource types takes two thirds of a
 * simulation, and simulations repeat it. The module that does it is replaced in Node's cache before
 * the simulator loads it.
 */
const NAME = "@cloud-copilot/iam-utils";
const utils: typeof import("@cloud-copilot/iam-utils") = require(NAME);
const cached = require.cache[require.resolve(NAME)];
if (cached === undefined) {
  throw new Error(`${NAME} is not in the cache of modules`);
}
const matches = memoized(utils.resourceStringMatchesResourceTypePattern);
cached.exports = {
  ...utils,
  resourceStringMatchesResourceTypePattern: matches,
  // The function begins with the same selection. Actions share most of their resource types.
  mostSpecificMatchingResourceTypePatterns: memoized(
    (resource: string, patterns: readonly string[]) =>
      utils.mostSpecificMatchingResourceTypePatterns(
        resource,
        patterns.filter((pattern) => matches(resource, pattern)),
      ),
  ),
};

const { runSimulation } =
  // An import would load the simulator before the replacement.
  require("@cloud-copilot/iam-simulate") as typeof import("@cloud-copilot/iam-simulate");

export interface Request {
  readonly action: string;
  readonly resource: string;
  readonly context?: Context;
}

/** By condition key; a list for keys with several values. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

const ACCOUNT = "123456789012";

/**
 * The simulator's data lacks the resource types of ELB v2 for these actions (it merges two APIs).
 * Another action with these types replaces them, in the request and in the policy.
 */
const STAND_INS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "elasticloadbalancing:AddTags": {
    targetgroup: "elasticloadbalancing:RegisterTargets",
    listener: "elasticloadbalancing:DeleteListener",
  },
};

export const NEEDS_NO_PERMISSION: readonly string[] = ["sts:GetCallerIdentity"];

/** KMS evaluates the key policy first; this one delegates to IAM. */
const KEY_POLICY = {
  Version: "2012-10-17",
  Statement: [
    {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: "kms:*",
      Resource: "*",
    },
  ],
};

/**
 * Whether IAM allows a call with a policy.
 * @throws Error if the simulator cannot evaluate it
 */
export async function isAllowed(whole: PolicyDocument, request: Request): Promise<boolean> {
  // Only statements with the action matter, and a Deny of every action; all of them take ten times
  // as long.
  const policy = onlyWith(whole, request.action, request.action);
  if (
    policy.Statement.every(({ Effect }) => Effect === "Deny") &&
    !NEEDS_NO_PERMISSION.includes(request.action)
  ) {
    return false;
  }
  const kind = request.resource.split(":")[5]?.split("/")[0] ?? "";
  const standIn = STAND_INS[request.action]?.[kind];
  return standIn === undefined
    ? simulate(policy, request)
    : isAllowed(onlyWith(policy, request.action, standIn), { ...request, action: standIn });
}

/** The requests that IAM allows with a policy, or those that it denies. */
export async function requestsWith<Asked extends Request>(
  allowed: boolean,
  policy: PolicyDocument,
  requests: readonly Asked[],
): Promise<readonly Asked[]> {
  const answers = await Promise.all(requests.map((request) => isAllowed(policy, request)));
  return requests.filter((_, at) => answers[at] === allowed);
}

/** Remembered, because clusters and modes share most of their statements. */
const simulate = memoized(async (policy, request: Request) => {
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
        // EC2 evaluates only the caller's policy, also for resources of another account.
        resource: { accountId: ACCOUNT, resource: request.resource },
        contextVariables: Object.fromEntries(
          Object.entries(request.context ?? {}).map(([key, value]) => [
            key,
            typeof value === "string" ? value : [...value],
          ]),
        ),
      },
    },
    {},
  );
  if (result.resultType === "error") {
    throw new Error(`${request.action} on ${request.resource}: ${JSON.stringify(result.errors)}`);
  }
  return result.overallResult === "Allowed";
});

/** The statements that grant or deny an action, with the given action instead of their list. */
function onlyWith(policy: PolicyDocument, granted: string, action: string) {
  const statements = policy.Statement.filter(
    ({ Action }) => Action === "*" || [Action].flat().includes(granted),
  );
  return {
    ...policy,
    Statement: statements.map((statement) => ({ ...statement, Action: action })),
  };
}

function keyPolicy(partition: string) {
  return JSON.parse(JSON.stringify(KEY_POLICY).replace("arn:aws:", `arn:${partition}:`)) as object;
}
