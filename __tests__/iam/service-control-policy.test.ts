import { controlPolicy } from "../../packages/cli/src/iam/service-control-policy";
import { simulate } from "../../packages/iam-no-new-access/__tests__/helpers/simulation";
import { MODES, type Mode } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, EVERYTHING, optionsWith, wholePolicy } from "../helpers/clusters";
import { iamArn, requiredRequests } from "../helpers/required-requests";
import type { Request } from "../helpers/simulator";

const ADMINISTRATOR = {
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

const controlOf = (
  mode: Mode,
  additionalRolePolicies: readonly string[] = [],
  cluster = clusterOf(),
) => controlPolicy({ ...optionsWith(mode, cluster), user: "/deckhouse", additionalRolePolicies });

/** Whether a principal with a policy may make a call in an account with a control policy. */
const isAllowed = (
  control: object,
  principal: string,
  policy: object,
  { action, resource, context }: Request,
) =>
  simulate(
    { identity: [policy], controlPolicies: [[ADMINISTRATOR, control]] },
    {
      action,
      resource,
      context: { "aws:PrincipalArn": iamArn(ENVIRONMENT, principal), ...context },
    },
  );
const asAdministrator = (principal: string, action: string, resource: string) =>
  isAllowed(controlOf("documented", ["s3:Get*"]), principal, ADMINISTRATOR, { action, resource });
const asKey = (mode: Mode, request: Request, cluster = clusterOf()) =>
  isAllowed(
    controlOf(mode, [], cluster),
    "user/deckhouse",
    wholePolicy(optionsWith(mode, cluster)),
    request,
  );

describe("the service control policy", () => {
  it.each([
    ["iam:CreateUser", iamArn(ENVIRONMENT, "user/attacker"), false],
    ["sts:AssumeRole", iamArn(ENVIRONMENT, "role/Admin"), false],
    ["s3:PutObject", "arn:aws:s3:::bucket/key", false],
    ["ec2:TerminateInstances", "arn:aws:ec2:eu-central-1:123456789012:instance/i-1", false],
    ["ec2:DescribeInstances", "*", true],
    ["ec2:DescribeTags", "*", true],
    ["s3:GetObject", "arn:aws:s3:::bucket/key", true],
  ])(
    "limits a node role with administrator access to the actions of a node: %s on %s, %s",
    (action, resource, allowed) => {
      expect(asAdministrator("role/dev-node", action, resource)).toBe(allowed);
    },
  );

  it.each(["role/dev-node2", "role/Admin", "user/admin"])(
    "does not limit other roles and users: %s",
    (principal) => {
      expect(
        asAdministrator(principal, "iam:CreateUser", iamArn(ENVIRONMENT, "user/anybody")),
      ).toBe(true);
    },
  );

  it.each([
    ["iam:PutRolePolicy", "role/Admin", {}, false],
    ["iam:CreateRole", "role/other", {}, false],
    ["iam:PassRole", "role/Admin", { "iam:PassedToService": "ec2.amazonaws.com" }, false],
    ["iam:PutRolePolicy", "role/dev-node", {}, true],
  ])(
    "limits the user of the documented policy to its own node role: %s on %s",
    (action, role, context, allowed) => {
      expect(asKey("documented", { action, resource: iamArn(ENVIRONMENT, role), context })).toBe(
        allowed,
      );
    },
  );

  it.each(MODES)("denies no call of DKP in mode %s", (mode) => {
    for (const cluster of [clusterOf(), EVERYTHING]) {
      // The control policy limits only these actions of the user.
      const requests = requiredRequests(optionsWith(mode, cluster)).filter(({ action }) =>
        action.startsWith("iam:"),
      );
      expect(requests.filter((request) => !asKey(mode, request, cluster))).toEqual([]);
    }
  });

  it("does not repeat the limits of the scoped policy", () => {
    expect(controlOf("scoped").Statement.map(({ Sid }) => Sid)).toEqual(["NodeRoleStaysNodeRole"]);
  });
});
