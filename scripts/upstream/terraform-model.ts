import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { selectDeployments } from "../../packages/cli/src/commands/support/deployments";
import { deployerPolicies } from "../../packages/cli/src/review/deployer-policy-files";
import { terraformJson } from "../../packages/cli/src/terraform/configuration";
import type { DkpVersion } from "../../src/iam/dkp-versions";
import { type Comparison, compareActions, rowsOf } from "./compare";
import type { Calls } from "./go-calls";

/** AWS's call model of the Terraform provider. Source: its README.md. */
const MODEL =
  "https://raw.githubusercontent.com/awslabs/iam-policy-autopilot/main/iam-policy-autopilot-policy-generation/resources/config/terraform";

/**
 * The resources of DKP's Terraform. Source: deckhouse/deckhouse candi/cloud-providers/aws, layouts
 * and terraform-modules.
 */
export const DKP_RESOURCES: readonly string[] = [
  ...[
    "aws_ebs_volume",
    "aws_eip",
    "aws_eip_association",
    "aws_iam_instance_profile",
    "aws_iam_role",
    "aws_iam_role_policy",
  ],
  ...[
    "aws_instance",
    "aws_internet_gateway",
    "aws_key_pair",
    "aws_nat_gateway",
    "aws_route",
    "aws_route_table",
  ],
  ...[
    "aws_route_table_association",
    "aws_security_group",
    "aws_security_group_rule",
    "aws_subnet",
    "aws_volume_attachment",
  ],
  ...["aws_vpc", "aws_vpc_peering_connection", "aws_vpc_peering_connection_accepter"],
];

const GOLDEN = "__tests__/golden/deployments";

/** The functions that implement a resource type, as import paths with names. */
interface Handlers {
  readonly resource_type: string;
  readonly create?: string;
  readonly read?: string;
  readonly update?: string;
  readonly delete?: string;
  readonly tags?: { readonly list_tags_symbol?: string; readonly update_tags_symbol?: string };
}

interface Pattern {
  readonly module_path: string;
  readonly class_name: string | null;
  readonly function_name: string;
  readonly sdk_operations: readonly { readonly service: string; readonly operation: string }[];
}

/**
 * Compares the catalogue with the calls of the Terraform provider for DKP's resources, and the
 * policy of the deployer of each golden deployment with its calls for that. The model has every
 * call that a function can reach, so that most differences are arguments that nobody sets.
 * @param folder with the two files of the model.
 * @default downloaded
 * @throws Error if the model cannot be read, or lacks a resource type
 */
export async function compareTerraform(
  dkpVersion: DkpVersion,
  folder?: string,
): Promise<readonly Comparison[]> {
  const handlers = (await file("terraform-crud-map.json", folder)) as readonly Handlers[];
  const model = (await file("terraform-model.json", folder)) as {
    version: string;
    call_patterns: readonly Pattern[];
  };
  const version = model.version.replace(/^v/, "");
  const callsOf = (types: readonly string[]) =>
    callsOfResources(types, handlers, model.call_patterns);
  const files = readdirSync(GOLDEN).filter((name) => name.endsWith(".yaml"));
  const names = files.map((name) => name.replace(/\.yaml$/, ""));
  const { deployments } = selectDeployments(
    { settings: GOLDEN, printError: () => undefined },
    names,
  );
  const pairs = deployments.map((deployment) => ({
    granted: new Set(
      deployerPolicies(deployment)
        .policies.flatMap(({ statements }) =>
          statements.flatMap(({ calls }) => calls.map(({ action }) => action)),
        )
        .filter((action) => action.startsWith("iam:")),
    ),
    calls: callsOf(Object.keys(terraformJson(deployment).resource ?? {})),
  }));
  return [
    compareActions("terraform", version, [
      { granted: rowsOf("terraform", dkpVersion), calls: callsOf(DKP_RESOURCES) },
    ]),
    compareActions("deployer", version, pairs),
  ];
}

async function file(name: string, folder: string | undefined): Promise<unknown> {
  if (folder !== undefined) {
    return JSON.parse(readFileSync(join(folder, name), "utf8"));
  }
  const response = await fetch(`${MODEL}/${name}`);
  if (!response.ok) {
    throw new Error(
      `${MODEL}/${name}: ${response.status}; pass --source with a folder that has this file`,
    );
  }
  return response.json();
}

/** By action, the resource types that call it. */
function callsOfResources(
  types: readonly string[],
  handlers: readonly Handlers[],
  patterns: readonly Pattern[],
): Calls {
  const operations = new Map(
    patterns.map((each) => [
      JSON.stringify([each.module_path, each.class_name ?? "", each.function_name]),
      each.sdk_operations.map(({ service, operation }) => `${service}:${operation}`),
    ]),
  );
  const calls = new Map<string, string[]>();
  for (const type of types) {
    const known = handlers.find(({ resource_type }) => resource_type === type);
    if (known === undefined) {
      throw new Error(
        `the model of the Terraform provider has no ${type}; correct DKP_RESOURCES in terraform-model.ts`,
      );
    }
    const { tags = {} } = known;
    const functions = [
      known.create,
      known.read,
      known.update,
      known.delete,
      tags.list_tags_symbol,
      tags.update_tags_symbol,
    ];
    for (const action of new Set(
      functions.flatMap((name = "") => operations.get(keyOf(name)) ?? []),
    )) {
      calls.set(action, [...(calls.get(action) ?? []), type]);
    }
  }
  return calls;
}

/** `.../internal/service/ec2.(*servicePackage).ListTags` as the key of a pattern. */
function keyOf(symbol: string): string {
  const [, module = "", type = "", name = ""] =
    /\/service\/([^.]+)\.(?:\(\*?(\w+)\)\.)?(\w+)$/.exec(symbol) ?? [];
  return JSON.stringify([module, type, name]);
}
