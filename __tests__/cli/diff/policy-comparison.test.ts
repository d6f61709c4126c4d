import { createHash } from "node:crypto";
import { comparePolicies, type PolicyChange, policyFindings, readPolicy } from "../../../src/cli/diff/policies";
import type { ActionChange } from "../../../src/cli/diff/rule-templates";
import { policyDocument } from "../../../src/iam/policy-document";
import { policyStatements } from "../../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT } from "../../helpers/clusters";

type Statement = Readonly<Record<string, unknown>>;

const json = (...statements: readonly Statement[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (more: Statement): Statement => ({ Effect: "Allow", Action: "ec2:RunInstances", Resource: "*", ...more });
const changes = (before: string, after: string) => comparePolicies([readPolicy(before)], [readPolicy(after)]);
const isBroadened = ({ allowed, undenied }: PolicyChange) => allowed.kind !== "nothing-new" || undenied.kind !== "nothing-new";
const isNarrowed = ({ reduced, denied }: PolicyChange) => reduced.kind !== "nothing-new" || denied.kind !== "nothing-new";

const ARN = "arn:aws:ec2:eu-central-1:1:vpc/a";

/** Whether a change of a policy is broadened, narrowed, both or neither. */
const verdict = (before: readonly Statement[], after: readonly Statement[]) => {
  const compared = changes(json(...before), json(...after));
  return [isBroadened(compared), isNarrowed(compared)];
};

describe("the comparison of policies", () => {
  const TAGGED = { StringEquals: { "aws:RequestTag/team": ["a", "b"] } };

  it.each<[string, readonly Statement[], readonly Statement[], boolean, boolean]>([
    ["a wildcard instead of an action", [allow({})], [allow({ Action: "ec2:*" })], true, false],
    ["an action instead of a wildcard", [allow({ Action: "ec2:*" })], [allow({})], false, true],
    [
      "an action that a wildcard has already",
      [allow({ Action: "ec2:*" })],
      [allow({ Action: ["ec2:*", "ec2:RunInstances"] })],
      false,
      false,
    ],
    [
      "a pattern of this project instead of exactly its actions",
      [allow({ Action: ["iam:ListRolePolicies", "iam:ListAttachedRolePolicies"] })],
      [allow({ Action: "iam:*RolePolicies" })],
      false,
      false,
    ],
    ["everything", [allow({ Action: "ec2:*" })], [allow({ Action: "*" })], true, false],
    ["an ARN instead of everything", [allow({})], [allow({ Resource: "arn:aws:ec2:eu-central-1:1:*" })], false, true],
    [
      "a further ARN",
      [allow({ Resource: "arn:aws:ec2:eu-central-1:1:vpc/a" })],
      [allow({ Resource: ["arn:aws:ec2:eu-central-1:1:vpc/a", "arn:aws:ec2:eu-central-1:1:vpc/b"] })],
      true,
      false,
    ],
    [
      "two ARNs that one pattern covers",
      [allow({ Resource: ["arn:aws:ec2:*:1:vpc/a*", "arn:aws:ec2:*:1:vpc/b*"] })],
      [allow({ Resource: "arn:aws:ec2:*:1:vpc/*" })],
      true,
      false,
    ],
    [
      "conditions that cover everything together",
      [allow({})],
      [allow({ Condition: { Null: { k: "true" } } }), allow({ Condition: { Null: { k: "false" } } })],
      false,
      false,
    ],
    ["a condition", [allow({})], [allow({ Condition: TAGGED })], false, true],
    ["a condition less", [allow({ Condition: TAGGED })], [allow({})], true, false],
    [
      "a value less",
      [allow({ Condition: TAGGED })],
      [allow({ Condition: { StringEquals: { "aws:RequestTag/team": "a" } } })],
      false,
      true,
    ],
    [
      "a value more",
      [allow({ Condition: { StringEquals: { "aws:RequestTag/team": "a" } } })],
      [allow({ Condition: TAGGED })],
      true,
      false,
    ],
    [
      "a value less that it must not be",
      [allow({ Condition: { StringNotEquals: { k: ["a", "b"] } } })],
      [allow({ Condition: { StringNotEquals: { k: "a" } } })],
      true,
      false,
    ],
    [
      "a condition's key in another case",
      [allow({ Condition: { StringEquals: { "AWS:RequestTag/team": "a" } } })],
      [allow({ Condition: { StringEquals: { "aws:requesttag/team": "a" } } })],
      false,
      false,
    ],
    [
      "another operator for the same value",
      [allow({ Condition: { StringEquals: { k: "a" } } })],
      [allow({ Condition: { StringLike: { k: "a" } } })],
      false,
      false,
    ],
    [
      "another operator for more values",
      [allow({ Condition: { StringEquals: { k: "a*" } } })],
      [allow({ Condition: { StringLike: { k: "a*" } } })],
      true,
      false,
    ],
    ["a Deny", [allow({})], [allow({}), { Effect: "Deny", Action: "ec2:*", Resource: ARN }], false, true],
    ["a Deny less", [allow({}), { Effect: "Deny", Action: "ec2:*", Resource: ARN }], [allow({})], true, false],
    [
      "a Deny of less",
      [allow({}), { Effect: "Deny", Action: "ec2:*", Resource: "*" }],
      [allow({}), { Effect: "Deny", Action: "ec2:*", Resource: ARN }],
      true,
      false,
    ],
    [
      "a Deny under a condition",
      [{ Effect: "Deny", Action: "a:b", Resource: "*" }],
      [{ Effect: "Deny", Action: "a:b", Resource: "*", Condition: TAGGED }],
      true,
      false,
    ],
    ["NotAction", [allow({})], [allow({}), { Effect: "Allow", NotAction: "iam:*", Resource: "*" }], true, false],
    [
      "NotAction in another order and case",
      [{ Effect: "Allow", NotAction: ["iam:*", "sts:*"], Resource: "*" }],
      [{ Sid: "x", Effect: "Allow", NotAction: ["STS:*", "IAM:*"], Resource: ["*"] }],
      false,
      false,
    ],
    [
      "NotResource",
      [{ Effect: "Deny", Action: "*", NotResource: ARN }],
      [{ Effect: "Deny", Action: "*", NotResource: [ARN, "arn:aws:ec2:eu-central-1:1:vpc/b"] }],
      true,
      false,
    ],
    [
      "a Deny that is written as two",
      [allow({}), { Effect: "Deny", Action: ["ec2:A", "ec2:B"], Resource: "*" }],
      [allow({}), { Effect: "Deny", Action: "ec2:A", Resource: "*" }, { Effect: "Deny", Action: "ec2:B", Resource: "*" }],
      false,
      false,
    ],
    [
      "NotAction that denies the same as actions that cover the rest",
      [{ Effect: "Deny", NotAction: "ec2:*", Resource: "*" }],
      [
        { Effect: "Deny", NotAction: ["ec2:A", "ec2:B"], Resource: "*" },
        { Effect: "Deny", NotAction: "ec2:*", Resource: "*" },
      ],
      false,
      true,
    ],
    [
      "NotAction instead of all that it leaves",
      [{ Effect: "Allow", NotAction: ["iam:*", "sts:*"], Resource: "*" }],
      [{ Effect: "Allow", NotAction: "iam:*", Resource: "*" }],
      true,
      false,
    ],
    [
      "an operator that is not known",
      [allow({ Condition: { StringSounds: { k: "a" } } })],
      [allow({ Condition: { StringSounds: { k: "b" } } })],
      true,
      true,
    ],
    ["conditions that are none", [allow({})], [allow({ Condition: "none" })], false, true],
    ["an effect that is none", [{ ...allow({}), Effect: "Perhaps" }], [], true, true],
  ])("finds whether permissions are broadened or narrowed by %s", (_, before, after, broadened, narrowed) => {
    expect(verdict(before, after)).toEqual([broadened, narrowed]);
  });

  it("lists the actions of the catalogue that a wildcard matches, and the wildcard for all others", () => {
    const { broadened } = changes(json(allow({ Action: "kms:Decrypt" })), json(allow({ Action: "kms:*" })));
    expect(broadened.map(({ action, access }) => [action, access])).toEqual([
      ["kms:*", "unknown"],
      ["kms:CreateGrant", "Permissions management"],
      ["kms:DescribeKey", "Read"],
      ["kms:GenerateDataKeyWithoutPlaintext", "Write"],
      ["kms:ReEncryptFrom", "Write"],
      ["kms:ReEncryptTo", "Write"],
    ]);
  });

  it("reports where an action is allowed now and where it was before, with a request that is newly allowed", () => {
    const role = (name: string) => `arn:aws:iam::123456789012:role/${name}`;
    const toEc2 = { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } };
    const pass = (...roles: readonly string[]) =>
      json(allow({ Action: "iam:passrole", Resource: roles.map(role), Condition: toEc2 }));
    const conditions = ["iam:PassedToService is ec2.amazonaws.com"];
    const { allowed, broadened, narrowed } = changes(pass("dev-node"), pass("dev-node", "x"));
    expect(narrowed).toEqual([]);
    expect(broadened).toEqual([
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
    expect(allowed).toEqual({
      kind: "new-request",
      request: { action: "iam:PassRole", resource: role("x"), context: { "iam:PassedToService": "ec2.amazonaws.com" } },
    });
  });

  it("reports a policy that is not JSON as broadened, unless it is the same string", () => {
    expect(isBroadened(changes(json(allow({})), "{"))).toBe(true);
    expect(policyFindings("user", changes("{", "{"))).toEqual([]);
    expect(isBroadened(changes("{", "["))).toBe(true);
  });

  it("reports a permission as broadened if only two permissions together allowed most of it before", () => {
    const halves = ["arn:aws:s3:::a*", "arn:aws:s3:::b*"];
    expect(verdict([allow({ Resource: halves })], [allow({ Resource: "arn:aws:s3:::?*" })])).toEqual([true, false]);
  });
});

describe("a policy with a Deny for other networks", () => {
  const policy = (cidrs?: readonly string[]) =>
    JSON.stringify(
      policyDocument(
        policyStatements({
          mode: "scoped",
          supplement: true,
          environment: ENVIRONMENT,
          cluster: clusterOf(),
          ...(cidrs === undefined ? {} : { allowedNetworks: { cidrs, vpcs: [], vpcEndpoints: [] } }),
        }),
      ),
    );
  const compared = (before: string, after: string) => {
    const found = changes(before, after);
    return [isBroadened(found), isNarrowed(found)];
  };

  it("is narrower than without, and broadened by another address", () => {
    expect(compared(policy(), policy(["203.0.113.0/24"]))).toEqual([false, true]);
    expect(compared(policy(["203.0.113.0/24"]), policy())).toEqual([true, false]);
    expect(compared(policy(["203.0.113.0/24"]), policy(["198.51.100.0/24", "203.0.113.0/24"]))).toEqual([true, false]);
    expect(compared(policy(["203.0.113.0/24"]), policy(["203.0.113.0/24"]))).toEqual([false, false]);
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
    const [before, after] = ["a", "b"].map((seed) => ({ Version: "2012-10-17", Statement: large(statements, seed) }));
    const start = process.cpuUsage();
    const { allowed } = comparePolicies([before], [after]);
    const { user, system } = process.cpuUsage(start);
    expect(allowed.kind).not.toBe("nothing-new");
    expect((user + system) / 1e6).toBeLessThan(2);
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
    const change = changes(policy(ONCE, '":b"'), policy(twice, value));
    expect(change.allowed.kind).toBe("not-comparable");
    expect(isBroadened(changes(policy(ONCE, '":b"'), policy(ONCE, '":b"')))).toBe(false);
  });
});
