import * as v from "valibot";
import {
  type ArgumentMeaning,
  argumentsOf,
  BACKEND_TYPES,
  type BackendType,
} from "../../terraform/backends";
import type { ArgumentValue, BackendArguments } from "../../terraform/state-location";
import { EMPTY, nearest, show } from "../errors";
import type { Backend, BackendInput } from "../settings";
import { type Fields, meaning, noList, type Schema, strict } from "./primitives";

export const BACKEND_EXAMPLE = "backend: { s3: { bucket: my-state, region: eu-central-1 } }";

/**
 * A value that reaches Terraform as it is written. YAML rounds numbers beyond the safe range, and
 * CDKTF reads huge ones as tokens.
 */
function isValue(value: unknown): value is ArgumentValue {
  return Array.isArray(value)
    ? value.every(isValue)
    : typeof value === "boolean" ||
        (typeof value === "string" && value !== "") ||
        Number.isSafeInteger(value);
}

const value = v.custom<ArgumentValue>(isValue, ({ input }) =>
  input === ""
    ? EMPTY
    : `${show(input)} does not reach Terraform as it is written; write it in quotes`,
);

/**
 * The schema of arguments by name, where `assume_role.role_arn` is an argument inside an object,
 * and `tags.*` any name there.
 */
function argumentsSchema(
  given: ReadonlyMap<string, ArgumentMeaning>,
): v.GenericSchema<BackendArguments> {
  const any = given.get("*");
  if (any !== undefined) {
    return v.pipe(noList(v.record(v.string(), value)), meaning(any));
  }
  const names = [...new Set([...given.keys()].map((name) => name.replace(/\..*/, "")))].sort();
  return strict<BackendArguments>(
    Object.fromEntries(names.map((name) => [name, v.exactOptional(argumentSchema(name, given))])),
  );
}

function argumentSchema(
  name: string,
  given: ReadonlyMap<string, ArgumentMeaning>,
): v.GenericSchema<ArgumentValue> {
  const own = given.get(name);
  const inner = [...given].filter(([other]) => other.startsWith(`${name}.`));
  const object = argumentsSchema(
    new Map(inner.map(([other, declared]) => [other.slice(name.length + 1), declared])),
  );
  if (own === undefined) {
    return object;
  }
  return inner.length === 0
    ? v.pipe(value, meaning(own))
    : v.union([v.pipe(value, meaning(own)), object]);
}

type Arguments = Fields<Backend, BackendInput>["s3"];

/** `backend: { local: }` is a backend without arguments. */
const withoutArguments = (type: BackendType): Arguments =>
  v.optional(v.nullable(argumentsSchema(argumentsOf(type)), {}));

const { cloud: cloudType, ...backendTypes } = BACKEND_TYPES;
const BACKENDS = Object.fromEntries(
  Object.entries(backendTypes).map(([name, type]) => [name, withoutArguments(type)]),
) as Readonly<Record<keyof typeof backendTypes, Arguments>>;

export const backend: Schema<Backend, BackendInput> = strict(
  { ...BACKENDS, partial: v.optional(v.boolean()) },
  `write for example ${BACKEND_EXAMPLE}`,
);

export const cloud: v.GenericSchema<BackendArguments> = argumentsSchema(argumentsOf(cloudType));

/** The message for a name that an object of `backend` or `cloud` does not have. */
export function unknownArgument(
  [setting, ...path]: readonly string[],
  known: readonly string[],
): string {
  const near = nearest(path.at(-1) ?? "", known);
  const remedy =
    setting === "cloud"
      ? "set it in the environment, such as TF_TOKEN_<hostname>"
      : "pass it with -backend-config, and set backend.partial: true";
  return near === undefined
    ? `is not accepted in settings; ${remedy}`
    : `is not accepted in settings, did you mean "${near}"? If not, ${remedy}`;
}
