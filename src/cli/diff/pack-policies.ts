import { CONTROL_POLICY_FILE, DEPLOYER_FILES, type PackFile, PLANNER_FILE, TRUST_FILES } from "../review/file-names";
import { trustFindings } from "./permissions";
import { comparePolicies, controlFindings, deployerFindings, type LimitedUser, type Policy } from "./policies";
import type { DiffFound } from "./rules";

/** Policies of a review pack that Terraform does not apply, by file name. */
export type PackPolicies = ReadonlyMap<string, Policy>;

/** The files of these policies. */
export const UNAPPLIED_FILES: readonly PackFile[] = [...DEPLOYER_FILES, PLANNER_FILE, ...TRUST_FILES, CONTROL_POLICY_FILE];

/**
 * Changes of the policies of a review pack that Terraform does not apply. A file that one side lacks is not compared, except for those of
 * the Terraform role, which settings can require.
 */
export function policyFileFindings(before: PackPolicies, after: PackPolicies, limited: LimitedUser): readonly DiffFound[] {
  return UNAPPLIED_FILES.flatMap((file): readonly DiffFound[] => {
    const [old, current] = [before.get(file), after.get(file)];
    if (DEPLOYER_FILES.some((own) => own === file) || (file === PLANNER_FILE && old !== undefined && current !== undefined)) {
      const [one, other] = [old, current].map((policy) => (policy === undefined ? [] : [policy])) as [Policy[], Policy[]];
      return deployerFindings(file, comparePolicies(one, other, limited.environment));
    }
    if (old === undefined || current === undefined) {
      const isNew = before.size > 0 && current !== undefined;
      return isNew ? [{ rule: "file-not-compared", values: { file } }] : [];
    }
    return file === CONTROL_POLICY_FILE
      ? controlFindings(old, current, limited)
      : trustFindings(`the role of ${file}`, old, current);
  });
}
