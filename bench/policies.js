// Generates the policies of STACKS deployments in mode scoped, and compares each with the documented one, as bench.mjs asks.
// Prints the milliseconds of one generation and of one comparison.
const { deploymentPolicies } = require("../build/src/iam/deployment-policies");
const { policyDocument } = require("../build/src/iam/policy-document");
const { policyChanges } = require("../build/src/cli/diff/policy-comparison");
const { readPolicy } = require("../build/src/cli/diff/policy-model");
const { loadDeployments } = require("../build/src/settings/load");
const { policyOptionsOf } = require("../build/src/settings/deployment");

const deployments = loadDeployments(JSON.parse(process.env.CDKTF_CONTEXT_JSON ?? "{}").deployments);
const options = deployments.map((deployment) => policyOptionsOf(deployment, "123456789012"));
const milliseconds = (each) => {
  const start = performance.now();
  const results = options.map(each);
  return [(performance.now() - start) / options.length, results];
};
const read = (policies) => readPolicy(JSON.stringify(policyDocument(policies.flat())));
const [generation, scoped] = milliseconds((option, index) => {
  const cluster = { ...option.cluster, prefix: `cluster-${index}` };
  return read(deploymentPolicies({ ...option, mode: "scoped", cluster }));
});
const documented = options.map((option) => read(deploymentPolicies(option)));
const [comparison, changes] = milliseconds((_, index) => policyChanges("user", documented[index], scoped[index]));
if (!changes.every(({ narrowed, broadened }) => narrowed.length > 100 && broadened.length === 0)) {
  throw new Error("the comparison does not say that the scoped policy is narrower than the documented one");
}
process.stdout.write(JSON.stringify({ generation, comparison }));
