import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { recommendedYaml } from "../../../scripts/generate/reference-tables";
import { RECOMMENDED_SETTINGS } from "../../../src/cli/iam/recommended-settings";
import { reviewPack } from "../../../src/cli/review/pack";
import type { Reviewed } from "../../../src/cli/review/reviewed";
import { RSA_KEY } from "../../helpers/pgp-keys";
import { PROJECT } from "../../helpers/project-root";
import { reviewOf, weakSettings } from "../../helpers/reviewed";

type Settings = Record<string, Record<string, unknown> | undefined>;

/** The recommended settings; the fields of the installation file are written out. */
const recommended = recommendedYaml()
  .replaceAll("BASE64", RSA_KEY)
  .replace("configFile: cluster.yml", "prefix: dev\n  layout: Standard");

const FOLDER = join(PROJECT, "__tests__/golden/deployments");

/** A golden deployment. The one with an installation file has the fields that decide about its policy instead. */
const golden = (file: string): Settings => {
  const settings = parse(readFileSync(join(FOLDER, file), "utf8")) as Settings;
  const { configFile, ...cluster } = settings.cluster ?? {};
  return configFile === undefined ? settings : { ...settings, cluster: { prefix: "staging", layout: "WithNAT", ...cluster } };
};

const weak = (settings: Settings) => weakSettings(JSON.stringify(settings));

/** Follows the recommendation for a setting, in a settings file. */
function follow(settings: Settings, setting: string): void {
  const preferred = parse(recommended) as Settings;
  const keys = (settings.accessKeys ?? {}) as Record<string, object | string>;
  const s3 = settings.backend?.s3 as Record<string, unknown> | undefined;
  const other = keys.current === "secondary" ? "primary" : "secondary";
  const merge = (name: string, fields: Record<string, unknown> | undefined) => {
    settings[name] = { ...settings[name], ...fields };
  };
  const slot = (name: "primary" | "secondary", fields: object) =>
    merge("accessKeys", { [name]: { ...(keys[name] as object), ...fields } });
  const STEPS: Readonly<Record<string, () => void>> = {
    accountId: () => Object.assign(settings, { accountId: preferred.accountId }),
    "policy.mode": () => {
      merge("policy", preferred.policy);
      settings.cluster = { ...preferred.cluster, ...settings.cluster };
    },
    "user.allowedNetworks": () => merge("user", { allowedNetworks: preferred.user?.allowedNetworks }),
    "user.permissionsBoundary": () => merge("user", { permissionsBoundary: preferred.user?.permissionsBoundary }),
    "accessKeys.*.pgpKey": () => {
      const used = { primary: {}, ...settings.accessKeys } as Settings;
      for (const name of (["primary", "secondary"] as const).filter((each) => used[each] !== undefined)) {
        merge("accessKeys", { [name]: { ...used[name], pgpKey: RSA_KEY } });
      }
    },
    "accessKeys.*.status": () => slot(other, { status: "absent" }),
    "cluster.dkpVersion": () => merge("cluster", { dkpVersion: preferred.cluster?.dkpVersion }),
    "cluster.formerIamNodeRoles": () => merge("cluster", { formerIamNodeRoles: [] }),
    "cluster.kmsKeyArns": () =>
      merge("cluster", { kmsKeyArns: ["arn:aws:kms:eu-central-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"] }),
    "outputs.secret": () => merge("outputs", { secret: false }),
    "nodeRole.managedPolicyArns": () => merge("nodeRole", { managedPolicyArns: [], additionalActions: [] }),
    "nodeRole.permissionsBoundary": () => merge("nodeRole", { permissionsBoundary: preferred.user?.permissionsBoundary }),
    backend: () => Object.assign(settings, { backend: { s3: { bucket: "state", region: "eu-central-1" } } }),
    "backend.s3.endpoints": () => delete s3?.endpoints,
    "backend.s3.encrypt": () => delete s3?.encrypt,
    "backend.s3.use_lockfile": () => delete s3?.use_lockfile,
    attachment: () => delete settings.attachment,
    protect: () => delete settings.protect,
  };
  STEPS[setting]?.();
}

const BOUNDARY = "arn:aws:iam::123456789012:policy/B";

describe("the recommended settings", () => {
  it("leave no choice to a reviewer", () => {
    expect(weak(parse(recommended) as Settings)).toEqual([]);
  });

  it.each(readdirSync(FOLDER).filter((file) => file.endsWith(".yaml")))("leave none in %s, all applied at once", (file) => {
    const settings = golden(file);
    const found = weak(settings);
    expect(found.length).toBeGreaterThan(0);
    for (const setting of found) {
      follow(settings, setting);
    }
    expect(weak(settings)).toEqual([]);
  });

  it.each([
    ["backend: { local: { path: x } }", "backend"],
    ["backend: { s3: { bucket: b, region: r, encrypt: false } }", "backend.s3.encrypt"],
    ["backend: { s3: { bucket: b, region: r, use_lockfile: false } }", "backend.s3.use_lockfile"],
    ["backend: { s3: { bucket: b, region: r, endpoints: { s3: https://minio.example } } }", "backend.s3.endpoints"],
    ["protect: false", "protect"],
    ["cluster: { formerIamNodeRoles: [/old] }", "cluster.formerIamNodeRoles"],
    ["features: [encrypted-volumes]", "cluster.kmsKeyArns"],
    ["nodeRole: { name: nodes }", "nodeRole.permissionsBoundary"],
    [`nodeRole: { name: nodes, additionalActions: ["iam:*"], permissionsBoundary: ${BOUNDARY} }`, "nodeRole.managedPolicyArns"],
    [
      `nodeRole: { name: nodes, managedPolicyArns: [${BOUNDARY}], permissionsBoundary: ${BOUNDARY} }`,
      "nodeRole.managedPolicyArns",
    ],
  ])("name what replaces %s, and following it leaves nothing to recommend there", (yaml, setting) => {
    const settings = { ...(parse(recommended) as Settings), ...(parse(yaml) as Settings) };
    settings.cluster = { ...(parse(recommended) as Settings).cluster, ...settings.cluster };
    expect(weak(settings)).toEqual([setting]);
    follow(settings, setting);
    expect(weak(settings)).toEqual([]);
  });

  it("are in the template of dkp-access init, with their reasons", () => {
    const template = readFileSync(join(PROJECT, "templates/deployment.yaml"), "utf8");
    const named = [...template.matchAll(/\{\{ (\w+) \| sentence \}\}/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(Object.keys(RECOMMENDED_SETTINGS).sort());
  });
});

describe("REVIEW.md", () => {
  it("cannot be written without a sentence for a form of the secret", () => {
    const review = reviewOf("");
    const form = "shown to everybody" as Reviewed["secret"]["form"];
    expect(() => reviewPack({ ...review, secret: { ...review.secret, form } })).toThrow("undefined variable: form.sentence");
  });
});
