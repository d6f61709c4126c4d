import type { Deployment } from "../../../../src/settings/deployment";
import { ADDRESSES, nameIn, policyAddress } from "../../../../src/terraform/addresses";
import { type Blocks, type TerraformJson, terraformJson } from "./configuration";

/** What a module does not have, because the provider of the root module has it. */
export function settingsOfProvider({ accountId, provider, tags }: Deployment): readonly string[] {
  const { profile, assumeRoleArn } = provider;
  const values = {
    accountId,
    "provider.profile": profile,
    "provider.assumeRoleArn": assumeRoleArn,
    tags,
  };
  return Object.entries(values).flatMap(([setting, value]) =>
    value === undefined ? [] : [setting],
  );
}

/**
 * The Terraform JSON of a deployment as a module, also for `count` and `for_each`: names that are
 * unique in an account are variables.
 * @throws Error with `import`, because Terraform imports in root modules only
 */
export function moduleJson(deployment: Deployment): TerraformJson {
  const { stack, user, policy, policies } = deployment;
  if (deployment.import !== undefined) {
    throw new Error(
      `${stack}: import: Terraform imports in root modules only; ` +
        "write import blocks in yours, and remove import from the settings",
    );
  }
  const { provider: _, terraform = {}, resource = {}, ...rest } = terraformJson(deployment);
  const { backend: __, cloud: ___, ...versions } = terraform;
  const policyNames = policies.map(({ number }) => {
    const suffix = number === 1 ? "" : `-${number}`;
    return [nameIn(policyAddress("policy", number)), `\${var.policy_name}${suffix}`] as const;
  });
  return {
    ...rest,
    resource: {
      ...resource,
      ...named(resource, "aws_iam_policy", policyNames),
      ...named(resource, "aws_iam_user", [[nameIn(ADDRESSES.user), `\${var.user_name}`]]),
    },
    terraform: versions,
    variable: {
      policy_name: {
        type: "string",
        description: "Name of the first policy",
        default: policy.name,
      },
      user_name: { type: "string", description: "Name of the user", default: user.name },
    },
  };
}

function named(
  resources: Blocks,
  type: string,
  names: readonly (readonly [id: string, name: string])[],
): Blocks {
  const own = resources[type];
  return {
    [type]: {
      ...own,
      ...Object.fromEntries(names.map(([id, name]) => [id, { ...own?.[id], name }])),
    },
  };
}
