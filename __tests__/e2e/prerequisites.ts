import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PROJECT } from "./support/project";

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
  {
    name: "Python 3 with moto >= 5.2 and its server",
    command: ["python3", "-c", "import moto, moto.server; print(moto.__version__)"],
    accepts: atLeast(5, 2),
    remedy: "python3 -m pip install 'moto[server]'",
  },
];

/** Names everything that the end-to-end tests need and this machine lacks, then builds the project once for all of them. */
export default function prerequisites(): void {
  const missing = TOOLS.filter(({ command: [program = "", ...args], accepts }) => {
    const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
    return status !== 0 || !accepts(stdout);
  });
  if (missing.length > 0) {
    throw new Error(["the end-to-end tests need:", ...missing.map(({ name, remedy }) => `  ${name}: ${remedy}`)].join("\n"));
  }
  const build = spawnSync(process.execPath, [join(PROJECT, "node_modules/typescript/bin/tsc"), "-b"], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  if (build.status !== 0) {
    throw new Error(build.stdout);
  }
}
