import { consoleGuide } from "../../../src/cli/review/console-guide";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";
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
  it("has the steps of the authorization page, and how to undo them", () => {
    expect(sections()).toEqual(["Policy", "User", "Access key", "Region", "Undo"]);
    expect(section("User")).toEqual([
      "1. **Users** > **Create user**. **User name**: `deckhouse`.",
      "2. Do not select **Provide user access to the AWS Management Console**: DKP requires no password. **Next**.",
      "3. **Attach policies directly**: filter by `D8CloudProviderAWS` and select `D8CloudProviderAWS`.",
      "4. **Next**.",
      "5. **Create user**.",
    ]);
  });

  it("names the file of each of several policies, and attaches all of them", () => {
    expect(section("Policy", SEVERAL_POLICIES)[0]).toBe(
      "1. **Policies** > **Create policy** > **JSON**. Replace the content of the editor with `policy.json`.",
    );
    expect(section("Policy", SEVERAL_POLICIES).at(-1)).toBe(
      "5. Repeat these steps for the further policies: `D8CloudProviderAWS-2-a1fb704f` with `policy-2.json`.",
    );
    expect(section("User", SEVERAL_POLICIES)[2]).toBe(
      "3. **Attach policies directly**: filter by `D8CloudProviderAWS` and select `D8CloudProviderAWS` and `D8CloudProviderAWS-2-a1fb704f`.",
    );
    expect(section("Undo", SEVERAL_POLICIES)[3]).toBe(
      "4. **Policies**: for `D8CloudProviderAWS` and `D8CloudProviderAWS-2-a1fb704f`, select it, **Actions** > **Delete**, and enter the name.",
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
    const lines = section("Node role", "nodeRole: { name: nodes }").join("\n");
    expect(lines).toContain("**Custom trust policy**. Replace the content of the editor with `node-role-trust.json`.");
    expect(lines).toContain("enter `node-role-policy.json`. **Next**. **Policy name**: `nodes`.");
    expect(lines).toContain("**Role name**: `nodes`.");
  });

  it("describes how to create the key that Terraform does not create", () => {
    expect(section("Access key", "accessKeys: none")[0]).toBe(
      "Terraform creates no key for this deployment (`accessKeys: none`). DKP requires one; create it here.",
    );
    expect(section("Access key")[0]).toMatch(/^1\. /);
    expect(section("Access key", `accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`)[0]).toBe(
      "The settings encrypt the secret with an OpenPGP key. The console shows it in plaintext: encrypt it before you store it.",
    );
  });

  it.each([
    ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
    ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
    ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
    ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
  ])("opens the console of the partition of %s and checks the Region", (region, address, check) => {
    expect(guide(`region: ${region}`)).toContain(address);
    expect(section("Region", `region: ${region}`)[0]).toContain(check);
  });
});
