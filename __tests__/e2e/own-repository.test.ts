import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { blockWith } from "../helpers/blocks";
import { PROJECT } from "../helpers/project-root";
import { install, packProject } from "./support/consumer";
import { LocalAws } from "./support/local-aws";
import { folder, write } from "./support/project";
import { SERVED_MIRROR } from "./support/served-mirror";
import {
  DKP_ACCESS,
  ended,
  jsonOf,
  mustSucceed,
  runIn,
  terraformEnvironment,
} from "./support/terraform";

const SETTINGS = "deployments/deckhouse.yaml";
const STACK = "cdktf.out/stacks/deckhouse";
const JSON_FILE = join(STACK, "cdk.tf.json");

const GOLDEN = "__tests__/golden/deployments";

/**
 * A deployment without an account gets one of its own, because together their names must differ.
 */
function goldenDeployments() {
  const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
  const settings = readdirSync(join(PROJECT, GOLDEN)).map((file, index) => {
    const text = read(join(GOLDEN, file));
    const account =
      !file.endsWith(".yaml") || /^accountId:/m.test(text)
        ? ""
        : `accountId: "${index + 100_000_000_000}"\n`;
    return [`deployments/${file}`, `${text}${account}`] as const;
  });
  const installation = "__tests__/golden/config.yaml";
  return { ...Object.fromEntries(settings), [installation]: read(installation) };
}

class Repository {
  readonly path = join(folder(), "acme");

  constructor(private readonly aws: LocalAws) {}

  attempt(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const [program = "", ...rest] = args;
    return runIn(
      this.path,
      { ...terraformEnvironment(this.aws), FORCE_COLOR: "0", CI: "1", ...more },
      program,
      ...rest,
    );
  }

  run(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
    return mustSucceed(this.attempt(args, more));
  }

  commit(message: string) {
    const author = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    this.run(["git", "init", "--quiet"]);
    this.run(["git", "add", "--all"]);
    this.run(["git", ...author, "commit", "--quiet", `--message=${message}`]);
  }

  read(path: string) {
    return readFileSync(join(this.path, path), "utf8");
  }
}

const CLUSTER = `cluster:
  prefix: staging
  layout: WithNAT
  imdsv2: true
  tags: { environment: staging }
  withNAT: { bastionInstance: {} }
  amis: [ami-0123456789abcdef0]
`;

describe("a repository that dkp-access init wrote", () => {
  let aws: LocalAws;
  let packed: string;
  let repository: Repository;
  let withProgram: Repository;

  const init = (command: string, to: Repository, ...args: readonly string[]) => {
    mustSucceed(runIn(folder(), process.env, command, "init", to.path, ...args));
    const settings = to
      .read(SETTINGS)
      .replace('"CHANGE" # CHANGE', '"123456789012"')
      .replace(/^accessKeys: .*\n/m, "")
      .replace(/^cluster:\n( .*\n)*/m, CLUSTER)
      .replace("example-terraform-state # CHANGE", "example-terraform-state")
      .replaceAll("eu-central-1 # CHANGE", "eu-north-1")
      .replace("    bucket:", "    use_path_style: true\n    bucket:");
    write(to.path, { [SETTINGS]: settings });
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket("example-terraform-state");
    const files = folder();
    packed = join(files, packProject(files).filename);
    const alone = folder({ "package.json": "{}" });
    mustSucceed(runIn(alone, process.env, "npm", "install", "--prefer-offline", packed));
    const program = join(alone, "node_modules/.bin/dkp-access");
    repository = new Repository(aws);
    init(program, repository, "--pipeline", "gitlab");
    mustSucceed(
      runIn(repository.path, process.env, "npm", "install", "--save-exact", "--prefer-offline"),
    );
    withProgram = new Repository(aws);
    init(program, withProgram, "--cdktf");
    install(withProgram.path);
  });

  it("installs at most 10 packages and 30 MB, with permissive licenses", () => {
    const installed = jsonOf(repository.path, process.env, "npm", "query", ":root *") as readonly {
      readonly license?: string;
    }[];
    expect(installed.length).toBeLessThanOrEqual(10);
    expect([...new Set(installed.map(({ license }) => license))].sort()).toEqual([
      "Apache-2.0",
      "ISC",
      "MIT",
    ]);
    expect(
      Number.parseInt(repository.run(["du", "--summarize", "--block-size=1M", "node_modules"]), 10),
    ).toBeLessThanOrEqual(30);
  });

  it("has and names a copy of the packed file that the program was installed from", () => {
    const { dependencies } = JSON.parse(repository.read("package.json"));
    expect(dependencies["dkp-access"]).toBe(`file:${basename(packed)}`);
    expect(readFileSync(join(repository.path, basename(packed)))).toEqual(readFileSync(packed));
  });

  it("names the file to copy when the program was installed globally, because no registry has its version", () => {
    const prefix = folder();
    mustSucceed(
      runIn(
        prefix,
        process.env,
        "npm",
        "install",
        "--global",
        "--prefer-offline",
        "--prefix",
        prefix,
        packed,
      ),
    );
    const manifest = join(prefix, "lib/node_modules/dkp-access/package.json");
    writeFileSync(
      manifest,
      readFileSync(manifest, "utf8").replace(/("version": ?"[\d.]+)"/, '$1-g0123abcd"'),
    );
    const output = mustSucceed(
      runIn(folder(), process.env, join(prefix, "bin/dkp-access"), "init", "acme"),
    );
    expect(output).toMatch(
      /\nCopy dkp-access-[\d.]+-g0123abcd\.tgz, from which this program was installed, to acme before npm install: no registry has it\n/,
    );
  });

  it("runs no package of a folder above it, and no program of a package", () => {
    const mark = join(folder(), "ran");
    const code = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`;
    const above = join(repository.path, "../node_modules");
    for (const name of ["cdktf", "constructs", "@cdktf/provider-aws"]) {
      write(join(above, name), {
        "package.json": '{"version":"0.20.12","main":"index.js"}',
        "index.js": code,
      });
    }
    for (const name of ["terraform", "git"]) {
      write(repository.path, { [`node_modules/.bin/${name}`]: `#!/usr/bin/env node\n${code}\n` });
      chmodSync(join(repository.path, "node_modules/.bin", name), 0o755);
    }
    repository.run(["npx", "dkp-access", "review"]);
    expect(repository.attempt(["npx", "dkp-access", "diff", "--against", "HEAD"]).output).toContain(
      "HEAD",
    );
    expect(repository.attempt(["npx", "dkp-access", "plan"]).output).toContain(
      "Terraform used the selected providers",
    );
    expect(existsSync(mark)).toBe(false);
    rmSync(above, { recursive: true });
    for (const path of [
      "node_modules/.bin/terraform",
      "node_modules/.bin/git",
      "review",
      "cdktf.out",
    ]) {
      rmSync(join(repository.path, path), { recursive: true });
    }
  });

  it("synthesizes the same bytes as this project for all golden deployments, with and without a program", () => {
    const synthesized = (path: string, program: string, ...args: string[]) => {
      mustSucceed(runIn(path, { PATH: process.env.PATH ?? "", CI: "1" }, program, ...args));
      const stacks = join(path, "cdktf.out/stacks");
      return readdirSync(stacks).map((stack) => [
        stack,
        readFileSync(join(stacks, stack, "cdk.tf.json"), "utf8"),
      ]);
    };
    const expected = synthesized(folder(goldenDeployments()), ...DKP_ACCESS, "synth");
    expect(expected).toHaveLength(readdirSync(join(PROJECT, GOLDEN)).length);
    for (const [{ path }, program, ...files] of [
      [repository, "dkp-access"],
      [withProgram, "cdktf", "main.ts", "cdktf.json", "tsconfig.json"],
    ] as const) {
      const golden = join(path, "golden");
      write(golden, goldenDeployments());
      symlinkSync(join(path, "node_modules"), join(golden, "node_modules"));
      for (const file of files) {
        cpSync(join(path, file), join(golden, file));
      }
      expect(synthesized(golden, "npx", program, "synth")).toEqual(expected);
      rmSync(golden, { recursive: true });
    }
  });

  it("writes the review pack, and Git tracks neither packages nor output", () => {
    repository.run(["npx", "dkp-access", "review"]);
    repository.commit("settings and review pack");
    const tracked = repository.run(["git", "ls-files"]).trim().split("\n");
    expect(tracked.filter((path) => !path.startsWith("review/"))).toEqual([
      ".gitattributes",
      ".gitignore",
      ".gitlab-ci.yml",
      ".npmrc",
      "README.md",
      SETTINGS,
      basename(packed),
      "package-lock.json",
      "package.json",
    ]);
    expect(tracked).toContain("review/deckhouse/REVIEW.md");
    expect(repository.attempt(["npx", "dkp-access", "review", "--check"])).toMatchObject({
      status: 0,
    });
    expect(repository.run(["npx", "dkp-access", "diff", "--against", "HEAD"])).toMatch(
      /^Verdict: harmless \(exit code 0\)\. Nothing changes\./,
    );
  });

  it("applies a plan of Terraform against AWS, and the provider lock of locks/ is used", () => {
    const stack = ["terraform", `-chdir=${STACK}`];
    repository.run(["npx", "dkp-access", "synth"]);
    repository.run([...stack, "init", "-no-color"]);
    repository.run([...stack, "plan", "-no-color", "-out=plan"]);
    expect(repository.run([...stack, "apply", "-no-color", "plan"])).toContain(
      "6 added, 0 changed, 0 destroyed",
    );
    const mirror = process.env[SERVED_MIRROR] ?? "";
    const lock = blockWith("providers lock", "docs/how-to/deploy.md");
    repository.run(["sh", "-e", "-c", lock], {
      TF_CLI_ARGS_providers_lock: `-fs-mirror=${mirror}`,
    });
    repository.run(["rm", "-r", "cdktf.out"]);
    repository.run(["npx", "dkp-access", "synth"]);
    expect(repository.read(join(STACK, ".terraform.lock.hcl"))).toBe(
      repository.read("locks/deckhouse.terraform.lock.hcl"),
    );
    const installation = blockWith("filesystem_mirror", "docs/how-to/deploy.md", "hcl").replace(
      "/srv/terraform-providers",
      mirror,
    );
    const TF_CLI_CONFIG_FILE = join(folder({ terraformrc: installation }), "terraformrc");
    repository.run([...stack, "init", "-no-color", "-lockfile=readonly"], { TF_CLI_CONFIG_FILE });
    repository.commit("provider lock");
  });

  it("has no changes in Terraform without this program, with the documented commands", () => {
    const plain = folder();
    const commands = blockWith("sha256sum", "docs/how-to/deploy.md").replaceAll(
      "../acme",
      repository.path,
    );
    const environment = {
      ...terraformEnvironment(aws),
      TF_CLI_ARGS_apply: "-auto-approve -no-color",
    };
    const output = mustSucceed(runIn(plain, environment, "sh", "-e", "-c", commands));
    expect(output).toContain("main.tf.json: OK\n");
    expect(output).toContain("No changes. Your infrastructure matches the configuration.");
  });

  it("has no changes in cdktf deploy, which synthesizes the same bytes and prints no error", () => {
    const expected = repository.read(JSON_FILE);
    const { status, output } = withProgram.attempt(
      ["npm", "run", "deploy", "--", "deckhouse", "--auto-approve", "--skip-provider-lock"],
      { CHECKPOINT_DISABLE: "" },
    );
    expect({ status, output }).toEqual(ended(0, "No changes"));
    expect(output).not.toMatch(/ERROR|ENOTFOUND/);
    expect(withProgram.read(JSON_FILE)).toBe(expected);
  });

  it("writes to another folder with CDKTF_OUTDIR for dkp-access and --output for cdktf, whose plan Git ignores", () => {
    withProgram.commit("settings and program");
    withProgram.run(["npx", "dkp-access", "synth"], { CDKTF_OUTDIR: "one.out" });
    withProgram.run([
      "npx",
      "cdktf",
      "diff",
      "deckhouse",
      "--skip-provider-lock",
      "--output",
      "two.out",
    ]);
    expect(withProgram.run(["ls", "two.out/stacks/deckhouse"])).toContain("plan\n");
    const elsewhere = blockWith("CDKTF_CONTEXT_JSON", "docs/reference/settings.md");
    withProgram.run(["sh", "-e", "-c", `cp -r deployments elsewhere\n${elsewhere}rm -r elsewhere`]);
    const outputs = ["one.out", "two.out", "elsewhere.out"];
    expect(
      new Set(
        outputs.map((output) => withProgram.read(join(output, "stacks/deckhouse/cdk.tf.json"))),
      ).size,
    ).toBe(1);
    expect(withProgram.run(["git", "status", "--short"])).toBe("");
  });

  it("has the pipeline of the package, as the commands after an upgrade show", () => {
    const [pipeline = ""] = blockWith(
      "gitlab-ci.yml .gitlab-ci.yml",
      "docs/how-to/upgrade.md",
    ).split("\n");
    const before = repository.read(".gitlab-ci.yml");
    repository.run(["sh", "-e", "-c", `rm .gitlab-ci.yml\n${pipeline}`]);
    expect(repository.read(".gitlab-ci.yml")).toBe(before);
  });

  it("installs in the jobs of a pipeline nothing of the program either", () => {
    const args = ["ci", "--omit=dev", "--omit=optional", "--prefer-offline", "--dry-run"];
    mustSucceed(runIn(withProgram.path, process.env, "npm", ...args));
    mustSucceed(
      runIn(withProgram.path, process.env, "npm", "prune", "--omit=dev", "--omit=optional"),
    );
    expect(existsSync(join(withProgram.path, "node_modules/cdktf"))).toBe(false);
    withProgram.run(["npx", "dkp-access", "synth"]);
    expect(withProgram.read(JSON_FILE)).toBe(repository.read(JSON_FILE));
  });

  it("runs the jobs of the pipeline", () => {
    const pipeline = "node_modules/dkp-access/scripts/pipeline.sh";
    expect(repository.run(["sh", pipeline, "changed", "HEAD~1"])).toBe("changed deckhouse\n");
    repository.run(["sh", pipeline, "plan", "deckhouse", "HEAD"]);
    expect(repository.read("pipeline.out/plan.env")).toBe("VERDICT=0\nDIGEST=\n");
    expect(repository.run(["git", "status", "--short"])).toBe("");
  });
});
