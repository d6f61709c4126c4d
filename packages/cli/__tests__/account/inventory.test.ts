import { ACCOUNT } from "../../../../__tests__/helpers/aws-answers";
import { deployment, SEVERAL_POLICIES } from "../../../../__tests__/helpers/deployment";
import { EVERY_OBJECT, resourcesOf } from "../../../../__tests__/helpers/drift";
import { inventoryOfSettings, inventoryOfState } from "../../src/account/inventory";

const resource = (address: string, attributes: Readonly<Record<string, string>>) => ({
  address,
  attributes,
});

describe("the inventory", () => {
  it.each(["", EVERY_OBJECT, SEVERAL_POLICIES])(
    "of a state that settings were applied to is that of the settings: %j",
    (text) => {
      const described = inventoryOfSettings(deployment(text), ACCOUNT);
      const { user, links, ...own } = inventoryOfState(resourcesOf(described));
      const things = described.things.map(({ path, setting, isImported, ...thing }) => thing);
      expect({ user, links, things: own.things }).toEqual({
        user: described.user,
        links: described.links,
        things,
      });
    },
  );

  it("has one policy that the settings import, the first one", () => {
    const described = inventoryOfSettings(
      deployment(`${SEVERAL_POLICIES}\nimport: { policy: true }`),
      ACCOUNT,
    );
    const policies = described.things.filter(({ kind }) => kind === "policy");
    expect(policies.map(({ isImported }) => isImported)).toEqual([true, false]);
  });

  it("of a state that lost its user has the name of the user of a key", () => {
    const key = resource("aws_iam_access_key.user", { id: "AKIA", user: "former" });
    expect(inventoryOfState([resource("aws_iam_user.other", { name: "other" }), key]).user).toBe(
      "former",
    );
  });

  it("has what a program adds to the stack", () => {
    const role = resource("aws_iam_role.other", { name: "other", arn: "arn" });
    const inline = resource("aws_iam_user_policy.more", {
      user: "deckhouse",
      name: "more",
      policy: '{"Statement":[]}',
    });
    const { things, links } = inventoryOfState([role, inline]);
    expect(things.map(({ kind, name }) => `${kind} ${name}`)).toEqual(["role other"]);
    expect(links).toEqual([
      {
        address: "aws_iam_user_policy.more",
        of: "user deckhouse",
        to: "more",
        document: { Statement: [] },
      },
    ]);
  });
});
