import { stringify } from "yaml";
import { changesExitCode } from "../../packages/cli/src/diff/changes";
import { changesAgainst } from "../../packages/cli/src/diff/packs/compare";
import { settingsFindings } from "../../packages/cli/src/diff/packs/setting-changes";
import { meaningOf } from "../../src/settings/schema/fields";
import { KMS_KEY } from "../helpers/clusters";
import { packFilesOf, reviewPackOf } from "../helpers/packs";
import { projectFile } from "../helpers/project-root";

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
}

/** The fields of the JSON schema that have no fields of their own. */
function leavesOf(node: Node, path: readonly string[] = []): readonly string[] {
  const inner = [node, ...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(({ properties }) =>
    Object.entries(properties ?? {}),
  );
  return inner.length === 0
    ? [path.join(".")]
    : inner.flatMap(([name, child]) => leavesOf(child, [...path, name]));
}

const LEAVES = leavesOf(JSON.parse(projectFile("deployments/schema.json")));
const isDestination = (field: string) => /^(backend|cloud)\./.test(field);

const ARN = "arn:aws:iam::123456789012:";
const BASE = {
  region: "eu-central-1",
  accountId: "123456789012",
  backend: { s3: { bucket: "state", region: "eu-central-1" } },
  policy: { mode: "minimal" },
  nodeRole: { name: "dkp-nodes" },
  cluster: { prefix: "dev", layout: "WithNAT", tags: { cluster: "dev" } },
  features: ["encrypted-volumes"],
};

/**
 * By field: two values, and the exit code of the change from the first to the second. Undefined:
 * not set.
 */
const CHANGES = {
  region: ["eu-central-1", "eu-west-1", 2],
  accountId: [undefined, "123456789012", 2],
  "provider.version": [">= 5.100.0, < 6.0.0", "~> 5.100", 2],
  "provider.profile": [undefined, "admin", 2],
  "provider.assumeRoleArn": [undefined, `${ARN}role/apply`, 2],
  tags: [{ team: "a" }, { team: "b" }, 2],
  "user.name": ["deckhouse", "other", 3],
  "user.path": ["/", "/platform/", 2],
  "user.permissionsBoundary": [`${ARN}policy/B`, `${ARN}policy/C`, 2],
  "user.allowedNetworks.cidrs": [["203.0.113.0/24"], ["203.0.113.0/24", "198.51.100.0/24"], 2],
  "user.allowedNetworks.vpcs": [
    ["vpc-0123456789abcdef0"],
    ["vpc-0123456789abcdef0", "vpc-0123456789abcdef1"],
    2,
  ],
  "user.allowedNetworks.vpcEndpoints": [
    ["vpce-0123456789abcdef0"],
    ["vpce-0123456789abcdef0", "vpce-0123456789abcdef1"],
    2,
  ],
  "policy.name": ["D8CloudProviderAWS", "Other", 3],
  "policy.path": ["/", "/platform/", 3],
  "policy.mode": ["minimal", "documented", 2],
  "nodeRole.name": ["dkp-nodes", "other-nodes", 3],
  "nodeRole.path": ["/", "/platform/", 3],
  "nodeRole.additionalActions": [[], ["s3:GetObject"], 2],
  "nodeRole.managedPolicyArns": [[], [`${ARN}policy/C`], 2],
  "nodeRole.permissionsBoundary": [undefined, `${ARN}policy/B`, 2],
  "accessKeys.managedBy": ["terraform", "rotate", 2],
  "accessKeys.maxAge": [90, 30, 0],
  "import.user": [false, true, 2],
  "import.policy": [false, true, 2],
  "import.attachment": [false, true, 2],
  "import.nodeRole": [false, true, 2],
  "outputs.secret": [false, true, 2],
  "cluster.prefix": ["dev", "prod", 2],
  "cluster.layout": ["WithNAT", "WithoutNAT", 2],
  "cluster.existingVPCID": ["vpc-0123456789abcdef0", undefined, 2],
  "cluster.peeredVPCs": [[], ["vpc-0123456789abcdef0"], 2],
  "cluster.iamNodeRole": [undefined, "custom", 2],
  "cluster.additionalRolePolicies": [["s3:GetObject"], ["s3:GetObject", "iam:*"], 2],
  "cluster.tags": [{ cluster: "dev" }, { cluster: "dev", team: "a" }, 2],
  "cluster.imdsv2": [undefined, true, 2],
  "cluster.disableDefaultSecurityGroup": [true, false, 0],
  "cluster.withNAT.bastionInstance": [undefined, {}, 2],
  "cluster.context": ["dev", "prod", 2],
  "cluster.amis": [[], ["ami-0123456789abcdef0"], 0],
  "cluster.iamNodeRolePath": ["/a/", "/b/", 0],
  "cluster.formerIamNodeRoles": [[], ["/old"], 2],
  "cluster.peerAccountIds": [["222222222222"], ["222222222222", "333333333333"], 2],
  "cluster.kmsKeyArns": [[KMS_KEY], [KMS_KEY, KMS_KEY.replace("9", "8")], 2],
  features: [[], ["volume-snapshots"], 2],
  protect: [true, false, 2],
};

type Settings = Readonly<Record<string, unknown>>;

function withField(field: string, value: unknown, settings: Settings = BASE) {
  const copy = JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
  const path = field.split(".");
  const last = path.pop() ?? "";
  const parent = path.reduce((object, name) => {
    object[name] ??= {};
    return object[name] as Record<string, unknown>;
  }, copy);
  parent[last] = value;
  return copy;
}

const changesOf = (before: string, after: string) =>
  changesAgainst(
    { deckhouse: reviewPackOf(before) },
    { deckhouse: reviewPackOf(after) },
    "",
    packFilesOf,
  );

describe("a change of each setting", () => {
  it("is tested for every field of the schema", () => {
    // An installation file is read where it is, and its fields are those of `cluster`.
    const fields = LEAVES.filter(
      (field) =>
        !isDestination(field) && field !== "backend.partial" && field !== "cluster.configFile",
    );
    expect(Object.keys(CHANGES).sort()).toEqual([...new Set(fields)].sort());
  });

  it.each(LEAVES.filter(isDestination))(
    "requires attention, also where the state stays: %s",
    (field) => {
      expect(settingsFindings(withField(field, "a", {}), withField(field, "b", {}))).toEqual([
        { rule: "destination-changed", field, values: { changes: [`${field}: a -> b`] } },
      ]);
    },
  );

  it.each(Object.entries(CHANGES))(
    "has its exit code, at least that of its meaning: %s",
    (field, [from, to, exitCode]) => {
      const [before, after] = [from, to].map((value) => stringify(withField(field, value))) as [
        string,
        string,
      ];
      const changes = changesOf(before, after);
      expect(changesExitCode(changes)).toBe(exitCode);
      const meanings = {
        breaking: 3,
        identity: 2,
        exposure: 2,
        attention: 2,
        permissions: 0,
        harmless: 0,
      };
      expect(exitCode).toBeGreaterThanOrEqual(meanings[meaningOf(field.split("."))]);
    },
  );
});
