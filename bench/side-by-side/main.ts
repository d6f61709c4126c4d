import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { cleanUp } from "../../__tests__/e2e/support/cleanup";
import { LocalAws } from "../../__tests__/e2e/support/local-aws";
import { folder, write } from "../../__tests__/e2e/support/project";
import { startServedMirror } from "../../__tests__/e2e/support/served-mirror";
import {
  ownProviderEnvironment,
  runIn,
  terraformEnvironment,
} from "../../__tests__/e2e/support/terraform";
import { PROJECT } from "../../__tests__/helpers/project-root";
import { isAllowed, type Request } from "../../__tests__/helpers/simulator";
import { cell } from "../../packages/cli/src/text/markdown";
import type { PolicyDocument } from "../../src/iam/policy-document";
import { ARMS, type Arm, GENERATED, OURS, PROGRAM, PROVIDER } from "./arms";

// Compares the ways of arms.ts: what a person writes, which stage stops each of mistakes.yaml, and
// the processor time from settings to a plan. Writes the tables into bench/side-by-side/README.md.
// It requires what the end-to-end tests require.

const INIT = [
  "terraform",
  "init",
  "-input=false",
  "-no-color",
  "-backend-config=use_path_style=true",
];
const PLAN = ["terraform", "plan", "-input=false", "-no-color", "-out=plan"];
const APPLY = ["terraform", "apply", "-input=false", "-no-color", "plan"];
const ROUNDS = 5;

/** An entry of mistakes.yaml. */
interface Mistake
  extends Readonly<Partial<Record<Arm["key"], readonly [expression: string, by: string]>>> {
  readonly what: string;
  readonly when: "new" | "live" | "second";
  readonly needs?: Request;
  readonly destroys?: true;
}

const KMS = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-4000-8000-000000000";
const statement = (fields: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...fields }] });
/** What words in mistakes.yaml stand for. */
const TEXTS: Readonly<Record<string, string>> = {
  KMS_KEYS: JSON.stringify(Array.from({ length: 80 }, (_, at) => `${KMS}${100 + at}`)),
  TRUST: statement({ Action: "sts:AssumeRole", Principal: { Service: "ec2.amazonaws.com" } }),
  ACTIONS: statement({ Action: "ecr:GetDownloadUrlForLayerr", Resource: "*" }),
};

interface State {
  readonly resources: readonly {
    type: string;
    instances: readonly { attributes: Record<string, string> }[];
  }[];
}

/** What a person writes in one way, and what is generated from it. */
class Project {
  readonly path = folder(GENERATED);
  readonly terraform: string;

  constructor(
    private readonly arm: Arm,
    private readonly environment: Record<string, string>,
  ) {
    symlinkSync(join(PROJECT, "node_modules"), join(this.path, "node_modules"));
    this.terraform = join(this.path, arm.folder);
    mkdirSync(this.terraform, { recursive: true });
    write(this.path, arm.files);
  }

  run([program = "", ...args]: readonly string[], path = this.path) {
    return runIn(path, this.environment, program, ...args);
  }

  inStack(...command: readonly string[]): number | null {
    return this.run(command, this.terraform).status;
  }

  /** The output of the commands before Terraform's; undefined if one fails. */
  synth(): string | undefined {
    const results = this.arm.synth.map((command) => this.run(command));
    if (this.arm !== OURS) {
      writeFileSync(join(this.terraform, "provider_override.tf.json"), PROVIDER);
    }
    return results.every(({ status }) => status === 0)
      ? results.map(({ output }) => output).join("")
      : undefined;
  }

  deploy(): void {
    if (
      this.synth() === undefined ||
      [INIT, PLAN, APPLY].some((command) => this.inStack(...command) !== 0)
    ) {
      throw new Error(`${this.arm.name}: the deployment without a mistake fails`);
    }
  }

  resources(type: string): readonly Readonly<Record<string, string>>[] {
    const { resources } = JSON.parse(
      this.run(["terraform", "state", "pull"], this.terraform).output,
    ) as State;
    return resources
      .filter((one) => one.type === type)
      .flatMap(({ instances }) => instances.map(({ attributes }) => attributes));
  }
}

/** What a person writes, with a mistake in it. */
function mistaken({ files, key }: Arm, mistake: Mistake): Readonly<Record<string, string>> {
  const [expression, by] = mistake[key] ??
    (key === "guarded" ? mistake.hcl : undefined) ?? ["^", ""];
  const written = by.replace(/KMS_KEYS|TRUST|ACTIONS/g, (word) => TEXTS[word] ?? "");
  const [first] = Object.keys(files);
  const edited = (path: string, text: string) => {
    const added = path === first ? `${text}${written}\n` : text;
    return expression ? text.replace(new RegExp(expression, "m"), written) : added;
  };
  return Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, edited(path, text)]),
  );
}

/** The stage that stops a mistake. */
async function stageOf(aws: LocalAws, arm: Arm, mistake: Mistake): Promise<string> {
  const { when, needs, destroys } = mistake;
  const isOurs = arm === OURS;
  const live = new Project(arm, terraformEnvironment(aws));
  if (when !== "new") {
    live.deploy();
  }
  const [key] = when === "live" ? live.resources("aws_iam_access_key") : [];
  if (isOurs && when === "live") {
    live.run([...PROGRAM, "review", "--out", "./packs"]);
  }
  const project = when === "second" && !isOurs ? new Project(arm, terraformEnvironment(aws)) : live;
  const files = mistaken(arm, mistake);
  write(
    project.path,
    when === "second" && isOurs
      ? { "deployments/second.yaml": Object.values(files).join("") }
      : files,
  );
  const synth = project.synth();
  if (synth === undefined || /^warning: /m.test(synth)) {
    return synth === undefined ? "synth" : "synth (warning)";
  }
  if (
    isOurs &&
    when === "live" &&
    (project.run([...PROGRAM, "diff", "--against", "./packs"]).status ?? 0) > 1
  ) {
    return "review";
  }
  if (destroys) {
    return project.inStack("terraform", "destroy", "-auto-approve") === 0
      ? "never; outage"
      : "plan";
  }
  const plan = project.inStack(...INIT) === 0 ? project.inStack(...PLAN, "-detailed-exitcode") : 1;
  if (plan !== 2) {
    return plan === 0 ? "no effect" : "plan";
  }
  if (project.inStack(...APPLY) !== 0) {
    return "apply";
  }
  if (needs !== undefined) {
    const documents = project
      .resources("aws_iam_policy")
      .map(({ policy = "" }) => JSON.parse(policy) as PolicyDocument);
    const whole = {
      Version: "2012-10-17",
      Statement: documents.flatMap(({ Statement }) => Statement),
    } as const;
    return (await isAllowed(whole, needs)) ? "no effect" : "in the cluster";
  }
  const works =
    key === undefined ||
    (await aws.accepts({ accessKeyId: key.id ?? "", secretAccessKey: key.secret ?? "" }));
  return works ? "never" : "never; outage";
}

/**
 * Seconds of processor time of commands, each in a folder, and of their children. @throws Error if
 * one fails
 */
function seconds(
  commands: readonly (readonly [string, readonly string[]])[],
  env: Record<string, string>,
): number {
  const lines = commands.map(([path, command]) => `(cd '${path}' && '${command.join("' '")}') >&2`);
  const { status, stdout, stderr } = spawnSync("bash", ["-c", [...lines, "times"].join(" && ")], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) {
    throw new Error(stderr);
  }
  const times = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => 60 * Number(minutes) + Number(rest),
  );
  return times.reduce((sum, time) => sum + time, 0);
}

/**
 * Of each way, from what a person writes to a plan: the smallest, because other load adds to it.
 * The ways take turns.
 */
function processorTimes(aws: LocalAws): readonly number[] {
  // As a user's run: its own provider, and Go's garbage collection.
  const { GOGC: _, GOMEMLIMIT: __, ...environment } = ownProviderEnvironment(aws);
  const rounds = Array.from({ length: ROUNDS }, () =>
    ARMS.map((arm) => {
      const project = new Project(arm, environment);
      project.synth();
      const synth = arm.synth.map((command) => [project.path, command] as const);
      return seconds([...synth, [project.terraform, INIT], [project.terraform, PLAN]], environment);
    }),
  );
  return ARMS.map((_arm, at) => Math.min(...rounds.map((round) => round[at] ?? 0)));
}

async function inAccount<Result>(
  what: (aws: LocalAws) => Result | Promise<Result>,
): Promise<Result> {
  const aws = await LocalAws.start();
  await aws.createBucket("acme-terraform-state");
  const result = await what(aws);
  await aws.stop();
  return result;
}

async function main(): Promise<void> {
  const mirrored = mkdtempSync(join(tmpdir(), "mirrored-")); // the pool of providers removes it
  write(mirrored, { "main.tf.json": PROVIDER });
  const { output } = runIn(mirrored, ownProviderEnvironment(), "terraform", "init", "-no-color");
  await Promise.all([startServedMirror(mirrored), LocalAws.startOrigin()]);
  const times = await inAccount(processorTimes);
  const rows: (readonly string[])[] = [];
  for (const mistake of parse(
    readFileSync(join(PROJECT, "bench/side-by-side/mistakes.yaml"), "utf8"),
  )) {
    const stages: string[] = [];
    for (const arm of ARMS) {
      stages.push(await inAccount((aws) => stageOf(aws, arm, mistake)));
    }
    rows.push([mistake.what, ...stages]);
    process.stderr.write(`${rows.at(-1)?.join(" | ")}\n`);
  }
  const names = ARMS.map(({ name }) => name);
  const written = ARMS.map(({ files }) => Object.values(files).join("\n").match(/^.*\S/gm)?.length);
  const stopped = ARMS.map(
    (_, at) =>
      rows.filter((row) => /^(synth|review|plan|no effect)/.test(row[at + 1] ?? "")).length,
  );
  const [version] =
    runIn(mirrored, ownProviderEnvironment(), "terraform", "version").output.match(
      /Terraform v[\d.]+/,
    ) ?? [];
  const [provider] = output.match(/hashicorp\/aws v[\d.]+\d/) ?? [];
  const figures = [
    `${version}, ${provider}, Node.js ${process.version}; processor time is the smallest of ${ROUNDS} runs.`,
    "",
    ...tableLines(
      ["", ...names],
      [
        ["lines that a person writes", ...written.map(String)],
        ["commands to a plan", ...ARMS.map(({ synth }) => String(synth.length + 2))],
        ["processor time to a plan, s", ...times.map((time) => time.toFixed(2))],
        [
          "the same, compared with the documented HCL",
          ...times.map((time) => (time / (times[0] ?? 1)).toFixed(2)),
        ],
        [
          `of ${rows.length} mistakes, stopped before an apply or without effect`,
          ...stopped.map(String),
        ],
      ],
    ),
    "",
    ...tableLines(["mistake", ...names], rows),
  ].join("\n");
  const page = join(PROJECT, "bench/side-by-side/README.md");
  const marked = /(<!-- figures: .* -->\n).*(<!-- end of figures -->)/s;
  const text = readFileSync(page, "utf8");
  writeFileSync(
    page,
    text.replace(marked, (_, begin, end) => `${begin}\n${figures}\n\n${end}`),
  );
}

function tableLines(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) =>
    `| ${cells.map(cell).join(" | ")} |`.replaceAll("|  |", "| |"),
  );
}

main()
  .catch((error: Error) => process.stderr.write(`${error.stack}\n`))
  .then(async (failed) => {
    await cleanUp();
    process.exit(failed ? 1 : 0);
  });
