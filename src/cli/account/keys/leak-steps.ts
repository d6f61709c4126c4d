import { otherSlot } from "../../../iam/key-slots";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import { shellWord } from "../../../text/shell";
import type { IamKey } from "../aws/user-keys";
import { type Edit, edit, type KeyFacts, type KeySources, keyFacts, leakEdits } from "./facts";
import { identityErrors, MAX_KEYS } from "./findings";
import { type LeakCommands, leakCommands, reachableRoles, remainsOf, SESSION_HOURS } from "./leaked-key";

/** One step of the response to a leaked key. */
export interface LeakStep {
  readonly title: string;
  /** Lines of a shell, in this order, to copy. In capitals: what the person fills in. */
  readonly commands: readonly string[];
  /** Settings to change before the commands. */
  readonly edits: readonly Edit[];
  readonly notes: readonly string[];
}

/** What leaked, and the steps for the live state of a deployment. */
export interface LeakSteps {
  readonly stack: string;
  readonly user: string;
  readonly account?: string | undefined;
  readonly keys: readonly LeakedKey[];
  readonly steps: readonly LeakStep[];
}

export interface LeakedKey {
  readonly id: string;
  /** Its slot; undefined for a key that is not in the state. */
  readonly slot?: string | undefined;
  /** Whether the outputs expose it. */
  readonly exposed: boolean;
  /** The status in IAM; undefined where IAM does not have the key. */
  readonly status?: string | undefined;
}

type LeakSettings = Parameters<typeof keyFacts>[0] & Pick<Deployment, "user">;

/**
 * The steps after a leak, in their order. No step activates a leaked key again.
 * @param ids the leaked keys. @default the key that the outputs expose
 * @param binary Terraform, or OpenTofu
 * @throws Error if settings, state and credentials do not belong together, or it is unknown which key leaked
 */
export function leakSteps(settings: LeakSettings, sources: KeySources, ids: readonly string[], binary: string): LeakSteps {
  const facts = keyFacts(settings, sources);
  const [mismatch] = identityErrors(facts);
  if (mismatch !== undefined) {
    throw new Error(`${settings.stack}: ${mismatch}`);
  }
  const keys = leakedKeys(facts, ids);
  const commands = leakCommands(settings.user.name);
  const steps = [
    deactivation(keys, commands),
    denial(commands),
    ...newKeySteps(keys, facts, commands, binary),
    search(facts),
    cleanUp(keys, facts, commands, binary),
  ];
  return { stack: settings.stack, user: settings.user.name, account: sources.iam.account, keys, steps };
}

function leakedKeys({ settings, exposed, slots, iam }: KeyFacts, ids: readonly string[]): readonly LeakedKey[] {
  const leaked = ids.length > 0 ? ids : [exposed.id ?? []].flat();
  if (leaked.length === 0) {
    const known = iam.keys.map(({ id }) => id).join(" or ");
    throw new Error(
      `${settings.stack}: the state does not show which key DKP has; name the leaked one: --key ${known === "" ? "ID" : known}`,
    );
  }
  return [...new Set(leaked)].map((id) => ({
    id,
    slot: slots.find((slot) => slot.id === id)?.slot,
    exposed: id === exposed.id,
    status: iam.keys.find((key) => key.id === id)?.status,
  }));
}

const step = (title: string, parts: Partial<Omit<LeakStep, "title">> = {}): LeakStep => ({
  title,
  commands: [],
  edits: [],
  notes: [],
  ...parts,
});

function deactivation(keys: readonly LeakedKey[], { deactivate }: LeakCommands): LeakStep {
  const existing = keys.filter(({ status }) => status !== undefined);
  const gone = keys.filter(({ status }) => status === undefined);
  return step(keys.length > 1 ? "Deactivate the keys" : "Deactivate the key", {
    commands: existing.map(({ id }) => deactivate(id)),
    notes: [
      ...(keys.some(({ exposed }) => exposed)
        ? ["DKP can then no longer call AWS; the instances of the cluster keep running"]
        : []),
      ...gone.map(({ id }) => `IAM has no key ${id} of this user: it is deleted already; its sessions remain`),
      "until DKP has the new key, let no pipeline apply this deployment: unchanged settings activate the key again",
    ],
  });
}

function denial({ denySessions }: LeakCommands): LeakStep {
  return step("Deny the sessions of the key", {
    commands: denySessions,
    notes: [
      `sessions of a deactivated or deleted key remain valid for up to ${SESSION_HOURS} hours; the Deny does not affect requests signed with an access key, so that the new key works beside it`,
      "run the commands of steps 1 and 2 again after five minutes: until all of AWS has deactivated the key, it can still get a session",
    ],
  });
}

/** How DKP gets a key that has not leaked. */
function newKeySteps(keys: readonly LeakedKey[], facts: KeyFacts, commands: LeakCommands, binary: string): readonly LeakStep[] {
  const { settings, iam } = facts;
  const { stack } = settings;
  if (settings.accessKeys === "none") {
    return [
      step("Create a new key for DKP", {
        commands: [...quota(keys, iam.keys, commands), commands.createKey],
        notes: ["accessKeys is none: the command prints the secret; store it in your secret store, and give it to DKP"],
      }),
    ];
  }
  const leaked = facts.slots.filter(({ id }) => keys.some((key) => key.id === id));
  const current = leaked.find((slot) => slot.current) ?? leaked[0];
  if (current === undefined) {
    return [step("DKP keeps its key", { notes: ["the leaked key is not in the state, so that no settings change"] })];
  }
  const edits = leakEdits(current.slot, settings);
  const isReplaced = edits.some(({ setting }) => setting === "accessKeys.current") || current.current;
  const other = facts.slots.find(({ slot }) => slot === otherSlot(current.slot));
  const otherLeaked = leaked.length > 1 && other?.status !== undefined;
  const creates = isReplaced && (other?.status === undefined || otherLeaked);
  const inIam = otherLeaked ? iam.keys.filter(({ id }) => id !== other?.id) : iam.keys;
  const room = creates ? quota(keys, inIam, commands) : [];
  const isFull = creates && inIam.length - room.length >= MAX_KEYS;
  const apply = [dkpAccess("synth"), applyCommand(binary, facts.folder)];
  return [
    step(isReplaced ? "Create a new key for DKP" : "Keep the leaked key inactive", {
      edits,
      commands: [...(otherLeaked ? [commands.deleteKey(other?.id ?? "")] : []), ...room, ...apply],
      notes: [
        "make these edits in one change and apply once, with cdktf deploy or with these commands; a part of them would activate the leaked key again",
        ...(isReplaced && !creates ? [`${other?.id} becomes the key of DKP: only if it has not leaked too`] : []),
        ...(isReplaced ? [] : ["the key of DKP does not change"]),
        ...(isFull
          ? [`IAM allows a user ${MAX_KEYS} keys, and a key that is not in the state exists: delete it first, if nothing uses it`]
          : []),
      ],
    }),
    ...(isReplaced
      ? [
          step("Give the new key to DKP", {
            commands: [dkpAccess("hand-over", stack, "--out", "FILE"), "d8 system edit provider-cluster-configuration"],
            notes: ["replace the provider block by the content of FILE, then delete FILE"],
          }),
        ]
      : []),
  ];
}

const applyCommand = (binary: string, folder: string) => `${binary} -chdir=${shellWord(folder)} apply`;

/** IAM allows a user two keys: where both exist, the leaked one that is not managed goes. */
function quota(leaked: readonly LeakedKey[], inIam: readonly IamKey[], commands: LeakCommands): readonly string[] {
  const unmanaged = leaked.filter(({ slot, status }) => slot === undefined && status !== undefined);
  return inIam.length < MAX_KEYS ? [] : unmanaged.slice(0, 1).map(({ id }) => commands.deleteKey(id));
}

function search({ settings, iam }: KeyFacts): LeakStep {
  const { stack, user, nodeRole } = settings;
  const options = policyOptionsOf(settings, iam.account ?? "");
  const roles = reachableRoles(options, nodeRole?.name);
  return step("Find what the attacker created", {
    notes: [
      `CloudTrail has the calls of ${user.name}, of its sessions, and of the roles that it used; most appear about 5 minutes after the call. AWS describes how to search them with Athena, https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html, and with Detective, https://docs.aws.amazon.com/detective/latest/userguide/detective-investigation-about.html`,
      `check ${roles === undefined ? "every role of the account" : roles.join(" and ")}: who can assume the role, and what it allows; ${dkpAccess("drift", stack)} compares the roles of this deployment`,
      ...remainsOf(options).map((what) => `remains without the key: ${what}`),
    ],
  });
}

function cleanUp(
  keys: readonly LeakedKey[],
  { settings, folder, slots }: KeyFacts,
  commands: LeakCommands,
  binary: string,
): LeakStep {
  const { stack, accessKeys } = settings;
  const managed = slots.filter(({ id }) => keys.some((key) => key.id === id));
  const leaked = managed.find(({ current }) => current) ?? managed[0];
  const others = keys.filter(({ slot, status }) => status !== undefined && (slot === undefined || accessKeys === "none"));
  const isManaged = leaked !== undefined && accessKeys !== "none";
  return step(`Clean up, ${SESSION_HOURS} hours after step 2`, {
    edits: isManaged ? [edit(`${leaked.slot}.status`, "absent")] : [],
    commands: [
      ...(isManaged ? [dkpAccess("synth"), applyCommand(binary, folder)] : []),
      ...others.map(({ id }) => commands.deleteKey(id)),
      commands.removeDenial,
      dkpAccess("keys", stack),
    ],
    notes: [
      "this deletes the leaked key, and removes the Deny: Terraform cannot delete a user that has an inline policy",
      "only after DKP has the new key and nothing created by the attacker is left",
    ],
  });
}
