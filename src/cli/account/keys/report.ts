import { visible } from "../../../text/printable";
import { adviceLines, type Finding, levelOf, textOf } from "../../findings/finding";
import { dkpAccess, EDIT_PROVIDER, shellWord } from "../../text/advice";
import { dayText, untilText } from "../../text/time";
import { keyFindings, keyText } from "./findings";
import { KEY_RULES, type KeyRules, STEPS } from "./key-rules";
import { nextStep, type Step } from "./next-step";
import { dkpKeyOf, type KeySituation, type KeySlot, slotsOf } from "./situation";

export interface KeyReport {
  readonly situation: KeySituation;
  readonly findings: readonly Finding<KeyRules>[];
  readonly next: Step;
}

export function keyReport(situation: KeySituation): KeyReport {
  return { situation, findings: keyFindings(situation), next: nextStep(situation) };
}

function stepLines({ situation, next }: KeyReport, file: string): readonly string[] {
  const { why, key = "", what = "", until, edits, command, actions } = next;
  const {
    settings: { stack },
    cluster,
  } = situation;
  const textOfTime = why === "done" ? dayText : untilText;
  const context = cluster ? ["--cluster", `--context=${shellWord(cluster.context)}`] : [];
  // Nothing is written to a cluster of Commander, which gets the block itself.
  const to = cluster && !cluster.isOfCommander ? context : ["--out", "FILE"];
  const edit = cluster ? "" : ` && ${EDIT_PROVIDER}`;
  const commands = {
    apply: dkpAccess("apply", stack),
    "hand-over": `${dkpAccess("hand-over", stack, ...to)}${edit}`,
  };
  const lines = [
    STEPS[why].text({ key, what, time: until ? textOfTime(until) : "" }),
    ...edits.map(({ setting, value }) => `${file}: ${setting}: ${value}`),
    ...(edits.length > 0 ? [`then ${dkpAccess("review", stack)}, and commit`] : []),
    ...(command === undefined ? [] : [command]),
    ...actions.map((action) => `then ${commands[action]}`),
  ];
  if (why === "hand-over" && cluster === undefined) {
    lines.push(`or, if DKP has it already: ${dkpAccess("keys", stack, "--dkp-key", key)}`);
  }
  if (!["done", "none", "which-key"].includes(why)) {
    lines.push(`then ${dkpAccess("keys", stack, ...context)}`);
  }
  return lines.map((line, index) => (index === 0 ? line : `  ${line}`));
}

/** The report as text. */
export function keyReportText(report: KeyReport, file: string): string {
  const { situation, findings } = report;
  const { settings, iam } = situation;
  const lines = [
    `${settings.stack}: keys of the user ${settings.user.name} in account ${iam.account}`,
    ...slotsOf(situation).map((slot) => `  ${slotText(slot, situation)}`),
    ...findings.flatMap((finding) => [
      `${levelOf<KeyRules>(KEY_RULES, finding)}: ${textOf<KeyRules>(KEY_RULES, finding)}`,
      ...adviceLines<KeyRules>(KEY_RULES, finding).map((line) => `  ${line}`),
    ]),
    ...stepLines(report, file).map((line, index) => (index === 0 ? `next: ${line}` : line)),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function slotText(slot: KeySlot, situation: KeySituation): string {
  const { inState, inIam, inSettings } = slot;
  const { state } = situation;
  if (inState === undefined) {
    return `${slot.slot}: ${inSettings === "absent" ? "absent" : "not applied yet"}`;
  }
  const parts = [`${slot.slot}: ${inIam ? keyText(inIam) : `${inState.id} (not in IAM)`}`];
  if (inState.id === state.current.id) {
    parts.push("the current key");
  }
  const dkp = dkpKeyOf(situation);
  if (inState.id === dkp?.id && dkp.usedAt === undefined) {
    parts.push("DKP has it");
  }
  if (inState.secret !== undefined) {
    parts.push("its secret is in plaintext in the state");
  }
  return parts.join(", ");
}

/** The JSON of a deployment besides findings; no secret. */
export function keysJson(
  report: KeyReport,
  file: string,
): Readonly<Record<string, unknown>> & { readonly stack: string } {
  const { situation, next } = report;
  const { settings, state } = situation;
  return {
    stack: settings.stack,
    user: settings.user.name,
    slots: slotsOf(situation).map(({ slot, inSettings, inState, inIam }) => ({
      ...inIam,
      slot,
      inSettings,
      id: inState?.id,
      current: inState !== undefined && inState.id === state.current.id,
      isPlaintext: inState?.secret !== undefined,
    })),
    dkpKey: dkpKeyOf(situation),
    next: { ...next, text: stepLines(report, file) },
  };
}
