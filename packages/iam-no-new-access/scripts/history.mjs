// Usage: npm run build && node scripts/history.mjs CLONE [COUNT] [SEED]
// Decides random changes of AWS's managed policies in both directions, and prints how many are not
// comparable. CLONE is a clone of https://github.com/z0ph/MAMIP, which has each version of each
// policy.
import { execFileSync } from "node:child_process";
import { comparisonOf } from "../dist/index.js";

const [clone, count = "700", seed = "1"] = process.argv.slice(2);
const print = (text) => process.stdout.write(`${text}\n`);
const git = (args, input) =>
  execFileSync("git", ["-C", clone, ...args], { input, encoding: "utf8", maxBuffer: 2 ** 30 });

const raw = git(["log", "--format=", "--raw", "--no-abbrev", "--diff-filter=M", "--", "policies"]);
const changes = [...new Set(raw.match(/^:\S+ \S+ [0-9a-f]{40} [0-9a-f]{40} M\t.*$/gm))].sort();

/**
 * Random numbers that the seed determines. Source: Numerical Recipes, the generator "Quick and
 * Dirty".
 */
let state = Number(seed);
const random = (max) => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * max);
};

const policyIn = (blob) => {
  // One version of a file is empty.
  const json = JSON.parse(git(["cat-file", "blob", blob]) || "{}");
  return json.PolicyVersion?.Document ?? json;
};
/** The same for documents that differ in the order of lists. */
const meaningOf = (value) =>
  Array.isArray(value) || typeof value !== "object"
    ? [value]
        .flat()
        .map((each) => (typeof each === "object" ? meaningOf(each) : JSON.stringify(each)))
        .sort()
        .join()
    : `{${Object.keys(value)
        .sort()
        .map((key) => `${key}:${meaningOf(value[key])}`)}}`;
const kinds = { added: {}, removed: {} };
const reasons = {};
const seconds = [];
while (seconds.length < Number(count) && changes.length > 0) {
  const [, , before, after, , path] = changes.splice(random(changes.length), 1)[0].split(/\s/);
  const [one, other] = [{ identity: [policyIn(after)] }, { identity: [policyIn(before)] }];
  // Often only the date, the number of the version, or the order of lists changed.
  const isChange = [one, other].every(({ identity: [{ Statement }] }) => Statement !== undefined);
  if (!isChange || meaningOf(one) === meaningOf(other)) {
    continue;
  }
  const start = process.cpuUsage();
  const { added, removed } = comparisonOf(one, other);
  const answers = { added: added(), removed: removed() };
  const { user, system } = process.cpuUsage(start);
  seconds.push((user + system) / 1e6);
  for (const [direction, { kind, reason }] of Object.entries(answers)) {
    kinds[direction][kind] = (kinds[direction][kind] ?? 0) + 1;
    if (direction === "added" && reason !== undefined) {
      const short = reason.replace(/ on \S+|values of \S+|variable in \S+/, "");
      reasons[short] = (reasons[short] ?? 0) + 1;
      if (process.env.SHOW) {
        print([path, before, after, reason].join(" "));
      }
    }
  }
}
const mean = seconds.reduce((sum, each) => sum + each, 0) / seconds.length;
print(JSON.stringify({ changes: seconds.length, ...kinds, reasons }, null, 2));
print(`CPU: mean ${(1000 * mean).toFixed(0)} ms, at most ${Math.max(...seconds).toFixed(2)} s`);
