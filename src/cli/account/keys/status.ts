import { join } from "node:path";
import { otherSlot, type Slot } from "../../../iam/key-slots";
import { type Deployment, policyNames } from "../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import type { IamKey } from "../aws/user-keys";
import {
  activation,
  deployedEdits,
  type Edit,
  edit,
  effectText,
  isRecent,
  type KeyFacts,
  type KeySettings,
  type KeySources,
  keyFacts,
  RECENT_HOURS,
  type SlotReport,
} from "./facts";
import {
  currentErrors,
  deactivatedErrors,
  exposesOlderKey,
  goneSlots,
  hazardErrors,
  identityErrors,
  importCommand,
  importSlots,
  isStateLost,
  MAX_KEYS,
  missingKeys,
  outageErrors,
  RESTORE,
  stateErrors,
  taintedErrors,
  warningsOf,
} from "./findings";

export type { KeySources, SlotReport } from "./facts";

type KeySlots = Exclude<Deployment["accessKeys"], "none">;

export interface KeyReport {
  readonly stack: string;
  readonly user: string;
  readonly slots: readonly SlotReport[];
  /** Keys of the user that are not in the state. */
  readonly unmanaged: readonly IamKey[];
  /** What can cost the key that DKP signs with, or already has. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly next: NextStep;
}

/** The next step: edits in the settings, none where there is only something to do, and what to do after them. */
export interface NextStep {
  readonly edits: readonly Edit[];
  readonly why: string;
  readonly after: readonly string[];
}

/** The status of a deployment's keys and the next step, from its settings, its state and IAM. */
export function keyReport(settings: KeySettings, sources: KeySources): KeyReport {
  const facts = keyFacts(settings, sources);
  const report = { stack: settings.stack, user: settings.user.name };
  const mismatch = identityErrors(facts);
  if (mismatch.length > 0) {
    const next = step("check which settings, state and credentials belong together; the keys were not checked");
    return { ...report, slots: [], unmanaged: [], errors: mismatch, warnings: [], notes: [], next };
  }
  const none = settings.accessKeys === "none";
  return {
    ...report,
    slots: none ? facts.slots.filter(({ id }) => id !== undefined) : facts.slots,
    unmanaged: none ? [] : facts.unmanaged,
    errors: [
      ...stateErrors(facts),
      ...(isStateLost(facts) ? [] : outageErrors(facts)),
      ...taintedErrors(facts),
      ...deactivatedErrors(facts),
      ...currentErrors(facts),
      ...hazardErrors(facts),
    ],
    warnings: isStateLost(facts) ? [] : warningsOf(facts),
    notes: notesOf(facts),
    next: nextStep(facts),
  };
}

const step = (why: string, edits: readonly Edit[] = [], after: readonly string[] = edits.length === 0 ? [] : ["apply"]) => ({
  edits,
  why,
  after,
});

const handOver = (stack: string) => `give the new key to DKP: ${dkpAccess("hand-over", stack, "--out", "FILE")}`;

function notesOf({ slots, settings }: KeyFacts): readonly string[] {
  return slots
    .filter(({ current, status, lastUsed }) => current && status === "Active" && lastUsed === undefined)
    .map(({ slot, id }) => `${slot}: AWS reports no use of ${id} yet. Unless DKP has it, ${handOver(settings.stack)}`);
}

/** The first step that applies: what endangers a key comes before the rotation. */
function nextStep(facts: KeyFacts): NextStep {
  const { settings, effects } = facts;
  const again = dkpAccess("keys", settings.stack);
  if (isStateLost(facts)) {
    return lostStateStep(facts, again);
  }
  const missing = missingKeys(facts);
  if (missing.length > 0) {
    return missingKeyStep(missing, facts, again);
  }
  if (taintedErrors(facts).length > 0) {
    return step("untaint the resources named above, and only then apply", [], [again]);
  }
  if (deactivatedErrors(facts).length > 0) {
    return step("find out whether the deactivated key has leaked, before anything is applied; see the error above");
  }
  const isHazardous = hazardErrors(facts).length > 0 || exposesOlderKey(facts);
  if (outageErrors(facts).length > 0) {
    const why = isHazardous ? "keep the other key as it is and create the exposed one again" : "create the key again";
    return step(why, isHazardous ? deployedEdits(facts) : [], ["apply", handOver(settings.stack)]);
  }
  if (isHazardous) {
    const wait = `If the new settings are intended, wait until AWS reports no use of the old key for ${RECENT_HOURS} hours`;
    return step(`change the settings to what is deployed. ${wait}`, deployedEdits(facts), [again]);
  }
  if (goneSlots(facts).length > 0) {
    return step(
      "the key is deleted already: set its slot to absent, so that no other key is created in it",
      deployedEdits(facts),
    );
  }
  if (effects.length > 0) {
    const switches = effects.some(({ verb }) => verb === "expose");
    const what = effects.map((effect) => effectText(effect, facts)).join("; ");
    return step(
      `the settings are not applied yet: the next apply ${what}`,
      [],
      switches ? ["apply", handOver(settings.stack)] : ["apply"],
    );
  }
  return rotationStep(facts);
}

function lostStateStep({ folder, iam, settings }: KeyFacts, again: string): NextStep {
  const { attachment, nodeRole } = settings;
  const objects = [
    "user",
    "policy",
    ...(policyNames(settings).length > 1 ? ["additionalPolicies"] : []),
    ...(attachment === "group" ? [] : ["attachment"]),
    ...(attachment === "user" ? [] : ["group"]),
    ...(nodeRole === undefined ? [] : ["nodeRole"]),
  ];
  const importUser = objects.map((what) => ({ setting: `import.${what}`, value: "true" }));
  const [first, second] = iam.keys.toSorted(byLastUse);
  const importKey =
    first === undefined || settings.accessKeys === "none"
      ? []
      : [
          edit("primary.status", "Active"),
          edit("secondary.status", "absent"),
          edit("current", "primary"),
          { setting: "import.accessKeyId", value: first.id },
        ];
  const more =
    second === undefined || importKey.length === 0
      ? []
      : [
          `import ${second.id} as well: set accessKeys.secondary.status: Active and run ${dkpAccess("synth")}, then ${importCommand(folder, "secondary", second.id)}`,
        ];
  return step(
    `restore an earlier version of the state (${RESTORE}). Only if there is none, import what exists, which touches no key (docs/how-to/import.md)${second === undefined ? "" : `, the key that DKP uses into primary: ${first?.id} was used last`}`,
    [...importUser, ...importKey],
    ["apply", ...more, again],
  );
}

/** The key used last comes first; without a known use, the newest. */
function byLastUse(one: IamKey, other: IamKey): number {
  const time = ({ lastUsed, created }: IamKey) => (lastUsed?.at ?? created)?.getTime() ?? 0;
  return Math.sign(time(other) - time(one));
}

function missingKeyStep(missing: readonly IamKey[], facts: KeyFacts, again: string): NextStep {
  const { settings, folder } = facts;
  const restore = `restore the version of the state that has the key (${RESTORE})`;
  const targets = importSlots(missing, facts);
  if (targets.length === 0) {
    return step(restore, [], [again]);
  }
  const edits = targets.flatMap(({ slot }) => activation(slot, settings).filter(({ setting }) => setting.endsWith(".status")));
  return step(
    `${restore}. Only if there is none, import the key into the free slot, which does not touch it; Terraform does not get its secret, so the outputs lack it until the next rotation`,
    edits,
    [dkpAccess("synth"), ...targets.map(({ key, slot }) => importCommand(folder, slot, key.id)), again],
  );
}

/** The step of a rotation that follows from where the slots are. Of two active keys the older one is on its way out. */
function rotationStep({ slots, settings, iam, now }: KeyFacts): NextStep {
  const current = slots.find((slot) => slot.current);
  const other = slots.find(({ slot }) => current !== undefined && slot === otherSlot(current.slot));
  const { accessKeys: keySettings } = settings;
  if (keySettings === "none") {
    return step("accessKeys is none: keys are created and rotated outside Terraform");
  }
  if (current === undefined || other === undefined) {
    return step("the state does not show which key the outputs expose; apply, which writes the outputs again", [], ["apply"]);
  }
  const status = `${other.slot}.status`;
  if (other.wanted === "absent") {
    const why = `to rotate, create a second key${iam.keys.length >= MAX_KEYS ? ", once the key that is not in the state is deleted" : ""}`;
    const isPlaintext = [current, other].every(({ slot }) => keySettings[slot].pgpKey === undefined);
    const encrypt = `; to encrypt its secret, set accessKeys.${other.slot}.pgpKey in the same change (docs/how-to/keys.md)`;
    return step(isPlaintext ? `${why}${encrypt}` : why, activation(other.slot, settings));
  }
  const otherIsNewer = (other.created?.getTime() ?? 0) > (current.created?.getTime() ?? 0);
  if (other.wanted === "Active" && otherIsNewer) {
    return step("expose the new key, then give it to DKP", exposure(current.slot, keySettings), [
      "apply",
      handOver(settings.stack),
    ]);
  }
  if (isRecent(other, now)) {
    return step(
      `wait: ${other.id} (${other.slot}) was created or last used within the last ${RECENT_HOURS} hours. Give ${current.id} to DKP if it does not have it, and run this command again`,
    );
  }
  return other.wanted === "Inactive"
    ? step("delete the retired key once you no longer want to be able to go back to it", [
        edit(status, "absent"),
        ...(keySettings.allowPlaintext === true ? [edit("allowPlaintext", "false")] : []),
      ])
    : step("deactivate the old key once DKP has the new one and AWS reports no new use of the old one", [
        edit(status, "Inactive"),
      ]);
}

/** The edits that expose the key of the other slot. From plaintext to `pgpKey`, the settings permit the plaintext of the old key. */
function exposure(current: Slot, keys: KeySlots): readonly Edit[] {
  const other = otherSlot(current);
  const fromPlaintext = keys[other].pgpKey !== undefined && keys[current].pgpKey === undefined && keys.allowPlaintext !== true;
  return [edit("current", other), ...(fromPlaintext ? [edit("allowPlaintext", "true")] : [])];
}

/**
 * The report as text.
 * @param settings the folder of the settings files
 */
export function keyReportText(report: KeyReport, settings: string): string {
  const { stack, user, slots, errors, warnings, notes, next } = report;
  const file = join(settings, `${stack}.yaml`);
  const lines = [
    `${stack}: keys of the user ${user}`,
    ...slots.map((slot) => `  ${slotText(slot)}`),
    ...errors.map((error) => `error: ${error}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    ...notes.map((note) => `note: ${note}`),
    `next: ${next.why}`,
    ...next.edits.map(({ setting, value }) => `  ${file}: ${setting}: ${value}`),
    ...next.after.map((action) => `  then ${action}`),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function slotText({ slot, current, id, status, wanted, ageDays, lastUsed, pgpExpires, isPlaintext }: SlotReport): string {
  if (id === undefined) {
    return `${slot}: ${wanted === "absent" ? "absent" : "not created yet"}`;
  }
  return [
    `${slot}: ${id} ${status ?? "not in IAM"}${current ? ", exposed by the outputs" : ""}`,
    ageDays === undefined ? [] : `${ageDays} days old`,
    lastUsed === undefined
      ? "no use reported by AWS"
      : `last used ${lastUsed.at.toISOString()} for ${lastUsed.service} in ${lastUsed.region}`,
    pgpExpires === undefined ? [] : `its OpenPGP key expires ${pgpExpires.toISOString().slice(0, 10)}`,
    isPlaintext ? "its secret is in plaintext in the state" : [],
  ]
    .flat()
    .join(", ");
}
