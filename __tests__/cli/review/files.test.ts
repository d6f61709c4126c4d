import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { statementsOf } from "../../../src/cli/iam/deployer-permissions";
import { awsCliScript } from "../../../src/cli/review/aws-cli";
import { clusterConfiguration } from "../../../src/cli/review/cluster-configuration";
import { consoleGuide } from "../../../src/cli/review/console-guide";
import { stateAccess } from "../../../src/cli/review/state-permissions";
import type { BackendArguments } from "../../../src/terraform/state-location";
import { deployment } from "../../helpers/deployment";
import { packFilesOf, reviewOf } from "../../helpers/reviewed";
import { unwrapped } from "../../helpers/unwrapped";

const TAGS = { yes: "no", n: "1e3", on: "0o17", "a\u202eb": "x\u200by", date: "2026-01-31", time: "12:30:45", "a: b": "# c" };

describe("the cluster configuration", () => {
  it.each(["1.1", "1.2"] as const)("keeps the strings of the settings, hidden characters escaped, in YAML %s", (version) => {
    const given = deployment("");
    const text = clusterConfiguration(reviewOf({ ...given, cluster: { ...given.cluster, tags: TAGS } }));
    expect(parse(text, { version })).toMatchObject({ tags: TAGS });
    expect(text).not.toMatch(/[\u202e\u200b]/);
  });
});

describe("console.md", () => {
  it.each([
    ["eu-central-1", "<https://console.aws.amazon.com/iam/>", "**AWS Regions**"],
    ["cn-north-1", "<https://console.amazonaws.cn/iam/>", "lists `cn-north-1`"],
    ["us-gov-west-1", "<https://console.amazonaws-us-gov.com/iam/>", "lists `us-gov-west-1`"],
    ["us-iso-east-1", "of your partition, `aws-iso`", "lists `us-iso-east-1`"],
  ])("opens the console of the partition of %s and checks the Region", (region, address, check) => {
    const guide = unwrapped(consoleGuide(reviewOf(`region: ${region}`)));
    expect(guide).toContain(address);
    expect(guide.split("\n## Region\n\n")[1]?.split("\n")[0]).toContain(check);
  });
});

const S3 = { bucket: "state", key: "dkp/terraform.tfstate", region: "eu-central-1" };

const access = (more: BackendArguments = {}) => stateAccess({ type: "s3", arguments: { ...S3, ...more } }, "eu-central-1");
const statements = (more: BackendArguments = {}) => statementsOf(access(more).grants);

describe("what the pipeline may do with the state in S3", () => {
  it("is the same through a VPC endpoint", () => {
    const endpoints = { s3: "https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com" };
    expect(statements({ endpoints })).toEqual(statements());
  });
});

const script = (settings = "") => awsCliScript(reviewOf(settings));

/** An AWS CLI that records the arguments of each call of IAM, each on a line, and an empty line after them. */
const RECORDER = `#!/bin/sh
case $1 in
  sts) echo 123456789012 ;;
  *)
    for argument; do printf '%s\\n' "$(printf '%s' "$argument" | tr '\\n' ' ')"; done >>"$CALLS"
    echo >>"$CALLS" ;;
esac
`;

/** Runs the script of a review pack with an AWS CLI that records its calls. */
function run(settings: string, existing: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), "aws-cli-"));
  const pack = join(folder, "it's a $pack");
  mkdirSync(pack);
  for (const [name, text] of Object.entries(packFilesOf(settings))) {
    writeFileSync(join(pack, name), text);
  }
  for (const [name, text] of Object.entries({ aws: RECORDER, ...existing })) {
    writeFileSync(join(folder, name), text);
  }
  chmodSync(join(folder, "aws"), 0o755);
  const calls = join(folder, "calls");
  const { status, stdout, stderr } = spawnSync("/bin/sh", [join(pack, "aws-cli.sh")], {
    cwd: folder,
    env: { PATH: `${folder}:/usr/bin:/bin`, CALLS: calls },
    encoding: "utf8",
  });
  const recorded = existsSync(calls) ? readFileSync(calls, "utf8").trimEnd().split("\n\n") : [];
  rmSync(folder, { recursive: true });
  return { status, stdout, stderr, calls: recorded.map((call) => call.split("\n").slice(1)) };
}

/** The value of an option in the call of an operation. */
function option(settings: string, operation: string, name: string): string | undefined {
  const [, ...options] = run(settings).calls.find(([called]) => called === operation) ?? [];
  return options.find((text) => text.startsWith(`--${name}=`))?.slice(name.length + 3);
}

const MINIMAL = "policy: { mode: minimal }\ncluster: { prefix: dev, layout: Standard }\n";

describe("aws-cli.sh", () => {
  it("passes every value that the settings allow unchanged", () => {
    const boundary = "arn:aws:iam::123456789012:policy/a/B";
    const settings = `
user: { name: "-a=b,c", path: "/it's/$x\`*\\"/", permissionsBoundary: "${boundary}" }
policy: { description: "file://it's $HOME and \`id\`, ü \\" \\\\" }
tags: { "team=a": "platform x ü", empty: "" }
`;
    expect(option(settings, "create-user", "user-name")).toBe("-a=b,c");
    expect(option(settings, "create-user", "path")).toBe("/it's/$x`*\"/");
    expect(option(settings, "create-user", "permissions-boundary")).toBe(boundary);
    expect(JSON.parse(option(settings, "create-user", "tags") ?? "")).toEqual([
      { Key: "team=a", Value: "platform x ü" },
      { Key: "empty", Value: "" },
    ]);
    expect(JSON.parse(option(settings, "create-policy", "cli-input-json") ?? "")).toEqual({
      Description: "file://it's $HOME and `id`, ü \" \\",
    });
  });

  it("fills in an unknown account in ARNs, and changes no other string of the document", () => {
    const tagged = MINIMAL.replace("Standard", 'Standard, tags: { "Cost Center": "42", ":ACCOUNT_ID:": x }');
    const document = (settings: string) => JSON.parse(option(settings, "create-policy", "policy-document") ?? "");
    const known = packFilesOf(`accountId: "123456789012"\n${tagged}`)["policy.json"] ?? "";
    expect(document(tagged)).toEqual(JSON.parse(known));
    expect(known).toContain('"Cost Center"');
    expect(known).toContain('":ACCOUNT_ID:"');
    expect(option(`accountId: "123456789012"\n${tagged}`, "create-policy", "policy-document")).toBe("file://policy.json");
  });

  it("stops before it changes anything if the key file exists or the account is another one", () => {
    expect(run("", { "deckhouse-access-key.json": "" })).toEqual({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/\/deckhouse-access-key\.json exists: move it, or run this script in another folder\n$/),
      calls: [],
    });
    expect(run('accountId: "210987654321"')).toEqual({
      status: 1,
      stdout: "",
      stderr: "the credentials belong to account 123456789012, and the settings are for account 210987654321\n",
      calls: [],
    });
  });

  it.each(["", MINIMAL, `attachment: user-and-group\nnodeRole: { name: nodes }\ntags: { a: b }\n${MINIMAL}`])(
    "has at most 120 lines, and console.md at most 80, for one policy: %j",
    (settings) => {
      expect(script(settings).split("\n").length).toBeLessThanOrEqual(120);
      expect(consoleGuide(reviewOf(settings)).split("\n").length).toBeLessThanOrEqual(80);
    },
  );
});
