import type { Slot } from "../../../iam/key-slots";
import { PROGRAM } from "../../text/command";
import { page } from "../../text/recovery";
import type { IamKey } from "../aws/iam-reader";
import {
  canHandOver,
  canRetire,
  type KeySituation,
  type KeySlot,
  MAX_KEYS,
  pendingImport,
  RECENT_HOURS,
  slotOf,
  slotSettings,
  slotsOf,
} from "./situation";

/** What the next apply does to one key, or to the outputs. */
export interface Effect {
  readonly verb: "create" | "delete" | "forget" | "activate" | "deactivate" | "import" | "replace" | "expose";
  readonly slot: Slot;
  /** The key's ID; undefined for a key that does not exist yet. */
  readonly id?: string | undefined;
}

export interface EffectValues {
  readonly verb: Effect["verb"];
  readonly slot: string;
  readonly key: string;
  /** The slot and the key that the outputs expose. */
  readonly exposed: string;
}

/** What an effect does, as a text that continues "the next apply". */
const EFFECT_TEXTS: Readonly<Record<Effect["verb"], (values: EffectValues) => string>> = {
  create: ({ slot }) => `creates a key in ${slot}`,
  delete: ({ slot, key }) => `deletes ${key} (${slot})`,
  forget: ({ slot, key }) => `removes ${key} (${slot}) from the state; IAM does not have it`,
  activate: ({ slot, key }) => `activates ${key} (${slot})`,
  deactivate: ({ slot, key }) => `deactivates ${key} (${slot})`,
  import: ({ slot, key }) => `imports ${key} into ${slot}`,
  replace: ({ slot, key }) => `replaces ${key} (${slot}), because its pgpKey is another one or it is tainted`,
  expose: ({ slot, key, exposed }) => `switches the outputs from ${exposed} to ${key === "" ? "a new key" : key} (${slot})`,
};

/** What an effect does, as a sentence. */
export const effectText = (values: EffectValues) => `the next apply ${EFFECT_TEXTS[values.verb](values)}`;

export const DO_NOT_APPLY = "do not apply these settings";

/** Why an effect must not be applied, and what to do instead. */
export const HAZARDS = {
  "fails: IAM allows two keys": [`it fails: IAM allows a user ${MAX_KEYS} keys (LimitExceeded)`, DO_NOT_APPLY],
  "fails: Terraform would replace the key": [
    "prevent_destroy makes the plan fail; without protect, DKP loses its key",
    DO_NOT_APPLY,
  ],
  "creates a key in plaintext next to an encrypted one": [
    "its secret is in plaintext, although that of the exposed key is encrypted",
    "set pgpKey of the slot, or the slot to absent",
  ],
  "fails: there is no such key to import": ["it fails: IAM does not have the key, or another slot has it", DO_NOT_APPLY],
  "activates a key that was deactivated": [
    "the key was deactivated, perhaps because it leaked",
    `if it leaked, do not apply, and run ${PROGRAM} keys --leaked (${page("keys", "when-a-key-has-leaked")})`,
  ],
  "deactivates or deletes a key that DKP may be using": [
    `DKP may be using the key: it was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time`,
    DO_NOT_APPLY,
  ],
  "exposes a key whose secret cannot be handed over": ["its secret is not in the state, or it is not Active", DO_NOT_APPLY],
} as const satisfies Readonly<Record<string, readonly [risk: string, remedy: string]>>;

export type Hazard = keyof typeof HAZARDS;

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
      ? [{ verb: "create", slot }]
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

/** The hazard of an effect; undefined if it has none. */
export function hazardOf(effect: Effect, effects: readonly Effect[], situation: KeySituation): Hazard | undefined {
  const { iam, state } = situation;
  const { slot, id, verb } = effect;
  const key = iam.keys.find((candidate) => candidate.id === id);
  switch (verb) {
    case "create": {
      const creations = effects.filter((other) => other.verb === "create").length;
      if (iam.keys.length + creations > MAX_KEYS) {
        return "fails: IAM allows two keys";
      }
      const isEncrypted = slotSettings(situation.settings)[slot].pgpKey !== undefined;
      const isWeaker = !isEncrypted && state.keys.some(({ pgpKey }) => pgpKey !== undefined);
      return isWeaker ? "creates a key in plaintext next to an encrypted one" : undefined;
    }
    case "import":
      return key === undefined || state.keys.some((known) => known.id === id)
        ? "fails: there is no such key to import"
        : undefined;
    case "replace":
      return "fails: Terraform would replace the key";
    case "activate":
      return "activates a key that was deactivated";
    case "delete":
    case "deactivate":
      return key === undefined || canRetire(key, situation) ? undefined : "deactivates or deletes a key that DKP may be using";
    case "expose": {
      const target = slotOf(situation, slot);
      const isCreated = effects.some((other) => other.verb === "create" && other.slot === slot);
      return isCreated || canHandOver(target) ? undefined : "exposes a key whose secret cannot be handed over";
    }
    default:
      return undefined;
  }
}
