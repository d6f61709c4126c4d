import { visible } from "../../../text/printable";
import { type Result, VERDICTS, type Verdict } from "./check";

/** 0: every check passed or warned; 2: a check failed; 3: no check failed, and the result of one is unknown. */
export function exitCode(results: readonly Result[]): 0 | 2 | 3 {
  const has = (verdict: Verdict) => results.some((result) => result.verdict === verdict);
  if (has("failed")) {
    return 2;
  }
  return has("unknown") ? 3 : 0;
}

/** The report as text: one line per finding with its source, and below it the remedy. */
export function reportText(heading: string, results: readonly Result[]): string {
  const width = (text: (result: Result) => string) => Math.max(...results.map((result) => text(result).length));
  const [verdictWidth, checkWidth] = [width(({ verdict }) => verdict), width(({ check }) => check)];
  const indent = " ".repeat(verdictWidth + checkWidth + 4);
  const lines = results.flatMap(({ verdict, check, found, source, remedy }) => [
    `${verdict.padEnd(verdictWidth)}  ${check.padEnd(checkWidth)}  ${visible(`${found} [${source}]`)}`,
    ...(remedy === undefined ? [] : [`${indent}-> ${visible(remedy)}`]),
  ]);
  return [heading, "", ...lines, "", summary(results), ""].join("\n");
}

/** The report as JSON. */
export function reportJson(stack: string, region: string, results: readonly Result[]): string {
  return `${JSON.stringify({ stack, region, exitCode: exitCode(results), results }, null, 2)}\n`;
}

function summary(results: readonly Result[]): string {
  const counts = VERDICTS.flatMap((verdict) => {
    const number = results.filter((result) => result.verdict === verdict).length;
    return number === 0 ? [] : [`${verdict}: ${number}`];
  });
  return counts.join(", ");
}
