import { ACCOUNT_ID } from "../../../../../src/iam/arns";
import { canonical } from "../../../../../src/text/json";
import {
  CONTROL_POLICY_FILE,
  DEPLOYER_FILES,
  type PackFile,
  PLANNER_FILE,
  POLICY_FILES,
} from "../../review/contents";
import type { DiffFound } from "../change-rules";
import type { Policy } from "../grants";
import { mapStrings } from "../json-values";
import { comparePolicies, deployerFindings, readPolicy } from "../policies";

type PackPolicies = ReadonlyMap<string, Policy>;

const UNAPPLIED_FILES: readonly PackFile[] = [...DEPLOYER_FILES, PLANNER_FILE, CONTROL_POLICY_FILE];

export const COMPARED_POLICIES: readonly PackFile[] = [...POLICY_FILES, ...UNAPPLIED_FILES];

type Placeholders = { readonly account: string; readonly prefix: string | undefined };

/** The settings of one side may leave the account and the prefix open. */
export function policiesIn(
  files: Readonly<Record<string, string>>,
  placeholders: Placeholders,
): PackPolicies {
  const read = (text: string): Policy =>
    mapStrings(readPolicy(text), (string) => withPlaceholders(string, placeholders));
  return new Map(
    COMPARED_POLICIES.flatMap((file) =>
      files[file] === undefined ? [] : [[file, read(files[file])] as const],
    ),
  );
}

/**
 * The account replaces `ACCOUNT_ID`, and `*`: an identity policy reaches no other account's IAM.
 */
function withPlaceholders(arn: string, { account, prefix }: Placeholders): string {
  const [start, partition, service, region, owner = "", ...resource] = arn.split(":");
  if (resource.length === 0 || start !== "arn") {
    return arn;
  }
  const isOpen = owner === ACCOUNT_ID || (service === "iam" && owner === "*");
  const named = resource.map((part) =>
    prefix === undefined ? part : part.replace(/\/PREFIX-node$/, `/${prefix}-node`),
  );
  return [start, partition, service, region, isOpen ? account : owner, ...named].join(":");
}

/**
 * What Terraform does not apply. A file that one side lacks is not compared, except for those of
 * the Terraform role.
 * @param isUsed whether Terraform's configuration changes too
 */
export function policyFileFindings(
  before: PackPolicies,
  after: PackPolicies,
  isUsed: boolean,
): readonly DiffFound[] {
  return UNAPPLIED_FILES.flatMap((file): readonly DiffFound[] => {
    const [old, current] = [before.get(file), after.get(file)];
    const policiesOf = (side: PackPolicies) => (side.has(file) ? [side.get(file)] : []);
    if (
      DEPLOYER_FILES.some((own) => own === file) ||
      (file === PLANNER_FILE && old !== undefined && current !== undefined)
    ) {
      const change = comparePolicies(policiesOf(before), policiesOf(after));
      return deployerFindings(file, change, isUsed);
    }
    if (old === undefined || current === undefined) {
      const isNew = before.size > 0 && current !== undefined;
      return isNew ? [{ rule: "file-not-compared", values: { file } }] : [];
    }
    // Its effect is not decided: any difference except the order counts.
    return canonical(old) === canonical(current)
      ? []
      : [{ rule: "control-policy-changed", values: { file } }];
  });
}
