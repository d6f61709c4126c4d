import * as v from "valibot";
import { argumentsOf, BACKEND_TYPES, type BackendType } from "../../terraform/backends";
import { isObject } from "../../text/json";
import { EMPTY, type FieldError, firstErrors, nearest, show, suggest } from "../errors";
import { forbiddenStrings } from "../rules/forbidden-strings";
import { BACKEND_EXAMPLE, unknownArgument } from "./backend-schema";
import { deploymentSchema } from "./deployment-schema";
import type { Meaning } from "./primitives";

type Path = readonly string[];
type Entries = Readonly<Record<string, v.GenericSchema>>;

interface Part {
  readonly entries?: Entries;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly v.GenericSchema[];
  readonly pipe?: readonly v.GenericPipeItem[];
  readonly metadata?: Declared;
}

interface Declared {
  readonly meaning?: Meaning;
  readonly harmless?: readonly unknown[];
}

/**
 * A schema and everything that it contains for the same value: what is optional, the items of a
 * pipe, the options of a union.
 */
function partsOf(schema: v.GenericPipeItem | undefined): readonly Part[] {
  const part = (schema ?? {}) as Part;
  const { wrapped, options = [], pipe = [] } = part;
  const inner = [...(wrapped === undefined ? [] : [wrapped]), ...options, ...pipe];
  return [...inner.flatMap(partsOf), part];
}

function entriesOf(schema: v.GenericSchema | undefined): Entries {
  return Object.assign({}, ...partsOf(schema).map(({ entries }) => entries));
}

function below(schema: v.GenericSchema | undefined, key: string): v.GenericSchema | undefined {
  const { item, value } = Object.assign({}, ...partsOf(schema)) as Part;
  return entriesOf(schema)[key] ?? item ?? value;
}

function schemaAt(path: Path): v.GenericSchema | undefined {
  return path.reduce<v.GenericSchema | undefined>(below, deploymentSchema);
}

/** The keys of the schema's object at a path; none if there is no such object. */
export function knownKeys(path: Path): readonly string[] {
  return Object.keys(entriesOf(schemaAt(path)));
}

/** The settings of a name, without the arguments of backends. */
function pathsOf(
  key: string,
  schema: v.GenericSchema = deploymentSchema,
  path: Path = [],
): readonly string[] {
  return Object.entries(entriesOf(schema)).flatMap(([name, inner]) => {
    const own = [...path, name];
    if (name === "backend" || name === "cloud") {
      return [];
    }
    return [...(name === key ? [own.join(".")] : []), ...pathsOf(key, inner, own)];
  });
}

/** What is declared at a field, and before it at the fields around it. */
function declaredAlong(path: Path): readonly Declared[] {
  const parts = path.flatMap((_, index) => partsOf(schemaAt(path.slice(0, index + 1))));
  return parts.map(({ metadata = {} }) => metadata);
}

/**
 * What a change at a path means, as the schema declares it at the field, or at the nearest field
 * around it.
 */
export function meaningOf(path: Path): Meaning {
  return declaredAlong(path).findLast(({ meaning }) => meaning)?.meaning ?? "attention";
}

/**
 * Whether a change at a path to a value is harmless, as the schema declares it at the field, or at
 * a field around it.
 */
export function isHarmlessAs(path: Path, value: unknown): boolean {
  return declaredAlong(path).some(({ harmless }) => harmless?.includes(value));
}

/**
 * What a schema returns for a value, valid except where the errors are; and the first error of each
 * field.
 * @param read the part of the value that is searched for forbidden strings
 */
export function checked<Out>(
  schema: v.GenericSchema<unknown, Out>,
  value: unknown,
  read: unknown = value,
): { readonly output: Out; readonly errors: readonly FieldError[] } {
  const { output, issues = [] } = v.safeParse(schema, value);
  const found = issues.flatMap((issue) => issueErrors(issue));
  return { output: output as Out, errors: firstErrors([...forbiddenStrings(read), ...found]) };
}

/** Several if the value matches neither shape of a union. */
function issueErrors(
  issue: v.BaseIssue<unknown>,
  above: readonly string[] = [],
): readonly FieldError[] {
  const path = [...above, ...(issue.path ?? []).map(({ key }) => String(key))];
  // A union of an object and a literal: an object is reported as the object it is meant to be.
  if (issue.type === "union" && isObject(issue.input)) {
    return (issue.issues ?? [])
      .filter(({ type }) => type !== "literal")
      .flatMap((inner) => issueErrors(inner, path));
  }
  return [{ path, message: issueMessage(issue, path) }];
}

function issueMessage(issue: v.BaseIssue<unknown>, path: readonly string[]): string {
  const key = path.at(-1) ?? "";
  if (issue.input === null) {
    return EMPTY;
  }
  if (issue.kind !== "schema" || ["picklist", "custom", "union"].includes(issue.type)) {
    return issue.message;
  }
  if (issue.type === "never") {
    const field = path.join(".");
    const known = knownKeys(path.slice(0, -1));
    const answer = MEANT.get(field);
    if (answer !== undefined) {
      return answer;
    }
    const isType = path[0] === "backend" && path.length === 2;
    if (!isType && (path[0] === "backend" || path[0] === "cloud")) {
      return unknownArgument(path, known);
    }
    if (
      isType &&
      Object.values<BackendType>(BACKEND_TYPES).some((one) => argumentsOf(one).has(key))
    ) {
      return `is an argument, and stands below a backend type${EXAMPLE}`;
    }
    const isNear = nearest(key, known) !== undefined;
    if (isType) {
      return `unknown backend type, ${suggest(key, known)}${isNear ? "" : EXAMPLE}`;
    }
    const elsewhere = isNear ? [] : pathsOf(key);
    return elsewhere.length > 0
      ? `unknown setting here, did you mean ${elsewhere.join(" or ")}?`
      : `unknown setting, ${suggest(key, known)}`;
  }
  if (issue.input === undefined) {
    return `missing; ${MISSING[path.join(".")] ?? "write it"}`;
  }
  return issue.message.startsWith("Invalid type")
    ? `${show(issue.input)} is not ${EXPECTED[issue.type] ?? issue.expected}`
    : issue.message;
}

/** By a setting that does not exist, the intended one. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ["cluster.name", "unknown setting; DKP calls the name of a cluster its prefix, so write prefix"],
]);

const EXAMPLE = `; write for example ${BACKEND_EXAMPLE}`;

/** By required field, what to write. */
const MISSING: Readonly<Record<string, string>> = {
  region: 'write the Region DKP will run in, for example "eu-central-1"',
  "nodeRole.name": 'write the name of the role, for example "deckhouse-nodes"',
};

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a string; write one value in quotes",
  boolean: "true or false",
  array: "a list; write one item per line, each after a dash",
};
