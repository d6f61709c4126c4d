import { otherSlot } from "../../../iam/key-slots";
import { dkpAccess } from "../../text/advice";
import { counted } from "../../text/markdown";
import { timeText } from "../../text/time";
import type { IamKey } from "../aws/iam-reader";
import { isRecent, RECENT_HOURS } from "../key-judge";
import type { Change } from "./edit-yaml";
import { DAY_MS, keyFindings, usesIn } from "./findings";
import { isDifference, type Why } from "./key-rules";
import {
  currentAndOther,
  dkpKeyOf,
  hasSecret,
  type KeySituation,
  type KeySlot,
  type KeySlots,
  slotsOf,
} from "./situation";

/** The next step: what to change in the settings, and what to do then. */
export interface Step {
  readonly why: Why;
  /** The key that it is about. */
  readonly key?: string | undefined;
  /** What differs, or why to wait. */
  readonly what?: string | undefined;
  /** Until when to wait, or when the rotation is due. */
  readonly until?: Date | undefined;
  readonly edits: readonly Change[];
  /** What a person does after the edits, in this order. */
  readonly actions: readonly ("apply" | "hand-over")[];
  /** From when on the step is to wait until `until` instead, if DKP got its key then. */
  readonly since?: Date | undefined;
}

const step = (why: Why, parts: Partial<Step> = {}): Step => ({
  why,
  edits: [],
  actions: [],
  ...parts,
});

/**
 * The step that comes next. Where something differs, that comes first, and no step of a rotation.
 */
export function nextStep(situation: KeySituation): Step {
  const { accessKeys } = situation.settings;
  if (keyFindings(situation).some(({ rule }) => isDifference(rule))) {
    return step("differs");
  }
  const what = accessKeys === "none" ? leftKeys(situation) : notApplied(accessKeys, situation);
  if (what !== undefined) {
    const isCurrentNew = accessKeys !== "none" && isNewlyCurrent(accessKeys, situation);
    return step("apply", { what, actions: isCurrentNew ? ["apply", "hand-over"] : ["apply"] });
  }
  return accessKeys === "none" ? step("none") : rotationStep(accessKeys, situation);
}

const FIRST = "AWS has no key yet";

/** What the settings have otherwise than state and IAM; undefined if they agree. */
function notApplied(
  { current, ...settings }: KeySlots,
  situation: KeySituation,
): string | undefined {
  const { state, iam } = situation;
  if (state.keys.length === 0 && iam.keys.length === 0) {
    return FIRST;
  }
  for (const { slot, inSettings, inState, inIam } of slotsOf(situation)) {
    const deployed = inIam?.status ?? (inState === undefined ? "absent" : "deleted");
    if (settings[slot].status !== deployed) {
      return `the settings have ${slot} ${inSettings}, and in AWS it is ${deployed}`;
    }
  }
  const { slot = "none" } = state.exposed;
  return slot === current
    ? undefined
    : `the settings select ${current}, and the outputs have the key of ${slot}`;
}

/** Whether an apply switches the current key. */
function isNewlyCurrent({ current }: KeySlots, { settings, state, iam }: KeySituation): boolean {
  const key = state.keys.find(({ slot }) => slot === current);
  const isImported =
    key === undefined && current === "primary" && settings.import?.accessKeyId !== undefined;
  return (
    !isImported && (state.exposed.slot !== current || iam.keys.every(({ id }) => id !== key?.id))
  );
}

/** With `accessKeys: none`: whether the state still has keys. */
const leftKeys = ({ state, iam }: KeySituation): string | undefined =>
  state.keys.length > 0 || !iam.exists
    ? `the state has ${counted(state.keys.length, "key")}, and accessKeys is none`
    : undefined;

/** The table: what comes next where all sources agree. */
function rotationStep({ current: name }: KeySlots, situation: KeySituation): Step {
  const [current, other] = currentAndOther(situation, name);
  const dkp = dkpKeyOf(situation);
  const isSaid = dkp !== undefined && dkp.usedAt === undefined;
  if (other.inIam === undefined) {
    const isUnused = current.inIam?.lastUsed === undefined && isKnown(situation);
    const isOther = dkp !== undefined && dkp.id !== current.inIam?.id;
    return (isOther || (isUnused && dkp === undefined)) && hasSecret(current)
      ? handOver(current, situation)
      : beginning(current, situation);
  }
  const old = other.inIam;
  if (isBetter(other, current)) {
    const edits = [{ setting: "accessKeys.current", value: other.slot }];
    return step("expose", { key: old.id, edits, actions: ["apply", "hand-over"] });
  }
  if (dkp?.id !== undefined && dkp.id !== current.inIam?.id && (isSaid || old.id === dkp.id)) {
    return handOver(current, situation, old);
  }
  if (!isKnown(situation)) {
    return step("uses", { key: old.id });
  }
  if (isRecent(old, situation.iam.now)) {
    return step("wait", { key: old.id, until: restOf(old), what: waitingFor(old) });
  }
  if (dkp?.id !== current.inIam?.id) {
    return step("which-key");
  }
  const [why, value] =
    old.status === "Active" ? (["retire", "Inactive"] as const) : (["delete", "absent"] as const);
  return step(why, {
    key: old.id,
    edits: [{ setting: `accessKeys.${other.slot}.status`, value }],
    actions: ["apply"],
  });
}

const isKnown = (situation: KeySituation) => usesIn(situation).keys.length > 0;

/** A day after the last use, or the creation, of a key. */
const restOf = ({ created, lastUsed }: IamKey): Date =>
  new Date(Math.max(timeOf(created), timeOf(lastUsed?.at)) + RECENT_HOURS * 3_600_000);

const timeOf = (date: Date | undefined) => date?.getTime() ?? 0;

const waitingFor = ({ id, created, lastUsed }: IamKey): string =>
  lastUsed === undefined
    ? `${id} was created at ${created && timeText(created)}`
    : `AWS reports a use of ${id} at ${timeText(lastUsed.at)}`;

/**
 * DKP gets the current key. @param old the key that it has, or had until AWS reports the use of the
 * current one
 */
function handOver(
  { inIam }: KeySlot,
  situation: KeySituation,
  old: IamKey | undefined = inIam,
): Step {
  const { id, usedAt } = dkpKeyOf(situation) ?? {};
  const known = id === undefined ? "because nothing has used it yet" : `because DKP has ${id}`;
  const what =
    usedAt === undefined ? known : `because AWS reports a use of ${id} at ${timeText(usedAt)}`;
  const parts = { key: inIam?.id, what, actions: ["hand-over"] } as const;
  const until = old && restOf(old);
  // The cluster itself and a person show which key DKP has now, and AWS which one it had.
  const isReported = id === undefined || usedAt !== undefined;
  const isWaiting = isReported && until !== undefined && until > situation.iam.now;
  return step("hand-over", isWaiting ? { ...parts, since: usedAt ?? old?.created, until } : parts);
}

/** Nothing is to do. Its edits begin a rotation, which is optional. */
function beginning({ slot, inState, inIam }: KeySlot, { settings }: KeySituation): Step {
  const other = otherSlot(slot);
  const { accessKeys, keyFiles } = settings;
  const edits: Change[] = [{ setting: `accessKeys.${other}.status`, value: "Active" }];
  // A new key is encrypted if the other one is.
  if (
    inState?.pgpKey !== undefined &&
    accessKeys !== "none" &&
    accessKeys[other].pgpKey === undefined
  ) {
    edits.push({
      setting: `accessKeys.${other}.pgpKey`,
      value: keyFiles[inState.pgpKey] ?? inState.pgpKey,
    });
  }
  edits.push({ setting: "accessKeys.current", value: other });
  if (other === "primary" && settings.import?.accessKeyId !== undefined) {
    edits.push({ setting: "import.accessKeyId", value: undefined });
  }
  const until = new Date(timeOf(inIam?.created) + (settings.maxAge ?? 0) * DAY_MS);
  return step("done", { edits, actions: ["apply", "hand-over"], until });
}

/**
 * Whether a key is to replace the current one: it is encrypted and the other one is not, or it is
 * newer and not protected less.
 */
function isBetter(other: KeySlot, current: KeySlot): boolean {
  if (other.inIam?.status !== "Active" || !hasSecret(other)) {
    return false;
  }
  const [isEncrypted, wasEncrypted] = [other, current].map(
    ({ inState }) => inState?.pgpKey !== undefined,
  );
  const isNewer = timeOf(current.inIam?.created) < timeOf(other.inIam.created);
  return !hasSecret(current) || (isEncrypted === wasEncrypted ? isNewer : isEncrypted === true);
}

/**
 * The changes of the settings that are the next step of a deployment's keys.
 * @throws Error if something else comes first
 */
export function changesOf(stack: string, { why, edits }: Step): readonly Change[] {
  if (edits.length === 0) {
    throw new Error(
      `${stack}: nothing was written: the next step (${why}) is not a change of the settings; follow it, then ${dkpAccess("keys", stack, "--write")}`,
    );
  }
  return edits;
}
