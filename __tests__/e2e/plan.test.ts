import { spawn } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { rows } from "../helpers/complete";
import { FaultProxy } from "./support/fault-proxy";
import { allowing, LocalAws } from "./support/local-aws";
import { programs } from "./support/programs";
import { folder, write } from "./support/project";
import {
  atTerminal,
  DKP_ACCESS,
  ended,
  outputOf,
  PROGRAM,
  runIn,
  terraformEnvironment,
} from "./support/terraform";

const BUCKET = "plan-state";
const SETTINGS = `region: eu-central-1
backend: { s3: { bucket: ${BUCKET}, region: eu-central-1, use_path_style: true } }
protect: false
`;
const WITHOUT_KEY = `${SETTINGS}accessKeys: { managedBy: rotate }\n`;
const STATE = `/${BUCKET}/deckhouse/terraform.tfstate`;
const STACK = "cdktf.out/stacks/deckhouse";

interface World {
  readonly aws: LocalAws;
  readonly project: string;
  readonly environment: Record<string, string>;
}

const dkpAccess = ({ project, environment }: World, ...args: readonly string[]) =>
  runIn(project, environment, ...DKP_ACCESS, ...args);

const settings = ({ project }: World, text: string) =>
  write(project, { "deployments/deckhouse.yaml": text });

async function editState({ aws }: World, edit: (state: string) => string) {
  const state = await (await aws.s3("GET", STATE)).text();
  expect(edit(state) === state).toBe(false);
  await aws.s3("PUT", STATE, edit(state));
}

/** @param objects the attributes of each, by its address */
const addToState = (world: World, objects: Readonly<Record<string, object>>) =>
  editState(world, (text) => {
    const state = JSON.parse(text);
    const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
    const added = Object.entries(objects).map(([address, attributes]) => {
      const [type, name] = address.split(".");
      const instances = [{ schema_version: 0, attributes }];
      return { mode: "managed", type, name, provider, instances };
    });
    return JSON.stringify({ ...state, resources: [...state.resources, ...added] });
  });

function planned(world: World) {
  const { output } = dkpAccess(world, "plan", "deckhouse", "--digest-file", "digest");
  const digest = readFileSync(join(world.project, "digest"), "utf8").trim();
  expect(output).toContain(`dkp-access apply deckhouse --approved ${digest}`);
  return digest;
}

const REFUSED = "nothing is applied: the plan is not the approved one";

type Change = (world: World) => unknown;

async function policyArn(aws: LocalAws) {
  const { Policies: [policy] = [] } = await aws.iam().listPolicies({ Scope: "Local" });
  return policy?.Arn;
}

/** Changes after which the plan is not the approved one. */
const REFUSALS: Readonly<Record<string, Change>> = {
  "the settings are others": (world) => settings(world, `${SETTINGS}tags: { team: other }\n`),
  "the policy was detached in IAM": async ({ aws }) => {
    await aws.iam().detachUserPolicy({ UserName: "deckhouse", PolicyArn: await policyArn(aws) });
  },
  "the policy was broadened in IAM": async ({ aws }) => {
    const PolicyArn = await policyArn(aws);
    await aws
      .iam()
      .createPolicyVersion({ PolicyArn, PolicyDocument: allowing("*"), SetAsDefault: true });
  },
  "the state is gone": ({ aws }) => aws.s3("DELETE", STATE),
  "the policy is forged in the state": (world) =>
    editState(world, (state) => state.replaceAll("iam:CreateServiceLinkedRole", "*")),
  "the state has the key of somebody else": async (world) => {
    const iam = world.aws.iam();
    await iam.createUser({ UserName: "bob" });
    const { AccessKey } = await iam.createAccessKey({ UserName: "bob" });
    const id = AccessKey?.AccessKeyId;
    await addToState(world, { "aws_iam_access_key.user": { id, user: "bob", status: "Active" } });
  },
  "the state has another user": (world) =>
    editState(world, (state) => state.replaceAll(/("name": ?)"deckhouse"/g, '$1"admin"')),
};

/** Exit code, the event between the approval and the apply, its change, and the message. */
const ROWS: readonly (readonly [number, string, Change, string])[] = [
  [0, "nothing has changed", () => {}, "Apply complete! Resources: 1 added"],
  ...Object.entries(REFUSALS).map(([what, happens]) => [3, what, happens, REFUSED] as const),
];

async function copyOf(origin: World) {
  const [project, aws] = [folder(), await origin.aws.copy()];
  cpSync(origin.project, project, { recursive: true, verbatimSymlinks: true });
  const { TERRAFORM_BINARY_NAME = "" } = origin.environment;
  return { project, aws, environment: { ...terraformEnvironment(aws), TERRAFORM_BINARY_NAME } };
}

describe.each(programs())("with $name", ({ path }) => {
  let origin: World;
  let digest: string;

  beforeAll(async () => {
    const aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    const environment = { ...terraformEnvironment(aws), TERRAFORM_BINARY_NAME: path };
    origin = { aws, project: folder({ "cdktf.json": "{}" }), environment };
    settings(origin, WITHOUT_KEY);
    const { status, output } = dkpAccess(origin, "plan");
    expect({ status, output }).toEqual(ended(2, "Plan: 3 to add"));
    const first = dkpAccess(origin, "apply", "--approved", planned(origin), "--accept", "2");
    expect(first).toEqual(ended(0, "Apply complete! Resources: 3 added"));
    settings(origin, SETTINGS);
    digest = planned(origin);
  });

  it("gives two plans of one situation one digest, and leaves no plan", () => {
    expect(planned(origin)).toBe(digest);
    expect(readdirSync(join(origin.project, STACK)).sort()).toEqual([
      ".terraform",
      ".terraform.lock.hcl",
      "cdk.tf.json",
      "versions.tf",
    ]);
  });

  it.each(rows(ROWS, 3))(
    "apply --approved ends with %d when %s",
    async (status, _, happens, message) => {
      const world = await copyOf(origin);
      await happens(world);
      await world.aws.changes();
      const args = ["apply", "deckhouse", "--approved", digest, "--accept", "2"];
      const result = dkpAccess(world, ...args);
      expect(result).toEqual({ status, output: expect.stringContaining(message) });
      expect(await world.aws.changes()).toEqual(status === 0 ? ["CreateAccessKey"] : []);
    },
  );

  it("reports what it would delete of other teams, whose objects the state has at own addresses", async () => {
    const world = await copyOf(origin);
    settings(world, WITHOUT_KEY);
    const iam = world.aws.iam();
    await iam.createUser({ UserName: "bob" });
    const document = { PolicyName: "Victim", PolicyDocument: allowing("s3:GetObject") };
    const { Policy: { Arn: victim } = {} } = await iam.createPolicy(document);
    await iam.attachUserPolicy({ UserName: "bob", PolicyArn: victim });
    const others = {
      "aws_iam_policy.policy-2": { id: victim, arn: victim, name: "Victim" },
      "aws_iam_user_policy_attachment.policy-attachment-2": {
        id: "bob-1",
        user: "bob",
        policy_arn: victim,
      },
    };
    await addToState(world, others);
    const { status, output } = dkpAccess(world, "plan", "deckhouse");
    expect(status).toBe(2);
    expect(output).toContain("Plan: 0 to add, 0 to change, 2 to destroy");
    for (const address of Object.keys(others)) {
      expect(output).toContain(`Terraform deletes ${address}, which is not this deployment's`);
      const remedy = ["state", "rm", address];
      expect(runIn(join(world.project, STACK), world.environment, path, ...remedy)).toMatchObject({
        status: 0,
      });
    }
    expect(dkpAccess(world, "plan", "deckhouse")).toEqual(ended(0, "Nothing to apply."));
  });

  it.each([
    ["yes", 0, "Apply complete! Resources: 1 added"],
    ["y", 3, "nothing is applied: the answer is not yes"],
  ])(
    "apply asks at a terminal, and the answer %s ends with %d",
    async (answer, status, message) => {
      const { project, environment } = await copyOf(origin);
      expect(atTerminal(answer, project, environment, "apply", "deckhouse")).toEqual({
        status,
        output: expect.stringContaining(message),
      });
    },
  );

  it("prints commands that work, as a person runs them", async () => {
    const world = await copyOf(origin);
    const { project, environment } = world;
    const follow = (output: string, before: string, after = "$") => {
      const [, command = ""] = new RegExp(`${before}(.*)${after}`, "m").exec(output) ?? [];
      const line = command
        .replace(/^npx dkp-access/, `"${process.execPath}" "${PROGRAM}"`)
        .replace(/^terraform /, `${path} `);
      const result = runIn(
        project,
        { ...environment, TF_INPUT: "true" },
        "sh",
        "-c",
        `echo yes | ${line}`,
      );
      const { status } = result;
      // An error ends with 1. The other codes are levels of findings.
      expect({ ...result, command, status: status !== null && status !== 1 }).toEqual({
        command: expect.stringMatching(/./),
        status: true,
        output: expect.anything(),
      });
      return result.output;
    };
    const plan = () => dkpAccess(world, "plan", "deckhouse");

    const applied = follow(plan().output, "Apply it: ");
    expect(applied).toContain("Apply complete! Resources: 1 added");
    expect(follow(applied, "Give DKP the key: ")).toContain("provider.yaml");

    // A policy is detached from the node role in the console, and then in the settings.
    const iam = world.aws.iam();
    const document = { PolicyName: "Logs", PolicyDocument: allowing("logs:PutLogEvents") };
    const { Policy: { Arn: PolicyArn = "" } = {} } = await iam.createPolicy(document);
    settings(world, `${SETTINGS}nodeRole: { name: nodes, managedPolicyArns: ["${PolicyArn}"] }\n`);
    follow(plan().output, "Apply it: ");
    await iam.detachRolePolicy({ RoleName: "nodes", PolicyArn });
    settings(world, `${SETTINGS}nodeRole: { name: nodes }\n`);
    const outdated = plan();
    expect(outdated).toEqual(ended(0, "the state is out of date"));
    follow(outdated.output, "Apply it: ");
    expect(plan().output).toContain("Nothing to apply.");

    write(project, {
      [`${STACK}/errored.tfstate`]: JSON.stringify({
        version: 4,
        serial: 1,
        lineage: "other",
        resources: [],
      }),
    });
    const errored = plan();
    expect(errored.status).toBe(1);
    expect(errored.output).toContain("docs/how-to/recover.md#errored-state");
    renameSync(join(project, STACK, "errored.tfstate"), join(project, "deckhouse.errored.tfstate"));
    expect(plan().output).toContain("Nothing to apply.");

    runIn(project, environment, path, `-chdir=${STACK}`, "plan", `-out=${join(project, "saved")}`);
    const saved = dkpAccess(world, "diff", "deckhouse", "--plan", "saved");
    expect(saved.status).toBe(1);
    expect(follow(saved.output, "give its JSON, which ", " prints")).toContain('"format_version"');

    const nodeRole = "nodeRole: { name: nodes }\n";
    settings(
      world,
      `${SETTINGS.replace("use_path_style", "key: moved, use_path_style")}${nodeRole}`,
    );
    const moved = plan();
    expect(moved.status).toBe(1);
    follow(moved.output, "move the state with ", " \\(");
    expect(plan().output).toContain("Nothing to apply.");
  });

  /**
   * Sends a signal to the program at the beginning or the end of a run of Terraform, or as a
   * terminal to its process group.
   */
  const SIGNALLING = `#!/bin/sh
[ "$MOMENT" != "before $1" ] || kill -s $SIGNAL -- $GROUP$PPID
[ "$MOMENT" = "after $1" ] || exec ${path} "$@"
${path} "$@"
code=$?
kill -s $SIGNAL -- $GROUP$PPID
exit $code
`;
  const MOMENTS = [
    "before init",
    "after init",
    "before plan",
    "after plan",
    "before show",
    "after show",
    "before apply",
  ];
  const CALLS = ["CreateAccessKey", "PutState", "DeleteLock 2"];
  const INTERRUPTIONS = [...MOMENTS, ...CALLS].flatMap((moment) =>
    (["INT", "TERM", "HUP", "KILL"] as const).map((signal) => [signal, moment] as const),
  );

  it.each(rows(INTERRUPTIONS, 10))(
    "SIG%s at %s leaves no plan, or one that the next run removes, and no key that nothing names",
    async (signal, moment) => {
      const world = await copyOf(origin);
      const own = folder({ terraform: SIGNALLING });
      const group = ["INT", "HUP"].includes(signal) ? "-" : "";
      chmodSync(join(own, "terraform"), 0o755);
      mkdirSync(join(own, "tmp"));
      const arriving = async (call: string) => {
        if (call === moment) {
          process.kill(Number(`${group}${child.pid}`), `SIG${signal}`);
        }
      };
      const proxy = await FaultProxy.before(world.aws, { arriving });
      const variables = {
        TERRAFORM_BINARY_NAME: join(own, "terraform"),
        TMPDIR: join(own, "tmp"),
        SIGNAL: signal,
        GROUP: group,
        MOMENT: moment,
      };
      const env = { ...terraformEnvironment(proxy), ...variables };
      const args = [PROGRAM, "apply", "deckhouse", "--approved", digest, "--accept", "2"];
      const child = spawn(process.execPath, args, {
        cwd: world.project,
        env,
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      // Terraform has the standard error of an apply, so that this also waits for its end.
      const { output } = await outputOf(child);
      await proxy.stop();
      expect([child.signalCode, output]).toEqual([`SIG${signal}`, expect.anything()]);
      const plans = () =>
        readdirSync(join(world.project, STACK)).filter((name) => name.startsWith(".plan"));
      expect(plans().length).toBeLessThanOrEqual(signal === "KILL" ? 1 : 0);
      const existing = await world.aws.keysOf();
      const state = await (await world.aws.s3("GET", STATE)).text();
      const unmanaged = existing.flatMap(({ AccessKeyId = "" }) =>
        state.includes(AccessKeyId) ? [] : [AccessKeyId],
      );
      // A signal ends the call that Terraform waits for, which AWS may answer nevertheless:
      // docs/how-to/recover.md#unmanaged-key. If this process alone is killed, Terraform goes on:
      // its output does not end in a pipe.
      expect(moment === "CreateAccessKey" && signal !== "KILL" ? [] : unmanaged).toEqual([]);
      const keys = unmanaged.length === 0 ? "" : dkpAccess(world, "keys", "deckhouse").output;
      expect(unmanaged.filter((id) => !keys.includes(id))).toEqual([]);
      // A killed plan leaves its lock: docs/how-to/recover.md#stale-lock.
      const next = dkpAccess(
        world,
        "plan",
        "deckhouse",
        ...(signal === "KILL" ? ["--no-lock"] : []),
      );
      const rest = unmanaged.length > 0 ? "created: access key" : `--approved ${digest}`;
      const isDone = unmanaged.length === 0 && existing.length === 1;
      expect(next).toEqual(isDone ? ended(0, "Nothing to apply.") : ended(2, rest));
      expect([...plans(), ...readdirSync(join(own, "tmp"))]).toEqual([]);
    },
  );
});
