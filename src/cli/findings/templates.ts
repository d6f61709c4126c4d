import type { Level, Rule } from "./finding";

/**
 * Sentences with values in braces. Without a value, a part in brackets is left out, or becomes the
 * text behind its bar: `[a {b}|c]`.
 */
interface Templates {
  readonly text: string;
  readonly risk?: string | undefined;
  readonly remedy?: string | undefined;
}

/** The text, or text and remedy, or all sentences. */
export type Given = string | readonly [text: string, remedy: string] | Templates;

type TextsOf<Of extends Given> = Of extends string
  ? Of
  : Of extends readonly string[]
    ? Of[number]
    : Of[keyof Of];

/** The names in braces of a template, and those of them that stand in brackets. */
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

/** The values that templates show, by name; those that `Own` does not have are texts. */
type ValuesOf<Template, Own> = {
  readonly [Name in Exclude<NamesIn<Template>, OptionalIn<Template>>]: ValueOf<Name, Own>;
} & {
  readonly [Name in OptionalIn<Template>]?: ValueOf<Name, Own> | undefined;
};
type ValueOf<Name, Own> = Name extends keyof Own ? Own[Name] : string | number | readonly string[];

/** A rule with the sentences that have the names of their values, for lists of rules. */
type TemplateRule<Values> = Rule<Values> & { readonly templates: Templates };

type RulesOf<Of extends Readonly<Record<string, Given>>, Own> = {
  readonly [Id in keyof Of]: TemplateRule<ValuesOf<TextsOf<Of[Id]>, Own>>;
};

/** Rules of one level. */
export function templateRules<const Of extends Readonly<Record<string, Given>>, Own = object>(
  level: Level,
  given: Of,
): RulesOf<Of, Own> {
  const entries = Object.entries(given).map(([id, of]) => [id, ruleOf(level, templatesOf(of))]);
  return Object.fromEntries(entries) as RulesOf<Of, Own>;
}

function ruleOf(level: Level, templates: Templates): TemplateRule<Values> {
  const sentence = (template: string) => (values: Values) => filled(template, values);
  const optional = (template: string | undefined) =>
    template === undefined ? undefined : sentence(template);
  const { text, risk, remedy } = templates;
  return { level, templates, text: sentence(text), risk: optional(risk), remedy: optional(remedy) };
}

function templatesOf(given: Given): Templates {
  if (typeof given === "string") {
    return { text: given };
  }
  return "text" in given ? given : { text: given[0], remedy: given[1] };
}

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

/**
 * "ec2:RunInstances on * with aws:RequestedRegion=eu-central-1"; of a change of permissions, its
 * action.
 */
function requestText({ action, resource, context = {} }: WithAction): string {
  const keys = Object.entries(context).map(
    ([key, values]) => `${key}=${[values].flat().join(",")}`,
  );
  return `${action}${resource === undefined ? "" : ` on ${resource}`}${keys.length === 0 ? "" : ` with ${keys.join(", ")}`}`;
}
