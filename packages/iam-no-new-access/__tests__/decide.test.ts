import { comparisonOf, decide } from "../src";
import type { Answer, Side } from "../src/model";
import { cpuSeconds } from "./helpers/cpu";
import { listedPairs, sideOf } from "./helpers/pairs";

const document = (...statements: readonly object[]) => ({
  Version: "2012-10-17",
  Statement: statements,
});
const ALLOW = { Effect: "Allow", Action: "ec2:RunInstances", Resource: "*" };
const nothing = sideOf("-");
const OPEN = { kind: "not-comparable" };
const NOTHING_NEW: Answer = { kind: "nothing-new" };
const newRequest = (action: string, resource: string, context = {}): Answer => ({
  kind: "new-request",
  request: { action, resource, context },
});
const resources = (count: number, name: (at: number) => string) =>
  sideOf(Array.from({ length: count }, (_, at) => `on @${name(at)}`).join("; "));

describe("decide", () => {
  it.each(listedPairs().map((pair) => [pair.title, pair] as const))(
    "%s",
    (_, { after, before, answer }) => {
      expect(decide(after, before)).toEqual(
        "request" in answer ? answer : expect.objectContaining(answer),
      );
    },
  );

  it("names the statement that is not comparable", () => {
    const principal = {
      identity: [
        document(ALLOW, { ...ALLOW, Action: "ec2:StopInstances", Sid: "Two", Principal: "*" }),
      ],
    };
    const reference = { policy: "identity", document: 1, statement: 2 } as const;
    const reason = "has a principal, which is compared as a whole";
    expect(decide(principal, sideOf("allow"))).toEqual({
      ...OPEN,
      reason,
      statement: { ...reference, side: "after", sid: "Two" },
    });
    const variable = sideOf(`allow; deny if StringEquals REGION \${aws:PrincipalTag/region,·'a'}`);
    expect(decide(sideOf("allow"), variable)).toMatchObject({
      statement: { ...reference, side: "before" },
      reason: "has the condition StringEquals on aws:RequestedRegion, which is not interpreted",
    });
  });

  it.each<readonly [title: string, after: Side, answer: object]>([
    [
      "a document without statements",
      { identity: [document(), { Version: "2012-10-17" }] },
      { document: 2 },
    ],
    [
      "an effect that IAM does not know",
      { boundary: document({ ...ALLOW, Effect: "allow" }), identity: [] },
      { policy: "boundary" },
    ],
  ])("does not compare %s", (_, after, statement) => {
    expect(decide(after, nothing)).toMatchObject({ ...OPEN, statement });
  });

  it("takes a statement with a principal for the same whatever its ID is", () => {
    const [one, other] = ["One", "Other"].map((Sid) => ({
      identity: [document({ ...ALLOW, Principal: "*", Sid })],
    }));
    expect(decide(one ?? nothing, other ?? nothing)).toEqual(NOTHING_NEW);
  });

  it("takes no other letter for that of a name, as U+212A, whose lower case is k", () => {
    const ofKey = (key: string) => ({
      identity: [document({ ...ALLOW, Condition: { Null: { [key]: "true" } } })],
    });
    const [after, before] = [ofKey("aws:To\u212aenIssueTime"), ofKey("aws:TokenIssueTime")];
    expect(decide(after, before).kind).toBe("new-request");
    expect(decide(sideOf("\u212ams:Decrypt"), sideOf("kms:Decrypt")).kind).toBe("not-comparable");
  });

  it("does not decide which of two keys counts that differ in case", () => {
    const twice = { "aws:RequestedRegion": "a", "AWS:requestedregion": "b" };
    const after = { identity: [document({ ...ALLOW, Condition: { StringEquals: twice } })] };
    expect(decide(after, nothing)).toMatchObject({
      ...OPEN,
      reason: "has a condition that is not a map of operators to keys, or has a key twice",
    });
  });

  it("takes a document without a version for version 2008-10-17", () => {
    const Resource = `arn:aws:s3:::\${aws:username}`;
    expect(decide({ identity: [{ Statement: [{ ...ALLOW, Resource }] }] }, nothing)).toEqual(
      newRequest("ec2:runinstances", Resource),
    );
  });

  it("takes equal sides for equal, even if they cannot be read", () => {
    expect(decide({ identity: ["no policy"] }, { identity: ["no policy"] })).toEqual(NOTHING_NEW);
  });

  describe("splits cases", () => {
    const eighths = ["ec2:A*", "!ec2:A*"].flatMap((action) =>
      ["on @a*", "on !@a*"].flatMap((resource) =>
        ["StringLike", "StringNotLike"].map(
          (operator) => `${action} ${resource} if ${operator} REGION eu-*`,
        ),
      ),
    );

    it("proves that eight statements cover everything, although no two of them cover a test of another one", () => {
      expect(decide(sideOf("*"), sideOf(eighths.join("; ")))).toEqual(NOTHING_NEW);
    });

    it.each([0, 1, 2, 3, 4, 5, 6, 7])(
      "finds the request that only statement %d of eight allows",
      (missing) => {
        const action = missing < 4 ? "ec2:a" : "x:x";
        const resource = missing % 4 < 2 ? "arn:aws:s3:::a" : "*";
        expect(
          decide(sideOf("*"), sideOf(eighths.filter((_, at) => at !== missing).join("; "))),
        ).toEqual(
          newRequest(action, resource, missing % 2 === 0 ? { "aws:RequestedRegion": "eu-" } : {}),
        );
      },
    );

    it("proves that a Deny with eight parts refuses everything", () => {
      expect(
        decide(
          sideOf(["*", ...eighths.map((statement) => `deny ${statement}`)].join("; ")),
          nothing,
        ),
      ).toEqual(NOTHING_NEW);
    });
  });
});

describe("the effort", () => {
  const [a, b] = [200, 400].map((count) => [
    `${"*a".repeat(count)}*b`,
    "a*".repeat(count),
    "a".repeat(2 * count),
  ]);
  const like = (value = "") => sideOf(`if StringLike REGION ${value}`);
  const many = (key: (at: number) => string, operator = "StringEquals") =>
    sideOf(
      Array.from({ length: 900 }, (_, at) => `a:b if ${operator} ${key(at)} v${at}*`).join("; "),
    );
  it.each<readonly [title: string, after: Side, before: Side]>([
    ["a resource of 200 stars", sideOf(`on @${a?.[2]}`), sideOf(`on @${a?.[0]}`)],
    ["200 stars before and after letters", sideOf(`on @${a?.[0]}`), sideOf(`on @${a?.[1]}`)],
    ["an action of 400 stars", sideOf(`ec2:${b?.[2]}`), sideOf(`ec2:${b?.[0]}`)],
    [
      "400 values of 50 stars",
      like(`${"*a".repeat(50)} `.repeat(400).trim()),
      like(`${"a*".repeat(50)} `.repeat(400).trim()),
    ],
    [
      "an ARN of 400 stars",
      ...([b?.[0], b?.[1]].map((name) =>
        sideOf(`if ArnLike aws:PrincipalArn arn:aws:iam::1:${name}`),
      ) as [Side, Side]),
    ],
    [
      "a resource of 40,000 stars",
      sideOf(`on @${"*a".repeat(40_000)}`),
      sideOf(`on @${"a*".repeat(40_000)}`),
    ],
    [
      "10,000 colons",
      sideOf(`on arn:${"*:".repeat(10_000)}`),
      sideOf(`on arn:${"?:".repeat(10_000)}`),
    ],
    [
      "1024 combinations of actions in 800 statements",
      ...(["a", "b"].map((name) =>
        sideOf(
          Array.from(
            { length: 800 },
            (_, at) => `ec2:*${"abcdefghij"[at % 10]}* on arn:aws:ec2:*:*:${name}/${at}/*`, // cspell:disable-line
          ).join("; "),
        ),
      ) as [Side, Side]),
    ],
    ["900 keys", many((at) => `k:${at}`), many((at) => `k:${at}`, "StringLike")],
    [
      "10,000 numbers",
      ...(["Equals", "LessThan"].map((test) =>
        sideOf(
          `if Numeric${test} NUMBER ${Array.from({ length: 10_000 }, (_, at) => at).join(" ")}`,
        ),
      ) as [Side, Side]),
    ],
    [
      "7,000 addresses",
      ...([10, 11].map((net) =>
        sideOf(
          `if IpAddress IP ${Array.from({ length: 7000 }, (_, at) => `${net}.${at >> 8}.${at & 255}.0`).join(" ")}`,
        ),
      ) as [Side, Side]),
    ],
  ])("of %s ends within two seconds of CPU", (_, after, before) => {
    const seconds = cpuSeconds(() => {
      const { added, removed } = comparisonOf(after, before);
      expect([added().kind, removed().kind]).not.toContain("nothing-new");
    });
    expect(seconds).toBeLessThan(2);
  });

  it.each([120, 400])("of %d statements in another order ends in a proof", (count) => {
    const statements = Array.from(
      { length: count },
      (_, at) =>
        `${at % 7 === 0 ? "deny " : ""}ec2:*${at} on @*${at}*x* if StringLike REGION *${at}*`,
    );
    const { added, removed } = comparisonOf(
      sideOf(statements.toReversed().join("; ")),
      sideOf(statements.join("; ")),
    );
    expect([added(), removed()]).toEqual([NOTHING_NEW, NOTHING_NEW]);
  });

  it.each<readonly [title: string, narrow: string, wide: string]>([
    ["an Allow less", "on @*a*z; on @*b*z", "on @*b*z; on @*c*z; on @*a*z"],
    ["a Deny more", "*; deny on @*a*z; deny on @*b*z", "*; deny on @*b*z"],
    ["a boundary", "on @*a*z & boundary *", "on @*b*z; on @*a*z"],
    ["a level more", "on @*a*z & scp * & scp s3:*", "on @*b*z; on @*a*z & scp s3:*"],
  ])("of statements with %s ends in a proof, and only in this direction", (_, narrow, wide) => {
    expect(decide(sideOf(narrow), sideOf(wide), { steps: 0 })).toEqual(NOTHING_NEW);
    expect(decide(sideOf(wide), sideOf(narrow), { steps: 0 })).toMatchObject(OPEN);
  });

  it("has a limit", () => {
    const patterns = Array.from({ length: 16 }, (_, at) => `*${String.fromCharCode(97 + at)}*z*`);
    expect(
      decide(
        resources(16, (at) => patterns[at] ?? ""),
        sideOf(`on ${patterns.map((name) => `@${name}`).join(" ")}`),
      ),
    ).toEqual({
      ...OPEN,
      reason: "the policies have too many combinations of patterns to compare",
    });
    expect(decide(resources(9000, String), nothing)).toEqual({
      ...OPEN,
      reason: "the policies are larger than AWS accepts",
    });
  });
});
