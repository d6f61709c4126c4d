import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Aws } from "../../../../src/cli/account/aws/client";

const page = (id: string, more: string) =>
  `<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>${id}</AccessKeyId></member></AccessKeyMetadata>${more}</ListAccessKeysResult></ListAccessKeysResponse>`;
const REFUSED =
  "<Response><Errors><Error><Code>DryRunOperation</Code><Message>would have succeeded</Message></Error></Errors></Response>";

describe("calls of AWS", () => {
  const environment = { ...process.env };
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    response.setHeader("Content-Type", body.includes("GetUser") ? "text/html" : "text/xml");
    if (body.includes("GetGroup")) {
      return;
    }
    if (body.includes("CreateVpc")) {
      response.writeHead(412).end(REFUSED);
    } else if (body.includes("GetRole")) {
      response.writeHead(403).end("<!DOCTYPE html><html><body>Sign in</body></html>");
    } else {
      response.end(
        body.includes("Marker=2") ? page("second", "") : page("first", "<IsTruncated>true</IsTruncated><Marker>2</Marker>"),
      );
    }
  });
  const aws = new Aws({ alwaysOnRegion: "us-east-1", signal: new AbortController().signal, limit: 5 });

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

  it("read a list to its last page", async () => {
    const pages = await aws.call("iam:ListAccessKeys", { UserName: "deckhouse" }, "us-east-1");
    expect(pages.map(({ AccessKeyMetadata = [] }) => AccessKeyMetadata[0]?.AccessKeyId)).toEqual(["first", "second"]);
  });

  it("end with the time limit, whether AWS answers or not", async () => {
    const controller = new AbortController();
    const patient = new Aws({ alwaysOnRegion: "us-east-1", signal: controller.signal, limit: 5 });
    const call = patient.call("iam:GetGroup", { GroupName: "dkp" }, "us-east-1");
    controller.abort();
    await expect(call).rejects.toMatchObject({ code: "timed out", message: "no answer within 5 s" });
    await expect(patient.dryRun("CreateVpc", {}, "eu-central-1")).rejects.toMatchObject({ code: "timed out" });
  });

  it.each([
    ["a page that something else than AWS sends", "iam:GetUser", "unreachable"],
    ["an error without a code", "iam:GetRole", "HTTP 403"],
  ] as const)("reject %s", async (_, action, code) => {
    await expect(aws.call(action, {} as never, "us-east-1")).rejects.toMatchObject({ code });
  });

  it("of a dry run are sent as one", async () => {
    expect(await aws.dryRun("CreateVpc", { CidrBlock: "10.0.0.0/16" }, "eu-central-1")).toMatchObject({
      code: "DryRunOperation",
    });
    expect(bodies.at(-1)).toContain("DryRun=true");
  });
});
