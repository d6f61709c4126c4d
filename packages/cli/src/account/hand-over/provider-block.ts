import { stringify } from "yaml";
import type { Deployment, KeySettings } from "../../../../../src/settings/deployment";
import type { SecretKey } from "../../cluster/configuration";
import { readState } from "../../terraform/state-file";
import { pullState, type TerraformCli } from "../../terraform/terraform-cli";
import { awsCommand, dkpAccess, EDIT_PROVIDER, recovery } from "../../text/advice";
import { mismatches } from "../state-match";

/** The field `provider` of DKP's `AWSClusterConfiguration`. */
type ProviderBlock = Readonly<
  Record<"providerAccessKeyId" | "providerSecretAccessKey" | "region", string>
>;

/** The block with a key. */
export const providerBlock = (
  { region }: KeySettings,
  { id, secret }: SecretKey,
): ProviderBlock => ({ providerAccessKeyId: id, providerSecretAccessKey: secret, region });

interface CurrentKey {
  readonly id: string;
  /**
   * With its secret.
   * @throws Error if Terraform does not have it
   */
  readonly read: () => Promise<SecretKey>;
}

/**
 * The current key of a deployment, without its secret, which is read when it is needed.
 * @throws Error if there is no key, or if no resource of the state is the key
 */
export async function currentKey(
  terraform: TerraformCli,
  folder: string,
  deployment: Deployment,
): Promise<CurrentKey> {
  const {
    stack,
    accessKeys: { managedBy },
    user,
    accountId,
  } = deployment;
  if (managedBy !== "terraform") {
    const create = awsCommand("iam", "create-access-key", { "user-name": user.name });
    const remedy =
      managedBy === "rotate"
        ? `${dkpAccess("rotate", stack, "--cluster")} gives a running cluster its key, and ` +
          `${dkpAccess("rotate", stack, "--out", "FILE")} an installation`
        : `create one with ${create}`;
    throw new Error(`accessKeys: Terraform has no key to hand over; ${remedy}`);
  }
  const state = readState(await pullState(terraform, folder));
  const mismatch = mismatches(deployment, state.user, state.user?.arn?.split(":")[4]);
  if (mismatch.user !== undefined) {
    throw new Error(
      `user.name: the settings have the user "${user.name}", ` +
        `and the state has "${mismatch.user}", whose key it is; ` +
        `check the backend, or set user.name: "${mismatch.user}"`,
    );
  }
  if (mismatch.settingsAccount !== undefined) {
    throw new Error(
      `accountId: the settings have ${accountId}, and the state has the key of another account; ` +
        "check the backend",
    );
  }
  const { key, current: id } = state;
  if (id === undefined) {
    throw new Error(`${folder}: there is no output access_key_id; apply first`);
  }
  const isOther = key?.user !== undefined && key.user !== user.name;
  if (key?.id !== id || isOther) {
    const whose = isOther
      ? `which is a key of the user "${key?.user}"`
      : "which no resource of the state is";
    throw new Error(
      `the outputs have the key ${id}, ${whose}: the state was partly lost or edited; ` +
        `do not give this key to DKP; see ${recovery("old-state")}`,
    );
  }
  return {
    id,
    read: async () => ({ id, secret: key?.secret ?? withoutSecret(id, stack) }),
  };
}

function withoutSecret(id: string, stack: string): never {
  throw new Error(
    `Terraform does not have the secret of ${id}, ` +
      "because the key was created outside Terraform; " +
      "set accessKeys.managedBy: rotate, apply, and give DKP another key with " +
      dkpAccess("rotate", stack, "--cluster", "--now"),
  );
}

/** The block as YAML, after the steps for a first key and for a rotation. */
export function providerYaml(stack: string, provider: ProviderBlock): string {
  const block = stringify(
    { provider },
    { defaultStringType: "QUOTE_DOUBLE", defaultKeyType: "PLAIN", lineWidth: 0 },
  );
  const installation = "the AWSClusterConfiguration of its installation file";
  return `# The access key of ${stack} for DKP, with its secret.
# If DKP is not installed yet, write this block into ${installation}.
# In a live cluster, run ${EDIT_PROVIDER}, and replace the block there.
# Then delete each copy of this text.
${block}`;
}
