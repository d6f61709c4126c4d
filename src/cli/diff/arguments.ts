import { ADDRESSES, isNodeAttachment, policyAddress, policyOfAddress } from "../../terraform/addresses";
import { canonical, type JsonObject, listOf, nameOf, objectOf } from "./json-values";
import type { DiffFound } from "./rules";
import { attribute, isOurs, reference, type Snapshot, UNKNOWN } from "./snapshot";

/** Attributes of this project's resources that are compared elsewhere in this folder, or that decide nothing about permissions. */
const KNOWN: ReadonlySet<string> = new Set([
  ...["name", "name_prefix", "arn", "id", "unique_id", "policy_id", "create_date", "attachment_count", "key_fingerprint"],
  ...["policy", "assume_role_policy", "permissions_boundary", "status", "pgp_key", "force_detach_policies"],
  ...["depends_on", "lifecycle.prevent_destroy", "lifecycle.create_before_destroy", "aws_iam_policy.lifecycle.ignore_changes"],
  ...["aws_iam_policy.description", "aws_iam_policy.path", "aws_iam_policy.tags", "aws_iam_policy.tags_all"],
  ...["aws_iam_group.path", "aws_iam_role.description"],
]);

/** What the AWS provider fills in where nothing is set. Source: the schemas of AWS provider 5.100. */
const DEFAULTS: JsonObject = { path: "/", max_session_duration: 3600 };

/** The arguments that name another resource. */
const LINKS: readonly string[] = ["user", "group", "groups", "role", "policy_arn"];

/** The resource that an argument must name: undefined if this project does not create it. */
function ownerOf(address: string, argument: string): string | undefined {
  if (argument === "policy_arn") {
    return isNodeAttachment(address) ? undefined : policyAddress("policy", policyOfAddress(address)?.number ?? 1);
  }
  return { user: ADDRESSES.user, group: ADDRESSES.group, groups: ADDRESSES.group, role: ADDRESSES.nodeRole }[argument];
}

/**
 * Whether the values of an argument name what this project creates. What is known only after the apply does where the identity of the
 * other resource is known only then: the configuration, which is verified, has the reference.
 */
export function isOwn(snapshot: Snapshot, address: string, argument: string, value: unknown): boolean {
  const owner = ownerOf(address, argument);
  return (
    owner !== undefined &&
    ["name", "id", "arn"].some(
      (identity) => value === reference(`${owner}.${identity}`) || value === attribute(snapshot, owner, identity),
    )
  );
}

/** Whether an attachment or a membership is there, and joins what this project creates. */
export function joinsOwn(snapshot: Snapshot, address: string): boolean {
  const { attributes } = snapshot.resources.get(address) ?? {};
  const links = LINKS.filter((argument) => attributes?.[argument] !== undefined);
  return (
    attributes !== undefined &&
    links.every((argument) => listOf(attributes[argument]).some((value) => isOwn(snapshot, address, argument, value)))
  );
}

/** What arguments newly name that this project does not create, and arguments that nothing here understands and that differ. */
export function argumentFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  const ofNodes = [...before.resources].filter(([address]) => isNodeAttachment(address));
  const attached = ofNodes.map(([, { attributes }]) => attributes.policy_arn);
  return [...after.resources].flatMap(([address, { type }]): readonly DiffFound[] => {
    if (!isOurs(address)) {
      return [];
    }
    const [had, has] = [argumentsOf(before, address), argumentsOf(after, address)];
    // What is created has attributes that only AWS knows.
    const isNew = has.id === UNKNOWN;
    const differs = (name: string) => comparable(had[name] ?? DEFAULTS[name]) !== comparable(has[name] ?? DEFAULTS[name]);
    const unknown = [...new Set([...Object.keys(had), ...Object.keys(has)])]
      .filter((name) => !LINKS.includes(name) && !KNOWN.has(name) && !KNOWN.has(`${type}.${name}`))
      .filter((name) => differs(name) && !(isNew && has[name] === UNKNOWN));
    return [
      ...LINKS.flatMap((argument) => {
        // The attachments of the node role are numbered: another order is no other policy.
        const known = argument === "policy_arn" && isNodeAttachment(address) ? attached : listOf(had[argument]);
        return listOf(has[argument])
          .filter((value) => (value === UNKNOWN || !known.includes(value)) && !isOwn(after, address, argument, value))
          .map((value): DiffFound => ({ rule: "link-external", address, values: { address, argument, value: nameOf(value) } }));
      }),
      ...unknown
        .sort()
        .map((argument): DiffFound => ({ rule: "argument-not-comparable", address, values: { address, argument } })),
    ];
  });
}

function argumentsOf({ resources }: Snapshot, address: string): JsonObject {
  const { lifecycle, ...rest } = resources.get(address)?.attributes ?? {};
  const guards = Object.entries(objectOf(listOf(lifecycle)[0])).map(([name, value]) => [`lifecycle.${name}`, value]);
  return { ...rest, ...Object.fromEntries(guards) };
}

/** The provider writes nothing, `""`, `false`, and empty lists and maps for what is not set. */
export function comparable(value: unknown): string {
  const text = canonical(value ?? "");
  return ["", '""', "false", "[]", "{}"].includes(text) ? "" : text;
}
