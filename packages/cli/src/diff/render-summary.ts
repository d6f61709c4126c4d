import { grouped } from "../../../../src/text/grouped";
import { ascii } from "../../../../src/text/printable";
import { adviceLines, LEVELS, levelOf, textOf } from "../findings/finding";
import { dkpAccess } from "../text/advice";
import { code, counted, prose } from "../text/markdown";
import {
  type ActionChange,
  type DiffFound,
  NO_LONGER,
  type Principal,
  RULES,
  type Scope,
  type Section,
} from "./change-rules";
import { type Changes, changesExitCode, type DeploymentChanges } from "./changes";
import { isRegion } from "./grants";

interface Style {
  readonly text: (text: string) => string;
  readonly code: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly heading: (text: string) => string;
  readonly section: (title: string, lines: readonly string[]) => readonly string[];
  readonly advice: (text: string) => string;
  /** Begins an item that has a mark of its own. */
  readonly bullet: string;
  readonly column: (texts: readonly string[]) => readonly string[];
  readonly list: (entries: readonly string[], most: number) => string;
  /** What most readers skip. */
  readonly folded: (summary: string, lines: readonly string[]) => readonly string[];
}

/** A zero-width space keeps `@` and `#` from reaching people and issues. */
function guarded(text: string): string {
  return prose(ascii(text)).replaceAll(/[@#]/g, "$&&#8203;");
}

const MARKDOWN: Style = {
  text: guarded,
  code: (text) => code(ascii(text)),
  strong: (text) => `**${text}**`,
  heading: (text) => `### ${text}`,
  section: (title, lines) => ["", `**${title}**`, "", ...lines],
  advice: (text) => `- ${guarded(text.replace(/^-> /, "remedy: "))}`,
  bullet: "- ",
  column: (texts) => texts,
  list: (entries) => entries.join(", "),
  folded: (summary, lines) => [
    "",
    `<details><summary>${summary}</summary>`,
    "",
    ...lines,
    "",
    "</details>",
  ],
};

const PLAIN: Style = {
  text: ascii,
  code: ascii,
  strong: (text) => text,
  heading: (text) => text,
  section: (title, lines) => [title, ...lines.map((line) => `  ${line}`)],
  advice: (text) => text,
  bullet: "",
  column: (texts) => {
    const width = Math.max(...texts.map(({ length }) => length));
    return texts.map((text) => text.padEnd(width));
  },
  list: (entries, most) =>
    entries.length <= most
      ? entries.join(", ")
      : `${entries.slice(0, most - 1).join(", ")} and ${entries.length - most + 1} more`,
  folded: (_, lines) => lines,
};

/** GitHub's limit. GitLab accepts longer comments. */
const MAX_COMMENT = 65_536;

const OMITTED = "omitted because of the maximum length of a comment._";

/** A comment on a pull request: long lists are folded, or omitted if it would be too long. */
export function changesMarkdown(changes: Changes): string {
  const whole = render(changes, MARKDOWN);
  const short: Style = { ...MARKDOWN, folded: (summary) => ["", `_${summary}: ${OMITTED}`] };
  const comment = whole.length <= MAX_COMMENT ? whole : render(changes, short);
  const rest = `\n\n_The rest is ${OMITTED}\n`;
  const end = comment.lastIndexOf("\n", MAX_COMMENT - rest.length);
  return comment.length <= MAX_COMMENT ? comment : comment.slice(0, end) + rest;
}

export function changesText(changes: Changes): string {
  return render(changes, PLAIN);
}

/** More actions are listed in groups of the same permissions. */
const FEW = 12;
/** Names in one line of a terminal. */
const FEW_NAMES = 3;

function render(changes: Changes, style: Style): string {
  const { source, deployments, guardsOff = [] } = changes;
  const changed = deployments.filter(({ state }) => state !== "unchanged");
  const unchanged = deployments.flatMap(({ state, stack }) => (state === "unchanged" ? stack : []));
  const names =
    unchanged.length > FEW ? `${unchanged.length} deployments` : style.text(unchanged.join(", "));
  return [
    style.strong(`Verdict: ${verdict(changes)}`),
    style.text(source),
    ...(guardsOff.length > 0 ? [`Guards that are off: ${style.text(guardsOff.join("; "))}`] : []),
    ...changed.flatMap((deployment) => ["", ...deploymentLines(deployment, style)]),
    ...(unchanged.length > 0 ? ["", `Unchanged: ${names}`] : []),
    ...applyLines(changes, style),
    "",
  ].join("\n");
}

function applyLines({ digest, isOffered, ...changes }: Changes, style: Style): readonly string[] {
  if (digest === undefined) {
    return [];
  }
  const exitCode = changesExitCode(changes);
  const accept = exitCode === 0 ? [] : ["--accept", String(exitCode)];
  const stacks = changes.deployments.map(({ stack }) => stack);
  const command = dkpAccess("apply", ...stacks, "--approved", digest, ...accept);
  return ["", isOffered ? `Apply it: ${style.code(command)}` : `Digest: ${style.code(digest)}`];
}

const SUBJECTS: Readonly<Record<Principal, string>> = {
  user: "The key",
  "node role": "The node role",
  "Terraform role": "The Terraform role",
  "principal of the imported policy": "The imported policy",
};

/** "The key can do more." */
function permissionSentences(founds: readonly DiffFound[], what: "more" | "less"): string {
  const verb = (subject: string) => (subject.endsWith("policy") ? "allows" : "can do");
  const subjects = founds.map(({ principal }) => SUBJECTS[(principal ?? "user") as Principal]);
  return [...new Set(subjects)].map((subject) => `${subject} ${verb(subject)} ${what}.`).join(" ");
}

const HEADLINES: Readonly<Partial<Record<Section, (founds: readonly DiffFound[]) => string>>> = {
  "Breaking changes": ({ length }) => `${counted(length, "breaking change")}.`,
  Unverifiable: () => "The plan is incomplete.",
  "Left unmanaged": ({ length }) => `${counted(length, "deployment")} left unmanaged.`,
  "Who can read a secret": () => "The secret gets other readers.",
  "Destination of the secret": () => "The backend of the state changes.",
  "Broadened permissions": (founds) => permissionSentences(founds, "more"),
  "Narrowed permissions": (founds) => permissionSentences(founds, "less"),
  "Changes that cannot be judged": ({ length }) => `${counted(length, "change")} cannot be judged.`,
  "Deleted outside Terraform": ({ length }) =>
    `${counted(length, "object")} deleted outside Terraform.`,
  "Policy files of the Terraform role": () =>
    "The policy files of the Terraform role allow more, and this change uses none of it.",
  "Permissions of the Terraform role": () => "The Terraform role needs more permissions.",
  "Access keys": ({ length }) => `${counted(length, "change")} of an access key that DKP may use.`,
  "Other changes that require attention": ({ length }) =>
    `${counted(length, "other change")} ${length === 1 ? "requires" : "require"} attention.`,
};

/** Beside these, the summary does not say that permissions are narrowed. */
const NOT_ONLY_NARROWED: readonly Section[] = [
  "Broadened permissions",
  "Changes that cannot be judged",
  "Unverifiable",
];

/** A new deployment has no permissions that could be broadened, and no readers that get others. */
const WITHOUT_BEFORE: readonly string[] = ["Broadened permissions", "Who can read a secret"];

function verdict(changes: Changes): string {
  const { deployments } = changes;
  const findings = deployments.flatMap((deployment) => deployment.findings);
  const levels = findings.map((found) => levelOf(RULES, found));
  const worst = LEVELS.findLast((level) => levels.includes(level)) ?? "note";
  const level = `${worst === "note" ? "harmless" : worst} (exit code ${changesExitCode(changes)}).`;
  if (deployments.every(({ state }) => state === "unchanged")) {
    return `${level} Nothing changes.`;
  }
  const isOnlyNarrowed = !findings.some(({ rule }) =>
    NOT_ONLY_NARROWED.includes(RULES[rule].section),
  );
  const added = deployments.filter(({ state }) => state === "new");
  const sentences = added.length === 0 ? [] : [`${counted(added.length, "new deployment")}.`];
  const sectionsOfNew = added.flatMap(({ findings: own }) =>
    own.map(({ rule }) => RULES[rule].section),
  );
  if (sectionsOfNew.includes("Who can read a secret")) {
    sentences.push("Check who can read the secret.");
  }
  for (const [section, sentenceOf] of Object.entries(HEADLINES)) {
    const isCompared = ({ state }: DeploymentChanges) =>
      state !== "new" || !WITHOUT_BEFORE.includes(section);
    const counting = deployments
      .filter(isCompared)
      .flatMap((each) => each.findings)
      .filter((found) => RULES[found.rule].section === section)
      .filter((found) =>
        section === "Narrowed permissions" ? isOnlyNarrowed : levelOf(RULES, found) !== "note",
      );
    sentences.push(...(counting.length === 0 ? [] : [sentenceOf(counting)]));
  }
  const rest = sentences.length > 0 ? [] : harmlessSentences(findings);
  return [level, ...sentences, ...rest].join(" ");
}

function harmlessSentences(findings: readonly DiffFound[]): readonly string[] {
  const isOutdated = findings.some(({ rule }) => rule === "state-outdated");
  const same = isOutdated ? "Only the state changes." : "No resource changes.";
  return ["The permissions stay the same.", resourceCounts(findings) ?? same];
}

/** "1 resource created, 2 updated." */
export function resourceCounts(findings: readonly DiffFound[]): string | undefined {
  const resources = findings.flatMap((found) => (found.rule === "resource" ? [found] : []));
  const counts = [...grouped(resources, ({ values }) => String(values.action))].map(
    ([action, { length }], at) => `${at === 0 ? counted(length, "resource") : length} ${action}`,
  );
  return counts.length === 0 ? undefined : `${counts.join(", ")}.`;
}

/** "14 actions (6 Write, 2 Tagging, 6 Read)": the counts add up. */
function countOf(changes: readonly ActionChange[]): string {
  const kinds = [...grouped(changes, kindOf)];
  const counts = kinds
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .map(([kind, { length }]) => `${length} ${kind}`);
  const [[first = ""] = []] = kinds;
  return kinds.length === 1 && changes[0]?.access !== "unknown"
    ? counted(changes.length, `${first} action`)
    : `${counted(changes.length, "action")} (${counts.join(", ")})`;
}

const kindOf = ({ access }: ActionChange): string =>
  access === "unknown" ? "not in DKP's catalogue" : access;

function deploymentLines(
  { stack, state, findings, approved = [] }: DeploymentChanges,
  style: Style,
): readonly string[] {
  const files = approved.map(({ name, digest }) => `- ${style.code(name)}: SHA-256 ${digest}`);
  const suffix = state === "changed" ? "" : `: ${state}`;
  const sections = [...new Set(Object.values(RULES).map(({ section }) => section))];
  return [
    style.heading(`${style.text(stack)}${suffix}`),
    ...sections.flatMap((section) => {
      const own = findings.filter(({ rule }) => RULES[rule].section === section);
      if (own.length === 0) {
        return [];
      }
      return section === "Impact of a leaked key"
        ? impactLines(own, state, style)
        : style.section(
            titleOf(section, own),
            own.flatMap((found) => linesOf(found, style)),
          );
    }),
    ...(files.length === 0 ? [] : style.section("Files to approve", files)),
  ];
}

function impactLines(
  findings: readonly DiffFound[],
  state: DeploymentChanges["state"],
  style: Style,
): readonly string[] {
  const risks = findings.flatMap((found) => (found.rule === "risk" ? [found.values] : []));
  if (state === "new") {
    const all = `${counted(risks.length, "impact")} of a leaked key: REVIEW.md lists them.`;
    return style.section("Impact of a leaked key", [`- ${style.text(all)}`]);
  }
  const text = (value: unknown) => style.text(String(value));
  const gained = risks.filter(({ before }) => !before).map(({ after }) => `- ${text(after)}`);
  const lost = risks
    .filter(({ after }) => after === NO_LONGER)
    .map(({ before }) => `- ${text(before)}`);
  const other = risks.filter(({ before, after }) => before && after !== NO_LONGER);
  const changed = [...grouped(other, ({ change = "" }) => String(change))].map(
    ([change, group]) =>
      [
        change === ""
          ? "The impact of a leaked key changes"
          : style.text(
              `A leaked key ${change}. This changes ${counted(group.length, "impact")} in ` +
                "REVIEW.md, as follows",
            ),
        group.flatMap(({ before, after }) => [
          `- ${text(after)}`,
          ...(change === "" ? [`  ${style.advice(`before: ${before}`)}`] : []),
        ]),
      ] as const,
  );
  const groups = [
    ["A leaked key can now also", gained],
    ["A leaked key can no longer", lost],
    ...changed,
  ] as const;
  return groups.flatMap(([title, lines]) =>
    lines.length === 0 ? [] : style.section(title, lines),
  );
}

const LISTED: readonly string[] = ["permissions-broadened", "permissions-narrowed"];

function actionsOf(found: DiffFound): readonly ActionChange[] {
  return LISTED.includes(found.rule) && "actions" in found.values
    ? (found.values.actions ?? [])
    : [];
}

function titleOf(section: Section, findings: readonly DiffFound[]): string {
  const actions = findings.flatMap(actionsOf);
  if (
    findings.every(({ rule, values }) => rule === "permissions-broadened" && "created" in values)
  ) {
    return `Permissions: ${counted(actions.length, "action")}`;
  }
  const counts = [...grouped(actions, markOf)].map(
    ([mark, { length }], at) =>
      `${at === 0 ? counted(length, "action") : length} ${MARKS[mark as Mark]}`,
  );
  return counts.length === 0 ? section : `${section}: ${counts.join(", ")}`;
}

/** Their sentence names a kind of resource, of which a deployment can have several. */
const ADDRESSED: readonly string[] = ["resource", "destroyed"];

function linesOf(found: DiffFound, style: Style): readonly string[] {
  const actions = actionsOf(found);
  const withoutActions = { ...found, values: { ...found.values, actions: [] } } as DiffFound;
  const sentence = textOf(RULES, actions.length === 0 ? found : withoutActions);
  const address = ADDRESSED.includes(found.rule) ? ` (${style.code(found.address ?? "")})` : "";
  const advice = adviceLines(RULES, found).map((line) => `  ${style.advice(line)}`);
  return [
    `- ${style.text(sentence)}${address}`,
    ...advice,
    ...actionLines(actions, found.principal, style),
  ];
}

const MARKS = { "+": "added", "-": "removed", "~": "changed" } as const;
type Mark = keyof typeof MARKS;

function markOf({ before, after }: ActionChange): Mark {
  if (before.length === 0) {
    return "+";
  }
  return after.length === 0 ? "-" : "~";
}

function actionLines(
  actions: readonly ActionChange[],
  principal: string | undefined,
  style: Style,
): readonly string[] {
  if (actions.length <= FEW) {
    const names = style.column(
      actions.map((change) => style.code(`${markOf(change)} ${change.action}`)),
    );
    return actions.map((change, at) => {
      const why = principal === "user" && change.why;
      return (
        `  ${style.bullet}${names[at]} (${style.text(kindOf(change))}) ` +
        `${scopeChange(change, style)}${why ? ` (why: ${style.text(why)})` : ""}`
      );
    });
  }
  const groups = [...grouped(actions, (change) => scopeChange(change, style))];
  const lines = groups.map(([change, group]) => {
    // The summary names each action that is no longer allowed anywhere.
    const [mark = "~"] = group.map(markOf);
    const names = style.list(
      group.map(({ action }) => style.code(action)),
      mark === "-" ? FEW : FEW_NAMES,
    );
    return `  ${style.bullet}${style.code(mark)} ${countOf(group)} ${change}: ${names}`;
  });
  return style.folded(`${countOf(actions)}, by resources and conditions`, lines);
}

function scopeChange({ before, after }: ActionChange, style: Style): string {
  if (before.length === 0) {
    return `on ${scopeList(after, style)}`;
  }
  if (after.length === 0) {
    return `no longer on ${scopeList(before, style)}`;
  }
  const [lost, gained] = [beyond(before, after), beyond(after, before)];
  if (lost.length === 0 && gained.length > 0) {
    return `also on ${scopeList(gained, style)}`;
  }
  if (gained.length === 0 && lost.length > 0) {
    return `still allowed, but no longer on ${scopeList(lost, style)}`;
  }
  return `on ${scopeList(gained, style)} instead of ${scopeList(lost, style)}`;
}

/** The scopes that are not among others; of one with more values, only those. */
function beyond(scopes: readonly Scope[], others: readonly Scope[]): readonly Scope[] {
  return scopes.flatMap((scope) => {
    const near = others.find((other) => differing(scope, other) <= 1);
    if (near === undefined) {
      return [scope];
    }
    const conditions = scope.conditions.map((condition, at) => {
      const known = near.conditions[at]?.values ?? [];
      const values = condition.values.filter((value) => !known.includes(value));
      return String(condition.values) === String(known) ? condition : { ...condition, values };
    });
    const isSame = differing(scope, near) === 0;
    return isSame || conditions.some(({ values }) => values.length === 0)
      ? []
      : [{ ...scope, conditions }];
  });
}

/** How many conditions have other values; infinite for other resources or keys. */
function differing(scope: Scope, other: Scope): number {
  const keysOf = ({ resource, conditions }: Scope) =>
    JSON.stringify([resource, conditions.map(({ test, variable }) => [test, variable])]);
  return keysOf(scope) === keysOf(other)
    ? scope.conditions.filter(
        ({ values }, at) => String(values) !== String(other.conditions[at]?.values),
      ).length
    : Number.POSITIVE_INFINITY;
}

function scopeList(scopes: readonly Scope[], style: Style): string {
  const groups = [...grouped(scopes, ({ conditions }) => conditionsText(conditions))].map(
    ([conditions, group]) => {
      const resources = group.map(({ resource }) =>
        resource === "*" ? "all resources" : style.code(resource),
      );
      return `${style.list(resources, FEW_NAMES)}${style.text(conditions)}`;
    },
  );
  return groups.join(", and on ");
}

/** " in eu-central-1 if iam:PassedToService is ec2.amazonaws.com" */
function conditionsText(conditions: Scope["conditions"]): string {
  const regions = conditions.filter(isRegion).map(({ values }) => ` in ${values.join(" or ")}`);
  const others = conditions
    .filter((condition) => !isRegion(condition))
    .map(({ test, variable, values }) => {
      const every = test.startsWith("ForAllValues:") ? "every " : "";
      const verb = /^(?:(?:ForAllValues:)?StringEquals|Bool)$/.test(test) ? "is" : test;
      return `${every}${variable} ${verb} ${values.join(" or ")}`;
    });
  return `${regions.join("")}${others.length === 0 ? "" : ` if ${others.join(" and ")}`}`;
}
