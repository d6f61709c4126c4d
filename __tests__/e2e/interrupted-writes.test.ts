import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folder } from "./support/project";
import { DKP_ACCESS, startIn } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
const KEY = { id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" };
const STATE = {
  version: 4,
  outputs: { access_key_id: { value: KEY.id } },
  resources: [
    { mode: "managed", type: "aws_iam_access_key", name: "user", instances: [{ attributes: KEY }] },
  ],
};

/**
 * Sends the signal of Ctrl-C when a temporary file is complete and does not have its own name yet.
 */
const INTERRUPT = `
  const fs = require("node:fs");
  for (const name of ["renameSync", "linkSync"]) {
    const original = fs[name];
    fs[name] = (...paths) => {
      process.kill(process.pid, "SIGINT");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
      return original(...paths);
    };
  }`;

function world(script = `echo '${JSON.stringify(STATE)}'`) {
  const root = folder({
    "project/cdktf.json": "{}",
    "project/cdktf.out/stacks/dev/cdk.tf.json": "{}",
    "project/cdktf.out/stacks/dev/.terraform/providers": "",
    "project/deployments/dev.yaml": SETTINGS,
    "project/locks/dev.terraform.lock.hcl": "# A lock\n".repeat(4000),
    "interrupt.cjs": INTERRUPT,
    terraform: `#!/bin/sh\n${script}\n`,
  });
  chmodSync(join(root, "terraform"), 0o755);
  mkdirSync(join(root, "tmp"));
  const shell = (line: string, args: readonly string[], options = "") => {
    const { status, signal, stdout, stderr } = spawnSync(
      "sh",
      ["-c", line, ...DKP_ACCESS, ...args],
      {
        cwd: join(root, "project"),
        encoding: "utf8",
        env: {
          PATH: process.env.PATH,
          TMPDIR: join(root, "tmp"),
          TERRAFORM_BINARY_NAME: join(root, "terraform"),
          NODE_OPTIONS: options,
        },
      },
    );
    return { status, signal, stdout, stderr };
  };
  return {
    run: (...args: readonly string[]) => shell('exec "$0" "$@"', args),
    interrupted: (...args: readonly string[]) =>
      shell('exec "$0" "$@"', args, `--require=${join(root, "interrupt.cjs")}`),
    /**
     * A limit on the size of a file, in units of 512 bytes, makes writes fail where a full disk
     * does.
     */
    onFullDisk: (limit: number, ...args: readonly string[]) =>
      shell(`trap '' XFSZ; ulimit -f ${limit}; exec "$0" "$@"`, args),
    written: () =>
      Object.fromEntries(
        readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => {
          const path = join(entry.parentPath, entry.name);
          return [
            path.slice(root.length + 1),
            entry.isFile() ? readFileSync(path, "utf8") : "a folder",
          ];
        }),
      ),
  };
}

function complete(...args: readonly string[]) {
  const { run, written } = world();
  expect(run(...args)).toMatchObject({ status: 0 });
  return written();
}

/**
 * Each file is as it was before, or as the command writes it, and there is no other file, no
 * temporary one either.
 */
function expectCompleteFiles(
  { written }: ReturnType<typeof world>,
  whole: Readonly<Record<string, string>>,
) {
  const before = world().written();
  expect(Object.keys(whole)).toEqual(expect.arrayContaining(Object.keys(written())));
  for (const [path, content] of Object.entries(written())) {
    expect([before[path], whole[path]]).toContain(content);
  }
}

describe("a command that cannot write all of its files", () => {
  it.each([[["init", "new"]], [["hand-over", "--out", "provider.yaml"]]])(
    "leaves complete files only when Ctrl-C comes within each write of %j",
    (args) => {
      const stopped = world();
      // A command that waits for nothing finishes its work.
      const { status, signal } = stopped.interrupted(...args);
      expect([`${status}`, signal]).toContain(signal === null ? "0" : "SIGINT");
      expectCompleteFiles(stopped, complete(...args));
    },
  );

  it("writes no secret when Ctrl-C stops hand-over while Terraform runs", () => {
    const { run, written } = world("kill -INT $PPID; exec sleep 1");
    const before = written();
    expect(run("hand-over", "--out", "provider.yaml")).toEqual({
      status: null,
      signal: "SIGINT",
      stdout: "",
      stderr: "",
    });
    expect(written()).toEqual(before);
  });

  it("prints no secret without --yes", () => {
    const stderr =
      "nothing was printed; write --out FILE for a file that only you can read, or --yes to print the secret\n";
    expect(world().run("hand-over")).toEqual({ status: 1, signal: null, stdout: "", stderr });
  });

  it.each([
    [["init", "new"], 1, /^new\/\S+: file too large \(EFBIG\)\n$/],
    [["hand-over", "--out", "provider.yaml"], 0, /^\S+\/provider\.yaml: .+ \(EFBIG\)\n$/],
  ])(
    "leaves complete files only, and says so in one line, when the disk is full: %j, %d blocks",
    (args, limit, message) => {
      const full = world();
      const failed = {
        status: 1,
        signal: null,
        stdout: "",
        stderr: expect.stringMatching(message),
      };
      expect(full.onFullDisk(limit, ...args)).toEqual(failed);
      expectCompleteFiles(full, complete(...args));
    },
  );

  it.each([
    ["synth", 4, "cdktf\\.out"],
    ["synth", 60, "cdktf\\.out"],
    ["review", 8, "review/dev/\\S+"],
  ])(
    "writes again at the next run what %s could not complete on a full disk of %d blocks",
    (command, limit, path) => {
      const { onFullDisk, run, written } = world();
      const stderr = expect.stringMatching(new RegExp(`^${path}: file too large \\(EFBIG\\)\n$`));
      expect(onFullDisk(limit, command)).toEqual({ status: 1, signal: null, stdout: "", stderr });
      expect(run(command)).toMatchObject({ status: 0 });
      expect(written()).toEqual(complete(command));
    },
  );
});

it("several runs of dkp-access synth at the same time write the same stacks, and leave them complete", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `dev-${index}`);
  const ownNames = (name: string) =>
    `${SETTINGS}user: { name: ${name} }\npolicy: { name: ${name} }\n`;
  const project = folder(
    Object.fromEntries(names.map((name) => [`deployments/${name}.yaml`, ownNames(name)])),
  );
  const synth = () => startIn(project, { PATH: process.env.PATH ?? "" }, ...DKP_ACCESS, "synth");
  const finished = await Promise.all([synth(), synth(), synth(), synth()]);
  expect(finished.filter(({ status }) => status !== 0)).toEqual([]);
  expect(readdirSync(join(project, "cdktf.out/stacks")).sort()).toEqual(names.toSorted());
  for (const name of names) {
    const json = JSON.parse(
      readFileSync(join(project, "cdktf.out/stacks", name, "cdk.tf.json"), "utf8"),
    );
    expect(json.resource.aws_iam_user.user.name).toBe(name);
  }
  expect(readdirSync(join(project, "cdktf.out")).sort()).toEqual(["manifest.json", "stacks"]);
});
