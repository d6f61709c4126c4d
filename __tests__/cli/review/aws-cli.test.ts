import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformJson } from "../../../src/app";
import { awsCliScript } from "../../../src/cli/review/aws-cli";
import { consoleGuide } from "../../../src/cli/review/console-guide";
import { reviewPack } from "../../../src/cli/review/pack";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";

const script = (settings = "") => awsCliScript(deployment(settings));

/** An AWS CLI that records the arguments of each call of IAM, each on a line, and an empty line after them. */
const RECORDER = `#!/bin/sh
case $1 in
  sts) echo 123456789012 ;;
  *)
    for argument; do printf '%s\\n' "$(printf '%s' "$argument" | tr '\\n' ' ')"; done >>"$CALLS"
    echo >>"$CALLS" ;;
esac
`;

/** Runs the script of a review pack with an AWS CLI that records its calls. */
function run(settings: string, existing: Readonly<Record<string, string>> = {}) {
  const described = deployment(settings);
  const folder = mkdtempSync(join(tmpdir(), "aws-cli-"));
  const pack = join(folder, "it's a $pack");
  mkdirSync(pack);
  const files = { ...reviewPack(described, terraformJson([described])[described.stack] ?? {}) };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(pack, name), text);
  }
  for (const [name, text] of Object.entries({ aws: RECORDER, ...existing })) {
    writeFileSync(join(folder, name), text);
  }
  chmodSync(join(folder, "aws"), 0o755);
  const calls = join(folder, "calls");
  const { status, stdout, stderr } = spawnSync("/bin/sh", [join(pack, "aws-cli.sh")], {
    cwd: folder,
    env: { PATH: `${folder}:/usr/bin:/bin`, CALLS: calls },
    encoding: "utf8",
  });
  const recorded = existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n\n") : [];
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr, calls: recorded.map((call) => call.split("\n").slice(1)) };
}

/** The calls by which the script creates everything, in their order: operation, and the objects that it is about. */
function created(settings: string): readonly string[] {
  const { status, calls } = run(settings);
  expect(status).toBe(0);
  return calls.map(([operation, ...options]) =>
    [operation, ...options.flatMap((option) => /^--(?:user|group|role|policy)-(?:name|arn)=(.*)/.exec(option)?.[1] ?? [])].join(
      " ",
    ),
  );
}

/** The value of an option in the call of an operation. */
function option(settings: string, operation: string, name: string): string | undefined {
  const [, ...options] = run(settings).calls.find(([called]) => called === operation) ?? [];
  return options.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
}

const POLICY_ARN = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS";
const MINIMAL = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n";

describe("aws-cli.sh", () => {
  it("has the commands of the authorization page, the key last", () => {
    expect(created("")).toEqual([
      "create-policy D8CloudProviderAWS",
      "create-user deckhouse",
      `attach-user-policy deckhouse ${POLICY_ARN}`,
      "create-access-key deckhouse",
    ]);
  });

  it("attaches each of several policies to the group and to the user", () => {
    const settings = `attachment: user-and-group\ngroup: { name: dkp }\naccessKeys: none\n${SEVERAL_POLICIES}`;
    expect(created(settings)).toEqual([
      "create-policy D8CloudProviderAWS",
      "create-policy D8CloudProviderAWS-2-a1fb704f",
      "create-user deckhouse",
      "create-group dkp",
      `attach-group-policy dkp ${POLICY_ARN}`,
      `attach-group-policy dkp ${POLICY_ARN}-2-a1fb704f`,
      "add-user-to-group dkp deckhouse",
      `attach-user-policy deckhouse ${POLICY_ARN}`,
      `attach-user-policy deckhouse ${POLICY_ARN}-2-a1fb704f`,
    ]);
  });

  it("creates the node role with each of its policies", () => {
    const policies = "['arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/B']";
    expect(
      created(`attachment: group\naccessKeys: none\nnodeRole: { name: nodes, managedPolicyArns: ${policies} }`).slice(5),
    ).toEqual([
      "create-role nodes",
      "put-role-policy nodes nodes",
      "attach-role-policy nodes arn:aws:iam::aws:policy/A",
      "attach-role-policy nodes arn:aws:iam::aws:policy/B",
    ]);
  });

  it("passes every value that the settings allow unchanged", () => {
    const boundary = "arn:aws:iam::123456789012:policy/a/B";
    const settings = `
user: { name: "-a=b,c", path: "/it's/$x\`*\\"/", permissionsBoundary: "${boundary}" }
policy: { description: "file://it's $HOME and \`id\`, ü \\" \\\\" }
tags: { "team=a": "platform x ü", empty: "" }
`;
    expect(option(settings, "create-user", "user-name")).toBe("-a=b,c");
    expect(option(settings, "create-user", "path")).toBe("/it's/$x`*\"/");
    expect(option(settings, "create-user", "permissions-boundary")).toBe(boundary);
    expect(JSON.parse(option(settings, "create-user", "tags") ?? "")).toEqual([
      { Key: "team=a", Value: "platform x ü" },
      { Key: "empty", Value: "" },
    ]);
    expect(JSON.parse(option(settings, "create-policy", "cli-input-json") ?? "")).toEqual({
      Description: "file://it's $HOME and `id`, ü \" \\",
    });
  });

  it("fills in an unknown account in ARNs, and changes no other string of the document", () => {
    const tagged = MINIMAL.replace("Standard", 'Standard, tags: { "Cost Center": "42", ":ACCOUNT_ID:": x }');
    const document = (settings: string) => JSON.parse(option(settings, "create-policy", "policy-document") ?? "");
    const described = deployment(`accountId: "123456789012"\n${tagged}`);
    const known = reviewPack(described, terraformJson([described])[described.stack] ?? {})["policy.json"] ?? "";
    expect(document(tagged)).toEqual(JSON.parse(known));
    expect(known).toContain('"Cost Center"');
    expect(known).toContain('":ACCOUNT_ID:"');
    expect(option(`accountId: "123456789012"\n${tagged}`, "create-policy", "policy-document")).toBe("file://policy.json");
  });

  it("stops before it changes anything if the key file exists or the account is another one", () => {
    expect(run("", { "deckhouse-access-key.json": "" })).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/\/deckhouse-access-key\.json exists: move it, or run this script in another folder\n$/),
      calls: [],
    });
    expect(run('accountId: "210987654321"')).toEqual({
      status: 1,
      stdout: "",
      stderr: "the credentials belong to account 123456789012, and the settings are for account 210987654321\n",
      calls: [],
    });
  });

  it.each([
    ["accessKeys: none", "# The settings have accessKeys: none. Create a key where you store its secret:"],
    [
      `accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`,
      "# The settings encrypt the secret with an OpenPGP key, and AWS returns it in plaintext. This script creates no key.",
    ],
  ])("creates no key with %s, and has the command as a comment", (settings, remark) => {
    expect(created(settings)).not.toContain("create-access-key deckhouse");
    expect(script(settings)).toContain(remark);
    expect(script(settings)).toMatch(/^# {3}aws iam create-access-key --user-name=deckhouse/m);
    expect(script(settings)).not.toContain("key_file");
  });

  it("has remarks about what differs from Terraform, each on one line", () => {
    const remarks = (settings: string) => script(settings).split("\n\n")[0]?.split("\n").slice(13);
    expect(remarks("")).toEqual([]);
    expect(remarks("accessKeys: { primary: { status: Inactive }, secondary: { status: Active }, current: secondary }")).toEqual([
      "# The settings have the keys primary: Inactive, secondary: Active. This script creates one, for secondary.",
    ]);
    expect(remarks('provider: { profile: "a\\nrm -rf x", assumeRoleArn: "arn:aws:iam::123456789012:role/r" }')).toEqual([
      '# Terraform uses the profile "a\\nrm -rf x": set AWS_PROFILE to it.',
      "# Terraform assumes the role arn:aws:iam::123456789012:role/r: run this script with that role.",
    ]);
  });

  it.each([
    ["eu-central-1", "arn:aws:", "us-east-1"],
    ["cn-north-1", "arn:aws-cn:", "cn-north-1"],
    ["us-gov-west-1", "arn:aws-us-gov:", "us-gov-west-1"],
  ])("uses the IAM endpoint of the partition of %s", (region, arn, endpoint) => {
    const text = script(`region: ${region}`);
    expect(text).toContain(`--policy-arn=${arn}iam::"$account":policy/D8CloudProviderAWS\n`);
    expect(text).toContain(`\nexport AWS_REGION=${endpoint} AWS_DEFAULT_REGION=${endpoint}\n`);
  });

  it.each(["", MINIMAL, `attachment: user-and-group\nnodeRole: { name: nodes }\ntags: { a: b }\n${MINIMAL}`])(
    "has at most 120 lines, and console.md at most 80, for one policy: %j",
    (settings) => {
      expect(script(settings).split("\n").length).toBeLessThanOrEqual(120);
      expect(consoleGuide(deployment(settings)).split("\n").length).toBeLessThanOrEqual(80);
    },
  );
});
