import type { Finding, Found } from "../../findings/finding";
import { keyCommands } from "../../iam/leaked-key";
import { dkpAccess } from "../../text/advice";
import { keyAnswer, otherCluster } from "../dkp-key";
import { mismatchFindings } from "../state-match";
import type { KeyRules } from "./key-rules";
import { type KeySituation, keysElsewhere, terraformKeyOf } from "./situation";

type KeyFound = Found<KeyRules>;

/** Where state, IAM and cluster differ, and what `rotate` does next. */
export function keyFindings(situation: KeySituation): readonly Finding<KeyRules>[] {
  const { stack } = situation.settings;
  const mismatch = unlikeFindings(situation);
  const found =
    mismatch.length > 0
      ? mismatch
      : [...readingFindings(situation), ...stateFindings(situation), ...userFindings(situation)];
  return found.map((each) => ({ ...each, stack }));
}

/** If these do not belong together, nothing else about the keys is reliable. */
function unlikeFindings({ settings, state, iam, cluster }: KeySituation): readonly KeyFound[] {
  const inState = "value" in state ? state.value.user : undefined;
  return [
    ...mismatchFindings(settings, inState, iam.account),
    ...(cluster === undefined ? [] : otherCluster(settings, cluster, iam.owner)),
  ];
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
  return iam.terraformOwner === undefined
    ? [{ rule: "key-deleted", values: { key } }]
    : [{ rule: "key-of-other-user", values: { key, owner: iam.terraformOwner } }];
}

/** Each Inactive key, and what `rotate` says of the others. */
function userFindings(situation: KeySituation): readonly KeyFound[] {
  const { settings, state, iam, cluster } = situation;
  const { managedBy } = settings.accessKeys;
  const { deleteKey } = keyCommands(settings.user.name, settings.region);
  const terraformKey = terraformKeyOf(situation)?.id;
  const managed = "value" in state ? [terraformKey].filter((id) => id !== undefined) : undefined;
  const answer = keyAnswer({ settings, cluster, managed, ...iam }).filter(
    // An Inactive key is named below, and of Terraform's key, `rotate` only ends the former one.
    ({ rule }) =>
      rule !== "former-inactive" && !(managedBy === "terraform" && rule === "nothing-due-unread"),
  );
  const inactive = iam.keys.filter(
    ({ id, status }) => status !== "Active" && id !== cluster?.configuration.keyId,
  );
  return [
    ...answer,
    ...inactive.map(
      ({ id }): KeyFound => ({ rule: "key-inactive", values: { key: id, command: deleteKey(id) } }),
    ),
  ];
}

/** It is known only where the state and the cluster were read. */
export const isOfNobody = (id: string, { state, cluster }: KeySituation): boolean =>
  cluster !== undefined && "value" in state && !keysElsewhere(state, cluster).includes(id);
