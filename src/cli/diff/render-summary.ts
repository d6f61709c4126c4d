import { grouped } from "../../text/grouped";
import { code, tableLines } from "../../text/markdown";
import { visible } from "../../text/printable";
import { levelOf, textOf } from "../findings/finding";
import type { Changes, DeploymentChanges } from "./changes";
import { isWrite } from "./example-requests";
import {
  type ActionChange,
  type DiffFound,
  type PermissionValues,
  RULES,
  requestText,
  type Scope,
  SECTIONS,
  type Section,
} from "./rules";

/** How a summary is formatted: as Markdown for a pull request, or plain for a terminal. */
interface Style {
  readonly text: (text: string) => string;
  readonly code: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly heading: (text: string) => string;
  /** A table that most readers skip. */
  readonly table: (summary: string, header: readonly string[], rows: readonly (readonly string[])[]) => readonly string[];
}

const same = (text: string) => text;

const MARKDOWN: Style = {
  text: (text) => escapeMarkdown(visible(text)),
  code,
  strong: (text) => `**${text}**`,
  heading: (text) => `### ${text}`,
  table: (summary, header, rows) => [
    "",
    `<details><summary>${summary}</summary>`,
    "",
    ...tableLines(header, rows),
    "",
    "</details>",
  ],
};

const PLAIN: Style = {
  text: visible,
  code: visible,
  strong: same,
  heading: same,
  table: (_summary, _header, rows) => rows.map((row) => `- ${row.join(": ")}`),
};

/** Longest comment on GitHub. GitLab accepts longer ones. */
const MAX_COMMENT = 65_536;

const OMITTED = "_The rest is omitted because of the maximum length of a comment._";

/** Without the tables. */
const SHORT: Style = {
  ...MARKDOWN,
  table: (summary) => ["", `_${summary}: omitted because of the maximum length of a comment._`],
};

/** Changes as a comment on a pull request: the verdict first, long lists folded, or omitted if the comment would be too long. */
export function changesMarkdown(changes: Changes): string {
  const whole = render(changes, MARKDOWN);
  const comment = whole.length <= MAX_COMMENT ? whole : render(changes, SHORT);
  const room = MAX_COMMENT - OMITTED.length - 4;
  return comment.length <= MAX_COMMENT ? comment : `${comment.slice(0, comment.lastIndexOf("\n", room))}\n\n${OMITTED}\n`;
}

/** Changes for a terminal. */
export function changesText(changes: Changes): string {
  return render(changes, PLAIN);
}

/** More actions than that are listed in groups of the same permissions before and after. */
const FEW = 12;

function render(changes: Changes, style: Style): string {
  const { source, deployments } = changes;
  const unchanged = deployments.filter(({ state }) => state === "unchanged").map(({ stack }) => stack);
  const changed = deployments.filter(({ state }) => state !== "unchanged");
  return [
    `${style.strong(verdict(changes))} ${style.text(source)}`,
    ...changed.flatMap((deployment) => ["", ...deploymentLines(deployment, style)]),
    ...(unchanged.length > 0
      ? ["", `Unchanged: ${unchanged.length > FEW ? `${unchanged.length} deployments` : style.text(unchanged.join(", "))}`]
      : []),
    "",
  ].join("\n");
}

/** The summary in one line. Permissions are called narrowed or unchanged only where nothing requires attention. */
export function verdict({ deployments }: Changes): string {
  const findings = deployments.flatMap((deployment) => deployment.findings);
  const inSection = (section: Section) => findings.filter(({ rule }) => RULES[rule].section === section);
  const sentence = (section: Section, one: string, more: string) => {
    const number = inSection(section).length;
    return number === 0 ? [] : [number === 1 ? `1 ${one}.` : `${number} ${more}.`];
  };
  const isSerious = findings.some((finding) => levelOf(RULES, finding) !== "note");
  const broadened = inSection("Broadened permissions").length > 0;
  const narrowed = inSection("Narrowed permissions").length > 0;
  const counts = [...countsOf(actionsOf(findings, "permissions-broadened"), "added", "broadened")].join(", ");
  const less = countsOf(actionsOf(findings, "permissions-narrowed"), "removed", "narrowed").join(", ");
  const permissions = broadened
    ? [`Permissions broadened${counts === "" ? "" : `: ${counts}`}.`]
    : isSerious
      ? []
      : [narrowed ? `Permissions narrowed${less === "" ? "" : `: ${less}`}.` : "Permissions unchanged."];
  return [
    ...sentence("Breaking changes", "breaking change", "breaking changes"),
    ...sentence("Who can read a secret", "change of who can read a secret", "changes of who can read a secret"),
    ...(inSection("Destination of the secret").length > 0 ? ["The destination of the secret changes."] : []),
    ...permissions,
    ...sentence("Other changes that require attention", "other change requires attention", "other changes require attention"),
  ].join(" ");
}

function actionsOf(
  findings: readonly DiffFound[],
  wanted: "permissions-broadened" | "permissions-narrowed",
): readonly ActionChange[] {
  return findings.flatMap((found) => (found.rule === wanted ? found.values.actions : []));
}

/** "3 actions (2 write) added", "1 action (1 write) broadened". */
function countsOf(changes: readonly ActionChange[], whole: string, part: string): readonly string[] {
  const kinds = [...grouped(changes, ({ before, after }) => (before.length === 0 || after.length === 0 ? whole : part))];
  return kinds.map(([kind, group]) => `${countOf(group)} ${kind}`);
}

/** "3 actions (2 write)". */
function countOf(changes: readonly ActionChange[]): string {
  const writes = changes.filter(({ access }) => isWrite(access)).length;
  const unknown = changes.filter(({ access }) => access === "unknown").length;
  const kinds = [...(writes > 0 ? [`${writes} write`] : []), ...(unknown > 0 ? [`${unknown} outside DKP's catalogue`] : [])];
  const all = `${changes.length} ${changes.length === 1 ? "action" : "actions"}`;
  return kinds.length === 0 ? all : `${all} (${kinds.join(", ")})`;
}

function deploymentLines({ stack, state, findings }: DeploymentChanges, style: Style): readonly string[] {
  return [
    style.heading(`${style.text(stack)}${state === "changed" ? "" : `: ${state}`}`),
    ...SECTIONS.flatMap((section) => {
      const own = findings.filter(({ rule }) => RULES[rule].section === section);
      return own.length === 0 ? [] : ["", style.strong(section), "", ...own.flatMap((found) => linesOf(found, findings, style))];
    }),
  ];
}

function linesOf(found: DiffFound, all: readonly DiffFound[], style: Style): readonly string[] {
  switch (found.rule) {
    case "permissions-broadened":
    case "permissions-not-comparable":
      return broadenedLines(found, style);
    case "permissions-narrowed":
      return narrowedLines(found.values, actionsOf(all, "permissions-broadened"), style);
    case "resource":
      return [`- ${style.text(textOf(RULES, found))} (${style.code(found.address ?? "")})`];
    default:
      return [`- ${style.text(textOf(RULES, found))}`];
  }
}

function broadenedLines(
  found: Extract<DiffFound, { rule: "permissions-broadened" | "permissions-not-comparable" }>,
  style: Style,
) {
  const { principal, actions, request, boundary } = found.values;
  const limit = boundary === undefined ? "" : `, if the permissions boundary ${boundary} allows it`;
  const evidence =
    request === undefined
      ? textOf(RULES, found)
      : `the ${principal} is allowed more; for example, allowed now and not before: ${requestText(request)}${limit}`;
  return [`- ${style.text(evidence)}`, ...actionLines(principal, actions, style)];
}

/** Actions that are allowed elsewhere than before are listed once, as broadened. */
function narrowedLines(
  { principal, actions }: PermissionValues,
  broadened: readonly ActionChange[],
  style: Style,
): readonly string[] {
  const listed = new Set(broadened.map((change) => JSON.stringify(change)));
  const own = actions.filter((change) => !listed.has(JSON.stringify(change)));
  const moved = actions.length - own.length;
  return [
    ...actionLines(principal, own, style),
    ...(moved === 0
      ? []
      : [`- the ${principal}: ${moved} ${moved === 1 ? "action is" : "actions are"} broadened and narrowed, listed above`]),
  ];
}

function actionLines(principal: string, actions: readonly ActionChange[], style: Style): readonly string[] {
  if (actions.length <= FEW) {
    return actions.map((change) => {
      const { action, area, access, why } = change;
      const reason = why === undefined || principal !== "user" ? "" : ` (why: ${style.text(why)})`;
      return `- ${style.code(action)} (${style.text(area)}, ${access}), the ${principal}: ${scopeChange(change, style)}${reason}`;
    });
  }
  const groups = [...grouped(actions, ({ before, after }) => JSON.stringify([before, after])).values()];
  const byArea = [...grouped(actions, ({ area }) => area)].map(
    ([area, group]) => `- the ${principal}, ${style.text(area)}: ${countOf(group)}`,
  );
  const rows = groups.flatMap((group) =>
    group
      .slice(0, 1)
      .map((first) => [
        style === PLAIN
          ? `the ${principal}, ${countOf(group)}`
          : `${countOf(group)}: ${group.map(({ action }) => style.code(action)).join(", ")}`,
        scopeChange(first, style),
        ...(style === PLAIN ? [shortList(group.map(({ action }) => visible(action)))] : []),
      ]),
  );
  return [...(style === PLAIN ? [] : byArea), ...style.table("By resources and conditions", ["actions", "scope"], rows)];
}

function scopeChange({ before, after }: ActionChange, style: Style): string {
  if (before.length === 0) {
    return `added on ${scopeList(after, style)}`;
  }
  return after.length === 0
    ? `removed, was on ${scopeList(before, style)}`
    : `${scopeList(before, style)} -> ${scopeList(after, style)}`;
}

/** Resources under the same conditions share them. */
function scopeList(scopes: readonly Scope[], style: Style): string {
  const groups = [...grouped(scopes, ({ conditions }) => conditions.join(" and "))].map(([conditions, group]) => {
    const resources = group.map(({ resource }) => (resource === "*" ? "all resources" : style.code(resource)));
    const list = style === PLAIN ? shortList(resources) : resources.join(", ");
    return conditions === "" ? list : `${list} only if ${style.text(conditions)}`;
  });
  return style === PLAIN ? shortList(groups) : groups.join(", and on ");
}

const SHORT_LIST = 2;

/** The first entries of a list, and how many more there are. */
function shortList(entries: readonly string[]): string {
  const more = entries.length - SHORT_LIST;
  return more > 1 ? `${entries.slice(0, SHORT_LIST).join(", ")} and ${more} more` : entries.join(", ");
}

/** Escapes a string so that Markdown shows it unchanged. A zero-width space keeps `@` and `#` from reaching people and issues. */
function escapeMarkdown(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll(/[\r\n]+/g, " ")
    .replaceAll(/[\\`*_[\]|~]/g, "\\$&")
    .replaceAll(/[@#]/g, "$&&#8203;");
}
