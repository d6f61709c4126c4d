import { GUIDES, leakCommands, SESSION_HOURS } from "../../account/keys/leaked-key";
import { alwaysOnRegion } from "../../iam/partitions";
import { dkpAccess } from "../../text/command";
import { code, fenced, joined, list, type Markdown, prose, trusted } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";
import type { Reviewed } from "../reviewed";

/** after-a-leak.md: the commands after a leak. No step activates the leaked key again. */
export function leakPage(review: Reviewed): string {
  const { stack, region, accessKeys, user } = review.deployment;
  const commands = leakCommands(user.name, alwaysOnRegion(region));
  const { deactivate, deleteKey, denySessions, createKey, removeDenial } = commands;
  return fillTemplateFile("src/cli/review/page/leak-page.md", {
    stack: prose(stack),
    leakedKeys: code(dkpAccess("keys", "--leaked", stack)),
    deactivation: fenced("shell", deactivate("ID")),
    sessionHours: trusted(String(SESSION_HOURS)),
    sessionDenial: fenced("shell", denySessions.join("\n")),
    deletion: fenced("shell", deleteKey("ID")),
    keysInTerraform: accessKeys !== "none",
    handOver: code(dkpAccess("hand-over", stack, "--out", "FILE")),
    keyStatus: code(dkpAccess("keys", stack)),
    createKey: code(createKey),
    reachableRoles: reachableRoles(review),
    drift: code(dkpAccess("drift", stack)),
    guides: list(GUIDES.map(([what, url]) => trusted(`[${what}](${url})`))),
    removeDenial: fenced("shell", removeDenial),
  });
}

/** The roles that the key can change or launch instances with. */
function reachableRoles({ deployment: { policy, nodeRole }, dkpRole }: Reviewed): Markdown {
  const roles = nodeRole === undefined ? [dkpRole] : [dkpRole, nodeRole.name];
  return policy.mode === "documented" ? trusted("every role of the account") : joined(roles.map(code), " and ");
}
