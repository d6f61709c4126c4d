import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { changesExitCode } from "../../packages/cli/src/diff/changes";
import { readPlan } from "../../packages/cli/src/diff/plan-file";
import { changesOfPlan } from "../../packages/cli/src/diff/plans/plan-findings";
import { rows } from "../helpers/complete";
import { ofRule } from "../helpers/diff";
import { PROJECT } from "../helpers/project-root";
import { LocalAws } from "./support/local-aws";
import { Deployments } from "./support/project";

// The weekly job runs this file with the newest Terraform and the newest AWS provider.
const GOLDEN = join(PROJECT, "__tests__/golden/deployments");
const INSTALLATION = "__tests__/golden/config.yaml";
const CONFIG = readFileSync(join(PROJECT, INSTALLATION), "utf8");
const STACKS = readdirSync(GOLDEN).map((name) => name.replace(".yaml", ""));
const LIVE = { region: "eu-central-1", nodeRole: { name: "n" }, tags: { a: "b" } };

describe("a plan of the Terraform and the AWS provider at hand has no part that is not known", () => {
  let aws: LocalAws;

  beforeAll(async () => {
    aws = await LocalAws.start();
  });

  const terraformOf = (settings: object) => {
    const deployments = Deployments.of(
      { x: stringify({ ...settings, backend: { local: {} } }) },
      { [INSTALLATION]: CONFIG },
    );
    const terraform = deployments.terraform(aws, "x");
    terraform.init();
    return terraform;
  };
  const planned = (terraform: ReturnType<typeof terraformOf>) => {
    terraform.run("plan", "-out=plan");
    return changesOfPlan(readPlan("plan", terraform.run("show", "-json", "plan")), "x", "Plan");
  };

  it.each(rows(STACKS, 6))("of the deployment %s", (stack) => {
    const text = readFileSync(join(GOLDEN, `${stack}.yaml`), "utf8");
    // The local AWS has another account, and nothing to import.
    const {
      accountId: _,
      provider: __,
      cloud: ___,
      import: ____,
      ...settings
    } = parse(text) as Record<string, unknown>;
    const changes = planned(terraformOf(settings));
    expect(ofRule(changes, "plan-unknown-part").map(({ values }) => values.part)).toEqual([]);
    expect(changes.deployments[0]?.state).toBe("new");
  });

  it("of a live deployment without changes", () => {
    const terraform = terraformOf(LIVE);
    terraform.apply();
    expect(changesExitCode(planned(terraform))).toBe(0);
  });
});
