import * as v from "valibot";
import { MAX_ROLE_POLICIES, RESERVED_ROLE_PATHS, ROLE_NAME } from "../../iam/limits";
import { ACTION } from "../../iam/node-role-permissions";
import { show } from "../errors";
import type { Imports, NodeRole, NodeRoleInput, Settings } from "../settings";
import * as f from "./primitives";

/** A former key ends two weeks after its last use: see packages/cli/src/account/rotate/. */
const SHORTEST_AGE = 30;
const LONGEST_AGE = 365;
const AGE = `is not a number of days from ${SHORTEST_AGE} to ${LONGEST_AGE}`;

export const accessKeys: f.Schema<Settings["accessKeys"]> = f.strict(
  {
    managedBy: f.attention(
      f.choice(["terraform", "rotate", "none"]),
      "`terraform`: Terraform creates one key, with its secret in the state. " +
        "`rotate`: `dkp-access rotate` creates the keys and gives them to the cluster. " +
        "`none`: somebody else creates them",
      "terraform",
    ),
    maxAge: f.harmless(
      v.pipe(
        v.number(({ input }) => `${show(input)} ${AGE}; write for example 90`),
        v.integer(f.because(AGE)),
        v.minValue(SHORTEST_AGE, f.because(`${AGE}: a rotation takes weeks`)),
        v.maxValue(LONGEST_AGE, f.because(AGE)),
      ),
      `The age in days at which a key is due for rotation, ${SHORTEST_AGE} to ${LONGEST_AGE}`,
      90,
    ),
  },
  "write for example { managedBy: rotate }",
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

const imported = () =>
  f.attention(v.boolean(), "Imports the object of the same name, created outside Terraform", false);

export const imports: f.Schema<Imports> = f.strict({
  user: imported(),
  policy: imported(),
  attachment: imported(),
  nodeRole: imported(),
});
