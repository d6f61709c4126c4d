import type { PolicyObjects } from "../../src/cli/account/aws/iam-objects";
import type { Reading } from "../../src/cli/account/aws/iam-reader";
import type { DriftResult } from "../../src/cli/account/drift/finding";
import { type ManagedAccess, managedAccess } from "../../src/cli/account/drift/managed";
import { type DriftObjects, driftResults } from "../../src/cli/account/drift/report";
import { nodeRoleName } from "../../src/iam/cluster";
import { NODE_TRUST, nodePolicy } from "../../src/iam/node-role-permissions";
import type { Deployment } from "../../src/settings/deployment";
import { deployment } from "./deployment";

export const ACCOUNT = "123456789012";

/** A deployment with every kind of object. */
export const EVERY_OBJECT = `attachment: user-and-group
group: { name: dkp }
user: { permissionsBoundary: 'arn:aws:iam::aws:policy/Boundary' }
nodeRole: { name: nodes, managedPolicyArns: ['arn:aws:iam::aws:policy/Read'] }
cluster: { prefix: dev, additionalRolePolicies: ['s3:GetObject'] }
`;

const value = <T>(of: T): Reading<T> => ({ value: of });

/** The objects of an account that has exactly what Terraform and DKP manage. */
function cleanObjects({ user, group, policies, nodeRole }: ManagedAccess, settings: Deployment): DriftObjects {
  const { prefix } = settings.cluster;
  const none = value<readonly string[]>([]);
  const trust = { ...NODE_TRUST };
  return {
    user: {
      user: value({ boundary: user.boundary }),
      attached: value(user.attached),
      inline: none,
      groups: value(user.groups),
      keys: value([{ id: "AKIAPRIMARY", status: "Active" }]),
      hasLoginProfile: value(false),
      mfaDevices: none,
      sshKeys: none,
      serviceCredentials: none,
      certificates: none,
    },
    group: group && {
      exists: value(true),
      members: value(group.members),
      attached: value(group.attached),
      inline: none,
    },
    policies: policies.map(({ document }) => ({
      version: value({ id: "v3", document }),
      principals: value([{ kind: "user" as const, name: user.name }]),
    })),
    nodeRole: nodeRole && {
      role: value({ trust, boundary: nodeRole.boundary }),
      attached: value(nodeRole.attached),
      inline: value([nodeRole.inline]),
      document: value(nodeRole.document),
    },
    dkpRole:
      prefix === undefined
        ? undefined
        : {
            role: value({ trust, boundary: undefined }),
            attached: none,
            inline: value([nodeRoleName(prefix)]),
            document: value({ ...nodePolicy(settings.additionalRolePolicies) }),
          },
  };
}

type Changes = {
  readonly [K in Exclude<keyof DriftObjects, "policies">]?: Partial<NonNullable<DriftObjects[K]>>;
} & { readonly policies?: readonly Partial<PolicyObjects>[] };

/**
 * What drift finds in a clean account after changes.
 * @param changes what was read of each object, instead of the clean readings
 * @param edit changes what Terraform manages
 */
export function driftAfter(
  changes: Changes,
  settings = EVERY_OBJECT,
  edit: (access: ManagedAccess) => ManagedAccess = (access) => access,
): readonly DriftResult[] {
  const subject = deployment(settings);
  const clean = managedAccess(subject, ACCOUNT, undefined);
  const access = edit({ ...clean, user: { ...clean.user, keys: clean.user.keys === undefined ? undefined : ["AKIAPRIMARY"] } });
  const objects = cleanObjects(clean, subject);
  const { user, group, nodeRole, dkpRole, policies } = changes;
  return driftResults(
    subject,
    access,
    {
      user: { ...objects.user, ...user },
      group: objects.group && { ...objects.group, ...group },
      nodeRole: objects.nodeRole && { ...objects.nodeRole, ...nodeRole },
      dkpRole: objects.dkpRole && { ...objects.dkpRole, ...dkpRole },
      policies: objects.policies.map((policy, index) => ({ ...policy, ...policies?.[index] })),
    },
    true,
  );
}

/** The results without their risks: `user deckhouse: it has ... -> remedy`. */
export function findings(results: readonly DriftResult[]): readonly string[] {
  return results.map((result) =>
    [`${result.object}: ${result.found}`, ...(result.verdict === "found" ? result.remedies : ["unknown"])].join(" -> "),
  );
}
