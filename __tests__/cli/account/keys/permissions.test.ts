import { lostPermissions } from "../../../../src/cli/account/keys/permissions";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { accountWith } from "../../../helpers/aws-answers";
import { deployment } from "../../../helpers/deployment";
import { DEPLOYED } from "../../../helpers/keys/situations";

describe("the permissions that DKP lost", () => {
  const user = { address: ADDRESSES.user, tainted: false, attributes: { name: "deckhouse" } };
  const lostIn = async (boundary: string, policies: readonly string[]) => {
    const iam = accountWith({ GetUser: { boundary }, ListAttachedUserPolicies: policies });
    const { lost } = await lostPermissions(deployment(""), { ...DEPLOYED.state, resources: [user] }, "123456789012", iam);
    return lost.map(({ address }) => address);
  };

  it.each([
    ["nothing", "none", ["D8CloudProviderAWS"], []],
    ["by a boundary where the state has none", "Other", ["D8CloudProviderAWS"], [ADDRESSES.user]],
    ["with an attachment that the state lost too", "none", [], [ADDRESSES.userAttachment]],
  ])("%s", async (_, boundary, policies, addresses) => {
    expect(await lostIn(boundary, policies)).toEqual(addresses);
  });
});
