import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES } from "../../../terraform/addresses";
import { code, list, type Markdown, md, plain } from "../../text/markdown";

/** What checkov finds in the Terraform JSON of mode `documented`, by address: checks, and why they remain. */
const FINDINGS: Readonly<Record<string, { readonly reason: string; readonly checks: Readonly<Record<string, string>> }>> = {
  [ADDRESSES.policyDocument]: {
    checks: {
      CKV_AWS_109: "permissions management without constraints",
      CKV_AWS_110: "privilege escalation",
      CKV_AWS_111: "write access without constraints",
      CKV_AWS_356: "all resources for actions that could be restricted",
    },
    reason: "the DKP authorization page allows its actions on all resources, and the mode `documented` follows it",
  },
  [ADDRESSES.user]: {
    checks: { CKV_AWS_273: "an IAM user exists" },
    reason: "DKP supports only a static access key, which only an IAM user can have",
  },
  [ADDRESSES.userAttachment]: {
    checks: { CKV_AWS_40: "the policy is attached to the user itself" },
    reason: "the DKP authorization page attaches the policy to the user",
  },
};

/** What checkov finds in a deployment: less if the policy is limited to resources or not attached to the user itself. */
export function findingsOf({ policy, attachment }: Pick<Deployment, "policy" | "attachment">) {
  return Object.entries(FINDINGS).filter(
    ([address]) =>
      (policy.mode === "documented" || address !== ADDRESSES.policyDocument) &&
      (attachment !== "group" || address !== ADDRESSES.userAttachment),
  );
}

/** The findings by resource. Reviewers see all; none is suppressed. */
export function findingList(deployment: Deployment): Markdown {
  return list(
    findingsOf(deployment).map(([address, { checks, reason }]) => {
      const found = Object.entries(checks).map(([check, finding]) => `${check} (${finding})`);
      return md`${code(address)}: ${plain(found.join(", "))}, because ${plain(reason)}`;
    }),
  );
}
