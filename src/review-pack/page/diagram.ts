import { SLOTS, type Slot } from "../../iam/key-slots";
import { roleOf } from "../../iam/risks";
import { visible } from "../../render/printable";
import type { Deployment } from "../../settings/deployment";

/**
 * What a deployment creates and who uses it, in Mermaid. Dotted lines lead from the policy to roles.
 * @param actions how many actions the policy allows
 */
export function diagram(deployment: Deployment, actions: string): string {
  const { user, policy, group, attachment, accessKeys, nodeRole, cluster } = deployment;
  const slots = accessKeys === "none" ? [] : SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  const hasUserAttachment = attachment !== "group";
  const hasGroup = attachment !== "user";
  const role =
    policy.mode === "documented"
      ? node("role", "any role of the account", "and instances with it")
      : node("role", `role ${roleOf(cluster)}`, "created by DKP for its nodes");
  return [
    "flowchart LR",
    node("dkp", "DKP", "its Terraform and its controllers"),
    node("user", "IAM user", user.name),
    node("policy", `policy ${policy.name}`, `${policy.mode}: ${actions}`),
    ...slots.map((slot) => node(`key_${slot}`, `access key, ${slot}`, accessKeys === "none" ? "" : accessKeys[slot].status)),
    ...(slots.length === 0 ? [node("key_outside", "access key", "created outside Terraform")] : []),
    ...(hasGroup ? [node("group", "group", group.name)] : []),
    node("state", "Terraform state", `backend ${deployment.state.type}`),
    node("readers", "other workspaces", "that read the outputs"),
    role,
    ...(nodeRole === undefined ? [] : [node("node_role", `role ${nodeRole.name}`, "for iamNodeRole")]),
    ...(slots.length === 0 ? ["dkp -- signs with --> key_outside", "key_outside --- user"] : []),
    ...slots.flatMap((slot) => [
      ...(accessKeys !== "none" && accessKeys.current === slot ? [`dkp -- signs with --> key_${slot}`] : []),
      `key_${slot} --- user`,
      `key_${slot} -- ${secretInState(deployment, slot)} --> state`,
    ]),
    ...(hasUserAttachment ? ["user -- attached --> policy"] : []),
    ...(hasGroup ? ["user -- member --> group", "group -- attached --> policy"] : []),
    "state -- all outputs --> readers",
    "policy -. changes its permissions, launches instances with it .-> role",
    ...(nodeRole === undefined ? [] : ["policy -. launches instances with it .-> node_role"]),
  ]
    .map((line, index) => (index === 0 ? line : `  ${line}`))
    .join("\n");
}

function secretInState({ accessKeys, import: imports }: Deployment, slot: Slot): string {
  if (slot === "primary" && imports?.accessKeyId !== undefined) {
    return "only its ID";
  }
  return accessKeys !== "none" && accessKeys[slot].pgpKey !== undefined ? "encrypted secret" : "secret in plaintext";
}

function node(id: string, title: string, detail: string): string {
  return `${id}["${escaped(title)}<br>${escaped(detail)}"]`;
}

/** A value in a label, which Mermaid reads as HTML or Markdown. It shows `#35;` as the character with that number. */
function escaped(text: string): string {
  return visible(text).replaceAll(/["#&<>`]/g, (character) => `#${character.charCodeAt(0)};`);
}
