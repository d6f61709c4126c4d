import { statSync } from "node:fs";
import { PassThrough } from "node:stream";
import { deployment } from "../../../../../__tests__/helpers/deployment";
import { folderForEach } from "../../../../../__tests__/helpers/folder";
import type { IamKey } from "../../../src/account/aws/iam-reader";
import {
  type Destination,
  keysBefore,
  newKeyFor,
  toFile,
  toOutput,
} from "../../../src/account/rotate/new-key";
import type { RotationWorld } from "../../../src/account/rotate/rotation";

const KEY = { id: "AKIAIOSFODNN7EXAMPLE", status: "Active", created: new Date(0) };
const BLOCK =
  'provider:\n  providerAccessKeyId: "AKIAI44QH8DHBEXAMPLE"\n  providerSecretAccessKey: "secret"\n  region: "eu-central-1"\n';

function worldOf(...keys: readonly IamKey[]) {
  const calls: string[] = [];
  const world = {
    now: () => new Date(0),
    keys: async () => keys,
    async createKey() {
      calls.push("create");
      return { id: "AKIAI44QH8DHBEXAMPLE", secret: "secret" };
    },
    accepts: async () => undefined,
    deleteKey: async (id) => void calls.push(`delete ${id}`),
  } as Partial<RotationWorld> as RotationWorld;
  return { calls, world };
}

const createdFor = (to: Destination) => {
  const { calls, world } = worldOf();
  return { calls, result: newKeyFor(world, deployment(), to, () => undefined) };
};

describe("a key for an installation", () => {
  const folder = folderForEach({ "taken/": "" });

  it("goes into a new file that only its owner can read", async () => {
    const file = folder.at("provider.yaml");
    expect(await createdFor(toFile(file, process.env)).result).toEqual({
      rule: "new-key",
      values: { key: "AKIAI44QH8DHBEXAMPLE", to: file, until: "1970-01-08 00:00 UTC" },
    });
    expect(folder.read("provider.yaml")).toContain(BLOCK);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("is deleted again where the file cannot be written", async () => {
    const { calls, result } = createdFor(toFile(folder.at("taken"), process.env));
    await expect(result).rejects.toThrow(
      /exists already.+; the new key AKIA\w+ was deleted again$/,
    );
    expect(calls).toEqual(["create", "delete AKIAI44QH8DHBEXAMPLE"]);
  });

  it("is deleted again where AWS does not accept it, because nothing has it", async () => {
    const { calls, world } = worldOf();
    world.accepts = () => Promise.reject(new Error("AWS does not accept the new key"));
    const result = newKeyFor(world, deployment(), toOutput(new PassThrough()), () => undefined);
    await expect(result).rejects.toThrow(
      /^AWS does not .+; the new key AKIA\w+ was deleted again$/,
    );
    expect(calls).toEqual(["create", "delete AKIAI44QH8DHBEXAMPLE"]);
  });

  it("goes to standard output, alone, where that is a pipe", async () => {
    const output = new PassThrough();
    expect(await createdFor(toOutput(output)).result).toEqual({
      rule: "new-key",
      values: { key: "AKIAI44QH8DHBEXAMPLE", to: "standard output", until: "1970-01-08 00:00 UTC" },
    });
    expect(output.read().toString()).toContain(BLOCK);
    expect(() => toOutput(Object.assign(output, { isTTY: true }))).toThrow(
      "--out: standard output is a terminal, which would show the secret; add a pipe, or name a file",
    );
  });

  it("stays where the reader of a pipe may have it", async () => {
    const output = new PassThrough();
    output.on("error", () => undefined).destroy();
    const { calls, result } = createdFor(toOutput(output));
    await expect(result).rejects.toThrow(
      /; the new key is AKIAI44QH8DHBEXAMPLE; it is Active: if nothing has it, delete it: aws iam delete-access-key --user-name=deckhouse --access-key-id=AKIAI44QH8DHBEXAMPLE$/,
    );
    expect(calls).toEqual(["create"]);
  });

  it("is not created beside two others", async () => {
    expect(await keysBefore(worldOf().world, "deckhouse")).toEqual({
      text: 'The user "deckhouse" has no key, and a new one is created.\n',
    });
    const inactive = { ...KEY, id: "AKIAI44QH8DHBEXAMPL2", status: "Inactive" };
    const { text, room } = await keysBefore(worldOf(KEY, inactive).world, "deckhouse");
    expect([text.split("; ")[1], room]).toEqual([
      `${inactive.id} is deleted to make room.\n`,
      inactive,
    ]);
    expect(await keysBefore(worldOf(inactive).world, "deckhouse")).not.toHaveProperty("room.id");
    await expect(keysBefore(worldOf(KEY, KEY).world, "deckhouse")).rejects.toThrow(
      `accessKeys: the user "deckhouse" has ${KEY.id} (Active, never used) and ${KEY.id} (Active, never used), and IAM allows no third key; deactivate the one that nothing has; nothing was changed`,
    );
  });
});
