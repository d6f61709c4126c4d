import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readBase } from "../review/changes/base";
import { changesAgainst, changesOfPlan } from "../review/changes/changes";
import { readPlan } from "../review/changes/plan-file";
import { type Changes, exitCodeOf } from "../review/changes/report";
import { FORMATS } from "../review/changes/words";
import { type Pack, reviewPack } from "../review/pack/pack";
import { comparePacks, type PackFolder, type Wanted, writePacks } from "../review/pack/pack-folder";
import type { Deployment } from "../settings/deployment";
import { deploymentsFolder, outputFolder } from "../settings/folder";
import { loadDeployments } from "../settings/load";
import { suggest } from "../settings/words";
import { run } from "./run";
import { terraformJson } from "./terraform-json";

const HELP = `Usage: npm run review -- [options]

Writes what people read before a deployment is applied: review/<stack>/REVIEW.md and the files beside it. Meant to be committed.
Needs no AWS, no network and no Terraform. Deletes the files of a removed deployment only if they were generated from the same folder
of settings; names what it keeps. Never writes or deletes through symbolic links.

Options:
  --check         write nothing; name the files that are not up to date
  --against BASE  write nothing; tell in words what the settings change against the papers of a git ref or in a folder
  --plan FILE     write nothing; tell in words what a plan does: one that terraform plan -out saved in the stack's folder,
                  or what terraform show -json prints of it
  --format NAME   of what is told: ${Object.keys(FORMATS).join(", ")} (text by default)
  --stack STACK   of this deployment only
  --out FOLDER    another folder than review
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary that reads a saved plan, "terraform" by default

Exit code: 0; 1 when something is wrong, with --check also when a file is not up to date.
With --against and --plan also 2 when permissions grow, and 3 when the user, the policy or a key would be replaced, an active key
deleted, or keys made and deleted at once.
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
    process.stdout.write(HELP);
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
    tell(changesOfPlan(await readPlan(plan), stack, `plan ${plan}`), format);
  } else if (against !== undefined) {
    const base = readBase(against, out);
    const stacks = values.stack === undefined ? Object.keys(base.packs) : [values.stack];
    const before = Object.entries(base.packs).filter(([stack]) => stacks.includes(stack));
    tell(changesAgainst(Object.fromEntries(before), terraformJson(deployments), `against ${base.source}`), format);
  } else if (check === true) {
    reportStale(out, comparePacks(out, wanted(deployments, names)));
  } else {
    reportWritten(out, writePacks(out, wanted(deployments, names)));
  }
});

/** The deployments that a command is for, and the names of all. */
function chosen(stack: string | undefined): { readonly deployments: readonly Deployment[]; readonly names: readonly string[] } {
  const all = loadDeployments(deploymentsFolder(process.env), { outputFolder: outputFolder(process.env) });
  const names = all.map((deployment) => deployment.stack);
  if (stack !== undefined && !names.includes(stack)) {
    throw new Error(`--stack: there is no deployment "${stack}", ${suggest(stack, names)}`);
  }
  return { deployments: all.filter((deployment) => stack === undefined || deployment.stack === stack), names };
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
    process.stderr.write(
      `kept ${path}: no deployment of that name in ${settingsFolder()}, and its review pack was not generated from there; delete the folder if nobody needs it\n`,
    );
  }
}

function reportWritten(folder: string, { stale, unknown }: PackFolder): void {
  process.stdout.write(stale.map(({ path, what }) => `${what === "left over" ? "removed" : "wrote"} ${path}\n`).join(""));
  reportUnknown(unknown);
  process.stderr.write(stale.length === 0 ? `${folder}: everything was up to date\n` : "");
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
  process.stdout.write(write(changes));
  process.exitCode = exitCodeOf(changes);
}
