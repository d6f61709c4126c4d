import { deniedCalls, type Fault, FaultProxy, runWithFaults } from "../support/fault-proxy";
import { allowing, type Credentials, LocalAws, succeeds } from "../support/local-aws";
import { Operator } from "../support/operator";
import { type Recovered, recover, type Scene, type Stack, succeed, terraformOf } from "../support/recovery";
import type { Terraform } from "../support/terraform";
import { Variants } from "../support/variants";
import { BUCKET, type Flow, flowNamed, withoutImport } from "./flows";

/** An account between two flows, and the key that DKP has. */
interface Account {
  readonly aws: LocalAws;
  readonly live: Credentials | undefined;
  /** The write calls that led to it, sorted. */
  readonly writes: readonly string[];
}

/** What a run with faults left, and what followed it. */
interface Survived extends Recovered {
  /** The write calls that met their fault. */
  readonly faulted: readonly string[];
  /** The write calls after which AWS rejected the exposed key, in the run and on the way back. */
  readonly deniedAfter: readonly string[];
  /** Whether the exposed key works at the end. */
  readonly works: boolean;
  /** Whether the last plan has no changes; after `destroy`, whether state and account are empty. */
  readonly isUpToDate: boolean;
}

/** A copy of an account, and the AWS that Terraform calls. */
export interface Lent {
  readonly scene: Stack;
  readonly proxy: FaultProxy;
  readonly live: Credentials | undefined;
  /** The write calls after which AWS rejected the exposed key. */
  readonly deniedAfter: readonly string[];
}

const NODE_ROLE = "dev-node";
const VERSIONED =
  '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';

/** The accounts of a deployment's life: each is created once, and every run changes a copy. */
export class Life {
  private readonly accounts = new Map<string, Promise<Account>>();

  private constructor(
    private readonly origin: LocalAws,
    private readonly operator: Credentials,
    private readonly variants: Variants,
  ) {}

  static async start(): Promise<Life> {
    const origin = await LocalAws.start();
    await origin.createBucket(BUCKET);
    await origin.s3("PUT", `/${BUCKET}?versioning`, VERSIONED);
    // Statements of the split policy allow the key to read it.
    await origin.iam().createRole({ RoleName: NODE_ROLE, AssumeRolePolicyDocument: allowing("sts:AssumeRole") });
    const { key } = await Operator.in(origin);
    return new Life(origin, key, new Variants(origin, key));
  }

  /**
   * Runs a flow with faults on a copy of its account, and follows docs/how-to/recover.md until nothing is left to do.
   * @param interruptedAt the call at which a person presses Ctrl-C once
   */
  async survive(name: string, faults: Readonly<Record<string, Fault>>, interruptedAt?: string): Promise<Survived> {
    const before = await this.before(flowNamed(name));
    const aws = await before.aws.copy();
    try {
      return await this.recovered(before, aws, faults, interruptedAt);
    } finally {
      await aws.stop();
    }
  }

  private async recovered(
    { flow, live }: Account & { readonly flow: Flow },
    aws: LocalAws,
    faults: Readonly<Record<string, Fault>>,
    interruptedAt: string | undefined,
  ): Promise<Survived> {
    const isDestroy = flow.command === "destroy";
    const { executed, deniedAfter } = deniedCalls(async () => live === undefined || isDestroy || isAccepted(aws, live));
    // IAM stores whole seconds.
    const since = new Date(new Date().setMilliseconds(0));
    const run = { folder: this.variants.folder(flow.settings), credentials: this.operator, command: flow.command };
    const faulted = await runWithFaults(aws, { ...run, faults, executed, interruptedAt });
    const back = await FaultProxy.before(aws, { executed });
    const scene: Omit<Scene, "output"> = {
      aws,
      through: back,
      credentials: this.operator,
      variants: this.variants,
      settings: flow.settings,
      since,
    };
    try {
      const recovered = await recover(scene, flow.command ?? "apply");
      const after = terraformOf({ ...scene, settings: withoutImport(flow) });
      const end = isDestroy
        ? await this.isEmpty(after, aws)
        : await stateOf(after, aws, flow.isImport === true ? live : undefined);
      return { ...recovered, faulted, deniedAfter, ...end };
    } finally {
      await back.stop();
    }
  }

  /** After `destroy`, state and account are empty. */
  private async isEmpty(terraform: Terraform, aws: LocalAws) {
    const isUpToDate = (await succeed(terraform, "state", "list")) === "" && !(await hasUser(aws, this.operator));
    return { works: true, isUpToDate };
  }

  /** Lends a copy of the account that a flow left. */
  async lend(name: string, use: (lent: Lent) => Promise<void>): Promise<void> {
    const { aws: before, live } = await this.account(name);
    const aws = await before.copy();
    const { executed, deniedAfter } = deniedCalls(async () => live === undefined || isAccepted(aws, live));
    const proxy = await FaultProxy.before(aws, { executed });
    const { operator: credentials, variants } = this;
    const { settings } = flowNamed(name);
    try {
      await use({ scene: { aws, through: proxy, credentials, variants, settings }, proxy, live, deniedAfter });
    } finally {
      await proxy.stop();
      await aws.stop();
    }
  }

  /** The account that a flow changes, and the flow with the values of that account. */
  private async before(flow: Flow): Promise<Account & { readonly flow: Flow }> {
    const account = await (flow.after === undefined ? this.created(flow) : this.account(flow.after));
    return { ...account, flow: { ...flow, settings: flow.settings.replace("KEY", account.live?.accessKeyId ?? "") } };
  }

  /** An account that a flow without faults has left. */
  private account(name: string): Promise<Account> {
    const known = this.accounts.get(name) ?? this.apply(flowNamed(name));
    this.accounts.set(name, known);
    return known;
  }

  private async apply(given: Flow): Promise<Account> {
    const { aws: before, flow } = await this.before(given);
    const aws = await before.copy();
    const proxy = await FaultProxy.before(aws);
    const terraform = terraformOf({
      aws,
      through: proxy,
      credentials: this.operator,
      variants: this.variants,
      settings: flow.settings,
    });
    await succeed(terraform, flow.command ?? "apply", "-auto-approve");
    const live = flow.command === "destroy" || flow.isImport ? undefined : await exposedKey(terraform);
    await proxy.stop();
    return { aws, live, writes: [...proxy.writes].sort() };
  }

  /** An account without a state: empty, or for an import with objects that were created outside Terraform. */
  private created(flow: Flow): Promise<Account> {
    const name = `before ${flow.name}`;
    const known = this.accounts.get(name) ?? this.createObjects(flow);
    this.accounts.set(name, known);
    return known;
  }

  private async createObjects({ isImport }: Flow): Promise<Account> {
    const aws = await this.origin.copy();
    if (isImport !== true) {
      return { aws, live: undefined, writes: [] };
    }
    const iam = aws.iam(this.operator);
    await iam.createUser({ UserName: "deckhouse" });
    const policy = { PolicyName: "D8CloudProviderAWS", PolicyDocument: allowing("*") };
    const { Policy } = await iam.createPolicy(policy);
    await iam.attachUserPolicy({ UserName: "deckhouse", PolicyArn: Policy?.Arn });
    return { aws, live: await aws.createKey("deckhouse", this.operator), writes: [] };
  }

  /** The write calls of a flow without faults, sorted. */
  async writes(name: string): Promise<readonly string[]> {
    return (await this.account(name)).writes;
  }
}

/** Whether the calls of DKP are allowed: one that the first policy always allows, and one whose statement moves to the second. */
export const isAccepted = async (aws: LocalAws, key: Credentials): Promise<boolean> =>
  (await succeeds(aws.ec2(key).describeRegions())) && (await succeeds(aws.iam(key).getRole({ RoleName: NODE_ROLE })));

/** @param imported the exposed key if Terraform does not know its secret */
async function stateOf(terraform: Terraform, aws: LocalAws, imported: Credentials | undefined) {
  const { status } = await terraform.start("plan", "-detailed-exitcode");
  return { works: await isAccepted(aws, imported ?? (await exposedKey(terraform))), isUpToDate: status === 0 };
}

async function hasUser(aws: LocalAws, credentials: Credentials): Promise<boolean> {
  const { Users = [] } = await aws.iam(credentials).listUsers();
  return Users.some(({ UserName }) => UserName === "deckhouse");
}

/** The key that the outputs expose. */
async function exposedKey(terraform: Terraform): Promise<Credentials> {
  const outputs = JSON.parse(await succeed(terraform, "output", "-json")) as Record<string, { readonly value: string }>;
  const { access_key_id: id, secret_access_key: secret } = outputs;
  return { accessKeyId: id?.value ?? "", secretAccessKey: secret?.value ?? "" };
}
