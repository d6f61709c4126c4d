import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { folderForEach } from "../../../../../__tests__/helpers/folder";
import { readBase } from "../../../src/diff/packs/baseline";

describe("readBase", () => {
  const { at, write: writeAll } = folderForEach();
  const write = (path: string, content: object | string) =>
    writeAll({ [path]: typeof content === "string" ? content : JSON.stringify(content) });
  const writePack = (folder: string, main: object | string) => {
    write(`${folder}/main.tf.json`, main);
    write(`${folder}/deployment.json`, "{}");
  };
  const pack = (main: string, more: object = {}) => ({
    "main.tf.json": main,
    "deployment.json": "{}",
    ...more,
  });
  const git = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(
      "git",
      [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-c",
        "init.defaultBranch=main",
        ...args,
      ],
      { cwd: at(), encoding: "utf8" },
    );
    expect({ args, status, stderr }).toMatchObject({ status: 0 });
    return stdout.trim();
  };
  const baseOf = (name: string) => readBase(name, at(), process.env);
  const commit = () => {
    git("add", ".");
    git("commit", "-qm", "c");
    return git("rev-parse", "HEAD").slice(0, 8);
  };

  it("reads the review packs in a folder", () => {
    writePack("old/a", { a: 1 });
    writePack("old/b", { b: "ü" });
    write("old/c/other.json", {});
    write("old/b/deployer-policy.json", "{}");
    expect(baseOf("./old")).toEqual({
      packs: { a: pack('{"a":1}'), b: pack('{"b":"ü"}', { "deployer-policy.json": "{}" }) },
      source: "folder ./old",
      hasLocks: false,
    });
    expect(readBase(at("old"), "/", process.env).packs.a).toEqual(pack('{"a":1}'));
  });

  it("reads the review packs of a Git ref, whatever the folder contains now", () => {
    git("init", "-q");
    writePack("review/a", { a: "ü\n" });
    writePack("review/b", { b: 2 });
    write("review/b/policy.json", {});
    write("review/b/service-control-policy.json", "{}\n");
    write("review/b/deployer-role-policy.json", "[]");
    write("review/b/deeper/main.tf.json", {});
    const id = commit();
    writePack("review/a", { a: 3 });
    expect(baseOf("main")).toEqual({
      packs: {
        a: pack(JSON.stringify({ a: "ü\n" })),
        b: pack('{"b":2}', {
          "policy.json": "{}",
          "service-control-policy.json": "{}\n",
          "deployer-role-policy.json": "[]",
        }),
      },
      source: `git ref main (${id})`,
      hasLocks: true,
    });
  });

  it("reads the review packs and locks of a Git ref in a project that is a folder of the work tree", () => {
    git("init", "-q");
    writePack("apps/dkp/review/a", { a: 1 });
    writePack("review/x", { x: 1 });
    write("locks/x.terraform.lock.hcl", "x");
    write("apps/dkp/locks/a.terraform.lock.hcl", "lock");
    write("apps/dkp/review/a/.terraform.lock.hcl", "another file");
    commit();
    expect(readBase("main", at("apps/dkp"), process.env).packs).toEqual({
      a: pack('{"a":1}', { ".terraform.lock.hcl": "lock" }),
    });
  });

  it("reads a name as a Git ref unless it is written as a path, even if a folder of that name exists", () => {
    git("init", "-q");
    writePack("review/a", { a: 1 });
    const id = commit();
    git("update-ref", "refs/remotes/origin/main", "HEAD");
    for (const name of ["main", "origin/main", "refs/heads/main"]) {
      writePack(`${name}/a`, { a: 2 });
      expect(baseOf(name)).toEqual({
        packs: { a: pack('{"a":1}') },
        source: `git ref ${name} (${id})`,
        hasLocks: true,
      });
      expect(baseOf(`./${name}`)).toEqual({
        packs: { a: pack('{"a":2}') },
        source: `folder ./${name}`,
        hasLocks: false,
      });
      expect(baseOf(at(name)).packs).toEqual({ a: pack('{"a":2}') });
    }
  });

  it("rejects a name that is both a branch and a tag", () => {
    git("init", "-q");
    writePack("review/a", { a: 1 });
    commit();
    git("tag", "main");
    expect(() => baseOf("main")).toThrow(
      "--against main: is both a branch and a tag; write refs/heads/main or refs/tags/main",
    );
    expect(baseOf("refs/tags/main").packs).toEqual({ a: pack('{"a":1}') });
  });

  it("reads what is committed, whatever attributes, filters and variables of the environment say", () => {
    git("init", "-q");
    write(".gitattributes", "review/a/** export-ignore\n*.json text eol=crlf export-subst\n");
    writePack("review/a", '{"a":"$Format:%H$"}\n');
    writePack("review/b", {});
    commit();
    const environment = { ...process.env, GIT_DIR: "/nonexistent", GIT_INDEX_FILE: "/nonexistent" };
    expect(readBase("main", at(), environment).packs).toEqual({
      a: pack('{"a":"$Format:%H$"}\n'),
      b: pack("{}"),
    });
  });

  const FETCH =
    "git has no such ref here; in a pipeline fetch it first, with fetch-depth: 0 or git fetch origin";
  const REVIEW = "npx dkp-access review writes them";

  it.each([
    ["a ref that is not there", "mian", `${FETCH} mian`],
    ["what looks like an option", "--all", `${FETCH} --all`],
    [
      "the name of a folder of review packs",
      "old",
      `${FETCH} old; write a folder of review packs as a path: ./old`,
    ],
    [
      "a folder without packs",
      "./deployments",
      `folder ./deployments has no review packs, deployments/<stack>/main.tf.json; ${REVIEW}`,
    ],
    [
      "a folder that is not there",
      "../none",
      `folder ../none has no review packs, ../none/<stack>/main.tf.json; ${REVIEW}`,
    ],
    [
      "a Git ref without review packs",
      "main",
      `git ref main (ID) has no review packs, review/<stack>/main.tf.json; ${REVIEW}`,
    ],
  ])("rejects %s", (_, name, message) => {
    git("init", "-q");
    write("deployments/deckhouse.yaml", "");
    writePack("old/a", { a: 1 });
    const id = commit();
    expect(() => baseOf(name)).toThrow(`--against ${name}: ${message.replace("ID", id)}`);
  });

  it("ignores a link in a commit that is neither a review pack nor a provider lock", () => {
    git("init", "-q");
    writePack("review/a", { a: 1 });
    write("elsewhere", "x");
    mkdirSync(at("locks"));
    symlinkSync(at("elsewhere"), at("locks/README.md"));
    commit();
    expect(Object.keys(baseOf("HEAD").packs)).toEqual(["a"]);
  });

  it.each(["review/a", "review/a/main.tf.json", "locks/a.terraform.lock.hcl"])(
    "rejects a link in place of %s in a commit",
    (path) => {
      git("init", "-q");
      writePack("review/a", {});
      write("locks/a.terraform.lock.hcl", "");
      writePack("elsewhere", {});
      rmSync(at(path), { recursive: true });
      symlinkSync(at("elsewhere"), at(path));
      commit();
      expect(() => baseOf("HEAD")).toThrow(
        `--against HEAD: ${path}: is a link or a submodule there`,
      );
    },
  );

  it.each(["./review", "HEAD"])(
    "rejects text that is not UTF-8, because other bytes would be equal to it: %s",
    (base) => {
      git("init", "-q");
      writePack("review/a", {});
      writeFileSync(at("review/a/policy.json"), Buffer.from([0x22, 0xff, 0x22]));
      commit();
      expect(() => baseOf(base)).toThrow(
        "review/a/policy.json: is not encoded in UTF-8; save it in UTF-8",
      );
    },
  );

  it("rejects a Git ref outside a Git checkout", () => {
    expect(() => baseOf("main")).toThrow(
      "--against main: this is not a Git checkout; write a folder of review packs as a path: ./old",
    );
  });

  it.each([
    ["main.tf.json", "<<<<<<< HEAD"],
    ["deployment.json", "<<<<<<< HEAD"],
    ["deployment.json", ""],
  ])("names a file of a review pack that is not JSON: %s", (file, text) => {
    writePack("old/a", {});
    write(`old/a/${file}`, text);
    expect(() => baseOf("./old")).toThrow(
      `old/a/${file}: is missing or not JSON; create the review packs again with npx dkp-access review`,
    );
  });
});
