import { join } from "node:path";
import { pgpKeyText } from "../../../iam/openpgp-key";
import { visible } from "../../../text/printable";
import { type Finding, findingsJson, levelOf, textOf } from "../../findings/finding";
import { dkpAccess } from "../../text/command";
import { recovery } from "../../text/recovery";
import { shellWord } from "../../text/shell";
import type { Change } from "./edit-yaml";
import { keyFindings, keyText, slotPgpKey } from "./findings";
import { leakCommands } from "./leaked-key";
import { type Action, nextStep, type Step } from "./next-step";
import { KEY_RULES, type KeyRules, WHY } from "./rules";
import { type KeySituation, type KeySlot, slotsOf } from "./situation";

/** The keys of a deployment, what is to be reported about them, and the next step. */
export interface KeyReport {
  readonly situation: KeySituation;
  readonly findings: readonly Finding<KeyRules>[];
  readonly next: Step;
}

export function keyReport(situation: KeySituation): KeyReport {
  return { situation, findings: keyFindings(situation), next: nextStep(situation) };
}

/** What commands and edits are written for. */
export interface Context {
  readonly stack: string;
  readonly user: string;
  readonly folder: string;
  /** The settings file. */
  readonly file: string;
  /** Terraform, or OpenTofu. */
  readonly binary: string;
}

/** @param settings the folder of the settings files @param binary Terraform, or OpenTofu */
export function contextOf({ settings, folder }: KeySituation, settingsFolder: string, binary: string): Context {
  const { stack, user } = settings;
  return { stack, user: user.name, folder, file: join(settingsFolder, `${stack}.yaml`), binary };
}

export const editText = ({ setting, value }: Change) => (value === undefined ? `remove ${setting}` : `${setting}: ${value}`);

/** The commands of an action, for a shell; none where a person does something else. */
export function commandsOf(action: Action, { stack, user, folder, binary }: Context): readonly string[] {
  const terraform = `${binary} -chdir=${shellWord(folder)}`;
  const { activate, deactivate, deleteKey } = leakCommands(user);
  switch (action.do) {
    case "apply":
      return [dkpAccess("synth"), `${terraform} apply`];
    case "hand-over":
      return [dkpAccess("hand-over", stack, "--out", "FILE"), "d8 system edit provider-cluster-configuration"];
    case "push-state":
      return [`${terraform} state push errored.tfstate`, `rm ${shellWord(join(folder, "errored.tfstate"))}`];
    case "remove-unsent":
      return [`rm ${shellWord(join(folder, "errored.tfstate"))}`];
    case "untaint":
      return [`${terraform} untaint ${action.address}`];
    case "activate":
      return [activate(action.key)];
    case "deactivate":
      return [deactivate(action.key)];
    case "delete":
      return [deleteKey(action.key)];
    case "wait":
      return [];
  }
}

function actionText(action: Action, context: Context): string {
  const commands = commandsOf(action, context).join(" && ");
  switch (action.do) {
    case "apply":
      return "apply";
    case "hand-over":
      return `unless DKP has the exposed key: ${commands}`;
    case "wait":
      return `wait ${action.minutes >= 60 ? `${action.minutes / 60} hours` : "a minute"}`;
    default:
      return commands;
  }
}

/** The step as lines. */
export function stepText(step: Step, context: Context): readonly string[] {
  const { why, key = "", restore, askLeaked, askKey, edits, actions } = step;
  const lines = [WHY[why].replaceAll("KEY", key)];
  if (restore !== undefined) {
    const what = restore.keys.length === 0 ? "the user" : `the user and ${restore.keys.join(" and ")}`;
    lines.push(
      `  first: if an earlier or later version of the state has ${what}, restore it, and do nothing else (${recovery("restore-the-state")})`,
    );
  }
  if (askLeaked !== undefined) {
    lines.push(`  if ${askLeaked} leaked, instead: ${dkpAccess("keys", "--leaked", context.stack, "--key", askLeaked)}`);
  }
  for (const [id, answer] of Object.entries(askKey ?? {})) {
    const [reason = "", ...rest] = stepText(answer, context);
    lines.push(`  if DKP has ${id === "" ? "neither" : id}: ${reason}`, ...rest.map((line) => `  ${line}`));
  }
  lines.push(...edits.map((edit) => `  ${context.file}: ${editText(edit)}`));
  lines.push(...actions.map((action) => `  then ${actionText(action, context)}`));
  return lines;
}

/** The report as text. */
export function keyReportText({ situation, findings, next }: KeyReport, context: Context): string {
  const { settings } = situation;
  const slots = slotsOf(situation).filter(({ managed }) => settings.accessKeys !== "none" || managed !== undefined);
  const again = next.why === "done" || next.why === "none" ? [] : [`  then ${dkpAccess("keys", settings.stack)}`];
  const lines = [
    `${settings.stack}: keys of the user ${settings.user.name}`,
    ...slots.map((slot) => `  ${slotText(slot, situation)}`),
    ...findings.map((finding) => `${levelOf<KeyRules>(KEY_RULES, finding)}: ${textOf<KeyRules>(KEY_RULES, finding)}`),
    ...stepText(next, context).map((line, index) => (index === 0 ? `next: ${line}` : line)),
    ...again,
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function slotText(slot: KeySlot, situation: KeySituation): string {
  const { managed, found, wanted } = slot;
  if (managed === undefined) {
    return `${slot.slot}: ${wanted === "absent" ? "absent" : "not created yet"}`;
  }
  const parts = [`${slot.slot}: ${found === undefined ? `${managed.id} (not in IAM)` : keyText(found)}`];
  if (managed.id === situation.state.exposed.id) {
    parts.push("exposed by the outputs");
  }
  if (managed.secret !== undefined) {
    parts.push("its secret is in plaintext in the state");
  }
  const pgpKey = slotPgpKey(slot, situation.settings);
  if (pgpKey !== undefined) {
    parts.push(`its secret is encrypted for the OpenPGP key of ${pgpKeyText(pgpKey)}`);
  }
  return parts.join(", ");
}

/** The report as JSON: findings and the step are data, with the text beside them. */
export function keyReportJson({ situation, findings, next }: KeyReport, context: Context): object {
  const { settings, state } = situation;
  return {
    stack: settings.stack,
    user: settings.user.name,
    slots: slotsOf(situation).map(({ slot, wanted, managed, found }) => ({
      slot,
      wanted,
      id: managed?.id,
      current: managed !== undefined && managed.id === state.exposed.id,
      status: found?.status,
      created: found?.created,
      lastUsed: found?.lastUsed,
      isPlaintext: managed?.secret !== undefined,
      pgpKey: slotPgpKey({ slot, managed }, settings),
    })),
    findings: findingsJson<KeyRules>(KEY_RULES, findings),
    next: { ...next, text: stepText(next, context) },
  };
}
