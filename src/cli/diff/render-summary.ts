import { matchesAction } from "../../iam/action-patterns";
import { grouped } from "../../text/grouped";
import { ascii } from "../../text/printable";
import { adviceLines, levelOf, textOf } from "../findings/finding";
import { dkpAccess } from "../text/command";
import { code, counted, prose } from "../text/markdown";
import { type ActionChange, type DiffFound, RULES, type RuleId, type Scope, type Section } from "./change-rules";
import { type Changes, changesExitCode, type DeploymentChanges } from "./changes";

/** How a summary is formatted: as Markdown for a pull request, or plain for a terminal. */
interface Style {
  readonly text: (text: string) => string;
  readonly code: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly heading: (text: string) => string;
  /** A line below a sentence. */
  readonly advice: (text: string) => string;
  readonly list: (entries: readonly string[], most: number) => string;
  /** Resources and conditions before and after. */
  readonly scopes: (text: string) => string;
  /** Lines that most readers skip. */
  readonly folded: (summary: string, lines: readonly string[]) => readonly string[];
}

/** Text of values. A zero-width space keeps `@` and `#` from reaching people and issues. */
function guarded(text: string): string {
  return prose(ascii(text)).replaceAll(/[@#]/g, "$&&#8203;");
}

const MARKDOWN: Style = {
  text: guarded,
  code: (text) => code(ascii(text)),
  strong: (text) => `**${text}**`,
  heading: (text) => `### ${text}`,
  advice: (text) => `- ${guarded(text.replace(/^-> /, "remedy: "))}`,
  list: (entries) => entries.join(", "),
  scopes: (text) => text,
  folded: (summary, lines) => ["", `<details><summary>${summary}</summary>`, "", ...lines, "", "</details>"],
};

/** Longer lists of ARNs are not read. */
const MAX_SCOPES = 200;

const PLAIN: Style = {
  text: ascii,
  code: ascii,
  strong: (text) => text,
  heading: (text) => text,
  advice: (text) => text,
  list: (entries, most) =>
    entries.length <= most
      ? entries.join(", ")
      : `${entries.slice(0, most - 1).join(", ")} and ${entries.length - most + 1} more`,
  scopes: (text) => (text.length <= MAX_SCOPES ? text : "other resources and conditions, in full with --format json"),
  folded: (_, lines) => lines,
};

/** Longest comment on GitHub. GitLab accepts longer ones. */
const MAX_COMMENT = 65_536;

const OMITTED = "omitted because of the maximum length of a comment._";

/** Changes as a comment on a pull request: the verdict first, long lists folded, or omitted if the comment would be too long. */
export function changesMarkdown(changes: Changes): string {
  const whole = render(changes, MARKDOWN);
  const short: Style = { ...MARKDOWN, folded: (summary) => ["", `_${summary}: ${OMITTED}`] };
  const comment = whole.length <= MAX_COMMENT ? whole : render(changes, short);
  const rest = `\n\n_The rest is ${OMITTED}\n`;
  const end = comment.lastIndexOf("\n", MAX_COMMENT - rest.length);
  return comment.length <= MAX_COMMENT ? comment : comment.slice(0, end) + rest;
}

/** Changes for a terminal. */
export function changesText(changes: Changes): string {
  return render(changes, PLAIN);
}

/** More actions than that are listed in groups of the same permissions before and after. */
const FEW = 12;
/** Resources, and actions that stay allowed, which a terminal names in one line. */
const FEW_NAMES = 3;

function render(changes: Changes, style: Style): string {
  const { source, deployments } = changes;
  const unchanged = deployments.filter(({ state }) => state === "unchanged").map(({ stack }) => stack);
  const changed = deployments.filter(({ state }) => state !== "unchanged");
  const names = unchanged.length > FEW ? `${unchanged.length} deployments` : style.text(unchanged.join(", "));
  return [
    `${style.strong(verdict(changes))} ${style.text(source)}`,
    ...changed.flatMap((deployment) => ["", ...deploymentLines(deployment, style)]),
    ...(unchanged.length > 0 ? ["", `Unchanged: ${names}`] : []),
    ...applyLines(changes, style),
    "",
  ].join("\n");
}

/** How to apply a plan: the command plans again, and compares the digest. */
function applyLines({ digest, ...changes }: Changes, style: Style): readonly string[] {
  const exitCode = changesExitCode(changes);
  const accept = exitCode === 0 ? [] : ["--accept", String(exitCode)];
  const stacks = changes.deployments.map(({ stack }) => stack);
  return digest === undefined
    ? []
    : [
        "",
        `Digest: ${style.code(digest)}`,
        `To apply just this: ${style.code(dkpAccess("apply", ...stacks, "--approved", digest, ...accept))}`,
      ];
}

/** The summary in one line. Permissions are called narrowed only where all is compared, and unchanged only where nothing requires attention. */
function verdict({ deployments }: Changes): string {
  const findings = deployments.flatMap((deployment) => deployment.findings);
  const numberIn = (section: Section) => findings.filter(({ rule }) => RULES[rule].section === section).length;
  const breaking = deployments.flatMap(breakingIn).length;
  const unverifiable = numberIn("Unverifiable");
  const unmanaged = numberIn("Left unmanaged");
  const readers = numberIn("Who can read a secret");
  const required = numberIn("Required before the upgrade");
  const notCompared = numberIn("Changes whose effect is not compared");
  const others = numberIn("Other changes that require attention");
  const narrowed = `Permissions narrowed${counts(findings, ["permissions-narrowed", "policy-narrowed"], "removed", "narrowed")}.`;
  const broadened = `Permissions broadened${counts(findings, ["permissions-broadened"], "added", "broadened")}.`;
  const needsRole = findings.some(({ rule }) => rule === "deployer-broadened" || rule === "deployer-creates");
  const isHarmless = findings.every((finding) => levelOf(RULES, finding) === "note");
  const isNarrowed = numberIn("Broadened permissions") + notCompared + unverifiable === 0 && numberIn("Narrowed permissions") > 0;
  const sentences = [
    breaking > 0 && `${counted(breaking, "breaking change")}.`,
    unverifiable > 0 && "The plan is incomplete.",
    unmanaged > 0 && `${counted(unmanaged, "deployment")} left unmanaged.`,
    readers > 0 && `${counted(readers, "change")} of who can read a secret.`,
    numberIn("Destination of the secret") > 0 && "The destination of the secret changes.",
    numberIn("Broadened permissions") > 0 && broadened,
    isNarrowed && narrowed,
    required > 0 && `The upgrade requires ${counted(required, "more permission")}.`,
    notCompared > 0 && `The effect of ${counted(notCompared, "change")} is not compared.`,
    isHarmless && !isNarrowed && "Permissions unchanged.",
    needsRole && "The Terraform role needs additional permissions.",
    others > 0 && `${counted(others, "other change")} ${others === 1 ? "requires" : "require"} attention.`,
  ];
  return sentences.filter((text) => text !== false).join(" ");
}

/** The breaking changes of a deployment. A setting counts only where nothing else says what it breaks. */
function breakingIn({ findings }: DeploymentChanges): readonly DiffFound[] {
  const all = findings.filter(({ rule }) => RULES[rule].section === "Breaking changes");
  const effects = all.filter(({ rule }) => rule !== "setting-breaking");
  return effects.length > 0 ? effects : all;
}

/** ": all actions of iam and 3 actions (2 write) added, 1 action (1 write) broadened". */
function counts(findings: readonly DiffFound[], wanted: readonly RuleId[], whole: string, part: string): string {
  const changes = findings.flatMap((found) => (wanted.includes(found.rule) ? actionsOf(found) : []));
  const kinds = [...grouped(changes, ({ before, after }) => (before.length === 0 || after.length === 0 ? whole : part))];
  return kinds.length === 0 ? "" : `: ${kinds.map(([kind, group]) => `${wholeCountOf(group)} ${kind}`).join(", ")}`;
}

/** Patterns by what they match, with the other actions: nobody knows how many actions a pattern matches. */
function wholeCountOf(changes: readonly ActionChange[]): string {
  const patterns = changes.map(({ action }) => action).filter((action) => action.includes("*"));
  const others = changes.filter(({ action }) => !patterns.some((pattern) => matchesAction(pattern, action)));
  const parts = patterns.map((pattern) => {
    const [, service] = /^([\w-]+):\*$/.exec(pattern) ?? [];
    return pattern === "*" ? "all actions" : `all actions ${service === undefined ? `that match ${pattern}` : `of ${service}`}`;
  });
  return [...parts, ...(others.length > 0 ? [countOf(others)] : [])].join(" and ");
}

/** "3 actions (2 write)". */
function countOf(changes: readonly ActionChange[]): string {
  const writes = changes.filter(({ access }) => !["List", "Read", "unknown"].includes(access)).length;
  const unknown = changes.filter(({ access }) => access === "unknown").length;
  const kinds = [...(writes > 0 ? [`${writes} write`] : []), ...(unknown > 0 ? [`${unknown} outside DKP's catalogue`] : [])];
  const all = counted(changes.length, "action");
  return kinds.length === 0 ? all : `${all} (${kinds.join(", ")})`;
}

function deploymentLines({ stack, state, findings }: DeploymentChanges, style: Style): readonly string[] {
  const broadened = findings.flatMap((found) => (found.rule === "permissions-broadened" ? actionsOf(found) : []));
  const listed = new Set(broadened.map((change) => JSON.stringify(change)));
  const isUnmanaged = findings.some(({ rule }) => rule === "deployment-removed" || rule === "removed-while-protected");
  const suffix = state === "changed" ? "" : `: ${isUnmanaged ? "left unmanaged" : state}`;
  return [
    style.heading(`${style.text(stack)}${suffix}`),
    ...[...new Set(Object.values(RULES).map(({ section }) => section))].flatMap((section) => {
      const own = findings.filter(({ rule }) => RULES[rule].section === section);
      const lines = own.flatMap((found) => linesOf(found, listed, style));
      return own.length === 0 ? [] : ["", style.strong(section), "", ...lines];
    }),
  ];
}

/** The actions that are listed below the sentence; those of the Terraform role stand in it. */
function actionsOf({ rule, values }: DiffFound): readonly ActionChange[] {
  const isListed = ["permissions-broadened", "permissions-narrowed", "policy-narrowed"].includes(rule);
  return isListed && "actions" in values ? (values.actions ?? []) : [];
}

/** A sentence, and its actions. Those that are allowed elsewhere than before are listed once, as broadened. */
function linesOf(found: DiffFound, listed: ReadonlySet<string>, style: Style): readonly string[] {
  const actions = actionsOf(found);
  const isListed = (change: ActionChange) => found.rule === "permissions-narrowed" && listed.has(JSON.stringify(change));
  const own = actions.filter((change) => !isListed(change));
  const moved = actions.length - own.length;
  const withoutActions = { ...found, values: { ...found.values, actions: [] } } as DiffFound;
  const sentence = textOf(RULES, actions.length === 0 ? found : withoutActions);
  const address = found.rule === "resource" ? ` (${style.code(found.address ?? "")})` : "";
  const also = moved === 0 ? "" : `; ${countOf(actions)} of which ${moved} are broadened as well, and listed above`;
  const advice = adviceLines(RULES, found).map((line) => `  ${style.advice(line)}`);
  return [`- ${style.text(sentence)}${address}${also}`, ...advice, ...actionLines(own, found.principal, style)];
}

function actionLines(actions: readonly ActionChange[], principal: string | undefined, style: Style): readonly string[] {
  if (actions.length <= FEW) {
    return actions.map((change) => {
      const { action, area, access, why } = change;
      const reason = why === undefined || principal !== "user" ? "" : ` (why: ${style.text(why)})`;
      return `  - ${style.code(action)} (${style.text(area)}, ${access}): ${scopeChange(change, style)}${reason}`;
    });
  }
  const groups = [...grouped(actions, (change) => scopeChange(change, style))];
  const lines = groups.map(([change, group]) => {
    // What is no longer allowed anywhere is named.
    const isRemoved = group.every(({ after }) => after.length === 0);
    const names = style.list(
      group.map(({ action }) => style.code(action)),
      isRemoved ? FEW : FEW_NAMES,
    );
    return `  - ${countOf(group)}: ${change}: ${names}`;
  });
  return style.folded(`${countOf(actions)}, by resources and conditions`, lines);
}

function scopeChange({ before, after }: ActionChange, style: Style): string {
  if (before.length === 0) {
    return style.scopes(`added on ${scopeList(after, style)}`);
  }
  const removed = after.length === 0 && `removed, was on ${scopeList(before, style)}`;
  return style.scopes(removed || `${scopeList(before, style)} -> ${scopeList(after, style)}`);
}

/** Resources under the same conditions share them. */
function scopeList(scopes: readonly Scope[], style: Style): string {
  const groups = [...grouped(scopes, ({ conditions }) => conditions.join(" and "))].map(([conditions, group]) => {
    const resources = group.map(({ resource }) => (resource === "*" ? "all resources" : style.code(resource)));
    const list = style.list(resources, FEW_NAMES);
    return conditions === "" ? list : `${list} only if ${style.text(conditions)}`;
  });
  return groups.join(", and on ");
}
