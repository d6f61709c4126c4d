import {
  ADDRESSES,
  isNodeAttachment,
  policyAddress,
  policyOfAddress,
} from "../../../../src/terraform/addresses";
import { canonical, type JsonObject, listOf, textOf } from "../../../../src/text/json";
import type { DiffFound } from "./change-rules";
import type { Policy } from "./grants";
import { changeText, differences, nameOf } from "./json-values";
import { comparePolicies, policyFindings } from "./policies";
import {
  addressesIn,
  attribute,
  isOurs,
  lifecycleOf,
  policyAt,
  reference,
  type Snapshot,
  UNKNOWN,
  userPoliciesOf,
} from "./snapshot";

export function permissionFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const ofUser = (side: Snapshot) => userPolicies(side, before, after);
  const ofNodes = (side: Snapshot) => listOf(policyAt(side, ADDRESSES.nodePolicy));
  const principals = [
    ["user", ADDRESSES.user, ofUser],
    ["node role", ADDRESSES.nodeRole, ofNodes],
  ] as const;
  const region = textOf(after.outputs.get("region")?.value);
  return [
    ...principals.flatMap(([principal, address, policiesOf]) => {
      const [old, current] = [before, after].map((side) =>
        attribute(side, address, "permissions_boundary"),
      );
      const isExisting = before.resources.has(address);
      const found = policyFindings(
        principal,
        comparePolicies(policiesOf(before), policiesOf(after), region),
        !isExisting,
        old === current ? current : undefined,
      );
      const isChanged = isExisting && after.resources.has(address) && old !== current;
      const values = { principal, before: old ?? "none", after: current ?? "none" };
      const rule = current === undefined ? "boundary-removed" : "boundary-changed";
      return isChanged ? [...found, { rule, principal, address, values } as const] : found;
    }),
    ...trustFindings(before, after),
    ...addressesIn(before, after).flatMap((address) =>
      isOurs(address)
        ? argumentFindings(address, before, after)
        : externalFindings(address, before, after),
    ),
  ];
}

/** Whether the user has a policy of the deployment. */
export const isAttached = (snapshot: Snapshot, number: number): boolean =>
  joinsOwn(snapshot, policyAddress("userAttachment", number));

/**
 * A plan with `-target` may contain no attachments: an attachment on neither side is taken to stay.
 */
function userPolicies(side: Snapshot, before: Snapshot, after: Snapshot): readonly Policy[] {
  const hasRoute = (snapshot: Snapshot, number: number) =>
    snapshot.resources.has(ADDRESSES.user) && isAttached(snapshot, number);
  return [...userPoliciesOf(side)].flatMap(([number, policy]) =>
    hasRoute(side, number) || ![before, after].some((each) => hasRoute(each, number))
      ? [policy]
      : [],
  );
}

/** The effect of a trust policy is not decided: any difference except the order counts. */
function trustFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const [old = "none", current] = [before, after].map((side) => {
    const trust = policyAt(side, ADDRESSES.nodeRole, "assume_role_policy");
    return trust === undefined ? undefined : canonical(trust);
  });
  const values = current && { role: "the node role", before: old, after: current };
  return values && old !== current ? [{ rule: "trust-changed", values }] : [];
}

function externalFindings(
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  const [old, current] = [before, after].map(({ resources }) =>
    JSON.stringify(resources.get(address)),
  );
  return old === current ? [] : [{ rule: "resource-external", address, values: { address } }];
}

/** Compared elsewhere in this folder, or without effect on permissions. */
const KNOWN: readonly string[] = [
  ...["name", "name_prefix", "arn", "id", "unique_id", "policy_id", "create_date"],
  ...["attachment_count", "key_fingerprint"],
  ...["policy", "assume_role_policy", "permissions_boundary"],
  ...["depends_on", "lifecycle.prevent_destroy", "lifecycle.create_before_destroy"],
  ...["aws_iam_access_key.lifecycle.ignore_changes", "aws_iam_policy.lifecycle.ignore_changes"],
  "aws_iam_policy.description",
  ...["aws_iam_policy.path", "aws_iam_policy.tags", "aws_iam_policy.tags_all"],
  "aws_iam_role.description",
];

/** What the AWS provider fills in. Source: the schemas of AWS provider 5.100. */
const DEFAULTS: JsonObject = { path: "/", max_session_duration: 3600, status: "Active" };

/**
 * The arguments that name other resources of this project. The node role has policies of others.
 */
function linksAt(address: string): Readonly<Record<string, string | undefined>> {
  const { user, nodeRole: role } = ADDRESSES;
  const policy_arn = isNodeAttachment(address)
    ? undefined
    : policyAddress("policy", policyOfAddress(address)?.number ?? 1);
  return { user, role, policy_arn };
}

/**
 * Whether the values of an argument name what this project creates, an unknown one by its
 * reference, which is in the verified configuration.
 */
export function isOwn(
  snapshot: Snapshot,
  address: string,
  argument: string,
  value: unknown,
): boolean {
  const owner = linksAt(address)[argument];
  return ["name", "id", "arn"].some(
    (name) =>
      owner !== undefined &&
      [reference(`${owner}.${name}`), attribute(snapshot, owner, name)].includes(value as string),
  );
}

function joinsOwn(snapshot: Snapshot, address: string): boolean {
  const attributes = snapshot.resources.get(address);
  const links = Object.keys(linksAt(address)).filter(
    (argument) => attributes?.[argument] !== undefined,
  );
  const joins = (argument: string) =>
    listOf(attributes?.[argument]).some((value) => isOwn(snapshot, address, argument, value));
  return attributes !== undefined && links.every(joins);
}

function argumentFindings(
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  if (!after.resources.has(address)) {
    return [
      ...detachedFindings(address, before, after),
      ...externalDeletion(address, before, after),
    ];
  }
  const [old, current] = [argumentsOf(before, address), argumentsOf(after, address)];
  const type = address.slice(0, address.indexOf("."));
  const links = Object.keys(linksAt(address));
  const linked = links.flatMap((argument) =>
    listOf(current[argument])
      .filter(
        (value) =>
          (value === UNKNOWN || !listOf(old[argument]).includes(value)) &&
          !isOwn(after, address, argument, value),
      )
      .map((value): DiffFound => {
        const values = { address, argument, value: nameOf(value) };
        return { rule: "link-external", address, values };
      }),
  );
  const isNew = current.id === UNKNOWN;
  const known = [...links, ...KNOWN];
  const unknown = Object.keys({ ...old, ...current })
    .filter((name) => !known.includes(name) && !known.includes(`${type}.${name}`))
    .filter(
      (name) =>
        comparable(old[name] ?? DEFAULTS[name]) !== comparable(current[name] ?? DEFAULTS[name]),
    )
    .filter((name) => !isNew || current[name] !== UNKNOWN);
  return [
    ...linked,
    ...unknown
      // `tags_all` contains the tags.
      .filter((name) => name !== "tags" || !unknown.includes("tags_all"))
      .sort()
      .map((argument): DiffFound => {
        // Its value is not shown: it could be a secret.
        if (argument !== "tags" && argument !== "tags_all") {
          return { rule: "argument-not-comparable", address, values: { address, argument } };
        }
        const changes = differences(old[argument] ?? {}, current[argument] ?? {});
        const values = { what: address, changes: changes.map((change) => changeText(change)) };
        return { rule: "tags-changed", field: "tags", address, values };
      }),
  ];
}

function detachedFindings(
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  const values = { policy: nameOf(before.resources.get(address)?.policy_arn) };
  const location = { address, field: "nodeRole.managedPolicyArns", principal: "node role" };
  return isNodeAttachment(address) && after.resources.has(ADDRESSES.nodeRole)
    ? [{ rule: "policy-removed", ...location, values }]
    : [];
}

/** `terraform import` takes any object, and a destroy then deletes it. */
function externalDeletion(
  address: string,
  before: Snapshot,
  after: Snapshot,
): readonly DiffFound[] {
  const attributes = before.resources.get(address) ?? {};
  const isOwned = (argument: string, value: unknown) =>
    [before, after].some((side) => isOwn(side, address, argument, value));
  const linked = Object.entries(linksAt(address)).flatMap(([argument, owner]) =>
    listOf(owner && attributes[argument])
      .filter((value) => !isOwned(argument, value))
      .map((value) => [argument, value]),
  );
  const { what, number = 1 } = policyOfAddress(address) ?? {};
  const names = [before, after].map(
    (side) => `${attribute(side, ADDRESSES.policy, "name")}-${number}`,
  );
  const isNamed = what !== "policy" || number === 1 || names.includes(nameOf(attributes.name));
  const external = [...linked, ...(isNamed ? [] : [["name", attributes.name]])];
  const parts = external.map(([argument, value]) => `${argument} ${nameOf(value)}`);
  return parts.length === 0
    ? []
    : [{ rule: "deleted-external", address, values: { address, parts } }];
}

function argumentsOf({ resources }: Snapshot, address: string): JsonObject {
  const { lifecycle: _, ...rest } = resources.get(address) ?? {};
  const guards = Object.entries(lifecycleOf(resources.get(address))).map(([name, value]) => [
    `lifecycle.${name}`,
    value,
  ]);
  return { ...rest, ...Object.fromEntries(guards) };
}

/** The provider writes nothing, `""`, `false`, `[]` or `{}` for an argument that is not set. */
export function comparable(value: unknown): string {
  const text = canonical(value ?? "");
  return ["", '""', "false", "[]", "{}"].includes(text) ? "" : text;
}
