import { isObject } from "../text/json";
import type { FieldError } from "./errors";
import type { Settings } from "./schema/deployment-schema";

type KeyOf<Value> = Value extends readonly unknown[] ? never : Value extends object ? keyof Value & string : never;
type ValueAt<Value, Key> = Value extends object ? (Key extends keyof Value ? Value[Key] : undefined) : undefined;

/** A setting or a field of one: `region`, `user.name`. */
export type FieldName = { [Key in keyof Settings]-?: Key | `${Key}.${KeyOf<Settings[Key]>}` }[keyof Settings];

/** Values of fields that have no error, by name. */
export type Fields<Name extends FieldName> = {
  readonly [Field in Name]: Field extends keyof Settings
    ? Settings[Field]
    : Field extends `${infer Key extends keyof Settings}.${infer Inner}`
      ? ValueAt<Settings[Key], Inner>
      : never;
};

/** Settings that may have errors: only fields without an error can be read. */
export interface CheckedSettings {
  /** The values of these fields; undefined if one of them, a field in it or the object around it has an error. */
  fields<Name extends FieldName>(...names: readonly Name[]): Fields<Name> | undefined;
}

/** @param value the output of the schema, valid except where `errors` are */
export function checkedSettings(value: unknown, errors: readonly FieldError[]): CheckedSettings {
  return {
    fields<Name extends FieldName>(...names: readonly Name[]) {
      const paths = names.map((name) => [name, pathOf(name)] as const);
      if (errors.some((error) => paths.some(([, path]) => overlap(error.path, path)))) {
        return undefined;
      }
      // The schema gives each field without an error its type.
      return Object.fromEntries(paths.map(([name, path]) => [name, valueAt(value, path)])) as Fields<Name>;
    },
  };
}

export function pathOf(name: FieldName): readonly string[] {
  return name.split(".");
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

/** Whether one path is the other or lies inside it, either way round. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).every((segment, index) => segment === other[index]);
}
