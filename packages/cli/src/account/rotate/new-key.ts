import type { Writable } from "node:stream";
import type { KeySettings } from "../../../../../src/settings/deployment";
import type { Environment } from "../../process/environment";
import type { Progress } from "../../process/progress";
import { atSignal, inOneStep } from "../../process/signals";
import { timeText } from "../../process/time";
import { awsCommand } from "../../text/advice";
import type { IamKey } from "../aws/iam-reader";
import { providerBlock, providerYaml } from "../hand-over/provider-block";
import { writeSecretFile } from "../hand-over/secret-file";
import { DAY } from "../key-times";
import { type RotateFound, UNUSED_DAYS, useOf } from "./next-step";
import type { RotationWorld } from "./rotation";

/** Where the secret of a key goes for an installation, or for a cluster that is not written to. */
export interface Destination {
  readonly name: string;
  /**
   * @returns why it certainly has nothing of the block.
   * @throws Error if it may have it
   */
  take(block: string): Promise<Error | undefined>;
}

/** A new file that only its owner can read. */
export const toFile = (file: string, environment: Environment): Destination => ({
  name: file,
  take: (block) =>
    inOneStep(() => writeSecretFile(file, block, environment)).then(
      () => undefined,
      (error: Error) => error,
    ),
});

/**
 * A pipe.
 * @throws Error for a terminal
 */
export function toOutput(output: Writable & { readonly isTTY?: boolean }): Destination {
  if (output.isTTY === true) {
    throw new Error(
      "--out: standard output is a terminal, which would show the secret; " +
        "add a pipe, or name a file",
    );
  }
  return {
    name: "standard output",
    take: (block) =>
      new Promise((resolve, reject) => {
        output.write(block, (error) => (error ? reject(error) : resolve(undefined)));
      }),
  };
}

/**
 * The keys that the user has, as a person reads them before the answer, and of two the deactivated
 * one, which makes room.
 * @throws Error if the user has two that work: the cluster is not read, so none of them makes room
 */
export async function keysBefore(
  world: RotationWorld,
  user: string,
): Promise<{ readonly text: string; readonly room?: IamKey | undefined }> {
  const keys = await world.keys();
  const texts = keys.map((key) => `${key.id} (${key.status}, ${useOf(key).use})`);
  const has = `the user "${user}" has ${texts.join(" and ") || "no key"}`;
  const room = keys.length > 1 ? keys.find(({ status }) => status !== "Active") : undefined;
  if (keys.length > 1 && room === undefined) {
    throw new Error(
      `accessKeys: ${has}, and IAM allows no third key; ` +
        "deactivate the one that nothing has; nothing was changed",
    );
  }
  const deletion = room === undefined ? "" : `; ${room.id} is deleted to make room`;
  return { text: `T${has.slice(1)}, and a new one is created${deletion}.\n`, room };
}

/**
 * Creates a key, and passes its block on. The key is deleted again only if nothing can have it.
 * @param print receives the message of a signal after which the key stays
 * @returns what was done
 * @throws Error if it is not certain that the destination has the block
 */
export async function newKeyFor(
  world: RotationWorld,
  deployment: KeySettings,
  to: Destination,
  print: Progress,
  rule: "new-key" | "leak-new-key" = "new-key",
): Promise<RotateFound> {
  const key = await world.createKey();
  const { id } = key;
  const names = { "user-name": deployment.user.name, "access-key-id": id };
  const command = awsCommand("iam", "delete-access-key", names);
  const stays = `the new key is ${id}; it is Active: if nothing has it, delete it: ${command}`;
  const refusal = await atSignal(
    () => print(`rotate was interrupted; ${stays}\n`),
    async () => {
      const invalid = await world.accepts(key).catch((error: Error) => error);
      if (invalid !== undefined) {
        return invalid;
      }
      const block = providerYaml(deployment.stack, providerBlock(deployment, key));
      return await to.take(block).catch(({ message }: Error) => {
        throw new Error(`${message}; ${stays}`);
      });
    },
  );
  if (refusal !== undefined) {
    await world.deleteKey(id);
    throw new Error(`${refusal.message}; the new key ${id} was deleted again`);
  }
  const until = timeText(new Date(+world.now() + UNUSED_DAYS * DAY));
  return { rule, values: { key: id, to: to.name, until } };
}
