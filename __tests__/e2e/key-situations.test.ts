import { parse, stringify } from "yaml";
import { rows } from "../helpers/complete";
import { SEVERAL_POLICIES } from "../helpers/deployment";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import type { Fault } from "./support/fault-proxy";
import { BUCKET, KeyOperator } from "./support/key-operator";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, write } from "./support/project";

// Situations of the model in __tests__/helpers/keys/ on real Terraform: the events, and then the printed steps to the end.

const BASE = { region: "eu-central-1", backend: { s3: { bucket: BUCKET, region: "eu-central-1" } } };

const BOTH = { accessKeys: { secondary: { status: "Active" } } };
const MOVED = { accessKeys: { secondary: { status: "Active" }, current: "secondary" } };
const RETIRED = { accessKeys: { primary: { status: "Inactive" }, secondary: { status: "Active" }, current: "secondary" } };

/** @param keys those of the deployment in the situation where it begins */
type Event = (operator: KeyOperator, keys: readonly Credentials[]) => unknown;

const POLICY = "aws_iam_policy.policy";
const ATTACHMENT = "aws_iam_user_policy_attachment.policy-attachment";
const KEY = "aws_iam_access_key.user";

const leaks = (operator: KeyOperator, key = operator.dkp) => key && operator.leaked.set(key.accessKeyId, key);
const otherKey = (operator: KeyOperator, keys: readonly Credentials[]) =>
  keys.find(({ accessKeyId }) => accessKeyId !== operator.dkp?.accessKeyId);
const deletes = (operator: KeyOperator, key = operator.dkp) =>
  operator.aws.iam().deleteAccessKey({ UserName: operator.user, AccessKeyId: key?.accessKeyId });
const createsKey = (operator: KeyOperator) => operator.aws.iam().createAccessKey({ UserName: operator.user });
const stateLoses = (address: string) => (operator: KeyOperator) => operator.terraform.run("state", "rm", address);
const settings = (fields: Record<string, unknown>) => (operator: KeyOperator) => operator.write(fields);
const apply = (faults: Record<string, Fault>) => (operator: KeyOperator) => operator.applyWith(faults);

/** moto has no policies of AWS: one of the account does the same. */
const QUARANTINE = "AWSCompromisedKeyQuarantineV3";
const QUARANTINE_ARN = `arn:aws:iam::123456789012:policy/${QUARANTINE}`;
const DENIES = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Deny", Action: "ec2:*", Resource: "*" }] });
const renames = (from: string, to: string) => (operator: KeyOperator) =>
  operator.aws.iam().updateUser({ UserName: from, NewUserName: to });

const EVENTS = {
  "the user is renamed": renames("deckhouse", "deckhouse-old"),
  "the settings import what exists": (operator) =>
    operator.write({ import: { user: true, policy: true, attachment: true, accessKeyId: operator.dkp?.accessKeyId } }),
  "the user gets its name back (recover.md#renamed-user)": renames("deckhouse-old", "deckhouse"),
  "AWS quarantines the user": async (operator) => {
    const iam = operator.aws.iam();
    await iam.createPolicy({ PolicyName: QUARANTINE, PolicyDocument: DENIES });
    return iam.attachUserPolicy({ UserName: operator.user, PolicyArn: QUARANTINE_ARN });
  },
  "the quarantine ends (recover.md#quarantine)": (operator) =>
    operator.aws.iam().detachUserPolicy({ UserName: operator.user, PolicyArn: QUARANTINE_ARN }),
  "somebody denies": (operator) =>
    operator.aws.iam().putUserPolicy({ UserName: operator.user, PolicyName: "stop", PolicyDocument: DENIES }),
  "nobody denies (recover.md#quarantine)": (operator) =>
    operator.aws.iam().deleteUserPolicy({ UserName: operator.user, PolicyName: "stop" }),
  "the cluster is stopped for two days": async (operator) => {
    await operator.aws.passDay();
    await operator.aws.passDay();
  },
  "the cluster runs for a day (recover.md#unused-key)": (operator) => operator.passDay(),
  "an apply ends between create and delete": (operator) => operator.leavePolicy("former"),
  "what is left over is deleted (recover.md#left-over)": apply({}),
  "settings take the node role of the other deployment": settings({ nodeRole: { name: "nodes" } }),
  "a rotation begins": settings(BOTH),
  "all edits of a rotation are made": settings(RETIRED),
  "the new key is exposed": settings(MOVED),
  "settings of before the rotation": settings({ accessKeys: {} }),
  "another pgpKey in the live slot": settings({ accessKeys: { primary: { pgpKey: ENCRYPTION_KEY } } }),
  "accessKeys: none": settings({ accessKeys: "none" }),
  "two policies": settings(parse(SEVERAL_POLICIES)),
  "another second policy": settings(parse(`${SEVERAL_POLICIES}  formerIamNodeRoles: [/old]`)),
  "one policy": settings({ policy: {}, cluster: {} }),
  "DKP's key leaks": (operator) => leaks(operator),
  "the other key leaks": (operator, keys) => leaks(operator, otherKey(operator, keys)),
  "DKP's key is deactivated": (operator) => operator.setStatus(operator.dkp?.accessKeyId ?? "", "Inactive"),
  "DKP's key is deleted (recover.md#deleted-key)": (operator) => deletes(operator),
  "the other key is deleted": (operator, keys) => deletes(operator, otherKey(operator, keys)),
  "a key is created manually": createsKey,
  "a manual key is imported": async (operator) => {
    const { AccessKey } = await createsKey(operator);
    operator.write({ import: { accessKeyId: AccessKey?.AccessKeyId } });
  },
  "the policy is detached manually (recover.md#manual-changes)": async (operator) => {
    const iam = operator.aws.iam();
    const { AttachedPolicies = [] } = await iam.listAttachedUserPolicies({ UserName: operator.user });
    const PolicyArn = AttachedPolicies[0]?.PolicyArn;
    return iam.detachUserPolicy({ UserName: operator.user, PolicyArn });
  },
  "a day passes": (operator) => operator.passDay(),
  "the steps to the end": (operator) => operator.settle(),
  "an apply": apply({}),
  "an apply is killed at CreateAccessKey": apply({ CreateAccessKey: "killed before the response" }),
  "an apply loses the response to CreateAccessKey": apply({ CreateAccessKey: "response lost" }),
  "an apply is killed at CreatePolicy": apply({ CreatePolicy: "killed before the response" }),
  "an apply is killed at CreatePolicyVersion": apply({ CreatePolicyVersion: "killed before the response" }),
  "an apply cannot write the state (recover.md#errored-state)": apply({ PutState: "denied" }),
  "the state is lost": (operator) => operator.loseState("newest"),
  "the state is lost with all versions": (operator) => operator.loseState("all"),
  "the oldest state is restored (recover.md#old-state)": async (operator) =>
    operator.restoreVersion((await operator.versions()).at(-1)),
  "the later states are lost": async (operator) => operator.loseVersions((await operator.versions()).slice(1)),
  "the state loses the policy": stateLoses(POLICY),
  "the state loses the attachment": stateLoses(ATTACHMENT),
  "the state loses the second policy": stateLoses(`${POLICY}-2`),
  "the state loses the second attachment": stateLoses(`${ATTACHMENT}-2`),
  "the state loses the key": stateLoses(KEY),
  "errored.tfstate of something else lies there": ({ terraform }) =>
    write(terraform.folder, { "errored.tfstate": '{"lineage":"other","serial":1}' }),
} as const satisfies Readonly<Record<string, Event>>;

/** Settings of a second deployment of the account, which were not applied, and the names that belong to the first one. */
const SECOND: Readonly<Record<string, readonly [fields: Record<string, unknown>, names: readonly string[]]>> = {
  "a second deployment with the same policy name": [{ user: { name: "third" } }, ["D8CloudProviderAWS"]],
  "a second deployment with the same user name": [{ policy: { name: "Third" } }, ["deckhouse"]],
  "a second deployment with the same names": [{}, ["deckhouse", "D8CloudProviderAWS"]],
  "a second deployment with names of its own": [{ user: { name: "third" }, policy: { name: "Third" } }, []],
};

type Start = "one key" | "two keys" | "retired";
type Row = readonly [where: string, ...events: readonly (keyof typeof EVENTS)[]];

/** What happens to one deployment, next to another one of the account whose key works. */
const ALONE: readonly Row[] = [
  ["one key"],
  ["one key", "a rotation begins"],
  ["one key", "all edits of a rotation are made"],
  ["one key", "DKP's key leaks"],
  ["one key", "DKP's key leaks", "DKP's key is deactivated"],
  ["one key", "DKP's key is deactivated"],
  ["one key", "DKP's key is deleted (recover.md#deleted-key)"],
  ["one key", "a key is created manually"],
  ["one key", "a key is created manually", "a day passes"],
  ["one key", "a key is created manually", "DKP's key leaks"],
  ["one key", "the state is lost"],
  ["one key", "the state is lost with all versions"],
  ["one key", "DKP's key leaks", "DKP's key is deactivated", "the state is lost with all versions"],
  ["one key", "the state is lost with all versions", "DKP's key leaks"],
  ["one key", "the state loses the policy"],
  ["one key", "the state loses the policy", "a rotation begins"],
  ["one key", "the state loses the attachment"],
  ["one key", "the state loses the policy", "the state loses the attachment"],
  ["one key", "the state loses the key"],
  ["one key", "a rotation begins", "an apply is killed at CreateAccessKey"],
  ["one key", "a rotation begins", "an apply is killed at CreateAccessKey", "a day passes"],
  ["one key", "a rotation begins", "an apply loses the response to CreateAccessKey"],
  ["one key", "a rotation begins", "an apply cannot write the state (recover.md#errored-state)"],
  ["one key", "another pgpKey in the live slot"],
  ["one key", "a manual key is imported"],
  ["one key", "accessKeys: none"],
  ["one key", "accessKeys: none", "the policy is detached manually (recover.md#manual-changes)"],
  ["one key", "the policy is detached manually (recover.md#manual-changes)"],
  ["one key", "two policies", "an apply", "the state loses the second attachment", "another second policy", "an apply"],
  ["one key", "two policies", "an apply", "the state loses the second attachment", "one policy"],
  ["one key", "errored.tfstate of something else lies there"],
  ["one key", "the user is renamed"],
  ["one key", "the user is renamed", "the steps to the end", "the user gets its name back (recover.md#renamed-user)"],
  ["one key", "the user is renamed", "DKP's key leaks"],
  ["one key", "DKP's key is deleted (recover.md#deleted-key)", "the user is renamed"],
  ["one key", "the state is lost with all versions", "the user is renamed"],
  ["one key", "the state is lost with all versions", "the settings import what exists", "the user is renamed"],
  [
    "one key",
    "the user is renamed",
    "DKP's key leaks",
    "the steps to the end",
    "the user gets its name back (recover.md#renamed-user)",
  ],
  ["one key", "AWS quarantines the user", "DKP's key leaks"],
  [
    "one key",
    "DKP's key leaks",
    "AWS quarantines the user",
    "the steps to the end",
    "the quarantine ends (recover.md#quarantine)",
  ],
  ["one key", "somebody denies", "the steps to the end", "nobody denies (recover.md#quarantine)"],
  [
    "one key",
    "the cluster is stopped for two days",
    "the steps to the end",
    "the cluster runs for a day (recover.md#unused-key)",
  ],
  [
    "one key",
    "an apply ends between create and delete",
    "the steps to the end",
    "what is left over is deleted (recover.md#left-over)",
  ],
  ["one key", "settings take the node role of the other deployment", "the steps to the end", "an apply"],
  ["one key", "two policies", "an apply is killed at CreatePolicy"],
  ["one key", "two policies", "an apply", "the state loses the second policy"],
  ["one key", "two policies", "an apply", "the state loses the second attachment"],
  ["one key", "two policies", "an apply", "another second policy", "an apply is killed at CreatePolicyVersion"],
  ["two keys", "the state is lost with all versions"],
  ["two keys", "the oldest state is restored (recover.md#old-state)", "the later states are lost"],
  ["two keys", "the other key leaks"],
  ["two keys", "DKP's key leaks", "the other key leaks"],
  ["two keys", "the state loses the key"],
  ["two keys", "settings of before the rotation"],
  ["two keys", "the new key is exposed", "an apply"],
  ["retired", "the oldest state is restored (recover.md#old-state)"],
  ["retired", "the other key is deleted"],
  ["retired", "settings of before the rotation"],
  ["retired", "DKP's key leaks", "DKP's key is deactivated"],
];

/** What happens to a second deployment before and after its own steps, next to the first one, whose key works. */
const BESIDE: readonly (readonly (keyof typeof EVENTS)[])[] = [
  [],
  ["an apply"],
  ["an apply is killed at CreatePolicy"],
  ["the steps to the end", "the state is lost with all versions"],
  ["the steps to the end", "DKP's key leaks"],
];

const ROWS: readonly Row[] = [
  ...ALONE,
  ...BESIDE.flatMap((events) => Object.keys(SECOND).map((where): Row => [where, ...events])),
];

describe("the printed steps on real Terraform", () => {
  let origin: LocalAws;
  let first: Deployments;
  let second: KeyOperator;
  let count = 0;
  const starts = {} as Record<Start, KeyOperator>;
  const keys: Credentials[] = [];

  /** A deployment of another repository. @param names what belongs to the first one */
  const secondDeployment = (aws: LocalAws, fields: Record<string, unknown>, names: readonly string[]): KeyOperator => {
    const backend = { s3: { ...BASE.backend.s3, key: `${count++}/terraform.tfstate` } };
    const settingsOfSecond = { ...BASE, backend, ...fields };
    const others = Deployments.of({ deckhouse: stringify(settingsOfSecond) });
    const terraform = others.terraform("deckhouse", aws);
    terraform.init("-backend-config=use_path_style=true");
    const operator = new KeyOperator(aws, others, terraform, settingsOfSecond);
    operator.neighbor = keys[0];
    operator.ofOthers = names;
    return operator;
  };

  beforeAll(async () => {
    origin = await LocalAws.start();
    await origin.createVersionedBucket(BUCKET);
    first = Deployments.of({ deckhouse: stringify(BASE) });
    const terraform = first.terraform("deckhouse", origin);
    terraform.init("-backend-config=use_path_style=true");
    const operator = new KeyOperator(origin, first, terraform, BASE);
    const keep = async (start: Start) => {
      await operator.passDay();
      starts[start] = operator.in(await origin.copy(), terraform);
    };
    terraform.apply();
    keys.push(operator.handOver());
    second = secondDeployment(origin, { user: { name: "second" }, nodeRole: { name: "nodes" } }, ["D8CloudProviderAWS"]);
    await second.settle();
    operator.neighbor = second.dkp;
    operator.ofOthers = ["nodes"];
    await keep("one key");
    operator.write(BOTH);
    terraform.apply();
    await keep("two keys");
    operator.write(MOVED);
    terraform.apply();
    keys.push(operator.handOver());
    operator.write(RETIRED);
    terraform.apply();
    await keep("retired");
  });

  it("lead a second deployment to another policy.name, and then to its own key", () => {
    expect(second.steps).toEqual([
      "stop: nothing is advised as long as something is breaking or unverifiable; follow what is said about it above",
      "the policy D8CloudProviderAWS belongs to another deployment",
      "apply the settings",
      "give the exposed key to DKP",
    ]);
  });

  const scenes = rows(ROWS, 9).map(([where, ...events]) => [[where, ...events].join(", "), where, events] as const);

  it.each(scenes)(
    "lead to the end, keep DKP's key, and change nothing of another deployment: %s",
    async (title, where, events) => {
      const aws = await (starts[where as Start] ?? starts["one key"]).aws.copy();
      const alone = (start: Start) => {
        const deployment = starts[start].in(aws, first.terraform("deckhouse", aws));
        deployment.write();
        return deployment;
      };
      const [fields, names] = SECOND[where] ?? [];
      const operator = fields === undefined ? alone(where as Start) : secondDeployment(aws, fields, names ?? []);
      for (const event of events) {
        await EVENTS[event](operator, keys);
      }
      await operator.settle();
      process.stdout.write(`${[title, ...operator.steps].join("\n  ")}\n`);
      if (operator.stopped === undefined) {
        expect(await operator.works()).toBe(true);
        expect(operator.leaked.has(operator.dkp?.accessKeyId ?? "")).toBe(false);
        expect(operator.terraform.plannedActions()).toEqual({});
      }
      for (const credentials of operator.leaked.values()) {
        expect(credentials && (await aws.accepts(credentials))).toBe(false);
      }
      const other = fields === undefined ? second.in(aws, second.deployments.terraform("deckhouse", aws)) : alone("one key");
      expect(await other.works()).toBe(true);
      expect(other.terraform.plannedActions()).toEqual({});
    },
  );
});
