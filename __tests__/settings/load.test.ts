import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDeployments } from "../../src/settings/load";
import { deploymentsFolder, outputFolder } from "../../src/settings/paths";
import { deploymentsOf, MINIMAL, messageOf } from "../helpers/settings-files";

const own = (name: string) => `${MINIMAL}user: { name: ${name} }\npolicy: { name: ${name} }\n`;

describe("the folder of the deployments", () => {
  it("that is missing is named, with what to do", () => {
    const root = mkdtempSync(join(tmpdir(), "settings-"));
    const folder = join(root, "elsewhere");
    try {
      expect(() => loadDeployments(folder, { outputFolder: "cdktf.out" })).toThrow(
        new Error(`${folder} has 1 error:\n  can't be read as a folder; create it and add one YAML file per deployment`),
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it.each([
    ["nothing", {}],
    ["other files only", { "schema.json": "{}", "README.md": "", "dev.yaml.bak": MINIMAL }],
    ["hidden files only", { ".dev.yaml": MINIMAL }],
  ])("with %s has no deployments", (_, files) => {
    expect(messageOf(files)).toBe(
      "deployments has 1 error:\n  has no deployments; write each one as <stack>.yaml in this folder itself, the README shows a first file",
    );
  });

  it("gives its deployments in the order of their names, other files left aside", () => {
    const files = { "b.yaml": own("b"), "a-2.yaml": own("a2"), "a.yaml": own("a"), "schema.json": "{}", ".c.yaml": "x" };
    expect(deploymentsOf(files).map(({ stack }) => stack)).toEqual(["a-2", "a", "b"]);
  });

  it("may not hold a .yml file", () => {
    expect(messageOf({ "dev.yml": MINIMAL })).toBe(
      "deployments/dev.yml has 1 error:\n  has another extension than .yaml; rename it to dev.yaml",
    );
  });

  it("may not hold a .yml file, reported beside the errors of the others", () => {
    expect(messageOf({ "a.yaml": "", "dev.yml": MINIMAL })).toBe(
      [
        "deployments/a.yaml has 1 error:",
        '  is empty; write at least "region" and "backend", the README shows a first file',
        "deployments/dev.yml has 1 error:",
        "  has another extension than .yaml; rename it to dev.yaml",
      ].join("\n"),
    );
  });

  it("may not hold a folder named like a settings file", () => {
    expect(messageOf({ "dev.yaml/": "" })).toBe(
      "deployments/dev.yaml has 1 error:\n  is not a regular file; replace it with one",
    );
  });
});

describe("a stack name", () => {
  it.each(["a", "deckhouse-prod-2", "a".repeat(63)])("may be %s", (stack) => {
    expect(deploymentsOf({ [`${stack}.yaml`]: MINIMAL }).map((deployment) => deployment.stack)).toEqual([stack]);
  });

  it.each(["Foo", "a_b", "a.b", "a b", "2a", "-a", "ä", "a".repeat(64)])("that CDKTF would mangle is rejected: %s", (stack) => {
    expect(messageOf({ [`${stack}.yaml`]: MINIMAL })).toBe(
      `deployments/${stack}.yaml has 1 error:\n  "${stack}" can't be a stack name: lower-case letters, digits and "-", first a letter, at most 63; rename the file`,
    );
  });

  it("is reported beside the file's other errors", () => {
    expect(messageOf({ "Dev.yaml": "" })).toBe(
      [
        "deployments/Dev.yaml has 2 errors:",
        '  "Dev" can\'t be a stack name: lower-case letters, digits and "-", first a letter, at most 63; rename the file',
        '  is empty; write at least "region" and "backend", the README shows a first file',
      ].join("\n"),
    );
  });
});

describe("deploymentsFolder", () => {
  it.each([
    ["no context", undefined, "deployments"],
    ["an empty context", "", "deployments"],
    ["another context value", '{"other":1}', "deployments"],
    ["the context value", '{"deployments":"elsewhere","other":1}', "elsewhere"],
  ])("with %s", (_, context, folder) => {
    expect(deploymentsFolder({ CDKTF_CONTEXT_JSON: context })).toBe(folder);
  });

  it.each(["{", "deployments=elsewhere", "null", "5", "[]", '"elsewhere"', '{"deployments":5}', '{"deployments":""}'])(
    "rejects the context %s",
    (context) => {
      expect(() => deploymentsFolder({ CDKTF_CONTEXT_JSON: context })).toThrow(
        new Error('CDKTF_CONTEXT_JSON: is not a JSON object with a folder; write for example {"deployments":"elsewhere"}'),
      );
    },
  );
});

describe("outputFolder", () => {
  it("is CDKTF's", () => {
    const folders = [{}, { CDKTF_OUTDIR: "" }, { CDKTF_OUTDIR: "out" }].map(outputFolder);
    expect(folders).toEqual(["cdktf.out", "cdktf.out", "out"]);
  });
});
