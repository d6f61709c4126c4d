import type { Ask } from "../aws/operations";
import { parsePolicyDocument, type ReadPolicy } from "./policy-reading";

/** The version of a managed policy that is in force. */
export async function managedPolicy(call: Ask<"iam:GetPolicy" | "iam:GetPolicyVersion">, PolicyArn: string): Promise<ReadPolicy> {
  const { Policy } = await call("iam:GetPolicy", { PolicyArn });
  const { PolicyVersion } = await call("iam:GetPolicyVersion", { PolicyArn, VersionId: Policy?.DefaultVersionId });
  return parsePolicyDocument(PolicyVersion?.Document);
}
