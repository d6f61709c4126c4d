import { iamResourceArn, partitionOf } from "../../../../src/iam/arns";
import { nodePolicy } from "../../../../src/iam/node-role-permissions";
import { policyDocument } from "../../../../src/iam/policy-document";
import type { Deployment } from "../../../../src/settings/deployment";
import {
  ADDRESSES,
  nodeAttachmentAddress,
  policyAddress,
  policyOfAddress,
} from "../../../../src/terraform/addresses";
import { parseJson, textOf } from "../../../../src/text/json";
import type { StateResource } from "../terraform/state-file";
import type { StoredDocument } from "./aws/iam-reader";

/** An object of IAM that a deployment manages. */
export interface Thing {
  readonly kind: "user" | "policy" | "role";
  readonly name: string;
  readonly arn: string;
  readonly address: string;
  /** ARN; "" is none. */
  readonly boundary: string;
  readonly document?: StoredDocument;
}

export interface Link {
  readonly address: string;
  /** `user deckhouse`. */
  readonly of: string;
  /** ARN of a managed policy, or name of an inline one. */
  readonly to: string;
  readonly document?: StoredDocument;
}

/** What a deployment manages, according to its settings or its state. All comparisons read it. */
export interface Inventory<Of extends Thing = Thing> {
  /** Known also if a state has lost the user itself. */
  readonly user: string | undefined;
  readonly things: readonly Of[];
  readonly links: readonly Link[];
  readonly keys: readonly string[];
}

export interface DescribedThing extends Thing {
  readonly path: string;
  readonly setting: "user" | "policy" | "nodeRole";
  /** Whether the settings import it. The second policy cannot be imported. */
  readonly isImported: boolean;
}

/** An object in messages, and as what uses others is named: `user deckhouse`. */
export const title = ({ kind, name }: Pick<Thing, "kind" | "name">): string => `${kind} ${name}`;

/**
 * What an apply of the settings creates, without keys; the user first.
 * @param account 12 digits
 */
export function inventoryOfSettings(
  settings: Deployment,
  account: string,
): Inventory<DescribedThing> {
  const { user, policy, policies, nodeRole, region, import: imports } = settings;
  const environment = { partition: partitionOf(region), account };
  const named = <K extends Thing["kind"]>(kind: K, path: string, name: string) => {
    return { kind, path, name, arn: iamResourceArn(environment, `${kind}${path}${name}`) };
  };
  const things: DescribedThing[] = [
    {
      ...named("user", user.path, user.name),
      address: ADDRESSES.user,
      boundary: user.permissionsBoundary ?? "",
      setting: "user",
      isImported: imports?.user === true,
    },
  ];
  const links: Link[] = [];
  for (const { number, name, statements } of policies) {
    const object = named("policy", policy.path, name);
    const document = { ...policyDocument(statements, account) };
    const isImported = number === 1 && imports?.policy === true;
    things.push({
      ...object,
      address: policyAddress("policy", number),
      boundary: "",
      document,
      setting: "policy",
      isImported,
    });
    links.push({
      address: policyAddress("userAttachment", number),
      of: `user ${user.name}`,
      to: object.arn,
    });
  }
  if (nodeRole !== undefined) {
    const {
      name,
      path,
      permissionsBoundary: boundary = "",
      additionalActions,
      managedPolicyArns,
    } = nodeRole;
    const isImported = imports?.nodeRole === true;
    things.push({
      ...named("role", path, name),
      address: ADDRESSES.nodeRole,
      boundary,
      setting: "nodeRole",
      isImported,
    });
    const of = `role ${name}`;
    links.push({
      address: ADDRESSES.nodePolicy,
      of,
      to: name,
      document: { ...nodePolicy(additionalActions) },
    });
    links.push(...managedPolicyArns.map((to) => ({ address: nodeAttachmentAddress(to), of, to })));
  }
  return { user: user.name, things, links, keys: [] };
}

/** What the resources of a state are, at whatever address. */
export function inventoryOfState(resources: readonly StateResource[]): Inventory {
  const things: Thing[] = [];
  const links: Link[] = [];
  for (const { address, attributes } of resources) {
    const text = (name: string) => textOf(attributes[name]) ?? "";
    const document = (parseJson(text("policy")) ?? {}) as StoredDocument;
    const [, type] = /^aws_iam_(\w+)\./.exec(address) ?? [];
    if (type === "user" || type === "policy" || type === "role") {
      things.push({
        kind: type,
        name: text("name"),
        arn: text("arn"),
        address,
        boundary: text("permissions_boundary"),
        ...(type === "policy" && { document }),
      });
    }
    const [, kind, attachment] = /^(user|role)_policy(_attachment)?$/.exec(type ?? "") ?? [];
    if (kind !== undefined) {
      const link = { address, of: `${kind} ${text(kind)}` };
      links.push(
        attachment === undefined
          ? { ...link, to: text("name"), document }
          : { ...link, to: text("policy_arn") },
      );
    }
  }
  const keys = resources.filter(({ address }) => address === ADDRESSES.accessKey);
  const attachments = resources.filter(
    ({ address }) => policyOfAddress(address)?.what === "userAttachment",
  );
  const ofUser = [...keys, ...attachments].map(({ attributes }) => textOf(attributes.user));
  const user = things.find(({ address }) => address === ADDRESSES.user);
  return {
    user: user?.name ?? ofUser.find((name) => name !== undefined),
    things,
    links,
    keys: keys.flatMap(({ attributes }) => textOf(attributes.id) ?? []),
  };
}
