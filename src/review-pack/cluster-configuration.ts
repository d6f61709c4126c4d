import { visible } from "../render/printable";
import type { Deployment } from "../settings/deployment";

/**
 * The fields of DKP's `AWSClusterConfiguration` that follow from a deployment. Placeholders stand for the key.
 * Values are JSON, which is valid YAML.
 */
export function clusterConfiguration({ stack, region, cluster, nodeRole, additionalRolePolicies }: Deployment): string {
  const { layout, existingVPCID, peeredVPCs, tags, imdsv2, disableDefaultSecurityGroup, prefix } = cluster;
  const fields = {
    layout,
    existingVPCID,
    peeredVPCs: peeredVPCs.length === 0 ? undefined : peeredVPCs,
    iamNodeRole: cluster.iamNodeRole ?? nodeRole?.name,
    additionalRolePolicies: additionalRolePolicies.length === 0 ? undefined : additionalRolePolicies,
    tags: Object.keys(tags).length === 0 ? undefined : tags,
    imdsv2,
    disableDefaultSecurityGroup: disableDefaultSecurityGroup || undefined,
  };
  return [
    `# The fields that follow from the deployment ${visible(stack)}.`,
    `# npm run hand-over -- ${visible(stack)} prints the provider block with the key.`,
    ...(prefix === undefined ? [] : [`# Set in the ClusterConfiguration: cloud.prefix: ${yaml(prefix)}`]),
    ...(cluster.bastion ? ["# Add withNAT.bastionInstance as your cluster requires."] : []),
    "apiVersion: deckhouse.io/v1",
    "kind: AWSClusterConfiguration",
    "provider:",
    "  providerAccessKeyId: ACCESS_KEY_ID",
    "  providerSecretAccessKey: SECRET_ACCESS_KEY",
    `  region: ${visible(region)}`,
    ...Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${yaml(value)}`])),
    "",
  ].join("\n");
}

/** A value as JSON, in which characters that an editor does not show are escaped. */
function yaml(value: unknown): string {
  return visible(JSON.stringify(value));
}
