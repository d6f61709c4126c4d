import { execFile } from "node:child_process";
import { setMaxListeners } from "node:events";
import { join } from "node:path";
import { CreateVpcCommand } from "@aws-sdk/client-ec2";
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { Aws } from "../../../src/cli/account/aws/client";
import { ADMIN_ACTIONS } from "../../../src/cli/account/preflight/all-checks";
import type { ReadState, Result, Verdict } from "../../../src/cli/account/preflight/check";
import { runPreflight } from "../../../src/cli/account/preflight/runner";
import type { StateResource } from "../../../src/cli/terraform/state-file";
import { NODE_TRUST, nodePolicy } from "../../../src/iam/node-role-permissions";
import { deployment } from "../../helpers/deployment";
import { PROJECT } from "../../helpers/project-root";
import { type Call, type Credentials, LocalAws } from "./local-aws";
import { folder, removeFolders } from "./project";
import { imageAnswer, type Simulation, StubAws, simulationAnswer, type WireAnswers } from "./stub-aws";

const SCRIPT = join(PROJECT, "bin/dkp-access");
export const REGION = "eu-central-1";
export const ACCOUNT = "123456789012";
export const AMI = "ami-0aad10862ade98f27";
export const CPU = "the node software of DKP requires x86_64";
/** The principal that runs the preflight: an administrator as long as the local AWS does not enforce IAM. */
export const ADMIN: Credentials = { accessKeyId: "preflight", secretAccessKey: "test" };

/** Settings of a deployment with these fields of `cluster`. */
export const settings = (cluster: string, more = "", region = REGION) =>
  `region: ${region}\nbackend: { local: {} }\n${more}cluster: { ${cluster} }\n`;

/** Responses with results of the policy simulator for the user. */
export const simulate = (denials: Simulation): WireAnswers => ({
  SimulatePrincipalPolicy: (parameters) => simulationAnswer("SimulatePrincipalPolicy", parameters, denials),
});

/** Responses with the image `AMI`. */
export const imageResponse = (of: Omit<Parameters<typeof imageAnswer>[0], "id">): WireAnswers => ({
  DescribeImages: () => imageAnswer({ id: AMI, ...of }),
});

const environmentOf = (url: string, key: Credentials) => ({
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: key.accessKeyId,
  AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: "true",
});

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command on one deployment, `dev`. */
export function preflight(text: string, url: string, args: readonly string[] = [], key: Credentials = ADMIN): Promise<Ended> {
  const path = folder({ "cdktf.json": "{}", "deployments/dev.yaml": text });
  const env = { PATH: process.env.PATH ?? "", ...environmentOf(url, key) };
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, "preflight", "dev", ...args], { cwd: path, env }, (error, stdout, stderr) => {
      resolve({ status: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

/** The results of the checks, run in this process because starting another one takes longer than all calls. */
export async function resultsOf(
  text: string,
  url: string,
  options: { readonly existingCluster?: boolean; readonly asKey?: boolean; readonly state?: ReadState } = {},
  key: Credentials = ADMIN,
): Promise<readonly Result[]> {
  Object.assign(process.env, environmentOf(url, key));
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  const aws = new Aws({ alwaysOnRegion: "us-east-1", signal });
  return runPreflight(deployment(text), aws, {
    asKey: false,
    existingCluster: false,
    state: async () => ({ unread: "not synthesized" }),
    timeout: 60,
    signal,
    progress: () => undefined,
    ...options,
  });
}

/** Verdict, finding and remedy of a result. */
export const summary = ({ verdict, found, remedy }: Omit<Result, "check" | "source">) => ({ verdict, found, remedy });

/** A local AWS and a stub in front of it. */
export interface TestAws {
  readonly local: LocalAws;
  readonly stub: StubAws;
}

/** Starts both before the tests of a file, and stops them afterwards. */
export function testAws(): () => TestAws {
  let started: TestAws;
  beforeAll(async () => {
    const local = await LocalAws.start();
    started = { local, stub: await StubAws.start(local) };
  });
  afterAll(async () => {
    started.stub.stop();
    await started.local.stop();
    removeFolders();
  });
  return () => started;
}

/** Names of the calls that the principal `ADMIN` has made to either since the last list of calls. */
async function observedCalls({ local, stub }: TestAws): Promise<readonly string[]> {
  const calls = (await local.calls()) as readonly (Call & { readonly accessKeyId: string })[];
  const all = [...calls.filter(({ accessKeyId }) => accessKeyId === ADMIN.accessKeyId), ...stub.calls.splice(0)];
  return [...new Set(all.map(({ service, action }) => `${service}:${action}`))].sort();
}

/** A verdict of a check: from the local AWS, or from the stub, with these answers, if the local AWS does not support the case. */
export interface Case<F> {
  /** The check; the first of the file by default. */
  readonly check?: string;
  readonly verdict: Verdict;
  /** The case, as the continuation of "failed for". */
  readonly of: string;
  /** @default no fields of `cluster` */
  readonly settings?: (fixtures: F) => string;
  readonly existingCluster?: boolean;
  /** The managed resources of the deployment's state. @default no state is readable */
  readonly state?: readonly StateResource[];
  readonly answers?: WireAnswers;
  readonly expected: (fixtures: F) => readonly [found: string, remedy?: string];
}

interface TestedCheck {
  readonly name: string;
  readonly calls: readonly string[];
}

/** Cases of one or more checks. */
export interface CheckTests {
  readonly names: readonly string[];
  /** Registers the tests. */
  readonly register: (aws: () => TestAws) => void;
}

/**
 * Tests checks in whole runs of the preflight. Each check must both pass and fail in a case, and make all calls that it lists.
 * @param createFixtures creates the objects that the checks find in the local AWS
 */
export function testChecks<F>(
  checks: readonly TestedCheck[],
  createFixtures: (local: LocalAws) => Promise<F>,
  cases: readonly Case<F>[],
): CheckTests {
  const names = checks.map(({ name }) => name);
  const rows = cases.map(({ answers, ...row }) => ({
    check: names[0] ?? "",
    existingCluster: false,
    settings: () => settings(""),
    by: answers === undefined ? "local AWS" : "stub",
    answers: answers ?? {},
    ...row,
  }));
  const register = (aws: () => TestAws) => {
    let fixtures: F;

    beforeAll(async () => {
      fixtures = await createFixtures(aws().local);
      await observedCalls(aws());
    });

    it.each(rows)("$verdict for $of, by the $by ($check)", async ({ check, verdict, by, answers, ...row }) => {
      const { local, stub } = aws();
      stub.say(answers);
      const { existingCluster, state: value } = row;
      const state = value === undefined ? {} : { state: async () => ({ value }) };
      const results = await resultsOf(row.settings(fixtures), by === "stub" ? stub.url : local.url, {
        existingCluster,
        ...state,
      });
      const [found, remedy] = row.expected(fixtures);
      expect(results.filter((result) => result.check === check).map(summary)).toContainEqual({ verdict, found, remedy });
    });

    it.each(names)("both passes and fails in a case (%s)", (name) => {
      const verdicts = rows.filter(({ check }) => check === name).map(({ verdict }) => verdict);
      expect(verdicts).toEqual(expect.arrayContaining(["ok", "failed"]));
    });

    it("makes every call that it lists, and no call of the run is missing in --permissions", async () => {
      const observed = await observedCalls(aws());
      expect(observed).toEqual(expect.arrayContaining(checks.flatMap(({ calls }) => calls)));
      expect(observed.filter((call) => !ADMIN_ACTIONS.includes(call))).toEqual([]);
    });
  };
  return { names, register };
}

/** A check for which the local AWS needs no objects. */
export const noFixtures = async () => undefined;

/** @returns the ID of the VPC */
export async function createVpc(local: LocalAws, name: string): Promise<string> {
  const { Vpc } = await local.ec2().send(
    new CreateVpcCommand({
      CidrBlock: "10.0.0.0/16",
      TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "Name", Value: name }] }],
    }),
  );
  return Vpc?.VpcId ?? "";
}

/** A role that a service can assume, with an inline policy. */
export async function createRole(
  local: LocalAws,
  RoleName: string,
  { service = "ec2.amazonaws.com", path: Path = "/", policy }: { service?: string; path?: string; policy?: object } = {},
): Promise<void> {
  const trust = { ...NODE_TRUST, Statement: [{ ...NODE_TRUST.Statement[0], Principal: { Service: service } }] };
  await local.iam().send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  if (policy !== undefined) {
    const PolicyDocument = JSON.stringify(policy);
    await local.iam().send(new PutRolePolicyCommand({ RoleName, PolicyName: "nodes", PolicyDocument }));
  }
}

/** The role `managed` below the path `/apps/`, with the permissions of a node in a managed policy. */
export async function createManagedRole(local: LocalAws): Promise<void> {
  await createRole(local, "managed", { path: "/apps/" });
  const PolicyDocument = JSON.stringify(nodePolicy(["s3:Get*"]));
  const { Policy } = await local.iam().send(new CreatePolicyCommand({ PolicyName: "NodeReads", PolicyDocument }));
  await local.iam().send(new AttachRolePolicyCommand({ RoleName: "managed", PolicyArn: Policy?.Arn }));
}

/** A new access key of a user. */
export async function keyOf(local: LocalAws, UserName: string): Promise<Credentials> {
  const { AccessKey } = await local.iam().send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? "", secretAccessKey: AccessKey?.SecretAccessKey ?? "" };
}

/** Results while the local AWS enforces IAM. */
export async function enforced(local: LocalAws, run: () => Promise<readonly Result[]>): Promise<readonly Result[]> {
  await local.enforceIam(true);
  try {
    return await run();
  } finally {
    await local.enforceIam(false);
  }
}
