import { setMaxListeners } from "node:events";
import { parseArgs } from "node:util";
import { connect } from "../aws-api/client";
import { silenceNodeVersionWarning } from "../aws-api/node-version-warning";
import { alwaysOnRegion } from "../iam/partitions";
import { adminPolicy } from "../preflight/all-checks";
import { exitCode, reportJson, reportText } from "../preflight/preflight-report";
import { runPreflight } from "../preflight/runner";
import { visible } from "../render/printable";
import { deploymentNamed } from "./named-deployment";
import { print, printError } from "./print";
import { run } from "./run-command";

const HELP = `Usage: npm run preflight -- [STACK] [OPTION]...

Asks AWS, before DKP does, what a cluster would stumble over: account, region, images, the existing VPC, iamNodeRole, names that are
taken, another cluster of the same prefix, Elastic IPs, and the permissions of the user. Run it as whoever applies. Changes nothing.

Options:
  --existing-cluster  DKP has made the cluster already: that its names are taken is right
  --as-key            the credentials are the user's key: it is asked itself, by dry runs of EC2 calls
  --timeout SECONDS   what has no answer by then can't be told; 60 by default
  --permissions       print the IAM policy that the preflight needs, and end
  --json              the result as JSON
  -h, --help

Environment:
  AWS_...             credentials, as for any AWS tool; provider.profile and provider.assumeRoleArn count, but not with --as-key

Exit code: 0 when nothing is in the way, 1 when something is, or the command was used wrongly, 3 when nothing is and something could
not be told.
`;

const TICK_MS = 2000;

run(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h" },
      json: { type: "boolean" },
      permissions: { type: "boolean" },
      "existing-cluster": { type: "boolean" },
      "as-key": { type: "boolean" },
      timeout: { type: "string", default: "60" },
    },
  });
  if (values.help === true) {
    print(HELP);
    return;
  }
  if (values.permissions === true) {
    print(`${JSON.stringify(adminPolicy(), null, 2)}\n`);
    return;
  }
  silenceNodeVersionWarning();
  const timeout = seconds(values.timeout);
  const deployment = deploymentNamed(positionals[0]);
  const { stack, region, provider } = deployment;
  const asKey = values["as-key"] === true;
  const { signal, stop } = deadline(timeout);
  const pending = new Map<string, string>();
  const ticker = setInterval(() => printError(`waiting for ${[...pending].map(said).join(", ")} ...\n`), TICK_MS);
  const as = asKey ? {} : { profile: provider.profile, assumeRoleArn: provider.assumeRoleArn };
  const aws = connect({ ...as, alwaysOnRegion: alwaysOnRegion(region), signal });
  try {
    const results = await runPreflight(deployment, aws, {
      asKey,
      existingCluster: values["existing-cluster"] === true,
      timeout,
      signal,
      progress: (check, state) => (state === "done" ? pending.delete(check) : pending.set(check, state.note)),
    });
    const heading = `${stack}: preflight of a cluster in ${region}`;
    const code = exitCode(results);
    process.exitCode = code;
    const text = values.json === true ? reportJson(stack, region, results) : reportText(heading, results);
    // After the deadline, calls that wait to be tried again would keep the process.
    print(text, () => (signal.aborted ? process.exit(code) : undefined));
  } finally {
    clearInterval(ticker);
    stop();
  }
});

function said([check, note]: readonly [string, string]): string {
  return visible(note === "" ? check : `${check} (${note})`);
}

function seconds(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 3600)) {
    throw new Error(`--timeout: "${text}" is not a number of seconds up to 3600; write for example --timeout 120`);
  }
  return number;
}

function deadline(timeout: number): { readonly signal: AbortSignal; readonly stop: () => void } {
  const controller = new AbortController();
  // Every call under way listens.
  setMaxListeners(0, controller.signal);
  const timer = setTimeout(() => controller.abort(), timeout * 1000);
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}
