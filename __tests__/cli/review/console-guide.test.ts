import { forPeople, policyOptions } from "../../../src/cli/review/account-placeholder";
import { consoleGuide } from "../../../src/cli/review/console-guide";
import { deploymentPolicies } from "../../../src/iam/deployment-policies";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { unwrapped } from "../../helpers/unwrapped";

/** The guide, with each paragraph and list item on one line. */
const guide = (settings = "") => unwrapped(consoleGuide(deployment(settings)));

/** The lines of a section. */
const section = (title: string, settings?: string) => {
  const [, text = ""] = guide(settings).split(`\n## ${title}\n\n`);
  return text.split("\n\n## ")[0]?.split("\n") ?? [];
};

const sections = (settings?: string) => [...guide(settings).matchAll(/^## (.*)$/gm)].map(([, title]) => title);

describe("console.md", () => {
  it("describes the steps, the checks, how to undo them, and the differences from the authorization page", () => {
    expect(sections()).toEqual(["Policy", "User", "Access key", "Check", "Undo", "Differences from the DKP authorization page"]);
    expect(section("User")).toEqual([
      "1. **Users** > **Create user**. **User name**: `deckhouse`.",
      "2. Do not select **Provide user access to the AWS Management Console**: DKP requires no password. **Next**.",
      "3. **Attach policies directly**: filter by `D8CloudProviderAWS` and select `D8CloudProviderAWS`.",
      "4. **Next**.",
      "5. **Create user**.",
    ]);
  });

  it.each(["documented", "scoped", "minimal"])("contains the policy of mode %s", (mode) => {
    const described = deployment(`policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard }`);
    const [, block = ""] = /```json\n(.*?)\n {3}```/s.exec(consoleGuide(described)) ?? [];
    const stored = policyDocument(policyStatements(policyOptions(described)));
    expect(JSON.parse(block)).toEqual(JSON.parse(forPeople(JSON.stringify(stored))));
  });

  it("contains each of several policies, and attaches all of them", () => {
    const described = deployment(SEVERAL_POLICIES);
    const blocks = [...consoleGuide(described).matchAll(/```json\n(.*?)\n {3}```/gs)].map(([, block = ""]) => JSON.parse(block));
    const stored = deploymentPolicies(policyOptions(described)).map(policyDocument);
    expect(blocks).toEqual(JSON.parse(forPeople(JSON.stringify(stored))));
    expect(blocks).toHaveLength(2);
    expect(section("User", SEVERAL_POLICIES)[2]).toBe(
      "3. **Attach policies directly**: filter by `D8CloudProviderAWS` and select `D8CloudProviderAWS` and `D8CloudProviderAWS-2`.",
    );
    expect(section("Check", SEVERAL_POLICIES)[1]).toMatch(
      /^- Policy: \*\*Policies\*\* > `D8CloudProviderAWS` and `D8CloudProviderAWS-2` > /,
    );
    expect(section("Undo", SEVERAL_POLICIES).at(-1)).toBe(
      "4. **Policies**: for `D8CloudProviderAWS` and `D8CloudProviderAWS-2`, select it, **Actions** > **Delete**, and enter the name.",
    );
  });

  it("asks for the account ID only if the settings do not state it and the policy contains it", () => {
    const replace = "2. Replace `ACCOUNT_ID` everywhere with the 12 digits of the account. The menu at the top right shows them.";
    const scoped = "policy: { mode: scoped }\ncluster: { prefix: dev }\n";
    expect(guide(scoped)).toContain(replace);
    expect(guide(`${scoped}accountId: "123456789012"`)).not.toContain("ACCOUNT_ID");
    expect(guide(`${scoped}accountId: "123456789012"`)).toContain("Sign in to account `123456789012`");
    expect(guide()).not.toContain("ACCOUNT_ID");
  });

  it("adds the user to the group that has the policy", () => {
    const settings = "attachment: group\ngroup: { name: dkp }";
    expect(section("Group", settings)[1]).toBe(
      "2. **Attach permissions policies**: filter by `D8CloudProviderAWS` and select `D8CloudProviderAWS`.",
    );
    expect(section("User", settings)[2]).toBe("3. **Add user to group**: select `dkp`.");
    expect(section("User", settings).at(-1)).toBe("5. **Create user**.");
    expect(section("User", "attachment: user-and-group").at(-1)).toBe(
      "6. Open the user: **Permissions** > **Add permissions** > **Attach policies directly**, select `D8CloudProviderAWS`, **Next**, **Add permissions**.",
    );
  });

  it.each([
    ["user", "`D8CloudProviderAWS`, directly;"],
    ["group", "`D8CloudProviderAWS`, through the group `deckhouse`;"],
    ["user-and-group", "`D8CloudProviderAWS`, directly and through the group `deckhouse`;"],
  ])("checks how the policy is attached with attachment %s", (attachment, attached) => {
    expect(section("Check", `attachment: ${attachment}`)[2]).toContain(`**Permissions** lists ${attached}`);
  });

  it.each([
    ["{}", "with one access key."],
    ["none", "with no access key."],
  ])("states first which keys it and aws-cli.sh create with accessKeys: %s", (accessKeys, keys) => {
    expect(guide(`accessKeys: ${accessKeys}`).split("\n")[2]).toBe(
      `These steps create manually what Terraform creates from the same settings. They create one access key, whatever the settings state about keys. \`aws-cli.sh\` in this folder creates and removes the same objects automatically, ${keys}`,
    );
  });

  it("contains the tags and the permissions boundary", () => {
    const lines = section(
      "User",
      "tags: { team: platform x, empty: '' }\nuser: { permissionsBoundary: 'arn:aws:iam::123456789012:policy/B' }",
    );
    expect(lines.slice(3, 6)).toEqual([
      "4. **Set permissions boundary** > **Use a permissions boundary to control the maximum permissions**: select `arn:aws:iam::123456789012:policy/B`.",
      "5. **Next**.",
      "6. **Add new tag**: `team` = `platform x`, `empty` = (empty).",
    ]);
  });

  it("warns that the console cannot set paths only if the settings have some", () => {
    expect(guide()).not.toContain("IAM paths");
    expect(guide("group: { path: /unused/ }")).not.toContain("IAM paths");
    expect(guide("policy: { path: /dkp/ }")).toContain(
      "**The console cannot set IAM paths, but the settings have some:** policy `/dkp/`.",
    );
  });

  it("creates the node role without an instance profile", () => {
    const lines = section("Node role", "nodeRole: { name: nodes, additionalActions: ['s3:GetObject'] }").join("\n");
    expect(lines).toContain("**Custom trust policy**");
    expect(lines).toContain('"s3:GetObject"');
    expect(lines).toContain("**Role name**: `nodes`.");
  });

  it("describes how to create the key that Terraform does not create", () => {
    expect(section("Access key", "accessKeys: none")[0]).toBe(
      "Terraform creates no key for this deployment (`accessKeys: none`). DKP requires one; create it here.",
    );
    expect(section("Access key")[0]).toMatch(/^1\. /);
  });

  it.each([
    ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
    ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
    ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
    ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
  ])("opens the console of the partition of %s and checks the Region", (region, address, check) => {
    expect(guide(`region: ${region}`)).toContain(address);
    expect(section("Check", `region: ${region}`)[0]).toContain(check);
  });
});
