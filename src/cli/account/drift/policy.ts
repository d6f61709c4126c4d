import type { IamReader } from "../aws/iam-reader";
import { actionsBeyond, actionsOf, sameDocument } from "./document";
import { APPLY, awsIam, driftOf, type Found, type ObjectDrift, others, part, unmanagedObject } from "./finding";
import type { ManagedPolicy } from "./managed";

/**
 * What a managed policy has beside what Terraform manages. Former versions are Terraform's own and grant nothing.
 * @param own the principals of the deployment, `user deckhouse`: an attachment to them is a finding of that principal
 */
export function policyDrift(
  iam: IamReader,
  { name, arn, number, managed, document: generated }: ManagedPolicy,
  own: readonly string[],
  stack: string,
): Promise<ObjectDrift> {
  const principals = iam.list("iam:ListEntitiesForPolicy", { PolicyArn: arn }, (page) => [
    ...(page.PolicyUsers ?? []).map(({ UserName }) => `user ${UserName}`),
    ...(page.PolicyGroups ?? []).map(({ GroupName }) => `group ${GroupName}`),
    ...(page.PolicyRoles ?? []).map(({ RoleName }) => `role ${RoleName}`),
  ]);
  return driftOf(`policy ${name}`, [
    part("its default version", iam.managedPolicy(arn), (version) => {
      if (version === undefined) {
        return "missing";
      }
      const findings: Found[] = [];
      if (!managed) {
        findings.push(unmanagedObject("policy", "", stack, number === 1 ? "policy" : "additionalPolicies"));
      }
      const { id, document } = version;
      if (!sameDocument(document, generated)) {
        const more = actionsBeyond(document, actionsOf(generated));
        findings.push([
          `its default version ${id} is not the generated document`,
          more.length === 0
            ? "the access key has other permissions than the reviewed ones"
            : `the access key has actions that were not reviewed: ${more.join(", ")}`,
          `${APPLY}; then ${awsIam("delete-policy-version", { "policy-arn": arn, "version-id": id })}`,
        ]);
      }
      return findings;
    }),
    others("its principals", principals, own, (principal) => {
      const [kind = "", user = ""] = principal.split(" ");
      return [
        `the ${principal} uses it`,
        `${user} has all permissions of DKP, or the next change of the policy changes what ${user} can do`,
        awsIam(`detach-${kind}-policy`, { [`${kind}-name`]: user, "policy-arn": arn }),
      ];
    }),
  ]);
}
