import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readBase } from "../diff/baseline";
import { type Changes, exitCodeOf } from "../diff/change-summary";
import { changesAgainst, changesOfPlan } from "../diff/compare";
import { objectOf } from "../diff/json-values";
import { checkPlanOf, readPlan } from "../diff/plan-file";
import { POLICY_FILES, type PolicyFiles } from "../diff/policy-files";
import { FORMATS } from "../diff/render-summary";
import { type Pack, reviewPack } from "../review-pack/pack";
import { comparePacks, type PackFolder, type Wanted, writePacks } from "../review-pack/pack-folder";
import type { Deployment } from "../settings/deployment";
import { loadDeployments } from "../settings/load";
import { suggest } from "../settings/messages";
import { deploymentsFolder, outputFolder } from "../settings/paths";
import { terraformJson } from "../synthesis";
import { selectNamed } from "./named-deployment";
import { print, printError } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run review -- [options]

Writes what people read before a deployment is applied: review/<stack>/REVIEW.md and the files beside it. Meant to be committed.
Needs no AWS, no network and no Terraform. Deletes the files of a removed deployment only if they were generated from the same folder
of settings; names what it keeps. Never writes or deletes through symbolic links.

Options:
  --check         write nothing; name the files that are not up to date
  --against BASE  write nothing; summarize what the settings change compared with the review packs of a Git ref,
                  or of a folder, which is written as a path: ./old, ../old, /old or ~/old
  --plan FILE     write nothing; tell in words what a plan does: one that terraform plan -out saved in the stack's folder,
                  or what terraform show -json prints of it
  --format NAME   of what is told: ${Object.keys(FORMATS).join(", ")} (text by default)
  --stack STACK   of this deployment only
  --out FOLDER    another folder than review
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary that reads a saved plan, "terraform" by default

Exit code: 0; 1 when something is wrong, with --check also when a file is not up to date.
With --against and --plan also 2 when permissions are broadened, also those of the deployer, when something is not comparable, or when
a secret is newly exposed; and 3 for a breaking change (the user, the policy, the node role or a key is replaced or deleted, an active
key is deleted or forgotten, a key that was deactivated outside Terraform is activated, keys are created and deleted at once) and for a
plan that is incomplete.
`;

run(async () => {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      check: { type: "boolean" },
      against: { type: "string" },
      plan: { type: "string" },
      format: { type: "string" },
      stack: { type: "string" },
      out: { type: "string", default: "review" },
    },
  });
  if (values.help === true) {
    print(HELP);
    return;
  }
  const { check, against, plan, format, out } = values;
  const asked = Object.entries({ check, against, plan }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (asked.length > 1) {
    throw new Error(`${asked.join(" and ")}: each is for itself; run them one after the other`);
  }
  if (format !== undefined && against === undefined && plan === undefined) {
    throw new Error(`--format: "${format}" is for --against and --plan; add one of them`);
  }
  requireOut(out);
  const { deployments, names } = chosen(values.stack);
  if (plan !== undefined) {
    const { stack } = onlyOne(deployments);
    const read = await readPlan(plan);
    checkPlanOf(read, objectOf(terraformJson(deployments)[stack]), stack, plan);
    tell(
      compared(plan, () => changesOfPlan(read, stack, `plan ${plan}`)),
      format,
    );
  } else if (against !== undefined) {
    const base = readBase(against, out);
    const stacks = values.stack === undefined ? Object.keys(base.packs) : [values.stack];
    const only = <T>(byStack: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
      Object.fromEntries(Object.entries(byStack).filter(([stack]) => stacks.includes(stack)));
    const files = { base: only(base.files), current: policyFiles(deployments) };
    const compare = () => changesAgainst(only(base.packs), terraformJson(deployments), `against ${base.source}`, files);
    tell(compared(`--against ${against}`, compare), format);
  } else if (check === true) {
    reportStale(out, comparePacks(out, wanted(deployments, names)));
  } else {
    reportWritten(out, writePacks(out, wanted(deployments, names)));
  }
});

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

/** The deployments that a command is for, and the names of all. */
function chosen(stack: string | undefined): { readonly deployments: readonly Deployment[]; readonly names: readonly string[] } {
  if (stack !== undefined) {
    const { deployment, stacks } = selectNamed(stack);
    return { deployments: [deployment], names: stacks };
  }
  const deployments = loadDeployments(deploymentsFolder(process.env), { outputFolder: outputFolder(process.env) });
  return { deployments, names: deployments.map((deployment) => deployment.stack) };
}

function onlyOne(deployments: readonly Deployment[]): Deployment {
  const [first, ...more] = deployments;
  if (first === undefined || more.length > 0) {
    throw new Error(`--plan: say whose plan it is: --stack ${deployments.map(({ stack }) => stack).join(", --stack ")}`);
  }
  return first;
}

function packsOf(deployments: readonly Deployment[]): Readonly<Record<string, Pack>> {
  const terraform = terraformJson(deployments);
  return Object.fromEntries(
    deployments.map((deployment) => [deployment.stack, reviewPack(deployment, terraform[deployment.stack] ?? {})]),
  );
}

function wanted(deployments: readonly Deployment[], stacks: readonly string[]): Wanted {
  return { packs: packsOf(deployments), stacks, settings: settingsFolder() };
}

/** The settings folder, named as from the project's root on any machine. */
function settingsFolder(): string {
  return relative(".", resolve(deploymentsFolder(process.env))).replaceAll("\\", "/");
}

/** @throws Error if it is no folder for review packs */
function requireOut(out: string): void {
  if (out === "" || resolve(out) === resolve(deploymentsFolder(process.env))) {
    throw new Error(`--out: "${out}" is not a folder for review packs; name another folder, for example --out review`);
  }
}

function reportUnknown(unknown: readonly string[]): void {
  for (const path of unknown) {
    printError(
      `kept ${path}: no deployment of that name in ${settingsFolder()}, and its review pack was not generated from there; delete the folder if nobody needs it\n`,
    );
  }
}

function reportWritten(folder: string, { stale, unknown }: PackFolder): void {
  print(stale.map(({ path, what }) => `${what === "left over" ? "removed" : "wrote"} ${path}\n`).join(""));
  reportUnknown(unknown);
  printError(stale.length === 0 ? `${folder}: everything was up to date\n` : "");
}

function reportStale(folder: string, { stale, unknown }: PackFolder): void {
  reportUnknown(unknown);
  if (stale.length > 0) {
    const lines = stale.map(({ path, what }) => `  ${path}: ${what}`);
    throw new Error([`${folder} is not up to date; run npm run review and commit the result:`, ...lines].join("\n"));
  }
}

/** Prints changes, and makes the exit code tell a pipeline whether somebody should look. */
function tell(changes: Changes, format = "text"): void {
  const write = Object.entries(FORMATS).find(([name]) => name === format)?.[1];
  if (write === undefined) {
    throw new Error(`--format: "${format}" is unknown, ${suggest(format, Object.keys(FORMATS))}`);
  }
  print(write(changes));
  process.exitCode = exitCodeOf(changes);
}
