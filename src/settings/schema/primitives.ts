import * as v from "valibot";
import { parseIamArn } from "../../iam/arns";
import type { Cluster } from "../../iam/cluster";
import { MAX_TAGS, PATH, TAG_KEY, TAG_VALUE, type TextRule } from "../../iam/limits";
import { isObject } from "../../text/json";
import { EMPTY, listed, show } from "../errors";
import type { Written } from "../settings";

const LINES = "write KEY: VALUE lines below it";

/** A schema of objects that rejects lists, which valibot's own schemas of objects accept. */
export function noList<S extends v.GenericSchema<object>>(schema: S, remedy: string = LINES): S {
  const noObject = v.custom<never>(
    () => false,
    ({ input }) => `${show(input)} is not an object; ${remedy}`,
  );
  return {
    ...schema,
    "~run": (dataset, config) =>
      (isObject(dataset.value) ? schema : noObject)["~run"](dataset, config),
  };
}

/** @template In what one writes, if something in it is required */
export type Schema<Out, In = Written<Out>> = v.GenericSchema<In, Out>;

/** The schemas of the fields of an object: optional ones where one may leave out the field. */
export type Fields<Out, In = Written<Out>> = {
  readonly [K in keyof (In | Out)]-?: v.GenericSchema<In[K], Out[K]> &
    (undefined extends In[K] ? { readonly type: "optional" } : unknown);
};

/**
 * An object without additional keys. Valibot's own `strictObject` reports only the first unknown
 * key.
 * @param remedy what to write instead of a value that is not an object
 */
export function strict<Out extends object, In extends object = Written<Out>>(
  fields: NoInfer<Fields<Out, In>>,
  remedy: string = `it takes ${listed(Object.keys(fields))}; ${LINES}`,
): Schema<Out, In> {
  const entries = fields as v.ObjectEntries;
  const withUnknown = v.objectWithRest(entries, v.never());
  const schema: v.GenericSchema<object> = {
    ...v.object(entries),
    "~run": (dataset, config) => withUnknown["~run"](dataset, config),
  };
  // `Fields` has the types that valibot would infer.
  return noList(schema, remedy) as Schema<Out, In>;
}

/**
 * What a change of a setting means for a live deployment:
 * - `permissions`: what a policy allows
 * - `exposure`: who can read a secret
 * - `identity`: as whom or where Terraform acts
 * - `breaking`: it re-creates or deletes something that is in use
 * - `harmless`: none of these
 * - `attention`, the default: none of these is sure
 */
export type Meaning =
  | "attention"
  | "breaking"
  | "exposure"
  | "harmless"
  | "identity"
  | "permissions";

/** Declares what a change of a value, and of what lies in it, means. */
export const meaning = <T>(value: Meaning): v.MetadataAction<T, { readonly meaning: Meaning }> =>
  v.metadata<T, { readonly meaning: Meaning }>({ meaning: value });

/** Declares values to which a change is harmless, whatever other changes mean. */
export const harmlessAs = <T>(
  ...values: readonly unknown[]
): v.MetadataAction<T, { readonly harmless: readonly unknown[] }> =>
  v.metadata<T, { readonly harmless: readonly unknown[] }>({ harmless: values });

/** @param description in the documentation */
export function field<In, Out>(
  schema: v.GenericSchema<In, Out>,
  declared: Meaning,
  description: string,
): v.GenericSchema<In, Out> {
  return v.pipe(schema, v.description(description), meaning(declared));
}

/**
 * A field that may be absent, with its text in the documentation and its default. The function's
 * name is the meaning of a change.
 */
type OptionalField = <
  In,
  Out,
  const Values extends readonly [value?: v.Default<v.GenericSchema<In, Out>, undefined>],
>(
  schema: v.GenericSchema<In, Out>,
  description: string,
  ...value: Values
) => v.OptionalSchema<v.GenericSchema<In, Out>, Values[0]>;

const declares =
  (declared: Meaning): OptionalField =>
  (schema, description, ...[value]) =>
    v.optional(field(schema, declared, description), value);

export const attention: OptionalField = declares("attention");
export const breaking: OptionalField = declares("breaking");
export const exposure: OptionalField = declares("exposure");
export const harmless: OptionalField = declares("harmless");
export const identity: OptionalField = declares("identity");
export const permissions: OptionalField = declares("permissions");

/** Continues `"VALUE" ...`: a rule that a string breaks. */
export const because =
  (reason: string) =>
  (issue: v.BaseIssue<unknown>): string =>
    `${show(issue.input)} ${reason}`;

/**
 * A string that matches a pattern.
 * @param reason follows the value in the message
 */
export const matching = (pattern: RegExp, reason: string): Schema<string> =>
  v.pipe(v.string(), v.regex(pattern, because(reason)));

export const nonEmptyString: Schema<string> = v.pipe(v.string(), v.minLength(1, EMPTY));

export const following = (rule: TextRule, hint: string = ""): Schema<string> =>
  matching(rule.pattern, `${rule.reason}${hint}`);

export const vpcId: Schema<string> = matching(
  /^vpc-[0-9a-f]{8,17}$/,
  "is not a VPC ID; expected format: vpc-0123456789abcdef0",
);

export const path: Schema<string> = following(PATH);

/** The ARN of a policy or role. AWS itself manages policies, and nothing else. */
export const arn = (kind: "policy" | "role"): Schema<string> =>
  v.pipe(
    v.string(),
    v.check(
      (value) =>
        parseIamArn(value)?.kind === kind &&
        (kind === "policy" || parseIamArn(value)?.account !== "aws"),
      because(
        `is not the ARN of an IAM ${kind}, which reads arn:aws:iam::123456789012:${kind}/NAME`,
      ),
    ),
  );

/** One of a few strings. */
export const choice = <const T extends readonly string[]>(values: T): v.GenericSchema<T[number]> =>
  v.picklist(
    values,
    (issue) =>
      `${show(issue.input)} is unknown; use ${values.map((value) => `"${value}"`).join(", ")}`,
  );

/** Tags of IAM entities. */
export const tags: Schema<Cluster["tags"]> = v.pipe(
  noList(
    v.record(
      v.pipe(
        v.string(),
        v.regex(/^(?!aws:)/i, 'begins with "aws:", which AWS keeps for itself; choose another key'),
        v.regex(TAG_KEY, "is not a tag key: 1 to 128 letters, digits, spaces and _ . : / = + - @"),
      ),
      matching(
        TAG_VALUE,
        "is not a tag value: at most 256 letters, digits, spaces and _ . : / = + - @",
      ),
    ),
  ),
  v.check(
    (given) => Object.keys(given).length <= MAX_TAGS,
    ({ input }) =>
      `has ${Object.keys(input).length} tags, IAM allows ${MAX_TAGS}; ` +
      `remove ${Object.keys(input).length - MAX_TAGS}`,
  ),
  v.check(
    (given) =>
      new Set(Object.keys(given).map((key) => key.toLowerCase())).size ===
      Object.keys(given).length,
    "has keys that differ only in case, which IAM ignores in tag keys; keep one of them",
  ),
);
