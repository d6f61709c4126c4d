import { visible } from "../../text/printable";

/** By level, from the least to the most serious, the exit code of a command that reports it. */
export const EXIT_CODE_OF = { note: 0, attention: 2, unverifiable: 3, breaking: 3 } as const;

/** What a finding means for the person who runs the command. */
export type Level = keyof typeof EXIT_CODE_OF;

const LEVELS = Object.keys(EXIT_CODE_OF) as readonly Level[];

/** A kind of finding. The sentence is only here: everything else reads the values. */
export interface Rule<Values> {
  readonly level: Level;
  /** What the rule reports, as a complete sentence, for lists of rules. */
  readonly title: string;
  /** The finding in one line, without a final period. */
  readonly text: (values: Values) => string;
}

/** The rules of one command. Their names are stable: alerts and filters refer to them. */
export type Rules = Readonly<Record<string, Rule<never>>>;

/** Where a finding is, as far as it is known. */
export interface Location {
  /** Path of the setting, `accessKeys.primary.pgpKey`, so that SARIF and editors can point at its line. */
  readonly field?: string | undefined;
  /** Address of the resource in Terraform. */
  readonly address?: string | undefined;
  /** Whose permissions it is about. */
  readonly principal?: string | undefined;
}

/** What a rule found, before it is known in which deployment. The values are JSON and contain no secret. */
export type Found<Of extends Rules> = {
  readonly [Id in keyof Of & string]: Location & { readonly rule: Id; readonly values: Parameters<Of[Id]["text"]>[0] };
}[keyof Of & string];

/** A finding is data. Text, Markdown, JSON and SARIF are renderings of it, and nothing reads the rendering. */
export type Finding<Of extends Rules> = Found<Of> & { readonly stack: string };

/** The level of a finding. */
export function levelOf<Of extends Rules>(rules: Of, { rule }: Found<Of>): Level {
  return rules[rule]?.level ?? "breaking";
}

/** The sentence of a finding; hidden characters in its values are escape sequences. */
export function textOf<Of extends Rules>(rules: Of, { rule, values }: Found<Of>): string {
  // The type of a finding binds its values to its rule.
  return visible(rules[rule]?.text(values as never) ?? rule);
}

/** Findings from the most to the least serious; those of one level stay in their order. */
export function mostSeriousFirst<Of extends Rules, Item extends Found<Of>>(
  rules: Of,
  findings: readonly Item[],
): readonly Item[] {
  return findings.toSorted((one, other) => LEVELS.indexOf(levelOf(rules, other)) - LEVELS.indexOf(levelOf(rules, one)));
}

/** The exit code of a command that reports these findings: that of the most serious one. */
export function exitCodeOf<Of extends Rules>(rules: Of, findings: readonly Found<Of>[]): 0 | 2 | 3 {
  const codes = findings.map((finding) => EXIT_CODE_OF[levelOf(rules, finding)]);
  return codes.find((code) => code === 3) ?? codes.find((code) => code === 2) ?? 0;
}

/** Findings as a program reads them: each with its level and its sentence. */
export function findingsJson<Of extends Rules>(rules: Of, findings: readonly Finding<Of>[]): readonly object[] {
  return findings.map((finding) => {
    const { rule, stack, field, address, principal, values } = finding;
    return { rule, level: levelOf(rules, finding), stack, field, address, principal, text: textOf(rules, finding), values };
  });
}

/** Findings as a person reads them in a terminal: one line each, the most serious first, under the name of the deployment. */
export function findingsText<Of extends Rules>(rules: Of, findings: readonly Finding<Of>[]): string {
  const stacks = [...new Set(findings.map(({ stack }) => stack))];
  return stacks
    .map((stack) => {
      const own = mostSeriousFirst<Of, Finding<Of>>(
        rules,
        findings.filter((finding) => finding.stack === stack),
      );
      return [`${visible(stack)}:`, ...own.map((finding) => `  ${levelOf(rules, finding)}: ${textOf(rules, finding)}`), ""].join(
        "\n",
      );
    })
    .join("\n");
}
