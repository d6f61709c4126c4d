import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { Annotations, Fn, TerraformElement, TerraformOutput, TerraformStack } from "cdktf";
import type { Construct, Node } from "constructs";
import { AccessKey } from "./constructs/access-key";
import { AccessPolicy } from "./constructs/access-policy";
import { AccessUser } from "./constructs/access-user";
import { NodeRole } from "./constructs/node-role";
import { attachInOrder, PolicyAttachment } from "./constructs/policy-attachment";
import { StateBackend } from "./constructs/state-backend";
import { addressErrors } from "./constructs/validate-addresses";
import { partitionOf, policyArn } from "./iam/arns";
import type { DeploymentPolicy } from "./iam/deployment-policies";
import type { Deployment } from "./settings/deployment";
import { notesOf, settingsWarnings } from "./settings/settings-notes";
import { ADDRESSES, nameIn, policyAddress } from "./terraform/addresses";
import { OUTPUTS, type OutputName } from "./terraform/outputs";

export interface DeckhouseAccessStackOptions {
  /**
   * Whether synth compares the stack with the settings, which takes a tenth of its time.
   * @default true
   */
  readonly compared?: boolean;
}

/**
 * The AWS access of one DKP deployment: user, key, policy and attachment at the addresses of the
 * DKP documentation, so that a workspace that applied the documented HCL keeps its state.
 */
export class DeckhouseAccessStack extends TerraformStack {
  readonly deployment: Deployment;
  readonly user: AccessUser;
  /** Absent where Terraform has no key. */
  readonly key: AccessKey | undefined;
  /** One in mode `documented`, else two. */
  readonly policies: readonly [AccessPolicy, ...AccessPolicy[]];
  /** Absent without `nodeRole`. */
  readonly nodeRole: NodeRole | undefined;
  private caller: DataAwsCallerIdentity | undefined;
  /** As JSON, because a later override changes the object of an earlier one. */
  private readonly overrides: (readonly [path: string, value: string])[] = [];
  /** The content that follows from the settings alone, by the path of the element. */
  private readonly settingsContent: ReadonlyMap<string, string> | undefined;

  constructor(
    scope: Construct,
    deployment: Deployment,
    { compared = true }: DeckhouseAccessStackOptions = {},
  ) {
    super(scope, deployment.stack);
    this.deployment = deployment;
    const { protect, accessKeys, nodeRole } = deployment;
    new StateBackend(this, deployment.state);
    this.provider(deployment);
    const user = new AccessUser(this, "user", { ...deployment.user, protect });
    const [first, ...additional] = deployment.policies;
    this.user = user;
    const isKeyManaged = accessKeys.managedBy === "terraform";
    this.key = isKeyManaged ? new AccessKey(this, "key", { user, protect }) : undefined;
    this.policies = [
      this.policy(deployment, first),
      ...additional.map((each) => this.policy(deployment, each)),
    ];
    const { policies } = this;
    const attached = policies.map((policy) => {
      const id = policy.number === 1 ? "attachment" : `attachment-${policy.number}`;
      return new PolicyAttachment(this, id, { user, policy, protect }).resource;
    });
    attachInOrder(policies, attached);
    this.nodeRole = nodeRole && new NodeRole(this, "node-role", nodeRole);
    if (!isKeyManaged) {
      // `prevent_destroy` does not protect a key without configuration: a plan would delete it.
      this.addOverride("removed", [{ from: ADDRESSES.accessKey, lifecycle: { destroy: false } }]);
    }
    this.importObjects(deployment);
    this.outputs();
    this.annotate();
    this.settingsContent = compared ? this.content() : undefined;
  }

  override addOverride(path: string, value: unknown): void {
    this.overrides.push([path, JSON.stringify(value)]);
    super.addOverride(path, value);
  }

  private content(): ReadonlyMap<string, string> {
    const content = new Map(this.overrides.map(([path, value]) => [`the override ${path}`, value]));
    for (const element of this.node.findAll().filter(TerraformElement.isTerraformElement)) {
      const path = element.node.path.slice(this.node.path.length + 1);
      content.set(path, JSON.stringify(element.toTerraform()));
    }
    return content;
  }

  private provider({
    region,
    accountId,
    tags,
    provider: { version, profile, assumeRoleArn },
  }: Deployment): void {
    new AwsProvider(this, "aws", {
      region,
      profile,
      ...(accountId === undefined ? {} : { allowedAccountIds: [accountId] }),
      ...(assumeRoleArn === undefined ? {} : { assumeRole: [{ roleArn: assumeRoleArn }] }),
      ...(tags === undefined ? {} : { defaultTags: [{ tags: { ...tags } }] }),
    });
    // The bindings pin the version that they were generated from, and shorten the source.
    this.addOverride("terraform.required_providers.aws", { source: "hashicorp/aws", version });
  }

  /** Its ARNs have the account of the settings, else that of Terraform's credentials. */
  private policy({ policy, protect, accountId }: Deployment, part: DeploymentPolicy): AccessPolicy {
    const account = policy.mode === "documented" ? undefined : this.account(accountId);
    return new AccessPolicy(this, nameIn(policyAddress("policy", part.number)), {
      ...policy,
      ...part,
      account,
      protect,
    });
  }

  /** One without a value is absent. */
  private outputs(): void {
    const { deployment, user, key, policies, nodeRole } = this;
    const [policy, ...additional] = policies;
    const values: Readonly<Record<OutputName, string | readonly string[] | undefined>> = {
      user_name: user.name,
      user_arn: user.arn,
      policy_name: policy.name,
      policy_arn: policy.arn,
      additional_policy_arns:
        additional.length === 0 ? undefined : additional.map(({ arn }) => arn),
      region: deployment.region,
      // The fifth part of arn:PARTITION:iam::ACCOUNT:user/NAME.
      account_id: Fn.element(Fn.split(":", user.arn), 4),
      access_key_id: key?.accessKeyId,
      secret_access_key: deployment.outputs.secret ? key?.secretAccessKey : undefined,
      node_role_name: nodeRole?.name,
      node_role_arn: nodeRole?.arn,
    };
    for (const name of Object.keys(OUTPUTS) as OutputName[]) {
      const value = values[name];
      if (value !== undefined) {
        const sensitive = name === "secret_access_key" ? true : undefined;
        new TerraformOutput(this, name, { value, description: OUTPUTS[name], sensitive });
      }
    }
  }

  private annotate(): void {
    const { deployment } = this;
    for (const note of notesOf(deployment)) {
      Annotations.of(this).addInfo(note);
    }
    for (const warning of settingsWarnings(deployment)) {
      Annotations.of(this).addWarning(warning);
    }
    this.node.addValidation({ validate: () => this.validated() });
  }

  /**
   * Warns if a program has changed the stack since it was constructed: an element, an argument or
   * an override, but no reference that is resolved only at synth (`Lazy`). Runs after aspects,
   * which may be the cause.
   */
  private validated(): string[] {
    const before = this.settingsContent;
    const after = before && this.content();
    const names = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
    const changed = [...names].filter((name) => before?.get(name) !== after?.get(name));
    if (changed.length > 0) {
      Annotations.of(this).addWarning(
        `the program changes ${changed.join(", ")}; ` +
          "dkp-access review, plan and diff do not show the change, " +
          "and dkp-access apply removes it",
      );
    }
    return addressErrors(this);
  }

  /**
   * CDKTF has no class for an import block with an ID that is known only at plan. The plan fails if
   * an object does not exist. Other attachments and inline policies need no import: their creation
   * succeeds. The second policy has no setting, because it may not exist: docs/how-to/import.md.
   */
  private importObjects(deployment: Deployment): void {
    const { import: imports, user, policy, nodeRole, region, accountId } = deployment;
    if (imports === undefined) {
      return;
    }
    const account = imports.policy || imports.attachment ? this.account(accountId) : "";
    const arn = policyArn({ ...policy, partition: partitionOf(region), account });
    const ids: Readonly<Record<string, string | false | undefined>> = {
      [ADDRESSES.user]: imports.user && user.name,
      [ADDRESSES.policy]: imports.policy && arn,
      [ADDRESSES.userAttachment]: imports.attachment && `${user.name}/${arn}`,
      [ADDRESSES.nodeRole]: imports.nodeRole && nodeRole?.name,
    };
    const blocks = Object.entries(ids).flatMap(([to, id]) =>
      typeof id === "string" ? [{ to, id }] : [],
    );
    if (blocks.length > 0) {
      this.addOverride("import", blocks);
    }
  }

  /** Terraform queries the account of its credentials once. */
  private account(accountId: string | undefined): string {
    if (accountId !== undefined) {
      return accountId;
    }
    this.caller ??= new DataAwsCallerIdentity(this, nameIn(ADDRESSES.callerIdentity));
    return this.caller.accountId;
  }

  /**
   * The last part of an address is the ID of the element: the documented addresses, without hashes.
   * As in CDKTF, `Default` stands for the ID of the construct around the element.
   */
  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const { id, scope } = TerraformElement.isTerraformElement(element) ? element.node : element;
    return id === "Default" && scope !== undefined ? scope.node.id : id;
  }
}
