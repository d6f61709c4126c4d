import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { projectForEach, SETTINGS } from "../../helpers/folder";
import { runCli } from "../../helpers/run-cli";
import { OLD_KEY, standInCluster } from "../../helpers/stand-in-cluster";

const NEW_KEY = "AKIAI44QH8DHBEXAMPLE";
const memberOf = (id: string, status: string) =>
  `<AccessKeyId>${id}</AccessKeyId><Status>${status}</Status><CreateDate>2026-01-01T00:00:00Z</CreateDate>`;

describe("dkp-access rotate", () => {
  const { at } = projectForEach(
    `${SETTINGS}accountId: "123456789012"
cluster: { prefix: dev }
accessKeys: { managedBy: rotate, maxAge: 90 }
`,
  );
  const environment = { ...process.env };
  let isCreated = false;
  let denied = "";
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
    GetAccessKeyLastUsed: () => "<UserName>deckhouse</UserName>",
    CreateAccessKey: () => {
      isCreated = true;
      const key = memberOf(NEW_KEY, "Active");
      return `<AccessKey>${key}<SecretAccessKey>secret</SecretAccessKey></AccessKey>`;
    },
  };
  const server = createServer(async (request, response) => {
    const action = new URLSearchParams(await text(request)).get("Action") ?? "";
    response.setHeader("Content-Type", "text/xml");
    if (action === denied) {
      response.writeHead(403);
      response.end(
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>",
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
    expect(await rotate(...answer)).toMatchObject({ status: 3, stdout: "" });
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

  it("ends with 3 where the response to a leak has not ended", async () => {
    denied = "PutUserPolicy";
    expect(await rotate("--leaked", OLD_KEY)).toMatchObject({
      status: 3,
      stdout: "",
      stderr: expect.stringMatching(
        /^no; the response has not ended; correct this, and run the command again$/m,
      ),
    });
  });
});
