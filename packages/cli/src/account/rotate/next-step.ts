import type { Deployment } from "../../../../../src/settings/deployment";
import type { LastWrite } from "../../cluster/running-cluster";
import type { Found } from "../../findings/finding";
import { keyCommands } from "../../iam/leaked-key";
import { timeText } from "../../process/time";
import { dkpAccess, page } from "../../text/advice";
import type { IamKey } from "../aws/iam-reader";
import { ageInDays, createdOf, DAY, isInUse } from "../key-times";
import type { ROTATE_RULES } from "./rotate-rules";

/**
 * In milliseconds. The checks of a run use a new key, which AWS reports as a use: a run ends before
 * that.
 */
export const RUN_LIMIT = 900_000;

/**
 * In days: a former key ends after this time without a use. Weekends, holidays and a module in
 * maintenance are shorter. A rotation that is late by this time needs a person.
 */
export const WAIT_DAYS = 14;

/** In days: a key that nothing used makes no room before, for example one in a file of `--out`. */
export const UNUSED_DAYS = 7;

/** In milliseconds: a key that is younger may be on its way into the cluster. */
const GIVING = 120_000;

export interface Situation {
  readonly now: Date;
  /** In days: the age of a key at which a rotation begins. */
  readonly maxAge: number;
  /** Whether a person asks for a rotation before its time. */
  readonly isWanted: boolean;
  /** False if AWS does not accept the pair that the cluster has, which only a giving asks. */
  readonly isAccepted?: boolean;
  /** Whether a person answers for a key of DKP that does not work. */
  readonly isAnswered: boolean;
  /** Why DKP gets no other key; undefined if it gets one. */
  readonly reader?: "Commander" | "Terraform" | undefined;
  readonly dkpKey: string;
  /** With their last uses. IAM allows two. */
  readonly keys: readonly IamKey[];
  readonly lastWrite?: LastWrite | undefined;
  /** The AWS CLI command that deactivates a key. */
  readonly deactivate: (id: string) => string;
  /** The command with which a person gives DKP another key; undefined if it would refuse. */
  readonly giving: string | undefined;
  /** How a person replaces a key that `rotate` only ends. */
  readonly page?: string | undefined;
}

export type RotateFound = Found<typeof ROTATE_RULES>;

export interface Step {
  readonly found: RotateFound;
  /** With the key that is deactivated, or that is deleted to make room for another one. */
  readonly action?: { readonly do: "replace" | "deactivate"; readonly id?: string };
}

type Decided = Pick<Situation, "maxAge" | "reader" | "deactivate" | "giving" | "page">;

/**
 * What the settings and the cluster decide about a rotation.
 * @param exists whether IAM has the user
 */
export function rotatingOf(
  { stack, user, region, accessKeys: { managedBy, maxAge } }: Deployment,
  isOfCommander: boolean,
  exists: boolean = true,
): Decided {
  const isByTerraform = managedBy !== "rotate";
  const ofCluster = isOfCommander ? "Commander" : undefined;
  const to = isOfCommander ? ["--out", "FILE"] : ["--cluster"];
  const isGiven = exists && managedBy !== "none";
  return {
    maxAge,
    reader: isByTerraform ? "Terraform" : ofCluster,
    deactivate: keyCommands(user.name, region).deactivate,
    giving: isGiven ? dkpAccess(isByTerraform ? "hand-over" : "rotate", stack, ...to) : undefined,
    page:
      managedBy === "terraform" ? page("rotate", "if-terraform-manages-the-key-now") : undefined,
  };
}

/**
 * The next step of a rotation. It follows from the situation alone, so that the next run continues
 * one that was killed, or whose responses were lost. The order is the rule: a key of DKP that does
 * not work stops everything, a former key ends before another one is given, and a key is due before
 * anything is waited for.
 */
export function nextStep(situation: Situation): Step {
  const { keys, dkpKey } = situation;
  const own = keys.find(({ id }) => id === dkpKey);
  if (own?.status !== "Active" || situation.isAccepted === false) {
    return deadKey(situation, own);
  }
  const other = keys.find(({ id }) => id !== dkpKey);
  const waiting = other && otherKey(situation, own, other);
  if (waiting?.action !== undefined) {
    return waiting;
  }
  return isDue(situation, own)
    ? dueKey(situation, own, waiting)
    : (waiting ?? idle(situation, own));
}

const isDue = ({ now, maxAge, isWanted, reader }: Situation, own: IamKey): boolean =>
  reader !== "Terraform" && (isWanted || now >= dueAt(own, maxAge));

/** The findings of a step: what it does, and that DKP's key is older than it should be. */
export function findingsOf(situation: Situation, { found, action }: Step): readonly RotateFound[] {
  const late = lateFindings(situation);
  return action?.do === "replace" && action.id !== undefined
    ? [{ rule: "delete-for-room", values: { other: action.id } }, found, ...late]
    : [found, ...late];
}

interface Rotating extends Pick<Situation, "now" | "maxAge" | "keys" | "reader" | "page"> {
  /** If it is unknown, the youngest key that works counts. */
  readonly dkpKey?: string | undefined;
}

/** DKP's key, if it is two weeks older than a rotation allows; of another manager, at once. */
function lateFindings(rotating: Rotating): readonly RotateFound[] {
  const { maxAge, keys, dkpKey, now, reader } = rotating;
  const candidates = keys.filter(({ id, status }) =>
    dkpKey === undefined ? status === "Active" : id === dkpKey,
  );
  const youngest = youngestFirst(candidates).slice(0, 1);
  if (reader === "Terraform") {
    return oldFindings({ ...rotating, keys: youngest });
  }
  return youngest
    .filter((key) => ageInDays(key, now) > maxAge + WAIT_DAYS)
    .map((key) => ({
      rule: "rotation-overdue",
      field: "accessKeys.maxAge",
      values: { key: key.id, created: timeText(createdOf(key)), days: maxAge },
    }));
}

/** The keys that somebody else than `rotate` is to replace. */
export const oldFindings = ({
  keys,
  now,
  maxAge: limit,
  page: how,
}: Pick<Situation, "now" | "maxAge" | "keys" | "page">): readonly RotateFound[] =>
  keys
    .filter((key) => key.status === "Active" && ageInDays(key, now) >= limit)
    .map((key) => {
      const values = { key: key.id, days: Math.floor(ageInDays(key, now)), limit, page: how };
      return { rule: "key-old", field: "accessKeys.maxAge", values };
    });

const youngestFirst = (keys: readonly IamKey[]): readonly IamKey[] =>
  keys.toSorted((one, other) => +createdOf(other) - +createdOf(one));

/**
 * DKP's key does not work. Somebody may have ended it on purpose, because the cluster is not his
 * any more: only a person gives another one.
 */
function deadKey(situation: Situation, own: IamKey | undefined): Step {
  const { dkpKey: key, isAnswered, reader, giving, keys } = situation;
  // Nothing hands over a key of Terraform that does not work.
  const isReady = reader !== "Terraform" || keys.some(({ status }) => status === "Active");
  const values = { key, why: deadBecause(own), command: isReady ? giving : undefined };
  const found = { rule: "dkp-key-dead", values } as const;
  if (!isAnswered || reader !== undefined || giving === undefined) {
    return { found };
  }
  const room = roomFor(situation);
  if (room === undefined) {
    return { found: { rule: "dead-without-room", values: { key } } };
  }
  return { found: { rule: "replace-dead", values: { key } }, action: replacing(room) };
}

function deadBecause(own: IamKey | undefined): string {
  if (own === undefined) {
    return "is no key of the user";
  }
  return own.status === "Active"
    ? "AWS does not accept with the secret that the cluster has"
    : `is ${own.status}`;
}

/** What happens to the key that DKP does not have. */
function otherKey(situation: Situation, own: IamKey, other: IamKey): Step {
  if (createdOf(other) >= createdOf(own)) {
    return youngerKey(situation, own, other);
  }
  const values = { key: own.id, other: other.id, ...useOf(other) };
  if (other.status !== "Active") {
    return { found: { rule: "former-inactive", values } };
  }
  return formerKey(situation, own, other, values);
}

function formerKey(
  { now, deactivate }: Situation,
  own: IamKey,
  former: IamKey,
  values: { readonly key: string; readonly other: string; readonly use: string },
): Step {
  // The creation counts for a key that nothing used, such as one of Terraform that nobody got.
  const last = lastOf(former);
  const until = after(last, WAIT_DAYS);
  if (now < until) {
    return last > after(createdOf(own), WAIT_DAYS)
      ? { found: { rule: "still-used", values: { ...values, command: deactivate(former.id) } } }
      : { found: { rule: "waiting-for-uses", values: { ...values, until: timeText(until) } } };
  }
  if (!isUsedSince(own, last)) {
    return { found: { rule: "never-proven", values } };
  }
  return {
    found: { rule: "deactivate", values },
    action: { do: "deactivate", id: former.id },
  };
}

/**
 * A key that was created after DKP's: for a file of `--out`, by a run that did not end, by
 * Terraform before a hand-over, or by somebody else.
 */
function youngerKey({ reader, lastWrite, giving }: Situation, own: IamKey, other: IamKey): Step {
  const values = { key: own.id, other: other.id, ...useOf(other) };
  if (other.status !== "Active") {
    return { found: { rule: "former-inactive", values } };
  }
  if (isUsed(other)) {
    return { found: { rule: "younger-used", values: { ...values, ...lastWrite } } };
  }
  const until = timeText(after(createdOf(other), UNUSED_DAYS));
  return reader === "Terraform"
    ? { found: { rule: "not-handed-over", values: { ...values, command: giving } } }
    : { found: { rule: "younger-unused", values: { ...values, until } } };
}

/** @param waiting why the other key stays, if there is one */
function dueKey(situation: Situation, own: IamKey, waiting: Step | undefined): Step {
  const values = { key: own.id, created: timeText(createdOf(own)) };
  if (situation.reader === "Commander") {
    return { found: { rule: "due-by-file", values } };
  }
  const room = roomFor(situation);
  return room === undefined
    ? (waiting ?? { found: { rule: "dead-without-room", values } })
    : { found: { rule: "replace", values }, action: replacing(room) };
}

function idle({ maxAge, reader }: Situation, own: IamKey): Step {
  const values = { key: own.id, created: timeText(createdOf(own)) };
  if (reader === "Terraform") {
    return { found: { rule: "nothing-to-end", values } };
  }
  const until = timeText(dueAt(own, maxAge));
  return { found: { rule: "nothing-due", values: { ...values, until } } };
}

/**
 * What is due where the cluster was not read: nothing is ended, because only a person knows which
 * key DKP has.
 */
export function unreadFindings(
  situation: Pick<Situation, "keys" | "now" | "page"> & Decided,
): readonly RotateFound[] {
  const { keys, now, maxAge, reader, deactivate, giving } = situation;
  const [younger, older] = youngestFirst(keys.filter(({ status }) => status === "Active"));
  if (younger === undefined) {
    const before = reader === "Terraform" ? "apply, if the state has no key" : undefined;
    return [{ rule: "no-key", values: { before, command: giving ?? "" } }];
  }
  const found: RotateFound[] = [];
  const values = { key: younger.id, created: timeText(createdOf(younger)) };
  const until = reader === "Terraform" ? undefined : dueAt(younger, maxAge);
  if (older !== undefined && isFormer(older, younger, now)) {
    const command = deactivate(older.id);
    found.push({
      rule: "end-by-person",
      values: { ...values, other: older.id, command, ...useOf(older) },
    });
  }
  if (older !== undefined && areBothUsed(older, younger, now)) {
    found.push({
      rule: "both-used",
      values: { key: younger.id, other: older.id, ...useOf(younger) },
    });
  }
  const late = lateFindings(situation);
  if (late.length > 0) {
    return [...found, ...late];
  }
  found.push(
    until !== undefined && now >= until
      ? { rule: "due-unread", values }
      : { rule: "nothing-due-unread", values: { ...values, until: until && timeText(until) } },
  );
  return found;
}

/** For longer than a rotation takes, or in another order: one of them may be somebody else's. */
const areBothUsed = (older: IamKey, younger: IamKey, now: Date): boolean =>
  isInUse(older, now) &&
  isUsed(younger) &&
  (!isInUse(younger, now) || ageInDays(younger, now) > WAIT_DAYS);

/** When the rotation of a key begins. */
export const dueAt = (key: IamKey, maxAge: number): Date => after(createdOf(key), maxAge);

const lastOf = (key: IamKey): Date => key.lastUsed?.at ?? createdOf(key);

/** The run itself calls STS with a new key, so that such a use proves nothing. */
const isUsedSince = ({ lastUsed }: IamKey, time: Date): boolean =>
  lastUsed !== undefined && lastUsed.service !== "sts" && lastUsed.at > time;

const isFormer = (former: IamKey, own: IamKey, now: Date): boolean =>
  now >= after(lastOf(former), WAIT_DAYS) && isUsedSince(own, lastOf(former));

/** "none" if the user has room; the key that makes some; undefined if no key may be deleted. */
function roomFor({ keys, dkpKey, now, ...asked }: Situation): "none" | IamKey | undefined {
  if (keys.length < 2) {
    return "none";
  }
  const isByPerson = asked.isWanted || asked.isAnswered;
  const age = isByPerson ? GIVING : UNUSED_DAYS * DAY;
  const isUnneeded = (key: IamKey) => !isUsed(key) && +now - +createdOf(key) >= age;
  return (
    keys.find(({ id, status }) => id !== dkpKey && status !== "Active") ??
    keys.find((key) => key.id !== dkpKey && isUnneeded(key)) ??
    // DKP's own one, which does not work.
    keys.find(({ status }) => status !== "Active")
  );
}

const replacing = (room: "none" | IamKey): NonNullable<Step["action"]> =>
  room === "none" ? { do: "replace" } : { do: "replace", id: room.id };

/**
 * Whether something has used a key, besides the checks of the run that created it. A use by STS
 * proves no use by DKP, and forbids to end a key.
 */
export function isUsed(key: IamKey): boolean {
  const { lastUsed } = key;
  return (
    lastUsed !== undefined &&
    !(lastUsed.service === "sts" && +lastUsed.at - +createdOf(key) <= RUN_LIMIT)
  );
}

/** The last use of a key, for sentences. */
export function useOf({ lastUsed }: IamKey): { readonly use: string } {
  return {
    use:
      lastUsed === undefined
        ? "never used"
        : `last used ${timeText(lastUsed.at)} by ${lastUsed.service} in ${lastUsed.region}`,
  };
}

const after = (time: Date, days: number): Date => new Date(+time + days * DAY);
