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

/**
 * Changes of the policies of a review pack that Terraform does not apply. A file that one side lacks is not compared, but for those of the
 * deployer, which settings can require.
 * @param account stands for the account where a file does not state it
 * @param user ARN of the user whom a service control policy limits
 * @param userPolicies the policies of the user after the change
 */
export function policyFileFindings(
  before: PolicyFiles,
  after: PolicyFiles,
  account: string,
  user: string,
  userPolicies: readonly Policy[],
): readonly DiffFound[] {
  // `*` and `ACCOUNT_ID` stand for the account; an identity policy reaches no other account's IAM.
  const textIn = (files: PolicyFiles, file: string) =>
    files[file]?.replaceAll("iam::*:", `iam::${ACCOUNT_ID}:`).replaceAll(`iam::${ACCOUNT_ID}:`, `iam::${account}:`);
  return POLICY_FILES.flatMap((file): readonly DiffFound[] => {
    const [had, has] = [before, after].map((files) => textIn(files, file));
    if (had === has) {
      return [];
    }
    const isDeployer = DEPLOYER_FILES.some((own) => own === file);
    if (!isDeployer && (had === undefined || has === undefined)) {
      const isNew = Object.keys(before).length > 0 && had === undefined;
      return isNew ? [{ rule: "file-not-compared", values: { file } }] : [];
    }
    const [one, other] = [had, has].map((text) => (text === undefined ? [] : [readPolicy(text)])) as [Policy[], Policy[]];
    if (isDeployer || file === PLANNER_FILE) {
      return policyFindings("deployer", comparePolicies(one, other), undefined, file);
    }
    return file === CONTROL_POLICY_FILE
      ? controlFindings(had ?? "", has ?? "", user, userPolicies)
      : trustFindings(`the role of ${file}`, one[0], other[0]);
  });
}

/**
 * What a service control policy no longer denies, decided for all principals: the user with the policies after the change, any other
 * principal with any policy.
 */
function controlFindings(had: string, has: string, user: string, own: readonly Policy[]): readonly DiffFound[] {
  const [before, after] = [readPolicy(withPrefix(had, has)), readPolicy(withPrefix(has, had))];
  if (canonical(before) === canonical(after)) {
    return [];
  }
  const verdict = (identity: readonly Policy[]) =>
    decisions({ identity, controlPolicies: [[FULL_ACCESS, after]] }, { identity, controlPolicies: [[FULL_ACCESS, before]] });
  const others = { ArnNotEquals: { "aws:PrincipalArn": user } };
  const ofOthers = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*", Condition: others }] };
  const more = spelled(verdict([...own, ofOthers]).added(), [before, after, ...own]);
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

/** `PREFIX` stands for the prefix of a cluster that the settings do not state: the one that they state on the other side. */
function withPrefix(text: string, other: string): string {
  const prefix = /:role\/([^"/]+)-node"/.exec(other)?.[1];
  return prefix === undefined ? text : text.replaceAll("PREFIX", () => prefix);
}
