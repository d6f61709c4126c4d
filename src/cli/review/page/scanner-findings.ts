import { ADDRESSES } from "../../../terraform/addresses";
import { grouped } from "../../../text/grouped";
import { code, joined, list, type Markdown, md, plain } from "../../../text/markdown";

/** A finding of checkov in the Terraform JSON of a deployment, and why it remains. */
export interface ScannerFinding {
  readonly check: string;
  /** Terraform address of the resource or data source. */
  readonly address: string;
  readonly finding: string;
  readonly reason: string;
}

const { policyDocument: POLICY, userAttachment: USER_ATTACHMENT } = ADDRESSES;

const onPolicy = (check: string, finding: string): ScannerFinding => ({
  check,
  address: POLICY,
  finding,
  reason: "the DKP authorization page allows its actions on all resources, and the mode `documented` follows it",
});

/** What checkov finds in a deployment in mode `documented`. Reviewers see all findings; none is suppressed. */
export const DOCUMENTED_FINDINGS: readonly ScannerFinding[] = [
  onPolicy("CKV_AWS_109", "permissions management without constraints"),
  onPolicy("CKV_AWS_110", "privilege escalation"),
  onPolicy("CKV_AWS_111", "write access without constraints"),
  onPolicy("CKV_AWS_356", "all resources for actions that could be restricted"),
  {
    check: "CKV_AWS_273",
    address: ADDRESSES.user,
    finding: "an IAM user exists",
    reason: "DKP supports only a static access key, which only an IAM user can have",
  },
  {
    check: "CKV_AWS_40",
    address: USER_ATTACHMENT,
    finding: "the policy is attached to the user itself",
    reason: "the DKP authorization page attaches the policy to the user",
  },
];

/** What checkov finds in a deployment: less if the policy is limited to resources or not attached to the user itself. */
export function findingsOf({ tight, userAttachment }: { readonly tight: boolean; readonly userAttachment: boolean }) {
  return DOCUMENTED_FINDINGS.filter(
    ({ address }) => !(tight && address === POLICY) && (userAttachment || address !== USER_ATTACHMENT),
  );
}

/** The findings by resource, each resource with the one reason of its findings. */
export function findingList(findings: readonly ScannerFinding[]): Markdown {
  return list(
    [...grouped(findings, ({ address }) => address)].map(([address, all]) => {
      const found = joined(
        all.map(({ check, finding }) => plain(`${check} (${finding})`)),
        ", ",
      );
      return md`${code(address)}: ${found}, because ${plain(all[0]?.reason ?? "")}`;
    }),
  );
}
