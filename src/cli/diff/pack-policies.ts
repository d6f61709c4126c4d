import { ACCOUNT_ID } from "../../iam/arns";
import { CONTROL_POLICY_FILE, DEPLOYER_FILES, PLANNER_FILE, TRUST_FILES } from "../review/file-names";
import { trustFindings } from "./permissions";
import { comparePolicies, controlFindings, type Policy, policyFindings, readPolicy } from "./policies";
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
