import { ACCOUNT } from "../../helpers/aws-answers";
import { LocalAws } from "../support/local-aws";
import { preflight as run, settings } from "../support/preflight";
import { TunnelToAws } from "../support/tunnel";

describe("the preflight behind a proxy", () => {
  let tunnel: TunnelToAws;

  beforeAll(async () => {
    tunnel = await TunnelToAws.start((await LocalAws.start()).url);
  });

  const preflight = (environment: Readonly<Record<string, string>>) => {
    tunnel.tunnels.splice(0);
    return run(settings("prefix: dev"), undefined, ["--timeout", "3600"], {
      NODE_EXTRA_CA_CERTS: tunnel.authority,
      ...environment,
    });
  };

  it("reaches each AWS service through HTTPS_PROXY, with its credentials", async () => {
    const { stdout } = await preflight({ HTTPS_PROXY: `http://me:hidden@${tunnel.host}` });
    expect(stdout).toContain(`in the account ${ACCOUNT}; accountId is not set`);
    expect(stdout).toMatch(/^passed: region, resource-names, prefix-in-use$/m);
    expect(stdout).not.toContain("hidden");
    expect([...new Set(tunnel.tunnels.map(({ host }) => host))].sort()).toEqual([
      "ec2.eu-central-1.amazonaws.com:443",
      "ec2.us-east-1.amazonaws.com:443",
      "iam.amazonaws.com:443",
      "sts.us-east-1.amazonaws.com:443",
    ]);
    const basic = `Basic ${Buffer.from("me:hidden").toString("base64")}`;
    expect(tunnel.tunnels.map(({ authorization }) => authorization)).toEqual(
      tunnel.tunnels.map(() => basic),
    );
  });

  it.each([
    ["*", 0],
    ["example.com,localhost", 0],
    ["example.com", 1],
  ])("does not use it for hosts in NO_PROXY: %s", async (no_proxy, hosts) => {
    const endpoint = { AWS_ENDPOINT_URL: tunnel.direct };
    const { stdout } = await preflight({
      ...endpoint,
      https_proxy: `http://${tunnel.host}`,
      no_proxy,
    });
    expect(stdout).toContain(`in the account ${ACCOUNT}; accountId is not set`);
    expect(new Set(tunnel.tunnels.map(({ host }) => host)).size).toBe(hosts);
  });

  it("reports a proxy that refuses the connection as unknown", async () => {
    tunnel.refused = 407;
    const { status, stdout } = await preflight({ HTTPS_PROXY: `http://${tunnel.host}` });
    tunnel.refused = undefined;
    expect(status).toBe(3);
    expect(stdout).toContain("unverifiable: account: sts:GetCallerIdentity returned HTTP 407");
  });

  it("rejects a proxy of another protocol without its password", async () => {
    const { status, stdout } = await preflight({ HTTPS_PROXY: "socks5://me:hidden@127.0.0.1:1" });
    expect(status).toBe(3);
    expect(stdout).toContain(
      "HTTPS_PROXY is not the URL of an HTTP proxy, such as http://proxy.example.com:3128",
    );
    expect(stdout).not.toContain("hidden");
  });
});
