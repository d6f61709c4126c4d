/** Settings of earlier versions, with the end of the sentence "was removed". */
const REMOVED_SETTINGS: Readonly<Record<string, string>> = {
  "cluster.uuid": "with policy.mode strict, which alone used it; delete the line",
  "cluster.vpcId": "with policy.mode strict, which alone used it; delete the line",
  "import.additionalPolicies": "because a second policy is imported with a command (docs/how-to/import.md); delete the line",
  "policy.marker": "with policy.mode strict, which alone used it; delete the line",
};

/** Values of earlier versions, by setting, with the end of the same sentence. */
const REMOVED_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "policy.mode": { strict: "because it did not limit load balancers; use minimal, which allows more" },
};

const MORE = " (docs/how-to/upgrade.md)";

/** The message about a setting that earlier versions had; undefined for any other. */
export function removedSetting(field: string): string | undefined {
  const reason = Object.hasOwn(REMOVED_SETTINGS, field) ? REMOVED_SETTINGS[field] : undefined;
  return reason && `was removed ${reason}${MORE}`;
}

/** The message about a value that earlier versions accepted; undefined for any other. */
export function removedValue(field: string, value: unknown): string | undefined {
  const values = Object.hasOwn(REMOVED_VALUES, field) ? REMOVED_VALUES[field] : undefined;
  const reason = values !== undefined && typeof value === "string" && Object.hasOwn(values, value) ? values[value] : undefined;
  return reason && `"${value}" was removed ${reason}${MORE}`;
}
