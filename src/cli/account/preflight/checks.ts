import { policyWith } from "../../../iam/policy-document";
import type { Check } from "./check";
import { accountCheck, regionCheck } from "./checks/account";
import { imageCheck } from "./checks/image";
import { openPgpKeysCheck } from "./checks/openpgp-keys";
import { prefixCheck } from "./checks/prefix";
import { resourceNamesCheck } from "./checks/resource-names";
import { sourceAddressCheck } from "./checks/source-addresses";
import { permissionsCheck } from "./checks/user-permissions";

/** Every check besides the account and the Region, in the order of the report. */
export const CHECKS: readonly Check[] = [
  imageCheck,
  resourceNamesCheck,
  prefixCheck,
  sourceAddressCheck,
  permissionsCheck,
  openPgpKeysCheck,
];

/** The IAM actions that the preflight requires: what the checks list, and nothing else. */
export const ADMIN_ACTIONS: readonly string[] = [
  ...new Set([accountCheck(false), regionCheck, ...CHECKS].flatMap(({ calls }) => calls)),
].sort();

/** The policy with these actions. None of them changes anything. */
export function adminPolicy(): object {
  return policyWith([{ Sid: "DkpPreflight", Effect: "Allow", Action: ADMIN_ACTIONS, Resource: "*" }]);
}
