import { code, codes, joined, type Markdown, md, prose, trusted } from "../text/markdown";
import { fillTemplateFile } from "../text/template";
import { policyFile } from "./file-names";
import type { Reviewed } from "./reviewed";

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
export function consoleGuide({ deployment, partition, secret, networks }: Reviewed): string {
  const { stack, region, accountId, user, policy, attachment, group, nodeRole, accessKeys, tags = {} } = deployment;
  const console = CONSOLES[partition];
  const names = deployment.policies.map(({ name }) => name);
  const paths = {
    policy: policy.path,
    user: user.path,
    group: attachment === "user" ? "/" : group.path,
    "node role": nodeRole?.path,
  };
  const list = (parts: readonly Markdown[]) => joined(parts, ", ");
  return fillTemplateFile("src/cli/review/console-guide.md", {
    stack: prose(stack),
    account: accountId === undefined ? trusted("the account in which DKP will run") : md`account ${code(accountId)}`,
    accountUnknown: accountId === undefined && policy.mode !== "documented",
    console: console === undefined ? md` of your partition, ${code(partition)}` : md`, ${console}`,
    paths: list(Object.entries(paths).flatMap(([what, path = "/"]) => (path === "/" ? [] : md`${trusted(what)} ${code(path)}`))),
    keysInTerraform: accessKeys !== "none",
    encrypted: secret.current === "encrypted",
    region: code(region),
    commercialPartition: partition === "aws",
    policyName: code(policy.name),
    policyDescription: code(policy.description),
    policyNames: joined(names.map(code), " and "),
    additionalDocuments: list(names.slice(1).map((name, index) => md`${code(name)} with ${code(policyFile(index + 2))}`)),
    networks: codes(networks),
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
