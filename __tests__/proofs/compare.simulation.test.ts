import * as fc from "fast-check";
import { RULES } from "../../src/cli/diff/change-rules";
import type { Changes } from "../../src/cli/diff/changes";
import { levelOf } from "../../src/cli/findings/finding";
import type { DecisionRequest } from "../../src/decision/model";
import { policyDocument } from "../../src/iam/policy-document";
import { MODES, type PolicyOptions, policyStatements } from "../../src/iam/policy-statements";
import type { Deployment } from "../../src/settings/deployment";
import { isNew } from "../decision/simulation";
import { anyOptions, FEATURE_NAMES } from "../helpers/clusters";
import { cases } from "../helpers/complete";
import { deployment } from "../helpers/deployment";
import { actionsOf, betweenPacks, evidenceOf, serious } from "../helpers/diff";
import { deploymentOf, optionsOf, packFilesOf } from "../helpers/packs";
import { differingActions, type Truth, truthOf } from "../helpers/simulated-diff";

const settings = (mode: string, cluster = "", more = "") =>
  `policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard, ${cluster} }\n${more}`;
const scoped = (cluster?: string, more?: string) => settings("scoped", cluster, more);
const minimal = (cluster?: string, more?: string) => settings("minimal", cluster, more);

const withNat = (cluster?: string) => minimal(cluster).replace("Standard", "WithNAT");
const peeredWith = (account: string) => scoped(`peerAccountIds: ['${account}']`);
const nodeRoleUnder = (path: string) => scoped(`iamNodeRole: n, iamNodeRolePath: ${path}`);
const VERSION = 'dkpVersion: "1.77"';

/** Changes of settings, and whether simulation finds some action that is allowed on more, on less, or neither. */
const PAIRS: Readonly<Record<string, readonly [before: string, after: string, grows: boolean, shrinks: boolean]>> = {
  "nothing changes": [minimal(), minimal(), false, false],
  "documented to scoped": ["", scoped(), false, true],
  "scoped to minimal": [scoped(), minimal(), false, true],
  "without additional permissions": ["", "policy: { supplement: false }", false, true],
  "documented gets features": ["", "features: [encrypted-volumes, spot-instances]", true, false],
  "layout WithoutNAT": [minimal(), minimal().replace("Standard", "WithoutNAT"), true, true],
  "a bastion": [withNat(), withNat("withNAT: { bastionInstance: {} }"), true, false],
  "an existing VPC": [minimal(), minimal("existingVPCID: vpc-0123456789abcdef0"), false, true],
  "peering within the account": [minimal(), minimal("peeredVPCs: [vpc-0123456789abcdef0]"), true, false],
  "peering with another account": [scoped(), peeredWith("222222222222"), true, false],
  "another prefix": [scoped(), scoped().replace("dev", "prod"), true, true],
  "a node role of its own": [scoped(), scoped("iamNodeRole: dkp-node"), true, false],
  "a node role under another path": [nodeRoleUnder("/a/"), nodeRoleUnder("/b/"), true, true],
  "a node role that was another one": [scoped("iamNodeRole: n"), scoped("iamNodeRole: m, formerIamNodeRoles: [/n]"), true, false],
  "a node role that this project creates": [scoped(), scoped("", "nodeRole: { name: dkp-nodes }"), true, false],
  "another region, scoped": [scoped(), scoped("", "region: eu-west-1"), true, true],
  "another partition": [scoped(), scoped("", "region: cn-north-1"), true, true],
  "the account is set": [scoped(), scoped("", "accountId: '123456789012'"), false, false],
  "another account": [scoped("", "accountId: '123456789012'"), scoped("", "accountId: '111111111111'"), true, true],
  "tags of the cluster": [minimal(), minimal("tags: { team: platform }"), true, false],
  "imdsv2: true": [minimal(), minimal("imdsv2: true"), true, false],
  "no default security groups": [minimal(VERSION), minimal(`${VERSION}, disableDefaultSecurityGroup: true`), false, true],
  "a feature for another one": [minimal("", "features: [volume-snapshots]"), minimal("", "features: [drift-repair]"), true, true],
};

const changesOf = (before: Deployment, after: Deployment) => betweenPacks(packFilesOf(before), packFilesOf(after));

/** The actions of the user that a change summary reports. */
function reported(changes: Changes): Truth {
  const named = (rule: "permissions-broadened" | "permissions-narrowed") =>
    actionsOf(changes, rule, "user")
      .map(({ action }) => action)
      .sort();
  return { broadened: named("permissions-broadened"), narrowed: named("permissions-narrowed") };
}

describe("the permissions of the user in a change summary are those that simulation finds, action by action", () => {
  it.each(Object.entries(PAIRS))("for %s", async (_, [before, after, grows, shrinks]) => {
    const truth = await truthOf(optionsOf(deployment(before)), optionsOf(deployment(after)));
    expect([truth.broadened.length > 0, truth.narrowed.length > 0]).toEqual([grows, shrinks]);
    expect(reported(changesOf(deployment(before), deployment(after)))).toEqual(truth);
  });
});

const anySettings: fc.Arbitrary<PolicyOptions> = fc
  .tuple(anyOptions, fc.constantFrom(...MODES))
  .map(([options, mode]) => ({ ...options, mode }));

/** Settings in which one thing differs, so that many pairs are broadened in one direction only or in none. */
const variant = (options: PolicyOptions): fc.Arbitrary<PolicyOptions> =>
  fc.oneof(
    fc.constantFrom(...MODES).map((mode) => ({ ...options, mode })),
    fc.constant({ ...options, supplement: !options.supplement }),
    fc.subarray(FEATURE_NAMES).map((features) => ({ ...options, cluster: { ...options.cluster, features } })),
    fc.constant({ ...options, cluster: { ...options.cluster, tags: {} } }),
    fc.constant({ ...options, cluster: { ...options.cluster, formerIamNodeRoles: [], peerAccountIds: [] } }),
  );

const anyPair = anySettings.chain((one) =>
  fc.tuple(
    fc.constant(one),
    fc.oneof(
      { weight: 1, arbitrary: anySettings },
      { weight: 1, arbitrary: anySettings.map((other) => ({ ...other, environment: one.environment })) },
      { weight: 3, arbitrary: variant(one) },
    ),
  ),
);

/** Pairs of settings, each compared in both directions. */
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
        const isBroader = ofUser.some(({ rule }) => rule === "permissions-broadened" || rule === "deny-weakened");
        counts[isBroader ? "broadened" : "not broadened"] += 1;
        const moves = before.environment.partition !== after.environment.partition;
        expect(serious(changes).some((found) => levelOf(RULES, found) === "breaking")).toBe(moves);
        // One request that the simulator allows after the change and not before.
        const requests = evidenceOf({ deployments: [{ stack: "x", state: "changed", findings: ofUser }] }) as DecisionRequest[];
        expect(requests).toHaveLength(isBroader ? 1 : 0);
        const [latter, former] = [after, before].map((options) => ({ identity: [policyDocument(policyStatements(options))] }));
        expect(requests.filter((request) => latter && former && isNew(latter, former, request))).toEqual(requests);
        const { broadened, narrowed } = reported(changes);
        const differing = differingActions(before, after);
        // Actions that both policies allow alike are not reported.
        expect([...broadened, ...narrowed].filter((action) => !differing.includes(action))).toEqual([]);
        // Every known call where nothing is broadened; else calls of a few actions, as all would take minutes.
        const drawn = [0, 1, 2].map((step) => differing[(draw + step * 29) % differing.length]);
        const isJudged = (action: string) => !isBroader || drawn.includes(action);
        const truth = await truthOf(before, after, isJudged);
        expect({ broadened: broadened.filter(isJudged), narrowed: narrowed.filter(isJudged) }).toEqual(truth);
      }
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  process.stderr.write(`pairs and directions: ${JSON.stringify(counts)}\n`);
  expect(Math.min(...Object.values(counts))).toBeGreaterThan(RUNS / 4);
});
