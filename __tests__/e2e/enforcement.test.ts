import type { Cluster } from "../../src/iam/cluster";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import type { Networks } from "../../src/iam/networks";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import { MODES, type Mode, type PolicyOptions, requiredStatements } from "../../src/iam/policy-statements";
import { abuses, OTHER_ACCOUNT } from "../helpers/abuses";
import { clusterOf, ENVIRONMENT, FEATURE_NAMES } from "../helpers/clusters";
import { rows } from "../helpers/complete";
import { type Layout, measuredActions } from "../helpers/measured-calls";
import { requiredRequests } from "../helpers/required-requests";
import { type Context, isAllowed, type Request } from "../helpers/simulator";
import type { ApiCall } from "./support/api-calls";
import { attacks, createVictims, OWNERS } from "./support/attacks";
import {
  type AuthorizedCall,
  accountOf,
  authorized,
  clusterLife,
  createExisting,
  deniedCalls,
  storedPolicy,
} from "./support/cluster-life";
import { NOT_CAUSED } from "./support/component-calls";
import type { Existing, LayoutCluster } from "./support/dkp-calls";
import { LocalAws } from "./support/local-aws";

const LAYOUTS = rows<Layout>(["WithNAT", "WithoutNAT", "Standard"], 3);

let aws: LocalAws;
let existing: Existing;

beforeAll(async () => {
  aws = await LocalAws.start();
  existing = await createExisting(aws);
});

const documentsOf = (options: PolicyOptions): readonly PolicyDocument[] =>
  dividedPolicies(requiredStatements(options)).map((policy) => policyDocument(policy, options.environment.account));

/** The policies of a deployment as AWS stores them, in one document. */
const policyOf = (mode: Mode, cluster: Cluster, environment = ENVIRONMENT, allowedNetworks?: Networks) =>
  storedPolicy(aws, documentsOf({ mode, supplement: true, environment, cluster, allowedNetworks }));

/** Clusters of a layout: the plain one, one with every setting that calls more of AWS, one in an existing network. */
function clustersOf(layout: Layout): readonly LayoutCluster[] {
  const plain = { ...clusterOf({ bastion: true }), layout };
  return [plain, withEverySetting(layout), { ...plain, existingVPCID: existing.vpc, disableDefaultSecurityGroup: true }];
}

function withEverySetting(layout: Layout): LayoutCluster {
  const settings = {
    bastion: true,
    peeredVPCs: [existing.peerVpc],
    tags: { team: "platform" },
    imdsv2: true,
    iamNodeRole: "dkp-node",
    iamNodeRolePath: "/apps/",
    features: FEATURE_NAMES,
  };
  return { ...clusterOf(settings), layout };
}

const actionsOf = (calls: readonly ApiCall[]) => [...new Set(calls.map(({ action }) => action))].sort();

/** All calls of a cluster, of which the measured ones are complete and succeed. */
async function life(cluster: LayoutCluster, source?: Context) {
  const { measured, others } = await clusterLife(aws, existing, cluster, source);
  expect(actionsOf(measured)).toEqual(measuredActions(cluster));
  expect(measured.filter(({ status }) => status >= 300).map(({ action }) => action)).toEqual(
    cluster.layout === "Standard" ? ["ec2:DisassociateAddress"] : [],
  );
  return [...measured, ...others];
}

/** An action with the type of its resource. */
function pairOf({ action, resource }: Request): string {
  const path = resource.split(":")[5] ?? resource;
  return `${action} ${/^(?:loadbalancer|listener)\/net|^[^/]+/.exec(path)?.[0]}`;
}

describe.each(LAYOUTS)("a cluster of layout %s", (layout) => {
  const lives = new Map<LayoutCluster, readonly AuthorizedCall[]>();

  beforeAll(async () => {
    for (const cluster of clustersOf(layout)) {
      lives.set(cluster, await life(cluster));
    }
  });

  it.each(MODES)("allows every call of DKP, from the creation of the cluster to its deletion: mode %s", async (mode) => {
    for (const [cluster, calls] of lives) {
      expect(await deniedCalls(await policyOf(mode, cluster), calls)).toEqual([]);
    }
  });

  it("causes every authorization that the policy is made for, except those that no call causes", async () => {
    for (const [cluster, calls] of lives) {
      const caused = new Set(calls.flatMap(({ authorizations }) => authorizations.map(pairOf)));
      const required = [...new Set(requiredRequests("minimal", true, ENVIRONMENT, cluster).map(pairOf))];
      const missing = required.filter((pair) => !caused.has(pair) && NOT_CAUSED[pair] === undefined);
      const ofNatGateways = layout === "WithoutNAT" ? ["ec2:CreateTags natgateway", "ec2:DeleteTags natgateway"] : [];
      expect(missing).toEqual(cluster.features.length > 0 ? ofNatGateways : missing);
    }
  });

  it.each(["scoped", "minimal"] as const)("denies every abuse that is a request: mode %s", async (mode) => {
    for (const cluster of clustersOf(layout).slice(0, 2)) {
      const decided = await decidedAbuses(await policyOf(mode, cluster));
      expect(decided.filter(({ call, allowed }) => call || allowed !== false)).toEqual([]);
    }
  });
});

/** An ARN without the part that AWS generates. */
const withoutId = (resource: string) =>
  resource.replace(/(-|\/)[0-9a-f]{17}$/, "$1ID").replace(/(aws-service-role\/[^/]+\/).*/, "$1*");

/** The abuses that are requests, each sent to the account in which it makes sense: IAM has one role of a name. */
async function sentAbuses() {
  const sent: (AuthorizedCall & { readonly what: string })[] = [];
  for (const otherPaths of [false, true]) {
    const account = await LocalAws.start();
    const victims = await createVictims(account, otherPaths);
    for (const [what, attack] of Object.entries(attacks(victims))) {
      if (attack.otherPaths === otherPaths) {
        sent.push({ what, ...(await authorized(accountOf(account, { ...OWNERS, ...victims.owners }), attack)) });
      }
    }
  }
  expect(sent.length).toBeGreaterThan(80);
  return sent;
}

let sent: ReturnType<typeof sentAbuses> | undefined;

/** Whether a policy allows the call of each abuse, and its authorization that is the abuse; undefined if it has none such. */
async function decidedAbuses(policy: PolicyDocument) {
  sent ??= sentAbuses();
  const calls = await sent;
  const denied = await deniedCalls(policy, calls);
  const decided = calls.map(async (call) => {
    const abuse = abuses(ENVIRONMENT).find(({ what }) => what === call.what);
    const isAbuse = ({ action, resource }: Request) =>
      action === abuse?.action && withoutId(resource) === withoutId(abuse.resource);
    const asked = call.authorizations.find(isAbuse);
    return { abuse, call: !denied.includes(call), allowed: asked && (await isAllowed(policy, asked)) };
  });
  return Promise.all(decided);
}

describe("the abuses", () => {
  it("are allowed or denied by the documented policy as listed, so their requests have no other error", async () => {
    const decided = await decidedAbuses(await policyOf("documented", clusterOf()));
    expect(decided.filter(({ abuse, allowed }) => allowed !== abuse?.documented)).toEqual([]);
  });
});

const OUTSIDE: readonly Context[] = [
  { "aws:SourceIp": "198.51.100.7" },
  { "aws:SourceIp": "2001:db8:2::7" },
  { "aws:SourceVpc": "vpc-0123456789abcdef9", "aws:SourceVpce": "vpce-0123456789abcdef9" },
];

// `networks.simulation.test.ts` has each kind of network, in each mode, and the abuses.
describe("a policy for addresses", () => {
  const networks: Networks = { cidrs: ["203.0.113.0/24", "2001:db8:1::/48"], vpcs: [], vpcEndpoints: [] };
  const cluster = () => withEverySetting("WithNAT");
  const policy = () => policyOf("scoped", cluster(), ENVIRONMENT, networks);

  it("allows every call of DKP from inside, and the calls that services make on behalf of the user", async () => {
    const calls = await life(cluster(), { "aws:SourceIp": "203.0.113.7" });
    expect(await deniedCalls(await policy(), calls)).toEqual([]);
    const forwarded = calls
      .flatMap(({ authorizations }) => authorizations)
      .filter(({ context }) => context["aws:ViaAWSService"] === "true")
      .map(({ action }) => action);
    expect(forwarded).toEqual(
      expect.arrayContaining(["ec2:DescribeInternetGateways", "iam:CreateServiceLinkedRole", "kms:CreateGrant", "kms:Decrypt"]),
    );
  });

  it("denies every call of DKP but sts:GetCallerIdentity from outside", async () => {
    for (const source of OUTSIDE) {
      const calls = await life(cluster(), source);
      const denied = await deniedCalls(await policy(), calls);
      expect(actionsOf(calls.filter((call) => !denied.includes(call)))).toEqual(["sts:GetCallerIdentity"]);
    }
  });
});

describe("the authorizations", () => {
  const plain = (): LayoutCluster => ({ ...clusterOf({ bastion: true }), layout: "WithNAT" });

  it("are all denied but sts:GetCallerIdentity without a policy", async () => {
    for (const layout of LAYOUTS) {
      const calls = await life(withEverySetting(layout));
      const denied = await deniedCalls(await storedPolicy(aws, []), calls);
      expect(actionsOf(calls.filter((call) => !denied.includes(call)))).toEqual(["sts:GetCallerIdentity"]);
    }
  });

  it("denies two calls with the documented list alone; creation and deletion fail without the first", async () => {
    const cluster = plain();
    const options = { mode: "documented", supplement: false, environment: ENVIRONMENT, cluster } as const;
    const { measured } = await clusterLife(aws, existing, cluster);
    const denied = await deniedCalls(await storedPolicy(aws, documentsOf(options)), measured);
    expect(actionsOf(denied)).toEqual(["ec2:DescribeAddressesAttribute", "ec2:DescribeNetworkAcls"]);
  });

  it("denies each call without a statement that it requires", async () => {
    const cluster = withEverySetting("WithNAT");
    const calls = await life(cluster);
    const policy = await policyOf("scoped", cluster);
    const grants = (statements: PolicyDocument["Statement"], action: string) =>
      statements.some(({ Action }) => [Action].flat().includes(action));
    const required: string[] = [];
    for (const { Sid } of policy.Statement) {
      const rest = { ...policy, Statement: policy.Statement.filter((statement) => statement.Sid !== Sid) };
      const denied = await deniedCalls(rest, calls);
      const mustBeDenied = calls.filter(({ authorizations }) =>
        authorizations.some(({ action }) => grants(policy.Statement, action) && !grants(rest.Statement, action)),
      );
      // sts:GetCallerIdentity requires no permission.
      const passed = mustBeDenied.filter((call) => !denied.includes(call) && call.action !== "sts:GetCallerIdentity");
      expect([Sid, passed]).toEqual([Sid, []]);
      required.push(...(denied.length > 0 ? [Sid] : []));
    }
    expect(required).toEqual(policy.Statement.map(({ Sid }) => Sid).filter((sid) => sid !== "Account"));
  });

  const reads = async () =>
    (await policyOf("scoped", plain())).Statement.filter(({ Sid }) => Sid === "Read").flatMap(({ Action }) => Action);
  const namesPrefix = ["ec2:DeleteKeyPair", "ec2:ImportKeyPair", "ec2:RunInstances"];

  it.each([
    {
      another: "prefix",
      policy: () => policyOf("scoped", clusterOf({ prefix: "prod" })),
      isDenied: (action: string) => action.startsWith("iam:") || namesPrefix.includes(action),
    },
    {
      another: "Region",
      policy: () => policyOf("scoped", clusterOf(), { ...ENVIRONMENT, region: "us-west-2" }),
      isDenied: (action: string) => !/^(?:iam|sts):/.test(action),
    },
    {
      another: "account",
      policy: () => policyOf("scoped", clusterOf(), { ...ENVIRONMENT, account: OTHER_ACCOUNT }),
      isDenied: (action: string, open: readonly string[]) => !action.startsWith("sts:") && !open.includes(action),
    },
  ])("denies the calls that depend on it with the policy of another $another", async ({ policy, isDenied }) => {
    const { measured } = await clusterLife(aws, existing, plain());
    const open = await reads();
    expect(actionsOf(await deniedCalls(await policy(), measured))).toEqual(
      actionsOf(measured).filter((action) => isDenied(action, open)),
    );
  });
});
