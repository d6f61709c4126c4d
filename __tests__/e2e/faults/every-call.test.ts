import { COMPLETE, rows } from "../../helpers/complete";
import { type Fault, LOSSES, RETRIED } from "../support/fault-proxy";
import { FLOWS, flowNamed } from "./flows";
import { Life } from "./life";

interface Case {
  readonly flow: string;
  readonly call: string;
  readonly fault: Fault;
}

const ALL: readonly Case[] = LOSSES.flatMap((fault) =>
  FLOWS.flatMap(({ name, writes }) => writes.map((call) => ({ flow: name, call, fault }))),
);

/** What a person meets on the way back. */
interface Expected {
  readonly rows: readonly string[];
  /** Keys to delete at the end. */
  readonly keys: number;
}

/** For each row of recover.md that the faults lead to. */
const EXPECTED: readonly (Case & Expected)[] = [
  {
    flow: "first apply",
    call: "CreateAccessKey",
    fault: "killed before the response",
    rows: ["recover.md#stale-lock", "recover.md#half-made"],
    keys: 1,
  },
  { flow: "first apply", call: "CreateAccessKey", fault: "response lost", rows: ["recover.md#lost-response"], keys: 1 },
  { flow: "first apply", call: "PutLock", fault: "response lost", rows: ["recover.md#stale-lock"], keys: 0 },
  {
    flow: "rotation, step 1",
    call: "CreateAccessKey",
    fault: "killed after the response",
    rows: ["recover.md#stale-lock", "recover.md#unmanaged-key"],
    keys: 0,
  },
  {
    flow: "from user to user-and-group",
    call: "CreateGroup",
    fault: "killed before the response",
    rows: ["recover.md#stale-lock", "recover.md#half-made"],
    keys: 0,
  },
  {
    flow: "node role",
    call: "CreateRole",
    fault: "killed before the response",
    rows: ["recover.md#stale-lock", "recover.md#half-made"],
    keys: 0,
  },
];

/** One line per fault as soon as it is survived. */
function report(...cells: readonly string[]): void {
  if (COMPLETE) {
    process.stdout.write(`${cells.join(" | ")}\n`);
  }
}

describe("a run of Terraform with a fault at one call", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  const NOTHING_LOST = { deniedAfter: [], works: true, isUpToDate: true };

  it.each(rows(FLOWS, 6))("makes no other write calls without a fault: $name", async ({ name }) => {
    expect(await life.writes(name)).toEqual([...flowNamed(name).writes].sort());
  });

  it.each(rows(ALL, 32))("survives by docs/how-to/recover.md: $flow, $call $fault", async ({ flow, call, fault }) => {
    const expected = EXPECTED.find((one) => one.flow === flow && one.call === call && one.fault === fault);
    const survived = await life.survive(flow, { [call]: fault }).catch((error: Error) => {
      report(flow, call, fault, "lost", error.message);
      throw error;
    });
    const { deniedAfter, works, isUpToDate, ...back } = survived;
    const verdict = deniedAfter.length === 0 && works && isUpToDate ? "survived" : "lost";
    report(flow, call, fault, verdict, back.rows.join(", ") || "none", `${back.unmanaged.length} keys to delete`);
    expect(survived).toMatchObject({ ...NOTHING_LOST, faulted: [call] });
    // After a lost response, Terraform shows no error.
    const shown = back.rows.map((row) => `recover.md#${row}`);
    expect(shown).toEqual(expected?.rows.filter((row) => row !== "recover.md#lost-response") ?? shown);
    expect(back.unmanaged).toHaveLength(expected?.keys ?? back.unmanaged.length);
  });

  const retried = FLOWS.flatMap(({ name, writes }) => RETRIED.map((fault) => ({ flow: name, fault, writes })));

  it.each(rows(retried, 32))("survives by itself: $flow, every call $fault once", async ({ flow, fault, writes }) => {
    const survived = await life.survive(flow, Object.fromEntries(writes.map((call) => [call, fault])));
    expect(survived).toMatchObject({ ...NOTHING_LOST, rows: [], unmanaged: [] });
    expect([...survived.faulted].sort()).toEqual([...writes].sort());
  });
});
