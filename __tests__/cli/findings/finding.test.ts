import { exitCodeOf, type Finding, findingsJson, textOf } from "../../../src/cli/findings/finding";

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

  it("have hidden characters escaped in their sentence", () => {
    expect(textOf(RULES, RENAMED)).toBe("rename the user to a\\u202eb");
  });

  it("keep their values in JSON, beside level and sentence", () => {
    expect(JSON.parse(JSON.stringify(findingsJson(RULES, [TAGS])))).toEqual([
      { rule: "tags", level: "note", stack: "prod", field: "tags", text: "tags: team", values: { names: ["team"] } },
    ]);
  });
});
