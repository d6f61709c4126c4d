import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { policyArn } from "../../../iam/arns";
import { partitionOf } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { readState, type StateContents, versionOf } from "../../terraform/state-file";
import { pullState, stackFolder, type TerraformCli } from "../../terraform/terraform-cli";
import { type IamKey, type IamReader, type Reading, withIam } from "../aws/iam-reader";
import { lackingObjects, type NamedInIam, type NamedObject, namedObjects } from "./lacking-objects";
import { lostPermissions } from "./permissions";
import type { IamUser, KeySituation } from "./situation";

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
    (json) => ({ json, contents: readState(json), unreachable: undefined }),
    (error: Error) => ({ json: "", contents: readState(""), unreachable: failed(error) }),
  );
  return withIam(deployment, { progress, limit, signal }, async (iam) => {
    const [{ json, contents: state, unreachable }, user] = await Promise.all([pulled, readUser(iam, deployment.user.name)]);
    const [unread] = user.unread;
    if (unread !== undefined && (isPartial !== true || unreachable !== undefined)) {
      const reasons = [unreachable ?? [], `IAM does not list the keys of the user ${deployment.user.name}: ${unread}`].flat();
      throw new Error(reasons.join("; "));
    }
    const isReadable = unreachable === undefined && unread === undefined;
    return {
      settings: deployment,
      folder,
      state,
      unreachable,
      unread: user.unread,
      erroredState: erroredState(folder, json),
      iam: user,
      ...(isReadable ? await readObjects({ deployment, state, user, iam }) : NOTHING_READ),
    };
  });
}

type Objects = Pick<KeySituation, "lacking" | "permissions">;
const NOTHING_READ: Objects = { lacking: [], permissions: { lost: [], unread: [] } };

interface Facts {
  readonly deployment: Deployment;
  readonly state: StateContents;
  readonly user: IamUser;
  readonly iam: IamReader;
}

async function readObjects({ deployment, state, user, iam }: Facts): Promise<Objects> {
  const [objects, permissions] = await Promise.all([
    Promise.all(namedObjects(deployment, state).map((object) => readObject(object, { deployment, user, iam }))),
    lostPermissions(deployment, state, user.account ?? "", iam),
  ]);
  const lacking = lackingObjects(deployment, state, { userExists: user.exists, objects });
  return { lacking, permissions };
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
  return { account, exists: listed !== undefined, keys, now: iam.now(), unread: [...new Set(unread)] };
}

/** The file in which Terraform leaves a state that it cannot write into the backend. Source: Terraform, "Backends: Manual State Pull/Push". */
const ERRORED_STATE = "errored.tfstate";

/** How the state that an apply left in a folder relates to that of the backend; undefined: there is none. */
export function erroredState(folder: string, state: string): KeySituation["erroredState"] {
  const file = join(folder, ERRORED_STATE);
  if (!existsSync(file)) {
    return undefined;
  }
  const [errored, current] = [versionOf(readFileSync(file, "utf8")), versionOf(state)];
  // Terraform rejects a push over a state of another lineage.
  if (errored.lineage !== undefined && current.lineage !== undefined && errored.lineage !== current.lineage) {
    return "errored-state-unrelated";
  }
  return errored.serial > current.serial ? "errored-state" : "errored-state-older";
}

function withErroredState({ message }: Error, folder: string): string {
  const file = join(folder, ERRORED_STATE);
  return existsSync(file) ? `${message}; ${file} has the state of the last apply: keep it` : message;
}

/** What uses an object of the settings. One that cannot be read counts as there, and its owner as unknown. */
async function readObject(
  object: NamedObject,
  { deployment, user, iam }: Omit<Facts, "state">,
): Promise<NamedInIam["objects"][number]> {
  const { kind, name, path } = object;
  const arn = policyArn({ partition: partitionOf(deployment.region), account: user.account ?? "", path, name });
  if (kind === "attachment") {
    const attached = await iam.attached("user", deployment.user.name);
    // An apply may create an attachment that exists.
    return { ...object, uses: "value" in attached && attached.value.includes(arn) ? { value: [] } : undefined };
  }
  const id = kind === "policy" ? arn : name;
  const existing = kind === "user" ? { value: user.exists ? {} : undefined } : await iam.object(kind, id);
  return { ...object, uses: "value" in existing && existing.value === undefined ? undefined : await iam.uses(kind, id) };
}
