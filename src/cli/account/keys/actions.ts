import { join } from "node:path";
import { alwaysOnRegion } from "../../../iam/arns";
import { leakCommands } from "../../iam/leaked-key";
import { dkpAccess, recovery, shellCommand } from "../../text/advice";
import type { Change } from "./edit-yaml";
import type { KeySituation } from "./situation";

/**
 * What commands and edits are written for.
 * @param settingsFolder the folder of the settings files @param binary Terraform, or OpenTofu
 */
export function contextOf({ settings, folder }: KeySituation, settingsFolder: string, binary: string) {
  const { stack, user, region } = settings;
  // A Region in which the AWS CLI reaches IAM.
  return { stack, user: user.name, region: alwaysOnRegion(region), folder, file: join(settingsFolder, `${stack}.yaml`), binary };
}

export type Context = Readonly<ReturnType<typeof contextOf>>;

export const editText = ({ setting, value }: Change) => (value === undefined ? `remove ${setting}` : `${setting}: ${value}`);

interface Operands {
  readonly key?: string;
  /** The user that has the key. @default that of the deployment */
  readonly user?: string | undefined;
  /** Of a resource. */
  readonly address?: string;
  /** Of what is imported there. */
  readonly arn?: string;
  /** Which names an object. */
  readonly setting?: string;
  readonly minutes?: number;
}

/** What a person does, in this order, after the edits. */
export interface Action extends Operands {
  readonly do: keyof ReturnType<typeof textsOf>;
}

export const EDIT_PROVIDER = "d8 system edit provider-cluster-configuration";

function textsOf({ key = "", address = "", arn = "", minutes = 0, user, setting = "" }: Operands, context: Context) {
  const { stack, region, folder, binary, file } = context;
  const terraform = (...words: readonly string[]) => shellCommand(binary, `-chdir=${folder}`, ...words);
  const errored = join(folder, "errored.tfstate");
  const { activate, deactivate, deleteKey, createKey } = leakCommands(user ?? context.user, region);
  return {
    apply: `${dkpAccess("apply", stack)}; if its plan names a breaking change, apply nothing, and run keys again`,
    "hand-over": `unless DKP has the exposed key: ${dkpAccess("hand-over", stack, "--out", "FILE")} && ${EDIT_PROVIDER}`,
    "create-key": `${createKey} && ${EDIT_PROVIDER}`,
    "errored-state": `${terraform("state", "push", "errored.tfstate")} && ${shellCommand("rm", errored)}`,
    // POSIX: -i asks before it replaces a file, which can have the only secret of a key.
    "errored-state-other": shellCommand("mv", "-i", errored, `${stack}.errored.tfstate`),
    import: terraform("import", address, arn),
    rename: `set another ${setting} in ${file} instead`,
    respond: `follow ${dkpAccess("keys", "--leaked", stack, "--key", key)} instead`,
    restore: `restore the newest such version instead (${recovery("restore-the-state")})`,
    untaint: terraform("untaint", address),
    activate: activate(key),
    deactivate: deactivate(key),
    delete: deleteKey(key),
    wait: `wait ${minutes >= 60 ? `${minutes / 60} hours` : `${minutes} minutes`}`,
  };
}

/** An action as a person does it: a command for a shell, unless there is none. */
export const actionText = (action: Action, context: Context): string => textsOf(action, context)[action.do];
