import Range from "semver/classes/range";
import subset from "semver/ranges/subset";
import type { Deployment } from "../../../../src/settings/deployment";
import { PROVIDER_VERSIONS } from "../../../../src/settings/schema/deployment-schema";

/**
 * The guards that the settings of a deployment do not set. A plan compares with the state, which
 * has none of them: that one was set yesterday, only `diff` knows.
 */
export function guardsOff({ accountId, protect, settings }: Deployment): readonly string[] {
  const { version } = settings.provider;
  return [
    ...(accountId === undefined ? ["accountId is not set"] : []),
    ...(protect ? [] : ["protect: false"]),
    ...(isWithin(version, PROVIDER_VERSIONS) ? [] : [`provider.version: ${version}`]),
  ];
}

/** Whether each version that the one constraint of Terraform allows is one of the other. */
function isWithin(constraint: string, limits: string): boolean {
  try {
    return subset(rangeOf(constraint), rangeOf(limits));
  } catch {
    // Terraform has constraints that npm lacks.
    return false;
  }
}

/**
 * `~> 6.1` allows 6.2, which npm writes `^6.1`; `~> 6.1.0` does not, in npm too. A major version
 * alone is taken to have no end. Without the versions that `!=` takes out.
 * Source: https://developer.hashicorp.com/terraform/language/expressions/version-constraints
 */
function rangeOf(constraint: string): Range {
  const parts = constraint
    .split(",")
    .map((part) => part.replaceAll(/\s/g, ""))
    .filter((part) => !part.startsWith("!="))
    .map((part) => part.replace(/^~>(?=\d+$)/, ">=").replace(/^~>(?=\d+\.\d+$)/, "^"));
  return new Range(parts.join(" "));
}
