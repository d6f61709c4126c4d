import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Pack } from "../../../src/cli/review/pack";
import { comparePacks, writePacks } from "../../../src/cli/review/pack-folder";

describe("a review pack with several policies", () => {
  const folder = mkdtempSync(join(tmpdir(), "packs-"));
  const wanted = (files: object) => ({
    packs: { demo: { "REVIEW.md": "page\n", "main.tf.json": "{}\n", ...files } as unknown as Pack },
    rows: [],
    stacks: ["demo"],
    settings: "deployments",
  });
  const names = () => readdirSync(join(folder, "demo")).sort();

  afterAll(() => rmSync(folder, { recursive: true }));

  it("has a file of each policy, and loses those of former ones", () => {
    const several = { "policy.json": "1\n", "policy-2.json": "2\n", "policy-5.json": "5\n" };
    expect(comparePacks(folder, wanted(several)).stale.map(({ path }) => path)).toContain(join(folder, "demo/policy-2.json"));
    writePacks(folder, wanted(several));
    expect(names()).toEqual(["REVIEW.md", "main.tf.json", "policy-2.json", "policy-5.json", "policy.json"]);
    writePacks(folder, wanted({ "policy.json": "1\n" }));
    expect(names()).toEqual(["REVIEW.md", "main.tf.json", "policy.json"]);
  });
});
