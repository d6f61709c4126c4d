import { otherSlot, SLOTS, type Slot } from "../../../iam/key-slots";
import { dkpAccess } from "../../text/command";
import type { IamKey } from "../aws/user-keys";
import type { Change } from "./edit-yaml";
import type { Why } from "./rules";
import {
  breakOf,
  canBeGiven,
  canEnd,
  effectsOf,
  exposedSlot,
  isInUse,
  isOlder,
  isRecent,
  isUsedLater,
  type KeySituation,
  type KeySlot,
  type KeySlots,
  MAX_KEYS,
  mismatches,
  RECENT_HOURS,
  secretKnown,
  slotOf,
  slotSettings,
  slotsOf,
  taintedAddresses,
  unlistedKeys,
  unmanagedKeys,
} from "./situation";

/** What a person does, in this order, after the edits. */
export type Action =
  | { readonly do: "apply" }
  /** Give the exposed key to DKP, unless it has it. */
  | { readonly do: "hand-over"; readonly key?: string | undefined }
  /** Write `errored.tfstate` into the backend, and delete the file. */
  | { readonly do: "push-state" }
  /** Delete an `errored.tfstate` that is older than the state. */
  | { readonly do: "remove-unsent" }
  | { readonly do: "untaint"; readonly address: string }
  | { readonly do: "activate" | "deactivate" | "delete"; readonly key: string }
  | { readonly do: "wait"; readonly minutes: number };

/** The next step: what to change in the settings, and what to do then. */
export interface Step {
  readonly why: Why;
  /** The key that it is about. */
  readonly key?: string | undefined;
  readonly edits: readonly Change[];
  readonly actions: readonly Action[];
  /** First of all: a version of the state with the user and all these keys, if there is one. Then nothing else is to do. */
  readonly restore?: { readonly keys: readonly string[] } | undefined;
  /** A key of which only a person knows whether it has leaked. If it has, this step is that of `--leaked`. */
  readonly askLeaked?: string | undefined;
  /** By the key that DKP has, what to do; "" for none of these. */
  readonly askKey?: Readonly<Record<string, Step>> | undefined;
}

const WAIT: Action = { do: "wait", minutes: (RECENT_HOURS + 1) * 60 };
const APPLY: Action = { do: "apply" };
const HAND_OVER: Action = { do: "hand-over" };

const step = (why: Why, parts: Partial<Omit<Step, "why">> = {}): Step => ({ why, edits: [], actions: [], ...parts });

/** The step that comes next, and whether nothing is to do: then its edits begin a rotation, which is optional. */
export function nextStep(situation: KeySituation): Step {
  const { settings, unsent, iam, state } = situation;
  if (Object.values(mismatches(situation)).some((value) => value !== undefined)) {
    return step("mismatch");
  }
  if (situation.unreachable !== undefined) {
    return step("unreachable");
  }
  if (unsent !== undefined) {
    return unsent === "newer"
      ? step("unsent", { actions: [{ do: "push-state" }] })
      : step("unsent-older", { actions: [{ do: "remove-unsent" }] });
  }
  if (unlistedKeys(situation).length > 0) {
    return step("unlisted", { actions: [{ do: "wait", minutes: 10 }] });
  }
  const [tainted] = taintedAddresses(situation);
  if (tainted !== undefined) {
    return step("tainted", { actions: [{ do: "untaint", address: tainted }] });
  }
  if (settings.accessKeys === "none") {
    return situation.unmanagedObjects.length > 0 ? applied(situation, "objects", []) : step("none");
  }
  const lost = state.user === undefined && iam.exists && settings.import?.user !== true;
  const after = afterQuestion(situation);
  return lost ? { ...after, why: after.why === "done" ? "lost" : after.why, restore: { keys: [] } } : after;
}

/** A key that an apply would activate: only a person knows whether it has leaked. */
function afterQuestion(situation: KeySituation): Step {
  const activation = effectsOf(situation).find(({ verb }) => verb === "activate");
  const key = activation?.id;
  return key === undefined
    ? keyStep(situation)
    : step("deactivated", { key, askLeaked: key, actions: [{ do: "activate", key }] });
}

function keyStep(situation: KeySituation): Step {
  const effects = effectsOf(situation);
  const isBreaking = effects.some((effect) => breakOf(effect, effects, situation) !== undefined);
  const exposed = exposedSlot(situation);
  const lost = unmanagedKeys(situation).find(({ id }) => id === situation.state.exposed.id);
  if (lost !== undefined && exposed === undefined) {
    return { ...targetStep(situation, exposed), why: "key-lost", key: lost.id, restore: { keys: keysWith(situation, [lost]) } };
  }
  if (exposed !== undefined && exposed.found?.status === "Active" && isBreaking) {
    return applied(situation, "revert", desiredEdits(situation, { current: exposed.slot }));
  }
  if (!isBreaking && (effects.length > 0 || situation.unmanagedObjects.length > 0)) {
    const changesKey = effects.some(({ verb }) => verb === "expose" || verb === "create" || verb === "import");
    return applied(situation, "apply", [], changesKey && givesKey(situation) ? [HAND_OVER] : []);
  }
  return targetStep(situation, exposed);
}

/** Whether the next apply of these settings exposes a key whose secret Terraform knows. */
function givesKey(situation: KeySituation): boolean {
  const { current } = slotSettings(situation.settings);
  const target = slotOf(situation, current);
  const effects = effectsOf(situation).filter(({ slot }) => slot === current);
  return (
    effects.some(({ verb }) => verb === "create") ||
    (effects.some(({ verb }) => verb === "expose") && secretKnown(target.managed))
  );
}

/** Which key DKP works with from now on. A version of the state that has a key which DKP may use comes before anything else. */
function targetStep(situation: KeySituation, exposed: KeySlot | undefined): Step {
  const missing = unmanagedKeys(situation).filter((key) => isRecent(key, situation.iam.now));
  const restore = missing.length === 0 ? undefined : { keys: keysWith(situation, missing) };
  return { ...workingStep(situation, exposed), restore };
}

function workingStep(situation: KeySituation, exposed: KeySlot | undefined): Step {
  const given = slotsOf(situation).filter(canBeGiven);
  if (exposed !== undefined && given.some(({ slot }) => slot === exposed.slot)) {
    return rotationStep(situation, exposed);
  }
  const [other] = given;
  if (other !== undefined) {
    return applied(situation, "expose-other", desiredEdits(situation, { current: other.slot }), [HAND_OVER]);
  }
  const usable = slotsOf(situation).filter(({ found }) => found?.status === "Active");
  if (exposed !== undefined && usable.some(({ slot }) => slot === exposed.slot)) {
    return unknownSecretStep(situation, exposed);
  }
  if (situation.iam.keys.length < MAX_KEYS) {
    return creation(situation);
  }
  const [working] = usable;
  return working === undefined
    ? makeRoom(situation, situation.iam.keys)
    : applied(situation, "expose-other", desiredEdits(situation, { current: working.slot }));
}

/** The exposed key is one that DKP has or can get: what else exists is retired, or a newer key replaces it. */
function rotationStep(situation: KeySituation, exposed: KeySlot): Step {
  const other = slotOf(situation, otherSlot(exposed.slot));
  const [unmanaged] = unmanagedKeys(situation).toSorted((one) => (canEnd(one, situation) ? -1 : 1));
  if (unmanaged !== undefined) {
    return canEnd(unmanaged, situation)
      ? step("unmanaged-retire", { key: unmanaged.id, actions: [HAND_OVER, endOf(unmanaged)] })
      : waiting(unmanaged.id);
  }
  if (other.found !== undefined) {
    if (canBeGiven(other) && isOlder(exposed.found, other.found)) {
      return applied(situation, "rotate-expose", desiredEdits(situation, { current: other.slot }), [HAND_OVER]);
    }
    if (!canEnd(other.found, situation)) {
      return waiting(other.found.id);
    }
    const status = other.found.status === "Active" ? "Inactive" : "absent";
    const why = status === "Inactive" ? "rotate-retire" : "rotate-delete";
    const edits = desiredEdits(situation, { current: exposed.slot, [other.slot]: status });
    // AWS reports uses hours late, so that only a person knows which key DKP was given last.
    return { ...applied(situation, why, edits), key: other.found.id, actions: [HAND_OVER, APPLY] };
  }
  const rotation = desiredEdits(situation, { current: exposed.slot, [other.slot]: "Active" });
  return exposed.found === undefined || !isInUse(exposed.found, situation.iam.now)
    ? step("give", { key: exposed.found?.id, actions: [HAND_OVER, WAIT] })
    : step("done", { edits: rotation, actions: [APPLY] });
}

/** The exposed key works, and nobody knows its secret: it was imported. */
function unknownSecretStep(situation: KeySituation, exposed: KeySlot): Step {
  const { iam } = situation;
  const key = exposed.found as IamKey;
  const create = desiredEdits(situation, { current: exposed.slot, [otherSlot(exposed.slot)]: "Active" });
  const [other] = iam.keys.filter(({ id }) => id !== key.id);
  if (other === undefined) {
    return isInUse(key, iam.now) ? step("done", { edits: create, actions: [APPLY] }) : applied(situation, "create", create);
  }
  const slot = slotsOf(situation).find(({ found }) => found?.id === other.id)?.slot;
  const keep = (): Step => {
    if (slot === undefined) {
      return step("unmanaged-retire", { key: other.id, actions: [endOf(other)] });
    }
    const status = other.status === "Active" ? "Inactive" : "absent";
    return applied(situation, "rotate-retire", desiredEdits(situation, { current: exposed.slot, [slot]: status }));
  };
  const replace = (): Step =>
    slot === undefined
      ? step("make-room", { key: key.id, edits: dropImport(situation), actions: [{ do: "delete", key: key.id }] })
      : applied(situation, "expose-other", desiredEdits(situation, { current: slot }));
  if (other.status !== "Active" && !isRecent(other, iam.now)) {
    return keep();
  }
  if (other.status === "Active" && !isRecent(key, iam.now) && isInUse(other, iam.now)) {
    return replace();
  }
  // AWS reports uses hours late, and the secret of the exposed key cannot be given to DKP: only a person knows which one it has.
  return isRecent(other, iam.now) || (isRecent(key, iam.now) && !canEnd(other, situation))
    ? step("wait", { key: other.id, actions: [WAIT] })
    : step("which-key", { askKey: { [key.id]: keep(), [other.id]: replace(), "": keep() } });
}

/** A new key for DKP, in a slot whose key does not exist any more. */
function creation(situation: KeySituation): Step {
  const { current } = slotSettings(situation.settings);
  const slot = slotOf(situation, current).found === undefined ? current : otherSlot(current);
  return applied(situation, "create", desiredEdits(situation, { current: slot, [slot]: "Active" }), [HAND_OVER]);
}

/** IAM has two keys, and none that Terraform can work with: one of them goes. */
function makeRoom(situation: KeySituation, keys: readonly IamKey[]): Step {
  const { now } = situation.iam;
  const active = keys.filter(({ status }) => status === "Active");
  const inactive = keys.filter(({ status }) => status !== "Active");
  const end = (key: IamKey) => step("make-room", { key: key.id, edits: dropImport(situation), actions: [endOf(key)] });
  const [first] = inactive.toSorted((one, other) => (isUsedLater(one, other) ? 1 : -1));
  if (first !== undefined && (active.length === 0 || !isRecent(first, now))) {
    return end(first);
  }
  const [one, two] = keys;
  if (one === undefined || two === undefined) {
    return step("wait", { key: one?.id, actions: [WAIT] });
  }
  const endLater = (key: IamKey) => (isRecent(key, now) ? step("wait", { key: key.id, actions: [WAIT] }) : end(key));
  return step("which-key", {
    askKey: { [one.id]: endLater(two), [two.id]: endLater(one), "": endLater(isRecent(one, now) ? two : one) },
  });
}

const endOf = ({ id, status }: IamKey): Action => ({ do: status === "Active" ? "deactivate" : "delete", key: id });

/** DKP may use the key. Once AWS reports that it uses the exposed one, the key can go. */
const waiting = (key: string) => step("wait", { key, actions: [HAND_OVER, WAIT] });

/** The keys that a version of the state must have to be better than the present one. */
function keysWith(situation: KeySituation, missing: readonly Pick<IamKey, "id">[]): readonly string[] {
  return [...missing.map(({ id }) => id), ...slotsOf(situation).flatMap(({ found }) => (found === undefined ? [] : [found.id]))];
}

/** A step that applies, together with the import of what the state lacks. */
function applied(situation: KeySituation, why: Why, edits: readonly Change[], then: readonly Action[] = []): Step {
  const imports = situation.unmanagedObjects.map((field) => ({ setting: `import.${field}`, value: true }));
  return step(why, { edits: [...imports, ...edits], actions: [APPLY, ...then] });
}

const dropImport = ({ settings }: KeySituation): readonly Change[] =>
  settings.import?.accessKeyId === undefined ? [] : [{ setting: "import.accessKeyId", value: undefined }];

interface Desired {
  readonly current: Slot;
  readonly primary?: KeySlots[Slot]["status"];
  readonly secondary?: KeySlots[Slot]["status"];
}

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
      edits.push({ setting: `accessKeys.${slot}.pgpKey`, value: pgpKey });
    }
  }
  if (desired.current !== settings.current) {
    edits.push({ setting: "accessKeys.current", value: desired.current });
  }
  return [...edits, ...plaintextEdits(situation, desired), ...dropImport(situation)];
}

function desiredSlot(situation: KeySituation, slot: Slot, desired: Desired): KeySlots[Slot] {
  const { managed, found } = slotOf(situation, slot);
  const settings = slotSettings(situation.settings);
  const status = desired[slot] ?? (found?.status as KeySlots[Slot]["status"] | undefined) ?? "absent";
  // A key that exists keeps what it was created with. A new key is encrypted if the other one is.
  const pgpKey = found === undefined ? (settings[slot].pgpKey ?? settings[otherSlot(slot)].pgpKey) : managed?.pgpKey;
  return { status, pgpKey };
}

/** From plaintext to `pgpKey`, the settings permit the plaintext of the old key as long as it is Active. */
function plaintextEdits(situation: KeySituation, desired: Desired): readonly Change[] {
  const isAllowed = slotSettings(situation.settings).allowPlaintext === true;
  const current = desiredSlot(situation, desired.current, desired);
  const other = desiredSlot(situation, otherSlot(desired.current), desired);
  if (!isAllowed && current.pgpKey !== undefined && other.status === "Active" && other.pgpKey === undefined) {
    return [{ setting: "accessKeys.allowPlaintext", value: true }];
  }
  return isAllowed && other.status === "absent" ? [{ setting: "accessKeys.allowPlaintext", value: false }] : [];
}

/**
 * The changes of the settings that are the next step of a deployment's keys.
 * @throws Error if something else comes first, or only a person knows what comes next
 */
export function changesOf(stack: string, { edits, restore, askLeaked, askKey }: Step): readonly Change[] {
  if (edits.length === 0 || restore !== undefined || askLeaked !== undefined || askKey !== undefined) {
    throw new Error(
      `${stack}: nothing was written: the next step is not a change of the settings alone; follow it, then ${dkpAccess("keys", stack, "--write")}`,
    );
  }
  return edits;
}
