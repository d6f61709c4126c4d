import { fittingStatements } from "../../../src/iam/action-patterns";
import { policySize } from "../../../src/iam/policy-document";
import type { PolicyOptions } from "../../../src/iam/policy-statements";
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
      'line 4, cluster.layout: "NAT" is not a layout; use WithoutNAT, WithNAT, Standard',
    ]);
  });
});

describe("a policy that is larger than IAM takes", () => {
  const formerRoles = (count: number) => Array.from({ length: count }, (_, index) => `/apps/former-role-of-the-nodes-${index}`);
  const settings = (mode: string, roles: number) =>
    `policy: { mode: ${mode} }\ncluster:\n  prefix: dev\n  layout: Standard\n  formerIamNodeRoles: [${formerRoles(roles).join(", ")}]\n`;

  /** The size that the policy of these settings has, in any account. */
  const sizeOf = (mode: PolicyOptions["mode"], roles: number) => {
    const cluster = { ...deploymentWith(settings(mode, 1)).cluster, formerIamNodeRoles: formerRoles(roles) };
    const environment = { partition: "aws", region: "eu-central-1", account: "123456789012" };
    return policySize(fittingStatements({ mode, supplement: true, cluster, environment }));
  };

  it("is rejected with both numbers", () => {
    expect(errorsWith(settings("scoped", 60))).toEqual([
      `line 3, policy.mode: "scoped" requires a policy of ${sizeOf("scoped", 60)} characters, IAM allows 6144; shorten the lists of roles and accounts, take features away, or use "minimal"`,
    ]);
  });

  it("is rejected in the smallest mode, which is then no remedy", () => {
    expect(errorsWith(settings("minimal", 60))).toEqual([
      `line 3, policy.mode: "minimal" requires a policy of ${sizeOf("minimal", 60)} characters, IAM allows 6144; shorten the lists of roles and accounts, or take features away`,
    ]);
  });

  it("is rejected from the first role too many on", () => {
    // Each role is named in two statements.
    const most = Math.floor((6144 - sizeOf("minimal", 50)) / (sizeOf("minimal", 51) - sizeOf("minimal", 50))) + 50;
    expect([sizeOf("minimal", most) <= 6144, sizeOf("minimal", most + 1) > 6144]).toEqual([true, true]);
    expect(deploymentWith(settings("minimal", most)).cluster.formerIamNodeRoles).toHaveLength(most);
    expect(errorsWith(settings("minimal", most + 1))).toHaveLength(1);
  });

  it("does not result from the lists in `documented`, which names no roles", () => {
    expect(deploymentWith(settings("documented", 60)).cluster.formerIamNodeRoles).toHaveLength(60);
  });
});
