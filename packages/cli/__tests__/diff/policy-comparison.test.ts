import { createHash } from "node:crypto";
import { cpuSeconds } from "../../../iam-no-new-access/__tests__/helpers/cpu";
import { sideOf } from "../../../iam-no-new-access/__tests__/helpers/pairs";
import type { ActionChange } from "../../src/diff/change-rules";
import type { Policy } from "../../src/diff/grants";
import {
  comparePolicies,
  type PolicyChange,
  policyFindings,
  readPolicy,
} from "../../src/diff/policies";

const policiesOf = (text: string) => sideOf(text).identity as readonly Policy[];
/** In the notation of packages/iam-no-new-access/__tests__/helpers/pairs.txt. */
const changes = (before: string, after: string) =>
  comparePolicies(policiesOf(before), policiesOf(after));
const textChanges = (before: string, after: string) =>
  comparePolicies([readPolicy(before)], [readPolicy(after)]);
const isMore = ({ isGranted, isDenyWeaker }: PolicyChange["more"]) => isGranted || isDenyWeaker;

const verdict = ({ more, less }: PolicyChange) => [isMore(more), isMore(less)];
const rulesOf = (change: PolicyChange) =>
  policyFindings("node role", change).map(({ rule }) => rule);

describe("the comparison of policies", () => {
  const VPC = "arn:aws:ec2:eu-central-1:1:vpc";

  // The pairs of packages/iam-no-new-access/__tests__/helpers/pairs.txt have what a decision finds;
  // here are both directions, and Deny statements alone.
  it.each([
    ["a wildcard instead of an action", "allow", "ec2:*", true, false],
    ["everything", "ec2:*", "*", true, false],
    ["two ARNs that one pattern covers", `on ${VPC}/a* ${VPC}/b*`, `on ${VPC}/*`, true, false],
    ["two ARNs that allow most of it", "on @a* @b*", "on @?*", true, false],
    ["a component of an ARN", `on ${VPC}/a`, "on arn:aws:ec2:*:1:vpc/a", true, false],
    ["a value of a condition", "if StringEquals k a", "if StringEquals k a b", true, false],
    [
      "a value of a negated condition",
      "if StringNotEquals k a b",
      "if StringNotEquals k a",
      true,
      false,
    ],
    ["a condition", "if StringEquals k a", "allow", true, false],
    ["a condition of another key", "if StringEquals k a", "if StringEquals l a", true, true],
    ["another variable", `on @\${aws:username}/*`, `on @\${aws:userid}/*`, true, true],
    ["a Deny", "allow", `allow; deny ec2:* on ${VPC}/a`, false, true],
    ["a Deny of less", "allow; deny ec2:*", `allow; deny ec2:* on ${VPC}/a`, true, false],
    [
      "a Deny under a condition",
      "deny a:b",
      "deny a:b if StringEquals aws:RequestTag/team a b",
      true,
      false,
    ],
    ["NotAction", "allow", "allow; !iam:*", true, false],
    [
      "a Deny that is written as two",
      "allow; deny ec2:A ec2:B",
      "allow; deny ec2:A; deny ec2:B",
      false,
      false,
    ],
    ["NotAction that denies more", "deny !ec2:*", "deny !ec2:A ec2:B; deny !ec2:*", false, true],
    ["an operator that is not known", "if StringSounds k a", "if StringSounds k b", true, true],
  ])(
    "finds whether permissions are broadened or narrowed by %s",
    (_, before, after, broadened, narrowed) => {
      expect(verdict(changes(before, after))).toEqual([broadened, narrowed]);
      expect(verdict(changes(after, before))).toEqual([narrowed, broadened]);
    },
  );

  it.each([
    ["another operator for the same value", "if StringEquals k a", "if StringLike k a"],
    ["NotAction that leaves out more", "!iam:* s3:*", "!iam:*"],
  ])("counts what it cannot compare as both: %s", (_, before, after) => {
    expect(verdict(changes(before, after))).toEqual([true, true]);
  });

  const OF_RESOURCE = "if BoolIfExists kms:GrantIsForAWSResource true";
  it.each([
    ["kms:Decrypt", "", [false, false]],
    ["kms:CreateGrant", " if Bool kms:GrantIsForAWSResource true", [false, false]],
    ["kms:CreateGrant", "", [false, true]],
    ["kms:*", "", [false, true]],
  ])("knows which requests have kms:GrantIsForAWSResource: %s%s", (action, condition, expected) => {
    expect(verdict(changes(`${action}${condition}`, `${action} ${OF_RESOURCE}`))).toEqual(expected);
  });

  const ALLOW = { Effect: "Allow", Action: "ec2:RunInstances", Resource: "*" };
  it.each([
    ["conditions of an unknown form", [ALLOW], [{ ...ALLOW, Condition: "none" }], [true, true]],
    ["a list of more than strings", [ALLOW], [{ ...ALLOW, Resource: ["*", 1] }], [true, true]],
    ["an unknown effect", [ALLOW], [{ ...ALLOW, Effect: "Perhaps" }], [true, true]],
    [
      "the same unknown effect",
      [{ ...ALLOW, Effect: "Perhaps" }],
      [{ ...ALLOW, Effect: "Perhaps" }],
      [false, false],
    ],
    [
      "an unknown Deny",
      [ALLOW],
      [ALLOW, { Effect: "Deny", NotResource: "*", Action: "*" }],
      [false, true],
    ],
    ["the principal", [ALLOW], [{ ...ALLOW, Principal: "*" }], [true, true]],
    ["nothing", [ALLOW], [], [false, true]],
  ])("counts what is not comparable as both: %s", (_, before, after, expected) => {
    const [former, latter] = [before, after].map((Statement) => [
      { Version: "2012-10-17", Statement },
    ]) as [Policy[], Policy[]];
    expect(verdict(comparePolicies(former, latter))).toEqual(expected);
  });

  it("compares a variable only where the version of the language has variables", () => {
    const inVersion = (Version: string) => [
      { Version, Statement: [{ ...ALLOW, Resource: `arn:aws:s3:::\${aws:username}` }] },
    ];
    const [older, newer] = [inVersion("2008-10-17"), inVersion("2012-10-17")];
    expect([
      verdict(comparePolicies(older, newer)),
      verdict(comparePolicies(older, older)),
    ]).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it("reports a pattern as broadened although all actions that it matches today were allowed, and not as narrowed", () => {
    const pattern = [
      "sts:GetFederationToken sts:GetSessionToken sts:GetServiceBearerToken",
      "sts:Get*Token",
    ] as const;
    const web = " sts:GetWebIdentityToken sts:GetDelegatedAccessToken";
    expect(verdict(changes(`${pattern[0]}${web}`, pattern[1]))).toEqual([true, false]);
    expect(verdict(changes(pattern[1], `${pattern[0]}${web}`))).toEqual([false, false]);
    expect(verdict(changes(pattern[1], pattern[0]))).toEqual([false, true]);
  });

  it("reports a Deny of what the same policy does not allow: another policy can", () => {
    expect(rulesOf(changes("allow", "allow; deny s3:*"))).toEqual(["deny-added"]);
  });

  it("has an example of the highest access level where only a Deny differs", () => {
    const open = "ec2:DescribeVpcs iam:DeleteRolePolicy";
    const limited = `${open}; deny * if NotIpAddress IP 198.51.100.0/24`;
    expect(changes(limited, open).more.request).toMatchObject({ action: "iam:DeleteRolePolicy" });
    expect(changes(open, limited).less.request).toMatchObject({ action: "iam:DeleteRolePolicy" });
  });

  it("lists a wildcard as the policy writes it", () => {
    const { more } = changes("kms:Decrypt", "kms:*");
    expect(more.actions.map(({ action, access }) => [action, access])).toEqual([
      ["kms:*", "unknown"],
    ]);
  });

  it("reports where an action is allowed now and where it was before, with a request that is newly allowed", () => {
    const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const pass = (...roles: readonly string[]) =>
      `iam:passrole on ${roles.map(role).join(" ")} if StringEquals iam:PassedToService ec2.amazonaws.com`;
    const conditions = [
      { test: "StringEquals", variable: "iam:PassedToService", values: ["ec2.amazonaws.com"] },
    ];
    const { more, less } = changes(pass("dev-node"), pass("dev-node", "x"));
    expect(less.actions).toEqual([]);
    expect(more.actions).toEqual([
      {
        action: "iam:PassRole",
        access: "Write",
        area: "identity",
        why: expect.any(String),
        before: [{ resource: role("dev-node"), conditions }],
        after: [
          { resource: role("dev-node"), conditions },
          { resource: role("x"), conditions },
        ],
      } satisfies ActionChange,
    ]);
    expect(more.request).toEqual({
      action: "iam:PassRole",
      resource: role("x"),
      context: { "iam:PassedToService": "ec2.amazonaws.com" },
    });
  });

  it.each([
    [
      "Permissions management",
      "allow",
      "allow; allow ec2:DescribeVpcs ec2:DeleteVpc iam:PutRolePolicy ec2:CreateTags",
      "iam:PutRolePolicy",
    ],
    [
      "Write",
      "allow",
      "allow; allow ec2:DescribeVpcs ec2:CreateTags ec2:DeleteVpc",
      "ec2:DeleteVpc",
    ],
    ["Tagging", "allow", "allow; allow ec2:DescribeVpcs ec2:CreateTags", "ec2:CreateTags"],
    [
      "an action without a known level before Read",
      "allow",
      "allow; allow ec2:DescribeVpcs dynamodb:X",
      "dynamodb:X",
    ],
    ["Read before List", "allow", "allow; allow ec2:DescribeVpcs s3:GetObject", "s3:GetObject"],
    [
      "an action that a pattern matches",
      "allow",
      "allow; allow ec2:DescribeVpcs kms:*",
      "kms:CreateGrant",
    ],
    ["everything", "allow", "*", "iam:PutRolePolicy"],
    [
      "what cannot be restored",
      "allow",
      "allow; allow ec2:CreateSnapshot ec2:DeleteSnapshot",
      "ec2:DeleteSnapshot",
    ],
    [
      "a verb of a service without known levels",
      "allow",
      "allow; allow lambda:ListTags lambda:UpdateAlias",
      "lambda:UpdateAlias",
    ],
    ["nothing of an action that does not exist", "allow", "allow; allow ec2:Nothing", undefined],
    [
      "an action that exists, of a pattern of reads",
      "allow",
      "allow; allow s3:?etObject",
      "s3:GetObject",
    ],
    [
      "what a Deny no longer covers",
      "allow *; deny ec2:DescribeVpcs ec2:DeleteVpc",
      "allow *",
      "ec2:DeleteVpc",
    ],
    [
      "an action of which more is allowed",
      `allow ec2:DescribeVpcs ec2:DeleteVpc on ${VPC}/a`,
      `allow ec2:DescribeVpcs ec2:DeleteVpc on ${VPC}/a ${VPC}/b`,
      "ec2:DeleteVpc",
    ],
    [
      "nothing where no permission is required",
      "allow",
      "allow; allow sts:GetCallerIdentity",
      undefined,
    ],
  ])("has a request of the highest access level as example: %s", (_, before, after, action) => {
    expect(changes(before, after).more.request?.action).toBe(action);
  });

  it.each([
    [
      "any resource",
      "allow",
      "ec2:DeleteVolume",
      "arn:aws:ec2:us-east-1:123456789012:volume/example",
    ],
    ["those of a Region", "allow", `ec2:DeleteVpc on ${VPC}/* ${VPC}-x/*`, `${VPC}/example`],
    [
      "what was not allowed",
      `ec2:CreateVolume on ${VPC.replace("1:vpc", ":volume/*")}`,
      "ec2:CreateVolume",
      "arn:aws:ec2:eu-central-1::snapshot/example",
    ],
    [
      "a name with a wildcard",
      "allow",
      "iam:GetRole on arn:aws:iam::123456789012:role/dev-*",
      "arn:aws:iam::123456789012:role/dev-example",
    ],
    [
      "one of its values alone",
      "iam:PassRole if StringEquals k a",
      "iam:PassRole if StringEquals k a b",
      "arn:aws:iam::123456789012:role/example",
    ],
    ["no resource", "allow", "ec2:DescribeVpcs", "*"],
    [
      "a type of its own service",
      "allow",
      "ssm:StartSession",
      "arn:aws:ssm:us-east-1:123456789012:document/example",
    ],
    ["a type that the action does not have", "allow", `ec2:DeleteVolume on ${VPC}/*`, undefined],
  ])("has a whole ARN of a type of the action in its example: %s", (_, before, after, resource) => {
    expect(changes(before, after).more.request?.resource).toBe(resource);
  });

  it("has an example in the Region of the deployment, and in its partition", () => {
    const { more } = comparePolicies(
      policiesOf("allow"),
      policiesOf("allow; iam:PassRole ec2:DeleteVpc"),
      "cn-north-1",
    );
    expect(more.request?.resource).toBe("arn:aws-cn:iam::123456789012:role/example");
  });

  it("has no example where a statement that is not comparable may decide", () => {
    expect(changes("s3:*; !iam:*", "s3:* ec2:*; !iam:*").more).toMatchObject({
      isGranted: true,
      request: undefined,
    });
  });

  it("reports a policy that is not JSON as broadened, unless it is the same string", () => {
    expect(verdict(textChanges(JSON.stringify(policiesOf("allow")[0]), "{"))).toEqual([true, true]);
    expect(policyFindings("user", textChanges("{", "{"))).toEqual([]);
    expect(verdict(textChanges("{", "["))).toEqual([true, true]);
  });
});

describe("the networks of a key", () => {
  const ALLOWED = "s3:GetObject";
  const from = (...cidrs: readonly string[]) =>
    `${ALLOWED}; deny * if BoolIfExists aws:ViaAWSService false if NotIpAddressIfExists aws:SourceIp ${cidrs.join(" ")}`;
  const NETWORK = "203.0.113.0/24";
  const OTHER = "198.51.100.0/24";

  it.each([
    [
      "are set",
      ALLOWED,
      from(NETWORK),
      [{ rule: "networks-removed", networks: [], only: [NETWORK] }],
    ],
    ["are removed", from(NETWORK), ALLOWED, [{ rule: "networks-added", networks: [] }]],
    [
      "are more",
      from(NETWORK),
      from(NETWORK, OTHER),
      [{ rule: "networks-added", networks: [OTHER] }],
    ],
    [
      "are less",
      from(NETWORK, OTHER),
      from(OTHER),
      [{ rule: "networks-removed", networks: [NETWORK], only: [OTHER] }],
    ],
    [
      "are others",
      from(NETWORK),
      from(OTHER),
      [
        { rule: "networks-added", networks: [OTHER] },
        { rule: "networks-removed", networks: [NETWORK], only: [OTHER] },
      ],
    ],
    ["lie within the former ones", from(NETWORK), from(NETWORK, "203.0.113.128/25"), []],
    [
      "are more beside a permission",
      from(NETWORK),
      from(NETWORK, OTHER).replace("s3:GetObject", "s3:*"),
      [{ rule: "permissions-broadened" }, { rule: "networks-added", networks: [OTHER] }],
    ],
    [
      "are more beside a Deny",
      `${from(NETWORK)}; deny s3:*`,
      from(NETWORK, OTHER),
      [{ rule: "deny-weakened" }, { rule: "networks-added" }],
    ],
  ])("have their own rule where they %s", (_, before, after, expected) => {
    const found = policyFindings("user", changes(before, after));
    expect(found.map(({ rule, values }) => ({ rule, ...values }))).toEqual(
      expected.map((each) => expect.objectContaining(each)),
    );
  });

  it("are no change of a principal that is new", () => {
    const rules = policyFindings("user", comparePolicies([], policiesOf(from(NETWORK)))).map(
      ({ rule }) => rule,
    );
    expect(rules).toEqual(["permissions-broadened"]);
    const removed = policyFindings("user", comparePolicies(policiesOf(from(NETWORK)), [])).map(
      ({ rule }) => rule,
    );
    expect(removed).toEqual(["deny-weakened", "permissions-narrowed"]);
  });

  it("are no setting where two Deny statements limit them", () => {
    const both = `${from(NETWORK)}; ${from(OTHER)}`;
    const rules = (before: string, after: string) =>
      policyFindings("user", changes(before, after)).map(({ rule }) => rule);
    expect([rules(from(NETWORK), both), rules(both, from(NETWORK))]).toEqual([
      ["deny-added"],
      ["deny-weakened"],
    ]);
  });

  it("are a Deny of a principal without a key", () => {
    const rules = (before: string, after: string) =>
      policyFindings("node role", changes(before, after)).map(({ rule }) => rule);
    expect([rules(ALLOWED, from(NETWORK)), rules(from(NETWORK), ALLOWED)]).toEqual([
      ["deny-added"],
      ["deny-weakened"],
    ]);
  });

  it("are in an example, because it is allowed from these alone", () => {
    const request = changes(from(NETWORK), from(NETWORK).replace("s3:GetObject", "s3:*")).more
      .request;
    expect(request?.context).toEqual({ "aws:SourceIp": "203.0.113.0" });
  });
});

describe("policies of any size", () => {
  const large = (statements: number, seed: string) =>
    Array.from({ length: statements }, (_, at) => {
      const word = createHash("sha256").update(`${seed}${at}`).digest("hex").slice(0, 6);
      return {
        Effect: at % 10 === 0 ? "Deny" : "Allow",
        Action: [`s3:${word}*`, `ec2:*${word}`],
        Resource: [`arn:aws:s3:::*${word}*/*`, "*"],
        Condition: { StringLike: { "aws:RequestedRegion": [`*${word}*`] } },
      };
    });

  it.each([20, 3000])("are compared in two seconds of CPU time: %d statements", (statements) => {
    const [before, after] = ["a", "b"].map((seed) => ({
      Version: "2012-10-17",
      Statement: large(statements, seed),
    }));
    const seconds = cpuSeconds(() => {
      expect(comparePolicies([before], [after]).more.isGranted).toBe(true);
    });
    expect(seconds).toBeLessThan(2);
  });
});

describe("a policy with a number that is rounded", () => {
  const policy = (number: string) =>
    `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":${number}}}}]}`;

  it.each([
    ["9007199254740992", "9007199254740993", [true, "a policy after the change is not readable"]],
    ["9007199254740993", "9007199254740993", [false, undefined]],
    ["5", "-10.5", [true, undefined]],
    ['"5"', "5", [false, undefined]],
  ])("is comparable with no other: %s, %s", (before, after, expected) => {
    const { isGranted, reason } = textChanges(policy(before), policy(after)).more;
    expect([isGranted, reason]).toEqual(expected);
  });
});

describe("a policy with a key twice", () => {
  const policy = (action: string, values: string) =>
    `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",${action},"Resource":"*","Condition":{"StringEquals":{"aws:username":["a",${values}]}}}]}`;
  const ONCE = '"Action":"s3:GetObject"';
  const TWICE = '"Action":"*","Action":"s3:GetObject"';

  it.each([
    ['":b"', TWICE],
    ['"\\u003ab"', TWICE],
    ['"\\":b"', TWICE],
    ['"b"', '"\\u0041\\u0063\\u0074\\u0069\\u006f\\u006e":"*","Action":"s3:GetObject"'],
  ])("is comparable with no other, whatever its strings are: %s, %s", (value, twice) => {
    const change = textChanges(policy(ONCE, '":b"'), policy(twice, value));
    expect(change.more.reason).toBe("a policy after the change is not readable");
    expect(verdict(textChanges(policy(ONCE, '":b"'), policy(ONCE, '":b"')))).toEqual([
      false,
      false,
    ]);
  });
});
