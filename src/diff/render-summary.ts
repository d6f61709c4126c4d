import { code, tableLines } from "../render/markdown";
import { visible } from "../render/printable";
import {
  type ActionChange,
  type Changes,
  changesJson,
  type DeploymentChanges,
  permissionsGrow,
  permissionsShrink,
  type ResourceChange,
  type Scope,
} from "./change-summary";

/** How texts look: in Markdown for a pull request, or plain for a terminal. */
interface Style {
  readonly text: (text: string) => string;
  readonly code: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly heading: (text: string) => string;
  /** Lines that most readers skip. */
  readonly folded: (summary: string, lines: readonly string[]) => readonly string[];
  readonly table: (header: readonly string[], rows: readonly (readonly string[])[]) => readonly string[];
}

const MARKDOWN: Style = {
  text: (text) => escapeMarkdown(visible(text)),
  code,
  strong: (text) => `**${text}**`,
  heading: (text) => `### ${text}`,
  folded: (summary, lines) => ["", `<details><summary>${summary}</summary>`, "", ...lines, "", "</details>"],
  table: tableLines,
};

const same = (text: string) => text;

const PLAIN: Style = {
  text: visible,
  code: visible,
  strong: same,
  heading: same,
  folded: (summary, lines) => ["", `${summary}:`, ...lines],
  table: (_, rows) => rows.map((cells) => `  ${cells.filter((cell) => cell !== "").join(" | ")}`),
};

/** Changes by the name of the format to print them in. */
export const FORMATS = {
  text: changesText,
  markdown: changesMarkdown,
  json: changesJson,
} as const satisfies Readonly<Record<string, (changes: Changes) => string>>;

/** What a comment on GitHub may have. GitLab takes more. */
const MAX_COMMENT = 65_536;

const LEFT_OUT = "_The rest is left out: a comment has room for no more._";

/** Without what is folded. */
const SHORT: Style = { ...MARKDOWN, folded: (summary) => ["", `_${summary}: left out, a comment has no room for it._`] };

/** Changes as a comment on a pull request: the verdict first, long lists folded, and left out where a comment has no room for them. */
export function changesMarkdown(changes: Changes): string {
  const whole = inWords(changes, MARKDOWN);
  const comment = whole.length <= MAX_COMMENT ? whole : inWords(changes, SHORT);
  return comment.length <= MAX_COMMENT ? comment : firstLines(comment);
}

function firstLines(comment: string): string {
  const room = MAX_COMMENT - LEFT_OUT.length - 4;
  return `${comment.slice(0, comment.lastIndexOf("\n", room))}\n\n${LEFT_OUT}\n`;
}

/** Changes for a terminal. */
export function changesText(changes: Changes): string {
  return inWords(changes, PLAIN);
}

/** More actions than that are told by area, and one by one in a table. */
const FEW = 12;

function inWords(changes: Changes, style: Style): string {
  const { source, deployments } = changes;
  const same = deployments.filter(({ state }) => state === "unchanged").map(({ stack }) => stack);
  const told = deployments.filter(({ state }) => state !== "unchanged");
  return [
    `${style.strong(verdict(changes))} ${style.text(source)}`,
    ...told.flatMap((deployment) => ["", ...deploymentWords(deployment, style)]),
    ...(same.length > 0
      ? ["", `Nothing changes in ${same.length > FEW ? `${same.length} deployments` : style.text(same.join(", "))}`]
      : []),
    "",
  ].join("\n");
}

/** The whole in one line. */
export function verdict({ deployments }: Changes): string {
  const dangers = deployments.flatMap((deployment) => deployment.dangers).length;
  const gained = deployments.flatMap(({ permissions }) => permissions.gained);
  const lost = deployments.flatMap(({ permissions }) => permissions.lost);
  const loosened = deployments.flatMap(({ permissions }) => permissions.loosened).length;
  const grow = deployments.some(({ permissions }) => permissionsGrow(permissions));
  const shrink = deployments.some(({ permissions }) => permissionsShrink(permissions));
  const counts = [
    ...countsOf(gained, GAINED),
    ...(loosened > 0 ? [`${loosened} other growth`] : []),
    ...countsOf(lost, LOST),
  ].join(", ");
  const permissions = grow ? "Permissions grow" : shrink ? "Permissions shrink" : "No change of permissions";
  const exposed = deployments.some(({ exposures }) => exposures.length > 0) ? " A secret comes to be seen by more." : "";
  const danger = dangers === 0 ? "" : `${dangers === 1 ? "1 danger" : `${dangers} dangers`}. `;
  return `${danger}${permissions}${counts === "" ? "" : `: ${counts}`}.${exposed}`;
}

/** "3 actions (2 write) new", "1 action (1 write) on more". */
function countsOf(changes: readonly ActionChange[], wording: Wording): readonly string[] {
  return [...grouped(changes, ({ otherwise }) => kind(otherwise, wording))].map(([words, group]) => `${countOf(group)} ${words}`);
}

/** "3 actions (2 write)". */
function countOf(changes: readonly ActionChange[]): string {
  const writes = changes.filter(({ access }) => isWrite(access)).length;
  const unknown = changes.filter(({ access }) => access === "unknown").length;
  const kinds = [...(writes > 0 ? [`${writes} write`] : []), ...(unknown > 0 ? [`${unknown} outside DKP's catalogue`] : [])];
  const all = `${changes.length} ${changes.length === 1 ? "action" : "actions"}`;
  return kinds.length === 0 ? all : `${all} (${kinds.join(", ")})`;
}

/** Whether an action of an access level changes something. */
function isWrite(access: ActionChange["access"]): boolean {
  return access !== "List" && access !== "Read" && access !== "unknown";
}

function deploymentWords(deployment: DeploymentChanges, style: Style): readonly string[] {
  const { stack, state, permissions, resources, dangers, exposures, notes } = deployment;
  const list = (texts: readonly string[]) => texts.map((text) => `- ${style.text(text)}`);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", style.strong(title), "", ...lines];
  return [
    style.heading(`${style.text(stack)}${state === "changed" ? "" : `: ${state}`}`),
    ...section("Dangers", list(dangers)),
    ...section("Secrets", list(exposures)),
    ...section("More is allowed", [...actionLines(permissions.gained, GAINED, style), ...list(permissions.loosened)]),
    ...section("Less is allowed", [...actionLines(permissions.lost, LOST, style), ...list(permissions.tightened)]),
    ...section(
      "Resources",
      resources.map((change) => resourceLine(change, style)),
    ),
    ...section("Notes", list(notes)),
  ];
}

/** What is said of an action that is allowed nowhere on the other side, and of one that is allowed there on less or more. */
interface Wording {
  readonly whole: string;
  readonly part: string;
  readonly wholeOn: string;
  readonly partOn: string;
  readonly otherwiseOn: string;
}

const GAINED: Wording = { whole: "new", part: "on more", wholeOn: "new, on", partOn: "now also on", otherwiseOn: "before on" };
const LOST: Wording = { whole: "gone", part: "on less", wholeOn: "gone, was on", partOn: "no longer on", otherwiseOn: "now on" };

function actionLines(changes: readonly ActionChange[], wording: Wording, style: Style): readonly string[] {
  if (changes.length <= FEW) {
    return changes.map(
      ({ holder, action, access, area, why, where, otherwise }) =>
        `- ${style.code(action)} (${style.text(area)}, ${access}), the ${holder}: ${whereWords(where, otherwise, wording, style)}${why === undefined ? "" : ` (why: ${style.text(why)})`}`,
    );
  }
  const groups = grouped(changes, ({ holder, area }) => `the ${holder}, ${area}`);
  return [
    ...[...groups].map(([words, group]) => `- ${style.text(words)}: ${countsOf(group, wording).join(", ")}`),
    ...style.folded(
      "Action by action",
      style.table(
        ["action", "access", "area", "where", "what DKP does with it"],
        changes.map(({ action, access, area, why = "", where, otherwise }) => [
          style.code(action),
          access,
          style.text(area),
          whereWords(where, otherwise, wording, style),
          style.text(why),
        ]),
      ),
    ),
  ];
}

function kind(otherwise: readonly Scope[], { whole, part }: Wording): string {
  return otherwise.length === 0 ? whole : part;
}

function whereWords(
  where: readonly Scope[],
  otherwise: readonly Scope[],
  { wholeOn, partOn, otherwiseOn }: Wording,
  style: Style,
): string {
  const on = scopeWords(where, style);
  return otherwise.length === 0 ? `${wholeOn} ${on}` : `${partOn} ${on}; ${otherwiseOn} ${scopeWords(otherwise, style)}`;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item)) ?? [];
    groups.set(keyOf(item), [...group, item]);
  }
  return groups;
}

/** Resources under the same conditions share them. */
function scopeWords(scopes: readonly Scope[], style: Style): string {
  return [...grouped(scopes, ({ onlyIf }) => onlyIf.join(" and "))]
    .map(([onlyIf, group]) => {
      const resources = group.map(({ resource }) => style.code(resource)).join(", ");
      return onlyIf === "" ? resources : `${resources} only if ${style.text(onlyIf)}`;
    })
    .join(", and on ");
}

function resourceLine({ address, what, action, details }: ResourceChange, style: Style): string {
  const changed = details.length === 0 ? "" : `: ${style.text(details.join(", "))}`;
  return `- ${action}: ${style.text(what)} (${style.code(address)})${changed}`;
}

/** Text as Markdown shows it unchanged. A zero-width space keeps `@` and `#` from reaching people and issues. */
function escapeMarkdown(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\r\n]+/g, " ")
    .replaceAll(/[\\`*_[\]|~]/g, "\\$&")
    .replaceAll(/[@#]/g, "$&&#8203;");
}
