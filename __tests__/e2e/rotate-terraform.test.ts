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
  it.each(["Active", "Inactive"])(
    "Terraform forgets both keys and changes none, also one that is %s",
    async (status) => {
      const aws = await LocalAws.start();
      const deployments = Deployments.of(
        `${SETTINGS}accessKeys: { secondary: { status: ${status} } }\n`,
      );
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
      const second = (await aws.keysOf()).find(
        ({ AccessKeyId }) => AccessKeyId !== key.accessKeyId,
      );
      await aws.changes();

      deployments.change(ROTATE);
      expect(planned()).toEqual([2, "key-forgotten", "key-forgotten"]);
      expect(terraform.apply()).toContain("0 added, 0 changed, 0 destroyed");
      expect([await aws.changes(), await aws.accepts(key), terraform.isUpToDate()]).toEqual([
        [],
        true,
        true,
      ]);

      // A schedule of rotate that has stopped.
      for (let day = 0; day < 106; day += 1) {
        await aws.passDay();
      }
      expect(planned()).toEqual([2, "rotation-overdue"]);

      // Back, and the same where somebody applies an older commit.
      await aws.deleteKey(second?.AccessKeyId);
      deployments.change(SETTINGS);
      expect(planned()).toEqual(expect.arrayContaining([2, "first-key"]));
      terraform.apply();
      expect(await aws.changes()).toEqual(["DeleteAccessKey", "CreateAccessKey"]);

      // The printed steps, while DKP signs with what its Secret has.
      const cluster = folder();
      const inCluster = { ...environment, ...standInCluster(cluster) };
      const { accessKeyId, secretAccessKey } = key;
      const document = CONFIGURATION.replace(OLD_KEY, accessKeyId);
      write(cluster, { [DOCUMENT]: document.replace(OLD_SECRET, secretAccessKey) });
      const keys = [key, terraform.key()];
      const steps: string[] = [];
      for (let step = ""; step !== "done" && steps.length < 9; steps.push(step)) {
        const written = readFileSync(join(cluster, DOCUMENT), "utf8");
        const own = keys.find(({ accessKeyId: id }) => written.includes(id)) ?? key;
        expect(await aws.accepts(own)).toBe(true);
        const args = [...DKP_ACCESS, "keys", "deckhouse", "--cluster", "--format", "json"] as const;
        const { deployments: reports } = jsonOf(deployments.path, inCluster, ...args) as {
          readonly deployments: readonly {
            readonly next: { readonly why: string; readonly text: readonly string[] };
          }[];
        };
        const { why = "", text = [] } = reports[0]?.next ?? {};
        step = why;
        if (why === "wait") {
          await aws.passDay();
        }
        const line = text
          .find((each) => /^ +(then npx dkp-access hand-over|aws iam) /.test(each))
          ?.replace(
            /then npx dkp-access (.+)$/,
            `${DKP_ACCESS.map((word) => `'${word}'`).join(" ")} $1 --yes`,
          );
        if (line !== undefined) {
          mustSucceed(runIn(deployments.path, inCluster, "sh", "-c", line));
        }
      }
      expect(steps).toEqual(["hand-over", "wait", "retire", "delete", "done"]);
      expect(await aws.changes()).toEqual(["UpdateAccessKey", "DeleteAccessKey"]);
      expect(terraform.isUpToDate()).toBe(true);
    },
  );
});
