import { isDeepStrictEqual } from "node:util";
import { listOf, parseJson, textOf, valueAt } from "../../../../src/text/json";
import { timeText } from "../process/time";
import {
  type ClusterConfiguration,
  hasKey,
  keyIn,
  readConfiguration,
  type SecretKey,
  withKey,
  yamlOf,
} from "./configuration";
import { type ClusterAccess, d8 } from "./d8";
import { ClusterError } from "./failures";

// Sources: github.com/deckhouse/deckhouse-cli v0.33.0, internal/system/cmd/get, for the Secrets
// that `d8 system get` prints; github.com/deckhouse/deckhouse,
// dhctl/pkg/kubernetes/actions/manifests, for the ConfigMap of Commander.
// Kubernetes, "Server-Side Apply", section "Managers", for managedFields.

export const SECRET_NAME = "kube-system/d8-provider-cluster-configuration";

const [NAMESPACE = "", NAME = ""] = SECRET_NAME.split("/");
const SECRET = ["secret", NAME, `--namespace=${NAMESPACE}`];

const DATA = "cloud-provider-cluster-configuration.yaml";

export interface LastWrite {
  readonly manager: string;
  readonly time: string;
}

/** DKP's configuration of a cluster, and its last write, if the cluster reports it. */
export interface Configured {
  readonly configuration: ClusterConfiguration;
  readonly lastWrite?: LastWrite | undefined;
}

/** A cluster as it runs. Nothing here has a secret. */
export interface RunningCluster extends Configured {
  readonly context: string;
  /** `cloud.prefix` of the ClusterConfiguration, else `prefix` of ModuleConfig `global`. */
  readonly prefix: string | undefined;
  /** Commander writes its own configuration back at each converge. */
  readonly isOfCommander: boolean;
}

/**
 * Reads what decides whose cluster it is.
 * @throws ClusterError, or Error if it does not run on AWS
 */
export async function runningCluster(access: ClusterAccess): Promise<RunningCluster> {
  const configured = await clusterConfiguration(access);
  return {
    ...configured,
    context: access.context,
    prefix: await prefixOf(access),
    isOfCommander: await isOfCommander(access),
  };
}

/**
 * DKP's configuration of a cluster.
 * @throws ClusterError, or Error if it does not run on AWS
 */
export async function clusterConfiguration(access: ClusterAccess): Promise<Configured> {
  const { document, lastWrite } = await configurationOf(access);
  return { configuration: readConfiguration(decoded(document)), lastWrite };
}

/** Whether DKP has a key with its secret, which a person may have copied wrongly. */
export async function clusterHasKey(access: ClusterAccess, key: SecretKey): Promise<boolean> {
  return hasKey(decoded((await configurationOf(access)).document), key);
}

/**
 * Makes a call with the key that the cluster has. Its ID alone proves nothing, because IDs of keys
 * are no secrets.
 */
export async function withClusterKey<T>(
  access: ClusterAccess,
  call: (key: SecretKey) => Promise<T>,
): Promise<T> {
  return await call(keyIn(decoded((await configurationOf(access)).document)));
}

async function configurationOf(
  access: ClusterAccess,
): Promise<{ readonly document: Buffer; readonly lastWrite: LastWrite | undefined }> {
  const args = ["k", "get", ...SECRET, "--output=json", "--show-managed-fields"];
  const text = await optional(d8(access, args));
  if (text === undefined) {
    throw new ClusterError(
      "not found",
      `the cluster has no Secret ${SECRET_NAME}: DKP is not installed there, ` +
        "or keeps its configuration elsewhere, which is not supported yet; name another --context",
    );
  }
  const secret = parseJson(text.toString("utf8"));
  const document = textOf(valueAt(secret, ["data", DATA]));
  if (document === undefined) {
    throw new ClusterError(
      "other",
      `${access.binary} printed Secret ${SECRET_NAME} without ${DATA}, ` +
        `or something that is not JSON; update ${access.binary}, or name another --context`,
    );
  }
  return { document: Buffer.from(document, "base64"), lastWrite: lastWriteOf(secret) };
}

function lastWriteOf(secret: unknown): LastWrite | undefined {
  const [last] = listOf(valueAt(secret, ["metadata", "managedFields"]))
    .filter((entry) => valueAt(entry, ["fieldsV1", "f:data", `f:${DATA}`]) !== undefined)
    .map((entry) => ({
      manager: textOf(valueAt(entry, ["manager"])) ?? "",
      time: textOf(valueAt(entry, ["time"])) ?? "",
    }))
    .filter(({ manager, time }) => manager !== "" && time !== "")
    .toSorted((one, other) => other.time.localeCompare(one.time));
  return last && { ...last, time: timeText(new Date(last.time)) };
}

async function prefixOf(access: ClusterAccess): Promise<string | undefined> {
  const text = await optional(d8(access, ["system", "get", "cluster-configuration"]));
  const configured =
    text && textOf(valueAt(yamlOf(decoded(text), "cluster-configuration"), ["cloud", "prefix"]));
  if (configured !== undefined) {
    return configured;
  }
  const module = await readObject(access, "moduleconfigs", "global");
  return textOf(valueAt(module, ["spec", "settings", "prefix"]));
}

async function isOfCommander(access: ClusterAccess): Promise<boolean> {
  const args = [
    "k",
    "get",
    "configmap",
    "d8-commander-uuid",
    `--namespace=${NAMESPACE}`,
    "--output=name",
  ];
  return (await optional(d8(access, args))) !== undefined;
}

/** `1.77.4`: the version of DKP that runs; undefined if none is deployed. */
export async function dkpVersion(access: ClusterAccess): Promise<string | undefined> {
  const releases = await readObject(access, "deckhousereleases");
  const deployed = listOf(valueAt(releases, ["items"])).find(
    (release) => valueAt(release, ["status", "phase"]) === "Deployed",
  );
  return textOf(valueAt(deployed, ["spec", "version"]))?.replace(/^v/, "");
}

/** Undefined if the cluster does not have it. */
async function readObject(access: ClusterAccess, ...named: readonly string[]): Promise<unknown> {
  const text = await optional(d8(access, ["k", "get", ...named, "--output=json"]));
  return text && parseJson(decoded(text));
}

async function optional(reading: Promise<Buffer>): Promise<Buffer | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ClusterError && error.failure === "not found") {
      return undefined;
    }
    throw error;
  }
}

/**
 * Gives a key to a cluster, only the two fields, and reads it back. The cluster refuses it if
 * somebody has changed the configuration since it was read.
 * @throws Error if the cluster is not the one that was read before, or does not have the key
 * afterwards
 */
export async function giveKey(
  access: ClusterAccess,
  { configuration }: Configured,
  key: SecretKey,
): Promise<void> {
  const { document: before } = await configurationOf(access);
  const text = decoded(before);
  if (!isDeepStrictEqual(readConfiguration(text), configuration)) {
    throw new ClusterError(
      "refused",
      "somebody changed the configuration of the cluster meanwhile; run the command again",
    );
  }
  const after = Buffer.from(withKey(text, key));
  const path = `/data/${DATA}`;
  const patch = [
    { op: "test", path, value: before.toString("base64") },
    { op: "replace", path, value: after.toString("base64") },
  ];
  const options = ["--type=json", "--patch-file=/dev/stdin", "--output=name"];
  await d8(access, ["k", "patch", ...SECRET, ...options], JSON.stringify(patch));
  const { document: written } = await configurationOf(access).catch((error: Error) => {
    throw new ClusterError(
      "other",
      `the cluster took the key, and cannot be read since: ${error.message}`,
    );
  });
  if (!after.equals(written)) {
    throw new ClusterError(
      "other",
      "the cluster took the key, and somebody has changed the configuration since; " +
        "run the command again",
    );
  }
}

/** Whether `giveKey` ended with an error after which the cluster does not have the key. */
export const isRefusal = (error: unknown): error is ClusterError =>
  error instanceof ClusterError && error.failure === "refused";

/** @throws Error if the bytes would not be the same when they are written back */
function decoded(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text).equals(bytes)) {
    throw new Error(
      "the configuration of the cluster is not UTF-8; correct it with d8 system edit",
    );
  }
  return text;
}
