import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../helpers/project-root";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster, type TestCluster } from "./support/cluster";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { mustSucceed, runIn, startIn, terraformEnvironment } from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
accessKeys: { managedBy: rotate, maxAge: 14 }
`;
const PROGRAM = join(PROJECT, "bin/dkp-access");

describe("rotate", () => {
  let aws: LocalAws;
  let cluster: TestCluster;
  let deployments: Deployments;

  /** The key in DKP's Secret. */
  const dkp = (): Credentials => {
    const { provider } = parse(cluster.document().toString());
    return { accessKeyId: provider.providerAccessKeyId, secretAccessKey: provider.providerSecretAccessKey };
  };
  const give = ({ accessKeyId, secretAccessKey }: Credentials) =>
    cluster.setDocument(CONFIGURATION.replace(OLD_KEY, accessKeyId).replace(OLD_SECRET, secretAccessKey));
  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    ...terraformEnvironment(aws),
    ...cluster.environment,
    ...more,
  });
  const ARGS = [PROGRAM, "rotate", "deckhouse", "--cluster", "--format", "json"];
  const reported = (output: string) => {
    const { exitCode, findings } = JSON.parse(/^\{.*^\}/ms.exec(output)?.[0] ?? "{}");
    return [exitCode, ...findings.map(({ rule }: { readonly rule: string }) => rule)];
  };
  const rotate = (args: readonly string[] = ["--yes"], more: Readonly<Record<string, string>> = {}) =>
    runIn(deployments.path, environment(more), process.execPath, ...ARGS, ...args);
  const keyCount = async () => (await aws.iam().listAccessKeys({ UserName: "deckhouse" })).AccessKeyMetadata?.length;

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    const terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
    mustSucceed(runIn(deployments.path, terraformEnvironment(aws), process.execPath, PROGRAM, "review"));
    cluster = await startCluster(readFileSync(join(deployments.path, "review/deckhouse/cluster-access.yaml"), "utf8"));
    give(await aws.createKey("deckhouse"));
  });

  it("replaces DKP's key in nights of one step each, while a component that takes the key a day later works", async () => {
    const nights: unknown[] = [];
    let taken = dkp();
    let denied = 0;
    for (let night = 0; night < 24; night += 1) {
      const [, ...rules] = reported(rotate().output);
      nights.push(...rules.filter((rule) => nights.at(-1) !== rule));
      for (const key of [taken, dkp()]) {
        denied += (await aws.accepts(key)) ? 0 : 1;
      }
      taken = dkp();
      await aws.passDay();
    }
    expect(nights).toEqual([
      ...["nothing-due", "replace", "waiting-for-uses", "deactivate", "waiting-for-deletion", "delete-retired", "nothing-due"],
    ]);
    expect({ denied, keys: await keyCount() }).toEqual({ denied: 0, keys: 1 });
  });

  it("keeps the secret out of output, files and command lines", async () => {
    const list = join(deployments.path, "processes");
    const more = cluster.beforeWrite(`cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' ' > '${list}'`);
    const { output } = rotate(["--now", "--yes"], { ...more, HOME: deployments.path, TMPDIR: deployments.path });
    expect(reported(output)).toEqual([0, "replace"]);
    const { secretAccessKey } = dkp();
    expect(readFileSync(list, "utf8")).toContain("rotate deckhouse --cluster");
    const forms = [secretAccessKey, Buffer.from(secretAccessKey).toString("base64").slice(0, -4)];
    const found = runIn(deployments.path, {}, "grep", "-rlF", ...forms.flatMap((form) => ["-e", form]), ".");
    expect([found.output, forms.filter((form) => output.includes(form))]).toEqual(["", []]);
  });

  it("asks for an answer where no option gives it, and refuses another cluster, with nothing changed", async () => {
    await aws.changes();
    const before = cluster.document();
    expect(rotate([]).status).toBe(0);
    const other = runIn(deployments.path, environment(), process.execPath, ...ARGS, "--context", "prod", "--yes");
    give({ ...dkp(), accessKeyId: OLD_KEY });
    const external = rotate();
    expect([other.status, external.status]).toEqual([1, 1]);
    expect(external.output).toContain(`the cluster has the key ${OLD_KEY} of account 581039954779`);
    cluster.setDocument(before.toString());
    expect(await aws.changes()).toEqual([]);
  });

  it("gives one of two keys that runs at the same time create", async () => {
    for (let day = 0; day < 9; day += 1) {
      await aws.accepts(dkp());
      await aws.passDay();
    }
    // The former key is deactivated, and deleted because its slot is needed.
    expect([reported(rotate().output), reported(rotate().output)]).toEqual([
      [0, "deactivate"],
      [0, "delete-retired"],
    ]);
    const runs = [0, 1].map(() => startIn(deployments.path, environment(), process.execPath, ...ARGS, "--now", "--yes"));
    const ends = (await Promise.all(runs)).map(({ status }) => status);
    expect(ends).toContain(0);
    expect([await keyCount(), await aws.accepts(dkp())]).toEqual([2, true]);
  });
});
