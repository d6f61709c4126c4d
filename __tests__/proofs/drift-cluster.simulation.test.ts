import { stringify } from "yaml";
import { clusterDrift } from "../../packages/cli/src/account/drift/cluster";
import { readConfiguration } from "../../packages/cli/src/cluster/configuration";
import { policyDocument } from "../../src/iam/policy-document";
import { ENVIRONMENT } from "../helpers/clusters";
import { deployment } from "../helpers/deployment";
import { optionsOf } from "../helpers/packs";
import { requiredRequests } from "../helpers/required-requests";
import { NEEDS_NO_PERMISSION, requestsWith } from "../helpers/simulator";
import { CONFIGURATION } from "../helpers/stand-in-cluster";

const SETTINGS = { policy: { mode: "minimal" }, cluster: { prefix: "dev", layout: "WithoutNAT" } };
const VPC = "vpc-0123456789abcdef0";

interface Row {
  readonly field: string;
  readonly running: Readonly<Record<string, unknown>>;
  readonly own?: Readonly<Record<string, unknown>>;
  readonly effect: "lacks actions" | "has needless actions" | "names other resources";
}

const BASTION = { withNAT: { bastionInstance: {} } };
const DIFFERENCES: readonly Row[] = [
  { field: "cluster.layout", running: { layout: "WithNAT", ...BASTION }, effect: "lacks actions" },
  {
    field: "cluster.layout",
    own: { layout: "Standard" },
    running: { layout: "WithoutNAT" },
    effect: "lacks actions",
  },
  {
    field: "cluster.layout",
    own: { layout: "WithNAT", ...BASTION },
    running: { layout: "Standard" },
    effect: "has needless actions",
  },
  {
    field: "cluster.existingVPCID",
    running: { existingVPCID: VPC },
    effect: "has needless actions",
  },
  { field: "cluster.peeredVPCs", running: { peeredVPCs: [VPC] }, effect: "lacks actions" },
  {
    field: "cluster.iamNodeRole",
    running: { iamNodeRole: "nodes" },
    effect: "names other resources",
  },
  { field: "cluster.tags", running: { tags: { team: "a" } }, effect: "lacks actions" },
  { field: "cluster.imdsv2", running: { imdsv2: true }, effect: "lacks actions" },
];

/**
 * The report of drift about a cluster, and the requests that the policy of the settings denies to
 * it.
 */
async function compared({ running, own }: Row) {
  const settings = { ...SETTINGS, cluster: { ...SETTINGS.cluster, ...own } };
  const given = deployment(JSON.stringify(settings));
  const document = { ...SETTINGS.cluster, ...own, ...running };
  const text = CONFIGURATION.replace("layout: WithoutNAT\n", "");
  const configuration = readConfiguration(
    `${text}${stringify({ ...document, prefix: undefined })}`,
  );
  const cluster = { context: "dev", configuration, prefix: "dev", isOfCommander: false };
  const findings = clusterDrift(given, { cluster, version: "1.77.4" });
  const needed = deployment(JSON.stringify({ ...settings, cluster: document }));
  const requests = requiredRequests(optionsOf(needed)).filter(
    ({ action }) => !NEEDS_NO_PERMISSION.includes(action),
  );
  const policy = policyDocument(
    given.policies.flatMap(({ statements }) => statements),
    ENVIRONMENT.account,
  );
  const denied = (await requestsWith(false, policy, requests)).map(({ action }) => action);
  return { findings, denied: [...new Set(denied)].sort() };
}

it.each(DIFFERENCES)(
  "what drift --cluster says about $field, $effect, is what the simulator decides: $running",
  async (row) => {
    const { findings, denied } = await compared(row);
    expect(findings).toEqual([
      expect.objectContaining({ rule: "cluster-differs", field: row.field }),
    ]);
    const { effect = "" } = { ...findings[0]?.values } as { readonly effect?: string };
    const [, lacking] = /^the policy lacks \d+ actions? \((.*)\)$/.exec(effect) ?? [];
    const [, needless] =
      /^the policy has \d+ actions? that the cluster does not need \((.*)\)$/.exec(effect) ?? [];
    const said = {
      "lacks actions": lacking,
      "has needless actions": needless,
      "names other resources": effect,
    }[row.effect];
    expect(said).toBeDefined();
    if (row.effect === "names other resources") {
      expect(effect).toBe("the policy names other resources");
      expect(denied).not.toEqual([]);
    } else {
      expect(denied).toEqual(lacking?.split(", ") ?? []);
    }
  },
);
