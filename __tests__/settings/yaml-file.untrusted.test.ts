import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDeployments } from "../../src/settings/load";
import { deploymentWith, errorsOf, errorsWith, MINIMAL, messageOf, REGION } from "../helpers/settings-files";

/** The errors of `deployments/dev.yaml` when something other than this text is there. */
function errorsOfFile(create: (path: string) => void): string {
  const root = mkdtempSync(join(tmpdir(), "settings-"));
  const folder = join(root, "deployments");
  mkdirSync(folder);
  create(join(folder, "dev.yaml"));
  try {
    loadDeployments(folder, { outputFolder: "cdktf.out" });
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

  it("is rejected when it is larger than 1 MiB", () => {
    expect(errorsOf(`${MINIMAL}# ${"a".repeat(1024 * 1024)}\n`)).toEqual(["is larger than 1 MiB, the limit; make it smaller"]);
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

  it("is named on one line when its name has control characters", () => {
    expect(messageOf({ "x\n::error::\u202Ey.yaml": "" })).toBe(
      [
        "deployments/x\\n::error::\\u202ey.yaml has 2 errors:",
        '  "x\\n::error::\\u202ey" can\'t be a stack name: lower-case letters, digits and "-", first a letter, at most 63; rename the file',
        '  is empty; write at least "region" and "backend", the README shows a first file',
      ].join("\n"),
    );
  });
});

describe("a value that CDKTF would take for a token", () => {
  const TOKEN = 'holds "TfToken[", which Terraform would run as code; write the value itself';

  it.each([
    ["a list token", 's3: { bucket: b, allowed_account_ids: ["#{TfToken[TOKEN.0]}"] }', "s3.allowed_account_ids.0"],
    [
      "a map token as a key",
      's3: { bucket: b, assume_role_tags: { "&{TfToken[TOKEN.0]}": x } }',
      "s3.assume_role_tags.&{TfToken[TOKEN.0]}",
    ],
    ["a part of a token", "s3: { bucket: 'TfToken[TOKEN.0]' }", "s3.bucket"],
  ])("is rejected: %s", (_, backend, path) => {
    expect(errorsOf(`${REGION}backend: { ${backend} }\n`)).toEqual([`line 2, backend.${path}: ${TOKEN}`]);
  });

  it.each([
    "policy: { description: T }",
    "provider: { profile: T }",
    "user: { path: T }",
    "cluster: { formerIamNodeRoles: [T] }",
  ])("is rejected in %s before any stack is written", (setting) => {
    expect(errorsWith(`${setting.replace("T", '"#{TfToken[TOKEN.0]}"')}\n`)).toEqual([expect.stringContaining(`: ${TOKEN}`)]);
  });
});

describe("a comment", () => {
  it("is no setting, whatever it says", () => {
    expect(deploymentWith("protect: true # Never put a password: use OIDC\n").protect).toBe(true);
  });

  it("is not seen inside a value", () => {
    expect(deploymentWith('tags: { team: "a" }\npolicy:\n  description: |\n    # heading\n    text\n').policy.description).toBe(
      "# heading\ntext\n",
    );
  });
});
