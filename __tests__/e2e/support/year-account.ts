import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
import { STS } from "@aws-sdk/client-sts";
import { PROJECT } from "../../helpers/project-root";
import type { Request } from "../../helpers/simulator";
import { ADMIN, type Credentials, LocalAws } from "./local-aws";
import { terraformEnvironment } from "./terraform";

/** Where a year happens: in the local AWS, or in the account of the person who runs the tests. */
export class YearAccount {
  /** In the names of all objects. */
  readonly suffix = randomBytes(4).toString("hex");
  private readonly remover: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(
    readonly id: string,
    private readonly credentials: Credentials,
    private readonly endpoint: string | undefined,
    readonly local?: LocalAws,
  ) {
    const removal = join(PROJECT, "__tests__/e2e/support/year-removal.mjs");
    // Ctrl-C does not reach a process group of its own, and its standard input ends with this
    // process, however that ends.
    this.remover = spawn(process.execPath, [removal, this.suffix, endpoint ?? ""], {
      detached: true,
      env: { ...process.env, ...this.environment() },
      stdio: ["pipe", "pipe", "inherit"],
    });
  }

  /**
   * The account `E2E_AWS`, or that of a new local AWS.
   * @throws Error if the credentials are of another one, or nobody confirms
   */
  static async open({
    E2E_AWS: id,
    E2E_AWS_CONFIRM,
    AWS_ENDPOINT_URL: endpoint,
  }: NodeJS.ProcessEnv): Promise<YearAccount> {
    if (id === undefined) {
      const local = await LocalAws.start();
      return new YearAccount("123456789012", ADMIN, local.url, local);
    }
    const sts = new STS({ region: "us-east-1", ...(endpoint && { endpoint }) });
    const { Account } = await sts.getCallerIdentity();
    if (Account !== id) {
      throw new Error(
        `E2E_AWS is ${id}, and the credentials belong to account ${Account}; nothing was created`,
      );
    }
    process.stderr.write(
      `This creates in account ${id} two IAM users with access keys, a node role and up to four policies, and calls AWS as these keys.\nAt the end, also after Ctrl-C, it deletes every IAM object whose name contains a random suffix.\n`,
    );
    if (E2E_AWS_CONFIRM !== "yes" && !confirms()) {
      throw new Error(
        "not confirmed; nothing was created; without a terminal, set E2E_AWS_CONFIRM=yes",
      );
    }
    return new YearAccount(id, await sts.config.credentials(), endpoint);
  }

  /**
   * Deletes every object with the suffix.
   * @returns the ARNs of those that existed
   */
  async close(): Promise<string> {
    this.remover.stdin.end();
    return text(this.remover.stdout);
  }

  /** Of Terraform and of the program. */
  environment(): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken } = this.credentials;
    const own = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken && { AWS_SESSION_TOKEN: sessionToken }),
      ...(this.endpoint && { AWS_ENDPOINT_URL: this.endpoint }),
    };
    return terraformEnvironment({ environment: () => own });
  }

  iam(): IAM {
    return new IAM(this.client("us-east-1", this.credentials));
  }

  private client(region: string, credentials: Credentials) {
    // The SDK changes the credentials that it is given.
    return {
      region,
      credentials: { ...credentials },
      ...(this.endpoint && { endpoint: this.endpoint }),
    };
  }

  /** Denials compare the time of issue in whole seconds, so the second is over. */
  async session(key: Credentials): Promise<Credentials> {
    const { Credentials: given } = await new STS(this.client("us-east-1", key)).getSessionToken();
    await setTimeout(1_000);
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken } = given ?? {};
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
    };
  }

  /**
   * Whether AWS accepts a dry run as the key. A change of IAM is visible after seconds: waits up to
   * two minutes for the expected result.
   */
  async accepts(key: Credentials, expected = true): Promise<boolean> {
    const ec2 = new EC2(this.client("eu-central-1", key));
    let isAccepted = !expected;
    for (
      let attempt = this.local === undefined ? 1 : 60;
      attempt <= 60 && isAccepted !== expected;
      attempt++
    ) {
      const answer = await ec2.describeVpcs({ DryRun: true }).catch(({ name }: Error) => name);
      isAccepted = answer === "DryRunOperation";
      await setTimeout(isAccepted === expected || this.local ? 0 : 2_000);
    }
    return isAccepted;
  }

  /**
   * The requests that IAM's simulator denies a user; none on the local AWS, which has no simulator.
   */
  async denied(user: string, requests: readonly Request[]): Promise<readonly string[]> {
    const denied: string[] = [];
    for (const { action, resource, context = {} } of this.local === undefined ? requests : []) {
      const { EvaluationResults: [result] = [] } = await this.iam().simulatePrincipalPolicy({
        PolicySourceArn: `arn:aws:iam::${this.id}:user/${user}`,
        ActionNames: [action],
        ResourceArns: [resource],
        ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => ({
          ContextKeyName,
          ContextKeyType: Array.isArray(value) ? "stringList" : "string",
          ContextKeyValues: [value].flat(),
        })),
      });
      denied.push(...(result?.EvalDecision === "allowed" ? [] : [`${action} ${resource}`]));
    }
    return denied;
  }
}

/** Asks at the terminal, which is not the standard input of a test. */
function confirms() {
  try {
    const [terminal, answer] = [openSync("/dev/tty", "r+"), Buffer.alloc(16)];
    writeSync(terminal, "Type yes to start: ");
    return answer.toString("utf8", 0, readSync(terminal, answer)).trim() === "yes";
  } catch {
    return false;
  }
}
