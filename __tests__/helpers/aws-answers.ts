import { IamReader } from "../../packages/cli/src/account/aws/iam-reader";
import { AwsError } from "../../packages/cli/src/account/aws/operations";
import { NODE_TRUST } from "../../src/iam/node-role-permissions";

export const ACCOUNT = "123456789012";
const arn = (path: string) => `arn:aws:iam::${ACCOUNT}:${path}`;
const policyArn = (name: string) => (name.startsWith("arn:") ? name : arn(`policy/${name}`));
const DAY = new Date("2026-01-02T03:04:05Z");

/**
 * AWS's answers, by operation, or by operation and the names in its input, all or the first:
 * `GetRole nodes`. In the short form of `SHAPES`, else as the API reference has it; `error CODE` or
 * `error CODE of ACTION` is thrown.
 */
export type Answers = Readonly<Record<string, unknown>>;

const words = (given: unknown) => [given ?? []].flat().map(String);

/** A document, or its actions; encoded as IAM sends it. */
function encoded(given: unknown) {
  const isDocument = typeof given === "object" && given !== null && "Statement" in given;
  const document = isDocument
    ? given
    : { Statement: [{ Effect: "Allow", Action: given, Resource: "*" }] };
  return encodeURIComponent(JSON.stringify(document));
}

interface ObjectAnswer {
  readonly boundary?: string;
  readonly trusts?: string;
}

/** By type and path, `role/apps/own`, or by its boundary and the principal that it trusts. */
function objectOf(given: string | ObjectAnswer) {
  if (typeof given === "string") {
    return {
      Arn: arn(given),
      Path: `/${given.split("/").slice(1, -1).join("/")}/`.replace("//", "/"),
      CreateDate: DAY,
    };
  }
  const { boundary = "none", trusts } = given;
  const trust = { Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: trusts }] };
  return {
    CreateDate: DAY,
    AssumeRolePolicyDocument: encoded(trusts === undefined ? NODE_TRUST : trust),
    ...(boundary === "none"
      ? {}
      : { PermissionsBoundary: { PermissionsBoundaryArn: policyArn(boundary) } }),
  };
}

const attached = (names: unknown) => ({
  AttachedPolicies: words(names).map((name) => ({ PolicyArn: policyArn(name) })),
});
const inline = (names: unknown) => ({ PolicyNames: words(names) });

const SHAPES: Readonly<Record<string, (given: never) => object>> = {
  GetUser: (given) => ({ User: objectOf(given) }),
  GetRole: (given) => ({ Role: objectOf(given) }),
  GetPolicy: (given) => ({ Policy: { ...objectOf(given), DefaultVersionId: "v3" } }),
  GetInstanceProfile: (given) => ({ InstanceProfile: objectOf(given) }),
  GetGroup: (members) => ({
    Group: objectOf("group/own"),
    Users: words(members).map((UserName) => ({ UserName })),
  }),
  ListAttachedUserPolicies: attached,
  ListAttachedGroupPolicies: attached,
  ListAttachedRolePolicies: attached,
  ListUserPolicies: inline,
  ListGroupPolicies: inline,
  ListRolePolicies: inline,
  ListGroupsForUser: (names) => ({
    Groups: words(names).map((GroupName) => ({ GroupName })),
  }),
  ListInstanceProfilesForRole: (names) => ({
    InstanceProfiles: words(names).map((InstanceProfileName) => ({ InstanceProfileName })),
  }),
  ListAccessKeys: (keys) => ({
    AccessKeyMetadata: Object.entries<string | object>(keys).map(([AccessKeyId, given]) => ({
      ...{ AccessKeyId, CreateDate: DAY },
      ...(typeof given === "string" ? { Status: given } : given),
    })),
  }),
  GetPolicyVersion: (given) => ({ PolicyVersion: { Document: encoded(given) } }),
  GetUserPolicy: (given) => ({ PolicyDocument: encoded(given) }),
  GetGroupPolicy: (given) => ({ PolicyDocument: encoded(given) }),
  GetRolePolicy: (given) => ({ PolicyDocument: encoded(given) }),
  ListEntitiesForPolicy: ({ users, groups, roles }) => ({
    PolicyUsers: words(users).map((UserName) => ({ UserName })),
    PolicyGroups: words(groups).map((GroupName) => ({ GroupName })),
    PolicyRoles: words(roles).map((RoleName) => ({ RoleName })),
  }),
};

export const CALLS: (readonly [action: string, input: string])[] = [];

/**
 * Calls with these answers.
 * @param missing what a call without an answer returns or throws
 */
export function callsOf(answers: Answers, missing: unknown) {
  return async (action: string, input: object) => {
    CALLS.push([action, JSON.stringify(input)]);
    const [, operation = ""] = action.split(":");
    const names = Object.values(input).map((name) => String(name).replace(arn("policy/"), ""));
    const given =
      answers[`${operation} ${names.join("/")}`] ??
      answers[`${operation} ${names[0]}`] ??
      answers[operation] ??
      missing;
    if (typeof given === "string" && given.startsWith("error ")) {
      const [, code = "", of = action] = /^error (.*?)(?: of (\w+:\w+))?$/.exec(given) ?? [];
      throw new AwsError(of, code, "why");
    }
    return [
      given === missing
        ? (given as object)
        : (SHAPES[operation]?.(given as never) ?? (given as object)),
    ];
  };
}

export function accountWith(answers: Answers, now: Date = new Date()): IamReader {
  const aws = { call: callsOf(answers, "error NoSuchEntity"), now: () => now };
  return new IamReader(aws as unknown as ConstructorParameters<typeof IamReader>[0]);
}
