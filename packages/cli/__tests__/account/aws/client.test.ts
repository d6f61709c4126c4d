import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { Aws, withAws } from "../../../src/account/aws/client";
import type { Action } from "../../../src/account/aws/operations";
import { READING_ACTIONS } from "../../../src/account/reading-policy";

const page = (id: string, more: string) =>
  `<ListAccessKeysResponse><ListAccessKeysResult><AccessKeyMetadata><member><AccessKeyId>${id}</AccessKeyId></member></AccessKeyMetadata>${more}</ListAccessKeysResult></ListAccessKeysResponse>`;
const REFUSED =
  "<Response><Errors><Error><Code>DryRunOperation</Code><Message>would have succeeded</Message></Error></Errors></Response>";

const HTML = "<!DOCTYPE html><html><body>Sign in</body></html>";
/**
 * What proxies, load balancers and captive portals send with the status 200, and the type of XML.
 */
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
  const scopes: string[] = [];
  let noAnswer: string | undefined;
  let refusal = "";
  const server = createServer(async (request, response) => {
    const body = await text(request);
    bodies.push(body);
    scopes.push(
      /Credential=\w+\/\d+\/([\w-]+\/\w+)/.exec(request.headers.authorization ?? "")?.[1] ?? "",
    );
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
    } else if (/GetRole|AssumeRole/.test(body)) {
      response.writeHead(403).end(refusal);
    } else {
      response.end(
        body.includes("Marker=2")
          ? page("second", "")
          : page("first", "<IsTruncated>true</IsTruncated><Marker>2</Marker>"),
      );
    }
  });
  const aws = new Aws({ region: "eu-central-1" }, new AbortController().signal, 5);

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
    const pages = await aws.call("iam:ListAccessKeys", { UserName: "deckhouse" });
    expect(pages.map(({ AccessKeyMetadata = [] }) => AccessKeyMetadata[0]?.AccessKeyId)).toEqual([
      "first",
      "second",
    ]);
  });

  it("end with the time limit, whether AWS answers or not", async () => {
    const controller = new AbortController();
    const limited = new Aws({ region: "eu-central-1" }, controller.signal, 5);
    const call = limited.call("iam:GetGroup", { GroupName: "dkp" });
    controller.abort();
    await expect(call).rejects.toMatchObject({
      code: "timed out",
      message: "no answer within 5 s",
    });
    await expect(limited.dryRun("CreateVpc", {})).rejects.toMatchObject({ code: "timed out" });
  });

  it("have their time limit in seconds", async () => {
    const timer = jest.spyOn(globalThis, "setTimeout");
    await withAws(
      { region: "eu-central-1" },
      { progress: () => undefined, limit: 7 },
      async () => undefined,
    );
    const limits = timer.mock.calls.map(([, milliseconds]) => milliseconds);
    timer.mockRestore();
    expect(limits).toContain(7000);
  });

  it("are made in the Region; those of IAM, and the one about Regions, in one of every account", async () => {
    noAnswer = HTML;
    for (const action of ["ec2:DescribeImages", "ec2:DescribeRegions", "iam:GetUser"] as const) {
      await expect(aws.call(action, {} as never)).rejects.toMatchObject({ code: "unreachable" });
    }
    noAnswer = undefined;
    expect(scopes.slice(-3)).toEqual(["eu-central-1/ec2", "us-east-1/ec2", "us-east-1/iam"]);
  });

  it("name the role that cannot be assumed, instead of the call that requires it", async () => {
    refusal =
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no trust</Message></Error></ErrorResponse>";
    const access = {
      region: "eu-central-1",
      assumeRoleArn: "arn:aws:iam::123456789012:role/operator",
    };
    const call = new Aws(access, new AbortController().signal, 5).call("ec2:DescribeImages", {});
    await expect(call).rejects.toMatchObject({
      action: "sts:AssumeRole",
      code: "AccessDenied",
      message: "no trust",
    });
    expect(scopes.at(-1)).toBe("us-east-1/sts");
  });

  it.each([HTML, "<html>", "Forbidden", "<ErrorResponse><Error/></ErrorResponse>"])(
    "reject an error without a code: %s",
    async (text) => {
      refusal = text;
      await expect(aws.call("iam:GetRole", {} as never)).rejects.toMatchObject({
        code: "HTTP 403",
      });
    },
  );

  it.each(NO_ANSWERS)(
    "reject what is no response of AWS, whatever the operation: %j",
    async (text) => {
      noAnswer = text;
      const actions: readonly Action[] = [...READING_ACTIONS, "sts:GetCallerIdentity"];
      const codes = actions.map((action) =>
        aws.call(action, {} as never).catch((error: { readonly code: string }) => error.code),
      );
      expect(await Promise.all(codes)).toEqual(actions.map(() => "unreachable"));
      noAnswer = undefined;
    },
  );

  it("of a dry run are sent as one", async () => {
    expect(await aws.dryRun("CreateVpc", { CidrBlock: "10.0.0.0/16" })).toMatchObject({
      code: "DryRunOperation",
    });
    expect(bodies.at(-1)).toContain("DryRun=true");
  });
});
