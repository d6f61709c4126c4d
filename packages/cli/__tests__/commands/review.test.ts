import { existsSync, statSync, symlinkSync } from "node:fs";
import { SEVERAL_POLICIES } from "../../../../__tests__/helpers/deployment";
import { projectForEach, SETTINGS, settingsOf } from "../../../../__tests__/helpers/folder";
import { runCli } from "../../../../__tests__/helpers/run-cli";

describe("dkp-access review", () => {
  const { at, names, read, remove, write } = projectForEach();
  const review = (args: readonly string[] = []) => runCli(at(), ["review", ...args]);
  const packOf = () =>
    Object.fromEntries(names("review/dev").map((name) => [name, read(`review/dev/${name}`)]));

  it("names the files it wrote, of which the script is executable, and writes nothing the second time", async () => {
    expect((await review()).stdout.split("\n")).toEqual(
      expect.arrayContaining(["wrote review/dev/REVIEW.md", "wrote review/dev/policy.json"]),
    );
    expect(existsSync(at("cdktf.out"))).toBe(false);
    expect(
      names("review/dev").filter((name) => (statSync(at(`review/dev/${name}`)).mode & 0o100) !== 0),
    ).toEqual(["aws-cli.sh"]);
    const { mtimeMs } = statSync(at("review/dev/REVIEW.md"));
    expect(await review()).toEqual({
      status: 0,
      stdout: "",
      stderr: "review: all files are up to date\n",
    });
    expect(statSync(at("review/dev/REVIEW.md")).mtimeMs).toBe(mtimeMs);
  });

  it("says at the end which files changed in meaning: none where only the version of the program did", async () => {
    expect((await review()).stdout).not.toContain("changed in meaning");
    write({ "deployments/dev.yaml": `${SETTINGS}protect: false\n` });
    expect((await review()).stdout).toMatch(
      /\nchanged in meaning:\n {2}review\/dev\/deployment\.json\n {2}review\/dev\/main\.tf\.json\n$/,
    );
    const { version: _, settings } = JSON.parse(read("review/dev/deployment.json"));
    write({ "review/dev/deployment.json": JSON.stringify({ settings, version: "0.0.1" }) });
    expect((await review()).stdout).toBe("wrote review/dev/deployment.json\n");
  });

  it("names the files that are out of date with --check, or else the stacks, and writes nothing", async () => {
    await review();
    expect(await review(["--check"])).toEqual({ status: 0, stdout: "dev\n", stderr: "" });
    write({ "deployments/dev.yaml": `${SETTINGS}protect: false\n` });
    remove("review/dev/console.md");
    const before = packOf();
    expect(await review(["--check"])).toEqual({
      status: 1,
      stdout: "",
      stderr: [
        "review is not up to date; run npx dkp-access review and commit the result:",
        "  review/dev/REVIEW.md: outdated",
        "  review/dev/console.md: missing",
        "  review/dev/deployment.json: outdated",
        "  review/dev/main.tf.json: outdated",
        "  review/dev/main.tf.json.sha256: outdated",
        "",
      ].join("\n"),
    });
    expect(packOf()).toEqual(before);
  });

  it("leaves a file that is not of a pack alone", async () => {
    await review();
    write({ "review/dev/notes.md": "" });
    expect(await review()).toEqual({
      status: 0,
      stdout: "",
      stderr: "review: all files are up to date\n",
    });
    expect(existsSync(at("review/dev/notes.md"))).toBe(true);
  });

  it("writes every policy of a deployment with several, and removes what is left over", async () => {
    write({ "deployments/dev.yaml": `${SETTINGS}${SEVERAL_POLICIES}` });
    await review();
    expect(JSON.parse(packOf()["policy-2.json"] ?? "")).toHaveProperty("Statement");
    write({ "deployments/dev.yaml": SETTINGS });
    expect((await review()).stdout).toContain("removed review/dev/policy-2.json\n");
  });

  it("keeps the review pack of a removed deployment, names it, and fails with --check if no stack is named", async () => {
    write({ "deployments/old.yaml": settingsOf("old"), "review/minutes/notes.md": "ours" });
    await review();
    remove("deployments/old.yaml");
    const reason =
      "review/old: no deployment has this name; if its deployment was removed, delete the folder\n";
    expect(await review()).toEqual({
      status: 0,
      stdout: "",
      stderr: `kept ${reason}review: all files are up to date\n`,
    });
    expect(await review(["--check", "dev"])).toEqual({ status: 0, stdout: "dev\n", stderr: "" });
    expect(await review(["--check"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`  ${reason}`),
    });
    expect(names("review")).toEqual(["dev", "minutes", "old"]);
  });

  it("names with --check a folder of no deployment with a file of a review pack, and each symbolic link", async () => {
    await review();
    write({ "review/prod/REVIEW.md": "approved", "review/prod/notes.md": "", "locks/": "" });
    symlinkSync("dev", at("review/live"));
    symlinkSync("/nowhere", at("review/NOTES.md"));
    symlinkSync("/nowhere", at("locks/x.terraform.lock.hcl"));
    symlinkSync("/nowhere", at("locks/README.md"));
    const link =
      "is a symbolic link, with which diff --against fails from then on; delete it, or replace it with a file or a folder";
    expect(await review(["--check"])).toEqual({
      status: 1,
      stdout: "",
      stderr: [
        "review is not up to date; run npx dkp-access review and commit the result:",
        "  review/prod: no deployment has this name; if its deployment was removed, delete the folder",
        `  review/NOTES.md: ${link}`,
        `  review/live: ${link}`,
        `  locks/x.terraform.lock.hcl: ${link}`,
        "",
      ].join("\n"),
    });
  });

  it.each([
    ["review/dev/REVIEW.md", "elsewhere/file", "; remove it and run the command again"],
    ["review/dev", "elsewhere", ", not a folder; remove it, or name another path"],
    ["review", "elsewhere", ", not a folder; remove it, or name another path"],
  ])("neither writes nor deletes through a symbolic link: %s", async (path, target, remedy) => {
    write({ "elsewhere/file": "untouched", "review/dev/REVIEW.md": "" });
    remove(path);
    symlinkSync(at(target), at(path));
    for (const args of [[], ["--check"]]) {
      expect(await review(args)).toEqual({
        status: 1,
        stdout: "",
        stderr: `${path}: is a symbolic link${remedy}\n`,
      });
    }
    expect([names("elsewhere"), read("elsewhere/file")]).toEqual([["file"], "untouched"]);
  });

  it.each([
    [
      "deployments/dev.yaml",
      "deployments/dev.yaml: is a file, not a folder; remove it, or name another path\n",
    ],
    ["deployments/dev.yaml/x", "deployments/dev.yaml/x: not a directory (ENOTDIR)\n"],
    [
      "",
      `error: --out is empty; write a value, or leave it out
dkp-access review --help shows the usage
`,
    ],
  ])("rejects --out %j", async (out, message) => {
    expect(await review(["--out", out])).toEqual({ status: 1, stdout: "", stderr: message });
    expect(names("deployments")).toEqual(["dev.yaml"]);
  });

  it("writes the review pack of the named stack to the folder of --out", async () => {
    write({ "deployments/other.yaml": settingsOf("other") });
    expect((await review(["other", "--out", "packs"])).status).toBe(0);
    expect(names()).toEqual(["deployments", "packs"]);
    expect(names("packs")).toEqual(["other"]);
  });
});
