import { NODE_ACTIONS, NODE_TRUST } from "../../../iam/node-role-permissions";
import { attachedArns, type IamReader, inlineNames, type StoredDocument } from "../aws/iam-reader";
import { actionsBeyond, sameDocument } from "./document";
import { APPLY, awsIam, boundaryFindings, driftOf, type Found, type ObjectDrift, others, part, unmanagedObject } from "./finding";
import type { DriftSettings, ManagedRole } from "./managed";

const NODES = "every node, and whoever can launch an instance with the role";
const HAVE = `${NODES}, has its permissions`;

/** What of a role is as it should be. */
interface ExpectedRole {
  readonly object: string;
  readonly name: string;
  /** The remedy for another trust policy. */
  readonly trust: string;
  /** Findings about the role itself. */
  readonly judge: (role: { readonly boundary: string | undefined }) => readonly Found[];
  readonly attached: readonly string[];
  readonly attachment: (arn: string) => Found;
  /** Name of its inline policy. */
  readonly inline: string;
  readonly document: (document: StoredDocument) => readonly Found[];
}

function roleDrift(iam: IamReader, expected: ExpectedRole): Promise<ObjectDrift> {
  const { object, inline } = expected;
  const name = { RoleName: expected.name };
  return driftOf(object, [
    part("the role", iam.role(expected.name), (role) => {
      if (role === undefined) {
        return "missing";
      }
      const trust: Found = [
        `its trust policy is not the one for EC2: ${JSON.stringify(role.trust.Statement)}`,
        "others than instances assume the role, also from another account and after all keys are deleted",
        expected.trust,
      ];
      return [...(sameDocument(role.trust, NODE_TRUST) ? [] : [trust]), ...expected.judge(role)];
    }),
    others(
      "its attached policies",
      iam.list("iam:ListAttachedRolePolicies", name, attachedArns),
      expected.attached,
      expected.attachment,
    ),
    others("its inline policies", iam.list("iam:ListRolePolicies", name, inlineNames), [inline], (other) => [
      `it has the inline policy ${other}`,
      `${HAVE}: an attacker with the access key can write them`,
      awsIam("delete-role-policy", { "role-name": expected.name, "policy-name": other }),
    ]),
    part(`its inline policy ${inline}`, iam.rolePolicy(expected.name, inline), (document) =>
      document === undefined ? [] : expected.document(document),
    ),
  ]);
}

/** What the node role has beside what Terraform manages. */
export function nodeRoleDrift(iam: IamReader, role: ManagedRole, { stack, nodeRole }: DriftSettings): Promise<ObjectDrift> {
  const { name, inline } = role;
  return roleDrift(iam, {
    object: `node role ${name}`,
    name,
    trust: APPLY,
    judge: ({ boundary }) => [
      ...(role.managed ? [] : [unmanagedObject("role", ", and others may use the role", stack, "nodeRole")]),
      ...boundaryFindings(role.boundary, boundary, nodeRole?.permissionsBoundary),
    ],
    attached: role.attached,
    attachment: (arn) => [
      `the policy ${arn} is attached`,
      HAVE,
      ...(nodeRole?.managedPolicyArns.includes(arn) === true
        ? ["apply: Terraform creates the attachment, which exists already"]
        : [
            awsIam("detach-role-policy", { "role-name": name, "policy-arn": arn }),
            `if it is intended: add ${arn} to nodeRole.managedPolicyArns in the settings of ${stack}, and apply`,
          ]),
    ],
    inline,
    document: (document) =>
      sameDocument(document, role.document) ? [] : [[`its inline policy ${inline} is not the managed document`, HAVE, APPLY]],
  });
}

/**
 * What DKP's own role `<prefix>-node` has beside what DKP creates: the known way from the access key to any permission, because
 * the key can write inline policies of the role and launch instances with it.
 */
export function dkpRoleDrift(
  iam: IamReader,
  name: string,
  { stack, additionalRolePolicies }: DriftSettings,
): Promise<ObjectDrift> {
  return roleDrift(iam, {
    object: `role ${name} of DKP`,
    name,
    trust: awsIam("update-assume-role-policy", { "role-name": name, "policy-document": JSON.stringify(NODE_TRUST) }),
    judge: () => [],
    attached: [],
    attachment: (arn) => [
      `the policy ${arn} is attached, and DKP attaches none`,
      HAVE,
      awsIam("detach-role-policy", { "role-name": name, "policy-arn": arn }),
    ],
    inline: name,
    document: (document) => {
      const more = actionsBeyond(document, [...NODE_ACTIONS, ...additionalRolePolicies]);
      return more.length === 0
        ? []
        : [
            [
              `its inline policy ${name} allows more than DKP writes: ${more.join(", ")}`,
              `${NODES}, has these permissions: an attacker with the access key can write them`,
              "converge the base infrastructure (dhctl converge): DKP writes its own document",
              `if they are in additionalRolePolicies of the cluster: state them in cluster.additionalRolePolicies in the settings of ${stack}`,
            ],
          ];
    },
  });
}
