import { managedAccess } from "../../../../src/cli/account/drift/managed";
import { stateResources } from "../../../../src/terraform/state-file";
import { deployment } from "../../../helpers/deployment";
import { ACCOUNT, EVERY_OBJECT } from "../../../helpers/drift";

const arn = (name: string) => `arn:aws:iam::${ACCOUNT}:policy/${name}`;
const DOCUMENT = { Version: "2012-10-17", Statement: [] };
const resource = (type: string, name: string, attributes: object) => ({
  mode: "managed",
  type,
  name,
  instances: [{ attributes }],
});

const STATE = stateResources(
  JSON.stringify({
    version: 4,
    resources: [
      resource("aws_iam_user", "user", { name: "former", permissions_boundary: "" }),
      resource("aws_iam_access_key", "user", { id: "AKIA1" }),
      resource("aws_iam_access_key", "user-secondary", { id: "AKIA2" }),
      resource("aws_iam_policy", "policy", { name: "P", arn: arn("P"), policy: JSON.stringify(DOCUMENT) }),
      resource("aws_iam_policy", "policy-2", { name: "P-2", arn: arn("P-2"), policy: "damaged" }),
      resource("aws_iam_user_policy_attachment", "policy-attachment", { policy_arn: arn("P") }),
      resource("aws_iam_user_policy_attachment", "policy-attachment-2", { policy_arn: arn("P-2") }),
      resource("aws_iam_group", "group", { name: "g" }),
      resource("aws_iam_user_group_membership", "group-membership", { groups: ["g"] }),
      resource("aws_iam_group_policy_attachment", "policy-attachment", { policy_arn: arn("P") }),
      resource("aws_iam_role", "node", { name: "r", permissions_boundary: arn("B") }),
      resource("aws_iam_role_policy", "node", { name: "i", policy: JSON.stringify(DOCUMENT) }),
      resource("aws_iam_role_policy_attachment", "node-1", { policy_arn: arn("R") }), // of an older checkout
      { ...resource("aws_iam_policy_document", "policy", {}), mode: "data" },
    ],
  }),
);

describe("managedAccess", () => {
  it("reads what Terraform manages from the state, whatever the settings say", () => {
    expect(managedAccess(deployment("user: { permissionsBoundary: 'arn:aws:iam::aws:policy/A' }"), ACCOUNT, STATE)).toEqual({
      user: {
        name: "former",
        managed: true,
        boundary: undefined,
        attached: [arn("P"), arn("P-2")],
        groups: ["g"],
        keys: ["AKIA1", "AKIA2"],
      },
      group: { name: "g", managed: true, members: ["former"], attached: [arn("P")] },
      policies: [
        { name: "P", managed: true, number: 1, arn: arn("P"), document: DOCUMENT },
        { name: "P-2", managed: true, number: 2, arn: arn("P-2"), document: {} },
      ],
      nodeRole: { name: "r", managed: true, boundary: arn("B"), attached: [arn("R")], inline: "i", document: DOCUMENT },
    });
  });

  it("takes the names of objects that the state lacks from the settings, and nothing of them as managed", () => {
    const { user, group, policies, nodeRole } = managedAccess(deployment(EVERY_OBJECT), ACCOUNT, stateResources(""));
    expect(user).toMatchObject({ name: "deckhouse", managed: false, attached: [], groups: [], keys: [] });
    expect(group).toEqual({ name: "dkp", managed: false, members: [], attached: [] });
    expect(policies).toMatchObject([{ name: "D8CloudProviderAWS", managed: false, arn: arn("D8CloudProviderAWS") }]);
    expect(nodeRole).toMatchObject({ name: "nodes", managed: false, attached: [] });
  });

  it("takes everything that the settings describe as managed without a state", () => {
    const { user, group, policies, nodeRole } = managedAccess(deployment(EVERY_OBJECT), ACCOUNT, undefined);
    const attached = [arn("D8CloudProviderAWS")];
    expect(user).toMatchObject({ managed: true, attached, groups: ["dkp"], keys: 1 });
    expect(group).toEqual({ name: "dkp", managed: true, members: ["deckhouse"], attached });
    expect(policies).toMatchObject([
      { managed: true, document: { Statement: [{ Sid: "VisualEditor0" }, { Sid: "DkpAlsoCalls" }] } },
    ]);
    expect(nodeRole).toMatchObject({ managed: true, attached: ["arn:aws:iam::aws:policy/Read"], inline: "nodes" });
  });

  it("counts an imported key as managed, and no key with accessKeys: none", () => {
    const keys = (settings: string, state = stateResources("")) => managedAccess(deployment(settings), ACCOUNT, state).user.keys;
    expect(keys("import: { accessKeyId: AKIAIOSFODNN7EXAMPLE }")).toEqual(["AKIAIOSFODNN7EXAMPLE"]);
    expect(keys("accessKeys: none")).toBeUndefined();
    expect(keys("accessKeys: none", STATE)).toEqual(["AKIA1", "AKIA2"]);
  });
});
