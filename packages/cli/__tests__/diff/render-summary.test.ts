import { deployment } from "../../../../__tests__/helpers/deployment";
import {
  betweenPacks,
  between as compare,
  ofRule,
  packWith,
  withResource,
} from "../../../../__tests__/helpers/diff";
import { optionsOf, packOf, reviewPackOf } from "../../../../__tests__/helpers/packs";
import { changesJson } from "../../src/diff/changes";
import type { Files } from "../../src/diff/packs/pack-side";
import { changesMarkdown, changesText } from "../../src/diff/render-summary";
import { risksOf } from "../../src/iam/risks";

const minimal = (cluster: string) =>
  `policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard, ${cluster} }`;
const between = (before: string, after: string) => ({ ...compare(before, after), source: SOURCE });
const SOURCE = "review/ against git ref main (1a2b3c4d)";

const NODE = "nodeRole: { name: n }";
const nodePolicies = (before: object, after: object) => {
  const [one, other] = [before, after].map((policy) =>
    packWith(
      NODE,
      withResource(packOf(NODE), "aws_iam_role_policy.node", { policy: JSON.stringify(policy) }),
    ),
  );
  return betweenPacks(one ?? {}, other ?? {});
};
const renamedPolicy = (name: string) =>
  betweenPacks(
    packWith("", withResource(packOf(""), "aws_iam_policy.policy", { name })),
    packWith(""),
  );

describe("a change summary", () => {
  it("begins with the verdict in Markdown, then lists each action with its reason, and ends with the digests of REVIEW.md", () => {
    const after = minimal("tags: { team: platform }");
    const digests = reviewPackOf(after)["REVIEW.md"]?.match(/[\da-f]{64}/g) ?? [];
    expect(changesMarkdown(between(minimal(""), after))).toBe(
      `**Verdict: attention (exit code 2). The key can do more.**
review/ against git ref main \\(1a2b3c4d\\)

### x

**Broadened permissions: 2 actions added**

- the user can do more\\; for example, this was denied before\\: iam\\:TagRole on arn\\:aws\\:iam\\:\\:ACCOUNT\\_ID\\:role/dev-node with aws\\:TagKeys\\=team
  - \`+ iam:TagRole\` (Tagging) on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` if every aws\\:TagKeys is team (why: sets cluster.tags on \\<prefix\\>-node, at creation and later)
  - \`+ iam:UntagRole\` (Tagging) on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` if every aws\\:TagKeys is team (why: removes a tag from \\<prefix\\>-node that cluster.tags no longer contains)

**Settings**

- cluster.tags\\: none -\\> \\{\\"team\\"\\:\\"platform\\"\\}

**Resources**

- updated\\: policy \\"D8CloudProviderAWS-2\\", its document (\`aws_iam_policy.policy-2\`)

**Files to approve**

- \`main.tf.json\`: SHA-256 ${digests[0]}
- \`policy.json\`: SHA-256 ${digests[1]}
- \`policy-2.json\`: SHA-256 ${digests[2]}
`,
    );
  });

  it("says that a plan is incomplete, and does not count that as a breaking change", () => {
    const narrowed = {
      rule: "permissions-narrowed",
      principal: "user",
      values: { principal: "user" },
    } as const;
    const findings = [{ rule: "plan-incomplete", values: {} } as const, narrowed];
    const lines = changesText({
      source: SOURCE,
      deployments: [{ stack: "x", state: "changed", findings }],
    }).split("\n");
    const verdict = `Verdict: unverifiable (exit code 3). The plan is incomplete.`;
    expect([lines[0], lines[4]]).toEqual([verdict, "Unverifiable"]);
  });

  it("says that permissions stay where something else changes, and of a new deployment that it is new", () => {
    const first = (before: Files) =>
      changesText({ ...betweenPacks(before, reviewPackOf("")), source: SOURCE });
    const more = changesText(between("", "cluster: { amis: [ami-0123456789abcdef0] }")).split(
      "\n",
    )[0];
    expect(more).toBe(
      "Verdict: harmless (exit code 0). The permissions stay the same. No resource changes.",
    );
    expect(first({})).toMatch(
      /^Verdict: attention \(exit code 2\)\. 1 new deployment\. Check who can read the secret\. /,
    );
    expect(first({})).toMatch(
      /\nPermissions: 128 actions\n {2}- the user has these permissions; for example: iam:PutRolePolicy on /,
    );
    expect(first({})).not.toMatch(/can do more|Broadened|denied before/);
  });

  it("counts many actions, and lists them in folded groups", () => {
    const changes = between("policy: { mode: scoped }\ncluster: { prefix: dev }", "");
    const { actions = [] } = ofRule(changes, "permissions-broadened")[0]?.values ?? {};
    const summary =
      /<summary>(\d+) actions \((.*)\), by resources and conditions<\/summary>\n\n {2}- /;
    const [, all, kinds = ""] = summary.exec(changesMarkdown(changes)) ?? [];
    const counts = kinds.split(", ").map((kind) => Number.parseInt(kind, 10));
    expect(Number(all)).toBe(actions.length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(actions.length);
    expect(kinds).toMatch(
      /^\d+ Write, \d+ Tagging, \d+ Read, \d+ Permissions management, \d+ List$/,
    );
  });

  it.each([
    ["", "tags: { team: platform }"],
    ["", "policy: { mode: scoped }\ncluster: { prefix: dev }"],
    ["policy: { mode: scoped }\ncluster: { prefix: dev, iamNodeRole: custom }", ""],
    [
      "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\nfeatures: [encrypted-volumes]",
      "",
    ],
  ])("lists the risks of REVIEW.md that differ for settings %j and %j", (before, after) => {
    const risks = (settings: string) =>
      risksOf(optionsOf(deployment(settings)), (name) => name).map(({ what }) => what);
    const [old, current] = [risks(before), risks(after)];
    const found = ofRule(between(before, after), "risk").map(({ values }) => values);
    const listed = (side: "before" | "after") =>
      found.map((one) => one[side]).filter((what) => what && what !== "no longer possible");
    expect([...listed("after")].sort()).toEqual(
      current.filter((risk) => !old.includes(risk)).sort(),
    );
    expect([...listed("before")].sort()).toEqual(
      old.filter((risk) => !current.includes(risk)).sort(),
    );
  });

  it("lists the same risks for every prefix, also for one that is a common word", () => {
    const risks = (prefix: string) =>
      risksOf(
        optionsOf(
          deployment(`policy: { mode: minimal }\ncluster: { prefix: ${prefix}, layout: Standard }`),
        ),
        (name) => name.replace(prefix, "PREFIX"),
      );
    expect(risks("example")).toEqual(risks("dev"));
  });

  it("shows a request that is newly allowed, with the condition keys that it must have, in every format", () => {
    const Condition = { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } };
    const [action, resource] = ["iam:PassRole", "arn:aws:iam::123456789012:role/custom"];
    const changes = nodePolicies(
      { Statement: [] },
      { Statement: [{ Effect: "Allow", Action: action, Resource: resource, Condition }] },
    );
    const sentence = "  - the node role can do more; for example, this was denied before: ";
    expect(changesText(changes)).toContain(
      `\n${sentence}${action} on ${resource} with iam:PassedToService=ec2.amazonaws.com\n`,
    );
    const { findings } = JSON.parse(changesJson(changes)) as {
      findings: { rule: string; values: { request: object } }[];
    };
    expect(findings.find(({ rule }) => rule === "permissions-broadened")?.values.request).toEqual({
      action,
      resource,
      context: { "iam:PassedToService": "ec2.amazonaws.com" },
    });
  });

  it("shows that policies are not comparable, and why", () => {
    const policy = (NotAction: string, ...Action: readonly string[]) => ({
      Statement: [
        { Effect: "Allow", NotAction, Resource: "*" },
        { Effect: "Allow", Action, Resource: "*" },
      ],
    });
    const changes = nodePolicies(
      policy("ec2:*", "s3:ListBucket"),
      policy("iam:*", "s3:GetObject", "s3:ListBucket"),
    );
    const reason = "a statement after the change has NotAction, which is not compared";
    expect(changesText(changes)).toContain(
      `\n  - the node role can do more; this counts as more, because ${reason}\n    + s3:GetObject (`,
    );
  });

  it.each([
    ["more resources", { Resource: "a" }, { Resource: ["a", "b"] }, "also on b"],
    ["other resources", { Resource: ["a", "c"] }, { Resource: ["b", "c"] }, "on b instead of a"],
    [
      "more values of a condition",
      { service: ["x"] },
      { service: ["x", "y"] },
      "also on all resources if iam:PassedToService is y",
    ],
    [
      "another condition",
      {},
      { service: ["x"] },
      "on all resources if iam:PassedToService is x instead of all resources",
    ],
  ])("names the difference of %s", (_, before, after, expected) => {
    const policy = ({
      Resource = "*",
      service,
    }: {
      Resource?: string | string[];
      service?: string[];
    }) => {
      const Condition =
        service === undefined
          ? {}
          : { Condition: { StringEquals: { "iam:PassedToService": service } } };
      return { Statement: [{ Effect: "Allow", Action: "iam:PassRole", Resource, ...Condition }] };
    };
    expect(changesText(nodePolicies(policy(before), policy(after)))).toContain(
      `\n    ~ iam:PassRole (Write) ${expected}\n`,
    );
  });

  it("escapes names, so that they neither mention people nor break the Markdown", () => {
    const wild = nodePolicies(
      {},
      { Statement: [{ Effect: "Allow", Action: "s3:`|@x", Resource: "*" }] },
    );
    expect(changesMarkdown(renamedPolicy("a|b`c@team#1<i>*x*_y_"))).toContain(
      'replaces the policy \\"a\\|b\\`c\\@&#8203;team\\#&#8203;1\\<i\\>\\*x\\*\\_y\\_\\" (`aws_iam_policy.policy`)\n',
    );
    expect(changesMarkdown(wild)).toContain("  - `` + s3:`|@x `` (not in DKP\\'s catalogue) ");
  });

  it.each([
    ["1. x", "1\\. x"],
    ["-x", "\\-x"],
    ["@team", "\\@&#8203;team"],
  ])("escapes a name at the beginning of a line, and in a remedy: %s", (name, escaped) => {
    const changed = { rule: "configuration-changed", values: { address: name } } as const;
    const renamed = { rule: "user-renamed", values: { before: name, after: "x" } } as const;
    const changes = changesMarkdown({
      source: "",
      deployments: [{ stack: "x", state: "changed", findings: [changed, renamed] }],
    });
    expect(changes).toContain(`\n- ${escaped} changes, and `);
    expect(changes).toContain(
      `\n  - remedy\\: restore user.name\\: ${escaped.replace("\\.", ".").replace("\\-", "-")}\n`,
    );
  });

  it("has no control characters that a terminal or a CI system interprets, and no names that look alike", () => {
    const changes = renamedPolicy("x\n::error::y\u001b[2J\u009b\u202est\u0430te");
    expect(changesText(changes)).toContain(
      'replaces the policy "x\\n::error::y\\u001b[2J\\u009b\\u202est\\u0430te" (aws_iam_policy.policy)\n',
    );
    const alike = nodePolicies(
      {},
      { Statement: [{ Effect: "Allow", Action: "s3:\u0430", Resource: "*" }] },
    );
    for (const words of [changesText(changes), changesMarkdown(changes), changesMarkdown(alike)]) {
      expect(words).toMatch(/^[\n\x20-\x7e]*$/);
      expect(words).not.toMatch(/^::/m);
    }
  });

  it("always fits into a comment", () => {
    const { deployments, source } = between(
      "",
      "policy: { mode: scoped }\ncluster: { prefix: dev }",
    );
    for (const [count, omitted] of [
      [20, ", by resources and conditions: omitted because of the maximum length of a comment._"],
      [250, "_The rest is omitted because of the maximum length of a comment._"],
    ] as const) {
      const comment = changesMarkdown({
        source,
        deployments: Array.from({ length: count }, () => deployments).flat(),
      });
      expect(comment.length).toBeLessThanOrEqual(65_536);
      expect(comment).toContain(omitted);
    }
  });

  it("is whole up to the maximum length of a comment", () => {
    const { deployments } = between("", "policy: { mode: scoped }\ncluster: { prefix: dev }");
    const comment = (length: number) =>
      changesMarkdown({ source: "x".repeat(length), deployments });
    const most = 65_537 - comment(1).length;
    expect(comment(most)).toHaveLength(65_536);
    expect(comment(most)).not.toContain("omitted");
    expect(comment(most + 1)).toContain("omitted because of the maximum length of a comment._");
  });
});
