import type { PolicyObjects, PolicyPrincipal } from "../aws/iam-objects";
import { actionsBeyond, actionsOf, sameDocument } from "./document";
import { APPLY, awsIam, compared, type DriftFinding, type DriftResult, finding, set } from "./finding";
import type { ManagedPolicy } from "./managed";

/**
 * What a managed policy has beside what Terraform manages. Former versions are Terraform's own and grant nothing.
 * @param own the principals of the deployment: an attachment to them is a finding of that principal
 */
export function policyDrift(
  policy: ManagedPolicy,
  own: readonly PolicyPrincipal[],
  stack: string,
  there: PolicyObjects,
): readonly DriftResult[] {
  const object = `policy ${policy.name}`;
  return [
    ...compared(object, "its default version", there.version, (version) => [
      ...(version === undefined || policy.managed
        ? []
        : [
            finding(
              object,
              "the policy exists, and the state does not have it",
              "the next apply fails because the name is in use",
              set(stack, policy.number === 1 ? "import.policy: true" : "import.additionalPolicies: true"),
            ),
          ]),
      ...(version === undefined ? [] : versionDrift(object, policy, version)),
    ]),
    ...compared(object, "its principals", there.principals, (principals) =>
      principals
        .filter(({ kind, name }) => !own.some((one) => one.kind === kind && one.name === name))
        .map((principal) => principalFinding(object, policy, principal)),
    ),
  ];
}

function versionDrift(
  object: string,
  { arn, document: generated }: ManagedPolicy,
  { id, document }: { readonly id: string; readonly document: Parameters<typeof sameDocument>[0] },
): readonly DriftFinding[] {
  if (sameDocument(document, generated)) {
    return [];
  }
  const more = actionsBeyond(document, actionsOf(generated));
  const risk =
    more.length === 0
      ? "the access key has other permissions than the reviewed ones"
      : `the access key has actions that were not reviewed: ${more.join(", ")}`;
  return [
    finding(
      object,
      `its default version ${id} is not the generated document`,
      risk,
      `${APPLY}; then ${awsIam("delete-policy-version", { "policy-arn": arn, "version-id": id })}`,
    ),
  ];
}

function principalFinding(object: string, { arn }: ManagedPolicy, { kind, name }: PolicyPrincipal): DriftFinding {
  return finding(
    object,
    `the ${kind} ${name} uses it`,
    `${name} has all permissions of DKP, or the next change of the policy changes what ${name} can do`,
    awsIam(`detach-${kind}-policy`, { [`${kind}-name`]: name, "policy-arn": arn }),
  );
}
