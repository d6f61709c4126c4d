import { MAX_POLICY_CHARACTERS } from "../../iam/limits";
import { conditionBlock, policyWith } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import { visibleLines } from "../../text/printable";
import { deployerGrants, type Grant, grants, literal, statementsOf } from "../iam/deployer-permissions";
import type { DEPLOYER_FILES } from "./file-names";
import { ASSUMES_ROLE, type AssumedRole, stateAccess } from "./state-permissions";

/** A policy that a principal requires to plan, apply and destroy a deployment. */
export interface DeployerPolicy {
  /** File of the review pack. */
  readonly file: (typeof DEPLOYER_FILES)[number];
  /** ARN of the role that requires it; absent for the credentials that Terraform runs with. */
  readonly role?: string | undefined;
  /** The policy, with a newline at its end. */
  readonly text: string;
  /** Its actions with their resources and reasons, in the order of the policy. */
  readonly grants: readonly Grant[];
}

export interface DeployerPolicies {
  /** One, or more if Terraform assumes roles. */
  readonly policies: readonly DeployerPolicy[];
  /**
   * The least-privilege policy of a principal that only plans, without taking the state's lock: `terraform plan -lock=false`. It
   * writes nothing, the lock included: whoever can write the lock can stop an apply, or let two of them run at once.
   */
  readonly planner: string;
  /** What the policies of this deployment do not limit: sentences that start in lower case, without a period. */
  readonly notes: readonly string[];
}

/**
 * The least-privilege policies for planning, applying, updating and destroying a deployment, limited to its names and its state.
 * If Terraform assumes a role, that role has the permissions, and the pipeline's own credentials can only assume the role.
 */
export function deployerPolicies(deployment: Deployment): DeployerPolicies {
  const { attachment, user, provider, tags = {} } = deployment;
  const { state, grantsOf } = grantsByPrincipal(deployment);
  const policies = [...grantsOf]
    .filter(([, own]) => own.length > 0)
    .map(
      ([role, own]): DeployerPolicy => ({
        file: fileOf(role, provider.assumeRoleArn),
        role,
        text: policyText(own),
        grants: own,
      }),
    );
  const notes: string[] = [];
  if (attachment !== "user") {
    notes.push(ANY_MEMBER, ...(user.permissionsBoundary === undefined ? [] : [BOUNDARY_IS_INEFFECTIVE]));
  }
  if (Object.keys(tags).length > 0) {
    notes.push(TAGS);
  }
  if (grantsOf.size > 1) {
    notes.push(PLANNER_ASSUMES_ROLE);
  }
  const planner = policyText((grantsOf.get(undefined) ?? []).filter(({ plan }) => plan === true));
  return { policies, planner, notes: [...notes, ...state.notes, ...policies.flatMap(sizeNote)] };
}

const PLANNER_ASSUMES_ROLE =
  "the principal that plans assumes the same role as the one that applies: `planner-policy.json` does not limit it to reading";

/** Source: "Service Authorization Reference", `iam:AddUserToGroup`: its only resource is the group. */
const ANY_MEMBER =
  "IAM authorizes `iam:AddUserToGroup` on the group alone, and no condition key names the user: the principal can add any user of the account to the group, who then has the policy";

const BOUNDARY_IS_INEFFECTIVE =
  "with this `attachment`, `user.permissionsBoundary` does not limit the principal: with `iam:CreatePolicyVersion` it can write any permission into the policy, and with `iam:AddUserToGroup` it can give that policy to a user without a boundary, for example its own; only `attachment: user` keeps the boundary effective";

const TAGS =
  "`iam:TagUser`, `iam:TagPolicy` and, with `nodeRole`, `iam:TagRole` set any tag: if other policies of the account grant access by tags, the principal can obtain that access";

function sizeNote({ file, text }: DeployerPolicy): readonly string[] {
  const size = text.replaceAll(/\s/g, "").length;
  return size <= MAX_POLICY_CHARACTERS
    ? []
    : [
        `${file} has ${size} characters, but a managed policy has at most ${MAX_POLICY_CHARACTERS}: add it to a role as an inline policy, which has at most 10,240`,
      ];
}

/** What Terraform calls, by the ARN of the role that it assumes for it; undefined: the credentials that Terraform runs with, first. */
function grantsByPrincipal(deployment: Deployment) {
  const { assumeRoleArn } = deployment.provider;
  const state = stateAccess(deployment.state, deployment.region);
  const grantsOf = new Map<string | undefined, readonly Grant[]>();
  const add = (principal: string | undefined, all: readonly Grant[]) => {
    const own = grantsOf.get(principal) ?? [];
    const isNew = (grant: Grant) => !own.some(({ sid, action }) => sid === grant.sid && action === grant.action);
    grantsOf.set(principal, [...own, ...all.filter(isNew)]);
  };
  const addRole = (sid: string, { arn, actions }: AssumedRole) =>
    add(undefined, grants(sid, { resources: [literal(arn)], conditions: [] }, actions, Object.keys(actions)));
  add(undefined, []);
  if (assumeRoleArn !== undefined) {
    addRole("TakeRole", { arn: assumeRoleArn, actions: ASSUMES_ROLE });
  }
  if (state.role !== undefined) {
    addRole(state.role.arn === assumeRoleArn ? "TakeRole" : "TakeStateRole", state.role);
  }
  add(assumeRoleArn, deployerGrants(deployment));
  add(state.role?.arn, state.grants);
  return { state, grantsOf };
}

function fileOf(arn: string | undefined, providerRole: string | undefined): DeployerPolicy["file"] {
  if (arn === undefined) {
    return "deployer-policy.json";
  }
  return arn === providerRole ? "deployer-role-policy.json" : "deployer-state-role-policy.json";
}

/** A policy as JSON with the usual order of elements and two spaces of indentation. */
function policyText(own: readonly Grant[]): string {
  const document = policyWith(
    statementsOf(own).map(({ sid, actions, resources, conditions }) => ({
      Sid: sid,
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...conditionBlock(conditions, (values) => values),
    })),
  );
  return `${visibleLines(JSON.stringify(document, null, 2))}\n`;
}
