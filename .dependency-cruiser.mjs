/**
 * Who may import whom: `npm run lint:imports`. The layout that these rules describe is in
 * CONTRIBUTING.md. A change of the direction of imports is a change of one row here.
 */

/** The core: settings become Terraform JSON. It never imports the command-line program. */
const CORE = ["stack", "settings", "terraform", "iam", "text"];

/**
 * What the rooms of the program share: the same three floors as the core, for what only the program
 * needs.
 */
const TOOLS = ["cli/iam", "cli/terraform", "cli/process", "cli/text"];

/**
 * Folders and files of src/, main.ts, and packages, each with what it may import besides itself.
 */
const MAY_IMPORT = {
  text: [],
  iam: ["text"],
  terraform: ["iam", "text"],
  settings: ["terraform", "iam", "text"],
  constructs: ["terraform", "iam", "text"],
  stack: ["constructs", "settings", "terraform", "iam", "text"],
  app: ["settings", "text"],
  index: ["app", "constructs", ...CORE],
  main: ["app", "stack", "settings"],
  "cli/process": ["text"],
  "cli/text": ["text"],
  "cli/iam": ["cli/text", "settings", "iam", "text"],
  "cli/terraform": ["cli/process", "cli/text", ...CORE],
  "cli/init": ["cli/process", "cli/text", "cli/iam", "settings", "text"],
  "cli/findings": ["cli/text", "text"],
  "cli/cluster": [...TOOLS, ...CORE],
  "cli/account": ["cli/cluster", "cli/findings", ...TOOLS, ...CORE],
  "cli/review": [...TOOLS, ...CORE],
  "cli/diff": ["cli/account", "cli/findings", "cli/review", ...TOOLS, ...CORE],
  "cli/commands": ["cli", "app", ...CORE],
  "packages/iam-no-new-access": [],
};

/** Packages that only some of these may import, and why. */
const ONLY_IN = [
  {
    package: "cdktf",
    allowed: ["constructs", "stack", "app", "cli/terraform/configuration"],
    why: "everything else works without CDKTF",
  },
  {
    package: "constructs",
    allowed: ["constructs", "stack"],
    why: "everything else works without CDKTF",
  },
  {
    package: "@cdktf/provider-aws",
    allowed: ["constructs", "stack"],
    why: "everything else works without CDKTF",
  },
  {
    package: "valibot",
    allowed: ["settings"],
    why: "one folder depends on the validation library",
  },
  {
    package: "@valibot/to-json-schema",
    allowed: ["settings"],
    why: "one folder depends on the validation library",
  },
  {
    package: "@aws-sdk",
    allowed: ["cli/account"],
    why: "one client assumes the role, retries and paginates for every command",
  },
  {
    package: "@smithy",
    allowed: ["cli/account"],
    why: "one client assumes the role, retries and paginates for every command",
  },
  {
    package: "https-proxy-agent",
    allowed: ["cli/account"],
    why: "one client reaches AWS through the proxy for every command",
  },
  {
    package: "proxy-from-env",
    allowed: ["cli/account"],
    why: "one client reaches AWS through the proxy for every command",
  },
  {
    package: "@cloud-copilot",
    allowed: [],
    why: "IAM's reference data and simulator are only for tests and generated files",
  },
  { package: "commander", allowed: ["cli/commands"], why: "only commands parse options" },
  {
    package: "liquidjs",
    allowed: ["cli/text"],
    why: "one module escapes the values of every page",
  },
];

const modules = (names) =>
  `^(src/)?(${names.map((name) => name.replace(/^cli/, "packages/cli/src")).join("|")})(/|\\.ts$)`;
const npmPackage = (name) => `(^|node_modules/)${name}(/|$)`;
/** What nothing imports: the programs and the public API. */
const entryPoints =
  "^(main\\.ts$|src/index\\.ts$|packages/cli/src/commands/[^/]+\\.ts$|packages/[^/]+/src/(index|main)\\.ts$)";
const error = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([name, allowed]) =>
      error(
        `${name.replaceAll("/", "-")}-imports`,
        `${name} may import only ${allowed.join(", ") || "itself"}; a new folder needs a row in .dependency-cruiser.mjs`,
        { path: modules([name]) },
        { path: "^(src|packages|__tests__)/", pathNot: modules([name, ...allowed]) },
      ),
    ),
    ...ONLY_IN.map(({ package: name, allowed, why }) =>
      error(
        `${name}-in-${allowed.join("-").replaceAll("/", "-")}`,
        why,
        { path: "^(src/|packages/cli/src/|main\\.ts$)", pathNot: modules(allowed) },
        { path: npmPackage(name) },
      ),
    ),
    error(
      "src-imports-scripts",
      "scripts are development tools: they are not in the package",
      { path: "^(src/|packages/cli/src/|main\\.ts$)" },
      { path: "^scripts/" },
    ),
    error(
      "packages-need-nothing",
      "a package of packages/ is installed alone",
      { path: "^packages/(?!cli/)[^/]+/src/" },
      { path: "(^|/)node_modules/" },
    ),
    error(
      "provider-by-deep-path",
      "@cdktf/provider-aws/lib/iam-user loads in 0.2 s and 64 MB, the root of the package in 4.7 s and 564 MB",
      {},
      { path: "(^|node_modules/)@cdktf/provider-aws(/lib/index\\.js|/lib)?$" },
    ),
    error(
      "process-is-global",
      "the linter restricts the globals console and process; importing them avoids it",
      {},
      {
        path: "^(node:)?(process|console)$",
      },
    ),
    error(
      "no-cycles",
      "modules that import each other cannot be read or tested alone",
      {},
      { circular: true },
    ),
    error("no-unresolved", "the imported module does not exist", {}, { couldNotResolve: true }),
    error(
      "no-unused-modules",
      "no command, app or public API reaches the module",
      { path: entryPoints },
      { path: "^(src|packages/[^/]+/src)/", pathNot: entryPoints, reachable: false },
    ),
  ],
  options: {
    // TypeScript 7 has no JavaScript API, which the default parser needs. This parser reads
    // type-only imports too.
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "types"],
    },
  },
};
