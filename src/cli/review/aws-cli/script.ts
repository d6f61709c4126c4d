import { readFileSync } from "node:fs";
import { policyArn } from "../../../iam/arns";
import { deploymentPolicies } from "../../../iam/deployment-policies";
import { networkList } from "../../../iam/networks";
import { partitionOf } from "../../../iam/partitions";
import { policyDocument } from "../../../iam/policy-document";
import type { PolicyStatement } from "../../../iam/policy-statements";
import type { Deployment } from "../../../settings/deployment";
import { packageFile } from "../../../text/package-file";
import { asciiJson, comment, hereDocument, quote } from "../../../text/shell";
import { policyOptions } from "../account-placeholder";
import { STORED_TRUST, storedNodePolicy } from "./node-role-documents";

const TEMPLATE = packageFile("src/cli/review/aws-cli/template.sh");

/** The part of the template that stands for the values of a deployment. */
const VALUES = /^# BEGIN VALUES.*^# END VALUES\n/ms;

/**
 * A shell script that creates with the AWS CLI what Terraform creates from the same settings, and removes it: the second of the
 * three ways of the DKP authorization page. POSIX sh; requires only `aws` and what every system has.
 * The script is the template with the values of the deployment; the same bytes for the same settings.
 */
export function awsCliScript(deployment: Deployment): string {
  const policies = deploymentPolicies(policyOptions(deployment, " "));
  const values = [...remarks(deployment), assignments(deployment, policies.length), documents(deployment, policies)].join("\n");
  return readFileSync(TEMPLATE, "utf8").replace(VALUES, () => `${values}\n`);
}

/** What the user of the script must know about this deployment, as comments. */
function remarks({ stack, provider: { profile, assumeRoleArn }, accessKeys, user }: Deployment): readonly string[] {
  return [
    `Deployment: ${stack}`,
    ...(profile === undefined ? [] : [`Terraform uses the profile ${JSON.stringify(profile)}: set AWS_PROFILE to it.`]),
    ...(assumeRoleArn === undefined ? [] : [`Terraform assumes the role ${assumeRoleArn}: run this script with that role.`]),
    ...(user.allowedNetworks === undefined
      ? []
      : [
          `The policy denies requests with the key that come from other networks than ${networkList(user.allowedNetworks).join(", ")}.`,
        ]),
    ...(accessKeys === "none" ? [] : keyRemarks(accessKeys)),
  ].map((line) => comment(line));
}

function keyRemarks(accessKeys: Exclude<Deployment["accessKeys"], "none">): readonly string[] {
  const { primary, secondary, current } = accessKeys;
  const oneKey = primary.status === "Active" && secondary.status === "absent";
  const { pgpKey } = accessKeys[current];
  return [
    ...(oneKey
      ? []
      : [
          `The settings have primary: ${primary.status}, secondary: ${secondary.status}. This script creates one key, the current one (${current}); rotate it manually.`,
        ]),
    ...(pgpKey === undefined
      ? []
      : [
          "The settings encrypt the secret with a pgpKey. This script writes it in plaintext: encrypt the file with gpg --encrypt, then delete it.",
        ]),
  ];
}

/** The shell variables of the template; a variable of an object that the deployment does not have is empty. */
function assignments(deployment: Deployment, policies: number): string {
  const { stack, region, accountId, user, policy, attachment, group, nodeRole, accessKeys, protect } = deployment;
  const partition = partitionOf(region);
  // In the partition aws, the STS endpoint of us-east-1 accepts credentials before the Region of the deployment is enabled.
  const endpoint = quote(partition === "aws" ? "us-east-1" : region);
  // No part of an ARN contains a space.
  const [before = "", after = ""] = policyArn({ partition, account: " ", path: policy.path, name: policy.name }).split(" ");
  const tags = Object.entries(deployment.tags ?? {});
  const values = {
    expected_account: accountId,
    policy_arn_before: before,
    policy_arn_after: after,
    // Later policies are extended and attached before earlier ones may shrink.
    policy_numbers: Array.from({ length: policies }, (_, index) => policies - index).join(" "),
    first_policy_name: policy.name,
    policy_path: policy.path,
    policy_description: asciiJson({ Description: policy.description }),
    attachment,
    user_name: user.name,
    user_path: user.path,
    user_boundary: user.permissionsBoundary,
    group_name: attachment === "user" ? undefined : group.name,
    group_path: attachment === "user" ? undefined : group.path,
    role_name: nodeRole?.name,
    role_path: nodeRole?.path,
    role_boundary: nodeRole?.permissionsBoundary,
    role_policies: nodeRole?.managedPolicyArns.join("\n"),
    tags: tags.length === 0 ? undefined : asciiJson(tags.map(([Key, Value]) => ({ Key, Value }))),
    tag_pairs: asciiJson(tags),
    tag_count: String(tags.length),
    create_key: accessKeys === "none" ? "no" : "yes",
    key_file: `./${stack}-access-key.yaml`,
    provider_block: providerBlockQuery(region),
    protect: protect ? "yes" : "no",
  };
  return [
    "# IAM is global in a partition; this is the Region of its endpoint.",
    `export AWS_REGION=${endpoint} AWS_DEFAULT_REGION=${endpoint} AWS_PAGER=''`,
    ...Object.entries(values).map(([name, value = ""]) => `${name}=${quote(value)}`),
  ].join("\n");
}

/** The key as DKP's `provider` block: a JMESPath query, whose strings may have several lines. Region names need no quoting there. */
function providerBlockQuery(region: string): string {
  return `join('', ['provider:
  providerAccessKeyId: "', AccessKey.AccessKeyId, '"
  providerSecretAccessKey: "', AccessKey.SecretAccessKey, '"
  region: "${region}"'])`;
}

/** The documents, as functions: the shell fills in the account. */
function documents({ nodeRole }: Deployment, policies: readonly (readonly PolicyStatement[])[]): string {
  const all = {
    ...Object.fromEntries(policies.map((statements, index) => [`policy_document_${index + 1}`, policyDocument(statements)])),
    ...(nodeRole === undefined ? {} : { role_trust: STORED_TRUST, role_document: storedNodePolicy(nodeRole.additionalActions) }),
  };
  const functions = Object.entries(all).map(
    ([name, document]) => `${name}() {\n  compact <<END\n${hereDocument(document, "account")}\nEND\n}`,
  );
  return `\n# Documents as AWS stores them. No value in them contains white space.\n${functions.join("\n\n")}`;
}
