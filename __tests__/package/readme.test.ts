import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { terraformJson } from "../../src/app";
import { loadDeployments } from "../../src/settings/load";
import { PROJECT } from "../helpers/project-root";

const read = (path: string) => readFileSync(join(PROJECT, path), "utf8");
const README = read("README.md");
const block = (language: string) => new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "ms").exec(README)?.[1] ?? "";

describe("README.md", () => {
  it("has at most 120 lines", () => {
    expect(README.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  });

  it("shows main.ts without its imports", () => {
    expect(block("ts")).toBe(read("main.ts").slice(read("main.ts").indexOf("const app")));
  });

  it("shows a part of the Terraform JSON of the smallest deployment", () => {
    const [deployment] = loadDeployments(join(PROJECT, "deployments")).filter(({ stack }) => stack === "deckhouse");
    expect(terraformJson(deployment === undefined ? [] : [deployment]).deckhouse?.resource).toMatchObject(
      JSON.parse(block("json")),
    );
  });

  it("names for each address a construct and its file", () => {
    const rows = [...README.matchAll(/^\| `(aws_[^`]+)` \| `(\w+)` \| \[[^\]]+\]\((\S+)\) \|$/gm)];
    expect(rows).toHaveLength(4);
    for (const [, address = "", construct = "", file = ""] of rows) {
      expect(block("json")).toContain(address.split(".")[0]);
      expect(read(file)).toContain(`export class ${construct} `);
    }
  });

  it("states the size of the stack", () => {
    const files = ["src/stack.ts", ...readdirSync(join(PROJECT, "src/constructs")).map((name) => `src/constructs/${name}`)];
    const lines = files.reduce((sum, file) => sum + read(file).split("\n").length - 1, 0);
    expect(README).toContain(`about ${(Math.round(lines / 100) * 100).toLocaleString("en")} lines`);
  });
});
