import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyLockFile } from "../../src/terraform/provider-lock";

describe("the committed provider lock", () => {
  let folder: string;
  let original: string;
  let copy: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "lock-"));
    original = join(folder, "deckhouse.terraform.lock.hcl");
    copy = join(folder, ".terraform.lock.hcl");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it("is copied to where Terraform looks for it", () => {
    writeFileSync(original, "reviewed");
    copyLockFile(original, folder);
    expect(readFileSync(copy, "utf8")).toBe("reviewed");
  });

  it("replaces what terraform init wrote", () => {
    writeFileSync(copy, "written by init");
    writeFileSync(original, "reviewed");
    copyLockFile(original, folder);
    expect(readFileSync(copy, "utf8")).toBe("reviewed");
  });

  it("goes when the original goes", () => {
    writeFileSync(original, "reviewed");
    copyLockFile(original, folder);
    rmSync(original);
    copyLockFile(original, folder);
    expect(existsSync(copy)).toBe(false);
  });

  it("leaves alone what terraform init wrote when none is committed", () => {
    writeFileSync(copy, "written by init");
    copyLockFile(original, folder);
    copyLockFile(original, folder);
    expect(readFileSync(copy, "utf8")).toBe("written by init");
  });

  it("is rejected when it is a FIFO, without waiting for a writer", () => {
    spawnSync("mkfifo", [original]);
    expect(() => copyLockFile(original, folder)).toThrow(`${original}: is not a regular file; replace it with one`);
    expect(existsSync(copy)).toBe(false);
  });
});
