import { otherSlot } from "../../../iam/key-slots";
import { visible } from "../../../text/printable";
import { dkpAccess, recovery } from "../../text/advice";
import type { IamKey } from "../aws/iam-reader";
import { keyText } from "./findings";
import type { IamUser, KeySituation } from "./situation";

/** What is known of leaked keys: the state and the cluster where they can be read. */
export interface LeakedKeys extends Pick<KeySituation, "settings" | "cluster"> {
  readonly ids: readonly string[];
  readonly iam: IamUser;
  /** Undefined if it cannot be read. */
  readonly state: KeySituation["state"] | undefined;
  /** What could not be read, with the reason. */
  readonly notRead: readonly string[];
}

/** The user that has a key; undefined: none is known. */
export const ownerOf = (
  id: string,
  { iam, settings }: Pick<LeakedKeys, "iam" | "settings">,
): string | undefined =>
  iam.keys.some((key) => key.id === id) ? settings.user.name : iam.owners[id];

/** What can be seen of leaked keys, before the steps. */
export function leakText(leaked: LeakedKeys): string {
  const { settings, ids, iam, notRead, cluster } = leaked;
  const others = iam.keys.filter(({ id }) => !ids.includes(id));
  const context = cluster?.context ?? "";
  const lines = [
    `${settings.stack}: response to a leak, for account ${iam.account ?? "(not read)"}; this command changes nothing`,
    ...ids.flatMap((id) => leakedLines(id, leaked)),
    cluster === undefined
      ? "which key DKP has: providerAccessKeyId in d8 system get provider-cluster-configuration, or --cluster"
      : `DKP has ${cluster.configuration.keyId} in ${context}`,
    ...others.map((key) => otherKeyText(key, leaked)),
    ...(iam.quarantine === undefined
      ? []
      : [
          `AWS has quarantined the user (${iam.quarantine}), which denies another key too: ${recovery("quarantine")}`,
        ]),
    ...notRead.map((reason) => `not read: ${reason}`),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}

function leakedLines(id: string, leaked: LeakedKeys): readonly string[] {
  const { state, iam, settings } = leaked;
  const inIam = iam.keys.find((key) => key.id === id);
  const owner = ownerOf(id, leaked);
  const parts = [inIam === undefined ? id : keyText(inIam)];
  parts.push(owner === undefined ? "no user is known to have it" : `a key of the user ${owner}`);
  const slot = state?.keys.find((key) => key.id === id)?.slot;
  if (slot === undefined) {
    return [`leaked: ${parts.join(", ")}`];
  }
  const isCurrent = id === state?.exposed.id;
  parts.push(`in the slot ${slot}`, isCurrent ? "the current key" : "not the current key");
  const { accessKeys } = settings;
  const isAbsent = accessKeys === "none" || accessKeys[slot].status === "absent";
  return isCurrent || isAbsent
    ? [`leaked: ${parts.join(", ")}`]
    : [
        `leaked: ${parts.join(", ")}`,
        `in step 4, set accessKeys.${slot}.status: absent, and current: ${otherSlot(slot)}, before you apply`,
      ];
}

/** Another key of the user, which an attacker can have created with the leaked one. */
function otherKeyText(key: IamKey, { settings, state, ids }: LeakedKeys): string {
  const slot = state?.keys.find(({ id }) => id === key.id)?.slot;
  const where = slot === undefined ? "" : `, in the slot ${slot}`;
  const all = [...ids, key.id].flatMap((id) => ["--leaked", id]);
  return `the user also has ${keyText(key)}${where}; if nobody created it for a deployment or a program, it is the attacker's, so run ${dkpAccess("keys", settings.stack, ...all)}`;
}
