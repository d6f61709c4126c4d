import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../helpers/project-root";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster, type TestCluster } from "./support/cluster";
import { allowing, type Credentials, LocalAws, succeeds } from "./support/local-aws";
import { Deployments } from "./support/project";
import { mustSucceed, runIn, startIn, terraformEnvironment } from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
accessKeys: { managedBy: rotate, maxAge: 14 }
`;
const PROGRAM = join(PROJECT, "bin/dkp-access");

describe("rotate", () => {
  let aws: LocalAws;
  let cluster: TestCluster;
  let deployments: Deployments;

  /** The key in DKP's Secret. */
  const dkp = (): Credentials => {
    const { provider } = parse(cluster.document().toString());
    return {
      accessKeyId: provider.providerAccessKeyId,
      secretAccessKey: provider.providerSecretAccessKey,
    };
  };
  const give = ({ accessKeyId, secretAccessKey }: Credentials) =>
    cluster.setDocument(
      CONFIGURATION.replace(OLD_KEY, accessKeyId).replace(OLD_SECRET, secretAccessKey),
    );
  /** The principals that a pipeline and a person have, with the policies of the review pack. */
  let rotator: Credentials;
  let responder: Credentials;
  const environment = (more: Readonly<Record<string, string>> = {}, principal = rotator) => ({
    ...terraformEnvironment(aws, principal),
    ...cluster.environment,
    ...more,
  });
  const ARGS = [PROGRAM, "rotate", "deckhouse", "--cluster", "--format", "json"];
  const reported = (output: string) => {
    const { exitCode, findings } = JSON.parse(/^\{.*^\}/ms.exec(output)?.[0] ?? "{}");
    return [exitCode, ...findings.map(({ rule }: { readonly rule: string }) => rule)];
  };
  const rotate = (
    args: readonly string[] = ["--yes"],
    more: Readonly<Record<string, string>> = {},
  ) => runIn(deployments.path, environment(more), process.execPath, ...ARGS, ...args);
  const keyCount = async () =>
    (await aws.iam().listAccessKeys({ UserName: "deckhouse" })).AccessKeyMetadata?.length;

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({ deckhouse: SETTINGS });
    const terraform = deployments.terraform("deckhouse", aws);
    terraform.init();
    terraform.apply();
    mustSucceed(
      runIn(deployments.path, terraformEnvironment(aws), process.execPath, PROGRAM, "review"),
    );
    cluster = await startCluster(
      readFileSync(join(deployments.path, "review/deckhouse/cluster-access.yaml"), "utf8"),
    );
    give(await aws.createKey("deckhouse"));
    const policy = (name: string) =>
      readFileSync(join(deployments.path, `review/deckhouse/${name}-policy.json`), "utf8");
    rotator = await aws.createUser("rotator", policy("rotator"));
    responder = await aws.createUser("responder", policy("responder"));
  });

  it("replaces DKP's key in nights of one step each, while a component that takes the key a day later works", async () => {
    const nights: unknown[] = [];
    let taken = dkp();
    let denied = 0;
    for (let night = 0; night < 24; night += 1) {
      const [, ...rules] = reported(rotate().output);
      nights.push(...rules.filter((rule) => nights.at(-1) !== rule));
      for (const key of [taken, dkp()]) {
        denied += (await aws.accepts(key)) ? 0 : 1;
      }
      taken = dkp();
      await aws.passDay();
    }
    expect(nights).toEqual([
      ...[
        "nothing-due",
        "replace",
        "waiting-for-uses",
        "deactivate",
        "waiting-for-deletion",
        "delete-retired",
        "nothing-due",
      ],
    ]);
    expect({ denied, keys: await keyCount() }).toEqual({ denied: 0, keys: 1 });
  });

  it("keeps the secret out of output, files and command lines", async () => {
    const list = join(deployments.path, "processes");
    const more = cluster.beforeWrite(
      `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' ' > '${list}'`,
    );
    const { output } = rotate(["--now", "--yes"], {
      ...more,
      HOME: deployments.path,
      TMPDIR: deployments.path,
    });
    expect(reported(output)).toEqual([0, "replace"]);
    const { secretAccessKey } = dkp();
    expect(readFileSync(list, "utf8")).toContain("rotate deckhouse --cluster");
    const forms = [secretAccessKey, Buffer.from(secretAccessKey).toString("base64").slice(0, -4)];
    const found = runIn(
      deployments.path,
      {},
      "grep",
      "-rlF",
      ...forms.flatMap((form) => ["-e", form]),
      ".",
    );
    expect([found.output, forms.filter((form) => output.includes(form))]).toEqual(["", []]);
  });

  it("asks for an answer where no option gives it, and refuses another cluster, with nothing changed", async () => {
    await aws.changes();
    const before = cluster.document();
    expect(rotate([]).status).toBe(0);
    const other = runIn(
      deployments.path,
      environment(),
      process.execPath,
      ...ARGS,
      "--context",
      "prod",
      "--yes",
    );
    give({ ...dkp(), accessKeyId: OLD_KEY });
    const external = rotate();
    expect([other.status, external.status]).toEqual([1, 1]);
    expect(external.output).toContain(`the cluster has the key ${OLD_KEY} of account 581039954779`);
    cluster.setDocument(before.toString());
    expect(await aws.changes()).toEqual([]);
  });

  it("gives one of two keys that runs at the same time create", async () => {
    for (let day = 0; day < 9; day += 1) {
      await aws.accepts(dkp());
      await aws.passDay();
    }
    // The former key is deactivated, and deleted because its slot is needed.
    expect([reported(rotate().output), reported(rotate().output)]).toEqual([
      [0, "deactivate"],
      [0, "delete-retired"],
    ]);
    const runs = [0, 1].map(() =>
      startIn(deployments.path, environment(), process.execPath, ...ARGS, "--now", "--yes"),
    );
    const ends = (await Promise.all(runs)).map(({ status }) => status);
    expect(ends).toContain(0);
    expect([await keyCount(), await aws.accepts(dkp())]).toEqual([2, true]);
  });

  it("may do nothing but that with rotator-policy.json, and give the user permissions with responder-policy.json", async () => {
    const UserName = "deckhouse";
    const abuses = (
      iam: ReturnType<LocalAws["iam"]>,
    ): Readonly<Record<string, () => Promise<unknown>>> => ({
      "key of another user": () => iam.createAccessKey({ UserName: "rotator" }),
      "keys of another user": () => iam.listAccessKeys({ UserName: "responder" }),
      "deletes a key of another user": () =>
        iam.deleteAccessKey({ UserName: "rotator", AccessKeyId: rotator.accessKeyId }),
      "deactivates a key of another user": () =>
        iam.updateAccessKey({
          UserName: "responder",
          AccessKeyId: responder.accessKeyId,
          Status: "Inactive",
        }),
      "inline policy": () =>
        iam.putUserPolicy({ UserName, PolicyName: "a", PolicyDocument: allowing("*") }),
      "inline policy of another user": () =>
        iam.putUserPolicy({ UserName: "rotator", PolicyName: "a", PolicyDocument: allowing("*") }),
      "attached policy": () =>
        iam.attachUserPolicy({
          UserName,
          PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
        }),
      "console password": () => iam.createLoginProfile({ UserName, Password: "Correct-horse-1" }),
      "new user": () => iam.createUser({ UserName: "mallory" }),
      "new role": () =>
        iam.createRole({
          RoleName: "mallory",
          AssumeRolePolicyDocument: allowing("sts:AssumeRole"),
        }),
      "deleted user": () => iam.deleteUser({ UserName }),
      "renamed user": () => iam.updateUser({ UserName, NewUserName: "mallory" }),
      "permissions boundary": () => iam.deleteUserPermissionsBoundary({ UserName }),
      "another version of the policy": () =>
        iam.createPolicyVersion({
          PolicyArn: "arn:aws:iam::123456789012:policy/D8CloudProviderAWS",
          PolicyDocument: allowing("*"),
          SetAsDefault: true,
        }),
      "all users": () => iam.listUsers({}),
    });
    const possible = async (principal: Credentials) => {
      const found: string[] = [];
      for (const [name, abuse] of Object.entries(abuses(aws.iam(principal)))) {
        found.push(...((await succeeds(abuse())) ? [name] : []));
      }
      return found;
    };
    expect([await possible(rotator), await possible(responder)]).toEqual([[], ["inline policy"]]);
    await aws.iam().deleteUserPolicy({ UserName, PolicyName: "a" });
  });

  it("ends a leaked key of DKP with one command, after DKP got another one", async () => {
    const leaked = dkp();
    await aws.calls();
    const { status, output } = runIn(
      deployments.path,
      environment({}, responder),
      process.execPath,
      ...[...ARGS, "--yes", "--leaked", leaked.accessKeyId],
    );
    expect([status, ...reported(output)]).toEqual([
      0,
      0,
      "given",
      "sessions-denied",
      "leaked-deleted",
    ]);
    expect(output.match(/^- .*$/gm)?.map((line) => line.split(" ").slice(1, 2))).toEqual([
      ...[["delete"], ["create"], ["deactivate"], ["deny"], ["delete"]],
    ]);
    const calls = (await aws.calls()).map(({ action }) => action);
    expect(calls.filter((action) => !/^(Get|List)/.test(action))).toEqual([
      ...[
        "DeleteAccessKey",
        "CreateAccessKey",
        "UpdateAccessKey",
        "PutUserPolicy",
        "DeleteAccessKey",
      ],
    ]);
    expect(dkp().accessKeyId).not.toBe(leaked.accessKeyId);
    expect([await aws.accepts(leaked), await aws.accepts(dkp()), await keyCount()]).toEqual([
      false,
      true,
      1,
    ]);
    const { PolicyDocument } = await aws
      .iam()
      .getUserPolicy({ UserName: "deckhouse", PolicyName: "DenySessionsFromLeakedKey" });
    expect(decodeURIComponent(PolicyDocument ?? "")).toContain("aws:TokenIssueTime");
  });

  it("creates a key for an installation, or for a cluster of Commander", async () => {
    const run = (...args: readonly string[]) =>
      runIn(
        deployments.path,
        environment(),
        process.execPath,
        ...[PROGRAM, "rotate", "deckhouse", "--format", "json", "--yes", ...args],
      );
    await aws.changes();
    expect(run("--out", "deployments/deckhouse.yaml").output).toContain("exists already");
    expect([run("--exec", "cat", "--cluster").status, await aws.changes()]).toEqual([1, []]);
    const secrets = join(deployments.path, "secrets");
    const { output } = run("--exec", `umask 077; cat > '${secrets}'`);
    expect(reported(output)).toEqual([0, "new-key"]);
    const { provider } = parse(readFileSync(secrets, "utf8"));
    const created = {
      accessKeyId: provider.providerAccessKeyId,
      secretAccessKey: provider.providerSecretAccessKey,
    };
    expect([output.includes(created.secretAccessKey), await aws.accepts(created)]).toEqual([
      false,
      true,
    ]);
    expect(run("--out", "provider.yaml").output).toContain("IAM allows no third key");
    await aws.iam().deleteAccessKey({ UserName: "deckhouse", AccessKeyId: created.accessKeyId });
    expect(reported(run("--out", "provider.yaml").output)).toEqual([0, "new-key"]);
    const block = readFileSync(join(deployments.path, "provider.yaml"), "utf8");
    const { providerAccessKeyId: AccessKeyId } = parse(block).provider;
    await aws.iam().deleteAccessKey({ UserName: "deckhouse", AccessKeyId });
  });

  it("ends it without the cluster too, with exit code 3, and gives DKP another key then", async () => {
    const leaked = dkp();
    const args = [
      PROGRAM,
      "rotate",
      "deckhouse",
      "--format",
      "json",
      "--yes",
      "--leaked",
      leaked.accessKeyId,
    ];
    const { status } = runIn(
      deployments.path,
      environment({}, responder),
      process.execPath,
      ...args,
    );
    expect([status, await aws.accepts(leaked), await keyCount()]).toEqual([3, false, 0]);
    expect(rotate(["--yes"]).output).toContain(
      `nothing was changed: no user has the key ${leaked.accessKeyId}; name it`,
    );
    expect(reported(rotate(["--yes", "--replaces", leaked.accessKeyId]).output)).toEqual([
      2,
      "replace-unknown",
    ]);
    expect(await aws.accepts(dkp())).toBe(true);
  });
});
