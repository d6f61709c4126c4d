import * as v from "valibot";

import { parseIamArn } from "../../iam/arns";
import { type NameRule, nameError, PATH } from "../../iam/limits";
import type { FieldError } from "../errors";
import { isObject } from "../is-object";
import { EMPTY, listed, show } from "../message-parts";

// Parts of the schema of a settings file.

type ObjectSchema = v.GenericSchema<object>;

/** A schema of objects that rejects lists, which valibot's own schemas of objects accept. */
export function noList<S extends ObjectSchema>(schema: S, keys: readonly string[] = []): S {
  const known = keys.length === 0 ? "" : `it takes ${listed(keys)}; `;
  const noObject = v.custom<never>(
    () => false,
    ({ input }) => `${show(input)} is not an object; ${known}write KEY: VALUE lines below it`,
  );
  return { ...schema, "~run": (dataset, config) => (isObject(dataset.value) ? schema : noObject)["~run"](dataset, config) };
}

/** An object without further keys. Not valibot's own `strictObject`, which reports only the first unknown key. */
export function strict<const E extends v.ObjectEntries>(entries: E) {
  const schema = v.object(entries);
  const withUnknown = v.objectWithRest(entries, v.never());
  const all: v.GenericSchema<v.InferInput<typeof schema>, v.InferOutput<typeof schema>> = {
    ...schema,
    "~run": (dataset, config) => withUnknown["~run"](dataset, config),
  };
  return noList(all, Object.keys(entries));
}

/** An object with any keys. */
export const object = noList(v.record(v.string(), v.unknown()));

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
