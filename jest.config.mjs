const common = {
  roots: ["<rootDir>/__tests__"],
  transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" } }, sourceMaps: true }] },
};

export default {
  maxWorkers: "100%",
  // Milliseconds. Jest names a test that takes longer; on a busy computer, the slowest ones take more than its default of 5 s.
  testTimeout: 30_000,
  projects: [
    {
      ...common,
      displayName: "unit",
      globalSetup: "<rootDir>/__tests__/helpers/unit-setup.ts",
      setupFiles: ["<rootDir>/__tests__/helpers/unit-environment.ts"],
      testMatch: ["<rootDir>/__tests__/**/*.test.ts"],
      testPathIgnorePatterns: ["<rootDir>/__tests__/(e2e|proofs)/"],
    },
    {
      ...common,
      displayName: "proof",
      globalSetup: "<rootDir>/__tests__/helpers/unit-setup.ts",
      testMatch: ["<rootDir>/__tests__/proofs/*.test.ts"],
    },
    {
      ...common,
      displayName: "e2e",
      globalSetup: "<rootDir>/__tests__/e2e/prerequisites.ts",
      setupFilesAfterEnv: ["<rootDir>/__tests__/e2e/support/environment.ts"],
      testMatch: ["<rootDir>/__tests__/e2e/**/*.test.ts"],
    },
  ],
};
