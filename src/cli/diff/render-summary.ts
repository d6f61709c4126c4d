import { grouped } from "../../text/grouped";
import { ascii } from "../../text/printable";
import { adviceLines, LEVELS, levelOf, textOf } from "../findings/finding";
import { dkpAccess } from "../text/advice";
import { code, counted, prose } from "../text/markdown";
import { type ActionChange, type DiffFound, RULES, type Scope, type Section } from "./change-rules";
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
  folded: (summary, lines) => ["", `<details><summary>${summary}</summary>`, "", ...lines, "", "</details>"],
};

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
    `${style.strong(`Verdict: ${verdict(changes)}`)} ${style.text(source)}`,
    ...changed.flatMap((deployment) => ["", ...deploymentLines(deployment, style)]),
    ...(unchanged.length > 0 ? ["", `Unchanged: ${names}`] : []),
    ...applyLines(changes, style),
    "",
  ].join("\n");
}

/** The digest of a plan, and how to apply it: the command plans again, and compares the digest. */
function applyLines({ digest, isOffered, ...changes }: Changes, style: Style): readonly string[] {
  if (digest === undefined) {
    return [];
  }
  if (isOffered !== true) {
    return ["", `Digest: ${style.code(digest)}`];
  }
  const exitCode = changesExitCode(changes);
  const accept = exitCode === 0 ? [] : ["--accept", String(exitCode)];
  const stacks = changes.deployments.map(({ stack }) => stack);
  const command = dkpAccess("apply", ...stacks, "--approved", digest, ...accept);
  return ["", `Digest: ${style.code(digest)}`, `To apply just this: ${style.code(command)}`];
}

/** By section, its sentence in the summary of one line. */
const HEADLINES: Readonly<Partial<Record<Section, (count: number) => string>>> = {
  "Breaking changes": (count) => `${counted(count, "breaking change")}.`,
  Unverifiable: () => "The plan is incomplete.",
  "Left unmanaged": (count) => `${counted(count, "deployment")} left unmanaged.`,
  "Who can read a secret": (count) => `${counted(count, "change")} of who can read a secret.`,
  "Destination of the secret": () => "The destination or protection of the secret changes.",
  "Broadened permissions": () => "Permissions broadened.",
  "Narrowed permissions": () => "Permissions narrowed.",
  "Changes whose effect is not compared": (count) => `The effect of ${counted(count, "change")} is not compared.`,
  "Deleted outside Terraform": (count) => `${counted(count, "object")} deleted outside Terraform.`,
  "Policy files of the Terraform role": () =>
    "The policy files of the Terraform role allow more, and this change uses none of it.",
  "Permissions of the Terraform role": () => "The Terraform role needs additional permissions.",
  "Access keys": (count) => `${counted(count, "change")} of an access key that DKP may use.`,
  "Other changes that require attention": (count) =>
    `${counted(count, "other change")} ${count === 1 ? "requires" : "require"} attention.`,
};

/** Sections beside which the summary does not say that permissions are narrowed. */
const NOT_ONLY_NARROWED: readonly Section[] = ["Broadened permissions", "Changes whose effect is not compared", "Unverifiable"];

/** The level, and what makes it. */
function verdict(changes: Changes): string {
  const { deployments } = changes;
  const findings = deployments.flatMap((deployment) => deployment.findings);
  const levels = findings.map((found) => levelOf(RULES, found));
  const worst = LEVELS.findLast((level) => levels.includes(level)) ?? "note";
  const level = `${worst === "note" ? "harmless" : worst} (exit code ${changesExitCode(changes)}).`;
  if (deployments.every(({ state }) => state === "unchanged")) {
    return `${level} Nothing changes.`;
  }
  const isOnlyNarrowed = !findings.some(({ rule }) => NOT_ONLY_NARROWED.includes(RULES[rule].section));
  const added = deployments.filter(({ state }) => state === "new");
  const sentences = added.length === 0 ? [] : [`${counted(added.length, "new deployment")}.`];
  for (const [section, sentence] of Object.entries(HEADLINES)) {
    const isNarrowed = section === "Narrowed permissions";
    // A new deployment has no permissions that could be broadened.
    const compared = section === "Broadened permissions" ? deployments.filter((each) => !added.includes(each)) : deployments;
    const counts = (found: DiffFound) => (isNarrowed ? isOnlyNarrowed : levelOf(RULES, found) !== "note");
    const own = compared.flatMap((each) => each.findings).filter((found) => RULES[found.rule].section === section);
    const count = own.filter(counts).length;
    if (count > 0) {
      sentences.push(sentence(count));
    }
  }
  return [level, ...(sentences.length > 0 ? sentences : ["The permissions stay the same."])].join(" ");
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
  const suffix = state === "changed" ? "" : `: ${state}`;
  return [
    style.heading(`${style.text(stack)}${suffix}`),
    ...[...new Set(Object.values(RULES).map(({ section }) => section))].flatMap((section) => {
      const own = findings.filter(({ rule }) => RULES[rule].section === section);
      const lines = own.flatMap((found) => linesOf(found, style));
      return own.length === 0 ? [] : ["", style.strong(section), "", ...lines];
    }),
  ];
}

/** A sentence, and the actions that are listed below it; those of the Terraform role stand in it. */
function linesOf(found: DiffFound, style: Style): readonly string[] {
  const isListed = ["permissions-broadened", "permissions-narrowed", "policy-narrowed"].includes(found.rule);
  const actions = isListed && "actions" in found.values ? (found.values.actions ?? []) : [];
  const withoutActions = { ...found, values: { ...found.values, actions: [] } } as DiffFound;
  const sentence = textOf(RULES, actions.length === 0 ? found : withoutActions);
  const address = found.rule === "resource" ? ` (${style.code(found.address ?? "")})` : "";
  const advice = adviceLines(RULES, found).map((line) => `  ${style.advice(line)}`);
  return [`- ${style.text(sentence)}${address}`, ...advice, ...actionLines(actions, found.principal, style)];
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
    const names = group.map(({ action }) => style.code(action));
    return `  - ${countOf(group)}: ${change}: ${style.list(names, isRemoved ? FEW : FEW_NAMES)}`;
  });
  return style.folded(`${countOf(actions)}, by resources and conditions`, lines);
}

/** Where an action is allowed: in full where it is new or removed, else what differs. */
function scopeChange({ before, after }: ActionChange, style: Style): string {
  if (before.length === 0) {
    return `added on ${scopeList(after, style)}`;
  }
  if (after.length === 0) {
    return `removed, was on ${scopeList(before, style)}`;
  }
  const [lost, gained] = [beyond(before, after), beyond(after, before)];
  if (lost.length === 0 && gained.length > 0) {
    return `+ ${scopeList(gained, style)}`;
  }
  if (gained.length === 0 && lost.length > 0) {
    return `- ${scopeList(lost, style)}`;
  }
  return `${scopeList(lost, style)} -> ${scopeList(gained, style)}`;
}

/** The scopes that are not among others; of one with more values of a condition, those that it has more. */
function beyond(scopes: readonly Scope[], others: readonly Scope[]): readonly Scope[] {
  return scopes.flatMap((scope) => {
    const near = others.find((other) => (differing(scope, other)?.length ?? 2) <= 1);
    if (near === undefined) {
      return [scope];
    }
    const conditions = scope.conditions.map((condition, at) => {
      const known = near.conditions[at]?.values ?? [];
      const values = condition.values.filter((value) => !known.includes(value));
      return String(condition.values) === String(known) ? condition : { ...condition, values };
    });
    const isSame = differing(scope, near)?.length === 0;
    return isSame || conditions.some(({ values }) => values.length === 0) ? [] : [{ ...scope, conditions }];
  });
}

/** The conditions that have other values in another scope of the same resource with the same keys; undefined of any other scope. */
function differing(scope: Scope, other: Scope): Scope["conditions"] | undefined {
  const keysOf = ({ resource, conditions }: Scope) =>
    JSON.stringify([resource, conditions.map(({ test, variable }) => [test, variable])]);
  return keysOf(scope) === keysOf(other)
    ? scope.conditions.filter(({ values }, at) => String(values) !== String(other.conditions[at]?.values))
    : undefined;
}

/** Resources under the same conditions share them. */
function scopeList(scopes: readonly Scope[], style: Style): string {
  const groups = [...grouped(scopes, ({ conditions }) => conditionsText(conditions))].map(([conditions, group]) => {
    const resources = group.map(({ resource }) => (resource === "*" ? "all resources" : style.code(resource)));
    return `${style.list(resources, FEW_NAMES)}${style.text(conditions)}`;
  });
  return groups.join(", and on ");
}

/** " in eu-central-1 if iam:PassedToService is ec2.amazonaws.com". */
function conditionsText(conditions: Scope["conditions"]): string {
  const isRegion = ({ test, variable }: Scope["conditions"][number]) =>
    test === "StringEquals" && variable === "aws:RequestedRegion";
  const regions = conditions.filter(isRegion).map(({ values }) => ` in ${values.join(" or ")}`);
  const others = conditions
    .filter((condition) => !isRegion(condition))
    .map(
      ({ test, variable, values }) => `${variable} ${/^(?:StringEquals|Bool)$/.test(test) ? "is" : test} ${values.join(" or ")}`,
    );
  return `${regions.join("")}${others.length === 0 ? "" : ` if ${others.join(" and ")}`}`;
}
