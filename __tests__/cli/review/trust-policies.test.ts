import { trustPolicies } from "../../../src/cli/review/trust-policies";
import { deployment } from "../../helpers/deployment";

const statementOf = (file: string, settings = "") => {
  const {
    Statement: [statement],
  } = trustPolicies(deployment(settings))[file] as { Statement: [Record<string, unknown>] };
  return statement;
};

describe("the trust policies of a review pack", () => {
  it("allow the job that applies only in its environment on GitHub", () => {
    expect(statementOf("deployer-trust-github.json", 'accountId: "123456789012"')).toEqual({
      Effect: "Allow",
      Principal: { Federated: "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: {
          "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
          "token.actions.githubusercontent.com:sub": ["repo:ORG/REPO:environment:dkp-access-apply"],
        },
      },
    });
  });

  it("allow the jobs that plan on GitHub in pull requests and on main", () => {
    expect(statementOf("planner-trust-github.json").Condition).toEqual({
      StringEquals: {
        "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
        "token.actions.githubusercontent.com:sub": ["repo:ORG/REPO:pull_request", "repo:ORG/REPO:ref:refs/heads/main"],
      },
    });
  });

  it("allow the job that applies only on main on GitLab, and the jobs that plan on every branch of the project", () => {
    const audience = { "gitlab.example.com:aud": "https://gitlab.example.com" };
    expect(statementOf("deployer-trust-gitlab.json").Condition).toEqual({
      StringEquals: { ...audience, "gitlab.example.com:sub": ["project_path:GROUP/PROJECT:ref_type:branch:ref:main"] },
    });
    expect(statementOf("planner-trust-gitlab.json").Condition).toEqual({
      StringEquals: audience,
      StringLike: { "gitlab.example.com:sub": ["project_path:GROUP/PROJECT:ref_type:branch:ref:*"] },
    });
  });

  it("name the identity provider in the partition and account of the deployment", () => {
    expect(statementOf("planner-trust-gitlab.json", "region: cn-north-1").Principal).toEqual({
      Federated: "arn:aws-cn:iam::ACCOUNT_ID:oidc-provider/gitlab.example.com",
    });
  });
});
