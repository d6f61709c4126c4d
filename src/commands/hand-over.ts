import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { providerBlock, providerYaml } from "../operations/provider-block";
import { checkSecretFile, writeSecretFile } from "../operations/secret-file";
import { outputFolder } from "../settings/paths";
import { stackFolder } from "../terraform/terraform-cli";
import { deploymentNamed } from "./named-deployment";
import { print, printError } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run --silent hand-over -- [STACK] [--out FILE]

Prints the provider block of DKP's AWSClusterConfiguration: key id, secret and region. The secret comes from the outputs, or from
the deployment's own state where outputs.secret is off, and is decrypted with the local gpg where pgpKey encrypts it.

Options:
  --out FILE  write a new file that only you can read (mode 0600) instead of printing; refused inside a Git work tree unless
              Git ignores the file
  --yes       print without asking; needed where standard output is no terminal
  --json      as JSON instead of YAML
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary to run, "terraform" by default
  TERRAFORM_TIMEOUT      how long it may take, in seconds, 300 by default

Exit code: 0 when it was handed over, 1 when not.
`;

run(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean" },
      out: { type: "string" },
      yes: { type: "boolean" },
    },
  });
  if (values.help === true) {
    print(HELP);
    return;
  }
  const deployment = deploymentNamed(positionals[0]);
  // Before the question: nobody should agree to what can't be done.
  const folder = stackFolder(outputFolder(process.env), deployment.stack);
  const { out } = values;
  if (out !== undefined) {
    checkSecretFile(out);
  }
  if (out === undefined && values.yes !== true && !(await agreed())) {
    throw new Error("nothing was printed; write --out FILE for a file that only you can read, or --yes to print the secret");
  }
  const block = await providerBlock(folder, deployment, (warning) => process.stderr.write(`warning: ${warning}\n`));
  const text = values.json === true ? `${JSON.stringify({ provider: block }, null, 2)}\n` : providerYaml(block);
  if (out === undefined) {
    print(text);
  } else {
    printError(`written to ${writeSecretFile(out, text)}, which only you can read (mode 0600)\n`);
  }
});

/** Whether a person at a terminal wants the secret on it. */
async function agreed(): Promise<boolean> {
  if (process.stdout.isTTY !== true || process.stdin.isTTY !== true) {
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question("Print the secret access key on this terminal? [y/N] ")).trim());
  } finally {
    terminal.close();
  }
}
