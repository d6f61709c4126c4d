import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SEVERAL_POLICIES } from "../../helpers/deployment";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";

const made: string[] = [];

/** A folder with deployments, YAML settings by stack. */
function project(deployments: Readonly<Record<string, string>> = { dev: SETTINGS }): string {
  const folder = mkdtempSync(join(tmpdir(), "review-"));
  made.push(folder);
  mkdirSync(join(folder, "deployments"));
  writeFileSync(join(folder, "cdktf.json"), "{}");
  for (const [stack, text] of Object.entries(deployments)) {
    writeFileSync(join(folder, "deployments", `${stack}.yaml`), text);
  }
  return folder;
}

const review = (folder: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  runCli(folder, ["review", ...args], env);

const packOf = (folder: string, stack = "dev") =>
  Object.fromEntries(
    readdirSync(join(folder, "review", stack)).map((name) => [name, readFileSync(join(folder, "review", stack, name), "utf8")]),
  );

describe("dkp-access review", () => {
  afterAll(() => {
    for (const folder of made) {
      rmSync(folder, { recursive: true });
    }
  });

  it("names the files it wrote, and writes nothing the second time", async () => {
    const folder = project();
    expect((await review(folder)).stdout.split("\n")).toEqual(
      expect.arrayContaining(["wrote review/dev/REVIEW.md", "wrote review/dev/policy.json"]),
    );
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
    const { mtimeMs } = statSync(join(folder, "review/dev/REVIEW.md"));
    expect(await review(folder)).toEqual({ status: 0, stdout: "", stderr: "review: all files are up to date\n" });
    expect(statSync(join(folder, "review/dev/REVIEW.md")).mtimeMs).toBe(mtimeMs);
  });

  it("names the files that are out of date with --check, writes nothing, and exits with 1", async () => {
    const folder = project();
    await review(folder);
    expect(await review(folder, ["--check"])).toEqual({ status: 0, stdout: "", stderr: "" });
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}protect: false\n`);
    rmSync(join(folder, "review/dev/consumer.tf"));
    const before = packOf(folder);
    expect(await review(folder, ["--check"])).toEqual({
      status: 1,
      stdout: "",
      stderr: [
        "review is not up to date; run npx dkp-access review and commit the result:",
        "  review/dev/REVIEW.md: outdated",
        "  review/dev/consumer.tf: missing",
        "  review/dev/deployment.json: outdated",
        "  review/dev/main.tf.json: outdated",
        "  review/dev/main.tf.json.sha256: outdated",
        "  review/README.md: outdated",
        "",
      ].join("\n"),
    });
    expect(packOf(folder)).toEqual(before);
  });

  it("writes every policy of a deployment with several, and removes what is left over", async () => {
    const folder = project({ dev: `${SETTINGS}${SEVERAL_POLICIES}` });
    await review(folder);
    expect(JSON.parse(packOf(folder)["policy-2.json"] ?? "")).toHaveProperty("Statement");
    writeFileSync(join(folder, "deployments/dev.yaml"), SETTINGS);
    expect((await review(folder)).stdout).toContain("removed review/dev/policy-2.json\n");
  });

  it("removes only the review pack of a removed deployment", async () => {
    const folder = project({ dev: SETTINGS, old: `${SETTINGS}user: { name: old }\npolicy: { name: old }\n` });
    await review(folder);
    rmSync(join(folder, "deployments/old.yaml"));
    mkdirSync(join(folder, "review/minutes"));
    writeFileSync(join(folder, "review/minutes/REVIEW.md"), "ours");
    expect((await review(folder, ["--check"])).stderr).toContain("  review/old/REVIEW.md: left over\n");
    expect((await review(folder)).stdout).toContain("removed review/old/REVIEW.md\n");
    expect(readdirSync(join(folder, "review")).sort()).toEqual(["README.md", "dev", "minutes"]);
  });

  it("keeps the review packs of another settings folder, and names them", async () => {
    const folder = project();
    await review(folder);
    const before = packOf(folder);
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere/old.yaml"), SETTINGS);
    const environment = { CDKTF_CONTEXT_JSON: '{"deployments":"elsewhere"}', CDKTF_OUTDIR: "elsewhere.out" };
    const page =
      "kept review/README.md: it was not generated from elsewhere; rename it to get the overview of these deployments\n";
    const pack =
      "review/dev: no deployment of that name in elsewhere, and its review pack was not generated from there; delete the folder if it is not needed\n";
    const stderr = `${page}kept ${pack}`;
    expect(await review(folder, [], environment)).toEqual({ status: 0, stdout: expect.not.stringContaining("removed"), stderr });
    expect(packOf(folder)).toEqual(before);
    expect(await review(folder, ["--check", "old"], environment)).toEqual({ status: 0, stdout: "", stderr: `kept ${pack}` });
    expect(await review(folder, ["--check"], environment)).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`  ${pack}`),
    });
    // Once its settings file is gone, the review pack that was generated from there goes, and only that.
    writeFileSync(join(folder, "elsewhere/new.yaml"), SETTINGS);
    rmSync(join(folder, "elsewhere/old.yaml"));
    expect((await review(folder, [], environment)).stdout).toContain("removed review/old/REVIEW.md\n");
    expect(readdirSync(join(folder, "review")).sort()).toEqual(["README.md", "dev", "new"]);
  });

  it.each([
    ["has none of the other files any more", ["REVIEW.md"], "  review/old/REVIEW.md: left over\n"],
    ["lost its page", ["main.tf.json", "policy.json"], "  review/old: no deployment of that name in deployments"],
  ])("--check finds what is left of the review pack of a removed deployment that %s", async (_, left, line) => {
    const folder = project({ dev: SETTINGS, old: `${SETTINGS}user: { name: old }\npolicy: { name: old }\n` });
    await review(folder);
    rmSync(join(folder, "deployments/old.yaml"));
    for (const name of readdirSync(join(folder, "review/old")).filter((file) => !left.includes(file))) {
      rmSync(join(folder, "review/old", name));
    }
    expect(await review(folder, ["--check"])).toMatchObject({ status: 1, stderr: expect.stringContaining(line) });
  });

  it("writes the overview of all deployments of a settings folder, and none where stacks are named", async () => {
    const folder = project({ dev: SETTINGS, prod: `${SETTINGS}user: { name: prod }\npolicy: { name: prod }\n` });
    const stacks = () => readFileSync(join(folder, "review/README.md"), "utf8").match(/(?<=^\| \[)\w+/gm);
    await review(folder);
    expect(stacks()).toEqual(["dev", "prod"]);
    writeFileSync(join(folder, "deployments/prod.yaml"), "not: valid\n");
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}protect: false\n`);
    expect((await review(folder, ["dev"])).stdout).not.toContain("README.md");
    rmSync(join(folder, "deployments/prod.yaml"));
    expect((await review(folder, ["--check"])).stderr).toContain("  review/README.md: outdated\n");
    await review(folder);
    expect(stacks()).toEqual(["dev"]);
  });

  it("keeps a README.md that it did not write, and says so", async () => {
    const folder = project();
    mkdirSync(join(folder, "review"));
    writeFileSync(join(folder, "review/README.md"), "# Ours\n");
    const kept =
      "kept review/README.md: it was not generated from deployments; rename it to get the overview of these deployments\n";
    expect((await review(folder)).stderr).toBe(kept);
    expect(readFileSync(join(folder, "review/README.md"), "utf8")).toBe("# Ours\n");
    expect(await review(folder, ["--check"])).toEqual({ status: 0, stdout: "", stderr: kept });
  });

  it("keeps the review pack of a removed deployment that does not say what it was generated from", async () => {
    const folder = project();
    await review(folder);
    mkdirSync(join(folder, "review/old"));
    for (const name of ["REVIEW.md", "main.tf.json"]) {
      writeFileSync(join(folder, "review/old", name), "{}");
    }
    expect(await review(folder)).toEqual({
      status: 0,
      stdout: "",
      stderr:
        "kept review/old: no deployment of that name in deployments, and its review pack was not generated from there; delete the folder if it is not needed\nreview: all files are up to date\n",
    });
    expect(readdirSync(join(folder, "review/old"))).toEqual(["REVIEW.md", "main.tf.json"]);
  });

  it("neither writes nor deletes through symbolic links", async () => {
    const folder = project({ dev: SETTINGS, old: `${SETTINGS}user: { name: old }\npolicy: { name: old }\n` });
    await review(folder);
    // A removed deployment's review pack that lies elsewhere.
    rmSync(join(folder, "deployments/old.yaml"));
    renameSync(join(folder, "review/old"), join(folder, "elsewhere"));
    symlinkSync("../elsewhere", join(folder, "review/old"));
    expect(await review(folder)).toEqual({ status: 0, stdout: "wrote review/README.md\n", stderr: "" });
    expect(readdirSync(join(folder, "elsewhere"))).toContain("REVIEW.md");
    // A file of a review pack.
    const page = join(folder, "review/dev/REVIEW.md");
    rmSync(page);
    writeFileSync(join(folder, "target"), "untouched");
    symlinkSync("../../target", page);
    for (const args of [[], ["--check"]]) {
      expect(await review(folder, args)).toEqual({
        status: 1,
        stdout: "",
        stderr: "review/dev/REVIEW.md: is a symbolic link; remove it and run the command again\n",
      });
    }
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("untouched");
    // The folder of a review pack, and the folder of all.
    rmSync(join(folder, "review"), { recursive: true });
    mkdirSync(join(folder, "review"));
    mkdirSync(join(folder, "empty"));
    symlinkSync("../empty", join(folder, "review/dev"));
    expect((await review(folder)).stderr).toBe("review/dev: is a symbolic link, not a folder; remove it, or name another path\n");
    symlinkSync("empty", join(folder, "packs"));
    expect((await review(folder, ["--out", "packs"])).stderr).toBe(
      "packs: is a symbolic link, not a folder; remove it, or name another path\n",
    );
    expect(readdirSync(join(folder, "empty"))).toEqual([]);
  });

  it.each([
    ["", '--out: "" is not a folder for review packs; name another folder, for example --out review\n'],
    ["deployments", '--out: "deployments" is not a folder for review packs; name another folder, for example --out review\n'],
    ["deployments/dev.yaml", "deployments/dev.yaml: is a file, not a folder; remove it, or name another path\n"],
    ["deployments/dev.yaml/x", "deployments/dev.yaml/x: not a directory (ENOTDIR)\n"],
  ])("rejects --out %j", async (out, message) => {
    const folder = project();
    expect(await review(folder, ["--out", out])).toEqual({ status: 1, stdout: "", stderr: message });
    expect(readdirSync(join(folder, "deployments"))).toEqual(["dev.yaml"]);
  });

  it("writes the review pack of the named stack to the folder of --out", async () => {
    const folder = project({ dev: SETTINGS, other: `${SETTINGS}user: { name: other }\npolicy: { name: other }\n` });
    expect((await review(folder, ["other", "--out", "packs"])).status).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["cdktf.json", "deployments", "packs"]);
    expect(readdirSync(join(folder, "packs"))).toEqual(["other"]);
  });

  it("writes nothing when the settings have an error", async () => {
    const folder = project({ dev: "region: eu-central-1\n" });
    expect((await review(folder)).status).toBe(1);
    expect(existsSync(join(folder, "review"))).toBe(false);
  });
});
