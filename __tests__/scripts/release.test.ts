import { spawnSync } from "node:child_process";
import { folderForEach } from "../helpers/folder";
import { projectFile } from "../helpers/project-root";

const MANIFEST = '{ "name": "dkp-access", "version": "1.2.3" }\n';
const { at, read, write } = folderForEach({
  "package.json": MANIFEST,
  "README.md": "# Title\n\n[stack](src/stack.ts)\n",
  "CHANGELOG.md": "## [1.2.3] - 2026-12-31\n",
});
const run = (program: string, ...args: readonly string[]) => {
  const { status, stdout } = spawnSync(program, args, {
    cwd: at(),
    env: { PATH: `${at("bin")}:${process.env.PATH}` },
    encoding: "utf8",
  });
  return { status, stdout };
};

describe("release.sh check", () => {
  const check = (tag: string) => {
    write({ "release.sh": projectFile("scripts/release.sh") });
    return run("sh", "release.sh", "check", tag);
  };

  it("accepts the tag of the version of package.json and of a dated section", () => {
    expect(check("v1.2.3")).toEqual({ status: 0, stdout: "" });
  });

  it.each(["v0.0.1", "1.2.3"])("refuses the tag %s", (tag) => {
    expect(check(tag)).toEqual({
      status: 1,
      stdout: `the tag is ${tag}, package.json has 1.2.3\n`,
    });
  });

  it.each(["unreleased", "2026-12", "2026-12-31 (draft)"])(
    "refuses a section with the date %j",
    (date) => {
      write({ "CHANGELOG.md": `## [1.2.3] - ${date}\n` });
      expect(check("v1.2.3")).toEqual({
        status: 1,
        stdout: "CHANGELOG.md has no section [1.2.3] with a date\n",
      });
    },
  );
});

it("package.mjs ends as npm pack does, and restores what it changed", () => {
  write({
    "scripts/package.mjs": projectFile("scripts/package.mjs"),
    "build/packages/cli/src/init/repository.js":
      'exports.packedVersion = (version) => version + "-packed";\n',
    "bin/npm": '#!/bin/sh\ncat package.json >packed.json\necho "$@"\nexit 3\n',
  });
  expect(run("node", "scripts/package.mjs", "--dry-run")).toEqual({
    status: 3,
    stdout: "pack --ignore-scripts=false --silent --pack-destination . --dry-run\n",
  });
  expect(JSON.parse(read("packed.json"))).toMatchObject({ version: "1.2.3-packed" });
  expect(read("package.json")).toBe(MANIFEST);
  expect(read("README.md")).toContain("[stack](src/stack.ts)");
});

describe("bin/dkp-access", () => {
  it.each([
    [
      "require('a-package')",
      "dkp-access: the package a-package is not installed; run npm ci first\n",
    ],
    ["throw new Error('broken')", "Error: broken\n"],
    ["const const", "SyntaxError: "],
  ])("reports why the program does not start: %s", (program, message) => {
    write({ "bin/dkp-access": projectFile("bin/dkp-access"), "dist/program.js": `${program};\n` });
    const { status, stderr } = spawnSync(process.execPath, [at("bin/dkp-access")], {
      encoding: "utf8",
      env: {},
    });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(message) });
    expect(stderr.includes("not installed")).toBe(message.includes("not installed"));
  });
});
