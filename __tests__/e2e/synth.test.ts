import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "../helpers/project-root";
import { folder, write } from "./support/project";
import { runIn, startIn } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { s3: { bucket: state, region: eu-central-1 } }\n";

it("main.ts ends with one message and no stack trace when a setting is wrong", () => {
  const project = folder({ "deployments/wrong.yaml": SETTINGS.replace("region:", "regoin:") });
  const { status, output } = runIn(project, {}, process.execPath, join(PROJECT, "build/main.js"));
  expect(output).toContain(
    'deployments/wrong.yaml has 2 errors:\n  region: missing; write the Region DKP will run in, for example "eu-central-1"\n  line 1, regoin: unknown setting, did you mean "region"?',
  );
  expect({ status, trace: / at /.test(output) }).toEqual({ status: 1, trace: false });
});

describe("several runs of dkp-access synth at the same time", () => {
  it("write the same stacks, and leave them complete", async () => {
    const project = folder();
    const names = Array.from({ length: 40 }, (_, index) => `dev-${index}`);
    const file = (name: string) => `deployments/${name}.yaml`;
    const runs = Array.from({ length: 4 }, () => [join(PROJECT, "bin/dkp-access"), "synth"]);
    const synth = async () => {
      const finished = runs.map((args) => startIn(project, { PATH: process.env.PATH ?? "" }, process.execPath, ...args));
      return (await Promise.all(finished)).filter(({ status }) => status !== 0);
    };
    const stacks = () => readdirSync(join(project, "cdktf.out/stacks")).sort();
    write(
      project,
      Object.fromEntries(names.map((name) => [file(name), `${SETTINGS}user: { name: ${name} }\npolicy: { name: ${name} }\n`])),
    );
    expect(await synth()).toEqual([]);
    expect(stacks()).toEqual(names.toSorted());
    for (const name of names) {
      const json = JSON.parse(readFileSync(join(project, "cdktf.out/stacks", name, "cdk.tf.json"), "utf8"));
      expect(json.resource.aws_iam_user.user.name).toBe(name);
    }
    expect(readdirSync(join(project, "cdktf.out")).sort()).toEqual(["manifest.json", "stacks"]);
  });
});
