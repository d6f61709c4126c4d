import { spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { folder as newFolder } from "./support/project";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
const PROGRAM = join(PROJECT, "bin/dkp-access");

describe("dkp-access in a process of its own", () => {
  let folder: string;

  beforeEach(() => {
    folder = newFolder({ "deployments/dev.yaml": SETTINGS });
  });

  const node = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: "utf8",
      env: {},
    });
    return { status, stdout, stderr };
  };

  it.each([
    ["packages", "the package commander is not installed; run npm ci first"],
    ["compiled files", "the program is not built; run npm ci and npm run build first"],
  ])("reports missing %s", (what, message) => {
    const copy = join(folder, "copy");
    cpSync(join(PROJECT, "bin"), join(copy, "bin"), { recursive: true });
    if (what === "packages") {
      cpSync(join(PROJECT, "build"), join(copy, "build"), { recursive: true });
      for (const file of ["package.json", "tsconfig.json"]) {
        cpSync(join(PROJECT, file), join(copy, file));
      }
    }
    expect(node(join(copy, "bin/dkp-access"), "synth")).toEqual({
      status: 1,
      stdout: "",
      stderr: `dkp-access: ${message}\n`,
    });
  });

  it("main.ts ends with one message and no stack trace when a setting is wrong", () => {
    writeFileSync(join(folder, "deployments/dev.yaml"), SETTINGS.replace("region:", "regoin:"));
    const { status, stderr } = node(join(PROJECT, "build/main.js"));
    expect(stderr).toContain(
      'deployments/dev.yaml has 2 errors:\n  region: missing; write the Region DKP will run in, for example "eu-central-1"\n  line 1, regoin: unknown setting, did you mean "region"?',
    );
    expect({ status, trace: / at /.test(stderr) }).toEqual({ status: 1, trace: false });
  });

  const unshare = (...namespaces: readonly string[]) => {
    const asUser = ["--user", "--map-root-user", ...namespaces];
    const isAllowed = spawnSync("unshare", [...asUser, "true"]).status === 0;
    return isAllowed ? ["unshare", ...asUser] : ["sudo", "-n", "unshare", ...namespaces];
  };
  const inFileSystem = (options: string, prepare: string, ...args: readonly string[]) => {
    const mounted = newFolder();
    const command = unshare("--mount");
    const script = `mount -t tmpfs -o ${options} none ${mounted} && cp -r deployments ${mounted} && cd ${mounted} && ${prepare} "$@"`;
    const [program = "", ...rest] = [
      ...command,
      "sh",
      "-c",
      script,
      "sh",
      process.execPath,
      PROGRAM,
      ...args,
    ];
    const { status, stderr } = spawnSync(program, rest, { cwd: folder, encoding: "utf8" });
    return { status, stderr };
  };

  it.each([
    ["review", "review"],
    ["synth", "cdktf.out"],
    ["init", "acme"],
  ])("%s names a read-only file system", (command, path) => {
    const args = command === "init" ? [command, path] : [command];
    expect(inFileSystem("rw", "mount -o remount,ro . &&", ...args)).toEqual({
      status: 1,
      stderr: expect.stringMatching(new RegExp(`^${path}: read-only file system \\(EROFS\\)`)),
    });
  });

  it("review says on a full disk that the review packs are incomplete", () => {
    expect(inFileSystem("size=64k", "", "review")).toEqual({
      status: 1,
      stderr: expect.stringMatching(
        /^review\/\S+: no space left on device \(ENOSPC\); \d+ of \d+ files are up to date, and the review packs are incomplete: run npx dkp-access review again\n$/,
      ),
    });
  });

  it("has the exit code of a signal as the first process of a container", () => {
    const terraform = join(folder, "terraform");
    writeFileSync(terraform, "#!/bin/sh\nwhile kill -TERM $PPID; do sleep 0.1; done\n", {
      mode: 0o755,
    });
    const [program = "", ...args] = [
      ...unshare("--pid", "--fork"),
      process.execPath,
      PROGRAM,
      "plan",
      "dev",
    ];
    const env = { PATH: process.env.PATH, TERRAFORM_BINARY_NAME: terraform };
    expect(spawnSync(program, args, { cwd: folder, env }).status).toBe(143);
  });

  it.each([
    [["--help"], ["commander"]],
    [["policy"], ["commander", "fastest-levenshtein", "ipaddr.js", "valibot", "yaml"]],
  ])("%j loads only the packages it uses", (args, packages) => {
    const script = `process.on("exit", () => process.stderr.write("\\n" + JSON.stringify(Object.keys(require.cache))));
      process.argv.splice(1, 0, "dkp-access");
      require(${JSON.stringify(PROGRAM)})`;
    const { status, stderr } = node("-e", script, "--", ...args);
    const loaded = JSON.parse(stderr.split("\n").at(-1) ?? "[]") as readonly string[];
    const names = loaded.flatMap(
      (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    );
    expect({ status, names: [...new Set(names)].sort() }).toEqual({ status: 0, names: packages });
  });

  const bash = (line: string, command: readonly string[]) => {
    const args = ["-c", line, process.execPath, PROGRAM, ...command];
    const { status, stdout, stderr } = spawnSync("bash", args, { cwd: PROJECT, encoding: "utf8" });
    return { status, stdout, stderr };
  };
  /** The program waits until the reader has ended. */
  const WITHOUT_READER = '{ sleep 0.2; exec "$0" "$@"; } | true; exit $PIPESTATUS';

  it.each([
    ["synth", "--help"],
    ["policy", "deckhouse", "--format", "json"],
    ["preflight", "deckhouse", "--policy"],
  ])("ends without a message when the reader of its output has gone: %s %s", (...command) => {
    expect(bash(WITHOUT_READER, command)).toEqual({
      status: 0,
      stdout: "",
      stderr: expect.not.stringMatching(/EPIPE|^ +at /m),
    });
  });

  it("has the exit code of what it did, also when the reader has gone", () => {
    const plan = "__tests__/helpers/plans/first-apply.json";
    expect(bash(WITHOUT_READER, ["diff", "deckhouse", "--plan", plan])).toMatchObject({
      status: 2,
    });
  });

  it.each([
    ["policy", "deckhouse", "--format", "json"],
    ["preflight", "deckhouse", "--policy"],
    ["review", "--help"],
  ])("says in one line that the disk is full: %s %s", (...command) => {
    expect(bash('"$0" "$@" > /dev/full', command)).toEqual({
      status: 1,
      stdout: "",
      stderr: "standard output: no space left on device (ENOSPC)\n",
    });
  });

  it.each([
    ["user: { name: other }", 3],
    ["protect: false", 1],
  ])("ends with the heavier of its result and the full disk: %s", (change, status) => {
    expect(node(PROGRAM, "review", "--out", "old").status).toBe(0);
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}${change}\n`);
    const line = `cd "${folder}" && "$0" "$@" > /dev/full`;
    expect(bash(line, ["diff", "--against", "./old"])).toMatchObject({ status });
  });
});
