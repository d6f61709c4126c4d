import * as v from "valibot";
import { KMS_KEY_ARN } from "../../iam/arns";
import { FEATURES, type Feature } from "../../iam/catalogue";
import { LAYOUTS } from "../../iam/cluster";
import { ROLE_NAME } from "../../iam/limits";
import { show, suggest } from "../errors";
import type { ClusterSettings, DkpFields } from "../settings";
import * as f from "./primitives";

/**
 * DKP's own pattern, and 59 characters, because IAM allows 64 in the name of the role
 * `<prefix>-node`.
 */
const prefix = f.matching(
  /^(?=.{1,59}$)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
  'is not a DKP prefix: lower-case letters, digits and "-", a letter or digit at both ends; ' +
    "IAM allows 59, because the node role is named <prefix>-node",
);

/** A statement action of DKP's `additionalRolePolicies`, by DKP's own rule. */
const rolePolicyAction = f.matching(
  /^[a-zA-Z0-9_-]+:[a-zA-Z0-9_*?-]+$/,
  'is not an action; write it as "s3:GetObject"',
);

/** DKP's own schema allows any string. */
export const ami: f.Schema<string> = f.matching(
  /^ami-[0-9a-z]+$/,
  "is not an AMI ID; expected format: ami-0123456789abcdef0",
);

/** The fields of DKP's `AWSClusterConfiguration` (and the prefix) that decide about permissions. */
export const dkpFields: f.Fields<DkpFields> = {
  prefix: f.permissions(
    prefix,
    "`cloud.prefix` of DKP's ClusterConfiguration; " +
      "from DKP 1.78 on also `prefix` of the ModuleConfig `global`. " +
      "All modes but `documented` require it",
  ),
  layout: f.permissions(f.choice(LAYOUTS), "Layout of the cluster. `minimal` requires it"),
  existingVPCID: f.permissions(
    f.vpcId,
    "The VPC that the cluster is put into; without it DKP creates one",
  ),
  peeredVPCs: f.permissions(v.array(f.vpcId), "VPCs that the cluster's VPC is peered with"),
  iamNodeRole: f.permissions(
    f.following(ROLE_NAME, "; write the name without path"),
    "Name of the role that the nodes get instead of `<prefix>-node`",
  ),
  additionalRolePolicies: f.attention(
    v.pipe(v.array(rolePolicyAction), v.minLength(1, "is empty; write an action or remove it")),
    "Additional actions of the role `<prefix>-node`. They require no additional permission",
  ),
  tags: f.permissions(f.tags, "Tags that DKP sets on its objects"),
  imdsv2: f.permissions(
    v.boolean(),
    "Instance metadata service version 2 only, from DKP 1.78 on. " +
      "DKP manages the metadata options of its nodes if it is `true` or `false`",
  ),
  disableDefaultSecurityGroup: f.permissions(
    v.boolean(),
    "DKP creates no security groups of its own. " +
      "`minimal` keeps their actions, because DKP 1.72 and 1.73 create one all the same",
  ),
  withNAT: f.permissions(
    f.noList(v.looseObject({ bastionInstance: v.optional(f.noList(v.looseObject({}))) })),
    "Settings of the layout `WithNAT`; only whether there is a `bastionInstance` counts",
  ),
};

/** `/` or `/a/b/`. "*" and "?" would be wildcards in the ARN of a role. */
const ROLE_PATH = "\\/(?:[!-)+->@-~]{1,510}\\/)?";

export const cluster: f.Schema<ClusterSettings> = f.strict({
  configFile: f.permissions(
    f.nonEmptyString,
    "Instead of DKP's fields here: DKP's own installation file, relative to the project's root. " +
      "Credentials in it are not read",
  ),
  context: f.exposure(
    f.nonEmptyString,
    "The context of the kubeconfig, for commands with `--cluster`: that cluster gets the key. " +
      "Without it, the context named like the stack, or the only one of the only deployment",
  ),
  ...dkpFields,
  amis: f.harmless(v.array(ami), "Images of the nodes, which the preflight checks"),
  iamNodeRolePath: f.permissions(
    f.matching(new RegExp(`^${ROLE_PATH}$`), 'is not an IAM path; write for example "/apps/"'),
    "IAM path of `iamNodeRole`, which DKP's field lacks",
    "/",
  ),
  formerIamNodeRoles: f.permissions(
    v.array(
      f.matching(
        new RegExp(`^${ROLE_PATH}[A-Za-z0-9_+=,.@-]{1,64}$`),
        'is not a role with its path; write for example "/apps/old-node", ' +
          'or "/old-node" for one without',
      ),
    ),
    "Former values of `iamNodeRole`, with path, because DKP reads the old role while it switches",
    [],
  ),
  peerAccountIds: f.permissions(
    v.array(f.matching(/^\d{12}$/, "is not an AWS account ID: 12 digits, in quotes")),
    "Other accounts whose VPCs are peered with the cluster's",
    [],
  ),
  kmsKeyArns: f.permissions(
    v.array(
      f.matching(
        KMS_KEY_ARN,
        "is not the ARN of a KMS key; write arn:aws:kms:REGION:ACCOUNT:key/KEY_ID, not an alias",
      ),
    ),
    "KMS keys of encrypted volumes, images and snapshots, also of other accounts; " +
      "without it `scoped` and `minimal` allow every key of the account. " +
      "Requires the feature `encrypted-volumes`",
    [],
  ),
});

const FEATURE_NAMES = Object.keys(FEATURES) as [Feature, ...Feature[]];

export const features: f.Schema<readonly Feature[]> = f.field(
  v.array(
    v.picklist(FEATURE_NAMES, ({ input }) => {
      const named = typeof input === "string" ? input : "";
      return `${show(input)} is not a feature, ${suggest(named, FEATURE_NAMES)}`;
    }),
  ),
  "permissions",
  "Functions of the cluster that require additional permissions: " +
    FEATURE_NAMES.map((name) => `\`${name}\``).join(", "),
);
