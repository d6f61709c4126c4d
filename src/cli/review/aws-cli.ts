import { grouped } from "../../text/grouped";
import { visible } from "../../text/printable";
import { policyFile } from "../pack/file-names";
import { asciiJson, shellWord } from "../text/shell";
import type { Reviewed } from "./reviewed";

/** Options of an IAM command, with values as the shell reads them; one without a value is left out. */
type Options = Readonly<Record<string, string | undefined>>;

/** A command that creates something, the one that reverts it, and the heading above it. */
interface Step {
  readonly title: string;
  readonly create: string;
  readonly undo: string;
}

/**
 * What Terraform creates apart from the key, in the order of the authorization page: steps by the heading above them. Their documents
 * are other files of the review pack.
 */
export function awsCliSteps({ deployment, partition }: Reviewed): ReadonlyMap<string, readonly Step[]> {
  const { accountId, policy, policies, user, attachment, group, nodeRole, tags = {} } = deployment;
  const pairs = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const tagged = { tags: pairs.length === 0 ? undefined : word(asciiJson(pairs)) };
  // The policy of mode documented names no account.
  const isComplete = accountId !== undefined || policy.mode === "documented";
  const account = accountId === undefined ? '"$account"' : word(accountId);
  const arns = policies.map(({ name }) => `${word(`arn:${partition}:iam::`)}${account}${word(`:policy${policy.path}${name}`)}`);
  const steps: Step[] = [];
  /** @param object the options that both commands have @param options those of the first command */
  const add = (title: string, [create, undo]: readonly [string, string], object: Options, options: Options = {}) =>
    steps.push({ title, create: wrapped(iam(create, { ...object, ...options })), undo: iam(undo, object).join(" ") });
  const attach = (title: string, kind: string, object: Options) =>
    add(title, [`attach-${kind}-policy`, `detach-${kind}-policy`], object);
  for (const [index, { number, name }] of policies.entries()) {
    const create = iam("create-policy", {
      "policy-name": word(name),
      path: pathOf(policy),
      "policy-document": documentOf(isComplete, policyFile(number)),
      // As JSON, because the AWS CLI reads a file for a value such as file://notes.
      "cli-input-json": policy.description === "" ? undefined : word(asciiJson({ Description: policy.description })),
      ...tagged,
    });
    const title = policies.length === 1 ? "Policy" : "Policies";
    steps.push({ title, create: wrapped(create), undo: iam("delete-policy", { "policy-arn": arns[index] }).join(" ") });
  }
  const [userName, groupName] = [{ "user-name": word(user.name) }, { "group-name": word(group.name) }];
  const userOptions = { path: pathOf(user), "permissions-boundary": boundaryOf(user), ...tagged };
  add("User", ["create-user", "delete-user"], userName, userOptions);
  if (attachment !== "user") {
    add("Group", ["create-group", "delete-group"], groupName, { path: pathOf(group) });
    arns.map((arn) => attach("Group", "group", { ...groupName, "policy-arn": arn }));
    add("Group", ["add-user-to-group", "remove-user-from-group"], { ...groupName, ...userName });
  }
  if (attachment !== "group") {
    arns.map((arn) => attach("Policy of the user", "user", { ...userName, "policy-arn": arn }));
  }
  if (nodeRole !== undefined) {
    const [title, roleName] = ["Role of the nodes", { "role-name": word(nodeRole.name) }];
    const trust = { "assume-role-policy-document": "file://node-role-trust.json" };
    const roleOptions = { path: pathOf(nodeRole), ...trust, "permissions-boundary": boundaryOf(nodeRole), ...tagged };
    add(title, ["create-role", "delete-role"], roleName, roleOptions);
    const inline = { ...roleName, "policy-name": word(nodeRole.name) };
    add(title, ["put-role-policy", "delete-role-policy"], inline, { "policy-document": "file://node-role-policy.json" });
    nodeRole.managedPolicyArns.map((arn) => attach(title, "role", { ...roleName, "policy-arn": word(arn) }));
  }
  return grouped(steps, ({ title }) => title);
}

/** The document in a file, with the account filled in where it was unknown: in ARNs only, so that no other string is changed. */
const documentOf = (isComplete: boolean, file: string) =>
  isComplete ? `file://${file}` : `"$(sed "/\\"arn:/s/:ACCOUNT_ID:/:$account:/" ${file})"`;

/** The IAM path that objects have without this option is left out, as on the authorization page. */
const pathOf = ({ path }: { readonly path: string }) => (path === "/" ? undefined : word(path));

const boundaryOf = ({ permissionsBoundary: arn }: { readonly permissionsBoundary?: string | undefined }) => arn && word(arn);

/** The words of a command. */
function iam(operation: string, options: Options): readonly string[] {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return [`aws iam ${operation}`, ...given.map(([name, value]) => `--${name}=${value}`)];
}

/** A value as one argument, on one line: names, paths and ARNs in valid settings have no hidden characters. */
const word = (text: string) => shellWord(visible(text));

/** A command on one line of at most 120 characters, else with a line for each option. */
function wrapped(command: readonly string[]): string {
  const line = command.join(" ");
  return line.length <= 120 ? line : command.join(" \\\n  ");
}
