import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { terraformJson } from "../../app";
import type { Deployment } from "../../settings/deployment";
import { parseYaml, type YamlFile } from "../../settings/yaml-file";
import { readBase } from "../diff/baseline";
import { type Changes, changesJson, exitCodeOf } from "../diff/change-summary";
import { changesAgainst, changesOfPlan } from "../diff/compare";
import { objectOf } from "../diff/json-values";
import { checkPlanOf, readPlan } from "../diff/plan-file";
import { POLICY_FILES, type PolicyFiles } from "../diff/policy-files";
import { changesMarkdown, changesText } from "../diff/render-summary";
import { changesSarif, type SettingsFiles } from "../diff/sarif";
import { packsOf, requirePackFolder, settingsFolder } from "./support/review-packs";
import { STACKS_HELP, selectDeployments } from "./support/select-deployments";
import type { Define, Session } from "./support/session";
import { formatOption } from "./support/shared-options";

/** Changes by the name of the format to print them in. */
const FORMATS = {
  text: changesText,
  markdown: changesMarkdown,
  json: changesJson,
  sarif: changesSarif,
} as const satisfies Readonly<Record<string, (changes: Changes, files: SettingsFiles) => string>>;

interface Options {
  readonly against?: string;
  readonly plan?: string;
  readonly review: string;
  readonly format: keyof typeof FORMATS;
}

export const define: Define = (command, session) => {
  command
    .description(
      "Summarizes what a change of the settings does, compared with committed review packs, or what a plan does. Writes nothing. Does not call AWS; runs Terraform only to read a saved plan.",
    )
    .argument("[stack...]", `${STACKS_HELP}; with --plan exactly one`)
    .addOption(
      new Option(
        "--against <git-ref-or-folder>",
        "compare with the review packs of a Git ref, or of a folder, which is written as a path: ./old, ../old, /old or ~/old",
      ).conflicts("plan"),
    )
    .option(
      "--plan <file>",
      "a plan: the file of terraform plan -out in the stack's folder, or the output of terraform show -json",
    )
    .option("--review <folder>", "the folder of the review packs in the Git ref", "review")
    .addOption(formatOption("text", ...Object.keys(FORMATS).filter((name) => name !== "text")))
    .action(async (names: readonly string[], options: Options) => {
      const changes = await changesOf(command, session, names, options);
      session.print(FORMATS[options.format](changes, settingsFiles(session)));
      session.raise(exitCodeOf(changes));
    });
};

async function changesOf(command: Command, session: Session, names: readonly string[], options: Options): Promise<Changes> {
  const { against, plan, review } = options;
  if (plan !== undefined) {
    return await ofPlan(command, session, names, plan);
  }
  if (against === undefined) {
    return command.error("error: --against or --plan is missing");
  }
  requirePackFolder(session, "--review", review);
  const { deployments } = selectDeployments(session, names);
  const base = readBase(against, review, ".", session.host.env);
  const only = <T>(byStack: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
    Object.fromEntries(Object.entries(byStack).filter(([stack]) => names.length === 0 || names.includes(stack)));
  const files = { base: only(base.files), current: policyFiles(deployments) };
  return compared(`--against ${against}`, () =>
    changesAgainst(only(base.packs), terraformJson(deployments), `Compared with ${base.source}`, files),
  );
}

async function ofPlan(command: Command, session: Session, names: readonly string[], plan: string): Promise<Changes> {
  const { deployments } = selectDeployments(session, names);
  const [deployment, ...others] = deployments;
  if (deployment === undefined || others.length > 0) {
    return command.error(`error: --plan: name the one stack of the plan: ${deployments.map(({ stack }) => stack).join(" or ")}`);
  }
  const { stack } = deployment;
  const content = await readPlan(session.terraform, plan);
  checkPlanOf(content, objectOf(terraformJson(deployments)[stack]), stack, plan);
  return compared(plan, () => changesOfPlan(content, stack, `Plan ${plan}`));
}

/** The settings files, read where a format asks for a line. A file that is gone has no lines. */
function settingsFiles(session: Session): SettingsFiles {
  const folder = settingsFolder(session);
  const lines = new Map<string, YamlFile["lineOf"]>();
  const linesIn = (stack: string): YamlFile["lineOf"] => {
    const file = join(session.settings, `${stack}.yaml`);
    const parsed = existsSync(file) ? parseYaml(readFileSync(file, "utf8")) : undefined;
    return parsed !== undefined && "file" in parsed ? parsed.file.lineOf : () => undefined;
  };
  return {
    path: (stack) => `${folder}/${stack}.yaml`,
    lineOf: (stack, field) => {
      const lineOf = lines.get(stack) ?? linesIn(stack);
      lines.set(stack, lineOf);
      return lineOf(field);
    },
  };
}

/** Runs a comparison. What is nested too deeply for it ends in a message that names it. */
function compared(what: string, compare: () => Changes): Changes {
  try {
    return compare();
  } catch (error) {
    throw error instanceof RangeError ? new Error(`${what}: is nested too deeply to be compared`) : error;
  }
}

/** The policies of the review packs that Terraform does not apply, by stack. */
function policyFiles(deployments: readonly Deployment[]): Readonly<Record<string, PolicyFiles>> {
  return Object.fromEntries(
    Object.entries(packsOf(deployments)).map(([stack, pack]) => [
      stack,
      Object.fromEntries(Object.entries(pack).filter(([file]) => POLICY_FILES.includes(file))),
    ]),
  );
}
