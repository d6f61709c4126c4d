import { parseArgs } from "node:util";
import { iamKeys } from "../review/iam-keys";
import { keyReport, keyReportText } from "../review/keys";
import { keysOf } from "../review/state";
import { pullState, stackFolder } from "../review/terraform";
import { outputFolder } from "../settings/folder";
import { silenceNodeVersionWarning } from "./aws-sdk";
import { deploymentNamed } from "./named-deployment";
import { print } from "./print";
import { run } from "./run";

const HELP = `Usage: npm run keys -- [STACK]

Tells the state of a deployment's access keys: slots, age, last use, which one is handed out, when an OpenPGP key expires,
what is wrong, and the next step of a rotation as the edit to make. Reads the state through Terraform, and asks IAM
(iam:ListAccessKeys, iam:GetAccessKeyLastUsed). Changes nothing. The stack must be synthesized and initialized.

Options:
  --json     the result as JSON
  -h, --help

Environment:
  TERRAFORM_BINARY_NAME  the binary to run, "terraform" by default
  AWS_...                credentials, as for any AWS tool

Exit code: 0 when all is in order, 2 when there are warnings, 1 when something could not be read.
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
  const [state, inIam] = await Promise.all([pullState(folder), iamKeys(deployment)]);
  const report = keyReport(deployment, keysOf(state), inIam, new Date());
  print(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : keyReportText(report));
  if (report.warnings.length > 0) {
    process.exitCode = 2;
  }
});
