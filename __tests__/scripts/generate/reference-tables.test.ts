import { readFileSync } from "node:fs";
import { join } from "node:path";
import { jsonSchema } from "../../../scripts/generate/json-schema";
import { DOCUMENTS, withTables } from "../../../scripts/generate/reference-tables";
import { loadDeployments } from "../../../src/settings/load";

const read = (name: string) => readFileSync(join(__dirname, "../../..", name), "utf8");

describe("what is generated from the settings schema", () => {
  it.each([
    ["deployments/schema.json", jsonSchema] as const,
    ...Object.keys(DOCUMENTS).map((name) => [name, () => withTables(name, read(name))] as const),
  ])("%s is current; if not, run `npm run generate`", (name, generate) => {
    expect(read(name)).toBe(generate());
  });
});

describe("the committed deployment", () => {
  it("names the schema in its first line, for editors", () => {
    expect(read("deployments/deckhouse.yaml").split("\n")[0]).toBe("# yaml-language-server: $schema=./schema.json");
  });

  it("is in order", () => {
    expect(loadDeployments(join(__dirname, "../../../deployments"), { outputFolder: "cdktf.out" })).toHaveLength(1);
  });
});
