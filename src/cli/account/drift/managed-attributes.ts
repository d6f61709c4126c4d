import { iamResourceArn, partitionOf, policyArn } from "../../../iam/arns";
import { nodeRoleName } from "../../../iam/cluster";
import { nodePolicy } from "../../../iam/node-role-permissions";
import { policyDocument } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, KEY_ADDRESSES, nodeAttachmentAddress, policyAddress, policyOfAddress } from "../../../terraform/addresses";
import { listOf, parseJson, textOf } from "../../../text/json";
import type { StateResource } from "../../terraform/state-file";
import type { StoredDocument } from "../aws/iam-reader";
import { type AccountObject, title } from "../ownership";

type Kind = keyof typeof ADDRESSES | "keys";

/** The resources that the settings of a deployment describe, as an apply writes them into a state; without access keys. */
export function describedResources(settings: Deployment, account: string): readonly StateResource[] {
  const { user, policy, policies, nodeRole, region } = settings;
  const environment = { partition: partitionOf(region), account };
  const resources: StateResource[] = [];
  const add = (address: string, attributes: StateResource["attributes"]) => resources.push({ address, attributes });
  const userArn = iamResourceArn(environment, `user${user.path}${user.name}`);
  add(ADDRESSES.user, { name: user.name, arn: userArn, permissions_boundary: user.permissionsBoundary });
  for (const { number, name, statements } of policies) {
    const arn = policyArn({ ...environment, path: policy.path, name });
    add(policyAddress("policy", number), { name, arn, policy: JSON.stringify(policyDocument(statements, account)) });
    add(policyAddress("userAttachment", number), { user: user.name, policy_arn: arn });
  }
  if (nodeRole !== undefined) {
    const { name, permissionsBoundary, additionalActions, managedPolicyArns } = nodeRole;
    add(ADDRESSES.nodeRole, { name, permissions_boundary: permissionsBoundary });
    add(ADDRESSES.nodePolicy, { name, role: name, policy: JSON.stringify(nodePolicy(additionalActions)) });
    for (const policy_arn of managedPolicyArns) {
      add(nodeAttachmentAddress(policy_arn), { role: name, policy_arn });
    }
  }
  return resources;
}

/** An object that a deployment manages, or would, and what is managed of it. */
export interface ExpectedObject extends AccountObject {
  /** Of a policy. */
  readonly arn?: string;
  readonly inState: boolean;
  /** Names or ARNs of what it has of others, `attached policy`, and of what may use it. */
  readonly parts: Readonly<Record<string, readonly string[]>>;
  /** ARN of the permissions boundary: that of the state, and that of the settings; "" is none. */
  readonly boundary?: readonly string[];
  /** The document of a policy, or of the inline policy of a role: that of the state and that of the settings. */
  readonly documents?: readonly StoredDocument[];
  /** IDs of the access keys of a user; undefined where no state is readable, and where keys are managed outside Terraform. */
  readonly keys?: readonly string[] | undefined;
  /** The role `<prefix>-node`, which no deployment's Terraform manages. */
  readonly isDkpRole?: boolean;
}

/** The name of the user of a state, which can have lost the user itself. */
export function userIn(resources: readonly StateResource[]): string | undefined {
  const usersOf = (kind: Kind) => ofKind(resources, kind).map(({ attributes }) => textOf(attributes.user));
  const [user] = ofKind(resources, "user");
  const others = (["keys", "userAttachment"] as const).flatMap(usersOf);
  return textOf(user?.attributes.name) ?? others.find((name) => name !== undefined);
}

/**
 * What counts as managed of a deployment: what its state has, and what its settings describe; the user first.
 * @param account 12 digits
 * @param state the resources in the state; undefined if no state is readable
 */
export function managedOf(settings: Deployment, account: string, state?: readonly StateResource[]): readonly ExpectedObject[] {
  const inState = state ?? [];
  const all = [...inState, ...describedResources(settings, account)];
  /** The values of an attribute of the resources of a kind; "" where it is not set. */
  const valuesIn = (resources: readonly StateResource[], kind: Kind, attribute: string) =>
    ofKind(resources, kind).flatMap(({ attributes }) => listOf(attributes[attribute] ?? "").map(String));
  const values = (kind: Kind, attribute: string) => [...new Set(valuesIn(all, kind, attribute))];
  const named = <K extends ExpectedObject["kind"]>(type: Kind, kind: K) =>
    values(type, "name").map((name) => ({ kind, name, inState: valuesIn(inState, type, "name").includes(name) }));
  const name = userIn(inState) ?? settings.user.name;
  const user = { kind: "user", name, inState: valuesIn(inState, "user", "name").includes(name) } as const;
  const roles = named("nodeRole", "role");
  const { prefix } = settings.cluster;
  const dkpRoles = prefix === undefined ? [] : [{ kind: "role" as const, name: nodeRoleName(prefix), inState: false }];
  const attachments = all.flatMap(attachmentOf);
  // A state that lost an object can have its attachments.
  const principals = [...[user, ...roles, ...dkpRoles].map(title), ...attachments.map(({ principal }) => principal)];
  const attached = (object: AccountObject) => ({
    "attached policy": attachments.filter(({ principal }) => principal === title(object)).map(({ arn }) => arn),
  });
  const bounded = (kind: Kind) => ({ boundary: values(kind, "permissions_boundary") });
  const ofUser = attached(user);
  const inline = { "inline policy": values("nodePolicy", "name") };
  const documents = values("nodePolicy", "policy").map(documentIn);
  const dkp = { documents: [{ ...nodePolicy(settings.additionalRolePolicies) }], isDkpRole: true };
  const keys = managedKeys(settings, valuesIn(inState, "keys", "id"), state);
  // State and settings can have different policies, and different documents.
  const policies = values("policy", "arn").map((arn) => ({
    kind: "policy" as const,
    name: arn.split("/").at(-1) ?? "",
    arn,
    inState: valuesIn(inState, "policy", "arn").includes(arn),
    documents: ofKind(all, "policy")
      .filter(({ attributes }) => attributes.arn === arn)
      .map(({ attributes }) => documentIn(attributes.policy)),
    parts: { principal: principals },
  }));
  return [
    { ...user, ...bounded("user"), parts: ofUser, keys },
    ...policies,
    ...roles.map((role) => ({ ...role, ...bounded("nodeRole"), documents, parts: { ...attached(role), ...inline } })),
    ...dkpRoles.map((role) => ({ ...role, ...dkp, parts: { ...attached(role), "inline policy": [role.name] } })),
  ];
}

/** A policy of a user or role, by a resource of any address. */
export interface Attachment {
  /** `user deckhouse`. */
  readonly principal: string;
  readonly arn: string;
}

/** What a resource attaches; nothing if it is no attachment. */
export function attachmentOf({ attributes }: StateResource): readonly Attachment[] {
  const arn = textOf(attributes.policy_arn);
  const kind = (["user", "role"] as const).find((name) => textOf(attributes[name]) !== undefined);
  return arn === undefined || kind === undefined ? [] : [{ principal: `${kind} ${attributes[kind]}`, arn }];
}

function managedKeys(
  { accessKeys, import: imports }: Deployment,
  ids: readonly string[],
  state: readonly StateResource[] | undefined,
): ExpectedObject["keys"] {
  if (state === undefined || (accessKeys === "none" && ids.length === 0)) {
    return undefined;
  }
  // An import into a slot that has a key is ignored.
  const isFree = accessKeys !== "none" && state.every(({ address }) => address !== KEY_ADDRESSES.primary);
  return isFree ? [...ids, imports?.accessKeyId ?? []].flat() : ids;
}

/** The resources of a kind. The addresses of those of a second policy have a number behind it. */
function ofKind(resources: readonly StateResource[], kind: Kind): readonly StateResource[] {
  const addresses: readonly string[] = kind === "keys" ? Object.values(KEY_ADDRESSES) : [ADDRESSES[kind]];
  return resources.filter(({ address }) => addresses.includes(address) || policyOfAddress(address)?.what === kind);
}

const documentIn = (value: unknown) => (parseJson(textOf(value) ?? "") ?? {}) as StoredDocument;
