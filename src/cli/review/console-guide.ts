import { ACCOUNT_ID } from "../../iam/arns";
import { deploymentPolicies, policyName } from "../../iam/deployment-policies";
import { networkList } from "../../iam/networks";
import { NODE_TRUST, nodePolicy } from "../../iam/node-role-permissions";
import { partitionOf } from "../../iam/partitions";
import { policyDocument } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import { code, codes, fenced, joined, type Markdown, md, prose, trusted } from "../../text/markdown";
import { fillTemplateFile, type TemplateData } from "../../text/template";
import { forPeople, policyOptions } from "./account-placeholder";

/** The IAM console of each partition. The isolated partitions have addresses of their own. Source: "IAM User Guide" of each. */
const CONSOLES: Readonly<Record<string, Markdown>> = {
  aws: trusted("<https://console.aws.amazon.com/iam/>"),
  "aws-cn": trusted("<https://console.amazonaws.cn/iam/>"),
  "aws-us-gov": trusted("<https://console.amazonaws-us-gov.com/iam/>"),
};

const NONE = trusted("");

/**
 * console.md: the steps in the AWS console that create what Terraform creates from the same settings, with checks and undo, in
 * Markdown. This is the first of the three ways of the DKP authorization page.
 * Source of the screens: "IAM User Guide", "AWS Account Management".
 */
export function consoleGuide(deployment: Deployment): string {
  const { stack, region, user, policy, attachment, group, nodeRole, accessKeys, tags = {} } = deployment;
  const partition = partitionOf(region);
  const documents = deploymentPolicies(policyOptions(deployment)).map((statements) =>
    forPeople(JSON.stringify(policyDocument(statements), null, 2)),
  );
  const [document = "", ...further] = documents;
  const names = documents.map((_, index) => policyName(policy.name, index + 1));
  return fillTemplateFile("src/cli/review/console-guide.md", {
    ...accountData(deployment),
    ...pathData(deployment),
    ...nodeRoleData(nodeRole),
    stack: prose(stack),
    scriptKeys: trusted(accessKeys === "none" ? "no access key" : "one access key"),
    keysInTerraform: accessKeys !== "none",
    region: code(region),
    commercialPartition: partition === "aws",
    policyName: code(policy.name),
    policyDescription:
      policy.description === "" ? NONE : md` **Description**: ${code(policy.description)}, which cannot be changed later.`,
    policyDocument: fenced("json", document),
    policyNames: joined(names.map(code), " and "),
    furtherPolicies: further.length > 0,
    furtherDocuments: joined(
      further.map((text, index) => md`${code(policyName(policy.name, index + 2))}:\n\n${fenced("json", text)}`),
      "\n\n",
    ),
    accountUnknown: documents.some((text) => text.includes(ACCOUNT_ID)),
    documented: policy.mode === "documented",
    restricted: user.allowedNetworks !== undefined,
    networks: codes(networkList(user.allowedNetworks)),
    tagged: Object.keys(tags).length > 0,
    tags: tagList(tags),
    groupAttachment: attachment !== "user",
    bothAttachments: attachment === "user-and-group",
    groupName: code(group.name),
    userName: code(user.name),
    userBoundary: user.permissionsBoundary !== undefined,
    userBoundaryArn: code(user.permissionsBoundary ?? ""),
    boundaryCheck:
      user.permissionsBoundary === undefined ? NONE : md`, and ${code(user.permissionsBoundary)} as the permissions boundary`,
    providerBlock: fenced("yaml", providerBlock(region)),
    ...attachmentData(deployment),
  });
}

function accountData({ accountId, region }: Deployment): TemplateData {
  const partition = partitionOf(region);
  const address = CONSOLES[partition];
  return {
    account: accountId === undefined ? trusted("the account in which DKP will run") : md`account ${code(accountId)}`,
    console: address === undefined ? md` of your partition, ${code(partition)}` : md`, ${address}`,
  };
}

/** The IAM paths of the settings, which the console cannot set. */
function pathData({ user, policy, group, attachment, nodeRole }: Deployment): TemplateData {
  const objects = [
    { what: "policy", path: policy.path },
    { what: "user", path: user.path },
    { what: "group", path: attachment === "user" ? "/" : group.path },
    { what: "node role", path: nodeRole?.path ?? "/" },
  ].filter(({ path }) => path !== "/");
  return {
    hasPaths: objects.length > 0,
    paths: joined(
      objects.map(({ what, path }) => md`${trusted(what)} ${code(path)}`),
      ", ",
    ),
  };
}

/** How the policy is attached, for the checks. */
function attachmentData({ user, attachment, group }: Deployment): TemplateData {
  const [userEntity, groupEntity] = [md`user ${code(user.name)}`, md`group ${code(group.name)}`];
  const throughGroup = md`through the group ${code(group.name)}`;
  const byAttachment = {
    user: { entities: userEntity, attached: trusted("directly") },
    group: { entities: groupEntity, attached: throughGroup },
    "user-and-group": { entities: md`${userEntity} and ${groupEntity}`, attached: md`directly and ${throughGroup}` },
  };
  return byAttachment[attachment];
}

function nodeRoleData(nodeRole: Deployment["nodeRole"]): TemplateData {
  const { name = "", additionalActions = [], managedPolicyArns = [], permissionsBoundary } = nodeRole ?? {};
  return {
    hasNodeRole: nodeRole !== undefined,
    nodeRoleName: code(name),
    nodeRolePolicies: managedPolicyArns.length > 0,
    nodeRolePolicyArns: codes(managedPolicyArns),
    nodeRoleBoundary: permissionsBoundary !== undefined,
    nodeRoleBoundaryArn: code(permissionsBoundary ?? ""),
    trustPolicy: fenced("json", JSON.stringify(NODE_TRUST, null, 2)),
    nodeRolePolicy: fenced("json", JSON.stringify(nodePolicy(additionalActions), null, 2)),
  };
}

function tagList(tags: Readonly<Record<string, string>>): Markdown {
  const pairs = Object.entries(tags).map(([key, value]) => md`${code(key)} = ${value === "" ? trusted("(empty)") : code(value)}`);
  return joined(pairs, ", ");
}

function providerBlock(region: string): string {
  return [
    "provider:",
    '  providerAccessKeyId: "<Access key>"',
    '  providerSecretAccessKey: "<Secret access key>"',
    `  region: "${region}"`,
  ].join("\n");
}
