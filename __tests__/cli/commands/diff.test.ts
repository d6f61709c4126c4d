import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realPlan } from "../../helpers/edited-plans";
import { runCli } from "../../helpers/run-cli";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";

const folders: string[] = [];

/** A folder with deployments, YAML settings by stack. */
function project(deployments: Readonly<Record<string, string>> = { dev: SETTINGS }): string {
  const folder = mkdtempSync(join(tmpdir(), "diff-"));
  folders.push(folder);
  mkdirSync(join(folder, "deployments"));
  writeFileSync(join(folder, "cdktf.json"), "{}");
  for (const [stack, text] of Object.entries(deployments)) {
    writeFileSync(join(folder, "deployments", `${stack}.yaml`), text);
  }
  return folder;
}

const diff = (folder: string, ...args: readonly string[]) => runCli(folder, ["diff", ...args]);

describe("dkp-access diff", () => {
  afterAll(() => {
    for (const folder of folders) {
      rmSync(folder, { recursive: true });
    }
  });

  it("summarizes what the settings change against the review packs in a folder, and exits with 2 when permissions are broadened", async () => {
    const folder = project();
    await runCli(folder, ["review", "--out", "before"]);
    expect(await diff(folder, "--against", "./before")).toEqual({
      status: 0,
      stdout: "Permissions unchanged. Compared with folder ./before\n\nUnchanged: dev\n",
      stderr: "",
    });
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}features: [volume-snapshots]\n`);
    const { status, stdout } = await diff(folder, "--against", "./before");
    expect(status).toBe(2);
    expect(stdout).toContain("ec2:CreateSnapshot");
    expect(existsSync(join(folder, "review"))).toBe(false);
  });

  it("exits with 3 when an access key would be deleted, also with --format json", async () => {
    const folder = project();
    await runCli(folder, ["review", "--out", "before"]);
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}user: { name: other }\n`);
    const { status, stdout } = await diff(folder, "--against", "./before", "--format", "json");
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 3, deployments: [{ stack: "dev", state: "changed" }] });
  });

  it("locates findings in the settings files with --format sarif", async () => {
    const folder = project();
    await runCli(folder, ["review", "--out", "before"]);
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}features: [volume-snapshots]\n`);
    const { status, stdout } = await diff(folder, "--against", "./before", "--format", "sarif");
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      runs: [
        {
          results: [
            {
              ruleId: "permissions-broadened",
              locations: [{ physicalLocation: { artifactLocation: { uri: "deployments/dev.yaml" }, region: { startLine: 3 } } }],
            },
          ],
        },
      ],
    });
    rmSync(join(folder, "deployments/dev.yaml"));
    writeFileSync(join(folder, "deployments/other.yaml"), SETTINGS);
    const removed = JSON.parse((await diff(folder, "--against", "./before", "--format", "sarif")).stdout);
    expect(removed.runs[0].results.map((result: { ruleId: string }) => result.ruleId)).toEqual([
      "removed-while-protected",
      "permissions-broadened",
      "secret-output",
      "plaintext-in-state",
      "deployer-broadened",
    ]);
  });

  it("compares the named stack only", async () => {
    const other = `${SETTINGS}user: { name: other }\npolicy: { name: other }\n`;
    const folder = project({ dev: SETTINGS, other });
    await runCli(folder, ["review", "--out", "before"]);
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}user: { name: third }\n`);
    const { status, stdout } = await diff(folder, "--against", "./before", "other");
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "Permissions unchanged. Compared with folder ./before\n\nUnchanged: other\n",
    });
  });

  it.each([
    [
      ["--against", "./before", "--review", "deployments"],
      '--review: "deployments" is not a folder for review packs; name another folder, for example --review review\n',
    ],
    [["dve", "--against", "./before"], 'no deployment "dve" in deployments, did you mean "dev"?\n'],
    [["--plan", "plan"], "plan: no such file or directory (ENOENT); check the path\n"],
    [
      ["--plan", "deployments/dev.yaml"],
      "deployments/dev.yaml: is not a plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it\n",
    ],
  ])("rejects %j", async (args, message) => {
    const folder = project();
    expect(await diff(folder, ...args)).toEqual({ status: 1, stdout: "", stderr: message });
  });

  describe("with a plan of Terraform", () => {
    const PLAN = JSON.stringify(realPlan("no-change"));
    const planIn = (folder: string, text: string) => writeFileSync(join(folder, "plan.json"), text);

    it("never exits with 0 for JSON, which carries no proof of its configuration", async () => {
      const folder = project();
      planIn(folder, PLAN);
      expect(await diff(folder, "--plan", "plan.json")).toEqual({
        status: 2,
        stdout: `1 other change requires attention. Plan plan.json

dev

Other changes that require attention

- the configuration of this plan is unverified: JSON does not contain it
  -> give the file that terraform plan -out=FILE wrote
`,
        stderr: "",
      });
    });

    it("exits with 1 and without a stack trace when it is nested too deeply", async () => {
      const folder = project();
      const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
      planIn(folder, PLAN.replace(/"max_session_duration":3600/g, `"inline": ${deep}`));
      const { status, stdout, stderr } = await diff(folder, "--plan", "plan.json");
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toMatch(
        /^plan\.json: is (?:nested too deeply to be compared|no plan: it is too large or nested too deeply)\n$/,
      );
    });
  });

  it("rejects a plan without a stack when there are several deployments", async () => {
    const folder = project({ dev: SETTINGS, other: `${SETTINGS}user: { name: other }\npolicy: { name: other }\n` });
    expect((await diff(folder, "--plan", "plan")).stderr).toBe("name a stack: dev, other\n");
  });

  it("reports what another DKP version requires with --dkp-version", async () => {
    const folder = project({
      dev: `${SETTINGS}policy: { mode: minimal }\ncluster: { prefix: dev, layout: WithNAT, dkpVersion: "1.66" }\n`,
    });
    const { status, stdout } = await diff(folder, "--dkp-version", "1.77", "--format", "json");
    const { findings } = JSON.parse(stdout) as {
      readonly findings: readonly { readonly rule: string; readonly field: string }[];
    };
    expect(new Set(findings.map(({ field }) => field))).toEqual(new Set(["cluster.dkpVersion"]));
    expect(status).toBe(findings.some(({ rule }) => rule === "version-required") ? 2 : 0);
    expect((await diff(folder, "--dkp-version", "1.66")).stderr).toBe(
      "DKP 1.66 is not newer than 1.66; write the older version first\n",
    );
  });

  it("decides any two policies with --policies", async () => {
    const folder = project();
    const write = (file: string, action: readonly string[]) =>
      writeFileSync(
        join(folder, file),
        JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] }),
      );
    write("before.json", ["s3:GetObject"]);
    write("after.json", ["s3:GetObject", "s3:PutObject"]);
    expect(await diff(folder, "--policies", "before.json", "after.json")).toMatchObject({
      status: 2,
      stdout: expect.stringContaining("for example, allowed now and not before: s3:PutObject on *\n"),
    });
    expect(await diff(folder, "--policies", "after.json", "before.json")).toMatchObject({ status: 0 });
    expect((await diff(folder, "--policies", "after.json")).stderr).toContain("name two files");
  });
});
