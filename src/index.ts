/**
 * AWS access of the Deckhouse Kubernetes Platform, for other CDKTF programs: the whole stack, its single constructs, and
 * a typed reader of a deployment's outputs. What is not exported here may change at any time.
 */

export { AccessGroup, type AccessGroupProps } from "./constructs/access-group";
export { AccessKeys, type AccessKeysProps, type KeyOutputs, type SlotProps } from "./constructs/access-keys";
export { AccessPolicy, type AccessPolicyProps } from "./constructs/access-policy";
export { AccessUser, type AccessUserProps } from "./constructs/access-user";
export { NodeRole, type NodeRoleProps } from "./constructs/node-role";
export { PolicyAttachment, type PolicyAttachmentProps } from "./constructs/policy-attachment";
export type { Slot } from "./iam/access-keys";
export type { Feature } from "./iam/catalogue";
export { type Cluster, type Layout, PLAIN_CLUSTER } from "./iam/cluster";
export { partitionOf } from "./iam/partitions";
export {
  type Mode,
  type Place,
  type PolicyCondition,
  type PolicyOptions,
  type PolicyStatement,
  policyStatements,
} from "./iam/policy";
export { AccessState, type AccessStateProps } from "./remote-state/access-state";
export { OUTPUTS, type OutputName } from "./remote-state/outputs";
export { defineDeployments } from "./settings/define";
export type { Deployment } from "./settings/deployment";
export { loadDeployments } from "./settings/load";
export { SettingsError } from "./settings/problems";
export type { SettingsInput } from "./settings/schema";
export { DeckhouseAccessStack } from "./stack";
