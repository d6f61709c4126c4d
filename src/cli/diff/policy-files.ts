import type { Answer } from "../../decision/model";
import { coversArn, coversText } from "../../iam/wildcards";
import { CONTROL_POLICY_FILE, DEPLOYER_FILES, PLANNER_FILE, TRUST_FILES } from "../review/file-names";
import type { ActionChange, PermissionChanges } from "./change-summary";
import { canonical, type JsonObject, listOf, nameOf, objectOf } from "./json-values";
import { trustChanges } from "./permission-changes";
import { combined, evidenceOf, policyChanges } from "./policy-comparison";
import { decision, FULL_ACCESS } from "./policy-decision";
import { NO_POLICY, type Permit, type Policy, readPolicy } from "./policy-model";

/** Policies of a review pack that Terraform does not apply, JSON by file name. */
export type PolicyFiles = Readonly<Record<string, string>>;

/** All of them. */
export const POLICY_FILES: readonly string[] = [...DEPLOYER_FILES, PLANNER_FILE, ...TRUST_FILES, CONTROL_POLICY_FILE];

/**
 * Changes of the policies of a review pack that Terraform does not apply.
 * @param account stands for the account where a file does not state it
 * @param user ARN of the user, and the policies of the user after the change
 */
export function policyFileChanges(
  before: PolicyFiles,
  after: PolicyFiles,
  account: string | undefined,
  user: ControlledUser,
): { readonly permissions: PermissionChanges; readonly notes: readonly string[] } {
  const [had, has] = [before, after].map((files) => withAccount(files, account)) as [PolicyFiles, PolicyFiles];
  const byFile = DEPLOYER_FILES.map((file) => ({
    file,
    changes: spelled(policyChanges("deployer", policyIn(had[file]), policyIn(has[file])), `${had[file]}${has[file]}`),
  }));
  const applying = combined(...byFile.map(({ changes }) => changes));
  const planning = plannerChanges(had[PLANNER_FILE], has[PLANNER_FILE]);
  const broader = byFile.filter(({ changes }) => changes.broadened.length > 0).map(({ file }) => file);
  return {
    permissions: combined(
      applying,
      beyondDeployer(planning, applying),
      ...TRUST_FILES.map((file) => trustFileChanges(file, had[file], has[file])),
      controlChanges(had[CONTROL_POLICY_FILE], has[CONTROL_POLICY_FILE], user),
    ),
    notes: [...deployerNote(applying, broader), ...plannerNote(planning), ...missingNote(had, has)],
  };
}

/** Of the policy of the principal that only plans. A file that one side lacks is not compared. */
function plannerChanges(had: string | undefined, has: string | undefined): PermissionChanges {
  return had === undefined || has === undefined
    ? combined()
    : spelled(policyChanges("deployer", policyIn(had), policyIn(has)), `${had}${has}`);
}

/** Without the actions that are broadened or narrowed for the deployer as well: each is reported once. */
function beyondDeployer(planning: PermissionChanges, applying: PermissionChanges): Partial<PermissionChanges> {
  const without = (own: readonly ActionChange[], others: readonly ActionChange[]) =>
    own.filter(({ action }) => !others.some((other) => other.action === action));
  const broadened = without(planning.broadened, applying.broadened);
  return {
    ...planning,
    broadened,
    narrowed: without(planning.narrowed, applying.narrowed),
    evidence: broadened.length === 0 && planning.broadened.length > 0 ? [] : planning.evidence,
  };
}

/** Of a trust policy of a role for a pipeline. A file that one side lacks is not compared. */
function trustFileChanges(file: string, had: string | undefined, has: string | undefined): Partial<PermissionChanges> {
  return had === undefined || has === undefined
    ? {}
    : trustChanges("deployer", `the role of ${file}`, policyIn(had), policyIn(has));
}

/** `*` and `ACCOUNT_ID` stand for the account; an identity policy reaches no other account's IAM. */
function withAccount(files: PolicyFiles, account: string | undefined): PolicyFiles {
  return account === undefined
    ? files
    : Object.fromEntries(
        Object.entries(files).map(([name, text]) => [name, text.replaceAll(/:iam::(?:\*|ACCOUNT_ID):/g, `:iam::${account}:`)]),
      );
}

/** Changes with the actions as the policies write them. */
function spelled(changes: PermissionChanges, policies: string): PermissionChanges {
  const names = new Map(
    [...policies.matchAll(/"([a-z0-9-]+:[A-Za-z0-9*?]+)"/g)].map(([, name = ""]) => [name.toLowerCase(), name]),
  );
  const named = <T extends { readonly action: string }>(of: T): T => ({ ...of, action: names.get(of.action) ?? of.action });
  return {
    ...changes,
    broadened: changes.broadened.map(named),
    narrowed: changes.narrowed.map(named),
    evidence: changes.evidence.map((one) => (one.kind === "new-request" ? { ...one, request: named(one.request) } : one)),
  };
}

function policyIn(text: string | undefined): Policy {
  return text === undefined ? NO_POLICY : readPolicy(text);
}

/** How the note on the deployer begins. */
export const DEPLOYER_NEEDS = "the deployer needs";

function deployerNote({ broadened }: PermissionChanges, files: readonly string[]): readonly string[] {
  return broadened.length === 0
    ? []
    : [`${DEPLOYER_NEEDS} ${newActions(broadened)}: update its role with ${files.join(" and ")} before you apply`];
}

function plannerNote({ broadened }: PermissionChanges): readonly string[] {
  return broadened.length === 0
    ? []
    : [`the role that plans needs ${newActions(broadened)}: update it with ${PLANNER_FILE} before you plan`];
}

function newActions(broadened: PermissionChanges["broadened"]): string {
  const count = new Set(broadened.map(({ action }) => action)).size;
  return `${count} new or broadened ${count === 1 ? "action" : "actions"}`;
}

function missingNote(had: PolicyFiles, has: PolicyFiles): readonly string[] {
  const missing = POLICY_FILES.filter(
    (file) => !isDeployerFile(file) && Object.keys(had).length > 0 && had[file] === undefined && has[file] !== undefined,
  );
  const [verb, object] = missing.length === 1 ? ["is", "it"] : ["are", "them"];
  return missing.length === 0
    ? []
    : [`${missing.join(", ")} ${verb} not compared: the earlier review pack does not contain ${object}`];
}

function isDeployerFile(file: string): boolean {
  return DEPLOYER_FILES.some((own) => own === file);
}

interface Denial {
  readonly sid: string;
  readonly text: string;
  readonly statement: JsonObject;
}

/** Elements of which a Deny with more names denies less, and those of which it denies more. */
const EXCEPTIONS = ["NotAction", "NotResource"] as const;
const MATCHES = ["Action", "Resource"] as const;

/** The user whom a service control policy limits. */
export interface ControlledUser {
  readonly arn: string;
  readonly policy: Policy;
}

/**
 * What a service control policy no longer denies, decided for all principals: the user with the policies after the change, any other
 * principal with any policy. A file that one side lacks is not compared.
 */
function controlChanges(had: string | undefined, has: string | undefined, user: ControlledUser): Partial<PermissionChanges> {
  if (had === undefined || has === undefined) {
    return {};
  }
  const [before, after] = [withPrefix(had, has), withPrefix(has, had)];
  const broadened = weaker(before, after, anyPrincipal(user));
  return {
    otherBroadened: [
      ...(before !== after && !isPolicy(before) ? [UNKNOWN_DENIALS] : []),
      ...broadened.flatMap(({ lines }) => lines),
    ],
    otherNarrowed: weaker(after, before, FULL_ACCESS).flatMap(({ lines }) => lines.map(reversed)),
    // One request shows it for all statements.
    evidence: broadened
      .flatMap(({ answer }) => evidenceOf({ principal: "any principal", policy: "service control policy" }, answer))
      .slice(0, 1),
  };
}

const UNKNOWN_DENIALS = "the service control policy was not a policy before the change: what it denied is unknown";

function isPolicy(text: string): boolean {
  return readPolicy(text).opaque.every(({ effect }) => effect === "Allow" || effect === "Deny");
}

/** What principals can have as identity policies. */
function anyPrincipal({ arn, policy }: ControlledUser): Policy {
  const others = { ...FULL_ACCESS.allows[0], conditions: [{ operator: "ArnNotEquals", key: "aws:PrincipalArn", values: [arn] }] };
  return { ...policy, allows: [...policy.allows, others as Permit] };
}

/** What is denied less in one direction is denied more in the other one. */
function reversed(text: string): string {
  return text.replace("denies less", "denies more").replace("no longer covers", "now covers").replace("is removed", "is new");
}

/** `PREFIX` stands for the prefix of a cluster that the settings do not state: the one that they state on the other side. */
function withPrefix(text: string, other: string): string {
  const prefix = /:role\/([^"/]+)-node"/.exec(other)?.[1];
  return prefix === undefined ? text : text.replaceAll("PREFIX", () => prefix);
}

function denials(text: string): readonly Denial[] {
  try {
    return listOf(objectOf(JSON.parse(text)).Statement).map((given) => {
      const statement = objectOf(given);
      return { sid: nameOf(statement.Sid), text: canonical(statement), statement };
    });
  } catch {
    return [];
  }
}

interface Weakening {
  readonly lines: readonly string[];
  readonly answer: Answer;
}

/** By statement of one control policy, what another one does not deny although the identity policies allow it. */
function weaker(from: string, to: string, identity: Policy): readonly Weakening[] {
  const others = denials(to);
  return denials(from).flatMap(({ sid, statement, text }) => {
    if (others.some((other) => other.text === text)) {
      return [];
    }
    const alone = readPolicy(JSON.stringify({ Version: "2012-10-17", Statement: [statement] }));
    const answer = decision({ identity, control: readPolicy(to) }, { identity, control: alone });
    const other = others.find((candidate) => candidate.sid === sid);
    const lines =
      other === undefined
        ? [`the service control policy denies less: statement ${sid} is removed`]
        : differences(sid, statement, other.statement);
    return answer.kind === "nothing-new" ? [] : [{ answer, lines: lines.length === 0 ? [lessOf(sid)] : lines }];
  });
}

function lessOf(sid: string): string {
  return `the service control policy denies less: statement ${sid} applies to other requests now`;
}

function differences(sid: string, from: JsonObject, to: JsonObject): readonly string[] {
  const names = (statement: JsonObject, element: string) => listOf(statement[element]).map(String);
  const excepted = EXCEPTIONS.flatMap((element) => beyond(names(to, element), names(from, element)));
  const unmatched = MATCHES.flatMap((element) => beyond(names(from, element), names(to, element)));
  const lists: readonly string[] = [...EXCEPTIONS, ...MATCHES];
  const rest = (statement: JsonObject) => canonical(Object.entries(statement).filter(([element]) => !lists.includes(element)));
  const shape = (statement: JsonObject) => lists.filter((element) => statement[element] !== undefined).join();
  return [
    ...[...excepted, ...unmatched].map(
      (name) => `the service control policy denies less: statement ${sid} no longer covers ${name}`,
    ),
    ...(rest(from) === rest(to) && shape(from) === shape(to) ? [] : [lessOf(sid)]),
  ];
}

/** Names of one list that no pattern of another one covers. */
function beyond(names: readonly string[], patterns: readonly string[]): readonly string[] {
  const covers = (pattern: string, name: string) =>
    name.startsWith("arn:") ? coversArn(pattern, name) : coversText(pattern.toLowerCase(), name.toLowerCase());
  return names.filter((name) => !patterns.some((pattern) => covers(pattern, name)));
}
