import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { blockWith } from "../helpers/blocks";
import { PROJECT } from "../helpers/project-root";
import { folder, write } from "./support/project";

const SCRIPT = join(PROJECT, "scripts/check-image.sh");

interface Image {
  readonly disks: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly services: Readonly<Record<string, string>> | undefined;
  readonly cloudInit: boolean;
}

const SERVICES = {
  "cloud-config.service": "active",
  "cloud-final.service": "active",
  "cloud-init.service": "active",
};
const GIB = 2 ** 21;
const VALID = {
  disks: {
    nvme0n1: {
      size: `${8 * GIB}`,
      hidden: "0",
      "device/model": "Amazon Elastic Block Store              ",
    },
  },
  services: SERVICES,
  cloudInit: true,
};

const withServices = (services: Image["services"]) => ({
  ...VALID,
  services: { ...SERVICES, ...services },
});
const withDisks = (disks: Image["disks"]) => ({
  ...VALID,
  disks: { ...VALID.disks, ...disks },
});

/** A systemctl that responds as on a booted instance: a unit that does not exist is inactive. */
const SYSTEMCTL = `#!/bin/sh
[ "$1" = is-active ] && { cat "\${0%/*}/$2" 2>/dev/null || echo inactive; }
`;
const NO_SYSTEMD = "#!/bin/sh\necho 'Failed to connect to bus: Host is down' >&2\nexit 1\n";

function executable(path: string, name: string, content: string) {
  write(path, { [name]: content });
  chmodSync(join(path, name), 0o755);
}

function check(shell: string, { disks, services, cloudInit }: Image) {
  const root = folder({ "sys/block/loop0/size": "131072\n", "sys/block/zram0/size": "131072\n" });
  for (const [disk, files] of Object.entries(disks)) {
    write(join(root, "sys/block", disk), files);
  }
  if (cloudInit) {
    executable(root, "usr/bin/cloud-init", "");
  }
  const programs = folder({ ...services });
  executable(programs, "systemctl", services === undefined ? NO_SYSTEMD : SYSTEMCTL);
  const [program = "", ...before] = shell.split(" ");
  const env = { PATH: `${programs}:${process.env.PATH}` };
  const { status, stdout, stderr } = spawnSync(program, [...before, SCRIPT, root], {
    env,
    encoding: "utf8",
  });
  return { status, lines: `${stdout}${stderr}`.trimEnd().split("\n") };
}

const IMAGES: Readonly<Record<string, Image>> = {
  "a service failed": withServices({ "cloud-final.service": "failed" }),
  "a service did not start under its old and its new name": withServices({
    "cloud-init.service": "inactive",
  }),
  "there is a second disk": withDisks({ nvme1n1: { size: `${20 * GIB}` } }),
  "the instance boots": withServices({ "cloud-final.service": "activating" }),
  "systemd does not run": { ...VALID, services: undefined },
  "one check fails and another one is unknown": { ...VALID, cloudInit: false, disks: {} },
};

/** The error, the exit code, and the lines about checks that did not pass. */
const REPORTS = `
a service failed
1
failed  cloud-final.service: failed, must be active; "systemctl status cloud-final.service" and "cloud-init status --long" show why

a service did not start under its old and its new name
1
failed  cloud-init.service: inactive, must be active; "systemctl status cloud-init-network.service" and "cloud-init status --long" show why

there is a second disk
1
failed  disks: 2 disks, must be one: nvme0n1 (8 GiB), nvme1n1 (20 GiB); create the image from an instance with one disk, and launch without others

the instance boots
3
unknown cloud-final.service: cloud-final.service is activating: wait with "cloud-init status --wait", and run this again

systemd does not run
3
unknown cloud-config.service: systemd does not respond; run this on an instance that was launched from the image
unknown cloud-final.service: systemd does not respond; run this on an instance that was launched from the image
unknown cloud-init.service: systemd does not respond; run this on an instance that was launched from the image

one check fails and another one is unknown
1
failed  cloud-init: not installed; install the package cloud-init in the image
unknown disks: no disk found; run this on an instance that was launched from the image
`
  .trim()
  .split("\n\n")
  .map((report) => report.split("\n") as [string, ...string[]]);

describe.each(["dash", "bash", "busybox sh"])("check-image.sh under %s", (shell) => {
  const notPassed = (image: Image) => {
    const { status, lines } = check(shell, image);
    return { status, lines: lines.filter((line) => !line.startsWith("ok ")) };
  };

  it("reports that all checks passed", () => {
    expect(check(shell, VALID)).toEqual({
      status: 0,
      lines: [
        "ok      cloud-init: /usr/bin/cloud-init",
        "ok      cloud-config.service: cloud-config.service is active",
        "ok      cloud-final.service: cloud-final.service is active",
        "ok      cloud-init.service: cloud-init.service is active",
        "ok      disks: nvme0n1 (8 GiB)",
      ],
    });
  });

  it.each(REPORTS)("reports what is wrong and the remedy: %s", (what, status, ...lines) => {
    expect(notPassed(IMAGES[what] ?? VALID)).toEqual({ status: Number(status), lines });
  });

  it("accepts the service under the name that newer cloud-init gives it", () => {
    const newer = withServices({
      "cloud-init.service": "inactive",
      "cloud-init-network.service": "active",
    });
    expect(check(shell, newer).lines).toContain(
      "ok      cloud-init.service: cloud-init-network.service is active",
    );
    const older = withServices({
      "cloud-init.service": "failed",
      "cloud-init-network.service": "inactive",
    });
    expect(check(shell, older).lines).toContainEqual(
      expect.stringContaining(
        'cloud-init.service: failed, must be active; "systemctl status cloud-init.service"',
      ),
    );
  });

  it("counts no storage of the instance type, hidden path, drive without a medium or virtual device", () => {
    const others = {
      nvme1n1: { size: `${70 * GIB}`, "device/model": "Amazon EC2 NVMe Instance Storage        " },
      nvme0c0n1: { size: `${8 * GIB}`, hidden: "1" },
      sr0: { size: "2097151" },
      xvdz: { size: "0" },
      "dm-0": { size: `${8 * GIB}` },
    };
    expect(notPassed(withDisks(others))).toEqual({ status: 0, lines: [] });
  });
});

it("check-image.sh is copied and started by the commands of docs/how-to/preflight.md", () => {
  const [home, programs, repository] = [folder(), folder(), folder({ "node_modules/.keep": "" })];
  symlinkSync(PROJECT, join(repository, "node_modules/dkp-access"));
  executable(programs, "scp", `#!/bin/sh\ncp "$1" ${home}\n`);
  executable(programs, "ssh", `#!/bin/sh\nshift\ncd ${home} && "$@"\n`);
  const env = { PATH: `${programs}:${process.env.PATH}` };
  const commands = blockWith("scp ", "docs/how-to/preflight.md");
  const { stdout } = spawnSync("sh", ["-c", commands], { cwd: repository, env, encoding: "utf8" });
  expect(stdout).toMatch(/^(ok|failed) +cloud-init: /);
});

it("check-image.sh has at most 80 lines, and no ShellCheck findings", () => {
  expect(readFileSync(SCRIPT, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(80);
  expect(spawnSync("shellcheck", ["--norc", SCRIPT], { encoding: "utf8" }).stdout).toBe("");
});
