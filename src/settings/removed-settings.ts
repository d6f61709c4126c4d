import { isObject, type JsonObject, valueAt } from "../text/json";

interface RemovedSetting {
  /** The end of the sentence "was removed": why, and what to do about a value. */
  readonly reason: (value: unknown) => string;
  /**
   * The values that mean what is always so now: `diff` reports no change of them.
   * @default every value
   */
  readonly same?: readonly unknown[];
}

const STRICT: RemovedSetting = {
  reason: () => "with policy.mode strict, which alone used it; delete the line",
};

const ATTACHED = "because the policy is always attached to the user";

const REMOVED_SETTINGS: Readonly<Record<string, RemovedSetting>> = {
  "cluster.uuid": STRICT,
  "cluster.vpcId": STRICT,
  "import.additionalPolicies": {
    reason: () =>
      "because a second policy is imported with a command (docs/how-to/import.md); delete the line",
  },
  "policy.marker": STRICT,
  attachment: {
    reason: (value) => {
      const first = value === "group" ? "attachment: user-and-group, then " : "";
      return value === "user"
        ? `${ATTACHED}; delete the line`
        : `${ATTACHED}; with the version of dkp-access before, apply ${first}attachment: user, ` +
            "because one apply could detach the policy from the group " +
            "before it attaches it to the user; then delete the line";
    },
    same: ["user"],
  },
  group: {
    reason: () =>
      `${ATTACHED}; follow what is said of attachment, if it is set, and delete these lines`,
  },
  "import.group": {
    reason: () =>
      `${ATTACHED}; delete the line, and run terraform state rm aws_iam_group.group in the ` +
      "stack's folder before the apply with attachment: user, which otherwise deletes the group",
  },
  "accessKeys.allowPlaintext": {
    reason: () =>
      "because no change of the keys needs a permission of the settings; " +
      "delete the line, and diff reports the change",
  },
  "policy.supplement": {
    reason: (value) =>
      value === false
        ? "because no cluster can be created without the actions that it omits; " +
          "delete the line, and diff lists them"
        : "because the policy always has the actions that DKP calls and its documentation omits; " +
          "delete the line",
    same: [true],
  },
  "policy.description": {
    reason: () =>
      "because AWS cannot change the description of a policy; " +
      "delete the line, and a live policy keeps its own",
  },
  "user.forceDestroy": {
    reason: () =>
      "because it deleted keys that Terraform does not manage; " +
      "delete the line, and such keys yourself before a destroy",
    same: [false],
  },
  "cluster.dkpVersion": {
    reason: () =>
      "because all supported versions of DKP require the same actions; " +
      "delete the line, and diff shows whether anything changes",
  },
};

/** By setting and value, the end of the same sentence. */
const REMOVED_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "policy.mode": {
    strict: "because it did not limit load balancers; use minimal, which allows more",
  },
};

const MORE = " (docs/how-to/upgrade.md)";

/** The message about a setting that earlier versions had; undefined for any other. */
export function removedSetting(field: string, value: unknown): string | undefined {
  const removed = Object.hasOwn(REMOVED_SETTINGS, field) ? REMOVED_SETTINGS[field] : undefined;
  return removed && `was removed ${removed.reason(value)}${MORE}`;
}

/** The message about a value that earlier versions accepted; undefined for any other. */
export function removedValue(field: string, value: unknown): string | undefined {
  const values = Object.hasOwn(REMOVED_VALUES, field) ? REMOVED_VALUES[field] : undefined;
  const reason =
    values !== undefined && typeof value === "string" && Object.hasOwn(values, value)
      ? values[value]
      : undefined;
  return reason && `"${value}" was removed ${reason}${MORE}`;
}

/**
 * Settings that an earlier version completed, without the removed ones that mean what is
 * always so now.
 */
export function withoutRemovedSettings(settings: JsonObject): JsonObject {
  return Object.entries(REMOVED_SETTINGS).reduce((rest, [field, { same }]) => {
    const path = field.split(".");
    const value = valueAt(rest, path);
    return value === undefined || same?.includes(value) === false ? rest : without(rest, path);
  }, settings);
}

function without(object: JsonObject, [name = "", ...path]: readonly string[]): JsonObject {
  const { [name]: value, ...rest } = object;
  return path.length > 0 && isObject(value) ? { ...rest, [name]: without(value, path) } : rest;
}
