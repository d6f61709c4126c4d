import { visible } from "../../text/printable";

/** By level, from the least to the most serious, the exit code of a command that reports it. */
const EXIT_CODE_OF = { note: 0, attention: 2, unverifiable: 3, breaking: 3 } as const;

/** What a finding means for the person who runs the command. */
export type Level = keyof typeof EXIT_CODE_OF;

/** A kind of finding. The sentence is only here: everything else reads the values. */
export interface Rule<Values> {
  readonly level: Level;
  /** The finding in one line, without a final period. */
  readonly text: (values: Values) => string;
}

/** The rules of one command. Their names are stable: alerts and filters refer to them. */
export type Rules = Readonly<Record<string, Rule<never>>>;

/** Where a finding is, as far as it is known. */
interface Location {
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

/** The exit code of a command that reports these findings: that of the most serious one. */
export function exitCodeOf<Of extends Rules>(rules: Of, findings: readonly Found<Of>[]): 0 | 2 | 3 {
  return Math.max(0, ...findings.map((finding) => EXIT_CODE_OF[levelOf(rules, finding)])) as 0 | 2 | 3;
}

/** Findings as a program reads them: each with its level and its sentence. */
export function findingsJson<Of extends Rules>(rules: Of, findings: readonly Finding<Of>[]): readonly object[] {
  return findings.map((finding) => {
    const { rule, stack, field, address, principal, values } = finding;
    return { rule, level: levelOf(rules, finding), stack, field, address, principal, text: textOf(rules, finding), values };
  });
}
