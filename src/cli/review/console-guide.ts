import { networkList } from "../../iam/networks";
import { partitionOf } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { code, codes, joined, type Markdown, md, prose, trusted } from "../text/markdown";
import { fillTemplateFile } from "../text/template";
import { policyFile } from "./file-names";

/** The IAM console of each partition. The isolated partitions have addresses of their own. Source: "IAM User Guide" of each. */
const CONSOLES: Readonly<Record<string, Markdown>> = {
  aws: trusted("<https://console.aws.amazon.com/iam/>"),
  "aws-cn": trusted("<https://console.amazonaws.cn/iam/>"),
  "aws-us-gov": trusted("<https://console.amazonaws-us-gov.com/iam/>"),
};

/**
 * console.md: the steps in the AWS console that create what Terraform creates from the same settings, and how to undo them, in
 * Markdown. This is the first of the three ways of the DKP authorization page.
 * Source of the screens: "IAM User Guide", "AWS Account Management".
 */
export function consoleGuide(deployment: Deployment): string {
  const { stack, region, accountId, user, policy, attachment, group, nodeRole, accessKeys, tags = {} } = deployment;
  const partition = partitionOf(region);
  const console = CONSOLES[partition];
  const names = deployment.policies.map(({ name }) => name);
  const paths = [
    { what: "policy", path: policy.path },
    { what: "user", path: user.path },
    { what: "group", path: attachment === "user" ? "/" : group.path },
    { what: "node role", path: nodeRole?.path ?? "/" },
  ].filter(({ path }) => path !== "/");
  const list = (parts: readonly Markdown[]) => joined(parts, ", ");
  return fillTemplateFile("src/cli/review/console-guide.md", {
    stack: prose(stack),
    account: accountId === undefined ? trusted("the account in which DKP will run") : md`account ${code(accountId)}`,
    accountUnknown: accountId === undefined && policy.mode !== "documented",
    console: console === undefined ? md` of your partition, ${code(partition)}` : md`, ${console}`,
    paths: list(paths.map(({ what, path }) => md`${trusted(what)} ${code(path)}`)),
    keysInTerraform: accessKeys !== "none",
    encrypted: accessKeys !== "none" && accessKeys[accessKeys.current].pgpKey !== undefined,
    region: code(region),
    commercialPartition: partition === "aws",
    policyName: code(policy.name),
    policyDescription:
      policy.description === "" ? trusted("") : md` **Description**: ${code(policy.description)}, which cannot be changed later.`,
    policyNames: joined(names.map(code), " and "),
    furtherDocuments: list(names.slice(1).map((name, index) => md`${code(name)} with ${code(policyFile(index + 2))}`)),
    networks: codes(networkList(user.allowedNetworks)),
    tags: list(Object.entries(tags).map(([key, value]) => md`${code(key)} = ${value === "" ? trusted("(empty)") : code(value)}`)),
    groupAttachment: attachment !== "user",
    bothAttachments: attachment === "user-and-group",
    groupName: code(group.name),
    userName: code(user.name),
    userBoundaryArn: code(user.permissionsBoundary ?? ""),
    nodeRoleName: code(nodeRole?.name ?? ""),
    nodeRolePolicyArns: codes(nodeRole?.managedPolicyArns ?? []),
    nodeRoleBoundaryArn: code(nodeRole?.permissionsBoundary ?? ""),
  });
}
