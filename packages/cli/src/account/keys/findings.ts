import type { Deployment } from "../../../../../src/settings/deployment";
import type { Finding, Found } from "../../findings/finding";
import { keyCommands } from "../../iam/leaked-key";
import { dkpAccess, page } from "../../text/advice";
import { dkpKeyFindings, otherCluster } from "../dkp-key";
import { ageInDays } from "../key-times";
import {
  findingsOf,
  nextStep,
  overdueFindings,
  type RotateFound,
  rotatingOf,
  unreadFindings,
} from "../rotate/next-step";
import { mismatches } from "../state-match";
import type { KeyRules } from "./key-rules";
import { type KeySituation, keysElsewhere, terraformKeyOf } from "./situation";

type KeyFound = Found<KeyRules>;

/** Where state, IAM and cluster differ, and what `rotate` does next. */
export function keyFindings(situation: KeySituation): readonly Finding<KeyRules>[] {
  const { stack } = situation.settings;
  const mismatch = mismatchFindings(situation);
  const found =
    mismatch.length > 0
      ? mismatch
      : [...readingFindings(situation), ...stateFindings(situation), ...userFindings(situation)];
  return found.map((each) => ({ ...each, stack }));
}

/** If these do not belong together, nothing else about the keys is reliable. */
function mismatchFindings({ settings, state, iam, cluster }: KeySituation): readonly KeyFound[] {
  const inState = "value" in state ? state.value.user : undefined;
  const { user, stateAccount, settingsAccount } = mismatches(settings, inState, iam.account);
  const { account = "" } = iam;
  const found: KeyFound[] = [];
  if (user !== undefined) {
    const values = { settings: settings.user.name, state: user };
    found.push({ rule: "key-user-differs", field: "user.name", values });
  }
  const accounts = [
    ["the user in the state is of account", stateAccount],
    ["accountId is", settingsAccount],
  ] as const;
  for (const [of, expected] of accounts) {
    if (expected !== undefined) {
      found.push({ rule: "key-account-differs", values: { of, expected, account } });
    }
  }
  const dkpKey = cluster?.configuration.keyId;
  const owner = dkpKey === undefined ? undefined : iam.owners.get(dkpKey);
  return [...found, ...otherCluster(settings, { cluster, dkpKey, owner })];
}

function readingFindings({ settings, state, iam }: KeySituation): readonly KeyFound[] {
  const found: KeyFound[] = [];
  if ("unread" in state) {
    const command = dkpAccess("plan", settings.stack);
    found.push({ rule: "key-unread", field: "backend", values: { unread: state.unread, command } });
  }
  if (iam.unread !== undefined) {
    found.push({ rule: "key-unread", values: { unread: iam.unread } });
  }
  return found;
}

function stateFindings(situation: KeySituation): readonly KeyFound[] {
  const { settings, iam } = situation;
  const { name } = settings.user;
  if (!iam.exists) {
    return [{ rule: "key-user-absent", field: "user.name", values: { user: name } }];
  }
  const key = terraformKeyOf(situation)?.id;
  if (key === undefined || iam.keys.some(({ id }) => id === key)) {
    return [];
  }
  const owner = iam.owners.get(key);
  return owner === undefined
    ? [{ rule: "key-deleted", values: { key } }]
    : [{ rule: "key-of-other-user", values: { key, owner } }];
}

function userFindings(situation: KeySituation): readonly KeyFound[] {
  const { settings, iam, cluster } = situation;
  const { region, user, accessKeys } = settings;
  const { managedBy, maxAge: limit } = accessKeys;
  const dkpKey = cluster?.configuration.keyId;
  const { deleteKey } = keyCommands(user.name, region);
  const found: KeyFound[] = [...rotateFindings(situation)];
  for (const key of iam.keys) {
    const { id, status } = key;
    const days = Math.floor(ageInDays(key, iam.now));
    if (managedBy !== "rotate" && status === "Active" && days >= limit) {
      const how =
        managedBy === "terraform" ? page("rotate", "if-terraform-manages-the-key-now") : "";
      found.push({
        rule: "key-old",
        field: "accessKeys.maxAge",
        values: { key: id, days, limit, page: how },
      });
    }
    if (managedBy === "none" && isOfNobody(id, situation)) {
      found.push({ rule: "key-of-nobody", values: { key: id } });
    }
    if (status !== "Active" && id !== dkpKey) {
      found.push({ rule: "key-inactive", values: { key: id, command: deleteKey(id) } });
    }
  }
  return found;
}

/** It is known only where the state and the cluster were read. */
export const isOfNobody = (id: string, { state, cluster }: KeySituation): boolean =>
  cluster !== undefined && "value" in state && !keysElsewhere(state, cluster).includes(id);

/** Whether DKP's key works, and what `rotate` does next, as it says itself. */
function rotateFindings({ settings, state, iam, cluster }: KeySituation): readonly KeyFound[] {
  const { managedBy } = settings.accessKeys;
  const { keys, exists, now } = iam;
  const rotating = { ...rotatingOf(settings, cluster?.isOfCommander === true), keys, now };
  const isAsked = managedBy !== "none" && exists && iam.unread === undefined;
  if (cluster === undefined) {
    const found = isAsked ? unreadFindings(rotating) : [];
    // Of Terraform's key, `rotate` only ends the former one.
    const isDone = ({ rule }: RotateFound) => managedBy === "rotate" || rule === "end-by-person";
    return found.filter(isDone).map((each) => ofStack(each, settings));
  }
  const dkpKey = cluster.configuration.keyId;
  const current = "value" in state ? state.value.current : undefined;
  const dead = dkpKeyFindings({ settings, cluster, dkpKey, keys, exists, current });
  if (dead.length > 0 || !isAsked) {
    return dead;
  }
  const { lastWrite } = cluster;
  const situation = { ...rotating, dkpKey, lastWrite, isWanted: false, isAnswered: false };
  const step = nextStep(situation);
  // A run that gives another key does not say that it is late.
  const overdue = step.action?.do === "replace" ? overdueFindings(situation) : [];
  return (
    [...overdue, ...findingsOf(situation, step)]
      // Each Inactive key has a finding of its own.
      .filter(({ rule }) => rule !== "former-inactive")
      .map((each) => ofStack(each, settings))
  );
}

const ofStack = (found: RotateFound, { stack }: Deployment): KeyFound =>
  ({ ...found, values: { ...found.values, stack } }) as KeyFound;
