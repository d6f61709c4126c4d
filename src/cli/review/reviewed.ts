import { ACCOUNT_ID } from "../../iam/arns";
import type { Area } from "../../iam/catalogue";
import { otherNodeRoles } from "../../iam/cluster";
import type { DeploymentPolicy } from "../../iam/deployment-policies";
import { coveredVersion, SUPPORTED_VERSIONS } from "../../iam/dkp-versions";
import { SLOTS } from "../../iam/key-slots";
import { pgpKeyOf, pgpKeyText } from "../../iam/openpgp-key";
import { alwaysOnRegion, partitionOf } from "../../iam/partitions";
import { policyDocument, policySize } from "../../iam/policy-document";
import { grantedRows, policyStatements } from "../../iam/policy-statements";
import { withAccount } from "../../iam/statement";
import { type Deployment, leastProtected, policyOptionsOf, type SecretForm, secretForms } from "../../settings/deployment";
import { KEY_ADDRESSES } from "../../terraform/addresses";
import { leakCommands } from "../iam/leaked-key";
import { risksOf, roleOf } from "../iam/risks";
import { controlPolicy, MAX_CONTROL_POLICY_CHARACTERS } from "../iam/service-control-policy";
import { policyFile } from "../pack/file-names";
import type { TerraformJson } from "../terraform/configuration";
import { code } from "../text/markdown";
import { deployerPolicies } from "./deployer-policy-files";
import { permissionsOf } from "./explanation";
import { stateFacts } from "./state-facts";
import { weakChoices } from "./weak-choices";

/** A deployment with the facts that the files of its review pack show, computed once. The templates read it. */
export type Reviewed = Readonly<ReturnType<typeof reviewed>>;

/** @param terraform its Terraform JSON */
export function reviewed(deployment: Deployment, terraform: TerraformJson) {
  const { region, cluster, user } = deployment;
  const { first, last } = SUPPORTED_VERSIONS;
  const { deactivate, deleteKey, denySessions, ...leak } = leakCommands(user.name, alwaysOnRegion(region));
  const facts = { deployment, terraform, ...stateFacts(deployment.state), ...keyFacts(deployment) };
  return {
    ...facts,
    ...networkFacts(deployment),
    paths: pathsOf(deployment),
    deployer: deployerPolicies(deployment),
    resources: resourcesOf(deployment, terraform),
    weakChoices: weakChoices(facts),
    partition: partitionOf(region),
    dkpVersions: cluster.dkpVersion === undefined ? `${first} to ${last}` : coveredVersion(cluster.dkpVersion),
    /** The role that DKP creates. */
    dkpRole: roleOf(cluster),
    /** Current and former roles of nodes other than that one, with their path. */
    otherRoles: otherNodeRoles(cluster),
    /** The commands after a leak of the key `ID`. */
    leak: { ...leak, deactivate: deactivate("ID"), denySessions: denySessions.join("\n"), deleteKey: deleteKey("ID") },
    ...permissionFacts(deployment),
  };
}

/** The headings of the areas that the actions belong to. */
const AREAS: Readonly<Record<Area, string>> = {
  network: "Network",
  nodes: "Nodes",
  disks: "Disks",
  "load balancers": "Load balancers",
  identity: "Identity",
  account: "Account and Region",
};

/** What the key can call, and what limits it. */
function permissionFacts(deployment: Deployment) {
  const { cluster, user, policies, additionalRolePolicies } = deployment;
  const options = policyOptionsOf(deployment);
  const rows = grantedRows(options);
  const statements = policyStatements(options);
  const permissions = permissionsOf(rows, statements, cluster);
  const actions = policies.flatMap(({ statements }) => statements.flatMap((statement) => statement.actions));
  const documented = rows.filter((row) => row.documented).length;
  const unused = permissions.filter(({ isRequired }) => !isRequired).length;
  const areas = Object.entries(AREAS).map(([area, title]) => ({
    title,
    permissions: permissions.filter(({ row }) => row.area === area),
  }));
  const serviceControlPolicy = controlPolicy({ ...options, user: `${user.path}${user.name}`, additionalRolePolicies });
  return {
    options,
    policies: policies.map((policy) => reviewedPolicy(policy, deployment)),
    granted: { documented, additional: rows.length - documented, unused },
    areas: areas.filter((area) => area.permissions.length > 0),
    /** Actions with a wildcard in their name. */
    patterns: actions.filter((action) => /.\*|\*./.test(action)),
    /** With Markdown in their texts. */
    risks: risksOf(options, code, statements),
    controlPolicy: serviceControlPolicy,
    controlPolicyExcess: JSON.stringify(serviceControlPolicy).length - MAX_CONTROL_POLICY_CHARACTERS,
  };
}

/** A managed policy of the deployment. */
function reviewedPolicy({ number, name, statements }: DeploymentPolicy, { accountId, region }: Deployment) {
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
    /** Characters as IAM counts them. */
    size: policySize(statements),
    statements: withAccount(statements, account).map((statement) => ({
      ...statement,
      /** Without the account and the Region of the deployment. */
      shortResources: statement.resources.map(short),
    })),
    /** As AWS stores it. */
    document: policyDocument(statements, accountId),
  };
}

/** The networks that requests can come from. */
function networkFacts({ user: { allowedNetworks } }: Deployment) {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = allowedNetworks ?? {};
  const kinds = { addresses: cidrs, VPCs: vpcs, "VPC endpoints": vpcEndpoints };
  return {
    /** Addresses and IDs; none if requests can come from any network. */
    networks: Object.values(kinds).flat(),
    networkKinds: Object.entries(kinds).filter(([, values]) => values.length > 0),
  };
}

/** The IAM paths of the settings that are not the default, by what has them. */
function pathsOf({ policy, user, group, attachment, nodeRole }: Deployment) {
  const all = { policy, user, group: attachment === "user" ? undefined : group, "node role": nodeRole };
  return Object.entries(all).flatMap(([what, { path } = { path: "/" }]) => (path === "/" ? [] : [[what, path]]));
}

/** The access keys, and their secrets in the state. */
function keyFacts(deployment: Deployment) {
  const { accessKeys } = deployment;
  const forms = secretForms(deployment);
  const { form, slots } = leastProtected(forms);
  const keys =
    accessKeys === "none" ? [] : SLOTS.map((slot) => ({ slot, ...accessKeys[slot], isCurrent: slot === accessKeys.current }));
  const current: SecretForm = accessKeys === "none" ? "none" : forms[accessKeys.current];
  return {
    keys: keys.filter(({ status }) => status !== "absent"),
    secret: {
      /** The least protected form of a secret, and how many keys have it. */
      form,
      count: slots.length,
      /** The form of the current key. */
      current,
      /** Owners of the OpenPGP keys: user IDs, fingerprint and expiry. */
      readers: [...new Set(keys.flatMap(({ pgpKey }) => pgpKeyOf(pgpKey) ?? []).map(pgpKeyText))],
    },
  };
}

/** The purpose of the resource types of a deployment. */
const PURPOSE: Readonly<Record<string, string>> = {
  aws_iam_access_key: "the static key that DKP signs with; DKP supports no other credentials",
  aws_iam_group: "has the policy, which scanners require of users",
  aws_iam_group_policy_attachment: "attaches the policy to the group",
  aws_iam_policy: "the permissions of the key",
  aws_iam_role: "the node role of the cluster: DKP's `iamNodeRole`",
  aws_iam_role_policy: "the permissions that every node requires, and the additional actions of the settings",
  aws_iam_role_policy_attachment: "attaches a managed policy to the node role",
  aws_iam_user: "the IAM user of DKP",
  aws_iam_user_group_membership: "adds the user to the group",
  aws_iam_user_policy_attachment: "attaches the policy to the user",
};

/** The resources of a deployment, with their names in AWS if the settings name them. */
function resourcesOf({ accessKeys }: Deployment, { resource = {} }: TerraformJson) {
  const current = accessKeys === "none" ? undefined : KEY_ADDRESSES[accessKeys.current];
  return Object.entries(resource).flatMap(([type, byName]) =>
    Object.entries(byName).map(([id, { name }]) => {
      const address = `${type}.${id}`;
      const isSpare = type === "aws_iam_access_key" && address !== current;
      return {
        address,
        name: typeof name === "string" && !name.includes("${") ? name : "",
        purpose: isSpare ? "a key that DKP does not use" : PURPOSE[type],
      };
    }),
  );
}
