import type { Deployment } from "../../settings/deployment";
import { isObject, type JsonObject } from "../../text/json";
import { packageVersion } from "../../text/package-file";

/**
 * The settings of a deployment with all defaults filled in, and the version of the program that did so. They are valid settings again, and
 * `diff` compares them field by field. Settings have no secrets, and so neither has this.
 */
export function normalizedSettings({ settings, state }: Deployment) {
  const { backend, cloud, ...rest } = settings;
  const location = cloud === undefined ? { backend: { ...backend, [state.type]: state.arguments } } : { cloud: state.arguments };
  return { version: packageVersion(), settings: effectiveSettings({ ...rest, ...location }) };
}

/**
 * Normalized settings without what has no effect, which the settings do not accept with the rest: a group that nothing is attached to,
 * and the file that the other fields of `cluster` were read from.
 */
export function effectiveSettings({ group, cluster, ...rest }: JsonObject): JsonObject {
  const { configFile: _, ...fields } = isObject(cluster) ? cluster : {};
  return { ...rest, cluster: fields, ...(rest.attachment === "user" ? {} : { group }) };
}
