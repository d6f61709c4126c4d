import { includesAddress, judgeSources, type Sources } from "../../../../../src/cli/account/preflight/checks/source-addresses";

const NAT = { address: "203.0.113.7", of: "NAT gateway nat-1", bastion: false };
const MASTER = { address: "198.51.100.3", of: "dev-master-0", bastion: false };
const BASTION = { address: "198.51.100.9", of: "dev-bastion", bastion: true };
const ENDPOINT = { id: "vpce-1", vpc: "vpc-1", service: "ec2" };
const NONE: Sources = { addresses: [], endpoints: [] };

const allowed = (networks: Partial<NonNullable<Parameters<typeof judgeSources>[1]>>) => ({
  cidrs: [],
  vpcs: [],
  vpcEndpoints: [],
  ...networks,
});

describe("the addresses that the cluster's calls come from", () => {
  it("are listed for user.allowedNetworks if it is not set, without the bastion", () => {
    expect(judgeSources({ addresses: [NAT, MASTER, BASTION], endpoints: [ENDPOINT] }, undefined, true)).toEqual([
      {
        verdict: "skipped",
        found:
          "user.allowedNetworks is not set: a leaked key works in every network; the calls of the cluster come from 203.0.113.7 (NAT gateway nat-1), 198.51.100.3 (dev-master-0), vpce-1 (ec2); the address of whoever runs dhctl is not known here",
        remedy:
          "set user.allowedNetworks: { cidrs: [203.0.113.7/32, 198.51.100.3/32], vpcEndpoints: [vpce-1] }, with the address of whoever runs dhctl",
      },
    ]);
  });

  it("are not known before the cluster exists", () => {
    expect(judgeSources(NONE, undefined, false)).toEqual([
      {
        verdict: "skipped",
        found: "user.allowedNetworks is not set: a leaked key works in every network; the cluster has no addresses yet",
        remedy: "set user.allowedNetworks once the cluster exists",
      },
    ]);
    expect(judgeSources(NONE, allowed({ cidrs: ["203.0.113.0/24"] }), false)).toMatchObject([{ verdict: "warning" }]);
    expect(judgeSources(NONE, allowed({ cidrs: ["203.0.113.0/24"] }), true)).toMatchObject([{ verdict: "unknown" }]);
  });

  it("pass inside, and fail outside with the block to add", () => {
    expect(judgeSources({ addresses: [NAT, MASTER], endpoints: [] }, allowed({ cidrs: ["203.0.113.0/24"] }), true)).toEqual([
      {
        verdict: "ok",
        found:
          "user.allowedNetworks includes 203.0.113.7 (NAT gateway nat-1); the address of whoever runs dhctl is not known here",
      },
      {
        verdict: "failed",
        found:
          "user.allowedNetworks does not include 198.51.100.3 (dev-master-0): calls of ec2, elasticloadbalancing, iam, sts from there are denied",
        remedy: "add 198.51.100.3/32 to user.allowedNetworks.cidrs",
      },
    ]);
  });

  it("do not matter where each service has an allowed endpoint", () => {
    const endpoints = ["ec2", "elasticloadbalancing", "iam", "sts"].map((service) => ({ ...ENDPOINT, service }));
    const findings = judgeSources({ addresses: [NAT], endpoints }, allowed({ vpcs: ["vpc-1"] }), true);
    expect(findings.map(({ verdict }) => verdict)).toEqual(["ok", "ok", "ok", "ok"]);
  });

  it("warn of a bastion outside, because only dhctl makes calls there", () => {
    const [, bastion] = judgeSources({ addresses: [NAT, BASTION], endpoints: [] }, allowed({ cidrs: ["203.0.113.0/24"] }), true);
    expect(bastion).toEqual({
      verdict: "warning",
      found: "user.allowedNetworks does not include 198.51.100.9 (dev-bastion), from which DKP itself makes no calls",
      remedy: "if dhctl runs there, add 198.51.100.9/32 to user.allowedNetworks.cidrs",
    });
  });

  it.each([
    [{ vpcEndpoints: ["vpce-1"] }, "ok"],
    [{ vpcs: ["vpc-1"] }, "ok"],
    [{ cidrs: ["203.0.113.0/24"] }, "failed"],
  ])("are a VPC endpoint's, with %j: %s", (networks, verdict) => {
    const findings = judgeSources({ addresses: [NAT], endpoints: [ENDPOINT] }, allowed(networks), true);
    expect(findings.at(-1)).toMatchObject({ verdict, found: expect.stringContaining("go through the VPC endpoint vpce-1") });
  });
});

describe("CIDR blocks", () => {
  const blocks = ["203.0.113.0/24", "198.51.100.7/32", "2001:db8::/32"];

  it.each(["203.0.113.0", "203.0.113.255", "198.51.100.7", "2001:db8::1"])("include %s", (address) => {
    expect(includesAddress(blocks, address)).toBe(true);
  });

  it.each(["203.0.114.0", "198.51.100.8", "2001:db9::1"])("do not include %s", (address) => {
    expect(includesAddress(blocks, address)).toBe(false);
  });

  it("include no address if there are none", () => {
    expect(includesAddress([], "203.0.113.1")).toBe(false);
  });
});
