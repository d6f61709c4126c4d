import { DAY } from "../../../../src/cli/account/key-judge";
import { findingsOf, nextStep, type Situation } from "../../../../src/cli/account/rotate/next-step";

const NOW = new Date("2026-12-01T02:00:00Z");
const ago = (days: number) => new Date(+NOW - days * DAY);

interface Given {
  readonly age: number;
  readonly used?: number;
  readonly service?: string;
  readonly status?: string;
}
const key = (id: string, { age, used, service = "ec2", status = "Active" }: Given) => ({
  id,
  status,
  created: ago(age),
  lastUsed: used === undefined ? undefined : { at: ago(used), service, region: "eu-central-1" },
});

const step = (own: Given | undefined, other: Given | undefined, more: Partial<Situation> = {}) => {
  const keys = [...(own ? [key("OWN", own)] : []), ...(other ? [key("OTHER", other)] : [])];
  const situation = {
    now: NOW,
    maxAge: 30,
    isWanted: false,
    dkpKey: "OWN",
    ...more,
    keys: [...keys, ...(more.keys ?? [])],
  };
  const next = nextStep(situation);
  return [
    ...findingsOf(situation, next).map(({ rule }) => rule),
    next.action?.do,
    next.action?.id,
  ].filter((part) => part);
};

describe("the next step of a rotation", () => {
  it.each([
    ["waits where the key is young", { age: 29 }, undefined, ["nothing-due"]],
    ["replaces a key at its age", { age: 30 }, undefined, ["replace", "replace"]],
    [
      "replaces a key that is Inactive at any age",
      { age: 1, status: "Inactive" },
      undefined,
      ["replace-inactive", "replace"],
    ],
    ["waits for the run that may give a new key", { age: 30 }, { age: 0.9 }, ["another-run"]],
    ["deletes what a run left", { age: 30 }, { age: 1 }, ["delete-leftover", "delete", "OTHER"]],
    [
      "knows the checks of that run",
      { age: 30 },
      { age: 1.1, used: 1.095, service: "sts" },
      ["delete-leftover", "delete", "OTHER"],
    ],
    [
      "leaves a younger key that something used",
      { age: 30 },
      { age: 1.1, used: 1 },
      ["younger-used"],
    ],
    [
      "counts later calls of STS as a use",
      { age: 30 },
      { age: 1.1, used: 1, service: "sts" },
      ["younger-used"],
    ],
    [
      "waits while the former key is used",
      { age: 1, used: 0 },
      { age: 31, used: 1 },
      ["waiting-for-uses"],
    ],
    [
      "names a use of the former key after nine days",
      { age: 9.1, used: 0 },
      { age: 40, used: 1 },
      ["still-used"],
    ],
    [
      "deactivates a former key that nothing uses",
      { age: 3, used: 0 },
      { age: 31, used: 2 },
      ["deactivate", "deactivate", "OTHER"],
    ],
    ["waits for a use of the new key", { age: 3 }, { age: 31, used: 2 }, ["waiting-for-proof"]],
    [
      "waits where DKP stood still for the two days",
      { age: 5, used: 3 },
      { age: 31, used: 4 },
      ["waiting-for-proof"],
    ],
    [
      "counts no check of STS as that use",
      { age: 3, used: 1, service: "sts" },
      { age: 31, used: 2 },
      ["waiting-for-proof"],
    ],
    [
      "names a new key that nothing uses after nine days",
      { age: 9.1 },
      { age: 40, used: 9 },
      ["never-proven"],
    ],
    [
      "keeps an Inactive key for three days",
      { age: 8, used: 0 },
      { age: 40, used: 2.9, status: "Inactive" },
      ["waiting-for-deletion"],
    ],
    [
      "keeps it for the week of the new key",
      { age: 6.9, used: 0 },
      { age: 40, used: 5, status: "Inactive" },
      ["waiting-for-deletion"],
    ],
    [
      "deletes it then",
      { age: 7, used: 0 },
      { age: 40, used: 3, status: "Inactive" },
      ["delete-retired", "delete", "OTHER"],
    ],
    [
      "deletes it where its slot is needed",
      { age: 30, used: 0 },
      { age: 70, used: 1, status: "Inactive" },
      ["delete-retired", "delete", "OTHER"],
    ],
    [
      "makes room for another key",
      { age: 1, status: "Inactive" },
      { age: 9, status: "Inactive" },
      ["delete-for-slot", "replace-inactive", "replace", "OTHER"],
    ],
    ["gives one key a day", { age: 2, status: "Inactive" }, { age: 0.5 }, ["inactive-wait"]],
    [
      "gives one key a day that is as old",
      { age: 0.5, status: "Inactive" },
      { age: 0.5 },
      ["inactive-wait"],
    ],
    [
      "makes room with DKP's own key where the other one is in use",
      { age: 2, status: "Inactive" },
      { age: 9, used: 0 },
      ["delete-for-slot", "replace-inactive", "replace", "OWN"],
    ],
    [
      "replaces a key that no user has",
      undefined,
      { age: 9, used: 9 },
      ["replace-unknown", "replace"],
    ],
    [
      "names a rotation that takes too long",
      { age: 38 },
      { age: 2, used: 0 },
      ["younger-used", "rotation-overdue"],
    ],
  ] as const)("%s", (_, own, other, expected) => {
    expect(step(own, other)).toEqual(expected);
  });

  it("replaces a young key, and needs the slot, where a person wants it", () => {
    expect(step({ age: 1 }, undefined, { isWanted: true })).toEqual(["replace", "replace"]);
    expect(step({ age: 1 }, { age: 9, used: 9, status: "Inactive" }, { isWanted: true })).toContain(
      "delete-retired",
    );
  });

  it("deletes a key that nothing uses, and no other one, where DKP has a third one", () => {
    expect(
      step(undefined, { age: 9, used: 1 }, { keys: [key("THIRD", { age: 8, used: 1 })] }),
    ).toEqual(["unknown-without-slot"]);
    expect(step(undefined, { age: 9, used: 1 }, { keys: [key("THIRD", { age: 2 })] })).toEqual([
      ...["delete-for-slot", "replace-unknown", "replace", "THIRD"],
    ]);
  });
});
