import { join } from "node:path";
import { pgpKeyText } from "../../../iam/openpgp-key";
import { alwaysOnRegion } from "../../../iam/partitions";
import { visible } from "../../../text/printable";
import { adviceLines, type Finding, levelOf, textOf } from "../../findings/finding";
import { dkpAccess } from "../../text/command";
import { recovery } from "../../text/recovery";
import { shellWord } from "../../text/shell";
import type { Change } from "./edit-yaml";
import { keyFindings, keyText, slotPgpKey } from "./findings";
import { leakCommands } from "./leaked-key";
import { type Action, nextStep, type Step } from "./next-step";
import { KEY_RULES, type KeyRules, WHY } from "./rules";
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

/** What commands and edits are written for. */
export interface Context {
  readonly stack: string;
  readonly user: string;
  /** A Region in which the AWS CLI reaches IAM. */
  readonly region: string;
  readonly folder: string;
  /** The settings file. */
  readonly file: string;
  /** Terraform, or OpenTofu. */
  readonly binary: string;
}

/** @param settings the folder of the settings files @param binary Terraform, or OpenTofu */
export function contextOf({ settings, folder }: KeySituation, settingsFolder: string, binary: string): Context {
  const { stack, user, region } = settings;
  return { stack, user: user.name, region: alwaysOnRegion(region), folder, file: join(settingsFolder, `${stack}.yaml`), binary };
}

export const editText = ({ setting, value }: Change) => (value === undefined ? `remove ${setting}` : `${setting}: ${value}`);

const EDIT_PROVIDER = "d8 system edit provider-cluster-configuration";

/** An action as a person does it: a command for a shell, unless there is none. */
export function actionText(action: Action, { stack, user, region, folder, binary }: Context): string {
  const { key = "", addresses = [], minutes = 0 } = action;
  const terraform = `${binary} -chdir=${shellWord(folder)}`;
  const errored = shellWord(join(folder, "errored.tfstate"));
  const { activate, deactivate, deleteKey, createKey } = leakCommands(user, region);
  const texts: Readonly<Record<Action["do"], string>> = {
    apply: "apply",
    "hand-over": `unless DKP has the exposed key: ${dkpAccess("hand-over", stack, "--out", "FILE")} && ${EDIT_PROVIDER}`,
    "create-key": `${createKey} && ${EDIT_PROVIDER}`,
    "push-state": `${terraform} state push errored.tfstate && rm ${errored}`,
    "remove-errored-state": `rm ${errored}`,
    "move-errored-state": `mv ${errored} ${shellWord(`${stack}.errored.tfstate`)}`,
    forget: `${terraform} state rm ${addresses.map(shellWord).join(" ")}`,
    untaint: `${terraform} untaint ${addresses.join(" ")}`,
    activate: activate(key),
    deactivate: deactivate(key),
    delete: deleteKey(key),
    wait: `wait ${minutes >= 60 ? `${minutes / 60} hours` : "a minute"}`,
  };
  return texts[action.do];
}

/** The step as lines. */
export function stepText(step: Step, context: Context): readonly string[] {
  const { why, key = "", restore, names = [], askKey, before = [], edits, actions } = step;
  const lines = [WHY[why].replaceAll("KEY", key)];
  if (restore !== undefined) {
    const what = ["the user", ...restore].join(" and ");
    lines.push(
      `  first: if an earlier or later version of the state has ${what}, restore it, and do nothing else (${recovery("restore-the-state")})`,
    );
  }
  for (const { kind, name, setting, owner, by } of names) {
    const other = `${context.file}: set another ${setting}.name`;
    lines.push(
      owner === "another"
        ? `  ${other}; ${by.join(", ")} uses the ${kind} ${name}`
        : `  if the ${kind} ${name} belongs to another deployment, instead: ${other}`,
    );
  }
  if (why === "deactivated") {
    lines.push(`  if ${key} leaked, instead: ${dkpAccess("keys", "--leaked", context.stack, "--key", key)}`);
  }
  for (const [id, answer] of Object.entries(askKey ?? {})) {
    const [reason = "", ...rest] = stepText(answer, context);
    lines.push(`  if DKP has ${id === "" ? "neither" : id}: ${reason}`, ...rest.map((line) => `  ${line}`));
  }
  lines.push(...before.map((action) => `  first ${actionText(action, context)}`));
  lines.push(...edits.map((edit) => `  ${context.file}: ${editText(edit)}`));
  lines.push(...actions.map((action) => `  then ${actionText(action, context)}`));
  return lines;
}

/** The report as text. */
export function keyReportText({ situation, findings, next }: KeyReport, context: Context): string {
  const { settings } = situation;
  const slots = slotsOf(situation).filter(({ inState }) => settings.accessKeys !== "none" || inState !== undefined);
  const again = next.why === "done" || next.why === "none" ? [] : [`  then ${dkpAccess("keys", settings.stack)}`];
  const lines = [
    `${settings.stack}: keys of the user ${settings.user.name}`,
    ...slots.map((slot) => `  ${slotText(slot, situation)}`),
    ...findings.flatMap((finding) => [
      `${levelOf<KeyRules>(KEY_RULES, finding)}: ${textOf<KeyRules>(KEY_RULES, finding)}`,
      ...adviceLines<KeyRules>(KEY_RULES, finding).map((line) => `  ${line}`),
    ]),
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
    parts.push(`its secret is encrypted for the OpenPGP key of ${pgpKeyText(pgpKey)}`);
  }
  return parts.join(", ");
}

/** What the JSON of `keys` has of each deployment besides findings; no secret. The schema of findings describes it. */
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
