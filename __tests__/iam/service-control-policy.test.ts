import { runSimulation } from "@cloud-copilot/iam-simulate";
import { controlPolicy, controlPolicyText } from "../../src/cli/iam/service-control-policy";
import { policyDocument } from "../../src/iam/policy-document";
import { type Mode, policyStatements } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, EVERYTHING } from "../helpers/clusters";
import { iamArn, requiredRequests } from "../helpers/required-requests";
import type { Request } from "../helpers/simulator";

const ADMINISTRATOR = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };
const USER = iamArn(ENVIRONMENT, "user/deckhouse");
const NODE_ROLE = iamArn(ENVIRONMENT, "role/dev-node");

const options = (mode: Mode, cluster = clusterOf()) => ({ mode, supplement: true, environment: ENVIRONMENT, cluster });

/** Whether a principal with a policy may make a call in an account with the control policy. */
async function isAllowed(
  settings: ReturnType<typeof options>,
  { principal, policy }: { readonly principal: string; readonly policy: object },
  request: Request,
) {
  const control = controlPolicy({ ...settings, user: "/deckhouse", additionalRolePolicies: ["s3:Get*"] });
  const result = await runSimulation(
    {
      identityPolicies: [{ name: "policy", policy }],
      serviceControlPolicies: [
        {
          orgIdentifier: "r-root",
          policies: [
            { name: "FullAWSAccess", policy: ADMINISTRATOR },
            { name: "dkp", policy: control },
          ],
        },
      ],
      resourceControlPolicies: [],
      request: {
        action: request.action,
        principal,
        resource: { accountId: ENVIRONMENT.account, resource: request.resource },
        contextVariables: { "aws:PrincipalArn": principal, ...request.context },
      },
    },
    {},
  );
  if (result.resultType === "error") {
    throw new Error(`${request.action} on ${request.resource}: ${JSON.stringify(result.errors)}`);
  }
  return result.overallResult === "Allowed";
}

const asAdministrator = (principal: string, request: Request) =>
  isAllowed(options("documented"), { principal, policy: ADMINISTRATOR }, request);
const asNode = (request: Request) => asAdministrator(NODE_ROLE, request);
const asKey = (mode: Mode, request: Request, cluster = clusterOf()) => {
  const settings = options(mode, cluster);
  return isAllowed(settings, { principal: USER, policy: policyDocument(policyStatements(settings)) }, request);
};

describe("the service control policy", () => {
  it("limits a node role with administrator access to the actions of a node", async () => {
    expect(await asNode({ action: "iam:CreateUser", resource: iamArn(ENVIRONMENT, "user/attacker") })).toBe(false);
    expect(await asNode({ action: "sts:AssumeRole", resource: iamArn(ENVIRONMENT, "role/Admin") })).toBe(false);
    expect(await asNode({ action: "s3:PutObject", resource: "arn:aws:s3:::bucket/key" })).toBe(false);
    expect(
      await asNode({ action: "ec2:TerminateInstances", resource: "arn:aws:ec2:eu-central-1:123456789012:instance/i-1" }),
    ).toBe(false);
    expect(await asNode({ action: "ec2:DescribeInstances", resource: "*" })).toBe(true);
    expect(await asNode({ action: "ec2:DescribeTags", resource: "*" })).toBe(true);
    expect(await asNode({ action: "s3:GetObject", resource: "arn:aws:s3:::bucket/key" })).toBe(true);
  });

  it("does not limit other roles and users", async () => {
    const request = { action: "iam:CreateUser", resource: iamArn(ENVIRONMENT, "user/anybody") };
    for (const principal of ["role/dev-node2", "role/Admin", "user/admin"]) {
      expect(await asAdministrator(iamArn(ENVIRONMENT, principal), request)).toBe(true);
    }
  });

  it("limits the user of the documented policy to its own node role", async () => {
    const passed = { "iam:PassedToService": "ec2.amazonaws.com" };
    expect(await asKey("documented", { action: "iam:PutRolePolicy", resource: iamArn(ENVIRONMENT, "role/Admin") })).toBe(false);
    expect(await asKey("documented", { action: "iam:CreateRole", resource: iamArn(ENVIRONMENT, "role/other") })).toBe(false);
    expect(
      await asKey("documented", { action: "iam:PassRole", resource: iamArn(ENVIRONMENT, "role/Admin"), context: passed }),
    ).toBe(false);
    expect(await asKey("documented", { action: "iam:PutRolePolicy", resource: iamArn(ENVIRONMENT, "role/dev-node") })).toBe(true);
  });

  it.each<Mode>(["documented", "scoped", "minimal"])("denies no call of DKP in mode %s", async (mode) => {
    for (const cluster of [clusterOf(), EVERYTHING]) {
      // The control policy limits only these actions of the user.
      const requests = requiredRequests(mode, true, ENVIRONMENT, cluster).filter(({ action }) => action.startsWith("iam:"));
      const refused = [];
      for (const request of requests) {
        if (!(await asKey(mode, request, cluster))) {
          refused.push(request);
        }
      }
      expect(refused).toEqual([]);
    }
  });

  it("does not repeat the limits of the scoped policy", () => {
    expect(
      controlPolicy({ ...options("scoped"), user: "/deckhouse", additionalRolePolicies: [] }).Statement.map(({ Sid }) => Sid),
    ).toEqual(["NodeRoleStaysNodeRole"]);
  });

  it("has less than the 5,120 characters that a control policy can have", () => {
    const policy = controlPolicy({ ...options("documented", EVERYTHING), user: "/deckhouse", additionalRolePolicies: [] });
    expect(JSON.stringify(policy).length).toBeLessThan(5120);
  });

  it("is a file that AWS Organizations accepts, without white space if that makes it short enough", () => {
    const few = controlPolicyText(policyWith(["s3:GetObject"], "documented"));
    expect(few).toMatch(/^\{\n {2}"Version"/);
    const many = controlPolicyText(policyWith(Array.from({ length: 240 }, (_, index) => `s3:GetObject${index}`)));
    expect(many).toMatch(/^\{"Version"/);
    for (const text of [few, many]) {
      expect(text.length).toBeLessThanOrEqual(5120);
      expect(JSON.parse(text)).toHaveProperty("Statement");
    }
  });

  const policyWith = (additionalRolePolicies: readonly string[], mode: Mode = "scoped") =>
    controlPolicy({ ...options(mode), user: "/deckhouse", additionalRolePolicies });
});
