import { join } from "node:path";
import { otherSlot, SLOTS, type Slot } from "../iam/access-keys";
import { readPgpKey } from "../iam/pgp-key";
import type { Deployment } from "../settings/deployment";
import { deploymentsFolder } from "../settings/folder";
import type { StateKey } from "./state";

/** An access key as IAM tells of it. */
export interface IamKey {
  readonly id: string;
  readonly status: string;
  readonly created?: Date | undefined;
  /** Last request signed with it, known to AWS hours later; undefined: none known. */
  readonly lastUsed?: { readonly at: Date; readonly service: string; readonly region: string } | undefined;
}

export interface KeyReport {
  readonly stack: string;
  readonly user: string;
  readonly slots: readonly SlotReport[];
  /** Keys of the user that are not in the state. */
  readonly foreign: readonly IamKey[];
  readonly warnings: readonly string[];
  readonly next: NextStep;
}

export interface SlotReport {
  readonly slot: Slot;
  readonly current: boolean;
  /** What the settings want: Active, Inactive or absent. */
  readonly wanted: string;
  readonly id?: string | undefined;
  /** IAM's own answer; undefined where IAM does not know the key. */
  readonly status?: string | undefined;
  readonly created?: Date | undefined;
  readonly ageDays?: number | undefined;
  readonly lastUsed?: IamKey["lastUsed"];
  readonly pgpExpires?: Date | undefined;
}

/** The next step: the edits to make in the settings, none where there is only something to do. */
export interface NextStep {
  readonly edits: readonly { readonly setting: string; readonly value: string }[];
  readonly why: string;
}

/** Keys of 90 days are what most rules call too old: CIS AWS Foundations Benchmark 1.14. Two weeks are left to rotate. */
export const WARN_AT_DAYS = 75;
const MAX_DAYS = 90;
const PGP_WARN_DAYS = 30;
/** "IAM and AWS STS quotas": access keys per user, whatever their status. */
const MAX_KEYS = 2;
const DAY_MS = 86_400_000;

/** What there is to know of a deployment's keys, from its settings, its state and IAM. */
export function keyReport(
  { stack, user, accessKeys }: Pick<Deployment, "stack" | "user" | "accessKeys">,
  stateKeys: readonly StateKey[],
  iamKeys: readonly IamKey[],
  now: Date,
): KeyReport {
  const slots =
    accessKeys === "none"
      ? []
      : SLOTS.map((slot) =>
          slotReport(
            slot,
            accessKeys,
            stateKeys.find((key) => key.slot === slot && !key.tainted),
            iamKeys,
            now,
          ),
        );
  const known = new Set(stateKeys.map(({ id }) => id));
  const foreign = iamKeys.filter(({ id }) => !known.has(id));
  const warnings = [
    ...slots.flatMap((slot) => slotWarnings(slot, now)),
    ...stateKeys.filter(({ tainted }) => tainted).map(taintedWarning),
    ...foreign.map(({ id, status }) => foreignWarning(id, status, accessKeys === "none")),
    ...limitWarnings(slots, iamKeys, foreign),
  ];
  return {
    stack,
    user: user.name,
    slots,
    foreign: accessKeys === "none" ? [] : foreign,
    warnings,
    next: nextStep(slots, iamKeys.length),
  };
}

function slotReport(
  slot: Slot,
  accessKeys: Exclude<Deployment["accessKeys"], "none">,
  key: StateKey | undefined,
  iamKeys: readonly IamKey[],
  now: Date,
): SlotReport {
  const iam = iamKeys.find(({ id }) => id === key?.id);
  const { status: wanted } = accessKeys[slot];
  return {
    slot,
    current: accessKeys.current === slot,
    wanted,
    id: key?.id,
    status: iam?.status,
    created: iam?.created,
    ageDays: iam?.created === undefined ? undefined : days(iam.created, now),
    lastUsed: iam?.lastUsed,
    pgpExpires: pgpExpiry(key?.pgpKey ?? accessKeys[slot].pgpKey),
  };
}

function pgpExpiry(pgpKey: string | undefined): Date | undefined {
  const reading = pgpKey === undefined ? undefined : readPgpKey(pgpKey);
  return reading !== undefined && "key" in reading ? reading.key.expires : undefined;
}

const days = (from: Date, to: Date) => Math.floor((to.getTime() - from.getTime()) / DAY_MS);

function slotWarnings({ slot, id, status, ageDays, pgpExpires, wanted }: SlotReport, now: Date): readonly string[] {
  const old =
    ageDays !== undefined && ageDays >= WARN_AT_DAYS
      ? [`${slot}: the key is ${ageDays} days old; rotate before it is ${MAX_DAYS}`]
      : [];
  const gone =
    id !== undefined && status === undefined
      ? [`${slot}: ${id} is in the state, and IAM does not know it; somebody deleted it, the next apply makes a new one`]
      : [];
  const drifted =
    status !== undefined && wanted !== "absent" && status !== wanted
      ? [`${slot}: the key is ${status} and the settings want it ${wanted}; apply`]
      : [];
  const left = pgpExpires === undefined ? undefined : days(now, pgpExpires);
  const expiry =
    left === undefined || left > PGP_WARN_DAYS || wanted === "absent"
      ? []
      : [
          left < 0
            ? `${slot}: its OpenPGP key has expired; Terraform makes no key with it`
            : `${slot}: its OpenPGP key expires in ${left} days; rotate to a new one`,
        ];
  return [...old, ...gone, ...drifted, ...expiry];
}

function taintedWarning({ slot, id }: StateKey): string {
  return `${slot}: ${id} was left tainted by an apply that failed, and its secret may be lost; Terraform would replace it, which protect refuses: set its slot to absent and apply, or, if it is the only key, apply once with protect: false`;
}

function foreignWarning(id: string, status: string, none: boolean): string {
  return none
    ? `${id} (${status}) is made outside Terraform, as accessKeys: none says; nobody but you rotates it`
    : `${id} (${status}) is in IAM and not in the state: made by hand or left by a failed apply; take it over with adopt.accessKeyId, or delete it if nobody uses it`;
}

function limitWarnings(slots: readonly SlotReport[], iamKeys: readonly IamKey[], foreign: readonly IamKey[]): readonly string[] {
  if (iamKeys.length > MAX_KEYS) {
    return [`the user has ${iamKeys.length} keys, IAM allows ${MAX_KEYS}; delete those that are not in the state`];
  }
  const toMake = slots.filter(({ wanted, status }) => wanted !== "absent" && status === undefined).length;
  return toMake > 0 && iamKeys.length + toMake > MAX_KEYS
    ? [
        `the next apply would make a third key, which IAM refuses (${MAX_KEYS} per user); first delete ${foreign.map(({ id }) => id).join(" or ") || "one that is not used"}`,
      ]
    : [];
}

/**
 * The step of a rotation that follows from where the slots are. Of two active keys the older one is on its way out.
 * A foreign key in the way is told by a warning.
 */
function nextStep(slots: readonly SlotReport[], keyCount: number): NextStep {
  const current = slots.find((slot) => slot.current);
  const other = slots.find(({ slot }) => current !== undefined && slot === otherSlot(current.slot));
  if (current === undefined || other === undefined) {
    return { edits: [], why: "accessKeys is none: keys are made and rotated outside Terraform" };
  }
  if (slots.some(({ wanted, status }) => (status ?? "absent") !== wanted)) {
    return { edits: [], why: "apply: the keys are not yet what the settings say" };
  }
  const status = `accessKeys.${other.slot}.status`;
  if (other.wanted === "absent") {
    const why = `to rotate, make a second key${keyCount >= MAX_KEYS ? ", once the one that is not in the state is gone" : ""}`;
    return { edits: [{ setting: status, value: "Active" }], why };
  }
  const otherIsNewer = (other.created?.getTime() ?? 0) > (current.created?.getTime() ?? 0);
  if (other.wanted === "Inactive") {
    return {
      edits: [{ setting: status, value: "absent" }],
      why: "delete the retired key, once nothing has missed it for as long as you want to be able to go back",
    };
  }
  return otherIsNewer
    ? { edits: [{ setting: "accessKeys.current", value: other.slot }], why: "hand out the new key, then give it to DKP" }
    : {
        edits: [{ setting: status, value: "Inactive" }],
        why: "retire the old key, once DKP has the new one and the last use of the old one no longer moves",
      };
}

/** The report for people. */
export function keyReportText({ stack, user, slots, warnings, next }: KeyReport): string {
  const lines = [
    `${stack}: keys of the user ${user}`,
    ...slots.map((slot) => `  ${slotText(slot)}`),
    ...warnings.map((warning) => `warning: ${warning}`),
    `next: ${next.why}`,
    ...next.edits.map(({ setting, value }) => `  ${settingsFile(stack)}: ${setting}: ${value}`),
    ...(next.edits.length === 0 ? [] : ["  then apply"]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function slotText({ slot, current, id, status, wanted, ageDays, lastUsed, pgpExpires }: SlotReport): string {
  if (id === undefined) {
    return `${slot}: ${wanted === "absent" ? "absent" : "not made yet"}`;
  }
  return [
    `${slot}: ${id} ${status ?? "unknown to IAM"}${current ? ", handed out" : ""}`,
    ageDays === undefined ? [] : `${ageDays} days old`,
    lastUsed === undefined
      ? "never used as far as AWS knows"
      : `last used ${lastUsed.at.toISOString()} for ${lastUsed.service} in ${lastUsed.region}`,
    pgpExpires === undefined ? [] : `its OpenPGP key expires ${pgpExpires.toISOString().slice(0, 10)}`,
  ]
    .flat()
    .join(", ");
}

function settingsFile(stack: string): string {
  return join(deploymentsFolder(process.env), `${stack}.yaml`);
}
