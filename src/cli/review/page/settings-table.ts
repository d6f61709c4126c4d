import { coveredVersion, SUPPORTED_VERSIONS } from "../../../iam/dkp-versions";
import { SLOTS } from "../../../iam/key-slots";
import { MAX_POLICY_CHARACTERS } from "../../../iam/limits";
import type { Networks } from "../../../iam/networks";
import type { Deployment } from "../../../settings/deployment";
import type { BackendArguments } from "../../../terraform/state-location";
import { dkpAccess } from "../../text/command";
import { code, codes, joined, type Markdown, md, prose, trusted } from "../../text/markdown";
import type { TemplateData } from "../../text/template";
import type { Reviewed } from "../reviewed";

/** The deployment in a table of a few rows. */
export function settingFacts(review: Reviewed): TemplateData {
  const { deployment } = review;
  const { accountId, region, user, attachment, group } = deployment;
  const throughGroup = md`to the group ${code(group.name)}, which contains the user`;
  const attachedTo = {
    user: trusted("to the user"),
    "user-and-group": md`to the user, and ${throughGroup}`,
    group: throughGroup,
  };
  return {
    account: accountId === undefined ? trusted("not set: the account of the credentials that apply") : prose(accountId),
    region: prose(region),
    allowedNetworks: networkFact(user.allowedNetworks),
    assumptions: assumptions(deployment),
    userFact: md`${code(`${user.path}${user.name}`)}, ${boundary(user.permissionsBoundary)}`,
    policyFact: policyFact(review),
    attachedTo: attachedTo[attachment],
    accessKeys: accessKeyFact(deployment),
    state: stateFact(review),
    appliedBy: deployerFact(deployment.provider),
  };
}

/** What the policy follows from: it is right only for such a cluster. */
function assumptions({ policy, cluster, settings }: Deployment): Markdown {
  const { prefix, layout, existingVPCID, peeredVPCs, features, dkpVersion } = cluster;
  const { first, last } = SUPPORTED_VERSIONS;
  const facts: Markdown[] = [
    dkpVersion === undefined ? trusted(`DKP ${first} to ${last}`) : md`DKP ${prose(coveredVersion(dkpVersion))}`,
    features.length === 0 ? trusted("no `features`") : md`the features ${codes(features)}`,
  ];
  if (policy.mode !== "documented") {
    facts.push(
      md`the prefix ${code(prefix ?? "")}`,
      layout === undefined ? trusted("any layout") : md`the layout ${code(layout)}`,
      existingVPCID === undefined ? trusted("a VPC that DKP creates") : md`the existing VPC ${code(existingVPCID)}`,
      peeredVPCs.length === 0 ? trusted("no peered VPC") : md`the peered VPCs ${codes(peeredVPCs)}`,
    );
  }
  if (settings.cluster.configFile !== undefined) {
    facts.push(md`as in ${code(settings.cluster.configFile)}`);
  }
  return joined(facts, ", ");
}

/** Whose credentials apply the deployment, as far as the settings name them. */
function deployerFact({ profile, assumeRoleArn }: Deployment["provider"]): Markdown {
  const credentials =
    profile === undefined
      ? trusted("the credentials that Terraform runs with")
      : md`the credentials of the profile ${code(profile)}`;
  const role = assumeRoleArn === undefined ? trusted("") : md`, as the role ${code(assumeRoleArn)}`;
  return md`${credentials}${role}: [deployer.md](deployer.md)`;
}

function policyFact({ deployment, policies }: Reviewed): Markdown {
  const { path, mode, supplement } = deployment.policy;
  const additional = supplement
    ? ""
    : ", without the additional permissions: DKP can neither create nor destroy a cluster with it";
  const sizes = policies.map(
    ({ name, size }) => md`${code(`${path}${name}`)} with ${trusted(`${size} of ${MAX_POLICY_CHARACTERS}`)} characters`,
  );
  return md`mode ${code(mode)}${trusted(additional)}; ${joined(sizes, ", ")}`;
}

function boundary(arn: string | undefined): Markdown {
  return arn === undefined
    ? trusted("no permissions boundary")
    : md`permissions boundary ${code(arn)}; it does not limit roles that the user creates`;
}

function networkFact(networks: Networks | undefined): Markdown {
  if (networks === undefined) {
    return trusted("from every network");
  }
  const { cidrs, vpcs, vpcEndpoints } = networks;
  const kinds: readonly (readonly [what: string, values: readonly string[]])[] = [
    ["addresses", cidrs],
    ["VPCs", vpcs],
    ["VPC endpoints", vpcEndpoints],
  ];
  const given = kinds.filter(([, values]) => values.length > 0);
  return md`only from ${joined(
    given.map(([what, values]) => md`${trusted(what)} ${codes(values)}`),
    ", ",
  )}`;
}

function accessKeyFact({ stack, accessKeys }: Deployment): Markdown {
  if (accessKeys === "none") {
    return trusted("none: created outside Terraform");
  }
  const slots = SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  return joined(
    [
      ...slots.map((slot) => trusted(`${slot}: ${accessKeys[slot].status}, ${slot === accessKeys.current ? CURRENT : SPARE}`)),
      md`it never expires: ${code(dkpAccess("keys", stack))} shows its age`,
    ],
    "; ",
  );
}

const CURRENT = "the key of DKP, which the outputs expose";

const SPARE = "not exposed: set it to `absent` unless you are rotating the key";

/** Where the state is stored, and how it is encrypted and locked: s3, bucket `state`, key `deckhouse/terraform.tfstate`. */
function stateFact({ deployment, stateLocation, isStateLocked }: Reviewed): Markdown {
  const { type, arguments: given } = deployment.state;
  const named = Object.entries(stateLocation).flatMap(([name, value]) =>
    typeof value === "string" ? [md`${prose(name)} ${code(value)}`] : [],
  );
  const lock = type === "s3" && !isStateLocked ? [trusted("**no lock**")] : [];
  return joined([prose(type), ...named, ...(ENCRYPTION[type]?.(given) ?? []), ...lock], ", ");
}

const withKey = (key: string) => md`encrypted with the KMS key ${code(key)}`;

/**
 * How a backend encrypts the file of the state, as far as its arguments show it. Without `encrypt`, s3 uses no `kms_key_id`.
 * Source: Terraform, "Backend Type: s3" (`encrypt`, `kms_key_id`) and "Backend Type: gcs" (`kms_encryption_key`).
 */
const ENCRYPTION: Readonly<Record<string, (given: BackendArguments) => readonly Markdown[]>> = {
  s3: ({ encrypt, kms_key_id }) => {
    if (encrypt !== true) {
      return [trusted("**encryption not requested**")];
    }
    return [typeof kms_key_id === "string" ? withKey(kms_key_id) : trusted("encrypted by S3 for every reader of the bucket")];
  },
  gcs: ({ kms_encryption_key }) => (typeof kms_encryption_key === "string" ? [withKey(kms_encryption_key)] : []),
};
