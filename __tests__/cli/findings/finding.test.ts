import { exitCodeOf, type Finding, findingsJson, findingsText, mostSeriousFirst } from "../../../src/cli/findings/finding";

const RULES = {
  renamed: { level: "breaking", title: "A user is renamed.", text: ({ to }: { to: string }) => `rename the user to ${to}` },
  "key-new": {
    level: "attention",
    title: "A key is new.",
    text: ({ slot }: { slot: string }) => `the key in the slot ${slot} is new`,
  },
  tags: { level: "note", title: "Tags change.", text: ({ names }: { names: readonly string[] }) => `tags: ${names.join(", ")}` },
} as const;

const TAGS: Finding<typeof RULES> = { rule: "tags", stack: "prod", field: "tags", values: { names: ["team"] } };
const KEY: Finding<typeof RULES> = { rule: "key-new", stack: "prod", values: { slot: "secondary" } };
const RENAMED: Finding<typeof RULES> = {
  rule: "renamed",
  stack: "dev",
  address: "aws_iam_user.user",
  values: { to: "a\u202eb" },
};

describe("findings", () => {
  it("have the exit code of the most serious one", () => {
    expect([[], [TAGS], [TAGS, KEY], [RENAMED, TAGS]].map((findings) => exitCodeOf(RULES, findings))).toEqual([0, 0, 2, 3]);
  });

  it("are sorted by level, and stay in their order within one level", () => {
    const other = { ...TAGS, stack: "dev" };
    expect(mostSeriousFirst(RULES, [TAGS, other, KEY, RENAMED])).toEqual([RENAMED, KEY, TAGS, other]);
  });

  it("are one line each in a terminal, with hidden characters escaped", () => {
    expect(findingsText(RULES, [TAGS, KEY, RENAMED])).toBe(
      "prod:\n  attention: the key in the slot secondary is new\n  note: tags: team\n\ndev:\n  breaking: rename the user to a\\u202eb\n",
    );
  });

  it("keep their values in JSON, beside level and sentence", () => {
    expect(JSON.parse(JSON.stringify(findingsJson(RULES, [TAGS])))).toEqual([
      { rule: "tags", level: "note", stack: "prod", field: "tags", text: "tags: team", values: { names: ["team"] } },
    ]);
  });
});
