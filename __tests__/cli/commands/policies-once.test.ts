import { folderForEach } from "../../helpers/folder";
import { runCli } from "../../helpers/run-cli";

/** The computations of policies, by the name of the first policy. */
const mockComputed = new Map<string, number>();

jest.mock("../../../src/iam/deployment-policies", () => {
  const actual = jest.requireActual<typeof import("../../../src/iam/deployment-policies")>(
    "../../../src/iam/deployment-policies",
  );
  return {
    ...actual,
    deploymentPolicies: (...[options, identity]: Parameters<typeof actual.deploymentPolicies>) => {
      mockComputed.set(identity.name, (mockComputed.get(identity.name) ?? 0) + 1);
      return actual.deploymentPolicies(options, identity);
    },
  };
});

describe("the policies of each of five deployments", () => {
  const stacks = Array.from({ length: 5 }, (_, index) => `p${index}`);
  const settings = (name: string) => `region: eu-central-1
backend: { s3: { bucket: state, region: eu-central-1 } }
user: { name: ${name} }
policy: { mode: scoped, name: ${name} }
cluster: { prefix: ${name} }
`;
  const { at } = folderForEach({
    "cdktf.json": "{}",
    ...Object.fromEntries(stacks.map((stack) => [`deployments/${stack}.yaml`, settings(stack)])),
  });

  it.each([
    ["synth", []],
    ["review", []],
    ["review", ["--check"]],
    ["diff", ["--against", "./review"]],
  ] as const)("are computed once by %s %j", async (command, more) => {
    await runCli(at(), ["review"]);
    mockComputed.clear();
    const { status, stderr } = await runCli(at(), [command, ...more]);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(Object.fromEntries(mockComputed)).toEqual(Object.fromEntries(stacks.map((name) => [name, 1])));
  });
});
