import type { RunningCluster } from "../../cluster/running-cluster";
import { type IamReader, requiredOf, type StoredDocument } from "../aws/iam-reader";

export interface AttachedPolicy {
  readonly name: string;
  readonly path: string;
  readonly document: StoredDocument;
}

/** The access that a running cluster has to AWS. Nothing here has a secret. */
export interface RunningAccess {
  readonly cluster: RunningCluster;
  readonly account: string;
  readonly user: {
    readonly name: string;
    readonly path: string;
    readonly boundary: string | undefined;
  };
  readonly policies: readonly AttachedPolicy[];
  /** Whether AWS reports a use of the key in a Region other than the cluster's. */
  readonly isShared: boolean;
  /** Whole sentences: what else the user has, and what a person should know. */
  readonly notes: readonly string[];
}

/** Services whose requests AWS reports in one Region, wherever they come from. */
const GLOBAL: readonly string[] = ["iam", "sts"];

/**
 * Finds the user whose key a cluster has, and the user's permissions.
 * @throws Error if IAM does not return them
 */
export async function runningAccess(
  cluster: RunningCluster,
  iam: IamReader,
): Promise<RunningAccess> {
  const { keyId, region } = cluster.configuration;
  const account = requiredOf(await iam.account());
  const use = requiredOf(await iam.keyUse(keyId));
  if (account === undefined || use === undefined) {
    throw new Error(
      `the cluster has the key ${keyId}, which is of no user of account ${account}; ` +
        "use credentials of the cluster's account",
    );
  }
  const { user: name, lastUsed } = use;
  const [user, attached, inline, groups, keys] = await Promise.all([
    iam.object("user", name),
    iam.attached("user", name),
    iam.inline("user", name),
    iam.groups(name),
    iam.keys(name),
  ]);
  const notes = [
    ...requiredOf(inline).map(
      (policy) => `the user has the inline policy ${policy}, which stays and is not managed`,
    ),
    ...requiredOf(groups).map(
      (group) => `the user is in the group ${group}, which stays and is not managed`,
    ),
    ...(requiredOf(keys) ?? [])
      .filter(({ id }) => id !== keyId)
      .map(({ id, status }) => `the user has another key, ${id} (${status}); ask who uses it`),
  ];
  const isShared =
    lastUsed !== undefined && lastUsed.region !== region && !GLOBAL.includes(lastUsed.service);
  if (isShared) {
    notes.push(
      `AWS reports a use of the key in ${lastUsed.region}, so another cluster has it too; ` +
        "give each cluster a user of its own before you rotate the key",
    );
  }
  const policies: AttachedPolicy[] = [];
  for (const arn of requiredOf(attached)) {
    if (arn.includes(`:${account}:policy/`)) {
      policies.push(await attachedPolicy(arn, iam));
    } else {
      notes.push(`the user has the policy ${arn}, which stays and is not managed`);
    }
  }
  const { Path: path = "/", PermissionsBoundary: boundary } = requiredOf(user) ?? {};
  return {
    cluster,
    account,
    user: { name, path, boundary: boundary?.PermissionsBoundaryArn },
    policies,
    isShared,
    notes,
  };
}

async function attachedPolicy(arn: string, iam: IamReader): Promise<AttachedPolicy> {
  const [, path = "/", name = ""] = /:policy(\/(?:.*\/)?)([^/]+)$/.exec(arn) ?? [];
  return { name, path, document: requiredOf(await iam.managedPolicy(arn)) ?? {} };
}
