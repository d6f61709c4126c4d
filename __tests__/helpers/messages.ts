import { adviceLines, type Found, type Rules, textOf } from "../../src/cli/findings/finding";

/** Every rule with its level, and below it each different sentence of the findings, with risk and remedy. */
export function messagesOf<Of extends Rules>(
  rules: Of,
  findings: readonly Found<Of>[],
  prefixOf: (found: Found<Of>) => string = () => "",
): string {
  return Object.entries(rules)
    .map(([rule, { level }]) => {
      const blocks = findings
        .filter((found) => found.rule === rule)
        .map((found) =>
          [`  ${prefixOf(found)}${textOf(rules, found)}`, ...adviceLines(rules, found).map((line) => `    ${line}`)].join("\n"),
        );
      return `${[`${rule} (${level})`, ...new Set(blocks)].join("\n")}\n`;
    })
    .join("\n");
}
