import { existsSync, statSync } from "node:fs";
import { stackFolder } from "../../terraform/terraform-cli";
import { visible } from "../../text/printable";
import { auditFile, auditStack, type Report } from "../account/audit/audit-report";
import { EXIT, type ExitCode } from "./exit-codes";
import { selectDeployments, selectOne } from "./support/select-deployments";
import type { Define, Session } from "./support/session";
import { formatOption, JSON_REPLACED, replacedOptions } from "./support/shared-options";

export const define: Define = (command, session) => {
  command
    .description(
      `Reports where the secret of an access key, or a credential of the backend, is in plaintext. Never prints the secret itself.

  stack  its state, as Terraform reads it from the backend; every file in its folder, also behind a symbolic link, except .terraform/providers and .terraform/modules; and the files beside a local state whose names begin with its name
  file   a Terraform state, also of another workspace; a plan, saved (Terraform shows it, in the plan's folder) or as JSON; or any other JSON

Files compressed with gzip are unpacked. A secret that is encoded as base64 is not found. Encrypted and damaged files, files above 128 MiB and links to folders are reported as not readable.`,
    )
    .argument("[stack or file...]", "what to search; all stacks by default")
    .addOption(formatOption("text", "json"))
    .action(async (names: readonly string[], { format }: { readonly format: string }) => {
      const sources = names.length > 0 ? names : selectDeployments(session, []).stacks;
      const reports: Report[] = [];
      for (const name of sources) {
        reports.push(...(await reportsOf(session, name)));
      }
      if (format === "json") {
        session.printJson(reports);
      } else {
        session.print(reportText(reports));
      }
      session.raise(exitCode(reports));
    });
  replacedOptions(command, JSON_REPLACED);
};

async function reportsOf(session: Session, name: string): Promise<readonly Report[]> {
  const { terraform, output } = session;
  // A FIFO or a device is a file that cannot be read, not a stack.
  if (existsSync(name) && !statSync(name).isDirectory()) {
    return [await auditFile(terraform, name)];
  }
  const { stack, state } = selectOne(session, name);
  return await auditStack(terraform, stackFolder(terraform, output, stack), state);
}

function exitCode(reports: readonly Report[]): ExitCode {
  if (reports.some(({ findings }) => findings.length > 0)) {
    return EXIT.attention;
  }
  return reports.some(({ unread }) => unread !== undefined) ? EXIT.error : EXIT.success;
}

function reportText(reports: readonly Report[]): string {
  return reports
    .flatMap(({ source, findings, unread }) =>
      [
        ...findings.map(({ location, what }) => `${location} holds ${what} in plaintext`),
        ...(unread === undefined ? [] : [`could not be read: ${unread}`]),
        ...(findings.length === 0 && unread === undefined ? ["no secret in plaintext"] : []),
      ].map((line) => `${visible(source)}: ${visible(line)}\n`),
    )
    .join("");
}
