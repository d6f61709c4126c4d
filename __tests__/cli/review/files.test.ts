import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { statementsOf } from "../../../src/cli/iam/deployer-permissions";
import { awsCliScript } from "../../../src/cli/review/aws-cli";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { consoleGuide } from "../../../src/cli/review/console-guide";
import { reviewPack } from "../../../src/cli/review/pack";
import { stateAccess } from "../../../src/cli/review/state-permissions";
import { terraformJson } from "../../../src/configuration";
import type { BackendArguments } from "../../../src/terraform/state-location";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { unwrapped } from "../../helpers/unwrapped";

const TAGS = { yes: "no", n: "1e3", on: "0o17", "a\u202eb": "x\u200by", date: "2026-01-31", time: "12:30:45", "a: b": "# c" };

describe("the cluster configuration", () => {
  it.each(["1.1", "1.2"] as const)("keeps the strings of the settings, hidden characters escaped, in YAML %s", (version) => {
    const given = deployment("");
    const text = clusterConfiguration({ ...given, cluster: { ...given.cluster, tags: TAGS } });
    expect(parse(text, { version })).toMatchObject({ tags: TAGS });
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });
});

describe("console.md", () => {
  it.each([
    ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
    ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
    ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
    ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
  ])("opens the console of the partition of %s and checks the Region", (region, address, check) => {
    const guide = unwrapped(consoleGuide(deployment(`region: ${region}`)));
    expect(guide).toContain(address);
    expect(guide.split("\n## Region\n\n")[1]?.split("\n")[0]).toContain(check);
  });
});

const S3 = { bucket: "state", key: "dkp/terraform.tfstate", region: "eu-central-1" };
const KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-96ef-1234567890ab";
const ROLE = "arn:aws:iam::123456789012:role/state";

const access = (more: BackendArguments = {}) => stateAccess({ type: "s3", arguments: { ...S3, ...more } }, "eu-central-1");
const statements = (more: BackendArguments = {}) => statementsOf(access(more).grants);
const statement = (sid: string, more: BackendArguments = {}) => statements(more).find((each) => each.sid === sid);

describe("what the pipeline may do with the state in S3", () => {
  it("is: list its name, read and write it, and no other object", () => {
    expect(statements()).toEqual([
      {
        sid: "ListState",
        actions: ["s3:ListBucket"],
        resources: ["arn:aws:s3:::state"],
        conditions: [{ test: "StringEquals", variable: "s3:prefix", values: ["env:/", "dkp/terraform.tfstate"] }],
      },
      {
        sid: "State",
        actions: ["s3:GetObject", "s3:PutObject"],
        resources: ["arn:aws:s3:::state/dkp/terraform.tfstate"],
        conditions: [],
      },
    ]);
  });

  it("includes the lock file, which is deleted when the lock is off", () => {
    expect(statement("StateLock", { use_lockfile: true })).toEqual({
      sid: "StateLock",
      actions: ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
      resources: ["arn:aws:s3:::state/dkp/terraform.tfstate.tflock"],
      conditions: [],
    });
    expect(statement("StateLock", { use_lockfile: false })).toBeUndefined();
  });

  it("looks for workspaces where the backend keeps them", () => {
    expect(statement("ListState", { workspace_key_prefix: "workspaces" })?.conditions[0]?.values).toEqual([
      "workspaces/",
      "dkp/terraform.tfstate",
    ]);
  });

  it("takes the wildcards of a key for characters", () => {
    expect(statement("State", { key: "a*b" })?.resources).toEqual([`arn:aws:s3:::state/a\${*}b`]);
  });

  it("includes, in a DynamoDB table that others lock in too, the two items of this state", () => {
    expect(statement("StateLockTable", { dynamodb_table: "locks" })).toEqual({
      sid: "StateLockTable",
      actions: ["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem"],
      resources: ["arn:aws:dynamodb:eu-central-1:*:table/locks"],
      conditions: [
        {
          test: "ForAllValues:StringEquals",
          variable: "dynamodb:LeadingKeys",
          values: ["state/dkp/terraform.tfstate", "state/dkp/terraform.tfstate-md5"],
        },
      ],
    });
  });

  it("includes the KMS key, through S3 only", () => {
    expect(statement("StateKey", { kms_key_id: KEY })).toEqual({
      sid: "StateKey",
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [KEY],
      conditions: [{ test: "StringEquals", variable: "kms:ViaService", values: ["s3.eu-central-1.amazonaws.com"] }],
    });
  });

  it("has the same suffix of S3 in China", () => {
    const inChina = { kms_key_id: KEY.replace("arn:aws:", "arn:aws-cn:"), region: "cn-north-1" };
    expect(statement("StateKey", inChina)?.conditions).toEqual([
      { test: "StringEquals", variable: "kms:ViaService", values: ["s3.cn-north-1.amazonaws.com"] },
    ]);
  });

  it("says that a KMS key which is no ARN is missing", () => {
    expect(access({ kms_key_id: "alias/state" })).toMatchObject({
      notes: [expect.stringMatching(/^backend\.s3\.kms_key_id is not the ARN of a key/)],
    });
    expect(statement("StateKey", { kms_key_id: "alias/state" })).toBeUndefined();
  });

  it("includes the ACL where the backend sets one", () => {
    expect(statement("State", { acl: "bucket-owner-full-control" })?.actions).toContain("s3:PutObjectAcl");
  });

  it("is in the partition of the backend's region, or of the deployment's", () => {
    expect(statement("State", { region: "cn-north-1" })?.resources).toEqual(["arn:aws-cn:s3:::state/dkp/terraform.tfstate"]);
    const { region, ...elsewhere } = S3;
    const inChina = stateAccess({ type: "s3", arguments: elsewhere }, "cn-north-1");
    expect(inChina.grants[0]?.resources).toEqual(["arn:aws-cn:s3:::state"]);
  });

  it.each([
    ["in assume_role", { assume_role: { role_arn: ROLE } }, ["sts:AssumeRole"]],
    ["in the older argument", { role_arn: ROLE, assume_role_tags: { a: "b" } }, ["sts:AssumeRole", "sts:TagSession"]],
    [
      "with a source identity",
      { assume_role: { role_arn: ROLE, source_identity: "ci" } },
      ["sts:AssumeRole", "sts:SetSourceIdentity"],
    ],
    ["with a web identity, for which nothing is needed", { assume_role_with_web_identity: { role_arn: ROLE } }, []],
  ])("is the role's that the backend takes, %s", (_, more, actions) => {
    const { role } = access(more);
    expect(role?.arn).toBe(ROLE);
    expect(Object.keys(role?.actions ?? {})).toEqual(actions);
  });

  it.each([
    ["another backend", { type: "gcs", arguments: { bucket: "b" } }, /in the backend gcs: IAM does not control access to it/],
    [
      "a bucket that only terraform init receives",
      { type: "s3", arguments: { key: "k" } },
      /backend\.s3\.bucket comes from -backend-config/,
    ],
    [
      "a store that only speaks S3",
      { type: "s3", arguments: { ...S3, endpoints: { s3: "https://minio.example.com" } } },
      /S3-compatible store outside AWS/,
    ],
  ])("is nothing with %s, and a note says so", (_, location, note) => {
    expect(stateAccess(location, "eu-central-1")).toEqual({ grants: [], notes: [expect.stringMatching(note)] });
  });

  it("is the same through a VPC endpoint", () => {
    const endpoints = { s3: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com" };
    expect(statements({ endpoints })).toEqual(statements());
  });
});

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

  it.each(["", MINIMAL, `attachment: user-and-group\nnodeRole: { name: nodes }\ntags: { a: b }\n${MINIMAL}`])(
    "has at most 120 lines, and console.md at most 80, for one policy: %j",
    (settings) => {
      expect(script(settings).split("\n").length).toBeLessThanOrEqual(120);
      expect(consoleGuide(deployment(settings)).split("\n").length).toBeLessThanOrEqual(80);
    },
  );
});
