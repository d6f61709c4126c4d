import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { Annotations, Fn, TerraformElement, TerraformStack } from "cdktf";
import type { Construct, Node } from "constructs";
import { AccessGroup } from "./constructs/access-group";
import { AccessKeys } from "./constructs/access-keys";
import { AccessOutputs } from "./constructs/access-outputs";
import { AccessPolicy } from "./constructs/access-policy";
import { AccessUser } from "./constructs/access-user";
import { DeploymentProvider } from "./constructs/aws-provider";
import { Imports } from "./constructs/imports";
import { NodeRole } from "./constructs/node-role";
import { PolicyAttachment } from "./constructs/policy-attachment";
import { PreflightChecks } from "./constructs/preflight-checks";
import { StateBackend } from "./constructs/state-backend";
import { addressErrors } from "./constructs/validate-addresses";
import { fittingStatements } from "./iam/action-patterns";
import { policyArn } from "./iam/arns";
import { partitionOf } from "./iam/partitions";
import type { PolicyStatement } from "./iam/policy-statements";
import { type Deployment, policyOptionsOf } from "./settings/deployment";
import { notesOf, settingsWarnings } from "./settings/settings-notes";
import { ADDRESSES, KEY_ADDRESSES, nameIn } from "./terraform/addresses";

export interface DeckhouseAccessStackOptions {
  /** The folder that the path of a `local` state is relative to. @default the working directory */
  readonly projectRoot?: string | undefined;
  /** The output folder from which Terraform runs, if the app synthesizes into another one. @default the one of the app */
  readonly outputFolder?: string | undefined;
  /**
   * Whether CDKTF searches the stack for references to other stacks. This stack has none, and the search takes a fifth of the
   * time of a synth with many stacks. A program that adds elements with such references needs it. @default true
   */
  readonly crossStackReferences?: boolean | undefined;
}

/**
 * The AWS access of one DKP deployment: user, key, policy and attachment at the addresses of the DKP documentation, so that a
 * workspace that applied the documented HCL keeps its state.
 */
export class DeckhouseAccessStack extends TerraformStack {
  private caller: DataAwsCallerIdentity | undefined;
  private readonly crossStackReferences: boolean;

  constructor(scope: Construct, deployment: Deployment, options: DeckhouseAccessStackOptions = {}) {
    super(scope, deployment.stack);
    const { projectRoot = ".", outputFolder, crossStackReferences = true } = options;
    const { region, accountId, tags, protect, attachment, accessKeys, nodeRole } = deployment;
    this.crossStackReferences = crossStackReferences;
    new StateBackend(this, { location: deployment.state, projectRoot, outputFolder });
    new DeploymentProvider(this, "account", { ...deployment.provider, region, accountId, tags });
    const user = new AccessUser(this, "user", { ...deployment.user, protect });
    const imported = deployment.import?.accessKeyId !== undefined;
    const keys =
      accessKeys === "none"
        ? undefined
        : new AccessKeys(this, "key", { ...accessKeys, primary: { ...accessKeys.primary, imported }, user, protect });
    const policy = new AccessPolicy(this, "policy", { ...deployment.policy, statements: this.statements(deployment), protect });
    if (attachment !== "group") {
      new PolicyAttachment(this, "attachment", { user, policy, protect });
    }
    const group =
      attachment === "user" ? undefined : new AccessGroup(this, "group", { ...deployment.group, user, policy, protect });
    const role = nodeRole === undefined ? undefined : new NodeRole(this, "node-role", nodeRole);
    new Imports(this, "import", { ids: this.importIds(deployment) });
    if (deployment.preflight) {
      new PreflightChecks(this, "preflight", { region, ami: deployment.instances.masters.ami });
    }
    const key = keys?.current;
    const secrets = deployment.outputs.secret ? key : undefined;
    new AccessOutputs(this, "outputs", {
      values: {
        user_name: user.name,
        user_arn: user.arn,
        policy_name: policy.name,
        policy_arn: policy.arn,
        region,
        // The fifth part of arn:PARTITION:iam::ACCOUNT:user/NAME.
        account_id: Fn.element(Fn.split(":", user.arn), 4),
        access_key_id: key?.accessKeyId,
        access_key_slot: key?.slot,
        secret_access_key: secrets?.secretAccessKey,
        encrypted_secret_access_key: secrets?.encryptedSecretAccessKey,
        key_fingerprint: secrets?.keyFingerprint,
        group_name: group?.name,
        node_role_name: role?.name,
        node_role_arn: role?.arn,
      },
    });
    for (const note of notesOf(deployment)) {
      Annotations.of(this).addInfo(note);
    }
    for (const warning of settingsWarnings(deployment)) {
      Annotations.of(this).addWarning(warning);
    }
    this.node.addValidation({ validate: () => addressErrors(this) });
  }

  override prepareStack(): void {
    if (this.crossStackReferences) {
      super.prepareStack();
    } else {
      this.ensureBackendExists();
    }
  }

  /** The policy of the deployment, with ARNs of the stated account, else of the account of Terraform's credentials. */
  private statements(deployment: Deployment): readonly PolicyStatement[] {
    const account = deployment.policy.mode === "documented" ? "" : this.account(deployment.accountId);
    return fittingStatements(policyOptionsOf(deployment, account));
  }

  /** The ID of each object to import, by address. */
  private importIds({
    import: imports,
    user,
    policy,
    group,
    nodeRole,
    region,
    accountId,
  }: Deployment): Readonly<Record<string, string>> {
    if (imports === undefined) {
      return {};
    }
    const account = imports.policy || imports.attachment ? this.account(accountId) : "";
    const arn = policyArn({ partition: partitionOf(region), account, path: policy.path, name: policy.name });
    return {
      ...(imports.user ? { [ADDRESSES.user]: user.name } : {}),
      ...(imports.accessKeyId === undefined ? {} : { [KEY_ADDRESSES.primary]: imports.accessKeyId }),
      ...(imports.policy ? { [ADDRESSES.policy]: arn } : {}),
      ...(imports.attachment ? { [ADDRESSES.userAttachment]: `${user.name}/${arn}` } : {}),
      ...(imports.group ? { [ADDRESSES.group]: group.name } : {}),
      ...(imports.nodeRole && nodeRole !== undefined ? { [ADDRESSES.nodeRole]: nodeRole.name } : {}),
    };
  }

  /** The stated account, else the account of Terraform's credentials, which Terraform queries once. */
  private account(stated: string | undefined): string {
    if (stated !== undefined) {
      return stated;
    }
    this.caller ??= new DataAwsCallerIdentity(this, nameIn(ADDRESSES.callerIdentity));
    return this.caller.accountId;
  }

  /** The last part of an address is the ID of the element, wherever it is in the tree: the documented addresses, without hashes. */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    return (TerraformElement.isTerraformElement(element) ? element.node : element).id;
  }
}
