import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { folder } from "./support/project";
import { jsonOf } from "./support/terraform";

const CRUISER = join(PROJECT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string; readonly to: string }[];
  };
}

/** The violations in a project of these files, as `rule: from -> to`. */
function violations(files: Readonly<Record<string, string>>): readonly string[] {
  const args = [CRUISER, "--config", join(PROJECT, ".dependency-cruiser.mjs"), "--output-type", "json", "main.ts", "src"];
  const { summary } = jsonOf(folder(files), {}, process.execPath, ...args) as Report;
  // A folder above the temporary one may have packages installed, or not: only the names of packages are compared.
  return summary.violations
    .filter(({ rule }) => rule.name !== "no-unresolved")
    .map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to.replace(/^.*node_modules\/((?:@[^/]+\/)?[^/]+).*$/, "$1")}`);
}

const ALLOWED = {
  "main.ts": 'import "./src/app";',
  "src/app.ts": 'import { App } from "cdktf";\nimport "./stack";\nimport "./text/files";',
  "src/text/files.ts": 'import "node:fs";',
  "src/index.ts": 'export * from "./stack";',
  "src/stack.ts": 'import "cdktf";\nimport "./constructs/access-user";\nimport type { Deployment } from "./settings/deployment";',
  "src/constructs/access-user.ts":
    'import "@cdktf/provider-aws/lib/iam-user";\nimport "constructs";\nimport "../terraform/addresses";\nimport "../iam/catalogue";',
  "src/settings/deployment.ts": 'import "valibot";\nimport "../terraform/addresses";\nexport interface Deployment {}',
  "src/terraform/addresses.ts": 'import "../iam/catalogue";\nimport "../text/json";',
  "src/iam/catalogue.ts": 'import { createHash } from "node:crypto";',
  "src/text/json.ts": "export const json = 1;",
  "src/cli/account/aws/client.ts": 'import "@aws-sdk/client-iam";',
  "src/cli/commands/keys.ts": 'import "commander";\nimport "../account/keys/status";',
  "src/cli/account/keys/status.ts": 'import "../aws/client";',
};

describe(".dependency-cruiser.mjs", () => {
  it("accepts a project that follows the layout", () => {
    expect(violations(ALLOWED)).toEqual([]);
  });

  it("reports each import that the layout forbids", () => {
    const found = violations({
      ...ALLOWED,
      "src/iam/catalogue.ts": 'import type { Address } from "../terraform/addresses";',
      "src/settings/deployment.ts": 'import "../cli/review/resource-purposes";',
      "src/cli/review/resource-purposes.ts": 'import "@aws-sdk/client-iam";\nimport "cdktf";\nimport "valibot";',
      "src/constructs/access-user.ts":
        'import "@cdktf/provider-aws";\nimport "../settings/deployment";\nimport "../terraform/addresses";\nimport "../surprise/new";',
      "src/surprise/new.ts": "export const x = 1;",
      "src/cli/account/keys/status.ts": 'import "commander";\nimport "node:process";\nimport "../aws/client";',
      "src/text/json.ts": 'export const lazily = () => import("../cli/commands/keys");',
      "src/iam/unused.ts": "export const unused = 1;",
    });
    expect([...found].sort()).toEqual([
      "@aws-sdk-in-cli-account: src/cli/review/resource-purposes.ts -> @aws-sdk/client-iam",
      "cdktf-in-constructs-stack-app-cli-terraform-configuration: src/cli/review/resource-purposes.ts -> cdktf",
      "commander-in-cli-commands: src/cli/account/keys/status.ts -> commander",
      "constructs-imports: src/constructs/access-user.ts -> src/settings/deployment.ts",
      "constructs-imports: src/constructs/access-user.ts -> src/surprise/new.ts",
      "iam-imports: src/iam/catalogue.ts -> src/terraform/addresses.ts",
      "no-cycles: src/iam/catalogue.ts -> src/terraform/addresses.ts",
      "no-unused-modules: src/iam/unused.ts -> src/iam/unused.ts",
      "process-is-global: src/cli/account/keys/status.ts -> process",
      "provider-by-deep-path: src/constructs/access-user.ts -> @cdktf/provider-aws",
      "settings-imports: src/settings/deployment.ts -> src/cli/review/resource-purposes.ts",
      "text-imports: src/text/json.ts -> src/cli/commands/keys.ts",
      "valibot-in-settings: src/cli/review/resource-purposes.ts -> valibot",
    ]);
  });
});
