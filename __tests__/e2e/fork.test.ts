import { spawnSync } from "node:child_process";
import { cpSync, existsSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { PROJECT } from "../helpers/project-root";
import { npmEnvironment } from "./support/consumer";
import { folder, write } from "./support/project";
import { runIn } from "./support/terraform";

/** Deployments of a user, in a format of the user's own. */
const DEPLOYMENTS: Readonly<Record<string, string>> = {
  "dev-zwolle": "region:   eu-central-1\nbackend: {local: {}}\nuser: {name: dev}\npolicy: {name: Dev}\n",
  prod: `region: eu-north-1\nbackend: { local: { } }\naccessKeys: { primary: { pgpKey: '${ENCRYPTION_KEY}' } }\nuser: { name: prod }\npolicy: { name: Prod, mode: minimal }\ncluster: { prefix: prod, layout: Standard }\n`,
  legacy: "region: us-east-1\nbackend: { local: {} }\nuser: { name: legacy }\npolicy: { name: Legacy }\n",
};

describe("a fork of this repository with other deployments", () => {
  let fork: string;

  const npm = (...args: readonly string[]) => runIn(fork, npmEnvironment(), "npm", ...args);

  beforeAll(() => {
    fork = folder();
    const { stdout } = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
      cwd: PROJECT,
      encoding: "utf8",
    });
    for (const path of stdout.split("\0").filter((name) => name !== "" && existsSync(join(PROJECT, name)))) {
      cpSync(join(PROJECT, path), join(fork, path), { recursive: true });
    }
    rmSync(join(fork, "deployments/deckhouse.yaml"));
    rmSync(join(fork, "review"), { recursive: true });
    write(fork, Object.fromEntries(Object.entries(DEPLOYMENTS).map(([stack, text]) => [`deployments/${stack}.yaml`, text])));
    symlinkSync(join(PROJECT, "node_modules"), join(fork, "node_modules"));
    runIn(fork, npmEnvironment(), "git", "init", "--quiet");
    runIn(fork, npmEnvironment(), "git", "add", "--all");
  });

  it("synthesizes and reviews its deployments", () => {
    expect(npm("run", "--silent", "synth")).toMatchObject({ status: 0 });
    expect(npm("run", "--silent", "review")).toMatchObject({ status: 0 });
    const stacks = Object.keys(DEPLOYMENTS);
    expect(stacks.filter((stack) => !existsSync(join(fork, "cdktf.out/stacks", stack, "cdk.tf.json")))).toEqual([]);
    expect(stacks.filter((stack) => !existsSync(join(fork, "review", stack, "REVIEW.md")))).toEqual([]);
  });

  it("passes lint", () => {
    const { status, output } = npm("run", "--silent", "lint");
    expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
  });

  it("passes the unit tests that read files of the repository", () => {
    const { status, output } = npm("test", "--", "-w", "1", "reference-tables", "commands/init", "golden", "package.test");
    expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
  });
});
