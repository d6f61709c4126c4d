import { decode, type ExtensionCodecType, encode } from "@msgpack/msgpack";
import { argumentsOf, backendType } from "../../terraform/backends";
import { isObject } from "../../text/json";
import { objectOf } from "../text/json";
import type { DiffFound } from "./rules";

/** Where a plan writes the state. */
export interface Destination {
  /** The type of the backend. */
  readonly type: string;
  /** Its arguments by path, `assume_role.role_arn`, as texts. */
  readonly arguments: ReadonlyMap<string, string>;
  readonly workspace: string;
  /**
   * The options with which the plan was made that its apply follows too: with `-destroy`, it removes the outputs, whatever the list of
   * changes is. Tried with Terraform 1.11.4: `terraform show -json` does not have them.
   */
  readonly options: readonly string[];
}

/** Where the settings send it. */
type ConfiguredDestination = Pick<Destination, "type" | "arguments"> & {
  /** Undefined where it is chosen at run time, by a prefix or tags. */
  readonly workspace: string | undefined;
};

/**
 * The fields of `tfplan`, except for those of a state store, a destination of another kind. 13 is the backend.
 * Source: planfile.proto of Terraform 1.11 to 1.15 and OpenTofu 1.10.
 */
const PLAN_FIELDS: readonly number[] = [1, 2, 3, 4, 5, 6, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 25, 26, 27, 28, 30, 31, 32];

/** Options of `terraform plan` by the field of `tfplan` that keeps them for the apply. Source: the same. */
const OPTIONS: ReadonlyMap<number, string> = new Map([
  [5, "-target"],
  [16, "-replace"],
  [17, "-destroy or -refresh-only"],
]);

/**
 * The backend that `terraform apply` writes to, whatever the folder was initialized with: `-backend-config` changes it without a change
 * of the configuration. Neither the configuration in a plan nor `terraform show -json` has it.
 * @param tfplan the file of this name in a saved plan
 * @throws Error if it is not read without doubt: an unknown field, or one that is there twice
 */
export function destinationOf(tfplan: Buffer): Destination {
  const fields = messageOf(tfplan);
  const unknown = fields.find(({ number }) => !PLAN_FIELDS.includes(number));
  const [backend, ...more] = fields.filter(({ number }) => number === 13);
  if (unknown !== undefined || backend === undefined || more.length > 0) {
    throw new Error(`the plan has no backend, several, or the unknown field ${unknown?.number}`);
  }
  const [type, config, workspace] = contentsOf(backend.content, [1, 2, 3]);
  const [packed] = contentsOf(config, [1]);
  const options = [...new Set(fields.flatMap(({ number }) => OPTIONS.get(number) ?? []))];
  return { type: text(type), arguments: flattened(unpacked(packed)), workspace: text(workspace), options };
}

/** The contents of the fields of a message that has each of these fields once, and no others. @throws Error if it has not */
function contentsOf<const Numbers extends readonly number[]>(
  message: Buffer,
  numbers: Numbers,
): { [Index in keyof Numbers]: Buffer } {
  const fields = messageOf(message);
  const contents = numbers.map((each) => fields.find(({ number }) => number === each)?.content);
  if (fields.length !== numbers.length || contents.includes(undefined)) {
    throw new Error("the backend of the plan has other fields");
  }
  return contents as { [Index in keyof Numbers]: Buffer };
}

interface Field {
  readonly number: number;
  /** Empty for a number. */
  readonly content: Buffer;
}

/** The fields of a message of Protocol Buffers. Source: "Encoding" of their documentation. @throws Error for other kinds of fields */
function messageOf(message: Buffer): readonly Field[] {
  let at = 0;
  const number = () => {
    for (let [value, factor] = [0, 1]; factor < 2 ** 49; factor *= 128) {
      const byte = message.readUInt8(at++);
      value += (byte % 128) * factor;
      if (byte < 128) {
        return value;
      }
    }
    throw new Error("a number in the plan is too large");
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = number();
    const value = number();
    const length = key % 8 === 2 ? value : 0;
    if (![0, 2].includes(key % 8) || at + length > message.length) {
      throw new Error("a field of the plan is damaged");
    }
    fields.push({ number: Math.floor(key / 8), content: message.subarray(at, at + length) });
    at += length;
  }
  return fields;
}

/**
 * A value of Terraform in MessagePack, as go-cty's package `msgpack` writes it: with sorted keys, and in the shortest form. Only what this
 * writer makes of the value is one reading of it: no two keys of one name, nothing behind the value, and only UTF-8.
 * @throws Error for other bytes, and for a value that is unknown until the apply
 */
function unpacked(bytes: Buffer): unknown {
  const value = decode(bytes, { extensionCodec: NO_EXTENSIONS });
  if (!bytes.equals(encode(value, { sortKeys: true }))) {
    throw new Error("a value in the plan has several readings");
  }
  return value;
}

/** Unknown values are extensions. */
const NO_EXTENSIONS: ExtensionCodecType<undefined> = {
  tryToEncode: () => null,
  decode: () => {
    throw new Error("a value in the plan is of a type that no backend has");
  },
};

/** @throws Error if it is not UTF-8 */
function text(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/**
 * Arguments by path, as texts. A block may be a list of one; the order of a list of texts does not count; null is not set. go-cty writes a
 * value of a dynamic type as a list of type and value.
 */
function flattened(value: unknown, path: readonly string[] = []): ReadonlyMap<string, string> {
  if (Array.isArray(value) && value[0] instanceof Uint8Array) {
    return flattened(value[1], path);
  }
  if (Array.isArray(value) && !value.some(isObject)) {
    return new Map(value.length === 0 ? [] : [[path.join("."), JSON.stringify(value.map(String).sort())]]);
  }
  const inner: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  if (typeof inner === "object") {
    return new Map(Object.entries(inner ?? {}).flatMap(([name, item]) => [...flattened(item, [...path, name])]));
  }
  return new Map([[path.join("."), String(inner)]]);
}

/** Where the settings send the state. @param configuration `cdk.tf.json` */
export function configuredDestination(configuration: unknown): ConfiguredDestination {
  const { backend, cloud } = objectOf(objectOf(configuration).terraform);
  const [[type, config] = ["", {}]] = Object.entries(objectOf(backend ?? { cloud }));
  const configured = flattened(config);
  const isChosen = type === "cloud" || configured.has("workspaces.prefix");
  return { type, arguments: configured, workspace: isChosen ? configured.get("workspaces.name") : "default" };
}

/** @param isPartial whether the settings leave arguments to `-backend-config` */
export function destinationFindings(
  planned: Destination,
  configured: ConfiguredDestination,
  isPartial: boolean,
): readonly DiffFound[] {
  const others = [...planned.arguments]
    .filter(([path]) => !configured.arguments.has(path))
    .map(([path, value]) => (isPublic(planned.type, path) ? `${path} = ${value}` : path));
  const differences = [
    ["backend", configured.type, planned.type],
    ["workspace", configured.workspace ?? planned.workspace, planned.workspace],
    ...[...configured.arguments].map(([path, value]) => [path, value, planned.arguments.get(path) ?? "not set"]),
  ]
    .filter(([, before, after]) => before !== after)
    .map(([what, before, after]) => `${what} ${before} -> ${after}`);
  const field = configured.type === "cloud" ? "cloud" : "backend";
  if (differences.length > 0 || (!isPartial && others.length > 0)) {
    return [{ rule: "destination-differs", field, values: { differences: [...differences, ...(isPartial ? [] : others)] } }];
  }
  return others.length === 0 ? [] : [{ rule: "destination-partial", field, values: { arguments: others } }];
}

/** Whether an argument is one that settings may have. Others can be secrets. */
function isPublic(type: string, path: string): boolean {
  const known = argumentsOf(backendType(type) ?? { harmless: [], identity: {} });
  return known.has(path) || known.has(path.replace(/\.[^.]*$/, ".*"));
}

/** The destination in a few words: what says which state it is, and the host. */
export function destinationText({ type, arguments: planned, workspace }: Destination): string {
  const backend = backendType(type);
  const names = [...Object.keys(backend?.identity ?? {}), ...(backend?.destinations ?? [])];
  const where = [...planned]
    .filter(([path]) => isPublic(type, path) && names.some((name) => path === name || path.startsWith(`${name}.`)))
    .map(([path, value]) => `${path} ${value}`)
    .join(", ");
  return `${type}${where === "" ? "" : ` (${where})`}${workspace === "default" ? "" : `, workspace ${workspace}`}`;
}
