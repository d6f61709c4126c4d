import { visible } from "../render/printable";
import type { Deployment } from "../settings/deployment";

/**
 * The fields of DKP's `AWSClusterConfiguration` that follow from a deployment. A named placeholder represents the key.
 * Values are written as JSON, because every JSON document is a YAML document.
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
    `# What follows from the deployment ${visible(stack)}. npm run hand-over -- ${visible(stack)} prints the provider block with the key in it.`,
    ...(prefix === undefined ? [] : [`# The ClusterConfiguration has cloud.prefix: ${yaml(prefix)}`]),
    ...(cluster.bastion ? ["# withNAT.bastionInstance: as you have it"] : []),
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

/** A value as JSON, which is YAML, with hidden characters escaped. */
function yaml(value: unknown): string {
  return visible(JSON.stringify(value));
}
