import { partitionOf } from "../../../../src/iam/arns";
import { type PolicyWith, policyWith } from "../../../../src/iam/policy-document";
import type { Deployment } from "../../../../src/settings/deployment";

/** Who may assume a role: the values of the tokens that AWS compares. `*` is the only wildcard. */
interface Tokens {
  readonly audience: string;
  readonly subjects: readonly string[];
}

interface Repository extends Readonly<Record<PipelineRole, Tokens>> {
  /** The identity provider in IAM: the issuer's URL without `https://`. */
  readonly provider: string;
}

interface System {
  readonly format: string;
  readonly pattern: RegExp;
  readonly repository: (...groups: readonly (string | undefined)[]) => Repository;
}

// Source: GitHub Docs, "OpenID Connect reference", "Example subject claims": a job with an
// environment has it as its subject, whatever the branch, so the environment limits the branches.
// "Configuring OpenID Connect in Amazon Web Services": provider and audience. Repositories that
// were created, renamed or transferred since 15 July 2026 have IDs in the subject, and others can.
// Source: GitHub changelog of 23 April 2026, "Immutable subject claims for GitHub Actions OIDC
// tokens"; github/docs#45221; read on 29 November 2026.
const GITHUB: System = {
  format: "OWNER/NAME, or OWNER@ID/NAME@ID",
  pattern: /^(?:repo:)?([\w.-]+\/[\w.-]+|[\w.-]+@\d+\/[\w.-]+@\d+)$/,
  repository: (name) => {
    const audience = "sts.amazonaws.com";
    const runs = ["pull_request", "ref:refs/heads/main", "environment:dkp-access-second-reviewer"];
    return {
      provider: "token.actions.githubusercontent.com",
      planner: { audience, subjects: runs.map((run) => `repo:${name}:${run}`) },
      deployer: { audience, subjects: [`repo:${name}:environment:dkp-access-apply`] },
      rotator: { audience, subjects: [`repo:${name}:environment:dkp-access-rotate`] },
    };
  },
};

// Source: GitLab Docs, "Configure OpenID Connect in AWS to retrieve temporary credentials" and "ID
// token authentication", token payload: the subject is
// project_path:{group}/{project}:ref_type:{type}:ref:{name}, and ref_type is branch in merge
// requests as well. A job may ask for any audience, and AWS reads only audience and subject: the
// environment gets into the subject by ci_id_token_sub_claim_components (GitLab Docs, "Projects
// API"), with environment_protected and deployment_tier since GitLab 18.7. The first component can
// be project_id. It must be where the path was another project's before: GitLab issues no token
// with such a path. Source: lib/gitlab/ci/oidc_burned_path_error.rb of gitlab-org/gitlab, and its
// documentation in !248942; read on 29 November 2026. Paths of groups may have points (GitLab Docs,
// "Reserved project and group names") as hosts do, so that such a group requires its host.
const GITLAB: System = {
  format:
    "GROUP/PROJECT or the ID of a project, " +
    "after https://HOST/ if that is not gitlab.com or GROUP has a point",
  pattern: /^(?:https:\/\/([\w.-]+)\/|(?![^/]*\.))(?:((?:[\w.-]+\/)+[\w.-]+)|(\d+))$/,
  repository: (host = "gitlab.com", path, id) => {
    const named = path === undefined ? `project_id:${id}` : `project_path:${path}`;
    const project = `${named}:ref_type:branch:ref`;
    const main = (tier: string) =>
      `${project}:main:environment_protected:true:deployment_tier:${tier}`;
    return {
      provider: host,
      planner: { audience: "dkp-access-plan", subjects: [`${project}:*`] },
      deployer: { audience: "dkp-access-apply", subjects: [main("production")] },
      // A tier of its own, because nothing else distinguishes the environments of one branch.
      rotator: { audience: "dkp-access-rotate", subjects: [main("staging")] },
    };
  },
};

export type TrustSystem = "github" | "gitlab";
export const TRUST_SYSTEMS: Readonly<Record<TrustSystem, System>> = {
  github: GITHUB,
  gitlab: GITLAB,
};

export const PIPELINE_ROLES = ["planner", "deployer", "rotator"] as const;
export type PipelineRole = (typeof PIPELINE_ROLES)[number];

/**
 * The trust policy of a role that plans, applies or rotates in a pipeline.
 * @throws Error if the repository is not named as the system requires, or if the settings do not
 * name the account
 */
export function trustPolicy(
  { region, accountId, stack }: Deployment,
  system: TrustSystem,
  named: string,
  role: PipelineRole,
): PolicyWith<readonly object[]> {
  const { format, pattern, repository } = TRUST_SYSTEMS[system];
  const [match, ...groups] = pattern.exec(named) ?? [];
  if (match === undefined) {
    throw new Error(
      `--repository: ${JSON.stringify(named)} is not a repository on ${system}; write ${format}`,
    );
  }
  if (accountId === undefined) {
    throw new Error(
      `${stack}: accountId: not set, and a trust policy names the account of its identity ` +
        "provider; set it",
    );
  }
  const { provider, [role]: tokens } = repository(...groups);
  const { audience, subjects } = tokens;
  const exact = { [`${provider}:aud`]: audience };
  const subject = { [`${provider}:sub`]: subjects };
  const isWild = subjects.some((each) => each.includes("*"));
  return policyWith([
    {
      Effect: "Allow",
      Principal: {
        Federated: `arn:${partitionOf(region)}:iam::${accountId}:oidc-provider/${provider}`,
      },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: isWild
        ? { StringEquals: exact, StringLike: subject }
        : { StringEquals: { ...exact, ...subject } },
    },
  ]);
}
