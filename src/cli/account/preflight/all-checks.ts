import type { Check } from "./check";
import { iamNodeRoleCheck } from "./checks/iam-node-role";
import { imageCheck } from "./checks/image";
import { markerCheck } from "./checks/marker";
import { FREE_NAME_CHECKS } from "./checks/name-collisions";
import { openPgpKeysCheck } from "./checks/openpgp-keys";
import { ownNamesCheck } from "./checks/own-names";
import { samePrefixCheck } from "./checks/same-prefix";
import { sourceAddressCheck } from "./checks/source-addresses";
import { permissionsCheck } from "./checks/user-permissions";

/** Every check besides the account and the region, in the order of the report. */
export const CHECKS: readonly Check[] = [
  imageCheck,
  iamNodeRoleCheck,
  ownNamesCheck,
  ...FREE_NAME_CHECKS,
  samePrefixCheck,
  markerCheck,
  sourceAddressCheck,
  permissionsCheck,
  openPgpKeysCheck,
];
