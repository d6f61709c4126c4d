import { CHECKS } from "./all-checks";
import { IDENTITY_CALL } from "./checks/account";
import { regionCheck } from "./checks/region";

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
