import { ACCOUNT_ID, alwaysOnRegion, partitionOf } from "../../iam/arns";
import type { CatalogueRow } from "../../iam/catalogue";
import { otherNodeRoles } from "../../iam/cluster";
import type { DeploymentPolicy } from "../../iam/deployment-policies";
import { SUPPORTED_VERSIONS } from "../../iam/dkp-versions";
import { SLOTS, type Slot } from "../../iam/key-slots";
import { pgpKeyOf, pgpKeyText } from "../../iam/openpgp-key";
import {
  type PolicyDocument,
  type PolicyStatement,
  type PolicyWith,
  policyDocument,
  policySize,
  withAccount,
} from "../../iam/policy-document";
import {
  grantedRows,
  type Mode,
  type PolicyOptions,
  policyStatements,
} from "../../iam/policy-statements";
import {
  type Deployment,
  leastProtected,
  policyOptionsOf,
  type SecretForm,
  secretForms,
} from "../../settings/deployment";
import type { TerraformKeys } from "../../settings/settings";
import { grouped } from "../../text/grouped";
import { type LeakCommands, leakCommands } from "../iam/leaked-key";
import { type Risk, risksOf, roleOf } from "../iam/risks";
import { controlPolicy, MAX_CONTROL_POLICY_CHARACTERS } from "../iam/service-control-policy";
import { policyFile } from "../pack/contents";
import { type TerraformJson, terraformJson } from "../terraform/configuration";
import { code } from "../text/markdown";
import { type DeployerPolicies, deployerPolicies } from "./deployer-policy-files";
import { type Permission, permissionsOf } from "./explanation";
import { type StateFacts, stateFacts } from "./state";

/** What the templates read. */
export interface Reviewed extends StateFacts, KeyFacts, PermissionFacts {
  readonly deployment: Deployment;
  readonly terraform: TerraformJson;
  /** By kind; empty if requests can come from any network. */
  readonly networks: readonly (readonly [kind: string, values: readonly string[]])[];
  readonly hasPaths: boolean;
  readonly deployer: DeployerPolicies;
  /** With their names in AWS if the settings name them. */
  readonly resources: readonly { readonly address: string; readonly name: string }[];
  readonly partition: string;
  readonly dkpVersions: string;
  readonly dkpRole: string;
  /** Of nodes besides that one, with their path. */
  readonly otherRoles: readonly string[];
  readonly formerRoles: readonly string[];
  readonly leak: LeakFacts;
}

interface KeyFacts {
  readonly keys: readonly (TerraformKeys[Slot] & {
    readonly slot: Slot;
    readonly isCurrent: boolean;
  })[];
  readonly secret: {
    /** The least protected form, and how many keys have it. */
    readonly form: SecretForm;
    readonly count: number;
    readonly current: SecretForm;
    /** The OpenPGP keys: fingerprint, expiry and user IDs. */
    readonly readers: readonly string[];
  };
}

interface PermissionFacts {
  readonly options: PolicyOptions;
  readonly policies: readonly ReviewedPolicy[];
  readonly granted: Readonly<Record<"documented" | "unused" | "withoutCaller", number>> & {
    readonly additional: readonly string[];
  };
  /** What the other one of `scoped` and `minimal` would change. */
  readonly otherMode: OtherMode | undefined;
  readonly areas: ReadonlyMap<string, readonly Permission[]>;
  /** With Markdown in their texts. */
  readonly risks: readonly Risk[];
  readonly controlPolicy: PolicyWith<readonly object[]>;
  /** Characters that it has more than AWS accepts; negative: fewer. */
  readonly controlPolicyExcess: number;
}

interface ReviewedPolicy {
  readonly file: string;
  readonly name: string;
  /** Characters as IAM counts them. */
  readonly size: number;
  readonly statements: readonly (PolicyStatement & {
    /** Without the account and the Region of the deployment. */
    readonly shortResources: readonly string[];
  })[];
  readonly document: PolicyDocument;
}

interface OtherMode {
  readonly name: Mode | undefined;
  readonly change: "omit" | "add";
  readonly actions: readonly string[];
}

type LeakFacts = Readonly<Record<keyof Omit<LeakCommands, "activate">, string>>;

export function reviewed(
  deployment: Deployment,
  terraform: TerraformJson = terraformJson(deployment),
): Reviewed {
  const { region, cluster, policy, user, nodeRole } = deployment;
  const { first, last } = SUPPORTED_VERSIONS;
  return {
    deployment,
    terraform,
    ...stateFacts(deployment.state),
    ...keyFacts(deployment),
    networks: networksOf(deployment),
    hasPaths: [policy, user, nodeRole].some((one) => (one?.path ?? "/") !== "/"),
    deployer: deployerPolicies(deployment),
    resources: resourcesOf(terraform),
    partition: partitionOf(region),
    dkpVersions: `${first} to ${last}`,
    dkpRole: roleOf(cluster),
    otherRoles: otherNodeRoles(cluster),
    formerRoles: cluster.formerIamNodeRoles.filter(
      (role) => !nodeRole || role !== `${nodeRole.path}${nodeRole.name}`,
    ),
    leak: leakFacts(region, [{ id: "ID", user: user.name }]),
    ...permissionFacts(deployment),
  };
}

export interface LeakedKey {
  readonly id: string;
  readonly user: string;
}

export function leakFacts(region: string, keys: readonly LeakedKey[]): LeakFacts {
  const commands = (user: string) => leakCommands(user, alwaysOnRegion(region));
  const ofKeys = (what: "deactivate" | "deleteKey") =>
    keys.map(({ id, user }) => commands(user)[what](id)).join("\n");
  const users = [...new Set(keys.map(({ user }) => user))].map(commands);
  return {
    deactivate: ofKeys("deactivate"),
    denySessions: users.flatMap(({ denySessions }) => denySessions).join("\n"),
    deleteKey: ofKeys("deleteKey"),
    createKey: users.map(({ createKey }) => createKey).join("\n"),
    removeDenial: users.map(({ removeDenial }) => removeDenial).join("\n"),
  };
}

function permissionFacts(deployment: Deployment): PermissionFacts {
  const { cluster, user, policies, additionalRolePolicies } = deployment;
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  const statements = policyStatements(options);
  const permissions = permissionsOf(rows, statements, cluster);
  const additional = rows.flatMap(({ documented, action }) => (documented ? [] : action));
  const unused = permissions.filter(({ isRequired }) => !isRequired);
  const ofOrganization = controlPolicy({
    ...options,
    user: `${user.path}${user.name}`,
    additionalRolePolicies,
  });
  return {
    options,
    policies: policies.map((policy) => reviewedPolicy(policy, deployment)),
    granted: {
      documented: rows.length - additional.length,
      additional,
      unused: unused.length,
      withoutCaller: unused.filter(({ row }) => row.callers.length === 0).length,
    },
    otherMode: otherMode(options, rows),
    areas: grouped(permissions, ({ row }) => row.area),
    risks: risksOf(options, code, statements),
    controlPolicy: ofOrganization,
    controlPolicyExcess:
      JSON.stringify(ofOrganization, null, 2).length - MAX_CONTROL_POLICY_CHARACTERS,
  };
}

/** Undefined in mode `documented`, and if nothing would change. */
function otherMode(options: PolicyOptions, rows: readonly CatalogueRow[]): OtherMode | undefined {
  const name = { documented: undefined, scoped: "minimal", minimal: "scoped" } as const;
  const mode = name[options.mode];
  const others = mode === undefined ? rows : grantedRows({ ...options, mode });
  const [more, fewer] = rows.length > others.length ? [rows, others] : [others, rows];
  const actions = more.filter((row) => !fewer.includes(row)).map(({ action }) => action);
  return actions.length === 0
    ? undefined
    : { name: mode, change: mode === "minimal" ? "omit" : "add", actions };
}

function reviewedPolicy(
  { number, name, statements }: DeploymentPolicy,
  { accountId, region }: Deployment,
): ReviewedPolicy {
  const account = accountId ?? ACCOUNT_ID;
  // arn:aws:ec2:eu-central-1:123456789012:volume/* becomes ec2 volume/*
  const short = (arn: string) => {
    const [, , service, regionOfArn, accountOfArn, ...resource] = arn.split(":");
    const isOwn = accountOfArn === account && [region, ""].includes(regionOfArn ?? "");
    return isOwn ? `${service} ${resource.join(":")}` : arn;
  };
  return {
    file: policyFile(number),
    name,
    size: policySize(statements),
    statements: withAccount(statements, account).map((statement) => ({
      ...statement,
      shortResources: statement.resources.map(short),
    })),
    document: policyDocument(statements, accountId),
  };
}

function networksOf({ user: { allowedNetworks } }: Deployment): Reviewed["networks"] {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = allowedNetworks ?? {};
  const kinds = { addresses: cidrs, VPCs: vpcs, "VPC endpoints": vpcEndpoints };
  return Object.entries(kinds).filter(([, values]) => values.length > 0);
}

function keyFacts(deployment: Deployment): KeyFacts {
  const { accessKeys } = deployment;
  const forms = secretForms(deployment);
  const { form, slots } = leastProtected(forms);
  const secret = { form, count: slots.length };
  if (accessKeys === "none") {
    return { keys: [], secret: { ...secret, current: "none", readers: [] } };
  }
  const { current } = accessKeys;
  const keys = SLOTS.map((slot) => ({ slot, ...accessKeys[slot], isCurrent: slot === current }));
  const readers = keys.flatMap(({ pgpKey }) => pgpKeyOf(pgpKey) ?? []).map(pgpKeyText);
  return {
    keys: keys.filter(({ status }) => status !== "absent"),
    secret: { ...secret, current: forms[current], readers: [...new Set(readers)] },
  };
}

function resourcesOf({ resource = {} }: TerraformJson): Reviewed["resources"] {
  return Object.entries(resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(([id, { name }]) => ({
      address: `${type}.${id}`,
      name: typeof name === "string" && !name.includes("${") ? name : "",
    })),
  );
}
