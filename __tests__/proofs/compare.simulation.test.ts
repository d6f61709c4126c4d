import * as fc from "fast-check";
import { RULES } from "../../packages/cli/src/diff/change-rules";
import type { Changes } from "../../packages/cli/src/diff/changes";
import { levelOf } from "../../packages/cli/src/findings/finding";
import { isNew } from "../../packages/iam-no-new-access/__tests__/helpers/simulation";
import type { DecisionRequest } from "../../packages/iam-no-new-access/src/model";
import { CATALOGUE } from "../../src/iam/catalogue";
import type { Cluster } from "../../src/iam/cluster";
import type { PolicyDocument } from "../../src/iam/policy-document";
import { type Environment, MODES, type PolicyOptions } from "../../src/iam/policy-statements";
import type { Deployment } from "../../src/settings/deployment";
import { abuses } from "../helpers/abuses";
import { anyOptions, FEATURE_NAMES, optionsWith, wholePolicy } from "../helpers/clusters";
import { cases } from "../helpers/complete";
import { deployment } from "../helpers/deployment";
import { actionsOf, betweenPacks, evidenceOf, serious } from "../helpers/diff";
import { deploymentOf, optionsOf, packFilesOf } from "../helpers/packs";
import { requiredRequests } from "../helpers/required-requests";
import { isAllowed, type Request } from "../helpers/simulator";

/**
 * Simulates every call that either cluster makes, and each of them in other environments and under
 * other conditions.
 * @param isJudged the actions to judge; all by default
 */
async function truthOf(
  before: PolicyOptions,
  after: PolicyOptions,
  isJudged: (action: string) => boolean = () => true,
) {
  const [former, latter] = [wholePolicy(before), wholePolicy(after)];
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

/** For all other actions, simulation gives the same result twice. */
function differingActions(before: PolicyOptions, after: PolicyOptions) {
  const [ofBefore, ofAfter] = [
    statementsByAction(wholePolicy(before)),
    statementsByAction(wholePolicy(after)),
  ];
  return CATALOGUE.map(({ action }) => action).filter(
    (action) => ofBefore.get(action) !== ofAfter.get(action),
  );
}

/** By action, the statements with it without their actions. */
function statementsByAction(document: PolicyDocument) {
  const byAction = new Map<string, string>();
  for (const { Action, ...rest } of document.Statement) {
    const text = JSON.stringify(rest);
    for (const action of [Action].flat()) {
      byAction.set(action, `${byAction.get(action) ?? ""}${text}\n`);
    }
  }
  return byAction;
}

const ODD_CONTEXTS: readonly Request["context"][] = [
  {},
  { "aws:RequestedRegion": "ap-south-1" },
  { "iam:PassedToService": "lambda.amazonaws.com" },
  { "iam:AWSServiceName": "rds.amazonaws.com" },
  { "iam:AWSServiceName": "spot.amazonaws.com" },
  { "kms:ViaService": "s3.eu-central-1.amazonaws.com" },
];

/**
 * Every call of both clusters with every feature in both environments; those of one cluster in
 * other environments, of an external cluster, and under unusual conditions.
 */
function probes(
  before: PolicyOptions,
  after: PolicyOptions,
  isJudged: (request: Request) => boolean,
) {
  const withFeatures = ({ cluster }: PolicyOptions) => ({
    ...cluster,
    features: FEATURE_NAMES,
  });
  const [one, other] = [withFeatures(before), withFeatures(after)];
  const calls = (environment: Environment, cluster: Cluster) =>
    requiredRequests(optionsWith("documented", cluster, environment)).filter(isJudged);
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

const settings = (mode: string, cluster = "", more = "") =>
  `policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard, ${cluster} }\n${more}`;
const scoped = (cluster?: string, more?: string) => settings("scoped", cluster, more);
const minimal = (cluster?: string, more?: string) => settings("minimal", cluster, more);

const withNat = (cluster?: string) => minimal(cluster).replace("Standard", "WithNAT");
const peeredWith = (account: string) => scoped(`peerAccountIds: ['${account}']`);
const nodeRoleUnder = (path: string) => scoped(`iamNodeRole: n, iamNodeRolePath: ${path}`);

/**
 * Changes of settings, and whether simulation finds some action that is allowed on more, on less,
 * or neither.
 */
const PAIRS: Readonly<
  Record<string, readonly [before: string, after: string, grows: boolean, shrinks: boolean]>
> = {
  "nothing changes": [minimal(), minimal(), false, false],
  "documented to scoped": ["", scoped(), false, true],
  "scoped to minimal": [scoped(), minimal(), false, true],
  "documented gets features": ["", "features: [encrypted-volumes, spot-instances]", true, false],
  "layout WithoutNAT": [minimal(), minimal().replace("Standard", "WithoutNAT"), true, true],
  "a bastion": [withNat(), withNat("withNAT: { bastionInstance: {} }"), true, false],
  "an existing VPC": [minimal(), minimal("existingVPCID: vpc-0123456789abcdef0"), false, true],
  "peering within the account": [
    minimal(),
    minimal("peeredVPCs: [vpc-0123456789abcdef0]"),
    true,
    false,
  ],
  "peering with another account": [scoped(), peeredWith("222222222222"), true, false],
  "another prefix": [scoped(), scoped().replace("dev", "prod"), true, true],
  "a node role of its own": [scoped(), scoped("iamNodeRole: dkp-node"), true, false],
  "a node role under another path": [nodeRoleUnder("/a/"), nodeRoleUnder("/b/"), true, true],
  "a node role that was another one": [
    scoped("iamNodeRole: n"),
    scoped("iamNodeRole: m, formerIamNodeRoles: [/n]"),
    true,
    false,
  ],
  "a node role that this project creates": [
    scoped(),
    scoped("", "nodeRole: { name: dkp-nodes }"),
    true,
    false,
  ],
  "another region, scoped": [scoped(), scoped("", "region: eu-west-1"), true, true],
  "another partition": [scoped(), scoped("", "region: cn-north-1"), true, true],
  "the account is set": [scoped(), scoped("", "accountId: '123456789012'"), false, false],
  "another account": [
    scoped("", "accountId: '123456789012'"),
    scoped("", "accountId: '111111111111'"),
    true,
    true,
  ],
  "tags of the cluster": [minimal(), minimal("tags: { team: platform }"), true, false],
  "imdsv2: true": [minimal(), minimal("imdsv2: true"), true, false],
  "no default security groups, which DKP 1.72 and 1.73 create all the same": [
    minimal(),
    minimal("disableDefaultSecurityGroup: true"),
    false,
    false,
  ],
  "a feature for another one": [
    minimal("", "features: [volume-snapshots]"),
    minimal("", "features: [drift-repair]"),
    true,
    true,
  ],
};

const changesOf = (before: Deployment, after: Deployment) =>
  betweenPacks(packFilesOf(before), packFilesOf(after));

function reported(changes: Changes) {
  const sorted = (rule: "permissions-broadened" | "permissions-narrowed") =>
    actionsOf(changes, rule, "user").toSorted();
  return { broadened: sorted("permissions-broadened"), narrowed: sorted("permissions-narrowed") };
}

it.each(Object.entries(PAIRS))(
  "the permissions of the user in a change summary are those that simulation finds, action by action, for %s",
  async (_, [before, after, grows, shrinks]) => {
    const truth = await truthOf(optionsOf(deployment(before)), optionsOf(deployment(after)));
    expect([truth.broadened.length > 0, truth.narrowed.length > 0]).toEqual([grows, shrinks]);
    expect(reported(changesOf(deployment(before), deployment(after)))).toEqual(truth);
  },
);

const anySettings = fc
  .tuple(anyOptions, fc.constantFrom(...MODES))
  .map(([options, mode]) => ({ ...options, mode }));

const variant = (options: PolicyOptions) =>
  fc.oneof(
    fc.constantFrom(...MODES).map((mode) => ({ ...options, mode })),
    fc
      .subarray(FEATURE_NAMES)
      .map((features) => ({ ...options, cluster: { ...options.cluster, features } })),
    fc.constant({ ...options, cluster: { ...options.cluster, tags: {} } }),
    fc.constant({
      ...options,
      cluster: { ...options.cluster, formerIamNodeRoles: [], peerAccountIds: [] },
    }),
  );

const anyPair = anySettings.chain((one) =>
  fc.tuple(
    fc.constant(one),
    fc.oneof(
      { weight: 1, arbitrary: anySettings },
      {
        weight: 1,
        arbitrary: anySettings.map((other) => ({ ...other, environment: one.environment })),
      },
      { weight: 3, arbitrary: variant(one) },
    ),
  ),
);

const RUNS = cases(25, 220);

it("permissions are reported as broadened exactly where simulation finds it, for random pairs of settings in both directions", async () => {
  const counts = { broadened: 0, "not broadened": 0 };
  await fc.assert(
    fc.asyncProperty(anyPair, fc.nat(), async ([one, other], draw) => {
      for (const [before, after] of [
        [one, other],
        [other, one],
      ] as const) {
        const changes = changesOf(deploymentOf(before), deploymentOf(after));
        const ofUser = serious(changes).filter(({ principal }) => principal === "user");
        const isBroader = ofUser.some(
          ({ rule }) => rule === "permissions-broadened" || rule === "deny-weakened",
        );
        counts[isBroader ? "broadened" : "not broadened"] += 1;
        const moves = before.environment.partition !== after.environment.partition;
        expect(serious(changes).some((found) => levelOf(RULES, found) === "breaking")).toBe(moves);
        const requests = evidenceOf({
          deployments: [{ stack: "x", state: "changed", findings: ofUser }],
        }) as DecisionRequest[];
        expect(requests).toHaveLength(isBroader ? 1 : 0);
        const [latter, former] = [after, before].map((options) => ({
          identity: [wholePolicy(options)],
        }));
        expect(
          requests.filter((request) => latter && former && isNew(latter, former, request)),
        ).toEqual(requests);
        const { broadened, narrowed } = reported(changes);
        const differing = differingActions(before, after);
        // Actions that both policies allow alike are not reported.
        expect([...broadened, ...narrowed].filter((action) => !differing.includes(action))).toEqual(
          [],
        );
        // Every known call if nothing is broadened; else calls of a few actions, as all would take
        // minutes.
        const drawn = [0, 1, 2].map((step) => differing[(draw + step * 29) % differing.length]);
        const isJudged = (action: string) => !isBroader || drawn.includes(action);
        const truth = await truthOf(before, after, isJudged);
        expect({
          broadened: broadened.filter(isJudged),
          narrowed: narrowed.filter(isJudged),
        }).toEqual(truth);
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  process.stderr.write(`pairs and directions: ${JSON.stringify(counts)}\n`);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(RUNS / 4);
});
