import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { IAMServiceException } from "@aws-sdk/client-iam";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { alwaysOnRegion } from "../../../../../src/iam/arns";
import type { Deployment } from "../../../../../src/settings/deployment";
import { type Progress, withProgress } from "../../process/progress";
import { awsRequests } from "./http-requests";
import {
  type Action,
  AwsError,
  type Input,
  type Output,
  TIMED_OUT,
  UNREACHABLE,
  type Write,
  within,
} from "./operations";

/** IAM and STS are called in a Region that every account has. */
export type Access = Pick<Deployment, "region"> &
  Partial<Deployment["provider"]> & {
    /** Used instead of what the AWS CLI finds. */
    readonly credentials?: Readonly<Record<"accessKeyId" | "secretAccessKey", string>>;
  };

export interface Waiting {
  readonly progress: Progress;
  /**
   * In seconds, for all calls together. The SDK itself waits without limit, also for a program that
   * provides the credentials.
   */
  readonly limit: number;
}

/** Calls AWS within a time limit. While AWS throttles, calls are repeated until then. */
export async function withAws<T>(
  access: Access,
  { progress, limit }: Waiting,
  work: (aws: Aws) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  const timer = setTimeout(() => controller.abort(), limit * 1000);
  try {
    return await withProgress("querying AWS", work(new Aws(access, signal, limit)), progress);
  } finally {
    clearTimeout(timer);
    controller.abort();
  }
}

type Sdk = Readonly<Record<string, ((new (input: object) => object) & Paginator) | undefined>>;
type Paginator = (
  configuration: { readonly client: Client },
  input: object,
  options: object,
) => AsyncIterable<unknown>;

interface Client {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

/** A service in capital letters begins the name of its client. */
const SERVICES = {
  ec2: () => import("@aws-sdk/client-ec2"),
  iam: () => import("@aws-sdk/client-iam"),
  sts: () => import("@aws-sdk/client-sts"),
};

/** Tries per call, with growing pauses: a throttled account recovers within seconds. */
const maxAttempts = 6;

const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests/;

/** The AWS SDK is loaded only here, one service at a time, at the first call. */
export class Aws {
  private readonly clients = new Map<
    string,
    Promise<{ readonly client: Client; readonly sdk: Sdk }>
  >();
  private requests: Promise<NodeHttpHandler> | undefined;
  private credentials: Promise<() => Promise<unknown>> | undefined;
  /** In milliseconds: AWS's clock minus this computer's. */
  private ahead = 0;

  /** @param signal ends all calls, after `limit` seconds */
  constructor(
    private readonly access: Access,
    private readonly signal: AbortSignal,
    private readonly limit: number,
  ) {}

  /**
   * All pages of the response; a single one if AWS does not divide it.
   * @throws AwsError
   */
  async call<A extends Action>(action: A, input: Input<A>): Promise<readonly Output<A>[]> {
    return (await this.allPages(action, input)) as readonly Output<A>[];
  }

  /**
   * Makes one attempt: if its response is lost, another attempt could create a second key. AWS
   * executes nothing that it throttles.
   */
  async write<A extends Write>(action: A, input: Input<A>): Promise<Output<A>> {
    const [output] = await this.allPages(action, input, 1);
    return output as Output<A>;
  }

  private async allPages(
    action: string,
    input: object,
    attempts?: number,
  ): Promise<readonly unknown[]> {
    for (;;) {
      try {
        return await this.inTime(action, input, attempts);
      } catch (error) {
        if (!(error instanceof AwsError && THROTTLED.test(error.code))) {
          throw error;
        }
        await wait(1000);
      }
    }
  }

  /**
   * @returns the code of the response: EC2 answers a dry run with an error even if it would execute
   * the operation
   */
  async dryRun(
    operation: string,
    input: object,
  ): Promise<{ readonly code: string; readonly message: string }> {
    try {
      await this.inTime(`ec2:${operation}`, { ...input, DryRun: true });
    } catch (error) {
      if (error instanceof AwsError && error.code !== UNREACHABLE && error.code !== TIMED_OUT) {
        return { code: error.code, message: error.message };
      }
      throw error;
    }
    return { code: "none", message: "EC2 executed a dry run" };
  }

  /**
   * The time of AWS's last response, plus what has passed since; this computer's time before the
   * first one.
   */
  now(): Date {
    return new Date(Date.now() + this.ahead);
  }

  private inTime(
    action: string,
    input: object,
    attempts: number = maxAttempts,
  ): Promise<readonly unknown[]> {
    return within(this.signal, this.limit, action, () => this.send(action, input, attempts));
  }

  private async send(action: string, input: object, attempts: number): Promise<readonly unknown[]> {
    const [service, operation] = action.split(":") as [keyof typeof SERVICES, string];
    const { region } = this.access;
    const abortSignal = this.signal;
    // A Region that is not enabled rejects every key, also for the question which ones are.
    const isRegional = service === "ec2" && operation !== "DescribeRegions";
    const key = `${service} ${isRegional} ${attempts}`;
    const loaded =
      this.clients.get(key) ??
      this.load(service, isRegional ? region : alwaysOnRegion(region), attempts);
    this.clients.set(key, loaded);
    const { client, sdk } = await loaded;
    const paginate = sdk[`paginate${operation}`];
    const pages: unknown[] = [];
    try {
      if (paginate === undefined) {
        pages.push(
          await client.send(new (partOf(sdk, `${operation}Command`))(input), { abortSignal }),
        );
      } else {
        for await (const page of paginate({ client }, input, { abortSignal })) {
          pages.push(page);
        }
      }
      return pages;
    } catch (error) {
      throw awsError(action, error);
    }
  }

  private async load(service: keyof typeof SERVICES, region: string, attempts: number) {
    const { assumeRoleArn } = this.access;
    this.requests ??= awsRequests((date) => {
      const reported = Date.parse(date);
      this.ahead = Number.isNaN(reported) ? this.ahead : reported - Date.now();
    });
    const [requestHandler, sdk] = await Promise.all([
      this.requests,
      SERVICES[service]() as Promise<unknown>,
    ]);
    const client = new (partOf(sdk as Sdk, `${service.toUpperCase()}Client`))({
      ...this.configuration(region, requestHandler),
      maxAttempts: attempts,
      retryMode: "standard",
      ...(assumeRoleArn === undefined
        ? {}
        : { credentials: () => this.assumedRole(assumeRoleArn, requestHandler) }),
    });
    return { client: client as Client, sdk: sdk as Sdk };
  }

  private configuration(region: string, requestHandler: NodeHttpHandler) {
    const { profile, credentials } = this.access;
    return {
      region,
      maxAttempts,
      requestHandler,
      ...(profile === undefined ? {} : { profile }),
      ...(credentials === undefined ? {} : { credentials }),
    };
  }

  /** The SDK renews the credentials before they expire. */
  private async assumedRole(RoleArn: string, requestHandler: NodeHttpHandler): Promise<unknown> {
    const clientConfig = this.configuration(alwaysOnRegion(this.access.region), requestHandler);
    this.credentials ??= import("@aws-sdk/credential-providers").then(
      ({ fromTemporaryCredentials }) =>
        fromTemporaryCredentials({
          params: { RoleArn, RoleSessionName: "dkp-access" },
          clientConfig,
        }),
    );
    const provider = await this.credentials;
    return await provider().catch((error) => {
      throw awsError("sts:AssumeRole", error);
    });
  }
}

function partOf(sdk: Sdk, name: string) {
  const part = sdk[name];
  if (part === undefined) {
    throw new Error(`the AWS SDK has no ${name}`);
  }
  return part;
}

/** If the role could not be assumed, the error comes from the call that required it. */
function awsError(action: string, error: unknown): AwsError {
  if (error instanceof AwsError) {
    return error;
  }
  const { name, message, $metadata } = error as Error & Partial<IAMServiceException>;
  const status = $metadata?.httpStatusCode;
  const [line = ""] = message.split("\n", 1);
  if (status === undefined) {
    return new AwsError(action, name === "CredentialsProviderError" ? name : UNREACHABLE, line);
  }
  const code = name === "NoSuchEntityException" ? "NoSuchEntity" : name;
  // Proxies and load balancers send errors without a code. The SDK names them Unknown, or cannot
  // read them.
  const hasCode = "$fault" in (error as Error) && name !== "Unknown"; // cspell:disable-line
  return new AwsError(action, hasCode ? code : `HTTP ${status}`, line);
}
