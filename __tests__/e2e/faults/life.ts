import { memoized } from "../../helpers/memoized";
import { deniedCalls, type Fault, FaultProxy, runWithFaults } from "../support/fault-proxy";
import { allowing, type Credentials, LocalAws, succeeds } from "../support/local-aws";
import { type Recovered, recover, type Stack, succeed, terraformOf } from "../support/recovery";
import { Variants } from "../support/variants";
import { BUCKET, type Flow, flowNamed, withoutImport } from "./flows";

interface Account {
  readonly aws: LocalAws;
  readonly live: Credentials | undefined;
  /** That led to it, sorted. */
  readonly writes: readonly string[];
}

interface Survived extends Recovered {
  /** That met their fault. */
  readonly faulted: readonly string[];
  /** The write calls after which AWS rejected the current key, in the run and on the way back. */
  readonly deniedAfter: readonly string[];
  /** Whether the current key works at the end. */
  readonly works: boolean;
  /** Whether the last plan has no changes; after `destroy`, whether state and account are empty. */
  readonly isUpToDate: boolean;
}

export interface Lent extends Stack {
  readonly through: FaultProxy;
  readonly live: Credentials | undefined;
  /** The write calls after which AWS rejected the current key. */
  readonly deniedAfter: readonly string[];
}

export const STATE = `/${BUCKET}/deckhouse/terraform.tfstate`;

const NODE_ROLE = "dev-node";

/** Each account is created once, and every run changes a copy. */
export class Life {
  readonly account = memoized((name: string): Promise<Account> => this.apply(flowNamed(name)));
  /** An account without a state: empty, or with objects for an import. */
  private readonly created = memoized((isImport: boolean) => this.createObjects(isImport));

  private constructor(
    private readonly origin: LocalAws,
    private readonly variants: Variants,
  ) {}

  static async start(): Promise<Life> {
    const origin = await LocalAws.start();
    await origin.createVersionedBucket(BUCKET);
    // Statements of the split policy allow the key to read it.
    await origin
      .iam()
      .createRole({ RoleName: NODE_ROLE, AssumeRolePolicyDocument: allowing("sts:AssumeRole") });
    return new Life(origin, new Variants(origin));
  }

  /**
   * Runs a flow with faults on a copy of its account, and follows docs/how-to/recover.md to the
   * end.
   * @param interruptedAt the call at which a person presses Ctrl-C once
   */
  async survive(
    name: string,
    faults: Readonly<Record<string, Fault>>,
    interruptedAt?: string,
  ): Promise<Survived> {
    const { aws: before, flow, live } = await this.before(flowNamed(name));
    const aws = await before.copy();
    const isDestroy = flow.command === "destroy";
    const { executed, deniedAfter } = deniedCalls(
      async () => live === undefined || isDestroy || isAccepted(aws, live),
    );
    // IAM stores whole seconds.
    const since = new Date(new Date().setMilliseconds(0));
    const { variants } = this;
    const { settings, command } = flow;
    const faulted = await runWithFaults(aws, {
      folder: variants.of(settings).stack,
      command,
      faults,
      executed,
      interruptedAt,
    });
    const back = await FaultProxy.before(aws, { executed });
    const scene = { aws, through: back, variants, settings, since };
    const recovered = await recover(scene, command ?? "apply");
    const end = isDestroy ? await isEmpty(scene) : await this.end(flow, scene, recovered, live);
    await back.stop();
    await aws.stop();
    return { ...recovered, faulted, deniedAfter, ...end };
  }

  /** A plan after an apply that had nothing to change, with the same settings, is empty. */
  private async end(flow: Flow, scene: Stack, recovered: Recovered, live?: Credentials) {
    const isKnown = recovered.isUnchanged && !flow.isImport;
    const after = terraformOf({ ...scene, settings: withoutImport(flow) });
    const key = (await currentKey(scene)) ?? live;
    return {
      works: key !== undefined && (await isAccepted(scene.aws, key)),
      isUpToDate: isKnown || (await after.start("plan", "-detailed-exitcode")).status === 0,
    };
  }

  async lend(name: string): Promise<Lent> {
    const { aws: before, live } = await this.account(name);
    const aws = await before.copy();
    const { executed, deniedAfter } = deniedCalls(
      async () => live === undefined || isAccepted(aws, live),
    );
    const proxy = await FaultProxy.before(aws, { executed });
    return {
      aws,
      through: proxy,
      variants: this.variants,
      settings: flowNamed(name).settings,
      live,
      deniedAfter,
    };
  }

  private async before(flow: Flow): Promise<Account & { readonly flow: Flow }> {
    const account = await (flow.after === undefined
      ? this.created(flow.isImport === true)
      : this.account(flow.after));
    return { ...account, flow };
  }

  private async apply(given: Flow): Promise<Account> {
    const { aws: before, flow, live: former } = await this.before(given);
    const aws = await before.copy();
    const proxy = await FaultProxy.before(aws);
    const stack = { aws, through: proxy, variants: this.variants, settings: flow.settings };
    await succeed(terraformOf(stack), flow.command ?? "apply", "-auto-approve");
    const live = flow.command === "destroy" ? undefined : ((await currentKey(stack)) ?? former);
    await proxy.stop();
    return { aws, live, writes: [...proxy.writes].sort() };
  }

  private async createObjects(isImport: boolean): Promise<Account> {
    const aws = await this.origin.copy();
    if (!isImport) {
      return { aws, live: undefined, writes: [] };
    }
    const iam = aws.iam();
    await iam.createUser({ UserName: "deckhouse" });
    const policy = { PolicyName: "D8CloudProviderAWS", PolicyDocument: allowing("*") };
    const { Policy } = await iam.createPolicy(policy);
    await iam.attachUserPolicy({ UserName: "deckhouse", PolicyArn: Policy?.Arn });
    return { aws, live: await aws.createKey(), writes: [] };
  }
}

/**
 * Whether two calls of DKP are allowed: the first policy always allows one, and the statement of
 * the other one moves to the second policy.
 */
export const isAccepted = async (aws: LocalAws, key: Credentials): Promise<boolean> =>
  (await succeeds(aws.ec2(key).describeRegions())) &&
  (await succeeds(aws.iam(key).getRole({ RoleName: NODE_ROLE })));

async function isEmpty(stack: Stack) {
  const { Users } = await stack.aws.iam().listUsers();
  const state = await succeed(terraformOf(stack), "state", "list");
  return { works: true, isUpToDate: state === "" && Users?.length === 0 };
}

/** As the state has it; undefined where Terraform has none. */
async function currentKey({ aws }: Stack): Promise<Credentials | undefined> {
  const { outputs } = (await (await aws.s3("GET", STATE)).json()) as {
    readonly outputs: Readonly<Record<string, { readonly value: string } | undefined>>;
  };
  const { access_key_id: id, secret_access_key: secret } = outputs;
  return id && secret && { accessKeyId: id.value, secretAccessKey: secret.value };
}
