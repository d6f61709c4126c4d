import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selectDeployments } from "../../src/settings/load";

const file = (name: string, extra = "") =>
  `region: eu-central-1\nbackend: { s3: { bucket: states } }\nuser: { name: ${name} }\npolicy: { name: ${name} }\n${extra}`;

describe("selectDeployments", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "selection-"));
    mkdirSync(join(root, "deployments"));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  function select(files: Readonly<Record<string, string>>, stack?: string, change?: { readonly mode: "scoped" }) {
    const folder = join(root, "deployments");
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text);
    }
    try {
      const names = stack === undefined ? [] : [stack];
      const { deployments, stacks, others } = selectDeployments(folder, names, change);
      return { deployment: deployments[0], stacks, others: others?.message.replaceAll(folder, "deployments") };
    } catch (error) {
      return { error: (error as Error).message.replaceAll(folder, "deployments") };
    }
  }

  it("selects a valid deployment beside an invalid one, and reports the other", () => {
    const { deployment, stacks, others } = select({ "broken.yaml": "regoin: x\n", "prod.yaml": file("prod") }, "prod");
    expect([deployment?.stack, stacks]).toEqual(["prod", ["broken", "prod"]]);
    expect(others).toBe(
      [
        "deployments/broken.yaml has 3 errors:",
        '  region: missing; write the region DKP will run in, for example "eu-central-1"',
        "  backend: missing: the location of the Terraform state must be stated; write for example backend: { s3: { bucket: my-state, region: eu-central-1 } }",
        '  line 1, regoin: unknown setting, did you mean "region"?',
      ].join("\n"),
    );
  });

  it("reports only the errors of the selected deployment when that is invalid", () => {
    expect(select({ "broken.yaml": "regoin: x\n", "prod.yaml": file("prod", "protect: 1\n") }, "prod")).toEqual({
      error: "deployments/prod.yaml has 1 error:\n  line 5, protect: 1 is not true or false",
    });
  });

  it("changes the policy of the selected deployment only", () => {
    const files = { "dev.yaml": file("dev", "cluster: { prefix: dev }\n"), "prod.yaml": file("prod") };
    const { deployment, others } = select(files, "dev", { mode: "scoped" });
    expect([deployment?.policy.mode, others]).toEqual(["scoped", undefined]);
  });

  it("selects the only deployment when no stack is named", () => {
    expect(select({ "dev.yaml": file("dev") }).deployment?.stack).toBe("dev");
  });

  it("asks for a stack when there are several, whether they are valid or not", () => {
    expect(select({ "broken.yaml": "x", "prod.yaml": file("prod") })).toEqual({ error: "name a stack: broken, prod" });
  });

  it("reports, and does not reject, what the selected deployment has in common with another", () => {
    const { deployment, others } = select({ "a.yaml": file("same"), "b.yaml": file("same") }, "b");
    expect(deployment?.stack).toBe("b");
    expect(others).toBe(
      [
        "deployments/b.yaml has 2 errors:",
        '  line 3, user.name: "same" is also the user of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "same-b" here',
        '  line 4, policy.name: "same" is also the policy of deployments/a.yaml, in the same account (IAM ignores case); set another in one of the two files, for example "same-b" here',
      ].join("\n"),
    );
  });
});
