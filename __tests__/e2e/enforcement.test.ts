import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeImagesCommand,
} from "@aws-sdk/client-ec2";
import { CreateRoleCommand } from "@aws-sdk/client-iam";
import { shortened } from "../../src/iam/action-patterns";
import type { Cluster } from "../../src/iam/cluster";
import { MAX_POLICY_CHARACTERS, type PolicyDocument, policyDocument, policySize } from "../../src/iam/policy-document";
import { type Mode, type PolicyStatement, policyStatements } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, FEATURE_NAMES } from "../helpers/clusters";
import { type Abuse, abuses } from "../helpers/denied-requests";
import type { Layout } from "../helpers/measured-calls";
import { requiredRequests } from "../helpers/requests";
import type { Request } from "../helpers/simulator";
import { type Attack, attacks, createVictims, NOT_A_REQUEST, OWNERS } from "./support/attacks";
import { type Answered, CallSequence, sendOne } from "./support/call-sequence";
import { componentCalls, NOT_CAUSED } from "./support/component-calls";
import { dkpCalls, type Existing, measuredActions } from "./support/dkp-calls";
import { EnforcingGate, isGrantedBy } from "./support/enforcing-gate";
import { type Credentials, LocalAws } from "./support/local-aws";
import { send } from "./support/wire-calls";

type LayoutCluster = Cluster & { readonly layout: Layout };

const LAYOUTS: readonly Layout[] = ["Standard", "WithNAT", "WithoutNAT"];
const SCOPED = ["scoped", "minimal"] as const;
const POLICIES = LAYOUTS.flatMap((layout) => SCOPED.map((mode) => ({ layout, mode })));
const ABUSES = abuses(ENVIRONMENT);

const figures: Record<string, number> = {};
const add = (figure: string, number: number) => {
  figures[figure] = (figures[figure] ?? 0) + number;
};

let aws: LocalAws;
let existing: Existing;

beforeAll(async () => {
  aws = await LocalAws.start();
  existing = await createExisting();
});

afterAll(async () => {
  await aws.stop();
  process.stderr.write(`enforcement over the wire: ${JSON.stringify(figures)}\n`);
  process.stderr.write(`simulated only: ${JSON.stringify({ ...NOT_A_REQUEST, ...NOT_CAUSED })}\n`);
});

/** What the user has before the cluster: a VPC, another one to peer with, a security group, an image. */
async function createExisting(): Promise<Existing> {
  const api = aws.ec2();
  const { Images: [image] = [] } = await api.send(new DescribeImagesCommand({ Owners: ["amazon"], MaxResults: 5 }));
  const [vpc = "", peerVpc = ""] = await Promise.all(
    ["10.222.0.0/16", "10.1.0.0/16"].map(async (CidrBlock) => (await api.send(new CreateVpcCommand({ CidrBlock }))).Vpc?.VpcId),
  );
  const { RouteTable } = await api.send(new CreateRouteTableCommand({ VpcId: peerVpc }));
  const { Subnet } = await api.send(new CreateSubnetCommand({ VpcId: peerVpc, CidrBlock: "10.1.0.0/24" }));
  await api.send(new AssociateRouteTableCommand({ RouteTableId: RouteTable?.RouteTableId, SubnetId: Subnet?.SubnetId }));
  const { GroupId } = await api.send(new CreateSecurityGroupCommand({ GroupName: "own", Description: "own", VpcId: vpc }));
  return {
    image: image?.ImageId ?? "",
    vpc,
    peerVpc,
    peerRouteTable: RouteTable?.RouteTableId ?? "",
    otherGroup: GroupId ?? "",
  };
}

/** The node role of the user. */
async function createNodeRole(copy: LocalAws): Promise<Readonly<Record<string, string>>> {
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [] });
  await copy.iam().send(new CreateRoleCommand({ RoleName: "dkp-node", Path: "/apps/", AssumeRolePolicyDocument }));
  return {};
}

/** The policies of a deployment: one, with patterns if the names of the actions do not fit, else several with whole statements. */
function policiesOf(mode: Mode, cluster: Cluster): readonly PolicyDocument[] {
  const statements = policyStatements({ mode, supplement: true, environment: ENVIRONMENT, cluster });
  const fits = (policy: readonly PolicyStatement[]) => policySize(policy) <= MAX_POLICY_CHARACTERS;
  const single = [statements, shortened(statements)].find(fits);
  const several: PolicyStatement[][] = [[]];
  for (const statement of statements) {
    const last = several.at(-1) ?? [];
    if (fits([...last, statement])) {
      last.push(statement);
    } else {
      several.push([statement]);
    }
  }
  return (single === undefined ? several : [single]).map(policyDocument);
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

/** What the user has before the cluster; returns the owners of objects of other accounts. */
type Prepare = (copy: LocalAws) => Promise<Readonly<Record<string, string>>>;

/** A copy of the account with two enforcing gates before it: one executes the calls that it allows, the other one does not. */
async function withGates<Result>(
  use: (gate: EnforcingGate, dryRun: EnforcingGate) => Promise<Result>,
  prepare: Prepare = createNodeRole,
): Promise<Result> {
  const copy = await aws.copy();
  const owners = { ...OWNERS, ...(await prepare(copy)) };
  const gate = await EnforcingGate.before(copy, ENVIRONMENT.account, { owners });
  const dryRun = await EnforcingGate.before(copy, ENVIRONMENT.account, { owners, executes: false });
  try {
    return await use(gate, dryRun);
  } finally {
    gate.stop();
    dryRun.stop();
    await copy.stop();
  }
}

const summary = ({ call, status, body }: Answered) =>
  `${call.action} ${status} ${/<Code>(.*?)<\/Message>/s.exec(body)?.[1] ?? ""}`;
const actionsOf = (answers: readonly Answered[]) => [...new Set(answers.map(({ call }) => call.action))].sort();

/** The answers to all calls of a cluster. The calls that were not measured are not executed: the local AWS lacks their objects. */
async function life(cluster: LayoutCluster, policies: readonly PolicyDocument[]) {
  return withGates(async (gate, dryRun) => {
    const key = await gate.createUser("deckhouse", policies);
    const sequence = new CallSequence(gate, existing);
    const { beforeDeletion, deletion } = parts(cluster);
    const created = await sequence.sendAll(key, beforeDeletion);
    const others = await new CallSequence(dryRun).sendAll(await dryRun.createUser("other", policies), componentCalls(cluster));
    return { measured: [...created, ...(await sequence.sendAll(key, deletion))], others };
  });
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

describe.each(POLICIES)("the policy of a cluster, layout $layout, mode $mode", ({ layout, mode }) => {
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
        expect(missing.filter((pair) => NOT_CAUSED[pair] === undefined)).toEqual([]);
        add(`${mode}: required pairs of action and resource type`, required.size);
        add(`${mode}: pairs that are simulated only`, missing.length);
      }
    }
  });

  it("denies every abuse that is a request", async () => {
    for (const cluster of clustersOf(layout).slice(0, 2)) {
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

/** Sends all abuses, each in the account in which it makes sense. */
async function sendAttacks(policies: readonly PolicyDocument[]): Promise<readonly AttackAnswer[]> {
  const halves: (readonly AttackAnswer[])[] = [];
  for (const otherPaths of [false, true]) {
    let requests: Readonly<Record<string, Attack>> = {};
    const prepare = async (copy: LocalAws) => {
      const victims = await createVictims(copy, otherPaths);
      requests = attacks(victims);
      return victims.owners;
    };
    halves.push(
      await withGates(async (gate) => {
        const key = await gate.createUser("deckhouse", policies);
        const answers: AttackAnswer[] = [];
        for (const abuse of ABUSES) {
          const request = requests[abuse.what];
          if (request !== undefined && (request.otherPaths ?? false) === otherPaths) {
            answers.push(await attack(gate, key, abuse, request));
          }
        }
        return answers;
      }, prepare),
    );
  }
  return halves.flat();
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

describe("the abuses", () => {
  it("are requests, or have a reason why they are not", () => {
    const requests = Object.keys(attacks({ launchTemplate: "", requestedPeering: "", externalPeering: "", owners: {} }));
    expect([...requests, ...Object.keys(NOT_A_REQUEST)].sort()).toEqual(ABUSES.map(({ what }) => what).sort());
    add("abuses that are requests", requests.length);
    add("abuses that are simulated only", Object.keys(NOT_A_REQUEST).length);
  });

  it("are allowed or denied by the documented policy as listed, so their requests have no other error", async () => {
    const answers = await sendAttacks(policiesOf("documented", clusterOf()));
    const wrong = answers.filter(({ abuse, allowed }) => allowed !== abuse.documented);
    expect(
      wrong.map(({ abuse, answer, allowed }) => ({ what: abuse.what, abuse, allowed, decisions: answer.decisions })),
    ).toEqual([]);
    add("documented: abuses allowed", answers.filter(({ allowed }) => allowed).length);
  });
});

describe("the enforcement", () => {
  it("denies every call but sts:GetCallerIdentity without a policy", async () => {
    for (const layout of LAYOUTS) {
      const answers = await withGates(async (gate) => {
        const key = await gate.createUser("deckhouse", []);
        return new CallSequence(gate, existing).sendAll(key, dkpCalls(withEverySetting(layout), existing));
      });
      expect(answers.length).toBeGreaterThan(90);
      expect(actionsOf(answers.filter(({ denied }) => !denied))).toEqual(["sts:GetCallerIdentity"]);
      add("no policy: calls sent", answers.length);
      add("no policy: calls denied", answers.filter(({ denied }) => denied).length);
    }
  });

  it("denies each call without a statement that it requires", async () => {
    const cluster = withEverySetting("WithNAT");
    const policies = policiesOf("scoped", cluster);
    const statements = policies.flatMap(({ Statement }) => Statement);
    const has = (Sid: string, action: string) => statements.some((one) => one.Sid === Sid && isGrantedBy(one, action));
    const cut = await withGates(async (gate, dryRun) => {
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

  it("verifies keys and signatures", async () => {
    await withGates(async (gate) => {
      const key = await gate.createUser("deckhouse", policiesOf("scoped", clusterOf()));
      const describe_ = async (credentials: Credentials) =>
        (await send(gate.url, credentials, "eu-central-1", { action: "ec2:DescribeVpcs" })).text();
      expect(await describe_(key)).toContain("<vpcSet>");
      expect(await describe_({ ...key, secretAccessKey: "x" })).toContain("SignatureDoesNotMatch");
      expect(await describe_({ ...key, accessKeyId: "AKIAIOSFODNN7EXAMPLE" })).toContain("InvalidClientTokenId");
    });
  });
});
