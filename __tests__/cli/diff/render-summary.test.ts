import { changesJson } from "../../../src/cli/diff/changes";
import { changesAgainst } from "../../../src/cli/diff/compare";
import type { JsonObject } from "../../../src/cli/diff/json-values";
import { changesMarkdown, changesText } from "../../../src/cli/diff/render-summary";
import { risksOf } from "../../../src/cli/iam/risks";
import { packFiles } from "../../helpers/changes";
import { deployment } from "../../helpers/deployment";
import { optionsOf, packOf, reviewPackOf } from "../../helpers/packs";

const minimal = (cluster: string) => packOf(`policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard, ${cluster} }`);
const IRELAND = "region: eu-west-1\npolicy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }";
const between = (before: ReturnType<typeof packOf>, after: ReturnType<typeof packOf>) =>
  changesAgainst({ deckhouse: packFiles(before) }, { deckhouse: packFiles(after) }, SOURCE, () => undefined);
const SOURCE = "review/ against git ref main (1a2b3c4d)";

/** With the settings, and so with what an attacker can do. */
const ofSettings = (before: string, after: string) =>
  changesAgainst({ deckhouse: reviewPackOf(before) }, { deckhouse: reviewPackOf(after) }, SOURCE, (_, settings) =>
    deployment(JSON.stringify(settings)),
  );

/** A pack of which the role for nodes has this policy. */
function withNodePolicy(policy: object): JsonObject {
  const pack = JSON.parse(JSON.stringify(packOf("nodeRole: { name: n }")));
  pack.resource.aws_iam_role_policy.node.policy = JSON.stringify(policy);
  return pack;
}

describe("a change summary", () => {
  it("begins with the verdict in Markdown, then lists each action with its reason", () => {
    expect(changesMarkdown(between(minimal(""), minimal("tags: { team: platform }")))).toBe(
      `**Permissions broadened: 2 actions (2 write) added.** review/ against git ref main \\(1a2b3c4d\\)

### deckhouse

**Broadened permissions**

- the user is allowed more than before\\; for example, allowed now and not before\\: iam\\:TagRole on arn\\:aws\\:iam\\:\\:ACCOUNT\\_ID\\:role/dev-node
  - \`iam:TagRole\` (identity, Tagging): added on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` only if aws\\:TagKeys ForAllValues\\:StringEquals team (why: sets cluster.tags on \\<prefix\\>-node, at creation and later)
  - \`iam:UntagRole\` (identity, Tagging): added on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` only if aws\\:TagKeys ForAllValues\\:StringEquals team (why: removes a tag from \\<prefix\\>-node that cluster.tags no longer contains)

**Resources**

- updated\\: policy \\"D8CloudProviderAWS\\"\\: policy (\`aws_iam_policy.policy\`)
`,
    );
  });

  it("has no Markdown in the format for a terminal", () => {
    expect(
      changesText(between(packOf(""), packOf("user: { name: other }")))
        .split("\n")
        .slice(0, 8),
    ).toEqual([
      "3 breaking changes. review/ against git ref main (1a2b3c4d)",
      "",
      "deckhouse",
      "",
      "Breaking changes",
      "",
      '- renames the user "deckhouse" to "other": Terraform replaces the access keys and attachments that refer to the old name',
      "- replaces the attachment of the policy to the user",
    ]);
  });

  it("is not headed by narrowed or unchanged permissions beside a change that requires attention", () => {
    const moved = changesText(ofSettings("", "backend: { http: { address: 'https://example.com/state' } }"));
    expect(moved.split("\n")[0]).toBe(`The destination of the secret changes. ${SOURCE}`);
  });

  it("counts many actions, and lists them in folded groups", () => {
    const words = changesMarkdown(between(packOf("policy: { mode: scoped }\ncluster: { prefix: dev }"), packOf("")));
    const [, ...counts] =
      /^\*\*Permissions broadened: (\d+) actions \((\d+) write\) broadened, (\d+) actions \((\d+) write\) added\.\*\* /.exec(
        words,
      ) ?? [];
    const [broadened = 0, writes = 0, added = 0, addedWrites = 0] = counts.map(Number);
    const [, all, some] =
      /<summary>(\d+) actions \((\d+) write\), by resources and conditions<\/summary>\n\n {2}- /.exec(words) ?? [];
    expect([all, some].map(Number)).toEqual([Number(broadened) + Number(added), Number(writes) + Number(addedWrites)]);
  });

  it("has one line for all actions with the same scopes before and after", () => {
    const changes = between(packOf(""), minimal(""));
    const lines = changesText(changes).split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines).toContain(
      "  - 2 actions (2 write): all resources -> arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev: ec2:DeleteKeyPair, ec2:ImportKeyPair",
    );
    const rows = changesMarkdown(changes).split("\n");
    expect(rows).toContain(
      "  - 2 actions (2 write): all resources -> `arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev`: `ec2:DeleteKeyPair`, `ec2:ImportKeyPair`",
    );
    expect(rows.filter((line) => line.includes("`ec2:CreateVpc`,"))).toHaveLength(1);
  });

  it("of documented to scoped fits on a screen", () => {
    const changes = ofSettings("", "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }");
    expect(changesText(changes).split("\n").length).toBeLessThanOrEqual(50);
  });

  it.each([
    ["", "tags: { team: platform }"],
    ["", "policy: { mode: scoped }\ncluster: { prefix: dev }"],
    ["policy: { mode: scoped }\ncluster: { prefix: dev, iamNodeRole: custom }", ""],
    ["policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\nfeatures: [encrypted-volumes]", ""],
  ])("lists the risks of REVIEW.md that differ for settings %j and %j", (before, after) => {
    const risks = (settings: string) => risksOf(optionsOf(deployment(settings)), (name) => name).map(({ what }) => what);
    const [had, has] = [risks(before), risks(after)];
    const found = ofSettings(before, after).deployments.flatMap(({ findings }) =>
      findings.flatMap((one) => (one.rule === "risk" ? [one.values] : [])),
    );
    const listed = (side: "before" | "after") =>
      found.map((one) => one[side]).filter((what) => what && what !== "no longer possible");
    expect([...listed("after")].sort()).toEqual(has.filter((risk) => !had.includes(risk)).sort());
    expect([...listed("before")].sort()).toEqual(had.filter((risk) => !has.includes(risk)).sort());
  });

  it("lists actions that another region replaces the scopes of once, as broadened and narrowed", () => {
    const changes = between(minimal(""), packOf(IRELAND));
    const lines = changesText(changes).split("\n");
    expect(lines.length).toBeLessThanOrEqual(50);
    const [, count] = /^Permissions broadened: (\d+) actions \(\d+ write\) broadened\./.exec(lines[0] ?? "") ?? [];
    expect(lines).toContain(
      "  - 2 actions (2 write): arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev -> arn:aws:ec2:eu-west-1:ACCOUNT_ID:key-pair/dev: ec2:DeleteKeyPair, ec2:ImportKeyPair",
    );
    const narrowed = lines.slice(lines.indexOf("Narrowed permissions"));
    expect(narrowed[2]).toMatch(
      new RegExp(
        `^- the user is allowed less than before; ${count} actions .* of which ${count} are broadened as well, and listed above$`,
      ),
    );
  });

  it("shows a request that is newly allowed, with the condition keys that it must have, in every format", () => {
    const role = "cluster: { prefix: dev, layout: Standard, iamNodeRole: custom }";
    const changes = between(minimal(""), packOf(`policy: { mode: minimal }\n${role}`));
    const [action, resource] = ["iam:PassRole", "arn:aws:iam::ACCOUNT_ID:role/custom"];
    const sentence = "- the user is allowed more than before; for example, allowed now and not before: ";
    expect(changesText(changes)).toContain(`\n${sentence}${action} on ${resource} with iam:PassedToService=ec2.amazonaws.com\n`);
    const { findings } = JSON.parse(changesJson(changes)) as { findings: { rule: string; values: { request: object } }[] };
    expect(findings.find(({ rule }) => rule === "permissions-broadened")?.values.request).toEqual({
      action,
      resource,
      context: { "iam:PassedToService": "ec2.amazonaws.com" },
    });
  });

  it("shows that policies are not comparable, and why", () => {
    const withActions = (actions: readonly string[], policy: object) =>
      withNodePolicy({ Statement: [{ Effect: "Allow", Action: actions, Resource: "*", ...policy }] });
    const condition = { Condition: { BinaryEquals: { "aws:x": "eA==" } } };
    const changes = between(withActions(["s3:ListBucket"], condition), withActions(["s3:GetObject", "s3:ListBucket"], condition));
    const reason = "a statement of the policy after the change has the condition BinaryEquals on aws:x, which is not interpreted";
    expect(changesText(changes)).toContain(
      `\n- the node role is allowed more than before; not comparable: reported as broadened, because ${reason}\n  - s3:GetObject (`,
    );
  });

  it("of an unchanged deployment has one line, and its name", () => {
    expect(changesText(between(packOf(""), packOf("")))).toBe(`Permissions unchanged. ${SOURCE}\n\nUnchanged: deckhouse\n`);
  });

  it("escapes names, so that they neither mention people nor break the Markdown", () => {
    const name = "a|b`c@team#1<i>*x*_y_";
    const named = JSON.parse(JSON.stringify(packOf("")).replaceAll('"D8CloudProviderAWS"', JSON.stringify(name)));
    const wild = withNodePolicy({ Statement: [{ Effect: "Allow", Action: "s3:`|@x", Resource: "*" }] });
    expect(changesMarkdown(between(packOf(""), named))).toContain(
      'replaces the policy \\"a\\|b\\`c\\@&#8203;team\\#&#8203;1\\<i\\>\\*x\\*\\_y\\_\\" and its attachments',
    );
    expect(changesMarkdown(between(packOf(""), wild))).toContain("  - `` s3:`|@x `` (not in DKP\\'s catalogue, unknown): ");
  });

  it("has no control characters that a terminal or a CI system interprets", () => {
    const after = JSON.parse(
      JSON.stringify(packOf("")).replaceAll('"D8CloudProviderAWS"', JSON.stringify("x\n::error::y\u001b[2J\u009b\u202e")),
    );
    const changes = between(packOf(""), after);
    expect(changesText(changes)).toContain('replaces the policy "x\\n::error::y\\u001b[2J\\u009b\\u202e" and its attachments');
    for (const words of [changesText(changes), changesMarkdown(changes)]) {
      expect(words).not.toMatch(/[^\P{C}\n\u200b]/u);
      expect(words).not.toMatch(/^::/m);
    }
  });

  it("always fits into a comment", () => {
    const { deployments, source } = between(packOf(""), packOf("policy: { mode: scoped }\ncluster: { prefix: dev }"));
    for (const [count, omitted] of [
      [20, ", by resources and conditions: omitted because of the maximum length of a comment._"],
      [250, "_The rest is omitted because of the maximum length of a comment._"],
    ] as const) {
      const comment = changesMarkdown({ source, deployments: Array.from({ length: count }, () => deployments).flat() });
      expect(comment.length).toBeLessThanOrEqual(65_536);
      expect(comment).toContain(omitted);
    }
  });
});
