import { coversArn } from "../../iam/wildcards";
import { code, tableLines } from "../../text/markdown";
import { visible } from "../../text/printable";
import {
  type ActionChange,
  type Changes,
  type DeploymentChanges,
  type Evidence,
  type ImpactChanges,
  isBroadened,
  isNarrowed,
  isWrite,
  type PermissionChanges,
  type ResourceChange,
  type Scope,
} from "./change-summary";
import { DEPLOYER_NEEDS } from "./policy-files";

/** How a summary is formatted: as Markdown for a pull request, or plain for a terminal. */
interface Style {
  readonly text: (text: string) => string;
  readonly code: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly heading: (text: string) => string;
  /** Lines that most readers skip. */
  readonly folded: (summary: string, lines: readonly string[]) => readonly string[];
}

const MARKDOWN: Style = {
  text: (text) => escapeMarkdown(visible(text)),
  code,
  strong: (text) => `**${text}**`,
  heading: (text) => `### ${text}`,
  folded: (summary, lines) => ["", `<details><summary>${summary}</summary>`, "", ...lines, "", "</details>"],
};

const same = (text: string) => text;

const PLAIN: Style = {
  text: visible,
  code: visible,
  strong: same,
  heading: same,
  folded: (summary, lines) => ["", `${summary}:`, ...lines],
};

/** Longest comment on GitHub. GitLab accepts longer ones. */
const MAX_COMMENT = 65_536;

const OMITTED = "_The rest is omitted because of the maximum length of a comment._";

/** Without what is folded. */
const SHORT: Style = {
  ...MARKDOWN,
  folded: (summary) => ["", `_${summary}: omitted because of the maximum length of a comment._`],
};

/** Changes as a comment on a pull request: the verdict first, long lists folded, or omitted if the comment would be too long. */
export function changesMarkdown(changes: Changes): string {
  const whole = render(changes, MARKDOWN);
  const comment = whole.length <= MAX_COMMENT ? whole : render(changes, SHORT);
  return comment.length <= MAX_COMMENT ? comment : firstLines(comment);
}

function firstLines(comment: string): string {
  const room = MAX_COMMENT - OMITTED.length - 4;
  return `${comment.slice(0, comment.lastIndexOf("\n", room))}\n\n${OMITTED}\n`;
}

/** Changes for a terminal. */
export function changesText(changes: Changes): string {
  return render(changes, PLAIN);
}

/** More actions than that are counted by area, and listed in groups of the same permissions before and after. */
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

/** The summary in one line. */
export function verdict({ deployments }: Changes): string {
  const breaking = deployments.flatMap(({ breakingChanges }) => breakingChanges).length;
  const permissions = deployments.map((deployment) => deployment.permissions);
  const other = permissions.flatMap(({ otherBroadened }) => otherBroadened).length;
  const broadened = permissions.flatMap((each) => each.broadened);
  const ofOthers = (changes: readonly ActionChange[]) => changes.filter(({ principal }) => principal !== "deployer");
  const deployer = broadened.length - ofOthers(broadened).length;
  const counts = [
    ...countsOf(ofOthers(broadened), BROADENED),
    ...(other > 0 ? [`${other} other broadened ${other === 1 ? "permission" : "permissions"}`] : []),
    ...(deployer > 0 ? [`${deployer} new or broadened ${deployer === 1 ? "action" : "actions"} of the deployer`] : []),
    ...countsOf(ofOthers(permissions.flatMap(({ narrowed }) => narrowed)), NARROWED),
  ].join(", ");
  const exposed = deployments.some(({ secretExposures }) => secretExposures.length > 0)
    ? " More principals can read a secret."
    : "";
  const lead = breaking === 0 ? "" : `${breaking === 1 ? "1 breaking change" : `${breaking} breaking changes`}. `;
  return `${lead}Permissions ${direction(permissions)}${counts === "" ? "" : `: ${counts}`}.${exposed}`;
}

function direction(permissions: readonly PermissionChanges[]): string {
  if (permissions.some(isBroadened)) {
    return "broadened";
  }
  return permissions.some(isNarrowed) ? "narrowed" : "unchanged";
}

/** The counts of broadened actions: "3 actions (2 write) added". */
export function countsOfBroadened(broadened: readonly ActionChange[]): string {
  return countsOf(broadened, BROADENED).join(", ");
}

/** A piece of evidence in one line, without any format. */
export function evidenceText(evidence: Evidence): string {
  return evidenceLine(evidence, PLAIN).replace(/^- /, "");
}

/** "3 actions (2 write) added", "1 action (1 write) broadened". */
function countsOf(changes: readonly ActionChange[], wording: Wording): readonly string[] {
  return [...grouped(changes, ({ otherSide }) => (otherSide.length === 0 ? wording.whole : wording.part))].map(
    ([kind, group]) => `${countOf(group)} ${kind}`,
  );
}

/** "3 actions (2 write)". */
function countOf(changes: readonly ActionChange[]): string {
  const writes = changes.filter(({ access }) => isWrite(access)).length;
  const unknown = changes.filter(({ access }) => access === "unknown").length;
  const kinds = [...(writes > 0 ? [`${writes} write`] : []), ...(unknown > 0 ? [`${unknown} outside DKP's catalogue`] : [])];
  const all = `${changes.length} ${changes.length === 1 ? "action" : "actions"}`;
  return kinds.length === 0 ? all : `${all} (${kinds.join(", ")})`;
}

function deploymentLines(deployment: DeploymentChanges, style: Style): readonly string[] {
  const { stack, state, permissions, resources, breakingChanges, secretExposures, notes } = deployment;
  const list = (lines: readonly string[]) => lines.map((line) => `- ${style.text(line)}`);
  const { broadened, narrowed, moved } = withMoved(permissions);
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", style.strong(title), "", ...lines];
  return [
    style.heading(`${style.text(stack)}${state === "changed" ? "" : `: ${state}`}`),
    ...section("Breaking changes", list(breakingChanges)),
    ...section("Newly exposed secrets", list(secretExposures)),
    ...section("What an attacker with the key can do", impactLines(deployment.impact, style)),
    ...section("Broadened permissions", [
      ...list(permissions.otherBroadened),
      ...permissions.evidence
        .filter(({ principal, kind, policy }) => principal !== "deployer" || kind === "not-comparable" || policy !== undefined)
        .map((evidence) => evidenceLine(evidence, style)),
      ...deployerLines(deployment, style),
      ...actionLines(broadened, BROADENED, style),
      ...actionLines(moved, MOVED, style),
    ]),
    ...section("Narrowed permissions", [
      ...list(permissions.otherNarrowed),
      ...[...grouped(moved, ({ principal }) => principal)].map(
        ([principal, group]) =>
          `- the ${principal}: ${countOf(group)} broadened and narrowed, listed under broadened permissions`,
      ),
      ...actionLines(narrowed, NARROWED, style),
    ]),
    ...section(
      "Resources",
      resources.map((change) => resourceLine(change, style)),
    ),
    ...section("Notes", list(notes.filter((note) => !note.startsWith(DEPLOYER_NEEDS)))),
  ];
}

/** What the deployer needs, in one line: the note on it, the actions, and a request as evidence. */
function deployerLines({ permissions: { broadened, evidence }, notes }: DeploymentChanges, style: Style): readonly string[] {
  const actions = new Set(broadened.filter(({ principal }) => principal === "deployer").map(({ action }) => style.code(action)));
  const example = evidence
    .flatMap((one) =>
      one.principal === "deployer" && one.policy === undefined && one.kind === "new-request" ? [one.request] : [],
    )
    .map(({ action, resource }) => `; for example ${style.code(action)} on ${style.code(resource)}`);
  return notes
    .filter((note) => note.startsWith(DEPLOYER_NEEDS))
    .map((note) => `- ${style.text(note)}: ${[...actions].join(", ")}${example[0] ?? ""}`);
}

function evidenceLine(evidence: Evidence, style: Style): string {
  const { principal, policy, boundary } = evidence;
  if (evidence.kind === "not-comparable") {
    const subject = principal === "any principal" ? `the ${policy}` : `the ${[principal, policy].filter(Boolean).join(", ")}`;
    return `- ${subject}: not comparable: reported as broadened, because ${style.text(evidence.reason)}`;
  }
  const { action, resource, context } = evidence.request;
  const keys = Object.entries(context).map(([key, value]) => style.code(`${key}=${[value].flat().join(",")}`));
  return [
    `- example of a request ${EVIDENCE_OF[policy ?? "identity"](principal)}: ${style.code(action)}`,
    ...(policy === "trust policy" ? [] : [`on ${style.code(resource)}`]),
    ...(keys.length === 0 ? [] : [`with ${keys.join(", ")}`]),
    ...(boundary === undefined ? [] : [`if the permissions boundary ${style.code(boundary)} allows it`]),
  ].join(" ");
}

/** By policy, of what its evidence is an example. */
const EVIDENCE_OF: Readonly<Record<NonNullable<Evidence["policy"]> | "identity", (principal: string) => string>> = {
  identity: (principal) => `of the ${principal} that is allowed now and was not allowed before`,
  "Deny statements": (principal) => `of the ${principal} that a Deny covered before and none covers now`,
  "permissions boundary": (principal) => `of the ${principal} that the permissions boundary did not allow before and allows now`,
  "trust policy": (principal) => `to assume the ${principal} that its trust policy allows now and did not allow before`,
  "service control policy": () => "that the service control policy denied before and does not deny now",
};

/** Broadened and narrowed actions, without those that are allowed in other scopes than before and no longer in these. */
function withMoved({
  broadened,
  narrowed,
}: PermissionChanges): Record<"broadened" | "narrowed" | "moved", readonly ActionChange[]> {
  const key = ({ principal, action }: ActionChange, before: readonly Scope[], after: readonly Scope[]) =>
    JSON.stringify([principal, action, before, after]);
  const gains = broadened.map((change) => ({ change, moves: key(change, change.otherSide, change.scopes) }));
  const losses = narrowed.map((change) => ({ change, moves: key(change, change.scopes, change.otherSide) }));
  const movesOf = (all: typeof gains) => new Set(all.map(({ moves }) => moves));
  const [gained, lost] = [movesOf(gains), movesOf(losses)];
  const changesOf = (all: typeof gains) => all.map(({ change }) => change);
  return {
    broadened: changesOf(gains.filter(({ moves }) => !lost.has(moves))),
    narrowed: changesOf(losses.filter(({ moves }) => !gained.has(moves))),
    moved: changesOf(gains.filter(({ moves }) => lost.has(moves))),
  };
}

/** Terms for an action that is allowed nowhere on the other side, and for one that is allowed there for fewer or more requests. */
interface Wording {
  readonly whole: string;
  readonly part: string;
  readonly wholeOn: string;
  readonly partOn: string;
  readonly otherSideOn: string;
}

const BROADENED: Wording = {
  whole: "added",
  part: "broadened",
  wholeOn: "added on",
  partOn: "now also on",
  otherSideOn: "before on",
};
const NARROWED: Wording = {
  whole: "removed",
  part: "narrowed",
  wholeOn: "removed, was on",
  partOn: "no longer on",
  otherSideOn: "now on",
};
const MOVED: Wording = { ...BROADENED, part: "broadened and narrowed", partOn: "now on", otherSideOn: "no longer on" };

function actionLines(changes: readonly ActionChange[], wording: Wording, style: Style): readonly string[] {
  const deployer = changes.filter(({ principal }) => principal === "deployer");
  const others = changes.filter(({ principal }) => principal !== "deployer");
  return [
    ...(others.length <= FEW ? others.map((change) => actionLine(change, wording, style)) : groupLines(others, wording, style)),
    // Broadened ones are listed with what to do about them.
    ...(deployer.length === 0 || wording !== NARROWED
      ? []
      : [`- the deployer no longer needs ${deployer.map(({ action }) => style.code(action)).join(", ")}`]),
  ];
}

function actionLine(change: ActionChange, wording: Wording, style: Style): string {
  const { principal, action, access, area, why, scopes, otherSide } = change;
  return `- ${style.code(action)} (${style.text(area)}, ${access}), the ${principal}: ${scopeChange(scopes, otherSide, wording, style)}${why === undefined ? "" : ` (why: ${style.text(why)})`}`;
}

function groupLines(changes: readonly ActionChange[], wording: Wording, style: Style): readonly string[] {
  const byArea = grouped(changes, ({ principal, area }) => `the ${principal}, ${area}`);
  const byScopes = grouped(changes, ({ principal, scopes, otherSide }) => JSON.stringify([principal, scopes, otherSide]));
  const groups = [...byScopes.values()];
  if (style === PLAIN) {
    return groups.flatMap((group) => shortGroup(group, wording));
  }
  return [
    ...[...byArea].map(([area, group]) => `- ${style.text(area)}: ${countsOf(group, wording).join(", ")}`),
    ...style.folded(
      "By resources and conditions",
      tableLines(
        ["principal", "actions", "scope"],
        groups.map((group) => scopeRow(group, wording, style)),
      ),
    ),
  ];
}

/** One row for actions of the same principal that are allowed on the same before and on the same after. */
function scopeRow(group: readonly ActionChange[], wording: Wording, style: Style): readonly string[] {
  const actions = group.map(({ action }) => style.code(action)).join(", ");
  return group
    .slice(0, 1)
    .flatMap(({ principal, scopes, otherSide }) => [
      principal,
      `${countOf(group)}: ${actions}`,
      scopeChange(scopes, otherSide, wording, style),
    ]);
}

/** A group in one line: what was allowed, what is allowed now, and the first actions. Markdown and JSON have all of them. */
function shortGroup(group: readonly ActionChange[], wording: Wording): readonly string[] {
  return group.slice(0, 1).map(({ principal, scopes, otherSide }) => {
    const actions = shortList(group.map(({ action }) => visible(action)));
    return `- the ${principal}, ${countOf(group)}: ${arrow(scopes, otherSide, wording)}: ${actions}`;
  });
}

function arrow(scopes: readonly Scope[], otherSide: readonly Scope[], wording: Wording): string {
  const [changed, other] = [scopes, otherSide].map(shortScopes) as [string, string];
  if (otherSide.length === 0) {
    return `${wording.wholeOn} ${changed}`;
  }
  if (wording === NARROWED) {
    return `${changed} -> ${other}`;
  }
  const isCovered = ({ resource, conditions }: Scope) =>
    scopes.some((wide) => coversArn(wide.resource, resource) && wide.conditions.every((each) => conditions.includes(each)));
  return `${other} -> ${wording === MOVED || otherSide.every(isCovered) ? "" : "also "}${changed}`;
}

function shortScopes(scopes: readonly Scope[]): string {
  return shortList(
    scopes.map(({ resource, conditions }) => {
      const only = conditions.length === 0 ? "" : ` if ${conditions.join(" and ")}`;
      return visible(`${shortResource(resource)}${only}`);
    }),
  );
}

/** `*`, and the ARN of all resources of a service, as people say it. */
function shortResource(resource: string): string {
  const [, service, region, account] = /^arn:[^:*]+:([^:*]+):([^:*]*):([^:*]*):\*$/.exec(resource) ?? [];
  if (service === undefined) {
    return resource === "*" ? "all resources" : resource;
  }
  const where = [...(account ? [`of account ${account}`] : []), ...(region ? [`in ${region}`] : [])];
  return ["all", service, "resources", ...where].join(" ");
}

/** The first entries of a list, and how many more there are. */
function shortList(entries: readonly string[]): string {
  const more = entries.length - SHORT_LIST;
  return more > 1 ? `${entries.slice(0, SHORT_LIST).join(", ")} and ${more} more` : entries.join(", ");
}

const SHORT_LIST = 2;

function scopeChange(scopes: readonly Scope[], otherSide: readonly Scope[], wording: Wording, style: Style): string {
  const { wholeOn, partOn, otherSideOn } = wording;
  const on = scopeList(scopes, style);
  return otherSide.length === 0 ? `${wholeOn} ${on}` : `${partOn} ${on}; ${otherSideOn} ${scopeList(otherSide, style)}`;
}

/** What an attacker can do now and could not before, no longer can, and can with another reach. */
function impactLines({ added, removed, changed }: ImpactChanges, style: Style): readonly string[] {
  const byReach = grouped(
    changed.map(({ before, after }) => difference(before, after)),
    ({ before, after }) => JSON.stringify([before, after]),
  );
  return [
    ...added.map((what) => `- new: ${style.text(what)}`),
    ...removed.map((what) => `- no longer: ${style.text(what)}`),
    ...[...byReach.values()].flatMap(([first, ...more]) => {
      if (first === undefined) {
        return [];
      }
      return more.length === 0
        ? [`- before: ${style.text(first.whole[0])}`, `  now: ${style.text(first.whole[1])}`]
        : [`- ${more.length + 1} risks: ${style.text(first.before)} -> ${style.text(first.after)}`];
    }),
  ];
}

interface Difference {
  readonly before: string;
  readonly after: string;
  readonly whole: readonly [before: string, after: string];
}

/** The words in which two sentences differ. */
function difference(before: string, after: string): Difference {
  const [had, has] = [before, after].map((text) => text.split(/(?=[,:]? )/)) as [string[], string[]];
  const shorter = Math.min(had.length, has.length);
  const start = [...Array(shorter).keys()].find((at) => had[at] !== has[at]) ?? shorter;
  const end = [...Array(shorter - start).keys()].find((at) => had.at(-1 - at) !== has.at(-1 - at)) ?? shorter - start;
  const middle = (words: readonly string[]) =>
    words
      .slice(start, words.length - end)
      .join("")
      .replace(/^[,:]? /, "");
  return { before: middle(had), after: middle(has), whole: [before, after] };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, [item]);
    } else {
      group.push(item);
    }
  }
  return groups;
}

/** Resources under the same conditions share them. */
function scopeList(scopes: readonly Scope[], style: Style): string {
  return [...grouped(scopes, ({ conditions }) => conditions.join(" and "))]
    .map(([conditions, group]) => {
      const resources = group.map(({ resource }) => style.code(resource)).join(", ");
      return conditions === "" ? resources : `${resources} only if ${style.text(conditions)}`;
    })
    .join(", and on ");
}

function resourceLine({ address, description, action, details }: ResourceChange, style: Style): string {
  const changed = details.length === 0 ? "" : `: ${style.text(details.join(", "))}`;
  return `- ${action}: ${style.text(description)} (${style.code(address)})${changed}`;
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
