import { execFile } from "node:child_process";
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { Aws } from "../../../src/cli/account/aws/client";
import type { Subject } from "../../../src/cli/account/preflight/check";
import { PREFLIGHT_RULES } from "../../../src/cli/account/preflight/preflight-rules";
import type { CheckResult } from "../../../src/cli/account/preflight/report";
import { runPreflight } from "../../../src/cli/account/preflight/runner";
import { NODE_TRUST } from "../../../src/iam/node-role-permissions";
import { deployment } from "../../helpers/deployment";
import { PROJECT } from "../../helpers/project-root";
import { type Credentials, LocalAws } from "./local-aws";
import { folder } from "./project";
import { StubAws } from "./stub-aws";

const SCRIPT = join(PROJECT, "bin/dkp-access");
export const ACCOUNT = "123456789012";
export const AMI = "ami-0aad10862ade98f27";
/** The principal that runs the preflight: an administrator as long as the local AWS does not enforce IAM. */
export const ADMIN: Credentials = { accessKeyId: "preflight", secretAccessKey: "test" };

/** Settings of a deployment with these fields of `cluster`. */
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

/** Runs the command on one deployment, `dev`. @param url undefined: AWS's own host names. @param more other environment variables */
export function preflight(
  text: string,
  url: string | undefined,
  args: readonly string[] = [],
  more: Readonly<Record<string, string | undefined>> = {},
): Promise<Ended> {
  const cwd = folder({ "deployments/dev.yaml": text });
  const env = { PATH: process.env.PATH ?? "", ...environmentOf(url, ADMIN), ...more };
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, "preflight", "dev", ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** The results of the checks, run in this process because starting another one takes longer than all calls. */
export async function resultsOf(
  text: string,
  url: string,
  options: { readonly asKey?: boolean; readonly state?: Subject["state"] } = {},
  key: Credentials = ADMIN,
): Promise<readonly CheckResult[]> {
  Object.assign(process.env, environmentOf(url, key));
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const aws = new Aws({ alwaysOnRegion: "us-east-1", signal, limit: 3600 });
  return runPreflight(deployment(text), aws, {
    asKey: false,
    profile: undefined,
    state: async () => ({ unread: "not synthesized" }),
    signal,
    progress: () => undefined,
    ...options,
  });
}

/** Level and rule of each finding, by check: `attention image-disks`. */
export async function rulesOf(...args: Parameters<typeof resultsOf>): Promise<Readonly<Record<string, readonly string[]>>> {
  const results = await resultsOf(...args);
  return Object.fromEntries(
    results.map(({ check, findings }) => [check, findings.map(({ rule }) => `${PREFLIGHT_RULES[rule].level} ${rule}`)]),
  );
}

/** A local AWS and a stub in front of it. */
interface TestAws {
  readonly local: LocalAws;
  readonly stub: StubAws;
}

/** Starts both before the tests of a file. */
export function testAws(): () => TestAws {
  let started: TestAws;
  beforeAll(async () => {
    const local = await LocalAws.start();
    started = { local, stub: await StubAws.start(local) };
  });
  return () => started;
}

/** Names of the calls that were made to either since the last list of calls. */
export async function observedCalls({ local, stub }: TestAws): Promise<readonly string[]> {
  const all = [...(await local.calls()), ...stub.calls.splice(0)];
  return [...new Set(all.map(({ service, action }) => `${service}:${action}`))].sort();
}

/** @returns the ID of the VPC */
export async function createVpc(local: LocalAws, name: string): Promise<string> {
  const { Vpc } = await local.ec2().createVpc({
    CidrBlock: "10.0.0.0/16",
    TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "Name", Value: name }] }],
  });
  return Vpc?.VpcId ?? "";
}

/** A role that EC2 can assume. */
export async function createRole(local: LocalAws, RoleName: string): Promise<void> {
  await local.iam().createRole({ RoleName, AssumeRolePolicyDocument: JSON.stringify(NODE_TRUST) });
}
