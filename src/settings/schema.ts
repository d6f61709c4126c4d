import * as v from "valibot";
import { ACCESS_KEY_ID, SLOTS } from "../iam/access-keys";
import { parseIamArn } from "../iam/arns";
import {
  DESCRIPTION,
  GROUP_NAME,
  MAX_TAGS,
  type NameRule,
  nameProblem,
  PATH,
  POLICY_NAME,
  ROLE_NAME,
  TAG_KEY,
  TAG_VALUE,
  USER_NAME,
} from "../iam/names";
import { ACTION } from "../iam/node-role";
import { REGION, regionOfZone } from "../iam/partitions";
import { backendProblems, cloudProblems, isObject } from "./backend";
import { pgpKeyProblem } from "./pgp-key";
import type { Problem } from "./problems";
import { show } from "./words";

// The schema of `deployments/<stack>.yaml`. Descriptions go into the JSON schema and the README's table.

/** An object without further keys. Not valibot's own `strictObject`, which reports only the first unknown key. */
const strict = <const E extends v.ObjectEntries>(entries: E) =>
  v.objectWithRest(entries, v.never()) as unknown as v.StrictObjectSchema<E, undefined>;

const describe = v.description;

/** Continues `"VALUE" ...`: a rule broken by a text. */
const because = (reason: (value: string) => string) => (issue: v.BaseIssue<unknown>) =>
  `${show(issue.input)} ${reason(String(issue.input))}`;

const text = v.pipe(v.string(), v.minLength(1, "is empty; write a value or remove it"));

const name = (rule: NameRule, hint = "") =>
  v.pipe(
    v.string(),
    v.regex(
      rule.pattern,
      because((value) => `${nameProblem(value, rule)}${hint}`),
    ),
  );

const path = v.pipe(
  v.string(),
  v.regex(
    PATH,
    because(
      () =>
        'is not an IAM path: "/" or a text without spaces that begins and ends with "/", at most 512 characters; for example "/platform/"',
    ),
  ),
);

const arn = (kind: string) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => parseIamArn(value)?.kind === kind,
      because(() => `is not the ARN of an IAM ${kind}, which reads arn:aws:iam::123456789012:${kind}/NAME`),
    ),
  );

const region = v.pipe(
  v.string(),
  v.regex(
    REGION,
    because((value) => {
      const zone = regionOfZone(value);
      return zone === undefined
        ? 'has not the shape of an AWS region; write one such as "eu-central-1" or "us-gov-west-1"'
        : `is an availability zone; write its region, "${zone}"`;
    }),
  ),
  describe("Region DKP will run in; the partition (`aws`, `aws-cn`, `aws-us-gov`, ...) follows from it"),
);

const accountId = v.pipe(
  v.string((issue) => `${show(issue.input)} is a number, which loses leading zeros; write the account id in quotes`),
  v.regex(
    /^\d{12}$/,
    because((value) =>
      /^\d+$/.test(value)
        ? `has ${value.length} digits, an AWS account id has 12`
        : "is not an AWS account id, which is 12 digits",
    ),
  ),
  describe(
    "AWS account, 12 digits in quotes; Terraform then refuses to run in any other. Absent: whatever account the credentials belong to",
  ),
);

/** Adds problems of a plain function to what the schema finds. */
const checked = (problems: (value: Readonly<Record<string, unknown>>) => readonly Problem[]) =>
  v.rawCheck<Record<string, unknown>>(({ dataset, addIssue }) => {
    if (!dataset.typed) {
      return;
    }
    for (const problem of problems(dataset.value)) {
      const [first, ...rest] = problem.path.map((key) => ({
        type: "object" as const,
        origin: "value" as const,
        input: {},
        key,
        value: undefined,
      }));
      addIssue({ message: problem.message, ...(first === undefined ? {} : { path: [first, ...rest] }) });
    }
  });

const object = v.custom<Record<string, unknown>>(
  isObject,
  (issue) => `${show(issue.input)} is not an object; write KEY: VALUE lines below it`,
);

const backend = v.pipe(
  object,
  checked(backendProblems),
  describe(
    "Where the state lives: one backend type with its arguments in Terraform's spelling. `partial: true` beside the type leaves the rest to `-backend-config`",
  ),
);

const cloud = v.pipe(
  object,
  checked(cloudProblems),
  describe("Instead of `backend`: Terraform's `cloud` block, `{ organization, workspaces: { name } }`"),
);

/** A constraint as Terraform reads it: `>= 5.100.0, < 7.0.0`. */
const CONSTRAINT = /^\s*(?:=|!=|>|>=|<|<=|~>)?\s*\d+(?:\.\d+){0,2}(?:\s*,\s*(?:=|!=|>|>=|<|<=|~>)?\s*\d+(?:\.\d+){0,2})*\s*$/;

const provider = strict({
  version: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        CONSTRAINT,
        because(() => 'is not a version constraint; write for example ">= 5.100.0, < 7.0.0"'),
      ),
      describe("Version range of `hashicorp/aws`. 5.100 is what the tests run, 6.x is what the bindings were made from"),
    ),
    ">= 5.100.0, < 7.0.0",
  ),
  profile: v.optional(v.pipe(text, describe("Profile of the AWS configuration files to apply with"))),
  assumeRoleArn: v.optional(v.pipe(arn("role"), describe("Role to assume before applying"))),
});

const tags = v.pipe(
  object,
  checked(tagProblems),
  describe("Tags of everything that takes them (provider `default_tags`)"),
  v.transform((value) => value as Readonly<Record<string, string>>),
);

function tagProblems(value: Readonly<Record<string, unknown>>): readonly Problem[] {
  const keys = Object.keys(value);
  const tooMany =
    keys.length > MAX_TAGS
      ? [{ path: [], message: `has ${keys.length} tags, IAM allows ${MAX_TAGS}; remove ${keys.length - MAX_TAGS}` }]
      : [];
  const each = Object.entries(value).flatMap(([key, content]): readonly Problem[] => {
    const twin = keys.find((other) => other !== key && other.toLowerCase() === key.toLowerCase());
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
      ...tagValueProblem(key, content),
    ];
  });
  return [...tooMany, ...each];
}

function tagValueProblem(key: string, content: unknown): readonly Problem[] {
  if (typeof content !== "string") {
    return [{ path: [key], message: `${show(content)} is not a text; write the tag's value in quotes` }];
  }
  return TAG_VALUE.test(content)
    ? []
    : [{ path: [key], message: `${show(content)} is not a tag value: at most 256 letters, digits, spaces and _ . : / = + - @` }];
}

const user = strict({
  name: v.optional(
    v.pipe(
      name(USER_NAME),
      describe("Name of the IAM user. Changing it on a live deployment would replace the key; see `protect`"),
    ),
    "deckhouse",
  ),
  path: v.optional(v.pipe(path, describe("IAM path of the user")), "/"),
  permissionsBoundary: v.optional(v.pipe(arn("policy"), describe("ARN of the policy that limits what the user can ever do"))),
  forceDestroy: v.optional(
    v.pipe(v.boolean(), describe("Lets Terraform delete the user although it has keys made outside Terraform")),
    false,
  ),
});

/** A choice of which some values belong to what is not built yet. */
const choice = <const T extends string>(built: readonly T[], later: readonly string[]) =>
  v.picklist(built, (issue) => {
    const values = built.map((value) => `"${value}"`).join(", ");
    return later.includes(String(issue.input))
      ? `${show(issue.input)} is not built yet; use ${values}`
      : `${show(issue.input)} is unknown; use ${values}`;
  });

const policy = strict({
  name: v.optional(
    v.pipe(name(POLICY_NAME, "; folders belong into policy.path"), describe("Name of the managed policy")),
    "D8CloudProviderAWS",
  ),
  path: v.optional(v.pipe(path, describe("IAM path of the policy")), "/"),
  description: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        DESCRIPTION,
        because(() => "is not a policy description: at most 1,000 printable characters on one line"),
      ),
      describe("Description of the policy. AWS can't change it later, so a change has no effect on a live deployment"),
    ),
    "Deckhouse policy",
  ),
  mode: v.optional(
    v.pipe(
      choice(["documented"], ["scoped", "minimal"]),
      describe("Which permissions: `documented` is the list of the DKP authorization page"),
    ),
    "documented",
  ),
  supplement: v.optional(
    v.pipe(
      v.boolean(),
      describe("Adds what DKP calls although the page lacks it. Without it no cluster can be created or destroyed"),
    ),
    true,
  ),
});

const KEY_STATUSES = ["Active", "Inactive", "absent"] as const;

const pgpKey = v.pipe(
  v.string(() => "is not a text; write the public key in base64, what gpg --export ID | base64 -w0 prints"),
  // YAML and `base64` may break the line; Terraform takes one.
  v.transform((value) => (value.includes("-----") ? value : value.replaceAll(/\s+/g, ""))),
  v.check(
    (value) => pgpKeyProblem(value) === undefined,
    ({ input }) => pgpKeyProblem(input) ?? "",
  ),
  describe(
    "Public OpenPGP key, what `gpg --export ID` prints, in base64: the state then holds only the encrypted secret. Changing it would replace the key: rotate to the other slot instead",
  ),
);

const keySlot = (status: (typeof KEY_STATUSES)[number]) =>
  strict({
    status: v.optional(
      v.pipe(choice(KEY_STATUSES, []), describe("`Active`, `Inactive` (exists and is refused by AWS) or `absent`")),
      status,
    ),
    pgpKey: v.optional(pgpKey),
  });

const accessKeys = v.pipe(
  v.union(
    [
      v.literal("none"),
      strict({
        primary: v.optional(keySlot("Active"), {}),
        secondary: v.optional(keySlot("absent"), {}),
        current: v.optional(
          v.pipe(choice(SLOTS, []), describe("The slot whose key the outputs hand out; it must be `Active`")),
          "primary",
        ),
      }),
    ],
    (issue) =>
      `${show(issue.input)} is neither an object of key slots nor "none"; write for example { secondary: { status: Active } }`,
  ),
  describe("Two key slots, so that keys rotate without outage; or `none`: no key at all, you make keys outside Terraform"),
);

const group = strict({
  name: v.optional(
    v.pipe(name(GROUP_NAME, "; folders belong into group.path"), describe("Name of the group, where `attachment` has one")),
    "deckhouse",
  ),
  path: v.optional(v.pipe(path, describe("IAM path of the group")), "/"),
});

const list = <const T extends v.GenericSchema>(item: T) =>
  v.array(item, (issue) => `${show(issue.input)} is not a list; write "- VALUE" lines below it`);

const nodeRole = strict({
  name: v.pipe(
    name(ROLE_NAME, "; folders belong into nodeRole.path"),
    describe("Name of a role for the cluster's nodes, for `iamNodeRole`. Never `<prefix>-node`, which DKP makes itself"),
  ),
  path: v.optional(v.pipe(path, describe("IAM path of the role")), "/"),
  additionalActions: v.optional(
    v.pipe(
      list(
        v.pipe(
          v.string(),
          v.regex(
            ACTION,
            because(() => 'is not an IAM action; write for example "s3:GetObject"'),
          ),
        ),
      ),
      describe("What nodes may do besides `ec2:DescribeTags` and `ec2:DescribeInstances`, on every resource"),
    ),
    [],
  ),
  managedPolicyArns: v.optional(v.pipe(list(arn("policy")), describe("ARNs of policies to attach to the role")), []),
  permissionsBoundary: v.optional(v.pipe(arn("policy"), describe("ARN of the policy that limits what the role can ever do"))),
});

const adopted = (what: string) => v.optional(v.pipe(v.boolean(), describe(`Takes over ${what}, made by hand before`)), false);

const adopt = strict({
  user: adopted("the user"),
  policy: adopted("the policy"),
  attachment: adopted("the attachment of the policy to the user"),
  accessKeyId: v.optional(
    v.pipe(
      v.string(),
      v.regex(ACCESS_KEY_ID, ({ input }) =>
        /^ASIA/.test(input)
          ? "is the id of temporary credentials, which DKP can't use; write the id of a key of the user, AKIA and 16 more characters"
          : "is not the id of an access key (not shown); write AKIA and 16 more characters, never the secret",
      ),
      describe("Takes over this key of the user into the primary slot, without its secret; a rotation then retires it"),
    ),
  ),
});

const outputs = strict({
  secret: v.optional(
    v.pipe(
      v.boolean(),
      describe("Puts the secret access key among the outputs. Every workspace that reads one output gets all of them"),
    ),
    true,
  ),
});

export const deploymentSchema = strict({
  region,
  backend: v.optional(backend),
  cloud: v.optional(cloud),
  accountId: v.optional(accountId),
  provider: v.optional(provider, {}),
  tags: v.optional(tags),
  user: v.optional(user, {}),
  policy: v.optional(policy, {}),
  attachment: v.optional(
    v.pipe(
      choice(["user", "user-and-group", "group"], []),
      describe(
        "What has the policy: the user itself, as on the DKP page, or a group with the user in it. From one to the other by way of `user-and-group`, one apply each",
      ),
    ),
    "user",
  ),
  group: v.optional(group, {}),
  nodeRole: v.optional(nodeRole),
  accessKeys: v.optional(accessKeys, {}),
  adopt: v.optional(adopt),
  outputs: v.optional(outputs, {}),
  protect: v.optional(
    v.pipe(
      v.boolean(),
      describe("Makes Terraform refuse any plan that deletes the user, the policy or a key (`prevent_destroy`)"),
    ),
    true,
  ),
});

/** What a settings file says, with defaults filled in. */
export type Settings = v.InferOutput<typeof deploymentSchema>;
