import { CreateAccessKeyCommand, DeleteAccessKeyCommand } from "@aws-sdk/client-iam";
import { stringify } from "yaml";
import { rows } from "../helpers/complete";
import { ENCRYPTION_KEY } from "../helpers/pgp-keys";
import { BUCKET, KeyOperator } from "./support/key-operator";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { succeed } from "./support/recovery";
import type { Terraform } from "./support/terraform";

// Paths of the model in __tests__/helpers/keys/ on real Terraform: the events, and then the printed steps to the end.

const BASE = { region: "eu-central-1", backend: { s3: { bucket: BUCKET, region: "eu-central-1" } } };
const USER = "deckhouse";
const VERSIONED =
  '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>';

const BOTH = { accessKeys: { secondary: { status: "Active" } } };
const MOVED = { accessKeys: { secondary: { status: "Active" }, current: "secondary" } };
const RETIRED = { accessKeys: { primary: { status: "Inactive" }, secondary: { status: "Active" }, current: "secondary" } };

type Start = "one key" | "two keys" | "retired";
interface Scene {
  readonly operator: KeyOperator;
  /** The first and the second key of the deployment. */
  readonly a: Credentials;
  readonly b: Credentials;
}
type Event = (scene: Scene) => unknown;

const leaks =
  (which: "a" | "b"): Event =>
  (scene) =>
    void scene.operator.leaked.set(scene[which].accessKeyId, scene[which]);
const status =
  (which: "a" | "b", to: "Active" | "Inactive"): Event =>
  (scene) =>
    scene.operator.setStatus(scene[which].accessKeyId, to);
const deleted =
  (which: "a" | "b"): Event =>
  ({ operator, [which]: { accessKeyId: AccessKeyId } }) =>
    operator.aws.iam().send(new DeleteAccessKeyCommand({ UserName: USER, AccessKeyId }));
const manualKey: Event = ({ operator }) => operator.aws.iam().send(new CreateAccessKeyCommand({ UserName: USER }));
const dayPasses: Event = ({ operator }) => operator.passDay();
const stateRemoves =
  (...addresses: readonly string[]): Event =>
  ({ operator }) =>
    void operator.terraform.run("state", "rm", ...addresses);
const stateLost: Event = ({ operator }) => operator.loseState("newest");
const allLost: Event = ({ operator }) => operator.loseState("all");
const settings =
  (fields: Record<string, unknown>): Event =>
  ({ operator }) =>
    operator.write(fields);
const fault =
  (call: string, kind: "killed before the response" | "response lost" | "denied"): Event =>
  ({ operator }) =>
    operator.applyWith({ [call]: kind });
const applied: Event = ({ operator }) => void operator.terraform.apply();
const oldest: Event = async ({ operator }) => operator.restoreVersion((await operator.versions()).at(-1));
const oldestAlone: Event = async ({ operator }) => {
  const versions = await operator.versions();
  await operator.restoreVersion(versions.at(-1));
  for (const version of versions) {
    await operator.aws.s3("DELETE", `/${BUCKET}/deckhouse/terraform.tfstate?versionId=${version}`);
  }
};
const imported: Event = async ({ operator }) => {
  const { AccessKey } = await operator.aws.iam().send(new CreateAccessKeyCommand({ UserName: USER }));
  operator.write({ import: { accessKeyId: AccessKey?.AccessKeyId } });
};

const POLICY = "aws_iam_policy.policy";
const ATTACHMENT = "aws_iam_user_policy_attachment.policy-attachment";
const KEY = "aws_iam_access_key.user";

const PATHS: readonly (readonly [name: string, start: Start, events: readonly Event[]])[] = [
  ["nothing happens", "one key", []],
  ["a rotation begins", "one key", [settings(BOTH)]],
  ["all edits of a rotation are made at once", "one key", [settings(RETIRED)]],
  ["the key leaks", "one key", [leaks("a")]],
  ["the key leaks and is deactivated", "one key", [leaks("a"), status("a", "Inactive")]],
  ["the key is deactivated by mistake", "one key", [status("a", "Inactive")]],
  ["the key is deleted (recover.md#deleted-key)", "one key", [deleted("a")]],
  ["a key is created manually", "one key", [manualKey]],
  ["a key is created manually, and a day passes", "one key", [manualKey, dayPasses]],
  ["a key is created manually, and the other one leaks", "one key", [manualKey, leaks("a")]],
  ["the state is lost", "one key", [stateLost]],
  ["the state is lost with all versions", "one key", [allLost]],
  ["the key leaks and is deactivated, and the state is lost", "one key", [leaks("a"), status("a", "Inactive"), allLost]],
  ["the state is lost, and the key leaks", "one key", [allLost, leaks("a")]],
  ["the state loses the policy", "one key", [stateRemoves(POLICY)]],
  ["the state loses the policy, and a rotation begins", "one key", [stateRemoves(POLICY), settings(BOTH)]],
  ["the state loses the attachment", "one key", [stateRemoves(ATTACHMENT)]],
  ["the state loses policy and attachment", "one key", [stateRemoves(POLICY, ATTACHMENT)]],
  ["the state loses the key", "one key", [stateRemoves(KEY)]],
  [
    "a rotation is killed at CreateAccessKey",
    "one key",
    [settings(BOTH), fault("CreateAccessKey", "killed before the response")],
  ],
  [
    "a rotation is killed at CreateAccessKey, and a day passes",
    "one key",
    [settings(BOTH), fault("CreateAccessKey", "killed before the response"), dayPasses],
  ],
  ["a rotation loses the response to CreateAccessKey", "one key", [settings(BOTH), fault("CreateAccessKey", "response lost")]],
  ["a rotation cannot write the state", "one key", [settings(BOTH), fault("PutState", "denied")]],
  ["another pgpKey in the live slot", "one key", [settings({ accessKeys: { primary: { pgpKey: ENCRYPTION_KEY } } })]],
  ["a manual key is imported into a slot that has one", "one key", [imported]],
  ["the state is lost within a rotation", "two keys", [allLost]],
  ["an old state is restored within a rotation", "two keys", [oldestAlone]],
  ["the new key leaks", "two keys", [leaks("b")]],
  ["both keys leak", "two keys", [leaks("a"), leaks("b")]],
  ["the state loses the exposed key within a rotation", "two keys", [stateRemoves(KEY)]],
  ["settings of before the rotation", "two keys", [settings({ accessKeys: {} })]],
  ["the new key is exposed and applied", "two keys", [settings(MOVED), applied]],
  ["an old state is restored, and there are later versions (recover.md#old-state)", "retired", [oldest]],
  ["the retired key is deleted", "retired", [deleted("a")]],
  ["settings of before the rotation, after it", "retired", [settings({ accessKeys: {} })]],
  ["the exposed key leaks and is deactivated", "retired", [leaks("b"), status("b", "Inactive")]],
];

/** Settings of a second deployment, and the names that belong to the first one. */
const NEIGHBORS: readonly (readonly [what: string, fields: Record<string, unknown>, names: readonly string[]])[] = [
  ["the same policy name", { user: { name: "third" } }, ["D8CloudProviderAWS"]],
  ["the same user name", { policy: { name: "Third" } }, ["deckhouse"]],
  ["the same names", {}, ["deckhouse", "D8CloudProviderAWS"]],
  [
    "the same policy name, and a group",
    { user: { name: "third" }, group: { name: "third" }, attachment: "group" },
    ["D8CloudProviderAWS"],
  ],
  ["names of its own", { user: { name: "third" }, policy: { name: "Third" } }, []],
];

describe("the printed steps on real Terraform", () => {
  let origin: LocalAws;
  let deployments: Deployments;
  const copies: LocalAws[] = [];
  const starts = {} as Record<
    Start,
    { readonly aws: LocalAws; readonly settings: Record<string, unknown>; readonly dkp: Credentials }
  >;
  let a: Credentials;
  let b: Credentials;
  /** The key of a second deployment of the account, of another repository, and what it prints before its first apply. */
  let neighbor: Credentials;
  const steps: string[] = [];

  /** A deployment of another repository. @param names what belongs to the first one */
  const secondDeployment = async (
    aws: LocalAws,
    fields: Record<string, unknown>,
    names: readonly string[],
    first: Credentials,
  ): Promise<KeyOperator> => {
    const backend = { s3: { ...BASE.backend.s3, key: `${copies.length}/terraform.tfstate` } };
    const settingsOfSecond = { ...BASE, backend, ...fields };
    const others = Deployments.of({ deckhouse: stringify(settingsOfSecond) });
    const terraform = others.terraform("deckhouse", aws);
    terraform.init("-backend-config=use_path_style=true");
    const operator = new KeyOperator(aws, others, terraform, settingsOfSecond);
    operator.neighbor = first;
    for (const name of names) {
      operator.ofOthers.add(name);
    }
    return operator;
  };

  const secondKey = async (terraform: Terraform): Promise<Credentials> => {
    const state = JSON.parse(await succeed(terraform, "state", "pull")) as {
      readonly resources: readonly {
        readonly name: string;
        readonly instances: readonly { attributes: { id: string; secret: string } }[];
      }[];
    };
    const { id = "", secret = "" } =
      state.resources.find(({ name }) => name === "user-secondary")?.instances[0]?.attributes ?? {};
    return { accessKeyId: id, secretAccessKey: secret };
  };

  beforeAll(async () => {
    origin = await LocalAws.start();
    await origin.createBucket(BUCKET);
    expect((await origin.s3("PUT", `/${BUCKET}?versioning`, VERSIONED)).status).toBe(200);
    deployments = Deployments.of({ deckhouse: stringify(BASE) });
    const terraform = deployments.terraform("deckhouse", origin);
    terraform.init("-backend-config=use_path_style=true");
    const operator = new KeyOperator(origin, deployments, terraform, BASE);
    const keep = async (start: Start) => {
      await operator.passDay();
      starts[start] = { aws: await origin.copy(), settings: operator.settings, dkp: operator.dkp as Credentials };
    };
    operator.terraform.apply();
    operator.handOver();
    a = operator.dkp as Credentials;
    const second = await secondDeployment(origin, { user: { name: "second" } }, ["D8CloudProviderAWS"], a);
    steps.push(...(await second.settle()));
    neighbor = second.dkp as Credentials;
    operator.neighbor = neighbor;
    await keep("one key");
    operator.write(BOTH);
    operator.terraform.apply();
    b = await secondKey(terraform);
    await keep("two keys");
    operator.write(MOVED);
    operator.terraform.apply();
    operator.handOver();
    operator.write(RETIRED);
    operator.terraform.apply();
    await keep("retired");
  });

  afterAll(async () => {
    for (const copy of [...copies, ...Object.values(starts).map(({ aws }) => aws), origin]) {
      await copy.stop();
    }
  });

  it("lead a second deployment to another policy.name, and then to its own key", () => {
    expect(steps).toEqual([
      "choose another name: an import would take the object from its owner",
      "the settings are not applied yet",
      "give the exposed key to DKP",
    ]);
  });

  it.each(rows(NEIGHBORS, 4))("lead a second deployment to its own objects where it has %s", async (_, fields, names) => {
    const aws = await starts["one key"].aws.copy();
    copies.push(aws);
    const operator = await secondDeployment(aws, fields, names, a);
    await operator.settle();
    expect(await operator.works()).toBe(true);
    expect(await aws.accepts(a)).toBe(true);
    expect(operator.dkp?.accessKeyId).not.toBe(a.accessKeyId);
    expect(operator.terraform.plannedActions()).toEqual({});
  });

  it.each(rows(PATHS, 6))(
    "lead to the end, and keep DKP's key, and that of a second deployment: %s, %s",
    async (_, start, events) => {
      const { aws: from, settings: fields, dkp } = starts[start];
      const aws = await from.copy();
      copies.push(aws);
      const operator = new KeyOperator(aws, deployments, deployments.terraform("deckhouse", aws), fields);
      operator.dkp = dkp;
      operator.neighbor = neighbor;
      operator.write();
      for (const event of events) {
        await event({ operator, a, b });
      }
      await operator.settle();
      expect(await operator.works()).toBe(true);
      expect(operator.leaked.has(operator.dkp.accessKeyId)).toBe(false);
      expect(operator.terraform.plannedActions()).toEqual({});
      for (const credentials of operator.leaked.values()) {
        expect(credentials && (await aws.accepts(credentials))).toBe(false);
      }
    },
  );
});
