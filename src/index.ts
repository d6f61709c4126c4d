/**
 * AWS access of the Deckhouse Kubernetes Platform, for other CDKTF programs: the whole stack, its
 * single constructs, and a typed reader of a deployment's outputs. What is not exported here may
 * change at any time.
 */

export { AccessApp, type AccessAppConfig } from "./app";
export { AccessKey, type AccessKeyProps } from "./constructs/access-key";
export { AccessPolicy, type AccessPolicyProps } from "./constructs/access-policy";
export { AccessState } from "./constructs/access-state";
export { AccessUser, type AccessUserProps } from "./constructs/access-user";
export { NodeRole, type NodeRoleProps } from "./constructs/node-role";
export { PolicyAttachment, type PolicyAttachmentProps } from "./constructs/policy-attachment";
export { type Arn, partitionOf } from "./iam/arns";
export type { Feature } from "./iam/catalogue";
export { type Cluster, type Layout, PLAIN_CLUSTER } from "./iam/cluster";
export {
  type DeploymentPolicies,
  type DeploymentPolicy,
  deploymentPolicies,
} from "./iam/deployment-policies";
export { type DkpVersion, SUPPORTED_VERSIONS } from "./iam/dkp-versions";
export type { PolicyCondition, PolicyStatement, PolicyValue } from "./iam/policy-document";
export {
  type Environment,
  type Mode,
  type PolicyOptions,
  policyStatements,
} from "./iam/policy-statements";
export type { Deployment } from "./settings/deployment";
export { SettingsError } from "./settings/errors";
export { defineDeployments, loadDeployments } from "./settings/load";
export type { Settings, SettingsInput } from "./settings/settings";
export { DeckhouseAccessStack, type DeckhouseAccessStackOptions } from "./stack";
export { OUTPUTS, type OutputName } from "./terraform/outputs";
