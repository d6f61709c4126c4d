import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { deploymentsFolder, outputFolder } from "../settings/paths";
import { pruneStacks, readManifest } from "./output-folder";
import { print, printError } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run synth

Turns every deployment of deployments/*.yaml into Terraform JSON: cdktf.out/stacks/<stack>/cdk.tf.json.
Needs no AWS, no network and no Terraform.
Removes the folder of a removed deployment if synth wrote it and it holds nothing but generated files; else names what is in it.
Refuses Terraform files in a stack's folder that it did not write: Terraform would apply them.

Environment:
  CDKTF_OUTDIR         another output folder
  CDKTF_CONTEXT_JSON   {"deployments":"FOLDER"}: another folder of deployments
  DEBUG=1              where an error came from

Exit code: 0 when everything was written, 1 when not: something is wrong with the settings, or a stack's folder holds other Terraform
files (nothing is written then), or a file cannot be written (each file is then the old one or the new one).
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
  const { removed, kept } = pruneStacks(folder, stacks, deploymentsFolder(process.env));
  for (const stack of removed) {
    printError(
      `removed ${join(folder, "stacks", stack)}: no settings file of that name. If it was applied, its user and key still exist: restore the file and destroy first\n`,
    );
  }
  for (const { stack, file, isState } of kept) {
    const held = isState ? `a Terraform state (${file})` : `a file that synth did not write (${file})`;
    printError(
      `kept ${join(folder, "stacks", stack)}: no settings file of that name, but it holds ${held}; move that away first\n`,
    );
  }
  for (const { path } of stacks) {
    print(`${join(folder, path)}\n`);
  }
});
