import { createHash } from "node:crypto";
import type { ActionChange } from "../../../src/cli/diff/change-rules";
import { comparePolicies, type Policy, type PolicyChange, policyFindings, readPolicy } from "../../../src/cli/diff/policies";
import { cpuSeconds } from "../../decision/cpu";
import { sideOf } from "../../decision/pairs";

/** Too many for a list of actions. */
const LONG = Array.from({ length: 400 }, (_, at) => `s3:X${at} on @b${at}/*`);
const policiesOf = (text: string) => sideOf(text).identity as readonly Policy[];
/** What changes between policies in the notation of __tests__/decision/pairs.txt. */
const changes = (before: string, after: string) => comparePolicies(policiesOf(before), policiesOf(after));
/** What changes between the texts of two policies. */
const textChanges = (before: string, after: string) => comparePolicies([readPolicy(before)], [readPolicy(after)]);
const isBroadened = ({ allowed, undenied }: PolicyChange) => allowed.kind !== "nothing-new" || undenied.kind !== "nothing-new";
const isNarrowed = ({ reduced, denied }: PolicyChange) => reduced.kind !== "nothing-new" || denied.kind !== "nothing-new";

/** Whether a change of a policy is broadened, narrowed, both or neither. */
const verdict = (compared: PolicyChange) => [isBroadened(compared), isNarrowed(compared)];

describe("the comparison of policies", () => {
  const VPC = "arn:aws:ec2:eu-central-1:1:vpc";

  // The pairs of __tests__/decision/pairs.txt have what a decision finds; here are both directions, and Deny statements alone.
  it.each<[string, string, string, boolean, boolean]>([
    ["a wildcard instead of an action", "allow", "ec2:*", true, false],
    ["a pattern of this project", "iam:ListRolePolicies iam:ListAttachedRolePolicies", "iam:*RolePolicies", false, false],
    ["everything", "ec2:*", "*", true, false],
    ["two ARNs that one pattern covers", `on ${VPC}/a* ${VPC}/b*`, `on ${VPC}/*`, true, false],
    ["two ARNs that allow most of it", "on @a* @b*", "on @?*", true, false],
    ["another operator for the same value", "if StringEquals k a", "if StringLike k a", false, false],
    ["a Deny", "allow", `allow; deny ec2:* on ${VPC}/a`, false, true],
    ["a Deny of less", "allow; deny ec2:*", `allow; deny ec2:* on ${VPC}/a`, true, false],
    ["a Deny under a condition", "deny a:b", "deny a:b if StringEquals aws:RequestTag/team a b", true, false],
    ["NotAction", "allow", "allow; !iam:*", true, false],
    ["a Deny that is written as two", "allow; deny ec2:A ec2:B", "allow; deny ec2:A; deny ec2:B", false, false],
    ["NotAction that denies more", "deny !ec2:*", "deny !ec2:A ec2:B; deny !ec2:*", false, true],
    ["an operator that is not known", "if StringSounds k a", "if StringSounds k b", true, true],
  ])("finds whether permissions are broadened or narrowed by %s", (_, before, after, broadened, narrowed) => {
    expect(verdict(changes(before, after))).toEqual([broadened, narrowed]);
    expect(verdict(changes(after, before))).toEqual([narrowed, broadened]);
  });

  const ALLOW = { Effect: "Allow", Action: "ec2:RunInstances", Resource: "*" };
  it.each([
    ["conditions that are none", [ALLOW], [{ ...ALLOW, Condition: "none" }], [false, true]],
    ["an effect that is none", [{ ...ALLOW, Effect: "Perhaps" }], [], [true, true]],
  ])("finds whether permissions are broadened or narrowed by %s", (_, before, after, expected) => {
    const [former, latter] = [before, after].map((Statement) => [{ Version: "2012-10-17", Statement }]) as [Policy[], Policy[]];
    expect(verdict(comparePolicies(former, latter))).toEqual(expected);
  });

  it.each([
    ["NotAction", "!iam:*", "!iam:* s3:*"],
    ["more statements than are listed", LONG.join("; "), LONG.slice(1).join("; ")],
  ])("reports what is no longer allowed although no action can be listed: %s", (_, before, after) => {
    const change = changes(before, after);
    expect(change.narrowed).toEqual([]);
    expect(policyFindings("principal", change)).toEqual([
      { rule: "policy-narrowed", principal: "principal", values: expect.objectContaining({ actions: [] }) },
    ]);
  });

  it("reports a Deny of what the same policy does not allow: another policy can", () => {
    expect(policyFindings("principal", changes("allow", "allow; deny s3:*")).map(({ rule }) => rule)).toEqual([
      "policy-deny-added",
    ]);
  });

  it("has an example of the highest access level where only a Deny differs", () => {
    const open = "ec2:DescribeVpcs iam:DeleteRolePolicy";
    const limited = `${open}; deny * if NotIpAddress IP 198.51.100.0/24`;
    const example = { kind: "new-request", request: { action: "iam:DeleteRolePolicy" } };
    expect(changes(limited, open).allowed).toMatchObject(example);
    expect(changes(open, limited).reduced).toMatchObject(example);
  });

  it("lists the actions of the catalogue that a wildcard matches, and the wildcard for all others", () => {
    const { broadened } = changes("kms:Decrypt", "kms:*");
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
    const pass = (...roles: readonly string[]) =>
      `iam:passrole on ${roles.map(role).join(" ")} if StringEquals iam:PassedToService ec2.amazonaws.com`;
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

  it.each([
    [
      "Permissions management",
      "allow",
      "allow; allow ec2:DescribeVpcs ec2:DeleteVpc iam:PutRolePolicy ec2:CreateTags",
      "iam:PutRolePolicy",
    ],
    ["Write", "allow", "allow; allow ec2:DescribeVpcs ec2:CreateTags ec2:DeleteVpc", "ec2:DeleteVpc"],
    ["Tagging", "allow", "allow; allow ec2:DescribeVpcs ec2:CreateTags", "ec2:CreateTags"],
    ["an action without a known level before Read", "allow", "allow; allow ec2:DescribeVpcs dynamodb:X", "dynamodb:X"],
    ["Read before List", "allow", "allow; allow ec2:DescribeVpcs s3:GetObject", "s3:GetObject"],
    ["an action that a pattern matches", "allow", "allow; allow ec2:DescribeVpcs kms:*", "kms:CreateGrant"],
    ["everything", "allow", "*", "iam:DeleteRolePolicy"],
    ["an action that exists, of a pattern of reads", "allow", "allow; allow s3:?etObject", "s3:GetObject"],
    ["what a Deny no longer covers", "allow *; deny ec2:DescribeVpcs ec2:DeleteVpc", "allow *", "ec2:DeleteVpc"],
    [
      "an action of which more is allowed",
      `allow ec2:DescribeVpcs ec2:DeleteVpc on ${VPC}/a`,
      `allow ec2:DescribeVpcs ec2:DeleteVpc on ${VPC}/a ${VPC}/b`,
      "ec2:DeleteVpc",
    ],
    ["nothing where no permission is required", "allow", "allow; allow sts:GetCallerIdentity", undefined],
  ])("has a request of the highest access level as example: %s", (_, before, after, action) => {
    const requests = policyFindings("user", changes(before, after)).flatMap(({ values }) =>
      "request" in values && values.request ? [values.request.action] : [],
    );
    expect(requests).toEqual(action === undefined ? [] : [action]);
  });

  it("reports a policy that is not JSON as broadened, unless it is the same string", () => {
    expect(isBroadened(textChanges(JSON.stringify(policiesOf("allow")[0]), "{"))).toBe(true);
    expect(policyFindings("user", textChanges("{", "{"))).toEqual([]);
    expect(isBroadened(textChanges("{", "["))).toBe(true);
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
    const seconds = cpuSeconds(() => {
      expect(comparePolicies([before], [after]).allowed.kind).not.toBe("nothing-new");
    });
    expect(seconds).toBeLessThan(2);
  });
});

describe("a policy with a number that is rounded", () => {
  const policy = (number: string) =>
    `{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"NumericLessThan":{"s3:max-keys":${number}}}}]}`;

  it.each([
    ["9007199254740992", "9007199254740993", "not-comparable"],
    ["9007199254740993", "9007199254740993", "nothing-new"],
    ["5", "-10.5", "nothing-new"],
    ["5", "10", "new-request"],
    ['"1.0"', '"2"', "new-request"],
  ])("is comparable with no other: %s, %s", (before, after, kind) => {
    expect(textChanges(policy(before), policy(after)).allowed.kind).toBe(kind);
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
    expect(change.allowed.kind).toBe("not-comparable");
    expect(isBroadened(textChanges(policy(ONCE, '":b"'), policy(ONCE, '":b"')))).toBe(false);
  });
});
