import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EC2 } from "@aws-sdk/client-ec2";
import { parse } from "yaml";
import { Aws } from "../../packages/cli/src/account/aws/client";
import { rotationWorld, userWorld } from "../../packages/cli/src/account/rotate/world";
import type { SecretKey } from "../../packages/cli/src/cluster/configuration";
import { clusterAccess } from "../../packages/cli/src/cluster/d8";
import { runningCluster } from "../../packages/cli/src/cluster/running-cluster";
import { shellCommand } from "../../packages/cli/src/text/advice";
import { COMPLETE } from "../helpers/complete";
import { type Environment, Nights } from "../helpers/rotation-nights";
import { random } from "../helpers/rotation-runs";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster, type TestCluster } from "./support/cluster";
import { allowing, type Credentials, LocalAws, succeeds } from "./support/local-aws";
import { folder } from "./support/project";
import { DKP_ACCESS, mustSucceed, runIn, terraformEnvironment } from "./support/terraform";

const HOUR = 3_600_000;
const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
accessKeys: { managedBy: rotate, maxAge: 30 }
`;

let aws: LocalAws;
let cluster: TestCluster;
let path: string;
let first: SecretKey;
let rotator: Credentials;

const secret = () => {
  const { provider } = parse(cluster.document().toString());
  return { id: provider.providerAccessKeyId, secret: provider.providerSecretAccessKey };
};
const write = (key: SecretKey) =>
  cluster.setDocument(CONFIGURATION.replace(OLD_KEY, key.id).replace(OLD_SECRET, key.secret));

beforeAll(async () => {
  aws = await LocalAws.start();
  path = folder({ "deployments/deckhouse.yaml": SETTINGS });
  mustSucceed(runIn(path, terraformEnvironment(aws), ...DKP_ACCESS, "review"));
  const page = (name: string) => readFileSync(join(path, "review/deckhouse", name), "utf8");
  cluster = await startCluster(page("cluster-access.yaml"));
  const { accessKeyId, secretAccessKey } = await aws.createUser(
    "deckhouse",
    allowing(["ec2:*", "sts:*"]),
  );
  first = { id: accessKeyId, secret: secretAccessKey };
  write(first);
  rotator = await aws.createUser("rotator", page("rotator-policy.json"));
  Object.assign(process.env, aws.environment(rotator));
});

/** The real client of AWS, and the real cluster, in which time passes as fast as the test wants. */
async function realEnvironment(): Promise<Environment> {
  const client = new Aws({ region: "eu-central-1" }, new AbortController().signal, 900);
  const keys = userWorld(client, {
    region: "eu-central-1",
    user: { name: "deckhouse" },
  } as Parameters<typeof userWorld>[1]);
  const waiting = { limit: 60, progress: () => undefined };
  const access = await clusterAccess({ ...process.env, ...cluster.environment }, waiting, "dev");
  const away = await clusterAccess({ ...process.env, ...cluster.unreachable }, waiting, "dev");
  const running = await runningCluster(access);
  const clients = new Map<string, EC2>();
  const begin = Date.now();
  let time = 0;
  let passed = 0;
  return {
    world: (isAway) => rotationWorld(keys, isAway ? away : access, running, async () => true),
    async pass(duration) {
      time += duration;
      // The time that the test itself takes counts.
      const rest = time - passed - (Date.now() - begin);
      if (rest > 0) {
        passed += rest;
        await aws.passDay(rest / HOUR);
      }
    },
    keys: () => keys.keys(),
    secret,
    write,
    delete: (id) => keys.deleteKey(id),
    allows: ({ id: accessKeyId, secret: secretAccessKey }) => {
      const ec2 = clients.get(accessKeyId) ?? aws.ec2({ accessKeyId, secretAccessKey });
      clients.set(accessKeyId, ec2);
      return succeeds(ec2.describeRegions());
    },
  };
}

it("passes the secret of a new key to a pipe, and nowhere else", async () => {
  const [list, block] = [join(path, "processes"), join(folder(), "block")];
  const command = `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' ' > '${list}'; cat > '${block}'`;
  const environment = { ...terraformEnvironment(aws, rotator), HOME: path, TMPDIR: path };
  const rotate = shellCommand(...DKP_ACCESS, "rotate", "deckhouse", "--yes", "--out", "-");
  const { status, output } = runIn(path, environment, "sh", "-c", `${rotate} | { ${command}; }`);
  expect([status, readFileSync(list, "utf8").includes("rotate deckhouse --yes")]).toEqual([
    0,
    true,
  ]);
  const { providerAccessKeyId, providerSecretAccessKey } = parse(
    readFileSync(block, "utf8"),
  ).provider;
  const forms = [
    providerSecretAccessKey,
    Buffer.from(providerSecretAccessKey).toString("base64").slice(0, -4),
  ];
  const patterns = forms.flatMap((form) => ["-e", form]);
  const found = runIn(path, {}, "grep", "-rlF", ...patterns, ".");
  expect([found.output, forms.filter((form) => output.includes(form))]).toEqual(["", []]);
  await aws.deleteKey(providerAccessKeyId);
});

it("rotates in a year of nights, with killed runs and lost answers, without denying DKP a call", async () => {
  const length = COMPLETE
    ? { nights: 365, maxAge: 30, share: 0.1 }
    : { nights: 60, maxAge: 20, share: 0.4 };
  const nightly = { ...length, pause: 12 * HOUR };
  const year = await new Nights(random(7), nightly, await realEnvironment(), first).live();
  process.stderr.write(`${JSON.stringify(year)}\n`);
  const ends = Object.keys(year.ends);
  expect([year.denied, year.left, ends.filter((end) => /^3/.test(end))]).toEqual([0, 0, []]);
  expect(year.rotations).toBeGreaterThan(COMPLETE ? 7 : 1);
  expect(year.ends["error: no answer"]).toBeGreaterThanOrEqual(COMPLETE ? 3 : 1);
  expect(ends).toEqual(
    expect.arrayContaining([
      ...["0: nothing-due", "0: waiting-for-uses", "0: deactivate"],
      ...["0: former-inactive", "0: delete-for-room, replace", "killed"],
    ]),
  );
});
