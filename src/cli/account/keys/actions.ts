import { join } from "node:path";
import { policyArn } from "../../../iam/arns";
import { alwaysOnRegion, partitionOf } from "../../../iam/partitions";
import { dkpAccess } from "../../text/command";
import { shellWord } from "../../text/shell";
import type { Change } from "./edit-yaml";
import { leakCommands } from "./leaked-key";
import type { KeySituation } from "./situation";

/**
 * What commands and edits are written for.
 * @param settingsFolder the folder of the settings files @param binary Terraform, or OpenTofu
 */
export function contextOf({ settings, folder, iam }: KeySituation, settingsFolder: string, binary: string) {
  const { stack, user, policy, region } = settings;
  const file = join(settingsFolder, `${stack}.yaml`);
  const arnOf = (name: string) =>
    policyArn({ partition: partitionOf(region), account: iam.account ?? "", path: policy.path, name });
  // A Region in which the AWS CLI reaches IAM.
  return { stack, user: user.name, region: alwaysOnRegion(region), folder, file, binary, arnOf };
}

export type Context = Readonly<ReturnType<typeof contextOf>>;

export const editText = ({ setting, value }: Change) => (value === undefined ? `remove ${setting}` : `${setting}: ${value}`);

interface Operands {
  readonly key?: string;
  /** Of resources. */
  readonly addresses?: readonly string[];
  /** The name of a policy. */
  readonly policy?: string;
  readonly minutes?: number;
}

/** What a person does, in this order, after the edits. */
export interface Action extends Operands {
  readonly do: keyof ReturnType<typeof textsOf>;
}

const EDIT_PROVIDER = "d8 system edit provider-cluster-configuration";

function textsOf({ key = "", addresses = [], policy = "", minutes = 0 }: Operands, context: Context) {
  const { stack, user, region, folder, binary, arnOf } = context;
  const terraform = `${binary} -chdir=${shellWord(folder)}`;
  const errored = shellWord(join(folder, "errored.tfstate"));
  const { activate, deactivate, deleteKey, createKey } = leakCommands(user, region);
  return {
    apply: "apply",
    "hand-over": `unless DKP has the exposed key: ${dkpAccess("hand-over", stack, "--out", "FILE")} && ${EDIT_PROVIDER}`,
    "create-key": `${createKey} && ${EDIT_PROVIDER}`,
    "errored-state": `${terraform} state push errored.tfstate && rm ${errored}`,
    "errored-state-older": `rm ${errored}`,
    "errored-state-unrelated": `mv ${errored} ${shellWord(`${stack}.errored.tfstate`)}`,
    import: `${terraform} import ${addresses.join(" ")} ${shellWord(arnOf(policy))}`,
    untaint: `${terraform} untaint ${addresses.join(" ")}`,
    activate: activate(key),
    deactivate: deactivate(key),
    delete: deleteKey(key),
    wait: `wait ${minutes >= 60 ? `${minutes / 60} hours` : "a minute"}`,
  };
}

/** An action as a person does it: a command for a shell, unless there is none. */
export const actionText = (action: Action, context: Context): string => textsOf(action, context)[action.do];
