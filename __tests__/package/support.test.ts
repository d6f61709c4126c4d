import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { PROJECT } from "../helpers/project-root";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
const { engines, peerDependencies, devDependencies } = JSON.parse(read("package.json")) as Readonly<
  Record<"engines" | "peerDependencies" | "devDependencies", Readonly<Record<string, string>>>
>;
const workflow = parse(read(".github/workflows/ci.yml")) as {
  readonly jobs: Readonly<Record<string, { readonly strategy: { readonly matrix: { readonly node: readonly number[] } } }>>;
};
const CLI_BOUND = "only below 23";

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
    expect(row("Node.js")[1]).toBe(`${workflow.jobs.unit?.strategy.matrix.node.join(", ")} |`);
    expect(JSON.parse(read("templates/package.json"))).toMatchObject({ engines: { node: ">=20.9 <23" } });
  });

  it("names the versions that are installed and permitted", () => {
    expect(row("CDKTF")[1]).toBe(`${devDependencies.cdktf} |`);
    expect(peerDependencies.cdktf).toBe("^0.21.0 || ^0.24.0");
    expect(read("src/app.ts")).toContain('required_version = ">= 1.10.0"');
    expect(read("src/settings/schema/deployment-schema.ts")).toContain('">= 5.100.0, < 7.0.0"');
  });
});
