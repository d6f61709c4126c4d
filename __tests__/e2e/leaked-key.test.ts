import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ListUserPoliciesCommand } from "@aws-sdk/client-iam";
import { PROJECT } from "../helpers/project-root";
import { type Credentials, LocalAws } from "./support/local-aws";
import { Deployments, folder, removeFolders } from "./support/project";
import { type Finished, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";

/** The program and DKP's command as a person runs them. */
const SHIMS = {
  npx: `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(PROJECT, "bin/dkp-access")}' "$@"\n`,
  d8: "#!/bin/sh\necho edited\n",
};

/** Waits until the next second: STS knows only whole seconds. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100 - new Date().getMilliseconds()));

interface Step {
  readonly title: string;
  readonly edits: readonly string[];
  readonly commands: readonly string[];
}

/** The steps of the printed report: what a person reads. */
function stepsOf(text: string): readonly Step[] {
  const [, ...sections] = text.split(/^\d+\. /m);
  return sections.map((section) => {
    const lines = section.split("\n");
    return {
      title: lines[0] ?? "",
      edits: lines.flatMap((line) => /^ {3}deployments\/deckhouse\.yaml: (.*)$/.exec(line)?.[1] ?? []),
      commands: lines.flatMap((line) => /^ {4}(\S.*)$/.exec(line)?.[1] ?? []),
    };
  });
}

describe("keys --leaked", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let environment: Record<string, string>;
  let leaked: Credentials;
  let session: Credentials;
  const accessKeys: Record<string, string> = {};
  /** What one step gives to the next. */
  let steps: readonly Step[];
  let fresh: Credentials;

  const shell = (...lines: readonly string[]): Finished => runIn(deployments.path, environment, "sh", "-ec", lines.join("\n"));
  const done = (...lines: readonly string[]): string => {
    const { status, output } = shell(...lines);
    if (status !== 0) {
      throw new Error(`${lines.join("\n")}\nended with ${status}:\n${output}`);
    }
    return output;
  };
  /** Changes the settings and runs the commands of a step exactly as printed. */
  const follow = ({ edits, commands }: Step): string => {
    for (const edit of edits) {
      const [, setting = "", value = ""] = /^accessKeys\.(\S+): (.*)$/.exec(edit) ?? [];
      accessKeys[setting] = value;
    }
    const lines = Object.entries(accessKeys).map(([setting, value]) => {
      const [slot, field] = setting.split(".");
      return field === undefined ? `  ${slot}: ${value}` : `  ${slot}: { ${field}: ${value} }`;
    });
    const yaml = lines.length === 0 ? SETTINGS : `${SETTINGS}accessKeys:\n${lines.join("\n")}\n`;
    writeFileSync(join(deployments.path, "deployments/deckhouse.yaml"), yaml);
    return done(...commands);
  };
  const stepTitled = (title: string): Step => {
    const [step, ...others] = steps.filter((each) => each.title.startsWith(title));
    expect({ title, others }).toEqual({ title: step?.title.slice(0, title.length), others: [] });
    return step as Step;
  };

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
    leaked = terraform.key();
    const programs = folder(SHIMS);
    for (const name of Object.keys(SHIMS)) {
      chmodSync(join(programs, name), 0o755);
    }
    const base = terraformEnvironment(aws);
    environment = {
      ...base,
      PATH: `${programs}:${base.PATH}`,
      AWS_DEFAULT_REGION: "eu-central-1",
      TF_CLI_ARGS_apply: "-auto-approve",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    };
    session = await aws.session(leaked);
    await nextSecond();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("leads from a leak to a new key, and ends the leaked key and its sessions first", async () => {
    steps = stepsOf(done("npx dkp-access keys --leaked deckhouse"));
    expect(await aws.accepts(session)).toBe(true);
    follow(stepTitled("Deactivate the key"));
    expect([await aws.accepts(leaked), await aws.accepts(session)]).toEqual([false, true]);
    follow(stepTitled("Deny its sessions"));
    expect([await aws.accepts(leaked), await aws.accepts(session)]).toEqual([false, false]);
    follow(stepTitled("Delete the key"));
    expect(stepTitled("Give DKP a key that has not leaked").edits).toEqual([]);
    done(
      "npx dkp-access synth",
      "terraform -chdir=cdktf.out/stacks/deckhouse apply",
      "npx dkp-access hand-over deckhouse --out FILE",
    );
    fresh = terraform.key();
    expect(readFileSync(join(deployments.path, "FILE"), "utf8")).toContain(fresh.accessKeyId);
    expect(await aws.accepts(leaked)).toBe(false);
    expect(await aws.accepts(session)).toBe(false);
    expect(await aws.accepts(fresh)).toBe(true);
  });

  it("ends with one key, and without the Deny", async () => {
    follow(stepTitled("36 hours after step 2"));
    expect(done("npx dkp-access keys deckhouse")).toContain("next: nothing left to do");
    expect([await aws.accepts(leaked), await aws.accepts(fresh)]).toEqual([false, true]);
    const { PolicyNames } = await aws.iam().send(new ListUserPoliciesCommand({ UserName: "deckhouse" }));
    expect(PolicyNames).toEqual([]);
  });

  it("rejects wrong arguments in one line", () => {
    for (const [args, message] of REJECTED) {
      expect(shell(`npx dkp-access keys ${args}`)).toEqual({ status: 1, output: `${message}\n` });
    }
  });
});

const REJECTED = [
  ["--key AKIAIOSFODNN7EXAMPLE", "--key: is an option of --leaked; write keys --leaked [stack] --key ..."],
  [
    "--leaked --key deckhouse",
    "--key: a value is not the ID of an access key (not shown), such as AKIA...; write the stack before --key",
  ],
] as const;
