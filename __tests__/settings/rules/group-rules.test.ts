import { deploymentWith, errorsWith } from "../../helpers/settings-files";

const noGroup = (field: string) =>
  `line 3, ${field}: has no effect: attachment is "user", and there is no group; set attachment to "user-and-group", or remove ${field}`;

describe("a group", () => {
  it.each([
    ["group: { name: deckhouse }", "group.name"],
    ["group: { path: /a/ }", "group.path"],
  ])("is not described where the policy is attached to the user: %s", (group, field) => {
    expect(errorsWith(`${group}\n`)).toEqual([noGroup(field)]);
  });

  it.each(["user-and-group", "group"])("may be described with attachment %s", (attachment) => {
    expect(deploymentWith(`attachment: ${attachment}\ngroup: { name: ops }\n`).group.name).toBe("ops");
  });

  it("may be empty", () => {
    expect(deploymentWith("group: {}\n").attachment).toBe("user");
  });
});
