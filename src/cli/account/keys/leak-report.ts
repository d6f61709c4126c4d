import { join } from "node:path";
import { visible } from "../../../text/printable";
import { editText } from "./facts";
import type { LeakedKey, LeakStep, LeakSteps } from "./leak-steps";

/**
 * The steps as text. Lines to type are indented by four spaces.
 * @param settings the folder of the settings files
 */
export function leakReportText({ stack, user, account, keys, steps }: LeakSteps, settings: string): string {
  const file = join(settings, `${stack}.yaml`);
  const lines = [
    `${stack}: response to a leaked key of the user ${user}${account === undefined ? "" : ` in account ${account}`}; this command changes nothing`,
    ...keys.map((key) => `leaked: ${keyText(key)}; for another key, name it with --key ID`),
    ...steps.flatMap((step, index) => stepLines(step, index + 1, file)),
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
