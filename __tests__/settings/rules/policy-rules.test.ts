import { policyOptionsOf } from "../../../src/settings/deployment";
import { deploymentWith, errorsWith } from "../../helpers/settings-files";

const NO_PREFIX = (mode: string) =>
  `cluster.prefix: missing: policy.mode "${mode}" limits the key to the role <prefix>-node; write the cloud.prefix of the cluster`;
const NO_LAYOUT =
  'cluster.layout: missing: policy.mode "minimal" grants what the layout needs; write one of WithoutNAT, WithNAT, Standard';

describe("what a mode needs to know of the cluster", () => {
  it("is nothing for `documented`", () => {
    expect(deploymentWith("policy: { mode: documented }\n").cluster.prefix).toBeUndefined();
  });

  it("is the prefix for `scoped`", () => {
    expect(errorsWith("policy: { mode: scoped }\n")).toEqual([NO_PREFIX("scoped")]);
    expect(deploymentWith("policy: { mode: scoped }\ncluster: { prefix: dev }\n").cluster.prefix).toBe("dev");
  });

  it("is the prefix and the layout for `minimal`", () => {
    expect(errorsWith("policy: { mode: minimal }\n")).toEqual([NO_PREFIX("minimal"), NO_LAYOUT]);
  });

  it("is reported at the cluster where there is one", () => {
    expect(errorsWith("policy: { mode: minimal }\n\ncluster: { prefix: dev }\n")).toEqual([`line 5, ${NO_LAYOUT}`]);
    expect(errorsWith("policy: { mode: scoped }\n\ncluster: { layout: Standard }\n")).toEqual([`line 5, ${NO_PREFIX("scoped")}`]);
  });

  it("is not asked for where the cluster has errors of its own", () => {
    expect(errorsWith("policy: { mode: scoped }\ncluster: { layout: NAT }\n")).toEqual([
      'line 4, cluster.layout: "NAT" is unknown; use "WithoutNAT", "WithNAT", "Standard"',
    ]);
  });
});

describe("the marker of mode `strict`", () => {
  const strict = (tags: string, policy = "mode: strict") =>
    `policy: { ${policy} }\ncluster: { prefix: dev, layout: Standard, tags: { ${tags} } }\n`;

  it("is the only pair of the tags, or the one that policy.marker names", () => {
    expect(policyOptionsOf(deploymentWith(strict("dkp-cluster: dev"))).cluster.tags).toEqual({ "dkp-cluster": "dev" });
    const named = deploymentWith(strict("dkp-cluster: dev, team: a", "mode: strict, marker: dkp-cluster"));
    expect(policyOptionsOf(named).marker).toBe("dkp-cluster");
    expect(deploymentWith(strict("Name: a, dkp-cluster: dev")).policy.marker).toBeUndefined();
  });

  it.each([
    ["{}", "mode: strict", /cluster\.tags: missing: policy\.mode "strict".*a tag that no other cluster of the account has/],
    ["Name: a", "mode: strict", /cluster\.tags: missing: policy\.mode "strict"/],
    [
      "dkp-cluster: dev, team: a",
      "mode: strict",
      /policy\.marker: missing: policy\.mode "strict" requires the tag .*; write one of "dkp-cluster", "team"$/,
    ],
    [
      "dkp-cluster: dev",
      "mode: strict, marker: team",
      /policy\.marker: "team" is no key of cluster\.tags that can be the marker; write one of "dkp-cluster"$/,
    ],
  ])("is missing with the tags { %s } and the policy { %s }", (tags, policy, message) => {
    expect(errorsWith(strict(tags === "{}" ? "" : tags, policy))).toEqual([expect.stringMatching(message)]);
  });

  it("requires prefix and layout as well", () => {
    expect(errorsWith("policy: { mode: strict }\ncluster: { tags: { a: b } }\n")).toEqual([
      expect.stringContaining(NO_PREFIX("strict")),
      expect.stringContaining(NO_LAYOUT.replace("minimal", "strict")),
    ]);
  });

  it("has one VPC: existingVPCID, or vpcId after the bootstrap", () => {
    const both = "cluster: { existingVPCID: vpc-0123456789abcdef0, vpcId: vpc-0123456789abcdef0 }\n";
    expect(errorsWith(both)).toEqual([
      "line 3, cluster.vpcId: has no effect beside existingVPCID, which is the VPC of the cluster; remove it",
    ]);
  });
});

describe("the tags of the cluster", () => {
  const tagged = (mode: string, tags: string) =>
    errorsWith(`policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard, tags: { ${tags} } }\n`);

  it.each([
    [
      "scoped",
      '"Владелец": x',
      /^line 4, cluster\.tags\..*: has characters that IAM rejects in a policy, and policy\.mode "scoped"/,
    ],
    ["strict", '"owner": "Анна"', /^line 4, cluster\.tags\.owner: has characters that IAM rejects in a policy/],
    ["documented", '"aws:x": y', /cluster\.tags\..*: begins with "aws:"/],
    ["minimal", '"a#b": y', /cluster\.tags\..*: is not a tag key/],
  ])("are rejected in mode %s: %s", (mode, tags, message) => {
    expect(tagged(mode, tags)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ["documented", '"Владелец": x'],
    ["minimal", '"owner": "Анна"'],
    ["strict", '"Größe": "ÿ"'],
  ])("are accepted in mode %s: %s", (mode, tags) => {
    expect(
      deploymentWith(`policy: { mode: ${mode} }\ncluster: { prefix: dev, layout: Standard, tags: { ${tags} } }\n`).policy.mode,
    ).toBe(mode);
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
