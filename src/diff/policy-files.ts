import { CONTROL_POLICY_FILE, DEPLOYER_FILES } from "../iam/policy-file-names";
import { coversArn, coversText } from "../iam/wildcards";
import type { PermissionChanges } from "./change-summary";
import { canonical, type JsonObject, listOf, objectOf } from "./json-values";
import { combined, grantsOf, policyChanges } from "./policy-comparison";
import { NO_POLICY, type Policy, readPolicy } from "./policy-model";
import { ACCOUNT_REFERENCE } from "./snapshot";

/** Policies of a review pack that Terraform does not apply, JSON by file name. */
export type PolicyFiles = Readonly<Record<string, string>>;

/** All of them. */
export const POLICY_FILES: readonly string[] = [...DEPLOYER_FILES, CONTROL_POLICY_FILE];

/**
 * Changes of the policies of a review pack that Terraform does not apply.
 * @param account stands for the account where a file does not state it
 * @param userPolicy the policy of the user after the change
 */
export function policyFileChanges(
  before: PolicyFiles,
  after: PolicyFiles,
  account: string | undefined,
  userPolicy: Policy | undefined,
): { readonly permissions: PermissionChanges; readonly notes: readonly string[] } {
  const [had, has] = [before, after].map((files) => withAccount(files, account)) as [PolicyFiles, PolicyFiles];
  const deployer = combined(...DEPLOYER_FILES.map((file) => policyChanges("deployer", policyIn(had[file]), policyIn(has[file]))));
  return {
    permissions: combined(deployer, controlChanges(had[CONTROL_POLICY_FILE], has[CONTROL_POLICY_FILE], userPolicy)),
    notes: [...deployerNote(deployer), ...missingNote(had, has)],
  };
}

/** `*` and `ACCOUNT_ID` stand for the account; an identity policy reaches no other account's IAM. */
function withAccount(files: PolicyFiles, account: string | undefined): PolicyFiles {
  return account === undefined
    ? files
    : Object.fromEntries(
        Object.entries(files).map(([name, text]) => [name, text.replaceAll(/:iam::(?:\*|ACCOUNT_ID):/g, `:iam::${account}:`)]),
      );
}

function policyIn(text: string | undefined): Policy {
  return text === undefined ? NO_POLICY : readPolicy(text);
}

function deployerNote({ broadened }: PermissionChanges): readonly string[] {
  const count = new Set(broadened.map(({ action }) => action)).size;
  const actions = `${count} new or broadened ${count === 1 ? "action" : "actions"}`;
  return count === 0 ? [] : [`the deployer needs ${actions}: update its role with ${DEPLOYER_FILES[0]} before you apply`];
}

function missingNote(had: PolicyFiles, has: PolicyFiles): readonly string[] {
  const missing = Object.keys(has).length > 0 && Object.keys(had).length > 0 && had[CONTROL_POLICY_FILE] === undefined;
  return missing ? [`${CONTROL_POLICY_FILE} is not compared: the earlier review pack does not contain it`] : [];
}

interface Denial {
  readonly sid: string;
  readonly text: string;
  readonly statement: JsonObject;
}

/** Elements of which a Deny with more names denies less, and those of which it denies more. */
const EXCEPTIONS = ["NotAction", "NotResource"] as const;
const MATCHES = ["Action", "Resource"] as const;

/** What a service control policy no longer denies. A file that one side lacks is not compared. */
function controlChanges(
  had: string | undefined,
  has: string | undefined,
  userPolicy: Policy | undefined,
): Partial<PermissionChanges> {
  if (had === undefined || has === undefined) {
    return {};
  }
  const [before, after] = [denials(withPrefix(had, has)), denials(withPrefix(has, had))];
  return {
    otherBroadened: weaker(before, after, userPolicy),
    otherNarrowed: weaker(after, before, undefined).map(reversed),
  };
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
      return { sid: String(statement.Sid), text: canonical(statement), statement };
    });
  } catch {
    return [{ sid: "not JSON", text, statement: {} }];
  }
}

function weaker(from: readonly Denial[], to: readonly Denial[], userPolicy: Policy | undefined): readonly string[] {
  return from.flatMap(({ sid, statement, text }) => {
    const other = to.find((candidate) => candidate.sid === sid);
    if (other === undefined) {
      return isMoot(statement, userPolicy) ? [] : [`the service control policy denies less: statement ${sid} is removed`];
    }
    return other.text === text ? [] : differences(sid, statement, other.statement);
  });
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
    ...(rest(from) === rest(to) && shape(from) === shape(to)
      ? []
      : [`the service control policy denies less: statement ${sid} applies to other requests now, which is not comparable`]),
  ];
}

/** Names of one list that no pattern of another one covers. */
function beyond(names: readonly string[], patterns: readonly string[]): readonly string[] {
  const covers = (pattern: string, name: string) =>
    name.startsWith("arn:") ? coversArn(pattern, name) : coversText(pattern.toLowerCase(), name.toLowerCase());
  return names.filter((name) => !patterns.some((pattern) => covers(pattern, name)));
}

/** Whether the policy of the user allows nothing that a statement denied, so that the statement is not needed any more. */
function isMoot(statement: JsonObject, userPolicy: Policy | undefined): boolean {
  const actions = listOf(statement.Action).map((action) => String(action).toLowerCase());
  const spared = listOf(statement.NotResource).map(String);
  return (
    userPolicy !== undefined &&
    userPolicy.opaque.length === 0 &&
    actions.length > 0 &&
    spared.length > 0 &&
    actions.every((action) =>
      grantsOf(userPolicy.allows, action)
        .map(({ resource }) => resource.replaceAll(ACCOUNT_REFERENCE, "ACCOUNT_ID"))
        .every((resource) => spared.some((pattern) => coversArn(pattern, resource))),
    )
  );
}
