import * as fc from "fast-check";
import { type Cluster, LAYOUTS } from "../../src/iam/cluster";
import {
  type DeploymentPolicy,
  deploymentPolicies,
  isTooLarge,
  secondPolicyName,
} from "../../src/iam/deployment-policies";
import type { Statement } from "../../src/iam/policy-document";
import { MODES, type Mode } from "../../src/iam/policy-statements";
import { anyCluster, FEATURE_NAMES, KMS_KEY, optionsWith } from "../helpers/clusters";
import { cases, SAMPLE } from "../helpers/complete";
import { allows, permissionsOf } from "../helpers/permissions";

const CHANGES_PER_MODE = cases(300, 5_000);
const PAIRED_DEPLOYMENTS = cases(30, 500);

type Attached = ReadonlyMap<string, readonly Statement[]>;

const attachedOf = (policies: readonly DeploymentPolicy[]) =>
  new Map(policies.map(({ name, statements }) => [name, statements]));

/**
 * What is attached after each write call of an apply: the second policy, then the first one, then
 * without a second one that the settings do not need. `__tests__/e2e/policy-changes.test.ts`
 * measures that order.
 */
function statesBetween(before: Attached, after: Attached) {
  const states: Attached[] = [];
  let attached = new Map(before);
  const write = (name: string, statements: readonly Statement[] | undefined) => {
    attached = new Map(attached);
    if (statements === undefined) {
      attached.delete(name);
    } else {
      attached.set(name, statements);
    }
    states.push(attached);
  };
  const second = after.get(SECOND);
  if (second !== undefined) {
    write(SECOND, second);
  }
  write(FIRST, after.get(FIRST));
  if (second === undefined) {
    write(SECOND, undefined);
  }
  return states;
}

const allowed = new WeakMap<readonly Statement[], ReadonlySet<string>>();
const allowedBy = (statements: readonly Statement[]) => {
  const known = allowed.get(statements) ?? permissionsOf(statements);
  allowed.set(statements, known);
  return known;
};

function missing(before: Attached, after: Attached) {
  const setsOf = (attached: Attached) => [...attached.values()].map(allowedBy);
  const isAllowed = (attached: Attached) => {
    const sets = setsOf(attached);
    return (permission: string) => sets.some((set) => allows(set, permission));
  };
  const named = new Set(
    [before, after].flatMap((attached) => setsOf(attached).flatMap((set) => [...set])),
  );
  const kept = [...named].filter(isAllowed(before)).filter(isAllowed(after));
  return statesBetween(before, after).flatMap((attached) => {
    const isStillAllowed = isAllowed(attached);
    return kept.filter((permission) => !isStillAllowed(permission));
  });
}

function moved(before: Attached, after: Attached) {
  const [first, second] = [FIRST, SECOND].map((name) => ({
    before: allowedBy(before.get(name) ?? []),
    after: allowedBy(after.get(name) ?? []),
  }));
  const between = (from = first, to = second) =>
    [...(from?.before ?? [])].filter(
      (permission) => !from?.after.has(permission) && to?.after.has(permission),
    ).length;
  return between() + between(second, first);
}

const FIRST = "Dkp";
const SECOND = secondPolicyName(FIRST);

const many = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => of(index));
const roles = (count: number) => many(count, (index) => `/apps/former-role-${index}`);
const keys = (count: number) =>
  many(count, (index) => `${KMS_KEY.slice(0, -3)}${String(index).padStart(3, "0")}`);
const vpcs = (count: number) =>
  many(count, (index) => `vpc-0123456789abc${String(index).padStart(4, "0")}`);
const cidrs = (count: number) => many(count, (index) => `203.0.${index}.0/24`);

/** One other value of one setting, lists that get longer and shorter among them. */
const anyChange: fc.Arbitrary<Partial<Cluster> & { readonly networks?: number }> = fc.oneof(
  fc.subarray(FEATURE_NAMES).map((features) => ({ features })),
  fc.constantFrom(...FEATURE_NAMES).map((feature) => ({ features: [feature] })),
  fc
    .nat(90)
    .map((count) => ({ kmsKeyArns: keys(count), features: ["encrypted-volumes"] as const })),
  fc.nat(40).map((count) => ({ peeredVPCs: vpcs(count) })),
  fc.nat(60).map((count) => ({ formerIamNodeRoles: roles(count) })),
  fc.nat(40).map((networks) => ({ networks })),
  fc.constantFrom(...LAYOUTS).map((layout) => ({ layout })),
  fc.boolean().map((disableDefaultSecurityGroup) => ({ disableDefaultSecurityGroup })),
  fc.boolean().map((bastion) => ({ bastion })),
  fc.constantFrom(undefined, "dkp-node").map((iamNodeRole) => ({ iamNodeRole })),
  fc
    .dictionary(fc.constantFrom("team", "cost", "owner"), fc.constant("a"), { maxKeys: 3 })
    .map((tags) => ({ tags })),
);

function policiesOf(mode: Mode, cluster: Cluster, networks: number) {
  const allowedNetworks =
    networks === 0 ? undefined : { cidrs: cidrs(networks), vpcs: [], vpcEndpoints: [] };
  return deploymentPolicies({ ...optionsWith(mode, cluster), allowedNetworks }, FIRST);
}

/** The settings are rejected otherwise. */
const isAccepted = (policies: readonly DeploymentPolicy[]) =>
  !policies.some(({ statements }) => isTooLarge(statements));

interface Report {
  changes: number;
  missing: number;
  /** Permissions that one policy loses and the other one gets. */
  moved: number;
  /** By the number of policies before and after. */
  readonly counts: Record<string, number>;
}

function add(
  report: Report,
  before: readonly DeploymentPolicy[],
  after: readonly DeploymentPolicy[],
) {
  report.changes += 1;
  report.missing += missing(attachedOf(before), attachedOf(after)).length;
  report.moved += before.length === after.length ? moved(attachedOf(before), attachedOf(after)) : 0;
  const count = `${before.length}->${after.length}`;
  report.counts[count] = (report.counts[count] ?? 0) + 1;
}

const shown = ({ changes, missing: count, counts }: Report) =>
  `${changes} changes, ${count} permissions missing; policies ${Object.entries(counts)
    .sort()
    .map(([numbers, times]) => `${numbers}: ${times}`)
    .join(", ")}\n`;

describe("between the write calls of an apply", () => {
  it.each(MODES)(
    "no permission is missing that the settings allow before and after a change of one setting in mode %s",
    (mode) => {
      const report = { changes: 0, missing: 0, counts: {}, moved: 0 };
      fc.assert(
        fc.property(anyCluster, anyChange, anyChange, (cluster, one, other) => {
          const { networks: before = 0, ...first } = one;
          const { networks: after = before, ...second } = other;
          const start = { ...cluster, ...first };
          const both = [
            policiesOf(mode, start, before),
            policiesOf(mode, { ...start, ...second }, after),
          ] as const;
          fc.pre(both.every(isAccepted));
          add(report, ...both);
        }),
        { numRuns: CHANGES_PER_MODE, seed: SAMPLE },
      );
      process.stderr.write(`${mode}: ${shown(report)}`);
      const count = mode === "documented" ? "1->1" : "2->2";
      expect(report).toEqual({
        changes: CHANGES_PER_MODE,
        missing: 0,
        counts: { [count]: CHANGES_PER_MODE },
        moved: 0,
      });
    },
  );

  it("no permission is missing that two modes allow, for each pair of modes", () => {
    const report = { changes: 0, missing: 0, counts: {}, moved: 0 };
    fc.assert(
      fc.property(anyCluster, anyChange, (cluster, { networks = 0, ...change }) => {
        const byMode = MODES.map((mode) => policiesOf(mode, { ...cluster, ...change }, networks));
        fc.pre(byMode.every(isAccepted));
        for (const before of byMode) {
          for (const after of byMode) {
            add(report, before, after);
          }
        }
      }),
      { numRuns: PAIRED_DEPLOYMENTS, seed: SAMPLE },
    );
    process.stderr.write(`${PAIRED_DEPLOYMENTS} deployments: ${shown(report)}`);
    expect(report).toMatchObject({ changes: PAIRED_DEPLOYMENTS * MODES.length ** 2, missing: 0 });
  });

  it("a permission that moved between the two policies would be missing", () => {
    const statement = (sid: string) => ({
      sid,
      actions: [`ec2:${sid}`],
      resources: ["*"],
      conditions: [],
    });
    const divided = (first: string, second: string) =>
      new Map([
        [FIRST, [statement(first)]],
        [SECOND, [statement(second)]],
      ]);
    expect(missing(divided("A", "B"), divided("B", "A"))).toEqual(["ec2:B *"]);
    expect(moved(divided("A", "B"), divided("B", "A"))).toBe(2);
  });
});
