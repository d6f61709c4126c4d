import { shellWord } from "../../../text/shell";
import { attributed, isAfter, type LeakedAccess } from "./trail-callers";
import { partsOf, type TrailEvent, valuesOf } from "./trail-event";
import type { TrailContents } from "./trail-files";
import { TRAIL_RULES, type TrailRule } from "./trail-rules";

/** Something in the account that a leaked key created or changed. */
export interface TrailFinding {
  /** What it is, and its name: "role evil". */
  readonly object: string;
  /** Fields that show how far it reaches: "cidrIp 0.0.0.0/0". */
  readonly details: readonly string[];
  readonly risk: string;
  /** Commands that remove it; none where the steps or a command before do, or the event does not name it. */
  readonly undo: readonly string[];
  readonly action: string;
  readonly time: string;
  readonly region: string;
  /** The address that the request came from. */
  readonly from: string;
  readonly accessKeyId?: string | undefined;
  /** `eventID` in CloudTrail. */
  readonly event: string;
}

/** What CloudTrail files show about a leaked key. */
export interface TrailReport {
  readonly files: number;
  /** Events of the key, and of what it obtained, that changed something. */
  readonly events: number;
  readonly since?: string | undefined;
  /** The newest first, which is the order in which they can be removed. */
  readonly findings: readonly TrailFinding[];
  /** Further changes that no finding covers, by action. */
  readonly changes: Readonly<Record<string, number>>;
  /** Requests that AWS denied or that failed, by action. */
  readonly failed: Readonly<Record<string, number>>;
  /** Where the requests came from, by address. */
  readonly addresses: Readonly<Record<string, number>>;
}

/** What a leaked key created and changed since a time. */
export function trailReport({ files, events }: TrailContents, access: LeakedAccess): TrailReport {
  const { events: all, roles } = attributed(events, access);
  const own = all.filter((event) => isAfter(event, access.since));
  const done = own.filter(({ error }) => error === undefined);
  const ruled = done.map((event) => ({ event, finding: findingOf(event, roles) }));
  return {
    files,
    events: own.length,
    since: access.since,
    findings: withoutRepetition(ruled.flatMap(({ finding }) => finding ?? []).toReversed()),
    changes: counts(ruled.filter(({ finding }) => finding === undefined).map(({ event }) => event.action)),
    failed: counts(own.filter(({ error }) => error !== undefined).map(({ action, error }) => `${action} (${error})`)),
    addresses: counts(own.map(({ from }) => from)),
  };
}

/** Removes commands that an earlier finding has: a peering that was created and accepted can be deleted once. */
function withoutRepetition(findings: readonly TrailFinding[]): readonly TrailFinding[] {
  const seen = new Set<string>();
  return findings.map((finding) => {
    const undo = finding.undo.filter((command) => !seen.has(command));
    for (const command of undo) {
      seen.add(command);
    }
    return { ...finding, undo };
  });
}

function findingOf(event: TrailEvent, roles: ReadonlySet<string>): TrailFinding | undefined {
  const rules = TRAIL_RULES.filter(({ action }) => action === event.action);
  const rule = rules.find(({ names }) => names.every((name) => fieldOf(event, name).length > 0));
  if (rule === undefined) {
    return undefined;
  }
  const { action, time, region, from, caller, id } = event;
  const endsWithRole = action === "sts:AssumeRole" && fieldOf(event, "roleArn").some((arn) => roles.has(arn));
  return {
    object: [rule.object, ...rule.names.flatMap((name) => fieldOf(event, name))].join(" "),
    details: (rule.details ?? []).flatMap((name) => {
      const values = fieldOf(event, name);
      return values.length === 0 ? [] : [`${name.split(".").at(-1)} ${values.join(", ")}`];
    }),
    risk: rule.risk,
    undo: endsWithRole ? [] : commandsOf(rule, event),
    action,
    time,
    region,
    from,
    accessKeyId: caller.accessKeyId,
    event: id,
  };
}

const PLACEHOLDER = /\{((?:request\.(?:add\.)?)?\w+)(\.\.\.|\*)?\}/g;

/** The values of a field as `TrailRule` names it. */
function fieldOf({ request, response }: TrailEvent, name: string): readonly string[] {
  const [field = "", ...parents] = name.split(".").toReversed();
  if (parents.length > 0) {
    const parts = parents.toReversed().slice(1).reduce(partsOf, [request]);
    return parts.flatMap((part) => valuesOf(part, field));
  }
  const responded = valuesOf(response, field);
  const values = responded.length > 0 ? responded : valuesOf(request, field);
  // sts:AssumeRole has the ARN alone.
  return values.length === 0 && field === "roleName"
    ? valuesOf(request, "roleArn").map((arn) => arn.split("/").at(-1) ?? "")
    : values;
}

/** The commands of a rule, with the values of an event. None if it lacks a value. */
function commandsOf({ undo, isGlobal }: TrailRule, event: TrailEvent): readonly string[] {
  const templates = [...undo.join().matchAll(PLACEHOLDER)].map(([, name = ""]) => name);
  if (templates.some((name) => fieldOf(event, name).length === 0)) {
    return [];
  }
  const region = isGlobal === true ? "" : ` --region ${shellWord(event.region)}`;
  return undo.flatMap((template) => {
    const [, repeated] = [...template.matchAll(PLACEHOLDER)].find(([, , kind]) => kind === "*") ?? [];
    const values = repeated === undefined ? [undefined] : fieldOf(event, repeated);
    return values.map((value) => `${filled(template, event, value)}${region}`);
  });
}

function filled(template: string, event: TrailEvent, repeated: string | undefined): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string, kind: string | undefined) => {
    const values = kind === "*" && repeated !== undefined ? [repeated] : fieldOf(event, name);
    return (kind === undefined ? values.slice(0, 1) : values).map(shellWord).join(" ");
  });
}

/** How often each value occurs. */
function counts(values: readonly string[]): Readonly<Record<string, number>> {
  const result = new Map<string, number>();
  for (const value of values) {
    result.set(value, (result.get(value) ?? 0) + 1);
  }
  return Object.fromEntries(result);
}
