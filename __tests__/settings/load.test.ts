import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadDeployments } from "../../src/settings/load";
import { deploymentsFolder, outputFolder } from "../../src/settings/paths";

describe("the folder of the deployments", () => {
  it("that is missing is named, with what to do", () => {
    const root = mkdtempSync(join(tmpdir(), "settings-"));
    const folder = join(root, "elsewhere");
    try {
      expect(() => loadDeployments(folder)).toThrow(
        new Error(`${folder} has 1 error:\n  can't be read as a folder; create it and add one YAML file per deployment`),
      );
    } finally {
      rmSync(root, { recursive: true });
    }
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
