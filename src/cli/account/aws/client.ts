import { setTimeout } from "node:timers/promises";
import type { IAMServiceException } from "@aws-sdk/client-iam";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { awsRequests } from "./http-requests";
import { type Action, AwsError, type Input, type Output, TIMED_OUT, UNREACHABLE, within } from "./operations";

/** How to reach AWS, and as whom. */
export interface Access {
  /** @default where the AWS CLI and SDKs find their credentials */
  readonly profile?: string | undefined;
  readonly assumeRoleArn?: string | undefined;
  /** A region that every account has. */
  readonly alwaysOnRegion: string;
  /** Ends all calls. */
  readonly signal: AbortSignal;
  /** After how many seconds `signal` does. */
  readonly limit: number;
  /** Repeats throttled calls until `signal` ends them. @default an error after several tries */
  readonly patient?: boolean | undefined;
}

/** The part of an SDK's package that calls use: its client, a class for each operation, and functions that read all pages. */
type Sdk = Readonly<Record<string, ((new (input: object) => object) & Paginator) | undefined>>;
type Paginator = (configuration: { readonly client: Client }, input: object, options: object) => AsyncIterable<unknown>;

interface Client {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

const SERVICES = {
  ec2: { client: "EC2Client", load: () => import("@aws-sdk/client-ec2") },
  iam: { client: "IAMClient", load: () => import("@aws-sdk/client-iam") },
  sts: { client: "STSClient", load: () => import("@aws-sdk/client-sts") },
} satisfies Readonly<Record<string, { readonly client: string; readonly load: () => Promise<object> }>>;

/** Tries per call, with growing pauses: a throttled account recovers within seconds. */
const maxAttempts = 6;

/** The codes with which AWS services throttle. */
const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests/;

/** Defense in depth: only operations that read are sent without `DryRun`. */
const READS = /^(?:Describe|Get|List|Simulate)[A-Z]/;

/** Calls AWS in the given Region. The AWS SDK is loaded only here, one service at a time, at the first call. */
export class Aws {
  private readonly clients = new Map<string, Promise<{ readonly client: Client; readonly sdk: Sdk }>>();
  private requests: Promise<NodeHttpHandler> | undefined;
  private credentials: Promise<() => Promise<unknown>> | undefined;
  /** How far AWS's clock is ahead of this computer's, in milliseconds. */
  private ahead = 0;

  constructor(private readonly access: Access) {}

  /** All pages of the response; one where AWS divides no response of the operation. Errors are thrown as `AwsError`. */
  async call<A extends Action>(action: A, input: Input<A>, region: string): Promise<readonly Output<A>[]> {
    if (!READS.test(action.split(":")[1] ?? "")) {
      throw new Error(`${action} is not a call that only reads`);
    }
    for (;;) {
      try {
        return (await this.inTime(action, input, region)) as readonly Output<A>[];
      } catch (error) {
        const { patient, signal } = this.access;
        if (patient !== true || signal.aborted || !(error instanceof AwsError && THROTTLED.test(error.code))) {
          throw error;
        }
        await setTimeout(1000);
      }
    }
  }

  /** @returns the code of the response: EC2 returns an error for a dry run, also where it would execute the operation */
  async dryRun(operation: string, input: object, region: string): Promise<{ readonly code: string; readonly message: string }> {
    try {
      await this.inTime(`ec2:${operation}`, { ...input, DryRun: true }, region);
    } catch (error) {
      if (error instanceof AwsError && error.code !== UNREACHABLE && error.code !== TIMED_OUT) {
        return { code: error.code, message: error.message };
      }
      throw error;
    }
    return { code: "none", message: "EC2 executed a dry run" };
  }

  /** The time that AWS reported in its last response, and what passed since. Before the first one, this computer's time. */
  now(): Date {
    return new Date(Date.now() + this.ahead);
  }

  private inTime(action: string, input: object, region: string): Promise<readonly unknown[]> {
    return within(this.access.signal, this.access.limit, action, () => this.send(action, input, region));
  }

  private async send(action: string, input: object, region: string): Promise<readonly unknown[]> {
    const [service, operation] = action.split(":") as [keyof typeof SERVICES, string];
    const abortSignal = this.access.signal;
    const key = `${service} ${region}`;
    const loaded = this.clients.get(key) ?? this.load(service, region);
    this.clients.set(key, loaded);
    const { client, sdk } = await loaded;
    const paginate = sdk[`paginate${operation}`];
    const pages: unknown[] = [];
    try {
      if (paginate === undefined) {
        pages.push(await client.send(new (partOf(sdk, `${operation}Command`))(input), { abortSignal }));
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

  private async load(service: keyof typeof SERVICES, region: string) {
    const { assumeRoleArn } = this.access;
    this.requests ??= awsRequests((date) => {
      const reported = Date.parse(date);
      this.ahead = Number.isNaN(reported) ? this.ahead : reported - Date.now();
    });
    const [requestHandler, sdk] = await Promise.all([this.requests, SERVICES[service].load() as Promise<unknown>]);
    const client = new (partOf(sdk as Sdk, SERVICES[service].client))({
      ...this.configuration(region, requestHandler),
      retryMode: "standard",
      ...(assumeRoleArn === undefined ? {} : { credentials: () => this.assumedRole(assumeRoleArn, requestHandler) }),
    });
    return { client: client as Client, sdk: sdk as Sdk };
  }

  private configuration(region: string, requestHandler: NodeHttpHandler) {
    const { profile } = this.access;
    return { region, maxAttempts, requestHandler, ...(profile === undefined ? {} : { profile }) };
  }

  /** Credentials of a role. The SDK renews them before they expire. */
  private async assumedRole(RoleArn: string, requestHandler: NodeHttpHandler): Promise<unknown> {
    const clientConfig = this.configuration(this.access.alwaysOnRegion, requestHandler);
    this.credentials ??= import("@aws-sdk/credential-providers").then(({ fromTemporaryCredentials }) =>
      fromTemporaryCredentials({ params: { RoleArn, RoleSessionName: "dkp-access" }, clientConfig }),
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

/** The SDK's errors under one form; those of a role that could not be assumed come from the call that required it. */
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
  // Proxies and load balancers send errors without a code. The SDK names them Unknown, or cannot read them.
  const hasCode = "$fault" in (error as Error) && name !== "Unknown"; // cspell:disable-line
  return new AwsError(action, hasCode ? code : `HTTP ${status}`, line);
}
