import type { DecisionRequest } from "../../decision/model";
import type { AccessLevel, Area } from "../../iam/catalogue";
import type { Level, Rule } from "../findings/finding";

/** A resource pattern and its conditions as people read them: `aws:RequestedRegion is eu-central-1`. */
export type Scope = { readonly resource: string; readonly conditions: readonly string[] };

/** An action that is allowed for more requests than before, or for fewer. */
export type ActionChange = {
  /** As the policy writes it; may have wildcards. */
  readonly action: string;
  /** `unknown` for what is not in the catalogue. */
  readonly access: AccessLevel | "unknown";
  readonly area: Area | "not in DKP's catalogue";
  /** What DKP does with it. */
  readonly why?: string | undefined;
  readonly before: readonly Scope[];
  readonly after: readonly Scope[];
};

/** Sentences with values in braces; a part in brackets is left out where a value in it is missing or empty. */
interface Templates {
  readonly text: string;
  readonly risk?: string;
  readonly remedy?: string;
}

/** The sentence, or all of them. */
type Given = string | Templates;

/** The names in braces of a template, and those of them that stand in brackets. */
type NamesIn<Template> = Template extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type OptionalIn<Template> = Template extends `${string}[${infer Part}]${infer Rest}` ? NamesIn<Part> | OptionalIn<Rest> : never;

type ValueOf<Name> = Name extends "actions"
  ? readonly ActionChange[]
  : Name extends "request"
    ? DecisionRequest
    : string | readonly string[];

/** The values that templates show. */
type ValuesOf<Template> = { readonly [Name in Exclude<NamesIn<Template>, OptionalIn<Template>>]: ValueOf<Name> } & {
  readonly [Name in OptionalIn<Template>]?: ValueOf<Name> | undefined;
};

type TextsOf<Of extends Given> = Of extends string ? Of : Of[keyof Of];

export interface DiffRule<Values, Section extends string> extends Rule<Values> {
  /** The sentences with the names of their values, for lists of rules. */
  readonly templates: Templates;
  /** Under which heading a summary lists a finding. */
  readonly section: Section;
}

/** Rules of one level under one heading. */
export function rules<Section extends string, const Of extends Readonly<Record<string, Given>>>(
  level: Level,
  section: Section,
  given: Of,
) {
  const rule = (of: Given): DiffRule<never, Section> => {
    const templates = typeof of === "string" ? { text: of } : of;
    const sentence = (template = "") => (template === "" ? undefined : (values: never) => filled(template, values));
    const { text, risk, remedy } = templates;
    return { level, section, templates, text: (values) => filled(text, values), risk: sentence(risk), remedy: sentence(remedy) };
  };
  const entries = Object.entries(given).map(([id, of]) => [id, rule(of)]);
  return Object.fromEntries(entries) as { readonly [Id in keyof Of]: DiffRule<ValuesOf<TextsOf<Of[Id]>>, Section> };
}

function filled(template: string, values: Readonly<Record<string, unknown>>): string {
  const isGiven = (name: string) => ![undefined, ""].includes(values[name] as string) && [values[name]].flat().length > 0;
  const names = (part: string) => [...part.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  return template
    .replaceAll(/\[([^\]]+)\]/g, (_, part: string) => (names(part).every(isGiven) ? part : ""))
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => shown(values[name]));
}

function shown(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map((item: string | ActionChange) => (typeof item === "string" ? item : item.action)).join(", ");
  }
  if (typeof value !== "object") {
    return String(value);
  }
  const { action, resource, context } = value as DecisionRequest;
  const keys = Object.entries(context).map(([key, values]) => `${key}=${[values].flat().join(",")}`);
  return `${action} on ${resource}${keys.length === 0 ? "" : ` with ${keys.join(", ")}`}`;
}
