import { symlinkSync } from "node:fs";
import { cpuSeconds } from "../../packages/iam-no-new-access/__tests__/helpers/cpu";
import { changesAgainst } from "../../src/cli/diff/packs/compare";
import type { Deployment } from "../../src/settings/deployment";
import { loadDeployments } from "../../src/settings/load";
import { folderForEach, inFolder } from "../helpers/folder";
import { packFilesOf } from "../helpers/packs";
import { ENCRYPTION_KEY, PRIVATE_KEY, RSA_KEY } from "../helpers/pgp-keys";
import { MINIMAL } from "../helpers/settings-files";

const BINARY = Buffer.from(ENCRYPTION_KEY, "base64");
const lines = (ENCRYPTION_KEY.match(/.{1,64}/g) ?? []).join("\n");
const armor = (kind: string, text: string) =>
  `-----BEGIN PGP ${kind} KEY BLOCK-----\n${text}\n-----END PGP ${kind} KEY BLOCK-----\n`;
const ARMORED = armor("PUBLIC", `\n${lines}\n=aaaa`);

describe("a pgpKey that names a file beside the settings", () => {
  const folder = folderForEach({ "deployments/": "" });

  function deployment() {
    const [read] = inFolder(folder.at(), () => loadDeployments("deployments"));
    return read as Deployment;
  }
  function read(pgpKey: string) {
    folder.write({
      "deployments/dev.yaml": `${MINIMAL}accessKeys: { primary: { pgpKey: ${pgpKey} } }\n`,
    });
    return deployment();
  }
  const errorOf = (pgpKey: string) => {
    try {
      read(pgpKey);
    } catch (error) {
      return (error as Error).message.replaceAll(folder.at(), "FOLDER");
    }
    throw new Error("accepted");
  };

  it.each([
    ["armored", ARMORED],
    [
      "armored, with headers and other line ends",
      armor("PUBLIC", `Version: GnuPG v2\n\n${lines}`).replaceAll("\n", "\r\n"),
    ],
    ["binary", BINARY],
  ])("has the bytes that it would have in the settings: %s", (_, content) => {
    folder.write({ "deployments/team.asc": content });
    expect(read("team.asc").settings).toEqual(read(ENCRYPTION_KEY).settings);
  });

  it.each([
    ["line feeds", "\n".repeat(3000)],
    ["headers", "a: ".repeat(40_000)],
  ])("is refused within two seconds of CPU time if it has many %s", (_, content) => {
    folder.write({ "deployments/team.asc": armor("PUBLIC", `${content}\n!`) });
    const seconds = cpuSeconds(() => {
      expect(errorOf("team.asc")).toContain("is armored text, and not one public key");
    });
    expect(seconds).toBeLessThan(2);
  });

  it("can move there without a change of the review pack, so that diff reports nothing", () => {
    const before = packFilesOf(read(ENCRYPTION_KEY));
    folder.write({ "keys/team.asc": ARMORED });
    const after = packFilesOf(read("../keys/team.asc"));
    expect(after).toEqual(before);
    expect(changesAgainst({ dev: before }, { dev: after }, "").deployments).toEqual([
      { stack: "dev", state: "unchanged", findings: [] },
    ]);
  });

  it("can stand in the settings that deployments share", () => {
    folder.write({
      "deployments/team.asc": ARMORED,
      "deployments/defaults.yaml": "accessKeys: { primary: { pgpKey: team.asc } }\n",
      "deployments/dev.yaml": MINIMAL,
    });
    expect(deployment().accessKeys).toMatchObject({ primary: { pgpKey: ENCRYPTION_KEY } });
  });

  it.each([
    ["a private key, armored", armor("PRIVATE", `\n${lines}`), "is a private key (not shown)"],
    ["a private key, binary", Buffer.from(PRIVATE_KEY, "base64"), "is a private key (not shown)"],
    [
      "two armored keys",
      ARMORED + ARMORED,
      "is armored text, and not one public key in a file of its own",
    ],
    [
      "two keys",
      Buffer.concat([BINARY, Buffer.from(RSA_KEY, "base64")]),
      "holds more than one key",
    ],
    ["base64", ENCRYPTION_KEY, "is not of a whole OpenPGP public key, or of more than that"],
    ["nothing", "", "is neither a file nor base64"],
  ])("is rejected with its name and without its content: %s", (_, content, message) => {
    folder.write({ "deployments/team.asc": content });
    const error = errorOf("team.asc");
    expect(error).toContain(`line 3, accessKeys.primary.pgpKey: "team.asc" ${message}`);
    expect(error).not.toContain(String(content).slice(40, 60) || "nothing");
  });

  it.each(["../../outside.asc", "/outside.asc", "link/outside.asc"])(
    "is never read outside the project: %s",
    (name) => {
      symlinkSync("/", folder.at("deployments/link"));
      expect(errorOf(name)).toContain(
        `"${name}" is outside the project; copy the public key into the folder of the settings`,
      );
    },
  );

  it("is reported where it cannot be read", () => {
    expect(errorOf("team.asc")).toContain(
      '"team.asc" cannot be read, relative to the folder of the settings: no such file',
    );
  });
});
