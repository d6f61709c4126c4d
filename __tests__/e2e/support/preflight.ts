import { execFile } from "node:child_process";
import { withAws } from "../../../packages/cli/src/account/aws/client";
import type { Subject } from "../../../packages/cli/src/account/preflight/check";
import { PREFLIGHT_RULES } from "../../../packages/cli/src/account/preflight/preflight-rules";
import { type CheckResult, runPreflight } from "../../../packages/cli/src/account/preflight/report";
import { deployment } from "../../helpers/deployment";
import { ADMIN, type Credentials } from "./local-aws";
import { folder } from "./project";
import { PROGRAM } from "./terraform";

export const settings = (cluster: string, more = "") =>
  `region: eu-central-1\nbackend: { local: {} }\n${more}cluster: { ${cluster} }\n`;

const environmentOf = (url: string | undefined, key: Credentials) => ({
  AWS_ENDPOINT_URL: url,
  AWS_EC2_METADATA_DISABLED: "true",
  AWS_ACCESS_KEY_ID: key.accessKeyId,
  AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
});

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the command on one deployment, `dev`.
 * @param url undefined: AWS's own host names
 * @param more other environment variables
 */
export function preflight(
  text: string,
  url: string | undefined,
  args: readonly string[] = [],
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<Ended> {
  const cwd = folder({ "deployments/dev.yaml": text });
  const env = { PATH: process.env.PATH ?? "", ...environmentOf(url, ADMIN), ...more };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, "preflight", "dev", ...args],
      { cwd, env },
      (error, stdout, stderr) => {
        resolve({ status: Number(error?.code ?? 0), stdout, stderr });
      },
    );
  });
}

/** In this process, because starting another one takes longer than all calls. */
export async function resultsOf(
  text: string,
  url: string,
  options: { readonly asKey?: boolean; readonly state?: Subject["state"] } = {},
  key: Credentials = ADMIN,
): Promise<readonly CheckResult[]> {
  Object.assign(process.env, environmentOf(url, key));
  const given = { asKey: false, state: async () => ({ unread: "not synthesized" }), ...options };
  const waiting = { progress: () => undefined, limit: 3600 };
  return withAws({ region: "eu-central-1" }, waiting, (aws) =>
    runPreflight(deployment(text), aws, given),
  );
}

export async function rulesOf(
  ...args: Parameters<typeof resultsOf>
): Promise<Readonly<Record<string, readonly string[]>>> {
  const results = await resultsOf(...args);
  return Object.fromEntries(
    results.map(({ check, findings }) => [
      check,
      findings.map(({ rule }) => `${PREFLIGHT_RULES[rule].level} ${rule}`),
    ]),
  );
}
