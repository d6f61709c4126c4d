import { existsSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { auditFile, auditStack, type Report } from "../review/audit-report";
import { stackFolder } from "../review/terraform";
import { outputFolder } from "../settings/folder";
import { deploymentNamed } from "./named-deployment";
import { run } from "./run";

const HELP = `Usage: npm run audit -- [STACK | FILE]...

Tells where the secret of an access key is in clear, never the secret itself.
  STACK  its state, as Terraform reads it from the backend, and every state, backup and plan in its folder
  FILE   a Terraform state, another workspace's too, or a plan: saved (Terraform shows it, in the plan's folder) or as JSON

Options:
  --json     the result as JSON
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary to run, "terraform" by default

Exit code: 0 when no secret is in clear, 2 when one is, 1 when something could not be read.
`;

run(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, json: { type: "boolean" } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
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
  const found = reports.flatMap(({ findings }) => findings);
  process.stdout.write(values.json === true ? `${JSON.stringify(reports, null, 2)}\n` : text(reports));
  if (found.length > 0) {
    process.exitCode = 2;
  }
});

function text(reports: readonly Report[]): string {
  return reports
    .flatMap(({ source, findings }) =>
      findings.length === 0
        ? [`${source}: no secret in clear`]
        : findings.map(({ place, what }) => `${source}: ${place} holds ${what} in clear`),
    )
    .map((line) => `${line}\n`)
    .join("");
}
