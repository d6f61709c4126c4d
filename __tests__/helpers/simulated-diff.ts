import { CATALOGUE } from "../../src/iam/catalogue";
import type { Cluster } from "../../src/iam/cluster";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import { type Environment, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import { abuses } from "./abuses";
import { FEATURE_NAMES } from "./clusters";
import { requiredRequests } from "./required-requests";
import { isAllowed, type Request } from "./simulator";

/** By direction, the actions of which simulation allows a call on one side only. */
export interface Truth {
  readonly broadened: readonly string[];
  readonly narrowed: readonly string[];
}

const documentOf = (options: PolicyOptions) => policyDocument(policyStatements(options));

/**
 * Simulates every call that either cluster makes, and each of them in other environments and under other conditions.
 * @param isJudged the actions to judge; all by default
 */
export async function truthOf(
  before: PolicyOptions,
  after: PolicyOptions,
  isJudged: (action: string) => boolean = () => true,
): Promise<Truth> {
  const [former, latter] = [documentOf(before), documentOf(after)];
  const broadened = new Set<string>();
  const narrowed = new Set<string>();
  const differing = new Set(differingActions(before, after).filter(isJudged));
  for (const request of probes(before, after, ({ action }) => differing.has(action))) {
    const { action } = request;
    if (broadened.has(action) && narrowed.has(action)) {
      continue;
    }
    const [was, is] = [await isAllowed(former, request), await isAllowed(latter, request)];
    if (is && !was) {
      broadened.add(action);
    }
    if (was && !is) {
      narrowed.add(action);
    }
  }
  return { broadened: [...broadened].sort(), narrowed: [...narrowed].sort() };
}

/** Actions whose statements differ between two policies: for all others, simulation gives the same result twice. */
export function differingActions(before: PolicyOptions, after: PolicyOptions): readonly string[] {
  const [ofBefore, ofAfter] = [statementsByAction(documentOf(before)), statementsByAction(documentOf(after))];
  return CATALOGUE.map(({ action }) => action).filter((action) => ofBefore.get(action) !== ofAfter.get(action));
}

/** By action, what the statements with it say in addition to their actions. */
function statementsByAction(document: PolicyDocument): ReadonlyMap<string, string> {
  const byAction = new Map<string, string>();
  for (const { Action, ...rest } of document.Statement) {
    const text = JSON.stringify(rest);
    for (const action of [Action].flat()) {
      byAction.set(action, `${byAction.get(action) ?? ""}${text}\n`);
    }
  }
  return byAction;
}

/** Conditions that none of the policies has. */
const ODD_CONTEXTS: readonly Request["context"][] = [
  {},
  { "aws:RequestedRegion": "ap-south-1" },
  { "iam:PassedToService": "lambda.amazonaws.com" },
  { "iam:AWSServiceName": "rds.amazonaws.com" },
  { "iam:AWSServiceName": "spot.amazonaws.com" },
  { "kms:ViaService": "s3.eu-central-1.amazonaws.com" },
];

/** Every call of both clusters with every feature in both environments; those of one cluster in other environments, of an external cluster, and under unusual conditions. */
function probes(before: PolicyOptions, after: PolicyOptions, isJudged: (request: Request) => boolean): readonly Request[] {
  const withFeatures = ({ cluster }: PolicyOptions): Cluster => ({ ...cluster, features: FEATURE_NAMES });
  const [one, other] = [withFeatures(before), withFeatures(after)];
  const calls = (environment: Environment, cluster: Cluster) =>
    requiredRequests("documented", true, environment, cluster).filter(isJudged);
  const own = calls(before.environment, one);
  const all = [
    ...own,
    ...calls(before.environment, other),
    ...calls(after.environment, one),
    ...calls(after.environment, other),
    ...calls({ ...before.environment, region: "ap-south-1" }, one),
    ...calls({ ...before.environment, account: "999999999999" }, one),
    ...calls(before.environment, { ...one, prefix: "external" }),
    ...own.flatMap((request) => ODD_CONTEXTS.map((context) => ({ ...request, context }))),
    ...[...abuses(before.environment), ...abuses(after.environment)].filter(isJudged),
  ].map(({ action, resource, context = {} }) => ({ action, resource, context }));
  return [...new Map(all.map((request) => [JSON.stringify(request), request])).values()];
}
