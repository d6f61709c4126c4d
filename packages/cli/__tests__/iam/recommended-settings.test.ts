import { parse } from "yaml";
import { GOLDEN_SETTINGS } from "../../../../__tests__/helpers/golden";
import { merged, type Settings } from "../../../../__tests__/helpers/merged-settings";
import { weakSettings } from "../../../../__tests__/helpers/packs";
import { projectFile } from "../../../../__tests__/helpers/project-root";
import { recommendedYaml } from "../../../../scripts/generate/reference-tables";
import { RECOMMENDED_SETTINGS } from "../../src/iam/recommended-settings";

const RECOMMENDED = parse(
  recommendedYaml().replace("configFile: cluster.yml", "prefix: dev\n  layout: Standard"),
) as Readonly<Record<string, Settings>>;
const { allowedNetworks, permissionsBoundary } = RECOMMENDED.user ?? {};

/** With the fields that decide about the policy of mode minimal. */
const golden = (text: string) => {
  const { cluster = {}, ...rest } = parse(text) as Readonly<Record<string, Settings>>;
  const { configFile: _, ...fields } = cluster;
  return { ...rest, cluster: { prefix: "staging", layout: "WithNAT", ...fields } };
};

const weak = (settings: Settings) => weakSettings(JSON.stringify(settings));
const S3 = { backend: { s3: { bucket: "state", region: "eu-central-1" } } };

const PATCHES: Readonly<Record<string, Settings>> = {
  accountId: { accountId: RECOMMENDED.accountId },
  "policy.mode": { policy: RECOMMENDED.policy },
  "user.allowedNetworks": { user: { allowedNetworks } },
  "user.permissionsBoundary": { user: { permissionsBoundary } },
  "accessKeys.managedBy": { accessKeys: RECOMMENDED.accessKeys },
  "cluster.formerIamNodeRoles": { cluster: { formerIamNodeRoles: [] } },
  "cluster.kmsKeyArns": {
    cluster: {
      kmsKeyArns: [
        "arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
      ],
    },
  },
  "outputs.secret": { outputs: { secret: false } },
  "nodeRole.managedPolicyArns": { nodeRole: { managedPolicyArns: [], additionalActions: [] } },
  "nodeRole.permissionsBoundary": { nodeRole: { permissionsBoundary } },
  backend: S3,
  "backend.s3.endpoints": S3,
  "backend.s3.encrypt": S3,
  "backend.s3.use_lockfile": S3,
  protect: { protect: true },
};

const follow = (settings: Settings, recommendations: readonly string[]) =>
  recommendations.reduce((followed, name) => merged(followed, PATCHES[name] ?? {}), settings);

const BOUNDARY = "arn:aws:iam::123456789012:policy/B";

describe("the recommended settings", () => {
  it("leave no choice to a reviewer", () => {
    expect(weak(RECOMMENDED)).toEqual([]);
  });

  it.each([...GOLDEN_SETTINGS])("leave none in %s, all applied at once", (_, text) => {
    const settings = golden(text);
    const found = weak(settings);
    expect(found.length).toBeGreaterThan(0);
    expect(weak(follow(settings, found))).toEqual([]);
  });

  it.each([
    ["backend: { local: { path: x } }", "backend"],
    ["backend: { s3: { bucket: b, region: r, encrypt: false } }", "backend.s3.encrypt"],
    ["backend: { s3: { bucket: b, region: r, use_lockfile: false } }", "backend.s3.use_lockfile"],
    [
      "backend: { s3: { bucket: b, region: r, endpoints: { s3: https://minio.example } } }",
      "backend.s3.endpoints",
    ],
    ["protect: false", "protect"],
    ["cluster: { formerIamNodeRoles: [/old] }", "cluster.formerIamNodeRoles"],
    ["features: [encrypted-volumes]", "cluster.kmsKeyArns"],
    ["nodeRole: { name: nodes }", "nodeRole.permissionsBoundary"],
    [
      `nodeRole: { name: nodes, additionalActions: ["iam:*"], permissionsBoundary: ${BOUNDARY} }`,
      "nodeRole.managedPolicyArns",
    ],
    [
      `nodeRole: { name: nodes, managedPolicyArns: [${BOUNDARY}], permissionsBoundary: ${BOUNDARY} }`,
      "nodeRole.managedPolicyArns",
    ],
  ])(
    "name what replaces %s, and following it leaves nothing to recommend there",
    (yaml, setting) => {
      const settings = merged(RECOMMENDED, parse(yaml) as Settings);
      expect(weak(settings)).toEqual([setting]);
      expect(weak(follow(settings, [setting]))).toEqual([]);
    },
  );

  it("are in the template of dkp-access init, with their reasons", () => {
    const template = projectFile("templates/deployment.yaml");
    const named = [...template.matchAll(/\{\{ (\w+) \| sentence \}\}/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(RECOMMENDED_SETTINGS).sort());
  });
});
