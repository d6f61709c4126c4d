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
        "token.actions.githubusercontent.com:sub": [
          "repo:ORG/REPO:pull_request",
          "repo:ORG/REPO:ref:refs/heads/main",
          "repo:ORG/REPO:environment:dkp-access-second-reviewer",
        ],
      },
    });
  });

  it("allow the job that applies only in a protected environment on main on GitLab, and the jobs that plan on every branch", () => {
    expect(statementOf("deployer-trust-gitlab.json").Condition).toEqual({
      StringEquals: {
        "gitlab.example.com:aud": "dkp-access-apply",
        "gitlab.example.com:sub": [
          "project_path:GROUP/PROJECT:ref_type:branch:ref:main:environment_protected:true:deployment_tier:production",
        ],
      },
    });
    expect(statementOf("planner-trust-gitlab.json").Condition).toEqual({
      StringEquals: { "gitlab.example.com:aud": "dkp-access-plan" },
      StringLike: { "gitlab.example.com:sub": ["project_path:GROUP/PROJECT:ref_type:branch:ref:*"] },
    });
  });

  // GitLab signs a token for any audience that a job names, so the subject decides. Tokens as GitLab Docs, "ID token
  // authentication", describe them: the job that plans on main has no environment.
  it.each(["", ":environment_protected:false", ":environment_protected:true:deployment_tier:other"])(
    "give the token of a job on main without the protected environment no role to apply with: %j",
    (environment) => {
      const { StringEquals } = statementOf("deployer-trust-gitlab.json").Condition as {
        readonly StringEquals: Readonly<Record<string, readonly string[]>>;
      };
      expect(StringEquals["gitlab.example.com:sub"]).not.toContain(
        `project_path:GROUP/PROJECT:ref_type:branch:ref:main${environment}`,
      );
    },
  );

  it("name the identity provider in the partition and account of the deployment", () => {
    expect(statementOf("planner-trust-gitlab.json", "region: cn-north-1").Principal).toEqual({
      Federated: "arn:aws-cn:iam::ACCOUNT_ID:oidc-provider/gitlab.example.com",
    });
  });
});
