import { visible } from "../../../text/printable";
import { type Finding, textOf } from "../../findings/finding";
import { GUIDES, leakCommands, SESSION_HOURS } from "../../iam/leaked-key";
import { dkpAccess, recovery } from "../../text/advice";
import type { IamKey } from "../aws/iam-reader";
import { type Action, actionText, type Context, editText } from "./actions";
import type { Change } from "./edit-yaml";
import { keyText, mismatchFindings, unverifiableFindings } from "./findings";
import { KEY_RULES, type KeyRules } from "./key-rules";
import { nextStep, type Step, step } from "./next-step";
import { findingLines, ownerText, stepText } from "./report";
import { canHandOver, exposedSlot, type KeySituation, MAX_KEYS, withoutKeys } from "./situation";

/** What ends the leaked keys, and what comes next once they are deleted. */
interface LeakResponse {
  readonly ids: readonly string[];
  readonly contain: { readonly edits: readonly Change[]; readonly actions: readonly Action[] };
  readonly after: Step;
  /** Why nothing comes after it. */
  readonly unverifiable: readonly Finding<KeyRules>[];
}

/**
 * The response to leaked keys: they are deactivated and deleted, so that no apply can activate them again, and the deployment goes on
 * as after any other deletion outside Terraform.
 * @param named the leaked keys. @default the key that the outputs expose, unless the user has another Active one, which DKP may have
 * @throws Error if settings, state and credentials do not belong together, or it is unknown which key leaked
 */
export function leakResponse(situation: KeySituation, named: readonly string[]): LeakResponse {
  const { settings, iam, state } = situation;
  const [mismatch] = mismatchFindings(situation);
  if (mismatch !== undefined) {
    throw new Error(`${settings.stack}: ${textOf<KeyRules>(KEY_RULES, mismatch)}`);
  }
  const { id: exposed } = state.exposed;
  const isAlone = iam.keys.every(({ id, status }) => id === exposed || status !== "Active");
  const byDefault = exposed === undefined || !isAlone ? [] : [exposed];
  const ids = [...new Set(named.length > 0 ? named : byDefault)];
  if (ids.length === 0) {
    const known = iam.keys.map(({ id }) => id).join(" or ");
    throw new Error(
      `${settings.stack}: the state does not show which key DKP has; name the leaked one: --key ${known === "" ? "ID" : known}`,
    );
  }
  const left = withoutKeys(situation, ids);
  const isImported = settings.import?.accessKeyId !== left.settings.import?.accessKeyId;
  const isInactive = (id: string) => iam.keys.some((key) => key.id === id && key.status !== "Active");
  const after = afterLeak(left);
  return {
    ids,
    contain: {
      edits: isImported ? [{ setting: "import.accessKeyId", value: undefined }] : [],
      actions: [
        // Also keys that IAM does not list: it may list them later.
        ...ids.filter((id) => !isInactive(id)).map((key): Action => ({ do: "deactivate", key, user: iam.owners[key] })),
        ...ids.map((key): Action => ({ do: "delete", key, user: iam.owners[key] })),
      ],
    },
    after,
    // What could not be read seems to be absent.
    unverifiable: after.why === "unverifiable" ? unverifiableFindings(left) : [],
  };
}

/** Whether one of the keys may exist where these credentials do not see it. */
export const isUnknown = ({ iam }: KeySituation, { ids }: LeakResponse): boolean =>
  ids.some((id) => iam.keys.every((key) => key.id !== id) && iam.owners[id] === undefined);

/** The next step where DKP may have had a leaked key: nothing to do otherwise, DKP gets the exposed key, or a new one. */
function afterLeak(left: KeySituation): Step {
  const next = nextStep(left);
  // Whether DKP has a key that is left outside Terraform, nothing shows.
  const isOutside = left.settings.accessKeys === "none" && ["none", "apply", "none-early"].includes(next.why);
  if (isOutside && left.iam.exists && left.iam.keys.length < MAX_KEYS) {
    return step("none-create", { actions: [{ do: "create-key" }] });
  }
  const exposed = exposedSlot(left);
  if (next.why === "revert" && exposed !== undefined && canHandOver(exposed)) {
    return { ...next, actions: [...next.actions, { do: "hand-over" }] };
  }
  if (next.why !== "done" || exposed === undefined) {
    return next;
  }
  return canHandOver(exposed)
    ? step("hand-over", { key: exposed.inIam?.id, actions: [{ do: "hand-over" }] })
    : { ...next, why: "create" };
}

/** Another key of the user, which an attacker can have created with the leaked one. */
function otherKeyText(key: IamKey, { settings, state }: KeySituation, leaked: readonly string[]): string {
  const slot = state.keys.find(({ id }) => id === key.id)?.slot;
  const where = slot === undefined ? "which the state does not have" : `in the slot ${slot}`;
  const repeat = dkpAccess("keys", "--leaked", settings.stack, "--key", ...leaked, key.id);
  return `the user also has ${keyText(key)}, ${where}; if nobody created ${key.id} for a deployment or a program, it is the attacker's, so run ${repeat}`;
}

/** The response as text: steps in their order, as settings and commands. Lines to type are indented by four spaces. */
export function leakText(situation: KeySituation, response: LeakResponse, context: Context): string {
  const { settings, iam, state } = situation;
  const { contain, after, ids, unverifiable } = response;
  const users = [...new Set(ids.map((id) => iam.owners[id] ?? settings.user.name))];
  const ofUsers = users.map((user) => leakCommands(user, context.region));
  const [deactivate, deletion] = (["deactivate", "delete"] as const).map((kind) =>
    contain.actions.filter((action) => action.do === kind).map((action) => actionText(action, context)),
  );
  const command = (line: string) => `    ${line}`;
  const describe = (id: string) => {
    const inIam = iam.keys.find((key) => key.id === id);
    const exposed = id === state.exposed.id ? ", exposed by the outputs" : "";
    const owner = iam.owners[id];
    const where = owner === undefined ? "no user is known to have it" : `the user ${owner} has it`;
    return `leaked: ${inIam === undefined ? `${id} (${where})` : keyText(inIam)}${exposed}`;
  };
  const [why = "", ...rest] = stepText(after, context);
  const others = iam.keys.filter(({ id }) => !ids.includes(id)).map((key) => otherKeyText(key, situation, ids));
  const lines = [
    `${settings.stack}: response to a leaked key of ${ownerText(situation)}; this command changes nothing`,
    ...ids.map(describe),
    ...situation.unread.map((reason) => `not read: ${reason}`),
    ...unverifiable.flatMap((finding) => findingLines(finding)),
    ...others,
    "if DKP has a leaked key, it cannot call AWS from step 1 until it has another one; the instances of the cluster keep running",
    ...(settings.accessKeys === "none"
      ? []
      : ["until step 3 is done, let no pipeline apply: an apply would activate the key again"]),
    `AWS may attach the policy AWSCompromisedKeyQuarantine... to the user, which denies the other key too: ${recovery("quarantine")}`,
    "",
    "1. Deactivate the key",
    ...(deactivate ?? []).map(command),
    "",
    `2. Deny its sessions, which remain valid for up to ${SESSION_HOURS} hours; run both lines again after five minutes, when all of AWS knows of step 1`,
    ...ofUsers.flatMap(({ denySessions }) => denySessions).map(command),
    "",
    "3. Delete the key, so that no apply can activate it again; its ID remains in CloudTrail",
    ...contain.edits.map((edit) => `   ${context.file}: ${editText(edit)}`),
    ...(deletion ?? []).map(command),
    "",
    `4. Give DKP a key that has not leaked: ${why}`,
    ...rest.map((line) => ` ${line}`),
    `   then ${dkpAccess("keys", settings.stack)}, until there is nothing left to do`,
    "",
    "5. Find and remove the objects that the attacker created, because they work without the key",
    ...GUIDES.map(([what, url]) => `   ${what}: ${url}`),
    `   ${dkpAccess("drift", settings.stack)}: objects that Terraform does not manage`,
    "",
    `6. ${SESSION_HOURS} hours after step 2, remove the Deny, because Terraform cannot delete a user with an inline policy`,
    ...ofUsers.map(({ removeDenial }) => command(removeDenial)),
  ];
  return lines.map((line) => `${visible(line)}\n`).join("");
}
