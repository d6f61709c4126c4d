import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  let folder: string;
  const names = Array.from({ length: 5 }, (_, index) => `p${index}`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "once-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
    for (const name of names) {
      const cluster = `policy: { mode: scoped, name: ${name} }\ncluster: { prefix: ${name} }\n`;
      writeFileSync(
        join(folder, `deployments/${name}.yaml`),
        `region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\nuser: { name: ${name} }\n${cluster}`,
      );
    }
    await runCli(folder, ["review"]);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ["synth", []],
    ["review", []],
    ["review", ["--check"]],
    ["diff", ["--against", "./review"]],
  ] as const)("are computed once by %s %j", async (command, more) => {
    mockComputed.clear();
    const { status, stderr } = await runCli(folder, [command, ...more]);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(Object.fromEntries(mockComputed)).toEqual(Object.fromEntries(names.map((name) => [name, 1])));
  });
});
