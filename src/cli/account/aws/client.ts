import { setTimeout } from "node:timers/promises";
import { awsRequests, type Requests } from "./http-requests";
import type { Action, Operations, PagedAction } from "./operations";
import { AwsError, NOT_AWS, UNREACHABLE } from "./operations";

/** How to reach AWS, and as whom. */
export interface Access {
  /** @default as any AWS tool finds its credentials */
  readonly profile?: string | undefined;
  readonly assumeRoleArn?: string | undefined;
  /** A region that every account has. */
  readonly alwaysOnRegion: string;
  /** Ends all calls. */
  readonly signal: AbortSignal;
  /** Repeats throttled calls until `signal` ends them. @default an error after several tries */
  readonly patient?: boolean | undefined;
}

/** Calls AWS in the given Region. The AWS SDK is loaded only here, one service at a time. */
export interface Aws {
  ask<A extends Action>(action: A, input: Operations[A]["input"], region: string): Promise<Operations[A]["output"]>;
  /** All pages of a list. */
  askAll<A extends PagedAction>(
    action: A,
    input: Operations[A]["input"],
    region: string,
  ): Promise<readonly Operations[A]["output"][]>;
  /** @returns the code of the answer: EC2 answers a dry run with an error, whatever it thinks of the call */
  dryRun(operation: string, input: object, region: string): Promise<{ readonly code: string; readonly message: string }>;
  /** The time that AWS reported in its last response, and what passed since. Before the first one, this computer's time. */
  now(): Date;
}

interface Client {
  send(command: object, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
}

type Constructor<T> = new (input: object) => T;

type Paginator = (configuration: { readonly client: Client }, input: object, ...options: unknown[]) => AsyncIterable<unknown>;

/** The SDK's packages, each with its client and a class an operation. */
const SERVICES = {
  ec2: { client: "EC2Client", load: () => import("@aws-sdk/client-ec2") },
  iam: { client: "IAMClient", load: () => import("@aws-sdk/client-iam") },
  sts: { client: "STSClient", load: () => import("@aws-sdk/client-sts") },
} satisfies Readonly<Record<string, { readonly client: string; readonly load: () => Promise<object> }>>;

type Service = keyof typeof SERVICES;

type Sdk = Readonly<Record<string, Constructor<object> & Paginator>>;

/** Tries per call, with growing pauses: a throttled account recovers within seconds. */
const TRIES = 6;

/** The codes with which AWS services throttle. */
export const THROTTLED = /Throttl|RequestLimitExceeded|TooManyRequests/;

/** Repeats work while AWS throttles it. */
async function untilAnswered<T>(work: () => Promise<T>, { patient, signal }: Access): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (patient !== true || signal.aborted || !(error instanceof AwsError && THROTTLED.test(error.code))) {
        throw error;
      }
      await setTimeout(1000);
    }
  }
}

/** Connects to AWS. Nothing is asked yet. */
export function connect(access: Access): Aws {
  const { profile, assumeRoleArn, signal } = access;
  const base = { retryMode: "standard", maxAttempts: TRIES, ...(profile === undefined ? {} : { profile }) };
  const clients = new Map<string, Promise<{ client: Client; sdk: Sdk }>>();
  let requests: Promise<Requests> | undefined;
  let ahead = 0;
  const onDate = (date: string) => {
    const reported = Date.parse(date);
    ahead = Number.isNaN(reported) ? ahead : reported - Date.now();
  };
  const loadRequests = () => {
    requests ??= awsRequests(onDate);
    return requests;
  };
  const credentials = assumeRoleArn === undefined ? undefined : assumedRole(access, assumeRoleArn, loadRequests);

  const clientFor = (service: Service, region: string) => {
    const key = `${service} ${region}`;
    const configuration = { ...base, region, ...(credentials === undefined ? {} : { credentials }) };
    const client =
      clients.get(key) ?? loadRequests().then((requestHandler) => load(service, { ...configuration, requestHandler }));
    clients.set(key, client);
    return client;
  };
  const pages = async (action: string, input: object, region: string) => {
    const [service, operation] = action.split(":") as [Service, string];
    const { client, sdk } = await clientFor(service, region);
    const paginate = sdk[`paginate${operation}`];
    if (paginate === undefined) {
      throw new Error(`the AWS SDK has no pages of ${action}`);
    }
    const all: unknown[] = [];
    try {
      for await (const page of paginate({ client }, input, { abortSignal: signal })) {
        all.push(page);
      }
    } catch (error) {
      throw awsError(action, error);
    }
    return all;
  };
  const call = async (service: Service, operation: string, input: object, region: string) => {
    const { client, sdk } = await clientFor(service, region);
    const Command = sdk[`${operation}Command`];
    if (Command === undefined) {
      throw new Error(`the AWS SDK has no ${service}:${operation}`);
    }
    try {
      return await client.send(new Command(input), { abortSignal: signal });
    } catch (error) {
      throw awsError(`${service}:${operation}`, error);
    }
  };
  return {
    async ask<A extends Action>(action: A, input: Operations[A]["input"], region: string) {
      const [service, operation] = action.split(":") as [Service, string];
      if (!READS.test(operation)) {
        throw new Error(`${action} is not a call that only reads`);
      }
      return (await untilAnswered(() => call(service, operation, input, region), access)) as Operations[A]["output"];
    },
    async askAll<A extends PagedAction>(action: A, input: Operations[A]["input"], region: string) {
      return (await untilAnswered(() => pages(action, input, region), access)) as readonly Operations[A]["output"][];
    },
    async dryRun(operation, input, region) {
      try {
        await call("ec2", operation, { ...input, DryRun: true }, region);
      } catch (error) {
        if (error instanceof AwsError && error.code !== NOT_AWS) {
          return { code: error.code, message: error.message };
        }
        throw error;
      }
      return { code: "none", message: "a dry run was taken for a call" };
    },
    now: () => new Date(Date.now() + ahead),
  };
}

/** A second lock on the door: whatever a check lists, nothing but these is ever sent without `DryRun`. */
const READS = /^(?:Describe|Get|List|Simulate)[A-Z]/;

async function load(service: Service, configuration: object): Promise<{ client: Client; sdk: Sdk }> {
  const { client, load } = SERVICES[service];
  const sdk = (await load()) as unknown as Sdk;
  const Client = sdk[client] as unknown as Constructor<Client>;
  return { client: new Client(configuration), sdk };
}

/** Credentials of a role, renewed before they expire. */
function assumedRole({ profile, alwaysOnRegion }: Access, RoleArn: string, loadRequests: () => Promise<Requests>) {
  const load = async () => {
    const [{ fromTemporaryCredentials }, requestHandler] = await Promise.all([
      import("@aws-sdk/credential-providers"),
      loadRequests(),
    ]);
    return fromTemporaryCredentials({
      params: { RoleArn, RoleSessionName: "dkp-access" },
      clientConfig: {
        region: alwaysOnRegion,
        maxAttempts: TRIES,
        requestHandler,
        ...(profile === undefined ? {} : { profile }),
      },
    });
  };
  let provider: ReturnType<typeof load> | undefined;
  return async () => {
    provider ??= load();
    try {
      return await (await provider)();
    } catch (error) {
      throw awsError("sts:AssumeRole", error);
    }
  };
}

/** The SDK's errors under one form; those of a role that could not be assumed come from the call that wanted it. */
function awsError(action: string, error: unknown): AwsError {
  if (error instanceof AwsError) {
    return error;
  }
  const { name, message, $metadata } = error as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  return new AwsError(action, codeOf(name, status), message.split("\n", 1)[0] ?? "");
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
