import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const WORKSPACE = join(__dirname, "../..");

const allowing = (...Action: readonly string[]) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });

describe("the packed package in an empty folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "iam-no-new-access-"));

  function run(
    cwd: string,
    program: string,
    ...args: readonly string[]
  ): { readonly status: number | null; readonly out: string } {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: "utf8" });
    return { status, out: `${stdout}${stderr}` };
  }

  const command = (...args: readonly string[]) =>
    run(folder, "node_modules/.bin/iam-no-new-access", ...args);

  beforeAll(() => {
    const packed = run(
      WORKSPACE,
      "npm",
      "run",
      "--silent",
      "package",
      "--",
      "--pack-destination",
      folder,
    );
    expect(packed).toEqual({
      status: 0,
      out: expect.stringMatching(/^iam-no-new-access-\d+\.\d+\.\d+\.tgz\n$/),
    });
    writeFileSync(join(folder, "package.json"), "{}");
    writeFileSync(join(folder, "before.json"), allowing("s3:GetObject"));
    writeFileSync(join(folder, "after.json"), allowing("s3:GetObject", "s3:PutObject"));
    expect(run(folder, "npm", "install", "--offline", `./${packed.out.trim()}`).status).toBe(0);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("needs no other package", () => {
    const installed = readdirSync(join(folder, "node_modules")).filter(
      (name) => !name.startsWith("."),
    );
    expect(installed).toEqual(["iam-no-new-access"]);
    const files = readdirSync(join(folder, "node_modules/iam-no-new-access"));
    expect(files.sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "bin",
      "data",
      "dist",
      "package.json",
    ]);
  });

  it("compares policies", () => {
    expect(command("before.json", "after.json")).toEqual({
      status: 2,
      out: expect.stringContaining("s3:PutObject on arn:aws:s3:::"),
    });
    expect(command("after.json", "before.json")).toEqual({
      status: 0,
      out: expect.stringContaining("nothing new"),
    });
    const json = command("before.json", "after.json", "--format", "json");
    expect(JSON.parse(json.out)).toMatchObject({ isNew: true, level: "Write" });
    expect(command("before.json", "none.json")).toEqual({
      status: 1,
      out: "iam-no-new-access: none.json: cannot be read (ENOENT); check the path\n",
    });
  });

  it("ends without a stack trace where its output cannot be written", () => {
    const shell = (line: string) =>
      run(folder, "bash", "-c", `PATH=node_modules/.bin:$PATH; set -o pipefail; ${line}`);
    const compared = "iam-no-new-access before.json after.json";
    expect(shell(`${compared} | head --lines=0`)).toEqual({ status: 2, out: "" });
    expect(shell(`${compared} >/dev/full`)).toEqual({
      status: 1,
      out: "iam-no-new-access: standard output: ENOSPC: no space left on device, write\n",
    });
  });

  it("is a library", () => {
    const script = `
      const { decide } = require("iam-no-new-access");
      const side = (file) => ({ identity: [require(file)] });
      console.log(decide(side("./before.json"), side("./after.json")).kind);`;
    expect(run(folder, process.execPath, "-e", script)).toEqual({
      status: 0,
      out: "nothing-new\n",
    });
  });
});
