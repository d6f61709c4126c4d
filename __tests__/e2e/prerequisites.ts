import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPLETE } from "../helpers/complete";
import { PROJECT } from "../helpers/project-root";
import { cleanUp } from "./support/cleanup";
import { CLUSTER_TOOLS } from "./support/cluster";
import { LocalAws } from "./support/local-aws";
import { FURTHER_PROGRAMS } from "./support/programs";
import { startServedMirror } from "./support/served-mirror";
import { ownProviderEnvironment, runIn } from "./support/terraform";

/** For every test: a command that prints its version, the oldest one, and what installs it. */
const REQUIRED = [
  {
    name: "Terraform",
    command: ["terraform", "version"],
    oldest: [1, 10],
    remedy: "install it and put it on the PATH",
  },
  {
    name: "moto and its server for Python 3",
    command: ["python3", "-c", "import moto, moto.server; print(moto.__version__)"],
    oldest: [5, 2],
    remedy: "python3 -m pip install 'moto[server]'",
  },
] as const;

const COMMANDS = [
  ...[
    "actionlint",
    "aws",
    "busybox",
    "check-jsonschema",
    "checkov",
    "dash",
    "openssl",
    "shellcheck",
    "z3",
    "zizmor",
  ],
  ...FURTHER_PROGRAMS,
  // .ci/cluster-tools/build FOLDER builds the last two.
  ...(COMPLETE ? ["etcd", `${CLUSTER_TOOLS}/d8`, `${CLUSTER_TOOLS}/kube-apiserver`] : []),
];

const WITH_PROVIDER = `terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}
`;

const NO_PROVIDER =
  "Terraform can't get the AWS provider; set E2E_PROVIDER_MIRROR to a folder in filesystem-mirror layout, or let it reach its registry";

/**
 * Reports every missing requirement of the end-to-end tests, and starts what all of them use.
 * @throws Error if no test can run
 */
export default async function prerequisites(): Promise<void> {
  const others = COMMANDS.filter(
    (name) => spawnSync("sh", ["-c", 'command -v "$0"', name]).status !== 0,
  );
  if (others.length > 0) {
    process.stderr.write(
      `without these commands, some end-to-end tests fail: ${others.join(", ")}\n`,
    );
  }
  const required = REQUIRED.filter(({ command: [program, ...args], oldest: [major, minor] }) => {
    const { stdout } = spawnSync(program, args, { encoding: "utf8" });
    const [, foundMajor, foundMinor] = /(\d+)\.(\d+)/.exec(stdout ?? "") ?? [];
    return !(
      Number(foundMajor) > major ||
      (Number(foundMajor) === major && Number(foundMinor) >= minor)
    );
  }).map(({ name, oldest, remedy }) => `  ${name} >= ${oldest.join(".")}: ${remedy}`);
  if (required.length > 0) {
    throw plainError(["the end-to-end tests need:", ...required].join("\n"));
  }
  const path = mkdtempSync(join(tmpdir(), "e2e-provider-"));
  writeFileSync(join(path, "main.tf"), WITH_PROVIDER);
  const { status, output } = runIn(
    path,
    ownProviderEnvironment(),
    "terraform",
    "init",
    "-no-color",
  );
  await cleanUp();
  if (status !== 0) {
    rmSync(path, { recursive: true });
    throw plainError(`${NO_PROVIDER}\n${output}`);
  }
  // For tests that synthesize with the program as the package has it, which starts faster.
  runIn(PROJECT, { PATH: process.env.PATH ?? "" }, process.execPath, "scripts/bundle.mjs");
  await Promise.all([startServedMirror(path), LocalAws.startOrigin()]);
}

function plainError(message: string) {
  return Object.assign(new Error(message), { stack: message });
}
