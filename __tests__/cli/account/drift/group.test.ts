import { AwsError } from "../../../../src/cli/account/aws/operations";
import { attached, driftAfter, EVERY_OBJECT, findings, groupWith, inline } from "../../../helpers/drift";

const EXTRA = "arn:aws:iam::123456789012:policy/Extra";

describe("drift of the group", () => {
  it.each([
    [
      { "iam:GetGroup": groupWith("deckhouse", "eve") },
      "the user eve is a member -> aws iam remove-user-from-group --group-name dkp --user-name eve",
    ],
    [
      { "iam:ListAttachedGroupPolicies": attached(EXTRA) },
      `the policy ${EXTRA} is attached -> aws iam detach-group-policy --group-name dkp --policy-arn ${EXTRA}`,
    ],
    [
      { "iam:ListGroupPolicies": inline("in") },
      "it has the inline policy in -> aws iam delete-group-policy --group-name dkp --policy-name in",
    ],
    [
      { "iam:ListGroupPolicies": new AwsError("iam:ListGroupPolicies", "AccessDenied", "no") },
      "its inline policies cannot be read: iam:ListGroupPolicies: AccessDenied: no -> unknown",
    ],
  ])("finds %j with the remedy", async (answers, expected) => {
    expect(await findings(driftAfter(answers))).toEqual([`group dkp: ${expected}`]);
  });

  it("imports a group that the state does not have", async () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      group: access.group && { ...access.group, managed: false, members: [], attached: [] },
    }));
    expect(await findings(results)).toEqual([
      "group dkp: the group exists, and the state does not have it -> set import.group: true in the settings of deckhouse, and apply",
    ]);
  });
});
