import { readdirSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../packages/cli/src/commands/commands";
import { CDKTF_NODE } from "../packages/cli/src/init/repository";
import { PACK_FILES } from "../packages/cli/src/review/contents";
import { terraformJson } from "../packages/cli/src/terraform/configuration";
import { SUPPORTED_VERSIONS } from "../src/iam/dkp-versions";
import * as api from "../src/index";
import { blocksOf } from "./helpers/blocks";
import { deployment } from "./helpers/deployment";
import { anchorsOf, deadLinks } from "./helpers/links";
import { PROJECT, projectFile, trackedFiles } from "./helpers/project-root";
import { runCli } from "./helpers/run-cli";

it("what another CDKTF program may import is this and nothing else", () => {
  expect(Object.keys(api).sort()).toEqual([
    "AccessApp",
    "AccessKey",
    "AccessPolicy",
    "AccessState",
    "AccessUser",
    "DeckhouseAccessStack",
    "NodeRole",
    "OUTPUTS",
    "PLAIN_CLUSTER",
    "PolicyAttachment",
    "SUPPORTED_VERSIONS",
    "SettingsError",
    "defineDeployments",
    "deploymentPolicies",
    "loadDeployments",
    "partitionOf",
    "policyStatements",
  ]);
});

const README = projectFile("README.md");
const block = (language: string) => blocksOf("README.md", language)[0] ?? "";

describe("README.md", () => {
  it("has at most 120 lines", () => {
    expect(README.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  });

  it("shows main.ts without its imports", () => {
    expect(block("ts")).toBe(
      projectFile("main.ts").slice(projectFile("main.ts").indexOf("const app")),
    );
  });

  it("shows a part of the Terraform JSON of the smallest deployment", () => {
    expect(terraformJson(deployment(block("yaml"))).resource).toMatchObject(
      JSON.parse(block("json")),
    );
  });

  it("states the size of the stack", () => {
    const files = [
      "src/stack.ts",
      ...readdirSync(join(PROJECT, "src/constructs")).map((name) => `src/constructs/${name}`),
    ];
    const lines = files.reduce((sum, file) => sum + projectFile(file).split("\n").length - 1, 0);
    expect(README).toContain(`about ${(Math.round(lines / 100) * 100).toLocaleString("en")} lines`);
  });
});

const tracked = trackedFiles();

it("no line of the source code is longer than 100 characters", () => {
  const sources = tracked.filter((path) => /^(?:packages\/[^/]+\/)?src\/.*\.ts$/.test(path));
  const long = sources.flatMap((path) =>
    projectFile(path)
      .split("\n")
      .flatMap((line, index) => (line.length > 100 ? [`${path}:${index + 1}`] : [])),
  );
  expect(sources.length).toBeGreaterThan(100);
  expect(long).toEqual([]);
});

/** Their links are those of the files that are filled in. */
const TEMPLATES = /^(packages\/cli\/src|templates)\//;

/** Whether a golden review pack links a file that is not among its golden files. */
const isOfWholePack = (link: string) =>
  PACK_FILES.some((file) => link.startsWith("__tests__/golden/") && link.endsWith(`: ${file}`));

describe("links in Markdown files", () => {
  const isDead = (page: string) => {
    const [path = "", anchor] = page.split("#");
    return (
      !tracked.includes(path) ||
      (anchor !== undefined && !anchorsOf(projectFile(path)).includes(anchor))
    );
  };

  it("name files and headings that exist", () => {
    expect(tracked.length).toBeGreaterThan(100);
    const pages = tracked.filter((path) => !TEMPLATES.test(path));
    expect(deadLinks(pages, projectFile).filter((link) => !isOfWholePack(link))).toEqual([]);
  });

  it("lead to each page of the documentation from its table of contents", () => {
    const contents = projectFile("docs/README.md");
    const pages = tracked.filter((path) =>
      /^docs\/(how-to|reference|explanation)\/[^/]+\.md$/.test(path),
    );
    expect(pages.length).toBeGreaterThan(15);
    expect(pages.filter((path) => !contents.includes(`](${path.slice(5)})`))).toEqual([]);
  });

  it("in messages name pages and headings that exist", () => {
    const source = tracked
      .filter((path) =>
        /^(src|packages\/cli\/src|scripts|templates)\/.*\.(ts|sh|yaml|md)$/.test(path),
      )
      .map(projectFile)
      .join("\n")
      .replaceAll('recovery("', 'page("recover", "');
    const named = [
      ...source.matchAll(
        /\bdocs\/((?:how-to|reference|explanation|pipelines)\/[\w.-]+\w(?:#[\w-]+)?)|\bpage\("([\w-]+)"(?:, "([\w-]+)")?\)/g,
      ),
    ];
    const pages = named.map(([, path, id, section]) =>
      id === undefined
        ? `docs/${path}`
        : `docs/how-to/${id}.md${section === undefined ? "" : `#${section}`}`,
    );
    expect(pages.length).toBeGreaterThan(10);
    expect([...new Set(pages.filter(isDead))]).toEqual([]);
  });
});

it("the file names in CONTRIBUTING.md are those of files that exist", () => {
  const isFile = (name: string) =>
    tracked.some(
      (path) =>
        path === name || path.endsWith(`/${name}`) || path.startsWith(name.replace(/\/?$/, "/")),
    );
  const FILE =
    /^(?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|cjs|md|ya?ml|json|txt|sh)$|^(?:src|docs|scripts|__tests__|bench|examples|templates)\//;
  /** A build writes them, or they are in the folder of a user. */
  const ELSEWHERE = /^(?:cdk\.tf|dist|deckhouse|main\.tf)/;
  const names = [...projectFile("CONTRIBUTING.md").matchAll(/`([^`\s]+)`/g)].map(
    ([, name = ""]) => name,
  );
  expect(names.filter((name) => FILE.test(name) && !ELSEWHERE.test(name) && !isFile(name))).toEqual(
    [],
  );
});

/** As a reader would copy it. */
interface NpxLine {
  readonly file: string;
  readonly command: string;
}

/** Documentation, templates, examples, review packs, messages of the program. */
const READ = [
  "README.md",
  "CONTRIBUTING.md",
  "docs",
  "examples",
  "templates",
  "scripts",
  "src",
  "review",
];

/** The reader may be in any folder, where npx would download a package that is not installed. */
const ANYWHERE = /^(README\.md|docs\/how-to\/(deploy|reuse)\.md|examples\/|review\/)/;

/** In code of Markdown, and in lines of other files except for comments. */
function npxLines() {
  return trackedFiles(...READ).flatMap((file) => {
    const text = projectFile(file);
    return (file.endsWith(".md") ? codeOf(text) : linesOf(text)).flatMap((code) =>
      [...code.matchAll(/\bnpx [^`"&|]+/g)].map(([command]) => ({
        file,
        command: command.replace(/ +# .*/s, "").trim(),
      })),
    );
  });
}

function codeOf(markdown: string) {
  const fences = /^ *```[^`\n]*\n([\s\S]*?)^ *```/gm;
  const spans = [...markdown.replaceAll(fences, "").matchAll(/`([^`]+)`/g)].map(([, code = ""]) =>
    code.replaceAll("\n", " "),
  );
  return [...[...markdown.matchAll(fences)].flatMap(([, code = ""]) => code.split("\n")), ...spans];
}

function linesOf(text: string) {
  return text.split("\n").filter((line) => !/^\s*(#|\/\/|\*|\/\*\*)/.test(line));
}

/** Runs only an installed package, or a packed file or version that the command names. */
const SAFE = /^npx (--no( --)?|(--\S+ )*--package (\.\/\S+\.tgz|\S+@\d+\.\d+\.\d+)) [a-z]/;

/** Runs only an installed package, if `.npmrc` has `yes=false`. */
const SAFE_IN_PROJECT = /^npx (dkp-access|cdktf|cdktn)\b/;

describe("npx in documents, templates, examples, review packs and messages", () => {
  it.each([".npmrc", "templates/npmrc"])(
    "downloads nothing, and runs no script of a package, in a project with %s",
    (path) => {
      const lines = projectFile(path).split("\n");
      expect(lines).toEqual(expect.arrayContaining(["yes=false", "ignore-scripts=true"]));
    },
  );

  it("has --no, or names a file or a version, on the pages that may be read anywhere", () => {
    const lines = npxLines();
    expect(lines.length).toBeGreaterThan(50);
    const isSafe = ({ file, command }: NpxLine) =>
      SAFE.test(command) ||
      (!ANYWHERE.test(file) && SAFE_IN_PROJECT.test(command)) ||
      command === "npx --no";
    expect(lines.filter((line) => !isSafe(line))).toEqual([]);
  });
});

describe("the commands in what people read", () => {
  it("which are not those of dkp-access run in an end-to-end test that names their file", () => {
    const tests = tracked.filter((path) => /^__tests__\/e2e\/.*\.ts$/.test(path)).map(projectFile);
    const pages = tracked.filter((path) => /^(README|docs\/.*)\.md$/.test(path));
    const others = (page: string) =>
      blocksOf(page).flatMap((block) => block.match(/^(?!npx |d8 |#| ).+/gm) ?? []);
    expect(
      pages.filter((page) => others(page).length > 0 && !tests.some((test) => test.includes(page))),
    ).toEqual([]);
  });

  it("which are those of dkp-access exist, and so do their options", async () => {
    const calls = npxLines().flatMap(({ command }) => [
      ...command.matchAll(/dkp-access ([a-z][a-z-]*)(.*)/gs),
    ]);
    const names = [...new Set(calls.map(([, name = ""]) => name))];
    expect(names.sort()).toEqual(Object.keys(COMMANDS).sort());
    for (const name of names) {
      const { stdout } = await runCli("/", [name, "--help"]);
      const options = calls.flatMap(([, called, rest = ""]) =>
        called === name ? (rest.match(/--[a-z][a-z-]*/g) ?? []) : [],
      );
      expect({ name, unknown: options.filter((option) => !stdout.includes(option)) }).toEqual({
        name,
        unknown: [],
      });
    }
  });
});

const { engines, peerDependencies, devDependencies } = JSON.parse(
  projectFile("package.json"),
) as Readonly<
  Record<"engines" | "peerDependencies" | "devDependencies", Readonly<Record<string, string>>>
>;
const workflow = projectFile(".github/workflows/ci.yml");
const CLI_BOUND = `only below ${CDKTF_NODE + 1}`;

const row = (program: string) =>
  projectFile("docs/reference/support.md")
    .split("\n")
    .find((line) => line.startsWith(`| ${program} |`))
    ?.split(" | ")
    .slice(1) ?? [];

describe("docs/reference/support.md", () => {
  it("names the versions of DKP that the catalogue has", () => {
    expect(row("DKP")[0]).toBe(`${SUPPORTED_VERSIONS.first} to ${SUPPORTED_VERSIONS.last}`);
  });

  it("names the versions of Node.js of package.json and of the unit tests", () => {
    expect(engines).toEqual({ node: ">=20.9" });
    expect(row("Node.js")[0]).toBe(`20.9 or newer; the command \`cdktf\` 0.21 ${CLI_BOUND}`);
    const [unit, endToEnd] = [
      /node: \[(.*)\] # .ci\/run has (\d+)/.exec(workflow),
      /node-version: (\d+)$/m.exec(workflow),
    ];
    expect(unit?.[2]).toBe(endToEnd?.[1]);
    expect(row("Node.js")[1]).toBe(
      `${[...(unit?.[1]?.split(", ") ?? []), endToEnd?.[1]].sort().join(", ")} |`,
    );
  });

  it("names the versions that are installed and permitted", () => {
    expect(row("CDKTF")[1]).toBe(`${devDependencies.cdktf} |`);
    const { cdktf, "@cdktf/provider-aws": bindings, constructs } = peerDependencies;
    expect([cdktf, bindings, constructs]).toEqual([
      ">=0.21.0 <1",
      `>=${devDependencies["@cdktf/provider-aws"]}`,
      ">=10.4.2 <11",
    ]);
    const [, terrain] = / cdktn@([\d.]+)/.exec(projectFile("docs/how-to/cdktn.md")) ?? [];
    expect(row("CDK Terrain")[1]).toContain(`core tests with ${terrain};`);
    expect(projectFile("src/app.ts")).toContain('required_version = ">= 1.10.0"');
    expect(projectFile("src/settings/schema/deployment-schema.ts")).toContain(
      '">= 5.100.0, < 7.0.0"',
    );
  });
});
