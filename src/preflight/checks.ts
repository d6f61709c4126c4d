import { IDENTITY_CALL } from "./account";
import type { Check } from "./check";
import { elasticIpCheck } from "./elastic-ips";
import { existingVpcCheck } from "./existing-vpc";
import { FREE_NAME_CHECKS } from "./free-names";
import { iamNodeRoleCheck } from "./iam-node-role";
import { imageCheck } from "./image";
import { instanceTypeCheck } from "./instance-type";
import { permissionsCheck } from "./permissions";
import { regionCheck } from "./region";
import { samePrefixCheck } from "./same-prefix";

/** Every check besides the account and the region, in the order of the report. */
export const CHECKS: readonly Check[] = [
  imageCheck,
  instanceTypeCheck,
  existingVpcCheck,
  iamNodeRoleCheck,
  ...FREE_NAME_CHECKS,
  samePrefixCheck,
  elasticIpCheck,
  permissionsCheck,
];

/** The IAM actions that whoever runs the preflight needs: what the checks list, and nothing else. */
export const ADMIN_ACTIONS: readonly string[] = [
  ...new Set([IDENTITY_CALL, ...[regionCheck, ...CHECKS].flatMap(({ calls }) => calls)]),
].sort();

/** The policy with these actions. None of them changes anything. */
export function adminPolicy(): object {
  return {
    Version: "2012-10-17",
    Statement: [{ Sid: "DkpPreflight", Effect: "Allow", Action: ADMIN_ACTIONS, Resource: "*" }],
  };
}
