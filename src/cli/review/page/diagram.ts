import { SLOTS, type Slot } from "../../../iam/key-slots";
import { roleOf } from "../../../iam/risks";
import type { Deployment } from "../../../settings/deployment";
import { visible } from "../../../text/printable";

/**
 * What a deployment creates and who uses it, in Mermaid. Dotted lines lead from the policy to roles.
 * @param actions how many actions the policy allows
 */
export function diagram(deployment: Deployment, actions: string): string {
  const { user, policy, group, attachment, accessKeys, nodeRole, cluster } = deployment;
  const slots = accessKeys === "none" ? [] : SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  const hasUserAttachment = attachment !== "group";
  const hasGroup = attachment !== "user";
  const nodes: Readonly<Record<string, string>> = {
    dkp: label("DKP", "its Terraform and its controllers"),
    user: label("IAM user", user.name),
    policy: label(`policy ${policy.name}`, `${policy.mode}: ${actions}`),
    ...Object.fromEntries(
      slots.map((slot) => [`key_${slot}`, label(`access key, ${slot}`, accessKeys === "none" ? "" : accessKeys[slot].status)]),
    ),
    key_outside: label("access key", "created outside Terraform"),
    group: label("group", group.name),
    state: label("Terraform state", `backend ${deployment.state.type}`),
    readers: label("other workspaces", "that read the outputs"),
    role:
      policy.mode === "documented"
        ? label("any role of the account", "and instances with it")
        : label(`role ${roleOf(cluster)}`, "created by DKP for its nodes"),
    node_role: label(`role ${nodeRole?.name ?? ""}`, "for iamNodeRole"),
  };
  const edges: readonly Edge[] = [
    ...(slots.length === 0 ? [dkpSigns("key_outside"), { from: "key_outside", arrow: "---", to: "user" }] : []),
    ...slots.flatMap((slot) => [
      ...(accessKeys !== "none" && accessKeys.current === slot ? [dkpSigns(`key_${slot}`)] : []),
      { from: `key_${slot}`, arrow: "---", to: "user" },
      { from: `key_${slot}`, arrow: `-- ${secretInState(deployment, slot)} -->`, to: "state" },
    ]),
    ...(hasUserAttachment ? [{ from: "user", arrow: "-- attached -->", to: "policy" }] : []),
    ...(hasGroup
      ? [
          { from: "user", arrow: "-- member -->", to: "group" },
          { from: "group", arrow: "-- attached -->", to: "policy" },
        ]
      : []),
    { from: "state", arrow: "-- all outputs -->", to: "readers" },
    { from: "policy", arrow: "-. changes its permissions, launches instances with it .->", to: "role" },
    ...(nodeRole === undefined ? [] : [{ from: "policy", arrow: "-. launches instances with it .->", to: "node_role" }]),
  ];
  return ["flowchart LR", ...edgeLines(edges, nodes)].join("\n");
}

interface Edge {
  readonly from: string;
  readonly arrow: string;
  readonly to: string;
}

const dkpSigns = (to: string): Edge => ({ from: "dkp", arrow: "-- signs with -->", to });

/** One line per edge. The first mention of a node has its label. */
function edgeLines(edges: readonly Edge[], labels: Readonly<Record<string, string>>): readonly string[] {
  const mentioned = new Set<string>();
  const mention = (id: string) => {
    const isFirst = !mentioned.has(id);
    mentioned.add(id);
    return isFirst ? `${id}["${labels[id] ?? id}"]` : id;
  };
  return edges.map(({ from, arrow, to }) => `  ${mention(from)} ${arrow} ${mention(to)}`);
}

function secretInState({ accessKeys, import: imports }: Deployment, slot: Slot): string {
  if (slot === "primary" && imports?.accessKeyId !== undefined) {
    return "only its ID";
  }
  return accessKeys !== "none" && accessKeys[slot].pgpKey !== undefined ? "encrypted secret" : "secret in plaintext";
}

function label(title: string, detail: string): string {
  return `${escaped(title)}<br>${escaped(detail)}`;
}

/** A value in a label, which Mermaid reads as HTML or Markdown. It shows `#35;` as the character with that number. */
function escaped(text: string): string {
  return visible(text).replaceAll(/["#&<>`]/g, (character) => `#${character.charCodeAt(0)};`);
}
