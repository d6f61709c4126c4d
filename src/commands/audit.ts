import { existsSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { auditFile, auditStack, type Report } from "../operations/audit-report";
import { visible } from "../render/printable";
import { outputFolder } from "../settings/paths";
import { stackFolder } from "../terraform/terraform-cli";
import { deploymentNamed } from "./named-deployment";
import { print } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run audit -- [STACK | FILE]...

Reports where the secret of an access key, or a credential of the backend, is in plaintext. Never prints the secret itself.
  STACK  its state, as Terraform reads it from the backend; every file in its folder, whatever its name, also behind a symbolic
         link, but .terraform/providers and .terraform/modules; and the files beside a local state whose names begin with its name
  FILE   a Terraform state, another workspace's too; a plan: saved (Terraform shows it, in the plan's folder) or as JSON;
         or any other JSON

Files compressed with gzip are unpacked. A secret that is encoded as base64 is not found. What cannot be read is named: encrypted
and damaged files, files above 128 MiB, links to folders.

Options:
  --json     the result as JSON
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary to run, "terraform" by default

Exit code: 0 when no secret is in plaintext, 2 when one is; otherwise 1 when something could not be read.
`;

run(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, json: { type: "boolean" } },
  });
  if (values.help === true) {
    print(HELP);
    return;
  }
  const reports: Report[] = [];
  for (const name of positionals.length === 0 ? [undefined] : positionals) {
    if (name !== undefined && existsSync(name) && statSync(name).isFile()) {
      reports.push(await auditFile(name));
    } else {
      const { stack, state } = deploymentNamed(name);
      reports.push(...(await auditStack(stackFolder(outputFolder(process.env), stack), state)));
    }
  }
  print(values.json === true ? `${JSON.stringify(reports, null, 2)}\n` : text(reports));
  process.exitCode = exitCode(reports);
});

function exitCode(reports: readonly Report[]): 0 | 1 | 2 {
  if (reports.some(({ findings }) => findings.length > 0)) {
    return 2;
  }
  return reports.some(({ unread }) => unread !== undefined) ? 1 : 0;
}

function text(reports: readonly Report[]): string {
  return reports
    .flatMap(({ source, findings, unread }) =>
      [
        ...findings.map(({ place, what }) => `${place} holds ${what} in clear`),
        ...(unread === undefined ? [] : [`could not be read: ${unread}`]),
        ...(findings.length === 0 && unread === undefined ? ["no secret in clear"] : []),
      ].map((line) => `${visible(source)}: ${visible(line)}\n`),
    )
    .join("");
}
