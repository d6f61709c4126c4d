import { spawnSync } from "node:child_process";
import { policyStatements } from "../../../src/iam/policy";
import { policyDocument } from "../../../src/iam/policy-document";
import { awsCliScript } from "../../../src/review/pack/aws-cli";
import { policyOptions } from "../../../src/review/pack/policy-options";
import { deployment } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";

const script = (settings = "") => awsCliScript(deployment(settings));

/** Lines of a script that begin with words. */
const linesWith = (words: string, settings?: string) =>
  script(settings)
    .split("\n")
    .filter((line) => line.trim().startsWith(words));

/** What the script does with these arguments where there is no AWS CLI. */
function run(settings: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync("/bin/sh", ["-s", "--", ...args], {
    input: script(settings),
    env: { PATH: "/usr/bin:/bin" },
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

/** What the script makes, in its order: the calls at its end. */
const made = (settings?: string) => script(settings).split("\nfi\n\n").at(-1)?.trimEnd().split("\n");

describe("aws-cli.sh", () => {
  it("says first what it does otherwise than the page", () => {
    const text = script();
    expect(text).toContain(
      "# - The page attaches the policy to a user named username, which its commands do not make. Here it is the user that was made.",
    );
    expect(text).toContain("# - The page's ARN has the place holder 123 for the account.");
  });

  it("makes what the page makes, the key last", () => {
    expect(made()).toEqual([
      "make_policy",
      "make_user",
      'attach user "$user_found" "--user-name=$user_name" "$policy_arn" "policy $policy_name on user $user_name"',
      "make_key",
    ]);
  });

  it("puts the policy on the group alone, and the user in it", () => {
    expect(made("attachment: group\ngroup: { name: dkp }")).toEqual([
      "make_policy",
      "make_user",
      "make_group",
      'attach group "$group_found" "--group-name=$group_name" "$policy_arn" "policy $policy_name on group $group_name"',
      "make_membership",
      "make_key",
    ]);
  });

  it.each([
    ["user", '"user $user_name"', ""],
    ["group", '"group $group_name"', '"$group_name"'],
    ["user-and-group", '"user $user_name" "group $group_name"', '"$group_name"'],
  ])("takes for its own before it removes anything only what attachment %s makes", (attachment, holders, groups) => {
    const [policy = "", others = ""] = linesWith("only ", `attachment: ${attachment}`).map((line) => line.trim());
    expect(policy).toBe(`only "$step is attached elsewhere too" "$holders" ${holders}`);
    expect(others).toBe(`only "$step is in other groups" "$found" ${groups}`.trim());
  });

  it("makes no key where the settings say so, and has no word of a key file", () => {
    expect(made("accessKeys: none")).not.toContain("make_key");
    expect(script("accessKeys: none")).not.toMatch(/create-access-key|key_file|--key-file/);
  });

  it("makes the role for nodes with each of its policies", () => {
    expect(
      made(
        "nodeRole: { name: nodes, managedPolicyArns: ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B'] }\naccessKeys: none",
      )?.slice(3),
    ).toEqual([
      "make_role",
      "make_role_policy",
      "attach role \"$role_found\" \"--role-name=$role_name\" 'arn:aws:iam::aws:policy/A' 'policy arn:aws:iam::aws:policy/A on role nodes'",
      "attach role \"$role_found\" \"--role-name=$role_name\" 'arn:aws:iam::aws:policy/B' 'policy arn:aws:iam::aws:policy/B on role nodes'",
    ]);
  });

  it.each(["documented", "scoped", "minimal"])("has the policy of mode %s as AWS stores it", (mode) => {
    const described = deployment(
      `accountId: "123456789012"\npolicy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard }`,
    );
    const [, document = ""] = /policy_document\(\) \{\n {2}compact <<END\n(.*?)\nEND\n/s.exec(awsCliScript(described)) ?? [];
    expect(JSON.parse(document)).toEqual(policyDocument(policyStatements(policyOptions(described))));
  });

  it("fills in the account of the credentials where the settings state none", () => {
    const scoped = "policy: { mode: scoped }\ncluster: { prefix: dev }\n";
    expect(script(scoped)).toContain('"Resource": "arn:aws:ec2:eu-central-1:$account:key-pair/dev"');
    expect(script(scoped)).not.toContain('if [ "$account" !=');
    const stated = script(`${scoped}accountId: "123456789012"`);
    expect(stated).toContain('"Resource": "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev"');
    expect(stated).toContain(`if [ "$account" != '123456789012' ]; then`);
  });

  it.each([
    ["eu-central-1", "arn:aws:iam::", "us-east-1"],
    ["cn-north-1", "arn:aws-cn:iam::", "cn-north-1"],
    ["us-gov-west-1", "arn:aws-us-gov:iam::", "us-gov-west-1"],
  ])("asks the IAM of the partition of %s", (region, arn, asked) => {
    expect(linesWith("policy_arn=", `region: ${region}`)).toEqual([`policy_arn='${arn}'$account':policy/D8CloudProviderAWS'`]);
    expect(linesWith("export", `region: ${region}`)).toEqual([
      `export AWS_REGION='${asked}' AWS_DEFAULT_REGION='${asked}' AWS_PAGER=''`,
    ]);
  });

  it("quotes whatever the settings allow", () => {
    const settings = `
user: { name: "-a=b,c", path: "/it's/$x/" }
policy: { description: "it's $HOME and \`id\`, ü" }
tags: { "team=a": "platform x" }
`;
    expect(linesWith("user_", settings).slice(0, 2)).toEqual(["user_name='-a=b,c'", "user_path='/it'\\''s/$x/'"]);
    expect(linesWith("policy_description=", settings)).toEqual([
      `policy_description='{"Description":"it'\\''s $HOME and \`id\`, \\u00fc"}'`,
    ]);
    expect(linesWith("tags=", settings)).toEqual([`tags='[{"Key":"team=a","Value":"platform x"}]'`]);
  });

  it("says how its one key differs from the settings' slots and pgpKey", () => {
    const remarks = (keys: string) =>
      script(`accessKeys: ${keys}`)
        .split("\n")
        .filter((line) => /^# The settings (?:have|encrypt)/.test(line));
    expect(remarks("{}")).toEqual([]);
    expect(remarks("{ primary: { status: Inactive }, secondary: { status: Active }, current: secondary }")).toEqual([
      "# The settings have primary: Inactive, secondary: Active. This makes one key, the one handed out (secondary); rotate by hand.",
    ]);
    expect(remarks(`{ primary: { pgpKey: ${RSA_KEY} } }`)).toEqual([
      "# The settings encrypt the secret with a pgpKey. This writes it in clear: encrypt the file with gpg --encrypt, then delete it.",
    ]);
  });

  it("names the profile and the role that Terraform runs with, on one line whatever they are", () => {
    expect(
      linesWith("# Terraform ", 'provider: { profile: "a\\nrm -rf x", assumeRoleArn: "arn:aws:iam::123456789012:role/r" }'),
    ).toEqual([
      '# Terraform runs with the profile "a\\nrm -rf x": set AWS_PROFILE to it.',
      "# Terraform assumes the role arn:aws:iam::123456789012:role/r: run this as that role.",
    ]);
  });

  it("explains itself, with what it makes for this deployment", () => {
    const { status, stdout } = run("attachment: group\naccessKeys: none", "--help");
    expect(status).toBe(0);
    expect(stdout.split("\n").slice(0, 8)).toEqual([
      "Usage: sh aws-cli.sh [--dry-run] [--undo]",
      "",
      "Makes with the AWS CLI:",
      "  - policy D8CloudProviderAWS",
      "  - user deckhouse",
      "  - group deckhouse with user deckhouse in it and policy D8CloudProviderAWS on it",
      "  - no access key: accessKeys is none, so make one yourself, straight into where you keep secrets",
      "",
    ]);
  });

  it("refuses arguments that it does not know", () => {
    expect(run("", "--force")).toEqual({ status: 2, stdout: "", stderr: "--force: unknown argument; try --help\n" });
  });
});
