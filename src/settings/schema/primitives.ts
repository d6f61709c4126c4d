import * as v from "valibot";

import { parseIamArn } from "../../iam/arns";
import { type NameRule, nameError, PATH } from "../../iam/limits";
import type { FieldError } from "../errors";
import { isObject } from "../is-object";
import { EMPTY, show } from "../message-parts";

// Parts of the schema of a settings file.

const objectOf = (keys: readonly string[]) =>
  v.custom<Record<string, unknown>>(isObject, (issue) => {
    const known = keys.length === 0 ? "" : `it takes ${keys.join(", ")}; `;
    return `${show(issue.input)} is not an object; ${known}write KEY: VALUE lines below it`;
  });

export const object = objectOf([]);

/** Makes one of valibot's object schemas, which accept lists, reject them. */
export const noList = <S extends v.GenericSchema<object>>(schema: S, keys: readonly string[] = []) =>
  v.pipe(objectOf(keys), schema as unknown as v.GenericSchema<Record<string, unknown>>) as unknown as v.GenericSchema<
    v.InferInput<S>,
    v.InferOutput<S>
  >;

/** An object without further keys. Not valibot's own `strictObject`, which reports only the first unknown key. */
export const strict = <const E extends v.ObjectEntries>(entries: E) =>
  noList(v.objectWithRest(entries, v.never()) as unknown as v.StrictObjectSchema<E, undefined>, Object.keys(entries));

export const describe = v.description;

/**
 * What a change of a setting means for a live deployment:
 * `permissions` changes what a policy allows, `exposure` who can read a secret, `identity` as whom or where Terraform acts,
 * `breaking` re-creates or deletes something that is in use, `harmless` none of these. Nobody has said so of `attention`, the default.
 */
export type Meaning = "attention" | "breaking" | "exposure" | "harmless" | "identity" | "permissions";

/** Declares what a change of a field, and of what lies in it, means. */
export const meaning = <T>(value: Meaning) => v.metadata<T, { readonly meaning: Meaning }>({ meaning: value });

/** Continues `"VALUE" ...`: a rule that a string breaks. */
export const because = (reason: (value: string) => string) => (issue: v.BaseIssue<unknown>) =>
  `${show(issue.input)} ${reason(String(issue.input))}`;

export const nonEmptyString = v.pipe(v.string(), v.minLength(1, EMPTY));

export const name = (rule: NameRule, hint = "") =>
  v.pipe(
    v.string(),
    v.regex(
      rule.pattern,
      because((value) => `${nameError(value, rule)}${hint}`),
    ),
  );

export const list = (item: v.GenericSchema<string>, description: string) => v.pipe(v.array(item), describe(description));

export const vpcId = v.pipe(
  v.string(),
  v.regex(
    /^vpc-[0-9a-f]{8,17}$/,
    because(() => "is not a VPC id, which reads vpc-0123456789abcdef0"),
  ),
);

export const path = v.pipe(
  v.string(),
  v.regex(
    PATH,
    because(
      () =>
        'is not an IAM path: "/" or a string without spaces that begins and ends with "/", at most 512 characters; for example "/platform/"',
    ),
  ),
);

export const arn = (kind: string) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => {
        const parsed = parseIamArn(value);
        // AWS itself manages policies, and nothing else.
        return parsed?.kind === kind && (kind === "policy" || parsed.account !== "aws");
      },
      because(() => `is not the ARN of an IAM ${kind}, which reads arn:aws:iam::123456789012:${kind}/NAME`),
    ),
  );

/** Adds errors of a plain function to what the schema finds. */
export const checked = (errors: (value: Readonly<Record<string, unknown>>) => readonly FieldError[]) =>
  v.rawCheck<Record<string, unknown>>(({ dataset, addIssue }) => {
    if (!dataset.typed) {
      return;
    }
    for (const error of errors(dataset.value)) {
      const [first, ...rest] = error.path.map((key) => ({
        type: "object" as const,
        origin: "value" as const,
        input: {},
        key,
        value: undefined,
      }));
      addIssue({ message: error.message, ...(first === undefined ? {} : { path: [first, ...rest] }) });
    }
  });

/** One of a few strings. */
export const choice = <const T extends readonly string[]>(values: T) =>
  v.picklist(values, (issue) => `${show(issue.input)} is unknown; use ${values.map((value) => `"${value}"`).join(", ")}`);
