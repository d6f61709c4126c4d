import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IamUser } from "@cdktf/provider-aws/lib/iam-user";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { App, Aspects, Fn, TerraformStack, TerraformVariable, Testing } from "cdktf";
import { Construct } from "constructs";
import { COMMANDS } from "../src/cli/commands/commands";
import { CDK_TERRAIN, CDKTF_NODE } from "../src/cli/init/repository";
import { terraformJson } from "../src/cli/terraform/configuration";
import { FEATURES, type Feature } from "../src/iam/catalogue";
import { SUPPORTED_VERSIONS } from "../src/iam/dkp-versions";
import * as api from "../src/index";
import {
  AccessGroup,
  AccessKeys,
  AccessPolicy,
  AccessUser,
  DeckhouseAccessStack,
  defineDeployments,
  deploymentPolicies,
  NodeRole,
  PLAIN_CLUSTER,
  PolicyAttachment,
  type PolicyOptions,
  policyStatements,
} from "../src/index";
import { blocksOf } from "./helpers/blocks";
import { deployment } from "./helpers/deployment";
import { anchorsOf, deadLinks } from "./helpers/links";
import { ANYWHERE, npxLines } from "./helpers/npx-lines";
import { PROJECT } from "./helpers/project-root";
import { runCli } from "./helpers/run-cli";

it("what another CDKTF program may import is this and nothing else", () => {
  expect(Object.keys(api).sort()).toEqual([
    "AccessApp",
    "AccessGroup",
    "AccessKeys",
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

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
const README = read("README.md");
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(README)?.[1] ?? "";

describe("README.md", () => {
  it("has at most 120 lines", () => {
    expect(README.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  });

  it("shows main.ts without its imports", () => {
    expect(block("ts")).toBe(read("main.ts").slice(read("main.ts").indexOf("const app")));
  });

  it("shows a part of the Terraform JSON of the smallest deployment", () => {
    expect(terraformJson(deployment(block("yaml"))).resource).toMatchObject(JSON.parse(block("json")));
  });

  it("states the size of the stack", () => {
    const files = ["src/stack.ts", ...readdirSync(join(PROJECT, "src/constructs")).map((name) => `src/constructs/${name}`)];
    const lines = files.reduce((sum, file) => sum + read(file).split("\n").length - 1, 0);
    expect(README).toContain(`about ${(Math.round(lines / 100) * 100).toLocaleString("en")} lines`);
  });
});

const tracked = spawnSync("git", ["ls-files", "-z"], { cwd: PROJECT, encoding: "utf8" })
  .stdout.split("\0")
  .filter((path) => path !== "" && existsSync(join(PROJECT, path)));

/** Their links are those of the pages that are filled in. */
const TEMPLATES = /^(src\/cli|templates)\//;

describe("links in Markdown files", () => {
  it("name files and headings that exist", () => {
    expect(tracked.length).toBeGreaterThan(100);
    const pages = tracked.filter((path) => !TEMPLATES.test(path));
    expect(deadLinks(pages, read)).toEqual([]);
  });

  it("in messages name pages and headings that exist", () => {
    const source = tracked
      .filter((path) => /^(src|scripts|templates)\/.*\.(ts|sh|yaml|md)$/.test(path))
      .map(read)
      .join("\n")
      .replaceAll('recovery("', 'page("recover", "');
    const named = [
      ...source.matchAll(
        /\bdocs\/((?:how-to|reference|explanation|pipelines)\/[\w.-]+\w(?:#[\w-]+)?)|\bpage\("([\w-]+)"(?:, "([\w-]+)")?\)/g,
      ),
    ];
    const pages = named.map(([, path, id, section]) =>
      id === undefined ? `docs/${path}` : `docs/how-to/${id}.md${section === undefined ? "" : `#${section}`}`,
    );
    expect(pages.length).toBeGreaterThan(10);
    const isDead = (page: string) => {
      const [path = "", anchor] = page.split("#");
      return !tracked.includes(path) || (anchor !== undefined && !anchorsOf(read(path)).includes(anchor));
    };
    expect([...new Set(pages.filter(isDead))]).toEqual([]);
  });
});

it("the file names in CONTRIBUTING.md are those of files that exist", () => {
  const isFile = (name: string) =>
    tracked.some((path) => path === name || path.endsWith(`/${name}`) || path.startsWith(name.replace(/\/?$/, "/")));
  const FILE =
    /^(?:[\w.-]+\/)*[\w.-]+\.(?:ts|mjs|cjs|md|ya?ml|json|txt|sh)$|^(?:src|docs|scripts|__tests__|bench|examples|templates)\//;
  /** Written by a build, or in the folder of a user. */
  const ELSEWHERE = /^(?:cdk\.tf|dist|deckhouse|main\.tf)/;
  const names = [...read("CONTRIBUTING.md").matchAll(/`([^`\s]+)`/g)].map(([, name = ""]) => name);
  expect(names.filter((name) => FILE.test(name) && !ELSEWHERE.test(name) && !isFile(name))).toEqual([]);
});

/** Runs what is installed and nothing else, or a packed file or version that the command names. */
const SAFE = /^npx (--no( --)?|(--\S+ )*--package (\.\/\S+\.tgz|\S+@\d+\.\d+\.\d+)) [a-z]/;

/** Runs what is installed and nothing else, where `.npmrc` has `yes=false`. */
const SAFE_IN_PROJECT = /^npx (dkp-access|cdktf|cdktn)\b/;

describe("npx in documents, templates, examples, review packs and messages", () => {
  it.each([".npmrc", "templates/npmrc"])("downloads nothing, and runs no script of a package, in a project with %s", (path) => {
    const lines = readFileSync(join(PROJECT, path), "utf8").split("\n");
    expect(lines).toEqual(expect.arrayContaining(["yes=false", "ignore-scripts=true"]));
  });

  it("has --no, or names a file or a version, on the pages that may be read anywhere", () => {
    const lines = npxLines();
    expect(lines.length).toBeGreaterThan(50);
    const isSafe = ({ file, command }: { file: string; command: string }) =>
      SAFE.test(command) || (!ANYWHERE.test(file) && SAFE_IN_PROJECT.test(command)) || command === "npx --no";
    expect(lines.filter((line) => !isSafe(line))).toEqual([]);
  });
});

describe("the commands in what people read", () => {
  it("which are not those of dkp-access run in an end-to-end test that names their file", () => {
    const tests = tracked.filter((path) => /^__tests__\/e2e\/.*\.ts$/.test(path)).map(read);
    const pages = tracked.filter((path) => /^(README|docs\/.*)\.md$/.test(path));
    const others = (page: string) => blocksOf(page).flatMap((block) => block.match(/^(?!npx |d8 |#| ).+/gm) ?? []);
    expect(pages.filter((page) => others(page).length > 0 && !tests.some((test) => test.includes(page)))).toEqual([]);
  });

  it("which are those of dkp-access exist, and so do their options", async () => {
    const calls = npxLines().flatMap(({ command }) => [...command.matchAll(/dkp-access ([a-z][a-z-]*)(.*)/gs)]);
    const names = [...new Set(calls.map(([, name = ""]) => name))];
    expect(names.sort()).toEqual(Object.keys(COMMANDS).sort());
    for (const name of names) {
      const { stdout } = await runCli("/", [name, "--help"]);
      const options = calls.flatMap(([, called, rest = ""]) => (called === name ? (rest.match(/--[a-z][a-z-]*/g) ?? []) : []));
      expect({ name, unknown: options.filter((option) => !stdout.includes(option)) }).toEqual({ name, unknown: [] });
    }
  });
});

const { engines, peerDependencies, devDependencies } = JSON.parse(read("package.json")) as Readonly<
  Record<"engines" | "peerDependencies" | "devDependencies", Readonly<Record<string, string>>>
>;
const workflow = read(".github/workflows/ci.yml");
const CLI_BOUND = `only below ${CDKTF_NODE + 1}`;

/** The cells of a row. */
const row = (program: string): readonly string[] =>
  read("docs/reference/support.md")
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
    const [unit, endToEnd] = [/node: \[(.*)\] # .ci\/run has (\d+)/.exec(workflow), /node-version: (\d+)$/m.exec(workflow)];
    expect(unit?.[2]).toBe(endToEnd?.[1]);
    expect(row("Node.js")[1]).toBe(`${[...(unit?.[1]?.split(", ") ?? []), endToEnd?.[1]].sort().join(", ")} |`);
  });

  it("names the versions that are installed and permitted", () => {
    expect(row("CDKTF")[1]).toBe(`${devDependencies.cdktf} |`);
    const { cdktf, "@cdktf/provider-aws": bindings, constructs } = peerDependencies;
    expect([cdktf, bindings, constructs]).toEqual([">=0.21.0 <1", ">=21.22.1", ">=10.4.2 <11"]);
    expect(row("CDK Terrain")[1]).toContain(`core tests with ${CDK_TERRAIN.cdktn};`);
    expect(read("src/app.ts")).toContain('required_version = ">= 1.10.0"');
    expect(read("src/settings/schema/deployment-schema.ts")).toContain('">= 5.100.0, < 7.0.0"');
  });
});

type Blocks = Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;

/** The Terraform JSON of a stack, without CDKTF's comments. */
const terraformOf = (stack: TerraformStack) =>
  JSON.parse(Testing.synth(stack, true)) as { readonly resource: Blocks; readonly data: Blocks };

const addresses = (blocks: Blocks) =>
  Object.entries(blocks)
    .flatMap(([type, named]) => Object.keys(named).map((name) => `${type}.${name}`))
    .sort();

it("the constructs in the stack of another program can be created more than once, each with its own addresses", () => {
  const stack = new TerraformStack(Testing.app(), "platform");
  new AwsProvider(stack, "aws", { region: "eu-central-1" });
  for (const name of ["dev", "prod"]) {
    const cluster = new Construct(stack, name);
    const user = new AccessUser(cluster, "user", { name });
    const policy = new AccessPolicy(cluster, "policy", { name, statements: [] });
    new PolicyAttachment(cluster, "attachment", { user, policy });
    new AccessGroup(cluster, "group", { name, user, policies: [policy] });
    new AccessKeys(cluster, "keys", { user, secondary: { status: "Inactive" } });
    new NodeRole(cluster, "nodes", { name: `${name}-nodes` });
  }
  const { resource, data } = terraformOf(stack);
  expect([addresses(data).length, addresses(resource).length]).toEqual([2, 2 * 10]);
});

describe("the checks of single constructs", () => {
  const options: PolicyOptions = {
    mode: "minimal",
    supplement: true,
    environment: { partition: "aws", region: "eu-central-1", account: "123456789012" },
    cluster: {
      ...PLAIN_CLUSTER,
      ...{ prefix: "dev", layout: "WithNAT", bastion: true, iamNodeRole: "nodes", tags: { team: "platform" } },
      ...{ peeredVPCs: ["vpc-0123456789abcdef0"], features: Object.keys(FEATURES) as Feature[] },
    },
  };
  const build = (create: (scope: Construct) => void) => Testing.synthScope(create);

  it("reject names and paths like the settings", () => {
    expect(() => build((scope) => new AccessUser(scope, "user", { name: "deck house" }))).toThrow(
      'user: name: "deck house" is not an IAM user name, which has 1 to 64 characters of A-Z a-z 0-9 and _ + = , . @ -',
    );
    expect(() => build((scope) => new NodeRole(scope, "role", { name: "nodes", path: "nodes" }))).toThrow(
      'role: path: "nodes" is not an IAM path',
    );
  });

  it("reject a policy over IAM's limit, which deploymentPolicies divides", () => {
    const statements = policyStatements(options);
    expect(() => build((scope) => new AccessPolicy(scope, "policy", { name: "dkp", statements }))).toThrow(
      /policy: statements: the policy has 7\d{3} characters, IAM allows 6144; divide it with deploymentPolicies/,
    );
    const unresolved = statements.map((statement) => ({ ...statement, sid: Fn.join("", [statement.sid]) }));
    expect(() => build((scope) => new AccessPolicy(scope, "policy", { name: "dkp", statements: unresolved }))).not.toThrow();
    const json = build((scope) => {
      for (const part of deploymentPolicies(options, "dkp")) {
        new AccessPolicy(scope, `policy-${part.number}`, { ...part, account: "123456789012" });
      }
    });
    expect(Object.keys(JSON.parse(json).resource.aws_iam_policy)).toHaveLength(2);
    expect(json).not.toContain(":*:role/nodes");
  });

  it("accept references, whose values only Terraform knows", () => {
    build((scope) => new AccessUser(scope, "user", { name: new TerraformVariable(scope, "name", {}).stringValue }));
  });
});

describe("the stack in somebody else's program", () => {
  const backend = { s3: { bucket: "state", region: "eu-central-1" } };

  it("takes aspects, and resources that refer to its user", () => {
    const permissionsBoundary = "arn:aws:iam::123456789012:policy/PlatformBoundary";
    const { dkp } = defineDeployments({ dkp: { region: "eu-central-1", backend } });
    const stack = new DeckhouseAccessStack(Testing.app(), dkp);
    Aspects.of(stack).add({ visit: (node) => node instanceof IamUser && Object.assign(node, { permissionsBoundary }) });
    new SsmParameter(stack, "user-arn", { name: "/dkp", type: "String", value: stack.user.arn });
    const { resource } = terraformOf(stack);
    expect(resource.aws_iam_user?.user).toMatchObject({ permissions_boundary: permissionsBoundary });
    expect(resource.aws_ssm_parameter?.["user-arn"]).toMatchObject({ value: expect.stringContaining("{aws_iam_user.user.arn}") });
    expect(stack).toMatchObject({ keys: { current: { slot: "primary" } }, policies: [expect.anything()] });
    expect([stack.group, stack.nodeRole]).toEqual([undefined, undefined]);
  });

  it("takes more of their resources, which may refer to their other stacks", () => {
    const app = new App({ outdir: Testing.app().outdir, stackTraces: false });
    const other = new TerraformStack(app, "other");
    new AwsProvider(other, "aws", { region: "eu-central-1" });
    const theirs = new SsmParameter(other, "theirs", { name: "a", type: "String", value: "b" });
    const { dkp } = defineDeployments({ dkp: { region: "eu-central-1", backend } });
    const stack = new DeckhouseAccessStack(app, dkp);
    new SsmParameter(stack, "added", { name: "c", type: "String", value: theirs.arn });
    app.synth();
    const { resource, data } = terraformOf(stack);
    expect(Object.keys(data.terraform_remote_state ?? {})).toHaveLength(1);
    expect(resource.aws_ssm_parameter?.added?.value).toMatch(/^\$\{data\.terraform_remote_state\./);
  });
});
