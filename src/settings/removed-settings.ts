import { isObject, type JsonObject, valueAt } from "../text/json";

const STRICT = "with policy.mode strict, which alone used it; delete the line";

const ATTACHED = "because the policy is always attached to the user";

/** The end of the sentence "was removed": why, and what to do about a value. */
const REMOVED_SETTINGS: Readonly<Record<string, string | ((value: unknown) => string)>> = {
  "cluster.uuid": STRICT,
  "cluster.vpcId": STRICT,
  "import.additionalPolicies":
    "because a second policy is imported with a command (docs/how-to/import.md); delete the line",
  "policy.marker": STRICT,
  attachment: (value) => {
    const first = value === "group" ? "attachment: user-and-group, then " : "";
    return value === "user"
      ? `${ATTACHED}; delete the line`
      : `${ATTACHED}; with the version of dkp-access before, apply ${first}attachment: user, ` +
          "because one apply could detach the policy from the group " +
          "before it attaches it to the user; then delete the line";
  },
  group: `${ATTACHED}; follow what is said of attachment, if it is set, and delete these lines`,
  "import.group":
    `${ATTACHED}; delete the line, and run terraform state rm aws_iam_group.group in the ` +
    "stack's folder before the apply with attachment: user, which otherwise deletes the group",
  "accessKeys.allowPlaintext":
    "because no change of the keys needs a permission of the settings; " +
    "delete the line, and diff reports the change",
  "policy.supplement": (value) =>
    value === false
      ? "because no cluster can be created without the actions that it omits; " +
        "delete the line, and diff lists them"
      : "because the policy always has the actions that DKP calls and its documentation omits; " +
        "delete the line",
  "policy.description":
    "because AWS cannot change the description of a policy; " +
    "delete the line, and a live policy keeps its own",
  "user.forceDestroy":
    "because it deleted keys that Terraform does not manage; " +
    "delete the line, and such keys yourself before a destroy",
  "cluster.dkpVersion":
    "because all supported versions of DKP require the same actions; " +
    "delete the line, and diff shows whether anything changes",
};

/** The value that means what is always so now, if not every one: `diff` reports no change of it. */
const SAME: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["attachment", "user"],
  ["policy.supplement", true],
  ["user.forceDestroy", false],
]);

const MORE = " (docs/how-to/upgrade.md)";

/** The message about a setting that earlier versions had; undefined for any other. */
export function removedSetting(field: string, value: unknown): string | undefined {
  const removed = Object.hasOwn(REMOVED_SETTINGS, field) ? REMOVED_SETTINGS[field] : undefined;
  const reason = typeof removed === "function" ? removed(value) : removed;
  return reason && `was removed ${reason}${MORE}`;
}

/** The message about a value that earlier versions accepted; undefined for any other. */
export function removedValue(field: string, value: unknown): string | undefined {
  return field === "policy.mode" && value === "strict"
    ? '"strict" was removed because it did not limit load balancers; ' +
        `use minimal, which allows more${MORE}`
    : undefined;
}

/**
 * Settings that an earlier version completed, without the removed ones that mean what is
 * always so now.
 */
export function withoutRemovedSettings(settings: JsonObject): JsonObject {
  return Object.keys(REMOVED_SETTINGS).reduce((rest, field) => {
    const path = field.split(".");
    const value = valueAt(rest, path);
    const isSame = value !== undefined && (!SAME.has(field) || SAME.get(field) === value);
    return isSame ? without(rest, path) : rest;
  }, settings);
}

function without(object: JsonObject, [name = "", ...path]: readonly string[]): JsonObject {
  const { [name]: value, ...rest } = object;
  return path.length > 0 && isObject(value) ? { ...rest, [name]: without(value, path) } : rest;
}
