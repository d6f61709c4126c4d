import { exposuresOf } from "../../src/cli/iam/strict-exposure";
import { policyDocument } from "../../src/iam/policy-document";
import { type MODES, policyStatements } from "../../src/iam/policy-statements";
import { clusterOf, ENVIRONMENT, inMode } from "../helpers/clusters";
import { isAllowed, type Request } from "../helpers/simulator";
import { UUID, VPC, withMarker } from "../helpers/tagged-requests";
import { unrelatedResources } from "../helpers/unrelated-resources";

const RESOURCES = unrelatedResources(ENVIRONMENT, UUID);
const FEATURES = ["volume-snapshots"] as const;

/** The actions that an open resource is open to, by resource. @param most enough of them, because each takes a simulation */
async function openIn(
  mode: (typeof MODES)[number],
  known: object,
  most = Number.POSITIVE_INFINITY,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const cluster = withMarker(clusterOf({ features: [...FEATURES], ...known }));
  const document = policyDocument(policyStatements(inMode(mode, { supplement: true, environment: ENVIRONMENT, cluster })));
  const open = new Map<string, readonly string[]>();
  for (const { name, attacks } of RESOURCES) {
    const possible: string[] = [];
    for (const requests of attacks) {
      if (possible.length >= most) {
        break;
      }
      const answers = await Promise.all(requests.map((request: Request) => isAllowed(document, request)));
      possible.push(...(answers.every(Boolean) ? requests.map(({ action }) => action) : []));
    }
    if (possible.length > 0) {
      open.set(name, possible);
    }
  }
  return open;
}

/** Open resources by kind, with the actions that they are open to. */
function byKind(open: ReadonlyMap<string, readonly string[]>): Readonly<Record<string, string>> {
  const kinds = [...new Set(RESOURCES.map(({ kind }) => kind))];
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const found = RESOURCES.filter((resource) => resource.kind === kind && open.has(resource.name));
      const actions = [...new Set(found.flatMap(({ name }) => open.get(name) ?? []))].sort();
      return found.length === 0 ? [] : [[kind, `${found.length}: ${actions.join(", ")}`]];
    }),
  );
}

const figures: Record<string, number> = {};

afterAll(() => {
  process.stderr.write(`open of ${RESOURCES.length} resources that are not the cluster's: ${JSON.stringify(figures)}\n`);
});

describe("resources of the account that are not the cluster's", () => {
  it("are at least 320 of at least 16 kinds", () => {
    expect(new Set(RESOURCES.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(16);
    expect(RESOURCES.length).toBeGreaterThanOrEqual(320);
  });

  it.each(["documented", "scoped", "minimal"] as const)("are all open in mode %s", async (mode) => {
    const open = await openIn(mode, { uuid: UUID, vpcId: VPC }, 1);
    figures[mode] = open.size;
    expect(open.size).toBe(RESOURCES.length);
  });

  // Why each kind stays open: docs/explanation/policies.md, "strict".
  const ALWAYS = {
    // Without a tag `Name`: AWS does not find the address of an association that is already gone either.
    "Elastic IP": "2: ec2:DisassociateAddress",
    // The image and its snapshots of a node are in no setting, and other EBS CSI drivers have the same tag.
    image: "20: ec2:RunInstances",
    // Older versions of the cloud controller manager do not tag listeners.
    listener: "1: elasticloadbalancing:DeleteListener, elasticloadbalancing:ModifyListener",
    snapshot: "20: ec2:CreateTags, ec2:CreateVolume, ec2:DeleteSnapshot, ec2:RunInstances",
    // Without a tag `Name`, as the root disk of a new node, and those of other EBS CSI drivers.
    volume: "4: ec2:AttachVolume, ec2:CreateSnapshot, ec2:CreateTags, ec2:DeleteVolume, ec2:DetachVolume, ec2:ModifyVolume",
  };

  it("are open in mode strict before the bootstrap only as listed", async () => {
    const open = await openIn("strict", {});
    figures["strict before the bootstrap"] = open.size;
    expect(byKind(open)).toEqual({
      ...ALWAYS,
      // Load balancers of other Kubernetes clusters, until the UUID is known.
      "classic load balancer":
        "2: elasticloadbalancing:AddTags, elasticloadbalancing:DeleteLoadBalancer, elasticloadbalancing:RegisterInstancesWithLoadBalancer",
      listener: "3: elasticloadbalancing:AddTags, elasticloadbalancing:DeleteListener, elasticloadbalancing:ModifyListener",
      "network load balancer":
        "2: elasticloadbalancing:AddTags, elasticloadbalancing:CreateListener, elasticloadbalancing:DeleteLoadBalancer",
      "target group":
        "2: elasticloadbalancing:AddTags, elasticloadbalancing:DeleteTargetGroup, elasticloadbalancing:RegisterTargets",
      // Until the VPC is known.
      "network interface": "20: ec2:ModifyNetworkInterfaceAttribute, ec2:RunInstances",
      "security group": "20: ec2:AuthorizeSecurityGroupIngress, ec2:CreateTags, ec2:DeleteSecurityGroup",
    });
  });

  it("are open in mode strict with UUID and VPC only as listed", async () => {
    const open = await openIn("strict", { uuid: UUID, vpcId: VPC });
    figures["strict with UUID and VPC"] = open.size;
    // One that is not attached to an instance can be attached at a launch.
    expect(byKind(open)).toEqual({ ...ALWAYS, "network interface": "1: ec2:RunInstances" });
  });

  it.each([
    ["before the bootstrap", {}],
    ["with UUID and VPC", { uuid: UUID, vpcId: VPC }],
  ])("are as many as the review pack says, %s", async (_, known) => {
    const stated = exposuresOf(clusterOf(known)).reduce((sum, { open }) => sum + open, 0);
    expect(stated).toBe((await openIn("strict", known)).size);
  });

  it("are attacked in more than 100 ways, of which strict denies all but those of the open kinds", async () => {
    // Of each kind one resource without tags, one of another cluster, one of a team.
    const attacked = RESOURCES.filter((_, at) => [0, 2, 5].includes(at % 20)).map(({ name }) => name);
    const ways = RESOURCES.filter(({ name }) => attacked.includes(name)).flatMap(({ attacks }) => attacks).length;
    const openWays = async (mode: "minimal" | "strict") =>
      [...(await openIn(mode, { uuid: UUID, vpcId: VPC }))]
        .filter(([name]) => attacked.includes(name))
        .flatMap(([, actions]) => actions).length;
    figures["ways to attack"] = ways;
    figures["ways open in minimal"] = await openWays("minimal");
    figures["ways open in strict"] = await openWays("strict");
    expect(ways).toBeGreaterThan(100);
    expect(figures["ways open in strict"]).toBeLessThan(figures["ways open in minimal"] / 5);
  });
});
