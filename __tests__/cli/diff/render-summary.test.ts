import { type Changes, changesJson } from "../../../src/cli/diff/change-summary";
import { changesAgainst } from "../../../src/cli/diff/compare";
import { changesMarkdown, changesText } from "../../../src/cli/diff/render-summary";
import { risksOf } from "../../../src/iam/risks";
import { deployment } from "../../helpers/deployment";
import { optionsOf, packOf, reviewPackOf } from "../../helpers/simulated-diff";

const minimal = (cluster: string) => packOf(`policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard, ${cluster} }`);
const IRELAND = "region: eu-west-1\npolicy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }";
const between = (before: ReturnType<typeof packOf>, after: ReturnType<typeof packOf>) =>
  changesAgainst({ deckhouse: before }, { deckhouse: after }, "review/ against git ref main (1a2b3c4d)");

describe("a change summary", () => {
  it("begins with the verdict in Markdown, then lists each action with its reason", () => {
    expect(changesMarkdown(between(minimal(""), minimal("tags: { team: platform }")))).toBe(
      `**Permissions broadened: 2 actions (2 write) added.** review/ against git ref main (1a2b3c4d)

### deckhouse

**Broadened permissions**

- example of a request of the user that is allowed now and was not allowed before: \`iam:TagRole\` on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\`
- \`iam:TagRole\` (identity, Tagging), the user: added on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` only if aws:TagKeys ForAllValues:StringEquals team (why: sets cluster.tags on &lt;prefix&gt;-node, at creation and later)
- \`iam:UntagRole\` (identity, Tagging), the user: added on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` only if aws:TagKeys ForAllValues:StringEquals team (why: removes a tag from &lt;prefix&gt;-node that cluster.tags no longer contains)

**Resources**

- updated: policy "D8CloudProviderAWS" (\`aws_iam_policy.policy\`): content
`,
    );
  });

  it("has no Markdown in the format for a terminal", () => {
    expect(
      changesText(between(packOf(""), packOf("user: { name: other }")))
        .split("\n")
        .slice(0, 8),
    ).toEqual([
      "3 breaking changes. Permissions unchanged. review/ against git ref main (1a2b3c4d)",
      "",
      "deckhouse",
      "",
      "Breaking changes",
      "",
      '- the next plan would rename the user "deckhouse" to "other": Terraform replaces the access keys and attachments that refer to the old name',
      "- the next plan would replace the attachment of the policy to the user",
    ]);
  });

  it("counts many actions by area, and lists them in folded groups", () => {
    const words = changesMarkdown(between(packOf("policy: { mode: scoped }\ncluster: { prefix: dev }"), packOf("")));
    expect(words.split("\n")[0]).toBe(
      "**Permissions broadened: 122 actions (78 write) broadened, 5 actions (4 write) added.** review/ against git ref main (1a2b3c4d)",
    );
    expect(words).toContain("- the user, network: 3 actions (3 write) added, 48 actions (32 write) broadened\n");
    expect(words).toContain("<details><summary>By resources and conditions</summary>\n\n| principal | actions | scope |");
  });

  it("has one line for all actions with the same scopes before and after", () => {
    const changes = between(packOf(""), minimal(""));
    const lines = changesText(changes).split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    const groups = lines.filter((line) => line.startsWith("- the user, "));
    expect(groups).toHaveLength(10);
    expect(groups).toEqual(
      expect.arrayContaining([
        "- the user, 28 actions: all resources -> all resources if aws:RequestedRegion is eu-central-1: ec2:DescribeAccountAttributes, ec2:DescribeAddresses and 26 more",
        "- the user, 40 actions (38 write): all resources -> all ec2 resources of account ACCOUNT_ID in eu-central-1: ec2:AllocateAddress, ec2:AssociateRouteTable and 38 more",
        "- the user, 2 actions (2 write): all resources -> arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev: ec2:DeleteKeyPair, ec2:ImportKeyPair",
      ]),
    );
    const rows = changesMarkdown(changes).split("\n");
    expect(rows).toContain(
      "| user | 2 actions (2 write): `ec2:DeleteKeyPair`, `ec2:ImportKeyPair` | no longer on `*`; now on `arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev` |",
    );
    expect(rows.filter((line) => line.includes("`ec2:CreateVpc`,"))).toHaveLength(1);
  });

  it("of documented to scoped, with the policies of the review pack, fits on a screen", () => {
    const scoped = "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }";
    const files = { base: { deckhouse: reviewPackOf("") }, current: { deckhouse: reviewPackOf(scoped) } };
    const changes = changesAgainst({ deckhouse: packOf("") }, { deckhouse: packOf(scoped) }, "", files);
    expect(changesText(changes).split("\n").length).toBeLessThanOrEqual(40);
  });

  it("lists what an attacker with the key can do now and could not before, and the reverse", () => {
    const [documented, scoped] = [packOf(""), packOf("policy: { mode: scoped }\ncluster: { prefix: dev }")];
    const lines = (text: string) => {
      const all = text.split("\n");
      const start = all.indexOf("What an attacker with the key can do") + 2;
      return all.slice(start, all.indexOf("", start));
    };
    const there = lines(changesText(between(documented, scoped)));
    expect(there).toEqual([
      "- no longer: delete any role of the account or its inline policies",
      "- no longer: accept peering of the account's networks in every Region with a network of an external account",
      "- before: write any permission into any role of the account, launch an instance with that role, and act as an administrator there",
      "  now: write any permission into the role dev-node, launch an instance with it, and act as an administrator there",
      "- before: create a role with any permission that an external account can assume: it remains after the key is deleted",
      "  now: re-create dev-node with any permission so that an external account can assume it: it remains after the key is deleted",
      "- 7 risks: every Region -> eu-central-1",
      "- before: route the traffic of any load balancer in every Region to an own instance, with the certificate of the load balancer",
      "  now: route the traffic of any network load balancer in eu-central-1 to an own instance, with the certificate of the load balancer",
    ]);
    const back = lines(changesText(between(scoped, documented)));
    expect(back).toHaveLength(there.length);
    expect(back).toContain("- new: delete any role of the account or its inline policies");
    expect(back).toContain("- 7 risks: eu-central-1 -> every Region");
    expect(between(scoped, scoped).deployments[0]?.impact).toEqual({ added: [], removed: [], changed: [] });
  });

  it.each([
    ["", "tags: { team: platform }"],
    ["policy: { mode: scoped }\ncluster: { prefix: dev, iamNodeRole: custom }", ""],
    ["policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\nfeatures: [encrypted-volumes]", ""],
  ])("lists the risks of REVIEW.md for settings %j and %j", (before, after) => {
    const risks = (settings: string) => risksOf(optionsOf(deployment(settings)), (name) => name).map(({ what }) => what);
    const [had, has] = [risks(before), risks(after)];
    const { added = [], removed = [], changed = [] } = between(packOf(before), packOf(after)).deployments[0]?.impact ?? {};
    expect([...added, ...changed.map((change) => change.after)].sort()).toEqual(has.filter((risk) => !had.includes(risk)).sort());
    expect([...removed, ...changed.map((change) => change.before)].sort()).toEqual(
      had.filter((risk) => !has.includes(risk)).sort(),
    );
  });

  it("has one line on what the deployer needs", () => {
    const files = { base: { deckhouse: reviewPackOf("") }, current: { deckhouse: reviewPackOf("tags: { team: platform }") } };
    const text = changesText(
      changesAgainst({ deckhouse: packOf("") }, { deckhouse: packOf("tags: { team: platform }") }, "", files),
    );
    expect(text.split("\n").filter((line) => line.includes("deployer"))).toEqual([
      "Permissions broadened: 4 new or broadened actions of the deployer. ",
      "- the deployer needs 4 new or broadened actions: update its role with deployer-policy.json before you apply: iam:TagPolicy, iam:TagUser, iam:UntagPolicy, iam:UntagUser; for example iam:TagPolicy on arn:aws:iam::ACCOUNT_ID:policy/D8CloudProviderAWS",
    ]);
  });

  it("lists actions that another region replaces the scopes of once, as broadened and narrowed", () => {
    const changes = between(minimal(""), packOf(IRELAND));
    const lines = changesText(changes).split("\n");
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(lines[0]).toBe(
      "Permissions broadened: 94 actions (64 write) broadened, 94 actions (64 write) narrowed. review/ against git ref main (1a2b3c4d)",
    );
    expect(lines).toContain(
      "- the user, 2 actions (2 write): arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev -> arn:aws:ec2:eu-west-1:ACCOUNT_ID:key-pair/dev: ec2:DeleteKeyPair, ec2:ImportKeyPair",
    );
    expect(lines.slice(lines.indexOf("Narrowed permissions"), lines.indexOf("Resources"))).toEqual([
      "Narrowed permissions",
      "",
      "- the user: 94 actions (64 write) broadened and narrowed, listed under broadened permissions",
      "",
    ]);
    const rows = changesMarkdown(changes).split("\n");
    expect(rows).toContain("- the user, load balancers: 29 actions (23 write) broadened and narrowed");
    expect(rows).toContain(
      "| user | 2 actions (2 write): `ec2:DeleteKeyPair`, `ec2:ImportKeyPair` | now on `arn:aws:ec2:eu-west-1:ACCOUNT_ID:key-pair/dev`; no longer on `arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev` |",
    );
    expect(rows.filter((line) => line.includes("`ec2:AllocateAddress`,"))).toHaveLength(1);
  });

  it("shows a request that is newly allowed, with the condition keys that it must have, in every format", () => {
    const role = "cluster: { prefix: dev, layout: Standard, iamNodeRole: custom }";
    const changes = between(minimal(""), packOf(`policy: { mode: minimal }\n${role}`));
    const [action, resource] = ["iam:PassRole", "arn:aws:iam::ACCOUNT_ID:role/custom"];
    const sentence = "- example of a request of the user that is allowed now and was not allowed before: ";
    expect(changesText(changes)).toContain(`\n${sentence}${action} on ${resource} with iam:PassedToService=ec2.amazonaws.com\n`);
    expect(changesMarkdown(changes)).toContain(
      `\n${sentence}\`${action}\` on \`${resource}\` with \`iam:PassedToService=ec2.amazonaws.com\`\n`,
    );
    expect((JSON.parse(changesJson(changes)) as Changes).deployments[0]?.permissions.evidence).toEqual([
      {
        principal: "user",
        kind: "new-request",
        request: { action, resource, context: { "iam:PassedToService": "ec2.amazonaws.com" } },
      },
    ]);
  });

  it("shows that policies are not comparable, and why", () => {
    const withActions = (actions: readonly string[], policy: object) =>
      JSON.parse(
        JSON.stringify(packOf("nodeRole: { name: n }")).replace(
          /"policy":"\{[^}]*\}[^"]*?\]\}"/,
          () =>
            `"policy":${JSON.stringify(JSON.stringify({ Statement: [{ Effect: "Allow", Action: actions, Resource: "*", ...policy }] }))}`,
        ),
      );
    const condition = { Condition: { BinaryEquals: { "aws:x": "eA==" } } };
    const changes = between(withActions(["s3:ListBucket"], condition), withActions(["s3:GetObject", "s3:ListBucket"], condition));
    const reason = "a statement of the policy after the change has the condition BinaryEquals on aws:x, which is not interpreted";
    expect(changesText(changes)).toContain(
      `\n- the node role: not comparable: reported as broadened, because ${reason}\n- s3:getobject (`,
    );
    expect((JSON.parse(changesJson(changes)) as Changes).deployments[0]?.permissions.evidence).toEqual([
      { principal: "node role", kind: "not-comparable", reason },
    ]);
  });

  it("of an unchanged deployment has one line, and its name", () => {
    expect(changesText(between(packOf(""), packOf("")))).toBe(
      "Permissions unchanged. review/ against git ref main (1a2b3c4d)\n\nUnchanged: deckhouse\n",
    );
  });

  it("escapes names, so that they neither mention people nor break the Markdown", () => {
    const name = "a|b`c@team#1<i>*x*_y_";
    const after = packOf("");
    const named = JSON.parse(JSON.stringify(after).replaceAll('"D8CloudProviderAWS"', JSON.stringify(name)));
    const extra = { Effect: "Allow", Action: `s3:\`|@x`, Resource: "*" };
    const nodes = packOf("nodeRole: { name: n }");
    const wild = JSON.parse(
      JSON.stringify(nodes).replace(
        /"policy":"\{[^}]*\}[^"]*?\]\}"/,
        () => `"policy":${JSON.stringify(JSON.stringify({ Statement: [extra] }))}`,
      ),
    );
    expect(changesMarkdown(between(packOf(""), named))).toContain(
      'replace the policy "a\\|b\\`c@&#8203;team#&#8203;1&lt;i&gt;\\*x\\*\\_y\\_" and its attachments',
    );
    expect(changesMarkdown(between(packOf(""), wild))).toContain(
      "- `` s3:`|@x `` (not in DKP's catalogue, unknown), the node role",
    );
  });

  it("has no control characters that a terminal or a CI system interprets", () => {
    const after = JSON.parse(
      JSON.stringify(packOf("")).replaceAll('"D8CloudProviderAWS"', JSON.stringify("x\n::error::y\u001b[2J\u009b\u202e")),
    );
    const changes = between(packOf(""), after);
    expect(changesText(changes)).toContain('replace the policy "x\\n::error::y\\u001b[2J\\u009b\\u202e" and its attachments');
    for (const words of [changesText(changes), changesMarkdown(changes)]) {
      expect(words).not.toMatch(/[^\P{C}\n\u200b]/u);
      expect(words).not.toMatch(/^::/m);
    }
  });

  it("always fits into a comment", () => {
    const { deployments, source } = between(packOf(""), packOf("policy: { mode: scoped }\ncluster: { prefix: dev }"));
    for (const [count, omitted] of [
      [20, "_By resources and conditions: omitted because of the maximum length of a comment._"],
      [120, "_The rest is omitted because of the maximum length of a comment._"],
    ] as const) {
      const comment = changesMarkdown({ source, deployments: Array.from({ length: count }, () => deployments).flat() });
      expect(comment.length).toBeLessThanOrEqual(65_536);
      expect(comment).toContain(omitted);
    }
  });

  it("contains the exit code and all changes in JSON", () => {
    const changes = between(packOf(""), packOf("user: { name: other }"));
    expect(JSON.parse(changesJson(changes)) as Changes).toEqual({ exitCode: 3, ...changes });
  });
});
