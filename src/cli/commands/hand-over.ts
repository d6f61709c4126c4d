import { providerBlock, providerYaml } from "../account/hand-over/provider-block";
import { checkSecretFile, writeSecretFile } from "../account/hand-over/secret-file";
import { stackFolder } from "../terraform/terraform-cli";
import { inOneStep } from "../text/signals";
import { STACK_HELP, selectOne } from "./support/deployments";
import { type Define, formatOption } from "./support/session";

interface Options {
  readonly out?: string;
  readonly yes?: true;
  readonly format: string;
}

export const define: Define = (command, session) => {
  command
    .description(
      `Prints the provider block of DKP's AWSClusterConfiguration (access key ID, secret and Region), after the steps that give it to DKP.
The secret comes from the state. If pgpKey encrypts it, the local gpg decrypts it.`,
    )
    .argument("[stack]", STACK_HELP)
    .option(
      "--out <file>",
      "write a new file that only you can read (mode 0600) instead of printing; rejected inside a Git work tree unless Git ignores the file",
    )
    .option("--yes", "print the secret on standard output")
    .addOption(formatOption("yaml", "json"))
    .action(async (stack: string | undefined, { out, yes, format }: Options) => {
      const { deployment } = selectOne(session, [stack]);
      const folder = stackFolder(session.terraform, session.output, deployment.stack);
      if (out !== undefined) {
        checkSecretFile(out, session.host.env);
      } else if (yes !== true) {
        throw new Error("nothing was printed; write --out FILE for a file that only you can read, or --yes to print the secret");
      }
      const block = await providerBlock(session.terraform, folder, deployment, (line) => session.printError(`${line}\n`));
      const text =
        format === "json" ? `${JSON.stringify({ provider: block }, null, 2)}\n` : providerYaml(deployment.stack, block);
      if (out === undefined) {
        session.print(text);
      } else {
        const written = await inOneStep(() => writeSecretFile(out, text, session.host.env));
        session.printError(`written to ${written}, which only you can read (mode 0600); delete it when DKP has the key\n`);
      }
    });
};
