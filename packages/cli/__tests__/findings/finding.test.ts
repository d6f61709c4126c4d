import {
  adviceLines,
  exitCodeOf,
  type Finding,
  reportJson,
  textOf,
} from "../../src/findings/finding";

const RULES = {
  renamed: {
    level: "breaking",
    text: ({ to }: { to: string }) => `rename the user to ${to}`,
    risk: () => "the cluster stops to work",
    remedy: ({ to }: { to: string }) => `do not rename it to ${to}`,
  },
  "key-new": {
    level: "attention",
    text: ({ key }: { key: string }) => `the key ${key} is new`,
  },
  tags: {
    level: "note",
    text: ({ names }: { names: readonly string[] }) => `tags: ${names.join(", ")}`,
  },
} as const;

const TAGS: Finding<typeof RULES> = {
  rule: "tags",
  stack: "prod",
  field: "tags",
  values: { names: ["team"] },
};
const KEY: Finding<typeof RULES> = {
  rule: "key-new",
  stack: "prod",
  values: { key: "AKIA" },
};
const RENAMED: Finding<typeof RULES> = {
  rule: "renamed",
  stack: "dev",
  address: "aws_iam_user.user",
  values: { to: "a\u202eb" },
};

describe("findings", () => {
  it("have the exit code of the most serious one", () => {
    expect(
      [[], [TAGS], [TAGS, KEY], [RENAMED, TAGS]].map((findings) => exitCodeOf(RULES, findings)),
    ).toEqual([0, 0, 2, 3]);
  });

  it("have hidden characters escaped in their sentences", () => {
    expect([textOf(RULES, RENAMED), ...adviceLines(RULES, RENAMED)]).toEqual([
      "rename the user to a\\u202eb",
      "risk: the cluster stops to work",
      "-> do not rename it to a\\u202eb",
    ]);
    expect(adviceLines(RULES, TAGS)).toEqual([]);
  });

  it("are one object as JSON, with their values next to level and sentences", () => {
    const report = reportJson(RULES, [TAGS, RENAMED], [{ stack: "prod" }, { stack: "dev" }], {
      source: "main",
    });
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      exitCode: 3,
      source: "main",
      deployments: [{ stack: "prod" }, { stack: "dev" }],
      findings: [
        {
          rule: "tags",
          level: "note",
          stack: "prod",
          field: "tags",
          text: "tags: team",
          values: { names: ["team"] },
        },
        {
          rule: "renamed",
          level: "breaking",
          stack: "dev",
          address: "aws_iam_user.user",
          text: "rename the user to a\\u202eb",
          risk: "the cluster stops to work",
          remedy: "do not rename it to a\\u202eb",
          values: { to: "a\u202eb" },
        },
      ],
    });
  });
});
