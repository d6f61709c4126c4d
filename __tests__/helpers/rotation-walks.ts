import { DAY } from "../../packages/cli/src/account/key-times";
import {
  contained,
  type LeakWorld,
  leakPlan,
  respond,
} from "../../packages/cli/src/account/rotate/leak";
import { keysBefore, newKeyFor } from "../../packages/cli/src/account/rotate/new-key";
import {
  type RotateFound,
  rotatingOf,
  type Situation,
  UNUSED_DAYS,
  unreadFindings,
} from "../../packages/cli/src/account/rotate/next-step";
import { ROTATE_RULES } from "../../packages/cli/src/account/rotate/rotate-rules";
import { rotateOnce } from "../../packages/cli/src/account/rotate/rotation";
import { exitCodeOf } from "../../packages/cli/src/findings/finding";
import type { Deployment } from "../../src/settings/deployment";
import { deployment } from "./deployment";
import { Account, NIGHTLY } from "./rotation-account";
import { type Failure, failing, inTurns, type Run, random } from "./rotation-runs";

const [terraform, rotate] = (["terraform", "rotate"] as const).map((managedBy) =>
  deployment(`accessKeys: { managedBy: ${managedBy} }`),
) as [Deployment, Deployment];
const DEPLOYMENTS = { terraform, rotate };

const SECOND = 1000;
const HOUR = 3600 * SECOND;

/** AWS reports a use hours late. */
const REPORT = 4 * HOUR;

/** The API server ends a request within a minute. */
const LATEST = 60 * SECOND;

/** Each of them happens to a thirtieth of the writes. */
const FAILURES: readonly Failure[] = ["killed before", "killed after", "answer lost"];
const SHARE = 1 / 10;

/** Without failures, at the end. */
const QUIET_NIGHTS = 60;

/** Of a night after which nothing is left to do. */
const DONE = [
  ...["nothing-due", "nothing-to-end", "former-inactive", "younger-unused", "not-handed-over"],
];

const DEPLOYMENT = deployment("accessKeys: { managedBy: rotate }");

export const WORLDS = ["plain", "Commander", "two clusters", "Terraform"] as const;

/** A key that the Secret or a component has. */
interface Held {
  readonly id: string;
  /** Whether AWS accepted it when somebody wrote it. */
  readonly worked: boolean;
}

/** Who ended a key. A person who ends one, or names one as leaked, is right. */
type By = "a night" | "a person's rotation" | "a response" | "a person";

type Command = (world: LeakWorld) => Promise<readonly RotateFound[]>;

type Event = readonly [
  weight: number,
  name: string,
  isPossible: boolean,
  happen: () => Promise<unknown> | unknown,
];

/** Keys are numbered by their creation. */
const orderOf = (id: string): number => Number(id.replace(/\D+/, "0"));

/** Random events around the keys of one user. The program is the real one. */
export class Walk {
  /** What is wrong, with the events before it. */
  wrong: string | undefined;
  steps = 0;
  private readonly log: string[] = [];
  private readonly next: () => number;
  private readonly account: Account;
  /** A write whose answer was lost, and that can land later. */
  private late: { readonly at: number; readonly land: () => Promise<unknown> }[] = [];
  private secret: Held = { id: "FIRST", worked: true };
  private yesterday = this.secret;
  private readonly written = [this.secret.id];
  /** The cloud controller takes another key within the day, the CSI driver a day later. */
  private controller = this.secret;
  private csi = this.secret;
  private second: Held | undefined;
  private isMaintained = false;
  private isStopped = false;
  private restUntil = 0;
  private stillUntil = 0;
  private file: { readonly id: string; readonly at: number } | undefined;
  private stolen: string | undefined;
  private isTerraform: boolean;
  private inState: string | undefined;
  private readonly ended = new Map<string, By>();
  /** When something of DKP used a key first. */
  private readonly used = new Map<string, number>();
  /** Named in a response, and those of a response that has finished. */
  private readonly named = new Set<string>();
  private readonly answered = new Set<string>();

  constructor(
    private readonly world: (typeof WORLDS)[number],
    seed: number,
  ) {
    this.next = random(seed);
    const start = Date.parse("2026-01-01T00:00:00Z") + this.number(7) * DAY;
    this.account = new Account(new Date(start), () => this.next() * REPORT);
    this.account.set({
      ...{ id: "FIRST", status: "Active", created: new Date(start - this.number(40) * DAY) },
      uses: [{ at: new Date(start - REPORT), service: "ec2" }],
    });
    this.account.secret = "FIRST";
    this.isTerraform = world === "Terraform";
    this.inState = this.isTerraform ? "FIRST" : undefined;
    this.second = world === "two clusters" ? this.secret : undefined;
  }

  /** @param length in events */
  async play(length: number): Promise<void> {
    while (this.steps < length && this.wrong === undefined) {
      const events = this.events().filter(([, , isPossible]) => isPossible);
      let rest = this.next() * events.reduce((sum, [weight]) => sum + weight, 0);
      const event = events.find(([weight]) => {
        rest -= weight;
        return rest < 0;
      });
      this.log.push(event?.[1] ?? "");
      await event?.[3]();
      this.afterStep();
    }
    await this.settle();
  }

  private events(): readonly Event[] {
    const { account, isTerraform, stolen, second, world } = this;
    const isDead = !account.works(account.secret);
    const isRunning = !this.isStopped;
    const rotates = isRunning && !isTerraform;
    const isOfTerraform = world === "Terraform" || world === "Commander";
    const canHandOver = isRunning && isTerraform && account.works(this.inState ?? "");
    const areEqual = this.controller.id === this.csi.id && second === undefined;
    const nightBeside = () => this.together(this.rotate(), "a night");
    const now = () => this.rotation("a person's rotation", { isWanted: true });
    return [
      [70, "a day and a night", true, () => this.dayAndNight()],
      [4, "two nights at once", isRunning, nightBeside],
      [3, "rotate --now", rotates, now],
      [2, "rotate --now, twice", rotates, () => now().then(now)],
      [6, "rotate, answered", isRunning && isDead, () => this.replaceDead()],
      [3, "rotate --out", !isTerraform, () => this.out()],
      [5, "the file is pasted", isRunning && this.file !== undefined, () => this.paste()],
      [1, "maintenance", true, () => this.maintain()],
      [1, "holidays", +account.now > this.restUntil + 5 * DAY, () => this.rest()],
      [1, "DKP stands still", areEqual, () => this.standStill()],
      [2, "the cluster stops or starts", true, () => this.stopOrStart()],
      [1, "a key leaks", stolen === undefined, () => this.leak()],
      [8, "a response", stolen !== undefined, () => this.response(false)],
      [2, "a response beside a night", stolen !== undefined && rotates, () => this.response(true)],
      [1, "the alarm is closed", this.answered.has(stolen ?? ""), () => this.close()],
      [1, "a former key is written back", isRunning, () => this.writeBack()],
      [
        1,
        "the second gets the key",
        second !== undefined && !isDead,
        () => this.share(this.secret),
      ],
      [2, "apply", isTerraform && account.keys().length < 2, () => this.apply()],
      [2, "hand-over", canHandOver, () => this.write(this.inState ?? "")],
      [0.3, "managedBy changes", isOfTerraform, () => this.changeManager()],
    ];
  }

  private number(below: number) {
    return Math.floor(this.next() * below);
  }

  private expect(isRight: boolean, otherwise: string) {
    if (!isRight && this.wrong === undefined) {
      this.wrong = [`${this.world}: ${otherwise}`, ...this.log.slice(-30)].join("\n");
    }
  }

  private afterStep() {
    const { account } = this;
    this.steps += 1;
    for (const id of this.answered) {
      this.expect(!account.works(id), `${id}, which leaked, works after a response`);
    }
    const ago = (time?: Date) => time && ((+account.now - +time) / DAY).toFixed(1);
    const keys = account.keys().map(({ id, status, created, lastUsed }) => {
      return `${id} ${status} ${ago(created)} used ${ago(lastUsed?.at)} ${lastUsed?.service}`;
    });
    this.log.push(`  ${keys.join(", ")}; held: ${this.held().join(" ")}`);
  }

  private held() {
    const { secret, controller, csi, second } = this;
    return [secret, controller, csi, second].map((each) => each?.id);
  }

  // The program.

  private observed(by: By): LeakWorld {
    const world = this.account.world();
    const end = (id: string) => {
      const isNamed = by === "a response" && this.named.has(id);
      const isUnreported = !this.isReported(id);
      if (by === "a response" && !isNamed) {
        this.expect(isUnreported, `a response ends ${id}, which was used and did not leak`);
      }
      const isRight = isNamed || (isUnreported && by !== "a night");
      this.ended.set(id, isRight ? "a person" : (this.ended.get(id) ?? by));
    };
    return {
      ...world,
      setStatus: async (id, status) => {
        await world.setStatus(id, status);
        if (status === "Inactive") {
          end(id);
        } else {
          this.ended.delete(id);
        }
      },
      deleteKey: async (id) => {
        await world.deleteKey(id);
        end(id);
      },
      give: async (key) => {
        const refusal = await world.give(key);
        if (refusal === undefined) {
          const isRight = this.account.works(key.id) || this.named.has(key.id);
          this.expect(isRight, `${key.id} was ended on its way into the cluster`);
          this.hold(key.id, true);
        }
        return refusal;
      },
    };
  }

  /** Whether AWS reports a use by now. */
  private isReported(id: string) {
    return (this.used.get(id) ?? Number.POSITIVE_INFINITY) + REPORT <= +this.account.now;
  }

  /** @returns undefined if the run was killed, or ended with an error */
  private async run(
    by: By,
    command: Command,
    canFail = true,
    turn: Parameters<Run>[0] = (call) => call(),
  ): Promise<readonly RotateFound[] | undefined> {
    const world = failing(
      this.observed(by),
      (call) =>
        turn(async () => {
          await this.pass(this.next() * SECOND);
          return await call();
        }),
      () => (canFail ? FAILURES[Math.floor((this.next() / SHARE) * FAILURES.length)] : undefined),
      (land) => {
        if (this.next() < 0.7) {
          this.late.push({ at: +this.account.now + this.next() * LATEST, land });
        }
      },
    );
    const found = await command(world).catch((error: Error) => {
      this.log.push(`  ${error.constructor.name} ${error.message}`);
      this.expect(!(error instanceof TypeError), "a test that is wrong");
      return undefined;
    });
    this.log.push(`  ${by}: ${found?.map(({ rule }) => rule).join()}`);
    return found;
  }

  /** Beside a night. */
  private async together(command: Command, by: By) {
    let found: readonly RotateFound[] | undefined;
    const runs: readonly Run[] = [
      async (turn) => {
        found = await this.run(by, command, true, turn);
      },
      async (turn) => void (await this.run("a night", this.rotate(), true, turn)),
    ];
    await inTurns(runs, (count) => this.number(count));
    return found;
  }

  private get reader() {
    const managedBy = this.isTerraform ? "terraform" : "rotate";
    return rotatingOf(DEPLOYMENTS[managedBy], this.world === "Commander").reader;
  }

  private rotate(more: Partial<Situation> = {}): Command {
    const wanted = { ...NIGHTLY, reader: this.reader, ...more };
    return async (world) => (await rotateOnce(world, wanted, async () => undefined)).findings;
  }

  private async rotation(by: By, more: Partial<Situation> = {}, canFail = true) {
    const { id } = this.secret;
    const isDead = !this.account.works(id);
    const isOwn = !isDead && this.account.isPairRight;
    const found = await this.run(by, this.rotate(more), canFail);
    const isGiven = this.secret.id !== id;
    this.expect(isOwn || !isGiven || by !== "a night", "a night replaces a pair that is dead");
    if (found !== undefined && isDead && !isGiven) {
      const code = exitCodeOf(ROTATE_RULES, found);
      this.expect(code === 3, `exit code ${code} while DKP's key does not work`);
    }
    return found?.map(({ rule }) => rule).join() ?? "";
  }

  private async replaceDead(canFail = true) {
    return await this.rotation("a person's rotation", { isAnswered: true }, canFail);
  }

  private async dayAndNight() {
    await this.day();
    await (this.isStopped ? this.unreadNight() : this.rotation("a night"));
  }

  /** A person who knows which key DKP has does what a night without the cluster prints. */
  private async unreadNight() {
    const { account, reader } = this;
    const found = unreadFindings({ ...NIGHTLY, keys: account.keys(), now: account.now, reader });
    for (const { rule, values } of found) {
      const { key, other = "" } = values as Readonly<Record<string, string>>;
      if (rule === "end-by-person" && key === account.secret) {
        await this.observed("a night").setStatus(other, "Inactive");
      }
    }
  }

  private async out(canFail = true) {
    const command: Command = async (world) => {
      const { room } = await keysBefore(world, "deckhouse");
      await (room && world.deleteKey(room.id));
      return [await this.toFile(world)];
    };
    await this.run("a person's rotation", command, canFail);
  }

  private async toFile(world: LeakWorld): Promise<RotateFound> {
    const take = async () => undefined;
    const found = await newKeyFor(world, DEPLOYMENT, { name: "FILE", take }, () => undefined);
    const { key: id } = found.values as { readonly key: string };
    this.file = { id, at: +this.account.now };
    return found;
  }

  private async response(isBesideNight: boolean, canFail = true) {
    const { account, stolen = "", world } = this;
    this.named.add(stolen);
    const isRead = !this.isStopped && this.next() < 0.5;
    const isAnswered = this.next() < 0.5;
    const command: Command = async (base) => {
      const unread = () => Promise.reject(new Error("the cluster was not read"));
      const without = { ...base, dkpKey: unread, give: unread, signs: unread };
      const elsewhere =
        isAnswered && !this.isTerraform
          ? { name: "FILE", create: () => this.toFile(without) }
          : undefined;
      const refusal = { reason: "no answer, or Commander", options: "--out FILE" };
      const reading = { ...base, refusal: world === "Commander" ? refusal : undefined };
      const asked = isRead ? reading : { ...without, elsewhere };
      const plan = await leakPlan(asked, [stolen], "deckhouse");
      const agreed = isRead && !isAnswered ? contained(plan, refusal) : plan;
      return await respond(asked, agreed, "aws ...", this.isTerraform ? "terraform" : "rotate");
    };
    const found = isBesideNight
      ? await this.together(command, "a response")
      : await this.run("a response", command, canFail);
    if (found === undefined) {
      return;
    }
    this.answered.add(stolen);
    const code = exitCodeOf(ROTATE_RULES, found);
    const isSaid = code === 3 || !isRead || isBesideNight || account.works(account.secret);
    this.expect(isSaid, `a response ends with ${code} while DKP's key does not work`);
    const { key } = (found.find(({ rule }) => rule === "leak-has-key")?.values ?? {}) as {
      readonly key?: string;
    };
    const isYounger = key === undefined || !this.isReported(key) || orderOf(key) > orderOf(stolen);
    this.expect(isYounger, `a response calls ${key} younger than ${stolen}`);
  }

  // What happens around it.

  private async pass(duration: number) {
    const end = +this.account.now + duration;
    for (;;) {
      const [first] = this.late.toSorted((one, other) => one.at - other.at);
      if (first === undefined || first.at > end) {
        break;
      }
      this.late = this.late.filter((each) => each !== first);
      this.account.now = new Date(Math.max(first.at, +this.account.now));
      await first.land().catch(() => undefined);
    }
    this.account.now = new Date(end);
  }

  /** On weekends and holidays, the CSI driver and the second cluster call nothing. */
  private async day() {
    const [csiAt, secondAt, takesAt] = [this.number(4), this.number(4), this.number(4)];
    const weekday = Math.floor(+this.account.now / DAY) % 7;
    const isWorkday = weekday < 5 && +this.account.now > this.restUntil;
    const isStill = this.isStopped || +this.account.now < this.stillUntil;
    for (let quarter = 0; quarter < 4; quarter += 1) {
      await this.pass(DAY / 4);
      if (!isStill) {
        this.use(this.controller, "the cloud controller");
        this.controller = quarter === takesAt ? this.secret : this.controller;
      }
      if (!isStill && isWorkday && quarter === csiAt) {
        this.use(this.csi, "the CSI driver");
      }
      if (isWorkday && quarter === secondAt) {
        this.use(this.second, "the second cluster");
      }
    }
    this.csi = isStill || this.isMaintained ? this.csi : this.yesterday;
    this.yesterday = isStill ? this.yesterday : this.secret;
    if (this.stolen !== undefined && this.next() < 0.5) {
      // An attacker who uses DKP's new key as DKP does, before DKP has it, ends the former one.
      this.account.use(this.stolen, isStill || this.next() < 0.5 ? "sts" : "ec2");
    }
  }

  private use(held: Held | undefined, who: string) {
    if (held?.worked !== true) {
      return;
    }
    const { id } = held;
    if (this.account.use(id, "ec2")) {
      this.used.set(id, this.used.get(id) ?? +this.account.now);
      return;
    }
    const by = this.ended.get(id) ?? "a person";
    this.expect(by === "a person", `${by} ended ${id}, which ${who} uses`);
  }

  private hold(id: string, worked: boolean) {
    this.account.secret = id;
    this.account.isPairRight = worked;
    this.secret = { id, worked };
    this.written.push(id);
  }

  /** Somebody writes a key into the cluster, and not within a minute of a run. */
  private async write(id: string, isPairRight = true) {
    await this.pass(LATEST);
    this.hold(id, isPairRight && this.account.works(id));
  }

  private async writeBack() {
    await this.write(this.written[this.number(this.written.length)] ?? "");
  }

  private async paste() {
    const { id, at } = this.file ?? { id: "", at: 0 };
    this.file = undefined;
    const isGood = +this.account.now + REPORT < at + UNUSED_DAYS * DAY;
    const isEnded = isGood && this.ended.get(id) === "a night";
    this.expect(!isEnded, `a night ended ${id}, whose file is good`);
    if (this.second === undefined) {
      await this.write(id, this.next() < 0.75);
    } else if (isGood) {
      this.share({ id, worked: this.account.works(id) });
    }
  }

  /** The components of the second cluster start with the key. */
  private share(held: Held) {
    this.second = held;
    this.use(held, "the second cluster");
  }

  private maintain() {
    this.isMaintained = !this.isMaintained;
  }

  /** With two weekends less than two weeks. */
  private rest() {
    this.restUntil = +this.account.now + this.number(9) * DAY;
  }

  /** The components of DKP call nothing, take no key, and go on with the one that they have. */
  private standStill() {
    this.stillUntil = +this.account.now + this.number(25) * DAY;
  }

  /** Components that start take the key of the Secret, and nobody gives another one that hour. */
  private async stopOrStart() {
    await this.pass(LATEST);
    this.isStopped = !this.isStopped;
    if (!this.isStopped) {
      this.controller = this.secret;
      this.csi = this.secret;
      this.yesterday = this.secret;
      this.use(this.secret, "the cluster that starts");
      await this.pass(REPORT);
    }
  }

  private leak() {
    const keys = this.account.keys();
    this.stolen = keys[this.number(keys.length)]?.id;
  }

  private close() {
    this.stolen = undefined;
  }

  private async apply() {
    if (!this.account.keys().some(({ id }) => id === this.inState)) {
      this.inState = (await this.account.world().createKey()).id;
    }
  }

  private changeManager() {
    this.isTerraform = !this.isTerraform;
    this.inState = undefined;
  }

  // A person who follows the reports of quiet nights.

  private async settle() {
    Object.assign(this, {
      isMaintained: false,
      isStopped: true,
      restUntil: 0,
      stillUntil: 0,
      file: undefined,
    });
    await this.stopOrStart();
    this.hold(this.secret.id, this.account.works(this.secret.id));
    if (this.stolen !== undefined) {
      await this.response(false, false);
      this.close();
    }
    for (let night = 0; night < QUIET_NIGHTS && this.wrong === undefined; night += 1) {
      await this.day();
      // That Terraform's key is too old is a difference with a name, and no step of a night.
      const rules = (await this.rotation("a night", {}, false)).replace(/,key-old$/, "");
      this.afterStep();
      if (DONE.includes(rules) && this.account.works(this.account.secret)) {
        return;
      }
      await this.follow(rules);
    }
    this.expect(false, "no end");
  }

  private async follow(rules: string) {
    if (/^(dkp-key-dead|due-by-file)/.test(rules)) {
      await this.giveAsPerson();
    } else if (/^(still|younger)-used/.test(rules)) {
      this.removeUnneeded();
      this.second = this.second && this.secret;
    }
  }

  private async giveAsPerson() {
    if (this.reader === undefined) {
      const rules = await this.replaceDead(false);
      if (rules === "dead-without-room") {
        this.removeUnneeded();
      }
      return;
    }
    if (this.account.keys().length > 1) {
      this.removeUnneeded();
    }
    if (this.isTerraform) {
      // Terraform forgets a key that does not work.
      this.inState = this.account.works(this.inState ?? "") ? this.inState : undefined;
      await this.apply();
      await this.write(this.inState ?? "");
    } else {
      await this.out(false);
      await this.write(this.file?.id ?? "");
    }
  }

  /** Of two keys, the one that nothing of DKP has. */
  private removeUnneeded() {
    const held = this.held();
    const unneeded = this.account.keys().find(({ id }) => !held.includes(id));
    if (unneeded !== undefined) {
      this.account.delete(unneeded.id);
      this.ended.set(unneeded.id, "a person");
    }
  }
}
