import { join } from "node:path";
import { projectFile } from "../helpers/project-root";
import { Deployments } from "./support/project";
import { jsonOf } from "./support/terraform";

interface Report {
  readonly summary: { readonly parsing_errors: number; readonly passed: number };
  readonly results: {
    readonly failed_checks: readonly { readonly check_id: string; readonly resource: string }[];
  };
}

describe("checkov on the synthesized Terraform JSON", () => {
  const SETTINGS =
    "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";
  const TIGHT = "cluster: { prefix: dev, layout: Standard }\n";

  it.each([
    ["documented", SETTINGS],
    ["scoped", `${SETTINGS}${TIGHT}policy: { mode: scoped }\n`],
    [
      "scoped, with allowed networks",
      `${SETTINGS}${TIGHT}policy: { mode: scoped }\nuser: { allowedNetworks: { cidrs: [203.0.113.0/24] } }\n`,
    ],
    ["minimal", `${SETTINGS}${TIGHT}policy: { mode: minimal }\n`],
  ])("finds exactly the documented findings: %s", (_, settings) => {
    const [, page = ""] = projectFile("docs/explanation/security.md").split(
      "\n## Findings of checkov\n",
    );
    const [always = "", modes = ""] = page.split("\nIn the modes `scoped` and `minimal`");
    const [narrower = "", documented = ""] = modes.split("\nIn mode `documented`");
    const listed = always + (settings.includes("policy:") ? narrower : documented);
    const { path } = Deployments.of({ deckhouse: settings });
    const folder = join(path, "cdktf.out/stacks/deckhouse");
    const args = [
      "-d",
      ".",
      "--framework",
      "terraform_json",
      "--output",
      "json",
      "--compact",
      "--quiet",
      "--skip-download",
    ];
    const report = jsonOf(
      folder,
      { PATH: process.env.PATH ?? "", HOME: path, LOG_LEVEL: "CRITICAL" },
      "checkov",
      ...args,
    );
    const { summary, results } = report as Report;
    expect(summary.parsing_errors).toBe(0);
    expect(summary.passed).toBeGreaterThan(0);
    const found = results.failed_checks
      .map(({ check_id, resource }) => `${check_id} ${resource.split(".").at(-1)}`)
      .sort();
    const expected = [...listed.matchAll(/^- `\S+\.(\S+)`: (CKV_.*)/gm)].flatMap(
      ([, name, checks = ""]) =>
        (checks.match(/CKV_\w+/g) ?? []).map((check) => `${check} ${name}`),
    );
    expect(found).toEqual(expected.sort());
  });
});
