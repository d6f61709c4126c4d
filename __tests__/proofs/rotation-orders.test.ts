import { DAY } from "../../packages/cli/src/account/key-times";
import { type LeakWorld, leakPlan, respond } from "../../packages/cli/src/account/rotate/leak";
import type { RotateFound } from "../../packages/cli/src/account/rotate/next-step";
import { ROTATE_RULES } from "../../packages/cli/src/account/rotate/rotate-rules";
import { rotateOnce } from "../../packages/cli/src/account/rotate/rotation";
import { exitCodeOf } from "../../packages/cli/src/findings/finding";
import { COMPLETE } from "../helpers/complete";
import { Account, NIGHTLY } from "../helpers/rotation-account";
import { everyWay, type Failure, failing, inTurns, type Run } from "../helpers/rotation-runs";

const NOW = new Date("2026-12-01T02:00:00Z");

/** A lost write lands in its own night or in the next one, within a day. */
const NIGHT = 23 * 3_600_000;

/** Nothing must be left to do in this night. */
const LAST_NIGHT = 80;

/** Of a run after which nothing is left to do. */
const DONE = ["nothing-due", "former-inactive"];

/** Failures of a write; a lost one lands in this night or later. */
const FAILURES: readonly (readonly [how: Failure, isLater: boolean])[] = [
  ["killed before", false],
  ["killed after", false],
  ["answer lost", false],
  ["answer lost", true],
];

/** Status of a key at the beginning, and the days since it was created and last used. */
type Key = readonly [id: string, status: "Active" | "Inactive", age: number, unused?: number];

/** Runs of `rotate` at once in a night, and a person who writes a key back. */
interface Planned {
  readonly leaked?: readonly string[];
  /** Whether each of its writes fails in each way, one in a run. */
  readonly fails?: true;
  readonly writesBack?: string;
}

/**
 * A user's keys, a cluster, and a component of DKP that takes the Secret's key a day later. DKP has
 * the key "A".
 */
class Scene {
  private readonly account = new Account(NOW);
  private taken = "A";
  /** Keys that may stop to work, because they leaked or did not work when DKP got them. */
  private readonly ended: Set<string>;
  private readonly wrong = new Set<string>();
  private readonly steps = new Set<string>();
  private night = 0;
  private tonight: Run[] = [];
  private answers: string[][] = [];
  private later: Run[] = [];
  private found: readonly RotateFound[] | string = [];

  /** @param switches how often another run goes on before the one that made the last call */
  constructor(
    keys: readonly Key[],
    leaked: readonly string[],
    private switches: number,
    private readonly ask: (count: number, situation: string) => Promise<number>,
  ) {
    for (const [id, status, age, unused] of keys) {
      const at = new Date(+NOW - (unused ?? 0) * DAY);
      const uses = unused === undefined ? [] : [{ at, service: "ec2" }];
      this.account.set({ id, status, created: new Date(+NOW - age * DAY), uses });
    }
    this.account.secret = "A";
    this.ended = new Set(this.account.works("A") ? leaked : [...leaked, "A"]);
  }

  async play(planned: readonly Planned[], leaked: readonly string[]) {
    await this.runs(planned);
    if (leaked.length > 0) {
      await this.nextNight([{ leaked }]);
      await this.checkResponse(leaked);
    }
    await this.choose(1, "goes on");
    const isWrittenBack = planned.some(({ writesBack }) => writesBack !== undefined);
    while (this.night < LAST_NIGHT && !DONE.includes(this.rules)) {
      await this.nextNight([{}]);
      const works = this.account.works(this.account.secret);
      this.expect(works || !isWrittenBack || this.night <= 2, "DKP has no key for two nights");
      this.person();
    }
    const active = this.account.keys().filter(({ status }) => status === "Active");
    this.expect(DONE.includes(this.rules) && active.length === 1, `ends with ${this.rules}`);
    return [...this.wrong, ...this.steps].join("; ");
  }

  private get rules() {
    return typeof this.found === "string" ? this.found : this.found.map(({ rule }) => rule).join();
  }

  private async nextNight(planned: readonly Planned[]) {
    this.account.now = new Date(+this.account.now + NIGHT);
    this.night += 1;
    this.taken = this.account.secret;
    this.account.use(this.taken, "ec2");
    await this.runs(planned);
  }

  private async runs(planned: readonly Planned[]) {
    this.answers = [];
    this.tonight = [...planned.map((each) => this.run(each)), ...this.later.splice(0)];
    await inTurns(this.tonight, (count) => this.turn(count));
    this.check(this.account.secret);
  }

  private async turn(count: number) {
    const choice = this.switches > 0 ? await this.choose(count, "turn") : 0;
    this.switches -= choice > 0 ? 1 : 0;
    return choice;
  }

  private run({ leaked, fails, writesBack }: Planned): Run {
    return async (turn) => {
      const answers: string[] = [];
      this.answers.push(answers);
      const watched = <T>(call: () => Promise<T>) =>
        turn(async () => {
          const answer = await call().finally(() => this.check(this.taken));
          answers.push(JSON.stringify(answer) ?? "");
          return answer;
        });
      if (writesBack !== undefined) {
        return await watched(async () => this.writeBack(writesBack));
      }
      let left = fails === true ? 1 : 0;
      let isLater = false;
      const failure = async () => {
        const choice = left === 0 ? 0 : await this.choose(FAILURES.length + 1, "failure");
        answers.push(`failure ${choice}`);
        const failed = FAILURES[choice - 1];
        left -= failed === undefined ? 0 : 1;
        isLater = failed?.[1] === true;
        return failed?.[0];
      };
      const world = failing(this.account.world(), watched, failure, (land) => {
        const landing: Run = (itsTurn) =>
          itsTurn(land).then(
            () => undefined,
            () => undefined,
          );
        (isLater ? this.later : this.tonight).push(landing);
      });
      this.found = await this.reported(world, leaked).catch(({ message }: Error) => message);
    };
  }

  private async reported(world: LeakWorld, leaked: readonly string[] | undefined) {
    if (leaked !== undefined) {
      return await respond(world, await leakPlan(world, leaked, "deckhouse"), "aws ...");
    }
    const wanted = { ...NIGHTLY, isAnswered: this.steps.has("answered") };
    return (await rotateOnce(world, wanted, async () => undefined)).findings;
  }

  private writeBack(id: string) {
    this.account.secret = id;
    if (!this.account.works(id)) {
      this.ended.add(id);
    }
  }

  /** A person follows the report of a run. */
  private person() {
    const { account } = this;
    const other = account.keys().find(({ id }) => id !== account.secret);
    const lastUse = other?.lastUsed?.at ?? account.now;
    if (this.rules.startsWith("younger-used") && other && +account.now - +lastUse > 2 * DAY) {
      account.delete(other.id);
    }
    if (this.rules.startsWith("dkp-key-dead")) {
      this.steps.add("answered");
    }
  }

  private async checkResponse(leaked: readonly string[]) {
    const { account } = this;
    const alive = account.keys().filter(({ id }) => leaked.includes(id));
    this.expect(alive.length === 0 && account.areSessionsDenied, "a leaked key is alive");
    const isReported = typeof this.found !== "string" && exitCodeOf(ROTATE_RULES, this.found) === 3;
    this.expect(account.works(account.secret) || isReported, `DKP has no key after ${this.rules}`);
  }

  private check(id: string) {
    this.expect(this.ended.has(id) || this.account.works(id), "DKP has lost a key");
  }

  private expect(isRight: boolean, otherwise: string) {
    if (!isRight) {
      this.wrong.add(otherwise);
    }
  }

  private choose(count: number, about: string) {
    const { account, taken, ended, wrong, steps, switches, night, answers, later } = this;
    const created = account.calls.filter((call) => call === "create").length;
    const sets = [ended, wrong, steps].map((set) => [...set].sort());
    return this.ask(
      count,
      JSON.stringify([
        ...[about, switches, night, created, taken, account.secret, account.keys()],
        ...[account.areSessionsDenied, sets, answers, later.length],
      ]),
    );
  }
}

/** The ends of runs with their numbers of ways; an end in which everything is in order is empty. */
async function endsOf(
  keys: readonly Key[],
  planned: readonly Planned[],
  leaked: readonly string[] = [],
  switches = Number.MAX_SAFE_INTEGER,
) {
  const { ends } = await everyWay((ask) =>
    new Scene(keys, leaked, switches, ask).play(planned, leaked),
  );
  return Object.fromEntries(ends);
}

const SITUATIONS: Readonly<Record<string, readonly Key[]>> = {
  "a key that is due": [["A", "Active", 31, 0]],
  "a former key that is deactivated": [
    ["A", "Active", 16, 0],
    ["B", "Active", 50, 15],
  ],
  "a former key that makes room": [
    ["A", "Active", 31, 0],
    ["B", "Inactive", 70, 20],
  ],
  "a key that a run left, and that makes room": [
    ["A", "Active", 31, 0],
    ["B", "Active", 8],
  ],
  "an Inactive key of DKP": [["A", "Inactive", 20, 1]],
  "an Inactive key of DKP beside another one": [
    ["A", "Inactive", 20, 1],
    ["B", "Inactive", 40, 9],
  ],
};

const LEAKS: Readonly<Record<string, readonly [keys: readonly Key[], leaked: readonly string[]]>> =
  {
    "of DKP's only key": [[["A", "Active", 20, 0]], ["A"]],
    "of DKP's key beside a former one": [
      [
        ["A", "Active", 20, 0],
        ["B", "Active", 40, 18],
      ],
      ["A"],
    ],
    "of both keys": [
      [
        ["A", "Active", 20, 0],
        ["B", "Active", 40, 0],
      ],
      ["A", "B"],
    ],
    "of an Inactive key that DKP has": [
      [
        ["A", "Inactive", 20, 0],
        ["B", "Active", 40, 0],
      ],
      ["A"],
    ],
    "of a key that DKP does not have": [
      [
        ["A", "Active", 20, 0],
        ["B", "Active", 40, 3],
      ],
      ["B"],
    ],
    "of a key that is gone, and that DKP has": [[], ["A"]],
  };

// The time limit of a response, which no run here reaches.
beforeAll(() => void jest.useFakeTimers());

/** Of two responses, the orders with this many switches between them at most. */
const SWITCHES = COMPLETE ? 3 : 2;
const IN_ORDER = { "": expect.any(Number) };

describe.each(Object.entries(SITUATIONS))("a rotation of %s", (_, keys) => {
  const end = keys.some(([id, status]) => id === "A" && status === "Inactive") ? "answered" : "";
  const inOrder = { [end]: expect.any(Number) };

  it("loses no key of DKP where a run is killed, or an answer lost, at any write", async () => {
    expect(await endsOf(keys, [{ fails: true }])).toEqual(inOrder);
  });

  it("loses none in any order of two runs at once, of which one fails at any write", async () => {
    expect(await endsOf(keys, [{ fails: true }, {}])).toEqual(inOrder);
  });
});

/**
 * The window between the last read of the cluster and the deactivation. If the key is written back
 * Inactive, or the run fails just then, a person who reads the next report gives DKP another one.
 */
describe("a former key that somebody writes back while it is deactivated", () => {
  const keys = SITUATIONS["a former key that is deactivated"] ?? [];

  it("is activated again in any order of two runs at once, unless it is written back later", async () => {
    expect(await endsOf(keys, [{}, {}, { writesBack: "B" }])).toEqual({
      ...IN_ORDER,
      answered: expect.any(Number),
    });
  });

  it("stays Inactive only where the run fails just then, until a person gives another one", async () => {
    const ends = await endsOf(keys, [{ fails: true }, { writesBack: "B" }]);
    expect(Object.keys(ends).sort()).toEqual([
      ...["", "DKP has lost a key", "DKP has lost a key; answered", "answered"],
    ]);
  });
});

describe.each(Object.entries(LEAKS))("the response to a leak %s", (_, [keys, leaked]) => {
  it("ends the leaked key where a run fails at any write and is repeated, and DKP has another one, or a run says that it has none", async () => {
    const ends = await endsOf(keys, [{ leaked, fails: true }], leaked);
    expect(Object.keys(ends).filter((end) => !["", "answered"].includes(end))).toEqual([]);
  });

  it("does so in any order beside a run of the night", async () => {
    expect(await endsOf(keys, [{ leaked }, {}], leaked)).toEqual(IN_ORDER);
  });

  it("does so beside another response", async () => {
    const ends = await endsOf(keys, [{ leaked }, { leaked }], leaked, SWITCHES);
    const reported = ["", "DKP has lost a key; answered"];
    expect(Object.keys(ends).filter((end) => !reported.includes(end))).toEqual([]);
  });
});
