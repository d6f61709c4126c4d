import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Deployment } from "../../../settings/deployment";
import { readState, type StateContents, versionOf } from "../../terraform/state-file";
import { pullState, stackFolder, type TerraformCli } from "../../terraform/terraform-cli";
import { dkpAccess } from "../../text/advice";
import { type IamKey, type IamReader, type Reading, Readings, withIam } from "../aws/iam-reader";
import { lackingObject, namedObjects } from "../ownership";
import { permissionsOf } from "./permissions";
import type { IamUser, KeySituation } from "./situation";

export interface Sources {
  readonly terraform: TerraformCli;
  /** CDKTF's output folder. */
  readonly output: string;
  /** How long the calls to AWS may take, in seconds. */
  readonly limit: number;
  /** Whether what cannot be read is left out, and listed in `unreachable` and `unread`. @default an error */
  readonly isPartial?: boolean;
  /** Keys that are named as leaked: which user has them is read too. @default none */
  readonly leaked?: readonly string[] | undefined;
}

/**
 * Settings, state and IAM of a deployment.
 * @throws Error if the state or the keys cannot be read; with `isPartial` only if both cannot
 */
export async function keySituation(deployment: Deployment, sources: Sources): Promise<KeySituation> {
  const { terraform, output, limit, isPartial, leaked = [] } = sources;
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
    const [ofUser, ofOwners] = [new Readings(), new Readings()];
    const { name } = deployment.user;
    const [{ json, contents: state, unreachable }, read] = await Promise.all([pulled, readUser(iam, name, ofUser)]);
    const imported = deployment.import?.accessKeyId ?? [];
    const known = [...state.keys.map(({ id }) => id), state.exposed.id ?? [], imported, leaked].flat();
    const user = { ...read, owners: await readOwners(known, name, read.keys, iam, ofOwners) };
    // Where IAM has no such user, it may have another name: then its keys show which one.
    const reasons = [...ofUser.unread, ...(read.exists ? [] : ofOwners.unread)];
    const [unread] = reasons;
    if (unread !== undefined && (isPartial !== true || unreachable !== undefined)) {
      const remedy = `allow what ${dkpAccess("keys")} --policy prints, or set a longer --timeout`;
      throw new Error([unreachable ?? [], `the keys of the user ${name} cannot be read: ${unread}`, remedy].flat().join("; "));
    }
    const isReadable = unreachable === undefined && unread === undefined;
    return {
      settings: deployment,
      folder,
      state,
      unreachable,
      unread: reasons,
      erroredState: erroredState(folder, json),
      iam: user,
      ...(isReadable ? await readObjects(deployment, state, user, iam) : NOTHING_READ),
    };
  });
}

type Objects = Pick<KeySituation, "lacking" | "permissions">;
const NOTHING_READ: Objects = {
  lacking: [],
  permissions: { lacking: [], isImportMissing: false, lost: [], denials: [], unlinked: [], unread: [] },
};

async function readObjects(
  settings: Deployment,
  state: StateContents,
  { account = "", exists }: IamUser,
  iam: IamReader,
): Promise<Objects> {
  /** One that cannot be read counts as there, and its owner as unknown. */
  const lacking = namedObjects(settings, state, account).map(async (object) => {
    const { kind, name, arn } = object;
    const id = kind === "policy" ? arn : name;
    const existing = kind === "user" ? { value: exists ? {} : undefined } : await iam.object(kind, id);
    const uses = "value" in existing && existing.value === undefined ? undefined : await iam.uses(kind, id);
    return lackingObject(object, uses, { settings, state });
  });
  const [objects, permissions] = await Promise.all([Promise.all(lacking), permissionsOf(settings, state, account, iam)]);
  return { lacking: objects, permissions };
}

/** The user's keys with their last use, and the account that was queried. */
async function readUser(iam: IamReader, name: string, readings: Readings): Promise<Omit<IamUser, "owners">> {
  const account = await readings.value(iam.account());
  const listed = await readings.value(iam.keys(name));
  const keys = (listed ?? []).map(async (key) => ({ ...key, lastUsed: (await readings.value(iam.keyUse(key.id)))?.lastUsed }));
  return { account, exists: listed !== undefined, keys: await Promise.all(keys), now: iam.now() };
}

/** Which other user has a key that the deployment's user does not have. */
async function readOwners(ids: readonly string[], user: string, keys: readonly IamKey[], iam: IamReader, readings: Readings) {
  const others = [...new Set(ids)].filter((id) => keys.every((key) => key.id !== id));
  const owners = await Promise.all(
    others.map(async (id) => {
      const use = await iam.keyUse(id);
      // IAM also denies the call for a key that nobody has, or that another account has: then the owner is unknown.
      return [id, isDenied(use) ? undefined : (await readings.value(Promise.resolve(use)))?.user] as const;
    }),
  );
  return Object.fromEntries(
    owners.flatMap(([id, owner]) => (owner === undefined || owner === user ? [] : [[id, owner] as const])),
  );
}

/** Whether IAM denied a call. */
const isDenied = (reading: Reading<unknown>): boolean => "unread" in reading && reading.error?.code === "AccessDenied";

/** The file in which Terraform leaves a state that it cannot write into the backend. Source: Terraform, "Backends: Manual State Pull/Push". */
const ERRORED_STATE = "errored.tfstate";

/** How the state that an apply left in a folder relates to that of the backend; undefined: there is none. */
export function erroredState(folder: string, state: string): KeySituation["erroredState"] {
  const file = join(folder, ERRORED_STATE);
  if (!existsSync(file)) {
    return undefined;
  }
  const [errored, current] = [versionOf(readFileSync(file, "utf8")), versionOf(state)];
  // Terraform rejects a push over a state of another lineage, and over a newer one.
  const isOther = errored.lineage !== undefined && current.lineage !== undefined && errored.lineage !== current.lineage;
  return !isOther && errored.serial > current.serial ? "errored-state" : "errored-state-other";
}

function withErroredState({ message }: Error, folder: string): string {
  const file = join(folder, ERRORED_STATE);
  return existsSync(file) ? `${message}; ${file} has the state of the last apply: keep it` : message;
}
