import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parse, parseDocument } from "yaml";
import { deployment } from "../helpers/deployment";
import { PROJECT } from "../helpers/project-root";
import { requiredRequests } from "../helpers/required-requests";
import { allowing, type Credentials, LocalAws } from "./support/local-aws";
import { folder } from "./support/project";
import { ended, mustSucceed, PROGRAM, runIn, startIn } from "./support/terraform";
import { YearAccount } from "./support/year-account";

/** npx runs the program as the package has it. */
const PROGRAMS = {
  npx: `#!/bin/sh\nif [ "$1" = --no ]; then shift; fi\nshift\nexec '${process.execPath}' '${PROGRAM}' "$@"\n`,
};
const GIT = "git -c user.name=owner -c user.email=owner@example.com";
/** Also after the deployment has another name. */
const STATE = "terraform.prod.tfstate";
const FIRST = [2, "4 to add, 0 to change, 0 to destroy"];
const NOTHING = [0, "No changes"];

describe("A year of the access of a DKP cluster to AWS", () => {
  let account: YearAccount;
  let name: string;
  let repository: string;
  let environment: Record<string, string>;
  let dkp: Credentials | undefined;
  const ended: Credentials[] = [];

  const settingsFile = (stack: string) => join(repository, `deployments/${stack}.yaml`);
  const read = (path: string) => readFileSync(join(repository, path), "utf8");
  const attempt = (...lines: readonly string[]) =>
    runIn(repository, environment, "sh", "-ec", lines.join("\n"));
  const run = (...lines: readonly string[]) => {
    return mustSucceed(attempt(...lines));
  };
  /** The owner changes settings, or removes undefined ones, and keeps the comments. */
  const change = (stack: string, settings: Readonly<Record<string, unknown>>) => {
    const document = parseDocument(readFileSync(settingsFile(stack), "utf8"));
    for (const [setting, value] of Object.entries(settings)) {
      const path = setting.split(".");
      document[value === undefined ? "deleteIn" : "setIn"](path, value);
    }
    writeFileSync(settingsFile(stack), document.toString());
  };
  const commit = (message: string) =>
    run("npx dkp-access review", "git add --all", `${GIT} commit --quiet -m '${message}'`);
  const report = (command: string) => {
    const args = ["-c", `npx dkp-access ${command} --format json`];
    const { status, stdout, stderr } = spawnSync("sh", args, {
      cwd: repository,
      env: environment,
      encoding: "utf8",
    });
    mustSucceed({ status: /^[{[]/.test(stdout) ? 0 : status, output: `${stdout}${stderr}` });
    const { findings, digest = "" } = JSON.parse(stdout) as {
      readonly findings: readonly { readonly rule: string; readonly level: string }[];
      readonly digest?: string;
    };
    const rules = findings.filter(({ level }) => level !== "note").map(({ rule }) => rule);
    return { exitCode: status, rules: [...new Set(rules)].sort(), stderr, digest };
  };
  const reported = (command: string) => {
    const { exitCode, rules } = report(command);
    return [exitCode, ...rules];
  };
  let approved = "";
  const planned = (stack: string) => {
    const { exitCode, rules, stderr, digest } = report(`plan ${stack}`);
    approved = `--approved ${digest} --accept ${exitCode}`;
    const [, plan] =
      /^(?:Plan: )?(\d+ to add.*(?=\.)|No changes|Changes to Outputs)/m.exec(stderr) ?? [];
    return [exitCode, plan, ...rules];
  };
  const apply = (stack: string) => run(`npx dkp-access apply ${stack} ${approved}`);
  const keyOf = (block: string) => {
    const { provider } = parse(block);
    return {
      accessKeyId: provider.providerAccessKeyId,
      secretAccessKey: provider.providerSecretAccessKey,
    };
  };
  const handedOver = (stack: string) => {
    run("rm -f provider.yaml", `npx dkp-access hand-over ${stack} --out provider.yaml`);
    return keyOf(read("provider.yaml"));
  };
  beforeAll(async () => {
    account = await YearAccount.open(process.env);
    name = `dkp-year-${account.suffix}`;
    repository = join(folder(), "acme");
    const [programs, given] = [folder(PROGRAMS), account.environment()];
    chmodSync(join(programs, "npx"), 0o755);
    environment = {
      ...given,
      PATH: `${programs}:${given.PATH}`,
      AWS_DEFAULT_REGION: "eu-central-1",
      TF_CLI_ARGS_apply: "-auto-approve",
    };
  });

  afterAll(async () => {
    await account?.close();
  });

  afterEach(async () => {
    const works = dkp === undefined || (await account.accepts(dkp));
    const again: string[] = [];
    for (const key of ended) {
      again.push(...((await account.accepts(key, false)) ? [key.accessKeyId] : []));
    }
    expect({ works, again }).toEqual({ works: true, again: [] });
  });

  it("In January, init writes a repository, and its owner fills in the settings and commits their review pack", () => {
    mustSucceed(
      runIn(
        folder(),
        environment,
        "npx",
        "--no",
        "dkp-access",
        "init",
        repository,
        "--stack",
        "prod",
      ),
    );
    change("prod", {
      accountId: account.id,
      backend: { local: {} },
      user: { name },
      policy: { name, mode: "documented" },
      accessKeys: undefined,
      "cluster.prefix": name,
    });
    expect(attempt("npx dkp-access review --check").status).toBe(1);
    run("git init --quiet");
    commit("the first deployment");
    expect(attempt("npx dkp-access review --check").status).toBe(0);
  });

  it("The plan adds four objects, which requires attention, and the apply adds just them", () => {
    expect(planned("prod")).toEqual(expect.arrayContaining([...FIRST, "secret-output"]));
    expect(apply("prod")).toContain("Resources: 4 added, 0 changed, 0 destroyed");
    expect(planned("prod")).toEqual(NOTHING);
  });

  it("hand-over writes the key for DKP into a file that only its owner can read and that Git ignores", () => {
    dkp = handedOver("prod");
    expect(statSync(join(repository, "provider.yaml")).mode & 0o777).toBe(0o600);
    expect(run("git status --short")).toBe("");
  });

  it("In February, another team reads the outputs in its own workspace, and its state has the secret too", () => {
    const reader = folder({
      "main.tf": `data "terraform_remote_state" "access" {
  backend = "local"
  config  = { path = ${JSON.stringify(join(repository, STATE))} }
}

output "dkp_provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = data.terraform_remote_state.access.outputs.access_key_id
      providerSecretAccessKey = data.terraform_remote_state.access.outputs.secret_access_key
    }
  })
}
`,
    });
    const commands =
      "terraform init && terraform apply && terraform output -raw dkp_provider > block";
    mustSucceed(runIn(reader, environment, "sh", "-ec", commands));
    expect(keyOf(readFileSync(join(reader, "block"), "utf8"))).toEqual(dkp);
    expect(readFileSync(join(reader, "terraform.tfstate"), "utf8")).toContain(dkp?.secretAccessKey);
  });

  it("In March, a second deployment is rejected with the names of the first one, and applied with its own", () => {
    run("cp deployments/prod.yaml deployments/dev.yaml");
    expect(attempt("npx dkp-access synth").status).toBe(1);
    change("dev", {
      "user.name": `${name}-dev`,
      "policy.name": `${name}-dev`,
      "cluster.prefix": `${name}-dev`,
    });
    commit("the second deployment");
    expect(planned("dev")).toEqual(expect.arrayContaining(FIRST));
    apply("dev");
    expect(planned("prod")).toEqual(NOTHING);
  });

  it.each([
    ["scoped", ["control-policy-changed", "permissions-narrowed"], ["2 to add, 1 to change"]],
    ["minimal", ["permissions-narrowed"], ["0 to add, 2 to change"]],
  ] as const)(
    "In April, the mode becomes %s in place, and allows what DKP requires",
    async (mode, rules, [counts, ...more]) => {
      change("prod", { "policy.mode": mode });
      expect(reported("diff --against HEAD")).toEqual([2, ...rules]);
      commit(mode);
      expect(planned("prod").toSorted()).toEqual(
        [2, `${counts}, 0 to destroy`, "permissions-narrowed", ...more].toSorted(),
      );
      apply("prod");
      const { cluster } = deployment(readFileSync(settingsFile("prod"), "utf8"));
      const environment = { partition: "aws", region: "eu-central-1", account: account.id };
      expect(await account.denied(name, requiredRequests({ mode, environment, cluster }))).toEqual(
        [],
      );
    },
  );

  it("In June, the nodes get a role of their own, which the key may pass from then on", () => {
    change("prod", { nodeRole: { name: `${name}-nodes` }, "cluster.iamNodeRole": `${name}-nodes` });
    expect(reported("diff --against HEAD")).toEqual(
      expect.arrayContaining([2, "permissions-broadened"]),
    );
    commit("a role for the nodes");
    expect(planned("prod")).toEqual([
      2,
      "2 to add, 1 to change, 0 to destroy",
      "permissions-broadened",
      "trust-changed",
    ]);
    apply("prod");
    expect(planned("prod")).toEqual(NOTHING);
  });

  it("In July, rotate takes the key over: Terraform forgets it, and DKP gets another one from a file", async () => {
    const former = dkp as Credentials;
    change("prod", { accessKeys: { managedBy: "rotate" } });
    commit("the keys of rotate");
    expect(planned("prod")).toEqual(expect.arrayContaining([2, "key-forgotten"]));
    apply("prod");
    expect(await account.accepts(former)).toBe(true);
    run("rm -f provider.yaml", "npx dkp-access rotate prod --out provider.yaml --yes");
    dkp = keyOf(read("provider.yaml"));
    expect(attempt("npx dkp-access keys prod").output).toContain(dkp.accessKeyId);
    const ofFormer = { UserName: name, AccessKeyId: former.accessKeyId };
    await account.iam().deleteAccessKey(ofFormer);
    ended.push(former);
    expect(planned("prod")).toEqual(NOTHING);
  });

  it("In August, the key is published by mistake: one command ends it and its sessions, and writes another key for DKP", async () => {
    const key = dkp as Credentials;
    const session = await account.session(key);
    const respond = `npx dkp-access rotate prod --leaked ${key.accessKeyId} --out provider.yaml --yes`;
    const { status, output } = attempt("rm -f provider.yaml", respond);
    expect([
      status,
      await account.accepts(key, false),
      await account.accepts(session, false),
    ]).toEqual([3, false, false]);
    ended.push(key);
    dkp = keyOf(read("provider.yaml"));
    // 36 hours later.
    run(/remove the Deny: (aws .*)/.exec(output)?.[1] ?? "false");
    expect(attempt("npx dkp-access keys prod").status).toBe(0);
    expect(planned("prod")).toEqual(NOTHING);
  });

  it("In September, drift finds the permission that a colleague gave in the console, until the colleague takes it back", async () => {
    expect(reported("drift prod")).toEqual([0]);
    const shortcut = { UserName: name, PolicyName: "shortcut" };
    await account
      .iam()
      .putUserPolicy({ ...shortcut, PolicyDocument: allowing("s3:ListAllMyBuckets") });
    expect(reported("drift prod")).toEqual([2, "permissions-unmanaged"]);
    await account.iam().deleteUserPolicy(shortcut);
    expect(reported("drift prod")).toEqual([0]);
  });

  it("In October, the deployment gets another name, its state stays where it is, and nothing in AWS changes", () => {
    run("git mv deployments/prod.yaml deployments/production.yaml");
    expect(reported("diff --against HEAD")).toEqual(
      expect.arrayContaining([3, "removed-while-protected"]),
    );
    change("production", { backend: { local: { path: STATE } } });
    run("git rm -r --quiet review/prod");
    commit("another name");
    expect(planned("production")).toEqual(NOTHING);
    expect(attempt("npx dkp-access keys production").output).toContain(dkp?.accessKeyId);
  });

  it("In November, the cluster is peered with the VPCs of twenty teams, and one of its policies changes", () => {
    const peeredVPCs = Array.from(
      { length: 20 },
      (_, index) => `vpc-0123456789abc${String(index).padStart(4, "0")}`,
    );
    change("production", { "cluster.peeredVPCs": peeredVPCs });
    expect(reported("diff --against HEAD")).toEqual(
      expect.arrayContaining([2, "permissions-broadened"]),
    );
    commit("peered VPCs");
    expect(planned("production")).toEqual([
      2,
      "0 to add, 1 to change, 0 to destroy",
      "permissions-broadened",
    ]);
    apply("production");
    expect(planned("production")).toEqual(NOTHING);
  });

  it("In December, both deployments are retired: first Terraform refuses, then protect: false lets it destroy everything", async () => {
    expect(
      attempt("terraform -chdir=cdktf.out/stacks/production destroy -auto-approve").status,
    ).toBe(1);
    expect(await account.accepts(dkp as Credentials)).toBe(true);
    // Terraform does not know it.
    await account.iam().deleteAccessKey({ UserName: name, AccessKeyId: dkp?.accessKeyId });
    for (const stack of ["production", "dev"]) {
      change(stack, { protect: false });
      run(
        "npx dkp-access synth",
        `terraform -chdir=cdktf.out/stacks/${stack} destroy -auto-approve`,
      );
    }
    ended.push(dkp as Credentials);
    dkp = undefined;
    expect(await account.close()).toBe("");
  });
});

/**
 * The first events once more as with E2E_AWS, in a process group of its own, where the local AWS is
 * the account.
 */
describe("A year in an account of one's own", () => {
  let aws: LocalAws;

  beforeAll(async () => {
    aws = await LocalAws.start();
  });

  const CONFIG = JSON.stringify({
    rootDir: join(PROJECT, "__tests__/e2e"),
    testMatch: ["**/year.test.ts"],
    transform: { "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" } } }] },
    testTimeout: 900_000,
  });
  const JEST = [
    join(PROJECT, "node_modules/.bin/jest"),
    "--config",
    CONFIG,
    "-i",
    "-t",
    "A year of .*(January|The plan)",
  ];
  const environmentOf = (id: string, confirm = "") => ({
    ...process.env,
    ...aws.environment(),
    E2E_AWS: id,
    E2E_AWS_CONFIRM: confirm,
  });

  it.each([
    [
      "credentials of another account",
      "111111111111",
      "yes",
      "the credentials belong to account 123456789012; nothing was created",
    ],
    ["nobody who confirms", "123456789012", "", "without a terminal, set E2E_AWS_CONFIRM=yes"],
  ])("is refused before anything is created, with %s", async (_, id, confirm, reason) => {
    const { status, output } = await startIn(
      PROJECT,
      environmentOf(id, confirm) as Record<string, string>,
      "setsid",
      ...JEST,
    );
    expect({ status, output }).toEqual(ended(1, reason));
    expect(await aws.changes()).toEqual([]);
  });

  it("leaves nothing behind, also after Ctrl-C", async () => {
    const jest = spawn(process.execPath, JEST, {
      env: environmentOf("123456789012", "yes"),
      detached: true,
      stdio: "ignore",
    });
    const users = async () => (await aws.iam().listUsers({})).Users?.length;
    const until = async (count: number) => {
      // Bounded, so that a year that does not begin, or that nobody removes, fails.
      for (let round = 0; round < 3_000 && (await users()) !== count; round++) {
        await setTimeout(200);
      }
    };
    await until(1);
    process.kill(-(jest.pid ?? 0), "SIGINT");
    await once(jest, "exit");
    await until(0);
    await setTimeout(1_000);
    expect(await aws.iam().listUsers({})).toMatchObject({ Users: [] });
  });
});
