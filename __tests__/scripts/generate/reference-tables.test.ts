import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchema } from "../../../scripts/generate/json-schema";
import { DOCUMENTS, withTables } from "../../../scripts/generate/reference-tables";
import { EXAMPLE } from "../../e2e/support/project";
import { PROJECT } from "../../helpers/project-root";
import { deploymentOf } from "../../helpers/settings-files";

const read = (name: string) => readFileSync(join(PROJECT, name), "utf8");

describe("what is generated from the settings schema", () => {
  it.each([
    ["deployments/schema.json", jsonSchema] as const,
    ...Object.keys(DOCUMENTS).map((name) => [name, () => withTables(name, read(name))] as const),
  ])("%s is current; if not, run `npm run generate`", (name, generate) => {
    expect(read(name)).toBe(generate());
  });
});

describe("the first deployment of the README", () => {
  it("is valid, and is the one that the end-to-end tests deploy", () => {
    const [, text = ""] = /```yaml\n(region: [^`]*)```/.exec(read("README.md")) ?? [];
    expect(text).toBe(EXAMPLE);
    expect(deploymentOf(text)).toMatchObject({ region: "eu-central-1", state: { type: "s3" } });
  });
});

describe("the settings file of dkp-access init", () => {
  it("names the schema in its first line, for editors", () => {
    const [, path = ""] =
      /^# yaml-language-server: \$schema=\.\.\/node_modules\/dkp-access\/(.*)\n/.exec(read("templates/deployment.yaml")) ?? [];
    expect(read(path)).toBe(jsonSchema());
  });
});
