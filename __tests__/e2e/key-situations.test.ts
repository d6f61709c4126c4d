import { stringify } from "yaml";
import { rows } from "../helpers/complete";
import type { Fault } from "./support/fault-proxy";
import { iamAccount } from "./support/iam-account";
import { BUCKET, KeyOperator } from "./support/key-operator";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, write } from "./support/project";
import { PATH_STYLE } from "./support/terraform";

// Situations of the model in __tests__/helpers/keys/ on real Terraform: the events, and then the
// printed steps to the end.

const BASE = {
  region: "eu-central-1",
  backend: { s3: { bucket: BUCKET, region: "eu-central-1" } },
};

const BOTH = { accessKeys: { secondary: { status: "Active" } } };
const MOVED = { accessKeys: { secondary: { status: "Active" }, current: "secondary" } };
const RETIRED = {
  accessKeys: {
    primary: { status: "Inactive" },
    secondary: { status: "Active" },
    current: "secondary",
  },
};

type Event = (operator: KeyOperator, keys: readonly Credentials[]) => unknown;

const KEY = "aws_iam_access_key.user";
const USER = "deckhouse";

const leaks = (operator: KeyOperator, key = operator.dkp) =>
  key && operator.leaked.set(key.accessKeyId, key);
const otherKey = (operator: KeyOperator, keys: readonly Credentials[]) =>
  keys.find(({ accessKeyId }) => accessKeyId !== operator.dkp?.accessKeyId);
const deletes = (operator: KeyOperator, key = operator.dkp) =>
  operator.aws.deleteKey(key?.accessKeyId);
const createsKey = ({ aws }: KeyOperator) => aws.createKey();
const stateLoses = (address: string) => (operator: KeyOperator) =>
  operator.terraform.run("state", "rm", address);
const settings = (fields: Record<string, unknown>) => (operator: KeyOperator) =>
  operator.write(fields);
const apply = (faults: Record<string, Fault>) => (operator: KeyOperator) =>
  operator.applyWith(faults);

/** moto has no policies of AWS: one of the account does the same. */
const QUARANTINE = "AWSCompromisedKeyQuarantineV3";
const QUARANTINE_ARN = `arn:aws:iam::123456789012:policy/${QUARANTINE}`;
const DENIES = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Deny", Action: "ec2:*", Resource: "*" }],
});
const renames = (from: string, to: string) => (operator: KeyOperator) =>
  operator.aws.iam().updateUser({ UserName: from, NewUserName: to });

const EVENTS = {
  "the user is renamed (recover.md#renamed-user)": renames("deckhouse", "deckhouse-old"),
  "AWS quarantines the user (recover.md#quarantine)": async ({ aws }) => {
    const iam = aws.iam();
    await iam.createPolicy({ PolicyName: QUARANTINE, PolicyDocument: DENIES });
    return iam.attachUserPolicy({ UserName: USER, PolicyArn: QUARANTINE_ARN });
  },
  "the cluster is stopped for two days": async ({ aws }) => {
    await aws.passDay();
    await aws.passDay();
  },
  "a rotation begins": settings(MOVED),
  "the second key is created and not current": settings(BOTH),
  "all edits of a rotation are made": settings(RETIRED),
  "settings of before the rotation": settings({ accessKeys: {} }),
  "DKP's key leaks": (operator) => leaks(operator),
  "the other key leaks": (operator, keys) => leaks(operator, otherKey(operator, keys)),
  "DKP's key is deactivated": (operator) =>
    operator.setStatus(operator.dkp?.accessKeyId ?? "", "Inactive"),
  "the other key is deactivated": (operator, keys) =>
    operator.setStatus(otherKey(operator, keys)?.accessKeyId ?? "", "Inactive"),
  "DKP's key is deleted (recover.md#deleted-key)": (operator) => deletes(operator),
  "the other key is deleted": (operator, keys) => deletes(operator, otherKey(operator, keys)),
  "a key is created manually": createsKey,
  "a key is created manually, and DKP gets it": async (operator) => {
    operator.dkp = await createsKey(operator);
  },
  "a manual key is imported": async (operator) => {
    const { accessKeyId } = await createsKey(operator);
    operator.write({ import: { accessKeyId } });
  },
  "the policy is detached manually": async ({ aws }) => {
    const { AttachedPolicies = [] } = await aws.iam().listAttachedUserPolicies({ UserName: USER });
    return aws
      .iam()
      .detachUserPolicy({ UserName: USER, PolicyArn: AttachedPolicies[0]?.PolicyArn });
  },
  "a hand-over": (operator) => operator.handOver(),
  "a day passes": (operator) => operator.passDay(),
  "an apply": apply({}),
  "an apply is killed at CreateAccessKey": apply({ CreateAccessKey: "killed before the response" }),
  "an apply loses the response to CreateAccessKey": apply({ CreateAccessKey: "response lost" }),
  "an apply is killed at UpdateAccessKey": apply({ UpdateAccessKey: "killed before the response" }),
  "an apply cannot write the state": apply({ PutState: "denied" }),
  "the state is lost": (operator) => operator.loseState("newest"),
  "the state is lost with all versions": (operator) => operator.loseState("all"),
  "the oldest state is restored (recover.md#old-state)": async (operator) =>
    operator.restoreVersion((await operator.versions()).at(-1)),
  "the later states are lost": async (operator) =>
    operator.loseVersions((await operator.versions()).slice(1)),
  "the state loses the key": stateLoses(KEY),
  "errored.tfstate of something else lies there": ({ terraform }) =>
    write(terraform.folder, { "errored.tfstate": '{"lineage":"other","serial":1}' }),
} as const satisfies Readonly<Record<string, Event>>;

type Start = "one key" | "two keys" | "handed over" | "retired";
type Row = readonly [where: Start, ...events: readonly (keyof typeof EVENTS)[]];

/** Events of a deployment, next to another one of the account whose key works. */
const ROWS: readonly Row[] = [
  ["one key"],
  ["one key", "a rotation begins"],
  ["one key", "the second key is created and not current"],
  ["one key", "the second key is created and not current", "an apply"],
  ["one key", "all edits of a rotation are made"],
  ["one key", "DKP's key leaks"],
  ["one key", "a rotation begins", "DKP's key leaks"],
  ["one key", "DKP's key leaks", "DKP's key is deactivated"],
  ["one key", "DKP's key is deactivated"],
  ["one key", "DKP's key is deleted (recover.md#deleted-key)"],
  ["one key", "a key is created manually"],
  ["one key", "a key is created manually", "a day passes"],
  ["one key", "a key is created manually", "DKP's key leaks"],
  ["one key", "a key is created manually, and DKP gets it"],
  ["one key", "a key is created manually, and DKP gets it", "a day passes"],
  ["one key", "the state is lost"],
  ["one key", "the state is lost with all versions"],
  ["one key", "the state is lost with all versions", "DKP's key leaks"],
  ["one key", "the state loses the key"],
  ["one key", "a rotation begins", "an apply is killed at CreateAccessKey"],
  ["one key", "a rotation begins", "an apply is killed at CreateAccessKey", "a day passes"],
  ["one key", "a rotation begins", "an apply loses the response to CreateAccessKey"],
  ["one key", "a rotation begins", "an apply cannot write the state"],
  ["one key", "a manual key is imported"],
  ["one key", "the policy is detached manually"],
  ["one key", "errored.tfstate of something else lies there"],
  ["one key", "the user is renamed (recover.md#renamed-user)"],
  ["one key", "the user is renamed (recover.md#renamed-user)", "DKP's key leaks"],
  ["one key", "the user is renamed (recover.md#renamed-user)", "a rotation begins"],
  ["one key", "AWS quarantines the user (recover.md#quarantine)", "DKP's key leaks"],
  ["one key", "the cluster is stopped for two days"],
  ["one key", "the cluster is stopped for two days", "a rotation begins"],
  ["two keys"],
  ["two keys", "a hand-over"],
  ["two keys", "a hand-over", "DKP's key leaks"],
  ["two keys", "the state is lost"],
  ["two keys", "the state is lost with all versions"],
  ["two keys", "the oldest state is restored (recover.md#old-state)", "the later states are lost"],
  ["two keys", "DKP's key leaks"],
  ["two keys", "DKP's key is deleted (recover.md#deleted-key)"],
  ["two keys", "DKP's key is deactivated"],
  ["two keys", "the state loses the key"],
  ["two keys", "settings of before the rotation"],
  ["two keys", "all edits of a rotation are made"],
  ["two keys", "the cluster is stopped for two days"],
  ["handed over"],
  ["handed over", "DKP's key leaks"],
  ["handed over", "the other key leaks"],
  ["handed over", "DKP's key leaks", "the other key leaks"],
  ["handed over", "the other key is deactivated"],
  ["handed over", "the other key is deleted"],
  ["handed over", "all edits of a rotation are made"],
  ["handed over", "all edits of a rotation are made", "an apply is killed at UpdateAccessKey"],
  ["handed over", "the cluster is stopped for two days"],
  ["handed over", "the user is renamed (recover.md#renamed-user)"],
  ["handed over", "the state is lost with all versions"],
  ["retired"],
  ["retired", "the oldest state is restored (recover.md#old-state)"],
  ["retired", "the other key is deleted"],
  ["retired", "settings of before the rotation"],
  ["retired", "DKP's key leaks"],
  ["retired", "DKP's key is deactivated"],
  ["retired", "the state is lost with all versions"],
];

const OTHER_STATE = "second/terraform.tfstate";

/** The state of the other deployment, and its objects, whose next plan is empty. */
async function otherDeployment(aws: LocalAws) {
  const objects = Object.entries(await iamAccount(aws.iam()));
  const state = await aws.s3("GET", `/${BUCKET}/${OTHER_STATE}`);
  return [await state.text(), objects.filter(([arn]) => /\/second$/i.test(arn))] as const;
}

describe("the printed steps on real Terraform", () => {
  let first: Deployments;
  let other: Awaited<ReturnType<typeof otherDeployment>>;
  const starts = {} as Record<Start, KeyOperator>;
  const keys: Credentials[] = [];

  beforeAll(async () => {
    const origin = await LocalAws.start();
    await origin.createVersionedBucket(BUCKET);
    first = Deployments.of(stringify(BASE));
    const terraform = first.terraform(origin);
    terraform.init(PATH_STYLE);
    const operator = new KeyOperator(origin, first, terraform, BASE);
    const keep = async (start: Start) => {
      await operator.passDay();
      starts[start] = operator.in(await origin.copy(), terraform);
    };
    terraform.apply();
    keys.push(await operator.handOver());
    const backend = { s3: { ...BASE.backend.s3, key: OTHER_STATE } };
    const names = { user: { name: "second" }, policy: { name: "Second" } };
    const others = Deployments.of(stringify({ ...BASE, backend, ...names }));
    const otherTerraform = others.terraform(origin);
    otherTerraform.init(PATH_STYLE);
    otherTerraform.apply();
    operator.neighbor = otherTerraform.key();
    other = await otherDeployment(origin);
    expect(other[1]).toHaveLength(2);
    await keep("one key");
    const applied = (fields: Record<string, unknown>) => {
      operator.write(fields);
      first.synth();
      terraform.apply();
    };
    applied(MOVED);
    await keep("two keys");
    keys.push(await operator.handOver());
    await keep("handed over");
    applied(RETIRED);
    await keep("retired");
  });

  const scenes = rows(ROWS, 13).map(
    ([where, ...events]) => [[where, ...events].join(", "), where, events] as const,
  );

  it.each(scenes)(
    "lead to the end, keep DKP's key, and change nothing of another deployment: %s",
    async (title, where, events) => {
      const aws = await starts[where].aws.copy();
      const operator = starts[where].in(aws, first.terraform(aws));
      operator.write();
      for (const event of events) {
        await EVENTS[event](operator, keys);
      }
      await operator.settle();
      process.stdout.write(`${[title, ...operator.steps].join("\n  ")}\n`);
      expect(await operator.works()).toBe(true);
      expect(operator.leaked.has(operator.dkp?.accessKeyId ?? "")).toBe(false);
      expect(operator.printed.join("")).not.toContain(operator.dkp?.secretAccessKey);
      for (const credentials of operator.leaked.values()) {
        expect(credentials && (await aws.accepts(credentials))).toBe(false);
      }
      expect(await otherDeployment(aws)).toEqual(other);
    },
  );
});
