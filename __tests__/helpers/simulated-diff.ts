import { App, Testing } from "cdktf";
import type { JsonObject } from "../../src/cli/diff/json-values";
import { reviewPack } from "../../src/cli/review/pack";
import { CATALOGUE } from "../../src/iam/catalogue";
import type { Cluster } from "../../src/iam/cluster";
import { deploymentPolicies } from "../../src/iam/deployment-policies";
import { partitionOf } from "../../src/iam/partitions";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import { type Environment, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import type { Deployment } from "../../src/settings/deployment";
import { DeckhouseAccessStack } from "../../src/stack";
import { abuses } from "./abuses";
import { ENVIRONMENT, FEATURE_NAMES } from "./clusters";
import { deployment } from "./deployment";
import { memoized } from "./memoized";
import { requiredRequests } from "./required-requests";
import { isAllowed, type Request } from "./simulator";

/** A deployment's Terraform JSON without CDKTF's comments; of its own, so that a test can change it. */
export function packOf(given: Deployment | string): JsonObject {
  const synthesized = typeof given === "string" ? synthesizedSettings(given) : synthesizedDeployment(given);
  return JSON.parse(synthesized, (key, value) => (key === "//" ? undefined : value)) as JsonObject;
}

const synthesizedDeployment = (given: Deployment): string =>
  Testing.synth(new DeckhouseAccessStack(new App({ skipValidation: true }), given));
/** Tests of several files compare the same settings. */
const synthesizedSettings = memoized((settings: string) => synthesizedDeployment(deployment(settings)));

/** The review pack of settings. */
export const reviewPackOf = memoized(
  (settings: string): Readonly<Record<string, string>> => reviewPack(deployment(settings), packOf(settings)),
);

/** A deployment's policy options; an account that is not stated is the one of the local AWS. */
export function optionsOf({ region, accountId, policy, cluster }: Deployment): PolicyOptions {
  const { mode, supplement } = policy;
  return {
    mode,
    supplement,
    cluster,
    environment: { partition: partitionOf(region), region, account: accountId ?? ENVIRONMENT.account },
  };
}

/** A deployment with these policy options; the reverse of `optionsOf`. */
export function deploymentOf(options: PolicyOptions): Deployment {
  const plain = deployment();
  const { mode, supplement, environment, cluster } = options;
  const { region, account: accountId } = environment;
  const policy = { ...plain.policy, mode, supplement };
  return { ...plain, region, accountId, cluster, policy, policies: deploymentPolicies(options, policy) };
}

/** By direction, the actions of which simulation allows a call on one side only. */
export interface Truth {
  readonly broadened: readonly string[];
  readonly narrowed: readonly string[];
}

/**
 * Simulates every call that either cluster makes, and each of them in other environments and under other conditions.
 * @param wanted the actions to judge; all by default
 */
export async function truthOf(
  before: PolicyOptions,
  after: PolicyOptions,
  wanted: (action: string) => boolean = () => true,
): Promise<Truth> {
  const [had, has] = [before, after].map((options) => policyDocument(policyStatements(options))) as [
    PolicyDocument,
    PolicyDocument,
  ];
  const broadened = new Set<string>();
  const narrowed = new Set<string>();
  const differing = new Set(differingActions(before, after).filter(wanted));
  for (const request of probes(before, after, ({ action }) => differing.has(action))) {
    const { action } = request;
    if (broadened.has(action) && narrowed.has(action)) {
      continue;
    }
    const [was, is] = [await isAllowed(had, request), await isAllowed(has, request)];
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
  const [had, has] = [before, after].map((options) => policyDocument(policyStatements(options))) as [
    PolicyDocument,
    PolicyDocument,
  ];
  const [ofHad, ofHas] = [statementsByAction(had), statementsByAction(has)];
  return CATALOGUE.map(({ action }) => action).filter((action) => ofHad.get(action) !== ofHas.get(action));
}

/** By action, what the statements with it say besides their actions. */
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
function probes(before: PolicyOptions, after: PolicyOptions, wanted: (request: Request) => boolean): readonly Request[] {
  const withFeatures = ({ cluster }: PolicyOptions): Cluster => ({ ...cluster, features: FEATURE_NAMES });
  const [one, other] = [withFeatures(before), withFeatures(after)];
  const calls = (environment: Environment, cluster: Cluster) =>
    requiredRequests("documented", true, environment, cluster).filter(wanted);
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
    ...[...abuses(before.environment), ...abuses(after.environment)].filter(wanted),
  ].map(({ action, resource, context = {} }) => ({ action, resource, context }));
  return [...new Map(all.map((request) => [JSON.stringify(request), request])).values()];
}
