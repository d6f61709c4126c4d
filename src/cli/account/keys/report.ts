import { pgpKeyText } from "../../../iam/openpgp-key";
import { visible } from "../../../text/printable";
import { adviceLines, type Finding, levelOf, textOf } from "../../findings/finding";
import { dkpAccess, shellWord } from "../../text/advice";
import { actionText, type Context, editText } from "./actions";
import { keyFindings, keyText, slotPgpKey } from "./findings";
import { isStop, KEY_RULES, type KeyRules, whyText } from "./key-rules";
import { nextStep, type Step } from "./next-step";
import { type KeySituation, type KeySlot, pendingImport, slotsOf } from "./situation";

/** The keys of a deployment, what is to be reported about them, and the next step. */
export interface KeyReport {
  readonly situation: KeySituation;
  readonly findings: readonly Finding<KeyRules>[];
  readonly next: Step;
}

export function keyReport(situation: KeySituation): KeyReport {
  return { situation, findings: keyFindings(situation), next: nextStep(situation) };
}

/** The step as lines. */
export function stepText({ why, key = "", edits, actions, instead }: Step, context: Context): readonly string[] {
  const alternatives = instead.flatMap(({ if: condition, do: other }) => {
    const [first = "", ...rest] = "why" in other ? stepText(other, context) : [actionText(other, context)];
    return [`  if ${condition}: ${first}`, ...rest.map((line) => `  ${line}`)];
  });
  const isReviewed = edits.length > 0 && actions.some((action) => action.do === "apply");
  return [
    whyText(why, key),
    ...alternatives,
    ...edits.map((edit) => `  ${context.file}: ${editText(edit)}`),
    ...(isReviewed ? [`  then ${dkpAccess("review", context.stack)}, and commit`] : []),
    ...actions.map((action) => `  then ${actionText(action, context)}`),
  ];
}

/** Whose keys they are. Commands of the AWS CLI know no settings, and other accounts can have users of this name. */
export function ownerText({ settings: { user, provider }, iam: { account } }: KeySituation): string {
  const { profile, assumeRoleArn } = provider;
  const profiled = profile === undefined ? "" : `, such as AWS_PROFILE=${shellWord(profile)}`;
  const isOther = profile !== undefined || assumeRoleArn !== undefined;
  const where = account === undefined ? "" : ` in account ${account}`;
  return `the user ${user.name}${where}${isOther ? `; run aws commands with credentials of this account${profiled}` : ""}`;
}

/** A finding with its level, risk and remedy. */
export const findingLines = (finding: Finding<KeyRules>): readonly string[] => [
  `${levelOf<KeyRules>(KEY_RULES, finding)}: ${textOf<KeyRules>(KEY_RULES, finding)}`,
  ...adviceLines<KeyRules>(KEY_RULES, finding).map((line) => `  ${line}`),
];

/** The report as text. */
export function keyReportText({ situation, findings, next }: KeyReport, context: Context): string {
  const { settings } = situation;
  const slots = slotsOf(situation).filter(({ inState }) => settings.accessKeys !== "none" || inState !== undefined);
  const isEnd = next.why === "done" || next.why === "none" || isStop(next.why);
  const again = isEnd ? [] : [`  then ${dkpAccess("keys", settings.stack)}`];
  const lines = [
    `${settings.stack}: keys of ${ownerText(situation)}`,
    ...slots.map((slot) => `  ${slotText(slot, situation)}`),
    ...findings.flatMap((finding) => findingLines(finding)),
    ...stepText(next, context).map((line, index) => (index === 0 ? `next: ${line}` : line)),
    ...again,
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function slotText(slot: KeySlot, situation: KeySituation): string {
  const { inState, inIam, inSettings } = slot;
  if (inState === undefined) {
    const imported = slot.slot === "primary" ? pendingImport(situation) : undefined;
    const key = situation.iam.keys.find(({ id }) => id === imported);
    const pending =
      imported === undefined ? "not created yet" : `the next apply imports ${key === undefined ? imported : keyText(key)}`;
    return `${slot.slot}: ${inSettings === "absent" ? "absent" : pending}`;
  }
  const parts = [`${slot.slot}: ${inIam === undefined ? `${inState.id} (not in IAM)` : keyText(inIam)}`];
  if (inState.id === situation.state.exposed.id) {
    parts.push("exposed by the outputs");
  }
  if (inState.secret !== undefined) {
    parts.push("its secret is in plaintext in the state");
  }
  const pgpKey = slotPgpKey(slot, situation.settings);
  if (pgpKey !== undefined) {
    parts.push(`its secret is encrypted for the OpenPGP key ${pgpKeyText(pgpKey)}`);
  }
  return parts.join(", ");
}

/** What the JSON of `keys` has of each deployment in addition to findings; no secret. The schema of findings describes it. */
export function keysJson({ situation, next }: KeyReport, context: Context) {
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
    next: { ...next, text: stepText(next, context) },
  };
}
