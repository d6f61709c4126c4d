import { join } from "node:path";
import { projectFile } from "../helpers/project-root";
import { Deployments } from "./support/project";
import { jsonOf } from "./support/terraform";

interface Report {
  readonly summary: { readonly parsing_errors: number; readonly passed: number };
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string;
      readonly resource: string;
      readonly file_path: string;
    }[];
  };
}

const settings = (name: string, more: string) => `region: eu-central-1
backend: { s3: { bucket: state, region: eu-central-1 } }
user: { name: ${name} }
policy: { name: ${name} }
${more}`;
const narrow = (name: string, mode: string) =>
  settings(name, `cluster: { prefix: ${name}, layout: Standard }\n`).replace(
    "policy: {",
    `policy: { mode: ${mode},`,
  );

const DEPLOYMENTS = {
  documented: settings("documented", ""),
  scoped: narrow("scoped", "scoped"),
  networks: narrow("networks", "scoped").replace(
    "user: {",
    "user: { allowedNetworks: { cidrs: [203.0.113.0/24] },",
  ),
  minimal: narrow("minimal", "minimal"),
};

describe("checkov on the synthesized Terraform JSON", () => {
  let report: Report;

  beforeAll(() => {
    const { path } = Deployments.of(DEPLOYMENTS);
    const environment = { PATH: process.env.PATH ?? "", HOME: path, LOG_LEVEL: "CRITICAL" };
    const format = ["--framework", "terraform_json", "--output", "json", "--compact", "--quiet"];
    const args = ["-d", ".", ...format, "--skip-download"];
    report = jsonOf(join(path, "cdktf.out/stacks"), environment, "checkov", ...args) as Report;
    expect(report.summary.parsing_errors).toBe(0);
    expect(report.summary.passed).toBeGreaterThan(0);
  });

  it.each(Object.keys(DEPLOYMENTS))("finds exactly the documented findings: %s", (stack) => {
    const [, page = ""] = projectFile("docs/explanation/security.md").split(
      "\n## Findings of checkov\n",
    );
    const [always = "", modes = ""] = page.split("\nIn the modes `scoped` and `minimal`");
    const [narrower = "", documented = ""] = modes.split("\nIn mode `documented`");
    const listed = always + (stack === "documented" ? documented : narrower);
    const found = report.results.failed_checks
      .filter(({ file_path }) => file_path === `/${stack}/cdk.tf.json`)
      .map(({ check_id, resource }) => `${check_id} ${resource.split(".").at(-1)}`)
      .sort();
    const expected = [...listed.matchAll(/^- `\S+\.(\S+)`: (CKV_.*)/gm)].flatMap(
      ([, name, checks = ""]) =>
        (checks.match(/CKV_\w+/g) ?? []).map((check) => `${check} ${name}`),
    );
    expect(found).toEqual(expected.sort());
  });
});
