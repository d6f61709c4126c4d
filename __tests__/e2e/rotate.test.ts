import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { CONFIGURATION, OLD_KEY, OLD_SECRET } from "../helpers/stand-in-cluster";
import { startCluster, type TestCluster } from "./support/cluster";
import { allowing, type Credentials, LocalAws, succeeds } from "./support/local-aws";
import { Deployments } from "./support/project";
import {
  DKP_ACCESS,
  ended,
  mustSucceed,
  runIn,
  startIn,
  terraformEnvironment,
} from "./support/terraform";

const SETTINGS = `region: eu-central-1
accountId: "123456789012"
backend: { local: {} }
cluster: { prefix: dev }
accessKeys: { managedBy: rotate, maxAge: 30 }
`;
const ACCOUNTS = { deckhouse: "123456789012", production: "210987654321" };
type Stack = keyof typeof ACCOUNTS;

function keyIn(yaml: string): Credentials {
  const { providerAccessKeyId, providerSecretAccessKey } = parse(yaml).provider;
  return { accessKeyId: providerAccessKeyId, secretAccessKey: providerSecretAccessKey };
}

describe("rotate", () => {
  let aws: LocalAws;
  let cluster: TestCluster;
  let deployments: Deployments;

  const dkp = () => keyIn(cluster.document().toString());
  const give = ({ accessKeyId, secretAccessKey }: Credentials) =>
    cluster.setDocument(
      CONFIGURATION.replace(OLD_KEY, accessKeyId).replace(OLD_SECRET, secretAccessKey),
    );
  let rotator: Credentials;
  let responder: Credentials;
  /** May do what a rotator may, but delete no key. */
  let keeper: Credentials;
  /** The same, and DKP's key, in an account with a user of the same name. */
  let production: { readonly responder: Credentials; readonly key: Credentials };
  let former: Credentials;
  const environment = (more: Readonly<Record<string, string>> = {}, principal = rotator) => ({
    ...terraformEnvironment(aws, principal),
    ...cluster.environment,
    ...more,
  });
  const run = (args: readonly string[], principal = rotator) =>
    runIn(
      deployments.path,
      environment({}, principal),
      ...DKP_ACCESS,
      "rotate",
      "deckhouse",
      "--format",
      "json",
      "--yes",
      ...args,
    );
  const ARGS = [...DKP_ACCESS, "rotate", "deckhouse", "--cluster", "--format", "json"] as const;
  const reported = (output: string) => {
    const { exitCode, findings } = JSON.parse(/^\{.*^\}/ms.exec(output)?.[0] ?? "{}");
    return [exitCode, ...findings.map(({ rule }: { readonly rule: string }) => rule)];
  };
  const rotate = (
    args: readonly string[] = ["--yes"],
    more: Readonly<Record<string, string>> = {},
  ) => runIn(deployments.path, environment(more), ...ARGS, ...args);
  const keyCount = async () => (await aws.keysOf()).length;

  beforeAll(async () => {
    aws = await LocalAws.start();
    deployments = Deployments.of({
      deckhouse: SETTINGS,
      production: SETTINGS.replace(ACCOUNTS.deckhouse, ACCOUNTS.production),
    });
    const terraform = deployments.terraform(aws);
    terraform.init();
    terraform.apply();
    mustSucceed(runIn(deployments.path, terraformEnvironment(aws), ...DKP_ACCESS, "review"));
    cluster = await startCluster(
      readFileSync(join(deployments.path, "review/deckhouse/cluster-access.yaml"), "utf8"),
    );
    give(await aws.createKey());
    const policy = (name: string, stack: Stack = "deckhouse") =>
      readFileSync(join(deployments.path, `review/${stack}/${name}-policy.json`), "utf8");
    rotator = await aws.createUser("rotator", policy("rotator"));
    responder = await aws.createUser("responder", policy("responder"));
    keeper = await aws.createUser(
      "keeper",
      policy("rotator").replace("iam:DeleteAccessKey", "iam:TagUser"),
    );
    const iam = aws.iamOf(ACCOUNTS.production);
    production = {
      responder: await aws.createUser("responder", policy("responder", "production"), iam),
      key: await aws.createUser("deckhouse", allowing("ec2:*"), iam),
    };
  });

  it("keeps the secret out of output, files and command lines", async () => {
    const list = join(deployments.path, "processes");
    const more = cluster.beforeWrite(
      `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' ' ' > '${list}'`,
    );
    former = dkp();
    const { output } = rotate(["--now", "--yes"], {
      ...more,
      HOME: deployments.path,
      TMPDIR: deployments.path,
    });
    expect(reported(output)).toEqual([0, "replace"]);
    const { secretAccessKey } = dkp();
    await aws.accepts(dkp());
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

  it("asks for an answer where no option gives it, and refuses another context, with nothing changed", async () => {
    await aws.changes();
    expect([rotate([]).status, rotate(["--context", "prod", "--yes"]).status]).toEqual([0, 1]);
    expect(await aws.changes()).toEqual([]);
  });

  it("names the program that wrote an older key back, and retires nothing", async () => {
    await aws.changes();
    const before = dkp();
    give(former);
    const { output } = rotate();
    expect(reported(output)).toEqual([2, "younger-used"]);
    expect(output).toMatch(
      /; kubectl-client-side-apply wrote the Secret of DKP last, on 20\d\d-\d\d-\d\d \d\d:\d\d UTC/,
    );
    expect(await aws.changes()).toEqual([]);
    give(before);
  });

  // One prefix, user and Region: the settings of one deployment, the cluster and the credentials of
  // another one.
  const S = "deckhouse";
  const P = "production";
  it.each<readonly [settings: Stack, cluster: Stack, profile: Stack]>([
    [S, P, S],
    [S, S, P],
    [S, P, P],
    [P, S, P],
    [P, P, S],
    [P, S, S],
  ])(
    "changes nothing with the settings of %s, the cluster of %s and the profile of %s",
    async (stack, of, profile) => {
      const before = cluster.document().toString();
      const keys = { [S]: dkp(), [P]: production.key };
      give(keys[of]);
      const given = cluster.document();
      await aws.changes();
      const principal = profile === S ? responder : production.responder;
      const response = [3, "--context", "dev", "--leaked", keys[stack].accessKeyId] as const;
      // In its own account, the response ends the leaked key.
      const runs = [[3, "--now"] as const, ...(stack === profile ? [] : [response])];
      for (const [code, ...what] of runs) {
        const { status, output } = runIn(
          deployments.path,
          environment({}, principal),
          ...DKP_ACCESS,
          "rotate",
          stack,
          "--cluster",
          "--yes",
          ...what,
        );
        expect({ status, output }).toEqual(
          ended(
            code,
            stack === profile
              ? `accountId: the settings have ${ACCOUNTS[stack]}, and the cluster of dev has ${ACCOUNTS[of]}, as its key ${keys[of].accessKeyId} shows; this is another cluster: name another --context or stack`
              : `accountId: the settings have ${ACCOUNTS[stack]}, and the credentials are of ${ACCOUNTS[profile]}; `,
          ),
        );
      }
      expect([await aws.changes(), cluster.document()]).toEqual([[], given]);
      cluster.setDocument(before);
    },
  );

  it("gives one of two keys that runs at the same time create", async () => {
    for (let day = 0; day < 14; day += 1) {
      await aws.passDay();
      await aws.accepts(dkp());
    }
    // The former key is deactivated, and deleted because another one needs the room.
    expect([reported(rotate().output), await keyCount()]).toEqual([[0, "deactivate"], 2]);
    const runs = [0, 1].map(() =>
      startIn(deployments.path, environment(), ...ARGS, "--now", "--yes"),
    );
    const ends = (await Promise.all(runs)).map(({ status }) => status);
    expect(ends).toContain(0);
    expect([await keyCount(), await aws.accepts(dkp())]).toEqual([2, true]);
  });

  it("may do nothing but that with rotator-policy.json, and give the user permissions with responder-policy.json", async () => {
    const UserName = "deckhouse";
    const abuses = (iam: ReturnType<LocalAws["iam"]>) => ({
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
      "who may assume the node role": () =>
        iam.updateAssumeRolePolicy({
          RoleName: "dev-node",
          PolicyDocument: allowing("sts:AssumeRole"),
        }),
      "policy attached to the node role": () =>
        iam.attachRolePolicy({
          RoleName: "dev-node",
          PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
        }),
      "node role passed to another instance profile": () =>
        iam.addRoleToInstanceProfile({ InstanceProfileName: "mallory", RoleName: "dev-node" }),
      "tags that policies may read": () =>
        iam.tagUser({ UserName, Tags: [{ Key: "admin", Value: "true" }] }),
      "MFA device": () =>
        iam.enableMFADevice({
          UserName,
          SerialNumber: "arn:aws:iam::123456789012:mfa/mallory",
          AuthenticationCode1: "123456",
          AuthenticationCode2: "654321",
        }),
    });
    const possible = async (principal: Credentials) => {
      const tried = Object.entries(abuses(aws.iam(principal)));
      expect(tried).toHaveLength(20);
      const found: string[] = [];
      for (const [name, abuse] of tried) {
        await aws.decisions();
        await succeeds(abuse());
        const isAllowed = (await aws.decisions()).every(({ allowed }) => allowed);
        found.push(...(isAllowed ? [name] : []));
      }
      return found;
    };
    expect([await possible(rotator), await possible(responder)]).toEqual([[], ["inline policy"]]);
    await aws.iam().deleteUserPolicy({ UserName, PolicyName: "a" });
  });

  it("ends a leaked key of DKP with one command, after DKP got another one", async () => {
    const leaked = dkp();
    await aws.calls();
    const { status, output } = run(["--context", "dev", "--leaked", leaked.accessKeyId], responder);
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
      2,
    ]);
    // The former key did not leak, and was used: a person ends it.
    const other = (await aws.keysOf()).find(({ AccessKeyId }) => AccessKeyId !== dkp().accessKeyId);
    expect(other?.Status).toBe("Active");
    await aws.deleteKey(other?.AccessKeyId);
    const { PolicyDocument } = await aws
      .iam()
      .getUserPolicy({ UserName: "deckhouse", PolicyName: "DenySessionsFromLeakedKey" });
    expect(decodeURIComponent(PolicyDocument ?? "")).toContain("aws:TokenIssueTime");
  });

  it("creates a key for an installation, or for a cluster of Commander", async () => {
    await aws.changes();
    expect(run(["--out", "deployments/deckhouse.yaml"]).output).toContain("exists already");
    expect([run(["--out", "-", "--cluster"]).status, await aws.changes()]).toEqual([1, []]);
    const created = await aws.createKey();
    expect(run(["--out", "provider.yaml"]).output).toContain("IAM allows no third key");
    await aws.deleteKey(created.accessKeyId);
    expect(reported(run(["--out", "provider.yaml"]).output)).toEqual([0, "new-key"]);
    const { accessKeyId } = keyIn(readFileSync(join(deployments.path, "provider.yaml"), "utf8"));
    await aws.deleteKey(accessKeyId);
  });

  it("passes another key to Commander before the leaked one ends, in one command", async () => {
    const leaked = dkp();
    const file = join(deployments.path, "provider.yaml");
    const respond = (id: string, ...args: readonly string[]) =>
      run(["--leaked", id, ...args], responder);
    await aws.changes();
    rmSync(file, { force: true });
    const elsewhere = respond(leaked.accessKeyId, "--out", "provider.yaml");
    expect(reported(elsewhere.output)).toEqual([
      ...[3, "leak-new-key", "sessions-denied", "leaked-deleted"],
    ]);
    expect(await aws.changes()).toEqual([
      ...["CreateAccessKey", "UpdateAccessKey", "PutUserPolicy", "DeleteAccessKey"],
    ]);
    // Commander's converge.
    cluster.setCommander(true);
    give(keyIn(readFileSync(file, "utf8")));
    expect([await aws.accepts(leaked), await aws.accepts(dkp())]).toEqual([false, true]);

    // Its cluster is not written to, and the leaked key ends all the same.
    const before = cluster.document();
    const inCluster = respond(dkp().accessKeyId, "--cluster");
    expect(reported(inCluster.output)).toEqual([
      ...[3, "not-given", "sessions-denied", "leaked-deleted"],
    ]);
    expect(inCluster.output).toMatch(/npx dkp-access rotate deckhouse --leaked \w+ --out FILE/);
    expect([cluster.document(), await keyCount()]).toEqual([before, 0]);
    cluster.setCommander(false);
    give(await aws.createKey());
  });

  it("ends it without the cluster too, with exit code 3, and gives DKP another key then", async () => {
    const leaked = dkp();
    const { status } = run(["--leaked", leaked.accessKeyId], responder);
    expect([status, await aws.accepts(leaked), await keyCount()]).toEqual([3, false, 0]);
    const UserName = "deckhouse";
    for (const { accessKeyId } of [await aws.createKey(), await aws.createKey()]) {
      const inactive = { UserName, AccessKeyId: accessKeyId, Status: "Inactive" } as const;
      await aws.iam().updateAccessKey(inactive);
    }
    const replace = ["--yes", "--replaces", leaked.accessKeyId, "--context", "dev"];
    const start = (args: readonly string[], principal = rotator) =>
      startIn(deployments.path, environment({}, principal), ...ARGS, ...args);
    const [unnamed, failed] = await Promise.all([start(["--yes"]), start(replace, keeper)]);
    expect(reported(unnamed.output)).toEqual([3, "dkp-key-dead"]);
    // DKP has no key that works.
    expect([failed.status, await keyCount()]).toEqual([3, 2]);
    expect(reported(rotate(replace).output)).toEqual([2, "delete-for-room", "replace-dead"]);
    expect(await aws.accepts(dkp())).toBe(true);
  });
});
