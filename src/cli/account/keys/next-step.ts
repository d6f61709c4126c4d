import { otherSlot } from "../../../iam/key-slots";
import { leakCommands } from "../../iam/leaked-key";
import { dkpAccess } from "../../text/advice";
import { timeText } from "../../text/time";
import type { IamKey } from "../aws/iam-reader";
import { DAY, isRecent, RECENT_HOURS } from "../key-judge";
import type { Change } from "./edit-yaml";
import { keyFindings, usesIn } from "./findings";
import { isDifference, type STEPS } from "./key-rules";
import {
  type DkpKey,
  dkpKeyOf,
  formerKeyOf,
  type KeySituation,
  type KeySlot,
  type KeySlots,
  slotOf,
  slotsOf,
} from "./situation";

export interface Step {
  readonly why: keyof typeof STEPS;
  readonly key?: string | undefined;
  readonly what?: string | undefined;
  /** The end of a wait, or the time when the rotation is due. */
  readonly until?: Date | undefined;
  readonly edits: readonly Change[];
  /** The command for a key that Terraform does not manage, instead of edits and an apply. */
  readonly command?: string | undefined;
  readonly actions: readonly ("apply" | "hand-over")[];
}

const step = (why: Step["why"], parts: Partial<Step> = {}): Step => ({
  why,
  edits: [],
  actions: [],
  ...parts,
});

/** The step that comes next. A difference is resolved before any step of a rotation. */
export function nextStep(situation: KeySituation): Step {
  const { settings, iam } = situation;
  const { accessKeys } = settings;
  const rules = keyFindings(situation).map(({ rule }) => rule);
  const isDead = accessKeys === "none" && iam.exists && rules.includes("dkp-key-dead");
  if (isDead || rules.some(isDifference)) {
    return step("differs");
  }
  const what = notApplied(situation);
  if (what !== undefined) {
    return step("apply", { what, actions: ["apply"] });
  }
  return accessKeys === "none" ? stepWithoutSlots(situation) : rotationStep(accessKeys, situation);
}

/** The next step where Terraform manages no key. */
function stepWithoutSlots({ settings, iam }: KeySituation): Step {
  const isWithoutKey = iam.exists && iam.keys.length === 0 && iam.unread.length === 0;
  return settings.managedBy === "rotate" && isWithoutKey
    ? step("create", { command: dkpAccess("rotate", settings.stack, "--out", "FILE") })
    : step("none");
}

function notApplied(situation: KeySituation): string | undefined {
  const { state, iam, settings } = situation;
  if (!iam.exists) {
    return "AWS has no user yet";
  }
  for (const { slot, inSettings, inState, inIam } of slotsOf(situation)) {
    const deployed = inIam?.status ?? (inState === undefined ? "absent" : "deleted");
    if (inSettings !== deployed) {
      return `${slot} is ${inSettings} in the settings, and ${deployed} in AWS`;
    }
  }
  const { accessKeys } = settings;
  return accessKeys === "none" || state.current.slot === accessKeys.current
    ? undefined
    : `the settings select ${accessKeys.current}, and the outputs have the key of ` +
        `${state.current.slot ?? "none"}`;
}

function rotationStep({ current: name }: KeySlots, situation: KeySituation): Step {
  const current = slotOf(situation, name);
  const other = slotOf(situation, otherSlot(name));
  const dkp = dkpKeyOf(situation);
  const isOther = dkp !== undefined && dkp.id !== current.inIam?.id;
  const isKnown = usesIn(situation).keys.length > 0;
  const old = other.inIam ?? formerKeyOf(situation);
  const isUnused = dkp === undefined && isKnown && current.inIam?.lastUsed === undefined;
  // No other key can be DKP's, or only one that does not work.
  if (old?.status !== "Active" && (isOther || isUnused) && hasSecret(current)) {
    return handOver(current, dkp);
  }
  if (old === undefined) {
    return beginning(current, situation);
  }
  if (isBetter(other, current)) {
    const edits = [{ setting: "accessKeys.current", value: other.slot }];
    return step("make-current", { key: old.id, edits, actions: ["apply", "hand-over"] });
  }
  if (isOther && (dkp.usedAt === undefined || old.id === dkp.id)) {
    return handOver(current, dkp);
  }
  if (!isKnown) {
    return step("differs");
  }
  if (isRecent(old, situation.iam.now)) {
    return wait(old);
  }
  if (dkp?.id !== current.inIam?.id) {
    return step("which-key");
  }
  const isActive = old.status === "Active";
  if (other.inIam === undefined) {
    const { user, region } = situation.settings;
    const { deactivate, deleteKey } = leakCommands(user.name, region);
    const command = isActive ? deactivate(old.id) : deleteKey(old.id);
    return step(isActive ? "retire" : "delete", { key: old.id, command });
  }
  const value = isActive ? "Inactive" : "absent";
  const edits = [{ setting: `accessKeys.${other.slot}.status`, value }];
  return step(isActive ? "retire" : "delete", { key: old.id, edits, actions: ["apply"] });
}

const hasSecret = ({ inState }: KeySlot) => inState?.secret !== undefined;

const timeOf = (date: Date | undefined) => date?.getTime() ?? 0;

const useText = (id = "", at: Date) => `AWS reports a use of ${id} at ${timeText(at)}`;

/** Until a day after the last use, or the creation, of a key. */
function wait({ id: key, created, lastUsed }: IamKey): Step {
  const since = Math.max(timeOf(created), timeOf(lastUsed?.at));
  const what = lastUsed
    ? useText(key, lastUsed.at)
    : `${key} was created at ${created && timeText(created)}`;
  return step("wait", { key, until: new Date(since + RECENT_HOURS * 3_600_000), what });
}

function handOver({ inIam }: KeySlot, dkp: DkpKey | undefined): Step {
  const { id, usedAt } = dkp ?? {};
  const seen = usedAt ? useText(id, usedAt) : `DKP has ${id}`;
  const what = dkp ? `because ${seen}` : "because nothing has used it yet";
  return step("hand-over", { key: inIam?.id, what, actions: ["hand-over"] });
}

/** Nothing has to be done. The edits begin an optional rotation. */
function beginning({ slot, inIam }: KeySlot, situation: KeySituation): Step {
  const { maxAge = 0 } = situation.settings;
  const other = otherSlot(slot);
  const edits: Change[] = [{ setting: `accessKeys.${other}.status`, value: "Active" }];
  edits.push({ setting: "accessKeys.current", value: other });
  const until = new Date(timeOf(inIam?.created) + maxAge * DAY);
  return step("done", { edits, actions: ["apply", "hand-over"], until });
}

/** Whether a key is to replace the current one: it is newer. */
function isBetter(other: KeySlot, current: KeySlot): boolean {
  if (other.inIam?.status !== "Active" || !hasSecret(other)) {
    return false;
  }
  const isNewer = timeOf(current.inIam?.created) < timeOf(other.inIam.created);
  return !hasSecret(current) || isNewer;
}
