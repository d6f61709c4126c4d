import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster } from "./support/cluster";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";
import { DKP_ACCESS, ended, runIn, terraformEnvironment } from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
`;
const ROTATE = `${SETTINGS}accessKeys: { managedBy: rotate }\n`;

it("gives nothing to a cluster that has the ID of a key with an invented secret", async () => {
  const aws = await LocalAws.start();
  const deployments = Deployments.of(SETTINGS);
  const terraform = deployments.terraform(aws);
  terraform.init();
  terraform.apply();
  const { accessKeyId, secretAccessKey } = terraform.key();
  const cluster = await startCluster(
    readFileSync(join(PROJECT, "review/deckhouse/cluster-access.yaml"), "utf8"),
  );
  const hostile = CONFIGURATION.replace(OLD_KEY, accessKeyId);
  cluster.setDocument(hostile);
  const run = (...args: readonly string[]) =>
    runIn(
      deployments.path,
      { ...terraformEnvironment(aws), ...cluster.environment },
      ...DKP_ACCESS,
      ...args,
    );
  await aws.changes();

  const doesNotWork = `nothing was written: the key ${accessKeyId} of the cluster does not work; `;
  expect(run("init", "acme", "--cluster")).toEqual(
    ended(1, "and AWS answers its pair with no user, so nothing was written; "),
  );
  expect(run("hand-over", "deckhouse", "--cluster", "--yes")).toEqual(ended(1, doesNotWork));
  deployments.change(ROTATE);
  const rotate = ["rotate", "deckhouse", "--cluster", "--now", "--yes"] as const;
  expect(run(...rotate)).toEqual(
    ended(3, `${accessKeyId}, which AWS does not accept with the secret that the cluster has`),
  );
  expect([
    await aws.changes(),
    cluster.document().toString(),
    existsSync(join(deployments.path, "acme")),
  ]).toEqual([[], hostile, false]);

  // The secret alone makes the difference.
  cluster.setDocument(hostile.replace(OLD_SECRET, secretAccessKey));
  expect(run(...rotate).status).toBe(0);
  expect(await aws.changes()).toEqual(["CreateAccessKey"]);
});
