import { execFileSync } from "node:child_process";
import { parseAllDocuments } from "yaml";
import { grantedRows } from "../../src/iam/policy-statements";
import { policyOptions } from "../../src/review-pack/account-placeholder";
import { type Pack, reviewPack } from "../../src/review-pack/pack";
import { terraformJson } from "../../src/synthesis";
import { deployment } from "../helpers/deployment";
import { RSA_KEY } from "../helpers/pgp-keys";

const SCOPED = "policy: { mode: scoped }\ncluster: { prefix: dev, layout: Standard }\n";

const packs = new Map<string, Pack>();

/** A file of the review pack for YAML settings. The pack of the same settings is generated once. */
function file(name: string, settings = ""): string {
  const described = deployment(settings);
  const pack = packs.get(settings) ?? reviewPack(described, terraformJson([described])[described.stack] ?? {});
  packs.set(settings, pack);
  return pack[name] ?? "";
}

describe("REVIEW.md", () => {
  it("begins with the impact of the key", () => {
    expect(file("REVIEW.md").split("\n").slice(0, 4)).toEqual([
      "# AWS access of DKP: deckhouse",
      "",
      "**Whoever holds this key is an administrator of the AWS account in all but name.** It may do 128 actions on every resource of the account,",
      "among them to write the permissions of any role and to start machines with it.",
    ]);
    expect(file("REVIEW.md", SCOPED).split("\n").slice(2, 4)).toEqual([
      "**Whoever holds this key can change or delete every network, machine, disk and load balancer of the account in eu-central-1, and, by way of the role `dev-node`,",
      "become an administrator of the account** unless the service control policy below is in force.",
    ]);
  });

  it.each([
    ["documented", ""],
    ["scoped", SCOPED],
    ["minimal", SCOPED.replace("scoped", "minimal")],
  ])("lists every granted action once, with its reason: %s", (_, settings) => {
    const [, permissions = ""] = file("REVIEW.md", settings).split("\n## Permissions\n");
    const page = permissions.split("\n");
    for (const { action, access, why } of grantedRows(policyOptions(deployment(settings)))) {
      const rows = page.filter((line) => line.startsWith(`| \`${action}\` `));
      expect({ action, rows: rows.length }).toEqual({ action, rows: 1 });
      expect(rows[0]).toContain(
        `| ${access} | ${settings === "" ? why.replaceAll("<", "\\<") : why.replaceAll("<prefix>", "dev")} |`,
      );
    }
    expect(page.filter((line) => /^\| `[a-z0-9]+:/.test(line))).toHaveLength(
      grantedRows(policyOptions(deployment(settings))).length,
    );
  });

  it("states where each statement applies", () => {
    expect(file("REVIEW.md", `${SCOPED}accountId: "123456789012"`)).toContain(
      "| `PassNodeRole` | 1 | `arn:aws:iam::123456789012:role/dev-node` | `iam:PassedToService StringEquals ec2.amazonaws.com` |",
    );
    expect(file("REVIEW.md", SCOPED)).toContain("| `KeyPair` | 3 | `arn:aws:ec2:eu-central-1:ACCOUNT_ID:key-pair/dev` | |");
  });

  it("states who may apply, with the reason for every action", () => {
    expect(file("REVIEW.md")).toContain(
      "| `iam:DetachUserPolicy` | `arn:aws:iam::*:user/deckhouse` | `iam:PolicyARN ArnEquals arn:aws:iam::*:policy/D8CloudProviderAWS` | detaches the policy from the user |",
    );
    const assumed = "provider: { assumeRoleArn: 'arn:aws:iam::123456789012:role/terraform' }";
    expect(file("REVIEW.md", assumed)).toContain(
      "`deployer-role-policy.json`, for the role `arn:aws:iam::123456789012:role/terraform`:",
    );
    expect(file("deployer-role-policy.json", assumed)).toContain("iam:CreateUser");
    expect(file("deployer-policy.json", assumed)).not.toContain("iam:CreateUser");
  });

  it("states who can read the secret", () => {
    const clear = (whose: string) =>
      `- Whoever may read the state, its old versions, or a saved plan: all hold ${whose} in clear. Encryption of the bucket hides nothing from them.`;
    const inOutputs = "- Whoever reads the state of such a workspace: all outputs land there, the secret in clear.";
    expect(file("REVIEW.md")).toContain(clear("the secret"));
    expect(file("REVIEW.md")).toContain(inOutputs);
    expect(file("REVIEW.md", "outputs: { secret: false }")).toContain(clear("the secret"));
    expect(file("REVIEW.md", "outputs: { secret: false }")).not.toContain(inOutputs);
    expect(file("REVIEW.md", "accessKeys: { secondary: { status: Active } }")).toContain(clear("the secrets of both keys"));
    const encrypted = `accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`;
    expect(file("REVIEW.md", encrypted)).toContain(
      "- Whoever has the private OpenPGP key: state and plans hold the secret only encrypted.",
    );
    expect(file("REVIEW.md", encrypted)).not.toContain("in clear. Encryption");
    expect(file("REVIEW.md", "accessKeys: none")).toContain("- Nobody through Terraform: no key is in the state.");
  });

  it("lists the scanner's findings for this deployment", () => {
    const findings = (settings: string) =>
      file("REVIEW.md", settings)
        .match(/^\| CKV_\w+/gm)
        ?.map((line) => line.slice(2));
    expect(findings("")).toEqual(["CKV_AWS_109", "CKV_AWS_110", "CKV_AWS_111", "CKV_AWS_273", "CKV_AWS_356", "CKV_AWS_40"]);
    expect(findings(SCOPED)).toEqual(["CKV_AWS_273", "CKV_AWS_40"]);
    expect(findings(`${SCOPED}attachment: group`)).toEqual(["CKV_AWS_273"]);
    expect(file("REVIEW.md", "adopt: { user: true }")).toContain("checkov can't read the Terraform JSON while `adopt` is set");
  });

  it("does not list the secret of a key that was created outside Terraform", () => {
    const page = file("REVIEW.md", "adopt: { user: true, accessKeyId: AKIAIOSFODNN7EXAMPLE }");
    expect(page).toContain("- Whoever made the key by hand: Terraform does not know its secret.");
    expect(page).toContain("key_primary -- its id alone --> state");
    expect(page).not.toContain("in clear. Encryption");
  });

  it("states what the key can do through another role", () => {
    const settings = "policy: { mode: scoped }\ncluster: { prefix: dev }\nnodeRole: { name: nodes }";
    expect(file("REVIEW.md", settings)).toContain(
      "It can also do whatever the role `/nodes` may, which that policy does not limit.",
    );
  });

  it("reports an active key that no output exposes", () => {
    expect(file("REVIEW.md", "accessKeys: { secondary: { status: Inactive } }")).toContain(
      "| access keys | primary: Active, handed out; secondary: Inactive, handed to nobody: make it `absent` unless a rotation is under way |",
    );
  });

  it("counts the actions without a known use", () => {
    expect(file("REVIEW.md")).toContain(
      "10 of the actions below are not known to be needed; they are there because DKP's page lists them. Mode `minimal` leaves them out.",
    );
    expect(file("REVIEW.md", SCOPED)).toMatch(/\n\d+ of the actions below are not known to be needed by this cluster;/);
    expect(file("REVIEW.md", SCOPED.replace("scoped", "minimal"))).not.toContain("not known to be needed");
  });

  it("states what the node role may do", () => {
    expect(file("REVIEW.md", "nodeRole: { name: dkp-nodes, additionalActions: ['ecr:Get*'] }")).toContain(
      "The role `dkp-nodes` may `ec2:DescribeTags`, `ec2:DescribeInstances`, `ecr:Get*` on every resource; it has no permissions boundary.",
    );
  });

  it("states what the service control policy still allows to an attacker", () => {
    expect(file("REVIEW.md", "cluster: { prefix: dev, additionalRolePolicies: ['s3:GetObject'] }")).toContain(
      "- It leaves the role what `cluster.additionalRolePolicies` gives it (`s3:GetObject`), to a thief on every resource.",
    );
    expect(file("REVIEW.md", SCOPED)).not.toContain("It leaves the role what");
  });

  it("states that the service control policy does not apply to other members of the group, in mode documented", () => {
    const note =
      "- It limits the user `deckhouse` alone: other members of the group `dkp` have the policy too, and it does not apply to them.";
    expect(file("REVIEW.md", "attachment: group\ngroup: { name: dkp }")).toContain(note);
    expect(file("REVIEW.md", `${SCOPED}attachment: group\ngroup: { name: dkp }`)).not.toContain("It limits the user");
    expect(file("REVIEW.md", "group: { name: dkp }")).not.toContain("It limits the user");
  });

  const leak = (settings: string) => file("REVIEW.md", settings).split("## When the key has leaked")[1]?.split("\n## ")[0] ?? "";

  it("deactivates a leaked key and denies its sessions first, in valid shell commands", () => {
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

  it.each([
    ["primary", "", "secondary"],
    ["secondary", "accessKeys: { primary: { status: absent }, secondary: { status: Active }, current: secondary }", "primary"],
    ["primary, to a group", "attachment: group", "secondary"],
  ])("replaces a leaked key with all edits in one apply: %s", (leaked, settings, other) => {
    const [slot] = leaked.split(",");
    expect(leak(settings)).toContain(
      [
        "in one change, and apply once. Never apply a part of them: the usual steps of a rotation would make the leaked key active again.",
        "",
        "```yaml",
        "accessKeys:",
        `  ${other}:`,
        "    status: Active",
        `  current: ${other}`,
        `  ${slot}:`,
        "    status: Inactive",
        "```",
      ].join("\n"),
    );
  });

  it("keeps the secret of the new key encrypted after a leak", () => {
    expect(leak(`accessKeys: { primary: { pgpKey: ${RSA_KEY} } }`)).toContain(
      "  secondary:\n    status: Active\n    pgpKey: 'PUBLIC KEY, as in the other slot'\n  current: secondary\n",
    );
  });

  it("names what can outlive a leaked key, as far as the key can create it", () => {
    expect(leak("")).toContain("- instance profiles, and the roles in them.");
    expect(leak("")).not.toContain("KMS grants");
    expect(leak("features: [encrypted-volumes]")).toContain("- KMS grants: `aws kms list-grants` for each key");
    expect(leak("accessKeys: none")).toContain("**3. Give DKP a new key.** `aws iam create-access-key --user-name deckhouse`");
  });

  it("lists the objects that are imported instead of created", () => {
    expect(file("REVIEW.md", "adopt: { user: true }")).toContain("Taken over, not made:\n\n- `aws_iam_user.user`: `deckhouse`\n");
  });

  it("warns when protect is off", () => {
    expect(file("REVIEW.md", "protect: false")).toContain("| protected | **no**: a plan may delete user, policy and keys |");
  });

  it("escapes special characters of names in its tables", () => {
    const page = file("REVIEW.md", 'user: { path: "/a|b`c/" }');
    expect(page).toContain("| user | `` /a\\|b`c/deckhouse ``, no permissions boundary |");
  });
});

describe("main.tf.json", () => {
  it("is the applied configuration, without CDKTF's comments and version", () => {
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

  it("omits a local backend, whose path belongs to this checkout", () => {
    expect(JSON.parse(file("main.tf.json", "backend: { local: {} }")).terraform).toEqual({
      required_providers: { aws: { source: "hashicorp/aws", version: ">= 5.100.0, < 7.0.0" } },
    });
  });
});

describe("policy.json", () => {
  it("is the policy as AWS stores it", () => {
    const { Statement } = JSON.parse(file("policy.json"));
    expect(Statement.map(({ Sid }: { readonly Sid: string }) => Sid)).toEqual(["VisualEditor0", "DkpAlsoCalls"]);
    expect(Statement[1]).toEqual({
      Action: ["ec2:ReplaceRoute", "ec2:DescribeNetworkAcls", "ec2:DescribeAddressesAttribute"],
      Effect: "Allow",
      Resource: "*",
      Sid: "DkpAlsoCalls",
    });
  });
});

describe("cluster-configuration.yaml", () => {
  const document = (settings: string) => parseAllDocuments(file("cluster-configuration.yaml", settings))[0]?.toJS();

  it("has a named placeholder for the key", () => {
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

  it.each([
    ["imdsv2: true", true],
    ["imdsv2: false", false],
    ["prefix: dev", undefined],
  ])("states imdsv2 only if the settings do: %s", (fields, imdsv2) => {
    expect((document(`cluster: { ${fields} }`) as { readonly imdsv2?: boolean }).imdsv2).toBe(imdsv2);
  });

  it("sets DKP's fields from the settings", () => {
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
    expect(file("cluster-configuration.yaml", `cluster: ${cluster}`)).toContain(
      '# The ClusterConfiguration has cloud.prefix: "dev"\n',
    );
  });
});
