import { compare, type Result } from "./compare";
import { isPolicy, policyIn } from "./policy-text";
import { isRecord, listOf } from "./read";

/** A policy in a plan, and what its change allows. */
export interface PlannedPolicy {
  readonly address: string;
  /** Path of the attribute that has the policy. */
  readonly attribute: string;
  readonly result: Result | { readonly kind: "unknown" };
}

/** A change that can give access, although the plan has no policy that shows it. */
export interface UnreadChange {
  readonly address: string;
  readonly reason: string;
}

export interface PlanReport {
  readonly policies: readonly PlannedPolicy[];
  readonly unread: readonly UnreadChange[];
}

type Json = Readonly<Record<string, unknown>>;

/** A resource change of a plan. Source: Terraform, "JSON Output Format", change representation. */
interface Change {
  readonly address: string;
  readonly type: string;
  readonly actions: readonly string[];
  readonly before: Json;
  readonly after: Json;
  readonly unknown: Json;
  /** Whether the configuration sets an attribute; the provider computes the value of others. */
  readonly isSet: (attribute: string) => boolean;
}

/**
 * Attributes that hold a policy, in the resources of the AWS provider. Where the value is known,
 * any attribute is read.
 */
const POLICY_ATTRIBUTES = new Set([
  ...[
    "access_policies",
    "access_policy",
    "assume_role_policy",
    "content",
    "inline_policy",
    "key_policy",
  ],
  ...["permission_policy", "policy", "policy_document", "resource_policy"],
]);

/**
 * Attributes of IAM resources whose change gives nobody access. All others count as a change that
 * is not read.
 */
const HARMLESS = new Set([
  ...[
    "arn",
    "attachment_count",
    "create_date",
    "description",
    "force_destroy",
    "force_detach_policies",
    "id",
  ],
  ...[
    "max_session_duration",
    "name",
    "name_prefix",
    "path",
    "policy_id",
    "tags",
    "tags_all",
    "unique_id",
  ],
]);

/**
 * What a principal that is created has from the beginning. A boundary only takes away, and its
 * policies are read.
 */
const HARMLESS_WHEN_CREATED = new Set(["group", "permissions_boundary", "role", "user"]);

/** Types whose changes give access without a policy: IAM, IAM Identity Center, Organizations. */
const ACCESS =
  /^(?:aws|awscc)_(?:iam_|sso(?:admin)?_|identitystore_|organizations_policy_attachment$)/;

/**
 * Without a policy, these allow nothing. Another service can have a default, as a VPC endpoint,
 * which then allows everything. Sources: AWS PrivateLink guide, "Default endpoint policy"; AWS KMS
 * developer guide, "Default key policy".
 */
const EMPTY_WITHOUT = /^(?:aws|awscc)_(?:iam_|sso(?:admin)?_|organizations_policy$|s3_bucket)/;

/** Deleting these can end a Deny; deleting anything else ends a principal or what it is allowed. */
const LINKS = /attachment|exclusive|membership|boundary/;

/**
 * Each policy that a plan changes, decided by itself, and each change of IAM that can give access
 * without a policy in the plan.
 * @param plan the output of `terraform show -json`
 * @throws Error if it is not a plan, or one that failed
 */
export function reportOf(plan: unknown): PlanReport {
  const json = isRecord(plan) ? plan : {};
  // Another major version can mean something else (Terraform, "JSON Output Format").
  if (!Array.isArray(json.resource_changes) || !/^[01]\./.test(String(json.format_version))) {
    throw new Error("is not a plan, which terraform show -json PLAN prints");
  }
  if (json.errored === true) {
    throw new Error("is a plan that failed, so changes are missing; plan again");
  }
  const deferred = listOf(json.deferred_changes ?? []).map((each) =>
    recordOf(recordOf(each).resource_change),
  );
  const { root_module: root } = recordOf(json.configuration);
  const changes = [...json.resource_changes, ...deferred].flatMap((each) =>
    changeIn(each, recordOf(root)),
  );
  return {
    policies: changes.flatMap(policiesOf),
    unread: changes.flatMap(unreadOf),
  };
}

function changeIn(value: unknown, root: Json): readonly Change[] {
  const { address, mode, type, change } = recordOf(value);
  const { actions, before, after, after_unknown: unknown } = recordOf(change);
  const names = listOf(actions).map(String);
  // A data source is read again; no-op moves or imports what is as it was.
  const isChange = mode !== "data" && names.some((name) => name !== "no-op" && name !== "read");
  return isChange
    ? [
        {
          address: String(address),
          type: String(type),
          actions: names,
          before: recordOf(before),
          after: recordOf(after),
          unknown: recordOf(unknown),
          isSet: settingsOf(String(address), root),
        },
      ]
    : [];
}

/**
 * Which attributes the configuration of a resource sets. Without its configuration, any attribute
 * may be set. Source: Terraform, "JSON Output Format", configuration representation.
 */
function settingsOf(address: string, root: Json): (path: string) => boolean {
  const names = address.replaceAll(/\[(?:"(?:[^"\\]|\\.)*"|\d+)\]/g, "").split(".");
  let module = root;
  while (names[0] === "module") {
    const [, name = ""] = names.splice(0, 2);
    module = recordOf(recordOf(recordOf(module.module_calls)[name]).module);
  }
  const resources = listOf(module.resources).map(recordOf);
  const { expressions } = resources.find((each) => each.address === names.join(".")) ?? {};
  return (path) => !isRecord(expressions) || /[.[]/.test(path) || Object.hasOwn(expressions, path);
}

function policiesOf(change: Change): readonly PlannedPolicy[] {
  const { address, type, actions, before, after, unknown, isSet } = change;
  const [former, latter] = [stringsIn(before), stringsIn(after)];
  const unknowns = new Set(unknownIn(unknown));
  const paths = [...new Set([...former.keys(), ...latter.keys()])].filter((path) =>
    [former, latter].some((strings) => isPolicy(strings.get(path) ?? "")),
  );
  const isGone = isDeleted(change) && !type.endsWith("_policy");
  const hasDefault = !isGone && !EMPTY_WITHOUT.test(type);
  const known = paths
    .filter((path) => !unknowns.has(path) && former.get(path) !== latter.get(path))
    .map((path) => ({
      address,
      attribute: path,
      result:
        hasDefault && !latter.get(path)
          ? WITHOUT_POLICY
          : resultOf(former.get(path), latter.get(path)),
    }));
  // A configuration has no dynamic blocks (Terraform, internal/command/jsonconfig/expression.go),
  // so that an unknown block is taken for a computed one only where nothing was before.
  const isGiven = (path: string) => isSet(path) || !isCreated(actions);
  const later = [...unknowns]
    .filter(
      (path) => paths.includes(path) || (POLICY_ATTRIBUTES.has(nameOf(path)) && isGiven(path)),
    )
    .map((attribute) => ({ address, attribute, result: { kind: "unknown" } as const }));
  return [...known, ...later];
}

const WITHOUT_POLICY: Result = {
  kind: "not-comparable",
  reason: "the policy goes, and a default of the service, which can allow more, then applies",
};

function isDeleted({ actions }: Change): boolean {
  return actions.every((action) => action === "delete" || action === "forget");
}

function isCreated(actions: readonly string[]): boolean {
  return actions.every((action) => action === "create");
}

/** @param before, after the text of the policy; undefined or empty: none */
function resultOf(before: string | undefined, after: string | undefined): Result {
  const [former, latter] = [before, after].map((text) => (text ? policyIn(text) : undefined));
  const isUnread = (text: string | undefined, policy: unknown) =>
    Boolean(text) && policy === undefined;
  return isUnread(before, former) || isUnread(after, latter)
    ? {
        kind: "not-comparable",
        reason: "the policy is no JSON, or has a key twice or a number that is rounded",
      }
    : compare(former, latter);
}

/** What else changes in a resource of IAM. */
function unreadOf(change: Change): readonly UnreadChange[] {
  const { address, type, actions, before, after, unknown, isSet } = change;
  if (!ACCESS.test(type) || (isDeleted(change) && !LINKS.test(type))) {
    return [];
  }
  const hasPolicy = [before, after].some((values) =>
    [...stringsIn(values).values()].some(isPolicy),
  );
  const isHarmless = (name: string) =>
    HARMLESS.has(name) ||
    POLICY_ATTRIBUTES.has(name) ||
    (isCreated(actions) &&
      (hasPolicy || name === "permissions_boundary") &&
      HARMLESS_WHEN_CREATED.has(name));
  const names = [
    ...new Set([...Object.keys(before), ...Object.keys(after), ...Object.keys(unknown)]),
  ];
  const isChanged = (name: string) =>
    (hasUnknown(unknown[name]) && isSet(name)) ||
    JSON.stringify(set(before[name])) !== JSON.stringify(set(after[name]));
  const changed = names.filter((name) => !isHarmless(name) && isChanged(name));
  return changed.length === 0
    ? []
    : [{ address, reason: `${actions.join(" and ")}: ${changed.sort().join(", ")}` }];
}

/** A value that is set: the provider writes empty strings and lists for what is not. */
function set(value: unknown): unknown {
  return value === "" || value === null || (Array.isArray(value) && value.length === 0)
    ? undefined
    : value;
}

function hasUnknown(value: unknown): boolean {
  return (
    value === true ||
    (typeof value === "object" && value !== null && Object.values(value).some(hasUnknown))
  );
}

/** By path, each string in a value. */
function stringsIn(value: unknown, path = ""): ReadonlyMap<string, string> {
  if (typeof value === "string") {
    return new Map([[path, value]]);
  }
  return new Map(entriesOf(value, path).flatMap(([inner, each]) => [...stringsIn(each, inner)]));
}

/** The paths of unknown values. */
function unknownIn(value: unknown, path = ""): readonly string[] {
  return value === true
    ? [path]
    : entriesOf(value, path).flatMap(([inner, each]) => unknownIn(each, inner));
}

/**
 * What is in a list or an object. Blocks with a name of their own have it in their path, because a
 * plan has sets in any order.
 */
function entriesOf(
  value: unknown,
  path: string,
): readonly (readonly [path: string, value: unknown])[] {
  if (Array.isArray(value)) {
    const names = value.map(nameIn);
    const isUnique = (name: string) => names.indexOf(name) === names.lastIndexOf(name);
    return value.map((each, at) => {
      const name = names[at];
      return [`${path}[${name !== undefined && isUnique(name) ? name : at}]`, each];
    });
  }
  return isRecord(value)
    ? Object.entries(value).map(([key, each]) => [path === "" ? key : `${path}.${key}`, each])
    : [];
}

function nameIn(block: unknown): string | undefined {
  return isRecord(block) && typeof block.name === "string" && block.name !== ""
    ? JSON.stringify(block.name)
    : undefined;
}

/** The name of the attribute at a path. */
function nameOf(path: string): string {
  return path.replace(/\[[^\]]*\]$/, "").replace(/^.*\./, "");
}

function recordOf(value: unknown): Json {
  return isRecord(value) ? value : {};
}
