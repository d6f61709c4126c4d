import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeleteAccessKeyCommand,
  ListPolicyVersionsCommand,
} from "@aws-sdk/client-iam";
import { parse } from "yaml";
import { awsCliScript } from "../../src/review/pack/aws-cli";
import { deployment } from "../helpers/deployment";
import { iamAccount } from "./support/iam-account";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder, removeFolders, write } from "./support/project";
import { type Finished, runIn, startIn } from "./support/terraform";

const POLICY = "arn:aws:iam::123456789012:policy";
const BASE = "region: eu-central-1\nbackend: { local: {} }\n";

/** Deployments that can live in one account side by side. */
const DEPLOYMENTS = {
  documented: "",
  // Values that a shell, the AWS CLI or YAML would read in their own way.
  scoped: `
accountId: "123456789012"
tags: { "team=a": "platform x", url: "http://x ü", empty: "" }
cluster: { prefix: dev }
user: { name: "-d,k=p@x", path: "/d'k\`p$x*/", permissionsBoundary: "${POLICY}/Limits" }
policy: { name: "-scoped", path: "/a::b\\"$(id)/", mode: scoped, description: "file://it's $HOME \`id\` \\"ü\\" \\\\" }
attachment: user-and-group
group: { name: "-platform", path: "/platform/" }
nodeRole:
  name: "-nodes"
  path: "/x$y\`\\"&\\\\z/"
  additionalActions: ["s3:Get*"]
  managedPolicyArns: ["${POLICY}/Logs"]
  permissionsBoundary: "${POLICY}/Limits"
`,
  minimal: `
cluster: { prefix: stage, layout: WithNAT }
user: { name: stage }
policy: { name: stage, mode: minimal }
attachment: group
group: { name: stage }
accessKeys: none
`,
};
type Name = keyof typeof DEPLOYMENTS;

/** The shell that each is run with. */
const SHELLS: Readonly<Record<Name, readonly string[]>> = {
  documented: ["dash"],
  scoped: ["bash"],
  minimal: ["busybox", "sh"],
};
/** Where each writes its key. */
const KEY_FILES: Readonly<Record<Name, readonly string[]>> = {
  documented: [],
  scoped: ["--key-file", "scoped key.yaml"],
  minimal: [],
};
const NAMES = Object.keys(DEPLOYMENTS) as Name[];

describe("aws-cli.sh", () => {
  let aws: LocalAws;
  let path: string;
  let before: object;

  beforeAll(async () => {
    aws = await LocalAws.start();
    await prepare(aws);
    before = await iamAccount(aws.iam());
    path = folder(Object.fromEntries(NAMES.map((name) => [`${name}.sh`, scriptOf(DEPLOYMENTS[name])])));
  });

  afterAll(async () => {
    await aws.stop();
    removeFolders();
  });

  const environment = (more: Record<string, string> = {}) => ({
    PATH: process.env.PATH ?? "",
    HOME: path,
    ...aws.environment(),
    ...more,
  });
  /** Runs the scripts of deployments side by side, each under its shell. */
  const run = (names: readonly Name[], ...args: string[]): Promise<readonly Finished[]> =>
    Promise.all(
      names.map((name) => {
        const [shell = "", ...rest] = SHELLS[name];
        return startIn(path, environment(), shell, ...rest, `${name}.sh`, ...KEY_FILES[name], ...args);
      }),
    );
  /** Another script than those of the deployments, under `sh`. */
  const other = (settings: string, more: Record<string, string>, ...args: string[]): Finished => {
    write(path, { "other.sh": scriptOf(settings) });
    return runIn(path, environment(more), "/bin/sh", "other.sh", ...args);
  };
  const keyFile = (file: string) => {
    const text = readFileSync(join(path, file), "utf8");
    const { provider } = parse(text) as { provider: Record<string, string> };
    return { accessKeyId: provider.providerAccessKeyId ?? "", secretAccessKey: provider.providerSecretAccessKey ?? "", text };
  };
  it("says what it would do, and does nothing", async () => {
    await aws.calls();
    const would = (what: string) => `${what}: would be created\n`;
    expect(await run(["documented"], "--dry-run")).toEqual([
      {
        status: 0,
        output: [
          "policy D8CloudProviderAWS",
          "user deckhouse",
          "policy D8CloudProviderAWS on user deckhouse",
          "access key of user deckhouse",
        ]
          .map(would)
          .join(""),
      },
    ]);
    expect(await aws.changes()).toEqual([]);
    expect(existsSync(join(path, "deckhouse-access-key.yaml"))).toBe(false);
  });

  it("goes on where it stopped, and says where that was", () => {
    const real = runIn(path, environment(), "sh", "-c", "command -v aws").output.trim();
    // An AWS CLI that notes its arguments, as everybody on the machine can see them, and is denied one call.
    write(path, {
      "bin/aws": `#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/arguments"
case $* in
  *attach-user-policy*)
    [ -e "$HOME/allowed" ] || { echo 'An error occurred (AccessDenied) when calling the AttachUserPolicy operation: no' >&2; exit 254; } ;;
esac
exec ${real} "$@"
`,
    });
    chmodSync(join(path, "bin/aws"), 0o755);
    const PATH = `${join(path, "bin")}:${process.env.PATH}`;
    const attempt = () => runIn(path, environment({ PATH }), "dash", "documented.sh");
    expect(attempt()).toEqual({
      status: 1,
      output:
        "policy D8CloudProviderAWS: created\nuser deckhouse: created\nAn error occurred (AccessDenied) when calling the AttachUserPolicy operation: no\nstopped at: policy D8CloudProviderAWS on user deckhouse. What was done before stays; mend the cause and run this again, it goes on from there\n",
    });
    write(path, { allowed: "" });
    const { status, output } = attempt();
    const { accessKeyId, secretAccessKey } = keyFile("deckhouse-access-key.yaml");
    expect({ status, output }).toEqual({
      status: 0,
      output: `policy D8CloudProviderAWS: exists\nuser deckhouse: exists\npolicy D8CloudProviderAWS on user deckhouse: created\naccess key ${accessKeyId}: created, in ./deckhouse-access-key.yaml\n`,
    });
    expect(readFileSync(join(path, "arguments"), "utf8")).not.toContain(secretAccessKey);
  });

  it("makes the rest under other shells, and shows the secret to nobody", async () => {
    const finished = await run(["scoped", "minimal"]);
    for (const { status, output } of finished) {
      expect({ status, output }).toMatchObject({ status: 0, output: expect.not.stringContaining("exists") });
      expect(output).not.toContain(keyFile("scoped key.yaml").secretAccessKey);
    }
  });

  it("writes a key that works into a file for its owner alone", async () => {
    for (const file of ["deckhouse-access-key.yaml", "scoped key.yaml"]) {
      const { accessKeyId, secretAccessKey, text } = keyFile(file);
      expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
      expect(text).toBe(
        `provider:\n  providerAccessKeyId: "${accessKeyId}"\n  providerSecretAccessKey: "${secretAccessKey}"\n  region: "eu-central-1"\n`,
      );
    }
    expect(await aws.accepts(keyFile("deckhouse-access-key.yaml"))).toBe(true);
  });

  it("changes nothing when run again", async () => {
    await aws.calls();
    for (const finished of await run(["documented", "scoped"])) {
      expect(finished).toMatchObject({ status: 0 });
      expect(linesWithout(": exists", finished)).toEqual([]);
    }
    expect(await aws.changes()).toEqual([]);
  });

  describe("beside Terraform, in another account", () => {
    let other: LocalAws;
    let deployments: Deployments;

    beforeAll(async () => {
      other = await LocalAws.start();
      await prepare(other);
      deployments = Deployments.of(Object.fromEntries(NAMES.map((name) => [name, `${BASE}${DEPLOYMENTS[name]}`])));
      await Promise.all(
        NAMES.map(async (name) => {
          const terraform = deployments.terraform(name, other);
          await terraform.start("init");
          expect(await terraform.start("apply", "-auto-approve")).toMatchObject({ status: 0 });
        }),
      );
    });

    afterAll(() => other.stop());

    it("has made exactly the same", async () => {
      expect(await iamAccount(aws.iam())).toEqual(await iamAccount(other.iam()));
    });

    it("finds nothing to do in what Terraform made", async () => {
      await other.calls();
      const finished = runIn(path, environment(other.environment()), "sh", "scoped.sh", "--key-file=scoped key.yaml");
      expect(finished).toMatchObject({ status: 0 });
      expect(linesWithout(": exists", finished)).toEqual([]);
      expect(await other.changes()).toEqual([]);
    });
  });

  it("leaves to Terraform what it made: the plan adds and destroys nothing", () => {
    const { accessKeyId } = keyFile("deckhouse-access-key.yaml");
    const adopt = `adopt: { user: true, policy: true, attachment: true, accessKeyId: ${accessKeyId} }\n`;
    const deployments = Deployments.of({ deckhouse: `${BASE}${adopt}` });
    const terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    expect(terraform.apply()).toMatch(/4 imported, 0 added, \d changed, 0 destroyed/);
    deployments.change({ deckhouse: BASE });
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("brings up to date what differs, and makes room among the five versions of the policy", async () => {
    const PolicyArn = `${POLICY}/D8CloudProviderAWS`;
    const PolicyDocument = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
    });
    for (let version = 2; version <= 5; version += 1) {
      await aws.iam().send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: version === 5 }));
    }
    await aws.calls();
    const { status, output } = other("tags: { team: a }", {});
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output.split("\n").slice(0, 5)).toEqual([
      "policy D8CloudProviderAWS, version v1, the oldest of five: removed",
      "policy D8CloudProviderAWS: updated",
      "tags of policy D8CloudProviderAWS: updated",
      "user deckhouse: exists",
      "tags of user deckhouse: updated",
    ]);
    expect(await aws.changes()).toEqual(["DeletePolicyVersion", "CreatePolicyVersion", "TagPolicy", "TagUser"]);
    const { Versions = [] } = await aws.iam().send(new ListPolicyVersionsCommand({ PolicyArn }));
    expect(Versions.filter(({ IsDefaultVersion }) => IsDefaultVersion).map(({ VersionId }) => VersionId)).toEqual(["v6"]);
  });

  it.each([
    [
      "no AWS CLI",
      () => other("", { PATH: path }),
      "aws: not found; install the AWS CLI, version 1 or 2, and put it on the PATH\n",
    ],
    [
      "no credentials",
      () => other("", { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" }),
      /Unable to locate credentials.*\nthe AWS CLI has no credentials that AWS takes; give it some, for example with AWS_PROFILE\nstopped at: asking AWS whose credentials these are\. Nothing was changed\n$/,
    ],
    [
      "credentials of another account",
      () => other('accountId: "210987654321"', {}),
      /^the credentials belong to account 123456789012, the settings are for account 210987654321; use credentials of that account\n/,
    ],
    [
      "a user of that name elsewhere",
      () => other("user: { path: /dkp/ }", {}),
      /^user deckhouse: exists with another path than the settings have, \/dkp\/; correct the settings or choose another name\n/,
    ],
    [
      "a file where the key should go",
      () => other("user: { name: new }", {}, "--key-file", "other.sh"),
      /^other\.sh: exists already, and the user has no key yet; remove it, or write another file with --key-file\n/,
    ],
  ])("stops at %s before anything changes", async (_, attempt, words) => {
    await aws.calls();
    const { status, output } = attempt();
    expect({ status, output }).toEqual({
      status: 1,
      output: words instanceof RegExp ? expect.stringMatching(words) : words,
    });
    expect(await aws.changes()).toEqual([]);
  });

  it("stops where it is denied, with AWS's words", async () => {
    const { accessKeyId, secretAccessKey } = keyFile("deckhouse-access-key.yaml");
    await aws.enforceIam(true);
    const { status, output } = other("", { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    await aws.enforceIam(false);
    expect(status).toBe(1);
    expect(output).toMatch(/AccessDenied.*\nstopped at: user deckhouse\. Nothing was changed\n$/);
  });

  it("refuses wrong arguments with another exit code, and explains itself", async () => {
    const [[force], [keyFile], [help]] = await Promise.all([
      run(["documented"], "--force"),
      run(["documented"], "--key-file"),
      run(["documented"], "--help"),
    ]);
    expect(force).toEqual({ status: 2, output: "--force: unknown argument; try --help\n" });
    expect(keyFile).toEqual({ status: 2, output: "--key-file: needs the name of a file; try --help\n" });
    expect(help).toMatchObject({ status: 0, output: expect.stringMatching(/^Usage: sh aws-cli\.sh/) });
  });

  it("does not delete a key that it did not make, and names it", async () => {
    const { AccessKey } = await aws.iam().send(new CreateAccessKeyCommand({ UserName: "stage" }));
    await aws.calls();
    const [own, elsewhere] = await Promise.all([
      run(["minimal"], "--undo"),
      run(["documented"], "--undo", "--key-file=elsewhere"),
    ]);
    expect(own).toEqual([{ status: 1, output: expect.stringContaining(AccessKey?.AccessKeyId ?? "?") }]);
    const { accessKeyId } = keyFile("deckhouse-access-key.yaml");
    expect(elsewhere).toEqual([
      { status: 1, output: expect.stringContaining(`user deckhouse has keys that are not in elsewhere: ${accessKeyId};`) },
    ]);
    expect(await aws.changes()).toEqual([]);
    await aws.iam().send(new DeleteAccessKeyCommand({ UserName: "stage", AccessKeyId: AccessKey?.AccessKeyId ?? "" }));
  });

  it("removes without a trace what it made", async () => {
    for (const finished of await run(NAMES, "--undo")) {
      expect(finished).toMatchObject({ status: 0 });
    }
    expect(await iamAccount(aws.iam())).toEqual(before);
    expect([existsSync(join(path, "deckhouse-access-key.yaml")), existsSync(join(path, "scoped key.yaml"))]).toEqual([
      false,
      false,
    ]);
  });

  it("finds nothing to remove a second time", async () => {
    await aws.calls();
    for (const finished of await run(NAMES, "--undo")) {
      expect(finished).toMatchObject({ status: 0 });
      expect(linesWithout(": not there", finished)).toEqual([]);
    }
    expect(await aws.changes()).toEqual([]);
  });

  it.each(NAMES)("is clean for ShellCheck: %s", (name) => {
    for (const dialect of [[], ["-s", "sh"], ["-s", "bash"]]) {
      expect(runIn(path, environment(), "shellcheck", ...dialect, `${name}.sh`)).toEqual({ status: 0, output: "" });
    }
  });
});

/** Lines of output that do not end in words. */
function linesWithout(words: string, { output }: Finished): readonly string[] {
  return output
    .trim()
    .split("\n")
    .filter((line) => !line.endsWith(words));
}

const scriptOf = (settings: string) => awsCliScript(deployment(settings));

/** Policies that the deployments name and do not make. */
async function prepare(aws: LocalAws): Promise<void> {
  const Statement = [{ Effect: "Allow", Action: "*", Resource: "*" }];
  for (const PolicyName of ["Limits", "Logs"]) {
    await aws
      .iam()
      .send(new CreatePolicyCommand({ PolicyName, PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }) }));
  }
}
