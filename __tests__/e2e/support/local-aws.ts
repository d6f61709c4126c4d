import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { type AccessKeyMetadata, IAM } from "@aws-sdk/client-iam";
import { sign } from "aws4";
import { PROJECT } from "../../helpers/project-root";
import { startInBackground } from "./background-program";
import { atEnd } from "./cleanup";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Only with temporary credentials. */
  readonly sessionToken?: string | undefined;
}

export interface Call {
  readonly service: string;
  readonly action: string;
}

export interface Decision {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
  readonly allowed: boolean;
}

/** May do anything. The local AWS enforces the policies of all other keys. */
export const ADMIN: Credentials = { accessKeyId: "test", secretAccessKey: "test" };

const VERSIONED =
  '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';

/** The variable with the address of the local AWS that all others of a run are copies of. */
const ORIGIN = "E2E_LOCAL_AWS";

/** A local AWS in its own process, which ends with the tests of the file. */
export class LocalAws {
  private isRunning = true;

  private constructor(
    readonly url: string,
    private readonly pid: number,
  ) {}

  /**
   * Starts the one that `start` copies: Python needs 1.6 s of CPU time to load moto, and a copy of
   * its process nearly none.
   */
  static async startOrigin(): Promise<void> {
    process.env[ORIGIN] = await startInBackground(
      "python3",
      join(PROJECT, "__tests__/e2e/support/local_aws.py"),
    );
  }

  static start(): Promise<LocalAws> {
    return LocalAws.copyOf(process.env[ORIGIN] ?? "");
  }

  private static async copyOf(origin: string) {
    const answer = await fetch(`${origin}/copies`, { method: "POST" });
    const { url, pid } = (await answer.json()) as { readonly url: string; readonly pid: number };
    const aws = new LocalAws(url, pid);
    atEnd(() => aws.stop());
    return aws;
  }

  stop(): void {
    if (this.isRunning) {
      this.isRunning = false;
      process.kill(this.pid);
    }
  }

  /** At another address, with a copy of the current account. */
  copy(): Promise<LocalAws> {
    return LocalAws.copyOf(this.url);
  }

  environment(credentials: Credentials = ADMIN): Record<string, string> {
    return {
      AWS_ENDPOINT_URL: this.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_EC2_METADATA_DISABLED: "true",
    };
  }

  iam(credentials: Credentials = ADMIN): IAM {
    return new IAM({ endpoint: this.url, region: "us-east-1", credentials, maxAttempts: 1 });
  }

  /** The IAM of another account, which `x-moto-account-id` selects, as its administrator. */
  iamOf(account: string): IAM {
    const iam = this.iam();
    iam.middlewareStack.add(
      (next) => (call) => {
        Object.assign((call.request as { headers: object }).headers, {
          "x-moto-account-id": account,
        });
        return next(call);
      },
      { step: "build" },
    );
    return iam;
  }

  ec2(credentials: Credentials = ADMIN): EC2 {
    return new EC2({ endpoint: this.url, region: "eu-central-1", credentials, maxAttempts: 1 });
  }

  private send(
    service: string,
    method: string,
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ) {
    const signed = sign(
      {
        host: new URL(this.url).host,
        service,
        region: "eu-central-1",
        method,
        path,
        headers,
        body,
      },
      ADMIN,
    );
    const sent = { method, headers: signed.headers as Record<string, string> };
    return fetch(`${this.url}${path}`, body === "" ? sent : { ...sent, body });
  }

  /** Of the default version. */
  async policyDocument(PolicyArn: string | undefined): Promise<string> {
    const iam = this.iam();
    const { Policy } = await iam.getPolicy({ PolicyArn });
    const { PolicyVersion } = await iam.getPolicyVersion({
      PolicyArn,
      VersionId: Policy?.DefaultVersionId,
    });
    return decodeURIComponent(PolicyVersion?.Document ?? "");
  }

  async createKey(UserName = "deckhouse", iam: IAM = this.iam()): Promise<Credentials> {
    const { AccessKey } = await iam.createAccessKey({ UserName });
    return {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
  }

  async keysOf(UserName = "deckhouse"): Promise<readonly AccessKeyMetadata[]> {
    return (await this.iam().listAccessKeys({ UserName })).AccessKeyMetadata ?? [];
  }

  async deleteKey(AccessKeyId: string | undefined, UserName = "deckhouse"): Promise<void> {
    await this.iam().deleteAccessKey({ UserName, AccessKeyId });
  }

  async createUser(
    UserName: string,
    PolicyDocument: string,
    iam: IAM = this.iam(),
  ): Promise<Credentials> {
    await iam.createUser({ UserName });
    await iam.putUserPolicy({ UserName, PolicyName: UserName, PolicyDocument });
    return this.createKey(UserName, iam);
  }

  /** Whether AWS accepts requests signed with a key and allows the calls of DKP. */
  accepts(credentials: Credentials): Promise<boolean> {
    return succeeds(this.ec2(credentials).describeRegions());
  }

  /**
   * The names of the write calls since the last list of calls, except S3 calls, which only store
   * states.
   */
  async changes(): Promise<readonly string[]> {
    return (await this.calls())
      .filter(({ service, action }) => service !== "s3" && !/^(Get|List|Describe)/.test(action))
      .map(({ action }) => action);
  }

  /** Makes all access keys, and their last uses, older: by 25 hours, more than a day passes. */
  async passDay(hours = 25): Promise<void> {
    await fetch(`${this.url}/days`, { method: "POST", body: `${hours * 3600}` });
  }

  async createBucket(bucket: string): Promise<void> {
    await fetch(`${this.url}/${bucket}`, { method: "PUT" });
  }

  async createVersionedBucket(bucket: string): Promise<void> {
    await this.createBucket(bucket);
    expect((await this.s3("PUT", `/${bucket}?versioning`, VERSIONED)).status).toBe(200);
  }

  async createLockTable(TableName: string): Promise<void> {
    const body = JSON.stringify({
      TableName,
      KeySchema: [{ AttributeName: "LockID", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "LockID", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    });
    const headers = {
      "Content-Type": "application/x-amz-json-1.0",
      "X-Amz-Target": "DynamoDB_20120810.CreateTable",
    };
    await this.send("dynamodb", "POST", "/", body, headers);
  }

  s3(
    method: string,
    path: string,
    body = "",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return this.send("s3", method, path, body, { "Content-Type": "application/xml", ...headers });
  }

  async objects(bucket: string): Promise<readonly string[]> {
    const listing = await (await fetch(`${this.url}/${bucket}?list-type=2`)).text();
    return [...listing.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  }

  async decisions(): Promise<readonly Decision[]> {
    return (await fetch(`${this.url}/decisions`, { method: "DELETE" })).json() as Promise<
      readonly Decision[]
    >;
  }

  async calls(): Promise<readonly Call[]> {
    return (await fetch(`${this.url}/calls`, { method: "DELETE" })).json() as Promise<
      readonly Call[]
    >;
  }
}

export const allowing = (Action: string | readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });

export const succeeds = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => true,
    () => false,
  );
