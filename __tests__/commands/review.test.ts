import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROJECT = join(__dirname, "../..");
const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";

const made: string[] = [];

/** A folder with deployments; YAML settings by stack. */
function project(deployments: Readonly<Record<string, string>> = { dev: SETTINGS }): string {
  const folder = mkdtempSync(join(tmpdir(), "review-"));
  made.push(folder);
  mkdirSync(join(folder, "deployments"));
  for (const [stack, text] of Object.entries(deployments)) {
    writeFileSync(join(folder, "deployments", `${stack}.yaml`), text);
  }
  return folder;
}

function review(folder: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const command = join(PROJECT, "build/src/commands/review.js");
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: "utf8", env });
  return { status, stdout, stderr };
}

const packOf = (folder: string, stack = "dev") =>
  Object.fromEntries(
    readdirSync(join(folder, "review", stack)).map((name) => [name, readFileSync(join(folder, "review", stack, name), "utf8")]),
  );

describe("npm run review", () => {
  afterAll(() => {
    for (const folder of made) {
      rmSync(folder, { recursive: true });
    }
  });

  it("writes the same bytes in another folder, time zone and locale, and no path of this computer", () => {
    const [here, elsewhere] = [project(), project()];
    expect(review(here, [], { TZ: "UTC", LC_ALL: "C" }).status).toBe(0);
    expect(review(elsewhere, [], { TZ: "Asia/Tokyo", LC_ALL: "tr_TR.UTF-8", HOME: "/nowhere" }).status).toBe(0);
    const pack = packOf(here);
    expect(packOf(elsewhere)).toEqual(pack);
    for (const text of Object.values(pack)) {
      expect(text).not.toContain(tmpdir());
      expect(text).not.toContain(PROJECT);
    }
    expect(existsSync(join(here, "cdktf.out"))).toBe(false);
  });

  it("lists the files that it wrote, and nothing in a second run", () => {
    const folder = project();
    expect(review(folder).stdout.split("\n")).toEqual(
      expect.arrayContaining(["wrote review/dev/REVIEW.md", "wrote review/dev/policy.json"]),
    );
    const { mtimeMs } = statSync(join(folder, "review/dev/REVIEW.md"));
    expect(review(folder)).toEqual({ status: 0, stdout: "", stderr: "review: everything was up to date\n" });
    expect(statSync(join(folder, "review/dev/REVIEW.md")).mtimeMs).toBe(mtimeMs);
  });

  it("names stale files with --check, writes nothing, and ends with 1", () => {
    const folder = project();
    review(folder);
    expect(review(folder, ["--check"])).toEqual({ status: 0, stdout: "", stderr: "" });
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}protect: false\n`);
    rmSync(join(folder, "review/dev/consumer.tf"));
    const before = packOf(folder);
    expect(review(folder, ["--check"])).toEqual({
      status: 1,
      stdout: "",
      stderr: [
        "review is not up to date; run npm run review and commit the result:",
        "  review/dev/REVIEW.md: outdated",
        "  review/dev/aws-cli.sh: outdated",
        "  review/dev/consumer.tf: missing",
        "  review/dev/main.tf.json: outdated",
        "",
      ].join("\n"),
    });
    expect(packOf(folder)).toEqual(before);
  });

  it("removes only the review pack of a removed deployment", () => {
    const folder = project({ dev: SETTINGS, old: `${SETTINGS}user: { name: old }\npolicy: { name: old }\n` });
    review(folder);
    rmSync(join(folder, "deployments/old.yaml"));
    mkdirSync(join(folder, "review/minutes"));
    writeFileSync(join(folder, "review/minutes/REVIEW.md"), "ours");
    expect(review(folder, ["--check"]).stderr).toContain("  review/old/REVIEW.md: left over\n");
    expect(review(folder).stdout).toContain("removed review/old/REVIEW.md\n");
    expect(readdirSync(join(folder, "review")).sort()).toEqual(["dev", "minutes"]);
  });

  it("keeps the review packs of another settings folder, and names them", () => {
    const folder = project();
    review(folder);
    const before = packOf(folder);
    mkdirSync(join(folder, "elsewhere"));
    writeFileSync(join(folder, "elsewhere/old.yaml"), SETTINGS);
    const environment = { CDKTF_CONTEXT_JSON: '{"deployments":"elsewhere"}', CDKTF_OUTDIR: "elsewhere.out" };
    const kept =
      "kept review/dev: no deployment of that name in elsewhere, and its review pack was not generated from there; delete the folder if nobody needs it\n";
    const { status, stdout, stderr } = review(folder, [], environment);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: expect.not.stringContaining("removed"), stderr: kept });
    expect(packOf(folder)).toEqual(before);
    expect(review(folder, ["--check"], environment)).toEqual({ status: 0, stdout: "", stderr: kept });
    // Without its settings file, only the review pack that was generated from that folder is removed.
    writeFileSync(join(folder, "elsewhere/new.yaml"), SETTINGS);
    rmSync(join(folder, "elsewhere/old.yaml"));
    expect(review(folder, [], environment).stdout).toContain("removed review/old/REVIEW.md\n");
    expect(readdirSync(join(folder, "review")).sort()).toEqual(["dev", "new"]);
  });

  it("keeps the review pack of a removed deployment that does not state its settings folder", () => {
    const folder = project();
    review(folder);
    mkdirSync(join(folder, "review/old"));
    for (const name of ["REVIEW.md", "main.tf.json"]) {
      writeFileSync(join(folder, "review/old", name), "{}");
    }
    expect(review(folder)).toEqual({
      status: 0,
      stdout: "",
      stderr:
        "kept review/old: no deployment of that name in deployments, and its review pack was not generated from there; delete the folder if nobody needs it\nreview: everything was up to date\n",
    });
    expect(readdirSync(join(folder, "review/old"))).toEqual(["REVIEW.md", "main.tf.json"]);
  });

  it("neither writes nor deletes through symbolic links", () => {
    const folder = project({ dev: SETTINGS, old: `${SETTINGS}user: { name: old }\npolicy: { name: old }\n` });
    review(folder);
    // A removed deployment's review pack in another folder.
    rmSync(join(folder, "deployments/old.yaml"));
    renameSync(join(folder, "review/old"), join(folder, "elsewhere"));
    symlinkSync("../elsewhere", join(folder, "review/old"));
    expect(review(folder)).toEqual({ status: 0, stdout: "", stderr: "review: everything was up to date\n" });
    expect(readdirSync(join(folder, "elsewhere"))).toContain("REVIEW.md");
    // A file of a review pack.
    const page = join(folder, "review/dev/REVIEW.md");
    rmSync(page);
    writeFileSync(join(folder, "target"), "untouched");
    symlinkSync("../../target", page);
    for (const args of [[], ["--check"]]) {
      expect(review(folder, args)).toEqual({
        status: 1,
        stdout: "",
        stderr: "review/dev/REVIEW.md: is a symbolic link; remove it and run the command again\n",
      });
    }
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("untouched");
    // The folder of a review pack, and the folder of all review packs.
    rmSync(join(folder, "review"), { recursive: true });
    mkdirSync(join(folder, "review"));
    mkdirSync(join(folder, "empty"));
    symlinkSync("../empty", join(folder, "review/dev"));
    expect(review(folder).stderr).toBe("review/dev: is a symbolic link, not a folder; remove it, or name another path\n");
    symlinkSync("empty", join(folder, "packs"));
    expect(review(folder, ["--out", "packs"]).stderr).toBe(
      "packs: is a symbolic link, not a folder; remove it, or name another path\n",
    );
    expect(readdirSync(join(folder, "empty"))).toEqual([]);
  });

  it.each([
    ["", '--out: "" is not a folder for review packs; name another folder, for example --out review\n'],
    ["deployments", '--out: "deployments" is not a folder for review packs; name another folder, for example --out review\n'],
    ["deployments/dev.yaml", "deployments/dev.yaml: is a file, not a folder; remove it, or name another path\n"],
    [
      "deployments/dev.yaml/x",
      "deployments/dev.yaml/x: a part of this path is not a folder (ENOTDIR); remove it, or name another path\n",
    ],
  ])("rejects --out %j", (out, message) => {
    const folder = project();
    expect(review(folder, ["--out", out])).toEqual({ status: 1, stdout: "", stderr: message });
    expect(readdirSync(join(folder, "deployments"))).toEqual(["dev.yaml"]);
  });

  it("writes one deployment with --stack, and to another folder with --out", () => {
    const folder = project({ dev: SETTINGS, other: `${SETTINGS}user: { name: other }\npolicy: { name: other }\n` });
    expect(review(folder, ["--stack", "other", "--out", "packs"]).status).toBe(0);
    expect(readdirSync(folder).sort()).toEqual(["deployments", "packs"]);
    expect(readdirSync(join(folder, "packs"))).toEqual(["other"]);
  });

  it("lists the stacks when --stack names an unknown one", () => {
    expect(review(project(), ["--stack", "dve"])).toEqual({
      status: 1,
      stdout: "",
      stderr: 'no deployment "dve" in deployments, did you mean "dev"?\n',
    });
  });

  it("writes nothing when the settings have an error", () => {
    const folder = project({ dev: "region: eu-central-1\n" });
    expect(review(folder).status).toBe(1);
    expect(existsSync(join(folder, "review"))).toBe(false);
  });

  it("summarizes how the settings differ from the review packs in a folder, and ends with 2 when permissions are broadened", () => {
    const folder = project();
    review(folder, ["--out", "before"]);
    expect(review(folder, ["--against", "./before"])).toEqual({
      status: 0,
      stdout: "No change of permissions. against folder ./before\n\nNothing changes in dev\n",
      stderr: "",
    });
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}features: [volume-snapshots]\n`);
    const { status, stdout } = review(folder, ["--against", "./before"]);
    expect(status).toBe(2);
    expect(stdout).toContain("ec2:CreateSnapshot");
    expect(existsSync(join(folder, "review"))).toBe(false);
  });

  it("ends with 3 when a key would be lost, and prints JSON with --json", () => {
    const folder = project();
    review(folder, ["--out", "before"]);
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}user: { name: other }\n`);
    const { status, stdout } = review(folder, ["--against", "./before", "--format", "json"]);
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: 3, deployments: [{ stack: "dev", state: "changed" }] });
  });

  it("compares one deployment with --stack", () => {
    const other = `${SETTINGS}user: { name: other }\npolicy: { name: other }\n`;
    const folder = project({ dev: SETTINGS, other });
    review(folder, ["--out", "before"]);
    writeFileSync(join(folder, "deployments/dev.yaml"), `${SETTINGS}user: { name: third }\n`);
    const { status, stdout } = review(folder, ["--against", "./before", "--stack", "other"]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: "No change of permissions. against folder ./before\n\nNothing changes in other\n",
    });
  });

  describe("in a project with a review pack", () => {
    let folder: string;

    beforeAll(() => {
      folder = project();
      expect(review(folder).status).toBe(0);
    });

    it.each([
      [["--check", "--against", "x"], "--check and --against: each is for itself; run them one after the other\n"],
      [["--format", "json"], '--format: "json" is for --against and --plan; add one of them\n'],
      [["--against", "./review", "--format", "jsn"], '--format: "jsn" is unknown, did you mean "json"?\n'],
      [["--plan", "plan"], "plan: can't be read as a file (ENOENT); name a plan\n"],
      [
        ["--plan", "deployments/dev.yaml"],
        "deployments/dev.yaml: is no plan; terraform plan -out=FILE writes one, and terraform show -json FILE prints it\n",
      ],
    ])("rejects %j with the reason", (args, message) => {
      expect(review(folder, args)).toEqual({ status: 1, stdout: "", stderr: message });
    });
  });

  describe("with a plan of Terraform", () => {
    const PLAN = readFileSync(join(PROJECT, "__tests__/helpers/plans/no-change.json"), "utf8");
    const planIn = (folder: string, text: string) => writeFileSync(join(folder, "plan.json"), text);

    it("ends with 0 when nothing is broadened", () => {
      const folder = project();
      planIn(folder, PLAN);
      expect(review(folder, ["--plan", "plan.json"])).toEqual({
        status: 0,
        stdout: "No change of permissions. plan plan.json\n\nNothing changes in dev\n",
        stderr: "",
      });
    });

    it("ends with 1 when the plan is of another deployment", () => {
      const folder = project({ dev: SETTINGS, other: `${SETTINGS}user: { name: other }\npolicy: { name: other }\n` });
      planIn(folder, PLAN);
      expect(review(folder, ["--plan", "plan.json", "--stack", "other"])).toEqual({
        status: 1,
        stdout: "",
        stderr:
          'plan.json: aws_iam_user.user has name "deckhouse", and the settings of "other" give "other"; name the deployment of this plan with --stack, or run npm run synth and plan again\n',
      });
    });

    it("ends with 1 and no stack trace when the plan is nested too deeply", () => {
      const folder = project();
      const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
      planIn(folder, PLAN.replace(/"session_policy": null|"max_session_duration": 3600/g, `"inline": ${deep}`));
      const { status, stdout, stderr } = review(folder, ["--plan", "plan.json"]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toMatch(
        /^plan\.json: is (?:nested too deeply to be compared|no plan: it is too large or nested too deeply)\n$/,
      );
    });
  });

  it("requires --stack for a plan when there are several deployments", () => {
    const folder = project({ dev: SETTINGS, other: `${SETTINGS}user: { name: other }\npolicy: { name: other }\n` });
    expect(review(folder, ["--plan", "plan"]).stderr).toBe("--plan: say whose plan it is: --stack dev, --stack other\n");
  });

  it("prints help", () => {
    expect(review(project(), ["--help"]).stdout).toContain("Usage: npm run review -- [options]");
  });
});
