import { ACCOUNT_ID } from "../../iam/arns";
import { coversArn, coversText } from "../../iam/wildcards";
import { CONTROL_POLICY_FILE, DEPLOYER_FILES, PLANNER_FILE, TRUST_FILES } from "../review/file-names";
import { canonical, type JsonObject, listOf, objectOf, textOf } from "./json-values";
import { trustFindings } from "./permissions";
import {
  comparePolicies,
  decisions,
  evidenceOf,
  FULL_ACCESS,
  type Policy,
  policyFindings,
  readPolicy,
  reasonOf,
  spelled,
} from "./policies";
import type { ActionChange, DiffFound } from "./rules";

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
 * Changes of the policies of a review pack that Terraform does not apply.
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
  return [
    ...deployerFindings(had, has),
    ...TRUST_FILES.flatMap((file) => {
      const [one, other] = [had[file], has[file]];
      return one === undefined || other === undefined
        ? []
        : trustFindings(`the role of ${file}`, readPolicy(one), readPolicy(other));
    }),
    ...controlFindings(had[CONTROL_POLICY_FILE], has[CONTROL_POLICY_FILE], user),
    ...missingFiles(had, has),
  ];
}

/** `*` and `ACCOUNT_ID` stand for the account; an identity policy reaches no other account's IAM. */
function withAccount(files: PolicyFiles, account = ACCOUNT_ID): PolicyFiles {
  return Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name, text.replaceAll(/:iam::(?:\*|ACCOUNT_ID):/g, `:iam::${account}:`)]),
  );
}

/** Of the principals that run Terraform: what one file after the other requires beside the files before it. */
function deployerFindings(had: PolicyFiles, has: PolicyFiles): readonly DiffFound[] {
  const compared = [...DEPLOYER_FILES, PLANNER_FILE].flatMap((file) => {
    const [one, other] = [had[file], has[file]];
    const isKnown = file !== PLANNER_FILE || (one !== undefined && other !== undefined);
    return one === other || !isKnown ? [] : [{ file, change: comparePolicies(policyIn(one), policyIn(other)) }];
  });
  const broader = compared.filter(({ change }) => change.allowed.kind === "new-request");
  const request = broader.flatMap(({ change: { allowed } }) => (allowed.kind === "new-request" ? [allowed.request] : []))[0];
  const narrowed = unique(compared.flatMap(({ change }) => change.narrowed));
  return [
    ...(broader.length === 0
      ? []
      : [
          {
            rule: "deployer-broadened",
            principal: "deployer",
            values: {
              files: broader.map(({ file }) => file),
              actions: unique(broader.flatMap(({ change }) => change.broadened)),
              request,
            },
          } as const,
        ]),
    ...compared.flatMap(({ file, change: { allowed } }): readonly DiffFound[] =>
      allowed.kind === "not-comparable"
        ? [{ rule: "deployer-not-comparable", principal: "deployer", values: { file, reason: reasonOf(allowed) } }]
        : [],
    ),
    ...compared.flatMap(({ change }) => policyFindings("deployer", change).filter(({ rule }) => rule === "deny-weakened")),
    ...(narrowed.length === 0
      ? []
      : [{ rule: "deployer-narrowed", principal: "deployer", values: { actions: narrowed } } as const]),
  ];
}

function policyIn(text: string | undefined): readonly Policy[] {
  return text === undefined ? [] : [readPolicy(text)];
}

function unique(changes: readonly ActionChange[]): readonly string[] {
  return [...new Set(changes.map(({ action }) => action))].sort();
}

function missingFiles(had: PolicyFiles, has: PolicyFiles): readonly DiffFound[] {
  return POLICY_FILES.filter((file) => !DEPLOYER_FILES.some((own) => own === file))
    .filter((file) => Object.keys(had).length > 0 && had[file] === undefined && has[file] !== undefined)
    .map((file) => ({ rule: "file-not-compared", values: { file } }));
}

/**
 * What a service control policy no longer denies, decided for all principals: the user with the policies after the change, any other
 * principal with any policy. A file that one side lacks is not compared.
 */
function controlFindings(had: string | undefined, has: string | undefined, user: ControlledUser): readonly DiffFound[] {
  if (had === undefined || has === undefined) {
    return [];
  }
  const [before, after] = [readPolicy(withPrefix(had, has)), readPolicy(withPrefix(has, had))];
  if (canonical(before) === canonical(after)) {
    return [];
  }
  const verdict = (identity: readonly Policy[]) =>
    decisions({ identity, controlPolicies: [[FULL_ACCESS, after]] }, { identity, controlPolicies: [[FULL_ACCESS, before]] });
  const more = spelled(verdict([...user.policies, othersThan(user.arn)]).added(), [before, after, ...user.policies]);
  const less = verdict([FULL_ACCESS]).removed();
  return [
    ...(more.kind === "nothing-new"
      ? []
      : [
          {
            rule: "control-policy-weakened",
            principal: "any principal",
            values: { statements: weakened(before, after), ...evidenceOf(more) },
          } as const,
        ]),
    ...(less.kind === "new-request"
      ? weakened(after, before).map(
          (statement): DiffFound => ({
            rule: "limits-strengthened",
            values: { what: `the service control policy denies more: ${statement}` },
          }),
        )
      : []),
  ];
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

/** Elements of which a Deny with more names denies less, and those of which it denies more. */
const EXCEPTIONS = ["NotAction", "NotResource"] as const;
const MATCHES = ["Action", "Resource"] as const;

/** The statements that differ, each with the names that one side covers and the other does not. */
function weakened(from: Policy, to: Policy): readonly string[] {
  const others = listOf(objectOf(to).Statement).map(objectOf);
  return listOf(objectOf(from).Statement)
    .map(objectOf)
    .filter((statement) => !others.some((other) => canonical(other) === canonical(statement)))
    .flatMap((statement) => {
      const name = `statement ${textOf(statement.Sid) ?? "without an ID"}`;
      const other = others.find(({ Sid }) => Sid === statement.Sid);
      const uncovered = other === undefined ? [] : differences(statement, other);
      return uncovered.length === 0 ? [name] : [`${name} (${uncovered.join(", ")})`];
    });
}

function differences(from: JsonObject, to: JsonObject): readonly string[] {
  const names = (statement: JsonObject, element: string) => listOf(statement[element]).map(String);
  return [
    ...EXCEPTIONS.flatMap((element) => beyond(names(to, element), names(from, element))),
    ...MATCHES.flatMap((element) => beyond(names(from, element), names(to, element))),
  ];
}

/** Names of one list that no pattern of another one covers. */
function beyond(names: readonly string[], patterns: readonly string[]): readonly string[] {
  const covers = (pattern: string, name: string) =>
    name.startsWith("arn:") ? coversArn(pattern, name) : coversText(pattern.toLowerCase(), name.toLowerCase());
  return names.filter((name) => !patterns.some((pattern) => covers(pattern, name)));
}
