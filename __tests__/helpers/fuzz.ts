import fc from "fast-check";
import { cases, SAMPLE } from "./complete";

/** Every push runs a sample of the cases. */
export const fuzzParameters = (sample: number): fc.Parameters<unknown> => ({
  numRuns: cases(sample, 2_500),
  seed: SAMPLE,
});

/** The examples of the AWS documentation: a secret access key and the ID of an access key. */
export const SECRETS: readonly string[] = [
  "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "AKIAIOSFODNN7EXAMPLE",
];

/** Strings that a parser, a template, a path or an output could mistake for something else. */
const STRINGS = [
  ...["", " ", "0", "-1", "null", "true", "*", "-", "~", "@"],
  ...["/", "..", "../../etc/passwd", "__proto__", "constructor", "toString"],
  ...[
    `\${aws_iam_user.user.name}`,
    "%{ if true }",
    "$${",
    `\${TfToken[TOKEN.0]}`,
    "#{TfToken[TOKEN.0]}",
    "TfToken[TOKEN.0]",
  ],
  ...[
    "\n",
    "a\nb",
    "\r",
    "\t",
    "\u0000",
    "\u001b[2J",
    "\u202e",
    "\u2028",
    "\u00ad",
    "\ufeff",
    "\ud800",
    "😀",
    "\u3164",
    "é",
  ],
  ...[
    "x\n::error::y",
    "##[group]",
    "| a |",
    "<!--",
    "```",
    "'",
    '"',
    "\\",
    "$(id)",
    "`id`",
    "; rm -rf /",
  ],
  ...["eu-central-1", "aws-global", "123456789012", "1.77", "Active", "scoped", "minimal", "group"],
  ...["0.0.0.0/0", "::/0", "a".repeat(300)],
  ...[
    "arn:aws:iam::123456789012:policy/x",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:kms:*:*:key/*",
    "arn:::::",
  ],
  ...[
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Statement":{}}',
    "[",
    "{}",
  ],
  ...["2020-02-30", "0x10", "1e400", "1_000", "08", "yes", "<<", "=", "!!binary", "&a", "*a"],
];

/** The unit `binary` of the library has the same characters, and takes a second to be created. */
export const anyCharacter: fc.Arbitrary<string> = fc
  .oneof(
    fc.integer({ min: 0, max: 0x7f }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  )
  .map((code) => String.fromCodePoint(code));

/**
 * Any value that JSON or YAML can hold, most of them small, and strings that have a meaning
 * somewhere.
 */
const anyValue = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...STRINGS) },
  { weight: 1, arbitrary: fc.constantFrom(...SECRETS) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(null, true, false, 0, -1, 1.5, 1e308, 2 ** 53, [], {}, [null], [[]]),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ a: { b: [1, { c: "d" }] } }, { type: "x", value: [] }, { "": "" }),
  },
  { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 20 }) },
);

export interface Edit {
  readonly kind: "replace" | "remove" | "add" | "rename" | "copy" | "wrap";
  readonly at: number;
  readonly from: number;
  readonly key: string;
  readonly value: unknown;
}

const anyEdit = fc.record({
  kind: fc.constantFrom("replace", "replace", "replace", "remove", "add", "rename", "copy", "wrap"),
  at: fc.nat(),
  from: fc.nat(),
  key: fc.constantFrom(...STRINGS),
  value: anyValue,
});

/** Few changes, so that most of the document stays as it was. */
export const anyEdits: fc.Arbitrary<readonly Edit[]> = fc.array(anyEdit, {
  minLength: 1,
  maxLength: 4,
});

interface Field {
  readonly parent: Record<string, unknown>;
  readonly key: string;
}

/** Also those in lists. */
function fieldsIn(value: unknown): readonly Field[] {
  return typeof value === "object" && value !== null
    ? Object.keys(value).flatMap((key) => {
        const parent = value as Record<string, unknown>;
        return [{ parent, key }, ...fieldsIn(parent[key])];
      })
    : [];
}

/** Also the name `__proto__`. */
function set(parent: Record<string, unknown>, key: string, value: unknown) {
  Object.defineProperty(parent, key, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

const EDITS: Readonly<
  Record<Edit["kind"], (field: Field, edit: Edit, all: readonly Field[]) => void>
> = {
  replace: ({ parent, key }, edit) => set(parent, key, structuredClone(edit.value)),
  remove: ({ parent, key }) => {
    delete parent[key];
  },
  add: ({ parent }, edit) => set(parent, edit.key, structuredClone(edit.value)),
  rename: ({ parent, key }, edit) => {
    const value = parent[key];
    delete parent[key];
    set(parent, edit.key, value);
  },
  copy: ({ parent, key }, edit, all) => {
    const { parent: from, key: name } = all[edit.from % all.length] as Field;
    set(parent, key, structuredClone(from[name]));
  },
  wrap: ({ parent, key }, edit) =>
    set(parent, key, edit.from % 2 === 0 ? [parent[key]] : { [edit.key]: parent[key] }),
};

export function edited<Document extends object>(
  document: Document,
  edits: readonly Edit[],
): Document {
  const copy = structuredClone(document);
  for (const edit of edits) {
    const all = fieldsIn(copy);
    const field = all[edit.at % all.length];
    if (field !== undefined) {
      EDITS[edit.kind](field, edit, all);
    }
  }
  return copy;
}
