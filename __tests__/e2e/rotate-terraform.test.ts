import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CONFIGURATION, OLD_KEY, OLD_SECRET, standInCluster } from "../helpers/stand-in-cluster";
import { LocalAws } from "./support/local-aws";
import { programs } from "./support/programs";
import { Deployments, folder, write } from "./support/project";
import { DKP_ACCESS, jsonOf, mustSucceed, runIn, terraformEnvironment } from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
`;
const DOCUMENT = "provider-cluster-configuration";
const ROTATE = `${SETTINGS}accessKeys: { managedBy: rotate }\n`;

describe.each(programs())("with $name, where accessKeys.managedBy becomes rotate,", ({ path }) => {
  it.each(["Active", "Inactive"] as const)(
    "Terraform forgets a key that is %s, and gives no key its status again",
    async (Status) => {
      const aws = await LocalAws.start();
      const deployments = Deployments.of(SETTINGS);
      const terraform = deployments.terraform(aws, "deckhouse", path);
      const environment = { ...terraformEnvironment(aws), TERRAFORM_BINARY_NAME: path };
      const planned = () => {
        const { exitCode, findings } = jsonOf(
          deployments.path,
          environment,
          ...DKP_ACCESS,
          "plan",
          "deckhouse",
          "--format",
          "json",
        ) as {
          readonly exitCode: number;
          readonly findings: readonly { readonly rule: string; readonly level: string }[];
        };
        return [
          exitCode,
          ...findings.filter(({ level }) => level !== "note").map(({ rule }) => rule),
        ];
      };
      terraform.init();
      terraform.apply();
      const key = terraform.key();
      const ofKey = { UserName: "deckhouse", AccessKeyId: key.accessKeyId };
      await aws.iam().updateAccessKey({ ...ofKey, Status });
      await aws.changes();

      // Terraform has no opinion about the status.
      terraform.apply();
      expect(await aws.changes()).toEqual([]);
      deployments.change(ROTATE);
      expect(planned()).toEqual([2, "key-forgotten"]);
      expect(terraform.apply()).toContain("0 added, 0 changed, 0 destroyed");
      const isActive = Status === "Active";
      expect([await aws.changes(), await aws.accepts(key), terraform.isUpToDate()]).toEqual([
        [],
        isActive,
        true,
      ]);

      // Back, and the same where somebody applies an older commit.
      deployments.change(SETTINGS);
      expect(planned()).toEqual(expect.arrayContaining([2, "first-key"]));
      terraform.apply();
      expect([await aws.changes(), await aws.accepts(key)]).toEqual([
        ["CreateAccessKey"],
        isActive,
      ]);
      const other = terraform.key();

      // DKP signs with what its Secret has.
      const cluster = folder();
      const inCluster = { ...environment, ...standInCluster(cluster) };
      const { accessKeyId, secretAccessKey } = key;
      const pair = CONFIGURATION.replace(OLD_KEY, accessKeyId);
      write(cluster, { [DOCUMENT]: pair.replace(OLD_SECRET, secretAccessKey) });
      const dkp = () => {
        const document = readFileSync(join(cluster, DOCUMENT), "utf8");
        return document.includes(key.accessKeyId) ? key : other;
      };
      const run = (...args: readonly string[]) =>
        runIn(deployments.path, inCluster, ...DKP_ACCESS, ...args);
      const options = isActive ? [] : ["--replaces", key.accessKeyId];
      const context = ["--cluster", "--context", "dev", "--yes"];
      mustSucceed(run("hand-over", "deckhouse", ...context, ...options));
      expect(dkp()).toBe(other);
      for (let day = 0; day < 20; day += 1) {
        await aws.passDay();
        await aws.accepts(other);
        mustSucceed(run("rotate", "deckhouse", ...context));
      }
      expect([await aws.changes(), await aws.accepts(other), terraform.isUpToDate()]).toEqual([
        isActive ? ["UpdateAccessKey"] : [],
        true,
        true,
      ]);

      // The former key stays until somebody deletes it.
      await aws.deleteKey(other.accessKeyId);
      await aws.createKey();
      expect(planned()).toEqual(expect.arrayContaining([2, "key-created-again"]));
      expect(await terraform.start("apply", "-auto-approve")).toMatchObject({
        status: 1,
        output: expect.stringContaining("LimitExceeded"),
      });
      const { output } = run("keys", "deckhouse");
      expect(output).toContain(
        `-> if nothing needs it any more: aws iam delete-access-key --region=us-east-1 --user-name=deckhouse --access-key-id=${key.accessKeyId}\n`,
      );
    },
  );
});
