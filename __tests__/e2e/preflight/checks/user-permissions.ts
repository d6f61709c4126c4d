import { isDeepStrictEqual } from "node:util";
import { CreatePolicyCommand } from "@aws-sdk/client-iam";
import { permissionsCheck } from "../../../../src/cli/account/preflight/checks/user-permissions";
import type { LocalAws } from "../../support/local-aws";
import { settings, simulate, testChecks } from "../../support/preflight";
import { queryError, type Simulation, simulationAnswer } from "../../support/stub-aws";

const BOUNDARY = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

const noUser = () => queryError(404, "NoSuchEntity", "The user with name deckhouse cannot be found.");

async function createFixtures(local: LocalAws) {
  const policy = { PolicyName: "Boundary", PolicyDocument: JSON.stringify(BOUNDARY) };
  const { Policy } = await local.iam().send(new CreatePolicyCommand(policy));
  return { boundary: Policy?.Arn };
}

export const userPermissions = testChecks([permissionsCheck], createFixtures, [
  {
    verdict: "ok",
    of: "a user with all permissions",
    answers: simulate({}),
    expected: () => ["the user deckhouse is allowed all 128 actions"],
  },
  {
    verdict: "ok",
    of: "a policy before the first apply",
    settings: () => settings("prefix: dev", "policy: { mode: scoped }\n"),
    answers: {
      SimulatePrincipalPolicy: noUser,
      SimulateCustomPolicy: (parameters) => simulationAnswer("SimulateCustomPolicy", parameters, {}),
    },
    expected: () => [
      "the policy that an apply creates is allowed all 123 actions; denials by an SCP are visible only once the user exists",
    ],
  },
  {
    verdict: "failed",
    of: "an action without an Allow",
    answers: simulate({ "ec2:DescribeAddressesAttribute": "implicitDeny" }),
    expected: () => [
      "the user deckhouse: no policy allows, or one denies, ec2:DescribeAddressesAttribute",
      "apply if the settings have not been applied yet; npx dkp-access policy deckhouse prints the policy",
    ],
  },
  {
    verdict: "failed",
    of: "actions that an SCP denies",
    answers: simulate({ "ec2:RunInstances": "SCP", "iam:CreateRole": "SCP" }),
    expected: () => [
      "the user deckhouse: an SCP of the organization denies 2 actions: ec2:RunInstances, iam:CreateRole",
      "have the administrator of the organization allow them; if its SCPs have conditions, which the simulator does not evaluate reliably, test the key itself with --as-key",
    ],
  },
  {
    verdict: "failed",
    of: "an action that the boundary denies",
    answers: simulate({ "iam:PassRole": "boundary" }),
    expected: () => [
      "the user deckhouse: the permissions boundary denies iam:PassRole",
      "allow them in the boundary, or set another user.permissionsBoundary",
    ],
  },
  {
    verdict: "warning",
    of: "a denied action that the cluster does not call",
    answers: simulate({ "autoscaling:DescribeTags": "explicitDeny" }),
    expected: () => [
      "the user deckhouse: no policy allows, or one denies, autoscaling:DescribeTags, which this cluster is not known to call",
      "apply if the settings have not been applied yet; npx dkp-access policy deckhouse prints the policy",
    ],
  },
  {
    verdict: "unknown",
    of: "an action without a decision",
    answers: simulate({ "ec2:CreateVpc": "unknown context" }),
    expected: () => [
      "the user deckhouse: the simulator returns no decision for ec2:CreateVpc",
      "test the key itself with --as-key once it exists",
    ],
  },
  {
    verdict: "ok",
    of: "throttled calls",
    answers: {
      SimulatePrincipalPolicy: (parameters, times) =>
        times <= 2 ? queryError(400, "Throttling", "Rate exceeded") : simulationAnswer("SimulatePrincipalPolicy", parameters, {}),
    },
    expected: () => ["the user deckhouse is allowed all 128 actions"],
  },
  {
    verdict: "unknown",
    of: "a call that is denied",
    answers: {
      SimulatePrincipalPolicy: () => queryError(403, "AccessDenied", "not authorized to perform: iam:SimulatePrincipalPolicy"),
    },
    expected: () => [
      "iam:SimulatePrincipalPolicy is denied to these credentials",
      "allow iam:SimulatePrincipalPolicy; npx dkp-access preflight --permissions prints the whole policy",
    ],
  },
  {
    verdict: "ok",
    of: "a policy before the first apply, within a boundary",
    settings: ({ boundary }) => settings("", `user: { permissionsBoundary: "${boundary}" }\n`),
    answers: {
      SimulatePrincipalPolicy: noUser,
      SimulateCustomPolicy: (parameters) => {
        const given = JSON.parse(parameters.get("PermissionsBoundaryPolicyInputList.member.1") ?? "{}") as unknown;
        const denials: Simulation = isDeepStrictEqual(given, BOUNDARY) ? {} : { "ec2:RunInstances": "boundary" };
        return simulationAnswer("SimulateCustomPolicy", parameters, denials);
      },
    },
    expected: () => [
      "the policy that an apply creates is allowed all 128 actions; denials by an SCP are visible only once the user exists",
    ],
  },
]);
