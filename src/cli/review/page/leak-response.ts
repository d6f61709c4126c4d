import { otherSlot, type Slot } from "../../../iam/key-slots";
import type { PolicyOptions } from "../../../iam/policy-statements";
import { type Deployment, policyOptionsOf } from "../../../settings/deployment";
import { dkpAccess } from "../../../text/command";
import { code, fenced, joined, list, type Markdown, prose, trusted } from "../../../text/markdown";
import { quote, shellWord } from "../../../text/shell";
import { fillTemplateFile, type TemplateData } from "../../../text/template";
import { leakCommands, reachableRoles, remainsOf, SESSION_HOURS } from "../../account/keys/leaked-key";

/** after-a-leak.md: the commands and edits after a leak. No step activates the leaked key again. */
export function leakPage(deployment: Deployment): string {
  return fillTemplateFile("src/cli/review/page/leak-page.md", leakSteps(deployment, policyOptionsOf(deployment)));
}

function leakSteps(deployment: Deployment, options: PolicyOptions): TemplateData {
  const { stack, accessKeys } = deployment;
  const commands = leakCommands(deployment.user.name);
  const keys = accessKeys === "none" ? undefined : accessKeys;
  const leaked = keys?.current ?? "primary";
  const other = otherSlot(leaked);
  return {
    stack: prose(stack),
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
    reachableRoles: reachableRolesOf(deployment, options),
    remains: list(remainsOf(options).map((what) => trusted(`${what}.`))),
    removeDenial: code(commands.removeDenial),
    keyStatus: code(dkpAccess("keys", stack)),
    leakedKeys: code(dkpAccess("keys", "--leaked", stack)),
  };
}

function reachableRolesOf({ nodeRole }: Deployment, options: PolicyOptions): Markdown {
  const roles = reachableRoles(options, nodeRole?.name);
  return roles === undefined ? trusted("every role of the account") : joined(roles.map(code), " and ");
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
