import { otherSlot } from "../../../iam/key-slots";
import { visible } from "../../../text/printable";
import { dkpAccess, recovery } from "../../text/advice";
import { keyText } from "./findings";
import type { IamUser, KeySituation } from "./situation";

export interface LeakedKeys extends Pick<KeySituation, "settings" | "cluster"> {
  readonly ids: readonly string[];
  readonly iam: IamUser;
  readonly state: KeySituation["state"] | undefined;
  readonly notRead: readonly string[];
}

/** The user that has a key, if one is known. */
export const ownerOf = (id: string, { iam, settings }: LeakedKeys): string | undefined =>
  iam.keys.some((key) => key.id === id) ? settings.user.name : iam.owners[id];

/** What can be seen of leaked keys, before the steps. */
export function leakText(leaked: LeakedKeys): string {
  const { settings, state, ids, iam, notRead, cluster } = leaked;
  const { accessKeys, stack } = settings;
  const slotOf = (id: string) => state?.keys.find((key) => key.id === id)?.slot;
  const lines = [
    `${stack}: response to a leak in the account ${iam.account ?? "(not read)"}. ` +
      "This command changes nothing; it prints the steps",
  ];
  for (const id of ids) {
    const inIam = iam.keys.find((key) => key.id === id);
    const owner = ownerOf(id, leaked);
    const parts = [inIam ? keyText(inIam) : id];
    parts.push(owner === undefined ? "no user is known to have it" : `a key of the user ${owner}`);
    const slot = slotOf(id);
    const isCurrent = id === state?.current.id;
    if (slot !== undefined) {
      parts.push(`${isCurrent ? "the current key " : ""}in the slot ${slot}`);
    }
    lines.push(`leaked: ${parts.join(", ")}`);
    const isSet = slot && accessKeys !== "none" && accessKeys[slot].status !== "absent";
    if (isSet && !isCurrent) {
      const other = otherSlot(slot);
      const current = accessKeys.current === other ? "" : ` and accessKeys.current: ${other}`;
      lines.push(
        "it is not the current key: in step 4, " +
          `set accessKeys.${slot}.status: absent${current} before you apply`,
      );
    }
  }
  lines.push(
    cluster === undefined
      ? "to see which key DKP has, add --cluster"
      : `DKP has ${cluster.configuration.keyId} in ${cluster.context}`,
  );
  // An attacker can have created them with the leaked one.
  for (const key of iam.keys.filter(({ id }) => !ids.includes(id))) {
    const slot = slotOf(key.id);
    const inSlot = slot ? `, in the slot ${slot}` : "";
    const all = [...ids, key.id].flatMap((id) => ["--leaked", id]);
    lines.push(
      `the user also has ${keyText(key)}${inSlot}. ` +
        `If none of you created it, run ${dkpAccess("keys", stack, ...all)}`,
    );
  }
  if (iam.quarantine !== undefined) {
    lines.push(
      `AWS has attached ${iam.quarantine}, which denies another key too: ${recovery("quarantine")}`,
    );
  }
  lines.push(...notRead.map((reason) => `not read: ${reason}`));
  return lines.map((line) => `${visible(line)}\n`).join("");
}
