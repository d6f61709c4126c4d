import "./__tests__/helpers/sample.cjs";

/** Packages that are ES modules, which Jest cannot load as they are. */
const MODULES = "(?:agent-base|(?:https-)?proxy-agent(?:-negotiate)?)/";

const common = {
  roots: ["<rootDir>/__tests__", "<rootDir>/packages", "<rootDir>/src"],
  // Dynamic imports name what is compiled, with its extension.
  moduleNameMapper: { "^(\\.{1,2}/.*)\\.js$": "$1" },
  transform: {
    "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" } }, sourceMaps: true }],
    [`/node_modules/${MODULES}.*\\.js$`]: ["@swc/jest", {}],
  },
  transformIgnorePatterns: [`/node_modules/(?!${MODULES})`],
};

/** The files of a pattern among the tests of the project and those of its packages. */
const testsIn = (pattern) =>
  ["<rootDir>", "<rootDir>/packages/*"].map((folder) => `${folder}/__tests__/${pattern}`);

const unit = {
  ...common,
  globalSetup: "<rootDir>/__tests__/helpers/unit-setup.ts",
  setupFiles: ["<rootDir>/__tests__/helpers/unit-environment.ts"],
};

export default {
  maxWorkers: "100%",
  // Milliseconds. For tests that hang: no other test takes as long, however busy the computer is.
  testTimeout: process.env.COMPLETE === "1" ? 14_400_000 : 900_000,
  testSequencer: "<rootDir>/__tests__/helpers/sequencer.cjs",
  projects: [
    { ...unit, displayName: "groups", testMatch: ["<rootDir>/__tests__/groups/[0-3].ts"] },
    {
      ...unit,
      displayName: "unit",
      testMatch: testsIn("**/*.test.ts"),
      testPathIgnorePatterns: ["/__tests__/(e2e|proofs)/"],
    },
    {
      ...common,
      displayName: "proof",
      globalSetup: "<rootDir>/__tests__/helpers/unit-setup.ts",
      testMatch: testsIn("proofs/*.test.ts"),
    },
    {
      ...common,
      displayName: "e2e",
      globalSetup: "<rootDir>/__tests__/e2e/prerequisites.ts",
      setupFilesAfterEnv: ["<rootDir>/__tests__/e2e/support/environment.ts"],
      testMatch: testsIn("e2e/**/*.test.ts"),
    },
  ],
};
