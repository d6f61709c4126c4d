import { ascii, visible } from "../../../../src/text/printable";

/** Exit codes of all commands. If several apply, the highest one counts. */
export const EXIT = { success: 0, error: 1, attention: 2, breaking: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type Level = "note" | "attention" | "unverifiable" | "breaking";

const EXIT_CODE_OF: Readonly<Record<Level, 0 | 2 | 3>> = {
  note: EXIT.success,
  attention: EXIT.attention,
  unverifiable: EXIT.breaking,
  breaking: EXIT.breaking,
};

export const LEVELS = Object.keys(EXIT_CODE_OF) as readonly Level[];

/** Without a final period. */
type Sentence<Values> = (values: Values) => string;

/** Sentences are only here: everything else reads the values. */
export interface Rule<Values> {
  readonly level: Level;
  readonly text: Sentence<Values>;
  readonly risk?: Sentence<Values> | undefined;
  readonly remedy?: Sentence<Values> | undefined;
}

/** Rule IDs are stable: alerts and filters refer to them. */
export type Rules = Readonly<Record<string, Rule<never>>>;

interface Location {
  /** `accessKeys.managedBy`, so that editors can point at its line. */
  readonly field?: string | undefined;
  readonly address?: string | undefined;
  /** Whose permissions it is about. */
  readonly principal?: string | undefined;
  /** The object in AWS, which Terraform may not manage: `user deckhouse`. */
  readonly object?: string | undefined;
}

/** The values are JSON and contain no secret. */
export type Found<Of extends Rules> = {
  readonly [Id in keyof Of & string]: Location & {
    readonly rule: Id;
    readonly values: Parameters<Of[Id]["text"]>[0];
  };
}[keyof Of & string];

/** Data: nothing reads its text, Markdown or JSON again. */
export type Finding<Of extends Rules> = Found<Of> & { readonly stack: string };

export function levelOf<Of extends Rules>(rules: Of, { rule }: Found<Of>): Level {
  return rules[rule]?.level ?? "breaking";
}

/** Characters outside ASCII are escape sequences. */
export function textOf<Of extends Rules>(rules: Of, { rule, values }: Found<Of>): string {
  // The type of a finding binds its values to its rule.
  return ascii(rules[rule]?.text(values as never) ?? rule);
}

function adviceOf<Of extends Rules>(rules: Of, { rule, values }: Found<Of>) {
  const sentence = (make: Sentence<never> | undefined) =>
    make && (ascii(make(values as never)) || undefined);
  return { risk: sentence(rules[rule]?.risk), remedy: sentence(rules[rule]?.remedy) };
}

/** What a command ends with that does nothing because of a finding. */
export function refusalOf<Of extends Rules>(rules: Of, found: Found<Of>): string {
  return `${textOf(rules, found)}; ${adviceOf(rules, found).remedy}`;
}

/** Lines below its sentence. */
export function adviceLines<Of extends Rules>(rules: Of, found: Found<Of>): readonly string[] {
  const { risk, remedy } = adviceOf(rules, found);
  return [...(risk ? [`risk: ${risk}`] : []), ...(remedy ? [`-> ${remedy}`] : [])];
}

/** Each finding with its level and object, risk and remedy, and the number of each level. */
export function findingsText<Of extends Rules>(
  rules: Of,
  heading: readonly string[],
  findings: readonly Found<Of>[],
): string {
  const levels = findings.map((found) => levelOf(rules, found));
  const counts = LEVELS.slice(1).map((level) => ({
    level,
    count: levels.filter((other) => other === level).length,
  }));
  const lines = findings.flatMap((found, index) => [
    [levels[index], found.object, textOf(rules, found)]
      .filter((part) => part !== undefined)
      .join(": "),
    ...adviceLines(rules, found).map((line) => `  ${line}`),
  ]);
  const total =
    counts.flatMap(({ level, count }) => (count === 0 ? [] : `${level}: ${count}`)).join(", ") ||
    "nothing found";
  return [...heading, ...lines, total].map((line) => `${visible(line)}\n`).join("");
}

export function exitCodeOf<Of extends Rules>(rules: Of, findings: readonly Found<Of>[]): 0 | 2 | 3 {
  return Math.max(0, ...findings.map((finding) => EXIT_CODE_OF[levelOf(rules, finding)])) as
    | 0
    | 2
    | 3;
}

/**
 * Every `--format json`; `docs/reference/findings.schema.json` describes it.
 * @param deployments what the command reports of each deployment besides findings
 * @param more what it reports besides deployments
 */
export function reportJson<Of extends Rules>(
  rules: Of,
  findings: readonly Finding<Of>[],
  deployments: readonly (object & { readonly stack: string })[],
  more: object = {},
): object {
  const read = findings.map((finding) => {
    const { rule, values, ...location } = finding;
    const level = levelOf(rules, finding);
    return {
      rule,
      level,
      ...location,
      text: textOf(rules, finding),
      ...adviceOf(rules, finding),
      values,
    };
  });
  return { exitCode: exitCodeOf(rules, findings), ...more, deployments, findings: read };
}
