import { ADDRESSES } from "../../../terraform/addresses";

/** A finding of checkov in the Terraform JSON of a deployment, and why it remains. */
export interface ScannerFinding {
  readonly check: string;
  /** Terraform address of the resource or data source. */
  readonly address: string;
  readonly finding: string;
  readonly reason: string;
}

const { policyDocument: POLICY, userAttachment: USER_ATTACHMENT } = ADDRESSES;
const DOCUMENTED = "the DKP authorization page allows its actions on all resources, and the mode `documented` follows it";

/** What checkov finds in a deployment: less if the policy is limited to resources or not attached to the user itself. */
export function findingsOf({ tight, userAttachment }: { readonly tight: boolean; readonly userAttachment: boolean }) {
  return DOCUMENTED_FINDINGS.filter(
    ({ address }) => !(tight && address === POLICY) && (userAttachment || address !== USER_ATTACHMENT),
  );
}

/** What checkov finds in a deployment in mode `documented`. Reviewers see all findings; none is suppressed. */
export const DOCUMENTED_FINDINGS: readonly ScannerFinding[] = [
  { check: "CKV_AWS_109", address: POLICY, finding: "permissions management without constraints", reason: DOCUMENTED },
  {
    check: "CKV_AWS_110",
    address: POLICY,
    finding: "privilege escalation",
    reason: `${DOCUMENTED}; the key has the equivalent of administrator access`,
  },
  { check: "CKV_AWS_111", address: POLICY, finding: "write access without constraints", reason: DOCUMENTED },
  {
    check: "CKV_AWS_273",
    address: ADDRESSES.user,
    finding: "an IAM user exists",
    reason: "DKP supports only a static access key, which only an IAM user can have",
  },
  { check: "CKV_AWS_356", address: POLICY, finding: "all resources for actions that could be restricted", reason: DOCUMENTED },
  {
    check: "CKV_AWS_40",
    address: USER_ATTACHMENT,
    finding: "the policy is attached to the user itself",
    reason: "the DKP authorization page attaches the policy to the user",
  },
];
