/** A finding of the scanner checkov in the Terraform JSON of a deployment, and why it is accepted. */
export interface ScannerFinding {
  readonly check: string;
  /** Terraform address of the resource. */
  readonly address: string;
  readonly finding: string;
  readonly reason: string;
}

const POLICY = "data.aws_iam_policy_document.policy";
const USER_ATTACHMENT = "aws_iam_user_policy_attachment.policy-attachment";
const DOCUMENTED = "the DKP documentation grants its actions on every resource, and `documented` is that policy";

/** The findings of checkov for a deployment: fewer with a scoped policy or without a policy attached to the user. */
export function findingsOf({ tight, userAttachment }: { readonly tight: boolean; readonly userAttachment: boolean }) {
  return DOCUMENTED_FINDINGS.filter(
    ({ address }) => !(tight && address === POLICY) && (userAttachment || address !== USER_ATTACHMENT),
  );
}

/** Findings of checkov in mode `documented`; reported to reviewers, never suppressed. */
export const DOCUMENTED_FINDINGS: readonly ScannerFinding[] = [
  { check: "CKV_AWS_109", address: POLICY, finding: "permissions management without constraints", reason: DOCUMENTED },
  {
    check: "CKV_AWS_110",
    address: POLICY,
    finding: "privilege escalation",
    reason: `${DOCUMENTED}; the key is equivalent to administrator access`,
  },
  { check: "CKV_AWS_111", address: POLICY, finding: "write access without constraints", reason: DOCUMENTED },
  {
    check: "CKV_AWS_273",
    address: "aws_iam_user.user",
    finding: "an IAM user exists",
    reason: "DKP only accepts a static access key, and only IAM users have one",
  },
  { check: "CKV_AWS_356", address: POLICY, finding: "every resource for actions that could be restricted", reason: DOCUMENTED },
  {
    check: "CKV_AWS_40",
    address: USER_ATTACHMENT,
    finding: "the policy is attached to the user itself",
    reason: "as in the DKP documentation",
  },
];
