import { join } from "node:path";
import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { Annotations, type App, Fn, TerraformElement, TerraformStack } from "cdktf";
import type { Construct, Node } from "constructs";
import { AccessKey } from "./constructs/access-key";
import { AccessOutputs } from "./constructs/access-outputs";
import { AccessPolicy } from "./constructs/access-policy";
import { AccessUser } from "./constructs/access-user";
import { AwsAccount } from "./constructs/aws-account";
import { PolicyAttachment } from "./constructs/policy-attachment";
import { partitionOf } from "./iam/partitions";
import { type PolicyStatement, policyStatements, supplementOf } from "./iam/policy";
import { placeLockFile } from "./remote-state/lock-file";
import { StateBackend } from "./remote-state/state-backend";
import type { Deployment } from "./settings/deployment";
import { addressProblems } from "./stack-ids";

const SECRET_IN_STATE = "the secret access key is in the Terraform state in clear; encrypt the state and limit who can read it";
const SECRET_IN_OUTPUTS = `${SECRET_IN_STATE}. Every workspace that reads one output of this state gets the secret too; outputs.secret: false prevents that`;

/**
 * The AWS access of one DKP deployment: user, key, policy and attachment under the addresses of DKP's documentation,
 * so that a workspace that applied the documentation's HCL keeps its state.
 */
export class DeckhouseAccessStack extends TerraformStack {
  constructor(scope: Construct, deployment: Deployment) {
    super(scope, deployment.stack);
    const { region, accountId, tags, protect } = deployment;
    new StateBackend(this, { location: deployment.state, projectRoot: process.cwd() });
    new AwsAccount(this, "account", { ...deployment.provider, region, accountId, tags });
    const user = new AccessUser(this, "user", { ...deployment.user, protect });
    const key = new AccessKey(this, "key", { user: user.name, protect });
    const policy = new AccessPolicy(this, "policy", { ...deployment.policy, statements: this.statements(deployment), protect });
    new PolicyAttachment(this, "attachment", { user: user.name, policyArn: policy.arn });
    new AccessOutputs(this, "outputs", {
      values: {
        user_name: user.name,
        user_arn: user.arn,
        policy_name: policy.name,
        policy_arn: policy.arn,
        region,
        // The fifth part of arn:PARTITION:iam::ACCOUNT:user/NAME.
        account_id: Fn.element(Fn.split(":", user.arn), 4),
        access_key_id: key.keyId,
        access_key_slot: "primary",
        secret_access_key: deployment.outputs.secret ? key.secret : undefined,
      },
    });
    Annotations.of(this).addInfo(deployment.outputs.secret ? SECRET_IN_OUTPUTS : SECRET_IN_STATE);
    if (deployment.policy.supplement) {
      Annotations.of(this).addInfo(supplementMessage(deployment));
    }
    this.node.addValidation({ validate: () => addressProblems(this) });
  }

  /** The policy of the deployment, its ARNs under the account that is stated, else under the one that Terraform finds. */
  private statements({ region, accountId, cluster, policy }: Deployment): readonly PolicyStatement[] {
    const { mode, supplement } = policy;
    const account = mode === "documented" ? "" : (accountId ?? new DataAwsCallerIdentity(this, "current").accountId);
    return policyStatements({ mode, supplement, cluster, place: { partition: partitionOf(region), region, account } });
  }

  /** A resource's address ends in its own id, wherever it is in the tree: the documentation's addresses, and no hashes. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    return (TerraformElement.isTerraformElement(element) ? element.node : element).id;
  }
}

function supplementMessage({ cluster }: Deployment): string {
  const actions = supplementOf(cluster).map(({ action, why }) => `${action} (${why})`);
  return `policy.supplement adds what DKP calls and its page lacks: ${actions.join("; ")}`;
}

/** Brings the committed provider lock files of all stacks to where Terraform looks for them. Call it after `synth()`. */
export function placeLockFiles(app: App, deployments: readonly Deployment[]): void {
  for (const { stack } of deployments) {
    placeLockFile(join("locks", `${stack}.terraform.lock.hcl`), join(app.outdir, "stacks", stack));
  }
}
