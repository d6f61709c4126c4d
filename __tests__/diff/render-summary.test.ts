import { type Changes, changesJson } from "../../src/diff/change-summary";
import { changesAgainst } from "../../src/diff/compare";
import { changesMarkdown, changesText } from "../../src/diff/render-summary";
import { packOf } from "../helpers/simulated-diff";

const minimal = (cluster: string) => packOf(`policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard, ${cluster} }`);
const between = (before: ReturnType<typeof packOf>, after: ReturnType<typeof packOf>) =>
  changesAgainst({ deckhouse: before }, { deckhouse: after }, "review/ against git ref main (1a2b3c4d)");

describe("changes in words", () => {
  it("as a comment: the verdict, then each action with its reason", () => {
    expect(changesMarkdown(between(minimal(""), minimal("tags: { team: platform }")))).toBe(
      `**Permissions broadened: 2 actions (2 write) new.** review/ against git ref main (1a2b3c4d)

### deckhouse

**Broadened permissions**

- \`iam:TagRole\` (identity, Tagging), the user: new, on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` only if aws:TagKeys ForAllValues:StringEquals team (why: sets cluster.tags on &lt;prefix&gt;-node, at creation and later)
- \`iam:UntagRole\` (identity, Tagging), the user: new, on \`arn:aws:iam::ACCOUNT_ID:role/dev-node\` only if aws:TagKeys ForAllValues:StringEquals team (why: removes a tag from &lt;prefix&gt;-node that cluster.tags no longer contains)

**Resources**

- updated: policy "D8CloudProviderAWS" (\`aws_iam_policy.policy\`): content
`,
    );
  });

  it("for a terminal: the same without Markdown", () => {
    expect(
      changesText(between(packOf(""), packOf("user: { name: other }")))
        .split("\n")
        .slice(0, 8),
    ).toEqual([
      "3 breakingChanges. Permissions unchanged. review/ against git ref main (1a2b3c4d)",
      "",
      "deckhouse",
      "",
      "Breaking changes",
      "",
      '- the next plan would rename the user "deckhouse" to "other": Terraform replaces the access keys and attachments that refer to the old name',
      "- the next plan would replace the attachment of the policy to the user",
    ]);
  });

  it("of many actions: by area, and folded one by one", () => {
    const words = changesMarkdown(between(packOf("policy: { mode: scoped }\ncluster: { prefix: dev }"), packOf("")));
    expect(words.split("\n")[0]).toBe(
      "**Permissions broadened: 122 actions (78 write) on more, 5 actions (4 write) new.** review/ against git ref main (1a2b3c4d)",
    );
    expect(words).toContain("- the user, network: 3 actions (3 write) new, 48 actions (32 write) on more\n");
    expect(words).toContain("<details><summary>Action by action</summary>\n\n| action | access | area | where |");
  });

  it("of nothing: one line, and what stays", () => {
    expect(changesText(between(packOf(""), packOf("")))).toBe(
      "Permissions unchanged. review/ against git ref main (1a2b3c4d)\n\nUnchanged: deckhouse\n",
    );
  });

  it("reach nobody and break nothing, whatever names hold", () => {
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

  it("have no control characters that a terminal or a CI system acts on", () => {
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

  it("always fit into a comment", () => {
    const stacks = (pack: ReturnType<typeof packOf>, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`stack-${index}`, pack]));
    const [documented, scoped] = [packOf(""), packOf("policy: { mode: scoped }\ncluster: { prefix: dev }")];
    for (const count of [3, 90]) {
      const changes = changesAgainst(stacks(documented, count), stacks(scoped, count), "all");
      const words = changesMarkdown(changes);
      expect(words.length).toBeLessThanOrEqual(65_536);
      expect(words).toContain("left out");
    }
  });

  it("as JSON hold the exit code and all that is told", () => {
    const changes = between(packOf(""), packOf("user: { name: other }"));
    expect(JSON.parse(changesJson(changes)) as Changes).toEqual({ exitCode: 3, ...changes });
  });
});
