import { networkList } from "../../iam/networks";
import { partitionOf } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { grouped } from "../../text/grouped";
import { visible } from "../../text/printable";
import { trusted } from "../text/markdown";
import { asciiJson, comment, shellWord } from "../text/shell";
import { fillTemplateFile } from "../text/template";
import { NODE_POLICY_FILE, NODE_TRUST_FILE, policyFile } from "./file-names";

const QUERY_ACCOUNT = "account=$(aws sts get-caller-identity --query=Account --output=text)";

/** The longest command on one line. */
const MAX_LINE = 120;

/** A value that the shell computes, in place of a literal one. */
interface Expression {
  readonly shell: string;
}

/** Options of an IAM command; one without a value is left out. */
type Options = Readonly<Record<string, string | Expression | undefined>>;

/** The words of a command that creates something, those of the one that reverts it, and the heading above it. */
interface Step {
  readonly title: string;
  readonly create: readonly string[];
  readonly undo: readonly string[];
}

/**
 * aws-cli.sh: the commands of the DKP authorization page with the values of a deployment, which create what Terraform creates from
 * the same settings. POSIX sh; the documents are other files of the review pack. A key whose secret the settings encrypt is left
 * to Terraform, because AWS returns the secret in plaintext.
 */
export function awsCliScript(deployment: Deployment): string {
  const { stack, region, accountId, user, accessKeys } = deployment;
  // In the partition aws, the STS endpoint of us-east-1 accepts credentials before the Region of the deployment is enabled.
  const endpoint = word(partitionOf(region) === "aws" ? "us-east-1" : region);
  const setRegion = `export AWS_REGION=${endpoint} AWS_DEFAULT_REGION=${endpoint}`;
  const encrypted = accessKeys !== "none" && accessKeys[accessKeys.current].pgpKey !== undefined;
  const createsKey = accessKeys !== "none" && !encrypted;
  const keyFile = word(`${stack}-access-key.json`);
  const steps = stepsOf(deployment);
  const undoing = [
    setRegion,
    ...(accountId === undefined ? [QUERY_ACCOUNT] : []),
    iam("delete-access-key", { "user-name": user.name, "access-key-id": "ACCESS_KEY_ID" }).join(" "),
    ...(createsKey ? [`rm ${keyFile}`] : []),
    ...steps.map(({ undo }) => undo.join(" ")).toReversed(),
  ];
  return fillTemplateFile("src/cli/review/aws-cli.sh", {
    stack: trusted(visible(stack)),
    remarks: trusted(comment(...remarks(deployment))),
    setRegion: trusted(setRegion),
    keyFile: trusted(keyFile),
    queryAccount: trusted(QUERY_ACCOUNT),
    accountId: trusted(accountId === undefined ? "" : word(accountId)),
    commands: trusted(
      [...grouped(steps, ({ title }) => title)]
        .map(([title, all]) => [`# ${title}`, ...all.map(({ create }) => wrapped(create))].join("\n"))
        .join("\n\n"),
    ),
    createsKey,
    keysOutside: accessKeys === "none",
    encrypted,
    createKey: trusted(iam("create-access-key", { "user-name": user.name, output: "json" }).join(" ")),
    undo: trusted(comment(...undoing)),
  });
}

/** What Terraform creates apart from the key, in the order of the authorization page. */
function stepsOf(deployment: Deployment): readonly Step[] {
  const { region, accountId, policy, policies, user, attachment, group, nodeRole } = deployment;
  const [userName, groupName] = [{ "user-name": user.name }, { "group-name": group.name }];
  const pairs = Object.entries(deployment.tags ?? {}).map(([Key, Value]) => ({ Key, Value }));
  const tags = pairs.length === 0 ? undefined : asciiJson(pairs);
  const account = accountId === undefined ? '"$account"' : word(accountId);
  // The policy of mode documented names no account.
  const isComplete = accountId !== undefined || policy.mode === "documented";
  const arns = policies.map(({ name }): Expression => {
    const prefix = word(`arn:${partitionOf(region)}:iam::`);
    return { shell: `${prefix}${account}${word(`:policy${policy.path}${name}`)}` };
  });
  const steps = policies.map(({ number, name }, index): Step => {
    const options = {
      "policy-name": name,
      path: unlessDefault(policy.path),
      "policy-document": documentOf(isComplete, policyFile(number)),
      // As JSON, because the AWS CLI reads a file for a value such as file://notes.
      "cli-input-json": policy.description === "" ? undefined : asciiJson({ Description: policy.description }),
      tags,
    };
    const title = policies.length === 1 ? "Policy" : "Policies";
    return { title, create: iam("create-policy", options), undo: iam("delete-policy", { "policy-arn": arns[index] }) };
  });
  /** @param object the options that both commands have @param options those of the first command */
  const add = (title: string, create: string, undo: string, object: Options, options: Options = {}) =>
    steps.push({ title, create: iam(create, { ...object, ...options }), undo: iam(undo, object) });
  const attach = (title: string, kind: string, object: Options) =>
    add(title, `attach-${kind}-policy`, `detach-${kind}-policy`, object);
  add("User", "create-user", "delete-user", userName, {
    path: unlessDefault(user.path),
    "permissions-boundary": user.permissionsBoundary,
    tags,
  });
  if (attachment !== "user") {
    add("Group", "create-group", "delete-group", groupName, { path: unlessDefault(group.path) });
    for (const arn of arns) {
      attach("Group", "group", { ...groupName, "policy-arn": arn });
    }
    add("Group", "add-user-to-group", "remove-user-from-group", { ...groupName, ...userName });
  }
  for (const arn of attachment === "group" ? [] : arns) {
    attach("Policy of the user", "user", { ...userName, "policy-arn": arn });
  }
  if (nodeRole !== undefined) {
    const { name, path, permissionsBoundary, managedPolicyArns } = nodeRole;
    const title = "Role of the nodes";
    const roleName = { "role-name": name };
    add(title, "create-role", "delete-role", roleName, {
      path: unlessDefault(path),
      "assume-role-policy-document": `file://${NODE_TRUST_FILE}`,
      "permissions-boundary": permissionsBoundary,
      tags,
    });
    const inline = { ...roleName, "policy-name": name };
    add(title, "put-role-policy", "delete-role-policy", inline, { "policy-document": `file://${NODE_POLICY_FILE}` });
    for (const arn of managedPolicyArns) {
      attach(title, "role", { ...roleName, "policy-arn": arn });
    }
  }
  return steps;
}

/** The document in a file, with the account filled in where it was unknown: in ARNs only, so that no other string is changed. */
function documentOf(isComplete: boolean, file: string): string | Expression {
  return isComplete ? `file://${file}` : { shell: `"$(sed "/\\"arn:/s/:ACCOUNT_ID:/:$account:/" ${file})"` };
}

/** The IAM path that objects have without this option is left out, as on the authorization page. */
const unlessDefault = (path: string) => (path === "/" ? undefined : path);

/** The words of a command. */
function iam(operation: string, options: Options): readonly string[] {
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${typeof value === "string" ? word(value) : value.shell}`],
  );
  return [`aws iam ${operation}`, ...words];
}

/** A value as one argument, on one line: names, paths and ARNs in valid settings have no hidden characters. */
const word = (text: string) => shellWord(visible(text));

/** A command on one line, or with a line for each option. */
function wrapped(command: readonly string[]): string {
  const line = command.join(" ");
  return line.length <= MAX_LINE ? line : command.join(" \\\n  ");
}

/** What the user of the script must know about this deployment. */
function remarks({ provider: { profile, assumeRoleArn }, accessKeys, user }: Deployment): readonly string[] {
  const remarks: string[] = [];
  if (profile !== undefined) {
    remarks.push(`Terraform uses the profile ${JSON.stringify(profile)}: set AWS_PROFILE to it.`);
  }
  if (assumeRoleArn !== undefined) {
    remarks.push(`Terraform assumes the role ${assumeRoleArn}: run this script with that role.`);
  }
  if (user.allowedNetworks !== undefined) {
    const networks = networkList(user.allowedNetworks).join(", ");
    remarks.push(`The policy denies requests with the key that come from other networks than ${networks}.`);
  }
  if (accessKeys !== "none" && (accessKeys.primary.status !== "Active" || accessKeys.secondary.status !== "absent")) {
    const { primary, secondary, current } = accessKeys;
    remarks.push(
      `The settings have the keys primary: ${primary.status}, secondary: ${secondary.status}. This script creates one, for ${current}.`,
    );
  }
  return remarks;
}
