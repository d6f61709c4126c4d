import { deniedCalls, FaultProxy } from "./fault-proxy";
import { type Credentials, type LocalAws, succeeds } from "./local-aws";
import { type Finished, Terraform } from "./terraform";

const USER = "operator";

/** A policy that allows everything but some actions. */
function allExcept(denied: readonly string[]): string {
  const Statement: object[] = [{ Effect: "Allow", Action: "*", Resource: "*" }];
  if (denied.length > 0) {
    Statement.push({ Effect: "Deny", Action: denied, Resource: "*" });
  }
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

/** An administrator's key with which Terraform runs while IAM is enforced, so that other keys can be monitored. */
export class Operator {
  private constructor(
    private readonly aws: LocalAws,
    readonly key: Credentials,
  ) {}

  /** Creates the user and its key, and turns enforcement on. */
  static async in(aws: LocalAws): Promise<Operator> {
    await aws.enforceIam(false);
    const key = await aws.createUser(USER, allExcept([]));
    await aws.enforceIam(true);
    return new Operator(aws, key);
  }

  /** Denies the operator some actions, and allows all others. */
  async deny(...actions: readonly string[]): Promise<void> {
    const policy = { UserName: USER, PolicyName: USER, PolicyDocument: allExcept(actions) };
    await this.aws.enforceIam(false);
    await this.aws.iam().putUserPolicy(policy);
    await this.aws.enforceIam(true);
  }

  /** Whether a key may make the calls of DKP. Requires enforcement. */
  allows(key: Credentials): Promise<boolean> {
    return succeeds(this.aws.ec2(key).describeRegions());
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
