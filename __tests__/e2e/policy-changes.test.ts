import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { FEATURES } from "../../src/iam/catalogue";
import type { PolicyDocument } from "../../src/iam/policy-document";
import type { PolicyStatement } from "../../src/iam/policy-statement";
import { COMPLETE, cases, SAMPLE } from "../helpers/complete";
import { permissionsOf } from "../helpers/permissions";
import { FaultProxy } from "./support/fault-proxy";
import { type Credentials, LocalAws, succeeds } from "./support/local-aws";
import { Operator } from "./support/operator";
import { Deployments } from "./support/project";
import { type Finished, outputOf, Terraform, terraformEnvironment } from "./support/terraform";

const key = (index: number) =>
  `arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-${String(index).padStart(12, "0")}`;
const flow = (values: readonly string[]) => `[${values.map((value) => `"${value}"`).join(", ")}]`;
const many = (count: number, of: (index: number) => string) => flow(Array.from({ length: count }, (_, index) => of(index)));

interface Change {
  readonly mode: string;
  readonly cluster?: string;
  readonly features?: readonly string[];
  readonly more?: string;
  /** The write call at which Terraform is killed. The change is then applied again. */
  readonly killedAt?: string;
}

const KEYS = (count: number) => `kmsKeyArns: ${many(count, key)}`;
const PEERS = (count: number) => `peeredVPCs: ${many(count, (index) => `vpc-0123456789abc${String(index).padStart(4, "0")}`)}`;
const ENCRYPTED = ["encrypted-volumes"];
const ALL = Object.keys(FEATURES);
const NETWORKS = `user: { allowedNetworks: { cidrs: [52.29.63.0/24] } }`;

/** Settings that follow each other: sizes, modes, features, lists that get longer and shorter, and interrupted applies. */
const CHANGES: readonly Change[] = [
  { mode: "minimal", cluster: KEYS(90), features: ENCRYPTED },
  { mode: "minimal", cluster: KEYS(60), features: ENCRYPTED },
  { mode: "minimal" },
  { mode: "minimal", features: ["drift-repair"], killedAt: "AttachUserPolicy" },
  { mode: "minimal", cluster: PEERS(20), killedAt: "CreatePolicyVersion" },
  { mode: "minimal", cluster: PEERS(3), killedAt: "DetachUserPolicy" },
  { mode: "minimal", features: ALL },
  { mode: "minimal", features: ALL, more: NETWORKS },
  { mode: "minimal", features: ALL },
  { mode: "minimal" },
  { mode: "scoped" },
  { mode: "scoped", cluster: KEYS(30), features: ENCRYPTED },
  { mode: "scoped", cluster: KEYS(29), features: ENCRYPTED },
  { mode: "minimal", cluster: KEYS(29), features: ENCRYPTED },
  { mode: "scoped", cluster: `${KEYS(29)}, ${PEERS(10)}`, features: ENCRYPTED },
  { mode: "scoped", cluster: PEERS(10) },
  { mode: "scoped", cluster: PEERS(30), killedAt: "CreatePolicy" },
  { mode: "scoped", cluster: PEERS(31), killedAt: "DeletePolicy" },
  { mode: "documented" },
  { mode: "minimal" },
  { mode: "minimal", cluster: KEYS(40), features: ENCRYPTED },
  { mode: "minimal", cluster: KEYS(80), features: ENCRYPTED },
  { mode: "minimal" },
  { mode: "minimal", features: ["volume-snapshots"] },
  { mode: "minimal", features: ["volume-snapshots", "drift-repair"] },
  { mode: "minimal", features: ["volume-snapshots"] },
  { mode: "minimal", features: ["volume-snapshots"], more: "attachment: user-and-group" },
  { mode: "minimal", features: ["fast-snapshot-restore"], more: "attachment: user-and-group" },
  { mode: "minimal", features: ["volume-snapshots"], more: "attachment: group" },
  { mode: "minimal", features: ["volume-snapshots"], more: "attachment: user-and-group" },
  { mode: "minimal", features: ["fast-snapshot-restore"] },
  { mode: "minimal", cluster: `${KEYS(60)}, ${PEERS(20)}`, features: ALL, killedAt: "AttachUserPolicy" },
  { mode: "minimal", cluster: `${KEYS(59)}, ${PEERS(20)}`, features: ALL, killedAt: "CreatePolicy" },
  { mode: "minimal", cluster: `${KEYS(20)}, ${PEERS(19)}`, features: ENCRYPTED, killedAt: "DetachUserPolicy" },
  { mode: "minimal", cluster: KEYS(20), features: ENCRYPTED, more: NETWORKS, killedAt: "CreatePolicyVersion" },
  { mode: "documented" },
];

/** Where the sample begins. */
const FIRST = COMPLETE ? 0 : (SAMPLE % 6) * 6;

const settingsOf = ({ mode, cluster = "", features = [], more = "" }: Change) =>
  [
    "region: eu-central-1",
    "backend: { local: {} }",
    `policy: { mode: ${mode} }`,
    `cluster: { prefix: dev, layout: WithNAT, tags: { team: a }, ${cluster} }`,
    `features: ${flow(features)}`,
    more,
    "",
  ].join("\n");

const listOf = (value: string | readonly string[]): readonly string[] => (typeof value === "string" ? [value] : value);

const statementsOf = ({ Statement }: PolicyDocument): readonly PolicyStatement[] =>
  Statement.map(({ Effect, Sid, Action, Resource, Condition = {} }) => ({
    ...(Effect === "Deny" ? { effect: Effect } : {}),
    sid: Sid,
    actions: listOf(Action),
    resources: listOf(Resource),
    conditions: Object.entries(Condition).flatMap(([test, keys]) =>
      Object.entries(keys).map(([variable, values]) => ({
        test: test as PolicyStatement["conditions"][number]["test"],
        variable,
        values: listOf(values),
      })),
    ),
  }));

describe("a live deployment", () => {
  let aws: LocalAws;
  let operator: Operator;
  let deployments: Deployments;
  let folder: string;
  let own: Credentials;

  /** What the policies allow that AWS stores and that the user has, directly or through its group. */
  const stored = async (): Promise<ReadonlySet<string>> => {
    const iam = aws.iam(operator.key);
    const user = await iam.listAttachedUserPolicies({ UserName: "deckhouse" });
    const { Groups = [] } = await iam.listGroupsForUser({ UserName: "deckhouse" });
    const groups = await Promise.all(Groups.map(({ GroupName }) => iam.listAttachedGroupPolicies({ GroupName })));
    const documents = await Promise.all(
      [user, ...groups]
        .flatMap(({ AttachedPolicies = [] }) => AttachedPolicies)
        .map(async ({ PolicyArn }) => JSON.parse(await aws.policyDocument(PolicyArn, operator.key)) as PolicyDocument),
    );
    return permissionsOf(documents.flatMap(statementsOf));
  };

  /** Calls of the key that every mode allows: one on the node role, one that only reads. */
  const calls = async (): Promise<boolean> =>
    (await succeeds(aws.iam(own).getRole({ RoleName: "dev-node" }))) && (await succeeds(aws.ec2(own).describeVpcs()));

  const totals = { applies: 0, interrupted: 0, left: 0, writes: 0, calls: 0, denied: 0, missing: 0 };

  /** Applies, one second for each write call, while the key makes calls; after each write call, reads what AWS stores. */
  const apply = async (killedAt?: string): Promise<Finished> => {
    const before = await stored();
    const states: ReadonlySet<string>[] = [];
    const proxy = await FaultProxy.before(aws, {
      faults: killedAt === undefined ? {} : { [killedAt]: "killed after the response" },
      kill: () => process.kill(-(terraform.pid ?? 0), "SIGKILL"),
      executed: async () => {
        totals.writes += 1;
        states.push(await stored());
        await setTimeout(1_000);
      },
    });
    const terraform = spawn("terraform", ["apply", "-auto-approve", "-no-color"], {
      cwd: folder,
      env: terraformEnvironment(proxy, operator.key),
      // In a process group of its own, with its provider.
      detached: true,
    });
    const finished = outputOf(terraform);
    while (terraform.exitCode === null && terraform.signalCode === null) {
      totals.calls += 2;
      totals.denied += (await calls()) ? 0 : 1;
    }
    const { status, output } = await finished;
    await proxy.stop();
    const after = await stored();
    const kept = [...before].filter((permission) => after.has(permission));
    totals.missing += states.flatMap((state) => kept.filter((permission) => !state.has(permission))).length;
    totals.applies += 1;
    totals.interrupted += status === null ? 1 : 0;
    return { status, output };
  };

  /** Deletes the policies that an apply created before it was killed and that the state lacks, as docs/how-to/recover.md says. */
  const deleteLeftPolicies = async (output: string): Promise<number> => {
    const names = [...output.matchAll(/A policy called (D8CloudProviderAWS-\d-[0-9a-f]{8}) already exists/g)].map(
      ([, name]) => name,
    );
    for (const name of names) {
      await aws.iam(operator.key).deletePolicy({ PolicyArn: `arn:aws:iam::123456789012:policy/${name}` });
    }
    return names.length;
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    const trust = {
      Version: "2012-10-17",
      Statement: { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" },
    };
    await aws.iam().createRole({ RoleName: "dev-node", AssumeRolePolicyDocument: JSON.stringify(trust) });
    deployments = Deployments.of({ deckhouse: settingsOf(CHANGES[FIRST - 1] ?? { mode: "minimal" }) });
    operator = await Operator.in(aws);
    const terraform = new Terraform(deployments.terraform("deckhouse", aws).folder, aws, "terraform", operator.key);
    ({ folder } = terraform);
    terraform.init();
    terraform.apply();
    own = terraform.key();
  });

  afterAll(() => {
    process.stderr.write(`${JSON.stringify(totals)}\n`);
  });

  it.each(
    CHANGES.slice(FIRST, FIRST + cases(6, CHANGES.length)).map(
      (change) => [settingsOf(change).split("\n").slice(2).join(" ").slice(0, 120), change] as const,
    ),
  )("denies its key no call that is allowed before and after the change to %s", async (_, change) => {
    deployments.change({ deckhouse: settingsOf(change) });
    const { denied, missing } = totals;
    if (change.killedAt !== undefined) {
      await apply(change.killedAt);
    }
    let { status, output } = await apply();
    const left = change.killedAt === undefined ? 0 : await deleteLeftPolicies(output);
    totals.left += left;
    if (left > 0) {
      ({ status, output } = await apply());
    }
    expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
    // Of this change alone, so that a failure is reported where it is.
    expect({ denied: totals.denied - denied, missing: totals.missing - missing }).toEqual({ denied: 0, missing: 0 });
    expect(new Terraform(folder, aws, "terraform", operator.key).isUpToDate()).toBe(true);
  });
});
