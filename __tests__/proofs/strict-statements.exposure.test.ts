import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exposuresOf, SAMPLE_ACCOUNT } from "../../src/cli/iam/strict-exposure";
import type { Cluster } from "../../src/iam/cluster";
import { policyDocument } from "../../src/iam/policy-document";
import { MODES, type Mode, policyStatements } from "../../src/iam/policy-statements";
import { grouped } from "../../src/text/grouped";
import { clusterOf, ENVIRONMENT, inMode } from "../helpers/clusters";
import { PROJECT } from "../helpers/project-root";
import { isAllowed } from "../helpers/simulator";
import { UUID, VPC, withMarker } from "../helpers/tagged-requests";
import { OTHER_VPC, type UnrelatedResource, unrelatedResources } from "../helpers/unrelated-resources";

const RESOURCES = unrelatedResources(ENVIRONMENT, UUID);
const WHOLE = { uuid: UUID, vpcId: VPC };
const SHARED = { uuid: UUID, existingVPCID: VPC };

/** Clusters of mode `strict`, with the number of resources that are open. */
const CLUSTERS: readonly (readonly [open: number, name: string, known: Partial<Cluster>])[] = [
  [126, "before the bootstrap", {}],
  [85, "with UUID", { uuid: UUID }],
  [102, "with VPC", { vpcId: VPC }],
  [73, "with UUID and VPC", WHOLE],
  [102, "in an existing VPC", { existingVPCID: VPC }],
  [73, "in an existing VPC, with UUID", SHARED],
  [73, "in an existing VPC, with UUID and groups of the user", { ...SHARED, disableDefaultSecurityGroup: true }],
  [85, "with UUID, VPC and a peered VPC", { ...WHOLE, peeredVPCs: [OTHER_VPC] }],
];

type Open = ReadonlyMap<UnrelatedResource, readonly string[]>;

/** The open resources, with the actions that they are open to. */
async function openIn(mode: Mode, known: Partial<Cluster>, driftRepair = true): Promise<Open> {
  const features = driftRepair ? (["volume-snapshots", "drift-repair"] as const) : (["volume-snapshots"] as const);
  const cluster = withMarker(clusterOf({ features, ...known }));
  const document = policyDocument(policyStatements(inMode(mode, { supplement: true, environment: ENVIRONMENT, cluster })));
  const open = new Map<UnrelatedResource, readonly string[]>();
  for (const resource of RESOURCES) {
    const possible: string[] = [];
    for (const requests of resource.attacks) {
      const answers = await Promise.all(requests.map((request) => isAllowed(document, request)));
      possible.push(...(answers.every(Boolean) ? requests.slice(0, 1).map(({ action }) => action) : []));
    }
    if (possible.length > 0) {
      open.set(resource, possible);
    }
  }
  return open;
}

/** Open resources by kind, with their locations and the actions that they are open to. */
function byKind(open: Open): Readonly<Record<string, string>> {
  const kinds = grouped([...open.keys()], ({ kind }) => kind);
  return Object.fromEntries(
    [...kinds].map(([kind, found]) => {
      const actions = new Set(found.flatMap((resource) => open.get(resource) ?? []).map((action) => action.split(":")[1]));
      return [kind, `${found.length}: ${[...actions].sort().join(" ")}`];
    }),
  );
}

const isNear = ({ location }: UnrelatedResource) => location === "the cluster's VPC" || location === "the cluster's subnets";
const isInRegion = ({ location }: UnrelatedResource) => location !== "another Region";

/** A row of the table in the documents: all, in the VPC of the cluster, elsewhere in its Region, in another Region. */
function locationsRow(name: string, resources: readonly UnrelatedResource[]): string {
  const near = resources.filter(isNear).length;
  const region = resources.filter(isInRegion).length;
  return `| ${name} | ${[resources.length, near, region - near, resources.length - region].join(" | ")} |`;
}

describe("resources of the account that are not the cluster's", () => {
  it("are of at least 20 kinds, each in every location that it can be in and of four owners", () => {
    expect(new Set(RESOURCES.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(20);
    expect(RESOURCES.length).toBe(SAMPLE_ACCOUNT.resources);
    expect(new Set(RESOURCES.filter(isNear).map(({ owner }) => owner)).size).toBe(4);
  });

  it("are open as the table in policies.md states, by mode and location", async () => {
    const document = readFileSync(join(PROJECT, "docs/explanation/policies.md"), "utf8");
    expect(document).toContain(locationsRow("all", RESOURCES));
    for (const mode of MODES) {
      const open = [...(await openIn(mode, SHARED)).keys()];
      process.stderr.write(`open: ${locationsRow(mode, open)}\n`);
      expect(document).toContain(locationsRow(`\`${mode}\``, open));
      expect(mode !== "minimal" || open.length === SAMPLE_ACCOUNT.openInMinimal).toBe(true);
    }
  });

  it.each(CLUSTERS)("are %s open in mode strict %s, as the review pack states", async (count, _, known) => {
    const open = await openIn("strict", known);
    expect(open.size).toBe(count);
    expect(exposuresOf(clusterOf(known)).reduce((sum, exposure) => sum + exposure.open, 0)).toBe(count);
    expect([...open.keys()].filter((resource) => !isInRegion(resource))).toEqual([]);
  });

  it("are open in mode strict in a VPC of several teams only as listed", async () => {
    expect(byKind(await openIn("strict", SHARED))).toEqual({
      // Without a tag `Name`: AWS does not find the address of an association that is already gone either.
      "Elastic IP": "2: DisassociateAddress",
      // The image and its snapshots of a node are in no setting, and other EBS CSI drivers have the same tag.
      image: "12: RunInstances",
      snapshot: "12: CreateTags CreateVolume DeleteSnapshot RunInstances",
      // Older versions of the cloud controller manager do not tag listeners.
      "listener of a service": "15: DeleteListener ModifyListener",
      // Without a tag `Name`, as the root disk of a new node, and those of other EBS CSI drivers.
      volume: "4: AttachVolume CreateSnapshot CreateTags DeleteVolume DetachVolume ModifyVolume",
      // Nobody tags interfaces. One that is not attached can be attached at a launch.
      "network interface": "8: DeleteNetworkInterface DetachNetworkInterface ModifyNetworkInterfaceAttribute",
      "unattached network interface":
        "20: DeleteNetworkInterface DetachNetworkInterface ModifyNetworkInterfaceAttribute RunInstances",
    });
    expect(byKind(await openIn("strict", SHARED, false))).toMatchObject({
      "network interface": "8: ModifyNetworkInterfaceAttribute",
    });
  });

  it("are attacked in more than 1000 ways, of which strict leaves open less than a fifth of those of minimal", async () => {
    const ways = async (mode: Mode) => [...(await openIn(mode, SHARED)).values()].flat().length;
    expect(RESOURCES.flatMap(({ attacks }) => attacks).length).toBeGreaterThan(1000);
    expect(await ways("strict")).toBeLessThan((await ways("minimal")) / 5);
  });
});
