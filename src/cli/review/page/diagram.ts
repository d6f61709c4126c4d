import { SLOTS, type Slot } from "../../../iam/key-slots";
import { roleOf } from "../../../iam/risks";
import type { Deployment } from "../../../settings/deployment";
import type { TerraformJson } from "../../../terraform/terraform-json";
import { visible } from "../../../text/printable";

/** From one node to another, with the arrow of Mermaid between them. */
type Edge = readonly [from: string, arrow: string, to: string];

/**
 * What a deployment creates and who uses it, in Mermaid. Dotted lines lead from the policy to roles.
 * @param actions how many actions the policy allows
 */
export function diagram(deployment: Deployment, { output = {} }: TerraformJson, actions: string): string {
  const { user, policy, group, attachment, accessKeys, nodeRole, cluster } = deployment;
  const slots = accessKeys === "none" ? [] : SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  const keyOfDkp = accessKeys === "none" ? "key_outside" : `key_${accessKeys.current}`;
  const edges: Edge[] = [["dkp", "-- signs with -->", keyOfDkp]];
  if (accessKeys === "none") {
    edges.push([keyOfDkp, "---", "user"]);
  }
  for (const slot of slots) {
    edges.push([`key_${slot}`, "---", "user"], [`key_${slot}`, `-- ${secretInState(deployment, slot)} -->`, "state"]);
  }
  if (attachment !== "group") {
    edges.push(["user", "-- attached -->", "policy"]);
  }
  if (attachment !== "user") {
    edges.push(["user", "-- member -->", "group"], ["group", "-- attached -->", "policy"]);
  }
  if ("secret_access_key" in output) {
    edges.push(["state", "-- all outputs -->", "readers"]);
  }
  edges.push(["policy", "-. changes its permissions, launches instances with it .->", "role"]);
  if (nodeRole !== undefined) {
    edges.push(["policy", "-. launches instances with it .->", "node_role"]);
  }
  const nodes: readonly (readonly [id: string, title: string, detail: string])[] = [
    ["dkp", "DKP", "its Terraform and its controllers"],
    ...slots.map((slot) => [`key_${slot}`, `access key, ${slot}`, accessKeys === "none" ? "" : accessKeys[slot].status] as const),
    ["key_outside", "access key", "created outside Terraform"],
    ["user", "IAM user", user.name],
    ["group", "group", group.name],
    ["policy", `policy ${policy.name}`, `${policy.mode}: ${actions}`],
    ["state", "Terraform state", `backend ${deployment.state.type}`],
    ["readers", "other workspaces", "that read an output"],
    policy.mode === "documented"
      ? ["role", "any role of the account", "and instances with it"]
      : ["role", `role ${roleOf(cluster)}`, "created by DKP for its nodes"],
    ["node_role", `role ${nodeRole?.name ?? ""}`, "for iamNodeRole"],
  ];
  return [
    "flowchart LR",
    ...nodes
      .filter(([id]) => edges.some(([from, , to]) => from === id || to === id))
      .map(([id, title, detail]) => `  ${id}["${escaped(title)}<br>${escaped(detail)}"]`),
    ...edges.map((edge) => `  ${edge.join(" ")}`),
  ].join("\n");
}

function secretInState({ accessKeys, import: imports }: Deployment, slot: Slot): string {
  if (slot === "primary" && imports?.accessKeyId !== undefined) {
    return "only its ID";
  }
  return accessKeys !== "none" && accessKeys[slot].pgpKey !== undefined ? "encrypted secret" : "secret in plaintext";
}

/** A value in a label, which Mermaid reads as HTML or Markdown. It shows `#35;` as the character with that number. */
function escaped(text: string): string {
  return visible(text).replaceAll(/["#&<>`]/g, (character) => `#${character.charCodeAt(0)};`);
}
