import { nodeRoleName } from "../../iam/cluster";
import { MAX_ROLE_INLINE_CHARACTERS } from "../../iam/names";
import { nodePolicy } from "../../iam/node-role-permissions";
import type { Problem } from "../errors";
import { show } from "../messages";
import type { Settings } from "../schema/deployment-schema";
import { accountProblem, partitionProblem } from "./arn-rules";
import type { Rule } from "./rule";

const POLICIES = ["nodeRole", "managedPolicyArns"] as const;

const eachPolicy =
  (problem: (settings: Settings, path: readonly string[], arn: string) => Problem | undefined) =>
  ({ nodeRole, ...settings }: Settings) =>
    (nodeRole?.managedPolicyArns ?? []).flatMap((arn, index) => problem(settings, [...POLICIES, String(index)], arn) ?? []);

/** Rules between the node role and the rest. */
export const NODE_ROLE_RULES: readonly Rule[] = [
  {
    needs: [["nodeRole", "name"], ["cluster"]],
    problem: ({ cluster: { prefix }, nodeRole }) => {
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
    needs: [["nodeRole", "additionalActions"]],
    problem: ({ nodeRole }) => {
      // No action has white space.
      const size = nodeRole === undefined ? 0 : JSON.stringify(nodePolicy(nodeRole.additionalActions)).length;
      return size <= MAX_ROLE_INLINE_CHARACTERS
        ? undefined
        : {
            path: ["nodeRole", "additionalActions"],
            message: `makes an inline policy of ${size} characters, IAM allows ${MAX_ROLE_INLINE_CHARACTERS} per role; use wildcards, or a policy of your own in nodeRole.managedPolicyArns`,
          };
    },
  },
  { needs: [["region"], POLICIES], problem: eachPolicy(partitionProblem) },
  { needs: [["accountId"], POLICIES], problem: eachPolicy(accountProblem) },
  {
    needs: [POLICIES],
    problem: ({ nodeRole }) =>
      (nodeRole?.managedPolicyArns ?? []).flatMap((arn, index, all) =>
        all.indexOf(arn) === index
          ? []
          : [{ path: [...POLICIES, String(index)], message: `${show(arn)} stands in the list twice; remove one` }],
      ),
  },
];
