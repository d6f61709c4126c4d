import { CATALOGUE } from "../../src/iam/catalogue";
import { appliesTo, type DkpVersion } from "../../src/iam/dkp-versions";
import { type Component, verifiedVersions } from "./components";
import { EXPLANATIONS, type Explanation, type Side } from "./explanations";
import type { Calls } from "./go-calls";
import { compareVersions } from "./go-module";

export interface Difference {
  readonly action: string;
  /** The only one that has the action. */
  readonly only: Side;
  /** Files that call it; none if only the catalogue has the action. */
  readonly files: readonly string[];
  readonly explanation?: Explanation;
}

export interface Comparison {
  readonly component: string;
  readonly version: string;
  /** Number of actions that the sources call. */
  readonly calls: number;
  /** Number of rows of the catalogue that name the component as a caller. */
  readonly rows: number;
  readonly differences: readonly Difference[];
  /** Explanations of this version without a difference. */
  readonly outdated: readonly Explanation[];
}

/**
 * Compares the calls of a component with the rows of the catalogue that name it as a caller.
 * @param version of the component, without `v` @param dkpVersion rows of other versions of DKP are left out
 */
export function compare(
  component: Component,
  version: string,
  dkpVersion: DkpVersion,
  calls: Calls,
  explanations: readonly Explanation[] = EXPLANATIONS,
): Comparison {
  const rows = CATALOGUE.filter((row) => row.callers.includes(component.name) && appliesTo(row, dkpVersion));
  const granted = new Set(rows.map(({ action }) => action));
  const explained = explanations.filter((each) => each.components.includes(component.name) && isOf(each, version, component));
  const different = [
    ...[...granted].filter((action) => !calls.has(action)).map((action) => ({ action, only: "catalogue" as const })),
    ...[...calls.keys()].filter((action) => !granted.has(action)).map((action) => ({ action, only: "sources" as const })),
  ];
  const explanationOf = ({ action, only }: Pick<Difference, "action" | "only">) =>
    explained.find((each) => each.only === only && each.actions.includes(action));
  return {
    component: component.name,
    version,
    calls: calls.size,
    rows: rows.length,
    differences: different.map((difference) => ({
      ...difference,
      files: calls.get(difference.action) ?? [],
      explanation: explanationOf(difference),
    })),
    outdated: explained
      .map((each) => ({
        ...each,
        actions: each.actions.filter((action) => !different.some((other) => other.action === action && other.only === each.only)),
      }))
      .filter(({ actions }) => actions.length > 0),
  };
}

function isOf({ versions, notShippedSince }: Explanation, version: string, component: Component): boolean {
  if (notShippedSince !== undefined) {
    const newestShipped = verifiedVersions(component).at(-1) ?? "";
    return compareVersions(version, notShippedSince) >= 0 && compareVersions(version, newestShipped) > 0;
  }
  return versions === undefined || versions.includes(version);
}

/** Whether a maintainer has to act: a difference without an explanation, or an explanation without a difference. */
export function needsAttention({ differences, outdated }: Comparison): boolean {
  return outdated.length > 0 || differences.some(({ explanation }) => explanation === undefined);
}
