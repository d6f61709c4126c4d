import type { CheckedSettings } from "../checked-settings";
import type { FieldError } from "../errors";
import { ACCESS_KEY_RULES } from "./access-key-rules";
import { ARN_RULES } from "./arn-rules";
import { BACKEND_RULES } from "./backend-rules";
import { CLUSTER_RULES } from "./cluster-rules";
import { GROUP_RULES } from "./group-rules";
import { IMPORT_RULES } from "./import-rules";
import { NODE_ROLE_RULES } from "./node-role-rules";
import { POLICY_RULES } from "./policy-rules";
import type { Known, Rule } from "./rule";

const RULES: readonly Rule[] = [
  ...BACKEND_RULES,
  ...POLICY_RULES,
  ...CLUSTER_RULES,
  ...ARN_RULES,
  ...ACCESS_KEY_RULES,
  ...NODE_ROLE_RULES,
  ...GROUP_RULES,
  ...IMPORT_RULES,
];

/** Errors between the fields of one deployment. */
export function ruleErrors(settings: CheckedSettings, known: Known): readonly FieldError[] {
  return RULES.flatMap((check) => check(settings, known));
}
