import type { LeakWorld } from "../../packages/cli/src/account/rotate/leak";

/** The end of a run that was killed: it makes no call afterwards. */
export class Killed extends Error {}

export type Failure = "killed before" | "killed after" | "answer lost";

/** Makes a call when it is the turn of this run. */
type Turn = <T>(call: () => Promise<T>) => Promise<T>;

/** A run, which makes all its calls through turns, and never rejects. */
export type Run = (turn: Turn) => Promise<void>;

/** Which of several goes on, counted from 0. */
type Choose = (count: number) => Promise<number> | number;

/**
 * The world of a run that can fail.
 * @param failure how it fails at its next write
 * @param late receives a write whose answer was lost, and that can land later
 */
export function failing(
  world: LeakWorld,
  turn: Turn,
  failure: () => Promise<Failure | undefined> | Failure | undefined,
  late: (land: () => Promise<unknown>) => void,
): LeakWorld {
  let isDead = false;
  const call = async <T>(effect: () => Promise<T>) => {
    if (isDead) {
      throw new Killed();
    }
    return await turn(effect);
  };
  const write = <T>(effect: () => Promise<T>) =>
    call(async () => {
      const how = await failure();
      if (how === undefined) {
        return await effect();
      }
      if (how === "answer lost") {
        late(effect);
        throw new Error("no answer");
      }
      isDead = true;
      await (how === "killed after" ? effect() : undefined);
      throw new Killed();
    });
  return {
    ...world,
    keys: () => call(() => world.keys()),
    dkpKey: () => call(() => world.dkpKey()),
    ownerOf: (id) => call(() => world.ownerOf(id)),
    accepts: (key) => call(() => world.accepts(key)),
    createKey: () => write(() => world.createKey()),
    give: (key) => write(() => world.give(key)),
    setStatus: (id, status) => write(() => world.setStatus(id, status)),
    deleteKey: (id) => write(() => world.deleteKey(id)),
    denySessions: (before) => write(() => world.denySessions(before)),
  };
}

/** A run between its turns. */
class Player {
  private goAhead: (() => void) | undefined;
  private stop: () => void = () => undefined;

  get isWaiting() {
    return this.goAhead !== undefined;
  }

  start(run: Run) {
    return this.untilStopped(() => void run(this.turn).then(() => this.stop()));
  }

  goOn() {
    const { goAhead } = this;
    this.goAhead = undefined;
    return this.untilStopped(() => goAhead?.());
  }

  private untilStopped(begin: () => void): Promise<void> {
    return new Promise((stop) => {
      this.stop = stop;
      begin();
    });
  }

  private readonly turn: Turn = async (call) => {
    await new Promise<void>((goAhead) => {
      this.goAhead = goAhead;
      this.stop();
    });
    return await call();
  };
}

/**
 * Makes the calls of runs one at a time, until all runs have ended.
 * @param runs others can join while these run
 * @param choose whose turn it is. The run that made the last call is the first one
 */
export async function inTurns(runs: readonly Run[], choose: Choose): Promise<void> {
  const players: Player[] = [];
  let last: Player | undefined;
  for (;;) {
    for (const run of runs.slice(players.length)) {
      const player = new Player();
      players.push(player);
      await player.start(run);
    }
    const waiting = players
      .filter(({ isWaiting }) => isWaiting)
      .sort((one, other) => Number(other === last) - Number(one === last));
    last = waiting[waiting.length > 1 ? await choose(waiting.length) : 0];
    if (last === undefined) {
      return;
    }
    await last.goOn();
  }
}

/** In how many ways a situation goes on, and the end of each. */
interface Ways {
  readonly count: number;
  readonly ends: ReadonlyMap<string, number>;
}

/**
 * Plays everything that choices can lead to. A situation that two ways share is played once.
 * @param play asks with the number of choices and the whole situation, and returns how it ended
 */
export async function everyWay(
  play: (choose: (count: number, situation: string) => Promise<number>) => Promise<string>,
  choices: readonly number[] = [],
  known = new Map<string, Ways>(),
): Promise<Ways> {
  let asked = 0;
  const ended = await new Promise<string | readonly [count: number, situation: string]>((stop) => {
    play((count, situation) => {
      const choice = choices[asked];
      asked += 1;
      // After the last choice, this play waits for ever, and others go on from here.
      return choice === undefined
        ? new Promise(() => stop([count, situation]))
        : Promise.resolve(choice);
    }).then(stop);
  });
  if (typeof ended === "string") {
    return { count: 1, ends: new Map([[ended, 1]]) };
  }
  const [count, situation] = ended;
  const same = known.get(situation);
  if (same !== undefined) {
    return same;
  }
  const all: Ways[] = [];
  for (let choice = 0; choice < count; choice += 1) {
    all.push(await everyWay(play, [...choices, choice], known));
  }
  const ends = new Map<string, number>();
  for (const [end, number] of all.flatMap((ways) => [...ways.ends])) {
    ends.set(end, (ends.get(end) ?? 0) + number);
  }
  const ways = { count: all.reduce((sum, each) => sum + each.count, 0), ends };
  known.set(situation, ways);
  return ways;
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
