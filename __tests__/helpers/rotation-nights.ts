import type { IamKey } from "../../packages/cli/src/account/aws/iam-reader";
import { createdOf, DAY } from "../../packages/cli/src/account/key-times";
import type { LeakWorld } from "../../packages/cli/src/account/rotate/leak";
import { ROTATE_RULES } from "../../packages/cli/src/account/rotate/rotate-rules";
import { rotateOnce } from "../../packages/cli/src/account/rotate/rotation";
import type { SecretKey } from "../../packages/cli/src/cluster/configuration";
import { exitCodeOf } from "../../packages/cli/src/findings/finding";
import { NIGHTLY } from "./rotation-account";
import { type Failure, failing, inTurns, Killed, type Run } from "./rotation-runs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Without failures, at the end. */
const QUIET_NIGHTS = 14;

/** Each of them happens to half a share of the writes. */
const FAILURES: readonly Failure[] = [
  "killed before",
  "killed after",
  "answer lost",
  "answer lost",
];

/** In memory, or a local AWS and a cluster. */
export interface Environment {
  /** @param isAway whether the cluster does not answer */
  world(isAway: boolean): LeakWorld;
  /** In milliseconds. */
  pass(duration: number): Promise<void> | void;
  keys(): Promise<readonly IamKey[]> | readonly IamKey[];
  /** The key that DKP's Secret has. */
  secret(): Promise<SecretKey> | SecretKey;
  write(key: SecretKey): void;
  delete(id: string): Promise<void> | void;
  /** Whether AWS allows a call of DKP that is signed with a key. */
  allows(key: SecretKey): Promise<boolean> | boolean;
}

export interface Year {
  rotations: number;
  /** In days. */
  oldestKey: number;
  calls: number;
  /** Calls of DKP that AWS denied. */
  denied: number;
  /** Keys at the end that no rotation retires. */
  left: number;
  /** Runs by how they ended: exit code and rules, or the error. */
  readonly ends: Record<string, number>;
}

interface Nightly {
  readonly nights: number;
  /** The days of a rotation. */
  readonly maxAge: number;
  /** The share of writes at which a run is killed, and also of those whose answer is lost. */
  readonly share: number;
  /** The shortest time between two calls of one component, in milliseconds. */
  readonly pause: number;
}

/**
 * How long after a change of the Secret a component of DKP takes the key, and how often it calls
 * AWS.
 */
interface Component {
  key: SecretKey;
  readonly delay: () => number;
  readonly period: number;
  nextCall: number;
  takesAt: number;
}

/** Nights of `rotate`, and the components of DKP in between. */
export class Nights {
  private time = 0;
  /** When the Secret got another key. */
  private givenAt = 0;
  private readonly components: readonly Component[];
  /** When runs of `rotate` created keys, by their ID. */
  private readonly created = new Map<string, number>();
  /** All keys that the cluster has had, and the last use of each by a component. */
  private readonly given = new Map<string, { readonly key: SecretKey; lastUse: number }>();
  /** Writes whose answer was lost, and that land later. */
  private late: { readonly at: number; readonly land: () => Promise<unknown> }[] = [];
  readonly year: Year = { rotations: 0, oldestKey: 0, calls: 0, denied: 0, left: 0, ends: {} };

  /** @param own the key that the cluster has now */
  constructor(
    private readonly next: () => number,
    private readonly nightly: Nightly,
    private readonly environment: Environment,
    private own: SecretKey,
  ) {
    const component = (delay: () => number, period: number) => ({
      ...{ key: own, delay, takesAt: Number.POSITIVE_INFINITY },
      period: Math.max(period, nightly.pause),
      nextCall: next() * period,
    });
    const minutes = () => (1 + next() * 9) * MINUTE;
    this.components = [
      component(minutes, 20 * MINUTE),
      component(minutes, HOUR),
      component(() => DAY, HOUR),
      component(minutes, DAY),
      component(() => DAY * (1 + next() / 2), DAY),
    ];
  }

  /** All nights with failures, and then a quiet fortnight. */
  async live(): Promise<Year> {
    const { next } = this;
    const { nights } = this.nightly;
    const some = () => Math.floor(nights * (0.05 + 0.75 * next()));
    const [away, writtenBack, stopped] = [some(), some(), some()];
    const stopAfter = next() < 0.5 ? 0 : DAY / 2;
    let isWrittenBack = false;
    let hasStoodStill = false;
    for (let night = 0; night < nights + QUIET_NIGHTS; night += 1) {
      await this.pass(DAY + (next() - 0.5) * HOUR);
      const isAway = night >= away && night < away + 7;
      isWrittenBack = isWrittenBack || (night >= writtenBack && (await this.writeOlderKeyBack()));
      const runs = [this.run(isAway, night < nights)];
      // Two runs at once.
      if (next() < 0.2) {
        runs.push(this.run(isAway, false));
      }
      await inTurns(runs, (count) => Math.floor(next() * count));
      await this.asPerson();
      const age = this.time - this.givenAt;
      if (!hasStoodStill && night >= stopped && age >= stopAfter && age < 2 * DAY) {
        hasStoodStill = true;
        this.standStill(4.5 * DAY);
      }
    }
    const keys = await this.environment.keys();
    this.year.left = keys.filter((key) => this.isYounger(key, keys)).length;
    return this.year;
  }

  private failure() {
    return FAILURES[Math.floor((2 * this.next()) / this.nightly.share)];
  }

  /** Its calls take seconds, and others happen in between. */
  private run(isAway: boolean, canFail: boolean): Run {
    return async (turn) => {
      const world = failing(
        this.observed(this.environment.world(isAway)),
        (call) =>
          turn(async () => {
            await this.pass(this.next() * 10_000);
            return await call();
          }),
        () => (canFail ? this.failure() : undefined),
        (land) => this.late.push({ at: this.time + this.next() * 20 * HOUR, land }),
      );
      const end = await this.endOf(world);
      const { ends } = this.year;
      ends[end] = (ends[end] ?? 0) + 1;
    };
  }

  private async endOf(world: LeakWorld) {
    const { maxAge } = this.nightly;
    try {
      const { findings } = await rotateOnce(world, { ...NIGHTLY, maxAge }, agree);
      const rules = findings.map(({ rule }) => rule).join(", ");
      return `${exitCodeOf(ROTATE_RULES, findings)}: ${rules}`;
    } catch (error) {
      const { message } = error as Error;
      return error instanceof Killed
        ? "killed"
        : `error: ${message.replace(/\b(AKIA\w+|K\d+)/g, "KEY")}`;
    }
  }

  private observed(world: LeakWorld): LeakWorld {
    return {
      ...world,
      createKey: async () => {
        const key = await world.createKey();
        this.created.set(key.id, this.time);
        return key;
      },
      give: async (key) => {
        const refusal = await world.give(key);
        if (refusal === undefined) {
          this.year.rotations += 1;
          this.hasGiven(key);
        }
        return refusal;
      },
    };
  }

  private hasGiven(key: SecretKey) {
    this.own = key;
    this.givenAt = this.time;
    for (const component of this.components) {
      component.takesAt = this.time + component.delay();
    }
  }

  private async take(component: Component) {
    const key = await this.environment.secret();
    Object.assign(component, { key, takesAt: Number.POSITIVE_INFINITY });
  }

  private async call(component: Component) {
    const { key } = component;
    component.nextCall += component.period;
    this.year.calls += 1;
    this.given.set(key.id, { key, lastUse: this.time });
    this.year.denied += (await this.environment.allows(key)) ? 0 : 1;
  }

  private async pass(duration: number) {
    const end = this.time + duration;
    for (;;) {
      const events = this.components.map((component) => ({
        at: Math.min(component.nextCall, component.takesAt),
        happen: () =>
          component.takesAt <= this.time ? this.take(component) : this.call(component),
      }));
      const late = this.late.map((each) => ({
        at: each.at,
        happen: async () => {
          this.late = this.late.filter((other) => other !== each);
          // Nobody sees its answer.
          await each.land().catch(() => undefined);
        },
      }));
      const [first] = [...events, ...late].sort((one, other) => one.at - other.at);
      if (first === undefined || first.at > end) {
        break;
      }
      await this.reach(first.at);
      await first.happen();
    }
    await this.reach(end);
  }

  private async reach(time: number) {
    await this.environment.pass(time - this.time);
    this.time = time;
    const age = (time - (this.created.get(this.own.id) ?? 0)) / DAY;
    this.year.oldestKey = Math.max(this.year.oldestKey, age);
  }

  /**
   * The components of DKP stop, before or after some have the key that was given to the cluster, go
   * on with the key that they had, and take the new one soon.
   */
  private standStill(duration: number) {
    for (const component of this.components) {
      component.nextCall += duration;
      component.takesAt = this.time + duration + this.next() * HOUR;
    }
  }

  /** Once a year, while the former key still is Active, somebody applies an older configuration. */
  private async writeOlderKeyBack() {
    const keys = await this.environment.keys();
    const older = keys.find(
      (key) => key.status === "Active" && key.id !== this.own.id && !this.isYounger(key, keys),
    );
    const key = older && this.given.get(older.id)?.key;
    if (key === undefined) {
      return false;
    }
    this.environment.write(key);
    this.hasGiven(key);
    return true;
  }

  /**
   * A person reads the report of a younger key that was used, and deletes it once DKP has used its
   * own one for two days, and nothing the younger one.
   */
  private async asPerson() {
    const keys = await this.environment.keys();
    for (const key of keys) {
      const used = this.given.get(key.id);
      const unused = (this.given.get(this.own.id)?.lastUse ?? 0) - (used?.lastUse ?? 0);
      if (used && this.isYounger(key, keys) && unused > 2 * DAY) {
        await this.environment.delete(key.id);
      }
    }
  }

  private isYounger(key: IamKey, keys: readonly IamKey[]) {
    const own = keys.find(({ id }) => id === this.own.id);
    return own !== undefined && createdOf(key) > createdOf(own);
  }
}

/** As the command does with `--yes`. */
const agree = async () => undefined;
