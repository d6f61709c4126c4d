import { parseArgs } from "node:util";
import { fittingStatements } from "../iam/action-patterns";
import { CATALOGUE } from "../iam/catalogue";
import { explain, explanationText } from "../iam/explanation";
import { MAX_POLICY_CHARACTERS, policyDocument, policySize } from "../iam/policy-document";
import { MODES, type Mode, type PolicyOptions } from "../iam/policy-statements";
import { forPeople, policyOptions } from "../review-pack/account-placeholder";
import { suggest } from "../settings/messages";
import { deploymentNamed } from "./named-deployment";
import { print, printError } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run policy -- STACK [--mode documented|scoped|minimal] [--explain ACTION] [--json]

Prints the policy of a deployment as AWS will store it, with its size on standard error. Asks nobody.

  --mode MODE       as if policy.mode were MODE
  --explain ACTION  why an action is there, who calls it, when, and on what it is allowed
  --json            for machines: mode, size, limit and policy, or the explanation

Where the settings state no accountId, ARNs show ACCOUNT_ID.
Exit code: 0, or 1 when something is wrong with the settings or the arguments.
`;

run(() => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean" },
      mode: { type: "string" },
      explain: { type: "string" },
    },
  });
  if (values.help === true) {
    print(HELP);
    return;
  }
  const options = policyOptions(deploymentNamed(positionals[0], values.mode === undefined ? {} : { mode: modeOf(values.mode) }));
  if (values.explain === undefined) {
    printPolicy(options, values.json === true);
  } else {
    printExplanation(values.explain, options, values.json === true);
  }
});

function modeOf(text: string): Mode {
  const mode = MODES.find((candidate) => candidate === text);
  if (mode === undefined) {
    throw new Error(`--mode: "${text}" is unknown, ${suggest(text, MODES)}`);
  }
  return mode;
}

function printPolicy(options: PolicyOptions, json: boolean): void {
  const statements = fittingStatements(options);
  const policy = policyDocument(statements);
  const size = policySize(statements);
  if (json) {
    printForPeople(JSON.stringify({ mode: options.mode, size, limit: MAX_POLICY_CHARACTERS, policy }, null, 2));
    return;
  }
  printError(`${options.mode}: ${statements.length} statements, ${size} of ${MAX_POLICY_CHARACTERS} characters\n`);
  printForPeople(JSON.stringify(policy, null, 2));
}

function printExplanation(action: string, options: PolicyOptions, json: boolean): void {
  const explanation = explain(action, options);
  if (explanation === undefined) {
    const known = CATALOGUE.map((row) => row.action);
    throw new Error(`--explain: "${action}" is not an action that DKP is known to need, ${suggest(action, known)}`);
  }
  printForPeople(json ? JSON.stringify(explanation, null, 2) : explanationText(explanation));
}

function printForPeople(text: string): void {
  print(`${forPeople(text)}\n`);
}
