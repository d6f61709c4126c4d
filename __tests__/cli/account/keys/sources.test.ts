import { chmodSync } from "node:fs";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { erroredState, keySituation } from "../../../../src/cli/account/keys/sources";
import { terraformCli } from "../../../../src/cli/terraform/terraform-cli";
import { deployment } from "../../../helpers/deployment";
import { folderForEach } from "../../../helpers/folder";

const errorOf = (code: string) => `<ErrorResponse><Error><Code>${code}</Code><Message>why</Message></Error></ErrorResponse>`;
const IDENTITY =
  "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
const LAST_USED =
  "<GetAccessKeyLastUsedResponse><GetAccessKeyLastUsedResult><UserName>bob</UserName></GetAccessKeyLastUsedResult></GetAccessKeyLastUsedResponse>";

describe("errored.tfstate", () => {
  const { at, write } = folderForEach();
  const state = (serial: number, lineage?: string) => JSON.stringify({ version: 4, serial, lineage });

  it("is absent after an apply that wrote its state", () => {
    expect(erroredState(at(), state(7, "ours"))).toBeUndefined();
  });

  it.each([
    ["errored-state", "a later serial", state(8, "ours")],
    ["errored-state-other", "the same serial: the state was written after all", state(7, "ours")],
    ["errored-state-other", "an earlier serial", state(6, "ours")],
    ["errored-state-other", "another lineage, whatever its serial", state(8, "another")],
    ["errored-state", "no lineage, and a later serial", state(8)],
  ])("is %s with %s", (expected, _, errored) => {
    write({ "errored.tfstate": errored });
    expect(erroredState(at(), state(7, "ours"))).toBe(expected);
  });
});

describe("the owner of a key", () => {
  const environment = { ...process.env };
  const { at, write } = folderForEach();
  const id = "AKIA7EXAMPLE7EXAMPLE";
  let lastUsed = { status: 403, body: "" };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const isOfKey = body.includes("Action=GetAccessKeyLastUsed");
    const other = body.includes("Action=GetCallerIdentity")
      ? { status: 200, body: IDENTITY }
      : { status: 404, body: errorOf("NoSuchEntity") };
    const answer = isOfKey ? lastUsed : other;
    response.writeHead(answer.status, { "Content-Type": "text/xml" }).end(answer.body);
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

  const situation = () => {
    write({ terraform: "#!/bin/sh\n", "stacks/dev/cdk.tf.json": "{}", "stacks/dev/.terraform/": "" });
    chmodSync(at("terraform"), 0o755);
    const terraform = terraformCli({ TERRAFORM_BINARY_NAME: at("terraform") }, () => {});
    const given = { ...deployment(`import: { accessKeyId: ${id} }`), stack: "dev" };
    return keySituation(given, { terraform, output: at(), limit: 20 });
  };

  it("is unknown where IAM denies the call, as for a key that nobody has, and nothing is unread", async () => {
    lastUsed = { status: 403, body: errorOf("AccessDenied") };
    expect(await situation()).toMatchObject({ iam: { exists: false, owners: {} }, unread: [] });
  });

  it("is the user that IAM names", async () => {
    lastUsed = { status: 200, body: LAST_USED };
    expect((await situation()).iam.owners).toEqual({ [id]: "bob" });
  });

  it("ends the command where the call fails in another way", async () => {
    lastUsed = { status: 400, body: errorOf("InvalidClientTokenId") };
    await expect(situation()).rejects.toThrow("cannot be read: iam:GetAccessKeyLastUsed: InvalidClientTokenId");
  });
});
