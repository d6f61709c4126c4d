import { ACCOUNT_ID } from "../../iam/arns";
import { otherNodeRoles } from "../../iam/cluster";
import { strictMarker } from "../../iam/cluster-marker";
import type { DeploymentPolicy } from "../../iam/deployment-policies";
import { SLOTS } from "../../iam/key-slots";
import { pgpKeyOf, pgpKeyText } from "../../iam/openpgp-key";
import { partitionOf } from "../../iam/partitions";
import { policyDocument, policySize } from "../../iam/policy-document";
import { withAccount } from "../../iam/policy-statement";
import { grantedRows, policyStatements } from "../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { leastProtected, type SecretForm, secretForms } from "../../settings/key-secrets";
import { movedBlocks } from "../../terraform/addresses";
import { backendType } from "../../terraform/backends";
import { type ArgumentValue, type BackendArguments, type StateLocation, stateReading } from "../../terraform/state-location";
import { risksOf, roleOf } from "../iam/risks";
import { controlPolicy } from "../iam/service-control-policy";
import type { TerraformJson } from "../terraform/terraform-json";
import { code } from "../text/markdown";
import { deployerPolicies } from "./deployer-policy-files";
import { permissionsOf } from "./explanation";
import { isLocked, isOutsideAws } from "./state-permissions";

/** A deployment with the facts that the files of its review pack state, computed once. */
export type Reviewed = Readonly<ReturnType<typeof reviewed>>;

/** @param terraform its Terraform JSON */
export function reviewed(deployment: Deployment, terraform: TerraformJson) {
  const { accountId, region, cluster, user, nodeRole, state, additionalRolePolicies } = deployment;
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  const reading = stateReading(state);
  return {
    deployment,
    terraform,
    partition: partitionOf(region),
    /** 12 digits, or what stands for an account that the settings do not name. */
    account: accountId ?? ACCOUNT_ID,
    options,
    permissions: permissionsOf(rows, policyStatements(options), cluster),
    policies: deployment.policies.map((policy) => reviewedPolicy(policy, accountId)),
    /** The role that DKP creates. */
    dkpRole: roleOf(cluster),
    /** Current and former roles of nodes other than that one, with their path. */
    otherRoles: otherNodeRoles(cluster),
    /** Addresses and IDs; none if requests can come from any network. */
    networks: Object.values(user.allowedNetworks ?? {}).flat(),
    /** The tag that limits mode `strict`. */
    marker: strictMarker(options, cluster),
    /** With Markdown in their texts. */
    risks: risksOf(options, code, new Set(rows.map(({ action }) => action))),
    controlPolicy: controlPolicy({ ...options, user: `${user.path}${user.name}`, additionalRolePolicies }),
    deployer: deployerPolicies(deployment),
    secret: reviewedSecret(deployment),
    /** How others read the state. */
    stateReading: reading,
    /** The arguments that say where the state is and who receives it, also where only its writer needs the address. */
    stateLocation: { ...reading.config, ...Object.fromEntries(destinationsOf(state)) } as BackendArguments,
    isStateOutsideAws: isOutsideAws(state),
    isStateLocked: isLocked(state),
    /** Empty where no address has changed. */
    moved: movedBlocks(nodeRole?.managedPolicyArns),
  };
}

/** A managed policy of the deployment. */
function reviewedPolicy({ number, name, statements }: DeploymentPolicy, account: string | undefined) {
  return {
    number,
    name,
    /** Characters as IAM counts them. */
    size: policySize(statements),
    statements: withAccount(statements, account ?? ACCOUNT_ID),
    /** As AWS stores it. */
    document: policyDocument(statements, account),
  };
}

/** The secret access keys in the state. */
function reviewedSecret(deployment: Deployment) {
  const { accessKeys } = deployment;
  const forms = secretForms(deployment);
  const { form, slots } = leastProtected(forms);
  const keys = accessKeys === "none" ? [] : SLOTS.flatMap((slot) => pgpKeyOf(accessKeys[slot].pgpKey) ?? []);
  const current: SecretForm = accessKeys === "none" ? "none" : forms[accessKeys.current];
  return {
    /** The least protected form of a secret, and how many keys have it. */
    form,
    count: slots.length,
    /** The form of the current key. */
    current,
    /** Owners of the OpenPGP keys: user IDs, fingerprint and expiry. */
    readers: [...new Set(keys.map(pgpKeyText))],
  };
}

/** The hosts and organizations that a state is sent to, by the name of their argument: `endpoints.s3`. */
function destinationsOf({ type, arguments: given }: StateLocation): readonly (readonly [string, ArgumentValue])[] {
  const names = backendType(type)?.destinations ?? [];
  return names.flatMap((name) => {
    const value = name.split(".").reduce<unknown>((outer, key) => (outer as BackendArguments | undefined)?.[key], given);
    return value === undefined ? [] : [[name, value as ArgumentValue] as const];
  });
}
