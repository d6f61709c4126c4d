import { ACCOUNT_ID } from "../../iam/arns";
import { policyWith } from "../../iam/policy-document";
import type { TRUST_FILES } from "./file-names";
import type { Reviewed } from "./reviewed";

/** Who may assume a role: how the tokens look to AWS. The placeholders are documented in `docs/how-to/pipelines.md`. */
interface TokenFormat {
  /** The identity provider in IAM: the issuer's URL without `https://`. */
  readonly provider: string;
  readonly audience: string;
  /** `*` is the only wildcard. */
  readonly subjects: readonly string[];
}

// Source: GitHub Docs, "OpenID Connect reference", "Example subject claims": a job with an environment has it as its subject, whatever
// the branch, so the environment limits the branches. "Configuring OpenID Connect in Amazon Web Services": provider and audience.
const GITHUB = { provider: "token.actions.githubusercontent.com", audience: "sts.amazonaws.com" };

// Source: GitLab Docs, "Configure OpenID Connect in AWS to retrieve temporary credentials" and "ID token authentication", token payload:
// the subject is project_path:{group}/{project}:ref_type:{type}:ref:{name}, and ref_type is branch in merge requests as well.
// A job may ask for any audience, and AWS reads only audience and subject: the environment gets into the subject by
// ci_id_token_sub_claim_components (GitLab Docs, "Projects API"), with environment_protected and deployment_tier since GitLab 18.7.
const GITLAB = "gitlab.example.com";

const FORMATS: Readonly<Record<(typeof TRUST_FILES)[number], TokenFormat>> = {
  "deployer-trust-github.json": { ...GITHUB, subjects: ["repo:ORG/REPO:environment:dkp-access-apply"] },
  "deployer-trust-gitlab.json": {
    provider: GITLAB,
    audience: "dkp-access-apply",
    subjects: ["project_path:GROUP/PROJECT:ref_type:branch:ref:main:environment_protected:true:deployment_tier:production"],
  },
  "planner-trust-github.json": {
    ...GITHUB,
    subjects: [
      "repo:ORG/REPO:pull_request",
      "repo:ORG/REPO:ref:refs/heads/main",
      "repo:ORG/REPO:environment:dkp-access-second-reviewer",
    ],
  },
  "planner-trust-gitlab.json": {
    provider: GITLAB,
    audience: "dkp-access-plan",
    subjects: ["project_path:GROUP/PROJECT:ref_type:branch:ref:*"],
  },
};

/** The trust policies of the roles for a pipeline: who may assume the role that plans and the one that applies. */
export function trustPolicies({ partition, deployment: { accountId = ACCOUNT_ID } }: Reviewed) {
  return Object.entries(FORMATS).map(([file, { provider, audience, subjects }]) => {
    const isWild = subjects.some((subject) => subject.includes("*"));
    const subject = { [`${provider}:sub`]: subjects };
    const statement = {
      Effect: "Allow",
      Principal: { Federated: `arn:${partition}:iam::${accountId}:oidc-provider/${provider}` },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: { [`${provider}:aud`]: audience, ...(isWild ? {} : subject) },
        ...(isWild ? { StringLike: subject } : {}),
      },
    };
    return { file: file as keyof typeof FORMATS, policy: policyWith([statement]) };
  });
}
