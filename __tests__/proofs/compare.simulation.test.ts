import * as fc from "fast-check";
import type { PolicyOptions } from "../../src/iam/policy-statements";
import type { Deployment } from "../../src/settings/deployment";
import { anyOptions, UNTAGGED_MODES } from "../helpers/clusters";
import { deployment } from "../helpers/deployment";
import { actionsOf, betweenPacks } from "../helpers/diff";
import { deploymentOf, optionsOf } from "../helpers/packs";
import { packFilesOf } from "../helpers/reviewed";
import { differingActions, type Truth, truthOf } from "../helpers/simulated-diff";

// Thousands of simulated calls, on a automaton that may be busy.

const settings = (mode: string, cluster = "", more = "") =>
  `policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard, ${cluster} }\n${more}`;
const scoped = (cluster?: string, more?: string) => settings("scoped", cluster, more);
const minimal = (cluster?: string, more?: string) => settings("minimal", cluster, more);

/** Changes of settings, and whether simulation finds some action that is allowed on more, on less, or neither. */
const PAIRS: Readonly<Record<string, readonly [before: string, after: string, grows: boolean, shrinks: boolean]>> = {
  "nothing changes": [minimal(), minimal(), false, false],
  "documented to scoped": ["", scoped(), false, true],
  "scoped to documented": [scoped(), "", true, false],
  "scoped to minimal": [scoped(), minimal(), false, true],
  "minimal to documented": [minimal(), "", true, false],
  "without additional permissions": ["", "policy: { supplement: false }", false, true],
  "without additional permissions, in minimal": [
    minimal(),
    `${minimal().replace("minimal", "minimal, supplement: false")}`,
    false,
    true,
  ],
  "documented gets features": ["", "features: [encrypted-volumes, spot-instances]", true, false],
  "layout WithNAT": [minimal(), minimal().replace("Standard", "WithNAT"), false, false],
  "layout WithoutNAT": [minimal(), minimal().replace("Standard", "WithoutNAT"), true, true],
  "a bastion": [
    minimal().replace("Standard", "WithNAT"),
    minimal("withNAT: { bastionInstance: {} }").replace("Standard", "WithNAT"),
    true,
    false,
  ],
  "an existing VPC": [minimal(), minimal("existingVPCID: vpc-0123456789abcdef0"), false, true],
  "peering within the account": [minimal(), minimal("peeredVPCs: [vpc-0123456789abcdef0]"), true, false],
  "peering with another account": [scoped(), scoped("peerAccountIds: ['222222222222']"), true, false],
  "peering with yet another account": [
    scoped("peerAccountIds: ['222222222222']"),
    scoped("peerAccountIds: ['333333333333']"),
    true,
    true,
  ],
  "another prefix": [scoped(), scoped().replace("dev", "prod"), true, true],
  "a node role of its own": [scoped(), scoped("iamNodeRole: dkp-node"), true, false],
  "a node role under another path": [
    scoped("iamNodeRole: n, iamNodeRolePath: /a/"),
    scoped("iamNodeRole: n, iamNodeRolePath: /b/"),
    true,
    true,
  ],
  "a node role that was another one": [scoped("iamNodeRole: n"), scoped("iamNodeRole: m, formerIamNodeRoles: [/n]"), true, false],
  "a node role that this project creates": [scoped(), scoped("", "nodeRole: { name: dkp-nodes }"), true, false],
  "another region, scoped": [scoped(), scoped("", "region: eu-west-1"), true, true],
  "another region, documented": ["", "region: eu-west-1", false, false],
  "another partition": [scoped(), scoped("", "region: cn-north-1"), true, true],
  "the account is stated": [scoped(), scoped("", "accountId: '123456789012'"), false, false],
  "another account": [scoped("", "accountId: '123456789012'"), scoped("", "accountId: '111111111111'"), true, true],
  "tags of the cluster": [minimal(), minimal("tags: { team: platform }"), true, false],
  "tags of the resources of this project": ["", "tags: { team: platform }", false, false],
  "imdsv2: true": [minimal(), minimal("imdsv2: true"), true, false],
  "imdsv2: false": [minimal(), minimal("imdsv2: false"), true, false],
  "no default security groups": [
    minimal(`dkpVersion: "1.77"`),
    minimal(`dkpVersion: "1.77", disableDefaultSecurityGroup: true`),
    false,
    true,
  ],
  "spot instances, scoped": [scoped(), scoped("", "features: [spot-instances]"), true, false],
  "a feature for another one": [minimal("", "features: [volume-snapshots]"), minimal("", "features: [drift-repair]"), true, true],
  "the attachment": ["", "attachment: user-and-group", false, false],
};

/** The actions of the user that a change summary reports. */
function reported(before: Deployment, after: Deployment): Truth {
  const changes = betweenPacks(packFilesOf(before), packFilesOf(after));
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
    expect(reported(deployment(before), deployment(after))).toEqual(truth);
  });

  it("for any two clusters, modes and environments", async () => {
    const anyPolicy: fc.Arbitrary<PolicyOptions> = fc
      .tuple(anyOptions, fc.constantFrom(...UNTAGGED_MODES))
      .map(([options, mode]) => ({ ...options, mode }));
    let judged = 0;
    await fc.assert(
      fc.asyncProperty(anyPolicy, anyPolicy, fc.boolean(), fc.nat(), async (before, other, elsewhere, draw) => {
        const after = elsewhere ? other : { ...other, environment: before.environment };
        const differing = differingActions(before, after);
        // A few of them: all would take minutes.
        const drawn = new Set([0, 1, 2].map((step) => differing[(draw + step * 29) % differing.length]));
        const truth = await truthOf(before, after, (action) => drawn.has(action));
        const { broadened, narrowed } = reported(deploymentOf(before), deploymentOf(after));
        const ofDrawn = (actions: readonly string[]) => actions.filter((action) => drawn.has(action));
        expect({ broadened: ofDrawn(broadened), narrowed: ofDrawn(narrowed) }).toEqual(truth);
        // Actions that both policies allow alike are not reported.
        expect([...broadened, ...narrowed].filter((action) => !differing.includes(action))).toEqual([]);
        judged += drawn.size;
      }),
      { numRuns: 25 },
    );
    expect(judged).toBeGreaterThan(30);
  });
});
