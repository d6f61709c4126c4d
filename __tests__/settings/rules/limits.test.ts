import { policyOptionsOf } from "../../../src/settings/deployment";
import { readSettings } from "../../../src/settings/read-settings";
import { settingsWarnings } from "../../../src/settings/settings-notes";
import { deploymentWith, errorsWith } from "../../helpers/settings-files";

describe("nodeRole", () => {
  const policies = (count: number) =>
    `nodeRole: { name: n, managedPolicyArns: [${Array.from({ length: count }, (_, index) => `"arn:aws:iam::aws:policy/P${index}"`).join(", ")}] }\n`;

  it("warns about more managed policies than an account allows by default", () => {
    expect(settingsWarnings(deploymentWith(policies(11)))).toEqual([
      'nodeRole.managedPolicyArns: has 11 policies, an account allows 10 per role by default; raise the quota "Managed policies per role" before the apply',
    ]);
    expect(settingsWarnings(deploymentWith(policies(10)))).toEqual([]);
  });
});

describe("permissions that exceed one policy", () => {
  /** The length that leaves space for the names of further policies. */
  const LONGEST = "P".repeat(117);
  const roles = (count: number) => Array.from({ length: count }, (_, index) => `/apps/former-role-of-the-nodes-${index}`);
  const settings = (mode: string, count: number) =>
    `policy: { mode: ${mode}, name: ${LONGEST} }\ncluster:\n  prefix: dev\n  layout: Standard\n  formerIamNodeRoles: [${roles(count).join(", ")}]\n`;

  it.each(["scoped", "minimal"])("are divided into several policies in mode %s", (mode) => {
    expect(deploymentWith(settings(mode, 20)).policies.map(({ name }) => name)).toEqual([
      LONGEST,
      expect.stringMatching(/^P{117}-2-[0-9a-f]{8}$/),
    ]);
  });

  it("are rejected if the name leaves no space for the number of a policy", () => {
    expect(errorsWith(settings("scoped", 20).replace(LONGEST, `${LONGEST}P`))).toEqual([
      expect.stringMatching(
        /^line 3, policy\.name: "P+\.\.\. \(118 characters\) is too long for the 2 policies .*, whose names have 11 characters more; shorten it to 117 characters$/,
      ),
    ]);
  });

  it("are rejected if they require more policies than IAM attaches", () => {
    expect(errorsWith(settings("scoped", 900))).toEqual([
      expect.stringMatching(
        /^line 3, policy\.mode: requires \d\d policies, and a deployment can have 5, because .* before it detaches the former ones; shorten the lists of roles, accounts, keys and tags in cluster$/,
      ),
    ]);
  });

  it("are rejected if one statement exceeds a policy, because tag keys can't be divided", () => {
    const tags = Array.from({ length: 50 }, (_, index) => `${"k".repeat(126)}${String(index).padStart(2, "0")}: v`);
    expect(errorsWith(`policy: { mode: scoped }\ncluster:\n  prefix: dev\n  tags: { ${tags.join(", ")} }\n`)).toEqual([
      expect.stringMatching(/^line 3, policy\.mode: requires a statement NodeRoleTags1 of \d+ characters, IAM allows 6144; /),
    ]);
  });

  it("are one policy in `documented`, which names no roles", () => {
    expect(deploymentWith(settings("documented", 60)).policies).toHaveLength(1);
  });
});

it("user.allowedNetworks rejects more networks than one policy can hold", () => {
  const cidrs = Array.from({ length: 400 }, (_, index) => `203.${index % 256}.${Math.floor(index / 256)}.0/24`);
  expect(errorsWith(`user: { allowedNetworks: { cidrs: [${cidrs.join(", ")}] } }\n`)).toEqual([
    expect.stringMatching(
      /^line 3, user\.allowedNetworks: requires a statement DenyOtherNetworks of \d{4} characters, IAM allows 6144; combine its networks$/,
    ),
  ]);
});

it("the marker of mode `strict` is the only pair of the tags, or the one that policy.marker names", () => {
  const optionsOf = (policy: string, tags: string) =>
    policyOptionsOf(deploymentWith(`policy: { ${policy} }\ncluster: { prefix: dev, layout: Standard, tags: { ${tags} } }\n`));
  expect(optionsOf("mode: strict", "dkp-cluster: dev").cluster.tags).toEqual({ "dkp-cluster": "dev" });
  expect(optionsOf("mode: strict, marker: dkp-cluster", "dkp-cluster: dev, team: a").marker).toBe("dkp-cluster");
});

describe("backend.local.path", () => {
  const errors = (path: string) =>
    readSettings("dev.yaml", "dev", { region: "eu-central-1", backend: { local: { path } } }).errors;

  it.each(["deployments", "./deployments/", "."])("rejects the folder %s", (path) => {
    expect(errors(path)).toEqual([
      {
        path: ["backend", "local", "path"],
        line: undefined,
        message: `"${path}" is a folder; write the path of a file`,
      },
    ]);
  });

  it.each(["deployments/dev.tfstate", "states/dev.tfstate", "../dev.tfstate"])("accepts the file %s", (path) => {
    expect(errors(path)).toEqual([]);
  });
});
