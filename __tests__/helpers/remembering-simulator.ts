/**
 * The IAM simulator with a memory. Matching ARNs to resource types takes most of a simulation, and its result follows from the
 * arguments alone. Simulations repeat them. The module that matches is replaced in Node's cache before the simulator loads it.
 */
type Matching = typeof import("@cloud-copilot/iam-utils");

const cached = loaded("@cloud-copilot/iam-utils");
const actual = cached.exports as Matching;
cached.exports = {
  ...actual,
  mostSpecificMatchingResourceTypePatterns: remember(actual.mostSpecificMatchingResourceTypePatterns),
  resourceStringMatchesResourceTypePattern: remember(actual.resourceStringMatchesResourceTypePattern),
} satisfies Matching;

export const { runSimulation } =
  // An import would load the simulator before the replacement.
  require("@cloud-copilot/iam-simulate") as typeof import("@cloud-copilot/iam-simulate");

function loaded(name: string): NodeModule {
  require(name);
  const module = require.cache[require.resolve(name)];
  if (module === undefined) {
    throw new Error(`${name} is not in the cache of modules`);
  }
  return module;
}

function remember<Arguments extends readonly unknown[], Result>(judge: (...args: Arguments) => Result) {
  const results = new Map<string, Result>();
  return (...args: Arguments): Result => {
    const key = JSON.stringify(args);
    const result = results.get(key) ?? judge(...args);
    results.set(key, result);
    return result;
  };
}
