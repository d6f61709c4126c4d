import { type Fault, LOSSES, RETRIED } from "../support/fault-proxy";
import { removeFolders } from "../support/project";
import { FLOWS, flowNamed } from "./flows";
import { Life } from "./life";

/** All flows, calls and faults take about an hour; without, a selection that covers each fault and each row of recover.md that they lead to. */
const EVERY = process.env.E2E_EVERY_FAULT === "1";

interface Case {
  readonly flow: string;
  readonly call: string;
  readonly fault: Fault;
}

const ALL: readonly Case[] = LOSSES.flatMap((fault) =>
  FLOWS.flatMap(({ name, writes }) => writes.map((call) => ({ flow: name, call, fault }))),
);

const SELECTED: readonly Case[] = [
  { flow: "first apply", call: "CreateAccessKey", fault: "killed before the response" },
  { flow: "first apply", call: "PutLock", fault: "response lost" },
  { flow: "rotation, step 1", call: "CreateAccessKey", fault: "killed after the response" },
  { flow: "from user to user-and-group", call: "CreateGroup", fault: "killed before the response" },
];

/** With every fault: one line per fault as soon as it is survived. */
function report(...cells: readonly string[]): void {
  if (EVERY) {
    process.stdout.write(`${cells.join(" | ")}\n`);
  }
}

describe("a run of Terraform with a fault at one call", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  afterAll(async () => {
    await life.stop();
    removeFolders();
  });

  const NOTHING_LOST = { refusedAfter: [], works: true, isUpToDate: true };

  it.each(EVERY ? ALL : SELECTED)("survives by docs/how-to/recover.md: $flow, $call $fault", async ({ flow, call, fault }) => {
    const survived = await life.survive(flow, { [call]: fault });
    report(flow, call, fault, survived.rows.join(", ") || "none", `${survived.unmanaged.length} to delete`);
    expect(survived).toMatchObject({ ...NOTHING_LOST, faulted: [call] });
  });

  const retried = EVERY
    ? FLOWS.flatMap(({ name }) => RETRIED.map((fault) => ({ flow: name, faults: [fault], what: fault })))
    : [];

  it.each([{ flow: "first apply", faults: RETRIED, what: "hit by another fault" }, ...retried])(
    "survives by itself: $flow, every call $what once",
    async ({ flow, faults }) => {
      const { writes } = flowNamed(flow);
      const each = writes.flatMap((call, index) =>
        faults
          .slice(index % faults.length)
          .slice(0, 1)
          .map((fault) => [call, fault]),
      );
      const survived = await life.survive(flow, Object.fromEntries(each));
      expect(survived).toMatchObject({ ...NOTHING_LOST, rows: [], unmanaged: [] });
      expect([...survived.faulted].sort()).toEqual(writes);
    },
  );
});
