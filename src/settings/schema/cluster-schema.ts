import * as v from "valibot";

import { KMS_KEY_ARN } from "../../iam/arns";
import { FEATURES, type Feature } from "../../iam/catalogue";
import { LAYOUTS, MAX_PREFIX, nodeRoleName } from "../../iam/cluster";
import { KNOWN_VERSIONS, SUPPORTED_VERSIONS } from "../../iam/dkp-versions";
import { nameError, ROLE_NAME } from "../../iam/limits";
import { show, suggest, textOf } from "../message-parts";
import { because, describe, list, meaning, noList, nonEmptyString, strict, vpcId } from "./primitives";

/** DKP's own rule for `cloud.prefix`, and room for the name of the node role. */
const prefix = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/,
    because(() => 'is not a DKP prefix: lower-case letters, digits and "-", a letter or digit at both ends'),
  ),
  v.maxLength(MAX_PREFIX, (issue) => {
    const role = nodeRoleName(String(issue.input));
    return `${show(issue.input)} has ${issue.input.length} characters, at most ${MAX_PREFIX} leave room for the role ${show(role)}; choose a shorter one`;
  }),
);

const roleName = v.pipe(
  v.string(),
  v.regex(
    ROLE_NAME.pattern,
    // DKP's schema allows "'", IAM does not.
    because((value) => `${nameError(value, ROLE_NAME)}; write the name without path`),
  ),
);

const flag = (description: string) => v.optional(v.pipe(v.boolean(), describe(description)));

/** A statement action of DKP's `additionalRolePolicies`, by DKP's own rule. */
const rolePolicyAction = v.pipe(
  v.string(),
  v.regex(
    /^[a-zA-Z0-9_-]+:[a-zA-Z0-9_*?-]+$/,
    because(() => 'is not an action; write it as "s3:GetObject"'),
  ),
);

/** An image in a region. DKP's own schema allows any string. */
export const ami = v.pipe(
  v.string(),
  v.regex(
    /^ami-[0-9a-z]+$/,
    because(() => "is not an image id, which reads ami-0123456789abcdef0"),
  ),
);

/** The fields of DKP's `AWSClusterConfiguration` (and `cloud.prefix`) that decide about permissions. */
export const dkpFields = {
  prefix: v.optional(v.pipe(prefix, describe("`cloud.prefix` of the cluster. All modes but `documented` require it"))),
  layout: v.optional(
    v.pipe(
      v.picklist(LAYOUTS, (issue) => `${show(issue.input)} is not a layout; use ${LAYOUTS.join(", ")}`),
      describe("Layout of the cluster. `minimal` and `strict` require it"),
    ),
  ),
  existingVPCID: v.optional(v.pipe(vpcId, describe("The VPC that the cluster is put into; without it DKP creates one"))),
  peeredVPCs: v.optional(list(vpcId, "VPCs that the cluster's VPC is peered with")),
  iamNodeRole: v.optional(v.pipe(roleName, describe("Name of the role that the nodes get instead of `<prefix>-node`"))),
  additionalRolePolicies: v.optional(
    v.pipe(
      v.array(rolePolicyAction),
      v.minLength(1, "is empty; write an action or remove it"),
      describe("Further actions of the role `<prefix>-node`. They require no further permission"),
      meaning("attention"),
    ),
  ),
  tags: v.optional(v.pipe(noList(v.record(v.string(), v.string())), describe("Tags that DKP sets on what it creates"))),
  imdsv2: flag(
    "Instance metadata service version 2 only. DKP manages the metadata options of its nodes if it is `true` or `false`, not if it is absent",
  ),
  disableDefaultSecurityGroup: flag("DKP creates no security groups of its own"),
  withNAT: v.optional(
    v.pipe(
      noList(v.looseObject({ bastionInstance: v.optional(noList(v.looseObject({}))) })),
      describe("Settings of the layout `WithNAT`; only whether there is a `bastionInstance` counts"),
    ),
  ),
};

/** `/` or `/a/b/`, and a role name behind it. */
const rolePath = v.pipe(
  v.string(),
  v.regex(
    /^\/(?:[!-)+->@-~]{1,510}\/)?[A-Za-z0-9_+=,.@-]{1,64}$/,
    because(() => 'is not a role with its path; write for example "/apps/old-node", or "/old-node" for one without'),
  ),
);

export const cluster = strict({
  configFile: v.optional(
    v.pipe(
      nonEmptyString,
      describe(
        "Instead of DKP's fields here: DKP's own installation file, relative to the project's root. Credentials in it are not read",
      ),
    ),
  ),
  ...dkpFields,
  amis: v.optional(v.pipe(list(ami, "Images of the nodes, which the preflight checks"), meaning("harmless"))),
  vpcId: v.optional(
    v.pipe(
      vpcId,
      describe(
        "The VPC that DKP created, known after the bootstrap: narrows `policy.mode: strict`. With `existingVPCID`, that one counts",
      ),
    ),
  ),
  uuid: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
        because(() => "is not the UUID of a cluster: 32 lower-case hexadecimal digits in 5 groups"),
      ),
      describe("DKP's UUID of the cluster, known after the bootstrap: narrows `policy.mode: strict`"),
    ),
  ),
  dkpVersion: v.optional(
    v.pipe(
      v.picklist(
        KNOWN_VERSIONS,
        (issue) =>
          `${show(issue.input)} is not a known version of DKP; write "${KNOWN_VERSIONS[0]}" to "${KNOWN_VERSIONS.at(-1)}" in quotes, or remove it for a policy that covers ${SUPPORTED_VERSIONS.first} to ${SUPPORTED_VERSIONS.last}`,
      ),
      describe(
        `Version of DKP, such as "1.77". Without it the policy covers all versions from ${SUPPORTED_VERSIONS.first} to ${SUPPORTED_VERSIONS.last}`,
      ),
    ),
  ),
  iamNodeRolePath: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        // "*" and "?" would be wildcards in the ARN of the role.
        /^\/(?:[!-)+->@-~]{1,510}\/)?$/,
        because(() => 'is not an IAM path; write for example "/apps/"'),
      ),
      describe("IAM path of `iamNodeRole`, which DKP's field lacks"),
    ),
    "/",
  ),
  formerIamNodeRoles: v.optional(
    v.pipe(
      v.array(rolePath),
      describe("Roles that `iamNodeRole` was before, with path: DKP reads the old one while it switches"),
    ),
    [],
  ),
  peerAccountIds: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.regex(
            /^\d{12}$/,
            because(() => "is not an AWS account id, which is 12 digits in quotes"),
          ),
        ),
      ),
      describe("Other accounts whose VPCs are peered with the cluster's"),
    ),
    [],
  ),
  kmsKeyArns: v.optional(
    v.pipe(
      v.array(
        v.pipe(
          v.string(),
          v.regex(
            KMS_KEY_ARN,
            because(() => "is not the ARN of a KMS key; write arn:aws:kms:REGION:ACCOUNT:key/KEY_ID, not an alias"),
          ),
        ),
      ),
      describe(
        "KMS keys of encrypted volumes, images and snapshots, also of other accounts; without it `scoped` and `minimal` allow every key of the own account. Requires the feature `encrypted-volumes`",
      ),
    ),
    [],
  ),
});

const FEATURE_NAMES = Object.keys(FEATURES) as [Feature, ...Feature[]];

export const features = v.pipe(
  v.array(
    v.picklist(FEATURE_NAMES, (issue) => `${show(issue.input)} is no feature, ${suggest(textOf(issue.input), FEATURE_NAMES)}`),
  ),
  describe(
    `What the cluster does beyond the ordinary and requires further permissions for: ${FEATURE_NAMES.map((name) => `\`${name}\``).join(", ")}`,
  ),
  meaning("permissions"),
);
