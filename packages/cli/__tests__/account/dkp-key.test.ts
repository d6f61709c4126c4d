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
import { keyAnswer } from "../../src/account/dkp-key";
import type { KeySituation } from "../../src/account/keys/situation";
import { ROTATE_RULES, type RotateRules } from "../../src/account/rotate/rotate-rules";
import { adviceLines } from "../../src/findings/finding";

const INACTIVE = iamKey(OLD, 9, 0.1, "Inactive");
const DEAD = inCluster(rotated(INACTIVE), OLD);
const NONE = situation("accessKeys: { managedBy: none }", undefined, INACTIVE);
const ofCommander = ({ cluster, ...given }: KeySituation): KeySituation => ({
  ...given,
  cluster: cluster && { ...cluster, isOfCommander: true },
});

const answer = ({ settings, iam, cluster }: KeySituation) =>
  keyAnswer({ settings, cluster, managed: undefined, ...iam });

describe("the answer about a key of DKP that does not work", () => {
  it.each([
    ["rotate", DEAD, "npx dkp-access rotate deckhouse --cluster gives it another one"],
    [
      "rotate --out of a cluster that Commander manages",
      ofCommander(DEAD),
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
    [
      "no command that refuses",
      inCluster(situation("", OLD, INACTIVE), OLD),
      "give DKP a key of the user that is Active",
    ],
    [
      "no command where somebody else manages the keys",
      inCluster(NONE, OLD),
      "give DKP a key of the user that is Active",
    ],
  ])("sends to %s", (_, given, remedy) => {
    const lines = answer(given).flatMap((found) => adviceLines<RotateRules>(ROTATE_RULES, found));
    expect(lines).toContainEqual(expect.stringContaining(`-> ${remedy}`));
  });

  it("is the only one where no last use is known", () => {
    const unread = "iam:GetAccessKeyLastUsed: AccessDenied: no";
    const rulesOf = (given: KeySituation) =>
      answer(withIam(given, { unread })).map(({ rule }) => rule);
    expect(rulesOf(DEAD)).toEqual(["dkp-key-dead"]);
    expect(rulesOf(inCluster(DEPLOYED, OLD))).toEqual([]);
    expect(rulesOf(rotated(iamKey(OLD, 95)))).toEqual([]);
  });

  it("is none where the keys could not be listed", () => {
    const { settings, iam, cluster } = DEAD;
    expect(keyAnswer({ ...iam, settings, cluster, keys: undefined, managed: [] })).toEqual([]);
  });
});
