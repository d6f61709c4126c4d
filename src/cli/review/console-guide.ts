import { networkList } from "../../iam/networks";
import { partitionOf } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { code, codes, joined, type Markdown, md, prose, trusted } from "../../text/markdown";
import { fillTemplateFile, type TemplateData } from "../../text/template";
import { policyFile } from "./file-names";

/** The IAM console of each partition. The isolated partitions have addresses of their own. Source: "IAM User Guide" of each. */
const CONSOLES: Readonly<Record<string, Markdown>> = {
  aws: trusted("<https://console.aws.amazon.com/iam/>"),
  "aws-cn": trusted("<https://console.amazonaws.cn/iam/>"),
  "aws-us-gov": trusted("<https://console.amazonaws-us-gov.com/iam/>"),
};

const NONE = trusted("");

/**
 * console.md: the steps in the AWS console that create what Terraform creates from the same settings, and how to undo them, in
 * Markdown. This is the first of the three ways of the DKP authorization page.
 * Source of the screens: "IAM User Guide", "AWS Account Management".
 */
export function consoleGuide(deployment: Deployment): string {
  const { stack, region, user, policy, attachment, group, nodeRole, accessKeys, tags = {} } = deployment;
  const partition = partitionOf(region);
  const names = deployment.policies.map(({ name }) => name);
  return fillTemplateFile("src/cli/review/console-guide.md", {
    ...accountData(deployment),
    ...pathData(deployment),
    ...nodeRoleData(nodeRole),
    stack: prose(stack),
    keysInTerraform: accessKeys !== "none",
    encrypted: accessKeys !== "none" && accessKeys[accessKeys.current].pgpKey !== undefined,
    region: code(region),
    commercialPartition: partition === "aws",
    policyName: code(policy.name),
    policyDescription:
      policy.description === "" ? NONE : md` **Description**: ${code(policy.description)}, which cannot be changed later.`,
    policyNames: joined(names.map(code), " and "),
    furtherPolicies: names.length > 1,
    furtherDocuments: joined(
      names.slice(1).map((name, index) => md`${code(name)} with ${code(policyFile(index + 2))}`),
      ", ",
    ),
    accountUnknown: deployment.accountId === undefined && policy.mode !== "documented",
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

function nodeRoleData(nodeRole: Deployment["nodeRole"]): TemplateData {
  const { name = "", managedPolicyArns = [], permissionsBoundary } = nodeRole ?? {};
  return {
    hasNodeRole: nodeRole !== undefined,
    nodeRoleName: code(name),
    nodeRolePolicies: managedPolicyArns.length > 0,
    nodeRolePolicyArns: codes(managedPolicyArns),
    nodeRoleBoundary: permissionsBoundary !== undefined,
    nodeRoleBoundaryArn: code(permissionsBoundary ?? ""),
  };
}

function tagList(tags: Readonly<Record<string, string>>): Markdown {
  const pairs = Object.entries(tags).map(([key, value]) => md`${code(key)} = ${value === "" ? trusted("(empty)") : code(value)}`);
  return joined(pairs, ", ");
}
