import { canonical, type JsonObject, listOf, objectOf } from "./json-values";
import type { DiffFound } from "./rules";
import { isOurs, type Snapshot, UNKNOWN } from "./snapshot";

/**
 * By type of resource, the arguments and attributes that are compared elsewhere in this folder, or that decide nothing about
 * permissions. Any other one that differs counts as broadened. A value stands for what the AWS provider fills in.
 * Source: the schemas of AWS provider 5.100.
 */
const KNOWN: Readonly<Record<string, { readonly names: readonly string[]; readonly defaults?: JsonObject }>> = {
  aws_iam_user: {
    names: ["name", "permissions_boundary", "arn", "id", "unique_id"],
    defaults: { path: "/" },
  },
  aws_iam_access_key: { names: ["user", "status", "pgp_key", "id", "create_date", "key_fingerprint"] },
  aws_iam_policy: {
    names: [
      "name",
      "name_prefix",
      "path",
      "description",
      "policy",
      "arn",
      "id",
      "policy_id",
      "attachment_count",
      "tags",
      "tags_all",
    ],
    defaults: { "lifecycle.ignore_changes": ["description"] },
  },
  aws_iam_user_policy_attachment: { names: ["user", "policy_arn", "id"] },
  aws_iam_group: { names: ["name", "path", "arn", "id", "unique_id"] },
  aws_iam_user_group_membership: { names: ["user", "groups", "id"] },
  aws_iam_group_policy_attachment: { names: ["group", "policy_arn", "id"] },
  aws_iam_role: {
    names: [
      "name",
      "name_prefix",
      "description",
      "assume_role_policy",
      "permissions_boundary",
      "force_detach_policies",
      "arn",
      "id",
      "unique_id",
      "create_date",
    ],
    defaults: { max_session_duration: 3600, path: "/" },
  },
  aws_iam_role_policy: { names: ["name", "name_prefix", "role", "policy", "id"] },
  aws_iam_role_policy_attachment: { names: ["role", "policy_arn", "id"] },
};

/** Terraform's own arguments that decide nothing about permissions. */
const META: readonly string[] = ["depends_on", "lifecycle.prevent_destroy", "lifecycle.create_before_destroy"];

/** Arguments of this project's resources that nothing here understands, and that are new or have another value. */
export function argumentFindings(before: Snapshot, after: Snapshot): readonly DiffFound[] {
  return [...after.resources.keys()]
    .filter(isOurs)
    .flatMap((address) =>
      unknownArguments(address, before, after).map(
        (argument): DiffFound => ({ rule: "argument-not-comparable", address, values: { address, argument } }),
      ),
    );
}

function unknownArguments(address: string, before: Snapshot, after: Snapshot): readonly string[] {
  const { names = [], defaults = {} } = KNOWN[address.split(".")[0] ?? ""] ?? {};
  const had = argumentsOf(before, address);
  const has = argumentsOf(after, address);
  const value = (of: JsonObject, name: string) => comparable(of[name] ?? defaults[name]);
  return [...new Set([...Object.keys(had), ...Object.keys(has)])]
    .filter((name) => !names.includes(name) && !META.includes(name))
    .filter((name) => (has[name] === UNKNOWN ? isConfigured(after, address, name) : value(had, name) !== value(has, name)))
    .sort();
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

/** What the configuration does not set, AWS answers: it is known only after the apply, and no argument of this plan. */
function isConfigured({ configured }: Snapshot, address: string, name: string): boolean {
  const set = configured?.get(address);
  return set === undefined || set[name] !== undefined;
}
