import { setTimeout } from "node:timers/promises";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { awsRequests } from "./http-requests";
import { type Action, AwsError, type Input, NOT_AWS, type Output, type PagedAction, UNREACHABLE } from "./operations";

/** How to reach AWS, and as whom. */
export interface Access {
  /** @default where the AWS CLI and SDKs find their credentials */
  readonly profile?: string | undefined;
  readonly assumeRoleArn?: string | undefined;
  /** A region that every account has. */
  readonly alwaysOnRegion: string;
  /** Ends all calls. */
  readonly signal: AbortSignal;
  /** Repeats throttled calls until `signal` ends them. @default an error after several tries */
  readonly patient?: boolean | undefined;
}

/** The part of an SDK's package that calls use: its client, a class for each operation, and functions that read all pages. */
type Sdk = Readonly<Record<string, (new (input: object) => object) & Paginator>>;
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
export const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests/;

/** A second lock on the door: whatever a check lists, nothing but these is ever sent without `DryRun`. */
const READS = /^(?:Describe|Get|List|Simulate)[A-Z]/;

/** Calls AWS in the given Region. The AWS SDK is loaded only here, one service at a time, at the first call. */
export class Aws {
  private readonly clients = new Map<string, Promise<{ readonly client: Client; readonly sdk: Sdk }>>();
  private requests: Promise<NodeHttpHandler> | undefined;
  private credentials: Promise<() => Promise<unknown>> | undefined;
  /** How far AWS's clock is ahead of this computer's, in milliseconds. */
  private ahead = 0;

  constructor(private readonly access: Access) {}

  async call<A extends Action>(action: A, input: Input<A>, region: string): Promise<Output<A>> {
    if (!READS.test(action.split(":")[1] ?? "")) {
      throw new Error(`${action} is not a call that only reads`);
    }
    return (await this.retryWhileThrottled(() => this.send(action, input, region))) as Output<A>;
  }

  /** All pages of a list. */
  async callAll<A extends PagedAction>(action: A, input: Input<A>, region: string): Promise<readonly Output<A>[]> {
    return (await this.retryWhileThrottled(() => this.pages(action, input, region))) as readonly Output<A>[];
  }

  /** @returns the code of the answer: EC2 answers a dry run with an error, whatever it thinks of the call */
  async dryRun(operation: string, input: object, region: string): Promise<{ readonly code: string; readonly message: string }> {
    try {
      await this.send(`ec2:${operation}`, { ...input, DryRun: true }, region);
    } catch (error) {
      if (error instanceof AwsError && error.code !== NOT_AWS) {
        return { code: error.code, message: error.message };
      }
      throw error;
    }
    return { code: "none", message: "a dry run was taken for a call" };
  }

  /** The time that AWS reported in its last response, and what passed since. Before the first one, this computer's time. */
  now(): Date {
    return new Date(Date.now() + this.ahead);
  }

  private async send(action: string, input: object, region: string): Promise<unknown> {
    const { client, sdk } = await this.clientOf(action, region);
    const Command = partOf(sdk, `${action.split(":")[1]}Command`);
    return await client.send(new Command(input), { abortSignal: this.access.signal }).catch((error) => {
      throw awsError(action, error);
    });
  }

  private async pages(action: string, input: object, region: string): Promise<readonly unknown[]> {
    const { client, sdk } = await this.clientOf(action, region);
    const paginate = partOf(sdk, `paginate${action.split(":")[1]}`);
    const all: unknown[] = [];
    try {
      for await (const page of paginate({ client }, input, { abortSignal: this.access.signal })) {
        all.push(page);
      }
    } catch (error) {
      throw awsError(action, error);
    }
    return all;
  }

  private clientOf(action: string, region: string) {
    const service = action.split(":")[0] as keyof typeof SERVICES;
    const key = `${service} ${region}`;
    const client = this.clients.get(key) ?? this.load(service, region);
    this.clients.set(key, client);
    return client;
  }

  private async load(service: keyof typeof SERVICES, region: string) {
    const { profile, assumeRoleArn } = this.access;
    const [requestHandler, sdk] = await Promise.all([this.requestHandler(), SERVICES[service].load() as Promise<unknown>]);
    const client = new (partOf(sdk as Sdk, SERVICES[service].client))({
      region,
      retryMode: "standard",
      maxAttempts,
      requestHandler,
      ...(profile === undefined ? {} : { profile }),
      ...(assumeRoleArn === undefined ? {} : { credentials: () => this.assumedRole(assumeRoleArn) }),
    });
    return { client: client as Client, sdk: sdk as Sdk };
  }

  private requestHandler(): Promise<NodeHttpHandler> {
    this.requests ??= awsRequests((date) => {
      const reported = Date.parse(date);
      this.ahead = Number.isNaN(reported) ? this.ahead : reported - Date.now();
    });
    return this.requests;
  }

  /** Credentials of a role. The SDK renews them before they expire. */
  private async assumedRole(RoleArn: string): Promise<unknown> {
    this.credentials ??= this.roleProvider(RoleArn);
    const provider = await this.credentials;
    return await provider().catch((error) => {
      throw awsError("sts:AssumeRole", error);
    });
  }

  private async roleProvider(RoleArn: string): Promise<() => Promise<unknown>> {
    const { profile, alwaysOnRegion: region } = this.access;
    const { fromTemporaryCredentials } = await import("@aws-sdk/credential-providers");
    const requestHandler = await this.requestHandler();
    return fromTemporaryCredentials({
      params: { RoleArn, RoleSessionName: "dkp-access" },
      clientConfig: { region, maxAttempts, requestHandler, ...(profile === undefined ? {} : { profile }) },
    });
  }

  /** Repeats work while AWS throttles it. */
  private async retryWhileThrottled<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const { patient, signal } = this.access;
        if (patient !== true || signal.aborted || !(error instanceof AwsError && THROTTLED.test(error.code))) {
          throw error;
        }
        await setTimeout(1000);
      }
    }
  }
}

function partOf(sdk: Sdk, name: string): Sdk[string] {
  const part = sdk[name];
  if (part === undefined) {
    throw new Error(`the AWS SDK has no ${name}`);
  }
  return part;
}

/** The SDK's errors under one form; those of a role that could not be assumed come from the call that wanted it. */
function awsError(action: string, error: unknown): AwsError {
  if (error instanceof AwsError) {
    return error;
  }
  const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  return new AwsError(action, codeOf(name, $metadata?.httpStatusCode), message.split("\n", 1)[0] ?? "");
}

/** The code as AWS's API reference has it. An answer that is no answer of AWS, but a proxy's perhaps, has its HTTP status only. */
function codeOf(name: string, status: number | undefined): string {
  if (name === "NoSuchEntityException") {
    return "NoSuchEntity";
  }
  if (status === undefined) {
    return name === "CredentialsProviderError" ? name : UNREACHABLE;
  }
  return ["Error", "SyntaxError"].includes(name) ? `HTTP ${status}` : name;
}
