import type { DeploymentPolicies } from "../../iam/deployment-policies";
import { valueAt } from "../../text/json";
import { errorAt, type FieldError } from "../errors";
import type { Settings } from "../settings";

/**
 * The errors between fields of one deployment. The policies are undefined if an error prevents
 * them.
 */
export type Rule = (
  settings: CheckedSettings,
  policies: DeploymentPolicies | undefined,
) => readonly FieldError[];

/**
 * A rule that runs only if the fields it requires have no errors.
 * @param check returns the message about the first of these fields, errors of other ones, or
 * nothing
 */
export function rule<Name extends FieldName>(
  requires: readonly [Name, ...Name[]],
  check: (
    fields: Fields<Name>,
    policies: DeploymentPolicies | undefined,
  ) => string | FieldError | readonly FieldError[] | false | undefined,
): Rule {
  return (settings, policies) => {
    const fields = settings.fields(...requires);
    const found = (fields && check(fields, policies)) || [];
    return typeof found === "string" ? [errorAt(requires[0], found)] : [found].flat();
  };
}

type KeyOf<Value> = Value extends readonly unknown[]
  ? never
  : Value extends object
    ? keyof Value & string
    : never;
type ValueAt<Value, Key> = Value extends object
  ? Key extends keyof Value
    ? Value[Key]
    : undefined
  : undefined;

/** A setting or a field of one: `region`, `user.name`. */
type FieldName = {
  [Key in keyof Settings]-?: Key | `${Key}.${KeyOf<Settings[Key]>}`;
}[keyof Settings];

export type Fields<Name extends FieldName> = {
  readonly [Field in Name]: Field extends keyof Settings
    ? Settings[Field]
    : Field extends `${infer Key extends keyof Settings}.${infer Inner}`
      ? ValueAt<Settings[Key], Inner>
      : never;
};

/** Settings that may have errors: only fields without an error can be read. */
export interface CheckedSettings {
  /**
   * The values of these fields; undefined if one of them, a field in it or the object around it has
   * an error.
   */
  fields<Name extends FieldName>(...names: readonly Name[]): Fields<Name> | undefined;
}

/** @param value the output of the schema, valid except where `errors` are */
export function checkedSettings(value: unknown, errors: readonly FieldError[]): CheckedSettings {
  return {
    fields<Name extends FieldName>(...names: readonly Name[]): Fields<Name> | undefined {
      const paths = names.map((name) => [name, name.split(".")] as const);
      if (errors.some((error) => paths.some(([, path]) => overlap(error.path, path)))) {
        return undefined;
      }
      // The schema gives each field without an error its type.
      return Object.fromEntries(
        paths.map(([name, path]) => [name, valueAt(value, path)]),
      ) as Fields<Name>;
    },
  };
}

/** Whether one path is the other or lies inside it, either way round. */
function overlap(one: readonly string[], other: readonly string[]): boolean {
  return one.slice(0, other.length).every((segment, index) => segment === other[index]);
}
