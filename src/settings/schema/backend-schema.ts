import { parseIamArn } from "../../iam/arns";
import { type ArgumentType, argumentType, BACKEND_TYPES, type BackendType, backendType } from "../../terraform/backends";
import type { FieldError } from "../errors";
import { isObject } from "../is-object";
import { EMPTY, nearest, show, showSegment, suggest } from "../message-parts";

/** Terraform's `cloud` block is a setting of its own, not a backend type. */
export const BACKEND_NAMES = Object.keys(BACKEND_TYPES).filter((type) => type !== "cloud");

/** A backend setting to start from. */
export const BACKEND_EXAMPLE = "backend: { s3: { bucket: my-state, region: eu-central-1 } }";
const NO_VALUE = "does not reach Terraform as it is written; write it in quotes";

/** Names of arguments, environment variables and options that hold a secret wherever they stand. */
const SECRET_NAME =
  /(?:^|[_-])(?:access[_-]?key|api[_-]?key|credentials?|passphrase|passw(?:or)?d|private[_-]?key|secret|secret[_-]?key|token)$/i;

/** What is wrong with the `backend` setting: `{ TYPE: { ARGUMENTS }, partial: true }`. */
export function backendErrors(value: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const names = Object.keys(value).filter((key) => key !== "partial");
  const types = names.filter((name) => backendType(name) !== undefined && name !== "cloud");
  const partial = value.partial ?? false;
  return [
    ...(typeof partial === "boolean" && value.partial !== null
      ? []
      : [fieldError(`${show(partial)} is neither true nor false`, "partial")]),
    ...(types.length > 1
      ? [fieldError(`names ${types.length} types (${types.join(", ")}), a state has one; keep one of them`)]
      : [...noTypeErrors(names, types), ...types.flatMap((type) => typeErrors(type, value[type], partial === true))]),
  ];
}

function noTypeErrors(names: readonly string[], types: readonly string[]): readonly FieldError[] {
  const unknown = names.filter((name) => !types.includes(name));
  if (names.length === 0) {
    return [fieldError(`names no backend type; write one, for example ${BACKEND_EXAMPLE}`)];
  }
  if (types.length === 0 && unknown.every((name) => nearest(name, BACKEND_NAMES) === undefined) && unknown.length > 1) {
    return [
      fieldError(
        `names no backend type (${unknown.map(showSegment).join(", ")}); write the type around them, for example ${BACKEND_EXAMPLE}`,
      ),
    ];
  }
  return unknown.map((name) => fieldError(unknownNameMessage(name, types.length > 0), name));
}

function unknownNameMessage(name: string, typeIsThere: boolean): string {
  if (name === "cloud") {
    return "is no backend type; write it as the setting `cloud`";
  }
  return typeIsThere ? `unknown here, ${suggest(name, ["partial"])}` : `unknown backend type, ${suggest(name, BACKEND_NAMES)}`;
}

function typeErrors(type: string, value: unknown, partial: boolean): readonly FieldError[] {
  const known = backendType(type);
  const remedy = "write it, or set backend.partial to true and give it with -backend-config";
  return known === undefined ? [] : argumentErrors(type, known, value ?? {}, partial ? undefined : remedy).map(under(type));
}

/** What is wrong with the `cloud` setting. */
export function cloudErrors(value: Readonly<Record<string, unknown>>): readonly FieldError[] {
  return argumentErrors("cloud", BACKEND_TYPES.cloud, value, "write it");
}

/** @param remedy what to do about a missing argument; undefined where arguments may be missing */
function argumentErrors(name: string, type: BackendType, value: unknown, remedy: string | undefined): readonly FieldError[] {
  if (!isObject(value)) {
    return [fieldError(`${show(value)} is not an object of arguments; write for example ${BACKEND_EXAMPLE}`)];
  }
  const missing = type.required.filter((argument) => value[argument] === undefined && !hasDefault(name, argument));
  return [
    ...(remedy === undefined
      ? []
      : missing.map((argument) => fieldError(`missing, the ${name} backend requires it; ${remedy}`, argument))),
    ...Object.entries(value).flatMap(([argument, content]) => argumentError(argument, content, type).map(under(argument))),
  ];
}

/** `key` of S3 is required by Terraform, and has a default here. */
function hasDefault(type: string, argument: string): boolean {
  return type === "s3" && argument === "key";
}

function argumentError(argument: string, content: unknown, type: BackendType): readonly FieldError[] {
  const known = Object.hasOwn(type.args, argument) ? type.args[argument] : undefined;
  if (known === undefined) {
    return [fieldError(`unknown argument, ${suggest(argument, publicArguments(type))}`)];
  }
  const carrier = type.secrets[argument];
  if (carrier !== undefined) {
    return [fieldError(`is a secret (not shown) and settings are committed; remove it and use ${carrier}`)];
  }
  if (content === null || content === "") {
    return [fieldError(EMPTY)];
  }
  if (known === true) {
    return valueErrors(argument, content, type);
  }
  if (!isObject(content)) {
    return [fieldError(`${show(content)} is not an object; it takes ${known.join(", ")}`)];
  }
  return Object.entries(content).flatMap(([inner, innerContent]) =>
    innerError(inner, innerContent, known, type).map(under(inner)),
  );
}

function innerError(argument: string, content: unknown, known: readonly string[], type: BackendType): readonly FieldError[] {
  if (!known.includes(argument)) {
    return [fieldError(`unknown argument, ${suggest(argument, known)}`)];
  }
  if (SECRET_NAME.test(argument)) {
    return [fieldError(SECRET)];
  }
  if (content === null || content === "") {
    return [fieldError(EMPTY)];
  }
  return valueErrors(argument, content, type);
}

/** What is wrong with the value of an argument that the backend has. */
function valueErrors(argument: string, content: unknown, backend: BackendType): readonly FieldError[] {
  const unsupported = [...secretsInside(content), ...unsupportedValues(content)];
  if (unsupported.length > 0) {
    return unsupported;
  }
  const type = argumentType(argument);
  if (type !== undefined && !IS_TYPE[type].test(content)) {
    return [fieldError(`${show(content)} is not ${IS_TYPE[type].what}`)];
  }
  const rule = backend === BACKEND_TYPES.s3 && Object.hasOwn(S3_RULES, argument) ? S3_RULES[argument] : undefined;
  return rule === undefined || typeof content !== "string" || rule.test(content)
    ? []
    : [fieldError(`${rule.hidden === true ? "the value" : show(content)} ${rule.message}`)];
}

/** What Terraform converts to each type, strings included. Source: Terraform documentation, type conversion; tried with Terraform 1.11.4. */
const IS_TYPE: Readonly<Record<ArgumentType, { readonly what: string; readonly test: (value: unknown) => boolean }>> = {
  string: { what: "a single value; write it in quotes", test: (value) => typeof value !== "object" },
  bool: {
    what: "true or false",
    test: (value) => typeof value === "boolean" || value === "true" || value === "false",
  },
  number: {
    what: "a number",
    test: (value) => typeof value === "number" || (typeof value === "string" && /^-?\d{1,15}$/.test(value)),
  },
  list: {
    what: "a list of single values; write one per line, each after a dash",
    test: (value) => Array.isArray(value) && value.every((item) => typeof item !== "object"),
  },
  map: {
    what: "an object of single values; write KEY: VALUE lines below it",
    test: (value) => isObject(value) && Object.values(value).every((item) => typeof item !== "object"),
  },
};

interface ValueRule {
  readonly test: (value: string) => boolean;
  readonly message: string;
  /** Whether the value may be a secret. */
  readonly hidden?: true;
}

const S3_PATH: ValueRule = {
  test: (value) => !/^\/|\/$|\/\//.test(value),
  message:
    'is not the path of an S3 object as Terraform takes it: no "/" at either end, and no "//"; write for example "dev/terraform.tfstate"',
};
const AWS_NAME: ValueRule = {
  test: (value) => /^[A-Za-z0-9._:/-]{1,2048}$/.test(value),
  message: "is not a name that AWS takes: letters, digits and . _ - only; write the name itself, without wildcards",
};
const ROLE_ARN: ValueRule = {
  test: (value) => parseIamArn(value)?.kind === "role",
  message: "is not the ARN of an IAM role, which reads arn:aws:iam::123456789012:role/NAME",
};
const PROXY: ValueRule = {
  test: (value) => !/^[^\s/@:]*:[^\s/@]*@/.test(value),
  message: "has a password (not shown) and settings are committed; remove it and use HTTP_PROXY or HTTPS_PROXY",
  hidden: true,
};

/** Rules for the values of the s3 backend's arguments, by name. Source: Terraform's `backend/remote-state/s3`, tried with 1.11.4. */
const S3_RULES: Readonly<Record<string, ValueRule>> = {
  bucket: AWS_NAME,
  dynamodb_table: AWS_NAME,
  http_proxy: PROXY,
  https_proxy: PROXY,
  key: S3_PATH,
  kms_key_id: {
    test: (value) =>
      /^(?:arn:aws[a-z-]{0,20}:kms:[a-z0-9-]{1,30}:\d{12}:)?(?:key\/)?[A-Za-z0-9-]{1,128}$/.test(value) ||
      /^(?:arn:aws[a-z-]{0,20}:kms:[a-z0-9-]{1,30}:\d{12}:)?alias\/[A-Za-z0-9/_-]{1,250}$/.test(value),
    message: "is not a KMS key: its id, its ARN or an alias, without wildcards",
  },
  role_arn: ROLE_ARN,
  workspace_key_prefix: S3_PATH,
};

const SECRET = "is a secret (not shown) and settings are committed; remove it and give it with -backend-config";

/** Secrets by their name in a free-form value, at any depth. */
function secretsInside(content: unknown): readonly FieldError[] {
  if (Array.isArray(content)) {
    return content.flatMap((item, index) => (isSecretItem(item, content[index - 1]) ? [fieldError(SECRET, String(index))] : []));
  }
  return isObject(content)
    ? Object.entries(content).flatMap(([name, inner]) =>
        SECRET_NAME.test(name) ? [fieldError(SECRET, name)] : secretsInside(inner).map(under(name)),
      )
    : [];
}

/** Whether an item of a list is `--token=VALUE`, or the value behind `--token`. */
function isSecretItem(item: unknown, previous: unknown): boolean {
  const [option = "", ...value] = String(item).split("=");
  return (
    (isSecretOption(option) && value.join("=") !== "") || (isSecretOption(String(previous)) && !String(item).startsWith("-"))
  );
}

function isSecretOption(text: string): boolean {
  return SECRET_NAME.test(text) && !/\s/.test(text);
}

/** Arguments to suggest: settings must not contain secret ones. */
function publicArguments(type: BackendType): readonly string[] {
  return Object.keys(type.args).filter((argument) => !Object.hasOwn(type.secrets, argument));
}

function fieldError(message: string, ...path: readonly string[]): FieldError {
  return { path, message };
}

const under =
  (segment: string) =>
  (error: FieldError): FieldError => ({ ...error, path: [segment, ...error.path] });

/** Values, at any depth, that Terraform would not get as they are written. */
function unsupportedValues(value: unknown): readonly FieldError[] {
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([name, inner]) => unsupportedValues(inner).map(under(name)));
  }
  // Beyond the safe range YAML has already rounded a number, and CDKTF reads huge ones as tokens.
  return typeof value === "string" || typeof value === "boolean" || Number.isSafeInteger(value)
    ? []
    : [fieldError(value === null ? EMPTY : `${show(value)} ${NO_VALUE}`)];
}
