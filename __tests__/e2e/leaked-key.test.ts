import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { CreateGroupCommand, ListUserPoliciesCommand } from "@aws-sdk/client-iam";
import { PROJECT } from "../helpers/project-root";
import { type Credentials, LocalAws } from "./support/local-aws";
import { cli, EC2_TRUST, inventory, plant, prepareAccount } from "./support/planted-objects";
import { Deployments, folder, removeFolders } from "./support/project";
import { type Finished, runIn, type Terraform, terraformEnvironment } from "./support/terraform";

const SETTINGS = "region: eu-central-1\nbackend: { local: {} }\n";
const BUCKET = "trail-of-the-account";

/** The program and DKP's command as a person runs them. */
const SHIMS = {
  npx: `#!/bin/sh\nshift\nexec '${process.execPath}' '${join(PROJECT, "bin/dkp-access")}' "$@"\n`,
  d8: "#!/bin/sh\necho edited\n",
};

/** Waits until the next second: CloudTrail and STS know only whole seconds. */
const nextSecond = () => new Promise((resolve) => setTimeout(resolve, 1100 - (Date.now() % 1000)));
const now = () => new Date().toISOString().replace(/\.\d+/, "");

interface Step {
  readonly title: string;
  readonly edits: readonly string[];
  readonly commands: readonly string[];
}

/** The steps of the printed report: what a person reads. */
function stepsOf(text: string): readonly Step[] {
  const [, ...sections] = text.split(/^\d+\. /m);
  return sections.map((section) => {
    const lines = section.split("\nCloudTrail:")[0]?.split("\n") ?? [];
    return {
      title: lines[0] ?? "",
      edits: lines.flatMap((line) => /^ {3}deployments\/deckhouse\.yaml: (.*)$/.exec(line)?.[1] ?? []),
      commands: lines.flatMap((line) => /^ {4}(\S.*)$/.exec(line)?.[1] ?? []),
    };
  });
}

/** The commands of the printed findings. */
const removals = (text: string) =>
  [...(text.split("\nCloudTrail:")[1] ?? "").matchAll(/^ {4}(\S.*)$/gm)].map(([, command]) => command ?? "");

describe("keys --leaked", () => {
  let aws: LocalAws;
  let deployments: Deployments;
  let terraform: Terraform;
  let environment: Record<string, string>;
  let leaked: Credentials;
  let attacker: Awaited<ReturnType<typeof plant>>;
  let clean: Awaited<ReturnType<typeof inventory>>;
  let since: string;
  const accessKeys: Record<string, string> = {};
  /** What one step gives to the next. */
  let steps: readonly Step[];
  let fresh: Credentials;
  let search: string;
  let copy: string;
  let report: string;

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
    const prepared = await prepareAccount(aws);
    // What DKP did before the leak.
    await aws.iam(leaked).send(new CreateGroupCommand({ GroupName: "of-dkp" }));
    clean = await inventory(aws);
    await nextSecond();
    since = now();
    attacker = await plant(aws, leaked, prepared);
    await nextSecond();
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  it("leads from a leak to a new key within minutes, and ends the leaked key and its sessions first", async () => {
    const started = Date.now();
    steps = stepsOf(done("npx dkp-access keys --leaked deckhouse"));
    expect(await aws.accepts(attacker.session)).toBe(true);
    follow(stepTitled("Deactivate the key"));
    expect([await aws.accepts(leaked), await aws.accepts(attacker.session)]).toEqual([false, true]);
    follow(stepTitled("Deny the sessions"));
    expect([await aws.accepts(leaked), await aws.accepts(attacker.session)]).toEqual([false, false]);
    follow(stepTitled("Create a new key for DKP"));
    follow(stepTitled("Give the new key to DKP"));
    fresh = terraform.key();
    expect(readFileSync(join(deployments.path, "FILE"), "utf8")).toContain(fresh.accessKeyId);
    expect(await aws.accepts(leaked)).toBe(false);
    expect(await aws.accepts(attacker.session)).toBe(false);
    expect(await aws.accepts(fresh)).toBe(true);
    // Measured: half a minute, most of it Terraform.
    expect(Date.now() - started).toBeLessThan(5 * 60_000);
  });

  it("lists from event history what the user did, with the key and with its sessions", () => {
    const commands = stepTitled("Find what the attacker created").commands.map((line) => line.replace("TIME", since));
    done(...commands.slice(0, -1));
    search = commands.at(-1) ?? "";
    const found = shell(search);
    expect(found.status).toBe(2);
    expect(found.output).toContain("found  key pair by-session");
    expect(found.output).not.toContain(`with ${attacker.role.accessKeyId}`);
    [, copy = ""] = /(aws s3 cp \S+ \S+ \S+)$/m.exec(found.output) ?? [];
  });

  it("lists from the log files of a trail all that was planted, and nothing else", async () => {
    const logs = folder();
    const day = join(logs, "AWSLogs/123456789012/CloudTrail/eu-central-1/2026/01/01");
    mkdirSync(day, { recursive: true });
    writeFileSync(join(day, "log.json.gz"), gzipSync(JSON.stringify({ Records: await aws.trail() })));
    await aws.createBucket(BUCKET);
    cli(aws, undefined, `s3 cp --recursive ${logs} s3://${BUCKET}`);
    done(copy.replace("BUCKET", BUCKET));
    const { status, output } = shell(search);
    expect(status).toBe(2);
    const listed = [...output.matchAll(/^ {7}\S+ (\w+:\w+) in /gm)].map(([, action]) => action);
    expect(listed.toSorted()).toEqual(PLANTED.toSorted());
    expect(output).not.toContain("of-dkp");
    report = output;
  });

  it("removes all of it with the printed commands, in the printed order", async () => {
    // The trust policy of the role before the leak, as the finding asks for it.
    writeFileSync(join(deployments.path, "trust-policy.json"), EC2_TRUST);
    done(...removals(report));
    expect(await inventory(aws)).toEqual(clean);
    expect(await aws.accepts(attacker.bob)).toBe(false);
    // About 50 runs of the AWS CLI.
  }, 900_000);

  it("ends with one key, and without the Deny", async () => {
    expect(follow(stepTitled("Clean up"))).toContain("primary: absent");
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

/** Each call of the attacker that leaves something. */
const PLANTED = [
  "sts:GetSessionToken",
  "iam:CreateRole",
  "iam:PutRolePolicy",
  "iam:CreatePolicy",
  "iam:AttachRolePolicy",
  "iam:CreateInstanceProfile",
  "iam:AddRoleToInstanceProfile",
  "iam:PutRolePolicy",
  "iam:UpdateAssumeRolePolicy",
  "sts:AssumeRole",
  "iam:CreateUser",
  "iam:CreateLoginProfile",
  "iam:PutUserPolicy",
  "iam:AttachUserPolicy",
  "iam:AddUserToGroup",
  "iam:AttachGroupPolicy",
  "iam:PutGroupPolicy",
  "iam:CreateAccessKey",
  "ec2:CreateVpc",
  "ec2:CreateSubnet",
  "ec2:CreateInternetGateway",
  "ec2:AttachInternetGateway",
  "ec2:CreateRouteTable",
  "ec2:CreateRoute",
  "ec2:AssociateRouteTable",
  "ec2:CreateVpcPeeringConnection",
  "ec2:AcceptVpcPeeringConnection",
  "ec2:CreateSecurityGroup",
  "ec2:AuthorizeSecurityGroupIngress",
  "ec2:AuthorizeSecurityGroupEgress",
  "ec2:CreateKeyPair",
  "ec2:RunInstances",
  "ec2:CreateVolume",
  "ec2:AttachVolume",
  "ec2:CreateSnapshot",
  "ec2:ModifySnapshotAttribute",
  "ec2:CreateNetworkInterface",
  "ec2:AllocateAddress",
  "ec2:AssociateAddress",
  "elasticloadbalancing:CreateTargetGroup",
  "elasticloadbalancing:RegisterTargets",
  "elasticloadbalancing:CreateLoadBalancer",
  "elasticloadbalancing:CreateListener",
  "ec2:ImportKeyPair",
  "ec2:CreateVpc",
  "ec2:AllocateAddress",
  "kms:CreateGrant",
];

const REJECTED = [
  ["--trail logs", "--trail: is an option of --leaked; write keys --leaked [stack] --trail ..."],
  [
    "--leaked --key deckhouse",
    '--key: "deckhouse" is not the ID of an access key, such as AKIA...; write the stack before --key',
  ],
  ["--leaked --since 2026-01-31", "--since: limits what --trail lists; add --trail with the folder of the CloudTrail files"],
  [
    "--leaked --trail deployments --since yesterday",
    '--since: "yesterday" is not a time; write a date or a time in UTC, for example --since 2026-01-31T12:00:00Z',
  ],
  ["--leaked --trail nowhere", "nowhere: no such file or folder (ENOENT); create it, or check the path"],
  [
    "--leaked --trail deployments/deckhouse.yaml",
    "deployments/deckhouse.yaml: is no CloudTrail file, or is incomplete; name log files of a trail (.json.gz, .json), or the output of aws cloudtrail lookup-events",
  ],
] as const;
