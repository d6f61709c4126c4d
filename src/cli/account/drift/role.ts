import { NODE_ACTIONS, NODE_TRUST } from "../../../iam/node-role-permissions";
import type { RoleObjects, StoredDocument } from "../aws/iam-objects";
import { actionsBeyond, sameDocument } from "./document";
import { APPLY, awsIam, compared, type DriftFinding, type DriftResult, finding, set, unmanaged } from "./finding";
import type { DriftSettings, ManagedRole } from "./managed";
import { boundaryDrift } from "./user";

const NODES = "every node, and whoever can launch an instance with the role";

/** What the node role has beside what Terraform manages. */
export function nodeRoleDrift(role: ManagedRole, { stack, nodeRole }: DriftSettings, there: RoleObjects): readonly DriftResult[] {
  const object = `node role ${role.name}`;
  const of = { "role-name": role.name };
  const attachment = (arn: string) =>
    finding(
      object,
      `the policy ${arn} is attached`,
      `${NODES}, has its permissions`,
      ...(nodeRole?.managedPolicyArns.includes(arn) === true
        ? ["apply: Terraform creates the attachment, which exists already"]
        : [
            awsIam("detach-role-policy", { ...of, "policy-arn": arn }),
            `if it is intended: add ${arn} to nodeRole.managedPolicyArns in the settings of ${stack}, and apply`,
          ]),
    );
  return [
    ...compared(object, "the role", there.role, (found) => [
      ...(found === undefined || role.managed
        ? []
        : [
            finding(
              object,
              "the role exists, and the state does not have it",
              "the next apply fails because the name is in use, and others may use the role",
              set(stack, "import.nodeRole: true"),
            ),
          ]),
      ...(found === undefined ? [] : trustDrift(object, found.trust, APPLY)),
      ...boundaryDrift(object, role.boundary, found, nodeRole?.permissionsBoundary === found?.boundary),
    ]),
    ...compared(object, "its attached policies", there.attached, (arns) => unmanaged(arns, role.attached, attachment)),
    ...compared(object, "its inline policies", there.inline, (names) => furtherInline(object, role.name, names, role.inline)),
    ...compared(object, `its inline policy ${role.inline}`, there.document, (document) =>
      document === undefined || sameDocument(document, role.document)
        ? []
        : [
            finding(
              object,
              `its inline policy ${role.inline} is not the managed document`,
              `${NODES}, has its permissions`,
              APPLY,
            ),
          ],
    ),
  ];
}

/**
 * What DKP's own role `<prefix>-node` has beside what DKP creates: the known way from the access key to any permission, because
 * the key can write inline policies of the role and launch instances with it.
 */
export function dkpRoleDrift(
  name: string,
  { stack, additionalRolePolicies }: DriftSettings,
  there: RoleObjects,
): readonly DriftResult[] {
  const object = `role ${name} of DKP`;
  const of = { "role-name": name };
  const trust = `aws iam update-assume-role-policy --role-name ${name} --policy-document '${JSON.stringify(NODE_TRUST)}'`;
  return [
    ...compared(object, "the role", there.role, (found) => (found === undefined ? [] : trustDrift(object, found.trust, trust))),
    ...compared(object, "its attached policies", there.attached, (arns) =>
      arns.map((arn) =>
        finding(
          object,
          `the policy ${arn} is attached, and DKP attaches none`,
          `${NODES}, has its permissions`,
          awsIam("detach-role-policy", { ...of, "policy-arn": arn }),
        ),
      ),
    ),
    ...compared(object, "its inline policies", there.inline, (names) => furtherInline(object, name, names, name)),
    ...compared(object, `its inline policy ${name}`, there.document, (document = {}) => {
      const more = actionsBeyond(document, [...NODE_ACTIONS, ...additionalRolePolicies]);
      return more.length === 0
        ? []
        : [
            finding(
              object,
              `its inline policy ${name} allows more than DKP writes: ${more.join(", ")}`,
              `${NODES}, has these permissions: an attacker with the access key can write them`,
              "converge the base infrastructure (dhctl converge): DKP writes its own document",
              `if they are in additionalRolePolicies of the cluster: state them in cluster.additionalRolePolicies in the settings of ${stack}`,
            ),
          ];
    }),
  ];
}

function trustDrift(object: string, trust: StoredDocument, remedy: string): readonly DriftFinding[] {
  return sameDocument(trust, { ...NODE_TRUST })
    ? []
    : [
        finding(
          object,
          `its trust policy is not the one for EC2: ${JSON.stringify(trust.Statement)}`,
          "others than instances assume the role, also from another account and after all keys are deleted",
          remedy,
        ),
      ];
}

function furtherInline(object: string, role: string, names: readonly string[], own: string): readonly DriftFinding[] {
  return unmanaged(names, [own], (name) =>
    finding(
      object,
      `it has the inline policy ${name}`,
      `${NODES}, has its permissions: an attacker with the access key can write them`,
      awsIam("delete-role-policy", { "role-name": role, "policy-name": name }),
    ),
  );
}
