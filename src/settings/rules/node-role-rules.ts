import { nodeRoleName } from "../../iam/cluster";
import { MAX_ROLE_INLINE_CHARACTERS } from "../../iam/limits";
import { nodePolicy } from "../../iam/node-role-permissions";
import { pathOf } from "../checked-settings";
import { show } from "../message-parts";
import { accountError, partitionError } from "./arn-rules";
import { type Rule, rule } from "./rule";

const POLICIES = "nodeRole.managedPolicyArns";

const policyPath = (index: number) => [...pathOf(POLICIES), String(index)];

/** Rules between the node role and the rest. */
export const NODE_ROLE_RULES: readonly Rule[] = [
  rule(["nodeRole.name", "cluster"], ({ cluster: { prefix }, "nodeRole.name": name }) => {
    // IAM ignores case in names.
    return prefix === undefined || name?.toLowerCase() !== nodeRoleName(prefix).toLowerCase()
      ? undefined
      : {
          path: ["nodeRole", "name"],
          message: `${show(name)} is the role that DKP creates for prefix "${prefix}"; choose another name, for example "${name}-custom"`,
        };
  }),
  rule(["nodeRole.additionalActions"], ({ "nodeRole.additionalActions": actions }) => {
    // No action has white space.
    const size = actions === undefined ? 0 : JSON.stringify(nodePolicy(actions)).length;
    return size <= MAX_ROLE_INLINE_CHARACTERS
      ? undefined
      : {
          path: ["nodeRole", "additionalActions"],
          message: `requires an inline policy of ${size} characters, IAM allows ${MAX_ROLE_INLINE_CHARACTERS} per role; use wildcards, or a policy of your own in nodeRole.managedPolicyArns`,
        };
  }),
  rule(["region", POLICIES], ({ [POLICIES]: arns = [], ...settings }) =>
    arns.flatMap((arn, index) => partitionError(settings, policyPath(index), arn) ?? []),
  ),
  rule(["accountId", POLICIES], ({ [POLICIES]: arns = [], ...settings }) =>
    arns.flatMap((arn, index) => accountError(settings, policyPath(index), arn) ?? []),
  ),
  rule([POLICIES], ({ [POLICIES]: arns = [] }) =>
    arns.flatMap((arn, index) =>
      arns.indexOf(arn) === index
        ? []
        : [{ path: policyPath(index), message: `${show(arn)} stands in the list twice; remove one` }],
    ),
  ),
];
