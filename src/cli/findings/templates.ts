import type { Level, Rule } from "./finding";

/** Sentences with values in braces; a part in brackets is left out where a value in it is missing or empty. */
interface Templates {
  readonly text: string;
  readonly risk?: string;
  readonly remedy?: string;
}

/** What was found, or that and the remedy, or all sentences. */
type Given = string | readonly [text: string, remedy: string] | Templates;

type TextsOf<Of extends Given> = Of extends string ? Of : Of extends readonly string[] ? Of[number] : Of[keyof Of];

/** The names in braces of a template, and those of them that stand in brackets. */
type NamesIn<Template> = Template extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type OptionalIn<Template> = Template extends `${string}[${infer Part}]${infer Rest}` ? NamesIn<Part> | OptionalIn<Rest> : never;

type Value = string | number | readonly string[];

/** The values that templates show. */
type ValuesOf<Template> = { readonly [Name in Exclude<NamesIn<Template>, OptionalIn<Template>>]: Value } & {
  readonly [Name in OptionalIn<Template>]?: Value | undefined;
};

/** Rules of one level. */
export function templateRules<const Of extends Readonly<Record<string, Given>>>(level: Level, given: Of) {
  const entries = Object.entries(given).map(([id, of]) => [id, ruleOf(level, of)]);
  return Object.fromEntries(entries) as { readonly [Id in keyof Of]: Rule<ValuesOf<TextsOf<Of[Id]>>> };
}

function ruleOf(level: Level, given: Given): Rule<Values> {
  const { text, risk, remedy } = templatesOf(given);
  const optional = (template: string | undefined) => (template === undefined ? undefined : sentence(template));
  return { level, text: sentence(text), risk: optional(risk), remedy: optional(remedy) };
}

function templatesOf(given: Given): Templates {
  if (typeof given === "string") {
    return { text: given };
  }
  return "text" in given ? given : { text: given[0], remedy: given[1] };
}

type Values = Readonly<Record<string, Value | undefined>>;

/** Lists are cut where nobody reads on. All items are in the values. */
const LONGEST_LIST = 40;

function sentence(template: string): (values: Values) => string {
  return (values) => {
    const isGiven = (name: string) => [values[name] ?? ""].flat().some((item) => item !== "");
    const names = (part: string) => [...part.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
    return template
      .replaceAll(/\[([^\]]+)\]/g, (_, part: string) => (names(part).every(isGiven) ? part : ""))
      .replaceAll(/\{(\w+)\}/g, (_, name: string) => valueText(values[name]));
  };
}

function valueText(value: Value | undefined): string {
  const items = [value ?? []].flat();
  const more = items.length > LONGEST_LIST ? [`... (${items.length} in all)`] : [];
  return [...items.slice(0, LONGEST_LIST), ...more].join(", ");
}
