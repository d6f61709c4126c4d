import * as ipaddr from "ipaddr.js";
import { matchesAction } from "../../../../src/iam/action-patterns";
import { alwaysOnRegion, partitionOf, REGION } from "../../../../src/iam/arns";
import type { Environment } from "../../../../src/iam/policy-statements";
import { AWS_ACTIONS, isOfKnownService, seriousness } from "../iam/aws-actions";
import type { Request } from "./change-rules";
import {
  type Condition,
  componentsOf,
  type Grant,
  type Grants,
  isRegion,
  matchesResource,
  networksOf,
} from "./grants";

/** AWS allows these to everybody. Source: AWS STS API reference, "No permissions are required". */
const WITHOUT_PERMISSION = /^sts:Get(?:AccessKeyInfo|CallerIdentity|SessionToken)$/i;

const MAX_ACTIONS = 50;

const NAME = "example";

/**
 * A request that AWS can receive, and that one side allows and the other one does not: an existing
 * action of the most serious access level on a resource of its type.
 * @param grants whose requests are candidates
 * @param region if the policies name none
 */
export function exampleOf(
  grants: readonly Grant[],
  one: Grants,
  other: Grants,
  region: string = alwaysOnRegion(""),
): Request | undefined {
  if (
    [...one.opaque.values()].some(({ effect }) => effect !== "Allow") ||
    [...other.opaque.values()].some(({ effect }) => effect !== "Deny")
  ) {
    return undefined;
  }
  const environment = environmentOf([...grants, ...one.allows, ...other.allows], region);
  const lifted = other.denies
    .filter((deny) => networksOf(deny) === undefined)
    .flatMap(({ conditions }) => conditions);
  const [source = {}] = one.denies.flatMap((deny) => sourceIn(deny));
  const actions = grants
    .flatMap((grant) => existing(grant.action).map((action) => ({ ...grant, action })))
    .sort(
      (left, right) =>
        seriousness(left.action) - seriousness(right.action) ||
        (`${left.action} ${left.resource}` < `${right.action} ${right.resource}` ? -1 : 1),
    );
  for (const { action, resource: pattern, conditions } of actions.slice(0, MAX_ACTIONS)) {
    for (const resource of resourcesOf(action, pattern, environment)) {
      for (const context of contextsOf([...lifted, ...conditions])) {
        const request = { action, resource, context: { ...context, ...source } };
        if (isAllowed(one, request, false) && !isAllowed(other, request, true)) {
          return request;
        }
      }
    }
  }
  return undefined;
}

/** The actions that a pattern matches; an action of an unknown service is taken to exist. */
export function existing(pattern: string): readonly string[] {
  const name = pattern.toLowerCase();
  if (/[*?]/.test(name)) {
    return [...AWS_ACTIONS]
      .filter(([action]) => matchesAction(name, action))
      .map(([, { action }]) => action);
  }
  const known = AWS_ACTIONS.get(name);
  const named = known === undefined && !isOfKnownService(name) ? [pattern] : [];
  return (known === undefined ? named : [known.action]).filter(
    (action) => !WITHOUT_PERMISSION.test(action),
  );
}

type Example = Request & { readonly context: Context };
type Context = Readonly<Record<string, string>>;

/** From the policies, else the Region of the deployment and AWS's example account. */
function environmentOf(grants: readonly Grant[], region: string): Required<Environment> {
  const arns = grants.map(({ resource }) => componentsOf(resource));
  const first = (at: number, form: RegExp) =>
    arns.map((components) => components[at] ?? "").find((text) => form.test(text));
  const requested = grants.flatMap(({ conditions }) => conditions).find(isRegion)?.values[0];
  const own = requested ?? first(3, REGION) ?? region;
  return {
    partition: first(1, /^aws[a-z-]*$/) ?? partitionOf(own),
    region: own,
    account: first(4, /^(?:\d{12}|ACCOUNT_ID)$/) ?? "123456789012",
  };
}

/** Whole ARNs that a pattern matches, or `*` for an action without types of resources. */
function resourcesOf(
  action: string,
  pattern: string,
  environment: Required<Environment>,
): readonly string[] {
  const forms = AWS_ACTIONS.get(action.toLowerCase())?.arns;
  if (pattern.includes("${")) {
    return [];
  }
  if (forms === undefined) {
    return [withoutWildcards(pattern, environment)];
  }
  if (forms.length === 0) {
    return pattern === "*" ? ["*"] : [];
  }
  const { partition, region, account } = environment;
  const values = new Map([
    ["Partition", partition],
    ["Region", region],
    ["Account", account],
  ]);
  const named = withoutWildcards(pattern, environment);
  return forms.flatMap((form) => {
    const example = form.replaceAll(/\$\{(\w+)\}/g, (_, name) => values.get(name) ?? NAME);
    const ofForm = new RegExp(`^${form.replaceAll(/\$\{\w+\}/g, ".+")}$`);
    return [
      ...(matchesResource(pattern, example) ? [example] : []),
      ...(ofForm.test(named) ? [named] : []),
    ];
  });
}

function withoutWildcards(
  pattern: string,
  { partition, region, account }: Required<Environment>,
): string {
  if (pattern === "*") {
    return pattern;
  }
  const values = ["arn", partition, NAME, region, account];
  return componentsOf(pattern)
    .map((text, at) => (/[*?]/.test(text) && values[at]) || text.replaceAll(/[*?]+/g, NAME))
    .join(":");
}

function contextsOf(conditions: readonly Condition[]): readonly Context[] {
  const positive = conditions.filter(
    ({ test, values }) => !/Not|Null/.test(test) && values.length > 0,
  );
  const count = Math.max(1, ...positive.map(({ values }) => values.length));
  return Array.from({ length: Math.min(count, MAX_ACTIONS) }, (_, at) =>
    Object.fromEntries(
      positive.map(({ test, variable, values }) => [
        variable,
        exampleValue(test, values[at % values.length] ?? ""),
      ]),
    ),
  );
}

function exampleValue(test: string, value: string): string {
  return test.includes("Ip") ? value.replace(/\/.*/, "") : value.replaceAll(/[*?]+/g, NAME);
}

function sourceIn(deny: Grant): readonly Context[] {
  const { cidrs = [], vpcs = [], vpcEndpoints = [] } = networksOf(deny) ?? {};
  return [
    ...cidrs.map((cidr) => ({ "aws:SourceIp": cidr.replace(/\/.*/, "") })),
    ...vpcs.map((vpc) => ({ "aws:SourceVpc": vpc })),
    ...vpcEndpoints.map((endpoint) => ({ "aws:SourceVpce": endpoint })),
  ];
}

/** @param doubt whether an Allow matches, and no Deny does, by a part that is not interpreted */
function isAllowed({ allows, denies }: Grants, request: Example, doubt: boolean): boolean {
  return (
    allows.some((allow) => isMatched(allow, request, doubt)) &&
    !denies.some((deny) => isMatched(deny, request, !doubt))
  );
}

function isMatched(
  { action, resource, conditions }: Grant,
  request: Example,
  doubt: boolean,
): boolean {
  const isDoubtful = matchesAction(resource, request.resource) || resource.includes("${");
  return (
    matchesAction(action.toLowerCase(), request.action.toLowerCase()) &&
    (matchesResource(resource, request.resource) || (doubt && isDoubtful)) &&
    conditions.every((condition) => holds(condition, request.context, doubt))
  );
}

/** With the value of the request and that of the policy. */
const OPERATORS: Readonly<Record<string, (given: string, value: string) => boolean>> = {
  StringEquals: (given, value) => given === value,
  StringLike: (given, value) => matchesAction(value, given),
  ArnEquals: (given, value) => matchesAction(value, given),
  ArnLike: (given, value) => matchesAction(value, given),
  Bool: (given, value) => given.toLowerCase() === value.toLowerCase(),
  IpAddress: isInNetwork,
};

/** Source: IAM User Guide, "IAM JSON policy elements: Condition operators". */
function holds({ test, variable, values }: Condition, context: Context, doubt: boolean): boolean {
  const [, set, name = "", ifExists] = /^(ForA\w+:)?(\w+?)(IfExists)?$/.exec(test) ?? [];
  const [, given] =
    Object.entries(context).find(([key]) => key.toLowerCase() === variable.toLowerCase()) ?? [];
  if (name === "Null") {
    return values.some((value) => value.toLowerCase() === String(given === undefined));
  }
  const isNegated = name.includes("Not");
  const compare = OPERATORS[name.replace("Not", "")];
  if (compare === undefined || values.some((value) => value.includes("${"))) {
    return doubt;
  }
  if (given === undefined) {
    return set === "ForAllValues:" || ifExists !== undefined || (isNegated && set === undefined);
  }
  return values.some((value) => compare(given, value)) !== isNegated;
}

export function isInNetwork(network: string, other: string): boolean {
  const cidrOf = (text: string) =>
    text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
  const [narrow, wide] = [cidrOf(network), cidrOf(other)];
  if (!ipaddr.isValidCIDR(narrow) || !ipaddr.isValidCIDR(wide)) {
    return false;
  }
  const [[address, length], [first, prefix]] = [ipaddr.parseCIDR(narrow), ipaddr.parseCIDR(wide)];
  return address.kind() === first.kind() && length >= prefix && address.match(first, prefix);
}
