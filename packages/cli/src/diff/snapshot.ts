import { ADDRESSES, isNodeAttachment, policyOfAddress } from "../../../../src/terraform/addresses";
import { type JsonObject, listOf, objectOf, textOf } from "../../../../src/text/json";
import { policyFile } from "../review/contents";
import type { Policy } from "./grants";
import { mapStrings } from "./json-values";
import type { OutputValue, Plan, PlannedChange } from "./plan-file";
import { readPolicy } from "./policies";

export interface Snapshot {
  readonly resources: ReadonlyMap<string, JsonObject>;
  readonly outputs: ReadonlyMap<string, OutputValue>;
  /** Addresses of what stays in AWS, and is no longer managed. */
  readonly forgotten: readonly string[];
}

export function addressesIn(before: Snapshot, after: Snapshot): string[] {
  return [...new Set([...before.resources.keys(), ...after.resources.keys()])];
}

export function lifecycleOf(resource: JsonObject | undefined): JsonObject {
  return objectOf(listOf(resource?.lifecycle)[0]);
}

/** Whether this project creates resources at an address. */
export function isOurs(address: string): boolean {
  return (
    Object.values<string>(ADDRESSES).includes(address) ||
    policyOfAddress(address) !== undefined ||
    isNodeAttachment(address)
  );
}

/** A reference in Terraform JSON. */
export const reference = (to: string): string => `\${${to}}`;

const DOCUMENT = /^\$\{data\.aws_iam_policy_document\.[\w-]+\.json\}$/;

/**
 * @param policies as AWS stores them
 * @param account that Terraform would find
 */
export function snapshotOfPack(
  given: JsonObject,
  policies: ReadonlyMap<string, Policy>,
  account: string,
): Snapshot {
  const found = reference(`${ADDRESSES.callerIdentity}.account_id`);
  const pack = objectOf(mapStrings(given, (string) => string.replaceAll(found, account)));
  const resources = Object.entries(objectOf(pack.resource)).flatMap(([type, named]) =>
    Object.entries(objectOf(named)).map(([name, content]) => {
      const [address, attributes] = [`${type}.${name}`, objectOf(content)];
      const isReference = DOCUMENT.test(textOf(attributes.policy) ?? "");
      const stored = policies.get(policyFile(policyOfAddress(address)?.number ?? 1));
      const text = typeof stored === "string" ? stored : JSON.stringify(stored);
      return [address, isReference ? { ...attributes, policy: text } : attributes] as const;
    }),
  );
  const outputs = Object.entries(objectOf(pack.output)).map(([name, output]) => {
    const { value, sensitive } = objectOf(output);
    return [name, { sensitive: sensitive === true, value }] as const;
  });
  return {
    resources: new Map(resources),
    outputs: new Map(outputs),
    forgotten: listOf(pack.removed).map((block) => textOf(objectOf(block).from) ?? ""),
  };
}

export function snapshotOfPlan(plan: Plan, side: "before" | "after"): Snapshot {
  const resources = managedChanges(plan).flatMap(({ address, actions, later, ...change }) => {
    // What Terraform forgets stays as it is, unless it creates another object at the address.
    const attributes = change[side] ?? (actions.includes("forget") ? change.before : undefined);
    const unknown = side === "after" ? later.map((name) => [name, UNKNOWN]) : [];
    return attributes === undefined
      ? []
      : [[address, { ...attributes, ...Object.fromEntries(unknown) }] as const];
  });
  const outputs = plan.outputs
    .filter(({ actions }) => !actions.includes(side === "before" ? "create" : "delete"))
    .map(({ name, ...output }) => [name, output[side]] as const);
  return {
    resources: new Map(resources),
    outputs: new Map(outputs),
    forgotten: managedChanges(plan).flatMap(({ address, actions }) =>
      actions.includes("forget") ? address : [],
    ),
  };
}

/** Without left-overs of failed replacements (`deposed`). */
export function managedChanges({ changes }: Plan): readonly PlannedChange[] {
  return changes.filter(({ isManaged, deposed }) => isManaged && deposed === undefined);
}

export const UNKNOWN = "known after apply";

/** By number, whether they are attached or not. */
export function userPoliciesOf(snapshot: Snapshot): ReadonlyMap<number, Policy> {
  return new Map(
    [...snapshot.resources.keys()].flatMap((address) => {
      const { what, number = 1 } = policyOfAddress(address) ?? {};
      return what === "policy" ? [[number, policyAt(snapshot, address)] as const] : [];
    }),
  );
}

/** Undefined without the resource. */
export function policyAt(
  { resources }: Snapshot,
  address: string,
  argument = "policy",
): Policy | undefined {
  const attributes = resources.get(address);
  return attributes && readPolicy(textOf(attributes[argument]) ?? UNKNOWN);
}

/** Undefined if the resource or the attribute is not there. */
export function attribute(
  { resources }: Snapshot,
  address: string,
  name: string,
): string | undefined {
  return textOf(resources.get(address)?.[name]);
}
