import { describedResources } from "../../../../src/cli/account/drift/managed-attributes";
import { permissionsOf } from "../../../../src/cli/account/keys/permissions";
import type { StateResource } from "../../../../src/cli/terraform/state-file";
import { ADDRESSES } from "../../../../src/terraform/addresses";
import { type Answers, accountWith } from "../../../helpers/aws-answers";
import { deployment } from "../../../helpers/deployment";
import { DEPLOYED } from "../../../helpers/keys/situations";

const user = { address: ADDRESSES.user, attributes: { name: "deckhouse" } };
const permissionsIn = (answers: Answers, ...more: readonly StateResource[]) => {
  const state = { ...DEPLOYED.state, resources: { current: [...more, user], tainted: [], deposed: [] } };
  const iam = accountWith({ GetUser: {}, ListAttachedUserPolicies: ["D8CloudProviderAWS"], ...answers });
  return permissionsOf(deployment(""), state, "123456789012", iam);
};

describe("the permissions that DKP lost", () => {
  const attachment = {
    address: ADDRESSES.userAttachment,
    attributes: { user: "deckhouse", policy_arn: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS" },
  };

  it.each<readonly [what: string, policies: readonly string[], state: readonly StateResource[], lost: readonly string[]]>([
    ["nothing of an attachment that IAM and the state have", ["D8CloudProviderAWS"], [attachment], []],
    ["an attachment that only the state has", [], [attachment], [ADDRESSES.userAttachment]],
    ["nothing of an attachment that only IAM has", ["D8CloudProviderAWS"], [], []],
    ["an attachment that only the settings have", [], [], [ADDRESSES.userAttachment]],
  ])("%s", async (_, policies, state, addresses) => {
    const { lost, lacking } = await permissionsIn({ ListAttachedUserPolicies: policies }, ...state);
    expect(lost.map(({ address }) => address)).toEqual(addresses);
    expect(lacking).toEqual(state.length === 0 ? [ADDRESSES.userAttachment] : []);
  });

  it.each([
    [["D8CloudProviderAWS"], false],
    [[], true],
  ])("with an import of an attachment, where IAM has %j", async (policies, isImportMissing) => {
    const empty = { ...DEPLOYED.state, resources: { current: [], tainted: [], deposed: [] } };
    const iam = accountWith({ GetUser: {}, ListAttachedUserPolicies: policies });
    const settings = deployment("import: { attachment: true }");
    expect(await permissionsOf(settings, empty, "123456789012", iam)).toMatchObject({ isImportMissing, lost: [] });
  });

  it("nothing of a policy that has the document of the settings, which the state does not have yet", async () => {
    const [wanted] = describedResources(deployment(""), "123456789012").filter(({ address }) => address === ADDRESSES.policy);
    const attributes = { ...wanted?.attributes, policy: JSON.stringify({ Statement: [] }) };
    const lostWith = async (document: object) => {
      const { lost } = await permissionsIn(
        { GetPolicy: "policy/D8CloudProviderAWS", GetPolicyVersion: document },
        { address: ADDRESSES.policy, attributes },
      );
      return lost.map(({ address }) => address);
    };
    expect(await lostWith(JSON.parse(String(wanted?.attributes.policy)))).toEqual([]);
    expect(await lostWith({ Statement: [] })).toEqual([]);
    expect(await lostWith({ Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] })).toEqual([ADDRESSES.policy]);
  });

  it("with a boundary that was removed, and nothing while the user has the one of the state", async () => {
    const attributes = { name: "deckhouse", permissions_boundary: "arn:aws:iam::123456789012:policy/B" };
    const { lost } = await permissionsIn({}, { address: ADDRESSES.user, attributes });
    expect(lost.map(({ lost: what }) => what)).toEqual([
      `its permissions boundary ${attributes.permissions_boundary} was removed`,
    ]);
    const kept = await permissionsIn({ GetUser: { boundary: "B" } }, { address: ADDRESSES.user, attributes });
    expect(kept).toMatchObject({ lost: [], denials: [] });
  });
});

describe("what denies something to DKP", () => {
  const DENY = { Statement: { Effect: "Deny", Action: "ec2:*", Resource: "*" } };
  const LEAVE = { Statement: { Effect: "Deny", Action: "Organizations:Leave*", Resource: "*" } };
  const OTHERS = { Statement: { Effect: "Deny", NotAction: "organizations:*", Resource: "*" } };
  const QUARANTINE = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3";
  const revoked = (condition: object) => ({
    Statement: [{ Effect: "Deny", Action: "*", Resource: "*", Condition: condition }],
  });

  it.each<readonly [what: string, answers: Answers, policies: readonly string[]]>([
    ["nothing", {}, []],
    ["an inline policy", { ListUserPolicies: "stop", GetUserPolicy: DENY }, ["stop on user deckhouse"]],
    [
      "a permissions boundary that somebody else set",
      { GetUser: { boundary: "Quarantine" } },
      ["the permissions boundary arn:aws:iam::123456789012:policy/Quarantine on user deckhouse"],
    ],
    ["no inline policy that denies what DKP does not require", { ListUserPolicies: "leave", GetUserPolicy: LEAVE }, []],
    [
      "an inline policy that denies all but that",
      { ListUserPolicies: "stop", GetUserPolicy: OTHERS },
      ["stop on user deckhouse"],
    ],
    ["no inline policy that only allows", { ListUserPolicies: "more", GetUserPolicy: "s3:GetObject" }, []],
    [
      "an attached policy",
      {
        ListAttachedUserPolicies: ["D8CloudProviderAWS", QUARANTINE],
        [`GetPolicy ${QUARANTINE}`]: QUARANTINE,
        [`GetPolicyVersion ${QUARANTINE}`]: DENY,
      },
      [`${QUARANTINE} on user deckhouse`],
    ],
    [
      "a policy of a group that it is in",
      { ListGroupsForUser: "all", ListGroupPolicies: "stop", GetGroupPolicy: DENY },
      ["stop on group all"],
    ],
    [
      "not the denial of the sessions of a leaked key",
      {
        ListUserPolicies: "DenySessionsFromLeakedKey",
        GetUserPolicy: revoked({ DateLessThan: { "aws:TokenIssueTime": "2026-01-01T00:00:00Z" } }),
      },
      [],
    ],
    [
      "a policy of that name that denies more",
      { ListUserPolicies: "DenySessionsFromLeakedKey", GetUserPolicy: revoked({}) },
      ["DenySessionsFromLeakedKey on user deckhouse"],
    ],
  ])("%s", async (_, answers, policies) => {
    const { denials, unread } = await permissionsIn(answers);
    expect(denials.map(({ policy, on }) => `${policy} on ${on}`)).toEqual(policies);
    expect(unread).toEqual([]);
  });

  it("is not a policy that only allows and is attached, but where the state has it, no apply can delete it", async () => {
    const arn = "arn:aws:iam::123456789012:policy/D8CloudProviderAWS-2";
    const answers = {
      ListAttachedUserPolicies: ["D8CloudProviderAWS", arn],
      GetPolicy: "policy/x",
      GetPolicyVersion: "s3:GetObject",
    };
    const second = { address: "aws_iam_policy.policy-2", attributes: { arn } };
    expect(await permissionsIn(answers)).toMatchObject({ denials: [], unlinked: [] });
    expect(await permissionsIn(answers, second)).toMatchObject({
      denials: [],
      unlinked: [{ policy: arn, on: "user deckhouse" }],
    });
  });

  it("is unknown where a policy cannot be read", async () => {
    const { unread } = await permissionsIn({ ListUserPolicies: "stop", GetUserPolicy: "error AccessDenied" });
    expect(unread).toEqual(["iam:GetUserPolicy: AccessDenied: why"]);
  });
});
