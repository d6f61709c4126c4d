import { LAYOUTS } from "../../iam/cluster";
import { ADDITIONAL_NAME_CHARACTERS, type DeploymentPolicy } from "../../iam/deployment-policies";
import { MAX_POLICIES, MAX_POLICY_CHARACTERS, POLICY_NAME } from "../../iam/limits";
import { policySize } from "../../iam/policy-document";
import { errorAt, type FieldError } from "../errors";
import { show } from "../message-parts";
import { type Rule, rule } from "./rule";

/** Rules between the policy and the cluster: what a mode requires, and the size of what it grants. */
export const POLICY_RULES: readonly Rule[] = [
  rule(
    ["cluster.prefix", "cluster", "policy"],
    ({ policy: { mode }, cluster }) =>
      mode !== "documented" &&
      cluster.prefix === undefined &&
      `missing: policy.mode ${show(mode)} limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`,
  ),
  rule(
    ["cluster.layout", "cluster", "policy"],
    ({ policy: { mode }, cluster }) =>
      mode === "minimal" &&
      cluster.layout === undefined &&
      `missing: policy.mode ${show(mode)} grants what the layout needs; write one of ${LAYOUTS.join(", ")}`,
  ),
  rule(["policy", "cluster"], ({ policy: { mode }, cluster: { tags = {} } }) =>
    // All modes but `documented` write the keys of tags into the policy.
    // Source: IAM API Reference, `policyDocumentType` of CreatePolicy.
    Object.keys(mode === "documented" ? {} : tags)
      .filter((key) => BEYOND_LATIN_1.test(key))
      .map((key) => ({
        path: ["cluster", "tags", key],
        message: `has characters that IAM rejects in a policy, and policy.mode ${show(mode)} names the tag there; use Latin letters, or mode "documented"`,
      })),
  ),
  rule(["policy.name"], ({ "policy.name": name }, { policies }) => policiesError(name, policies ?? [])),
];

const BEYOND_LATIN_1 = /[\u0100-\uffff]/;

/** Several policies must have valid names, fit into the quota of IAM, and each into the size of a policy. */
function policiesError(name: string, policies: readonly DeploymentPolicy[]): FieldError | undefined {
  const count = policies.length;
  const remedy = "shorten the lists of roles, accounts, keys and tags in cluster";
  const tooLarge = policies
    .flatMap(({ statements }) => statements)
    .find((statement) => policySize([statement]) > MAX_POLICY_CHARACTERS);
  if (tooLarge !== undefined) {
    const [field, action] =
      tooLarge.effect === "Deny" ? ["user.allowedNetworks", "combine its networks"] : ["policy.mode", remedy];
    return errorAt(
      field,
      `requires a statement ${tooLarge.sid} of ${policySize([tooLarge])} characters, IAM allows ${MAX_POLICY_CHARACTERS}; ${action}`,
    );
  }
  if (count > MAX_POLICIES) {
    return errorAt(
      "policy.mode",
      `requires ${count} policies, and a deployment can have ${MAX_POLICIES}, because IAM attaches at most 10 to a user or group, and a change attaches new ones before it detaches the former ones; ${remedy}`,
    );
  }
  const longest = POLICY_NAME.max - ADDITIONAL_NAME_CHARACTERS;
  return count <= 1 || name.length <= longest
    ? undefined
    : errorAt(
        "policy.name",
        `${show(name)} is too long for the ${count} policies that the permissions require, whose names have ${ADDITIONAL_NAME_CHARACTERS} characters more; shorten it to ${longest} characters`,
      );
}
