/** A finding of the scanner checkov on a deployment's Terraform JSON, and why it stays. */
export interface ScannerFinding {
  readonly check: string;
  /** Terraform address it is about. */
  readonly address: string;
  readonly finding: string;
  readonly reason: string;
}

const POLICY = "data.aws_iam_policy_document.policy";
const USER_ATTACHMENT = "aws_iam_user_policy_attachment.policy-attachment";
const PAGE = "the DKP authorization page grants its actions on every resource, and `documented` is that page";

/** What checkov finds on a deployment: less where the policy is tight, and where nothing is attached to the user itself. */
export function findingsOf({ tight, userAttachment }: { readonly tight: boolean; readonly userAttachment: boolean }) {
  return DOCUMENTED_FINDINGS.filter(
    ({ address }) => !(tight && address === POLICY) && (userAttachment || address !== USER_ATTACHMENT),
  );
}

/** What checkov finds on a deployment in mode `documented`; shown to reviewers and never suppressed. */
export const DOCUMENTED_FINDINGS: readonly ScannerFinding[] = [
  { check: "CKV_AWS_109", address: POLICY, finding: "permissions management without constraints", reason: PAGE },
  {
    check: "CKV_AWS_110",
    address: POLICY,
    finding: "privilege escalation",
    reason: `${PAGE}; with it the key is an administrator's in all but name`,
  },
  { check: "CKV_AWS_111", address: POLICY, finding: "write access without constraints", reason: PAGE },
  {
    check: "CKV_AWS_273",
    address: "aws_iam_user.user",
    finding: "an IAM user exists",
    reason: "DKP takes a static key pair and nothing else, and only an IAM user has one",
  },
  { check: "CKV_AWS_356", address: POLICY, finding: "every resource for actions that could be restricted", reason: PAGE },
  {
    check: "CKV_AWS_40",
    address: USER_ATTACHMENT,
    finding: "the policy is attached to the user itself",
    reason: "as the DKP authorization page does it",
  },
];
