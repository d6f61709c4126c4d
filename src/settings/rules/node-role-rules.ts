import { nodeRoleName } from "../../iam/cluster";
import { MAX_ROLE_INLINE_CHARACTERS } from "../../iam/names";
import { nodePolicy } from "../../iam/node-role-permissions";
import type { FieldError } from "../errors";
import { show } from "../messages";
import type { Settings } from "../schema/deployment-schema";
import { accountError, partitionError } from "./arn-rules";
import type { Rule } from "./rule";

const POLICIES = ["nodeRole", "managedPolicyArns"] as const;

const eachPolicy =
  (check: (settings: Settings, path: readonly string[], arn: string) => FieldError | undefined) =>
  ({ nodeRole, ...settings }: Settings) =>
    (nodeRole?.managedPolicyArns ?? []).flatMap((arn, index) => check(settings, [...POLICIES, String(index)], arn) ?? []);

/** Rules between the node role and the rest. */
export const NODE_ROLE_RULES: readonly Rule[] = [
  {
    requires: [["nodeRole", "name"], ["cluster"]],
    check: ({ cluster: { prefix }, nodeRole }) => {
      const name = nodeRole?.name;
      // IAM ignores case in names.
      return prefix === undefined || name?.toLowerCase() !== nodeRoleName(prefix).toLowerCase()
        ? undefined
        : {
            path: ["nodeRole", "name"],
            message: `${show(name)} is the role that DKP creates for prefix "${prefix}"; choose another name, for example "${name}-custom"`,
          };
    },
  },
  {
    requires: [["nodeRole", "additionalActions"]],
    check: ({ nodeRole }) => {
      // No action has white space.
      const size = nodeRole === undefined ? 0 : JSON.stringify(nodePolicy(nodeRole.additionalActions)).length;
      return size <= MAX_ROLE_INLINE_CHARACTERS
        ? undefined
        : {
            path: ["nodeRole", "additionalActions"],
            message: `requires an inline policy of ${size} characters, IAM allows ${MAX_ROLE_INLINE_CHARACTERS} per role; use wildcards, or a policy of your own in nodeRole.managedPolicyArns`,
          };
    },
  },
  { requires: [["region"], POLICIES], check: eachPolicy(partitionError) },
  { requires: [["accountId"], POLICIES], check: eachPolicy(accountError) },
  {
    requires: [POLICIES],
    check: ({ nodeRole }) =>
      (nodeRole?.managedPolicyArns ?? []).flatMap((arn, index, all) =>
        all.indexOf(arn) === index
          ? []
          : [{ path: [...POLICIES, String(index)], message: `${show(arn)} stands in the list twice; remove one` }],
      ),
  },
];
