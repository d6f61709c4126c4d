import type { Networks } from "../../src/iam/networks";
import { MODES, type Mode } from "../../src/iam/policy-statements";
import { abuses } from "../helpers/abuses";
import { clusterOf, ENVIRONMENT, EVERYTHING, optionsWith, wholePolicy } from "../helpers/clusters";
import { requiredRequests } from "../helpers/required-requests";
import {
  type Context,
  NEEDS_NO_PERMISSION,
  type Request,
  requestsWith,
} from "../helpers/simulator";

const NONE = { cidrs: [], vpcs: [], vpcEndpoints: [] };
const CIDRS = { ...NONE, cidrs: ["203.0.113.0/24", "2001:db8:1::/48"] };
const VPCS = { ...NONE, vpcs: ["vpc-0123456789abcdef0", "vpc-0123456789abcdef1"] };
const ENDPOINTS = { ...NONE, vpcEndpoints: ["vpce-0123456789abcdef0"] };
const ALL = { cidrs: CIDRS.cidrs, vpcs: VPCS.vpcs, vpcEndpoints: ENDPOINTS.vpcEndpoints };

/**
 * A request from the internet has a source address, one through a VPC endpoint a VPC and an
 * endpoint instead.
 */
const address = (value: string) => ({
  "aws:SourceIp": value,
  "aws:ViaAWSService": "false",
});
const endpoint = (vpc: string, vpce: string) => ({
  "aws:SourceVpc": vpc,
  "aws:SourceVpce": vpce,
  "aws:VpcSourceIp": "10.0.0.7",
  "aws:ViaAWSService": "false",
});

const SOURCES = {
  allowedAddress: address("203.0.113.7"),
  allowedIpv6Address: address("2001:db8:1::7"),
  otherAddress: address("198.51.100.7"),
  otherIpv6Address: address("2001:db8:2::7"),
  allowedVpc: endpoint("vpc-0123456789abcdef1", "vpce-0123456789abcdef9"),
  allowedEndpoint: endpoint("vpc-0123456789abcdef9", "vpce-0123456789abcdef0"),
  otherVpc: endpoint("vpc-0123456789abcdef9", "vpce-0123456789abcdef9"),
} as const;
type Source = keyof typeof SOURCES;

const ADDRESSES = ["allowedAddress", "allowedIpv6Address"];

const RESTRICTIONS = [
  { what: "addresses", networks: CIDRS, inside: ADDRESSES },
  { what: "VPCs", networks: VPCS, inside: ["allowedVpc"] },
  { what: "VPC endpoints", networks: ENDPOINTS, inside: ["allowedEndpoint"] },
  { what: "all three", networks: ALL, inside: [...ADDRESSES, "allowedVpc", "allowedEndpoint"] },
];

const documentOf = (mode: Mode, allowedNetworks: Networks, cluster = EVERYTHING) =>
  wholePolicy({ ...optionsWith(mode, cluster), allowedNetworks });

async function withResult(
  result: boolean,
  policy: ReturnType<typeof documentOf>,
  requests: readonly Request[],
  source: Context,
) {
  const sent = requests.map((request) => ({
    ...request,
    context: { ...request.context, ...source },
  }));
  return (await requestsWith(result, policy, sent)).map(
    ({ action, resource }) => `${action} on ${resource}`,
  );
}

const required = (mode: Mode) =>
  requiredRequests(optionsWith(mode, EVERYTHING)).filter(
    ({ action }) => !NEEDS_NO_PERMISSION.includes(action),
  );

describe.each(RESTRICTIONS)("a policy for $what", ({ networks, inside }) => {
  const sources = Object.entries(SOURCES) as [Source, Context][];

  it.each(MODES)(
    "allows in mode %s every call of the cluster from inside and none from outside",
    async (mode) => {
      const policy = documentOf(mode, networks);
      for (const [name, source] of sources) {
        const wrong = await withResult(!inside.includes(name), policy, required(mode), source);
        expect([name, wrong]).toEqual([name, []]);
      }
    },
  );

  it("denies every abuse from outside, also those that the documented policy allows", async () => {
    const policy = documentOf("documented", networks, clusterOf());
    for (const [name, source] of sources.filter(([each]) => !inside.includes(each))) {
      expect([name, await withResult(true, policy, abuses(ENVIRONMENT), source)]).toEqual([
        name,
        [],
      ]);
    }
  });

  it("denies calls from outside to a service that lacks aws:ViaAWSService", async () => {
    const { "aws:SourceIp": SourceIp = "" } = SOURCES.otherAddress;
    expect(
      await withResult(true, documentOf("scoped", networks), required("scoped"), {
        "aws:SourceIp": SourceIp,
      }),
    ).toEqual([]);
  });

  it.each([
    ["with the address of the first request", { "aws:SourceIp": "198.51.100.7" }],
    ["without the VPC endpoint of the first request", {}],
  ])("allows calls of AWS services on behalf of the user, %s", async (_, source) => {
    // EC2 calls KMS for encrypted volumes, Elastic Load Balancing calls EC2 and IAM for the first
    // load balancer of an account.
    const forwarded = required("scoped").filter(({ action }) =>
      /^kms:|^ec2:Describe(?:AccountAttributes|InternetGateways)$|^iam:CreateServiceLinkedRole$/.test(
        action,
      ),
    );
    expect(forwarded.length).toBeGreaterThan(8);
    const context = { ...source, "aws:ViaAWSService": "true" };
    expect(await withResult(false, documentOf("scoped", networks), forwarded, context)).toEqual([]);
  });
});
