import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDeployments } from "../../src/settings/load";
import { MINIMAL } from "../helpers/settings-files";

/** The errors of `deployments/dev.yaml` when something other than this text is there. */
function errorsOfFile(create: (path: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), "settings-"));
  const folder = join(root, "deployments");
  mkdirSync(folder);
  create(join(folder, "dev.yaml"));
  try {
    loadDeployments(folder);
  } catch (error) {
    return (error as Error).message.replaceAll(folder, "deployments");
  } finally {
    rmSync(root, { recursive: true });
  }
  throw new Error("accepted");
}

const fileError = (error: string) => `deployments/dev.yaml has 1 error:\n  ${error}`;

describe("a settings file that is not an ordinary file", () => {
  it("is rejected when it is a FIFO, without waiting for a writer", () => {
    expect(errorsOfFile((path) => spawnSync("mkfifo", [path]))).toBe(fileError("is not a regular file; replace it with one"));
  });

  it.each(["/dev/zero", "/dev/urandom", "/dev/null"])("is rejected when it is a link to the device %s", (device) => {
    expect(errorsOfFile((path) => symlinkSync(device, path))).toBe(fileError("is not a regular file; replace it with one"));
  });

  it("is not echoed when it is a link to a file that holds no settings", () => {
    const root = mkdtempSync(join(tmpdir(), "settings-"));
    const target = join(root, "hostname");
    writeFileSync(target, "internal-host-7\n");
    const message = errorsOfFile((path) => symlinkSync(target, path));
    rmSync(root, { recursive: true });
    expect(message).toBe(fileError("holds a string and not an object; write KEY: VALUE lines"));
  });

  it("is rejected when it is not UTF-8", () => {
    expect(
      errorsOfFile((path) => writeFileSync(path, Buffer.from(`${MINIMAL}policy: { description: caf\xe9 }\n`, "latin1"))),
    ).toBe(fileError("is not encoded in UTF-8; save it in UTF-8"));
  });

  it.each([["with a byte order mark", "\uFEFF"]])("is rejected when it is UTF-16 %s", (_, mark) => {
    expect(errorsOfFile((path) => writeFileSync(path, Buffer.from(mark + MINIMAL, "utf16le")))).toBe(
      fileError("is not encoded in UTF-8; save it in UTF-8"),
    );
  });
});
