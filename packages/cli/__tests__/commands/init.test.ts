import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "yaml";
import { folderForEach } from "../../../../__tests__/helpers/folder";
import { PROJECT, projectFile } from "../../../../__tests__/helpers/project-root";
import { runCli } from "../../../../__tests__/helpers/run-cli";
import { packageSource, repositoryFiles } from "../../src/init/repository";
import { PACK_FILES } from "../../src/review/contents";

const { devDependencies, version } = JSON.parse(projectFile("package.json"));

describe("dkp-access init", () => {
  const { at, names, read, write } = folderForEach();
  const init = (...args: readonly string[]) => runCli(at(), ["init", ...args]);
  const filesOf = (name: string) =>
    readdirSync(at(name), { recursive: true, encoding: "utf8" })
      .filter((path) => statSync(at(join(name, path))).isFile())
      .sort();
  /** The file that `npm run package` creates in a checkout of this project. */
  const { named, file: toPack = "" } = packageSource(process.env);
  const packed = basename(toPack);
  const isPacked = existsSync(toPack);
  const contentOf = (name: string) =>
    filesOf(name)
      .filter((path) => path !== packed)
      .map((path) => read(join(name, path)));

  it("writes a repository and names its page with the next steps", async () => {
    const { status, stdout, stderr } = await init("acme");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const files = [
      ".gitattributes",
      ".gitignore",
      ".npmrc",
      "README.md",
      "deployments/deckhouse.yaml",
      "package.json",
    ];
    expect(filesOf("acme")).toEqual([...files, ...(isPacked ? [packed] : [])].sort());
    expect(stdout.split("\n").filter((line) => line.startsWith("wrote acme/"))).toHaveLength(
      isPacked ? 7 : 6,
    );
    const packIt = `Pack the program for npm install: npm run --prefix ${PROJECT} package && cp ${toPack} acme\n\n`;
    expect(stdout.split("\n\n").slice(1).join("\n\n")).toBe(
      `${isPacked ? "" : packIt}Next steps: acme/README.md\n`,
    );
  });

  it("names only this package, packed as the version and the commit of this checkout", async () => {
    await init("acme");
    const { dependencies, devDependencies: none } = JSON.parse(read("acme/package.json"));
    expect({ dependencies, none }).toEqual({
      dependencies: { "dkp-access": named },
      none: undefined,
    });
    const commit = spawnSync("git", ["rev-parse", "--short=8", "HEAD"], {
      cwd: PROJECT,
      encoding: "utf8",
    }).stdout.trim();
    expect(named).toMatch(
      new RegExp(`^file:dkp-access-\\d+\\.\\d+\\.\\d+(-g${commit})?(-dirty)?\\.tgz$`),
    );
    expect(packageSource({ PATH: "/none" }).named).toBe(`file:dkp-access-${version}-unknown.tgz`);
  });

  it.each([
    [`v${version}-rc.1`, "", "", "-g0123abcd"],
    [`v${version}`, "", "", ""],
    [`v${version}`, "?? docs/notes.md", "", "-dirty"],
    ["v0.0.1", " M src/stack.ts", "", "-g0123abcd-dirty"],
    [`v${version}`, "", "checkout/", "-unknown"],
  ])(
    "names the version alone for its own tag and a clean checkout only: %s, %j, %j",
    (tag, status, prefix, suffix) => {
      const answers = `*prefix) echo "${prefix}" ;; status*) echo "${status}" ;; tag*) echo ${tag} ;; *) echo 0123abcd ;;`;
      write({ git: `#!/bin/sh\ncase $3$4 in ${answers} esac\n` });
      expect(packageSource({ PATH: `${at()}:${process.env.PATH}` }).named).toBe(
        `file:dkp-access-${version}${suffix}.tgz`,
      );
    },
  );

  it("adds with --cdktf the program, with the exact versions of the packages that it is tested with", async () => {
    await runCli(at(), ["init", "acme", "--cdktf"], {}, "22.0.0");
    expect(filesOf("acme")).toEqual(
      expect.arrayContaining(["cdktf.json", "main.ts", "tsconfig.json"]),
    );
    const names = ["@cdktf/provider-aws", "cdktf", "cdktf-cli", "constructs", "typescript"];
    expect(JSON.parse(read("acme/package.json"))).toMatchObject({
      dependencies: { "dkp-access": named },
      devDependencies: Object.fromEntries(names.map((name) => [name, devDependencies[name]])),
      engines: { node: ">=20.9 <23" },
      scripts: { deploy: "CHECKPOINT_DISABLE=1 cdktf deploy" },
    });
    expect(read("acme/README.md")).toContain("`npm run deploy -- deckhouse`");
  });

  it("names docs about CDK Terrain with a Node.js on which the command cdktf does not run", async () => {
    const { stdout } = await runCli(at(), ["init", "acme", "--cdktf"], {}, "24.0.0");
    expect(stdout).toContain(
      "The command cdktf does not run on Node.js 24.0.0, only on 22 and before. docs/how-to/cdktn.md of dkp-access ",
    );
  });

  it("fills every placeholder", async () => {
    await init("cdktf", "--cdktf");
    expect(contentOf("cdktf").filter((text) => text.includes("{{"))).toEqual([]);
    for (const pipeline of ["github", "gitlab"]) {
      await init(pipeline, "--pipeline", pipeline);
      // GitHub's own expressions have a dollar sign before the braces.
      expect(contentOf(pipeline).filter((text) => /(?<!\$)\{\{|<!-- (if|end)/.test(text))).toEqual(
        [],
      );
    }
  });

  it.each([
    ["rotate", "npx dkp-access rotate acme --cluster --context 'a b' --yes\n"],
    ["none", "nothing rotates the key of the cluster, because another cluster uses it\ntoo."],
  ] as const)(
    "describes an adopted cluster, whose key is not handed over, where managedBy is %s",
    (managedBy, expected) => {
      const given = { stacks: ["acme"], pipeline: undefined, source: "1.0.0" };
      const adopted = { context: "a b", managedBy };
      const { "README.md": page } = repositoryFiles({ ...given, adopted });
      expect(page).toContain(expected);
      expect(page).toContain("npx dkp-access keys acme --cluster --context 'a b' ");
      expect(page).toContain("After the first apply, remove `import` from");
      expect(page).not.toMatch(/dkp-access hand-over|<!--/);
    },
  );

  const withOwnValues = (file: string) => ({
    [file]: read(file).replace('"CHANGE" # CHANGE', '"123456789012"'),
  });

  it("writes recommended settings that synth and review accept once the person has written the account", async () => {
    await init("acme", "--stack", "prod");
    const file = "acme/deployments/prod.yaml";
    const written = read(file);
    expect(parse(written)).toEqual({
      region: "eu-central-1",
      accountId: "CHANGE",
      backend: { s3: { bucket: "example-terraform-state", region: "eu-central-1" } },
      policy: { mode: "minimal" },
      accessKeys: { managedBy: "rotate" },
      cluster: { prefix: "example", layout: "WithoutNAT" },
      features: [],
    });
    const marked = [...written.matchAll(/^ *(\w+): .*[^#] # CHANGE$/gm)].map(([, name]) => name);
    expect(marked).toEqual(["region", "accountId", "bucket", "region", "prefix", "layout"]);
    const project = at("acme");
    const rejected = await runCli(project, ["synth"]);
    expect({ status: rejected.status, stdout: rejected.stdout }).toEqual({ status: 1, stdout: "" });
    expect(rejected.stderr).toContain(", accountId: ");
    write(withOwnValues(file));
    const { status, stdout, stderr } = await runCli(project, ["synth"]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "cdktf.out/stacks/prod/cdk.tf.json\n",
    });
    expect(stderr).toMatch(/^warning: prod: line [\d, ]+: ends with # CHANGE/m);
    expect(stderr).not.toContain("plaintext");
    expect(await runCli(project, ["review"])).toMatchObject({ status: 0 });
  });

  it("writes what several deployments share into defaults.yaml", async () => {
    await init("acme", "--stack", "dev", "--stack", "prod");
    const settings = (name: string) => parse(read(`acme/deployments/${name}.yaml`));
    expect(Object.keys(settings("defaults"))).toEqual([
      "region",
      "accountId",
      "backend",
      "policy",
      "accessKeys",
    ]);
    expect(settings("prod")).toEqual({
      user: { name: "prod" },
      policy: { name: "prod" },
      cluster: { prefix: "example", layout: "WithoutNAT" },
      features: [],
    });
    expect(names("acme/deployments")).toEqual(["defaults.yaml", "dev.yaml", "prod.yaml"]);
    write(withOwnValues("acme/deployments/defaults.yaml"));
    write({
      "acme/deployments/dev.yaml": read("acme/deployments/dev.yaml").replace(
        "prefix: example",
        "prefix: dev",
      ),
    });
    expect(await runCli(at("acme"), ["review"])).toMatchObject({ status: 0 });
  });

  it.each([
    ["github", ".github/workflows/dkp-access.yml"],
    ["gitlab", ".gitlab-ci.yml"],
  ])("adds the pipeline for %s, which installs no development tools", async (pipeline, path) => {
    await init("acme", "--pipeline", pipeline, "--stack", "prod");
    expect(filesOf("acme")).toContain(path);
    const text = read(join("acme", path));
    expect(text).toContain("node_modules/dkp-access/docs/how-to/pipelines.md");
    expect(text.match(/^ +npm ci .*$/gm)?.map((line) => line.trim())).toEqual([
      "npm ci --omit=dev --omit=optional",
    ]);
    expect(read("acme/README.md")).toContain(`\`${path}\``);
    expect(read("acme/README.md")).toContain(
      "Set up the pipeline: `node_modules/dkp-access/docs/how-to/pipelines.md`",
    );
    expect(read("acme/README.md")).not.toContain("dkp-access apply");
  });

  it("marks for reviewers the files of a review pack that they look up, and keeps line ends, as in this project", async () => {
    await init("acme");
    expect(projectFile(".gitattributes")).toContain(read("acme/.gitattributes"));
    spawnSync("git", ["init", "--quiet"], { cwd: at("acme") });
    const args = ["check-attr", "--stdin", "linguist-generated", "gitlab-generated", "eol"];
    const input = PACK_FILES.map((file) => `review/deckhouse/${file}\n`).join("");
    const attributes = spawnSync("git", args, { cwd: at("acme"), input, encoding: "utf8" }).stdout;
    const filesWith = (attribute: string) =>
      [...attributes.matchAll(new RegExp(`^review/deckhouse/(.*): ${attribute}$`, "gm"))].map(
        ([, file]) => file,
      );
    const readFirst = [
      /^REVIEW\.md$/,
      /^main\.tf\.json/,
      /^policy(-\d)?\.json$/,
      /^deployment\.json$/,
      /^node-role-/,
    ];
    const lookedUp = PACK_FILES.filter((file) => !readFirst.some((pattern) => pattern.test(file)));
    expect(filesWith("linguist-generated: set")).toEqual(lookedUp);
    expect(filesWith("gitlab-generated: set")).toEqual(filesWith("linguist-generated: set"));
    expect(filesWith("eol: lf")).toEqual(PACK_FILES);
  });

  it("accepts a folder that only contains .git, and the current one", async () => {
    write({ ".git/": "" });
    expect(await init()).toMatchObject({ status: 0 });
    expect(read("package.json")).toContain("dkp-access");
  });

  it.each([
    [".env", [], ".: is not empty; name a new folder, or one that is empty\n"],
    [
      "notes.txt",
      ["notes.txt"],
      "notes.txt: is a file, not a folder; remove it, or name another path\n",
    ],
  ])(
    "rejects a folder with %s, or the file itself, and writes nothing",
    async (name, args, stderr) => {
      write({ ".git/": "", [name]: "" });
      expect(await init(...args)).toEqual({ status: 1, stdout: "", stderr });
      expect(new Set(names())).toEqual(new Set([".git", name]));
    },
  );

  it("ignores states, plans, output folders, private keys and the provider block in Git", async () => {
    await init("acme");
    const ignored = [
      "cdktf.out/stacks/deckhouse/plan",
      "elsewhere/stacks/deckhouse/plan",
      "other.out/x",
      "terraform.deckhouse.tfstate",
      "errored.tfstate",
      "terraform.tfstate.backup",
      "plan.key",
      "provider.yaml",
      "config.yml",
      "node_modules/x",
      "npm-cache/x",
    ];
    const kept = [
      "locks/deckhouse.terraform.lock.hcl",
      ...["deckhouse", "build", "plan", "tfplan", "node_modules"].map(
        (stack) => `review/${stack}/REVIEW.md`,
      ),
      "deployments/provider-a.yaml",
      "deployments/my-access-key.yaml",
      "cluster.yml",
      "package-lock.json",
      packed,
    ];

    const run = (input: string, ...args: readonly string[]) =>
      spawnSync("git", args, { cwd: at("acme"), input, encoding: "utf8" }).stdout;
    run("", "init", "--quiet");
    expect(
      run([...ignored, ...kept].join("\n"), "check-ignore", "--stdin")
        .trim()
        .split("\n"),
    ).toEqual(ignored);
  });
});
