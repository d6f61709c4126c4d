import { attention, note } from "../../findings/finding";
import { page, recovery } from "../../text/recovery";
import { shellWord } from "../../text/shell";
import { type Break, type Effect, MAX_KEYS, RECENT_HOURS } from "./situation";

interface InSlot {
  readonly slot: string;
  readonly key: string;
}

interface EffectValues extends InSlot {
  readonly verb: Effect["verb"];
  readonly breaks: Break;
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

const BREAK_TEXTS: Readonly<Record<Break, string>> = {
  "fails: IAM allows two keys": `which fails: IAM allows a user ${MAX_KEYS} keys (LimitExceeded)`,
  "fails: Terraform would replace the key": "which protect rejects; without protect, DKP loses its key",
  "fails: there is no such key to import": "which fails: IAM does not have it, or another slot has it",
  "activates a key that was deactivated": `which was deactivated, perhaps because it leaked: if it leaked, do not apply these settings, and run keys --leaked (${page("how-to/keys.md#when-a-key-has-leaked")})`,
  "ends a key that DKP may use": `which DKP may use: it was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time; do not apply these settings`,
  "exposes a key that DKP cannot get": "whose secret is not in the state, or which is not Active; do not apply these settings",
};

/** What `keys`, `drift` and `preflight` report about the keys of a deployment. */
export const KEY_RULES = {
  "key-user-differs": attention(
    ({ settings, state, folder }: { readonly settings: string; readonly state: string; readonly folder: string }) =>
      `the settings have the user "${settings}", and the state has "${state}": it is the state of another workspace, or user.name was changed, and the next apply would delete the keys; do not apply; check the backend and terraform -chdir=${shellWord(folder)} workspace show, or set user.name: "${state}"`,
  ),
  "key-account-differs": attention(
    ({ expected, of, account }: { readonly expected: string; readonly of: string; readonly account: string }) =>
      `${of} ${expected}, and the credentials to account ${account}: use credentials of ${expected}, or check the backend; do not apply`,
  ),
  "key-clock": attention(
    ({ minutes }: { readonly minutes: number }) =>
      `the clock of this computer is ${Math.abs(minutes)} minutes ${minutes > 0 ? "ahead of" : "behind"} the time that AWS reports; correct it. Times here are those of AWS`,
  ),
  "key-state-unsent": attention(({ folder, newer }: { readonly folder: string; readonly newer: boolean }) =>
    newer
      ? `${folder}/errored.tfstate has the state of an apply that Terraform could not write, and the secret of its keys: write it before another apply; if the state is locked, run force-unlock, and push again (${recovery("errored-state")})`
      : `${folder}/errored.tfstate is older than the state, because another apply has written it since; delete the file, which contains secrets (${recovery("errored-state")})`,
  ),
  "key-not-listed": attention(
    ({ slot, key }: InSlot) =>
      `${slot}: IAM does not list ${key} yet, which was created minutes ago; do not apply, and run this command again in a minute`,
  ),
  "key-state-lost": attention(
    ({ user, keys }: { readonly user: string; readonly keys: string }) =>
      `the state has no user, and IAM has the user ${user}${keys === "" ? "" : ` with ${keys}`}: the state was lost, belongs to another workspace, or the first apply failed; do not apply these settings, and do not delete or deactivate a key; see ${recovery("lost-state")}`,
  ),
  "key-object-lost": attention(
    ({ object }: { readonly object: string }) =>
      `the state does not have the deployment's ${object}, and IAM has it: the state was partly lost, or a run ended before it wrote the state; the next apply would fail; see ${recovery("half-made")}`,
  ),
  "key-exposed-lost": attention(
    ({ slot, key }: InSlot) =>
      `the outputs expose ${key} (${slot}), and the state does not have it: it was partly lost or edited; do not apply these settings; see ${recovery("old-state")}`,
  ),
  "key-unmanaged": attention(({ key, recent }: { readonly key: string; readonly recent: boolean }) =>
    recent
      ? `${key} is in IAM and not in the state, and DKP may have it. It was created outside Terraform, or by an apply that failed, or the state is older than the account; do not delete or deactivate it; see ${recovery("unmanaged-key")}`
      : `${key} is in IAM and not in the state: created outside Terraform or left by a failed apply, and AWS reports no use in the last ${RECENT_HOURS} hours; see ${recovery("unmanaged-key")}`,
  ),
  "key-tainted": attention(
    ({ address, lost }: { readonly address: string; readonly lost: boolean }) =>
      `${address} is tainted: an apply failed after creating it, and the next one would replace it, which deletes the existing one or fails${lost ? "; the state does not have its secret, so rotate to the other slot afterwards" : ""}; see ${recovery("tainted")}`,
  ),
  "key-breaking": attention((values: EffectValues) => `the next apply ${effectText(values)}, ${BREAK_TEXTS[values.breaks]}`),
  "key-current-differs": attention(
    (values: Omit<EffectValues, "breaks">) => `the settings select ${values.slot}: the next apply ${effectText(values)}`,
  ),
  "key-user-deleted": attention(
    ({ user }: { readonly user: string }) =>
      `IAM has no user ${user}, and the state has it: the user was deleted or renamed outside Terraform. DKP has no working key until the next apply has created user and key again, and DKP has the new key; see ${recovery("deleted-key")}`,
  ),
  "key-exposed-deleted": attention(
    ({ slot, key }: InSlot) =>
      `${slot}: ${key}, which the outputs expose, does not exist in IAM: it was deleted outside Terraform. DKP has no working key until the next apply has created a new one, and DKP has that one; see ${recovery("deleted-key")}`,
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
    ({ key }: { readonly key: string }) =>
      `${key} is managed outside Terraform, as accessKeys: none requires; rotate it yourself`,
  ),
  "key-unused": note(
    ({ slot, key, known }: InSlot & { readonly known: boolean }) =>
      `${slot}: AWS reports no use of ${key} in the last ${RECENT_HOURS} hours${known ? "; check that DKP has it" : "; its secret is not in the state, so that only a new key can be given to DKP"}`,
  ),
};

export type KeyRules = typeof KEY_RULES;

/** Why a step comes next. `KEY` stands for the key that it is about. */
export const WHY = {
  unreachable: "make the state readable; nothing else shows which key DKP has, and what an apply does",
  mismatch: "check which settings, state and credentials belong together; the keys were not checked",
  unsent: "write the state that Terraform could not write",
  "unsent-older": "delete the file with the older state",
  unlisted: "wait until IAM lists the new key",
  tainted: "untaint the resource, and only then apply",
  deactivated: "KEY is Inactive in IAM and Active in the settings. If nobody deactivated it because of a leak, activate it again",
  lost: "import what exists",
  objects: "import what the state does not have",
  "key-lost": "go on with another key: the secret of KEY is lost to Terraform, and DKP can use it until it has the other key",
  revert: "change the settings to what is deployed; make the change again once the error above is gone",
  apply: "the settings are not applied yet",
  "rotate-expose": "expose the new key, then give it to DKP",
  "rotate-retire": "deactivate the old key, once DKP has the exposed one; it can be activated again",
  "rotate-delete": "delete the retired key, once you do not want to go back to it",
  wait: `wait: KEY was created or used within the last ${RECENT_HOURS} hours, or AWS reports no use of the exposed key in that time`,
  "unmanaged-retire": "remove KEY, which the state does not have and nothing uses: first deactivate it, which can be reversed",
  "expose-other": "expose the key that works",
  create: "create a key, whose secret is in the state",
  "make-room": "remove KEY: IAM allows two keys, and DKP needs one whose secret is in the state",
  "which-key": "look up which key DKP has: providerAccessKeyId in d8 system edit provider-cluster-configuration",
  give: "give the exposed key to DKP",
  none: "accessKeys is none: keys are created and rotated outside Terraform",
  done: "nothing to do; to rotate, create a second key",
};

export type Why = keyof typeof WHY;
