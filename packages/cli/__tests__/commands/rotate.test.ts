import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { projectForEach, SETTINGS } from "../../../../__tests__/helpers/folder";
import { runCli } from "../../../../__tests__/helpers/run-cli";
import {
  CONFIGURATION,
  OLD_KEY,
  standInCluster,
} from "../../../../__tests__/helpers/stand-in-cluster";

const NEW_KEY = "AKIAI44QH8DHBEXAMPLE";
const memberOf = (id: string, status: string) =>
  `<AccessKeyId>${id}</AccessKeyId><Status>${status}</Status><CreateDate>2026-01-01T00:00:00Z</CreateDate>`;

describe("dkp-access rotate", () => {
  const { at, write } = projectForEach(
    `${SETTINGS}accountId: "123456789012"
cluster: { prefix: dev }
accessKeys: { managedBy: rotate, maxAge: 90 }
`,
  );
  const environment = { ...process.env };
  let isCreated = false;
  let denied = "";
  let code = "AccessDenied";
  const calls: string[] = [];
  const results: Readonly<Record<string, () => string>> = {
    GetCallerIdentity: () => "<Account>123456789012</Account>",
    ListAccessKeys: () => {
      const keys = [
        memberOf(OLD_KEY, "Inactive"),
        ...(isCreated ? [memberOf(NEW_KEY, "Active")] : []),
      ];
      const members = keys.map((key) => `<member>${key}</member>`).join("");
      return `<AccessKeyMetadata>${members}</AccessKeyMetadata>`;
    },
    UpdateAccessKey: () => "",
    DeleteAccessKey: () => "",
    PutUserPolicy: () => "",
    GetAccessKeyLastUsed: () => "<UserName>deckhouse</UserName>",
    CreateAccessKey: () => {
      isCreated = true;
      const key = memberOf(NEW_KEY, "Active");
      return `<AccessKey>${key}<SecretAccessKey>secret</SecretAccessKey></AccessKey>`;
    },
  };
  const server = createServer(async (request, response) => {
    const action = new URLSearchParams(await text(request)).get("Action") ?? "";
    calls.push(action);
    response.setHeader("Content-Type", "text/xml");
    if (action === denied) {
      response.writeHead(403);
      response.end(
        `<ErrorResponse><Error><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`,
      );
      return;
    }
    const result = `<${action}Result>${results[action]?.()}</${action}Result>`;
    response.end(`<${action}Response>${result}</${action}Response>`);
  });
  const rotate = (...args: readonly string[]) =>
    runCli(at(), ["rotate", "--yes", "--format", "json", ...args], {
      PATH: process.env.PATH ?? "",
      ...standInCluster(at("d8")),
    });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    const credentials = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" };
    Object.assign(process.env, credentials, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
  });

  afterAll(() => {
    process.env = environment;
    server.closeAllConnections();
    server.close();
  });

  it("ends with 3 while DKP has no key that works, and with the code of its report afterwards", async () => {
    denied = "CreateAccessKey";
    const answer = ["--context", "dev", "--replaces", OLD_KEY];
    expect(await rotate(...answer)).toMatchObject({
      status: 3,
      stdout: "",
      stderr:
        "iam:CreateAccessKey: no; allow what rotator-policy.json of the review pack has, for --leaked responder-policy.json\n",
    });
    denied = "";
    const { status, stdout } = await rotate(...answer);
    expect(JSON.parse(stdout)).toMatchObject({ exitCode: status, given: NEW_KEY });
    expect(status).toBe(2);
  });

  it("replaces no key that does not work without its ID and the context", async () => {
    isCreated = false;
    const { status, stdout } = await rotate("--cluster");
    const [finding] = JSON.parse(stdout).findings;
    expect([status, finding.rule, isCreated]).toEqual([3, "dkp-key-dead", false]);
    expect(await rotate("--replaces", OLD_KEY)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining(`name both: --replaces ${OLD_KEY} --context dev\n`),
    });
    expect(isCreated).toBe(false);
  });

  it("changes nothing for a user that IAM does not have, whoever answers", async () => {
    [denied, code] = ["ListAccessKeys", "NoSuchEntity"];
    calls.splice(0);
    const { status, stdout } = await rotate("--context", "dev", "--replaces", OLD_KEY);
    [denied, code] = ["", "AccessDenied"];
    expect([status, JSON.parse(stdout).findings[0].rule]).toEqual([3, "dkp-key-dead"]);
    expect(new Set(calls)).toEqual(new Set(["GetCallerIdentity", "ListAccessKeys"]));
  });

  it("ends like keys and drift where the cluster does not answer", async () => {
    const env = { PATH: process.env.PATH ?? "", D8_BINARY_NAME: at("d8/d8") };
    standInCluster(at("d8"), { "failures/k get": "Unable to connect to the server" });
    for (const command of ["rotate", "keys", "drift"]) {
      const { status, stderr } = await runCli(at(), [command, "dev", "--cluster"], env);
      expect([status, stderr]).toEqual([
        1,
        "the cluster does not answer; check the network, the VPN and the kubeconfig\n",
      ]);
    }
    rmSync(at("d8/failures"), { recursive: true });
  });

  describe("with --leaked", () => {
    const FILE = "deployments/dev.yaml";
    const UNKNOWN = "AKIAIOSFODNN7EXAMPL2";
    const respond = (args: readonly string[], input?: string) => {
      const given = ["rotate", "--format", "json", "--leaked", OLD_KEY, ...args];
      const env = { PATH: process.env.PATH ?? "", D8_BINARY_NAME: at("d8/d8") };
      return runCli(at(), given, env, "20.9.0", input, input !== undefined);
    };
    const rulesOf = (stdout: string) =>
      JSON.parse(stdout).findings.map(({ rule }: { readonly rule: string }) => rule);
    const ENDED = ["sessions-denied", "leaked-deleted"];

    beforeEach(() => {
      isCreated = false;
      denied = "";
      calls.splice(0);
      standInCluster(at("d8"), { view: "https://10.0.0.1:6443\n" });
    });

    it("ends with 3 where the response has not ended", async () => {
      denied = "PutUserPolicy";
      expect(await respond(["--yes"])).toMatchObject({
        status: 3,
        stdout: "",
        stderr: expect.stringMatching(
          /^iam:PutUserPolicy: no; allow .* responder-policy\.json; the response has not ended; correct this, and run the command again$/m,
        ),
      });
    });

    it.each([
      ["ListAccessKeys", []],
      ["GetCallerIdentity", []],
      ["GetAccessKeyLastUsed", []],
      ["CreateAccessKey", ["--cluster", "--context", "dev"]],
      ["", ["--cluster", "--context", "other"]],
      ["", ["--out", "rotate-folder/that/is/missing"]],
    ] as const)("ends the leaked key where AWS refuses %s, with %j", async (action, args) => {
      denied = action;
      const { status, stdout } = await respond(["--yes", ...args]);
      expect([status, rulesOf(stdout)]).toEqual([3, ["not-given", ...ENDED]]);
      expect(calls).toEqual(expect.arrayContaining(["UpdateAccessKey", "DeleteAccessKey"]));
    });

    it("works whoever manages the keys, and without accountId and cluster.prefix", async () => {
      for (const managedBy of ["none", "terraform"]) {
        write({ [FILE]: `${SETTINGS}accessKeys: { managedBy: ${managedBy} }\n` });
        const { status, stdout } = await respond(["--yes"]);
        expect([status, rulesOf(stdout).slice(1, 3)]).toEqual([3, ENDED]);
      }
    });

    it.each([
      ["a policy that does not exist", "policy: { mode: maximal }"],
      ["an unknown setting", "usr: { name: deckhouse }"],
      ["no state", "backend: {}"],
      ["an account that is none", "accountId: none"],
      ["a prefix that is none", "cluster: { prefix: 1, layout: none }"],
      ["an age that is too short", "accessKeys: { managedBy: rotate, maxAge: 1 }"],
      ["another manager", "accessKeys: { managedBy: nobody }"],
      ["networks of the user that are none", "user: { name: deckhouse, allowedNetworks: 1 }"],
      ["a profile that is none", "provider: { profile: 1 }"],
    ])("works with settings that have %s", async (_, settings) => {
      const given = settings.startsWith("backend") ? "region: eu-central-1\n" : SETTINGS;
      write({ [FILE]: `${given}${settings}\n` });
      const { status, stdout, stderr } = await respond(["--yes"]);
      expect([status, rulesOf(stdout).slice(1, 3)]).toEqual([3, ENDED]);
      expect(stderr).toMatch(/^warning: continuing with dev: the user deckhouse, eu-central-1$/m);
    });

    it("gives no key, and ends none, without a Region and a user in the settings", async () => {
      for (const settings of [
        "region: nowhere",
        `${SETTINGS}user: { name: "a b" }`,
        "- a",
        ": :",
      ]) {
        write({ [FILE]: `${settings}\n` });
        const { status, stderr } = await respond(["--yes"]);
        expect([status, stderr]).toEqual([3, expect.stringContaining(`${FILE} has `)]);
      }
      expect(calls).toEqual([]);
    });

    it("gives nothing to another cluster, and none without a terminal or the name of the context", async () => {
      const unnamed = await respond(["--yes", "--cluster"]);
      expect([unnamed.status, rulesOf(unnamed.stdout)]).toEqual([3, ["not-given", ...ENDED]]);
      expect(unnamed.stdout).toContain(`rotate dev --leaked ${OLD_KEY} --cluster --context dev"`);
      write({ "d8/cluster-configuration": "cloud: { prefix: prod }\n" });
      const other = await respond(["--yes", "--cluster", "--context", "dev"]);
      expect([other.status, rulesOf(other.stdout)]).toEqual([3, ["not-given", ...ENDED]]);
      // A key that works there says nothing about DKP's.
      isCreated = true;
      const configuration = CONFIGURATION.replace(OLD_KEY, NEW_KEY);
      write({ "d8/provider-cluster-configuration": configuration });
      expect((await respond(["--yes", "--cluster", "--context", "dev"])).status).toBe(3);
      expect(calls).not.toContain("CreateAccessKey");
    });

    it("asks at a terminal until the name of the context is typed, beside what shows which cluster it is", async () => {
      const typed = await respond(["--cluster"], "yes\nprod\ndev\n");
      expect([typed.status, rulesOf(typed.stdout)]).toEqual([0, ["given", ...ENDED]]);
      expect(typed.stderr).toContain("the cluster dev (context dev, https://10.0.0.1:6443)");
      expect(typed.stderr.match(/Type dev, /g)).toHaveLength(3);
    });

    it("only ends the leaked key after contain, and changes nothing without an answer", async () => {
      const contained = await respond(["--cluster"], "contain\n");
      expect([contained.status, rulesOf(contained.stdout)]).toEqual([3, ["not-given", ...ENDED]]);
      expect(calls).not.toContain("CreateAccessKey");
      calls.splice(0);
      const unanswered = await respond(["--cluster", "--yes"], "yes\n");
      expect([unanswered.status, unanswered.stderr]).toEqual([
        3,
        expect.stringContaining("nothing was changed: the input ended without an answer"),
      ]);
      expect(calls.filter((call) => !/^(Get|List)/.test(call))).toEqual([]);
    });

    it("changes nothing in another account than that of the settings, unless its user has the key", async () => {
      denied = "GetAccessKeyLastUsed";
      write({ [FILE]: `${SETTINGS}accountId: "210987654321"\n` });
      const args = ["rotate", "--yes", "--leaked", UNKNOWN];
      expect(await runCli(at(), args, { PATH: process.env.PATH ?? "" })).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("accountId: the settings have 210987654321"),
      });
      expect(calls).not.toContain("PutUserPolicy");
      denied = "";
      const { stdout } = await respond(["--yes"]);
      expect(rulesOf(stdout)).toEqual(expect.arrayContaining(ENDED));
    });

    it("ends with 3 also where it cannot begin, because a leaked key may work", async () => {
      write({ [FILE]: "region: nowhere\n" });
      expect((await respond(["--yes"])).status).toBe(3);
      write({ [FILE]: SETTINGS });
      expect(await respond([])).toMatchObject({
        status: 3,
        stderr: expect.stringContaining("nothing was changed: there is no terminal to ask at"),
      });
    });

    it("writes the block alone to a pipe", async () => {
      const { status, stdout, stderr } = await respond(["--yes", "--out", "-"]);
      expect([status, rulesOf(/^\{.*^\}/ms.exec(stderr)?.[0] ?? "")]).toEqual([
        3,
        ["leak-new-key", ...ENDED],
      ]);
      expect(stdout).toMatch(/^# .*\n|^provider:\n/);
      expect(stderr).not.toContain("providerSecretAccessKey");
    });
  });
});
