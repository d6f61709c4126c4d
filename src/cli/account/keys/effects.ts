import { otherSlot, type Slot } from "../../../iam/key-slots";
import type { IamKey } from "../aws/iam-reader";
import type { Hazard } from "./key-rules";
import {
  canHandOver,
  canRetire,
  type KeySituation,
  type KeySlot,
  MAX_KEYS,
  pendingImport,
  slotOf,
  slotSettings,
  slotsOf,
} from "./situation";

/** What the next apply does to one key, or to the outputs. */
export interface Effect {
  readonly verb: "create" | "delete" | "forget" | "activate" | "deactivate" | "import" | "replace" | "expose";
  readonly slot: Slot;
  /** The key's ID; that of the one before, where it was deleted and another one is created. */
  readonly id?: string | undefined;
}

/** What the next apply does to the keys, as far as Terraform does not refuse it. */
export function effectsOf(situation: KeySituation): readonly Effect[] {
  return [...slotsOf(situation).flatMap((slot) => slotEffects(slot, situation)), ...exposures(situation)];
}

function slotEffects({ slot, inSettings, inState, inIam }: KeySlot, situation: KeySituation): readonly Effect[] {
  const status = (key: IamKey | undefined): readonly Effect[] =>
    key === undefined || key.status === inSettings
      ? []
      : [{ verb: inSettings === "Active" ? "activate" : "deactivate", slot, id: key.id }];
  if (inSettings === "absent") {
    return inState === undefined ? [] : [{ verb: inIam === undefined ? "forget" : "delete", slot, id: inState.id }];
  }
  if (inState === undefined || inIam === undefined) {
    const id = slot === "primary" ? pendingImport(situation) : undefined;
    return id === undefined
      ? [{ verb: "create", slot, id: inState?.id }]
      : [{ verb: "import", slot, id }, ...status(situation.iam.keys.find((key) => key.id === id))];
  }
  return inState.tainted || inState.pgpKey !== slotSettings(situation.settings)[slot].pgpKey
    ? [{ verb: "replace", slot, id: inState.id }]
    : status(inIam);
}

function exposures({ settings, state }: KeySituation): readonly Effect[] {
  const { current } = slotSettings(settings);
  const { slot } = state.exposed;
  const id = state.keys.find((key) => key.slot === current)?.id;
  return settings.accessKeys === "none" || slot === undefined || slot === current ? [] : [{ verb: "expose", slot: current, id }];
}

/** The rule that an effect breaks; undefined if it may be applied. */
export function hazardOf(effect: Effect, effects: readonly Effect[], situation: KeySituation): Hazard | undefined {
  const { iam, state } = situation;
  const { slot, id, verb } = effect;
  const key = iam.keys.find((candidate) => candidate.id === id);
  switch (verb) {
    case "create": {
      const creations = effects.filter((other) => other.verb === "create").length;
      if (iam.keys.length + creations > MAX_KEYS) {
        return "key-over-quota";
      }
      if (id !== undefined && canHandOver(slotOf(situation, otherSlot(slot)))) {
        return "key-deleted";
      }
      const isEncrypted = slotSettings(situation.settings)[slot].pgpKey !== undefined;
      const isWeaker = !isEncrypted && state.keys.some(({ pgpKey }) => pgpKey !== undefined);
      return isWeaker ? "key-in-plaintext" : undefined;
    }
    case "import":
      return key === undefined || state.keys.some((known) => known.id === id) ? "key-import-fails" : undefined;
    case "replace":
      return "key-replacement-fails";
    case "activate":
      return "key-activated";
    case "delete":
    case "deactivate": {
      if (key !== undefined && !canRetire(key, situation)) {
        return "key-ended";
      }
      return verb === "delete" && key?.status === "Active" ? "key-deleted-while-active" : undefined;
    }
    case "expose": {
      const target = slotOf(situation, slot);
      const isCreated = effects.some((other) => other.verb === "create" && other.slot === slot);
      return isCreated || canHandOver(target) ? undefined : "key-exposed-without-secret";
    }
    default:
      return undefined;
  }
}
