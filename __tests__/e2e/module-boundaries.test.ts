import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { folder } from "./support/project";
import { jsonOf } from "./support/terraform";

const CRUISER = join(PROJECT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");

interface Report {
  readonly summary: {
    readonly violations: readonly {
      readonly rule: { readonly name: string };
      readonly from: string;
      readonly to: string;
    }[];
  };
}

it(".dependency-cruiser.mjs reports each import that the layout forbids, and no other", () => {
  const project = folder({
    "main.ts": 'import "./src/stack";',
    "src/stack.ts":
      'import "./constructs/access-user";\nimport type { Deployment } from "./settings/deployment";',
    "src/constructs/access-user.ts":
      'import "@cdktf/provider-aws";\nimport "../terraform/addresses";\nimport "../surprise/new";',
    "src/surprise/new.ts": "export const x = 1;",
    "src/settings/deployment.ts":
      'import "valibot";\nimport "../../packages/cli/src/review/pack";\nexport interface Deployment {}',
    "src/terraform/addresses.ts": 'import "../iam/catalogue";',
    "src/iam/catalogue.ts": 'import type { Address } from "../terraform/addresses";',
    "src/iam/unused.ts": "export const unused = 1;",
    "packages/cli/src/review/pack.ts":
      'import "@aws-sdk/client-iam";\nimport "cdktf";\nimport "node:process";',
  });
  const args = [
    CRUISER,
    "--config",
    join(PROJECT, ".dependency-cruiser.mjs"),
    "--output-type",
    "json",
    "main.ts",
    "src",
    "packages/cli/src",
  ];
  const { summary } = jsonOf(project, {}, process.execPath, ...args) as Report;
  // A folder above the temporary one may have packages installed, or not: only the names of
  // packages are compared.
  const found = summary.violations
    .filter(({ rule }) => rule.name !== "no-unresolved")
    .map(
      ({ rule, from, to }) =>
        `${rule.name}: ${from} -> ${to.replace(/^.*node_modules\/((?:@[^/]+\/)?[^/]+).*$/, "$1")}`,
    );
  expect(found.sort()).toEqual([
    "@aws-sdk-in-cli-account: packages/cli/src/review/pack.ts -> @aws-sdk/client-iam",
    "cdktf-in-constructs-stack-app-cli-terraform-configuration: packages/cli/src/review/pack.ts -> cdktf",
    "constructs-imports: src/constructs/access-user.ts -> src/surprise/new.ts",
    "iam-imports: src/iam/catalogue.ts -> src/terraform/addresses.ts",
    "no-cycles: src/iam/catalogue.ts -> src/terraform/addresses.ts",
    "no-unused-modules: src/iam/unused.ts -> src/iam/unused.ts",
    "process-is-global: packages/cli/src/review/pack.ts -> process",
    "provider-by-deep-path: src/constructs/access-user.ts -> @cdktf/provider-aws",
    "settings-imports: src/settings/deployment.ts -> packages/cli/src/review/pack.ts",
  ]);
});
