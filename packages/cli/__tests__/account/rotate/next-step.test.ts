import { deployment } from "../../../../../__tests__/helpers/deployment";
import { DAY } from "../../../src/account/key-times";
import {
  findingsOf,
  nextStep,
  rotatingOf,
  type Situation,
  unreadFindings,
} from "../../../src/account/rotate/next-step";

const NOW = new Date("2026-12-01T02:00:00Z");
const ago = (days: number) => new Date(+NOW - days * DAY);

/**
 * `OWN 29; used 0 ec2`: age in days, days since its last use and the service, `off` if Inactive.
 */
function key(text: string) {
  const [, id = "", age, used, service = "ec2", off] =
    /^(\w+) ([\d.]+)(?: used ([\d.]+)(?: (\w+))??)?( off)?$/.exec(text) ?? [];
  return {
    id,
    status: off === undefined ? "Active" : "Inactive",
    created: ago(Number(age)),
    lastUsed:
      used === undefined ? undefined : { at: ago(Number(used)), service, region: "eu-central-1" },
  };
}

const step = (keys: string, more: Partial<Situation> = {}) => {
  const situation = {
    now: NOW,
    maxAge: 30,
    isWanted: false,
    isAnswered: false,
    dkpKey: "OWN",
    deactivate: (id: string) => `deactivate ${id}`,
    giving: "rotate",
    ...more,
    keys: keys === "" ? [] : keys.split("; ").map(key),
  };
  const next = nextStep(situation);
  return [...findingsOf(situation, next).map(({ rule }) => rule), next.action?.do, next.action?.id]
    .filter((part) => part)
    .join(" ");
};

/** What happens | the keys | rules and action. */
const rows = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([what = "", keys = "", expected = ""]) => [what, keys, expected] as const);

describe("the next step of a night", () => {
  it.each(
    rows(`
waits where the key is young            | OWN 29                                   | nothing-due
replaces a key at its age               | OWN 30                                   | replace replace
leaves an Inactive key of DKP alone     | OWN 1 off                                | dkp-key-dead
ends nothing beside it                  | OWN 29 off; OTHER 60 used 50             | dkp-key-dead
ends nothing where no user has DKP's key | OTHER 60 used 50                        | dkp-key-dead
keeps an unused younger key for a week  | OWN 30; OTHER 6.9                        | younger-unused
makes room by an unused key of a week   | OWN 30; OTHER 7                          | delete-for-room replace replace OTHER
knows the checks of the run             | OWN 30; OTHER 7 used 6.995 sts           | delete-for-room replace replace OTHER
keeps an unused key until one is due     | OWN 20; OTHER 19                         | younger-unused
leaves a younger key that was used      | OWN 30; OTHER 9 used 8                   | younger-used
counts later calls of STS as a use      | OWN 30; OTHER 9 used 8 sts               | younger-used
keeps a former key over a weekend       | OWN 4 used 0; OTHER 31 used 3            | waiting-for-uses
keeps it for fourteen days              | OWN 14 used 0; OTHER 31 used 13.9        | waiting-for-uses
deactivates it then                     | OWN 15 used 0; OTHER 31 used 14          | deactivate deactivate OTHER
counts the creation of an unused one    | OWN 9 used 0; OTHER 14                   | deactivate deactivate OTHER
keeps a younger creation                | OWN 9 used 0; OTHER 13.9                 | waiting-for-uses
names a use after fourteen days         | OWN 20 used 0; OTHER 50 used 5           | still-used
waits for a use of DKP's key            | OWN 20; OTHER 50 used 14                 | never-proven
takes no use before the former one's    | OWN 20 used 16; OTHER 50 used 15         | never-proven
counts no call of STS as that use       | OWN 20 used 1 sts; OTHER 50 used 14      | never-proven
keeps an Inactive former key            | OWN 29 used 0; OTHER 90 used 60 off      | former-inactive
deletes it where a key needs the room    | OWN 30 used 0; OTHER 90 used 60 off      | delete-for-room replace replace OTHER
begins no rotation beside a used key    | OWN 31 used 0; OTHER 90 used 1           | still-used
ends the former key before it begins one | OWN 31 used 0; OTHER 90 used 20         | deactivate deactivate OTHER
names a rotation two weeks too late     | OWN 44.1; OTHER 2 used 0                 | younger-used rotation-overdue
also in the run that ends it            | OWN 44.1                                 | replace rotation-overdue replace
`),
  )("%s", (_, keys, expected) => {
    expect(step(keys)).toBe(expected);
  });
});

describe("the next step that a person asks for", () => {
  it.each(
    rows(`
begins a rotation before its time       | OWN 1                                    | replace replace
makes room by an unused key             | OWN 1; OTHER 0.01                        | delete-for-room replace replace OTHER
waits for a key of two minutes          | OWN 1; OTHER 0.001                       | younger-unused
ends nothing, and begins nothing beside a used key | OWN 1 used 0; OTHER 31 used 1 | waiting-for-uses
`),
  )("%s", (_, keys, expected) => {
    expect(step(keys, { isWanted: true })).toBe(expected);
  });

  it.each(
    rows(`
replaces a key that is Inactive         | OWN 1 off                                | replace-dead replace
replaces a key that no user has         | OTHER 9 used 9                           | replace-dead replace
makes room by a key that is Inactive    | OWN 1 off; OTHER 9 off                   | delete-for-room replace-dead replace OTHER
makes room by DKP's own one beside a used key | OWN 2 off; OTHER 9 used 0          | delete-for-room replace-dead replace OWN
deletes no key that was ever used       | OTHER 9 used 1; THIRD 8 used 1           | dead-without-room
prefers one that nothing used           | OTHER 9 used 1; THIRD 2                  | delete-for-room replace-dead replace THIRD
`),
  )("%s, as DKP's key does not work", (_, keys, expected) => {
    expect(step(keys, { isAnswered: true })).toBe(expected);
  });
});

describe("a pair of the cluster that AWS does not accept", () => {
  it("is replaced by a person alone", () => {
    expect(step("OWN 30", { isAccepted: false })).toBe("dkp-key-dead");
    expect(step("OWN 30", { isAccepted: false, isAnswered: true })).toBe("replace-dead replace");
  });
});

describe("a cluster of Commander", () => {
  it("gets no key, and its former key ends", () => {
    const reader = "Commander";
    expect(step("OWN 30", { reader })).toBe("due-by-file");
    expect(step("OWN 15 used 0; OTHER 31 used 14", { reader })).toContain("deactivate");
    expect(step("OWN 1 off", { reader, isAnswered: true })).toBe("dkp-key-dead");
  });
});

describe("the keys of Terraform", () => {
  it("end where they are older than DKP's, and never begin", () => {
    const reader = "Terraform";
    expect(step("OWN 29", { reader })).toBe("nothing-to-end");
    expect(step("OWN 30", { reader })).toBe("nothing-to-end key-old");
    expect(step("OWN 29; OTHER 9", { reader })).toBe("not-handed-over");
    expect(step("OWN 15 used 0; OTHER 31 used 14", { reader })).toContain("deactivate");
  });

  it("begin no rotation in a cluster of Commander either", () => {
    const inCommander = (managedBy: string) =>
      step("OWN 90", {
        reader: rotatingOf(deployment(`accessKeys: { managedBy: ${managedBy} }`), true).reader,
      });
    expect(inCommander("terraform")).toBe("nothing-to-end key-old");
    expect(inCommander("rotate")).toBe("due-by-file rotation-overdue");
  });
});

describe("without the cluster", () => {
  const found = (...keys: readonly string[]) => foundBy(undefined, keys);
  const foundBy = (reader: Situation["reader"], keys: readonly string[]) =>
    unreadFindings({
      keys: keys.map(key),
      now: NOW,
      maxAge: 30,
      reader,
      deactivate: (id) => `deactivate ${id}`,
      giving: "rotate",
    }).map(({ rule }) => rule);

  it("nothing ends, and what is due is named", () => {
    expect(found("A 29")).toEqual(["nothing-due-unread"]);
    expect(found("A 30")).toEqual(["due-unread"]);
    expect(found("A 50 used 14", "B 15 used 0")).toEqual(["end-by-person", "nothing-due-unread"]);
    expect(found("A 50 used 13", "B 15 used 0")).toEqual(["nothing-due-unread"]);
    expect(found("A 50 off")).toEqual(["no-key"]);
  });

  it("no rotation of Terraform's keys is due", () => {
    expect(foundBy("Terraform", ["A 29"])).toEqual(["nothing-due-unread"]);
    expect(foundBy("Terraform", ["A 90 used 14", "B 25 used 0"])).toEqual([
      ...["end-by-person", "nothing-due-unread"],
    ]);
    expect(foundBy("Terraform", ["A 90"])).toEqual(["key-old"]);
  });

  it.each(
    rows(`
on the day of a hand-over               | A 29 used 0; B 1 used 0                  | nothing-due-unread
beside a key that nothing uses          | A 29 used 0; B 16                        | nothing-due-unread
while a rotation waits                  | A 50 used 2; B 9 used 0                  | nothing-due-unread
where the younger one rests             | A 29 used 0; B 4 used 2                  | both-used nothing-due-unread
for longer than a rotation takes        | A 29 used 0; B 15 used 0                 | both-used nothing-due-unread
beside a rotation that is late          | A 44.1 used 3; B 44.05 off               | rotation-overdue
`),
  )("two used keys are named, or not, %s", (_, keys, expected) => {
    expect(found(...keys.split("; ")).join(" ")).toBe(expected);
  });
});
