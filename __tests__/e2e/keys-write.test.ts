import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { BUCKET, KeyOperator } from "./support/key-operator";
import { LocalAws } from "./support/local-aws";
import { Deployments, removeFolders } from "./support/project";
import { runIn, terraformEnvironment } from "./support/terraform";

const FILE = `# The cluster prod.
region: eu-central-1      # Frankfurt
backend:
  s3: { bucket: ${BUCKET}, region: eu-central-1 } # versioned

# Rotated every quarter: see the runbook.
accessKeys:
  secondary:              # the next one
    status: absent
`;

/** A person who lets the program make the changes of the settings. */
class WritingOperator extends KeyOperator {
  readonly added: string[] = [];

  text(): string {
    return readFileSync(join(this.deployments.path, "deployments/deckhouse.yaml"), "utf8");
  }

  protected override edit(): void {
    const before = this.text().split("\n");
    this.command("keys", "deckhouse", "--write", "--format", "json");
    this.added.push(
      ...this.text()
        .split("\n")
        .filter((line) => !before.includes(line)),
    );
    this.deployments.change({});
  }
}

describe("keys --write", () => {
  let aws: LocalAws;
  let operator: WritingOperator;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await aws.createBucket(BUCKET);
    const deployments = Deployments.of({ deckhouse: FILE });
    const terraform = deployments.terraform("deckhouse", aws);
    terraform.init("-backend-config=use_path_style=true");
    operator = new WritingOperator(aws, deployments, terraform, {});
    terraform.apply();
    operator.handOver();
    await operator.passDay();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("makes the changes of a whole rotation, one for each commit, and keeps the comments", async () => {
    const old = operator.dkp;
    await operator.follow(operator.report().next);
    await operator.settle();
    expect(operator.added).toEqual([
      "    status: Active",
      "  current: secondary",
      "  primary: { status: Inactive }",
      "  primary: { status: absent }",
    ]);
    expect(operator.text()).toBe(
      `${FILE.replace("status: absent", "status: Active")}  current: secondary\n  primary: { status: absent }\n`,
    );
    expect(old === undefined || (await aws.accepts(old))).toBe(false);
    expect(await operator.works()).toBe(true);
  });

  it("writes nothing where the next step is not a change of the settings", async () => {
    await operator.follow(operator.report().next);
    await operator.follow(operator.report().next);
    const before = operator.text();
    const environment = terraformEnvironment(aws);
    const program = join(PROJECT, "bin/dkp-access");
    expect(runIn(operator.deployments.path, environment, process.execPath, program, "keys", "--write")).toMatchObject({
      status: 1,
      output: expect.stringContaining("\ndeckhouse: nothing was written: the next step is not a change of the settings alone"),
    });
    expect(operator.text()).toBe(before);
  });
});
