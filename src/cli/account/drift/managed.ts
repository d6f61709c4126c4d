import { policyArn } from "../../../iam/arns";
import { nodePolicy } from "../../../iam/node-role-permissions";
import { partitionOf } from "../../../iam/partitions";
import { policyDocument } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyOfAddress } from "../../../terraform/addresses";
import { grouped } from "../../../text/grouped";
import { parseJson } from "../../../text/json";
import type { StateResource } from "../../terraform/state-file";
import type { StoredDocument } from "../aws/iam-reader";

/** Names or ARNs of what an object has. */
export interface Links {
  /** What the settings describe, and what the state has. */
  readonly managed: readonly string[];
  /** What the state has. */
  readonly inState: readonly string[];
}

/** An IAM object of a deployment. */
interface Managed {
  readonly name: string;
  readonly inState: boolean;
}

interface Bounded extends Managed {
  /** The boundary of the state and of the settings; undefined: none. */
  readonly boundaries: readonly (string | undefined)[];
  /** ARNs of the policies attached to it. */
  readonly attached: Links;
}

export interface ManagedUser extends Bounded {
  readonly groups: Links;
  /** IDs of its access keys; a number where only the settings are known, undefined where keys are managed outside Terraform. */
  readonly keys: readonly string[] | number | undefined;
}

export interface ManagedGroup extends Managed {
  readonly attached: Links;
}

export interface ManagedPolicy extends Managed {
  readonly arn: string;
  /** The document of the state and of the settings. */
  readonly documents: readonly StoredDocument[];
}

export interface ManagedRole extends Bounded {
  /** Name of its inline policy. */
  readonly inline: string;
  readonly documents: readonly StoredDocument[];
}

/** What counts as managed of a deployment: what the settings describe, and what the state has. */
export interface ManagedAccess {
  readonly user: ManagedUser;
  readonly group: ManagedGroup | undefined;
  readonly policies: readonly ManagedPolicy[];
  readonly nodeRole: ManagedRole | undefined;
}

/** The managed resources of a state. */
class State {
  constructor(private readonly resources: readonly StateResource[]) {}

  at(address: string): StateResource["attributes"] | undefined {
    return this.resources.find((resource) => resource.address === address)?.attributes;
  }

  /** The attributes of the resources of a kind: policies, attachments to the user or the group. */
  all(what: "userAttachment" | "groupAttachment" | "policy"): readonly StateResource["attributes"][] {
    return this.resources.flatMap(({ address, attributes }) => (policyOfAddress(address)?.what === what ? [attributes] : []));
  }

  /** ARNs of the policies in attachments. */
  attached(what: "userAttachment" | "groupAttachment"): readonly string[] {
    return arnsIn(this.all(what));
  }

  get attachedToNodeRole(): readonly string[] {
    return arnsIn(this.resources.flatMap(({ address, attributes }) => (isNodeAttachment(address) ? [attributes] : [])));
  }
}

const arnsIn = (attachments: readonly StateResource["attributes"][]) =>
  attachments.flatMap(({ policy_arn }) => text(policy_arn) ?? []);

/**
 * What counts as managed of a deployment.
 * @param account 12 digits
 * @param resources the resources in the state; undefined if no state is readable
 */
export function managedAccess(settings: Deployment, account: string, resources?: readonly StateResource[]): ManagedAccess {
  const state = new State(resources ?? []);
  const policies = managedPolicies(settings, account, state);
  const described = policies.filter(({ isDescribed }) => isDescribed).map(({ arn }) => arn);
  return {
    user: managedUser(settings, described, state, resources !== undefined),
    group: managedGroup(settings, described, state),
    policies,
    nodeRole: managedRole(settings, state),
  };
}

function managedUser(settings: Deployment, policies: readonly string[], state: State, isStateRead: boolean): ManagedUser {
  const { user, attachment, group } = settings;
  const inState = state.at(ADDRESSES.user);
  const groups = state.at(ADDRESSES.membership)?.groups;
  return {
    name: text(inState?.name) ?? user.name,
    inState: inState !== undefined,
    boundaries: boundaries(inState, user.permissionsBoundary),
    attached: links(state.attached("userAttachment"), attachment === "group" ? [] : policies),
    groups: links(
      Array.isArray(groups) ? groups.filter((name) => typeof name === "string") : [],
      attachment === "user" ? [] : [group.name],
    ),
    keys: managedKeys(settings, state, isStateRead),
  };
}

function managedKeys({ accessKeys, import: imports }: Deployment, state: State, isStateRead: boolean): ManagedUser["keys"] {
  const ids = Object.values(KEY_ADDRESSES).flatMap((address) => text(state.at(address)?.id) ?? []);
  if (accessKeys === "none" && ids.length === 0) {
    return undefined;
  }
  if (!isStateRead && accessKeys !== "none") {
    return [accessKeys.primary, accessKeys.secondary].filter(({ status }) => status !== "absent").length;
  }
  // An import into a slot that has a key is ignored.
  const imported = state.at(KEY_ADDRESSES.primary) === undefined ? imports?.accessKeyId : undefined;
  return imported === undefined ? ids : [...ids, imported];
}

function managedGroup({ attachment, group }: Deployment, policies: readonly string[], state: State): ManagedGroup | undefined {
  const inState = state.at(ADDRESSES.group);
  if (attachment === "user" && inState === undefined) {
    return undefined;
  }
  return {
    name: text(inState?.name) ?? group.name,
    inState: inState !== undefined,
    attached: links(state.attached("groupAttachment"), attachment === "user" ? [] : policies),
  };
}

/** The policies of the settings and of the state. Additional ones are named after their content: both can have different ones. */
function managedPolicies(settings: Deployment, account: string, state: State) {
  const { policy, region } = settings;
  const described = settings.policies.map(({ name, statements }) => {
    const arn = policyArn({ partition: partitionOf(region), account, path: policy.path, name });
    return { name, arn, document: { ...policyDocument(statements, account) } as StoredDocument };
  });
  const inState = state.all("policy").map(({ name, arn, policy: document }) => ({
    name: text(name) ?? "",
    arn: text(arn) ?? "",
    document: documentIn(document),
  }));
  return [...grouped([...inState, ...described], ({ arn }) => arn)].map(([arn, policies]) => {
    const has = (list: readonly { readonly arn: string }[]) => list.some((one) => one.arn === arn);
    const documents = policies.map(({ document }) => document);
    return { name: policies[0]?.name ?? "", arn, inState: has(inState), isDescribed: has(described), documents };
  });
}

function managedRole({ nodeRole }: Deployment, state: State): ManagedRole | undefined {
  const inState = state.at(ADDRESSES.nodeRole);
  if (nodeRole === undefined && inState === undefined) {
    return undefined;
  }
  const name = text(inState?.name) ?? nodeRole?.name ?? "";
  const inline = state.at(ADDRESSES.nodePolicy);
  const documents = nodeRole === undefined ? [] : [{ ...nodePolicy(nodeRole.additionalActions) } as StoredDocument];
  return {
    name,
    inState: inState !== undefined,
    boundaries: boundaries(inState, nodeRole?.permissionsBoundary),
    attached: links(state.attachedToNodeRole, nodeRole?.managedPolicyArns ?? []),
    inline: text(inline?.name) ?? name,
    documents: inline === undefined ? documents : [documentIn(inline.policy), ...documents],
  };
}

const links = (inState: readonly string[], described: readonly string[]): Links => ({
  managed: [...new Set([...inState, ...described])],
  inState,
});

const boundaries = (inState: StateResource["attributes"] | undefined, described: string | undefined) =>
  inState === undefined ? [described] : [text(inState.permissions_boundary), described];

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const documentIn = (value: unknown) => (parseJson(text(value) ?? "") ?? {}) as StoredDocument;
