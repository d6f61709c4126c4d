import { once } from "node:events";
import type * as Ec2 from "@aws-sdk/client-ec2";
import type * as Iam from "@aws-sdk/client-iam";
import type * as Sts from "@aws-sdk/client-sts";

export type { Image } from "@aws-sdk/client-ec2";

interface Sdk {
  readonly ec2: typeof Ec2;
  readonly iam: typeof Iam;
  readonly sts: typeof Sts;
}

type OperationOf<Name> = Name extends `${infer Operation extends `${Verb}${string}`}Command`
  ? Operation
  : never;
type Verb = "Decode" | "Describe" | "Get" | "List";

/** Every AWS operation that reads, under the name of the IAM action that allows it. */
export type Action = { [S in keyof Sdk]: `${S}:${OperationOf<keyof Sdk[S]>}` }[keyof Sdk];

/** The operations that change something. Only `rotate` executes them. */
export type Write =
  `iam:${`${"Create" | "Update" | "Delete"}AccessKey` | `${"Put" | "Delete"}UserPolicy`}`;

type CommandOf<A> = A extends `${infer S extends keyof Sdk}:${infer Operation}`
  ? Sdk[S][`${Operation}Command` & keyof Sdk[S]] extends new (
      ...input: never[]
    ) => infer Command
    ? Command
    : never
  : never;

export type Input<A extends Action | Write> =
  CommandOf<A> extends { readonly input: infer I extends object } ? I : never;
export type Output<A extends Action | Write> =
  CommandOf<A> extends {
    resolveMiddleware(
      ...options: never[]
    ): (...input: never[]) => Promise<{ readonly output: infer O }>;
  }
    ? O
    : never;

export const UNREACHABLE = "unreachable";

export const TIMED_OUT = "timed out";

/** The error that AWS, or the network, returned. */
export class AwsError extends Error {
  constructor(
    readonly action: string,
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = "AwsError";
  }
}

/**
 * The result of work, unless the signal aborts first. The SDK itself waits without a limit.
 * @param seconds after which the signal aborts, for the message
 * @throws AwsError with the code `TIMED_OUT`
 */
export async function within<T>(
  signal: AbortSignal,
  seconds: number,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  const error = new AwsError(action, TIMED_OUT, `no answer within ${seconds} s`);
  if (signal.aborted) {
    throw error;
  }
  const ended = new AbortController();
  const timedOut = once(signal, "abort", { signal: ended.signal }).then(() =>
    Promise.reject(error),
  );
  try {
    return await Promise.race([work(), timedOut]);
  } finally {
    ended.abort();
  }
}

/** Does work for all items, for at most `count` of them at a time. */
export async function someAtATime<Item>(
  count: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = items.values();
  const next = async () => {
    for (const item of waiting) {
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: count }, next));
}
