import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { terraformJson } from "../../../src/app";
import { awsCliScript } from "../../../src/cli/review/aws-cli";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { consoleGuide } from "../../../src/cli/review/console-guide";
import { reviewPack } from "../../../src/cli/review/pack";
import { stateAccess } from "../../../src/cli/review/state-permissions";
import { trustPolicies } from "../../../src/cli/review/trust-policies";
import { statementsOf } from "../../../src/iam/deployer-permissions";
import type { BackendArguments } from "../../../src/terraform/state-location";
import { deployment, SEVERAL_POLICIES } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { unwrapped } from "../../helpers/unwrapped";

const TAGS = { yes: "no", n: "1e3", on: "0o17", "a\u202eb": "x\u200by", date: "2026-01-31", time: "12:30:45", "a: b": "# c" };

describe("the cluster configuration", () => {
  it("contains the fields that follow from the deployment, and comments", () => {
    const settings =
      "cluster: { prefix: dev, layout: WithoutNAT, peeredVPCs: [vpc-0123456789abcdef0], tags: { team: a }, imdsv2: false }";
    expect(clusterConfiguration(deployment(settings))).toBe(
      [
        "# The fields that follow from the deployment deckhouse.",
        "# dkp-access hand-over deckhouse prints the provider block with the key.",
        '# Set in the ClusterConfiguration: cloud.prefix: "dev"',
        "apiVersion: deckhouse.io/v1",
        "kind: AWSClusterConfiguration",
        "provider:",
        "  providerAccessKeyId: ACCESS_KEY_ID",
        "  providerSecretAccessKey: SECRET_ACCESS_KEY",
        "  region: eu-central-1",
        "layout: WithoutNAT",
        "peeredVPCs: [vpc-0123456789abcdef0]",
        "tags: {team: a}",
        "imdsv2: false",
        "",
      ].join("\n"),
    );
  });

  it.each(["1.1", "1.2"] as const)("keeps the strings of the settings, hidden characters escaped, in YAML %s", (version) => {
    const given = deployment("");
    const text = clusterConfiguration({ ...given, cluster: { ...given.cluster, tags: TAGS } });
    expect(parse(text, { version })).toMatchObject({ tags: TAGS });
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });
});

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

/** The line above the variant that keeps the secret out of the state of the workspace; all lines below it are comments. */
const WRITE_ONLY_VARIANT = "VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:";

function consumer(settings = ""): string {
  const described = deployment(settings);
  return reviewPack(described, terraformJson([described])[described.stack] ?? {})["consumer.tf"] ?? "";
}

const head = (settings?: string) =>
  consumer(settings)
    .split("\n")
    .filter((line) => line.startsWith("#"))
    .slice(0, settings === undefined ? 3 : 4);

/** The block of the remote state. */
const reading = (settings: string) => /data "terraform_remote_state" "dkp_access" \{\n.*?\n\}/s.exec(consumer(settings))?.[0];

describe("consumer.tf", () => {
  it("states first in which form the workspace gets the secret", () => {
    expect(head()).toEqual([
      "# WARNING: Reading one output of deckhouse stores all of its outputs in the state of this workspace,",
      "# including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit",
      "# its readers as for the state of the deployment, or set `outputs: { secret: false }` or a `pgpKey` in the deployment.",
    ]);
    expect(head("outputs: { secret: false }")[3]).toBe(
      "# They do not contain the secret; `dkp-access hand-over` reads it from the state of the deployment.",
    );
    expect(head("accessKeys: none")[3]).toBe("# The deployment has no key; create it outside Terraform.");
    expect(head(`accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`)[3]).toBe(
      "# They contain the secret only encrypted, for the OpenPGP key with key_fingerprint.",
    );
  });

  it.each(["outputs: { secret: false }", "accessKeys: none", `accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`])(
    "warns in its first line that its outputs store the decrypted secret, and has a variant that does not: %.20s",
    (settings) => {
      expect(head(settings).slice(0, 3)).toEqual([
        "# WARNING: the outputs below store var.dkp_secret_access_key, decrypted, IN PLAINTEXT in the state of this workspace.",
        "# The variant at the end of this file keeps it out of the state. `dkp-access hand-over` prints it for DKP.",
        "# Reading one output of deckhouse stores all of its outputs in the state of this workspace.",
      ]);
      const [, variant = ""] = consumer(settings).split(`# ${WRITE_ONLY_VARIANT}\n`);
      expect(variant.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
      expect(variant).toContain("#   ephemeral   = true\n");
      expect(variant).toContain("#   secret_string_wo = jsonencode({\n");
      expect(variant).toContain(
        "Plans that do not change dkp_secret_version require any value except null for dkp_secret_access_key,\n",
      );
    },
  );

  it("has no variant if the outputs contain the secret", () => {
    expect(consumer()).not.toContain(WRITE_ONLY_VARIANT);
  });

  it("reads the state of the deployment without the arguments that only writing requires", () => {
    expect(
      reading(
        "backend: { s3: { bucket: b, region: eu-west-1, profile: writer, kms_key_id: k, endpoints: { s3: https://s3.local } } }",
      ),
    ).toBe(`data "terraform_remote_state" "dkp_access" {
  backend = "s3"
  config = {
    bucket = "b"
    endpoints = {
      s3 = "https://s3.local"
    }
    key    = "deckhouse/terraform.tfstate"
    region = "eu-west-1"
  }
}`);
  });

  it.each([
    ["gcs", "{ bucket: b, prefix: dkp }", ['bucket = "b"', 'prefix = "dkp"']],
    [
      "azurerm",
      "{ storage_account_name: s, container_name: c, key: k, resource_group_name: g }",
      ['container_name       = "c"', 'key                  = "k"', 'resource_group_name  = "g"', 'storage_account_name = "s"'],
    ],
    [
      "http",
      "{ address: https://state.local/dkp, lock_address: https://state.local/lock }",
      ['address = "https://state.local/dkp"'],
    ],
    ["pg", "{ schema_name: dkp }", ['schema_name = "dkp"']],
  ])("reads a state in the backend %s", (type, args, lines) => {
    const config = reading(`backend: { ${type}: ${args} }`)
      ?.split("\n")
      .filter((line) => line.startsWith("    "))
      .map((line) => line.trim());
    expect(config).toEqual(lines);
  });

  it("reads a workspace of HCP Terraform with the backend remote", () => {
    const block = reading("cloud: { organization: acme, workspaces: { name: dkp, project: platform } }");
    expect(block).toContain('backend = "remote"');
    expect(block).toContain('organization = "acme"\n    workspaces = {\n      name = "dkp"\n    }');
  });

  it("lists the arguments that the deployment gets from -backend-config", () => {
    expect(consumer("backend: { s3: {}, partial: true }")).toContain(
      "# Add these arguments to config, which the deployment gets from -backend-config: bucket.\n",
    );
    expect(consumer("cloud: { organization: acme, workspaces: { tags: [dkp] } }")).toContain(
      "# Add these arguments to config, which the deployment gets from -backend-config: workspaces.\n",
    );
  });

  it("has variables for what the state does not contain", () => {
    expect(consumer("outputs: { secret: false }")).toContain(`variable "dkp_secret_access_key" {
  description = "The secret access key, from your secret store"
  type        = string
  sensitive   = true
}`);
    expect(consumer("accessKeys: none")).toContain("providerAccessKeyId     = var.dkp_access_key_id");
    expect(consumer()).not.toContain("variable");
  });
});

const statementOf = (file: string, settings = "") => {
  const {
    Statement: [statement],
  } = trustPolicies(deployment(settings))[file] as { Statement: [Record<string, unknown>] };
  return statement;
};

describe("the trust policies of a review pack", () => {
  it("allow the job that applies only in its environment on GitHub", () => {
    expect(statementOf("deployer-trust-github.json", 'accountId: "123456789012"')).toEqual({
      Effect: "Allow",
      Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": ["repo:ORG/REPO:environment:dkp-access-apply"],
        },
      },
    });
  });

  it("allow the jobs that plan on GitHub in pull requests and on main", () => {
    expect(statementOf("planner-trust-github.json").Condition).toEqual({
      StringEquals: {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": [
          "repo:ORG/REPO:pull_request",
          "repo:ORG/REPO:ref:refs/heads/main",
          "repo:ORG/REPO:environment:dkp-access-second-reviewer",
        ],
      },
    });
  });

  it("allow the job that applies only in a protected environment on main on GitLab, and the jobs that plan on every branch", () => {
    expect(statementOf("deployer-trust-gitlab.json").Condition).toEqual({
      StringEquals: {
        "gitlab.example.com:aud": "dkp-access-apply",
        "gitlab.example.com:sub": [
          "project_path:GROUP/PROJECT:ref_type:branch:ref:main:environment_protected:true:deployment_tier:production",
        ],
      },
    });
    expect(statementOf("planner-trust-gitlab.json").Condition).toEqual({
      StringEquals: { "gitlab.example.com:aud": "dkp-access-plan" },
      StringLike: { "gitlab.example.com:sub": ["project_path:GROUP/PROJECT:ref_type:branch:ref:*"] },
    });
  });

  // GitLab signs a token for any audience that a job names, so the subject decides. Tokens as GitLab Docs, "ID token
  // authentication", describe them: the job that plans on main has no environment.
  it.each(["", ":environment_protected:false", ":environment_protected:true:deployment_tier:other"])(
    "give the token of a job on main without the protected environment no role to apply with: %j",
    (environment) => {
      const { StringEquals } = statementOf("deployer-trust-gitlab.json").Condition as {
        readonly StringEquals: Readonly<Record<string, readonly string[]>>;
      };
      expect(StringEquals["gitlab.example.com:sub"]).not.toContain(
        `project_path:GROUP/PROJECT:ref_type:branch:ref:main${environment}`,
      );
    },
  );

  it("name the identity provider in the partition and account of the deployment", () => {
    expect(statementOf("planner-trust-gitlab.json", "region: cn-north-1").Principal).toEqual({
      Federated: "arn:aws-cn:iam::ACCOUNT_ID:oidc-provider/gitlab.example.com",
    });
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
