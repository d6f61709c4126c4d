import type { Deployment } from "../../settings/deployment";
import type { Settings } from "../../settings/schema/deployment-schema";
import { packageVersion } from "../../text/package-file";

/** The settings of a deployment with all defaults filled in, and the program that did so. */
export interface NormalizedSettings {
  /** Version of the program that wrote the review pack. */
  readonly version: string;
  readonly settings: Settings;
}

/** What `diff` compares field by field. Settings have no secrets, and so neither has this. */
export function normalizedSettings({ settings, state }: Deployment): NormalizedSettings {
  const { backend, cloud, ...rest } = settings;
  const location = cloud === undefined ? { backend: { ...backend, [state.type]: state.arguments } } : { cloud: state.arguments };
  return { version: packageVersion(), settings: { ...rest, ...location } };
}
