import { DOCS } from "../text/advice";
import type { Level, Rule } from "./finding";

/**
 * Sentences with values in braces. Without a value, a part in brackets is left out, or becomes the
 * text behind its bar: `[a {b}|c]`. A line break is a space. `docs/` is where the reader has the
 * documentation.
 */
interface Templates {
  readonly text: string;
  readonly risk?: string | undefined;
  readonly remedy?: string | undefined;
}

/** By ID; a string is `text`. */
export type Sentences = Readonly<Record<string, string | Templates>>;

/** With a misspelled `risk` or `remedy`, no finding has all values. */
type TextsOf<Of> = Of extends string
  ? Of
  : keyof Of extends keyof Templates
    ? Of[keyof Of]
    : "{misspelled}";

/** In braces, and of those in brackets. */
type NamesIn<Template> = Template extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;
type OptionalIn<Template> = Template extends `${string}[${infer Part}]${infer Rest}`
  ? NamesIn<Part> | OptionalIn<Rest>
  : never;

interface WithAction {
  readonly action: string;
  readonly resource?: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}
type Value = string | number | readonly string[] | WithAction | readonly WithAction[];

/** Those that `Own` does not have are texts. */
type ValuesOf<Template, Own> = {
  readonly [Name in Exclude<NamesIn<Template>, OptionalIn<Template>>]: ValueOf<Name, Own>;
} & {
  readonly [Name in OptionalIn<Template>]?: ValueOf<Name, Own> | undefined;
};
type ValueOf<Name, Own> = Name extends keyof Own ? Own[Name] : string | number | readonly string[];

/** With its sentences for lists of rules. */
type TemplateRule<Values> = Rule<Values> & { readonly templates: Templates };

type Merged<Groups> = {
  readonly [Group in keyof Groups]: (sentences: Groups[Group]) => void;
}[keyof Groups] extends (sentences: infer All) => void
  ? All
  : never;

/** Values are texts, but for those that `Own` has. */
export type RulesOf<Groups, Own = object, All = Merged<Groups>> = {
  readonly [Id in keyof All]: TemplateRule<ValuesOf<TextsOf<All[Id]>, Own>>;
};

export function templateRules<Groups extends Readonly<Partial<Record<Level, Sentences>>>>(
  groups: Groups,
): RulesOf<Groups> {
  const entries = Object.entries<Sentences>(groups).flatMap(([level, sentences]) =>
    Object.entries(sentences).map(([id, given]) => [id, ruleOf(level as Level, given)]),
  );
  return Object.fromEntries(entries) as RulesOf<Groups>;
}

function ruleOf(level: Level, given: string | Templates): TemplateRule<Values> {
  const parts = Object.entries<string>(typeof given === "string" ? { text: given } : { ...given });
  const templates = parts.map(([part, text]) => [part, expanded(text)] as const);
  const sentences = templates.map(([part, template]) => [
    part,
    (values: Values) => filled(template, values),
  ]);
  return { level, templates: Object.fromEntries(templates), ...Object.fromEntries(sentences) };
}

const expanded = (text: string): string =>
  text.replaceAll(/\n\s*/g, " ").replaceAll("docs/", `${DOCS}/`);

type Values = Readonly<Record<string, Value | undefined>>;

function filled(template: string, values: Values): string {
  const isGiven = (name: string) => [values[name] ?? ""].flat().some((item) => item !== "");
  const names = (part: string) => [...part.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return template
    .replaceAll(/\[([^\]|]+)\|?([^\]]*)\]/g, (_, part: string, other: string) =>
      names(part).every(isGiven) ? part : other,
    )
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => valueText(values[name]));
}

function valueText(value: Value | undefined): string {
  const items = [value ?? []]
    .flat()
    .map((item) => (typeof item === "object" ? requestText(item) : String(item)));
  return items.join(", ");
}

/** "ec2:RunInstances on * with aws:RequestedRegion=eu-central-1" */
function requestText({ action, resource, context = {} }: WithAction): string {
  const keys = Object.entries(context).map(
    ([key, values]) => `${key}=${[values].flat().join(",")}`,
  );
  return filled("{action}[ on {resource}][ with {keys}]", { action, resource, keys });
}
