import { gt, gte, satisfies } from "semver";
import { CATALOGUE, type Caller } from "../../src/iam/catalogue";
import { appliesTo, type DkpVersion, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { type Component, verifiedVersions } from "./components";
import type { Compared, Explanation, Side } from "./explanation";
import { EXPLANATIONS } from "./explanations";
import type { Calls } from "./go-calls";

export interface Difference {
  readonly action: string;
  /** The only one that has the action. */
  readonly only: Side;
  /** Files or Terraform resources that call it; none if only the catalogue has the action. */
  readonly files: readonly string[];
  readonly explanation?: Explanation;
}

export interface Comparison {
  readonly component: string;
  readonly version: string;
  /** Number of actions that the sources call. */
  readonly calls: number;
  /**
   * Number of actions in rows of the catalogue that name the component as a caller, or in policies.
   */
  readonly rows: number;
  readonly differences: readonly Difference[];
  /** Explanations of this version without a difference. */
  readonly outdated: readonly Explanation[];
}

/** The release lines to compare with. The catalogue knows what changed since the first one. */
export const KNOWN_VERSIONS: readonly DkpVersion[] = Array.from(
  { length: Number(SUPPORTED_VERSIONS.last.split(".")[1]) - 65 },
  (_, index): DkpVersion => `1.${66 + index}`,
);

/** The actions of the rows of the catalogue that name a caller, in a version of DKP. */
export function rowsOf(caller: Caller, dkpVersion: DkpVersion): ReadonlySet<string> {
  return new Set(
    CATALOGUE.filter((row) => row.callers.includes(caller) && appliesTo(row, dkpVersion)).map(
      ({ action }) => action,
    ),
  );
}

/**
 * Compares the calls of a component with the rows of the catalogue that name it as a caller.
 * @param version of the component, without `v`
 * @param dkpVersion rows of other versions of DKP are left out
 */
export function compare(
  component: Component,
  version: string,
  dkpVersion: DkpVersion,
  calls: Calls,
  explanations: readonly Explanation[] = EXPLANATIONS,
): Comparison {
  const explained = explanations.filter((each) => isOf(each, version, component));
  return compareActions(
    component.name,
    version,
    [{ granted: rowsOf(component.name, dkpVersion), calls }],
    explained,
  );
}

/**
 * Compares granted actions with calls, once or for several deployments: each difference is reported
 * once.
 */
export function compareActions(
  component: Compared,
  version: string,
  pairs: readonly { readonly granted: ReadonlySet<string>; readonly calls: Calls }[],
  explanations: readonly Explanation[] = EXPLANATIONS,
): Comparison {
  const explained = explanations.filter((each) => each.components.includes(component));
  const all = pairs.flatMap(({ granted, calls }) => [
    ...[...granted]
      .filter((action) => !calls.has(action))
      .map((action) => ({ action, only: "catalogue" as const })),
    ...[...calls.keys()]
      .filter((action) => !granted.has(action))
      .map((action) => ({ action, only: "sources" as const })),
  ]);
  const different = [
    ...new Map(all.map((difference) => [JSON.stringify(difference), difference])).values(),
  ];
  const [calls, granted] = [
    pairs.flatMap((pair) => [...pair.calls]),
    pairs.flatMap((pair) => [...pair.granted]),
  ];
  const explanationOf = ({ action, only }: Pick<Difference, "action" | "only">) =>
    explained.find((each) => each.only === only && each.actions.includes(action));
  return {
    component,
    version,
    calls: new Set(calls.map(([action]) => action)).size,
    rows: new Set(granted).size,
    differences: different.map((difference) => ({
      ...difference,
      files:
        difference.only === "catalogue"
          ? []
          : (calls.find(([action]) => action === difference.action)?.[1] ?? []),
      explanation: explanationOf(difference),
    })),
    outdated: explained
      .map((each) => ({
        ...each,
        actions: each.actions.filter(
          (action) =>
            !different.some((other) => other.action === action && other.only === each.only),
        ),
      }))
      .filter(({ actions }) => actions.length > 0),
  };
}

function isOf(
  { versions, notShippedSince }: Explanation,
  version: string,
  component: Component,
): boolean {
  if (notShippedSince !== undefined) {
    const newestShipped = verifiedVersions(component.name).at(-1) ?? "";
    return gte(version, notShippedSince) && gt(version, newestShipped);
  }
  return versions === undefined || satisfies(version, versions);
}

/**
 * Whether a maintainer has to act: a difference without an explanation, or an explanation without a
 * difference.
 */
export function needsAttention({ differences, outdated }: Comparison): boolean {
  return outdated.length > 0 || differences.some(({ explanation }) => explanation === undefined);
}
