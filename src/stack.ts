import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { Annotations, Fn, TerraformElement, TerraformStack } from "cdktf";
import type { Construct, Node } from "constructs";
import { AccessGroup } from "./constructs/access-group";
import { AccessKeys } from "./constructs/access-keys";
import { AccessOutputs } from "./constructs/access-outputs";
import { AccessPolicy } from "./constructs/access-policy";
import { AccessUser } from "./constructs/access-user";
import { AwsAccount } from "./constructs/aws-provider";
import { Adoption } from "./constructs/imports";
import { NodeRole } from "./constructs/node-role";
import { PolicyAttachment } from "./constructs/policy-attachment";
import { PreflightChecks } from "./constructs/preflight-checks";
import { StateBackend } from "./constructs/state-backend";
import { addressProblems } from "./constructs/validate-addresses";
import { policyArn } from "./iam/arns";
import { partitionOf } from "./iam/partitions";
import { type PolicyStatement, policyStatements, supplementOf } from "./iam/policy-statements";
import { type Deployment, policyOptionsOf } from "./settings/deployment";
import { settingsWarnings } from "./settings/warnings";

const SECRET_IN_STATE = "the secret access key is in the Terraform state in clear; encrypt the state and limit who can read it";
const SECRET_IN_OUTPUTS = `${SECRET_IN_STATE}. Every workspace that reads one output of this state gets the secret too; outputs.secret: false prevents that`;
const ADOPTING = "adopt is set: once its plan is applied, remove it; while it is there, checkov can't read the Terraform JSON";
const CHECKING =
  "preflight is set: Terraform reads the data of its check blocks at every apply, so that plan -detailed-exitcode is always 2, and synth --hcl drops the blocks without a word";
const GROUP_ALONE =
  'attachment: group takes the policy from the user itself; a live deployment comes here by way of "user-and-group", one apply before, or is without permissions for a moment';

/**
 * The AWS access of one DKP deployment: user, key, policy and attachment under the addresses of DKP's documentation,
 * so that a workspace that applied the documentation's HCL keeps its state.
 */
export class DeckhouseAccessStack extends TerraformStack {
  private caller: DataAwsCallerIdentity | undefined;
  private readonly own: number;

  constructor(scope: Construct, deployment: Deployment) {
    super(scope, deployment.stack);
    const { region, accountId, tags, protect } = deployment;
    new StateBackend(this, { location: deployment.state, projectRoot: "." });
    new AwsAccount(this, "account", { ...deployment.provider, region, accountId, tags });
    const user = new AccessUser(this, "user", { ...deployment.user, protect });
    const keys =
      deployment.accessKeys === "none"
        ? undefined
        : new AccessKeys(this, "key", {
            ...deployment.accessKeys,
            primary: { ...deployment.accessKeys.primary, adopted: deployment.adopt?.accessKeyId !== undefined },
            user: user.name,
            protect,
          });
    const policy = new AccessPolicy(this, "policy", { ...deployment.policy, statements: this.statements(deployment), protect });
    if (deployment.attachment !== "group") {
      new PolicyAttachment(this, "attachment", { user: user.name, policyArn: policy.arn });
    }
    const group =
      deployment.attachment === "user"
        ? undefined
        : new AccessGroup(this, "group", { ...deployment.group, user: user.name, policyArn: policy.arn });
    const nodeRole = deployment.nodeRole === undefined ? undefined : new NodeRole(this, "node-role", deployment.nodeRole);
    if (deployment.adopt !== undefined) {
      new Adoption(this, "adoption", this.adoption(deployment, deployment.adopt));
      Annotations.of(this).addInfo(ADOPTING);
    }
    if (deployment.preflight) {
      new PreflightChecks(this, "preflight", { region, ami: deployment.instances.masters.ami });
      Annotations.of(this).addInfo(CHECKING);
    }
    const handedOut = keys?.outputs(deployment.outputs);
    new AccessOutputs(this, "outputs", {
      values: {
        user_name: user.name,
        user_arn: user.arn,
        policy_name: policy.name,
        policy_arn: policy.arn,
        region,
        // The fifth part of arn:PARTITION:iam::ACCOUNT:user/NAME.
        account_id: Fn.element(Fn.split(":", user.arn), 4),
        ...handedOut,
        group_name: group?.name,
        node_role_name: nodeRole?.name,
        node_role_arn: nodeRole?.arn,
      },
    });
    if (keys?.secretInState === true) {
      Annotations.of(this).addInfo(handedOut?.secret_access_key === undefined ? SECRET_IN_STATE : SECRET_IN_OUTPUTS);
    }
    if (deployment.attachment === "group") {
      Annotations.of(this).addInfo(GROUP_ALONE);
    }
    if (deployment.policy.supplement) {
      Annotations.of(this).addInfo(supplementMessage(deployment));
    }
    for (const warning of settingsWarnings(deployment)) {
      Annotations.of(this).addWarning(warning);
    }
    this.node.addValidation({ validate: () => addressProblems(this) });
    this.own = this.node.children.length;
  }

  /**
   * Without CDKTF's extra pass over all elements, which only looks for references to other stacks: there are none of
   * this stack's own, and with many stacks it takes a fifth of the time. What a program adds to the stack may have some.
   */
  override prepareStack(): void {
    if (this.node.children.length > this.own) {
      super.prepareStack();
    } else {
      this.ensureBackendExists();
    }
  }

  /** The policy of the deployment, its ARNs under the account that is stated, else under the one that Terraform finds. */
  private statements(deployment: Deployment): readonly PolicyStatement[] {
    const account = deployment.policy.mode === "documented" ? "" : this.account(deployment.accountId);
    return policyStatements(policyOptionsOf(deployment, account));
  }

  private adoption(
    { user, policy, region, accountId }: Deployment,
    adopt: NonNullable<Deployment["adopt"]>,
  ): ConstructorParameters<typeof Adoption>[2] {
    const account = adopt.policy || adopt.attachment ? this.account(accountId) : "";
    const arn = policyArn({ partition: partitionOf(region), account, path: policy.path, name: policy.name });
    return { ...adopt, userName: user.name, policyArn: arn };
  }

  /** The account: as stated, else whatever account Terraform's credentials belong to, which it asks once. */
  private account(stated: string | undefined): string {
    if (stated !== undefined) {
      return stated;
    }
    this.caller ??= new DataAwsCallerIdentity(this, "current");
    return this.caller.accountId;
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
