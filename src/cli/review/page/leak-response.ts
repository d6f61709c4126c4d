import { alwaysOnRegion } from "../../../iam/partitions";
import type { Deployment } from "../../../settings/deployment";
import { GUIDES, leakCommands, SESSION_HOURS } from "../../account/keys/leaked-key";
import { roleOf } from "../../iam/risks";
import { dkpAccess } from "../../text/command";
import { code, fenced, joined, list, type Markdown, prose, trusted } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";

/** after-a-leak.md: the commands after a leak. No step activates the leaked key again. */
export function leakPage(deployment: Deployment): string {
  const { stack, accessKeys, user } = deployment;
  const { deactivate, deleteKey, denySessions, createKey, removeDenial } = leakCommands(
    user.name,
    alwaysOnRegion(deployment.region),
  );
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
    reachableRoles: reachableRoles(deployment),
    drift: code(dkpAccess("drift", stack)),
    guides: list(GUIDES.map(([what, url]) => trusted(`[${what}](${url})`))),
    removeDenial: fenced("shell", removeDenial),
  });
}

/** The roles that the key can change or launch instances with. */
function reachableRoles({ policy, cluster, nodeRole }: Deployment): Markdown {
  const roles = nodeRole === undefined ? [roleOf(cluster)] : [roleOf(cluster), nodeRole.name];
  return policy.mode === "documented" ? trusted("every role of the account") : joined(roles.map(code), " and ");
}
