import { driftAfter, EVERY_OBJECT, findings } from "../../../helpers/drift";

const EXTRA = "arn:aws:iam::123456789012:policy/Extra";

describe("drift of the group", () => {
  it.each([
    [
      { members: { value: ["deckhouse", "eve"] } },
      "the user eve is a member -> aws iam remove-user-from-group --group-name dkp --user-name eve",
    ],
    [
      { attached: { value: [EXTRA] } },
      `the policy ${EXTRA} is attached -> aws iam detach-group-policy --group-name dkp --policy-arn ${EXTRA}`,
    ],
    [
      { inline: { value: ["in"] } },
      "it has the inline policy in -> aws iam delete-group-policy --group-name dkp --policy-name in",
    ],
    [{ members: { unread: "no" } }, "its members cannot be read: no -> unknown"],
  ])("finds %j with the remedy", (group, expected) => {
    expect(findings(driftAfter({ group }))).toEqual([`group dkp: ${expected}`]);
  });

  it("imports a group that the state does not have", () => {
    const results = driftAfter({}, EVERY_OBJECT, (access) => ({
      ...access,
      group: access.group && { ...access.group, managed: false, members: [], attached: [] },
    }));
    expect(findings(results)).toEqual([
      "group dkp: the group exists, and the state does not have it -> set import.group: true in the settings of deckhouse, and apply",
    ]);
  });
});
