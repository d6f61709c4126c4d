import * as v from "valibot";

import { MAX_DESCRIPTION, MAX_TAGS, POLICY_NAME, POLICY_PATH, TAG_KEY, TAG_VALUE, USER_NAME } from "../../iam/limits";
import { REGION, regionOfZone } from "../../iam/partitions";
import { MODES } from "../../iam/policy-statements";
import type { FieldError } from "../errors";
import { count, EMPTY, show } from "../message-parts";
import { versionConstraintError } from "../version-constraint";
import { accessKeys, attachment, group, imports, nodeRole } from "./access-schema";
import { backend as backendArguments, cloud as cloudArguments } from "./backend-schema";
import { cidrBlock } from "./cidr-block";
import { cluster, features } from "./cluster-schema";
import {
  arn,
  because,
  checked,
  choice,
  describe,
  list,
  meaning,
  name,
  nonEmptyString,
  object,
  path,
  strict,
  vpcId,
} from "./primitives";

// The schema of `deployments/<stack>.yaml`. Descriptions go into the JSON schema and docs/reference/settings.md.

const region = v.pipe(
  v.string(),
  v.regex(
    REGION,
    because((value) => {
      const zone = regionOfZone(value);
      return zone === undefined
        ? 'does not have the shape of an AWS region; write one such as "eu-central-1" or "us-gov-west-1"'
        : `is an availability zone; write its region, "${zone}"`;
    }),
  ),
  describe("Region DKP will run in; the partition (`aws`, `aws-cn`, `aws-us-gov`, ...) follows from it"),
);

const accountId = v.pipe(
  v.string((issue) =>
    typeof issue.input === "number"
      ? `${show(issue.input)} is a number, which loses leading zeros; write the account id in quotes`
      : `${show(issue.input)} is not an AWS account id, which is 12 digits in quotes`,
  ),
  v.regex(
    /^\d{12}$/,
    because((value) =>
      /^\d+$/.test(value)
        ? `has ${count(value.length, "digit")}, an AWS account id has 12`
        : "is not an AWS account id, which is 12 digits",
    ),
  ),
  describe(
    "AWS account, 12 digits in quotes; Terraform then refuses to run in any other. Absent: whatever account the credentials belong to",
  ),
  meaning("identity"),
);

const backend = v.pipe(
  backendArguments,
  describe(
    "Where the state lives: one backend type with its arguments in Terraform's spelling. Arguments that name files, programs or credentials belong to `-backend-config`; `partial: true` beside the type says that some are passed there",
  ),
  meaning("exposure"),
);

const cloud = v.pipe(
  cloudArguments,
  describe("Instead of `backend`: Terraform's `cloud` block, `{ organization, workspaces: { name } }`"),
  meaning("exposure"),
);

const provider = strict({
  version: v.optional(
    v.pipe(
      v.string(),
      v.check(
        (value) => versionConstraintError(value) === undefined,
        because((value) => versionConstraintError(value) ?? ""),
      ),
      describe("Version range of `hashicorp/aws`. 5.100 is what the tests run, 6.x is what the bindings were generated from"),
    ),
    ">= 5.100.0, < 7.0.0",
  ),
  profile: v.optional(
    v.pipe(nonEmptyString, describe("Profile of the AWS configuration files to apply with"), meaning("identity")),
  ),
  assumeRoleArn: v.optional(v.pipe(arn("role"), describe("Role to assume before applying"), meaning("identity"))),
});

const tags = v.pipe(
  object,
  checked(tagErrors),
  describe("Tags of everything that takes them (provider `default_tags`)"),
  meaning("harmless"),
  v.transform((value) => value as Readonly<Record<string, string>>),
);

/** Tags that IAM rejects. */
export function tagErrors(value: Readonly<Record<string, unknown>>): readonly FieldError[] {
  const keys = Object.keys(value);
  const tooMany =
    keys.length > MAX_TAGS
      ? [{ path: [], message: `has ${keys.length} tags, IAM allows ${MAX_TAGS}; remove ${keys.length - MAX_TAGS}` }]
      : [];
  const twins = keysByLowerCase(keys);
  const each = Object.entries(value).flatMap(([key, content]): readonly FieldError[] => {
    const twin = twins.get(key.toLowerCase())?.find((other) => other !== key);
    return [
      ...(/^aws:/i.test(key)
        ? [{ path: [key], message: 'begins with "aws:", which AWS keeps for itself; choose another key' }]
        : []),
      ...(TAG_KEY.test(key)
        ? []
        : [{ path: [key], message: "is not a tag key: 1 to 128 letters, digits, spaces and _ . : / = + - @" }]),
      ...(twin === undefined
        ? []
        : [{ path: [key], message: `differs from ${show(twin)} only in case, which IAM ignores in tag keys; keep one` }]),
      ...tagValueError(key, content),
    ];
  });
  return [...tooMany, ...each];
}

/** Keys by what they are in lower case. */
function keysByLowerCase(keys: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const keysOf = new Map<string, string[]>();
  for (const key of keys) {
    const lower = key.toLowerCase();
    keysOf.set(lower, [...(keysOf.get(lower) ?? []), key]);
  }
  return keysOf;
}

function tagValueError(key: string, content: unknown): readonly FieldError[] {
  if (content === null) {
    return [{ path: [key], message: EMPTY }];
  }
  if (typeof content !== "string") {
    return [{ path: [key], message: `${show(content)} is not a string; write the tag's value in quotes` }];
  }
  return TAG_VALUE.test(content)
    ? []
    : [{ path: [key], message: `${show(content)} is not a tag value: at most 256 letters, digits, spaces and _ . : / = + - @` }];
}

const vpcEndpointId = v.pipe(
  v.string(),
  v.regex(
    /^vpce-[0-9a-f]{8,17}$/,
    because(() => "is not the id of a VPC endpoint, which reads vpce-0123456789abcdef0"),
  ),
);

const allowedNetworks = v.pipe(
  strict({
    cidrs: v.optional(
      list(cidrBlock, "Public addresses as CIDR blocks: of NAT gateways, of nodes with a public address, of who runs `dhctl`"),
      [],
    ),
    vpcs: v.optional(list(vpcId, "VPCs whose requests to AWS go through VPC endpoints"), []),
    vpcEndpoints: v.optional(list(vpcEndpointId, "VPC endpoints"), []),
  }),
  v.check(
    ({ cidrs, vpcs, vpcEndpoints }) => [...cidrs, ...vpcs, ...vpcEndpoints].length > 0,
    "names no network, and would deny every request; write cidrs, vpcs or vpcEndpoints, or remove it",
  ),
  describe(
    "The networks that requests with the key may come from, any of them: the policy denies requests from all others, so that a leaked key is useless there",
  ),
  meaning("permissions"),
);

const user = strict({
  name: v.optional(
    v.pipe(
      name(USER_NAME),
      describe("Name of the IAM user. Changing it on a live deployment would replace the key; see `protect`"),
      meaning("breaking"),
    ),
    "deckhouse",
  ),
  path: v.optional(v.pipe(path, describe("IAM path of the user")), "/"),
  permissionsBoundary: v.optional(v.pipe(arn("policy"), describe("ARN of the policy that limits what the user can ever do"))),
  allowedNetworks: v.optional(allowedNetworks),
  forceDestroy: v.optional(
    v.pipe(v.boolean(), describe("Lets Terraform delete the user although it has keys created outside Terraform")),
    false,
  ),
});

const policy = strict({
  name: v.optional(
    v.pipe(name(POLICY_NAME, "; folders belong into policy.path"), describe("Name of the managed policy"), meaning("breaking")),
    "D8CloudProviderAWS",
  ),
  path: v.optional(
    v.pipe(
      path,
      v.regex(
        POLICY_PATH,
        because(
          () =>
            'is not the path of a policy, which takes only A-Z a-z 0-9 and . , + @ = _ - with single "/" between; choose another',
        ),
      ),
      describe("IAM path of the policy"),
      meaning("breaking"),
    ),
    "/",
  ),
  description: v.optional(
    v.pipe(
      v.string(),
      v.maxLength(
        MAX_DESCRIPTION,
        because(() => "is not a policy description: at most 1,000 characters"),
      ),
      describe("Description of the policy. AWS can't change it later, so a change has no effect on a live deployment"),
      meaning("harmless"),
    ),
    "Deckhouse policy",
  ),
  mode: v.optional(
    v.pipe(
      choice(MODES),
      describe(
        "Which permissions: `documented` is the list of the DKP authorization page, `scoped` the same actions, each limited to the resources that DKP uses, `minimal` of those only what this cluster calls, `strict` of those writes only on resources with the cluster's own tag",
      ),
      meaning("permissions"),
    ),
    "documented",
  ),
  marker: v.optional(
    v.pipe(
      nonEmptyString,
      describe(
        "Mode `strict`: the key of the pair in `cluster.tags` that no other cluster of the account has. Without it, the only pair",
      ),
      meaning("permissions"),
    ),
  ),
  supplement: v.optional(
    v.pipe(
      v.boolean(),
      describe(
        "Adds the actions that DKP calls and its documentation omits. Without them no cluster can be created or destroyed",
      ),
      meaning("permissions"),
    ),
    true,
  ),
});

const outputs = strict({
  secret: v.optional(
    v.pipe(
      v.boolean(),
      describe("Puts the secret access key among the outputs. Every workspace that reads one output gets all of them"),
      meaning("exposure"),
    ),
    true,
  ),
});

const schema = strict({
  region,
  backend: v.optional(backend),
  cloud: v.optional(cloud),
  accountId: v.optional(accountId),
  provider: v.optional(provider, {}),
  tags: v.optional(tags),
  user: v.optional(user, {}),
  policy: v.optional(policy, {}),
  attachment: v.optional(attachment, "user"),
  group: v.optional(group, {}),
  nodeRole: v.optional(nodeRole),
  accessKeys: v.optional(accessKeys, {}),
  import: v.optional(imports),
  outputs: v.optional(outputs, {}),
  cluster: v.optional(v.pipe(cluster, meaning("permissions")), {}),
  features: v.optional(features, []),
  protect: v.optional(
    v.pipe(
      v.boolean(),
      describe("Makes Terraform refuse any plan that deletes the user, the policy or a key (`prevent_destroy`)"),
    ),
    true,
  ),
});

/** The settings of a file, with defaults filled in. */
export type Settings = v.InferOutput<typeof schema>;

/** The same as one writes it: what has a default may be left out. */
export type SettingsInput = Omit<v.InferInput<typeof schema>, "tags"> & {
  readonly tags?: Readonly<Record<string, string>> | undefined;
};

/** Without the types of its errors: there are so many that they double the time of the type check. */
export const deploymentSchema: v.GenericSchema<unknown, Settings> = schema;
