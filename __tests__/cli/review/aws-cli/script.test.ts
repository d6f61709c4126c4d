import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { policyOptions } from "../../../../src/cli/review/account-placeholder";
import { awsCliScript } from "../../../../src/cli/review/aws-cli/script";
import { deploymentPolicies } from "../../../../src/iam/deployment-policies";
import { policyDocument } from "../../../../src/iam/policy-document";
import { policyStatements } from "../../../../src/iam/policy-statements";
import { deployment, SEVERAL_POLICIES } from "../../../helpers/deployment";
import { RSA_KEY } from "../../../helpers/pgp-keys";

const script = (settings = "") => awsCliScript(deployment(settings));

/** Lines of a script that begin with a prefix. */
const linesWith = (prefix: string, settings?: string) =>
  script(settings)
    .split("\n")
    .filter((line) => line.trim().startsWith(prefix));

/** An AWS CLI for an empty account: nothing exists, and every call that changes something is logged. */
const EMPTY_ACCOUNT = `#!/bin/sh
case "$1 $2" in
  "sts get-caller-identity") echo 123456789012 ;;
  "iam get-"* | "iam list-"*) echo NoSuchEntity >&2; exit 254 ;;
  *) shift; echo "$*" | tr '\\n' ' ' >>"$CALLS"; echo >>"$CALLS" ;;
esac
`;

/** What the script does with these arguments in an empty account. */
function run(settings: string, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), "aws-cli-"));
  try {
    writeFileSync(join(folder, "aws"), EMPTY_ACCOUNT);
    chmodSync(join(folder, "aws"), 0o755);
    const { status, stdout, stderr } = spawnSync("/bin/sh", ["-s", "--", ...args], {
      cwd: folder,
      input: script(settings),
      env: { PATH: `${folder}:/usr/bin:/bin`, CALLS: join(folder, "calls") },
      encoding: "utf8",
    });
    const calls = existsSync(join(folder, "calls")) ? readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n") : [];
    return { status, stdout, stderr, calls };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The calls by which the script creates everything, in their order: operation, and the object that it is about. */
function created(settings = ""): readonly string[] {
  const { status, calls } = run(settings);
  expect(status).toBe(0);
  return calls.map((call) => {
    const [operation = "", ...options] = call.split(" ");
    const named = options.filter((option) => /^--(?:user|group|role|policy)-(?:name|arn)=/.test(option));
    return [operation, ...named.map((option) => option.split("=")[1])].join(" ");
  });
}

const POLICY_ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";

describe("aws-cli.sh", () => {
  it("first lists its differences from the commands of the documentation", () => {
    const text = script();
    expect(text).toContain(
      '# - The documentation attaches the policy to a user named "username", which its commands do not create. This script attaches it\n#   to the user that it creates.',
    );
    expect(text).toContain("# - The documentation has the placeholder 123 for the account.");
  });

  it("creates the documented objects, the key last", () => {
    expect(created()).toEqual([
      "create-policy D8CloudProviderAWS",
      "create-user deckhouse",
      `attach-user-policy deckhouse ${POLICY_ARN}`,
      "create-access-key deckhouse",
    ]);
  });

  it("attaches the policy only to the group, with the user as a member", () => {
    expect(created("attachment: group\ngroup: { name: dkp }")).toEqual([
      "create-policy D8CloudProviderAWS",
      "create-user deckhouse",
      "create-group dkp",
      `attach-group-policy dkp ${POLICY_ARN}`,
      "add-user-to-group deckhouse dkp",
      "create-access-key deckhouse",
    ]);
  });

  it("attaches the policy to group and user", () => {
    expect(created("attachment: user-and-group\ngroup: { name: dkp }").filter((call) => call.startsWith("attach-"))).toEqual([
      `attach-group-policy dkp ${POLICY_ARN}`,
      `attach-user-policy deckhouse ${POLICY_ARN}`,
    ]);
  });

  it("creates the further policies before the first one", () => {
    expect(created(`attachment: user-and-group\ngroup: { name: dkp }\naccessKeys: none\n${SEVERAL_POLICIES}`)).toEqual([
      "create-policy D8CloudProviderAWS-2",
      "create-policy D8CloudProviderAWS",
      "create-user deckhouse",
      "create-group dkp",
      `attach-group-policy dkp ${POLICY_ARN}-2`,
      `attach-user-policy deckhouse ${POLICY_ARN}-2`,
      `attach-group-policy dkp ${POLICY_ARN}`,
      `attach-user-policy deckhouse ${POLICY_ARN}`,
      "add-user-to-group deckhouse dkp",
    ]);
  });

  it("has each of several policies as AWS stores it", () => {
    const described = deployment(SEVERAL_POLICIES);
    const documents = [...awsCliScript(described).matchAll(/policy_document_\d\(\) \{\n {2}compact <<END\n(.*?)\nEND\n/gs)];
    expect(documents.map(([, document = ""]) => JSON.parse(document))).toEqual(
      deploymentPolicies(policyOptions(described, "$account")).map(policyDocument),
    );
    expect(documents).toHaveLength(2);
  });

  it("creates no key with accessKeys: none", () => {
    expect(created("accessKeys: none")).toEqual([
      "create-policy D8CloudProviderAWS",
      "create-user deckhouse",
      `attach-user-policy deckhouse ${POLICY_ARN}`,
    ]);
  });

  it("creates the node role with each of its policies", () => {
    expect(
      created(
        "nodeRole: { name: nodes, managedPolicyArns: ['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B'] }\naccessKeys: none",
      ).slice(3),
    ).toEqual([
      "create-role nodes",
      "put-role-policy nodes nodes",
      "attach-role-policy nodes arn:aws:iam::aws:policy/A",
      "attach-role-policy nodes arn:aws:iam::aws:policy/B",
    ]);
  });

  it("creates user and role with their boundaries, and all taggable objects with the tags", () => {
    const boundary = "arn:aws:iam::123456789012:policy/B";
    const { calls } = run(
      `tags: { team: platform x }\nuser: { permissionsBoundary: "${boundary}" }\nnodeRole: { name: nodes, permissionsBoundary: "${boundary}" }`,
    );
    const withOption = (option: string) => calls.filter((call) => call.includes(` ${option}`)).map((call) => call.split(" ")[0]);
    expect(withOption(`--permissions-boundary=${boundary}`)).toEqual(["create-user", "create-role"]);
    expect(withOption('--tags=[{"Key":"team","Value":"platform x"}]')).toEqual(["create-policy", "create-user", "create-role"]);
  });

  it.each(["documented", "scoped", "minimal"])("has the policy of mode %s as AWS stores it", (mode) => {
    const described = deployment(
      `accountId: "123456789012"\npolicy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard }`,
    );
    const [, document = ""] = /policy_document_1\(\) \{\n {2}compact <<END\n(.*?)\nEND\n/s.exec(awsCliScript(described)) ?? [];
    expect(JSON.parse(document)).toEqual(policyDocument(policyStatements(policyOptions(described))));
  });

  it("fills in the account of the credentials if the settings state none", () => {
    const scoped = "policy: { mode: scoped }\ncluster: { prefix: dev }\n";
    expect(script(scoped)).toContain('"Resource": "arn:aws:ec2:eu-central-1:$account:key-pair/dev"');
    expect(linesWith("expected_account=", scoped)).toEqual(["expected_account=''"]);
    const stated = script(`${scoped}accountId: "123456789012"`);
    expect(stated).toContain('"Resource": "arn:aws:ec2:eu-central-1:123456789012:key-pair/dev"');
    expect(stated).toContain("\nexpected_account='123456789012'\n");
  });

  it.each([
    ["eu-central-1", "arn:aws:iam::", "us-east-1"],
    ["cn-north-1", "arn:aws-cn:iam::", "cn-north-1"],
    ["us-gov-west-1", "arn:aws-us-gov:iam::", "us-gov-west-1"],
  ])("uses the IAM endpoint of the partition of %s", (region, arn, asked) => {
    expect(linesWith("policy_arn_", `region: ${region}`)).toEqual([
      `policy_arn_before='${arn}'`,
      "policy_arn_after=':policy/D8CloudProviderAWS'",
    ]);
    expect(linesWith("export", `region: ${region}`)).toEqual([
      `export AWS_REGION='${asked}' AWS_DEFAULT_REGION='${asked}' AWS_PAGER=''`,
    ]);
  });

  it("quotes every value that the settings allow", () => {
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

  it("states how its one key differs from the slots and the pgpKey of the settings", () => {
    const remarks = (keys: string) =>
      script(`accessKeys: ${keys}`)
        .split("\n")
        .filter((line) => /^# The settings (?:have|encrypt)/.test(line));
    expect(remarks("{}")).toEqual([]);
    expect(remarks("{ primary: { status: Inactive }, secondary: { status: Active }, current: secondary }")).toEqual([
      "# The settings have primary: Inactive, secondary: Active. This script creates one key, the current one (secondary); rotate it manually.",
    ]);
    expect(remarks(`{ primary: { pgpKey: ${RSA_KEY} } }`)).toEqual([
      "# The settings encrypt the secret with a pgpKey. This script writes it in plaintext: encrypt the file with gpg --encrypt, then delete it.",
    ]);
  });

  it("names the profile and the role of Terraform, each on one line", () => {
    expect(
      linesWith("# Terraform ", 'provider: { profile: "a\\nrm -rf x", assumeRoleArn: "arn:aws:iam::123456789012:role/r" }'),
    ).toEqual([
      '# Terraform uses the profile "a\\nrm -rf x": set AWS_PROFILE to it.',
      "# Terraform assumes the role arn:aws:iam::123456789012:role/r: run this script with that role.",
    ]);
  });

  it("prints help with the objects of this deployment", () => {
    const { status, stdout } = run("attachment: group\naccessKeys: none", "--help");
    expect(status).toBe(0);
    expect(stdout.split("\n").slice(0, 9)).toEqual([
      "Usage: sh aws-cli.sh [--key-file FILE] [--dry-run] [--undo]",
      "",
      "Creates with the AWS CLI:",
      "  - policy D8CloudProviderAWS",
      "  - policy D8CloudProviderAWS attached to group deckhouse",
      "  - user deckhouse",
      "  - group deckhouse with user deckhouse as a member",
      "  - no access key, because accessKeys is none: create one yourself, directly in your secret store",
      "",
    ]);
  });

  it("rejects unknown arguments", () => {
    expect(run("", "--force")).toEqual({ status: 2, stdout: "", stderr: "--force: unknown argument; try --help\n", calls: [] });
  });
});
