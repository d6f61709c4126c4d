import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Aws } from "../../../../src/cli/account/aws/client";
import type { Action } from "../../../../src/cli/account/aws/operations";
import { DRIFT_ACTIONS } from "../../../../src/cli/account/drift/permissions";

const page = (id: string, more: string) =>
  `<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>${id}</AccessKeyId></member></AccessKeyMetadata>${more}</ListAccessKeysResult></ListAccessKeysResponse>`;
const REFUSED =
  "<Response><Errors><Error><Code>DryRunOperation</Code><Message>would have succeeded</Message></Error></Errors></Response>";

const HTML = "<!DOCTYPE html><html><body>Sign in</body></html>";
/** What proxies, load balancers and captive portals send with the status 200, and the type of XML. */
const NO_ANSWERS = [
  "",
  HTML,
  '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"></html>',
  "<GetSomethingElseResponse></GetSomethingElseResponse>",
  '{"error":"proxy"}',
  "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>",
];

describe("calls of AWS", () => {
  const environment = { ...process.env };
  const bodies: string[] = [];
  let noAnswer: string | undefined;
  let refusal = "";
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    response.setHeader("Content-Type", "text/xml");
    if (noAnswer !== undefined) {
      response.end(noAnswer);
      return;
    }
    if (body.includes("GetGroup")) {
      return;
    }
    if (body.includes("CreateVpc")) {
      response.writeHead(412).end(REFUSED);
    } else if (body.includes("GetRole")) {
      response.writeHead(403).end(refusal);
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

  it.each([HTML, "<html>", "Forbidden", "<ErrorResponse><Error/></ErrorResponse>"])(
    "reject an error without a code: %s",
    async (text) => {
      refusal = text;
      await expect(aws.call("iam:GetRole", {} as never, "us-east-1")).rejects.toMatchObject({ code: "HTTP 403" });
    },
  );

  it.each(NO_ANSWERS)("reject what is no response of AWS, whatever the operation: %j", async (text) => {
    noAnswer = text;
    const others = ["iam:GetAccessKeyLastUsed", "sts:GetCallerIdentity", "ec2:DescribeRegions", "ec2:DescribeImages"] as const;
    const actions: readonly Action[] = [...DRIFT_ACTIONS, ...others];
    const codes = actions.map((action) =>
      aws.call(action, {} as never, "us-east-1").catch((error: { readonly code: string }) => error.code),
    );
    expect(await Promise.all(codes)).toEqual(actions.map(() => "unreachable"));
    noAnswer = undefined;
  });

  it("of a dry run are sent as one", async () => {
    expect(await aws.dryRun("CreateVpc", { CidrBlock: "10.0.0.0/16" }, "eu-central-1")).toMatchObject({
      code: "DryRunOperation",
    });
    expect(bodies.at(-1)).toContain("DryRun=true");
  });
});
