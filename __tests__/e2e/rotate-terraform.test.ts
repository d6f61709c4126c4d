import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { programs } from "./support/programs";
import { Deployments } from "./support/project";
import { jsonOf, terraformEnvironment } from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
`;
const ROTATE = `${SETTINGS}accessKeys: { managedBy: rotate }\n`;

/** From keys of Terraform to keys of `rotate`, and back. */
describe.each(programs())("with $name, where accessKeys.managedBy becomes rotate,", ({ path }) => {
  it.each(["Active", "Inactive"])(
    "Terraform forgets both keys and changes none, also one that is %s",
    async (status) => {
      const aws = await LocalAws.start();
      const deployments = Deployments.of({
        deckhouse: `${SETTINGS}accessKeys: { secondary: { status: ${status} } }\n`,
      });
      const terraform = deployments.terraform("deckhouse", aws, path);
      /** The rules of a plan that require attention. */
      const planned = () => {
        const environment = { ...terraformEnvironment(aws), TERRAFORM_BINARY_NAME: path };
        const args = [join(PROJECT, "bin/dkp-access"), "plan", "deckhouse", "--format", "json"];
        const { exitCode, findings } = jsonOf(
          deployments.path,
          environment,
          process.execPath,
          ...args,
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
      await aws.changes();

      deployments.change({ deckhouse: ROTATE });
      expect(planned()).toEqual([2, "key-forgotten", "key-forgotten"]);
      expect(terraform.apply()).toContain("0 added, 0 changed, 0 destroyed");
      expect([await aws.changes(), await aws.accepts(key), terraform.isUpToDate()]).toEqual([
        [],
        true,
        true,
      ]);

      // A schedule of rotate that has stopped.
      for (let day = 0; day < 95; day += 1) {
        await aws.passDay();
      }
      expect(planned()).toEqual([2, "rotation-overdue"]);

      // Back, and the same where somebody applies an older commit.
      await aws.iam().deleteAccessKey({ UserName: "deckhouse", AccessKeyId: key.accessKeyId });
      deployments.change({ deckhouse: SETTINGS });
      expect(planned()).toEqual(expect.arrayContaining([2, "first-key"]));
      terraform.apply();
      expect(await aws.changes()).toEqual(["DeleteAccessKey", "CreateAccessKey"]);
      expect(await aws.accepts(terraform.key())).toBe(true);
    },
  );
});
