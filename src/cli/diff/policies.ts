import { comparisonOf } from "../../decision/decide";
import type { Answer, DecisionRequest, KnownActions, PolicyJson, Side } from "../../decision/model";
import { ACTION_PATTERNS, matchesAction } from "../../iam/action-patterns";
import awsActions from "../../iam/aws-actions.json";
import { CATALOGUE, type CatalogueRow } from "../../iam/catalogue";
import { policyWith } from "../../iam/policy-document";
import { grouped } from "../../text/grouped";
import { canonical, listOf, objectOf, parseJson } from "../../text/json";
import type { ActionChange, DiffFound, Principal, Scope } from "./change-rules";
import { nameOf } from "./json-values";

/** A policy document as AWS or Terraform has it, or text that is none. The decision checks its form. */
export type Policy = PolicyJson;

/** Allows every request: on its own, or below what limits it. */
const FULL_ACCESS: Policy = policyWith([{ Effect: "Allow", Action: "*", Resource: "*" }]);

/**
 * A policy from its text. One that is no JSON, or that has a key twice or a number that is rounded, stays a text: the decision compares it
 * with itself alone.
 */
export function readPolicy(text: string): Policy {
  const policy = parseJson(text);
  const isWhole =
    keysIn(text) === keysIn(JSON.stringify(policy) ?? "") && numbersIn(text).every((number) => String(Number(number)) === number);
  return policy !== undefined && isWhole ? (policy as Policy) : text;
}

/** The numbers in a JSON text, as they are written. */
const numbersIn = (json: string) => json.replaceAll(/"(?:[^"\\]|\\.)*"/g, "").match(/-?\d[\d.eE+-]*/g) ?? [];

/** The number of keys in a JSON text: whole strings, in whatever spelling, before a colon. */
const keysIn = (json: string) => json.match(/"(?:[^"\\]|\\.)*"\s*:?/g)?.filter((string) => string.endsWith(":")).length;

/** The names of actions by service and access level. */
const BY_LEVEL: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = awsActions;

/** The actions of each service, those of the most serious access level first. */
const KNOWN_ACTIONS: KnownActions = Object.fromEntries(
  Object.entries(BY_LEVEL).map(([service, levels]) => [service, Object.values(levels).flat()]),
);

/** Access levels, from the most serious one. What has no known level may write. */
const LEVELS: readonly ActionChange["access"][] = ["Permissions management", "Write", "Tagging", "unknown", "Read", "List"];

/** By action in lower case, how AWS writes it, and the position of its access level. */
const FACTS: ReadonlyMap<string, { readonly action: string; readonly rank: number }> = new Map(
  Object.entries(BY_LEVEL).flatMap(([service, levels]) =>
    Object.entries(levels).flatMap(([level, names]) => {
      const rank = (LEVELS as readonly string[]).indexOf(level);
      return names.map((name) => `${service}:${name}`).map((action) => [action.toLowerCase(), { action, rank }] as const);
    }),
  ),
);

/** AWS allows these to everybody, so that they are no example. Source: AWS STS API reference, "No permissions are required". */
const WITHOUT_PERMISSION = /^sts:Get(?:AccessKeyInfo|CallerIdentity|SessionToken)$/i;

/** The position of an access level, of an action in lower case. */
function rankOf(name: string): number {
  return WITHOUT_PERMISSION.test(name) ? LEVELS.length : (FACTS.get(name)?.rank ?? LEVELS.indexOf("unknown"));
}

/** Actions of which a request is looked for, with steps that suffice in any order of statements, and patterns of which actions are. */
const MAX_EXAMPLES = 5;
const EXAMPLE_STEPS = 100_000;
const MAX_PATTERNS = 2000;

/**
 * An answer with the request that matters most to its reader: of the most serious access level among actions, or patterns of actions. For
 * one action, less is to be decided, so that there can be a request where the whole is not comparable.
 */
function withExample(answer: Answer, after: readonly Policy[], before: readonly Policy[], patterns: readonly string[]): Answer {
  if (answer.kind === "nothing-new" || patterns.length > MAX_PATTERNS) {
    return answer;
  }
  const named = patterns.map((name) => name.toLowerCase());
  const isPattern = (name: string) => /[*?]/.test(name);
  const matched = [...FACTS.keys()].filter((action) => named.some((name) => isPattern(name) && matchesAction(name, action)));
  // A policy that names an action, or DKP that calls it, says more than a pattern that matches it.
  const actions = [...named.filter((name) => !isPattern(name)).sort(), ...matched];
  const example = answer.kind === "new-request" ? answer.request.action.toLowerCase() : "";
  // A pattern matches actions that do not exist, too.
  const rank = FACTS.has(example) || named.includes(example) ? rankOf(example) : LEVELS.length;
  const serious = [...new Set(actions)].filter((action) => rankOf(action) < rank);
  for (const action of serious.sort((one, other) => rankOf(one) - rankOf(other)).slice(0, MAX_EXAMPLES)) {
    const rest = policyWith([{ Effect: "Deny", NotAction: action, Resource: "*" }]);
    const found = comparisonOf({ identity: [...after, rest] }, { identity: [...before, rest] }, { steps: EXAMPLE_STEPS }).added();
    if (found.kind === "new-request") {
      return found;
    }
  }
  return answer;
}

/** Patterns of this project in lower case: they match what the catalogue has, and nothing more. */
const EXACT_PATTERNS: ReadonlySet<string> = new Set(Object.keys(ACTION_PATTERNS).map((pattern) => pattern.toLowerCase()));

/** What the identity policies of a principal allow and deny on both sides. */
export type PolicyChange = ReturnType<typeof comparePolicies>;

/** Compares all identity policies of one principal. The verdict is the decision's; the lists come from the statements that name an action. */
export function comparePolicies(before: readonly Policy[], after: readonly Policy[]) {
  const verdict = comparisonOf({ identity: after }, { identity: before }, { actions: KNOWN_ACTIONS });
  const [allowed, reduced] = [verdict.added(), verdict.removed()];
  const changes = allowed.kind === "nothing-new" && reduced.kind === "nothing-new" ? [] : actionChanges(before, after);
  const broadened = allowed.kind === "nothing-new" ? [] : changes.flatMap(({ more, change }) => (more ? [change] : []));
  const narrowed = reduced.kind === "nothing-new" ? [] : changes.flatMap(({ less, change }) => (less ? [change] : []));
  const allButBefore = [FULL_ACCESS, ...denials(before)];
  const allButAfter = [FULL_ACCESS, ...denials(after)];
  const ofDenials = comparisonOf({ identity: allButAfter }, { identity: allButBefore }, { actions: KNOWN_ACTIONS });
  const formerlyDenied = statementsIn(denials(before)).flatMap(({ Action }) => listOf(Action).map(nameOf));
  const spelled = spelling([...before, ...after]);
  const shown = (answer: Answer, one: readonly Policy[], other: readonly Policy[], actions: readonly string[]): Answer => {
    const found = withExample(answer, one, other, actions);
    if (found.kind !== "new-request") {
      return found;
    }
    return { ...found, request: { ...found.request, action: spelled(found.request.action.toLowerCase()) } };
  };
  // Where only a Deny or a boundary differs, each allowed action can be the example.
  const actionsOf = (list: readonly ActionChange[], policies: readonly Policy[]) =>
    list.length > 0 ? list.map(({ action }) => action) : namesIn(allowsOf(policies));
  return {
    allowed: shown(allowed, after, before, actionsOf(broadened, after)),
    reduced: shown(reduced, before, after, actionsOf(narrowed, before)),
    // The same for requests that a Deny covers, whatever else allows them: the principal can have other policies.
    undenied: shown(ofDenials.added(), allButAfter, allButBefore, formerlyDenied),
    denied: ofDenials.removed(),
    broadened,
    narrowed,
  };
}

/**
 * The findings of a comparison. What a deployment loses requires attention: a running cluster may need it.
 * @param boundary ARN of a permissions boundary that stays, and whose content is unknown
 */
export function policyFindings(principal: Principal, change: PolicyChange, boundary?: string): readonly DiffFound[] {
  const { allowed, reduced, undenied, denied, broadened, narrowed } = change;
  const found: DiffFound[] = [];
  const isDeployed = principal !== "principal";
  if (allowed.kind !== "nothing-new") {
    const values = { principal, boundary, actions: broadened, ...evidenceOf(allowed) };
    found.push({ rule: "permissions-broadened", principal, values });
  }
  if (undenied.kind !== "nothing-new") {
    const evidence = allowed.kind === "nothing-new" ? evidenceOf(undenied) : {};
    found.push({ rule: "deny-weakened", principal, values: { principal, ...evidence } });
  }
  if (reduced.kind !== "nothing-new") {
    const rule = isDeployed ? "permissions-narrowed" : "policy-narrowed";
    const { reason, request } = evidenceOf(reduced);
    // A request stands for a list that is empty.
    const evidence = { reason, request: narrowed.length === 0 ? request : undefined };
    found.push({ rule, principal, values: { principal, actions: narrowed, ...evidence } });
  }
  if (denied.kind !== "nothing-new") {
    found.push({ rule: isDeployed ? "deny-added" : "policy-deny-added", principal, values: { principal } });
  }
  return found;
}

/** What the Terraform role additionally needs. @param file of the review pack that has its policy */
export function deployerFindings(file: string, { allowed, broadened }: PolicyChange): readonly DiffFound[] {
  const values = { file, actions: broadened, ...evidenceOf(allowed) };
  return allowed.kind === "nothing-new" ? [] : [{ rule: "deployer-broadened", principal: "Terraform role", values }];
}

/** The request, or the reason why there is none. */
function evidenceOf(answer: Answer): { readonly request?: DecisionRequest; readonly reason?: string } {
  if (answer.kind === "not-comparable") {
    const { statement, reason } = answer;
    return { reason: statement === undefined ? reason : `a statement of the policy ${statement.side} the change ${reason}` };
  }
  return answer.kind === "new-request" && rankOf(answer.request.action.toLowerCase()) < LEVELS.length
    ? { request: answer.request }
    : {};
}

/** A function that writes an action in lower case as AWS or else the policies do: IAM ignores the case. */
function spelling(policies: readonly Policy[]): (name: string) => string {
  const named = statementsIn(policies).flatMap(({ Action }) => listOf(Action).map(nameOf));
  const written = new Map(named.map((action) => [action.toLowerCase(), action]));
  return (name) => FACTS.get(name)?.action ?? written.get(name) ?? name;
}

/** The rows of the catalogue by their action. */
const ROWS: ReadonlyMap<string, CatalogueRow> = new Map(CATALOGUE.map((row) => [row.action, row]));

function statementsIn(policies: readonly Policy[]) {
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

/** Steps for the actions that have the same statements on both sides: some milliseconds. */
const GROUP_STEPS = 20_000;
const MAX_GROUPS = 60;

/** Actions times resources and fifties of patterns: AWS's largest managed policies have a third of it, and more would take seconds. */
const MAX_COVERED = 300_000;

/** The actions of which the Allow statements differ, each with a decision of its own; none for more than AWS accepts. */
function actionChanges(before: readonly Policy[], after: readonly Policy[]) {
  const [allowsBefore, allowsAfter] = [allowsOf(before), allowsOf(after)];
  if (isTooMuch([...allowsBefore, ...allowsAfter])) {
    return [];
  }
  const [denialsBefore, denialsAfter] = [denials(before), denials(after)];
  const spelled = spelling([...before, ...after]);
  const changes = groupsOf(allowsBefore, allowsAfter).flatMap((group, at) => {
    const { ofBefore = [], ofAfter = [] } = group.at(-1) ?? {};
    const actions = group.map(({ name }) => name);
    const [sideAfter, sideBefore] = [sideOf(actions, ofAfter, denialsAfter), sideOf(actions, ofBefore, denialsBefore)];
    const verdict = at < MAX_GROUPS ? comparisonOf(sideAfter, sideBefore, { steps: GROUP_STEPS }) : undefined;
    // What is not decided counts as both.
    const [more, less] = [verdict?.added().kind !== "nothing-new", verdict?.removed().kind !== "nothing-new"];
    return actions.map((name) => ({ change: actionChange(spelled(name), ofBefore, ofAfter), more, less }));
  });
  // The same for a policy that is written in another order.
  return changes.sort(({ change: one }, { change: other }) => (one.action < other.action ? -1 : 1));
}

function isTooMuch(allows: readonly Allow[]): boolean {
  const listed = allows.reduce((sum, { actions }) => sum + actions.size, CATALOGUE.length);
  const effort = ({ rest, patterns }: Allow) => listOf(rest.Resource ?? rest.NotResource).length + patterns.length / 50;
  return listed * allows.reduce((sum, allow) => sum + effort(allow), 0) > MAX_COVERED;
}

/** Actions by the statements that cover them before and after, where these differ in what else they say. */
function groupsOf(before: readonly Allow[], after: readonly Allow[]) {
  const covered = namesIn([...before, ...after]).map((name) => {
    const [ofBefore, ofAfter] = [before.filter((allow) => covers(allow, name)), after.filter((allow) => covers(allow, name))];
    const [was, is] = [canonical(ofBefore.map(({ rest }) => rest)), canonical(ofAfter.map(({ rest }) => rest))];
    return { name, ofBefore, ofAfter, was, is };
  });
  const differing = covered.filter(({ was, is }) => was !== is);
  return [...grouped(differing, ({ was, is }) => `${was} ${is}`).values()];
}

/** A side that allows and denies actions as the statements that cover them. */
function sideOf(Action: readonly string[], allows: readonly Allow[], denied: readonly Policy[]): Side {
  return {
    identity: [...allows.map(({ version, rest }) => ({ Version: version, Statement: [{ ...rest, Action }] })), ...denied],
  };
}

function actionChange(action: string, before: readonly Allow[], after: readonly Allow[]): ActionChange {
  const { access = "unknown", area = "not in DKP's catalogue", why } = ROWS.get(action) ?? {};
  return { action, access, area, why, before: scopesOf(before), after: scopesOf(after) };
}

type Allow = ReturnType<typeof allowsOf>[number];

/** Allow statements with their actions in lower case, of a NotAction statement those that it leaves out, and the rest without its ID. */
function allowsOf(policies: readonly Policy[]) {
  return policies.flatMap((policy) =>
    statementsIn([policy])
      .filter(({ Effect }) => Effect === "Allow")
      .map(({ Sid: _, Action, NotAction, ...rest }) => {
        const actions = listOf(NotAction ?? Action).map((name) => nameOf(name).toLowerCase());
        const patterns = actions.filter((name) => /[*?]/.test(name));
        return { actions: new Set(actions), patterns, isNot: NotAction !== undefined, version: objectOf(policy).Version, rest };
      }),
  );
}

function covers({ actions, patterns, isNot }: Allow, name: string): boolean {
  return isNot !== (actions.has(name) || patterns.some((pattern) => matchesAction(pattern, name)));
}

/** All actions that statements name, and those of the catalogue that they cover; sorted. */
function namesIn(allows: readonly Allow[]): readonly string[] {
  const named = allows.flatMap(({ actions, isNot }) => (isNot ? [] : [...actions])).filter((name) => !EXACT_PATTERNS.has(name));
  const known = CATALOGUE.map(({ action }) => action.toLowerCase());
  return [...new Set([...named, ...known.filter((name) => allows.some((allow) => covers(allow, name)))])].sort();
}

/** Where statements allow, as people read it. */
function scopesOf(allows: readonly Allow[]): readonly Scope[] {
  const scopes = allows.flatMap(({ rest: { Resource, NotResource, Condition } }) => {
    const conditions = conditionTexts(Condition);
    const resources = NotResource === undefined ? listOf(Resource).map(String) : [`all except ${listOf(NotResource).join(", ")}`];
    return resources.map((resource) => JSON.stringify({ resource, conditions }));
  });
  return [...new Set(scopes)].sort().map((scope) => JSON.parse(scope) as Scope);
}

/** "is" stands for `StringEquals`. */
function conditionTexts(condition: unknown): readonly string[] {
  const anyOf = (values: unknown) => [...new Set(listOf(values).map(String))].sort().join(" or ");
  const texts = Object.entries(objectOf(condition)).flatMap(([operator, keys]) => {
    const verb = operator === "StringEquals" ? "is" : operator;
    return Object.entries(objectOf(keys)).map(([key, values]) => `${key} ${verb} ${anyOf(values)}`);
  });
  return texts.sort();
}
