import { BACKEND_TYPES, type BackendType } from "../remote-state/backend-types";
import type { ArgumentValue } from "../remote-state/state-location";
import type { Problem } from "./problems";
import { show, suggest } from "./words";

/** Terraform's `cloud` block is a setting of its own, not a backend type. */
export const BACKEND_NAMES = Object.keys(BACKEND_TYPES).filter((type) => type !== "cloud");

const EXAMPLE = "backend: { s3: { bucket: my-state, region: eu-central-1 } }";

/** What is wrong with the `backend` setting: `{ TYPE: { ARGUMENTS }, partial: true }`. */
export function backendProblems(value: Readonly<Record<string, unknown>>): readonly Problem[] {
  const types = Object.keys(value).filter((key) => key !== "partial");
  const [type] = types;
  if (type === undefined) {
    return [{ path: [], message: `names no backend type; write one, for example ${EXAMPLE}` }];
  }
  if (types.length > 1) {
    return [{ path: [], message: `names ${types.length} types (${types.join(", ")}), a state lives in one; keep one of them` }];
  }
  const partial = value.partial ?? false;
  const partialProblems: readonly Problem[] =
    typeof partial === "boolean" ? [] : [{ path: ["partial"], message: `${show(partial)} is neither true nor false` }];
  const known = BACKEND_TYPES[type];
  if (known === undefined || type === "cloud") {
    const message =
      type === "cloud"
        ? "is no backend type; write it as the setting `cloud`"
        : `unknown backend type, ${suggest(type, BACKEND_NAMES)}`;
    return [...partialProblems, { path: [type], message }];
  }
  return [...partialProblems, ...argumentProblems(type, known, value[type] ?? {}, partial === true).map(under(type))];
}

/** What is wrong with the `cloud` setting. */
export function cloudProblems(value: Readonly<Record<string, unknown>>): readonly Problem[] {
  return argumentProblems("cloud", BACKEND_TYPES.cloud, value, false);
}

function argumentProblems(name: string, type: BackendType, value: unknown, partial: boolean): readonly Problem[] {
  if (!isObject(value)) {
    return [{ path: [], message: `${show(value)} is not an object of arguments; write for example ${EXAMPLE}` }];
  }
  const missing = partial ? [] : type.required.filter((argument) => value[argument] === undefined && !hasDefault(name, argument));
  return [
    ...missing.map((argument) => ({
      path: [argument],
      message: `required by the ${name} backend; write it, or set backend.partial to true and give it with -backend-config`,
    })),
    ...Object.entries(value).flatMap(([argument, content]) => argumentProblem(argument, content, type).map(under(argument))),
  ];
}

/** `key` of S3 is required by Terraform, and has a default here. */
function hasDefault(type: string, argument: string): boolean {
  return type === "s3" && argument === "key";
}

function argumentProblem(argument: string, content: unknown, type: BackendType): readonly Problem[] {
  const known = type.args[argument];
  const secret = type.secrets[argument];
  if (known === undefined) {
    return [{ path: [], message: `unknown argument, ${suggest(argument, Object.keys(type.args))}` }];
  }
  if (secret !== undefined) {
    return [{ path: [], message: `is a secret (not shown) and settings are committed; remove it and use ${secret}` }];
  }
  if (content === "") {
    return [{ path: [], message: "is empty; write a value or remove it" }];
  }
  if (known === true) {
    return isArgumentValue(content) ? [] : [{ path: [], message: `${show(content)} is no value that Terraform takes here` }];
  }
  if (!isObject(content)) {
    return [{ path: [], message: `${show(content)} is not an object; it takes ${known.join(", ")}` }];
  }
  return Object.entries(content).flatMap(([inner, innerContent]): readonly Problem[] => {
    if (!known.includes(inner)) {
      return [{ path: [inner], message: `unknown argument, ${suggest(inner, known)}` }];
    }
    return isArgumentValue(innerContent)
      ? []
      : [{ path: [inner], message: `${show(innerContent)} is no value that Terraform takes here` }];
  });
}

const under =
  (segment: string) =>
  (problem: Problem): Problem => ({ ...problem, path: [segment, ...problem.path] });

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArgumentValue(value: unknown): value is ArgumentValue {
  if (typeof value === "number") {
    // Beyond the safe range YAML has already rounded it, and CDKTF reads huge numbers as tokens.
    return Number.isSafeInteger(value);
  }
  if (Array.isArray(value)) {
    return value.every(isArgumentValue);
  }
  if (isObject(value)) {
    return Object.values(value).every(isArgumentValue);
  }
  return typeof value === "string" || typeof value === "boolean";
}
