import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { outputFolder } from "../settings/paths";
import { pruneStacks, readManifest } from "./output-folder";
import { print, printError } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run synth

Turns every deployment of deployments/*.yaml into Terraform JSON: cdktf.out/stacks/<stack>/cdk.tf.json.
Needs no AWS, no network and no Terraform. Folders of stacks that are no more are removed.

Environment:
  CDKTF_OUTDIR         another output folder
  CDKTF_CONTEXT_JSON   {"deployments":"FOLDER"}: another folder of deployments
  DEBUG=1              where an error came from

Exit code: 0 when everything was written, 1 when something is wrong with the settings (nothing is written then).
`;

run(() => {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (values.help === true) {
    print(HELP);
    return;
  }
  // The app as a process of its own, as the CDKTF command runs it.
  const { status } = spawnSync(process.execPath, [join(__dirname, "../../main.js")], { stdio: "inherit" });
  if (status !== 0) {
    process.exitCode = 1;
    return;
  }
  const folder = outputFolder(process.env);
  const stacks = readManifest(folder);
  for (const { stack, level, message } of stacks.flatMap(({ annotations }) => annotations)) {
    printError(`${level}: ${stack}: ${message}\n`);
  }
  const { removed, kept } = pruneStacks(folder, stacks);
  for (const stack of removed) {
    printError(
      `removed ${join(folder, "stacks", stack)}: no settings file of that name. If it was applied, its user and key still exist: restore the file and destroy first\n`,
    );
  }
  for (const { stack, state } of kept) {
    printError(
      `kept ${join(folder, "stacks", stack)}: no settings file of that name, but it holds a Terraform state (${state}); move that away first\n`,
    );
  }
  for (const { path } of stacks) {
    print(`${join(folder, path)}\n`);
  }
});
