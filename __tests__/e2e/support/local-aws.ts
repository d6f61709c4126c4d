import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { IAM } from "@aws-sdk/client-iam";
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

/** One AWS API call that the local AWS answered. */
export interface Call {
  readonly service: string;
  readonly action: string;
}

/** The authorization of a call by the policies of a key, and its result. */
export interface Decision {
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
  readonly allowed: boolean;
}

/** The key that may do anything. The local AWS enforces the policies of all others. */
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

  /** A new one with an empty account. */
  static start(): Promise<LocalAws> {
    return LocalAws.copyOf(process.env[ORIGIN] ?? "");
  }

  private static async copyOf(origin: string): Promise<LocalAws> {
    const answer = await fetch(`${origin}/copies`, { method: "POST" });
    const { url, pid } = (await answer.json()) as { readonly url: string; readonly pid: number };
    const aws = new LocalAws(url, pid);
    atEnd(() => aws.stop());
    return aws;
  }

  /** Ends it before the tests of the file have ended. */
  stop(): void {
    if (this.isRunning) {
      this.isRunning = false;
      process.kill(this.pid);
    }
  }

  /** Another local AWS at another address, with a copy of the current account. */
  copy(): Promise<LocalAws> {
    return LocalAws.copyOf(this.url);
  }

  /** The environment with which AWS clients, Terraform included, reach it. */
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

  /**
   * The response to a signed call.
   * @param path path and query
   */
  private send(
    service: string,
    method: string,
    path: string,
    body: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
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

  /** The document of a managed policy that applies: that of its default version. */
  async policyDocument(PolicyArn: string | undefined): Promise<string> {
    const iam = this.iam();
    const { Policy } = await iam.getPolicy({ PolicyArn });
    const { PolicyVersion } = await iam.getPolicyVersion({
      PolicyArn,
      VersionId: Policy?.DefaultVersionId,
    });
    return decodeURIComponent(PolicyVersion?.Document ?? "");
  }

  /** A new access key of a user. */
  async createKey(UserName: string, iam: IAM = this.iam()): Promise<Credentials> {
    const { AccessKey } = await iam.createAccessKey({ UserName });
    return {
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    };
  }

  /**
   * A new user with an inline policy.
   * @returns its access key
   */
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

  /** A bucket that keeps the earlier versions of its objects. */
  async createVersionedBucket(bucket: string): Promise<void> {
    await this.createBucket(bucket);
    expect((await this.s3("PUT", `/${bucket}?versioning`, VERSIONED)).status).toBe(200);
  }

  /** Creates a DynamoDB table in which Terraform can lock states. */
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

  /**
   * The response to a signed call of S3.
   * @param path bucket, key and query: `/bucket/key?versionId=ID`
   */
  s3(
    method: string,
    path: string,
    body = "",
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    return this.send("s3", method, path, body, { "Content-Type": "application/xml", ...headers });
  }

  /** Keys of all objects in a bucket. */
  async objects(bucket: string): Promise<readonly string[]> {
    const listing = await (await fetch(`${this.url}/${bucket}?list-type=2`)).text();
    return [...listing.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) => key);
  }

  /** Returns and clears the list of authorizations. */
  async decisions(): Promise<readonly Decision[]> {
    return (await fetch(`${this.url}/decisions`, { method: "DELETE" })).json() as Promise<
      readonly Decision[]
    >;
  }

  /** Returns and clears the list of all AWS API calls. */
  async calls(): Promise<readonly Call[]> {
    return (await fetch(`${this.url}/calls`, { method: "DELETE" })).json() as Promise<
      readonly Call[]
    >;
  }
}

/** A policy that allows actions on every resource. */
export const allowing = (Action: string | readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });

/** Whether AWS allows a call. */
export const succeeds = (call: Promise<unknown>): Promise<boolean> =>
  call.then(
    () => true,
    () => false,
  );
