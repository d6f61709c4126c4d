import { parseArgs } from "node:util";
import { type Pack, reviewPack } from "../review/pack/pack";
import { staleFiles, writePacks } from "../review/pack/pack-folder";
import type { TerraformJson } from "../review/pack/terraform-json";
import type { Deployment } from "../settings/deployment";
import { deploymentsFolder, outputFolder } from "../settings/folder";
import { loadDeployments } from "../settings/load";
import { suggest } from "../settings/words";
import { run } from "./run";
import { terraformJson } from "./terraform-json";

const HELP = `Usage: npm run review -- [options]

Writes what people read before a deployment is applied: review/<stack>/REVIEW.md and the files beside it. Meant to be committed.
Needs no AWS, no network and no Terraform.

Options:
  --check        write nothing; name the files that are not up to date
  --stack STACK  of this deployment only
  --out FOLDER   another folder than review
  -h, --help

Exit code: 0, or 1 when something is wrong, with --check also when a file is not up to date.
`;

run(() => {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", short: "h" },
      check: { type: "boolean" },
      stack: { type: "string" },
      out: { type: "string", default: "review" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const all = loadDeployments(deploymentsFolder(process.env), { outputFolder: outputFolder(process.env) });
  const names = all.map(({ stack }) => stack);
  const { stack, out } = values;
  if (stack !== undefined && !names.includes(stack)) {
    throw new Error(`--stack: there is no deployment "${stack}", ${suggest(stack, names)}`);
  }
  const deployments = stack === undefined ? all : all.filter((deployment) => deployment.stack === stack);
  const packs = packsOf(deployments, terraformJson(deployments));
  if (values.check !== true) {
    const changed = writePacks(out, packs, names);
    process.stdout.write(changed.map(({ path, what }) => `${what === "left over" ? "removed" : "wrote"} ${path}\n`).join(""));
    process.stderr.write(changed.length === 0 ? `${out}: everything was up to date\n` : "");
    return;
  }
  const stale = staleFiles(out, packs, names);
  if (stale.length > 0) {
    const lines = stale.map(({ path, what }) => `  ${path}: ${what}`);
    throw new Error([`${out} is not up to date; run npm run review and commit the result:`, ...lines].join("\n"));
  }
});

function packsOf(
  deployments: readonly Deployment[],
  terraform: Readonly<Record<string, TerraformJson>>,
): Readonly<Record<string, Pack>> {
  return Object.fromEntries(
    deployments.map((deployment) => [deployment.stack, reviewPack(deployment, terraform[deployment.stack] ?? {})]),
  );
}
