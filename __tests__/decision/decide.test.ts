import { decide, equivalent, subset } from "../../src/decision/decide";
import type { Answer, Side } from "../../src/decision/model";

type Json = Readonly<Record<string, unknown>>;

const document = (...statements: readonly Json[]) => ({ Version: "2012-10-17", Statement: statements });
const side = (...statements: readonly Json[]): Side => ({ identity: [document(...statements)] });
const allow = (more: Json = {}): Json => ({ Effect: "Allow", Action: "ec2:RunInstances", Resource: "*", ...more });
const deny = (more: Json = {}): Json => ({ ...allow(more), Effect: "Deny" });
const when = (operator: string, key: string, ...values: readonly string[]): Json => ({
  Condition: { [operator]: { [key]: values } },
});
const on = (...resources: readonly string[]): Json => ({ Resource: resources });
const actions = (...names: readonly string[]): Json => ({ Action: names });
/** A policy variable, or an escape. */
const variable = (name: string) => `\${${name}}`;
/** Allows instances if a condition holds: operator, key and values. */
const onlyIf = (condition: string): Side => {
  const [operator = "", key = "", ...values] = condition.split(" ");
  return side(allow(when(operator, KEYS[key] ?? key, ...values)));
};
const [REGION, TAGS, IP, TIME] = ["aws:RequestedRegion", "aws:TagKeys", "aws:SourceIp", "aws:CurrentTime"] as const;
const KEYS: Readonly<Record<string, string>> = { REGION, TAGS, IP, TIME };
const nothing: Side = { identity: [] };

const NOTHING_NEW: Answer = { kind: "nothing-new" };
const newRequest = (
  action: string,
  resource: string,
  context: Readonly<Record<string, string | readonly string[]>> = {},
): Answer => ({ kind: "new-request", request: { action, resource, context } });
const RUN = "ec2:runinstances";

describe("decide", () => {
  describe("proves nothing new", () => {
    it.each<readonly [title: string, after: Side, before: Side]>([
      ["for equal sides", side(allow()), side(allow())],
      ["for no policies", nothing, nothing],
      ["where an action differs only in case", side(allow(actions("EC2:runinstances"))), side(allow())],
      [
        "where a union of statements covers one",
        side(allow(actions("ec2:A", "ec2:B"))),
        side(allow(actions("ec2:A")), allow(actions("ec2:B"))),
      ],
      ["where a wildcard covers names", side(allow(actions("ec2:DescribeVpcs"))), side(allow(actions("ec2:Describe*")))],
      ["where ? covers one character", side(allow(actions("ec2:Ab"))), side(allow(actions("ec2:A?")))],
      [
        "where Resource and NotResource cover everything together",
        side(allow()),
        side({ Effect: "Allow", Action: "ec2:RunInstances", NotResource: "arn:aws:s3:::a*" }, allow(on("arn:aws:s3:::a*"))),
      ],
      ["where a Deny is added", side(allow(), deny(on("arn:aws:ec2:*:*:vpc/*"))), side(allow())],
      [
        "where a Deny with fewer conditions replaces one",
        side(allow(), deny()),
        side(allow(), deny(when("StringEquals", REGION, "a"))),
      ],
      ["where a boundary is added", { ...side(allow()), boundary: document(allow()) }, side(allow())],
      ["where a control policy is added", { ...side(allow()), controlPolicies: [[document(allow())]] }, side(allow())],
      [
        "where a Deny and a boundary without the action refuse the same",
        side(allow(actions("ec2:*")), deny()),
        {
          ...side(allow(actions("ec2:*"))),
          boundary: document({ Effect: "Allow", NotAction: "ec2:RunInstances", Resource: "*" }),
        },
      ],
      [
        "where a policy is split over documents",
        { identity: [document(allow()), document(allow(actions("s3:*")))] },
        side(allow(), allow(actions("s3:*"))),
      ],
      ["where a condition is added", onlyIf("StringEquals REGION a"), side(allow())],
      ["where a value is removed", onlyIf("StringEquals REGION a"), onlyIf("StringEquals REGION a b")],
      ["where a key differs only in case", onlyIf("StringEquals AWS:requestedregion a"), onlyIf("StringEquals REGION a")],
      [
        "where a value without IfExists replaces one with it",
        onlyIf("StringEquals REGION a"),
        onlyIf("StringEqualsIfExists REGION a"),
      ],
      [
        "where StringNotEquals with more values replaces one with fewer",
        onlyIf("StringNotEquals REGION a b"),
        onlyIf("StringNotEquals REGION a"),
      ],
      [
        "where StringEquals replaces the pattern that matches it",
        onlyIf("StringEquals REGION eu-central-1"),
        onlyIf("StringLike REGION eu-*"),
      ],
      [
        "where StringEquals replaces StringEqualsIgnoreCase",
        onlyIf("StringEquals REGION eu"),
        onlyIf("StringEqualsIgnoreCase REGION EU"),
      ],
      [
        "where both results of a test on a single value are allowed",
        side(allow()),
        side(allow(when("StringEquals", REGION, "a")), allow(when("StringNotEquals", REGION, "a"))),
      ],
      [
        "where ArnLike replaces a wider ArnEquals",
        onlyIf("ArnLike aws:PrincipalArn arn:aws:iam::1:role/a"),
        onlyIf("ArnEquals aws:PrincipalArn arn:aws:iam::*:role/*"),
      ],
      ["where a number is lower", onlyIf("NumericLessThan test:Number 2"), onlyIf("NumericLessThanEquals test:Number 2")],
      ["where a date is later", onlyIf("DateGreaterThan TIME 2027-01-01T00:00:00Z"), onlyIf("DateGreaterThan TIME 2026-01-01")],
      ["where a block is inside of another one", onlyIf("IpAddress IP 10.1.0.0/16"), onlyIf("IpAddress IP 10.0.0.0/8")],
      ["where two halves cover a block", onlyIf("IpAddress IP 10.0.0.0/8"), onlyIf("IpAddress IP 10.0.0.0/9 10.128.0.0/9")],
      [
        "where an IPv6 block is inside of another one",
        onlyIf("IpAddress IP 2001:db8:1::/48"),
        onlyIf("IpAddress IP 2001:db8::/32"),
      ],
      [
        "where ForAllValues has fewer values",
        onlyIf("ForAllValues:StringEquals TAGS a"),
        onlyIf("ForAllValues:StringEquals TAGS a b"),
      ],
      [
        "where ForAnyValue has fewer values",
        onlyIf("ForAnyValue:StringEquals TAGS a"),
        onlyIf("ForAnyValue:StringEquals TAGS a b"),
      ],
      [
        "where a key must be present under ForAllValues",
        side(allow({ Condition: { "ForAllValues:StringEquals": { [TAGS]: "a" }, Null: { [TAGS]: "false" } } })),
        onlyIf("ForAnyValue:StringEquals TAGS a"),
      ],
      [
        "where Null excludes what StringNotEquals allows",
        side(allow({ Condition: { StringNotEquals: { [REGION]: "a" }, Null: { [REGION]: "false" } } })),
        onlyIf("StringLike REGION *"),
      ],
      [
        "where the literal characters of an escape are matched",
        side(allow(on(`arn:aws:s3:::a${variable("*")}`))),
        side(allow(on("arn:aws:s3:::a?"))),
      ],
      [
        "where the same policy variable is on both sides",
        side(allow(on(`arn:aws:s3:::a/${variable("aws:username")}`, "arn:aws:s3:::b"))),
        side(allow(on(`arn:aws:s3:::a/${variable("aws:username")}`)), allow(on("arn:aws:s3:::b*"))),
      ],
      [
        "where a policy variable stands for a part that a wildcard matches",
        side(allow(on(`arn:aws:s3:::a/${variable("aws:username")}`))),
        side(allow(on("arn:aws:s3:::a/*"))),
      ],
      [
        "where the same unknown operator is on both sides",
        onlyIf("BinaryEquals test:Binary YQ=="),
        onlyIf("BinaryEquals test:Binary YQ=="),
      ],
      [
        "where the same statement with a principal is on both sides",
        side(allow({ Principal: "*" })),
        side(allow({ Principal: "*", Sid: "Other" })),
      ],
      [
        "where a statement with a policy variable is removed",
        side(allow()),
        side(allow(), allow(on(`arn:aws:s3:::${variable("aws:username")}`))),
      ],
      [
        "where a control policy without an Allow refuses everything",
        { ...side(allow()), controlPolicies: [[document(deny(actions("s3:*")))]] },
        nothing,
      ],
    ])("%s", (_, after, before) => {
      expect(decide(after, before)).toEqual(NOTHING_NEW);
    });
  });

  it("knows the first and the last address of a block", () => {
    const [block, before, last] = ["10.0.0.0/8", "9.255.255.255/32", "10.255.255.255/32"].map((value) =>
      onlyIf(`IpAddress IP ${value}`),
    );
    expect(decide(block ?? nothing, nothing)).toEqual(newRequest(RUN, "*", { [IP]: "10.0.0.0" }));
    const low = side(allow({ Condition: { NotIpAddress: { [IP]: "128.0.0.0/1" }, Null: { [IP]: "false" } } }));
    expect(decide(low, onlyIf("IpAddress IP ::/0"))).toEqual(newRequest(RUN, "*", { [IP]: "0.0.0.0" }));
    expect(decide(last ?? nothing, block ?? nothing)).toEqual(NOTHING_NEW);
    expect(decide(before ?? nothing, block ?? nothing)).toEqual(newRequest(RUN, "*", { [IP]: "9.255.255.255" }));
  });

  it("knows numbers below, between and above those of the policies", () => {
    const [low, high, middle] = [
      when("NumericLessThan", "test:Number", "1"),
      when("NumericGreaterThan", "test:Number", "3"),
      when("NumericNotEquals", "test:Number", "1", "3"),
    ];
    const present = { Null: { "test:Number": "false" } };
    const between = side(allow({ Condition: { ...(middle.Condition as Json), ...present } }));
    expect(decide(side(allow(low)), nothing)).toEqual(newRequest(RUN, "*", { "test:Number": "0" }));
    expect(decide(side(allow(high)), nothing)).toEqual(newRequest(RUN, "*", { "test:Number": "4" }));
    expect(decide(between, side(allow(low), allow(high)))).toEqual(newRequest(RUN, "*", { "test:Number": "2" }));
  });

  it("ignores the host bits of a block", () => {
    const [host, network] = ["10.1.2.3/8", "10.0.0.0/8"].map((value) => onlyIf(`IpAddress IP ${value}`));
    expect(equivalent(host ?? nothing, network ?? nothing)).toBe(true);
  });

  it("takes a document without a version for version 2008-10-17", () => {
    const name = `arn:aws:s3:::${variable("aws:username")}`;
    expect(decide({ identity: [{ Statement: [allow(on(name))] }] }, nothing)).toEqual(newRequest(RUN, name));
  });

  it("takes the escape of a dollar sign for the character", () => {
    const escaped = side(allow(on(`arn:aws:s3:::a${variable("$")}`)));
    expect(decide(escaped, nothing)).toEqual(newRequest(RUN, "arn:aws:s3:::a$"));
  });

  it("knows that a resource with a policy variable is not in NotResource with it", () => {
    const name = `arn:aws:s3:::${variable("aws:username")}`;
    const own = side(allow(on("arn:aws:s3:::*")), { Effect: "Deny", Action: "*", NotResource: name });
    expect(decide(own, side(allow(on(name))))).toEqual(NOTHING_NEW);
  });

  it.each<readonly [title: string, statement: Json, resource: string, context: Readonly<Record<string, string>>]>([
    ["on a resource", on(`arn:aws:s3:::${variable("aws:username")}`), "arn:aws:s3:::example", {}],
    [
      "on a resource, where a key must be absent",
      { ...on(`arn:aws:s3:::${variable("aws:username")}`), ...when("Null", REGION, "true") },
      "arn:aws:s3:::example",
      {},
    ],
    [
      "in a condition",
      when("StringEquals", "test:Owner", variable("aws:username")),
      "arn:aws:ec2:us-east-1:123456789012:example",
      { "test:Owner": "example" },
    ],
  ])("shows a request that has a value for a policy variable %s", (_, more, resource, context) => {
    expect(decide(side(allow(more)), nothing)).toEqual(newRequest(RUN, resource, { "aws:username": "example", ...context }));
  });

  it("takes a policy variable with a default, and one in a version without variables, for nothing else", () => {
    const withDefault = side(allow(when("StringEquals", "test:Owner", variable("aws:username, 'a'"))));
    expect(decide(withDefault, nothing)).toMatchObject({ kind: "not-comparable" });
    const older = { Statement: [allow(on("arn:aws:s3:::a"))] };
    const variables = side(allow(when("StringEquals", "test:Owner", variable("aws:username"))));
    expect(decide({ identity: [...variables.identity, older] }, nothing)).toMatchObject({ kind: "new-request" });
    expect(decide({ identity: [...variables.identity, older] }, { identity: [older] })).toMatchObject({ kind: "not-comparable" });
  });

  it.each<readonly [title: string, statement: Json]>([
    ["one of several actions that IAM does not accept", allow(actions("ec2:RunInstances", "ec*:RunInstances"))],
    ["a policy variable in a key", allow(when("StringEquals", `aws:ResourceTag/${variable("aws:username")}`, "a"))],
    ["a date without a time zone", allow(when("DateLessThan", TIME, "2026-01-01T00:00:00"))],
    ["an empty list", allow(when("StringEquals", REGION))],
    ["a number that is too long to be exact", allow(when("NumericLessThan", "test:Number", "12345678901234567"))],
  ])("leaves open %s", (_, statement) => {
    expect(decide(side(statement), nothing)).toMatchObject({
      kind: "not-comparable",
      statement: { side: "after", statement: 1 },
    });
  });

  it("has StringNotLike as the opposite of StringLike", () => {
    const [notLike, notEquals] = ["StringNotLike", "StringNotEquals"].map((operator) => onlyIf(`${operator} REGION eu-*`));
    expect(decide(notLike ?? nothing, notEquals ?? nothing)).toEqual(NOTHING_NEW);
    expect(decide(notEquals ?? nothing, notLike ?? nothing)).toEqual(newRequest(RUN, "*", { [REGION]: "eu-" }));
  });

  it("has negated ForAnyValue as false for absent keys", () => {
    const [absent, any] = [when("Null", TAGS, "true"), when("ForAnyValue:StringNotEquals", TAGS, "a")];
    expect(decide(side(allow(absent)), side(allow(any)))).toEqual(newRequest(RUN, "*"));
  });

  it("leaves single-value operators on multivalued keys open", () => {
    expect(decide(onlyIf("StringEquals TAGS a"), nothing)).toMatchObject({ kind: "not-comparable" });
  });

  describe("splits cases", () => {
    const halves = [
      [{ Action: "ec2:A*" }, { NotAction: "ec2:A*" }],
      [{ Resource: "arn:aws:s3:::a*" }, { NotResource: "arn:aws:s3:::a*" }],
      [when("StringLike", REGION, "eu-*"), when("StringNotLike", REGION, "eu-*")],
    ] as const;
    const [byAction, byResource, byRegion] = halves;
    const eighths = byAction.flatMap((action) =>
      byResource.flatMap((resource) =>
        byRegion.map((condition): Json => ({ Effect: "Allow", ...action, ...resource, ...condition })),
      ),
    );
    const everything = side({ Effect: "Allow", Action: "*", Resource: "*" });

    it("proves that eight statements cover everything, although no two of them cover a test of another one", () => {
      expect(decide(everything, side(...eighths))).toEqual(NOTHING_NEW);
    });

    it.each([0, 1, 2, 3, 4, 5, 6, 7])("finds the request that only statement %d of eight allows", (missing) => {
      const action = missing < 4 ? "ec2:a" : "e:x";
      const resource = missing % 4 < 2 ? "arn:aws:s3:::a" : "*";
      expect(decide(everything, side(...eighths.filter((_, at) => at !== missing)))).toEqual(
        newRequest(action, resource, missing % 2 === 0 ? { [REGION]: "eu-" } : {}),
      );
    });

    it("proves that a Deny with eight parts refuses everything", () => {
      const denies = eighths.map((statement) => ({ ...statement, Effect: "Deny" }));
      expect(decide(side({ Effect: "Allow", Action: "*", Resource: "*" }, ...denies), nothing)).toEqual(NOTHING_NEW);
    });
  });

  describe("finds the new request", () => {
    it.each<readonly [title: string, after: Side, before: Side, answer: Answer]>([
      ["of a new action", side(allow()), nothing, newRequest(RUN, "*")],
      [
        "of a wider resource",
        side(allow(on("arn:aws:s3:::a*"))),
        side(allow(on("arn:aws:s3:::a"))),
        newRequest(RUN, "arn:aws:s3:::ax"),
      ],
      [
        "of a resource that differs in case",
        side(allow(on("arn:aws:s3:::A"))),
        side(allow(on("arn:aws:s3:::a"))),
        newRequest(RUN, "arn:aws:s3:::A"),
      ],
      ["of a removed Deny", side(allow()), side(allow(), deny(on("arn:aws:s3:::a"))), newRequest(RUN, "arn:aws:s3:::a")],
      [
        "of a weaker Deny",
        side(allow(on("arn:aws:s3:::a")), deny(when("Bool", "aws:SecureTransport", "false"))),
        side(allow(), deny()),
        newRequest(RUN, "arn:aws:s3:::a"),
      ],
      [
        "of a removed boundary",
        side(allow()),
        { ...side(allow()), boundary: document(allow(actions("s3:*"))) },
        newRequest(RUN, "*"),
      ],
      [
        "of a boundary with a Deny less",
        { ...side(allow()), boundary: document(allow()) },
        { ...side(allow()), boundary: document(allow(), deny()) },
        newRequest(RUN, "*"),
      ],
      [
        "of a control policy that goes",
        side(allow()),
        { ...side(allow()), controlPolicies: [[document(allow())], [document(allow(actions("s3:*")))]] },
        newRequest(RUN, "*"),
      ],
      [
        "of an action left out of NotAction",
        side({ Effect: "Allow", NotAction: ["iam:*"], Resource: "*" }),
        side({ Effect: "Allow", NotAction: ["iam:*", "sts:*"], Resource: "*" }),
        newRequest("sts:x", "*"),
      ],
      [
        "of a resource left out of NotResource",
        side({ Effect: "Allow", Action: "s3:Get", NotResource: ["arn:aws:s3:::a"] }),
        side({ Effect: "Allow", Action: "s3:Get", NotResource: ["arn:aws:s3:::a", "arn:aws:s3:::b"] }),
        newRequest("s3:get", "arn:aws:s3:::b"),
      ],
      ["of an action without resource types", side(allow()), side(allow(on("arn:*"))), newRequest(RUN, "*")],
      ["of a removed condition", side(allow()), onlyIf("StringEquals REGION a"), newRequest(RUN, "*")],
      [
        "of a further value",
        onlyIf("StringEquals REGION a b"),
        onlyIf("StringEquals REGION a"),
        newRequest(RUN, "*", { [REGION]: "b" }),
      ],
      [
        "of a value that differs in case",
        onlyIf("StringEqualsIgnoreCase REGION a"),
        onlyIf("StringEquals REGION a"),
        newRequest(RUN, "*", { [REGION]: "A" }),
      ],
      ["of IfExists", onlyIf("StringEqualsIfExists REGION a"), onlyIf("StringEquals REGION a"), newRequest(RUN, "*")],
      [
        "of a literal star that becomes a wildcard",
        onlyIf("StringLike REGION *"),
        onlyIf("StringEquals REGION *"),
        newRequest(RUN, "*", { [REGION]: "" }),
      ],
      [
        "of a number",
        onlyIf("NumericLessThanEquals test:Number 2"),
        onlyIf("NumericLessThan test:Number 2"),
        newRequest(RUN, "*", { "test:Number": "2" }),
      ],
      [
        "of a number above",
        onlyIf("NumericGreaterThanEquals test:Number 2"),
        onlyIf("NumericEquals test:Number 2"),
        newRequest(RUN, "*", { "test:Number": "3" }),
      ],
      [
        "of a date",
        onlyIf("DateGreaterThanEquals TIME 2026-01-01T00:00:00Z"),
        onlyIf("DateGreaterThan TIME 2026-01-01T00:00:00Z"),
        newRequest(RUN, "*", { [TIME]: "2026-01-01T00:00:00Z" }),
      ],
      [
        "of a seconds date",
        onlyIf("DateLessThan aws:EpochTime 10"),
        onlyIf("DateLessThan aws:EpochTime 9"),
        newRequest(RUN, "*", { "aws:EpochTime": "1970-01-01T00:00:09Z" }),
      ],
      [
        "of an address",
        onlyIf("IpAddress IP 10.0.0.0/8"),
        onlyIf("IpAddress IP 10.0.0.0/9"),
        newRequest(RUN, "*", { [IP]: "10.128.0.0" }),
      ],
      [
        "of an IPv6 address",
        onlyIf("NotIpAddressIfExists IP 0.0.0.0/0"),
        onlyIf("Null IP true"),
        newRequest(RUN, "*", { [IP]: "0:0:0:0:0:0:0:0" }),
      ],
      [
        "of a tag more",
        onlyIf("ForAllValues:StringEquals TAGS a b"),
        onlyIf("ForAllValues:StringEquals TAGS a"),
        newRequest(RUN, "*", { [TAGS]: ["b"] }),
      ],
      [
        "of all tags instead of any",
        onlyIf("ForAnyValue:StringEquals TAGS a"),
        onlyIf("ForAllValues:StringEquals TAGS a"),
        newRequest(RUN, "*", { [TAGS]: ["a", "x"] }),
      ],
      [
        "of a list without a required value",
        onlyIf("ForAnyValue:StringNotEquals TAGS a"),
        onlyIf("ForAllValues:StringNotEquals TAGS a"),
        newRequest(RUN, "*", { [TAGS]: ["x", "a"] }),
      ],
      [
        "of a key that may be absent",
        onlyIf("ForAllValues:StringEquals TAGS a"),
        onlyIf("ForAnyValue:StringEquals TAGS a"),
        newRequest(RUN, "*"),
      ],
      ["of a key that may be present", side(allow()), onlyIf("Null REGION true"), newRequest(RUN, "*", { [REGION]: "" })],
      [
        "of a Bool",
        onlyIf("Bool aws:SecureTransport true false"),
        onlyIf("Bool aws:SecureTransport true"),
        newRequest(RUN, "*", { "aws:SecureTransport": "false" }),
      ],
      [
        "of a policy variable that becomes text in version 2008-10-17",
        { identity: [{ Version: "2008-10-17", Statement: allow(on(`arn:aws:s3:::${variable("aws:username")}`)) }] },
        nothing,
        newRequest(RUN, `arn:aws:s3:::${variable("aws:username")}`),
      ],
      ["of a statement beside one with a principal", side(allow(), allow({ Principal: "*" })), nothing, newRequest(RUN, "*")],
    ])("%s", (_, after, before, answer) => {
      expect(decide(after, before)).toEqual(answer);
    });

    it("takes an example where the difference allows one, with the case that the example has", () => {
      const examples = [
        { action: "ec2:CreateVpc", resource: "arn:aws:ec2:eu-central-1:1:vpc/a" },
        { action: "ec2:RunInstances", resource: "arn:aws:ec2:eu-central-1:1:subnet/a" },
      ];
      expect(decide(side(allow()), nothing, { examples })).toEqual(
        newRequest("ec2:RunInstances", "arn:aws:ec2:eu-central-1:1:subnet/a"),
      );
      expect(decide(side(allow(actions("ec2:Other"))), nothing, { examples })).toEqual(newRequest("ec2:other", "*"));
    });
  });

  describe("reports what it cannot compare", () => {
    const first = { policy: "identity", document: 1, statement: 1, sid: undefined } as const;
    it.each<readonly [title: string, after: Side, before: Side, answer: Answer]>([
      [
        "for a policy variable in a condition",
        side(allow()),
        side(allow(), deny(when("StringEquals", REGION, `${variable("aws:PrincipalTag/region")}`))),
        {
          kind: "not-comparable",
          statement: { ...first, side: "before", statement: 2 },
          reason: "has the condition StringEquals on aws:RequestedRegion, which is not interpreted",
        },
      ],
      [
        "for an unknown operator",
        onlyIf("StringEqualz REGION a"),
        nothing,
        {
          kind: "not-comparable",
          statement: { ...first, side: "after" },
          reason: "has the condition StringEqualz on aws:RequestedRegion, which is not interpreted",
        },
      ],
      [
        "for a principal",
        side(allow({ Principal: { AWS: "*" } })),
        nothing,
        {
          kind: "not-comparable",
          statement: { ...first, side: "after" },
          reason: "has elements that are not compared, such as Principal",
        },
      ],
      [
        "for ForAnyValue with IfExists",
        onlyIf("ForAnyValue:StringEqualsIfExists TAGS a"),
        nothing,
        {
          kind: "not-comparable",
          statement: { ...first, side: "after" },
          reason: "has the condition ForAnyValue:StringEqualsIfExists on aws:TagKeys, which is not interpreted",
        },
      ],
      [
        "for an action that IAM does not accept",
        side(allow(actions("ec*:Run"))),
        nothing,
        { kind: "not-comparable", statement: { ...first, side: "after" }, reason: "has actions that IAM does not accept" },
      ],
      [
        "for a resource that is no ARN",
        side(allow(on("bucket"))),
        nothing,
        { kind: "not-comparable", statement: { ...first, side: "after" }, reason: "has a resource that is neither * nor an ARN" },
      ],
      [
        "for a value that is no date",
        onlyIf("DateLessThan TIME tomorrow"),
        nothing,
        {
          kind: "not-comparable",
          statement: { ...first, side: "after" },
          reason: "has the condition DateLessThan on aws:CurrentTime, which is not interpreted",
        },
      ],
      [
        "for a key that may have several values",
        side(allow()),
        side(allow(when("StringEquals", "test:Key", "a")), allow(when("StringNotEquals", "test:Key", "a"))),
        {
          kind: "not-comparable",
          statement: { ...first, side: "before" },
          reason: "differs only for values of test:Key that requests may never have",
        },
      ],
      [
        "for a fraction that a key of whole numbers never has",
        onlyIf("NumericLessThan test:Number 2"),
        onlyIf("NumericLessThanEquals test:Number 1"),
        {
          kind: "not-comparable",
          statement: { ...first, side: "after" },
          reason: "differs only for values of test:Number that requests may never have",
        },
      ],
      [
        "for a wildcard of which the reach over colons is not documented",
        side(allow(on("arn:aws:logs:r:1:group:a:stream"))),
        side(allow(on("arn:aws:logs:r:1:g*m"))),
        {
          kind: "not-comparable",
          statement: { ...first, side: "after" },
          reason: "has a resource with wildcards of which AWS does not document whether they reach over colons",
        },
      ],
      [
        "for a document without statements",
        { identity: [document(), { Version: "2012-10-17" }] },
        nothing,
        {
          kind: "not-comparable",
          statement: { side: "after", policy: "identity", document: 2 },
          reason: "is not a policy document of version 2008-10-17 or 2012-10-17",
        },
      ],
      [
        "for an effect that IAM does not know",
        { ...side(allow()), boundary: document({ ...allow(), Effect: "allow" }) },
        nothing,
        {
          kind: "not-comparable",
          statement: { ...first, side: "after", policy: "boundary" },
          reason: "has neither effect Allow nor Deny",
        },
      ],
    ])("%s", (_, after, before, answer) => {
      expect(decide(after, before)).toEqual(answer);
    });

    it("takes equal sides for equal, even if they cannot be read", () => {
      expect(decide({ identity: ["no policy"] }, { identity: ["no policy"] })).toEqual(NOTHING_NEW);
    });

    it("ends with an answer where the patterns have too many combinations", () => {
      const patterns = Array.from({ length: 16 }, (_, at) => `arn:aws:s3:::*${String.fromCharCode(97 + at)}*z*`);
      const start = process.cpuUsage();
      expect(decide(side(...patterns.map((pattern) => allow(on(pattern)))), side(allow(on(...patterns))))).toEqual({
        kind: "not-comparable",
        reason: "the policies have too many combinations of patterns to compare",
      });
      expect(process.cpuUsage(start).user / 1e6).toBeLessThan(5);
    });
  });
});

describe("subset", () => {
  it("holds for the narrower side only", () => {
    const [narrow, wide] = [side(allow()), side(allow(actions("ec2:*")))];
    expect([subset(narrow, wide), subset(wide, narrow)]).toEqual([true, false]);
  });
});

describe("equivalent", () => {
  it("holds for the same permissions in other statements", () => {
    const split = side(allow(actions("ec2:A*")), { Effect: "Allow", NotAction: "ec2:A*", Resource: "*" });
    expect(equivalent(side(allow(actions("*"))), split)).toBe(true);
    expect(equivalent(side(allow(actions("*"))), side(allow(actions("ec2:*"))))).toBe(false);
    expect(equivalent(side(allow(actions("ec2:*"))), side(allow(actions("*"))))).toBe(false);
  });
});
