import { DescribeRegionsCommand, DescribeVpcsCommand } from "@aws-sdk/client-ec2";
import { CreateAccessKeyCommand, CreateUserCommand, GetRoleCommand, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { deniedCalls, FaultProxy } from "./fault-proxy";
import type { Credentials, LocalAws } from "./local-aws";
import { type Finished, Terraform } from "./terraform";

const USER = "operator";

/** An administrator's key with which Terraform runs while IAM is enforced, so that other keys can be monitored. */
export class Operator {
  private constructor(
    private readonly aws: LocalAws,
    readonly key: Credentials,
  ) {}

  /** Creates the user and its key, and turns enforcement on. */
  static async in(aws: LocalAws): Promise<Operator> {
    await aws.enforceIam(false);
    await aws.iam().send(new CreateUserCommand({ UserName: USER }));
    const { AccessKey } = await aws.iam().send(new CreateAccessKeyCommand({ UserName: USER }));
    const operator = new Operator(aws, {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    });
    await operator.deny();
    return operator;
  }

  /** Denies the operator some actions, and allows all others. */
  async deny(...actions: readonly string[]): Promise<void> {
    const denied = actions.length === 0 ? [] : [{ Effect: "Deny", Action: actions, Resource: "*" }];
    const Statement = [{ Effect: "Allow", Action: "*", Resource: "*" }, ...denied];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await this.aws.enforceIam(false);
    await this.aws.iam().send(new PutUserPolicyCommand({ UserName: USER, PolicyName: USER, PolicyDocument }));
    await this.aws.enforceIam(true);
  }

  /** Whether a key may make the calls of DKP. Requires enforcement. */
  async allows(key: Credentials): Promise<boolean> {
    try {
      await this.aws.ec2(key).send(new DescribeRegionsCommand());
      return true;
    } catch {
      return false;
    }
  }

  /** Whether a key may list networks, which every policy mode allows; `allows` makes a call that not every one does. Requires enforcement. */
  async allowsNetworks(key: Credentials): Promise<boolean> {
    try {
      await this.aws.ec2(key).send(new DescribeVpcsCommand());
      return true;
    } catch {
      return false;
    }
  }

  /** Whether a key may read a role. Requires enforcement, and the role. */
  async allowsRole(key: Credentials, RoleName: string): Promise<boolean> {
    try {
      await this.aws.iam(key).send(new GetRoleCommand({ RoleName }));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Runs Terraform with the operator's key, and after each write call that AWS executed, before Terraform receives its response, a call of
   * another key.
   * @param isAllowed makes the call of the other key, and returns whether it was allowed
   * @returns how Terraform ended, and the write calls after which the other key was denied
   */
  async monitor(
    folder: string,
    isAllowed: () => Promise<boolean>,
    ...args: readonly string[]
  ): Promise<Finished & { readonly deniedAfter: readonly string[] }> {
    const { executed, deniedAfter } = deniedCalls(isAllowed);
    const proxy = await FaultProxy.before(this.aws, { executed });
    const finished = await new Terraform(folder, proxy, "terraform", this.key).start(...args);
    await proxy.stop();
    return { ...finished, deniedAfter };
  }
}
