import * as v from "valibot";
import { ACCESS_KEY_ID, SLOTS } from "../../iam/key-slots";
import { MAX_ROLE_POLICIES, RESERVED_ROLE_PATHS, ROLE_NAME } from "../../iam/limits";
import { ACTION } from "../../iam/node-role-permissions";
import { type PgpKeyError, readPgpKey } from "../../iam/openpgp-key";
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

const EXPORT =
  "run gpg --armor --export --export-options export-minimal ID > deployments/team.asc, " +
  "and write pgpKey: team.asc";

/**
 * The name of a file or nothing stands before an error, and `EXPORT` after it. Never the value
 * itself: it may be a private key.
 */
const PGP_KEY_MESSAGES: Readonly<Record<PgpKeyError, string>> = {
  armored: "is armored text, and not one public key in a file of its own; ",
  keybase: "names a Keybase user, which Terraform would look up over the network at every apply; ",
  "not base64": "is neither a file nor base64; ",
  private:
    "is a private key (not shown) and settings are committed; " +
    "remove it, treat it as disclosed, and use the public one: ",
  "not a key": "is not of a whole OpenPGP public key, or of more than that; ",
  "several keys": "holds more than one key, and Terraform would encrypt for the first; name one: ",
  revoked: "is a key that its owner has revoked; use another one: ",
  "sign only":
    "is a key that can only sign, nothing can be encrypted for it; " +
    "add an encryption subkey (gpg --edit-key ID addkey): ",
  "invalid part":
    "has a part that the AWS provider would refuse after AWS has created the access key, " +
    "whose secret is then lost: a signature that is not valid, " +
    "or numbers that nothing can be encrypted with; ",
  "too new":
    "is not an OpenPGP key of version 4, the one that GnuPG can decrypt with; " +
    "create one with GnuPG's defaults: ",
};

/** Why a value is not a `pgpKey`, and what to do; undefined if it is one. */
export function pgpKeyError(text: string): string | undefined {
  const reading = readPgpKey(text);
  return "error" in reading ? `${PGP_KEY_MESSAGES[reading.error]}${EXPORT}` : undefined;
}

const pgpKey = v.pipe(
  v.string(() => `is not a string; ${EXPORT}`),
  // YAML and `base64` may break the line; Terraform takes one.
  v.transform((value) => (value.includes("-----") ? value : value.replaceAll(/\s+/g, ""))),
  v.check(
    (value) => pgpKeyError(value) === undefined,
    ({ input }) => pgpKeyError(input) ?? "",
  ),
);

const keySlot = (status: KeySlot["status"]) =>
  f.strict<KeySlot>({
    status: f.harmless(
      f.choice(["Active", "Inactive", "absent"]),
      "`Active`, `Inactive` (exists and is refused by AWS) or `absent`",
      status,
    ),
    pgpKey: f.exposure(
      pgpKey,
      "Public OpenPGP key: a file, armored or binary, relative to the folder of the settings, " +
        "or its binary form in base64. The state then holds only the encrypted secret. " +
        "Other bytes would replace the key, so rotate to the other slot",
    ),
  });

/** A rotation ends a week after it begins: see src/cli/account/rotate/. */
const SHORTEST_AGE = 14;
const LONGEST_AGE = 365;
const AGE = `is not a number of days from ${SHORTEST_AGE} to ${LONGEST_AGE}`;

const maxAge = f.harmless(
  v.pipe(
    v.number(({ input }) => `${show(input)} ${AGE}; write for example 90`),
    v.integer(f.because(AGE)),
    v.minValue(SHORTEST_AGE, f.because(`${AGE}: a rotation takes a week`)),
    v.maxValue(LONGEST_AGE, f.because(AGE)),
  ),
  "The age in days at which a key is due for rotation, 14 to 365",
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
