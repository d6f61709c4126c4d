import { ACCOUNT_ID } from "../../iam/arns";
import { otherNodeRoles } from "../../iam/cluster";
import { type Marker, strictMarker } from "../../iam/cluster-marker";
import type { DeploymentPolicy } from "../../iam/deployment-policies";
import { SLOTS } from "../../iam/key-slots";
import { pgpKeyOf, pgpKeyText } from "../../iam/openpgp-key";
import { partitionOf } from "../../iam/partitions";
import { policyDocument, policySize } from "../../iam/policy-document";
import { type PolicyStatement, withAccount } from "../../iam/policy-statement";
import { grantedRows, type PolicyOptions, policyStatements } from "../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { leastProtected, type SecretForm, secretForms } from "../../settings/key-secrets";
import { movedBlocks } from "../../terraform/addresses";
import { backendType } from "../../terraform/backends";
import {
  type ArgumentValue,
  type BackendArguments,
  type StateLocation,
  type StateReading,
  stateReading,
} from "../../terraform/state-location";
import { type Risk, risksOf, roleOf } from "../iam/risks";
import { type ControlPolicy, controlPolicy } from "../iam/service-control-policy";
import type { TerraformJson } from "../terraform/terraform-json";
import { code } from "../text/markdown";
import { type DeployerPolicies, deployerPolicies } from "./deployer-policy-files";
import { type Permission, permissionsOf } from "./explanation";
import { isLocked, isOutsideAws } from "./state-permissions";

/** A deployment with the facts that the files of its review pack state, computed once. */
export interface Reviewed {
  readonly deployment: Deployment;
  readonly terraform: TerraformJson;
  readonly partition: string;
  /** 12 digits, or what stands for an account that the settings do not name. */
  readonly account: string;
  readonly options: PolicyOptions;
  readonly permissions: readonly Permission[];
  readonly policies: readonly ReviewedPolicy[];
  /** The role that DKP creates. */
  readonly dkpRole: string;
  /** Current and former roles of nodes other than that one, with their path. */
  readonly otherRoles: readonly string[];
  /** Addresses and IDs; none if requests can come from any network. */
  readonly networks: readonly string[];
  /** The tag that limits mode `strict`. */
  readonly marker: Marker | undefined;
  /** With Markdown in their texts. */
  readonly risks: readonly Risk[];
  readonly controlPolicy: ControlPolicy;
  readonly deployer: DeployerPolicies;
  readonly secret: ReviewedSecret;
  /** How others read the state. */
  readonly stateReading: StateReading;
  /** The arguments that say where the state is and who receives it. */
  readonly stateLocation: BackendArguments;
  readonly isStateOutsideAws: boolean;
  readonly isStateLocked: boolean;
  /** Empty where no address has changed. */
  readonly moved: string;
}

/** A managed policy of the deployment. */
export interface ReviewedPolicy {
  readonly number: number;
  readonly name: string;
  /** Characters as IAM counts them. */
  readonly size: number;
  readonly statements: readonly PolicyStatement[];
  /** As AWS stores it. */
  readonly document: object;
}

/** The secret access keys in the state. */
export interface ReviewedSecret {
  /** The least protected form of a secret, and how many keys have it. */
  readonly form: SecretForm;
  readonly count: number;
  /** The form of the current key. */
  readonly current: SecretForm;
  /** Owners of the OpenPGP keys: user IDs, fingerprint and expiry. */
  readonly readers: readonly string[];
}

export function reviewed(deployment: Deployment, terraform: TerraformJson): Reviewed {
  const { accountId, region, cluster, user, nodeRole, state, additionalRolePolicies } = deployment;
  const account = accountId ?? ACCOUNT_ID;
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  const statements = policyStatements(options);
  const reading = stateReading(state);
  const facts = {
    deployment,
    terraform,
    partition: partitionOf(region),
    account,
    options,
    policies: deployment.policies.map((policy) => reviewedPolicy(policy, accountId)),
    otherRoles: otherNodeRoles(cluster),
    networks: Object.values(user.allowedNetworks ?? {}).flat(),
    marker: strictMarker(options, cluster),
    secret: reviewedSecret(deployment),
    stateReading: reading,
    // Whoever receives the state is named even where only its writer needs the address.
    stateLocation: { ...reading.config, ...Object.fromEntries(destinationsOf(state)) },
    moved: movedBlocks(nodeRole?.managedPolicyArns),
  };
  return {
    ...facts,
    dkpRole: roleOf(cluster),
    risks: risksOf(options, code, new Set(rows.map(({ action }) => action))),
    controlPolicy: controlPolicy({ ...options, user: `${user.path}${user.name}`, additionalRolePolicies }),
    permissions: permissionsOf(rows, statements, cluster),
    isStateOutsideAws: isOutsideAws(state),
    isStateLocked: isLocked(state),
    deployer: deployerPolicies(deployment),
  };
}

function reviewedPolicy({ number, name, statements }: DeploymentPolicy, account: string | undefined): ReviewedPolicy {
  return {
    number,
    name,
    size: policySize(statements),
    statements: withAccount(statements, account ?? ACCOUNT_ID),
    document: policyDocument(statements, account),
  };
}

function reviewedSecret(deployment: Deployment): ReviewedSecret {
  const { accessKeys } = deployment;
  const forms = secretForms(deployment);
  const { form, slots } = leastProtected(forms);
  const keys = accessKeys === "none" ? [] : SLOTS.flatMap((slot) => pgpKeyOf(accessKeys[slot].pgpKey) ?? []);
  return {
    form,
    count: slots.length,
    current: accessKeys === "none" ? "none" : forms[accessKeys.current],
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
