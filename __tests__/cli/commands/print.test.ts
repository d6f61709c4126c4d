import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCli } from "../../helpers/run-cli";

describe("what commands print", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "print-"));
    mkdirSync(join(folder, "deployments"));
    writeFileSync(join(folder, "cdktf.json"), "{}");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) => runCli(folder, args);

  it("shows the name of a settings file on one line", async () => {
    writeFileSync(
      join(folder, "deployments", "x\n::error::y\u001b[2J\u202e.yaml"),
      "region: eu-central-1\nbackend: { local: {} }\n",
    );
    const { status, stdout, stderr } = await run("synth");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr.split("\n")[0]).toBe("deployments/x\\n::error::y\\u001b[2J\\u202e.yaml has 1 error:");
    expect(stderr.split("\n").filter((line) => /^\s*::/.test(line))).toEqual([]);
  });

  it("runs no workflow command that a plan contains, in any format", async () => {
    writeFileSync(
      join(folder, "deployments", "dev.yaml"),
      "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n",
    );
    const policy = (Action: string) =>
      JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource: "*" }] });
    const [before, after] = [policy("s3:GetObject"), policy("s3:hostile\n::error::X\u001b[2J ##[add-mask]y")];
    const change = { actions: ["update"], before: { policy: before }, after: { policy: after } };
    const changed = { address: "aws_iam_policy.policy", mode: "managed", type: "aws_iam_policy", name: "policy", change };
    writeFileSync(
      join(folder, "plan.json"),
      JSON.stringify({
        format_version: "1.2",
        planned_values: {},
        configuration: {
          provider_config: { aws: { expressions: { region: { constant_value: "eu-central-1" } } } },
          root_module: {
            resources: [
              { address: "aws_iam_user.user", expressions: { name: { constant_value: "deckhouse" } } },
              { address: "aws_iam_policy.policy", expressions: { name: { constant_value: "D8CloudProviderAWS" } } },
            ],
          },
        },
        terraform_version: "1.11.4",
        resource_changes: [changed],
        complete: true,
        errored: false,
      }),
    );
    for (const format of ["text", "markdown", "json"]) {
      const { status, stdout, stderr } = await run("diff", "dev", "--plan", "plan.json", "--format", format);
      expect({ format, status, stderr }).toEqual({ format, status: 2, stderr: "" });
      expect(stdout).toContain("s3:hostile");
      expect(`${stdout}${stderr}`.split("\n").filter((line) => /^\s*::|##\[|\p{Cc}/u.test(line))).toEqual([]);
    }
  });
});
