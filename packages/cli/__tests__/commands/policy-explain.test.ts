import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { projectForEach } from "../../../../__tests__/helpers/folder";
import { runCli } from "../../../../__tests__/helpers/run-cli";

const SETTINGS = `region: eu-central-1
backend: { local: {} }
accountId: "123456789012"
policy: { mode: scoped }
cluster: { prefix: dev, layout: Standard }
`;
const ENCODED = "-ZFWpTAk0R8UY8UlUsRRlLUZAVmwySdvwqhA2CamzF9oMwXecheDrazlEU0CmT1J";
const DENIED = `An error occurred (UnauthorizedOperation) when calling the RunInstances operation: You are not authorized to perform this operation. Encoded authorization failure message: ${ENCODED}`;
const DECODED = JSON.stringify({
  allowed: false,
  explicitDeny: false,
  context: { action: "iam:PassRole", resource: "arn:aws:iam::123456789012:role/prod-node" },
});

describe("dkp-access policy --explain", () => {
  const { at } = projectForEach(SETTINGS);
  const explain = (...args: string[]) => runCli(at(), ["policy", "dev", "--explain", ...args]);
  const environment = { ...process.env };
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    asked.push(await text(request));
    const result = `<DecodedMessage>${DECODED.replaceAll('"', "&quot;")}</DecodedMessage>`;
    response.setHeader("Content-Type", "text/xml");
    response.end(
      `<DecodeAuthorizationMessageResponse><DecodeAuthorizationMessageResult>${result}</DecodeAuthorizationMessageResult></DecodeAuthorizationMessageResponse>`,
    );
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { readonly port: number };
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_EC2_METADATA_DISABLED: "true",
    });
  });
  beforeEach(() => {
    asked.length = 0;
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" });
  });
  afterAll(() => {
    process.env = environment;
    server.close();
  });

  it("answers first, and then shows the row of the action", async () => {
    const { status, stdout } = await explain("ec2:StopInstances");
    expect({ status, lines: stdout.split("\n").slice(0, 4) }).toEqual({
      status: 0,
      lines: [
        "not in the policy: the policy does not allow ec2:StopInstances, which DKP calls only with features: [instance-type-change]",
        "  -> if the cluster has that, write it into the settings of dev, and apply",
        "",
        "ec2:StopInstances (Write)",
      ],
    });
  });

  it("ends with 1 where the answer is for another action than that of the text", async () => {
    const { status, stdout } = await explain("ec2:RunInstance");
    expect({ status, line: stdout.split("\n")[0] }).toEqual({
      status: 1,
      line: "AWS has no action ec2:RunInstance; the nearest is ec2:RunInstances:",
    });
  });

  it("prints the answer as JSON", async () => {
    const printed = JSON.parse((await explain("iam:CreateUser", "--format", "json")).stdout);
    expect(printed).toMatchObject({
      verdict: "unknown action",
      request: { action: "iam:CreateUser" },
    });
  });

  it("reads a message from standard input", async () => {
    const { stdout } = await runCli(
      at(),
      ["policy", "dev", "--explain", "-"],
      {},
      undefined,
      "│ DescribeVpcs is not allowed\n",
    );
    expect(stdout).toMatch(/^allowed: the policy allows ec2:DescribeVpcs; /);
  });

  it("decodes an encoded message with the credentials at hand", async () => {
    const { stdout } = await explain(DENIED);
    expect(stdout).toMatch(
      /^another resource: the policy allows iam:PassRole, but not on arn:aws:iam::123456789012:role\/prod-node; /,
    );
    expect(asked).toEqual([expect.stringContaining(`EncodedMessage=${ENCODED}`)]);
  });

  it("does not call AWS for a message that names the resource", async () => {
    await explain(
      `User is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:eu-central-1::image/ami-1. ${DENIED}`,
    );
    expect(asked).toEqual([]);
  });

  it("prints the command that decodes the message if there are no credentials", async () => {
    for (const name of Object.keys(process.env).filter((key) =>
      /^AWS_(?:ACCESS|SECRET|PROFILE)/.test(key),
    )) {
      delete process.env[name];
    }
    Object.assign(process.env, {
      AWS_SHARED_CREDENTIALS_FILE: at("none"),
      AWS_CONFIG_FILE: at("none"),
    });
    const { status, stdout, stderr } = await explain(DENIED);
    expect({ status, asked }).toEqual({ status: 0, asked: [] });
    expect(stdout).toMatch(/^allowed: the policy allows ec2:RunInstances; /);
    expect(stderr).toContain(
      `note: the encoded message was not decoded (CredentialsProviderError). With the permission sts:DecodeAuthorizationMessage, run this, and give its output to --explain:
  aws sts decode-authorization-message --query=DecodedMessage --output=text --encoded-message=${ENCODED}\n`,
    );
  });

  it("rejects a text without an action, and does not repeat it", async () => {
    const { status, stdout, stderr } = await explain("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "--explain: the text is neither a message of AWS nor one action; give the whole message, or one action such as ec2:RunInstances\n",
    });
  });
});
