import { attention, note, unverifiable } from "../../findings/finding";
import { dkpAccess } from "../../text/command";
import { page, recovery } from "../../text/recovery";
import { shellWord } from "../../text/shell";
import { type Effect, type Hazard, MAX_KEYS, RECENT_HOURS } from "./situation";

interface InSlot {
  readonly slot: string;
  readonly key: string;
}

interface EffectValues extends InSlot {
  readonly verb: Effect["verb"];
  readonly hazard: Hazard;
  /** The slot and the key that the outputs expose. */
  readonly exposed: string;
}

/** What an effect does, as a text that continues "the next apply". */
const EFFECT_TEXTS: Readonly<Record<Effect["verb"], (values: InSlot & { readonly exposed: string }) => string>> = {
  create: ({ slot }) => `creates a key in ${slot}`,
  delete: ({ slot, key }) => `deletes ${key} (${slot})`,
  forget: ({ slot, key }) => `removes ${key} (${slot}) from the state; IAM does not have it`,
  activate: ({ slot, key }) => `activates ${key} (${slot})`,
  deactivate: ({ slot, key }) => `deactivates ${key} (${slot})`,
  import: ({ slot, key }) => `imports ${key} into ${slot}`,
  replace: ({ slot, key }) => `replaces ${key} (${slot}), because its pgpKey is another one or it is tainted`,
  expose: ({ slot, key, exposed }) => `switches the outputs from ${exposed} to ${key === "" ? "a new key" : key} (${slot})`,
};

export const effectText = ({ verb, ...values }: Pick<EffectValues, "verb" | "exposed"> & InSlot) => EFFECT_TEXTS[verb](values);

const HAZARD_TEXTS: Readonly<Record<Hazard, string>> = {
  "fails: IAM allows two keys": `which fails: IAM allows a user ${MAX_KEYS} keys (LimitExceeded)`,
  "fails: Terraform would replace the key": "and prevent_destroy makes the plan fail; without protect, DKP loses its key",
  "creates a key in plaintext next to an encrypted one":
    "with its secret in plaintext, although that of the exposed key is encrypted; set pgpKey of the slot, or the slot to absent",
  "fails: there is no such key to import": "which fails: IAM does not have it, or another slot has it",
  "activates a key that was deactivated": `which was deactivated, perhaps because it leaked: if it leaked, do not apply these settings, and run keys --leaked (${page("keys", "when-a-key-has-leaked")})`,
  "deactivates or deletes a key that DKP may be using": `which DKP may be using: it was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time; do not apply these settings`,
  "exposes a key whose secret cannot be handed over":
    "whose secret is not in the state, or which is not Active; do not apply these settings",
};

const ERRORED_STATE_TEXTS = {
  newer:
    "has the state of an apply that Terraform could not write, and the secret of its keys: write it before another apply; if the state is locked, run force-unlock, and push again",
  older: "is older than the state, because another apply has written it since; delete the file, which contains secrets",
  unrelated:
    "has another lineage: it is the state of another deployment, backend or workspace, and Terraform rejects a push; find out whose it is, it can contain the only secret of a key",
} as const;

/** Minutes in the largest unit of which there are at least two. */
function duration(minutes: number): string {
  const [unit, size] = (
    [
      ["days", 1440],
      ["hours", 60],
    ] as const
  ).find(([, size]) => minutes >= 2 * size) ?? ["minutes", 1];
  return `${Math.round(minutes / size)} ${unit}`;
}

/** What `keys` reports about the keys of a deployment. */
export const KEY_RULES = {
  "key-user-differs": attention(
    ({ settings, state, folder }: { readonly settings: string; readonly state: string; readonly folder: string }) =>
      `the settings have the user "${settings}", and the state has "${state}": it is the state of another workspace, or user.name was changed, and the next apply would delete the keys; do not apply; check the backend and the workspace that is selected in ${shellWord(folder)}, or set user.name: "${state}"`,
  ),
  "key-account-differs": attention(
    ({ expected, of, account }: { readonly expected: string; readonly of: string; readonly account: string }) =>
      `${of} ${expected}, and the credentials to account ${account}: use credentials of ${expected}, or check the backend; do not apply`,
  ),
  "key-clock": attention(
    ({ minutes }: { readonly minutes: number }) =>
      `the clock of this computer is ${duration(Math.abs(minutes))} ${minutes > 0 ? "ahead of" : "behind"} the time that AWS reports; correct it. Times here are those of AWS`,
  ),
  "key-errored-state": attention(
    ({ folder, state }: { readonly folder: string; readonly state: "newer" | "older" | "unrelated" }) =>
      `${folder}/errored.tfstate ${ERRORED_STATE_TEXTS[state]} (${recovery("errored-state")})`,
  ),
  "key-not-listed": attention(
    ({ slot, key }: InSlot) =>
      `${slot}: IAM does not list ${key} yet, which was created minutes ago; do not apply, and run this command again in a minute`,
  ),
  "key-state-lost": attention(
    ({ user, keys }: { readonly user: string; readonly keys: string }) =>
      `the state has no user, and IAM has the user ${user}${keys === "" ? "" : ` with ${keys}`}: it was created outside Terraform (${page("import")}), it belongs to another deployment, the state was lost or is that of another workspace, or the first apply failed; do not apply these settings, and do not delete or deactivate a key; see ${recovery("lost-state")}`,
  ),
  "key-object-lost": attention(
    ({ kind, name, known }: { readonly kind: string; readonly name: string; readonly known: boolean }) =>
      `the state does not have the ${kind} ${name}, and IAM has it${known ? "" : "; whether it is this deployment's is unknown"}: the state was partly lost, a run ended before it wrote the state, or the object was created outside Terraform; the next apply would fail; see ${recovery("half-made")}`,
  ),
  "key-object-of-another": attention(
    ({
      kind,
      name,
      field,
      by,
    }: {
      readonly kind: string;
      readonly name: string;
      readonly field: string;
      readonly by: readonly string[];
    }) =>
      `the ${kind} ${name} belongs to another deployment (used by ${by.join(", ")}): choose another ${field}; the next apply would fail, and an import would take it from its owner`,
  ),
  "key-import-missing": attention(
    ({ field }: { readonly field: string }) =>
      `${field}: true, and IAM does not have it: the plan fails (Cannot import non-existent remote object)`,
  ),
  "key-permissions-lost": attention(
    ({ address, lost }: { readonly address: string; readonly lost: string }) =>
      `DKP lacks permissions: ${lost} (${address}); an apply restores it; see ${recovery("manual-changes")}`,
  ),
  "key-permissions-unread": unverifiable(
    ({ unread }: { readonly unread: readonly string[] }) => `whether DKP has its permissions is unknown: ${unread.join("; ")}`,
  ),
  "key-exposed-lost": attention(
    ({ slot, key }: InSlot) =>
      `the outputs expose ${key} (${slot}), and the state does not have it: it was partly lost or edited; do not apply these settings; see ${recovery("old-state")}`,
  ),
  "key-unmanaged": attention(
    ({
      key,
      recent,
      id,
      stack,
    }: {
      readonly key: string;
      readonly recent: boolean;
      readonly id: string;
      readonly stack: string;
    }) =>
      recent
        ? `${key} is in IAM and not in the state, and DKP may have it. If nobody in your team created it, it is an attacker's: ${dkpAccess("keys", "--leaked", stack, "--key", id)}. Otherwise it was created outside Terraform, by an apply that failed, or by another deployment with the same user.name, or the state is older than the account: do not delete or deactivate it; see ${recovery("unmanaged-key")}`
        : `${key} is in IAM and not in the state: created outside Terraform, left by a failed apply, or of another deployment with the same user.name; AWS reports no use in the last ${RECENT_HOURS} hours; see ${recovery("unmanaged-key")}`,
  ),
  "key-tainted": attention(
    ({ address, lost }: { readonly address: string; readonly lost: boolean }) =>
      `${address} is tainted: an apply failed after creating it, and the next one would replace it, which deletes the existing one or fails${lost ? "; the state does not have its secret, so rotate to the other slot afterwards" : ""}; see ${recovery("tainted")}`,
  ),
  "key-breaking": attention((values: EffectValues) => `the next apply ${effectText(values)}, ${HAZARD_TEXTS[values.hazard]}`),
  "key-current-differs": attention(
    (values: Omit<EffectValues, "hazard">) => `the settings select ${values.slot}: the next apply ${effectText(values)}`,
  ),
  "key-user-deleted": attention(
    ({ user }: { readonly user: string }) =>
      `IAM has no user ${user}, and the state has it: the user was deleted or renamed outside Terraform. DKP has no working key until the next apply has created user and key again, and DKP has the new key; see ${recovery("deleted-key")}`,
  ),
  "key-exposed-deleted": attention(
    ({ slot, key, isNone }: InSlot & { readonly isNone: boolean }) =>
      `${slot}: ${key}, which the outputs expose, does not exist in IAM: it was deleted outside Terraform. ${isNone ? "With accessKeys: none, the next apply creates no other key: DKP needs one that is created outside Terraform" : "DKP has no working key until it has another one, which the next step names"}; see ${recovery("deleted-key")}`,
  ),
  "key-deleted": attention(
    ({ slot, key }: InSlot) =>
      `${slot}: ${key} does not exist in IAM: it was deleted outside Terraform, and the next apply would create another key instead`,
  ),
  "key-no-outputs": attention(() => "the state has keys and no output access_key_id, so it does not show which key DKP has"),
  "key-old": attention(
    ({ slot, days, limit }: { readonly slot: string; readonly days: number; readonly limit: number }) =>
      `${slot}: the key is ${days} days old; rotate before it is ${limit}`,
  ),
  "pgp-key-expires": attention(({ slot, days }: { readonly slot: string; readonly days: number }) =>
    days < 0
      ? `${slot}: its OpenPGP key has expired; Terraform cannot create a key with it`
      : `${slot}: its OpenPGP key expires in ${days} days; rotate to a new one`,
  ),
  "key-import-ignored": attention(
    ({ key, primary }: { readonly key: string; readonly primary: string }) =>
      `import.accessKeyId: ${key} is not imported: the primary slot has ${primary} already; remove import.accessKeyId`,
  ),
  "key-external": note(
    ({ key, id, stack }: { readonly key: string; readonly id: string; readonly stack: string }) =>
      `${key} is managed outside Terraform, as accessKeys: none requires; rotate it yourself. If nobody in your team created it, it is an attacker's: ${dkpAccess("keys", "--leaked", stack, "--key", id)}`,
  ),
  "key-none-active": attention(
    ({ user }: { readonly user: string }) =>
      `accessKeys is none, and the user ${user} has no Active key: DKP cannot call AWS until a key is created outside Terraform`,
  ),
  "key-unused": note(
    ({ slot, key, known }: InSlot & { readonly known: boolean }) =>
      `${slot}: AWS reports no use of ${key} in the last ${RECENT_HOURS} hours${known ? "; check that DKP has it" : "; its secret is not in the state, so that only a new key can be given to DKP"}`,
  ),
};

export type KeyRules = typeof KEY_RULES;

/** Why a step comes next. `KEY` stands for the key that it is about. */
export const WHY = {
  unreachable: "make state and keys readable; nothing else shows which key DKP has, and what an apply does",
  mismatch: "check which settings, state and credentials belong together; the keys were not checked",
  "errored-state": "write the state that Terraform could not write",
  "errored-state-older": "delete the file with the older state",
  "errored-state-unrelated": "move errored.tfstate, the state of something else, out of the folder",
  unlisted: "wait until IAM lists the new key",
  tainted: "untaint the resource, and only then apply",
  deactivated: "KEY is Inactive in IAM and Active in the settings. If nobody deactivated it because of a leak, activate it again",
  "another-name": "choose another name: an import would take the object from its owner",
  stale: "forget the former object, and import the one that IAM has",
  lost: "import what exists",
  "import-key":
    "import what exists, with the key that DKP has. Without import.accessKeyId, the apply creates a new key, which DKP must get",
  objects: "import what the state does not have",
  permissions: "restore the permissions of DKP; check the change summary of plan first",
  "key-lost": "switch to another key: the secret of KEY is lost to Terraform, and DKP can use it until it has the other key",
  revert: "change the settings to what is deployed; make the change again once the error above is gone",
  "revert-none": "change the settings to what is deployed: DKP may be using the key that the apply would delete",
  "none-way":
    "on the way to accessKeys: none, while the user has one key: create another one outside Terraform, and give it to DKP; then accessKeys: none again",
  "none-create": "create a key outside Terraform, as accessKeys: none requires",
  "none-apply": "look up which key DKP has: providerAccessKeyId in d8 system edit provider-cluster-configuration",
  "none-back": "to let Terraform manage a key again",
  apply: "the settings are not applied yet",
  "rotate-expose": "expose the new key, then give it to DKP",
  "rotate-retire": "deactivate the old key, once DKP has the exposed one; it can be activated again",
  "rotate-delete": "delete the retired key, once you do not want to go back to it",
  wait: `wait: KEY was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time`,
  "unmanaged-retire": "remove KEY, which the state does not have and nothing uses: first deactivate it, which can be reversed",
  "expose-other": "expose the key that works",
  create: "create a key, whose secret is in the state",
  "free-slot": "remove KEY: IAM allows two keys, and DKP needs one whose secret is in the state",
  "which-key": "look up which key DKP has: providerAccessKeyId in d8 system edit provider-cluster-configuration",
  "hand-over": "give the exposed key to DKP",
  "drop-import": "remove the import, which imports nothing",
  "key-gone": "set the slot of the deleted key to absent: DKP has the exposed key",
  none: "accessKeys is none: keys are created and rotated outside Terraform",
  done: "nothing left to do for the keys; to rotate, create a second key",
};

export type Why = keyof typeof WHY;
