import { policyArn } from "../../../iam/arns";
import { nodePolicy } from "../../../iam/node-role-permissions";
import { partitionOf } from "../../../iam/partitions";
import { policyDocument } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { ADDRESSES, isNodeAttachment, KEY_ADDRESSES, policyAddress, policyOfAddress } from "../../../terraform/addresses";
import { parseJson } from "../../../text/json";
import type { StateResource } from "../../terraform/state-file";
import type { StoredDocument } from "../aws/iam-reader";

/** An IAM object of a deployment. */
interface Managed {
  readonly name: string;
  /** Whether Terraform manages it; without a state, what the settings describe is taken as managed. */
  readonly managed: boolean;
}

export interface ManagedUser extends Managed {
  readonly boundary: string | undefined;
  /** ARNs of the policies attached to it. */
  readonly attached: readonly string[];
  readonly groups: readonly string[];
  /** IDs of its access keys; a number where only the settings are known, undefined where keys are managed outside Terraform. */
  readonly keys: readonly string[] | number | undefined;
}

export interface ManagedGroup extends Managed {
  readonly attached: readonly string[];
}

export interface ManagedPolicy extends Managed {
  /** Counted from 1. */
  readonly number: number;
  readonly arn: string;
  readonly document: StoredDocument;
}

export interface ManagedRole extends Managed {
  readonly boundary: string | undefined;
  readonly attached: readonly string[];
  /** Name and document of its inline policy. */
  readonly inline: string;
  readonly document: StoredDocument;
}

/** What Terraform manages of a deployment. */
export interface ManagedAccess {
  readonly user: ManagedUser;
  readonly group: ManagedGroup | undefined;
  readonly policies: readonly ManagedPolicy[];
  readonly nodeRole: ManagedRole | undefined;
}

/**
 * What Terraform manages of a deployment.
 * @param account 12 digits
 * @param state the resources in the state; undefined if no state is reachable, then all that the settings describe
 */
export function managedAccess(settings: Deployment, account: string, state: readonly StateResource[] | undefined): ManagedAccess {
  return state === undefined ? fromSettings(settings, account) : fromState(fromSettings(settings, account), settings, state);
}

function fromSettings(settings: Deployment, account: string): ManagedAccess {
  const { user, policy, attachment, group, nodeRole, accessKeys, region } = settings;
  const policies = settings.policies.map(({ number, name, statements }) => {
    const arn = policyArn({ partition: partitionOf(region), account, path: policy.path, name });
    return { name, managed: true, number, arn, document: { ...policyDocument(statements, account) } };
  });
  const arns = policies.map(({ arn }) => arn);
  const slots = accessKeys === "none" ? [] : [accessKeys.primary, accessKeys.secondary];
  return {
    user: {
      name: user.name,
      managed: true,
      boundary: user.permissionsBoundary,
      attached: attachment === "group" ? [] : arns,
      groups: attachment === "user" ? [] : [group.name],
      keys: accessKeys === "none" ? undefined : slots.filter(({ status }) => status !== "absent").length,
    },
    group: attachment === "user" ? undefined : { name: group.name, managed: true, attached: arns },
    policies,
    nodeRole: nodeRole && {
      name: nodeRole.name,
      managed: true,
      boundary: nodeRole.permissionsBoundary,
      attached: nodeRole.managedPolicyArns,
      inline: nodeRole.name,
      document: { ...nodePolicy(nodeRole.additionalActions) },
    },
  };
}

/** The same with what the state has. An object that the state lacks is not managed, and has the names of the settings. */
function fromState(
  { user, group, policies, nodeRole }: ManagedAccess,
  { accessKeys, import: imports }: Deployment,
  state: readonly StateResource[],
): ManagedAccess {
  const at = (address: string) => state.find((resource) => resource.address === address)?.attributes;
  const values = (what: "userAttachment" | "groupAttachment" | "policy", attribute: string) =>
    state
      .filter(({ address }) => policyOfAddress(address)?.what === what)
      .flatMap(({ attributes }) => text(attributes[attribute]) ?? []);
  const [userThere, groupThere, roleThere] = [at(ADDRESSES.user), at(ADDRESSES.group), at(ADDRESSES.nodeRole)];
  const inline = at(ADDRESSES.nodePolicy);
  const keys = Object.values(KEY_ADDRESSES).flatMap((address) => text(at(address)?.id) ?? []);
  const memberships = at(ADDRESSES.membership)?.groups;
  const groups = Array.isArray(memberships) ? memberships.filter((name) => typeof name === "string") : [];
  const count = Math.max(policies.length, ...state.map(({ address }) => policyOfAddress(address)?.number ?? 1));
  return {
    user: {
      name: text(userThere?.name) ?? user.name,
      managed: userThere !== undefined,
      boundary: userThere === undefined ? user.boundary : text(userThere.permissions_boundary),
      attached: values("userAttachment", "policy_arn"),
      groups,
      keys: accessKeys === "none" && keys.length === 0 ? undefined : [...keys, ...[imports?.accessKeyId ?? []].flat()],
    },
    group:
      groupThere === undefined
        ? group && { ...group, managed: false, attached: [] }
        : {
            name: text(groupThere.name) ?? "",
            managed: true,
            attached: values("groupAttachment", "policy_arn"),
          },
    policies: Array.from({ length: count }, (_, index) => index + 1).flatMap((number): readonly ManagedPolicy[] => {
      const there = at(policyAddress("policy", number));
      const described = policies.find((policy) => policy.number === number);
      if (there === undefined) {
        return described === undefined ? [] : [{ ...described, managed: false }];
      }
      const [name, arn] = [text(there.name) ?? "", text(there.arn) ?? ""];
      return [{ name, arn, number, managed: true, document: documentIn(there.policy) }];
    }),
    nodeRole:
      roleThere === undefined
        ? nodeRole && { ...nodeRole, managed: false, attached: [] }
        : {
            name: text(roleThere.name) ?? "",
            managed: true,
            boundary: text(roleThere.permissions_boundary),
            attached: state
              .filter(({ address }) => isNodeAttachment(address))
              .flatMap(({ attributes }) => text(attributes.policy_arn) ?? []),
            inline: text(inline?.name) ?? text(roleThere.name) ?? "",
            document: documentIn(inline?.policy),
          },
  };
}

const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const documentIn = (value: unknown) => (parseJson(text(value) ?? "") ?? {}) as StoredDocument;
