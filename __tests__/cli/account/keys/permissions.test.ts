import { lostPermissions } from "../../../../src/cli/account/keys/permissions";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { deployment } from "../../../helpers/deployment";
import { accountWith } from "../../../helpers/drift";
import { DEPLOYED } from "../../../helpers/keys/situations";

const attached = { AttachedPolicies: [{ PolicyArn: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS" }] };
const bounded = { PermissionsBoundary: { PermissionsBoundaryArn: "arn:aws:iam::123456789012:policy/Other" } };

describe("the permissions that DKP lost", () => {
  const user = { address: ADDRESSES.user, tainted: false, attributes: { name: "deckhouse" } };
  const lostIn = async (User: object, policies: object) => {
    const iam = accountWith({ "iam:GetUser": { User }, "iam:ListAttachedUserPolicies": policies });
    const { lost } = await lostPermissions(deployment(""), { ...DEPLOYED.state, resources: [user] }, "123456789012", iam);
    return lost.map(({ address }) => address);
  };

  it.each([
    ["nothing", {}, attached, []],
    ["by a boundary where the state has none", bounded, attached, [ADDRESSES.user]],
    ["with an attachment that the state lost too", {}, {}, [ADDRESSES.userAttachment]],
  ])("%s", async (_, found, policies, addresses) => {
    expect(await lostIn(found, policies)).toEqual(addresses);
  });
});
