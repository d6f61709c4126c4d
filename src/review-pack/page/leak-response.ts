import { otherSlot, type Slot } from "../../iam/key-slots";
import { leakCommands, reachableRoles, remainsOf, SESSION_HOURS } from "../../iam/leaked-key";
import type { PolicyOptions } from "../../iam/policy-statements";
import { dkpAccess } from "../../render/command";
import { code, fenced, joined, list, trusted } from "../../render/markdown";
import { quote, shellWord } from "../../render/shell";
import type { TemplateData } from "../../render/template";
import type { Deployment } from "../../settings/deployment";

/** The commands and edits after a leak. No step activates the leaked key again. */
export function leakResponse(deployment: Deployment, options: PolicyOptions): TemplateData {
  const { stack, accessKeys, nodeRole } = deployment;
  const commands = leakCommands(deployment.user.name);
  const roles = reachableRoles(options, nodeRole?.name);
  const keys = accessKeys === "none" ? undefined : accessKeys;
  const leaked = keys?.current ?? "primary";
  const other = otherSlot(leaked);
  return {
    deactivation: fenced("shell", commands.deactivate("ID")),
    sessionHours: trusted(String(SESSION_HOURS)),
    sessionDenial: fenced("shell", commands.denySessions.join("\n")),
    keysInTerraform: keys !== undefined,
    settingsFile: code(`deployments/${stack}.yaml`),
    leakEdits: fenced("yaml", edits(leaked, other, keys?.[leaked].pgpKey, keys?.[other].pgpKey)),
    currentSlot: code(leaked),
    otherSlot: code(other),
    deleteOtherKey: code(commands.deleteKey("OTHER_ID")),
    handOver: code(dkpAccess("hand-over", stack, "--out", "FILE")),
    createKey: code(commands.createKey),
    userEvents: code(`AttributeKey=Username,AttributeValue=${shellWord(deployment.user.name)}`),
    reachableRoles: roles === undefined ? trusted("every role of the account") : joined(roles.map(code), " and "),
    remains: list(remainsOf(options).map((what) => trusted(`${what}.`))),
    removeDenial: code(commands.removeDenial),
    keyStatus: code(dkpAccess("keys", stack)),
    leakedKeys: code(dkpAccess("keys", "--leaked", stack)),
  };
}

function edits(leaked: Slot, other: Slot, leakedPgpKey: string | undefined, otherPgpKey: string | undefined): string {
  const unchanged = "    pgpKey: ... # unchanged";
  const added = leakedPgpKey === undefined ? [] : [`    pgpKey: ${quote("PUBLIC KEY, as in the other slot")}`];
  return [
    "accessKeys:",
    `  ${other}:`,
    "    status: Active",
    ...(otherPgpKey === undefined ? added : [unchanged]),
    `  current: ${other}`,
    `  ${leaked}:`,
    "    status: Inactive",
    ...(leakedPgpKey === undefined ? [] : [unchanged]),
  ].join("\n");
}
