import type * as v from "valibot";

import { deploymentSchema } from "./deployment-schema";
import type { Meaning } from "./primitives";

type Path = readonly string[];
type Entries = Readonly<Record<string, v.GenericSchema>>;

/** The parts that valibot documents of its schemas and of the items of a pipe. */
interface Part {
  readonly entries?: Entries;
  readonly item?: v.GenericSchema;
  readonly value?: v.GenericSchema;
  readonly wrapped?: v.GenericSchema;
  readonly options?: readonly v.GenericSchema[];
  readonly pipe?: readonly v.GenericPipeItem[];
  readonly metadata?: { readonly meaning?: Meaning };
}

/** A schema and everything that it is made of for the same value: what is optional, the items of a pipe, the options of a union. */
function partsOf(schema: v.GenericPipeItem | undefined): readonly Part[] {
  const { wrapped, options = [], pipe = [] } = (schema ?? {}) as Part;
  const inner = [...(wrapped === undefined ? [] : [wrapped]), ...options, ...pipe];
  return [...inner.flatMap(partsOf), (schema ?? {}) as Part];
}

function entriesOf(schema: v.GenericSchema | undefined): Entries {
  return Object.assign({}, ...partsOf(schema).map(({ entries }) => entries));
}

/** The schema of a key of an object, or of an item of a list. */
function below(schema: v.GenericSchema | undefined, key: string): v.GenericSchema | undefined {
  const { item, value } = Object.assign({}, ...partsOf(schema)) as Part;
  return entriesOf(schema)[key] ?? item ?? value;
}

function schemaAt(path: Path): v.GenericSchema | undefined {
  return path.reduce<v.GenericSchema | undefined>(below, deploymentSchema);
}

/** The keys of the schema's object at a path; none where there is no such object. */
export function knownKeys(path: Path): readonly string[] {
  return Object.keys(entriesOf(schemaAt(path)));
}

/** The paths of settings that have a key, wherever they are; of the backends only S3. */
export function pathsOfKey(key: string): readonly string[] {
  const settings = Object.entries(entriesOf(deploymentSchema)).filter(([name]) => name !== "backend" && name !== "cloud");
  const inside = settings.filter(([, schema]) => Object.hasOwn(entriesOf(schema), key)).map(([name]) => `${name}.${key}`);
  return Object.hasOwn(entriesOf(schemaAt(["backend", "s3"])), key) ? [...inside, `backend.s3.${key}`] : inside;
}

/** What a change at a path means, as the schema declares it beside the field, or beside the nearest field around it. */
export function meaningOf(path: Path): Meaning {
  const schemas = path.map((_, index) => schemaAt(path.slice(0, index + 1)));
  const declared = schemas.map((schema) => partsOf(schema).findLast(({ metadata }) => metadata?.meaning !== undefined));
  return declared.findLast((part) => part !== undefined)?.metadata?.meaning ?? "attention";
}
