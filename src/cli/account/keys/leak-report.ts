import { join } from "node:path";
import { visible } from "../../../text/printable";
import { editText } from "./facts";
import type { LeakedKey, LeakStep, LeakSteps } from "./leak-steps";
import type { TrailFinding, TrailReport } from "./trail-report";

/** The steps after a leak, and what CloudTrail files show. */
export interface LeakReport extends LeakSteps {
  readonly trail?: TrailReport | undefined;
}

/** A time of the command line as CloudTrail writes times. @throws Error if it is neither a date nor a time in UTC */
export function trailTime(text: string): string {
  const [, date, time = "00:00:00"] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d)Z)?$/.exec(text) ?? [];
  const iso = `${date}T${time}Z`;
  // A day such as 2026-02-30 would be one in March.
  if (date === undefined || Number.isNaN(Date.parse(iso)) || !new Date(iso).toISOString().startsWith(date)) {
    throw new Error(
      `--since: "${visible(text)}" is not a time; write a date or a time in UTC, for example --since 2026-01-31T12:00:00Z`,
    );
  }
  return iso;
}

/**
 * The report as text. Lines to type are indented by four spaces.
 * @param settings the folder of the settings files
 */
export function leakReportText({ stack, user, account, keys, steps, trail }: LeakReport, settings: string): string {
  const file = join(settings, `${stack}.yaml`);
  const lines = [
    `${stack}: response to a leaked key of the user ${user}${account === undefined ? "" : ` in account ${account}`}; this command changes nothing`,
    ...keys.map((key) => `leaked: ${keyText(key)}; for another key, name it with --key ID`),
    ...steps.flatMap((step, index) => stepLines(step, index + 1, file)),
    ...(trail === undefined ? [] : trailLines(trail)),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function keyText({ id, slot, exposed, status }: LeakedKey): string {
  return `${id} (${slot ?? "not in the state"}, ${status ?? "not in IAM"}${exposed ? ", exposed by the outputs" : ""})`;
}

function stepLines({ title, commands, edits, notes }: LeakStep, number: number, file: string): readonly string[] {
  return [
    "",
    `${number}. ${title}`,
    ...edits.map((edit) => `   ${file}: ${editText(edit)}`),
    ...commands.map((command) => `    ${command}`),
    ...notes.map((note) => `   - ${note}`),
  ];
}

function trailLines({ files, events, since, findings, changes, failed, addresses }: TrailReport): readonly string[] {
  const from = since === undefined ? "" : ` since ${since}`;
  return [
    "",
    `CloudTrail: ${files} files, ${events} events of the key and of what it obtained${from} that are not only reads`,
    ...countLines("requests from", addresses),
    ...countLines("failed", failed),
    ...countLines("further changes", changes),
    findings.length === 0
      ? "found: nothing that remains without the key"
      : `found: ${findings.length} that remain without the key, the newest first: remove them in this order, except what DKP created`,
    ...findings.flatMap(findingLines),
  ];
}

function countLines(what: string, counts: Readonly<Record<string, number>>): readonly string[] {
  const entries = Object.entries(counts);
  return entries.length === 0 ? [] : [`${what}: ${entries.map(([name, count]) => `${name} (${count})`).join(", ")}`];
}

function findingLines({ object, details, risk, undo, action, time, region, from, accessKeyId, event }: TrailFinding) {
  return [
    `found  ${object}${details.length === 0 ? "" : ` (${details.join("; ")})`}`,
    `       ${time} ${action} in ${region} from ${from} with ${accessKeyId ?? "no key ID"}, event ${event}`,
    `       risk: ${risk}`,
    ...undo.map((command) => `    ${command}`),
  ];
}
