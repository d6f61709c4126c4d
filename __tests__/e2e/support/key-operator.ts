import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Document, stringify } from "yaml";
import { otherSlot, SLOTS, type Slot } from "../../../src/iam/key-slots";
import { runCli } from "../../helpers/run-cli";
import { type Fault, runWithFaults } from "./fault-proxy";
import type { Credentials, LocalAws } from "./local-aws";
import type { Deployments } from "./project";
import { atTerminal, type Terraform, terraformEnvironment, withVariables } from "./terraform";

export const BUCKET = "keys-state";
const STATE = "deckhouse/terraform.tfstate";
const USER = "deckhouse";
/** The longest way to the end in the model is shorter. */
const MOST_STEPS = 20;

type Tree = Record<string, unknown>;
type Applied = "applied" | "failed";

interface StoredState {
  readonly resources: readonly {
    readonly type: string;
    readonly name: string;
    readonly instances: readonly { readonly attributes: Readonly<Record<string, string>> }[];
  }[];
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
}

const DAY = 24 * 60;

/**
 * A deployment in its own account, DKP, and a person who follows keys, plan and recover.md, and
 * does nothing else.
 */
export class KeyOperator {
  settings: Tree;
  dkp: Credentials | undefined;
  readonly leaked = new Map<string, Credentials | undefined>();
  /** The key of another deployment of the account: no step may end it. */
  neighbor: Credentials | undefined;
  private readonly ended = new Set<string>();
  readonly steps: string[] = [];
  /** What keys printed last, with other output. */
  readonly printed: string[] = [];
  private dkpKey: string | undefined;
  private isLater = false;

  constructor(
    readonly aws: LocalAws,
    readonly deployments: Deployments,
    readonly terraform: Terraform,
    settings: Readonly<Tree>,
    readonly env: Record<string, string> = {},
  ) {
    this.settings = structuredClone(settings);
  }

  in(aws: LocalAws, terraform: Terraform): KeyOperator {
    const copy = new KeyOperator(aws, this.deployments, terraform, this.settings, this.env);
    copy.dkp = this.dkp;
    copy.neighbor = this.neighbor;
    return copy;
  }

  write(fields: Readonly<Tree> = {}): void {
    this.settings = { ...this.settings, ...structuredClone(fields) };
    this.deployments.write(stringify(this.settings));
  }

  private get user() {
    return (this.settings.user as { readonly name?: string } | undefined)?.name ?? USER;
  }

  async report(): Promise<string> {
    const text = await this.command(
      "keys",
      "deckhouse",
      ...(this.dkpKey === undefined ? [] : ["--dkp-key", this.dkpKey]),
    );
    this.printed.push(text);
    return text;
  }

  /**
   * Follows the printed steps to the end.
   * @throws Error if there is none, DKP's key stops to work although it did not leak, or a leaked
   * key works again
   */
  async settle(): Promise<readonly string[]> {
    for (let count = 0; count < MOST_STEPS; count++) {
      const [leak] = await this.liveLeaks();
      if (leak !== undefined) {
        await this.respond(leak);
        continue;
      }
      const text = await this.report();
      if (!text.includes("next: nothing to do")) {
        await this.follow(text);
        continue;
      }
      if (await this.works()) {
        return this.steps;
      }
      if (!this.isLater) {
        // AWS reports uses hours late, so that keys is run again a day later.
        this.isLater = true;
        await this.passDay();
      } else if (!this.steps.includes("apply: applied")) {
        // DKP's calls are denied: recover.md sends the person to a plan.
        await this.apply();
      } else {
        this.dkpKey = this.dkp?.accessKeyId;
      }
    }
    throw new Error(`no end: ${this.steps.join("; ")}`);
  }

  async follow(text: string): Promise<void> {
    const [, next = ""] = /^next: (.*)$/m.exec(text) ?? [];
    this.steps.push(next);
    if (next.startsWith("first do what is said above")) {
      await this.resolve(text);
      return;
    }
    if (next.startsWith("find out which key DKP has")) {
      this.dkpKey = this.dkp?.accessKeyId;
      return;
    }
    if (next.startsWith("wait until")) {
      await this.passDay();
      return;
    }
    const own = this.dkp?.accessKeyId;
    if (text.includes("--dkp-key") && own !== undefined && own === (await this.currentId())) {
      this.dkpKey = own;
      return;
    }
    const edits = [...text.matchAll(/^ {2}deployments\/deckhouse\.yaml: (\S+): (.+)$/gm)];
    if (edits.length > 0) {
      this.edit(edits.map(([, setting = "", value]) => [setting, value]));
    }
    const [, ending, ended = ""] =
      /^ {2}aws iam (update|delete)-access-key .*--access-key-id=(AKIA\w+)/m.exec(text) ?? [];
    if (ending !== undefined) {
      await this.guarded(`aws iam ${ending}-access-key`, () => this.endKey(ended, ending));
    }
    for (const [, command] of text.matchAll(/^ {2}then npx dkp-access (apply|hand-over) /gm)) {
      const result =
        command === "apply"
          ? await this.apply()
          : await this.guarded("hand-over", () => this.handOver());
      if (result === "failed") {
        await this.afterFailure();
        return;
      }
    }
  }

  private edit(edits: readonly (readonly [setting: string, value: unknown])[]) {
    const document = new Document(this.settings);
    for (const [setting, value] of edits) {
      if (value === undefined) {
        document.deleteIn(setting.split("."));
      } else {
        document.setIn(setting.split("."), value);
      }
    }
    this.settings = document.toJS();
    this.write();
  }

  private statusOf(slot: Slot) {
    const slots = (this.settings.accessKeys ?? {}) as Record<
      string,
      { readonly status?: string } | undefined
    >;
    return slots[slot]?.status ?? (slot === "primary" ? "Active" : "absent");
  }

  private get current() {
    return ((this.settings.accessKeys ?? {}) as { readonly current?: Slot }).current ?? "primary";
  }

  private async guarded<T>(what: string, does: () => Promise<T>) {
    const worked = await this.works();
    const result = await does();
    if (this.neighbor !== undefined && !(await this.aws.accepts(this.neighbor))) {
      throw new Error(
        `the key of another deployment stops to work by ${what}, after ${this.steps.join(", ")}`,
      );
    }
    if (worked && !(await this.works()) && !this.leaked.has(this.dkp?.accessKeyId ?? "")) {
      throw new Error(`DKP's key stops to work by ${what}, after ${this.steps.join(", ")}`);
    }
    await this.checkLeaks(what);
    return result;
  }

  private apply() {
    return this.guarded("apply", async () => {
      const result = this.applyChange();
      this.steps.push(`apply: ${result}`);
      return result;
    });
  }

  protected applyChange(): Applied {
    const env = { ...terraformEnvironment(this.aws), ...this.env };
    const { status, output } = atTerminal("yes", this.deployments.path, env, "apply", "deckhouse");
    this.printed.push(output);
    if (output.includes("Verdict: breaking")) {
      throw new Error(`a step is breaking, after ${this.steps.join(", ")}:\n${output}`);
    }
    return status === 0 ? "applied" : "failed";
  }

  /**
   * Runs `dkp-access` in this process, which saves its start: 0.7 s of CPU time (measured).
   * @returns its output, whatever its exit code
   */
  private async command(...args: readonly string[]) {
    const env = { ...terraformEnvironment(this.aws), ...this.env };
    const { stdout, stderr } = await withVariables(env, () =>
      runCli(this.deployments.path, args, env),
    );
    if (stdout === "") {
      throw new Error(`${args.join(" ")} printed nothing: ${stderr}`);
    }
    return stdout;
  }

  async works(): Promise<boolean> {
    return this.dkp !== undefined && (await this.aws.accepts(this.dkp));
  }

  private async checkLeaks(by: string) {
    const live = await this.liveLeaks();
    for (const id of this.leaked.keys()) {
      if (!live.includes(id)) {
        this.ended.add(id);
      } else if (this.ended.has(id)) {
        throw new Error(`the leaked key ${id} works again, by ${by}`);
      }
    }
  }

  async handOver(): Promise<Credentials> {
    this.dkpKey = undefined;
    const { provider } = JSON.parse(
      await this.command("hand-over", "deckhouse", "--yes", "--format", "json"),
    ) as {
      readonly provider: {
        readonly providerAccessKeyId: string;
        readonly providerSecretAccessKey: string;
      };
    };
    this.dkp = {
      accessKeyId: provider.providerAccessKeyId,
      secretAccessKey: provider.providerSecretAccessKey,
    };
    return this.dkp;
  }

  /** More than a day passes, in which DKP uses its key. */
  async passDay(): Promise<void> {
    this.dkpKey = undefined;
    await this.aws.passDay();
    await this.works();
    await (this.neighbor && this.aws.accepts(this.neighbor));
    await this.ageState();
  }

  /** The keys in the state become as old as those in IAM. */
  private async ageState() {
    const state = await this.stateText();
    const aged = agedState(state);
    if (aged !== state) {
      await this.aws.s3("PUT", `/${BUCKET}/${STATE}`, aged);
    }
  }

  private async keys(user = this.user) {
    const iam = this.aws.iam();
    const listed = await this.aws.keysOf(user).catch(() => []);
    const keys = listed.map(async ({ AccessKeyId: id = "", Status: status = "", CreateDate }) => {
      const { AccessKeyLastUsed } = await iam.getAccessKeyLastUsed({ AccessKeyId: id });
      const minutes = (date: Date | undefined) => (Date.now() - (date?.getTime() ?? 0)) / 60_000;
      return {
        id,
        status,
        age: minutes(CreateDate),
        idle: minutes(AccessKeyLastUsed?.LastUsedDate),
      };
    });
    return Promise.all(keys);
  }

  private async statusInIam(id: string) {
    return (await this.keys()).find((key) => key.id === id)?.status;
  }

  private async stateText() {
    const answer = await this.aws.s3("GET", `/${BUCKET}/${STATE}`);
    return answer.status === 200 ? answer.text() : "";
  }

  private async state() {
    const text = await this.stateText();
    return text === "" ? undefined : (JSON.parse(text) as StoredState);
  }

  private async currentId() {
    return (await this.state())?.outputs.access_key_id?.value;
  }

  private async keyOf(slot: Slot) {
    const name = slot === "primary" ? "user" : "user-secondary";
    const key = (await this.state())?.resources.find(
      (resource) => resource.type === "aws_iam_access_key" && resource.name === name,
    );
    return key?.instances[0]?.attributes.id;
  }

  async setStatus(
    AccessKeyId: string,
    Status: "Active" | "Inactive",
    UserName = this.user,
  ): Promise<void> {
    await this.aws.iam().updateAccessKey({ UserName, AccessKeyId, Status });
  }

  private async endKey(AccessKeyId: string, ending: string) {
    await (ending === "delete"
      ? this.aws.deleteKey(AccessKeyId, this.user)
      : this.setStatus(AccessKeyId, "Inactive"));
  }

  /** The slots that a text names go back to what is deployed. */
  private async restore(text: string) {
    for (const [, slot] of text.matchAll(/restore accessKeys\.(\w+)\.status/g)) {
      const id = await this.keyOf(slot as Slot);
      const status = id && (await this.statusInIam(id));
      this.edit([[`accessKeys.${slot}.status`, status ?? this.statusOf(slot as Slot)]]);
    }
  }

  /** Terraform names what failed, and recover.md has its section. */
  private async afterFailure() {
    const output = this.printed.at(-1) ?? "";
    if (
      output.includes("errored.tfstate") ||
      existsSync(join(this.terraform.folder, "errored.tfstate"))
    ) {
      this.pushErroredState();
    } else if (output.includes("LimitExceeded")) {
      await this.removeUnmanaged();
    } else if (await this.isRenamed()) {
      await this.rename();
    } else if (output.includes("EntityAlreadyExists")) {
      this.edit([
        ["import.user", true],
        ["import.policy", true],
      ]);
    } else if (output.includes("Cannot import non-existent")) {
      this.edit([["import", undefined]]);
    } else {
      throw new Error(output);
    }
  }

  private pushErroredState() {
    try {
      this.terraform.run("state", "push", "errored.tfstate");
    } catch {
      // Terraform rejects it: it is older, or that of something else.
    }
    rmSync(join(this.terraform.folder, "errored.tfstate"));
  }

  private readonly isRenamed = async () => (await this.keys("deckhouse-old")).length > 0;

  private rename() {
    return this.guarded("rename", async () => {
      // An apply may have created a user of the old name, without a key.
      await this.aws
        .iam()
        .deleteUser({ UserName: this.user })
        .catch(() => undefined);
      await this.aws.iam().updateUser({ UserName: "deckhouse-old", NewUserName: this.user });
    });
  }

  private async resolve(text: string) {
    const [, deployed] = /restore what is deployed: accessKeys\.(.*)$/m.exec(text) ?? [];
    if (text.includes("#errored-state")) {
      this.pushErroredState();
    } else if (text.includes("#renamed-user")) {
      await ((await this.isRenamed()) ? this.rename() : this.apply());
    } else if (text.includes("#lost-state")) {
      await this.restoreOrImport();
    } else if (text.includes("#old-state")) {
      const version = await this.versionWith((await this.currentId()) ?? "");
      await (version === undefined ? this.applyAnother() : this.restoreVersion(version));
    } else if (text.includes("#quarantine")) {
      for (const id of await this.liveLeaks()) {
        await this.respond(id);
      }
      await this.endQuarantine();
    } else if (text.includes("wait ten minutes")) {
      await this.ageState();
    } else if (deployed !== undefined) {
      const fields = deployed.split(", ").map((field) => field.split(": "));
      this.edit(fields.map(([field, value]) => [`accessKeys.${field}`, value]));
    } else if (/restore accessKeys\.\w+\.status/.test(text)) {
      await this.restore(text);
    } else if (text.includes(" is Inactive in IAM and Active in the settings")) {
      await this.afterDeactivation(text);
    } else if (text.includes("#unmanaged-key")) {
      await this.removeUnmanaged();
    } else {
      throw new Error(`no page resolves this:\n${text}`);
    }
  }

  private async applyAnother() {
    if ((await this.apply()) === "failed") {
      await this.removeUnmanaged();
    }
  }

  private async restoreOrImport() {
    const version = await this.versionWith('"aws_iam_user"');
    if (version !== undefined) {
      await this.restoreVersion(version);
      return;
    }
    const isSeveral = (await this.keys()).length > 1;
    this.edit([
      ["accessKeys", undefined],
      ["import.user", true],
      ["import.policy", true],
    ]);
    if (isSeveral) {
      await this.removeUnmanaged();
    }
    await this.apply();
    this.edit([["import", undefined]]);
  }

  private async afterDeactivation(text: string) {
    const [, id = ""] =
      /: (AKIA\w+) is Inactive in IAM and Active in the settings/.exec(text) ?? [];
    const [, slot] = /set accessKeys\.(\w+)\.status: Inactive, and apply/.exec(text) ?? [];
    if (this.leaked.has(id)) {
      await this.respond(id);
    } else if (slot === undefined) {
      await this.setStatus(id, "Active");
    } else {
      this.edit([[`accessKeys.${slot}.status`, "Inactive"]]);
      await this.apply();
    }
  }

  private async endQuarantine() {
    const { AttachedPolicies = [] } = await this.aws
      .iam()
      .listAttachedUserPolicies({ UserName: this.user });
    for (const { PolicyArn = "" } of AttachedPolicies.filter(({ PolicyName = "" }) =>
      PolicyName.includes("Quarantine"),
    )) {
      await this.aws.iam().detachUserPolicy({ UserName: this.user, PolicyArn });
    }
  }

  private async removeUnmanaged() {
    const managed = await Promise.all(SLOTS.map((slot) => this.keyOf(slot)));
    const outside = (await this.keys()).filter(({ id }) => !managed.includes(id));
    const key = outside.find(({ id }) => id !== this.dkp?.accessKeyId) ?? outside[0];
    if (key === undefined) {
      throw new Error("no key is outside Terraform");
    }
    if (key.id === this.dkp?.accessKeyId) {
      const version = await this.versionWith(key.id);
      if (version !== undefined) {
        await this.restoreVersion(version);
        return;
      }
      await this.replaceUnmanaged();
    }
    for (let days = 0; days < 3; days++) {
      const now = (await this.keys()).find(({ id }) => id === key.id);
      if (now !== undefined && Math.min(now.age, now.idle) < DAY) {
        await this.passDay();
      }
    }
    await this.guarded("deactivate an unmanaged key", () => this.setStatus(key.id, "Inactive"));
    await this.passDay();
    await this.guarded("delete an unmanaged key", () => this.endKey(key.id, "delete"));
  }

  /** IAM has two keys already, so that Terraform may create only one. */
  private async replaceUnmanaged() {
    const active: Slot[] = [];
    for (const slot of SLOTS) {
      const id = await this.keyOf(slot);
      active.push(...(id !== undefined && (await this.statusInIam(id)) === "Active" ? [slot] : []));
    }
    const own = active.includes(this.current) ? this.current : (active[0] ?? this.current);
    const other = otherSlot(own);
    const otherId = await this.keyOf(other);
    const isOther =
      otherId !== undefined &&
      (await this.statusInIam(otherId)) !== undefined &&
      active.includes(own);
    this.edit([
      ["accessKeys.current", own],
      [`accessKeys.${own}.status`, "Active"],
      [`accessKeys.${other}.status`, isOther ? this.statusOf(other) : "absent"],
    ]);
    await this.apply();
    await this.guarded("hand-over", () => this.handOver());
  }

  /** `after-a-leak.md`, as `keys --leaked` prints it. */
  private async respond(id: string) {
    const text = await this.command("keys", "deckhouse", "--leaked", id);
    this.printed.push(text);
    this.steps.push(`leak of ${id}`);
    const [, deactivate, , remove] = text.split(/^\*\*\d\. /m);
    for (const command of [deactivate, remove]) {
      const [, user = ""] = /--user-name=(\S+)/.exec(command ?? "") ?? [];
      const [, kind] = /aws iam (\S+)/.exec(command ?? "") ?? [];
      await this.guarded(`${kind} of the leaked key`, async () => {
        await (kind === "delete-access-key"
          ? this.aws.deleteKey(id, user)
          : this.setStatus(id, "Inactive", user));
      });
    }
    await this.endQuarantine().catch(() => undefined);
    const [, slot, current] =
      /set accessKeys\.(\w+)\.status: absent, and current: (\w+), before/.exec(text) ?? [];
    if (slot !== undefined) {
      this.edit([
        [`accessKeys.${slot}.status`, "absent"],
        ["accessKeys.current", current],
      ]);
    }
    const result = await this.apply();
    const currentId = await this.currentId();
    if (
      result !== "failed" &&
      currentId !== undefined &&
      (await this.statusInIam(currentId)) === "Active"
    ) {
      await this.guarded("hand-over", () => this.handOver());
    }
  }

  private async liveLeaks() {
    const iam = this.aws.iam();
    const live: string[] = [];
    for (const AccessKeyId of this.leaked.keys()) {
      const use = await iam.getAccessKeyLastUsed({ AccessKeyId }).catch(() => undefined);
      const listed = use && (await this.aws.keysOf(use.UserName));
      const found = listed?.find((key) => key.AccessKeyId === AccessKeyId);
      live.push(...(found?.Status === "Active" ? [AccessKeyId] : []));
    }
    return live;
  }

  /** Faults may kill Terraform; afterwards the lock is released, as recover.md says. */
  async applyWith(faults: Readonly<Record<string, Fault>>): Promise<void> {
    this.deployments.synth();
    await runWithFaults(this.aws, { folder: this.terraform.folder, faults });
    await this.aws.s3("DELETE", `/${BUCKET}/${STATE}.tflock`);
  }

  async versions(): Promise<readonly string[]> {
    const listing = await (await this.aws.s3("GET", `/${BUCKET}?versions`)).text();
    return [...listing.matchAll(/<Key>([^<]*)<\/Key><VersionId>([^<]*)</g)]
      .filter(([, key]) => key === STATE)
      .map(([, , id = ""]) => id);
  }

  async restoreVersion(version = ""): Promise<void> {
    const source = { "x-amz-copy-source": `${BUCKET}/${STATE}?versionId=${version}` };
    expect((await this.aws.s3("PUT", `/${BUCKET}/${STATE}`, "", source)).status).toBe(200);
  }

  async loseState(how: "newest" | "all"): Promise<void> {
    await this.aws.s3("DELETE", `/${BUCKET}/${STATE}`);
    if (how === "all") {
      await this.loseVersions(await this.versions());
    }
  }

  async loseVersions(versions: readonly string[]): Promise<void> {
    for (const version of versions) {
      await this.aws.s3("DELETE", `/${BUCKET}/${STATE}?versionId=${version}`);
    }
  }

  private async versionWith(text: string) {
    const present = await this.stateText();
    for (const version of await this.versions()) {
      const answer = await this.aws.s3("GET", `/${BUCKET}/${STATE}?versionId=${version}`);
      const stored = answer.status === 200 ? await answer.text() : "";
      if (stored !== present && stored !== "" && resourcesOf(stored).includes(text)) {
        return version;
      }
    }
    return undefined;
  }
}

/**
 * A state whose keys were created 25 hours earlier. Other objects have the date too, and not
 * `encrypted_secret` after it.
 */
export function agedState(state: string): string {
  return state.replaceAll(/(?<="create_date": ?")[^"]+(?=",\s*"encrypted_secret")/g, (date) =>
    new Date(Date.parse(date) - 25 * 3_600_000).toISOString().replace(/\.\d+/, ""),
  );
}

const resourcesOf = (state: string) =>
  JSON.stringify((JSON.parse(state) as { readonly resources: unknown }).resources);
