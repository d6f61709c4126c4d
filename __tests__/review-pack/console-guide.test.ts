import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import { forPeople, policyOptions } from "../../src/review-pack/account-placeholder";
import { consoleGuide } from "../../src/review-pack/console-guide";
import { deployment } from "../helpers/deployment";

const guide = (settings = "") => consoleGuide(deployment(settings));

/** The lines of a section. */
const chapter = (title: string, settings?: string) => {
  const [, text = ""] = guide(settings).split(`\n## ${title}\n\n`);
  return text.split("\n\n## ")[0]?.split("\n") ?? [];
};

const chapters = (settings?: string) => [...guide(settings).matchAll(/^## (.*)$/gm)].map(([, title]) => title);

describe("console.md", () => {
  it("describes the current console screens, checks, removal and the differences from the DKP documentation", () => {
    expect(chapters()).toEqual(["Policy", "User", "Access key", "Check", "Undo", "What differs from the DKP authorization page"]);
    expect(chapter("User")).toEqual([
      "1. **Users** > **Create user**. **User name**: `deckhouse`.",
      "2. Leave **Provide user access to the AWS Management Console** unticked: DKP needs no password. **Next**.",
      "3. **Attach policies directly**: filter by `D8CloudProviderAWS` and tick it.",
      "4. **Next**.",
      "5. **Create user**.",
    ]);
  });

  it.each(["documented", "scoped", "minimal"])("contains the policy of mode %s to paste", (mode) => {
    const described = deployment(`policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard }`);
    const [, block = ""] = /```json\n(.*?)\n {3}```/s.exec(consoleGuide(described)) ?? [];
    const stored = policyDocument(policyStatements(policyOptions(described)));
    expect(JSON.parse(block)).toEqual(JSON.parse(forPeople(JSON.stringify(stored))));
  });

  it("states where to insert the account if the settings do not state it and the policy names it", () => {
    const replace = "2. Replace `ACCOUNT_ID` everywhere by the 12 digits of the account, which the menu at the top right shows.";
    const scoped = "policy: { mode: scoped }\ncluster: { prefix: dev }\n";
    expect(guide(scoped)).toContain(replace);
    expect(guide(`${scoped}accountId: "123456789012"`)).not.toContain("ACCOUNT_ID");
    expect(guide(`${scoped}accountId: "123456789012"`)).toContain("Sign in to account `123456789012`");
    expect(guide()).not.toContain("ACCOUNT_ID");
  });

  it("adds the user to the group that has the policy", () => {
    const settings = "attachment: group\ngroup: { name: dkp }";
    expect(chapter("Group", settings)[1]).toBe("2. **Attach permissions policies**: filter by `D8CloudProviderAWS` and tick it.");
    expect(chapter("User", settings)[2]).toBe("3. **Add user to group**: tick `dkp`.");
    expect(chapter("User", settings).at(-1)).toBe("5. **Create user**.");
    expect(chapter("User", "attachment: user-and-group").at(-1)).toBe(
      "6. Open the user: **Permissions** > **Add permissions** > **Attach policies directly**, tick `D8CloudProviderAWS`, **Next**, **Add permissions**.",
    );
  });

  it.each([
    ["user", "`D8CloudProviderAWS`, directly;"],
    ["group", "`D8CloudProviderAWS`, by way of the group `deckhouse`;"],
    ["user-and-group", "`D8CloudProviderAWS`, directly and by way of the group `deckhouse`;"],
  ])("checks how the policy is attached to the user with attachment %s", (attachment, words) => {
    expect(chapter("Check", `attachment: ${attachment}`)[2]).toContain(`**Permissions** names ${words}`);
  });

  it.each([
    ["{}", "with one access key too."],
    ["none", "with no access key."],
  ])("first states which keys this guide and aws-cli.sh create: accessKeys %s", (accessKeys, words) => {
    expect(guide(`accessKeys: ${accessKeys}`).split("\n").slice(2, 4)).toEqual([
      "What Terraform makes from the same settings, by hand, with one access key whatever the settings say of keys.",
      `\`aws-cli.sh\`, beside this file, makes it and undoes it by itself, ${words}`,
    ]);
  });

  it("includes the tags and the permissions boundary", () => {
    const lines = chapter(
      "User",
      "tags: { team: platform x, empty: '' }\nuser: { permissionsBoundary: 'arn:aws:iam::123456789012:policy/B' }",
    );
    expect(lines.slice(3, 6)).toEqual([
      "4. **Set permissions boundary** > **Use a permissions boundary to control the maximum permissions**: select `arn:aws:iam::123456789012:policy/B`.",
      "5. **Next**.",
      "6. **Add new tag**: `team` = `platform x`, `empty` = (empty).",
    ]);
  });

  it("warns that the console cannot set paths, only if the settings have paths", () => {
    expect(guide()).not.toContain("IAM paths");
    expect(guide("group: { path: /unused/ }")).not.toContain("IAM paths");
    expect(guide("policy: { path: /dkp/ }")).toContain(
      "**The console can't set IAM paths, and the settings have some:** policy `/dkp/`.",
    );
  });

  it("creates the node role without an instance profile", () => {
    const lines = chapter("Role for nodes", "nodeRole: { name: nodes, additionalActions: ['s3:GetObject'] }").join("\n");
    expect(lines).toContain("**Custom trust policy**");
    expect(lines).toContain('"s3:GetObject"');
    expect(lines).toContain("**Role name**: `nodes`.");
  });

  it("describes how to create the key that Terraform does not create", () => {
    expect(chapter("Access key", "accessKeys: none")[0]).toBe(
      "Terraform makes no key for this deployment (`accessKeys: none`), and DKP needs one: this is the way to make it.",
    );
    expect(chapter("Access key")[0]).toMatch(/^1\. /);
  });

  it.each([
    ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
    ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
    ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
    ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
  ])("opens the console of the partition of %s, and checks the region", (region, address, check) => {
    expect(guide(`region: ${region}`)).toContain(address);
    expect(chapter("Check", `region: ${region}`)[0]).toContain(check);
  });

  it("is well-formed Markdown", () => {
    const project = join(__dirname, "../..");
    const folder = mkdtempSync(join(tmpdir(), "console-"));
    for (const [name, settings] of Object.entries(EVERY_CHAPTER)) {
      writeFileSync(join(folder, `${name}.md`), guide(settings));
    }
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        join(project, "node_modules/markdownlint-cli2/markdownlint-cli2-bin.mjs"),
        "--config",
        join(project, ".markdownlint-cli2.jsonc"),
      ],
      { cwd: folder, encoding: "utf8" },
    );
    rmSync(folder, { recursive: true });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: expect.stringContaining("Linting: 2 file(s)"), stderr: "" });
  });
});

/** Settings that together generate every sentence. */
const EVERY_CHAPTER: Readonly<Record<string, string>> = {
  documented: "",
  scoped: `
policy: { mode: scoped, path: "/a/", description: "it's | \`x\` <b> *y*" }
cluster: { prefix: dev }
tags: { team: platform x, empty: "" }
user: { name: "_dkp_", path: "/d\`k/", permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }
attachment: user-and-group
nodeRole: { name: n, managedPolicyArns: ["arn:aws:iam::aws:policy/A"], additionalActions: ["s3:Get*"] }
accessKeys: none
`,
};
