import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { folder, removeFolders, write } from "./support/project";

const SCRIPT = join(PROJECT, "scripts/check-image.sh");

interface Image {
  /** Files of each disk in /sys/block; sizes are in units of 512 bytes. */
  readonly disks: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Output of systemctl for each existing unit; undefined if systemd does not run. */
  readonly services?: Readonly<Record<string, string>>;
  /** Whether the command exists, without a package. */
  readonly cloudInit: boolean;
  /** Architecture number in the ELF header of its programs. */
  readonly architecture: number;
}

/** What `systemctl show -p LoadState -p ActiveState -p SubState` prints. */
const shown = (load: string, active: string, sub: string) => `LoadState=${load}\nActiveState=${active}\nSubState=${sub}\n`;
const EXITED = shown("loaded", "active", "exited");
const NOT_FOUND = shown("not-found", "inactive", "dead");
const SERVICES = { "cloud-config.service": EXITED, "cloud-final.service": EXITED, "cloud-init.service": EXITED };

const GIB = 2 ** 21;
const VALID: Image = {
  disks: { nvme0n1: { size: `${8 * GIB}`, hidden: "0", "device/model": "Amazon Elastic Block Store              " } },
  services: SERVICES,
  cloudInit: true,
  architecture: 62,
};
const ARM = 183;

/** A valid image except for one unit. */
const withService = (unit: string, properties: string): Image => ({ ...VALID, services: { ...SERVICES, [unit]: properties } });
const withDisks = (disks: Image["disks"]): Image => ({ ...VALID, disks: { ...VALID.disks, ...disks } });

/** A systemctl that responds as on a booted instance. */
const SYSTEMCTL = `#!/bin/sh
[ "$1 $2 $3 $4 $5 $6 $7" = "show -p LoadState -p ActiveState -p SubState" ] || exit 1
cat "\${0%/*}/$8" 2>/dev/null || cat "\${0%/*}/not-found"
`;

function executable(path: string, name: string, content: string): void {
  write(path, { [name]: content });
  chmodSync(join(path, name), 0o755);
}

/** Creates the files of an image. @returns the root folder and the PATH for the script */
function createImage({ disks, services, cloudInit, architecture }: Image): { root: string; path: string } {
  const root = folder({ "sys/block/loop0/size": "131072\n", "sys/block/zram0/size": "131072\n" });
  for (const [disk, files] of Object.entries(disks)) {
    write(join(root, "sys/block", disk), files);
  }
  mkdirSync(join(root, "bin"));
  writeFileSync(
    join(root, "bin/bash"),
    Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01".padEnd(18, "\0")), Buffer.of(architecture, 0)]),
  );
  if (cloudInit) {
    executable(root, "usr/bin/cloud-init", "");
  }
  if (services !== undefined) {
    mkdirSync(join(root, "run/systemd/system"), { recursive: true });
  }
  const programs = folder({ ...services, "not-found": NOT_FOUND });
  executable(programs, "systemctl", SYSTEMCTL);
  return { root, path: `${programs}:${process.env.PATH}` };
}

const SHELLS = ["dash", "bash", "busybox sh"] as const;

function run(
  shell: (typeof SHELLS)[number],
  path: string,
  ...args: string[]
): { status: number | null; lines: readonly string[] } {
  const [program = "", ...before] = shell.split(" ");
  const { status, stdout, stderr } = spawnSync(program, [...before, SCRIPT, ...args], { env: { PATH: path }, encoding: "utf8" });
  return { status, lines: `${stdout}${stderr}`.trimEnd().split("\n") };
}

describe.each(SHELLS)("check-image.sh under %s", (shell) => {
  afterEach(removeFolders);

  /** The exit status and the lines of the report, except the lines of passed checks. */
  function check(image: Image): { status: number | null; lines: readonly string[] } {
    const { root, path } = createImage(image);
    const { status, lines } = run(shell, path, "--root", root);
    return { status, lines: lines.filter((line) => !line.startsWith("ok ")) };
  }

  it("reports that all checks passed", () => {
    const { root, path } = createImage(VALID);
    expect(run(shell, path, "--root", root)).toEqual({
      status: 0,
      lines: [
        "ok      cloud-init: /usr/bin/cloud-init, not installed as a package",
        "ok      cloud-config.service: active (exited)",
        "ok      cloud-final.service: active (exited)",
        "ok      cloud-init.service: active (exited)",
        "ok      disks: nvme0n1 (8 GiB)",
        "ok      architecture: x86_64",
        "all checks passed",
      ],
    });
  });

  it("accepts the service under the name that newer cloud-init gives it, and reports that name", () => {
    const { root, path } = createImage({
      ...VALID,
      services: { ...SERVICES, "cloud-init.service": NOT_FOUND, "cloud-init-network.service": EXITED },
    });
    const { status, lines } = run(shell, path, "--root", root);
    expect(status).toBe(0);
    expect(lines).toContain(
      "ok      cloud-init.service: active (exited) as cloud-init-network.service, its name since cloud-init 24.3",
    );
  });

  it.each<[string, Image, string]>([
    [
      "cloud-init is not installed",
      { ...VALID, cloudInit: false },
      "failed  cloud-init: not installed; DKP sets up nodes through it; install the package cloud-init in the image",
    ],
    [
      "a service failed",
      withService("cloud-final.service", shown("loaded", "failed", "failed")),
      'failed  cloud-final.service: failed, must run; "journalctl -u cloud-final.service" shows why',
    ],
    [
      "a service did not start",
      withService("cloud-config.service", shown("loaded", "inactive", "dead")),
      'failed  cloud-config.service: inactive (dead), must run; run "systemctl enable cloud-config.service" in the image, and check that neither /etc/cloud/cloud-init.disabled nor the kernel argument cloud-init=disabled exists; "cloud-init status --long" shows more',
    ],
    [
      "a service is masked",
      withService("cloud-final.service", shown("masked", "inactive", "dead")),
      'failed  cloud-final.service: masked, must run; run "systemctl unmask cloud-final.service" in the image',
    ],
    [
      "a service is missing under its old and its new name",
      withService("cloud-init.service", NOT_FOUND),
      "failed  cloud-init.service: there is no such service; it comes with cloud-init: install the whole package in the image",
    ],
    [
      "the service failed under its new name",
      {
        ...VALID,
        services: {
          ...SERVICES,
          "cloud-init.service": NOT_FOUND,
          "cloud-init-network.service": shown("loaded", "failed", "failed"),
        },
      },
      'failed  cloud-init.service: failed as cloud-init-network.service, its name since cloud-init 24.3, must run; "journalctl -u cloud-init-network.service" shows why',
    ],
    [
      "there is a second disk",
      withDisks({ nvme1n1: { size: `${20 * GIB}` } }),
      "failed  disks: 2 disks, must be one: nvme0n1 (8 GiB), nvme1n1 (20 GiB); if they come from the image, create it from an instance with one disk; if one was added at launch, launch without it",
    ],
    [
      "the image has another architecture",
      { ...VALID, architecture: ARM },
      "failed  architecture: aarch64, must be x86_64; DKP's programs are built for x86_64: use an image of that architecture",
    ],
  ])("reports an error and its remedy: %s", (_, image, line) => {
    expect(check(image)).toEqual({ status: 1, lines: [line, "failed: 1, unknown: 0"] });
  });

  it.each<[string, Image["disks"]]>([
    [
      "the instance type's storage",
      { nvme1n1: { size: `${70 * GIB}`, "device/model": "Amazon EC2 NVMe Instance Storage        " } },
    ],
    ["a single path to an NVMe disk", { nvme0c0n1: { size: `${8 * GIB}`, hidden: "1" } }],
    ["an optical drive, with and without a medium", { sr0: { size: "2097151" }, fd0: { size: "8" }, xvdz: { size: "0" } }],
    ["virtual devices on top of disks", { "dm-0": { size: `${8 * GIB}` }, md127: { size: `${8 * GIB}` } }],
  ])("does not count as a disk: %s", (_, disks) => {
    expect(check(withDisks(disks))).toEqual({ status: 0, lines: ["all checks passed"] });
  });

  it("reports unknown while the instance boots", () => {
    expect(check(withService("cloud-final.service", shown("loaded", "activating", "start")))).toEqual({
      status: 3,
      lines: [
        'unknown cloud-final.service: activating (start); still booting: wait with "cloud-init status --wait", and run this again',
        "failed: 0, unknown: 1",
      ],
    });
  });

  it("reports the services as unknown where systemd does not run", () => {
    const { services, ...withoutSystemd } = VALID;
    const remedy = "systemd does not run here; run this on an instance that was launched from the image";
    expect(check(withoutSystemd)).toEqual({
      status: 3,
      lines: [...Object.keys(SERVICES).map((unit) => `unknown ${unit}: ${remedy}`), "failed: 0, unknown: 3"],
    });
  });

  it("reports the services as unknown when systemctl does not respond", () => {
    const { root, path } = createImage(VALID);
    const silent = folder();
    executable(silent, "systemctl", "#!/bin/sh\necho 'Failed to connect to bus: Host is down' >&2\nexit 1\n");
    const { status, lines } = run(shell, `${silent}:${path}`, "--root", root);
    expect(status).toBe(3);
    expect(lines).toContain(
      'unknown cloud-init.service: systemd does not respond; check the output of "systemctl show cloud-init.service", and run this again',
    );
  });

  it("prints the same as valid JSON, whatever strings it finds", () => {
    const { root, path } = createImage(withDisks({ 'x"\\\n\té': { size: `${GIB}` } }));
    const { status, lines } = run(shell, path, "--json", "--root", root);
    expect(status).toBe(1);
    expect(JSON.parse(lines.join("\n"))).toEqual({
      result: "failed",
      checks: [
        { check: "cloud-init", result: "ok", found: "/usr/bin/cloud-init, not installed as a package" },
        { check: "cloud-config.service", result: "ok", found: "active (exited)" },
        { check: "cloud-final.service", result: "ok", found: "active (exited)" },
        { check: "cloud-init.service", result: "ok", found: "active (exited)" },
        {
          check: "disks",
          result: "failed",
          found: '2 disks, must be one: nvme0n1 (8 GiB), x"\\     (1 GiB)',
          remedy:
            "if they come from the image, create it from an instance with one disk; if one was added at launch, launch without it",
        },
        { check: "architecture", result: "ok", found: "x86_64" },
      ],
    });
  });

  it("checks the computer that runs the test", () => {
    const { status, lines } = run(shell, process.env.PATH ?? "", "--json");
    const { result, checks } = JSON.parse(lines.join("\n"));
    expect({ ok: 0, failed: 1, unknown: 3 }[result as string]).toBe(status);
    expect(checks).toHaveLength(6);
  });

  it.each([
    [["--jsn"], 'check-image.sh: "--jsn": unknown argument; --help lists the known ones'],
    [["--root"], 'check-image.sh: --root: "" is no folder; name the folder to check'],
    [["--root", "/nowhere\\n"], 'check-image.sh: --root: "/nowhere\\n" is no folder; name the folder to check'],
  ])("rejects unknown arguments: %j", (args, line) => {
    expect(run(shell, process.env.PATH ?? "", ...args)).toEqual({ status: 2, lines: [line] });
  });

  it("prints help", () => {
    const { status, lines } = run(shell, process.env.PATH ?? "", "--help");
    expect(status).toBe(0);
    expect(lines[0]).toBe("Usage: sh check-image.sh [--json] [--root DIR]");
  });
});

describe("check-image.sh reads the package databases of an image", () => {
  afterEach(removeFolders);

  it.each([
    ["installed", "install ok installed", "ok      cloud-init: package version 22.4.2-1"],
    [
      "removed, with its configuration left",
      "deinstall ok config-files",
      "failed  cloud-init: not installed; DKP sets up nodes through it; install the package cloud-init in the image",
    ],
  ])("of dpkg: %s", (_, status, line) => {
    const { root, path } = createImage({ ...VALID, cloudInit: false });
    const entry = `Package: cloud-init\nStatus: ${status}\nArchitecture: all\nMaintainer: x <x@example.com>\nVersion: 22.4.2-1\nDescription: x\n`;
    write(root, { "var/lib/dpkg/status": entry });
    expect(run("dash", path, "--root", root).lines[0]).toBe(line);
  });

  it.each([
    ["rpm", "var/lib/rpm/keep", "rpm", "23.4-7.el9", "package version 23.4-7.el9"],
    ["apk", "lib/apk/db/installed", "apk", "cloud-init", "package is installed"],
  ])("of %s", (_, database, program, answer, found) => {
    const { root, path } = createImage({ ...VALID, cloudInit: false });
    write(root, { [database]: "" });
    const programs = folder();
    executable(programs, program, `#!/bin/sh\n[ "$1 $2" = "--root ${root}" ] && printf '%s' '${answer}'\n`);
    expect(run("dash", `${programs}:${path}`, "--root", root).lines[0]).toBe(`ok      cloud-init: ${found}`);
  });
});

it("check-image.sh has no ShellCheck findings", () => {
  expect(spawnSync("shellcheck", ["--norc", SCRIPT], { encoding: "utf8" }).stdout).toBe("");
});
