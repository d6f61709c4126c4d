import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, parseDocument, type Scalar } from "yaml";
import { ACCESS_KEY_ID } from "../../../../src/iam/limits";
import { isObject, type JsonObject, objectOf, textOf } from "../../../../src/text/json";
import { ClusterError } from "./failures";

/** DKP's `AWSClusterConfiguration` without the secret access key. */
export interface ClusterConfiguration {
  readonly keyId: string;
  readonly region: string;
  readonly fields: JsonObject;
}

/** An access key, which nothing writes to a file. */
export interface SecretKey {
  readonly id: string;
  readonly secret: string;
}

const ID = "providerAccessKeyId";
const SECRET = "providerSecretAccessKey";

/** DKP reads YAML with merge keys. */
const OPTIONS = { merge: true, logLevel: "error" } as const;

/**
 * The value of a YAML document.
 * @throws Error without any part of the text
 */
export function yamlOf(text: string, what: string): JsonObject {
  const value = parsed(text);
  if (value === undefined) {
    throw new Error(`${what}: is not one YAML document with fields; repair it with d8 system edit`);
  }
  return value;
}

function parsed(text: string): JsonObject | undefined {
  try {
    const document = parseDocument(text, OPTIONS);
    const value: unknown = document.errors.length > 0 ? undefined : document.toJS();
    return isObject(value) ? value : undefined;
  } catch {
    // Aliases that would fill the memory.
    return undefined;
  }
}

const CONFIGURATION = "provider-cluster-configuration";

/**
 * Reads DKP's configuration of a cluster, and drops the secret access key.
 * @throws Error if it is not of AWS
 */
export function readConfiguration(text: string): ClusterConfiguration {
  const { provider, ...fields } = yamlOf(text, CONFIGURATION);
  if (fields.kind !== "AWSClusterConfiguration") {
    throw new Error(
      `${CONFIGURATION}: is not of kind AWSClusterConfiguration, ` +
        "so the cluster does not run on AWS; name another --context",
    );
  }
  const { [ID]: id, region } = objectOf(provider);
  if (typeof id !== "string" || !ACCESS_KEY_ID.test(id)) {
    // It may be the secret.
    throw new Error(
      `${CONFIGURATION}: provider.${ID} is not the ID of an access key (not shown); ` +
        `correct it with d8 system edit ${CONFIGURATION}`,
    );
  }
  return { keyId: id, region: textOf(region) ?? "", fields };
}

/** The key with its secret, for one call that proves whose it is. */
export function keyIn(text: string): SecretKey {
  const { [ID]: id, [SECRET]: secret } = objectOf(yamlOf(text, CONFIGURATION).provider);
  return { id: textOf(id) ?? "", secret: textOf(secret) ?? "" };
}

/** Whether the configuration has both the ID and the secret of a key. */
export function hasKey(text: string, { id, secret }: SecretKey): boolean {
  const known = keyIn(text);
  return known.id === id && known.secret === secret;
}

/**
 * The text of the configuration with another key. All other bytes stay: comments, order, line ends,
 * anchors.
 * @throws ClusterError, refused, if the two values cannot be changed without a change of another
 * one
 */
export function withKey(text: string, { id, secret }: SecretKey): string {
  const before = yamlOf(text, CONFIGURATION);
  const values = { [ID]: id, [SECRET]: secret };
  const scalars = keyScalars(text);
  if (scalars.length !== 2) {
    throw cannotChange();
  }
  // The later one first, so that the position of the other one stays.
  const changed = scalars
    .toSorted((one, other) => other.start - one.start)
    .reduce(
      (edited, { name, start, end }) =>
        edited.slice(0, start) + JSON.stringify(values[name]) + edited.slice(end),
      text,
    );
  const expected = { ...before, provider: { ...objectOf(before.provider), ...values } };
  if (!isDeepStrictEqual(parsed(changed), expected)) {
    throw cannotChange();
  }
  return changed;
}

const cannotChange = () =>
  new ClusterError(
    "refused",
    `${CONFIGURATION}: provider.${ID} and provider.${SECRET} are no plain values of their own ` +
      `(an anchor, an alias or a block); write them as such with d8 system edit ${CONFIGURATION}`,
  );

interface KeyScalar {
  readonly name: typeof ID | typeof SECRET;
  readonly start: number;
  readonly end: number;
}

/** Where the two values stand, if each is a value of one line that nothing refers to. */
function keyScalars(text: string): readonly KeyScalar[] {
  const provider: unknown = parseDocument(text, OPTIONS).get("provider", true);
  const found: KeyScalar[] = [];
  for (const { key, value } of isMap(provider) ? provider.items : []) {
    const name =
      isScalar(key) && (key.value === ID || key.value === SECRET) ? key.value : undefined;
    if (name !== undefined && isPlain(value)) {
      const [start = 0, end = 0] = value.range ?? [];
      found.push({ name, start, end });
    }
  }
  return found;
}

const isPlain = (value: unknown): value is Scalar =>
  isScalar(value) &&
  value.anchor === undefined &&
  value.tag === undefined &&
  !value.type?.startsWith("BLOCK");
