import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, parseAllDocuments } from "yaml";
import { terraformJson } from "../../../src/app";
import { type Pack, reviewPack } from "../../../src/cli/review/pack";
import { comparePacks, writePacks } from "../../../src/cli/review/pack-folder";
import { VERIFIED_COMPONENTS } from "../../../src/iam/dkp-versions";
import { additionalRowsOf, grantedRows } from "../../../src/iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../src/settings/deployment";
import { deployment } from "../../helpers/deployment";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { unwrapped } from "../../helpers/unwrapped";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }\n";

/** A file of the review pack of a deployment with YAML settings; Markdown with each paragraph and list item on one line. */
function file(name: string, settings = ""): string {
  const described = deployment(settings);
  const text = reviewPack(described, terraformJson([described])[described.stack] ?? {})[name] ?? "";
  return name.endsWith(".md") ? unwrapped(text) : text;
}

const NETWORKS = "user: { allowedNetworks: { cidrs: [203.0.113.0/24], vpcEndpoints: [vpce-0123456789abcdef0] } }\n";

describe("REVIEW.md", () => {
  it("states from which networks the key can be used, and shows the Deny", () => {
    const page = file("REVIEW.md", `${SCOPED}${NETWORKS}`);
    expect(page).toContain("| requests | only from addresses `203.0.113.0/24`, VPC endpoints `vpce-0123456789abcdef0` |");
    expect(page).toContain("Only from the networks in the table above: requests from all other networks are denied.");
    expect(page).toContain("| `DenyOtherNetworks` (Deny) | all | all resources | `aws:ViaAWSService BoolIfExists false`,");
    expect(page).not.toContain("no Deny statements");
    const unrestricted = file("REVIEW.md", SCOPED);
    expect(unrestricted).toContain("| requests | from every network |");
    expect(unrestricted).toContain("has no Deny statements");
    expect(unrestricted).not.toContain("networks in the table above");
  });

  it("starts with what the key can do", () => {
    const summary = (settings: string) => file("REVIEW.md", settings).split("\n")[2];
    expect(summary("")).toMatch(
      / \*\*Whoever has this key has the equivalent of administrator access to the AWS account:\*\* the policy allows \d+ documented \+ \d+ additional actions on all resources of the account, /,
    );
    expect(summary(SCOPED)).toMatch(
      / \*\*Whoever has this key can change or delete every network, instance, disk and load balancer of the account in eu-central-1\. Through the role `dev-node`, they can get administrator access to the account,\*\* unless the service control policy is attached\. The policy allows \d+ documented \+ \d+ additional actions\.$/,
    );
  });

  it.each([
    ["documented", ""],
    ["scoped", SCOPED],
    ["minimal", SCOPED.replace("scoped", "minimal")],
  ])("has at most 200 lines, and two screens before its appendices, in mode %s", (_, settings) => {
    const described = deployment(settings);
    const page = reviewPack(described, terraformJson([described])[described.stack] ?? {})["REVIEW.md"] ?? "";
    expect(page.split("\n").length).toBeLessThanOrEqual(200);
    // Measured in Chromium at the width of GitHub: these lines have 1,670 to 1,760 pixels, two screens have 1,880.
    expect(page.split("## Appendix A")[0]?.split("\n").length).toBeLessThanOrEqual(65);
  });

  it.each([
    ["documented", ""],
    ["scoped", SCOPED],
    ["minimal", SCOPED.replace("scoped", "minimal")],
  ])("lists every granted action once, with its reason, in mode %s", (_, settings) => {
    const page = file("actions.md", settings).split("\n");
    for (const { action, access, why } of grantedRows(policyOptionsOf(deployment(settings)))) {
      const rows = page.filter((line) => line.startsWith(`| \`${action}\` `));
      expect({ action, rows: rows.length }).toEqual({ action, rows: 1 });
      expect(rows[0]).toContain(
        `| ${access} | ${settings === "" ? why.replaceAll("<", "\\<") : why.replaceAll("<prefix>", "dev")} |`,
      );
    }
    expect(page.filter((line) => /^\| `[a-z0-9]+:/.test(line))).toHaveLength(
      grantedRows(policyOptionsOf(deployment(settings))).length,
    );
  });

  it("shows the resources and conditions of a statement", () => {
    expect(file("REVIEW.md", `${SCOPED}accountId: "123456789012"`)).toContain(
      "| `PassNodeRole` | 1 | `iam role/dev-node` | `iam:PassedToService StringEquals ec2.amazonaws.com` |",
    );
    expect(file("REVIEW.md", SCOPED)).toContain("| `KeyPair` | 3 | `ec2 key-pair/dev` | |");
  });

  it("lists the actions that applying requires, with their reasons", () => {
    expect(file("deployer.md")).toContain(
      "| `iam:DetachUserPolicy` | `arn:aws:iam::*:user/deckhouse` | `iam:PolicyARN ArnEquals arn:aws:iam::*:policy/D8CloudProviderAWS, arn:aws:iam::*:policy/D8CloudProviderAWS-?-????????` | detaches the policy from the user |",
    );
    const assumed = "provider: { assumeRoleArn: 'arn:aws:iam::123456789012:role/terraform' }";
    expect(file("deployer.md", assumed)).toContain(
      "`deployer-role-policy.json`, for the role `arn:aws:iam::123456789012:role/terraform`:",
    );
    expect(file("REVIEW.md", assumed)).toContain(
      "- [`deployer-role-policy.json`](deployer-role-policy.json), for the role `arn:aws:iam::123456789012:role/terraform`: ",
    );
    expect(file("deployer-role-policy.json", assumed)).toContain("iam:CreateUser");
    expect(file("deployer-policy.json", assumed)).not.toContain("iam:CreateUser");
  });

  it("lists who can read the secret", () => {
    const plaintext = (secrets: string) =>
      `- Whoever can read the state, its old versions, or a saved plan, even if the bucket is encrypted: they contain ${secrets} in plaintext.`;
    const inOutputs =
      "- Whoever can read the state of a workspace that reads one output: it contains all outputs, also the secret in plaintext.";
    expect(file("REVIEW.md")).toContain(plaintext("the secret"));
    expect(file("REVIEW.md")).toContain(inOutputs);
    expect(file("REVIEW.md", "outputs: { secret: false }")).toContain(plaintext("the secret"));
    expect(file("REVIEW.md", "outputs: { secret: false }")).not.toContain(inOutputs);
    expect(file("REVIEW.md", "accessKeys: { secondary: { status: Active } }")).toContain(plaintext("the secrets of both keys"));
    const encrypted = `accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`;
    expect(file("REVIEW.md", encrypted)).toContain(
      "- Whoever has the private OpenPGP key of `rsa <rsa@example.com> (fingerprint 5B7FDF706A350D7B575A9221488950DA36C59AB0, never expires)`. The state and plans contain the secret only encrypted for it.",
    );
    expect(file("REVIEW.md", encrypted)).not.toContain("even if the bucket is encrypted");
    expect(file("REVIEW.md", "accessKeys: none")).toContain("- Nobody through Terraform: the state contains no key.");
  });

  it("lists the findings of checkov for the deployment", () => {
    const findings = (settings: string) => file("REVIEW.md", settings).match(/CKV_\w+/g);
    expect(findings("")).toEqual(["CKV_AWS_109", "CKV_AWS_110", "CKV_AWS_111", "CKV_AWS_356", "CKV_AWS_273", "CKV_AWS_40"]);
    expect(findings(SCOPED)).toEqual(["CKV_AWS_273", "CKV_AWS_40"]);
    expect(findings(`${SCOPED}attachment: group`)).toEqual(["CKV_AWS_273"]);
    expect(file("REVIEW.md", "import: { user: true }")).toContain(
      "checkov cannot read the Terraform JSON of a deployment with imports, because it does not support `import` blocks.",
    );
  });

  it("does not list readers of the secret of a key that was created manually", () => {
    const page = file("REVIEW.md", "import: { user: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }");
    expect(page).toContain("- Whoever created the key manually: Terraform does not know its secret.");
    expect(page).toContain("key_primary -- only its ID --> state");
    expect(page).not.toContain("even if the bucket is encrypted");
  });

  it("states what the key can do through another role", () => {
    const settings = "policy: { mode: scoped }\ncluster: { prefix: dev }\nnodeRole: { name: nodes }";
    expect(file("REVIEW.md", settings)).toContain(
      "The key can also use all permissions of the role `/nodes`. The service control policy does not limit them.",
    );
  });

  it("marks a key that is not exposed", () => {
    expect(file("REVIEW.md", "accessKeys: { secondary: { status: Inactive } }")).toContain(
      "| access keys | primary: Active, the key of DKP, which the outputs expose; secondary: Inactive, not exposed: set it to `absent` unless you are rotating the key; it never expires: `npx dkp-access keys deckhouse` shows its age |",
    );
  });

  it("states how the state is encrypted and locked", () => {
    const state = (backend: string) => file("REVIEW.md", `backend: ${backend}`).match(/^\| state \| .*$/m)?.[0];
    expect(state("{ s3: { bucket: b, region: eu-central-1 } }")).toBe(
      "| state | s3, bucket `b`, key `deckhouse/terraform.tfstate`, region `eu-central-1`, encrypted by S3 for every reader of the bucket |",
    );
    expect(state("{ s3: { bucket: b, region: r, kms_key_id: alias/a, use_lockfile: false } }")).toMatch(
      /, encrypted with the KMS key `alias\/a`, \*\*no lock\*\* \|$/,
    );
    expect(state("{ s3: { bucket: b, region: r, encrypt: false } }")).toMatch(/, \*\*encryption not requested\*\* \|$/);
    expect(state("{ gcs: { bucket: b, kms_encryption_key: k } }")).toMatch(/, encrypted with the KMS key `k` \|$/);
  });

  it("names the patterns of a policy that would be too large without them", () => {
    const large =
      "policy: { mode: scoped }\nfeatures: [encrypted-volumes, spot-instances]\ncluster: { prefix: a-long-prefix-of-a-cluster, layout: WithNAT, tags: { team: a } }";
    expect(file("policy.json", large)).toContain('"kms:ReEncrypt*"');
    expect(file("REVIEW.md", large)).toMatch(/To fit into the size of a policy, the policy has .*`kms:ReEncrypt\*`/);
    expect(file("REVIEW.md", SCOPED)).not.toContain("To fit into the size");
  });

  it("counts the actions without a known use", () => {
    expect(file("REVIEW.md")).toMatch(
      /\n\d+ of these actions have no known use\. The policy contains them because the DKP authorization page lists them\. The mode `minimal` omits them\./,
    );
    expect(file("REVIEW.md", SCOPED)).toMatch(/\n\d+ of these actions have no known use in this cluster\. /);
    expect(file("REVIEW.md", SCOPED.replace("scoped", "minimal"))).not.toContain("no known use");
  });

  it("lists the permissions of the node role", () => {
    expect(file("REVIEW.md", "nodeRole: { name: dkp-nodes, additionalActions: ['ecr:Get*'] }")).toContain(
      "The role `dkp-nodes` allows `ec2:DescribeTags`, `ec2:DescribeInstances`, `ecr:Get*` on all resources. It has no permissions boundary.",
    );
  });

  it("states what the service control policy does not deny to an attacker", () => {
    expect(file("REVIEW.md", "cluster: { prefix: dev, additionalRolePolicies: ['s3:GetObject'] }")).toContain(
      "- It allows the role what `cluster.additionalRolePolicies` contains (`s3:GetObject`), on all resources also for an attacker.",
    );
    expect(file("REVIEW.md", SCOPED)).not.toContain("It allows the role what");
  });

  it("states that the service control policy does not limit other members of the group, in mode documented", () => {
    const note =
      "- It limits only the user `deckhouse`. Other members of the group `dkp` also have the policy, but are not limited.";
    expect(file("REVIEW.md", "attachment: group\ngroup: { name: dkp }")).toContain(note);
    expect(file("REVIEW.md", `${SCOPED}attachment: group\ngroup: { name: dkp }`)).not.toContain("It limits only the user");
    expect(file("REVIEW.md", "group: { name: dkp }")).not.toContain("It limits only the user");
  });

  const leak = (settings: string) => file("after-a-leak.md", settings);

  it("first deactivates a leaked key and denies its sessions, with valid shell commands", () => {
    const [deactivate = "", deny = ""] = [...leak("user: { name: dkp }").matchAll(/```shell\n([^`]*)```/g)].map(
      ([, lines = ""]) => lines,
    );
    expect(deactivate).toBe("aws iam update-access-key --user-name dkp --access-key-id ID --status Inactive\n");
    const printed = execFileSync("sh", ["-c", `aws() { printf '%s\\n' "$@"; }\n${deny}`], { encoding: "utf8" });
    const [, , , user, , name, , document = ""] = printed.split("\n");
    expect({ user, name, document: JSON.parse(document) as unknown }).toEqual({
      user: "dkp",
      name: "DenySessionsFromLeakedKey",
      document: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Deny",
            Action: "*",
            Resource: "*",
            Condition: { DateLessThan: { "aws:TokenIssueTime": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) } },
          },
        ],
      },
    });
  });

  it("deletes a leaked key, so that an apply of the unchanged settings creates another one", () => {
    expect(leak("")).toContain(
      "**3. Delete the key**, so that no apply can activate it again. If the settings have `import.accessKeyId: ID`, remove it first. The ID remains in CloudTrail.\n\n```shell\naws iam delete-access-key --user-name deckhouse --access-key-id ID\n```\n\n**4. Give DKP a key that has not leaked.** Apply the unchanged settings",
    );
    expect(leak("accessKeys: none")).toContain(
      "**4. Give DKP a key that has not leaked.** `aws iam create-access-key --user-name deckhouse` prints it.",
    );
  });

  it("names the roles that a leaked key can change", () => {
    expect(leak("")).toContain("Check every role of the account: who can assume");
    expect(leak(SCOPED)).toContain("Check `dev-node`: who can assume");
  });

  it("lists what is imported, not created", () => {
    expect(file("REVIEW.md", "import: { user: true }")).toContain(
      "Imported, not created:\n\n- `aws_iam_user.user`: `deckhouse`\n",
    );
  });

  it("warns if nothing is protected", () => {
    expect(file("REVIEW.md", "protect: false")).toContain(
      "| `protect` | `false`: **a plan can delete the user, the policy and keys** |",
    );
  });

  it.each(["policy.json", "REVIEW.md"])("shows the account ID 000000000000 in %s as stated in the settings", (name) => {
    const stated = file(name, `${SCOPED}accountId: "000000000000"`);
    expect(stated).toContain("arn:aws:iam::000000000000:role/dev-node");
    expect(stated).not.toContain("ACCOUNT_ID");
    expect(file(name, SCOPED)).toContain("arn:aws:iam::ACCOUNT_ID:role/dev-node");
  });

  it("states the same number of actions everywhere", () => {
    const { Statement } = JSON.parse(file("policy.json")) as {
      readonly Statement: readonly { readonly Action: readonly string[] }[];
    };
    const [documented, additional] = Statement.map(({ Action }) => Action.length);
    expect(file("REVIEW.md").match(/\d+ documented \+ \d+ additional actions/g)).toEqual(
      Array(2).fill(`${documented} documented + ${additional} additional actions`),
    );
    expect(file("REVIEW.md", "features: [encrypted-volumes]").match(/documented \+ \d+ additional/g)).toHaveLength(2);
  });

  it("states what the policy assumes", () => {
    const assumptions = (settings: string) => file("REVIEW.md", settings).match(/^\| the policy is for \| (.*) \|$/m)?.[1];
    expect(assumptions('cluster: { dkpVersion: "1.75" }')).toBe("DKP 1.75, no `features`");
    expect(assumptions('cluster: { dkpVersion: "1.78" }')).toBe("DKP 1.77, no `features`");
    expect(assumptions("")).toBe("DKP 1.70 to 1.77, no `features`");
    const vpcs = "existingVPCID: vpc-01234567, peeredVPCs: [vpc-89abcdef]";
    expect(assumptions(`${SCOPED.replace("Standard", `Standard, ${vpcs}`)}features: [volume-snapshots]`)).toBe(
      "DKP 1.70 to 1.77, the features `volume-snapshots`, the prefix `dev`, the layout `Standard`, the existing VPC `vpc-01234567`, the peered VPCs `vpc-89abcdef`",
    );
  });

  it("states who applies", () => {
    const provider = 'provider: { profile: p, assumeRoleArn: "arn:aws:iam::123456789012:role/deployer" }';
    expect(file("REVIEW.md", provider)).toContain(
      "| applied by | the credentials of the profile `p`, as the role `arn:aws:iam::123456789012:role/deployer`: [deployer.md](deployer.md) |",
    );
  });

  it("distinguishes the key that DKP does not use", () => {
    expect(file("REVIEW.md", "accessKeys: { secondary: { status: Inactive } }")).toContain(
      "| `aws_iam_access_key.user-secondary` | | a key that DKP does not use |",
    );
  });

  it("lists the component versions that the actions were verified with", () => {
    const rows = VERIFIED_COMPONENTS.map(({ component, versions }) => `| ${component} | ${versions} | `);
    expect(rows).toHaveLength(4);
    for (const row of rows) {
      expect(file("actions.md")).toContain(row);
    }
  });

  it("escapes a name in its tables", () => {
    const page = file("REVIEW.md", 'user: { path: "/a|b`c/" }');
    expect(page).toContain("| user | `` /a\\|b`c/deckhouse ``, no permissions boundary |");
  });
});

describe("main.tf.json", () => {
  it("contains what Terraform applies, without CDKTF's comments and version", () => {
    const text = file("main.tf.json");
    expect(text).not.toContain('"//"');
    expect(text).not.toContain("cdktf");
    expect(JSON.parse(text)).toMatchObject({
      resource: { aws_iam_user: { user: { name: "deckhouse" } } },
      terraform: {
        backend: { s3: { bucket: "state", key: "deckhouse/terraform.tfstate" } },
        required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
      },
    });
  });

  it("omits a local backend, whose path depends on the checkout", () => {
    expect(JSON.parse(file("main.tf.json", "backend: { local: {} }")).terraform).toEqual({
      required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
    });
  });
});

describe("policy.json", () => {
  it("contains the policy as AWS stores it", () => {
    const { Statement } = JSON.parse(file("policy.json"));
    expect(Statement.map(({ Sid }: { readonly Sid: string }) => Sid)).toEqual(["VisualEditor0", "DkpAlsoCalls"]);
    expect(Statement[1]).toEqual({
      Action: additionalRowsOf(deployment().cluster)
        .map(({ action }) => action)
        .reverse(),
      Effect: "Allow",
      Resource: "*",
      Sid: "DkpAlsoCalls",
    });
  });
});

describe("cluster-configuration.yaml", () => {
  const document = (settings: string) => parseAllDocuments(file("cluster-configuration.yaml", settings))[0]?.toJS();

  it("contains placeholders for the key", () => {
    expect(document("")).toEqual({
      apiVersion: "deckhouse.io/v1",
      kind: "AWSClusterConfiguration",
      provider: {
        providerAccessKeyId: "ACCESS_KEY_ID",
        providerSecretAccessKey: "SECRET_ACCESS_KEY",
        region: "eu-central-1",
      },
    });
  });

  it("contains the fields of the settings", () => {
    const cluster =
      "{ prefix: dev, layout: WithNAT, existingVPCID: vpc-01234567, peeredVPCs: [vpc-89abcdef], tags: { team: 'a: b' }, imdsv2: true, disableDefaultSecurityGroup: true, additionalRolePolicies: ['s3:Get*'] }";
    expect(document(`cluster: ${cluster}\nnodeRole: { name: dkp-nodes }`)).toMatchObject({
      layout: "WithNAT",
      existingVPCID: "vpc-01234567",
      peeredVPCs: ["vpc-89abcdef"],
      iamNodeRole: "dkp-nodes",
      additionalRolePolicies: ["s3:Get*"],
      tags: { team: "a: b" },
      imdsv2: true,
      disableDefaultSecurityGroup: true,
    });
    expect(file("cluster-configuration.yaml", 'cluster: { dkpVersion: "1.76" }')).toContain("# The policy is for DKP 1.76.\n");
    expect(file("cluster-configuration.yaml", `cluster: ${cluster}`)).toContain(
      '# Set in the ClusterConfiguration: cloud.prefix: "dev"\n',
    );
  });
});

describe.each(["policy.json", "main.tf.json"])("%s", (name) => {
  it("contains the Deny for other networks only if the settings state allowed ones", () => {
    expect(file(name, `${SCOPED}${NETWORKS}`)).toMatch(/DenyOtherNetworks/);
    expect(file(name, `${SCOPED}${NETWORKS}`)).toMatch(/"aws:SourceVpce"/);
    expect(file(name, SCOPED)).not.toMatch(/Deny|aws:SourceVpce/);
  });
});

describe.each([
  ["consumer.tf", "AWS denies requests with the key that come from other networks than 203.0.113.0/24, vpce-0123456789abcdef0."],
  ["aws-cli.sh", "requests with the key that come from other networks than 203.0.113.0/24, vpce-0123456789abcdef0."],
  ["console.md", "The policy denies requests with the key that come from other networks than `203.0.113.0/24`, "],
])("%s", (name, text) => {
  it("names the networks that the key can be used from", () => {
    expect(file(name, NETWORKS)).toContain(text);
    expect(file(name)).not.toContain("other networks");
  });
});

describe("service-control-policy.json", () => {
  it.each([
    ["documented", "cluster: { prefix: dev }"],
    ["scoped", SCOPED],
    ["minimal", SCOPED.replace("scoped", "minimal")],
  ])("is complete in mode %s if the settings state the account and the prefix", (_, settings) => {
    const text = file("service-control-policy.json", `accountId: "123456789012"\n${settings}`);
    expect(text).toContain("arn:aws:iam::123456789012:role/dev-node");
    expect(text).not.toMatch(/ACCOUNT_ID|PREFIX/);
    expect(text.length).toBeLessThanOrEqual(5120);
  });

  it("names what the settings do not state", () => {
    expect(file("service-control-policy.json")).toContain("arn:aws:iam::ACCOUNT_ID:role/PREFIX-node");
  });
});

describe("main.tf.json.sha256", () => {
  it("is the digest of main.tf.json, as sha256sum writes it", () => {
    const digest = createHash("sha256").update(file("main.tf.json")).digest("hex");
    expect(file("main.tf.json.sha256")).toBe(`${digest}  main.tf.json\n`);
  });
});

/** The part of markdownlint's parser that is used here. */
interface Token {
  readonly type: string;
  readonly content: string;
  readonly tag: string;
  readonly children: readonly Token[] | null;
}

const MarkdownIt: new (
  options: object,
) => { parse(text: string, environment: object): readonly Token[] } = require("markdown-it");

/** Renders HTML, and links without markup, as GitHub does. cspell:ignore linkify softbreak */
const markdown = new MarkdownIt({ html: true, linkify: true });

const SETTINGS = `accountId: "123456789012"
provider: { profile: p, assumeRoleArn: "arn:aws:iam::123456789012:role/deployer" }
tags: { a: b }
policy: { mode: scoped }
attachment: user-and-group
user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }
nodeRole: { name: nodes, additionalActions: ["s3:GetObject"], managedPolicyArns: ["arn:aws:iam::aws:policy/P"], permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }
cluster: { prefix: dev, layout: Standard, iamNodeRole: other, peeredVPCs: [vpc-0123456789abcdef0], tags: { c: d }, additionalRolePolicies: ["s3:PutObject"] }
backend: { s3: { bucket: b, region: r, key: k, assume_role: { role_arn: "arn:aws:iam::123456789012:role/r" }, dynamodb_table: t, kms_key_id: k } }
`;

/** A deployment in which all strings are a value that was not validated, except strings that select what is generated. */
function hostile(described: Deployment, value: string): Deployment {
  const { user, policy, group, nodeRole, cluster, state, provider } = described;
  return {
    ...described,
    stack: value,
    accountId: value,
    provider: { ...provider, profile: value, assumeRoleArn: value },
    tags: { [value]: value },
    user: { ...user, name: value, path: `/${value}/`, permissionsBoundary: value },
    policy: { ...policy, name: value, path: `/${value}/`, description: value },
    group: { ...group, name: value, path: `/${value}/` },
    ...(nodeRole === undefined
      ? {}
      : {
          nodeRole: {
            ...nodeRole,
            name: value,
            path: `/${value}/`,
            additionalActions: [value],
            managedPolicyArns: [value],
            permissionsBoundary: value,
          },
        }),
    cluster: {
      ...cluster,
      prefix: value,
      existingVPCID: value,
      iamNodeRole: value,
      peeredVPCs: [value],
      tags: { [value]: value },
    },
    additionalRolePolicies: [value],
    state: { ...state, arguments: { bucket: value, key: value, region: value, assume_role: { role_arn: value } } },
  };
}

const described = deployment(SETTINGS);
const terraform = terraformJson([described])[described.stack] ?? {};
const packs = new Map<string, Pack>();

/** The review pack with a value in all strings. Generated once for each value. */
function packOf(value: string): Pack {
  const pack = packs.get(value) ?? reviewPack(hostile(described, value), { ...terraform, import: [{ to: value, id: value }] });
  packs.set(value, pack);
  return pack;
}

const flat = (tokens: readonly Token[]): readonly Token[] => tokens.flatMap((token) => [token, ...flat(token.children ?? [])]);

/** The structure of a page: the kinds of its elements in order, without text. */
const structure = (page: string) =>
  flat(markdown.parse(page, {}))
    .filter(({ type }) => !["text", "text_special", "softbreak"].includes(type))
    .map(({ type, tag }) => `${type} ${tag}`);

const headings = (page: string) =>
  markdown.parse(page, {}).flatMap(({ type }, index, all) => (type === "heading_open" ? [all[index + 1]?.content ?? ""] : []));

const EVERYTHING =
  "\n\n<!--\n# A\n<b><img src=x>![i](https://e.example/p) **b** `a` ``` | b \\| c [l](x) www.e.example <https://e.example> ~~s~~ &lt; $(x) '\"\u001b[2J\u202e\u2028\n```\nEND\n";

const VALUES = [
  ["a comment that does not end", "a\n\n<!--"],
  ["a line feed and a heading", "a\n\n# Approved\n"],
  ["a tag", "<details>"],
  ["a picture", "![ok](https://evil.example/p.png)"],
  ["emphasis", "**approved by security** _a_ __b__"],
  ["backticks", "a` ``b`` ```"],
  ["pipes", "a | b \\| c || d"],
  ["control characters", "\u0000\u0007\b\f\r\u001b[2J\u007f\u0085\u009b"],
  ["bidirectional characters", "\u202e\u2066a\u2069\u200f"],
  ["addresses", "https://evil.example www.evil.example a@evil.example"],
  ["template syntax", "{{stack}}\n<!-- if documented -->\n<!-- end -->\n1. a $& $1"],
  ["all of it", EVERYTHING],
] as const;

/** Hidden characters, as in src/text/printable.ts, except line feeds. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe("a value with markup of its own", () => {
  it.each(VALUES)("does not change the headings, tables, lists and blocks of REVIEW.md and console.md: %s", (_, value) => {
    const pack = packOf(value);
    // As long as the value in a policy document, so that the permissions are divided in the same way.
    const harmless = packOf("h".repeat(JSON.stringify(value).replaceAll(/\s/g, "").length - 2));
    for (const name of ["REVIEW.md", "console.md"]) {
      const [page = "", usual = ""] = [pack[name], harmless[name]];
      expect(headings(page).slice(1)).toEqual(headings(usual).slice(1));
      expect(structure(page)).toEqual(structure(usual));
    }
  });

  it("is displayed unchanged in REVIEW.md, with hidden characters escaped", () => {
    expect(packOf("a\n\n<!--\u202e|`")["REVIEW.md"]).toContain(
      "| state | s3, bucket `` a\\n\\n<!--\\u202e\\|` ``, key `` a\\n\\n<!--\\u202e\\|` ``, region `` a\\n\\n<!--\\u202e\\|` ``, ",
    );
  });

  it.each(VALUES)("is unchanged in JSON and YAML, without hidden characters: %s", (_, value) => {
    const pack = packOf(value);
    for (const [name, text] of Object.entries(pack)) {
      expect({ name, hidden: HIDDEN.test(text) }).toEqual({ name, hidden: false });
    }
    const valid = value.replaceAll("\u0000", "");
    expect(parse(packOf(valid)["cluster-configuration.yaml"] ?? "")).toMatchObject({
      peeredVPCs: [valid],
      iamNodeRole: valid,
      tags: { [valid]: valid },
    });
    for (const name of Object.keys(pack).filter((file) => file.endsWith(".json"))) {
      expect(() => JSON.parse(pack[name] ?? "")).not.toThrow();
    }
  });

  it.each(VALUES)("stays within the comments of aws-cli.sh and consumer.tf: %s", (_, value) => {
    const pack = packOf(value);
    const [head = ""] = (pack["aws-cli.sh"] ?? "").split("\n# IAM is global");
    expect(head.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual(["set -eu"]);
    const [, undo = ""] = (pack["aws-cli.sh"] ?? "").split("\n# Undo");
    expect(
      undo
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("# "))
        .slice(1),
    ).toEqual([]);
    const [top = ""] = (pack["consumer.tf"] ?? "").split("\ndata ");
    expect(top.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
    const { status, stderr } = spawnSync("sh", ["-n"], {
      input: (pack["aws-cli.sh"] ?? "").replaceAll("\u0000", ""),
      encoding: "utf8",
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});

describe("a review pack with several policies", () => {
  const folder = mkdtempSync(join(tmpdir(), "packs-"));
  const wanted = (files: object) => ({
    packs: { demo: { "REVIEW.md": "page\n", "main.tf.json": "{}\n", ...files } as unknown as Pack },
    overview: undefined,
    stacks: ["demo"],
    settings: "deployments",
  });
  const names = () => readdirSync(join(folder, "demo")).sort();

  afterAll(() => rmSync(folder, { recursive: true }));

  it("has a file of each policy, and loses those of former ones", () => {
    const several = { "policy.json": "1\n", "policy-2.json": "2\n", "policy-5.json": "5\n" };
    expect(comparePacks(folder, wanted(several)).stale.map(({ path }) => path)).toContain(join(folder, "demo/policy-2.json"));
    writePacks(folder, wanted(several));
    expect(names()).toEqual(["REVIEW.md", "main.tf.json", "policy-2.json", "policy-5.json", "policy.json"]);
    writePacks(folder, wanted({ "policy.json": "1\n" }));
    expect(names()).toEqual(["REVIEW.md", "main.tf.json", "policy.json"]);
  });
});
