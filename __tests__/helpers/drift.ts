import { setMaxListeners } from "node:events";
import { IamReader } from "../../src/cli/account/aws/iam-reader";
import { AwsError } from "../../src/cli/account/aws/operations";
import type { DriftResult } from "../../src/cli/account/drift/finding";
import { type ManagedAccess, managedAccess } from "../../src/cli/account/drift/managed";
import { objectsDrift } from "../../src/cli/account/drift/objects";
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

/** What IAM answers, by action or, for one object, by action and name: `iam:GetRole nodes`. */
export type Answers = Readonly<Record<string, object>>;

/** A reader of an account that has only what these answers contain. */
export function accountWith(answers: Answers): IamReader {
  const answer = async (action: string, input: object) => {
    const found = answers[`${action} ${Object.values(input)[0]}`] ?? answers[action];
    if (found === undefined) {
      throw new AwsError(action, "NoSuchEntity", "none");
    }
    if (found instanceof Error) {
      throw found;
    }
    return found;
  };
  const aws = { call: answer, callAll: async (action: string, input: object) => [await answer(action, input)] };
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const reading = { signal, limit: 5 };
  return new IamReader(aws as unknown as ConstructorParameters<typeof IamReader>[0], "us-east-1", reading);
}

export const attached = (...arns: readonly string[]) => ({ AttachedPolicies: arns.map((PolicyArn) => ({ PolicyArn })) });
export const inline = (...PolicyNames: readonly string[]) => ({ PolicyNames });
/** A document as IAM sends it. */
export const encoded = (document: object) => encodeURIComponent(JSON.stringify(document));
export const groupWith = (...names: readonly string[]) => ({ Group: {}, Users: names.map((UserName) => ({ UserName })) });
export const userWith = (boundary: string | undefined) => ({
  User: boundary === undefined ? {} : { PermissionsBoundary: { PermissionsBoundaryArn: boundary } },
});
export const roleWith = (trust: object, boundary?: string) => ({
  Role: { AssumeRolePolicyDocument: encoded(trust), PermissionsBoundary: { PermissionsBoundaryArn: boundary } },
});

/** An account that has exactly what Terraform and DKP manage. */
function cleanAccount({ user, group, policies, nodeRole }: ManagedAccess, settings: Deployment): Answers {
  const { prefix } = settings.cluster;
  const roles = [
    ...(nodeRole === undefined ? [] : [nodeRole]),
    ...(prefix === undefined
      ? []
      : [
          {
            name: nodeRoleName(prefix),
            inline: nodeRoleName(prefix),
            boundary: undefined,
            attached: [],
            document: nodePolicy(settings.additionalRolePolicies),
          },
        ]),
  ];
  return {
    "iam:GetUser": userWith(user.boundary),
    "iam:ListAttachedUserPolicies": attached(...user.attached),
    "iam:ListGroupsForUser": { Groups: user.groups.map((GroupName) => ({ GroupName })) },
    "iam:ListAccessKeys": { AccessKeyMetadata: [{ AccessKeyId: "AKIAPRIMARY", Status: "Active" }] },
    "iam:GetGroup": groupWith(...(group === undefined ? [] : [user.name])),
    "iam:ListAttachedGroupPolicies": attached(...(group?.attached ?? [])),
    "iam:GetPolicy": { Policy: { DefaultVersionId: "v3" } },
    ...Object.fromEntries(
      policies.map(({ arn, document }) => [`iam:GetPolicyVersion ${arn}`, { PolicyVersion: { Document: encoded(document) } }]),
    ),
    "iam:ListEntitiesForPolicy": { PolicyUsers: [{ UserName: user.name }] },
    ...Object.fromEntries(
      roles.flatMap((role) => [
        [`iam:GetRole ${role.name}`, roleWith(NODE_TRUST, role.boundary)],
        [`iam:ListAttachedRolePolicies ${role.name}`, attached(...role.attached)],
        [`iam:ListRolePolicies ${role.name}`, inline(role.inline)],
        [`iam:GetRolePolicy ${role.name}`, { PolicyDocument: encoded(role.document) }],
      ]),
    ),
  };
}

/**
 * What drift finds in a clean account after changes.
 * @param changes answers of IAM instead of the clean ones
 * @param edit changes what Terraform manages
 */
export async function driftAfter(
  changes: Answers,
  settings = EVERY_OBJECT,
  edit: (access: ManagedAccess) => ManagedAccess = (access) => access,
): Promise<readonly DriftResult[]> {
  const subject = deployment(settings);
  const clean = managedAccess(subject, ACCOUNT, undefined);
  const access = edit({ ...clean, user: { ...clean.user, keys: clean.user.keys === undefined ? undefined : ["AKIAPRIMARY"] } });
  const account = accountWith({ ...cleanAccount(clean, subject), ...changes });
  return (await objectsDrift(subject, access, account)).flatMap(({ results }) => results);
}

/** The results without their risks: `user deckhouse: it has ... -> remedy`. */
export async function findings(results: Promise<readonly DriftResult[]>): Promise<readonly string[]> {
  return (await results).map((result) => [`${result.object}: ${result.found}`, ...(result.remedies ?? ["unknown"])].join(" -> "));
}
