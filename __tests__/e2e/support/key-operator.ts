import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Document, stringify } from "yaml";
import {
  type Condition,
  type PrintedAction,
  type PrintedLeak,
  type PrintedReport,
  type PrintedStep,
  printedLeak,
  printedReport,
} from "../../helpers/keys/printed-step";
import { PROJECT } from "../../helpers/project-root";
import { type Fault, runWithFaults } from "./fault-proxy";
import { allowing, type Credentials, type LocalAws } from "./local-aws";
import type { Deployments } from "./project";
import { atTerminal, type Terraform, terraformEnvironment } from "./terraform";

export const BUCKET = "keys-state";
/** Where the state of a deployment is in the bucket, and the name of its user, unless the settings name others. */
const STATE = "deckhouse/terraform.tfstate";
const USER = "deckhouse";
/** The longest way to the end in the model is shorter. */
const MOST_STEPS = 14;

type Tree = Record<string, unknown>;
interface Backend {
  readonly s3: { readonly key?: string };
}

/** A deployment in its own account, DKP, and a person who does only what `dkp-access keys` prints. */
export class KeyOperator {
  settings: Tree;
  /** The key in provider-cluster-configuration. */
  dkp: Credentials | undefined;
  /** Keys that leaked, by ID, and their credentials where they are known. */
  readonly leaked = new Map<string, Credentials | undefined>();
  /** The key of another deployment of the account: no step may end it. */
  neighbor: Credentials | undefined;
  /** Names that belong to another deployment of the account. */
  ofOthers: readonly string[] = [];
  /** Leaked keys that were once not Active. */
  private readonly ended = new Set<string>();
  /** Why each step came, as printed. */
  readonly steps: string[] = [];
  /** The version of the state that a report is about. */
  private restorable: string | undefined;
  /** Why the last report advised nothing. */
  stopped: string | undefined;

  constructor(
    readonly aws: LocalAws,
    readonly deployments: Deployments,
    readonly terraform: Terraform,
    settings: Readonly<Tree>,
    readonly env: Record<string, string> = {},
  ) {
    this.settings = structuredClone(settings);
  }

  /** The same deployment in a copy of the account. */
  in(aws: LocalAws, terraform: Terraform): KeyOperator {
    const copy = new KeyOperator(aws, this.deployments, terraform, this.settings, this.env);
    copy.dkp = this.dkp;
    copy.neighbor = this.neighbor;
    copy.ofOthers = this.ofOthers;
    return copy;
  }

  /** Writes the settings, with these fields, and synthesizes. */
  write(fields: Readonly<Tree> = {}): void {
    this.settings = { ...this.settings, ...structuredClone(fields) };
    this.deployments.change({ deckhouse: stringify(this.settings) });
  }

  /** Where the state is in the bucket, which other deployments of the account have theirs in. */
  private get stateKey(): string {
    return (this.settings.backend as Backend).s3.key ?? STATE;
  }

  get user(): string {
    return (this.settings.user as { readonly name?: string } | undefined)?.name ?? USER;
  }

  report(): PrintedReport {
    return printedReport(this.command("keys", "deckhouse"));
  }

  /**
   * Follows the printed steps to the end, or to a stop.
   * @throws Error if a step fails, DKP's key stops to work although it did not leak, or a leaked key works again
   */
  async settle(): Promise<readonly string[]> {
    this.stopped = undefined;
    for (let count = 0; count < MOST_STEPS && this.stopped === undefined; count++) {
      const live = await this.liveLeaks();
      if (live.length > 0) {
        const { contain, after } = this.leak(live);
        await this.follow(contain);
        await this.follow(after);
        continue;
      }
      const { next, isDone } = this.report();
      if (isDone) {
        return this.steps;
      }
      await this.follow(next);
    }
    if (this.stopped !== undefined) {
      return this.steps;
    }
    throw new Error(`no end: ${this.steps.join("; ")}`);
  }

  private leak(ids: readonly string[]): PrintedLeak {
    return printedLeak(this.command("keys", "--leaked", "deckhouse", "--key", ...ids));
  }

  /** What a command prints, whether or not it reports something. */
  protected command(...args: readonly string[]): string {
    const env = { ...terraformEnvironment(this.aws), ...this.env };
    const options = { cwd: this.deployments.path, env, encoding: "utf8", maxBuffer: 2 ** 26 } as const;
    const { stdout, stderr } = spawnSync(process.execPath, [join(PROJECT, "bin/dkp-access"), ...args], options);
    if (stdout === "") {
      throw new Error(`${args.join(" ")} printed nothing: ${stderr}`);
    }
    return stdout;
  }

  /** Does a step exactly as printed. */
  async follow(step: PrintedStep): Promise<void> {
    this.steps.push(step.why);
    this.stopped = step.stop;
    for (const { condition, step: other } of step.instead) {
      if (await this.isTrue(condition)) {
        await this.follow(other);
        return;
      }
    }
    await this.perform(step.edits, step.actions);
  }

  /** Whether what only a person knows is true. */
  private async isTrue(condition: Condition): Promise<boolean> {
    if ("version" in condition) {
      this.restorable = await this.versionWith(condition.version);
      return this.restorable !== undefined;
    }
    if ("ofAnother" in condition) {
      return this.ofOthers.includes(condition.ofAnother.name);
    }
    const { dkp } = this;
    return "leaked" in condition ? this.leaked.has(condition.leaked) : [dkp?.accessKeyId, undefined].includes(condition.dkp);
  }

  private async perform(edits: PrintedStep["edits"], actions: readonly PrintedAction[]): Promise<void> {
    if (edits.length > 0) {
      this.edit(edits);
    }
    for (const action of actions) {
      const worked = await this.works();
      await this.act(action);
      if (this.neighbor !== undefined && !(await this.aws.accepts(this.neighbor))) {
        throw new Error(`the key of another deployment stops to work by ${action.do}, after ${this.steps.join(", ")}`);
      }
      if (worked && !(await this.works()) && !this.leaked.has(this.dkp?.accessKeyId ?? "")) {
        throw new Error(`DKP's key stops to work by ${action.do}, after ${this.steps.join(", ")}`);
      }
      await this.checkLeaks(action.do);
    }
  }

  protected edit(edits: PrintedStep["edits"]): void {
    const document = new Document(this.settings);
    for (const { setting, value } of edits) {
      if (value === undefined) {
        document.deleteIn(setting.split("."));
      } else {
        document.setIn(setting.split("."), value);
      }
    }
    this.settings = document.toJS();
    this.write();
  }

  /** Whether AWS accepts the key of DKP, and allows its calls. */
  async works(): Promise<boolean> {
    return this.dkp !== undefined && (await this.aws.accepts(this.dkp));
  }

  /** A leaked key that was once not Active never is again. A call with it would count as a use. */
  private async checkLeaks(by: string): Promise<void> {
    const live = await this.liveLeaks();
    for (const id of this.leaked.keys()) {
      if (!live.includes(id)) {
        this.ended.add(id);
      } else if (this.ended.has(id)) {
        throw new Error(`the leaked key ${id} works again, by ${by}`);
      }
    }
  }

  /** Runs the command that is printed, at a terminal, and answers with yes. A person applies nothing that is breaking. */
  protected applyChange(): string {
    const env = { ...terraformEnvironment(this.aws), ...this.env };
    const { status, output } = atTerminal("yes", this.deployments.path, env, "apply", "deckhouse");
    if (status !== 0 || output.includes("Verdict: breaking")) {
      throw new Error(output);
    }
    return output;
  }

  private async act(action: PrintedAction): Promise<void> {
    switch (action.do) {
      case "apply":
        this.applyChange();
        return;
      case "hand-over":
        this.handOver();
        return;
      case "wait":
        await (action.minutes >= 60 ? this.passDay() : this.ageState());
        return;
      case "push-state":
        this.terraform.run("state", "push", "errored.tfstate");
        this.removeErroredState();
        return;
      case "move-errored-state":
        this.removeErroredState();
        return;
      case "restore":
        await this.restoreVersion(this.restorable);
        return;
      case "respond":
        await this.follow(this.leak([action.key]).contain);
        return;
      case "rename":
        this.edit([{ setting: action.setting, value: `${action.setting}-of-${this.stateKey.split("/")[0]}` }]);
        return;
      case "import":
        this.terraform.run("import", action.address, action.arn);
        return;
      case "create-key":
        this.dkp = await this.aws.createKey(this.user);
        return;
      case "untaint":
        this.terraform.run("untaint", action.address);
        return;
      case "delete":
        await this.aws.iam().deleteAccessKey({ UserName: action.user, AccessKeyId: action.key });
        return;
      case "activate":
      case "deactivate":
        await this.setStatus(action.key, action.do === "activate" ? "Active" : "Inactive", action.user);
    }
  }

  /** The key that the outputs expose becomes that of DKP. */
  handOver(): Credentials {
    const { provider } = JSON.parse(this.command("hand-over", "deckhouse", "--yes", "--format", "json")) as {
      readonly provider: { readonly providerAccessKeyId: string; readonly providerSecretAccessKey: string };
    };
    this.dkp = { accessKeyId: provider.providerAccessKeyId, secretAccessKey: provider.providerSecretAccessKey };
    return this.dkp;
  }

  /** More than a day passes, in which DKP uses its key. */
  async passDay(): Promise<void> {
    await this.aws.passDay();
    await this.works();
    await (this.neighbor && this.aws.accepts(this.neighbor));
    await this.ageState();
  }

  /** The keys in the state become as old as those in IAM. */
  private async ageState(): Promise<void> {
    const state = await (await this.aws.s3("GET", `/${BUCKET}/${this.stateKey}`)).text();
    const aged = agedState(state);
    if (aged !== state) {
      await this.aws.s3("PUT", `/${BUCKET}/${this.stateKey}`, aged);
    }
  }

  async setStatus(AccessKeyId: string, Status: "Active" | "Inactive", UserName = this.user): Promise<void> {
    await this.aws.iam().updateAccessKey({ UserName, AccessKeyId, Status });
  }

  private removeErroredState(): void {
    rmSync(join(this.terraform.folder, "errored.tfstate"));
  }

  /** The leaked keys that are Active. */
  private async liveLeaks(): Promise<readonly string[]> {
    const iam = this.aws.iam();
    const live: string[] = [];
    for (const AccessKeyId of this.leaked.keys()) {
      // It fails for a key that was deleted.
      const use = await iam.getAccessKeyLastUsed({ AccessKeyId }).catch(() => undefined);
      const listed = use && (await iam.listAccessKeys({ UserName: use.UserName }));
      const found = listed?.AccessKeyMetadata?.find((key) => key.AccessKeyId === AccessKeyId);
      live.push(...(found?.Status === "Active" ? [AccessKeyId] : []));
    }
    return live;
  }

  /** Applies with faults, which may kill Terraform; afterwards the lock is released, as recover.md says. */
  async applyWith(faults: Readonly<Record<string, Fault>>): Promise<void> {
    await runWithFaults(this.aws, { folder: this.terraform.folder, faults });
    await this.aws.s3("DELETE", `/${BUCKET}/${this.stateKey}.tflock`);
  }

  /** IDs of the versions of the state, the newest first. */
  async versions(): Promise<readonly string[]> {
    const listing = await (await this.aws.s3("GET", `/${BUCKET}?versions`)).text();
    return [...listing.matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)</g)]
      .filter(([, key]) => key === this.stateKey)
      .map(([, , id = ""]) => id);
  }

  async restoreVersion(version = ""): Promise<void> {
    const source = { "x-amz-copy-source": `${BUCKET}/${this.stateKey}?versionId=${version}` };
    expect((await this.aws.s3("PUT", `/${BUCKET}/${this.stateKey}`, "", source)).status).toBe(200);
  }

  /** Deletes the state, or all of its versions. */
  async loseState(how: "newest" | "all"): Promise<void> {
    await this.aws.s3("DELETE", `/${BUCKET}/${this.stateKey}`);
    if (how === "all") {
      await this.loseVersions(await this.versions());
    }
  }

  async loseVersions(versions: readonly string[]): Promise<void> {
    for (const version of versions) {
      await this.aws.s3("DELETE", `/${BUCKET}/${this.stateKey}?versionId=${version}`);
    }
  }

  /** Leaves a policy at the address of the second one, as an apply that ends while it replaces the policy. */
  async leavePolicy(name: string): Promise<void> {
    const { Policy } = await this.aws.iam().createPolicy({ PolicyName: name, PolicyDocument: allowing("s3:*") });
    const state = JSON.parse(this.terraform.state()) as { serial: number; resources: Tree[] };
    const first = state.resources.find(({ type, mode }) => type === "aws_iam_policy" && mode === "managed") as Tree;
    const [instance] = first.instances as [Tree];
    const attributes = { ...(instance.attributes as Tree), id: Policy?.Arn, arn: Policy?.Arn, name };
    const left = { ...first, name: "policy-2", instances: [{ ...instance, attributes, deposed: "d7f9a5c1" }] };
    const text = JSON.stringify({ ...state, serial: state.serial + 1, resources: [...state.resources, left] });
    expect((await this.aws.s3("PUT", `/${BUCKET}/${this.stateKey}`, text)).status).toBe(200);
  }

  /** The newest version other than the present state that has these keys, and the user. */
  private async versionWith(parts: readonly string[]): Promise<string | undefined> {
    const keys = parts.filter((part) => !part.startsWith("the user "));
    const present = await (await this.aws.s3("GET", `/${BUCKET}/${this.stateKey}`)).text();
    for (const version of await this.versions()) {
      const answer = await this.aws.s3("GET", `/${BUCKET}/${this.stateKey}?versionId=${version}`);
      const text = answer.status === 200 ? await answer.text() : "";
      const isOther = text !== present && text.includes('"aws_iam_user"');
      if (isOther && keys.every((key) => resourcesOf(text).includes(key))) {
        return version;
      }
    }
    return undefined;
  }
}

/** A state whose keys were created 25 hours earlier. Other objects have the date too, and not `encrypted_secret` after it. */
export function agedState(state: string): string {
  return state.replaceAll(/(?<="create_date": ?")[^"]+(?=",\s*"encrypted_secret")/g, (date) =>
    new Date(Date.parse(date) - 25 * 3_600_000).toISOString().replace(/\.\d+/, ""),
  );
}

/** The resources of a state as JSON, without its outputs. */
const resourcesOf = (state: string) => JSON.stringify((JSON.parse(state) as { readonly resources: unknown }).resources);
