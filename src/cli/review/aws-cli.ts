import { networkList } from "../../iam/networks";
import { partitionOf } from "../../iam/partitions";
import type { Deployment } from "../../settings/deployment";
import { trusted } from "../../text/markdown";
import { visible } from "../../text/printable";
import { asciiJson, comment, shellWord } from "../../text/shell";
import { fillTemplateFile } from "../../text/template";
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

/** The words of a command. */
type Command = readonly string[];

/** A command and the one that reverts it. */
interface Change {
  readonly create: Command;
  readonly undo: Command;
}

/** The changes of one kind of object, under a heading. */
interface Step {
  readonly title: string;
  readonly changes: readonly Change[];
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
    oneLine(iam("delete-access-key", { "user-name": user.name, "access-key-id": "ACCESS_KEY_ID" })),
    ...(createsKey ? [`rm ${keyFile}`] : []),
    ...steps.flatMap(({ changes }) => changes.map(({ undo }) => oneLine(undo))).toReversed(),
  ];
  return fillTemplateFile("src/cli/review/aws-cli.sh", {
    stack: trusted(visible(stack)),
    remarks: trusted(comment(...remarks(deployment))),
    setRegion: trusted(setRegion),
    keyFile: trusted(keyFile),
    queryAccount: trusted(QUERY_ACCOUNT),
    accountStated: accountId !== undefined,
    accountId: trusted(word(accountId ?? "")),
    commands: trusted(
      steps.map(({ title, changes }) => [`# ${title}`, ...changes.map(({ create }) => wrapped(create))].join("\n")).join("\n\n"),
    ),
    createsKey,
    keysOutside: accessKeys === "none",
    encrypted,
    createKey: trusted(oneLine(iam("create-access-key", { "user-name": user.name, output: "json" }))),
    undo: trusted(comment(...undoing)),
  });
}

/** What Terraform creates apart from the key, in the order of the authorization page. */
function stepsOf(deployment: Deployment): readonly Step[] {
  const { user, attachment, group, nodeRole } = deployment;
  const policies = policiesOf(deployment);
  const tags = tagsOf(deployment);
  const userName = { "user-name": user.name };
  const groupName = { "group-name": group.name };
  const steps: Step[] = [
    { title: policies.length === 1 ? "Policy" : "Policies", changes: policies.map(({ create, undo }) => ({ create, undo })) },
    {
      title: "User",
      changes: [
        change("create-user", "delete-user", userName, {
          path: unlessDefault(user.path),
          "permissions-boundary": user.permissionsBoundary,
          tags,
        }),
      ],
    },
  ];
  if (attachment !== "user") {
    steps.push({
      title: "Group",
      changes: [
        change("create-group", "delete-group", groupName, { path: unlessDefault(group.path) }),
        ...policies.map(({ arn }) => attached("group", { ...groupName, "policy-arn": arn })),
        change("add-user-to-group", "remove-user-from-group", { ...groupName, ...userName }),
      ],
    });
  }
  if (attachment !== "group") {
    steps.push({
      title: "Policy of the user",
      changes: policies.map(({ arn }) => attached("user", { ...userName, "policy-arn": arn })),
    });
  }
  if (nodeRole !== undefined) {
    const { name, path, permissionsBoundary, managedPolicyArns } = nodeRole;
    const roleName = { "role-name": name };
    const trust = { "assume-role-policy-document": `file://${NODE_TRUST_FILE}` };
    const inline = { "policy-document": `file://${NODE_POLICY_FILE}` };
    steps.push({
      title: "Role of the nodes",
      changes: [
        change("create-role", "delete-role", roleName, {
          path: unlessDefault(path),
          ...trust,
          "permissions-boundary": permissionsBoundary,
          tags,
        }),
        change("put-role-policy", "delete-role-policy", { ...roleName, "policy-name": name }, inline),
        ...managedPolicyArns.map((arn) => attached("role", { ...roleName, "policy-arn": arn })),
      ],
    });
  }
  return steps;
}

interface PolicyChange extends Change {
  readonly arn: Expression;
}

function policiesOf(deployment: Deployment): readonly PolicyChange[] {
  const { region, accountId, policy, policies } = deployment;
  const account = accountId === undefined ? '"$account"' : word(accountId);
  // The policy of mode documented names no account.
  const isComplete = accountId !== undefined || policy.mode === "documented";
  return policies.map(({ number, name }) => {
    const arn = { shell: `${word(`arn:${partitionOf(region)}:iam::`)}${account}${word(`:policy${policy.path}${name}`)}` };
    const create = iam("create-policy", {
      "policy-name": name,
      path: unlessDefault(policy.path),
      "policy-document": documentOf(isComplete, policyFile(number)),
      // As JSON, because the AWS CLI reads a file for a value such as file://notes.
      "cli-input-json": policy.description === "" ? undefined : asciiJson({ Description: policy.description }),
      tags: tagsOf(deployment),
    });
    return { create, undo: iam("delete-policy", { "policy-arn": arn }), arn };
  });
}

/** The document in a file, with the account filled in where it was unknown: in ARNs only, so that no other string is changed. */
function documentOf(isComplete: boolean, file: string): string | Expression {
  return isComplete ? `file://${file}` : { shell: `"$(sed "/\\"arn:/s/:ACCOUNT_ID:/:$account:/" ${file})"` };
}

function tagsOf({ tags = {} }: Deployment): string | undefined {
  const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return pairs.length === 0 ? undefined : asciiJson(pairs);
}

/** The IAM path that objects have without this option is left out, as on the authorization page. */
function unlessDefault(path: string): string | undefined {
  return path === "/" ? undefined : path;
}

/** @param object the options that both commands have @param options those of the first command */
function change(create: string, undo: string, object: Options, options: Options = {}): Change {
  return { create: iam(create, { ...object, ...options }), undo: iam(undo, object) };
}

function attached(kind: "user" | "group" | "role", options: Options): Change {
  return change(`attach-${kind}-policy`, `detach-${kind}-policy`, options);
}

function iam(operation: string, options: Options): Command {
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${optionWord(value)}`],
  );
  return [`aws iam ${operation}`, ...words];
}

function optionWord(value: string | Expression): string {
  return typeof value === "string" ? word(value) : value.shell;
}

/** A value as one argument, on one line: names, paths and ARNs in valid settings have no hidden characters. */
function word(text: string): string {
  return shellWord(visible(text));
}

function oneLine(command: Command): string {
  return command.join(" ");
}

/** A command on one line, or with a line for each option. */
function wrapped(command: Command): string {
  const line = oneLine(command);
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
