import type { Check } from "./check";
import { IDENTITY_CALL } from "./checks/account";
import { elasticIpCheck } from "./checks/elastic-ips";
import { existingVpcCheck } from "./checks/existing-vpc";
import { iamNodeRoleCheck } from "./checks/iam-node-role";
import { imageCheck } from "./checks/image";
import { instanceTypeCheck } from "./checks/instance-type";
import { FREE_NAME_CHECKS } from "./checks/name-collisions";
import { regionCheck } from "./checks/region";
import { samePrefixCheck } from "./checks/same-prefix";
import { permissionsCheck } from "./checks/user-permissions";

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

/** The IAM actions that the preflight requires: what the checks list, and nothing else. */
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
