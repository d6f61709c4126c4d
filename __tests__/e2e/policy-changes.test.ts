import { spawn } from "node:child_process";
import { FEATURES } from "../../src/iam/catalogue";
import {
  type PolicyDocument,
  type PolicyStatement,
  policyDocument,
} from "../../src/iam/policy-document";
import type { Mode } from "../../src/iam/policy-statements";
import { COMPLETE, cases, SAMPLE } from "../helpers/complete";
import { deployment } from "../helpers/deployment";
import { allows, permissionsOf } from "../helpers/permissions";
import { type Fault, FaultProxy } from "./support/fault-proxy";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { shows } from "./support/recovery";
import { outputOf, type Terraform, terraformEnvironment } from "./support/terraform";

const ACCOUNT = "123456789012";
const flow = (values: readonly string[]) => `[${values.map((value) => `"${value}"`).join(", ")}]`;
const many = (count: number, of: (index: number) => string) =>
  flow(Array.from({ length: count }, (_, index) => of(index)));

interface Change {
  readonly mode: Mode;
  readonly cluster?: string;
  readonly features?: readonly string[];
  readonly more?: string;
  /** A write call and its fault, which ends the apply. The change is then applied again. */
  readonly fault?: readonly [call: string, Fault];
}

const KEYS = (count: number) =>
  `kmsKeyArns: ${many(count, (index) => `arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-${String(index).padStart(12, "0")}`)}`;
const PEERS = (count: number) =>
  `peeredVPCs: ${many(count, (index) => `vpc-0123456789abc${String(index).padStart(4, "0")}`)}`;
const ROLES = (count: number) =>
  `formerIamNodeRoles: ${many(count, (index) => `/apps/former-role-of-the-nodes-${index}`)}`;
const ENCRYPTED = ["encrypted-volumes"];
const ALL_FEATURES = Object.keys(FEATURES);
const NETWORKS = `user: { allowedNetworks: { cidrs: [52.29.63.0/24] } }`;

const PLAIN: readonly Change[] = [
  { mode: "minimal", cluster: KEYS(15), features: ENCRYPTED },
  { mode: "minimal", cluster: KEYS(1), features: ENCRYPTED },
  { mode: "scoped", cluster: KEYS(15), features: ENCRYPTED },
  { mode: "scoped", cluster: PEERS(30) },
  { mode: "scoped", cluster: PEERS(31) },
  { mode: "documented" },
  { mode: "minimal", features: ALL_FEATURES },
  { mode: "minimal", cluster: ROLES(15), features: ALL_FEATURES, more: NETWORKS },
  { mode: "minimal", more: NETWORKS },
  { mode: "documented", more: NETWORKS },
  { mode: "scoped", cluster: `${ROLES(15)}, ${PEERS(20)}` },
  { mode: "minimal", cluster: PEERS(2) },
];

/** From one policy to two and back, each time with a fault at another write call. */
const INTERRUPTED = (
  ["killed before the response", "killed after the response", "denied"] as const
).flatMap((fault) =>
  [0, 1, 2].flatMap((index): readonly Change[] => [
    {
      mode: "scoped",
      fault: [["CreatePolicy", "AttachUserPolicy", "CreatePolicyVersion"][index] ?? "", fault],
    },
    {
      mode: "documented",
      fault: [["CreatePolicyVersion", "DetachUserPolicy", "DeletePolicy"][index] ?? "", fault],
    },
  ]),
);

const CHANGES: readonly Change[] = [...PLAIN, { mode: "documented" }, ...INTERRUPTED];
const SAMPLED = 6;

const FIRST = COMPLETE ? 0 : (SAMPLE % Math.floor(CHANGES.length / SAMPLED)) * SAMPLED;

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

const statementsOf = ({ Statement }: PolicyDocument) =>
  Statement.map(({ Effect, Sid, Action, Resource, Condition = {} }) => ({
    ...(Effect === "Deny" ? { effect: Effect } : {}),
    sid: Sid,
    actions: [Action].flat(),
    resources: [Resource].flat(),
    conditions: Object.entries(Condition).flatMap(([test, keys]) =>
      Object.entries(keys).map(([variable, values]) => ({
        test: test as PolicyStatement["conditions"][number]["test"],
        variable,
        values: [values].flat(),
      })),
    ),
  }));

describe("a live deployment", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;

  const stored = async () => {
    const { AttachedPolicies = [] } = await aws
      .iam()
      .listAttachedUserPolicies({ UserName: "deckhouse" });
    const documents = await Promise.all(
      AttachedPolicies.map(
        async ({ PolicyArn }) => JSON.parse(await aws.policyDocument(PolicyArn)) as PolicyDocument,
      ),
    );
    return permissionsOf(documents.flatMap(statementsOf));
  };

  let missing: string[];

  beforeEach(() => {
    missing = [];
  });

  /**
   * Applies, and reads what AWS stores after each write call and at the end.
   * @param required by the settings
   */
  const apply = async (
    required: ReadonlySet<string>,
    fault?: Change["fault"],
    ...args: string[]
  ) => {
    const before = await stored();
    const states: ReadonlySet<string>[] = [];
    const proxy = await FaultProxy.before(aws, {
      faults: fault === undefined ? {} : { [fault[0]]: fault[1] },
      kill: () => process.kill(-(run.pid ?? 0), "SIGKILL"),
      executed: async () => {
        states.push(await stored());
      },
    });
    const run = spawn("terraform", ["apply", "-auto-approve", "-no-color", ...args], {
      cwd: terraform.folder,
      env: terraformEnvironment(proxy),
      // In a process group of its own, with its provider.
      detached: true,
    });
    const finished = await outputOf(run);
    await proxy.stop();
    expect(proxy.faulted).toEqual(fault === undefined ? [] : [fault[0]]);
    states.push(await stored());
    const kept = [...before, ...required].filter(
      (permission) => allows(before, permission) && allows(required, permission),
    );
    missing.push(
      ...states.flatMap((state) => kept.filter((permission) => !allows(state, permission))),
    );
    return finished;
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of(settingsOf(CHANGES[FIRST - 1] ?? { mode: "minimal" }));
    terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
  });

  it.each(
    CHANGES.slice(FIRST, FIRST + cases(SAMPLED, CHANGES.length)).map((change, index) => {
      const { mode, cluster = "", features = [], more = "", fault = [] } = change;
      const to = `${FIRST + index}: ${[mode, cluster.slice(0, 40), features.length, more, ...fault].join(", ")}`;
      return [to, change] as const;
    }),
  )("takes no permission that is required before and after the change to %s", async (_, change) => {
    deployments.change(settingsOf(change));
    const { policies } = deployment(settingsOf(change));
    const required = permissionsOf(
      policies.flatMap(({ statements }) => statementsOf(policyDocument(statements, ACCOUNT))),
    );
    if (change.fault !== undefined) {
      const { output: error } = await apply(required, change.fault);
      // docs/how-to/recover.md#failed-update
      if (shows(error, "failed-update")) {
        expect(await apply(required, undefined, "-target=aws_iam_policy.policy")).toMatchObject({
          status: 0,
        });
      }
    }
    let { status, output } = await apply(required);
    if (status !== 0) {
      // An apply may have created the second policy before it was killed, and the state lacks it:
      // docs/how-to/recover.md.
      if (output.includes("A policy called D8CloudProviderAWS-2 already exists")) {
        terraform.run(
          "import",
          "aws_iam_policy.policy-2",
          `arn:aws:iam::${ACCOUNT}:policy/D8CloudProviderAWS-2`,
        );
      }
      ({ status, output } = await apply(required));
    }
    expect({ status, output: status === 0 ? "" : output }).toEqual({ status: 0, output: "" });
    expect(missing).toEqual([]);
    expect([...(await stored())].sort()).toEqual([...required].sort());
    expect(terraform.isUpToDate()).toBe(true);
  });
});
