import type { Cluster } from "../../src/iam/cluster";
import { dividedPolicies } from "../../src/iam/deployment-policies";
import type { Networks } from "../../src/iam/networks";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import { type Mode, type PolicyOptions, requiredStatements } from "../../src/iam/policy-statements";
import { type Abuse, abuses, OTHER_ACCOUNT } from "../helpers/abuses";
import { clusterOf, ENVIRONMENT, FEATURE_NAMES, inMode, UNTAGGED_MODES } from "../helpers/clusters";
import { rows } from "../helpers/complete";
import { type Layout, measuredActions } from "../helpers/measured-calls";
import { requiredRequests } from "../helpers/required-requests";
import type { Context, Request } from "../helpers/simulator";
import { UUID, withMarker } from "../helpers/tagged-requests";
import { type Attack, attacks, createVictims, NOT_A_REQUEST, OWNERS, type Victims } from "./support/attacks";
import type { Account } from "./support/authorizations";
import { type Answered, CallSequence, sendOne } from "./support/call-sequence";
import { componentCalls, componentObjects, NOT_CAUSED } from "./support/component-calls";
import { dkpCalls, type Existing } from "./support/dkp-calls";
import { createExisting, withGates } from "./support/enforced-account";
import { type EnforcingGate, isGrantedBy } from "./support/enforcing-gate";
import { type Credentials, LocalAws } from "./support/local-aws";
import { send } from "./support/wire-calls";

type LayoutCluster = Cluster & { readonly layout: Layout };

const LAYOUTS: readonly Layout[] = ["WithNAT", "WithoutNAT", "Standard"];
const POLICIES = LAYOUTS.flatMap((layout) => UNTAGGED_MODES.map((mode) => ({ layout, mode })));
const ABUSES = abuses(ENVIRONMENT);

const figures: Record<string, number> = {};
const add = (figure: string, number: number) => {
  figures[figure] = (figures[figure] ?? 0) + number;
};

/** An account that an attacker with the key acts in. */
interface AttackedAccount {
  readonly account: LocalAws;
  readonly victims: Victims;
  /** Whether roles have other paths than the cluster's: IAM has one role of a name. */
  readonly otherPaths: boolean;
}

let aws: LocalAws;
let existing: Existing;
let attacked: readonly AttackedAccount[];

beforeAll(async () => {
  aws = await LocalAws.start();
  const [usual, other] = [await aws.copy(), await aws.copy()];
  attacked = [
    { account: usual, victims: await createVictims(usual, false), otherPaths: false },
    { account: other, victims: await createVictims(other, true), otherPaths: true },
  ];
  existing = await createExisting(aws);
});

afterAll(() => {
  process.stderr.write(`enforcement over the wire: ${JSON.stringify(figures)}\n`);
  process.stderr.write(`simulated only: ${JSON.stringify({ ...NOT_A_REQUEST, ...NOT_CAUSED })}\n`);
});

const documentsOf = (options: PolicyOptions): readonly PolicyDocument[] =>
  dividedPolicies(requiredStatements(options)).map((policy) => policyDocument(policy, options.environment.account));

/** The policies of a deployment as AWS stores them. */
function policiesOf(
  mode: Mode,
  cluster: Cluster,
  environment = ENVIRONMENT,
  allowedNetworks?: Networks,
): readonly PolicyDocument[] {
  return documentsOf({ mode, supplement: true, environment, cluster, allowedNetworks });
}

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

const summary = ({ call, status, body }: Answered) =>
  `${call.action} ${status} ${/<Code>(.*?)<\/Message>/s.exec(body)?.[1] ?? ""}`;
const actionsOf = (answers: readonly Answered[]) => [...new Set(answers.map(({ call }) => call.action))].sort();

/** The answers to all calls of a cluster. The calls that were not measured are not executed: the local AWS lacks their objects. */
async function life(
  cluster: LayoutCluster,
  policies: readonly PolicyDocument[],
  source: Context = {},
  objects?: Account["objects"],
) {
  const use = async (gate: EnforcingGate, dryRun: EnforcingGate) => {
    gate.source = source;
    dryRun.source = source;
    const key = await gate.createUser("deckhouse", policies);
    const sequence = new CallSequence(gate, existing);
    const { beforeDeletion, deletion } = parts(cluster);
    const created = await sequence.sendAll(key, beforeDeletion);
    const others = await new CallSequence(dryRun).sendAll(await dryRun.createUser("other", policies), componentCalls(cluster));
    return { measured: [...created, ...(await sequence.sendAll(key, deletion))], others };
  };
  return withGates(aws, {}, use, objects);
}

/** The measured calls in two parts: other calls require what the first one creates. */
function parts(cluster: LayoutCluster) {
  const calls = dkpCalls(cluster, existing);
  const deletion = calls.findIndex(({ action }) => action === "ec2:DisassociateAddress");
  return { beforeDeletion: calls.slice(0, deletion), deletion: calls.slice(deletion) };
}

/** An action with the type of its resource. */
function pairOf({ action, resource }: Request): string {
  const path = resource.split(":")[5] ?? resource;
  return `${action} ${/^(?:loadbalancer|listener)\/net|^[^/]+/.exec(path)?.[0]}`;
}

describe.each(rows(POLICIES, 3))("the policy of a cluster, layout $layout, mode $mode", ({ layout, mode }) => {
  it("allows every call of DKP, from the creation of the cluster to its deletion", async () => {
    for (const cluster of clustersOf(layout)) {
      const { measured, others } = await life(cluster, policiesOf(mode, cluster));
      expect([...measured, ...others].filter(({ denied }) => denied).map(summary)).toEqual([]);
      expect(actionsOf(measured)).toEqual(measuredActions(cluster));
      // The association of the NAT gateway is the only object that the local AWS does not keep.
      expect(measured.filter(({ status }) => status >= 300).map(({ call }) => call.action)).toEqual(
        layout === "Standard" ? ["ec2:DisassociateAddress"] : [],
      );
      expect(others.filter(({ status }) => status !== 412).map(summary)).toEqual([]);
      const decisions = [...measured, ...others].flatMap((answer) => answer.decisions);
      add(`${mode}: measured calls sent`, measured.length);
      add(`${mode}: other calls sent`, others.length);
      add(`${mode}: calls denied`, [...measured, ...others].filter(({ denied }) => denied).length);
      add(`${mode}: authorizations`, decisions.length);
      add(`${mode}: implied authorizations`, decisions.filter(({ implied }) => implied).length);
      if (cluster.features.length > 0) {
        const decided = new Set(decisions.map(pairOf));
        const required = new Set(requiredRequests("minimal", true, ENVIRONMENT, cluster).map(pairOf));
        const missing = [...required].filter((pair) => !decided.has(pair));
        const ofNatGateways = layout === "WithoutNAT" ? ["ec2:CreateTags natgateway", "ec2:DeleteTags natgateway"] : [];
        expect(missing.filter((pair) => NOT_CAUSED[pair] === undefined)).toEqual(ofNatGateways);
        add(`${mode}: required pairs of action and resource type`, required.size);
        add(`${mode}: pairs that are simulated only`, missing.length);
      }
    }
  });

  it("denies every abuse that is a request, except in mode documented", async () => {
    for (const cluster of mode === "documented" ? [] : clustersOf(layout).slice(0, 2)) {
      const answers = await sendAttacks(policiesOf(mode, cluster));
      expect(answers.filter(({ answer }) => !answer.denied).map(({ abuse }) => abuse.what)).toEqual([]);
      expect(answers.filter(({ allowed }) => allowed !== false).map(({ abuse, answer }) => [abuse, answer.decisions])).toEqual(
        [],
      );
      add(`${mode}: abuses sent`, answers.length);
      add(`${mode}: abuses denied`, answers.filter(({ answer }) => answer.denied).length);
    }
  });
});

interface AttackAnswer {
  readonly abuse: Abuse;
  readonly answer: Answered;
  /** The result of the authorization that is the abuse; absent if the request has none such. */
  readonly allowed: boolean | undefined;
}

/** Sends all abuses, each to the account in which it makes sense. */
async function sendAttacks(policies: readonly PolicyDocument[]): Promise<readonly AttackAnswer[]> {
  const answers: AttackAnswer[] = [];
  for (const { account, victims, otherPaths } of attacked) {
    const requests = attacks(victims);
    await withGates(account, { ...OWNERS, ...victims.owners }, async (gate) => {
      const key = await gate.createUser("deckhouse", policies);
      for (const abuse of ABUSES) {
        const request = requests[abuse.what];
        if (request !== undefined && (request.otherPaths ?? false) === otherPaths) {
          answers.push(await attack(gate, key, abuse, request));
        }
      }
    });
  }
  return answers;
}

async function attack(gate: EnforcingGate, key: Credentials, abuse: Abuse, request: Attack): Promise<AttackAnswer> {
  const answer = await sendOne(gate, key, request);
  const same = ({ action, resource }: { action: string; resource: string }) =>
    action === abuse.action && withoutId(resource) === withoutId(abuse.resource);
  return { abuse, answer, allowed: answer.decisions.find(same)?.allowed };
}

/** An ARN without the part that AWS generates. */
function withoutId(resource: string): string {
  return resource.replace(/(-|\/)[0-9a-f]{17}$/, "$1ID").replace(/(aws-service-role\/[^/]+\/).*/, "$1*");
}

describe.each(rows(LAYOUTS, 3))("the strict policy of a cluster, layout %s", (layout) => {
  it("allows every call of DKP with the tags of that moment, from the creation of the cluster to its deletion", async () => {
    const own = { ...withMarker(withEverySetting(layout)), layout, uuid: UUID };
    const inExisting = { ...own, existingVPCID: existing.vpc };
    for (const cluster of [own, inExisting, { ...inExisting, disableDefaultSecurityGroup: true }]) {
      const options = inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster });
      const policies = documentsOf(options);
      const objects = (action: string, arn: string) => componentObjects(cluster.existingVPCID ?? existing.vpc, action, arn);
      const { measured, others } = await life(cluster, policies, {}, objects);
      expect([...measured, ...others].filter(({ denied }) => denied).map(summary)).toEqual([]);
      expect(actionsOf(measured)).toEqual(measuredActions(cluster));
      expect(others.filter(({ status }) => status !== 412).map(summary)).toEqual([]);
      add("strict: measured calls sent", measured.length);
      add("strict: other calls sent", others.length);
      add("strict: calls denied", [...measured, ...others].filter(({ denied }) => denied).length);
      add("strict: authorizations", [...measured, ...others].flatMap((answer) => answer.decisions).length);
    }
  });
});

describe("the abuses", () => {
  it("are allowed or denied by the documented policy as listed, so their requests have no other error", async () => {
    const answers = await sendAttacks(policiesOf("documented", clusterOf()));
    const wrong = answers.filter(({ abuse, allowed }) => allowed !== abuse.documented);
    expect(
      wrong.map(({ abuse, answer, allowed }) => ({ what: abuse.what, abuse, allowed, decisions: answer.decisions })),
    ).toEqual([]);
    add("documented: abuses allowed", answers.filter(({ allowed }) => allowed).length);
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
  const inside: Context = { "aws:SourceIp": "203.0.113.7" };
  const cluster = () => withEverySetting("WithNAT");

  it("allows every call of DKP from inside, and the calls that services make on behalf of the user", async () => {
    const { measured, others } = await life(cluster(), policiesOf("scoped", cluster(), ENVIRONMENT, networks), inside);
    const all = [...measured, ...others];
    expect(all.filter(({ denied }) => denied).map(summary)).toEqual([]);
    expect(actionsOf(measured)).toEqual(measuredActions(cluster()));
    const forwarded = all
      .flatMap(({ decisions }) => decisions)
      .filter(({ context }) => context["aws:ViaAWSService"] === "true")
      .map(({ action }) => action);
    expect(forwarded).toEqual(
      expect.arrayContaining(["ec2:DescribeInternetGateways", "iam:CreateServiceLinkedRole", "kms:CreateGrant", "kms:Decrypt"]),
    );
    add("allowed networks: calls from inside", all.length);
    add("allowed networks: calls from inside denied", all.filter(({ denied }) => denied).length);
    add("allowed networks: forwarded authorizations", forwarded.length);
  });

  it("denies every call of DKP but sts:GetCallerIdentity from outside", async () => {
    for (const source of OUTSIDE) {
      const { measured, others } = await life(cluster(), policiesOf("scoped", cluster(), ENVIRONMENT, networks), source);
      const all = [...measured, ...others];
      expect(actionsOf(all.filter(({ denied }) => !denied))).toEqual(["sts:GetCallerIdentity"]);
      add("allowed networks: calls from outside", all.length);
      add("allowed networks: calls from outside denied", all.filter(({ denied }) => denied).length);
    }
  });
});

describe("the enforcement", () => {
  it("denies every call but sts:GetCallerIdentity without a policy", async () => {
    for (const layout of rows(LAYOUTS, 3)) {
      const answers = await withGates(aws, {}, async (gate) => {
        const key = await gate.createUser("deckhouse", []);
        return new CallSequence(gate, existing).sendAll(key, dkpCalls(withEverySetting(layout), existing));
      });
      expect(answers.length).toBeGreaterThan(90);
      expect(actionsOf(answers.filter(({ denied }) => !denied))).toEqual(["sts:GetCallerIdentity"]);
      add("no policy: calls sent", answers.length);
      add("no policy: calls denied", answers.filter(({ denied }) => denied).length);
    }
  });

  it("denies two calls with the documented list alone; creation and deletion fail without the first", async () => {
    const cluster = { ...clusterOf({ bastion: true }), layout: "WithNAT" as const };
    const options = { mode: "documented", supplement: false, environment: ENVIRONMENT, cluster } as const;
    const { measured } = await life(cluster, documentsOf(options));
    const denied = actionsOf(measured.filter((answer) => answer.denied));
    expect(denied).toEqual(["ec2:DescribeAddressesAttribute", "ec2:DescribeNetworkAcls"]);
  });

  it("denies each call without a statement that it requires", async () => {
    const cluster = withEverySetting("WithNAT");
    const policies = policiesOf("scoped", cluster);
    const statements = policies.flatMap(({ Statement }) => Statement);
    const has = (Sid: string, action: string) => statements.some((one) => one.Sid === Sid && isGrantedBy(one, action));
    const cut = await withGates(aws, {}, async (gate, dryRun) => {
      const none = await dryRun.createUser("none", []);
      const key = await gate.createUser("deckhouse", policies);
      const lesser: (readonly [sid: string, key: Credentials])[] = [];
      for (const { Sid } of statements) {
        const rest = policies.map((policy) => ({ ...policy, Statement: policy.Statement.filter((one) => one.Sid !== Sid) }));
        lesser.push([Sid, await dryRun.createUser(`without-${Sid}`, rest)]);
      }
      const sequence = new CallSequence(gate, existing);
      const answers: { readonly sid: string; readonly answer: Answered; readonly mustBeDenied: boolean }[] = [];
      const { beforeDeletion, deletion } = parts(cluster);
      const others = componentCalls(cluster);
      for (const call of [...beforeDeletion, ...others, ...deletion]) {
        const { decisions } = await sendOne(dryRun, none, sequence.filledIn(call));
        const actions = decisions.filter(({ allowed }) => !allowed).map(({ action }) => action);
        for (const [sid, without] of lesser.filter(([it]) => actions.some((action) => has(it, action)))) {
          const remaining = statements.filter(({ Sid }) => Sid !== sid);
          const mustBeDenied = actions.some((action) => !remaining.some((one) => isGrantedBy(one, action)));
          answers.push({ sid, answer: await sendOne(dryRun, without, sequence.filledIn(call)), mustBeDenied });
        }
        if (!others.includes(call)) {
          await sequence.send(key, call);
        }
      }
      return answers;
    });
    const passed = cut.filter(({ answer, mustBeDenied }) => mustBeDenied && !answer.denied);
    expect(passed.map(({ sid, answer }) => [sid, summary(answer)])).toEqual([]);
    const denied = cut.filter(({ answer }) => answer.denied);
    // sts:GetCallerIdentity requires no permission.
    expect([...new Set(denied.map(({ sid }) => sid))].sort()).toEqual(
      statements
        .map(({ Sid }) => Sid)
        .filter((sid) => sid !== "Account")
        .sort(),
    );
    add("without a statement: calls sent", cut.length);
    add("without a statement: calls denied", denied.length);
  });

  const reads = () =>
    policiesOf("scoped", clusterOf({ bastion: true }))
      .flatMap(({ Statement }) => Statement)
      .filter(({ Sid }) => Sid === "Read")
      .flatMap(({ Action }) => Action);
  const namesPrefix = ["ec2:DeleteKeyPair", "ec2:ImportKeyPair", "ec2:RunInstances"];

  it.each([
    {
      another: "prefix",
      policy: () => policiesOf("scoped", clusterOf({ prefix: "prod" })),
      isDenied: (action: string) => action.startsWith("iam:") || namesPrefix.includes(action),
    },
    {
      another: "Region",
      policy: () => policiesOf("scoped", clusterOf(), { ...ENVIRONMENT, region: "us-west-2" }),
      isDenied: (action: string) => !/^(?:iam|sts):/.test(action),
    },
    {
      another: "account",
      policy: () => policiesOf("scoped", clusterOf(), { ...ENVIRONMENT, account: OTHER_ACCOUNT }),
      isDenied: (action: string) => !action.startsWith("sts:") && !reads().includes(action),
    },
  ])("denies the calls that depend on it with the policy of another $another", async ({ policy, isDenied }) => {
    const calls = dkpCalls({ ...clusterOf({ bastion: true }), layout: "WithNAT" }, existing);
    const answers = await withGates(aws, {}, async (_, dryRun) =>
      new CallSequence(dryRun, existing).sendAll(await dryRun.createUser("deckhouse", policy()), calls),
    );
    expect(actionsOf(answers.filter(({ denied }) => denied))).toEqual(actionsOf(answers).filter(isDenied));
  });

  it("verifies keys and signatures", async () => {
    await withGates(aws, {}, async (gate) => {
      const key = await gate.createUser("deckhouse", policiesOf("scoped", clusterOf()));
      const describe_ = async (credentials: Credentials) =>
        (await send(gate.url, credentials, "eu-central-1", { action: "ec2:DescribeVpcs" })).text();
      expect(await describe_(key)).toContain("<vpcSet>");
      expect(await describe_({ ...key, secretAccessKey: "x" })).toContain("SignatureDoesNotMatch");
      expect(await describe_({ ...key, accessKeyId: "AKIAIOSFODNN7EXAMPLE" })).toContain("InvalidClientTokenId");
    });
  });
});
