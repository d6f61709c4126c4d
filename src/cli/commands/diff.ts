import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { committedLock, VERSIONS } from "../../app";
import { DKP_VERSION, type DkpVersion, KNOWN_VERSIONS, SUPPORTED_VERSIONS } from "../../iam/dkp-versions";
import type { Deployment } from "../../settings/deployment";
import { versionWarning } from "../../settings/settings-notes";
import { parseYaml, type YamlFile } from "../../settings/yaml-file";
import { MOVED_FILE, movedBlocks } from "../../terraform/addresses";
import { readRegularFile } from "../../text/files";
import { COMPARED_FILES, readBase } from "../diff/baseline";
import { type Changes, changesExitCode, changesJson, changesOf } from "../diff/changes";
import { changesAgainst, type Packs } from "../diff/compare";
import { changesOfVersion } from "../diff/dkp-version";
import { type Files, LOCK_FILE } from "../diff/pack-side";
import { changesOfPlan } from "../diff/plan";
import { comparePolicies, policyFindings, readPolicy } from "../diff/policies";
import { changesMarkdown, changesText } from "../diff/render-summary";
import { changesSarif, type SettingsFiles } from "../diff/sarif";
import { type Expected, type PlanFile, readGivenPlan, type Verified, verifySavedPlan } from "../diff/saved-plan";
import type { Pack } from "../review/file-names";
import { json } from "../review/pack";
import { configurationText } from "../terraform/configuration";
import { reviewedJson } from "../terraform/terraform-json";
import { STACKS_HELP, selectDeployments, selectOne } from "./support/deployments";
import { packsOf, requirePackFolder, reviewsOf, settingsFolder } from "./support/review-packs";
import { type Define, formatOption, type Session } from "./support/session";

/** Changes by the name of the format to print them in. */
export const FORMATS = {
  text: changesText,
  markdown: changesMarkdown,
  json: changesJson,
  sarif: changesSarif,
} as const satisfies Readonly<Record<string, (changes: Changes, files: SettingsFiles) => string>>;

interface Options {
  readonly against?: string;
  readonly plan?: string;
  readonly verify?: true;
  readonly state?: string;
  readonly dkpVersion?: DkpVersion;
  readonly policies?: readonly string[];
  readonly review: string;
  readonly format: Format;
}

export type Format = keyof typeof FORMATS;

export const define: Define = (command, session) => {
  command
    .description(
      "Summarizes what a change of the settings or a plan does, what another DKP version requires, or whether one policy allows what another does not. Writes nothing. Does not call AWS; runs Terraform only to read a saved plan.",
    )
    .argument("[stack...]", `${STACKS_HELP}; with --plan and --dkp-version exactly one`)
    .addOption(
      new Option(
        "--against <git-ref-or-folder>",
        "compare with the review packs of a Git ref, or of a folder, which is written as a path: ./old, ../old or /old",
      ).conflicts(["plan", "dkpVersion", "policies"]),
    )
    .addOption(
      new Option(
        "--plan <file>",
        "a plan: the file of terraform plan -out; or the output of terraform show -json, which carries no proof of its configuration",
      ).conflicts(["dkpVersion", "policies"]),
    )
    .option(
      "--verify",
      "with --plan: only whether a saved plan is of these settings and of their backend; runs no Terraform; exit code 0 or 3",
    )
    .option(
      "--state <file>",
      "with --verify: what terraform state pull prints; a plan that begins with other objects is not verified",
    )
    .addOption(
      new Option("--dkp-version <version>", "what another DKP version requires of the policy, and no longer needs")
        .argParser(dkpVersionOf)
        .conflicts("policies"),
    )
    .option("--policies <files...>", "two files, BEFORE.json AFTER.json: any IAM policies")
    .option("--review <folder>", "the folder of the review packs in the Git ref", "review")
    .addOption(formatOption("text", ...Object.keys(FORMATS).filter((name) => name !== "text")))
    .action(async (names: readonly string[], options: Options) => {
      const changes = await changesAsked(command, session, names, options).catch((error: Error) => {
        const what = options.plan ?? options.against ?? "--policies";
        throw error instanceof RangeError ? new Error(`${what}: is nested too deeply to be compared`) : error;
      });
      const exitCode = changesExitCode(changes);
      const isVerified = options.verify === true && options.format === "text" && exitCode === 0;
      session.print(isVerified ? `verified: ${changes.source}\n` : FORMATS[options.format](changes, settingsFiles(session)));
      session.raise(exitCode);
    });
};

/** As `cluster.dkpVersion` takes it. */
function dkpVersionOf(text: string): DkpVersion {
  if (!DKP_VERSION.test(text)) {
    throw new InvalidArgumentError(`It takes a release line from ${KNOWN_VERSIONS[0]} on, such as ${SUPPORTED_VERSIONS.last}`);
  }
  return text as DkpVersion;
}

async function changesAsked(command: Command, session: Session, names: readonly string[], options: Options): Promise<Changes> {
  const { against, plan, state, dkpVersion, policies, review } = options;
  if (options.verify === true) {
    return plan === undefined
      ? command.error("error: --verify: name the saved plan with --plan")
      : ofVerification(session, selectOne(session, names).deployment, givenPlan(plan), state);
  }
  if (state !== undefined) {
    return command.error("error: --state: requires --verify");
  }
  if (policies !== undefined) {
    return ofPolicies(command, policies);
  }
  if (plan !== undefined) {
    return await ofPlan(session, selectOne(session, names).deployment, givenPlan(plan));
  }
  if (dkpVersion !== undefined) {
    const { deployment } = selectOne(session, names);
    const warning = versionWarning(dkpVersion);
    session.printError(warning === undefined ? "" : `warning: --dkp-version: ${warning}\n`);
    return changesOfVersion(deployment, dkpVersion);
  }
  if (against === undefined) {
    return command.error("error: --against, --plan, --dkp-version or --policies is missing");
  }
  requirePackFolder(session, "--review", review);
  // Text shows no settings, and the search for them takes as long as a review for each setting that changes.
  const withFields = options.format === "json" || options.format === "sarif";
  const { deployments } = selectDeployments(session, names);
  const base = readBase(against, review, ".", session.host.env);
  const packs = Object.entries(base.packs).filter(([stack]) => names.length === 0 || names.includes(stack));
  return changesAgainst(Object.fromEntries(packs), comparedFiles(deployments, lockOf), `Compared with ${base.source}`, {
    packOf,
    withFields,
  });
}

const givenPlan = (file: string): PlanFile => ({ file, content: readRegularFile(file) });

export async function ofPlan(session: Session, deployment: Deployment, plan: PlanFile): Promise<Changes> {
  const [{ stack }, { file }] = [deployment, plan];
  const given = await readGivenPlan(session.terraform, plan, expectedOf(session, deployment));
  return given === undefined
    ? verificationChanges(stack, file, given)
    : changesOfPlan(given.plan, stack, planSource(file, given), given.verification);
}

/** What is wrong with a saved plan, or nothing, without what it changes. */
function ofVerification(session: Session, deployment: Deployment, { file, content }: PlanFile, state?: string): Changes {
  const pulled = state === undefined ? undefined : readRegularFile(state).toString("utf8");
  const verified = verifySavedPlan(content, { ...expectedOf(session, deployment), state: pulled });
  return verificationChanges(deployment.stack, file, verified);
}

function verificationChanges(stack: string, file: string, verified: Verified | undefined): Changes {
  const unreadable = [{ rule: "plan-unreadable", values: {} }] as const;
  const { verification = unreadable } = verified ?? {};
  return changesOf(planSource(file, verified), stack, typeof verification === "string" ? [] : verification);
}

const planSource = (file: string, verified: Verified | undefined) =>
  verified?.destination === undefined ? `Plan ${file}` : `Plan ${file}, which writes the state to ${verified.destination}`;

/** What a plan of a deployment must be generated from. */
function expectedOf(session: Session, deployment: Deployment): Expected {
  const { stack, settings, nodeRole } = deployment;
  const text = configurationText(deployment, session.output);
  // A pipeline plans the file of the review pack, alone.
  const moved = movedBlocks(nodeRole?.managedPolicyArns);
  const files = {
    "cdk.tf.json": [text, json(reviewedJson(text))],
    [VERSIONS.name]: [VERSIONS.content, undefined],
    ...(moved === "" ? {} : { [MOVED_FILE]: [moved] }),
  };
  return {
    files,
    lock: lockOf(stack)[LOCK_FILE],
    isPartial: settings.backend?.partial === true,
  };
}

/** Whether one IAM policy allows what another does not. Both are identity policies of the same principal. */
function ofPolicies(command: Command, files: readonly string[]): Changes {
  const [before, after, ...more] = files;
  if (before === undefined || after === undefined || more.length > 0) {
    return command.error("error: --policies: name two files, the policy before the change and the one after it");
  }
  const policyIn = (file: string) => [readPolicy(readRegularFile(file).toString("utf8"))];
  const findings = policyFindings("principal", comparePolicies(policyIn(before), policyIn(after)));
  return changesOf(`${before} -> ${after}`, "policies", findings);
}

/** The files of the review packs that are compared. @param more of a stack */
function comparedFiles(deployments: readonly Deployment[], more: (stack: string) => Files = () => ({})): Packs {
  const compared = (pack: Pack) =>
    Object.fromEntries(COMPARED_FILES.flatMap((file) => (pack[file] === undefined ? [] : [[file, pack[file]]])));
  const packs = Object.entries(packsOf(reviewsOf(deployments)));
  return Object.fromEntries(packs.map(([stack, pack]) => [stack, { ...compared(pack), ...more(stack) }]));
}

/** The committed provider lock of a stack. */
function lockOf(stack: string): Files {
  const file = committedLock(stack);
  return existsSync(file) ? { [LOCK_FILE]: readRegularFile(file).toString("utf8") } : {};
}

const packOf = (deployment: Deployment) => comparedFiles([deployment])[deployment.stack] ?? {};

/** The settings files, read where a format asks for a line. A file that is gone has no lines. */
export function settingsFiles(session: Session): SettingsFiles {
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
