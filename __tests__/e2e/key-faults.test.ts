import { join } from "node:path";
import { DeleteAccessKeyCommand, ListAccessKeysCommand, PutUserPolicyCommand, UpdateAccessKeyCommand } from "@aws-sdk/client-iam";
import { parse, stringify } from "yaml";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, folder, PROJECT, removeFolders } from "./support/project";
import { jsonOf, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const BUCKET = "faults-state";
const STATE = "deckhouse/terraform.tfstate";
const BASE = { region: "eu-central-1", backend: { s3: { bucket: BUCKET, region: "eu-central-1" } } };
const USER = "deckhouse";

const BOTH = { secondary: { status: "Active" } };
const MOVED = { ...BOTH, current: "secondary" };
const RETIRED = { ...MOVED, primary: { status: "Inactive" } };

interface Report {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly next: {
    readonly edits: readonly { readonly setting: string; readonly value: string }[];
    readonly why: string;
    readonly after: readonly string[];
  };
}

/** Node's clock a day and an hour later, so that no key counts as recently used. The local AWS does not check times. */
const LATER = `const Now = Date; globalThis.Date = class extends Now {
  constructor(...args) { args.length === 0 ? super(Now.now() + 25 * 3_600_000) : super(...args); }
};`;

/** A deployment in an account of its own, and somebody who does what `npm run keys` prints and nothing else. */
class World {
  settings: Record<string, unknown> = {};

  constructor(
    readonly aws: LocalAws,
    readonly deployments: Deployments,
    readonly terraform: Terraform,
  ) {}

  /** Writes the access keys' settings and synthesizes. */
  write(accessKeys: Record<string, unknown> = {}): this {
    this.settings = structuredClone(Object.keys(accessKeys).length === 0 ? BASE : { ...BASE, accessKeys });
    this.deployments.change({ deckhouse: stringify(this.settings) });
    return this;
  }

  apply(accessKeys?: Record<string, unknown>): Credentials {
    this.write(accessKeys).terraform.apply();
    return this.terraform.key();
  }

  keys(later = false): Report {
    const clock: Record<string, string> = later
      ? { NODE_OPTIONS: `--require=${join(folder({ "clock.cjs": LATER }), "clock.cjs")}` }
      : {};
    const script = join(PROJECT, "build/src/commands/keys.js");
    const environment = { ...this.environment(), ...clock };
    return jsonOf(this.deployments.path, environment, process.execPath, script, "deckhouse", "--json") as Report;
  }

  /** Does the next step to the letter. */
  follow({ next }: Report): void {
    for (const { setting, value } of next.edits) {
      this.set(setting.split("."), parse(value));
    }
    this.deployments.change({ deckhouse: stringify(this.settings) });
    for (const action of next.after) {
      this.perform(action);
    }
  }

  async works(...keys: readonly Credentials[]): Promise<readonly boolean[]> {
    const answers: boolean[] = [];
    for (const key of keys) {
      answers.push(await this.aws.accepts(key));
    }
    return answers;
  }

  private perform(action: string): void {
    const further = /accessKeys\.secondary\.status: Active/.test(action);
    if (further) {
      this.set(["accessKeys", "secondary", "status"], "Active");
      this.deployments.change({ deckhouse: stringify(this.settings) });
    }
    const [, command] = /(terraform -chdir=.*)$/.exec(action) ?? [];
    if (command !== undefined) {
      const [program = "", ...args] = command.split(" ");
      const { status, output } = runIn(this.deployments.path, this.environment(), program, ...args);
      expect({ status, output }).toEqual({ status: 0, output: expect.stringContaining("Import successful") });
    } else if (action === "apply") {
      this.terraform.apply();
    } else {
      expect(action).toMatch(
        /^(npm run synth|npm run keys -- deckhouse|give the new key to DKP: npm run --silent hand-over -- .*)$/,
      );
    }
  }

  private set([name = "", ...rest]: readonly string[], value: unknown, target = this.settings): void {
    if (rest.length === 0) {
      target[name] = value;
    } else {
      target[name] ??= {};
      this.set(rest, value, target[name] as Record<string, unknown>);
    }
  }

  private environment(): Record<string, string> {
    return { ...terraformEnvironment(this.aws), AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" };
  }
}

describe("npm run keys, followed to the letter", () => {
  let origin: LocalAws;
  let deployments: Deployments;
  const copies: LocalAws[] = [];
  /** Accounts with one key A; with A exposed and a second key B; with B exposed and A retired. */
  let oneKey: LocalAws;
  let twoKeys: LocalAws;
  let retired: LocalAws;
  let a: Credentials;
  let b: Credentials;

  const worldOf = async (account: LocalAws): Promise<World> => {
    const aws = await account.copy();
    copies.push(aws);
    return new World(aws, deployments, deployments.terraform("deckhouse", aws));
  };
  /** Versions of the state, the newest first. */
  const versions = async (aws: LocalAws) => {
    const listing = await (await aws.s3("GET", `/${BUCKET}?versions`)).text();
    return [...listing.matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)</g)]
      .filter(([, key]) => key === STATE)
      .map(([, , id = ""]) => id);
  };
  /** The way of docs/keys.md: copies an earlier version over the state. */
  const restore = async (aws: LocalAws, version = "") => {
    const source = { "x-amz-copy-source": `${BUCKET}/${STATE}?versionId=${version}` };
    expect((await aws.s3("PUT", `/${BUCKET}/${STATE}`, "", source)).status).toBe(200);
  };

  beforeAll(async () => {
    origin = await LocalAws.start();
    await origin.makeBucket(BUCKET);
    const versioning =
      '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';
    expect((await origin.s3("PUT", `/${BUCKET}?versioning`, versioning)).status).toBe(200);
    deployments = Deployments.of({ deckhouse: stringify(BASE) });
    const terraform = deployments.terraform("deckhouse", origin);
    terraform.init("-backend-config=use_path_style=true");
    const world = new World(origin, deployments, terraform);
    a = world.apply();
    oneKey = await origin.copy();
    world.apply(BOTH);
    twoKeys = await origin.copy();
    b = world.apply(RETIRED);
    retired = origin;
  });

  afterAll(async () => {
    for (const copy of [...copies, oneKey, twoKeys]) {
      await copy.stop();
    }
    await origin.stop();
    removeFolders();
  });

  it("keeps the exposed key through a rotation whose settings ran ahead of the applies", async () => {
    const world = (await worldOf(twoKeys)).write(RETIRED);
    const ahead = world.keys();
    expect(ahead.errors).toEqual([
      `accessKeys.current: the settings of deckhouse say secondary, and the outputs expose primary: the next apply switches the outputs from ${a.accessKeyId} (primary) to ${b.accessKeyId} (secondary)`,
      `the next apply deactivates ${a.accessKeyId} (primary), the key that the outputs expose; do not apply these settings`,
    ]);
    world.follow(ahead);
    expect(await world.works(a)).toEqual([true]);
    world.follow(world.keys());
    expect(world.terraform.key()).toEqual(b);
    expect(await world.works(a, b)).toEqual([true, true]);
    expect(world.keys().next).toEqual({
      edits: [],
      why: expect.stringMatching(/^wait: .* was created or last used within the last 24 hours/),
      after: [],
    });
    world.follow(world.keys(true));
    expect(await world.works(a, b)).toEqual([false, true]);
    world.follow(world.keys(true));
    expect(await world.works(b)).toEqual([true]);
  });

  it("keeps the exposed key when the settings are from before the rotation", async () => {
    const world = (await worldOf(retired)).write();
    const late = world.keys();
    expect(late.errors).toContain(
      `the next apply deletes ${b.accessKeyId} (secondary), the key that the outputs expose; do not apply these settings`,
    );
    // The retired key would be re-activated: somebody has to decide that first, so nothing is applied.
    expect(late.next.after).toEqual([]);
    world.follow(late);
    expect(await world.works(b)).toEqual([true]);
  });

  it("imports the live key when the state is from before the rotation", async () => {
    const world = (await worldOf(retired)).write(MOVED);
    await world.aws.iam().send(new UpdateAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId, Status: "Active" }));
    const all = await versions(world.aws);
    expect(all).toHaveLength(3);
    await restore(world.aws, all.at(-1));
    const old = world.keys();
    expect(old.errors[0]).toContain(`${b.accessKeyId} (Active, created `);
    expect(old.errors[0]).toContain(
      "the state is older than the account or was partly lost; do not delete or deactivate it, and do not apply",
    );
    expect(JSON.stringify(old)).not.toMatch(/delete-access-key|first delete/);
    world.follow(old);
    world.follow(world.keys());
    expect(world.terraform.output("access_key_id")).toBe(b.accessKeyId);
    expect(await world.works(b)).toEqual([true]);
    await restore(world.aws, all[0]);
    expect(world.write(RETIRED).keys().next.why).not.toContain("restore");
  });

  it("imports the exposed key that is missing in the state", async () => {
    const world = (await worldOf(retired)).write(RETIRED);
    world.terraform.run("state", "rm", "aws_iam_access_key.user-secondary");
    const partly = world.keys();
    expect(partly.errors[0]).toBe(
      `the outputs expose ${b.accessKeyId} (secondary), and the state has no such key: it was partly lost or edited; do not apply`,
    );
    world.follow(partly);
    expect(world.keys().errors).toEqual([]);
    expect(world.terraform.plannedActions()).toEqual({});
    expect(await world.works(b)).toEqual([true]);
  });

  it("imports both keys when the state was lost within a rotation", async () => {
    const world = (await worldOf(twoKeys)).write(BOTH);
    expect((await world.aws.s3("DELETE", `/${BUCKET}/${STATE}`)).status).toBe(204);
    const lost = world.keys();
    expect(lost.errors).toEqual([expect.stringMatching(/^the state has no user, and IAM has the user deckhouse with AKIA/)]);
    world.follow(lost);
    const { errors } = world.keys();
    expect(errors).toEqual([]);
    expect(await world.works(a, b)).toEqual([true, true]);
  });

  const cutOff = async (world: World, leaked: Credentials) => {
    const iam = world.aws.iam();
    const session = await world.aws.session(leaked);
    await iam.send(new UpdateAccessKeyCommand({ UserName: USER, AccessKeyId: leaked.accessKeyId, Status: "Inactive" }));
    expect(await world.works(leaked, session)).toEqual([false, true]);
    const now = new Date(Date.now() + 2000).toISOString().replace(/\.\d+/, "");
    const Statement = [
      { Effect: "Deny", Action: "*", Resource: "*", Condition: { DateLessThan: { "aws:TokenIssueTime": now } } },
    ];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await iam.send(new PutUserPolicyCommand({ UserName: USER, PolicyName: "DenySessionsFromLeakedKey", PolicyDocument }));
    expect(await world.works(leaked, session)).toEqual([false, false]);
    return session;
  };

  it("never wakes a leaked key, nor its sessions, with one key", async () => {
    const world = (await worldOf(oneKey)).write();
    const session = await cutOff(world, a);
    const leak = world.keys();
    expect(leak.errors).toEqual([
      `primary: ${a.accessKeyId}, which the outputs expose, is Inactive in IAM, and the settings want it Active: any apply re-activates it. If it has leaked, do not apply these settings: make these edits in one change and apply once: accessKeys.secondary.status: Active; accessKeys.current: secondary; accessKeys.primary.status: Inactive (review/deckhouse/REVIEW.md, "After a leak"). If it was deactivated by mistake, apply`,
    ]);
    expect({ edits: leak.next.edits, after: leak.next.after }).toEqual({ edits: [], after: [] });
    await world.aws.calls();
    const now = world.apply(RETIRED);
    expect((await world.aws.changes()).filter((action) => action.endsWith("AccessKey"))).toEqual(["CreateAccessKey"]);
    expect(await world.works(a, session, now)).toEqual([false, false, true]);
    world.follow(world.keys(true));
    const { AccessKeyMetadata = [] } = await world.aws.iam().send(new ListAccessKeysCommand({ UserName: USER }));
    expect(AccessKeyMetadata.map(({ AccessKeyId }) => AccessKeyId)).toEqual([now.accessKeyId]);
    expect(await world.works(a, session, now)).toEqual([false, false, true]);
  });

  it("never wakes two leaked keys", async () => {
    const world = (await worldOf(retired)).write(RETIRED);
    const session = await cutOff(world, b);
    await world.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId }));
    await world.aws.calls();
    const now = world.apply({ primary: { status: "Active" }, current: "primary", secondary: { status: "Inactive" } });
    expect((await world.aws.changes()).filter((action) => action.endsWith("AccessKey"))).toEqual(["CreateAccessKey"]);
    expect(await world.works(a, b, session, now)).toEqual([false, false, false, true]);
  });

  it("reports a deleted key as an outage until DKP has the new one", async () => {
    const world = (await worldOf(oneKey)).write();
    await world.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId }));
    const outage = world.keys();
    expect(outage.errors).toEqual([
      `primary: ${a.accessKeyId}, which the outputs expose, does not exist in IAM: somebody deleted it. DKP has no working key until the next apply has created a new one, and DKP has that one`,
    ]);
    expect(outage.next.after).toEqual(["apply", "give the new key to DKP: npm run --silent hand-over -- deckhouse --out FILE"]);
    world.follow(outage);
    const now = world.terraform.key();
    expect(world.keys().notes).toEqual([
      `primary: AWS knows no use of ${now.accessKeyId} yet. Unless DKP has it, give the new key to DKP: npm run --silent hand-over -- deckhouse --out FILE`,
    ]);
    expect(await world.works(now)).toEqual([true]);
  });

  it("leaves the slot of a retired key that was deleted outside Terraform absent", async () => {
    const world = (await worldOf(retired)).write(RETIRED);
    await world.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId: a.accessKeyId }));
    const gone = world.keys();
    expect(gone.next.edits).toEqual([{ setting: "accessKeys.primary.status", value: "absent" }]);
    await world.aws.calls();
    world.follow(gone);
    expect(await world.aws.changes()).toEqual([]);
    expect(await world.works(b)).toEqual([true]);
  });
});
