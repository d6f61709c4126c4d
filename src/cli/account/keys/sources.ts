import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policyArn } from "../../../iam/arns";
import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, policyAddress } from "../../../terraform/addresses";
import { readState, type StateContents, versionOf } from "../../terraform/state-file";
import { pullState, stackFolder, type TerraformCli } from "../../terraform/terraform-cli";
import { type IamKey, type IamReader, type Reading, withIam } from "../aws/iam-reader";
import { type ManagedObject, managedObjects } from "../managed-objects";
import { type Ownership, ownershipOf } from "../ownership";
import { lostPermissions } from "./permissions";
import type { IamUser, KeySituation, UnmanagedObject } from "./situation";

export interface Sources {
  readonly terraform: TerraformCli;
  /** CDKTF's output folder. */
  readonly output: string;
  /** How long the calls to AWS may take, in seconds. */
  readonly limit: number;
  /** Whether what cannot be read is left out, and listed in `unreachable` and `unread`. @default an error */
  readonly isPartial?: boolean;
}

/**
 * Settings, state and IAM of a deployment.
 * @throws Error if the state or the keys cannot be read; with `isPartial` only if both cannot
 */
export async function keySituation(deployment: Deployment, sources: Sources): Promise<KeySituation> {
  const { terraform, output, limit, isPartial } = sources;
  const { progress } = terraform;
  const folder = isPartial === true ? join(output, "stacks", deployment.stack) : stackFolder(terraform, output, deployment.stack);
  const abort = new AbortController();
  const { signal } = abort;
  const failed = (error: Error): string => {
    const message = withErroredState(error, folder);
    if (isPartial !== true) {
      // So that nothing follows the error.
      abort.abort();
      throw new Error(message);
    }
    return message;
  };
  const pull = async () => pullState(terraform, stackFolder(terraform, output, deployment.stack), signal);
  const pulled = pull().then(
    (json): Pulled => ({ json, contents: readState(json) }),
    (error: Error): Pulled => ({ json: "", contents: readState(""), unreachable: failed(error) }),
  );
  return withIam(deployment, { progress, limit, signal }, async (iam) => {
    const [{ json, contents: state, unreachable }, user] = await Promise.all([pulled, readUser(iam, deployment.user.name)]);
    const [unread] = user.unread;
    if (unread !== undefined && (isPartial !== true || unreachable !== undefined)) {
      const reasons = [unreachable ?? [], `IAM does not list the keys of the user ${deployment.user.name}: ${unread}`].flat();
      throw new Error(reasons.join("; "));
    }
    const isReadable = unreachable === undefined && unread === undefined;
    const facts = { deployment, state, user, iam };
    const [unmanagedObjects, permissions] = isReadable
      ? await Promise.all([readUnmanagedObjects(facts), lostPermissions(state.resources, iam)])
      : [[], { lost: [], unread: [] }];
    return {
      settings: deployment,
      folder,
      state,
      unreachable,
      unread: user.unread,
      erroredState: erroredState(folder, json),
      iam: user,
      unmanagedObjects,
      permissions,
    };
  });
}

interface Pulled {
  readonly json: string;
  readonly contents: StateContents;
  readonly unreachable?: string;
}

/** The user's keys with their last use, and the account that was queried. */
async function readUser(iam: IamReader, name: string): Promise<IamUser & { readonly unread: readonly string[] }> {
  const unread: string[] = [];
  const readValue = <T>(reading: Reading<T>): T | undefined => {
    if ("unread" in reading) {
      unread.push(reading.unread);
      return undefined;
    }
    return reading.value;
  };
  const account = readValue(await iam.account());
  const listed = readValue(await iam.keys(name));
  const keys: IamKey[] = [];
  for (const [key, lastUse] of await Promise.all((listed ?? []).map(async (key) => [key, await iam.lastUse(key.id)] as const))) {
    keys.push({ ...key, lastUsed: readValue(lastUse) });
  }
  return { account, exists: listed !== undefined, keys, ...iam.times(), unread: [...new Set(unread)] };
}

/** The file in which Terraform leaves a state that it cannot write into the backend. Source: Terraform, "Backends: Manual State Pull/Push". */
const ERRORED_STATE = "errored.tfstate";

function erroredState(folder: string, state: string): KeySituation["erroredState"] {
  const file = join(folder, ERRORED_STATE);
  if (!existsSync(file)) {
    return undefined;
  }
  const [errored, current] = [versionOf(readFileSync(file, "utf8")), versionOf(state)];
  // Terraform rejects a push over a state of another lineage.
  if (errored.lineage !== undefined && current.lineage !== undefined && errored.lineage !== current.lineage) {
    return "unrelated";
  }
  return errored.serial > current.serial ? "newer" : "older";
}

function withErroredState({ message }: Error, folder: string): string {
  const file = join(folder, ERRORED_STATE);
  return existsSync(file) ? `${message}; ${file} has the state of the last apply: keep it` : message;
}

interface Facts {
  readonly deployment: Deployment;
  readonly state: StateContents;
  readonly user: IamUser;
  readonly iam: IamReader;
}

/** The objects of the settings that IAM has, and neither the state nor the settings import, each with its owner. */
async function readUnmanagedObjects(facts: Facts): Promise<readonly UnmanagedObject[]> {
  const { deployment, state } = facts;
  const addresses = new Map(state.resources.map(({ address, attributes }) => [address, attributes.name]));
  // A further policy of another content has another name, and the same address.
  const lacking = managedObjects(deployment).filter(({ address, imports, name }) =>
    imports === "additionalPolicies"
      ? addresses.get(address) !== name && (addresses.has(address) || deployment.import?.additionalPolicies !== true)
      : !addresses.has(address) && deployment.import?.[imports] !== true,
  );
  const found = (await Promise.all(lacking.map((object) => unmanagedObject(object, facts)))).flat();
  const isAttachmentKnown = addresses.has(ADDRESSES.userAttachment) || deployment.import?.attachment === true;
  return isAttachmentKnown || deployment.attachment === "group"
    ? found
    : [...found, ...(await unmanagedAttachment(facts, found))];
}

async function unmanagedObject(object: ManagedObject, facts: Facts): Promise<readonly UnmanagedObject[]> {
  const { deployment, state, user, iam } = facts;
  const { kind, name, imports, setting } = object;
  const id = kind === "policy" ? arnOf(object, facts) : name;
  const existing = kind === "user" ? { value: user.exists ? {} : undefined } : await iam.object(kind, id);
  if ("value" in existing && existing.value === undefined) {
    return [];
  }
  const { owner, by } = ownershipOf({ kind, name }, await iam.uses(kind, id), {
    settings: deployment,
    state: state.resources,
    outputs: Object.values(state.outputs),
    userExists: user.exists,
  });
  const former = state.resources.some(({ address }) => address === object.address);
  const [number] = deployment.policies.filter((policy) => policy.name === name).map((policy) => policy.number);
  const stale = former && number !== undefined ? staleAddresses(number, state) : undefined;
  return [{ kind, name, imports, setting, owner, by, stale }];
}

/** What a state has of a former additional policy with this number. */
function staleAddresses(number: number, { resources }: StateContents): readonly string[] {
  const ofPolicy = (["policy", "userAttachment", "groupAttachment"] as const).map((what) => policyAddress(what, number));
  return resources.map(({ address }) => address).filter((address) => ofPolicy.includes(address));
}

const arnOf = ({ name, path }: Pick<ManagedObject, "name" | "path">, { deployment, user }: Facts) =>
  policyArn({ partition: partitionOf(deployment.region), account: user.account ?? "", path, name });

/** The attachment to the user. What cannot be read counts as absent: an apply may create an attachment that exists. */
async function unmanagedAttachment(facts: Facts, found: readonly UnmanagedObject[]): Promise<readonly UnmanagedObject[]> {
  const { deployment, iam } = facts;
  const { policy, user } = deployment;
  const attached = await iam.attached("user", user.name);
  if ("unread" in attached || !attached.value.includes(arnOf(policy, facts))) {
    return [];
  }
  const { owner, by }: Ownership = found.find(({ imports }) => imports === "policy") ?? { owner: "ours-unmanaged", by: [] };
  return [{ kind: "attachment", name: policy.name, imports: "attachment", setting: "policy", owner, by }];
}
