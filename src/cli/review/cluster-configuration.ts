import { Document, isCollection, visit, type YAMLMap } from "yaml";
import { visible, visibleLines } from "../../text/printable";
import type { Reviewed } from "./reviewed";

/**
 * DKP's `AWSClusterConfiguration`, as far as it follows from a deployment: YAML that means the same
 * in YAML 1.1 and 1.2. Placeholders stand for the key.
 */
export function clusterConfiguration({ deployment }: Reviewed): string {
  const { stack, region, accessKeys, cluster, nodeRole, additionalRolePolicies } = deployment;
  const { layout, existingVPCID, peeredVPCs, tags, imdsv2, disableDefaultSecurityGroup, prefix } =
    cluster;
  const provider = {
    providerAccessKeyId: "ACCESS_KEY_ID",
    providerSecretAccessKey: "SECRET_ACCESS_KEY",
    region,
  };
  const fields = {
    layout,
    existingVPCID,
    peeredVPCs: peeredVPCs.length === 0 ? undefined : peeredVPCs,
    iamNodeRole: cluster.iamNodeRole ?? nodeRole?.name,
    additionalRolePolicies:
      additionalRolePolicies.length === 0 ? undefined : additionalRolePolicies,
    tags: Object.keys(tags).length === 0 ? undefined : tags,
    imdsv2,
    disableDefaultSecurityGroup: disableDefaultSecurityGroup || undefined,
  };
  const isInState = accessKeys.managedBy === "terraform";
  const comments = [
    `The fields that follow from the deployment ${stack}.`,
    isInState
      ? `dkp-access hand-over ${stack} --out FILE writes the provider block with the key.`
      : "The key is created outside Terraform: write its ID and its secret into the " +
        "provider block.",
  ];
  if (prefix !== undefined) {
    comments.push(
      `Set in the ClusterConfiguration: cloud.prefix: ${JSON.stringify(prefix)}. ` +
        "From DKP 1.78 on, prefix of the ModuleConfig global can replace it.",
    );
  }
  if (imdsv2 !== undefined) {
    comments.push("DKP has imdsv2 from 1.78 on. Earlier versions reject it.");
  }
  const head = { apiVersion: "deckhouse.io/v1", kind: "AWSClusterConfiguration", provider };
  const document = new Document<YAMLMap, false>({ ...head, ...fields }, { compat: "yaml-1.1" });
  document.contents.commentBefore = comments.map((comment) => ` ${visible(comment)}`).join("\n");
  visit(document.contents, {
    Pair(_, { value }) {
      if (isCollection(value)) {
        value.flow = value !== document.get("provider");
      }
    },
    // In double quotes, the escape sequence of a hidden character has the meaning of the character.
    Scalar(_, node) {
      if (typeof node.value === "string" && visible(node.value) !== node.value) {
        node.type = "QUOTE_DOUBLE";
      }
    },
  });
  return visibleLines(document.toString({ lineWidth: 0, flowCollectionPadding: false }));
}
