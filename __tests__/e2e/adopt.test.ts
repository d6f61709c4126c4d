import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import documentedActions from "../helpers/documented-actions.json";
import { PROJECT } from "../helpers/project-root";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster, type TestCluster } from "./support/cluster";
import { PAGE_POLICY_ARN, PageCommands } from "./support/documented-commands";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder } from "./support/project";
import { DKP_ACCESS, ended, runIn, terraformEnvironment } from "./support/terraform";

const BACKEND = /backend:\n(?: .*\n)+/;

describe("init --cluster", () => {
  let aws: LocalAws;
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster(
      readFileSync(join(PROJECT, "review/deckhouse/cluster-access.yaml"), "utf8"),
    );
  });

  beforeEach(async () => {
    aws = await LocalAws.start();
  });

  const createdByPage = (actions: readonly string[]) => {
    const page = new PageCommands(aws, actions);
    page.createPolicy();
    page.createUser();
    page.attachPolicy();
    const key = page.createKey();
    cluster.setDocument(
      CONFIGURATION.replace(OLD_KEY, key.accessKeyId).replace(OLD_SECRET, key.secretAccessKey),
    );
    return key;
  };

  const adopted = () => {
    const path = folder();
    const environment = { ...terraformEnvironment(aws), ...cluster.environment };
    return {
      path,
      result: runIn(path, environment, ...DKP_ACCESS, "init", "acme", "--cluster"),
    };
  };

  it.each([
    ["the documented policy", documentedActions],
    ["a narrower policy", documentedActions.filter((action) => !action.startsWith("autoscaling:"))],
  ])(
    "writes settings whose apply imports user and %s, names what it changes, and leaves the key as it is",
    async (_, actions) => {
      const key = createdByPage(actions);
      const { path, result } = adopted();
      const nearest = "The policy D8CloudProviderAWS is nearest to the mode documented.";
      expect(result).toEqual(ended(0, nearest));
      const files = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) =>
        join(path, name),
      );
      const texts = [
        result.output,
        ...files
          .filter((file) => statSync(file).isFile())
          .map((file) => readFileSync(file, "utf8")),
      ];
      expect(texts.filter((text) => text.includes(key.secretAccessKey))).toEqual([]);
      const settings = readFileSync(join(path, "acme/deployments/deckhouse.yaml"), "utf8");
      expect(settings).toContain("  managedBy: rotate\n");
      expect(settings).not.toContain(key.accessKeyId);

      const deployments = Deployments.of(settings.replace(BACKEND, "backend: { local: {} }\n"));
      const terraform = deployments.terraform(aws);
      terraform.init();
      const before = actionsOf(await aws.policyDocument(PAGE_POLICY_ARN));
      expect(terraform.apply()).toMatch(/3 imported, 0 added, [12] changed, 0 destroyed/);
      const after = actionsOf(await aws.policyDocument(PAGE_POLICY_ARN));
      expect(before.filter((action) => !after.includes(action))).toEqual([]);
      const added = after.filter((action) => !before.includes(action));
      expect(result.output.toLowerCase()).toContain(
        `  actions that the next apply adds: ${added.join(", ")}\n`,
      );
      expect(result.output).toContain("  actions that the next apply removes: none\n");
      expect(await aws.accepts(key)).toBe(true);
      expect(terraform.isUpToDate()).toBe(true);
    },
  );
});

function actionsOf(document: string) {
  const { Statement } = JSON.parse(document) as {
    readonly Statement: readonly { readonly Action: string | readonly string[] }[];
  };
  return [
    ...new Set(Statement.flatMap(({ Action }) => Action).map((action) => action.toLowerCase())),
  ].sort();
}
