import { driftIn, TAKES_AWAY, WORLDS } from "../../../../__tests__/helpers/drift";
import { actionsBeyond, actionsOf, sameDocument } from "../../src/account/drift/document";
import { driftText } from "../../src/account/drift/report";

describe("drift finds", () => {
  it.each(WORLDS)("$case", async ({ finds, ...world }) => {
    const found = (await driftIn(world)).findings.map(({ rule, object, values }) => {
      const id =
        "id" in values
          ? String(values.id).replace("arn:aws:iam::123456789012:policy/", "")
          : undefined;
      return [rule, object, id, "event" in values ? String(values.event) : undefined];
    });
    const expected = finds.map((text) => text.split(", "));
    expect(
      found.map((parts, at) => parts.filter((part) => expected[at]?.includes(part ?? ""))),
    ).toEqual(expected);
  });

  it("nothing to take away: no output has a verb that does", async () => {
    for (const world of WORLDS) {
      expect(driftText(await driftIn(world))).not.toMatch(TAKES_AWAY);
    }
  });
});

const statement = {
  Sid: "A",
  Effect: "Allow",
  Action: ["ec2:RunInstances", "iam:PassRole"],
  Resource: "*",
};
const document = (...Statement: readonly object[]) => ({ Version: "2012-10-17", Statement });

it("prints each finding with its level, risk and remedy", async () => {
  expect(
    driftText(await driftIn({ settings: {}, iam: { ListUserPolicies: ["line\nbreak"] } })),
  ).toBe(
    `deckhouse: what exists in account 123456789012 besides what the settings and the state have
attention: user deckhouse: it has the inline policy line\\nbreak, and neither the settings nor the state have it
  risk: the access key has its permissions too
  -> before anybody changes it, ask who did this and why, and whether DKP needs it; CloudTrail has it as PutUserPolicy
note: cluster.prefix is not set, so the role <prefix>-node of DKP is not compared
attention: 1
`,
  );
  expect(driftText(await driftIn({}))).toMatch(/\nnothing found\n$/);
});

describe("sameDocument", () => {
  it.each([
    ["the order of actions", { ...statement, Action: ["iam:PassRole", "ec2:RunInstances"] }],
    [
      "an action that is there twice",
      { ...statement, Action: ["iam:PassRole", "ec2:RunInstances", "iam:PassRole"] },
    ],
    ["the case of actions", { ...statement, Action: ["EC2:runInstances", "iam:PassRole"] }],
    ["the statement ID", { ...statement, Sid: "B" }],
    ["a list of one", { ...statement, Resource: ["*"] }],
  ])("ignores %s", (_, other) => {
    expect(sameDocument(document(statement), document(other))).toBe(true);
    expect(sameDocument({ Version: "2012-10-17", Statement: statement }, document(other))).toBe(
      true,
    );
  });

  it.each([
    ["another action", [{ ...statement, Action: ["ec2:*", "iam:PassRole"] }]],
    ["NotAction", [{ ...statement, Action: undefined, NotAction: statement.Action }]],
    ["the case of a resource", [{ ...statement, Resource: "arn:aws:iam::1:role/A" }]],
    ["another effect", [{ ...statement, Effect: "Deny" }]],
    [
      "a condition",
      [{ ...statement, Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } }],
    ],
    ["a further statement", [statement, { Effect: "Allow", Action: "*", Resource: "*" }]],
    ["no statement", []],
  ])("distinguishes %s", (_, others) => {
    expect(sameDocument(document(statement), document(...others))).toBe(false);
  });

  it("ignores the order of condition values and statements, and distinguishes principals", () => {
    const conditional = (values: readonly string[]) => ({
      ...statement,
      Condition: { StringEquals: { "aws:a": values } },
    });
    expect(
      sameDocument(
        document(conditional(["1", "2"]), statement),
        document(statement, conditional(["2", "1"])),
      ),
    ).toBe(true);
    const trusted = (Principal: unknown) =>
      document({ Effect: "Allow", Action: "sts:AssumeRole", Principal });
    expect(
      sameDocument(
        trusted({ Service: "ec2.amazonaws.com" }),
        trusted({ Service: ["ec2.amazonaws.com"] }),
      ),
    ).toBe(true);
    expect(sameDocument(trusted({ Service: "ec2.amazonaws.com" }), trusted("*"))).toBe(false);
  });
});

describe("actionsBeyond", () => {
  it("lists allowed actions that are not expected, regardless of case", () => {
    const denied = { Effect: "Deny", Action: "s3:*", Resource: "*" };
    expect(actionsBeyond(document(statement, denied), ["EC2:RunInstances"])).toEqual([
      "iam:PassRole",
    ]);
    expect(
      actionsBeyond(document({ Effect: "Allow", NotAction: ["s3:*", "sts:*"], Resource: "*" }), []),
    ).toEqual(["all except s3:*, sts:*"]);
    expect(actionsBeyond({}, [])).toEqual([]);
    expect(actionsOf(document(statement, denied))).toEqual(["ec2:RunInstances", "iam:PassRole"]);
  });
});
