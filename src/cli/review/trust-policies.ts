import { policyWith } from "../../iam/policy-document";
import { PIPELINE_ROLES, PIPELINE_SYSTEMS, type PipelineRole, type PipelineSystem, trustFile } from "./file-names";
import type { Reviewed } from "./reviewed";

/** How a system's tokens look to AWS. Its placeholders are documented in `docs/how-to/pipelines.md`. */
interface TokenFormat {
  /** The identity provider in IAM: the issuer's URL without `https://`. */
  readonly provider: string;
  readonly audience: Readonly<Record<PipelineRole, string>>;
  /** The subjects that may assume each role; `*` is the only wildcard. */
  readonly subjects: Readonly<Record<PipelineRole, readonly string[]>>;
}

const FORMATS: Readonly<Record<PipelineSystem, TokenFormat>> = {
  // Source: GitHub Docs, "OpenID Connect reference", "Example subject claims": a job with an environment has it as its subject, whatever
  // the branch, so the environment limits the branches. "Configuring OpenID Connect in Amazon Web Services": provider and audience.
  github: {
    provider: "token.actions.githubusercontent.com",
    audience: { planner: "sts.amazonaws.com", deployer: "sts.amazonaws.com" },
    subjects: {
      planner: [
        "repo:ORG/REPO:pull_request",
        "repo:ORG/REPO:ref:refs/heads/main",
        "repo:ORG/REPO:environment:dkp-access-second-reviewer",
      ],
      deployer: ["repo:ORG/REPO:environment:dkp-access-apply"],
    },
  },
  // Source: GitLab Docs, "Configure OpenID Connect in AWS to retrieve temporary credentials" and "ID token authentication", token payload:
  // the subject is project_path:{group}/{project}:ref_type:{type}:ref:{name}, and ref_type is branch in merge requests as well.
  // A job may ask for any audience, and AWS reads only audience and subject: the environment gets into the subject by
  // ci_id_token_sub_claim_components (GitLab Docs, "Projects API"), with environment_protected and deployment_tier since GitLab 18.7.
  gitlab: {
    provider: "gitlab.example.com",
    audience: { planner: "dkp-access-plan", deployer: "dkp-access-apply" },
    subjects: {
      planner: ["project_path:GROUP/PROJECT:ref_type:branch:ref:*"],
      deployer: ["project_path:GROUP/PROJECT:ref_type:branch:ref:main:environment_protected:true:deployment_tier:production"],
    },
  },
};

/** The trust policies of the roles for a pipeline: who may assume the role that plans and the one that applies. */
export function trustPolicies({ partition, account: id }: Reviewed) {
  const account = `arn:${partition}:iam::${id}`;
  return PIPELINE_ROLES.flatMap((role) =>
    PIPELINE_SYSTEMS.map((system) => ({ file: trustFile(role, system), policy: trustPolicy(account, role, FORMATS[system]) })),
  );
}

function trustPolicy(account: string, role: PipelineRole, { provider, audience, subjects }: TokenFormat): object {
  const wild = subjects[role].some((subject) => subject.includes("*"));
  const subject = { [`${provider}:sub`]: subjects[role] };
  return policyWith([
    {
      Effect: "Allow",
      Principal: { Federated: `${account}:oidc-provider/${provider}` },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: {
        StringEquals: { [`${provider}:aud`]: audience[role], ...(wild ? {} : subject) },
        ...(wild ? { StringLike: subject } : {}),
      },
    },
  ]);
}
