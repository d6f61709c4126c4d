import { ACCOUNT_ID } from "../../iam/arns";
import { CONTROL_POLICY_FILE, DEPLOYER_FILES, PLANNER_FILE, TRUST_FILES } from "../review/file-names";
import { canonical, listOf, nameOf, objectOf } from "./json-values";
import { trustFindings } from "./permissions";
import {
  comparePolicies,
  decisions,
  evidenceOf,
  FULL_ACCESS,
  type Policy,
  policyFindings,
  readPolicy,
  spelled,
} from "./policies";
import type { DiffFound } from "./rules";

/** Policies of a review pack that Terraform does not apply, JSON by file name. */
export type PolicyFiles = Readonly<Record<string, string>>;

/** All of them. */
export const POLICY_FILES: readonly string[] = [...DEPLOYER_FILES, PLANNER_FILE, ...TRUST_FILES, CONTROL_POLICY_FILE];

/** The user whom a service control policy limits. */
export interface ControlledUser {
  readonly arn: string;
  readonly policies: readonly Policy[];
}

/**
 * Changes of the policies of a review pack that Terraform does not apply. A file that one side lacks is not compared, but for those of the
 * deployer, which settings can require.
 * @param account stands for the account where a file does not state it
 * @param user ARN of the user, and the policies of the user after the change
 */
export function policyFileFindings(
  before: PolicyFiles,
  after: PolicyFiles,
  account: string | undefined,
  user: ControlledUser,
): readonly DiffFound[] {
  const [had, has] = [before, after].map((files) => withAccount(files, account)) as [PolicyFiles, PolicyFiles];
  const both = (file: string) => (had[file] === undefined || has[file] === undefined ? [] : [[had[file], has[file]] as const]);
  const isForDeployer = (file: string) => DEPLOYER_FILES.some((own) => own === file);
  return [
    ...[...DEPLOYER_FILES, PLANNER_FILE].flatMap((file) =>
      had[file] === has[file] || (file === PLANNER_FILE && both(file).length === 0)
        ? []
        : policyFindings("deployer", comparePolicies(policyIn(had[file]), policyIn(has[file])), undefined, file),
    ),
    ...TRUST_FILES.flatMap((file) =>
      both(file).flatMap(([one, other]) => trustFindings(`the role of ${file}`, readPolicy(one), readPolicy(other))),
    ),
    ...both(CONTROL_POLICY_FILE).flatMap(([one, other]) => controlFindings(one, other, user)),
    ...POLICY_FILES.filter(
      (file) => !isForDeployer(file) && Object.keys(had).length > 0 && had[file] === undefined && has[file] !== undefined,
    ).map((file): DiffFound => ({ rule: "file-not-compared", values: { file } })),
  ];
}

/** `*` and `ACCOUNT_ID` stand for the account; an identity policy reaches no other account's IAM. */
function withAccount(files: PolicyFiles, account = ACCOUNT_ID): PolicyFiles {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, text.replaceAll(/:iam::(?:\*|ACCOUNT_ID):/g, `:iam::${account}:`)]),
  );
}

function policyIn(text: string | undefined): readonly Policy[] {
  return text === undefined ? [] : [readPolicy(text)];
}

/**
 * What a service control policy no longer denies, decided for all principals: the user with the policies after the change, any other
 * principal with any policy.
 */
function controlFindings(had: string, has: string, user: ControlledUser): readonly DiffFound[] {
  const [before, after] = [readPolicy(withPrefix(had, has)), readPolicy(withPrefix(has, had))];
  if (canonical(before) === canonical(after)) {
    return [];
  }
  const verdict = (identity: readonly Policy[]) =>
    decisions({ identity, controlPolicies: [[FULL_ACCESS, after]] }, { identity, controlPolicies: [[FULL_ACCESS, before]] });
  const more = spelled(verdict([...user.policies, othersThan(user.arn)]).added(), [before, after, ...user.policies]);
  const found: DiffFound[] = [];
  if (more.kind !== "nothing-new") {
    const values = { statements: changedStatements(before, after), ...evidenceOf(more) };
    found.push({ rule: "control-policy-weakened", principal: "any principal", values });
  }
  if (verdict([FULL_ACCESS]).removed().kind === "new-request") {
    const what = `the service control policy denies more: ${changedStatements(after, before).join(", ")}`;
    found.push({ rule: "limits-strengthened", values: { what } });
  }
  return found;
}

/** The IDs of the statements of one policy that another one does not have. */
function changedStatements(policy: Policy, other: Policy): readonly string[] {
  const others = new Set(listOf(objectOf(other).Statement).map(canonical));
  const own = listOf(objectOf(policy).Statement).filter((statement) => !others.has(canonical(statement)));
  return own.map((statement) => nameOf(objectOf(statement).Sid));
}

/** Every other principal can have any identity policy. */
function othersThan(arn: string): Policy {
  const others = { ArnNotEquals: { "aws:PrincipalArn": arn } };
  return { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition: others }] };
}

/** `PREFIX` stands for the prefix of a cluster that the settings do not state: the one that they state on the other side. */
function withPrefix(text: string, other: string): string {
  const prefix = /:role\/([^"/]+)-node"/.exec(other)?.[1];
  return prefix === undefined ? text : text.replaceAll("PREFIX", () => prefix);
}
