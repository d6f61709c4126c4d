import type { Comparison, Difference } from "./compare";
import type { Explanation } from "./explanation";

/** The comparisons for people; ends with a line break. */
export function reportText(comparisons: readonly Comparison[]): string {
  return comparisons.map((comparison) => `${comparisonLines(comparison).join("\n")}\n`).join("\n");
}

function comparisonLines({
  component,
  version,
  calls,
  rows,
  differences,
  outdated,
}: Comparison): readonly string[] {
  const unexplained = differences.filter(({ explanation }) => explanation === undefined);
  const explanations = new Set(differences.flatMap(({ explanation }) => explanation ?? []));
  const actionsOf = (explanation: Explanation) =>
    differences
      .filter((difference) => difference.explanation === explanation)
      .map(({ action }) => action);
  return [
    `${component} ${version}: ${calls} actions in the sources, ${rows} rows in the catalogue`,
    ...section("unexplained differences", unexplained.map(differenceLine)),
    ...section(
      "explained differences",
      [...explanations].map((each) => explanationLine({ ...each, actions: actionsOf(each) })),
    ),
    ...section("explanations without a difference, to be removed", outdated.map(explanationLine)),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0
    ? [`  ${title}: none`]
    : [`  ${title}:`, ...lines.map((line) => `    ${line}`)];
}

function differenceLine({ action, only, files }: Difference): string {
  return `${action}: only in the ${[only, ...files].join(", ")}`;
}

function explanationLine({ actions, only, reason, source }: Explanation): string {
  return `${actions.join(", ")}: only in the ${only}: ${reason} (${source})`;
}
