import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { Annotations, App, Fn, TerraformElement, TerraformStack } from "cdktf";
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
import { StateBackend } from "./constructs/state-backend";
import { addressErrors } from "./constructs/validate-addresses";
import { policyArn } from "./iam/arns";
import type { DeploymentPolicy } from "./iam/deployment-policies";
import { partitionOf } from "./iam/partitions";
import { withAccount } from "./iam/policy-statement";
import type { Deployment } from "./settings/deployment";
import { notesOf, settingsWarnings } from "./settings/settings-notes";
import { ADDRESSES, KEY_ADDRESSES, movedBlocks, nameIn, policyAddress } from "./terraform/addresses";

export interface DeckhouseAccessStackOptions {
  /** The folder that the path of a `local` state is relative to. @default the working directory */
  readonly projectRoot?: string | undefined;
}

/** Measured with CDKTF 0.21. */
const IMPORT_IN_HCL =
  "import: CDKTF leaves import blocks out of HCL, so that Terraform would create the objects again; run synth without --hcl until the import is applied";

/**
 * The AWS access of one DKP deployment: user, key, policy and attachment at the addresses of the DKP documentation, so that a
 * workspace that applied the documented HCL keeps its state.
 */
export class DeckhouseAccessStack extends TerraformStack {
  /** What belongs into `moved.tf` beside the Terraform JSON; may be empty. */
  readonly moved: string;
  private caller: DataAwsCallerIdentity | undefined;

  constructor(scope: Construct, deployment: Deployment, options: DeckhouseAccessStackOptions = {}) {
    super(scope, deployment.stack);
    const { projectRoot = "." } = options;
    const { region, accountId, tags, protect, attachment, accessKeys, nodeRole } = deployment;
    new StateBackend(this, { location: deployment.state, projectRoot });
    new DeploymentProvider(this, "account", { ...deployment.provider, region, accountId, tags });
    const user = new AccessUser(this, "user", { ...deployment.user, protect });
    const imported = deployment.import?.accessKeyId !== undefined;
    const keys =
      accessKeys === "none"
        ? undefined
        : new AccessKeys(this, "key", { ...accessKeys, primary: { ...accessKeys.primary, imported }, user, protect });
    const [first, ...further] = deployment.policies;
    const policy = this.policy(deployment, first);
    const additional = further.map((each) => this.policy(deployment, each, policy));
    const policies = [policy, ...additional];
    if (attachment !== "group") {
      for (const attached of policies) {
        new PolicyAttachment(this, attached.number === 1 ? "attachment" : `attachment-${attached.number}`, {
          user,
          policy: attached,
          protect,
        });
      }
    }
    const group =
      attachment === "user" ? undefined : new AccessGroup(this, "group", { ...deployment.group, user, policies, protect });
    const role = nodeRole === undefined ? undefined : new NodeRole(this, "node-role", nodeRole);
    this.moved = movedBlocks(nodeRole?.managedPolicyArns);
    new Imports(this, "import", { ids: this.importIds(deployment) });
    const key = keys?.current;
    const secrets = deployment.outputs.secret ? key : undefined;
    new AccessOutputs(this, "outputs", {
      values: {
        user_name: user.name,
        user_arn: user.arn,
        policy_name: policy.name,
        policy_arn: policy.arn,
        additional_policy_arns: additional.length === 0 ? undefined : additional.map(({ arn }) => arn),
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
    const isHcl = App.of(this).hclOutput;
    this.node.addValidation({ validate: () => addressErrors(this) });
    this.node.addValidation({ validate: () => (isHcl && deployment.import !== undefined ? [IMPORT_IN_HCL] : []) });
  }

  /** A policy of the deployment, with ARNs of the stated account, else of the account of Terraform's credentials. */
  private policy(deployment: Deployment, { number, name, statements }: DeploymentPolicy, first?: AccessPolicy): AccessPolicy {
    const { policy, protect, accountId } = deployment;
    const account = policy.mode === "documented" ? "" : this.account(accountId);
    const props = { ...policy, name, number, statements: withAccount(statements, account), protect, first };
    return new AccessPolicy(this, nameIn(policyAddress("policy", number)), props);
  }

  /** The ID of each object to import, by address. */
  private importIds(deployment: Deployment): Readonly<Record<string, string>> {
    const { import: imports, user, policy, policies, group, nodeRole, region, accountId } = deployment;
    if (imports === undefined) {
      return {};
    }
    const account = imports.policy || imports.attachment || imports.additionalPolicies ? this.account(accountId) : "";
    const arnOf = (name: string) => policyArn({ partition: partitionOf(region), account, path: policy.path, name });
    const arn = arnOf(policy.name);
    return {
      ...(imports.user ? { [ADDRESSES.user]: user.name } : {}),
      ...(imports.accessKeyId === undefined ? {} : { [KEY_ADDRESSES.primary]: imports.accessKeyId }),
      ...(imports.policy ? { [ADDRESSES.policy]: arn } : {}),
      ...(imports.additionalPolicies
        ? Object.fromEntries(policies.slice(1).map(({ number, name }) => [policyAddress("policy", number), arnOf(name)]))
        : {}),
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

  /**
   * The last part of an address is the ID of the element, wherever it is in the tree: the documented addresses, without hashes.
   * As in CDKTF, `Default` has no part in an address: it stands for the ID of the construct around the element.
   */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const { id, scope } = TerraformElement.isTerraformElement(element) ? element.node : element;
    return id === "Default" && scope !== undefined ? scope.node.id : id;
  }
}
