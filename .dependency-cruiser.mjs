/**
 * Who may import whom: `npm run lint:imports`. The layout that these rules describe is in docs/explanation/development.md.
 * A change of the direction of imports is a change of one row here.
 */

/** Folders and files of src/, and main.ts, each with what it may import besides itself and EVERYWHERE. */
const MAY_IMPORT = {
  files: [],
  render: [],
  iam: [],
  terraform: ["iam"],
  settings: ["terraform", "iam"],
  constructs: ["terraform", "iam"],
  stack: ["constructs", "settings", "terraform", "iam"],
  synthesis: ["stack", "settings", "terraform"],
  "aws-api": ["settings", "terraform", "iam"],
  preflight: ["aws-api", "settings", "terraform", "iam"],
  operations: ["aws-api", "settings", "terraform", "iam"],
  "review-pack": ["settings", "terraform", "iam"],
  diff: ["settings", "terraform", "iam"],
  init: ["settings"],
  commands: [
    "init",
    "operations",
    "review-pack",
    "diff",
    "preflight",
    "aws-api",
    "synthesis",
    "stack",
    "settings",
    "terraform",
    "iam",
  ],
  main: ["commands", "synthesis", "settings"],
  index: ["stack", "constructs", "settings", "terraform", "iam"],
};

/** What everything may import. */
const EVERYWHERE = ["render", "files"];

/** Packages that only some of these may import, and why. */
const ONLY_IN = [
  { package: "cdktf", allowed: ["constructs", "stack", "synthesis"], why: "everything else works without CDKTF" },
  { package: "constructs", allowed: ["constructs", "stack"], why: "everything else works without CDKTF" },
  { package: "@cdktf/provider-aws", allowed: ["constructs", "stack"], why: "everything else works without CDKTF" },
  { package: "valibot", allowed: ["settings"], why: "one folder depends on the validation library" },
  { package: "@valibot/to-json-schema", allowed: ["settings"], why: "one folder depends on the validation library" },
  { package: "@aws-sdk", allowed: ["aws-api"], why: "one client assumes the role, retries and paginates for every command" },
  { package: "@smithy", allowed: ["aws-api"], why: "one client assumes the role, retries and paginates for every command" },
  { package: "https-proxy-agent", allowed: ["aws-api"], why: "one client reaches AWS through the proxy for every command" },
  { package: "proxy-from-env", allowed: ["aws-api"], why: "one client reaches AWS through the proxy for every command" },
  { package: "commander", allowed: ["commands"], why: "only commands parse options" },
];

const modules = (names) => `^(src/)?(${names.join("|")})(/|\\.ts$)`;
const npmPackage = (name) => `(^|node_modules/)${name}(/|$)`;
const entryPoints = "^(main\\.ts$|src/(commands/[^/]+\\.ts$|index\\.ts$))";
const error = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

export default {
  forbidden: [
    ...Object.entries(MAY_IMPORT).map(([name, others]) => {
      const allowed = [...new Set([...others, ...EVERYWHERE])];
      return error(
        `${name}-imports`,
        `${name} may import only ${allowed.join(", ")}; a new folder needs a row in .dependency-cruiser.mjs`,
        { path: modules([name]) },
        { path: "^src/", pathNot: modules([name, ...allowed]) },
      );
    }),
    ...ONLY_IN.map(({ package: name, allowed, why }) =>
      error(
        `${name}-in-${allowed.join("-")}`,
        why,
        { path: "^(src/|main\\.ts$)", pathNot: modules(allowed) },
        { path: npmPackage(name) },
      ),
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
    error("no-cycles", "modules that import each other cannot be read or tested alone", {}, { circular: true }),
    error("no-unresolved", "the imported module does not exist", {}, { couldNotResolve: true }),
    error(
      "no-unused-modules",
      "no command, app or public API reaches the module",
      { path: entryPoints },
      { path: "^src/", pathNot: entryPoints, reachable: false },
    ),
  ],
  options: {
    // TypeScript 7 has no JavaScript API, which the default parser needs. This parser reads type-only imports too.
    parser: "swc",
    doNotFollow: { path: "node_modules" },
  },
};
