import { parseArgs } from "node:util";
import { silenceNodeVersionWarning } from "../aws-api/node-version-warning";
import { iamUser } from "../aws-api/user-keys";
import { keyReport, keyReportText } from "../operations/key-status";
import { outputFolder } from "../settings/paths";
import { bothOrAbort } from "../terraform/progress";
import { readState } from "../terraform/state-file";
import { pullState, stackFolder } from "../terraform/terraform-cli";
import { deploymentNamed } from "./named-deployment";
import { print } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run keys -- [STACK]

Reports the status of a deployment's access keys: slots, age, last use, which one the outputs expose, when an OpenPGP key
expires, what is wrong, what the next apply would do to a key, and the next step of a rotation as the edit to make.
A key that was created or used within the last 24 hours counts as one that DKP may use. Reads the state through
Terraform, and calls iam:ListAccessKeys, iam:GetAccessKeyLastUsed and sts:GetCallerIdentity. Changes nothing.
The stack must be synthesized and initialized.

Options:
  --json     the result as JSON
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary to run, "terraform" by default
  TERRAFORM_TIMEOUT      how long it may take, in seconds, 300 by default
  AWS_...                credentials, as for any AWS tool

Exit code: 0 when all is in order, 2 when there are errors or warnings, 1 when something could not be read.
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
  silenceNodeVersionWarning();
  const deployment = deploymentNamed(positionals[0]);
  const folder = stackFolder(outputFolder(process.env), deployment.stack);
  const [state, iam] = await bothOrAbort(
    (signal) => pullState(folder, signal),
    (signal) => iamUser(deployment, signal),
  );
  const report = keyReport(deployment, { folder, state: readState(state), iam, now: new Date() });
  print(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : keyReportText(report));
  if (report.errors.length + report.warnings.length > 0) {
    process.exitCode = 2;
  }
});
