import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT, projectFile } from "../helpers/project-root";
import { PACKED } from "./support/consumer";
import { BASH } from "./support/pipeline";
import { copyOfProject } from "./support/project";
import { mustSucceed, runIn } from "./support/terraform";

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps?: readonly { readonly run?: string }[] }>
  >;
}

const FOLDER = join(PROJECT, ".github/workflows");

/** Of all workflows, once each, in the order of the files. */
const COMMANDS = [
  ...new Set(
    readdirSync(FOLDER).flatMap((name) => {
      const { jobs } = parse(readFileSync(join(FOLDER, name), "utf8")) as Workflow;
      return Object.values(jobs).flatMap(({ steps = [] }) =>
        steps.flatMap(({ run }) => (run === undefined ? [] : [run.trim()])),
      );
    }),
  ),
];

/**
 * By beginning of a command that cannot run here: the service that it needs, or what else runs it.
 */
const ELSEWHERE = {
  ".ci/run": "runs this test",
  "npm ci": "npm's registry",
  "npm test": "runs the unit tests",
  "sh scripts/cdk-terrain.sh": "npm's registry; e2e/cdktn.test.ts runs it",
  "sudo apt-get": "Debian's archive",
  "python3 -m pip": "PyPI",
  "go install": "the module proxy of Go",
  "PATH=$(go env GOPATH)/bin:$PATH npm run test:e2e": "the end-to-end tests",
  '[ -n "$(npm view': "npm's registry",
  "gh release create": "GitHub",
  "sh .ci/upstream newest_dkp": "GitHub",
  "sh .ci/upstream compare": "the module proxy of Go",
  "npm run test:e2e -- e2e/newest-plan": "the registry of the newest provider",
  "npm run --silent upstream:cdk-terrain": "npm's registry",
};

const isElsewhere = (command: string) =>
  Object.keys(ELSEWHERE).some((start) => command.startsWith(start));

describe("the commands of .github/workflows", () => {
  it.each(Object.entries(ELSEWHERE))("that begin with %j are there: %s", (start) => {
    expect(COMMANDS.filter((command) => command.startsWith(start))).toHaveLength(1);
  });

  it("take nothing out of a page of the documentation", () => {
    expect(COMMANDS.filter((command) => /\bdocs\/.*\.md\b/.test(command))).toEqual([]);
  });

  describe("run in a checkout with bash -e", () => {
    let checkout: string;
    let version: string;

    beforeAll(() => {
      checkout = copyOfProject();
      for (const part of PACKED) {
        cpSync(join(PROJECT, part), join(checkout, part), { recursive: true });
      }
      ({ version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")));
      const changelog = readFileSync(join(checkout, "CHANGELOG.md"), "utf8");
      writeFileSync(
        join(checkout, "CHANGELOG.md"),
        changelog.replace("- unreleased", "- 2026-12-31"),
      );
      writeFileSync(join(checkout, ".gitignore"), projectFile(".gitignore"));
      const git = "git -c user.name=t -c user.email=t@example.com";
      const tagged = `git init --quiet && git add --all && ${git} commit --quiet --message=x && git tag v${version}`;
      mustSucceed(runIn(checkout, process.env, "sh", "-c", tagged));
    });

    it.each(COMMANDS.filter((command) => !isElsewhere(command)))("%s", (command) => {
      const variables = { GITHUB_REF_NAME: `v${version}`, GITHUB_REPOSITORY: "acme/dkp-access" };
      const { status, output } = runIn(
        checkout,
        { ...process.env, ...variables },
        "bash",
        ...BASH,
        command,
      );
      expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
    });

    it("leave what a release consists of", () => {
      expect(readdirSync(join(checkout, "release")).sort()).toEqual([
        `dkp-access-${version}.tgz`,
        "notes.md",
        "sbom.cdx.json",
      ]);
      expect(readFileSync(join(checkout, "release/notes.md"), "utf8")).toMatch(
        /^\n.*\n(?:.*\n)*### Added\n/,
      );
      const args = ["-xzOf", `release/dkp-access-${version}.tgz`, "package/README.md"];
      const links = [
        ...mustSucceed(runIn(checkout, process.env, "tar", ...args)).matchAll(/\]\(([^)]+)\)/g),
      ];
      const targets = links
        .map(([, target = ""]) => target)
        .filter((target) => !/^docs\/|^CHANGELOG\.md$/.test(target));
      const repository = `https://github.com/acme/dkp-access/blob/v${version}/`;
      expect(targets).toContain(`${repository}src/stack.ts`);
      expect(targets.filter((target) => !/^https:/.test(target))).toEqual([]);
    });
  });
});
