import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readBase } from "../../../src/review/changes/base";

describe("what changes are held against", () => {
  let root: string;

  const write = (path: string, content: object | string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content));
  };
  const git = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(
      "git",
      ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main", ...args],
      { cwd: root, encoding: "utf8" },
    );
    expect({ args, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  };
  const commit = () => {
    git("add", ".");
    git("commit", "-qm", "c");
    return git("rev-parse", "HEAD").slice(0, 8);
  };

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "base-"));
  });

  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it("the packs in a folder", () => {
    write("old/a/main.tf.json", { a: 1 });
    write("old/b/main.tf.json", { b: "ü" });
    write("old/c/other.json", {});
    expect(readBase("old", "review", root)).toEqual({ packs: { a: { a: 1 }, b: { b: "ü" } }, source: "folder old" });
    expect(readBase(join(root, "old"), "review", "/").packs).toEqual({ a: { a: 1 }, b: { b: "ü" } });
  });

  it("the packs that a git ref has, whatever is in the folder now", () => {
    git("init", "-q");
    write("review/a/main.tf.json", { a: "ü\n" });
    write("review/b/main.tf.json", { b: 2 });
    write("review/b/policy.json", {});
    write("review/b/deeper/main.tf.json", {});
    const id = commit();
    write("review/a/main.tf.json", { a: 3 });
    expect(readBase("main", "review", root)).toEqual({
      packs: { a: { a: "ü\n" }, b: { b: 2 } },
      source: `git ref main (${id})`,
    });
    expect(readBase("HEAD", "review", root).packs).toEqual({ a: { a: "ü\n" }, b: { b: 2 } });
  });

  it("also where the project is a folder of the checkout", () => {
    git("init", "-q");
    write("apps/dkp/review/a/main.tf.json", { a: 1 });
    write("review/x/main.tf.json", { x: 1 });
    commit();
    expect(readBase("main", "review", join(root, "apps/dkp")).packs).toEqual({ a: { a: 1 } });
  });

  it("the packs of a ref, however their folder is written", () => {
    git("init", "-q");
    write("review/a/main.tf.json", { a: 1 });
    commit();
    for (const review of ["review/", "./review", join(root, "review")]) {
      expect(readBase("HEAD", review, root).packs).toEqual({ a: { a: 1 } });
    }
  });

  it("not a name that is a folder with packs and a ref at once: neither is taken for the other", () => {
    git("init", "-q");
    write("review/a/main.tf.json", { a: 1 });
    write("main/notes.txt", "none");
    const id = commit();
    expect(readBase("main", "review", root).source).toBe(`git ref main (${id})`);
    write("main/a/main.tf.json", { a: 2 });
    expect(() => readBase("main", "review", root)).toThrow(
      "--against main: is both a folder with packs and a git ref; write ./main for the folder, or the ref's full name, such as refs/heads/main",
    );
    expect(readBase("./main", "review", root)).toEqual({ packs: { a: { a: 2 } }, source: "folder ./main" });
    expect(readBase("refs/heads/main", "review", root).source).toBe(`git ref refs/heads/main (${id})`);
  });

  it.each([
    [
      "a ref that is not there",
      "mian",
      "--against mian: there is no folder mian, and git knows no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin mian",
    ],
    [
      "what looks like an option",
      "--all",
      "--against --all: there is no folder --all, and git knows no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin --all",
    ],
    [
      "a folder without packs",
      "deployments",
      "--against deployments: the folder deployments has no packs (<stack>/main.tf.json), and git knows no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin deployments",
    ],
  ])("refuses %s", (_, name, message) => {
    git("init", "-q");
    write("deployments/deckhouse.yaml", "");
    commit();
    expect(() => readBase(name, "review", root)).toThrow(message);
  });

  it("refuses a ref without packs", () => {
    git("init", "-q");
    write("deployments/deckhouse.yaml", "");
    const id = commit();
    expect(() => readBase("main", "review", root)).toThrow(
      `--against main: ${id} has no packs in review/; commit them there first: npm run review`,
    );
  });

  it("refuses a ref where there is no git", () => {
    expect(() => readBase("main", "review", root)).toThrow(
      "--against main: there is no folder main, and this is no git checkout; name a folder with packs",
    );
  });

  it("names a pack that is no JSON", () => {
    write("old/a/main.tf.json", "<<<<<<< HEAD");
    expect(() => readBase("old", "review", root)).toThrow(
      "old/a/main.tf.json: is no JSON; make the packs anew with npm run review",
    );
  });
});
