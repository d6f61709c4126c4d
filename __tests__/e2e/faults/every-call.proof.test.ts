import { rows } from "../../helpers/complete";
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

/**
 * By row of recover.md that faults lead to: what a person meets on the way back, and the keys to
 * delete at the end.
 */
const EXPECTED: readonly (readonly [
  flow: string,
  call: string,
  fault: Fault,
  rows: string,
  keys: number,
])[] = [
  [
    "first apply",
    "CreateAccessKey",
    "killed before the response",
    "recover.md#stale-lock, recover.md#half-made",
    1,
  ],
  // Terraform shows no error (recover.md#lost-response).
  ["first apply", "CreateAccessKey", "response lost", "", 1],
  ["first apply", "PutLock", "response lost", "recover.md#stale-lock", 0],
  [
    "back from rotate",
    "CreateAccessKey",
    "killed after the response",
    "recover.md#stale-lock, recover.md#unmanaged-key",
    0,
  ],
  [
    "split of the policy",
    "CreatePolicy",
    "killed before the response",
    "recover.md#stale-lock, recover.md#half-made",
    0,
  ],
  [
    "node role",
    "CreateRole",
    "killed before the response",
    "recover.md#stale-lock, recover.md#half-made",
    0,
  ],
];

describe("a run of Terraform with a fault at one call", () => {
  let life: Life;

  beforeAll(async () => {
    life = await Life.start();
  });

  const NOTHING_LOST = { deniedAfter: [], works: true, isUpToDate: true };

  it.each(rows(FLOWS, 6))("makes no other write calls without a fault: $name", async ({ name }) => {
    expect((await life.account(name)).writes).toEqual([...flowNamed(name).writes].sort());
  });

  it.each(rows(ALL, 32))(
    "survives by docs/how-to/recover.md: $flow, $call $fault",
    async ({ flow, call, fault }) => {
      const expected = EXPECTED.find((one) => `${one.slice(0, 3)}` === `${[flow, call, fault]}`);
      const survived = await life.survive(flow, { [call]: fault });
      expect(survived).toMatchObject({ ...NOTHING_LOST, faulted: [call] });
      const shown = survived.rows.map((row) => `recover.md#${row}`).join(", ");
      const keys = survived.unmanaged.length;
      expect([shown, keys]).toEqual([expected?.[3] ?? shown, expected?.[4] ?? keys]);
    },
  );

  const retried = FLOWS.flatMap(({ name, writes }) =>
    RETRIED.map((fault) => ({ flow: name, fault, writes })),
  );

  it.each(rows(retried, 32))(
    "survives by itself: $flow, every call $fault once",
    async ({ flow, fault, writes }) => {
      const survived = await life.survive(
        flow,
        Object.fromEntries(writes.map((call) => [call, fault])),
      );
      expect(survived).toMatchObject({ ...NOTHING_LOST, rows: [], unmanaged: [] });
      expect([...survived.faulted].sort()).toEqual([...writes].sort());
    },
  );
});
