import type { Tools } from "../../src/cli/account/preflight/check";
import { markerCheck } from "../../src/cli/account/preflight/checks/marker";
import { LAYOUTS } from "../../src/iam/cluster";
import { type PolicyDocument, policyDocument } from "../../src/iam/policy-document";
import { policyStatements } from "../../src/iam/policy-statements";
import type { Deployment } from "../../src/settings/deployment";
import { ENVIRONMENT, inMode } from "../helpers/clusters";
import { deployment } from "../helpers/deployment";
import { isAllowed } from "../helpers/simulator";
import { MARKER, UUID, VPC } from "../helpers/tagged-requests";

// The check that decides whether mode `strict` can be applied, compared with the policy: a made-up account with all objects of a cluster
// answers the calls of the preflight, and each call of DKP on these objects is simulated.

type Tags = Readonly<Record<string, string>>;

/** An object of a cluster, with the calls on it that DKP makes later. */
interface Item {
  readonly id: string;
  readonly type: string;
  readonly tags: Tags;
  readonly calls: readonly string[];
  readonly groupName?: string;
  /** Instances with the cluster's profile: their disks and groups. */
  readonly disks?: readonly string[];
  readonly groups?: readonly string[];
}

/** What a cluster is made of. */
interface Shape {
  readonly layout: (typeof LAYOUTS)[number];
  readonly bastion: boolean;
  readonly existingVpc: boolean;
  readonly ownGroups: boolean;
  readonly workers: readonly Worker[];
}

const WORKERS = ["permanent", "ephemeral", "static"] as const;
type Worker = (typeof WORKERS)[number];

const subsets = <T>(all: readonly T[]) =>
  Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_item, at) => (bits >> at) % 2 === 1));
const BOTH = [false, true];
const SHAPES: readonly Shape[] = LAYOUTS.flatMap((layout) =>
  (layout === "WithNAT" ? BOTH : [false]).flatMap((bastion) =>
    BOTH.flatMap((existingVpc) =>
      BOTH.flatMap((ownGroups) => subsets(WORKERS).map((workers) => ({ layout, bastion, existingVpc, ownGroups, workers }))),
    ),
  ),
);

const OWN: Tags = { [MARKER.key]: MARKER.value };
const PREFIX_TAG: Tags = { "kubernetes.io/cluster/dev": "shared", [`kubernetes.io/cluster/${UUID}`]: "shared" };
/** Terraform changes tags one by one: the request does not contain the marker. */
const TAGGED = ["CreateTags", "DeleteTags"];
const INSTANCE = ["TerminateInstances", "ModifyInstanceAttribute", "AttachVolume"];

/** Names and tags: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules, and the sources of the components. */
function objectsOf({ layout, bastion, existingVpc, ownGroups, workers }: Shape): readonly Item[] {
  const items: Item[] = [];
  const add = (type: string, name: string, calls: readonly string[], more: Tags = {}) =>
    items.push({ id: `${type}/${name}`, type, tags: { ...(name.startsWith("dev") ? { Name: name } : {}), ...more }, calls });
  const group = (name: string, calls: readonly string[]) =>
    items.push({ id: `security-group/${name}`, type: "security-group", tags: {}, calls, groupName: name });
  const nodeGroups = ownGroups ? ["security-group/own"] : ["security-group/dev-node", "security-group/own"];
  const instance = (name: string, tags: Tags, its: Partial<Item> & Pick<Item, "calls">) =>
    items.push({ id: `instance/${name}`, type: "instance", tags: { Name: name, ...tags }, groups: nodeGroups, ...its });
  const disk = (name: string, calls: readonly string[], tags: Tags = {}) =>
    items.push({ id: `volume/${name}`, type: "volume", tags, calls });

  if (!existingVpc) {
    add("vpc", "dev", [...TAGGED, "DeleteVpc", "ModifyVpcAttribute"]);
  }
  add("internet-gateway", "dev", [...TAGGED, "DeleteInternetGateway"]);
  for (const name of layout === "WithoutNAT" ? ["dev-public"] : ["dev-public", "dev-internal"]) {
    add("subnet", `${name}-0`, [...TAGGED, "DeleteSubnet", "RunInstances"], PREFIX_TAG);
    add("route-table", name, [...TAGGED, "CreateRoute", "DeleteRouteTable"]);
  }
  if (layout !== "WithoutNAT") {
    add("natgateway", "dev", [...TAGGED, "DeleteNatGateway"]);
    add("elastic-ip", "dev-natgw", [...TAGGED, "ReleaseAddress"]);
  }
  items.push({ id: "key-pair/dev", type: "key-pair", tags: { Cluster: "dev" }, calls: TAGGED });
  for (const name of ownGroups ? [] : ["dev-node", "dev-loadbalancer", "dev-ssh-accessible"]) {
    group(name, [...TAGGED, "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup", "RunInstances"]);
  }
  // Named by the user.
  items.push({ id: "security-group/own", type: "security-group", tags: {}, calls: ["RunInstances"], groupName: "shop" });

  instance("dev-master-0", PREFIX_TAG, {
    calls: [...TAGGED, ...INSTANCE],
    disks: ["volume/root", "volume/dev-kubernetes-data-0"],
  });
  disk("root", [...TAGGED, "ModifyVolume"]);
  add("volume", "dev-kubernetes-data-0", [...TAGGED, "DeleteVolume", "ModifyVolume"]);
  if (bastion) {
    instance("dev-bastion", {}, { calls: [...TAGGED, ...INSTANCE], disks: ["volume/bastion"] });
    disk("bastion", ["ModifyVolume"]);
    add("elastic-ip", "dev-bastion", [...TAGGED, "ReleaseAddress"]);
  }
  if (workers.includes("permanent")) {
    instance("dev-front-0", PREFIX_TAG, { calls: [...TAGGED, ...INSTANCE], disks: ["volume/front", "volume/pvc"] });
    disk("front", [...TAGGED, "ModifyVolume"]);
    disk("pvc", ["CreateTags", "DetachVolume", "DeleteVolume"], { "ebs.csi.aws.com/cluster": "true" });
    if (layout === "WithoutNAT") {
      add("elastic-ip", "dev-front-0", [...TAGGED, "ReleaseAddress"]);
    }
  }
  if (workers.includes("ephemeral")) {
    instance("dev-worker-5f9c-x2x", { [`kubernetes.io/cluster/${UUID}`]: "1" }, { calls: INSTANCE, disks: ["volume/worker"] });
    disk("worker", []);
  }
  if (workers.includes("static")) {
    // DKP neither launches nor tags it; the EBS CSI driver attaches volumes.
    instance("shop-9", PREFIX_TAG, { calls: ["AttachVolume"], disks: ["volume/shop"], groups: ["security-group/static"] });
    disk("shop", []);
    items.push({ id: "security-group/static", type: "security-group", tags: {}, calls: [], groupName: "static" });
  }
  return items;
}

/** Clusters of a shape: all objects have the marker, none, each one lacks it, and each disk has a tag `Name` and lacks it. */
function tagged(items: readonly Item[]): readonly (readonly Item[])[] {
  const NEVER_TAGGED = ["volume/bastion", "volume/pvc", "volume/worker", "volume/shop", "security-group/static"];
  const mark = (item: Item, more: Tags): Item => ({ ...item, tags: { ...item.tags, ...more } });
  const converged = items.map((item) => (NEVER_TAGGED.includes(item.id) ? item : mark(item, OWN)));
  const without = (id: string, more: Tags) =>
    converged.map((item, at) => (item.id === id ? mark(items[at] ?? item, more) : item));
  return [
    converged,
    items,
    items.map((item) => mark(item, OWN)),
    ...items.map(({ id }) => without(id, {})),
    ...items.map(({ id }) => without(id, { [MARKER.key]: "prod" })),
    ...items.filter(({ type, tags }) => type === "volume" && tags.Name === undefined).map(({ id }) => without(id, { Name: "x" })),
  ];
}

interface Filter {
  readonly Name: string;
  readonly Values: readonly string[];
}

/** The account as it answers the calls of the check. */
function toolsOf(items: readonly Item[]): Tools {
  const fits = (value: string, { Values }: Filter) =>
    Values.some((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(value));
  const answer = (filters: readonly Filter[], fields: (item: Item) => readonly Readonly<Record<string, string>>[]) =>
    items.flatMap((item) =>
      fields(item).some((field) => filters.every((filter) => fits(field[filter.Name] ?? "", filter))) ? [item] : [],
    );
  const answers: Readonly<Record<string, (input: { readonly Filters: readonly Filter[] }) => object>> = {
    "ec2:DescribeTags": ({ Filters }) => ({
      Tags: answer(Filters, ({ id, tags }) =>
        Object.entries(tags).map(([key, value]) => ({ key, value, "resource-id": id })),
      ).map(({ id: ResourceId }) => ({ ResourceId })),
    }),
    "ec2:DescribeSecurityGroups": ({ Filters }) => ({
      SecurityGroups: answer(Filters, ({ groupName = "" }) => [{ "group-name": groupName }]).map(({ id: GroupId }) => ({
        GroupId,
      })),
    }),
    "ec2:DescribeInstances": () => ({
      Reservations: items
        .filter(({ type }) => type === "instance")
        .map(({ id: InstanceId, tags, disks = [], groups = [] }) => ({
          Instances: [
            {
              InstanceId,
              Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
              BlockDeviceMappings: disks.map((VolumeId) => ({ Ebs: { VolumeId } })),
              SecurityGroups: groups.map((GroupId) => ({ GroupId })),
            },
          ],
        })),
    }),
  };
  const list = async (
    action: string,
    input: { readonly Filters: readonly Filter[] },
    itemsOf: (page: object) => readonly unknown[],
  ) => itemsOf(answers[action]?.(input) ?? {});
  return { list } as unknown as Tools;
}

/** The calls on existing objects that the policy denies. */
async function deniedCalls(document: PolicyDocument, items: readonly Item[]): Promise<readonly string[]> {
  const { partition, region, account } = ENVIRONMENT;
  const arn = (path: string) => `arn:${partition}:ec2:${region}:${account}:${path}`;
  const denied: string[] = [];
  for (const { id, type, tags, calls } of items) {
    const context = {
      "aws:RequestedRegion": region,
      "ec2:Vpc": arn(`vpc/${VPC}`),
      ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
      "aws:RequestTag/cost": "1",
    };
    // Of equal objects, the simulator remembers one.
    const resource = arn(type === "key-pair" ? "key-pair/dev" : `${type}/x-0123456789abcdef0`);
    for (const name of calls) {
      if (!(await isAllowed(document, { action: `ec2:${name}`, resource, context }))) {
        denied.push(`${name} on ${id}`);
      }
    }
  }
  return denied;
}

function deploymentOf({ layout, bastion, existingVpc, ownGroups }: Shape): Deployment {
  const cluster = {
    ...{ prefix: "dev", layout, uuid: UUID, tags: OWN, disableDefaultSecurityGroup: ownGroups },
    ...(bastion ? { withNAT: { bastionInstance: {} } } : {}),
    ...(existingVpc ? { existingVPCID: VPC } : {}),
  };
  return deployment(JSON.stringify({ policy: { mode: "strict" }, cluster, features: ["drift-repair"] }));
}

const state = async () => ({ unread: "not synthesized" });
const figures = { clusters: 0, passing: 0, counterexamples: 0 };

afterAll(() => {
  process.stderr.write(`marker check: ${JSON.stringify(figures)}\n`);
});

describe.each(LAYOUTS)("the marker check, layout %s", (layout) => {
  it("passes exactly if strict allows every call of DKP on existing objects", async () => {
    const wrong: string[] = [];
    for (const shape of SHAPES.filter((one) => one.layout === layout)) {
      const subject = { deployment: deploymentOf(shape), ...ENVIRONMENT, existingCluster: true, state };
      const { cluster } = subject.deployment;
      const document = policyDocument(
        policyStatements(inMode("strict", { supplement: true, environment: ENVIRONMENT, cluster })),
      );
      for (const items of tagged(objectsOf(shape))) {
        const [found] = await markerCheck.run(toolsOf(items), subject);
        const denied = await deniedCalls(document, items);
        figures.clusters += 1;
        figures.passing += denied.length === 0 ? 1 : 0;
        if ((found === undefined) !== (denied.length === 0)) {
          wrong.push(`${JSON.stringify(shape)}: ${JSON.stringify(found)}; ${denied.join(", ")}`);
        }
      }
    }
    figures.counterexamples += wrong.length;
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});
