import {
  DEPLOYED,
  iamKey,
  inCluster,
  NEW,
  OLD,
  rotated,
  situation,
  withIam,
} from "../../../../__tests__/helpers/key-situations";
import { clusterDrift } from "../../src/account/drift/cluster";
import { DRIFT_RULES, type DriftRules } from "../../src/account/drift/drift-rules";
import { keyFindings } from "../../src/account/keys/findings";
import { KEY_RULES, type KeyRules } from "../../src/account/keys/key-rules";
import type { KeySituation } from "../../src/account/keys/situation";
import { rotatedFindings } from "../../src/account/rotated-keys";
import { CLUSTER_RULES } from "../../src/account/shared-rules";
import { adviceLines, exitCodeOf, textOf } from "../../src/findings/finding";

const ONE = rotated(iamKey(OLD, 9, 0.1));
const INACTIVE = iamKey(OLD, 9, 0.1, "Inactive");
const OWNED = withIam(ONE, { owners: new Map([[NEW, "another"]]) });
const ofCommander = ({ cluster, ...given }: KeySituation): KeySituation => ({
  ...given,
  cluster: cluster && { ...cluster, isOfCommander: true },
});

/** What `drift --cluster` finds about keys, of the same situation. */
function driftFindings({ settings, state, iam, cluster }: KeySituation) {
  if (cluster === undefined) {
    throw new Error("the cluster was not read");
  }
  const { stack, accessKeys } = settings;
  const { keyId: dkpKey } = cluster.configuration;
  const compared = {
    cluster,
    version: undefined,
    current: "value" in state ? state.value.current : undefined,
  };
  const ofRotate =
    accessKeys.managedBy === "rotate"
      ? rotatedFindings({ stack, maxAge: accessKeys.maxAge, ...iam, dkpKey })
      : [];
  const user = { keys: iam.keys, exists: iam.exists, owner: iam.owners.get(dkpKey) };
  return [...clusterDrift(settings, compared, user), ...ofRotate];
}

const YOUNGER_USED = rotated(iamKey(OLD, 30, 0.1), iamKey(NEW, 9, 2));
const ENDED = situation("", OLD, INACTIVE);

/** Of each state of a user and a cluster, the exit code that keys and drift have alike. */
const STATES = [
  ["DKP has the only key", inCluster(ONE, OLD), 0],
  [
    "a second key is new and unused",
    inCluster(rotated(iamKey(OLD, 9, 0.1), iamKey(NEW, 1)), OLD),
    0,
  ],
  [
    "the former key is not ended yet",
    inCluster(rotated(iamKey(OLD, 95, 3), iamKey(NEW, 5, 0)), NEW),
    0,
  ],
  ["DKP's key is Inactive", inCluster(rotated(INACTIVE), OLD), 3],
  ["DKP's key was deleted, and no key is left", inCluster(rotated(), OLD), 3],
  ["nobody has DKP's key", inCluster(ONE, NEW), 3],
  ["another user has DKP's key", inCluster(OWNED, NEW), 3],
  ["the cluster has another prefix", inCluster(ONE, OLD, "prod"), 3],
  ["the cluster has another Region", inCluster(ONE, OLD, "dev", "us-east-1"), 3],
  ["a younger key than DKP's was used", inCluster(YOUNGER_USED, OLD), 2],
  ["no rotation has ended", inCluster(rotated(iamKey(OLD, 105, 0.1)), OLD), 2],
  ["DKP has Terraform's key", inCluster(DEPLOYED, OLD), 0],
  ["Terraform's key was deleted, and DKP has it", inCluster(situation("", undefined), OLD), 3],
  ["Terraform's key is Inactive, and DKP has it", inCluster(ENDED, OLD), 3],
  ["nobody has DKP's key, beside Terraform's one", inCluster(DEPLOYED, NEW), 3],
] as const;

describe("keys and drift", () => {
  it.each(STATES)("have one answer where %s", (_, given, code) => {
    expect([
      exitCodeOf<KeyRules>(KEY_RULES, keyFindings(given)),
      exitCodeOf<DriftRules>(DRIFT_RULES, driftFindings(given)),
    ]).toEqual([code, code]);
  });

  it.each(STATES)("have one sentence about the cluster and DKP's key where %s", (_, given) => {
    const said = (found: readonly { readonly rule: string; readonly values: object }[]) =>
      found
        .filter(({ rule }) => rule in CLUSTER_RULES)
        .map(({ rule, values }) => ({ rule, values }));
    expect(said(keyFindings(given))).toEqual(said(driftFindings(given)));
  });

  it.each(STATES)("call nobody an attacker where %s", (_, given) => {
    const findings = keyFindings(given);
    const texts = findings.flatMap((found) => [
      textOf<KeyRules>(KEY_RULES, found),
      ...adviceLines<KeyRules>(KEY_RULES, found),
    ]);
    expect(texts.join("\n")).not.toMatch(/attacker/);
  });

  it.each([
    [
      "rotate",
      inCluster(rotated(INACTIVE), OLD),
      "npx dkp-access rotate deckhouse --cluster gives it another one",
    ],
    [
      "rotate --out of a cluster that Commander manages",
      ofCommander(inCluster(rotated(INACTIVE), OLD)),
      "npx dkp-access rotate deckhouse --out FILE gives it another one",
    ],
    [
      "hand-over where Terraform's key works",
      inCluster(DEPLOYED, NEW),
      "npx dkp-access hand-over deckhouse --cluster gives it another one",
    ],
    [
      "no command where the user does not exist",
      withIam(inCluster(rotated(), OLD), { exists: false }),
      "give DKP a key of the user that is Active",
    ],
    ["no command that refuses", inCluster(ENDED, OLD), "give DKP a key of the user that is Active"],
    [
      "another cluster for a key of another user",
      inCluster(OWNED, NEW),
      "this is another cluster: name another --context or stack",
    ],
  ])("send to %s", (_, given, remedy) => {
    const lines = driftFindings(given).flatMap((found) =>
      adviceLines<DriftRules>(DRIFT_RULES, found),
    );
    expect(lines).toContainEqual(expect.stringContaining(`-> ${remedy}`));
  });
});
