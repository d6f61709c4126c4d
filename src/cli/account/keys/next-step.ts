import { otherSlot, SLOTS, type Slot } from "../../../iam/key-slots";
import { dkpAccess } from "../../text/advice";
import type { IamKey } from "../aws/iam-reader";
import type { Action } from "./actions";
import type { Change } from "./edit-yaml";
import { effectsOf, hazardOf } from "./effects";
import { mismatchFindings, unverifiableFindings } from "./findings";
import { isStop, type Why } from "./key-rules";
import {
  canHandOver,
  canRetire,
  changesObjects,
  exposedSlot,
  isInUse,
  isRecent,
  isStateLost,
  isUsedBeside,
  type KeySituation,
  type KeySlot,
  type KeySlots,
  MAX_KEYS,
  missingImports,
  RECENT_HOURS,
  restoresObjects,
  slotOf,
  slotSettings,
  slotsOf,
  taintedAddresses,
  unlistedKeys,
  unmanagedKeys,
  unmanagedObjects,
} from "./situation";

/** The next step: what to change in the settings, and what to do then. */
export interface Step {
  readonly why: Why;
  /** The key that it is about. */
  readonly key?: string | undefined;
  readonly edits: readonly Change[];
  readonly actions: readonly Action[];
  /** What only a person knows: the first one that applies is done instead. */
  readonly instead: readonly Alternative[];
}

interface Alternative {
  /** A clause: `DKP has AKIA...`. */
  readonly if: string;
  readonly do: Action | Step;
}

const WAIT: Action = { do: "wait", minutes: (RECENT_HOURS + 1) * 60 };
const APPLY: Action = { do: "apply" };
const HAND_OVER: Action = { do: "hand-over" };

export const step = (why: Why, parts: Partial<Omit<Step, "why">> = {}): Step => ({
  why,
  edits: [],
  actions: [],
  instead: [],
  ...parts,
});

/** What comes before everything else: the first of these that applies. Nothing is advised where something is unverifiable. */
function firstStep(situation: KeySituation): Step | undefined {
  const { unreachable, unread, erroredState } = situation;
  const [address] = taintedAddresses(situation);
  const edits = missingImports(situation).map((field) => ({ setting: `import.${field}`, value: undefined }));
  const isErrored = erroredState !== undefined && mismatchFindings(situation).length === 0;
  const table: readonly (readonly [applies: boolean, why: Why | undefined, parts?: Parameters<typeof step>[1]])[] = [
    [unreachable !== undefined || unread.length > 0, "unreachable"],
    [isErrored, erroredState, { actions: erroredState ? [{ do: erroredState }] : [] }],
    [unverifiableFindings(situation).length > 0, "unverifiable"],
    [unlistedKeys(situation).length > 0, "unlisted", { actions: [{ do: "wait", minutes: 10 }] }],
    [address !== undefined, "tainted", { actions: [{ do: "untaint", address: address ?? "" }] }],
    [edits.length > 0, "drop-import", { edits }],
  ];
  const [, why, parts] = table.find(([applies]) => applies) ?? [];
  return why && step(why, parts);
}

/** The step that comes next, and whether nothing is to do: then its edits begin a rotation, which is optional. */
export function nextStep(situation: KeySituation): Step {
  const first = firstStep(situation);
  if (first !== undefined) {
    return first;
  }
  const next = situation.settings.accessKeys === "none" ? noneStep(situation) : afterQuestion(situation);
  return isStop(next.why) ? next : withOwners(next, situation);
}

/** What comes first where the state lacks objects: a version of it that has them, and the question whose they are. */
function withOwners(next: Step, situation: KeySituation): Step {
  const unknown = unmanagedObjects(situation).filter(({ owner }) => owner === "unknown");
  const names = unknown.map(({ kind, name, setting }): Alternative => {
    return { if: `the ${kind} ${name} belongs to another deployment`, do: { do: "rename", setting: `${setting}.name` } };
  });
  const restore = isStateLost(situation) ? [restoration(situation)] : [];
  return { ...next, instead: [...names, ...restore, ...next.instead] };
}

/** A key that an apply would activate: only a person knows whether it has leaked. */
function afterQuestion(situation: KeySituation): Step {
  const activation = effectsOf(situation).find(({ verb }) => verb === "activate");
  const key = activation?.id;
  if (key === undefined) {
    return keyStep(situation);
  }
  const instead = [{ if: `${key} leaked`, do: { do: "respond", key } }] as const;
  return step("deactivated", { key, actions: [{ do: "activate", key }], instead });
}

/** With `accessKeys: none`: a key that Terraform manages still goes only once DKP has one that is created outside Terraform. */
function noneStep(situation: KeySituation): Step {
  const { iam, state } = situation;
  const managed = slotsOf(situation).flatMap(({ inIam }) => inIam ?? []);
  const outside = unmanagedKeys(situation).find(({ status }) => status === "Active");
  const early = step("none-early");
  const full = managed.length === 0 ? step("none-full") : early;
  const create = iam.keys.length === MAX_KEYS ? full : step("none-create", { actions: [{ do: "create-key" }] });
  if (iam.exists && iam.keys.every(({ status }) => status !== "Active")) {
    return create;
  }
  const [first] = managed;
  if (first === undefined) {
    return state.keys.length > 0 || changesObjects(situation) || !iam.exists ? applied(situation, "apply", []) : step("none");
  }
  const canEnd = managed.every((key) => canRetire(key, situation));
  const active = managed.find(({ status }) => status === "Active");
  // A plan that deletes an Active key is breaking.
  const ending =
    active === undefined ? applied(situation, "apply", []) : step("none-retire", { key: active.id, actions: [retire(active)] });
  const end = canEnd ? ending : step("wait", { key: first.id, actions: [WAIT] });
  if (active === undefined) {
    return end;
  }
  // An apply would restore permissions, and delete the key that DKP may have.
  if (restoresObjects(situation)) {
    return early;
  }
  return outside === undefined ? create : askWhichKey([outside.id, end], [ANOTHER, early]);
}

function keyStep(situation: KeySituation): Step {
  const effects = effectsOf(situation);
  const isBreaking = effects.some((effect) => hazardOf(effect, effects, situation) !== undefined);
  const exposed = exposedSlot(situation);
  const isLost = exposed === undefined && unmanagedKeys(situation).some(({ id }) => id === situation.state.exposed.id);
  if (exposed !== undefined && exposed.inIam?.status === "Active" && isBreaking) {
    return applied(situation, "revert", desiredEdits(situation, { current: exposed.slot }));
  }
  const isChanged = effects.length > 0 || changesObjects(situation);
  if (!isLost && !isBreaking && isChanged) {
    const { current } = slotSettings(situation.settings);
    const isExposed = effects.some(({ verb, slot }) => slot === current && ["create", "expose"].includes(verb));
    const next = applied(situation, "apply", [], isExposed ? handOver(situation) : []);
    // Something else than DKP may be what uses the exposed key.
    return effects.some(({ verb }) => verb === "deactivate") ? { ...next, actions: [HAND_OVER, ...next.actions] } : next;
  }
  return targetStep(situation, exposed);
}

/** DKP gets the key that is exposed then. Beside another Active key, only the uses of the next day show whether something has that one. */
function handOver(
  situation: KeySituation,
  { inIam } = slotOf(situation, slotSettings(situation.settings).current),
): readonly Action[] {
  const isOther = situation.iam.keys.some(({ id, status }) => status === "Active" && id !== inIam?.id);
  return isOther ? [HAND_OVER, WAIT] : [HAND_OVER];
}

/** Which key DKP works with from now on, unless a version of the state has a key which DKP may use. */
function targetStep(situation: KeySituation, exposed: KeySlot | undefined): Step {
  const missing = unmanagedKeys(situation).filter(
    (key) => isRecent(key, situation.iam.now) || key.id === situation.state.exposed.id,
  );
  const next = workingStep(situation, exposed);
  const isRestorable = missing.length > 0 && !isStateLost(situation);
  return isRestorable ? { ...next, instead: [restoration(situation, missing), ...next.instead] } : next;
}

function workingStep(situation: KeySituation, exposed: KeySlot | undefined): Step {
  const other = slotsOf(situation).find((slot) => canHandOver(slot) && slot.slot !== exposed?.slot);
  if (exposed?.inIam?.status === "Active" && (canHandOver(exposed) || other === undefined)) {
    return rotationStep(situation, exposed);
  }
  if (other !== undefined) {
    return applied(situation, "expose-other", desiredEdits(situation, { current: other.slot }), handOver(situation, other));
  }
  return situation.iam.keys.length < MAX_KEYS ? creation(situation) : freeSlot(situation);
}

/** The exposed key is one that DKP has or can get: what else exists is retired, or a newer key replaces it. Nobody gets an imported one. */
function rotationStep(situation: KeySituation, exposed: KeySlot): Step {
  const other = slotOf(situation, otherSlot(exposed.slot));
  const isImported = !canHandOver(exposed);
  if (isImported && situation.iam.keys.length === MAX_KEYS) {
    return freeSlot(situation);
  }
  const [unmanaged] = unmanagedKeys(situation).toSorted((one) => (canRetire(one, situation) ? -1 : 1));
  if (unmanaged !== undefined) {
    return canRetire(unmanaged, situation)
      ? step("unmanaged-retire", { key: unmanaged.id, actions: [HAND_OVER, retire(unmanaged)] })
      : waiting(situation, exposed, unmanaged);
  }
  if (other.inIam !== undefined) {
    if (canHandOver(other) && isBetter(other, exposed)) {
      return applied(situation, "rotate-expose", desiredEdits(situation, { current: other.slot }), handOver(situation, other));
    }
    if (!canRetire(other.inIam, situation)) {
      return waiting(situation, exposed, other.inIam);
    }
    const status = other.inIam.status === "Active" ? "Inactive" : "absent";
    const why = status === "Inactive" ? "rotate-retire" : "rotate-delete";
    const edits = desiredEdits(situation, { current: exposed.slot, [other.slot]: status });
    // AWS reports uses hours late, so that only a person knows which key DKP was given last.
    return { ...applied(situation, why, edits), key: other.inIam.id, actions: [HAND_OVER, APPLY] };
  }
  const rotation = desiredEdits(situation, { current: exposed.slot, [other.slot]: "Active" });
  if (exposed.inIam !== undefined && isInUse(exposed.inIam, situation.iam.now)) {
    return step("done", { edits: rotation, actions: [APPLY] });
  }
  return isImported ? applied(situation, "create", rotation) : handedOver(situation, exposed, "hand-over", exposed.inIam?.id);
}

/** Whether a key is to replace the exposed one: it is encrypted and the other one is not, or it is newer and not protected less. */
function isBetter(other: KeySlot, exposed: KeySlot): boolean {
  const [isEncrypted, wasEncrypted] = [other, exposed].map(({ inState }) => inState?.pgpKey !== undefined);
  return isEncrypted === wasEncrypted ? timeOf(exposed.inIam?.created) < timeOf(other.inIam?.created) : isEncrypted === true;
}

const timeOf = (date: Date | undefined) => date?.getTime() ?? 0;

/** A new key for DKP, in a slot whose key does not exist any more. */
function creation(situation: KeySituation): Step {
  const { current } = slotSettings(situation.settings);
  const slot = slotOf(situation, current).inIam === undefined ? current : otherSlot(current);
  return applied(situation, "create", desiredEdits(situation, { current: slot, [slot]: "Active" }), [HAND_OVER]);
}

/** IAM has two keys, and none that Terraform can work with: one of them goes. */
function freeSlot(situation: KeySituation): Step {
  const { now, keys } = situation.iam;
  const inactive = keys.filter(({ status }) => status !== "Active");
  const [first] = inactive.toSorted((key, other) => timeOf(key.lastUsed?.at) - timeOf(other.lastUsed?.at));
  if (first !== undefined && (inactive.length === keys.length || !isRecent(first, now))) {
    return unlessRecent(first, situation);
  }
  const [one, two] = keys as readonly [IamKey, IamKey];
  const end = (key: IamKey) => unlessRecent(key, situation);
  const neither = end(isRecent(one, now) ? two : one);
  return askWhichKey([one.id, end(two)], [two.id, end(one)], ["neither", neither]);
}

/** Also where a person says that DKP has another key, one that was used or created within the day waits. */
function unlessRecent(key: IamKey, situation: KeySituation): Step {
  if (isRecent(key, situation.iam.now)) {
    return step("wait", { key: key.id, actions: [WAIT] });
  }
  // An apply would create another Inactive key there.
  const retired = slotsOf(situation).filter(({ inIam, inSettings }) => inIam?.id === key.id && inSettings === "Inactive");
  const absent = retired.map(({ slot }): Change => ({ setting: `accessKeys.${slot}.status`, value: "absent" }));
  // An imported key goes into the primary slot.
  const isDropped = retired.some(({ slot }) => slot === "primary") || situation.settings.import?.accessKeyId === key.id;
  const edits = [...absent, ...(isDropped ? dropImport(situation) : [])];
  return step("free-slot", { key: key.id, edits, actions: ending(key) });
}

/** Only a person knows which key DKP has: nothing in settings, state or IAM shows it. */
const askWhichKey = (...answers: readonly (readonly [key: string, next: Step])[]) =>
  step("ask-which-key", { instead: answers.map(([key, next]) => ({ if: `DKP has ${key}`, do: next })) });

const ANOTHER = "another one, or none";

/** In one step: the settings can have the key as Active, and then the next one would be to activate it again. */
const ending = (key: IamKey): readonly Action[] =>
  key.status === "Active" ? [retire(key), WAIT, { do: "delete", key: key.id }] : [retire(key)];

const retire = ({ id, status }: IamKey): Action => ({ do: status === "Active" ? "deactivate" : "delete", key: id });

/**
 * DKP gets the exposed key, and AWS reports its use within a day. Where it did not, another day changes nothing: only a person knows
 * whether DKP has the key.
 */
function handedOver(situation: KeySituation, { inIam }: KeySlot, why: Why, key: string | undefined): Step {
  const given = step(why, { key, actions: [HAND_OVER, WAIT] });
  return inIam === undefined || isRecent(inIam, situation.iam.now)
    ? given
    : askWhichKey([inIam.id, step("unused", { key: inIam.id })], [ANOTHER, given]);
}

/** Something may use a key. Where it does so besides the exposed one, waiting changes nothing. */
function waiting(situation: KeySituation, exposed: KeySlot, key: IamKey): Step {
  return isUsedBeside(key, exposed.inIam) ? step("both-used", { key: key.id }) : handedOver(situation, exposed, "wait", key.id);
}

/** What a version of the state must have to be better than the present one: the user, these keys, and what the present one has. */
function restoration(situation: KeySituation, missing: readonly Pick<IamKey, "id">[] = []): Alternative {
  const present = slotsOf(situation).flatMap(({ inIam }) => inIam ?? []);
  const parts = [`the user ${situation.settings.user.name}`, ...[...missing, ...present].map(({ id }) => id)];
  return { if: `a version of the state other than the present one has ${parts.join(" and ")}`, do: { do: "restore" } };
}

/** A step that applies, together with the import of what the state lacks. */
function applied(situation: KeySituation, why: Why, edits: readonly Change[], then: readonly Action[] = []): Step {
  const lacking = unmanagedObjects(situation);
  const fields = [...new Set(lacking.flatMap(({ imports }) => imports ?? []))];
  const imports = fields.map((field) => ({ setting: `import.${field}`, value: true }));
  const others = lacking.filter((object) => object.imports === undefined);
  const commands = others.map(({ address, arn }): Action => ({ do: "import", address, arn }));
  return step(why, { edits: [...imports, ...edits], actions: [...commands, APPLY, ...then] });
}

const dropImport = ({ settings }: KeySituation): readonly Change[] =>
  settings.import?.accessKeyId === undefined ? [] : [{ setting: "import.accessKeyId", value: undefined }];

type Desired = Pick<KeySlots, "current"> & Readonly<Partial<Record<Slot, KeySlots[Slot]["status"]>>>;

/** The edits from the settings to what is deployed, with these changes. */
function desiredEdits(situation: KeySituation, desired: Desired): readonly Change[] {
  const settings = slotSettings(situation.settings);
  const edits: Change[] = [];
  for (const slot of SLOTS) {
    const { status, pgpKey } = desiredSlot(situation, slot, desired);
    if (status !== settings[slot].status) {
      edits.push({ setting: `accessKeys.${slot}.status`, value: status });
    }
    if (status !== "absent" && pgpKey !== settings[slot].pgpKey) {
      const file = pgpKey === undefined ? undefined : situation.settings.keyFiles[pgpKey];
      edits.push({ setting: `accessKeys.${slot}.pgpKey`, value: file ?? pgpKey });
    }
  }
  if (desired.current !== settings.current) {
    edits.push({ setting: "accessKeys.current", value: desired.current });
  }
  return [...edits, ...dropImport(situation)];
}

function desiredSlot(situation: KeySituation, slot: Slot, desired: Desired): KeySlots[Slot] {
  const { inState, inIam } = slotOf(situation, slot);
  const settings = slotSettings(situation.settings);
  const status = desired[slot] ?? (inIam?.status as KeySlots[Slot]["status"] | undefined) ?? "absent";
  // A key that exists keeps what it was created with. A new key is encrypted if the other one is.
  const pgpKey = inIam === undefined ? (settings[slot].pgpKey ?? settings[otherSlot(slot)].pgpKey) : inState?.pgpKey;
  return { status, pgpKey };
}

/**
 * The changes of the settings that are the next step of a deployment's keys.
 * @throws Error if something else comes first, or only a person knows what comes next
 */
export function changesOf(stack: string, { edits, instead }: Step): readonly Change[] {
  if (edits.length === 0 || instead.length > 0) {
    throw new Error(
      `${stack}: nothing was written: the next step is not a change of the settings alone; follow it, then ${dkpAccess("keys", stack, "--write")}`,
    );
  }
  return edits;
}
