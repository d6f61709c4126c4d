import { pgpKeyText } from "../../../iam/openpgp-key";
import { visible } from "../../../text/printable";
import { adviceLines, type Finding, levelOf, textOf } from "../../findings/finding";
import { dkpAccess, EDIT_PROVIDER, shellWord } from "../../text/advice";
import { dayText, untilText } from "../../text/time";
import { keyFindings, keyText, slotPgpKey } from "./findings";
import { KEY_RULES, type KeyRules, whyText } from "./key-rules";
import { nextStep, type Step } from "./next-step";
import { dkpKeyOf, type KeySituation, type KeySlot, slotsOf } from "./situation";

/** The keys of a deployment, what is to be reported about them, and the next step. */
export interface KeyReport {
  readonly situation: KeySituation;
  readonly findings: readonly Finding<KeyRules>[];
  readonly next: Step;
}

export function keyReport(situation: KeySituation): KeyReport {
  return { situation, findings: keyFindings(situation), next: nextStep(situation) };
}

/** The step as lines. @param file of the settings */
export function stepLines({ situation, next }: KeyReport, file: string): readonly string[] {
  const { why, key, what, until, since, edits, actions } = next;
  const { stack } = situation.settings;
  const time = why === "done" ? until && dayText(until) : until && untilText(until);
  const context =
    situation.cluster && `--cluster --context=${shellWord(situation.cluster.context)}`;
  const handOver =
    context === undefined
      ? `${dkpAccess("hand-over", stack, "--out", "FILE")} && ${EDIT_PROVIDER}`
      : dkpAccess("hand-over", stack, context);
  const lines = [
    whyText(why, { key, time, what }),
    ...edits.map(
      ({ setting, value }) =>
        `  ${file}: ${value === undefined ? `remove ${setting}` : `${setting}: ${value}`}`,
    ),
  ];
  if (edits.length > 0) {
    lines.push(`  then ${dkpAccess("review", stack)}, and commit`);
  }
  const commands = { apply: dkpAccess("apply", stack), "hand-over": handOver };
  lines.push(...actions.map((action) => `  then ${commands[action]}`));
  if (since !== undefined) {
    lines.push(`  if you gave it to DKP after ${untilText(since)}: wait until ${time} instead`);
  }
  if (why === "hand-over" && since === undefined && situation.cluster === undefined) {
    lines.push(`  if DKP has it: ${dkpAccess("keys", stack, "--dkp-key", key ?? "")} instead`);
  }
  const isEnd = why === "done" || why === "none" || why === "which-key";
  return isEnd
    ? lines
    : [...lines, `  then ${dkpAccess("keys", stack, ...(context === undefined ? [] : [context]))}`];
}

/** A finding with its level, risk and remedy. */
const findingLines = (finding: Finding<KeyRules>): readonly string[] => [
  `${levelOf<KeyRules>(KEY_RULES, finding)}: ${textOf<KeyRules>(KEY_RULES, finding)}`,
  ...adviceLines<KeyRules>(KEY_RULES, finding).map((line) => `  ${line}`),
];

/** The report as text. */
export function keyReportText(report: KeyReport, file: string): string {
  const { situation, findings } = report;
  const { settings, iam } = situation;
  const { profile, assumeRoleArn } = settings.provider;
  const profiled = profile === undefined ? "" : `, such as AWS_PROFILE=${shellWord(profile)}`;
  const isOther = profile !== undefined || assumeRoleArn !== undefined;
  const slots = slotsOf(situation).filter(
    ({ inState }) => settings.accessKeys !== "none" || inState !== undefined,
  );
  const lines = [
    `${settings.stack}: keys of the user ${settings.user.name} in account ${iam.account}${isOther ? `; run aws commands with credentials of this account${profiled}` : ""}`,
    ...slots.map((slot) => `  ${slotText(slot, situation)}`),
    ...findings.flatMap(findingLines),
    ...stepLines(report, file).map((line, index) => (index === 0 ? `next: ${line}` : line)),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function slotText(slot: KeySlot, situation: KeySituation): string {
  const { inState, inIam, inSettings } = slot;
  const { settings, state, iam } = situation;
  if (inState === undefined) {
    const imported = slot.slot === "primary" ? settings.import?.accessKeyId : undefined;
    const key = iam.keys.find(({ id }) => id === imported);
    const pending =
      key === undefined ? "not created yet" : `the next apply imports ${keyText(key)}`;
    return `${slot.slot}: ${inSettings === "absent" ? "absent" : pending}`;
  }
  const parts = [
    `${slot.slot}: ${inIam === undefined ? `${inState.id} (not in IAM)` : keyText(inIam)}`,
  ];
  if (inState.id === state.exposed.id) {
    parts.push("the current key");
  }
  const dkp = dkpKeyOf(situation);
  if (inState.id === dkp?.id && dkp.usedAt === undefined) {
    parts.push("DKP has it");
  }
  if (inState.secret !== undefined) {
    parts.push("its secret is in plaintext in the state");
  }
  const pgpKey = slotPgpKey(slot, settings);
  if (pgpKey !== undefined) {
    parts.push(`its secret is encrypted for the OpenPGP key ${pgpKeyText(pgpKey)}`);
  }
  return parts.join(", ");
}

/**
 * What the JSON of `keys` has of each deployment in addition to findings; no secret. The schema of
 * findings describes it.
 */
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
      slot,
      inSettings,
      id: inState?.id,
      current: inState !== undefined && inState.id === state.exposed.id,
      status: inIam?.status,
      created: inIam?.created,
      lastUsed: inIam?.lastUsed,
      isPlaintext: inState?.secret !== undefined,
      pgpKey: slotPgpKey({ slot, inState }, settings),
    })),
    dkpKey: dkpKeyOf(situation),
    next: { ...next, text: stepLines(report, file) },
  };
}
