import { type Comparison, comparisonOf } from "../../decision/decide";
import type { Answer, DecisionRequest, PolicyJson, Side } from "../../decision/model";
import { ACTION_PATTERNS } from "../../iam/action-patterns";
import { CATALOGUE } from "../../iam/catalogue";
import { coversText } from "../../iam/wildcards";
import { parseJson } from "../../text/json";
import { exampleRequests, rowOf } from "./example-requests";
import { canonical, listOf, objectOf } from "./json-values";
import type { ActionChange, DiffFound, Principal, Scope } from "./rules";

/** A policy document as AWS or Terraform has it, or text that is none. The decision checks its form. */
export type Policy = PolicyJson;

/** Allows every request: on its own, or below what limits it. */
export const FULL_ACCESS: Policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

/** A policy that is known only after the apply. */
export const UNKNOWN_POLICY: Policy = "a policy that is known only after the apply";

/** A policy from its text. One that is no JSON, or that has a key twice, stays a text: the decision compares it with itself alone. */
export function readPolicy(text: string): Policy {
  const policy = parseJson(text);
  return policy !== undefined && keysIn(text) === keysIn(JSON.stringify(policy)) ? (policy as Policy) : text;
}

const keysIn = (json: string) => json.match(/"(?:[^"\\]|\\.)*"(?=\s*:)/g)?.length;

/** More than AWS accepts: ten attached policies of 6,144 characters, and room for white space. Source: IAM user guide, "IAM quotas". */
const MAX_CHARACTERS = 2 ** 17;

/** Decides one side against another, in both directions; policies of any size end within two seconds. */
export function decisions(after: Side, before: Side): Comparison {
  const [has, had] = [after, before].map((side) => JSON.stringify(side));
  if (has !== had && Math.max(has?.length ?? 0, had?.length ?? 0) > MAX_CHARACTERS) {
    const answer: Answer = { kind: "not-comparable", reason: "the policies are larger than AWS accepts" };
    return { added: () => answer, removed: () => answer };
  }
  return comparisonOf(after, before);
}

/** What the identity policies of a principal allow and deny on both sides. */
export interface PolicyChange {
  readonly allowed: Answer;
  readonly reduced: Answer;
  /** The same for requests that a Deny covers, whatever else allows them: the principal can have other policies. */
  readonly undenied: Answer;
  readonly denied: Answer;
  readonly broadened: readonly ActionChange[];
  readonly narrowed: readonly ActionChange[];
}

const NOTHING_NEW: Answer = { kind: "nothing-new" };

/** Compares all identity policies of one principal. The verdict is the decision's; the lists come from the statements that name an action. */
export function comparePolicies(before: readonly Policy[], after: readonly Policy[]): PolicyChange {
  const verdict = decisions({ identity: after }, { identity: before });
  const [allowed, reduced] = [verdict.added(), verdict.removed()];
  const changes = allowed.kind === "nothing-new" && reduced.kind === "nothing-new" ? [] : actionChanges(before, after);
  const broadened = allowed.kind === "nothing-new" ? [] : changes.flatMap(({ more, change }) => (more ? [change] : []));
  const narrowed = reduced.kind === "nothing-new" ? [] : changes.flatMap(({ less, change }) => (less ? [change] : []));
  const [hadDenials, hasDenials] = [before, after].map(denials);
  const ofDenials =
    canonical(hadDenials) === canonical(hasDenials)
      ? { added: () => NOTHING_NEW, removed: () => NOTHING_NEW }
      : decisions({ identity: [FULL_ACCESS, ...(hasDenials ?? [])] }, { identity: [FULL_ACCESS, ...(hadDenials ?? [])] });
  return {
    allowed: spelled(allowed.kind === "new-request" ? verdict.added(exampleRequests(broadened)) : allowed, [...before, ...after]),
    reduced,
    undenied: spelled(ofDenials.added(), [...before, ...after]),
    denied: ofDenials.removed(),
    broadened,
    narrowed,
  };
}

/**
 * The findings of a comparison.
 * @param boundary ARN of a permissions boundary that stays, and whose content is unknown
 * @param files the files that the deployer has the policies from; undefined for other principals
 */
export function policyFindings(
  principal: Principal,
  { allowed, reduced, undenied, denied, broadened, narrowed }: PolicyChange,
  boundary?: string,
  files?: string,
): readonly DiffFound[] {
  const found: DiffFound[] = [];
  if (allowed.kind !== "nothing-new") {
    const values = { actions: broadened, ...evidenceOf(allowed) };
    found.push(
      files === undefined
        ? { rule: "permissions-broadened", principal, values: { principal, boundary, ...values } }
        : { rule: "deployer-broadened", principal, values: { files, ...values } },
    );
  }
  if (undenied.kind !== "nothing-new") {
    const evidence = allowed.kind === "nothing-new" ? evidenceOf(undenied) : {};
    found.push({ rule: "deny-weakened", principal, values: { principal, ...evidence } });
  }
  if (reduced.kind !== "nothing-new" && narrowed.length > 0) {
    found.push(
      files === undefined
        ? { rule: "permissions-narrowed", principal, values: { principal, actions: narrowed } }
        : { rule: "deployer-narrowed", principal, values: { files, actions: narrowed } },
    );
  }
  if (denied.kind !== "nothing-new") {
    const what = `the ${principal}: a Deny is added or covers more requests`;
    found.push({ rule: "limits-strengthened", principal, values: { what } });
  }
  return found;
}

/** The request, or the reason why there is none. */
export function evidenceOf(answer: Answer): { readonly request?: DecisionRequest; readonly reason?: string } {
  if (answer.kind === "new-request") {
    return { request: answer.request };
  }
  return answer.kind === "not-comparable" ? { reason: reasonOf(answer) } : {};
}

/** Why policies are not comparable. */
function reasonOf({ statement, reason }: Extract<Answer, { kind: "not-comparable" }>): string {
  return statement === undefined ? reason : `a statement of the policy ${statement.side} the change ${reason}`;
}

/** An answer with the action as the policies or the catalogue write it: IAM ignores its case. */
export function spelled(answer: Answer, policies: readonly Policy[]): Answer {
  if (answer.kind !== "new-request") {
    return answer;
  }
  const { action } = answer.request;
  const written = statementsIn(policies).flatMap(({ Action, NotAction }) =>
    [...listOf(Action), ...listOf(NotAction)].map(String),
  );
  const known = rowOf(action)?.action ?? written.find((name) => name.toLowerCase() === action) ?? action;
  return { ...answer, request: { ...answer.request, action: known } };
}

type Statement = Readonly<Record<string, unknown>>;

function statementsIn(policies: readonly Policy[]): readonly Statement[] {
  return policies.flatMap((policy) => listOf(objectOf(policy).Statement).map(objectOf));
}

/** The policies with their Deny statements alone; those that are not readable are not comparable anyway. */
function denials(policies: readonly Policy[]): readonly Policy[] {
  return policies.flatMap((policy) => {
    const { Statement: statements, ...rest } = objectOf(policy);
    const own = listOf(statements).filter((statement) => objectOf(statement).Effect !== "Allow");
    return own.length === 0 ? [] : [{ ...rest, Statement: own }];
  });
}

interface Compared {
  readonly change: ActionChange;
  readonly more: boolean;
  readonly less: boolean;
}

/** Steps for the actions that have the same statements on both sides: some milliseconds. */
const GROUP_STEPS = 20_000;
const MAX_GROUPS = 60;

/** Actions times statements: AWS's largest managed policies have a third of it, and more would take seconds. */
const MAX_COVERED = 300_000;

/** The actions of which the Allow statements differ, each with a decision of its own; none for more than AWS accepts. */
function actionChanges(before: readonly Policy[], after: readonly Policy[]): readonly Compared[] {
  const [had, has] = [before, after].map(allowsOf) as [readonly Allow[], readonly Allow[]];
  const groups = new Map<string, { readonly names: string[]; readonly had: readonly Allow[]; readonly has: readonly Allow[] }>();
  const allows = [...had, ...has];
  const listed = allows.reduce((sum, { actions }) => sum + actions.size, CATALOGUE.length);
  if (listed * allows.length > MAX_COVERED) {
    return [];
  }
  for (const name of namesIn(allows)) {
    const [hadOf, hasOf] = [had, has].map((allows) => allows.filter((allow) => covers(allow, name))) as [Allow[], Allow[]];
    const [one, other] = [hadOf, hasOf].map((allows) => canonical(allows.map(({ rest }) => rest)));
    if (one !== other) {
      const key = `${one} ${other}`;
      const group = groups.get(key) ?? { names: [], had: hadOf, has: hasOf };
      group.names.push(name);
      groups.set(key, group);
    }
  }
  const [hadDenials, hasDenials] = [before, after].map(denials) as [readonly Policy[], readonly Policy[]];
  const spelling = new Map(
    statementsIn([...before, ...after]).flatMap(({ Action }) =>
      listOf(Action).map((name) => [String(name).toLowerCase(), String(name)]),
    ),
  );
  const compared = [...groups.values()].flatMap((group, at) => {
    const side = (allows: readonly Allow[], denied: readonly Policy[]): Side => ({
      identity: [
        ...allows.map(({ version, rest }) => ({ Version: version, Statement: [{ ...rest, Action: group.names }] })),
        ...denied,
      ],
    });
    const verdict =
      at < MAX_GROUPS ? comparisonOf(side(group.has, hasDenials), side(group.had, hadDenials), GROUP_STEPS) : undefined;
    const differs = (answer: Answer | undefined) => answer?.kind !== "nothing-new";
    const [more, less] = [differs(verdict?.added()), differs(verdict?.removed())];
    return group.names.map((name) => ({ change: actionChange(spelling.get(name) ?? name, group.had, group.has), more, less }));
  });
  // The same for a policy that is written in another order.
  return compared.sort(({ change: one }, { change: other }) => (one.action < other.action ? -1 : 1));
}

function actionChange(name: string, had: readonly Allow[], has: readonly Allow[]): ActionChange {
  const row = rowOf(name);
  return {
    action: row?.action ?? name,
    access: row?.access ?? "unknown",
    area: row?.area ?? "not in DKP's catalogue",
    why: row?.why,
    before: scopesOf(had),
    after: scopesOf(has),
  };
}

/** An Allow statement without its ID and its actions. */
interface Allow {
  readonly actions: ReadonlySet<string>;
  readonly patterns: readonly string[];
  /** The actions of a NotAction statement; undefined for others. */
  readonly except: readonly string[] | undefined;
  readonly version: unknown;
  readonly rest: Statement;
}

function allowsOf(policies: readonly Policy[]): readonly Allow[] {
  return policies.flatMap((policy) =>
    statementsIn([policy])
      .filter(({ Effect }) => Effect === "Allow")
      .map(({ Sid: _, Action, NotAction, ...rest }) => {
        const names = listOf(Action).map((name) => String(name).toLowerCase());
        return {
          actions: new Set(names),
          patterns: names.filter((name) => /[*?]/.test(name)),
          except: NotAction === undefined ? undefined : listOf(NotAction).map((name) => String(name).toLowerCase()),
          version: objectOf(policy).Version,
          rest,
        };
      }),
  );
}

function covers({ actions, patterns, except }: Allow, name: string): boolean {
  return except === undefined
    ? actions.has(name) || patterns.some((pattern) => coversText(pattern, name))
    : !except.some((pattern) => coversText(pattern, name));
}

const EXACT_PATTERNS: ReadonlySet<string> = new Set(Object.keys(ACTION_PATTERNS).map((pattern) => pattern.toLowerCase()));

/** All actions that policies name, and those of the catalogue that their wildcards match; sorted. */
function namesIn(allows: readonly Allow[]): readonly string[] {
  const named = new Set(allows.flatMap(({ actions }) => [...actions]));
  const wild = new Set(allows.flatMap(({ patterns }) => patterns));
  const isMatched = (name: string) =>
    allows.some(({ except }) => except !== undefined) || [...wild].some((pattern) => coversText(pattern, name));
  const matched = CATALOGUE.map(({ action }) => action.toLowerCase()).filter(isMatched);
  // Patterns of this project stand for exactly the actions that they match.
  return [...new Set([...[...named].filter((name) => !EXACT_PATTERNS.has(name)), ...matched])].sort();
}

/** Where statements allow, as people read it. */
function scopesOf(allows: readonly Allow[]): readonly Scope[] {
  const scopes = allows.flatMap(({ rest: { Resource, NotResource, Condition } }) => {
    const conditions = conditionTexts(Condition);
    const resources = NotResource === undefined ? listOf(Resource).map(String) : [`all but ${listOf(NotResource).join(", ")}`];
    return resources.map((resource) => ({ resource, conditions }));
  });
  return [...new Map(scopes.map((scope) => [JSON.stringify(scope), scope])).entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, scope]) => scope);
}

/** "is" stands for `StringEquals`. */
function conditionTexts(condition: unknown): readonly string[] {
  return Object.entries(objectOf(condition))
    .flatMap(([operator, keys]) =>
      Object.entries(objectOf(keys)).map(
        ([key, values]) =>
          `${key} ${operator === "StringEquals" ? "is" : operator} ${[...new Set(listOf(values).map(String))].sort().join(" or ")}`,
      ),
    )
    .sort();
}
