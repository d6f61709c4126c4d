import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateServiceSpecificCredentialCommand,
  DeleteAccessKeyCommand,
  type IAMClient,
  ListAccessKeysCommand,
  ListPolicyVersionsCommand,
  PutGroupPolicyCommand,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
  UpdateAccessKeyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { parse } from "yaml";
import { awsCliScript } from "../../src/cli/review/aws-cli/script";
import { NODE_TRUST } from "../../src/iam/node-role-permissions";
import { deployment } from "../helpers/deployment";
import { iamAccount } from "./support/iam-account";
import { LocalAws } from "./support/local-aws";
import { Deployments, folder, removeFolders, write } from "./support/project";
import { type Finished, runIn, startIn } from "./support/terraform";

const POLICY = "arn:aws:iam::123456789012:policy";
const PAGE_POLICY = `${POLICY}/D8CloudProviderAWS`;
/** A policy document that no deployment uses. */
const OTHER_DOCUMENT = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
});
const BASE = "region: eu-central-1\nbackend: { local: {} }\n";

/** Deployments that can exist in the same account. */
const DEPLOYMENTS = {
  documented: "",
  // Values with special characters of a shell, the AWS CLI or YAML.
  scoped: `
accountId: "123456789012"
tags: { "team=a": "platform x", url: "http://x ü", empty: "" }
cluster: { prefix: dev }
user: { name: "-d,k=p@x", path: "/d'k\`p$x*/", permissionsBoundary: "${POLICY}/Limits" }
policy: { name: "-scoped", path: "/a.b,c@d=e+f_g-/", mode: scoped, description: "file://it's $HOME \`id\` \\"ü\\" \\\\" }
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

/** The shell that runs the script of each deployment. */
const SHELLS: Readonly<Record<Name, readonly string[]>> = {
  documented: ["dash"],
  scoped: ["bash"],
  minimal: ["busybox", "sh"],
};
/** The key file of each deployment. */
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
  /** Runs the scripts of deployments in parallel, each in its shell. */
  const run = (names: readonly Name[], ...args: string[]): Promise<readonly Finished[]> =>
    Promise.all(
      names.map((name) => {
        const [shell = "", ...rest] = SHELLS[name];
        return startIn(path, environment(), shell, ...rest, `${name}.sh`, ...KEY_FILES[name], ...args);
      }),
    );
  /** Runs the script of other settings with `sh`. */
  const other = (settings: string, more: Record<string, string>, ...args: string[]): Finished => {
    write(path, { "other.sh": scriptOf(settings) });
    return runIn(path, environment(more), "/bin/sh", "other.sh", ...args);
  };
  const keyFile = (file: string) => {
    const text = readFileSync(join(path, file), "utf8");
    const { provider } = parse(text) as { provider: Record<string, string> };
    return { accessKeyId: provider.providerAccessKeyId ?? "", secretAccessKey: provider.providerSecretAccessKey ?? "", text };
  };
  it("lists what it would do, and changes nothing", async () => {
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

  it("continues where it stopped, and reports where that was", () => {
    const real = runIn(path, environment(), "sh", "-c", "command -v aws").output.trim();
    // An AWS CLI that logs its arguments, which every user of the computer can see, and is denied one call.
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
        "policy D8CloudProviderAWS: created\nuser deckhouse: created\nAn error occurred (AccessDenied) when calling the AttachUserPolicy operation: no\nstopped at: policy D8CloudProviderAWS on user deckhouse. Completed steps remain. Fix the cause and run the script again; it continues from here\n",
    });
    write(path, { allowed: "" });
    const { status, output } = attempt();
    const { accessKeyId, secretAccessKey } = keyFile("deckhouse-access-key.yaml");
    expect({ status, output }).toEqual({
      status: 0,
      output: `policy D8CloudProviderAWS: exists\npolicy D8CloudProviderAWS on user deckhouse: created\nuser deckhouse: exists\naccess key ${accessKeyId}: created, in ./deckhouse-access-key.yaml\n`,
    });
    expect(readFileSync(join(path, "arguments"), "utf8")).not.toContain(secretAccessKey);
  });

  it("creates the remaining objects in other shells, and exposes the secret to nobody", async () => {
    const finished = await run(["scoped", "minimal"]);
    for (const { status, output } of finished) {
      expect({ status, output }).toMatchObject({ status: 0, output: expect.not.stringContaining("exists") });
      expect(output).not.toContain(keyFile("scoped key.yaml").secretAccessKey);
    }
  });

  it("writes a working key to a file that only its owner can read", async () => {
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

  describe("compared with Terraform in another account", () => {
    let other: LocalAws;
    let deployments: Deployments;

    beforeAll(async () => {
      other = await LocalAws.start();
      await prepare(other);
      deployments = Deployments.of(Object.fromEntries(NAMES.map((name) => [name, `${BASE}${DEPLOYMENTS[name]}`])));
      // Sequentially: on a busy computer the provider may repeat CreateAccessKey when the response is late.
      for (const name of NAMES) {
        const terraform = deployments.terraform(name, other);
        terraform.init();
        terraform.apply();
      }
    });

    afterAll(() => other.stop());

    it("creates exactly the same objects", async () => {
      expect(await iamAccount(aws.iam())).toEqual(await iamAccount(other.iam()));
    });

    it("changes nothing in what Terraform created, and explains how to replace a lost secret", async () => {
      const { AccessKeyMetadata = [] } = await other.iam().send(new ListAccessKeysCommand({ UserName: "-d,k=p@x" }));
      const id = AccessKeyMetadata[0]?.AccessKeyId;
      await other.calls();
      const finished = runIn(path, environment(other.environment()), "sh", "scoped.sh", "--key-file=new.yaml");
      expect(finished).toMatchObject({ status: 0 });
      expect(linesWithout(": exists", finished)).toEqual([
        "No further key was created, and new.yaml does not exist: AWS shows the secret of a key only once.",
        `If a secret is lost, check whether a cluster uses its key (here for ${id}):`,
        `  aws iam get-access-key-last-used --access-key-id=${id}`,
        "Only if no cluster does, deactivate the key, wait, and delete it. When the user has no key, this script creates one:",
        `  aws iam update-access-key --user-name=-d,k=p@x --access-key-id=${id} --status=Inactive`,
        `  aws iam delete-access-key --user-name=-d,k=p@x --access-key-id=${id}`,
      ]);
      expect(await other.changes()).toEqual([]);
    });

    it("treats documents with another order of keys as equal", async () => {
      const PolicyDocument = JSON.stringify(NODE_TRUST);
      await other.iam().send(new UpdateAssumeRolePolicyCommand({ RoleName: "-nodes", PolicyDocument }));
      await other.calls();
      const { output } = runIn(path, environment(other.environment()), "sh", "scoped.sh", "--key-file=new.yaml");
      expect(output).toContain("role -nodes: exists\n");
      expect(await other.changes()).toEqual([]);
    });
  });

  it("creates objects that Terraform imports: the plan adds and destroys nothing", () => {
    const { accessKeyId } = keyFile("deckhouse-access-key.yaml");
    const imports = `import: { user: true, policy: true, attachment: true, accessKeyId: ${accessKeyId} }\n`;
    const deployments = Deployments.of({ deckhouse: `${BASE}${imports}` });
    const terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    expect(terraform.apply()).toMatch(/4 imported, 0 added, \d changed, 0 destroyed/);
    deployments.change({ deckhouse: BASE });
    expect(terraform.isUpToDate()).toBe(true);
  });

  it("updates what differs, and deletes one of the five versions of the policy", async () => {
    const [PolicyArn, PolicyDocument] = [PAGE_POLICY, OTHER_DOCUMENT];
    for (let version = 2; version <= 5; version += 1) {
      await aws.iam().send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: version === 5 }));
    }
    await aws.calls();
    const { status, output } = other("tags: { team: a }", {});
    expect({ status, output }).toMatchObject({ status: 0 });
    expect(output.split("\n").slice(0, 6)).toEqual([
      "policy D8CloudProviderAWS, version v1, the oldest of five: removed",
      "policy D8CloudProviderAWS: updated",
      "tags of policy D8CloudProviderAWS: updated",
      "policy D8CloudProviderAWS on user deckhouse: exists",
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
      /Unable to locate credentials.*\nthe AWS CLI has no credentials that AWS accepts; provide some, for example with AWS_PROFILE\nstopped at: querying the account of the credentials\. Nothing was changed\n$/,
    ],
    [
      "credentials of another account",
      () => other('accountId: "210987654321"', {}),
      /^the credentials belong to account 123456789012, and the settings are for account 210987654321; use credentials of that account\n/,
    ],
    [
      "a user of that name with another path",
      () => other("user: { path: /dkp/ }", {}),
      /^user deckhouse: exists with another path than \/dkp\/ of the settings; correct the settings or choose another name\n/,
    ],
    [
      "an existing file at the path of the key file",
      () => other("user: { name: new }", {}, "--key-file", "other.sh"),
      /^other\.sh: exists already, and the user has no key yet; remove the file, or name another one with --key-file\n/,
    ],
  ])("stops at %s before anything changes", async (_, attempt, message) => {
    await aws.calls();
    const { status, output } = attempt();
    expect({ status, output }).toEqual({
      status: 1,
      output: message instanceof RegExp ? expect.stringMatching(message) : message,
    });
    expect(await aws.changes()).toEqual([]);
  });

  it("stops at a denied call, with the error message of AWS", async () => {
    const { accessKeyId, secretAccessKey } = keyFile("deckhouse-access-key.yaml");
    await aws.enforceIam(true);
    const { status, output } = other("", { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
    await aws.enforceIam(false);
    expect(status).toBe(1);
    expect(output).toMatch(/AccessDenied.*\nstopped at: user deckhouse\. Nothing was changed\n$/);
  });

  it("does not report that nothing was changed when a response of AWS was lost", async () => {
    const copy = await aws.copy();
    const real = runIn(path, environment(), "sh", "-c", "command -v aws").output.trim();
    write(path, {
      "lost/aws": `#!/bin/sh
${real} "$@" || exit
case $* in *create-policy\\ *) echo 'Read timeout' >&2; exit 255 ;; esac
`,
    });
    chmodSync(join(path, "lost/aws"), 0o755);
    const PATH = `${join(path, "lost")}:${process.env.PATH}`;
    expect(other("policy: { name: lost }", { ...copy.environment(), PATH })).toEqual({
      status: 1,
      output:
        "Read timeout\nstopped at: policy lost. No change was confirmed, but one call may have been executed although its answer was lost. Fix the cause and run the script again\n",
    });
    await copy.stop();
  });

  it("does not overwrite a policy that other principals use, and names them", async () => {
    const copy = await aws.copy();
    await copy.iam().send(new AttachGroupPolicyCommand({ GroupName: "stage", PolicyArn: PAGE_POLICY }));
    await copy.iam().send(new AttachRolePolicyCommand({ RoleName: "-nodes", PolicyArn: PAGE_POLICY }));
    // v5 has another document.
    await copy.iam().send(new SetDefaultPolicyVersionCommand({ PolicyArn: PAGE_POLICY, VersionId: "v5" }));
    await copy.calls();
    expect(other("", copy.environment())).toEqual({
      status: 1,
      output:
        "policy D8CloudProviderAWS: exists with different content, and other principals use it:\ngroup stage\nrole -nodes\nset another policy.name, or detach the policy from them first\nstopped at: policy D8CloudProviderAWS. Nothing was changed\n",
    });
    expect(await copy.changes()).toEqual([]);
    await copy.stop();
  });

  it("accepts a key only if it belongs to the user, is in the key file, and is Active", async () => {
    const copy = await aws.copy();
    const { accessKeyId } = keyFile("deckhouse-access-key.yaml");
    const attempt = async (...args: string[]) => {
      await copy.calls();
      const { status, output } = other("", copy.environment(), ...args);
      expect({ status, changes: await copy.changes() }).toEqual({ status: 1, changes: [] });
      return output.split("\nstopped at: ")[0];
    };
    expect(await attempt("--key-file=scoped key.yaml")).toBe(
      `scoped key.yaml: contains none of the keys of user deckhouse:\n${accessKeyId}\nname the file with the key with --key-file, or a file that does not exist if the key is kept elsewhere`,
    );
    await copy.iam().send(new UpdateAccessKeyCommand({ UserName: "deckhouse", AccessKeyId: accessKeyId, Status: "Inactive" }));
    expect(await attempt()).toBe(
      `./deckhouse-access-key.yaml: its key, ${accessKeyId}, is inactive, and AWS rejects it; activate it:\n  aws iam update-access-key --user-name=deckhouse --access-key-id=${accessKeyId} --status=Active`,
    );
    expect(await attempt("--key-file=new.yaml")).toContain(`user deckhouse has no active key:\n${accessKeyId} Inactive\n`);
    await copy.stop();
  });

  const anyPolicy = { PolicyName: "own", PolicyDocument: OTHER_DOCUMENT };
  it.each<[what: string, name: Name, prepared: (iam: IAMClient) => Promise<unknown>, words: string]>([
    [
      "others have the policy",
      "documented",
      (iam) => iam.send(new AttachGroupPolicyCommand({ GroupName: "stage", PolicyArn: PAGE_POLICY })),
      "policy D8CloudProviderAWS is used by other principals:\ngroup stage",
    ],
    [
      "the user is in another group",
      "documented",
      (iam) => iam.send(new AddUserToGroupCommand({ GroupName: "stage", UserName: "deckhouse" })),
      "user deckhouse is in other groups:\nstage",
    ],
    [
      "the user has a policy of its own",
      "documented",
      (iam) => iam.send(new PutUserPolicyCommand({ UserName: "deckhouse", ...anyPolicy })),
      "user deckhouse has inline policies:\nown",
    ],
    [
      "the user can sign in",
      "documented",
      (iam) => iam.send(new CreateLoginProfileCommand({ UserName: "deckhouse", Password: "x" })),
      "user deckhouse has a console password, created:\n2",
    ],
    [
      "the user has credentials of a service",
      "documented",
      (iam) => iam.send(new CreateServiceSpecificCredentialCommand({ UserName: "deckhouse", ServiceName: "x" })),
      "user deckhouse has service-specific credentials:\nACCA",
    ],
    [
      "the group has another member",
      "minimal",
      (iam) => iam.send(new AddUserToGroupCommand({ GroupName: "stage", UserName: "deckhouse" })),
      "group stage has other members:\ndeckhouse",
    ],
    [
      "the group has another policy",
      "minimal",
      (iam) => iam.send(new AttachGroupPolicyCommand({ GroupName: "stage", PolicyArn: `${POLICY}/Limits` })),
      `group stage has other policies:\n${POLICY}/Limits`,
    ],
    [
      "the group has a policy of its own",
      "minimal",
      (iam) => iam.send(new PutGroupPolicyCommand({ GroupName: "stage", ...anyPolicy })),
      "group stage has inline policies:\nown",
    ],
    [
      "the role has another policy",
      "scoped",
      (iam) => iam.send(new AttachRolePolicyCommand({ RoleName: "-nodes", PolicyArn: PAGE_POLICY })),
      `role -nodes has other policies:\n${PAGE_POLICY}`,
    ],
    [
      "the role has another policy of its own",
      "scoped",
      (iam) => iam.send(new PutRolePolicyCommand({ RoleName: "-nodes", ...anyPolicy })),
      "role -nodes has other inline policies:\nown",
    ],
  ])("removes nothing if %s", async (_, name, prepared, message) => {
    const copy = await aws.copy();
    await prepared(copy.iam());
    await copy.calls();
    const { status, output } = other(DEPLOYMENTS[name], copy.environment(), ...KEY_FILES[name], "--undo");
    expect({ status, output, changes: await copy.changes() }).toEqual({
      status: 1,
      output: expect.stringMatching(/\n--undo does not remove that, and cannot .*\nstopped at: .*\. Nothing was changed\n$/),
      changes: [],
    });
    expect(output.slice(0, message.length)).toBe(message);
    await copy.stop();
  });

  it("removes the key and keeps its file if the file contains more than the key", async () => {
    const copy = await aws.copy();
    const { accessKeyId, text } = keyFile("deckhouse-access-key.yaml");
    write(path, { "cluster.yaml": `${text}layout: Standard\n` });
    const { status, output } = other("", copy.environment(), "--undo", "--key-file=cluster.yaml");
    expect({ status, lines: output.split("\n").slice(0, 2) }).toEqual({
      status: 0,
      lines: [`access key ${accessKeyId}: removed`, "key file cluster.yaml: kept: it contains more than the key"],
    });
    expect(readFileSync(join(path, "cluster.yaml"), "utf8")).toBe(`${text}layout: Standard\n`);
    await copy.stop();
  });

  it("rejects wrong arguments with another exit code, and prints help", async () => {
    const [[force], [keyFile], [help]] = await Promise.all([
      run(["documented"], "--force"),
      run(["documented"], "--key-file"),
      run(["documented"], "--help"),
    ]);
    expect(force).toEqual({ status: 2, output: "--force: unknown argument; try --help\n" });
    expect(keyFile).toEqual({ status: 2, output: "--key-file: requires the name of a file; try --help\n" });
    expect(help).toMatchObject({ status: 0, output: expect.stringMatching(/^Usage: sh aws-cli\.sh/) });
  });

  it("does not delete a key that it did not create, and names it", async () => {
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

  it("removes everything that it created", async () => {
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
      expect(linesWithout(": does not exist", finished)).toEqual([]);
    }
    expect(await aws.changes()).toEqual([]);
  });

  it("keeps a key file whose key it did not remove", () => {
    const text = readFileSync(join(path, "cluster.yaml"), "utf8").replace("layout: Standard\n", "");
    write(path, { "cluster.yaml": text });
    const { status, output } = other("", {}, "--undo", "--key-file=cluster.yaml");
    expect({ status, lines: output.split("\n").slice(0, 2) }).toEqual({
      status: 0,
      lines: ["access key of user deckhouse: does not exist", "key file cluster.yaml: kept: none of its keys was removed"],
    });
    expect(readFileSync(join(path, "cluster.yaml"), "utf8")).toBe(text);
  });

  it.each(NAMES)("has no ShellCheck findings: %s", (name) => {
    for (const dialect of [[], ["-s", "sh"], ["-s", "bash"]]) {
      expect(runIn(path, environment(), "shellcheck", ...dialect, `${name}.sh`)).toEqual({ status: 0, output: "" });
    }
  });
});

/** Lines of the output that do not end with a suffix. */
function linesWithout(suffix: string, { output }: Finished): readonly string[] {
  return output
    .trim()
    .split("\n")
    .filter((line) => !line.endsWith(suffix));
}

const scriptOf = (settings: string) => awsCliScript(deployment(settings));

/** Creates the policies that the deployments name but do not create. */
async function prepare(aws: LocalAws): Promise<void> {
  const Statement = [{ Effect: "Allow", Action: "*", Resource: "*" }];
  for (const PolicyName of ["Limits", "Logs"]) {
    await aws
      .iam()
      .send(new CreatePolicyCommand({ PolicyName, PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement }) }));
  }
}
