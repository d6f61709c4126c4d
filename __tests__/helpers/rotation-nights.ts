import { DAY } from "../../src/cli/account/rotate/next-step";
import { ROTATE_RULES } from "../../src/cli/account/rotate/rotate-rules";
import { type RotationWorld, rotateOnce } from "../../src/cli/account/rotate/rotation";
import { levelOf } from "../../src/cli/findings/finding";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What happened in a year. */
export interface Year {
  rotations: number;
  /** In days. */
  oldestKey: number;
  /** Calls of DKP that AWS denied. */
  denied: number;
  /** Keys at the end that no rotation retires. */
  left: number;
  /**
   * Runs by the highest level that they reported; those that ended with an error or were killed
   * apart.
   */
  readonly runs: Record<"note" | "attention" | "breaking" | "error" | "killed", number>;
}

class Killed extends Error {}

interface Key {
  status: "Active" | "Inactive";
  readonly created: number;
  /** Times and services of its uses. */
  readonly uses: { readonly at: number; readonly service: string }[];
}

/**
 * A component of DKP: how long after a change of the Secret it takes the key, and how often it
 * calls AWS.
 */
interface Component {
  key: string;
  readonly delay: () => number;
  readonly period: number;
  nextCall: number;
  takesAt: number;
}

/** What goes wrong in a run: at which write, counted from 1, and how. */
interface Failure {
  readonly write: number;
  readonly how: "killed before" | "killed after" | "answer lost";
}

/** Numbers that look random, the same ones for a seed. Source: mulberry32, public domain. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** IAM, a cluster and the components of DKP, hour by hour. */
export class Nights {
  private readonly keys = new Map<string, Key>();
  private secret = "K1";
  private time = Date.UTC(2026, 0, 1);
  private created = 1;
  /** When the Secret got another key. */
  private givenAt = 0;
  private isAway = false;
  private readonly components: readonly Component[];
  /** Writes whose answer was lost, and that land later. */
  private late: { readonly at: number; readonly land: () => void }[] = [];
  private killed = new WeakSet<RotationWorld>();
  readonly year: Year = {
    rotations: 0,
    oldestKey: 0,
    denied: 0,
    left: 0,
    runs: { note: 0, attention: 0, breaking: 0, error: 0, killed: 0 },
  };

  constructor(
    private readonly next: () => number,
    /**
     * The days of a rotation, and the shares of runs that are killed and of those whose answer is
     * lost.
     */
    private readonly given: { readonly maxAge: number; readonly share: number },
  ) {
    this.keys.set("K1", { status: "Active", created: this.time, uses: [] });
    const component = (delay: () => number, period: number): Component => ({
      ...{ key: "K1", delay, period, takesAt: Number.POSITIVE_INFINITY },
      nextCall: this.time + next() * period,
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

  /** A year of nights with everything that can go wrong, and then a quiet fortnight. */
  async live(): Promise<Year> {
    const { next } = this;
    const away = 20 + Math.floor(next() * 300);
    const writtenBack = 40 + Math.floor(next() * 250);
    let isWrittenBack = false;
    const stopped = 20 + Math.floor(next() * 300);
    let hasStoodStill = false;
    for (let night = 0; night < 379; night += 1) {
      this.pass(DAY + (next() - 0.5) * HOUR);
      this.isAway = night >= away && night < away + 7;
      isWrittenBack = isWrittenBack || (night >= writtenBack && this.writeOlderKeyBack());
      const isQuiet = night >= 365;
      const runs = [this.run(isQuiet ? undefined : this.failure())];
      // Two runs at once.
      if (next() < 0.2) {
        runs.push(this.run(undefined));
      }
      await Promise.all(runs);
      this.asPerson();
      if (!hasStoodStill && night >= stopped && this.time - this.givenAt < HOUR) {
        hasStoodStill = true;
        this.standStill(4.5 * DAY);
      }
    }
    this.year.left = this.leftKeys();
    return this.year;
  }

  private failure(): Failure | undefined {
    const dice = this.next();
    const write = 1 + Math.floor(this.next() * 3);
    const { share } = this.given;
    if (dice < share) {
      return { write, how: this.next() < 0.5 ? "killed before" : "killed after" };
    }
    return dice < 2 * share ? { write, how: "answer lost" } : undefined;
  }

  private async run(failure: Failure | undefined): Promise<void> {
    const { runs } = this.year;
    const world = this.world(failure);
    try {
      const { findings, given } = await rotateOnce(
        world,
        { maxAge: this.given.maxAge, isWanted: false },
        async () => undefined,
      );
      const levels = findings.map((found) => levelOf(ROTATE_RULES, found));
      const level =
        (["breaking", "attention"] as const).find((each) => levels.includes(each)) ?? "note";
      runs[level] += 1;
      this.year.rotations += given === undefined ? 0 : 1;
    } catch (error) {
      runs[error instanceof Killed ? "killed" : "error"] += 1;
    }
  }

  /** The world of one run. Its calls take seconds, and others happen in between. */
  private world(failure: Failure | undefined): RotationWorld {
    let writes = 0;
    const world: RotationWorld = {
      now: () => new Date(this.time),
      keys: () => this.call(world, () => this.listed()),
      dkpKey: () =>
        this.call(world, () => {
          if (this.isAway) {
            throw new Error("the cluster does not answer");
          }
          return this.secret;
        }),
      createKey: () =>
        write(() => {
          if (this.keys.size >= 2) {
            throw new Error("LimitExceeded");
          }
          this.created += 1;
          const id = `K${this.created}`;
          this.keys.set(id, {
            status: "Active",
            created: Math.floor(this.time / 1000) * 1000,
            uses: [],
          });
          return { id, secret: "" };
        }),
      accepts: (key) =>
        this.call(world, () => {
          this.pass(15_000 * (1 + this.next()));
          this.use(key.id, "sts");
        }),
      give: ({ id }) => {
        const tested = this.secret;
        return write(() => {
          if (this.isAway || this.secret !== tested) {
            return new Error("changed");
          }
          this.setSecret(id);
          return undefined;
        });
      },
      setStatus: (id, status) =>
        write(() => Object.assign(this.keys.get(id) ?? {}, { status }) as never),
      deleteKey: (id) => write(() => void this.keys.delete(id)),
    };
    const write = <T>(effect: () => T): Promise<T> =>
      this.call(world, () => {
        writes += 1;
        if (failure?.write !== writes) {
          return effect();
        }
        if (failure.how === "killed after") {
          effect();
        }
        if (failure.how === "answer lost") {
          const land = () => {
            try {
              effect();
            } catch {
              // Nobody sees its answer.
            }
          };
          this.late.push({ at: this.time + this.next() * 20 * HOUR, land });
          throw new Error("no answer");
        }
        this.killed.add(world);
        throw new Killed();
      });
    return world;
  }

  /** A call of a run: after some calls of others, and after seconds. */
  private async call<T>(run: RotationWorld, effect: () => T): Promise<T> {
    for (let turns = Math.floor(this.next() * 4); turns > 0; turns -= 1) {
      await Promise.resolve();
    }
    if (this.killed.has(run)) {
      throw new Killed();
    }
    this.pass(this.next() * 5000);
    return effect();
  }

  /** As IAM lists the keys: it reports uses up to four hours later. */
  private listed() {
    const known = this.time - this.next() * 4 * HOUR;
    return [...this.keys].map(([id, { status, created, uses }]) => {
      const last = uses.findLast(({ at }) => at <= known);
      const lastUsed = last && {
        at: new Date(last.at),
        service: last.service,
        region: "eu-central-1",
      };
      return { id, status, created: new Date(created), lastUsed };
    });
  }

  private use(id: string, service: string): void {
    const key = this.keys.get(id);
    if (key?.status !== "Active") {
      this.year.denied += service === "sts" ? 0 : 1;
      return;
    }
    key.uses.push({ at: this.time, service });
    // Enough for a report that is hours late.
    key.uses.splice(0, key.uses.length - 100);
  }

  private setSecret(id: string): void {
    this.givenAt = this.time;
    this.secret = id;
    for (const component of this.components) {
      component.takesAt = this.time + component.delay();
    }
  }

  /** Lets time pass, with what happens meanwhile in its order. */
  private pass(duration: number): void {
    const end = this.time + duration;
    for (;;) {
      const events = this.components.map((component) => ({
        at: Math.min(component.nextCall, component.takesAt),
        happen: () => {
          if (component.takesAt <= this.time) {
            Object.assign(component, { key: this.secret, takesAt: Number.POSITIVE_INFINITY });
          } else {
            component.nextCall += component.period;
            this.use(component.key, "ec2");
          }
        },
      }));
      const late = this.late.map((each) => ({
        at: each.at,
        happen: () => {
          this.late = this.late.filter((other) => other !== each);
          each.land();
        },
      }));
      const [first] = [...events, ...late].sort((one, other) => one.at - other.at);
      if (first === undefined || first.at > end) {
        break;
      }
      this.time = first.at;
      first.happen();
    }
    this.time = end;
    const key = this.keys.get(this.secret);
    this.year.oldestKey = Math.max(
      this.year.oldestKey,
      key === undefined ? 0 : (this.time - key.created) / DAY,
    );
  }

  /**
   * The components of DKP stop before any has the key that was given to the cluster, go on with the
   * key that they had, and take the new one soon.
   */
  private standStill(duration: number): void {
    for (const component of this.components) {
      component.nextCall += duration;
      component.takesAt = this.time + duration + this.next() * HOUR;
    }
  }

  /** Once a year, while the former key still is Active, somebody applies an older configuration. */
  private writeOlderKeyBack(): boolean {
    const own = this.keys.get(this.secret);
    const older = [...this.keys].find(
      ([, { status, created }]) => status === "Active" && created < (own?.created ?? 0),
    );
    if (older === undefined) {
      return false;
    }
    this.setSecret(older[0]);
    return true;
  }

  /**
   * Whoever reads the report of a younger key that was used deletes it once it was unused for two
   * days.
   */
  private asPerson(): void {
    const own = this.keys.get(this.secret);
    for (const [id, { created, uses }] of this.keys) {
      const last = uses.at(-1)?.at ?? created;
      if (
        own !== undefined &&
        created > own.created &&
        uses.some(({ service }) => service !== "sts") &&
        this.time - last > 2 * DAY
      ) {
        this.keys.delete(id);
      }
    }
  }

  /** Keys beside DKP's and the one before it. */
  private leftKeys(): number {
    const own = this.keys.get(this.secret);
    return [...this.keys].filter(
      ([id, { created }]) => id !== this.secret && created > (own?.created ?? 0),
    ).length;
  }
}
