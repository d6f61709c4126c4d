import * as v from "valibot";
import { ACCESS_KEY_ID, SLOTS } from "../../iam/key-slots";
import { MAX_ROLE_POLICIES, RESERVED_ROLE_PATHS, ROLE_NAME } from "../../iam/limits";
import { ACTION } from "../../iam/node-role-permissions";
import { isObject } from "../../text/json";
import { show } from "../errors";
import type {
  AccessKeysInput,
  Imports,
  KeySlot,
  KeysOfRotate,
  KeysOfRotateInput,
  KeysOfTerraform,
  NodeRole,
  NodeRoleInput,
  Settings,
} from "../settings";
import * as f from "./primitives";

const keySlot = (status: KeySlot["status"]) =>
  f.strict<KeySlot>({
    status: f.harmless(
      f.choice(["Active", "Inactive", "absent"]),
      "`Active`, `Inactive` (exists and is refused by AWS) or `absent`",
      status,
    ),
  });

/** A former key ends two weeks after its last use: see src/cli/account/rotate/. */
const SHORTEST_AGE = 30;
const LONGEST_AGE = 365;
const AGE = `is not a number of days from ${SHORTEST_AGE} to ${LONGEST_AGE}`;

const maxAge = f.harmless(
  v.pipe(
    v.number(({ input }) => `${show(input)} ${AGE}; write for example 90`),
    v.integer(f.because(AGE)),
    v.minValue(SHORTEST_AGE, f.because(`${AGE}: a rotation takes two weeks`)),
    v.maxValue(LONGEST_AGE, f.because(AGE)),
  ),
  "The age in days at which a key is due for rotation, 30 to 365",
  90,
);

const MANAGED_BY =
  "`terraform`, or `rotate`: `dkp-access rotate` creates the keys and gives them to the cluster, " +
  "and Terraform has none";
const managers = f.because('is unknown; use "terraform" or "rotate"');

const keysOfTerraform = f.strict<KeysOfTerraform>({
  managedBy: f.attention(v.literal("terraform", managers), MANAGED_BY, "terraform"),
  maxAge,
  primary: v.optional(keySlot("Active"), {}),
  secondary: v.optional(keySlot("absent"), {}),
  current: f.harmless(
    f.choice(SLOTS),
    "The slot of the current key, which the outputs have; it must be `Active`",
    "primary",
  ),
});

const keysOfRotate = f.strict<KeysOfRotate, KeysOfRotateInput>({
  managedBy: f.field(v.literal("rotate"), "attention", MANAGED_BY),
  maxAge,
});

export const accessKeys: f.Schema<Settings["accessKeys"], AccessKeysInput> = f.field(
  f.chosen(
    v.union(
      [v.literal("none"), keysOfTerraform, keysOfRotate],
      ({ input }) =>
        `${show(input)} is neither an object of key slots nor "none"; ` +
        "write for example { secondary: { status: Active } }",
    ),
    (value) => {
      const ofObject =
        isObject(value) && value.managedBy === "rotate" ? keysOfRotate : keysOfTerraform;
      return isObject(value) ? ofObject : undefined;
    },
  ),
  "attention",
  "Two key slots, so that keys rotate without outage; `{ managedBy: rotate }`; " +
    "or `none` if you create keys outside Terraform",
);

const rolePath = v.pipe(
  f.path,
  v.regex(
    /^[^*?]*$/,
    f.because(
      'has "*" or "?", which would be a wildcard where the user may pass the role; ' +
        "choose a path without",
    ),
  ),
  v.check(
    (value) => !RESERVED_ROLE_PATHS.some((reserved) => value.startsWith(reserved)),
    f.because(
      `is reserved: only AWS creates roles below ${RESERVED_ROLE_PATHS.join(" and ")}; ` +
        "choose another path",
    ),
  ),
);

export const nodeRole: f.Schema<NodeRole, NodeRoleInput> = f.strict({
  name: f.field(
    f.following(ROLE_NAME, "; folders belong into nodeRole.path"),
    "breaking",
    "Name of a role for the cluster's nodes, for `iamNodeRole`. " +
      "Never `<prefix>-node`, which DKP creates itself",
  ),
  path: f.breaking(rolePath, "IAM path of the role", "/"),
  additionalActions: f.permissions(
    v.array(f.matching(ACTION, 'is not an IAM action; write for example "s3:GetObject"')),
    "Actions that nodes may call besides `ec2:DescribeTags` and `ec2:DescribeInstances`, " +
      "on every resource",
    [],
  ),
  managedPolicyArns: f.attention(
    v.pipe(
      v.array(f.arn("policy")),
      v.maxLength(
        MAX_ROLE_POLICIES,
        ({ input, requirement }) =>
          `has ${input.length} policies, a role can have at most ${requirement}; ` +
          "put their statements together",
      ),
    ),
    "ARNs of policies to attach to the role",
    [],
  ),
  permissionsBoundary: f.attention(
    f.arn("policy"),
    "ARN of the policy that limits the permissions of the role",
  ),
});

const NO_KEY_ID =
  "is not the ID of an access key (not shown); write AKIA and 16 more characters, never the secret";

const imported = (what = "the object of the same name") =>
  f.attention(v.boolean(), `Imports ${what}, created outside Terraform`, false);

export const imports: f.Schema<Imports> = f.strict({
  user: imported(),
  policy: imported(),
  attachment: imported(),
  nodeRole: imported(),
  accessKeyId: f.attention(
    v.pipe(
      v.string(NO_KEY_ID),
      v.regex(ACCESS_KEY_ID, ({ input }) =>
        /^ASIA/.test(input)
          ? "is the ID of temporary credentials, which DKP cannot use; " +
            "write the ID of a key of the user, AKIA and 16 more characters"
          : NO_KEY_ID,
      ),
    ),
    "Imports this key of the user into the primary slot, without its secret; " +
      "a rotation then retires it",
  ),
});
