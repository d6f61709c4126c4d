import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { PreflightFound } from "../../packages/cli/src/account/preflight/check";
import { type CheckResult, runPreflight } from "../../packages/cli/src/account/preflight/report";
import { ACCOUNT, type Answers, callsOf } from "./aws-answers";
import { deployment } from "./deployment";
import { PROJECT } from "./project-root";

interface World {
  readonly settings?: unknown;
  readonly aws?: Answers & { readonly image?: object };
  readonly dry?: Readonly<Record<string, object>>;
  readonly asKey?: boolean;
  readonly state?: Readonly<Record<string, string>>;
}

/** Nothing has a name of the deployment, and everything is allowed. */
const NEW_ACCOUNT = {
  GetCallerIdentity: { Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:user/admin` },
  DescribeRegions: {
    Regions: [
      { RegionName: "eu-central-1", OptInStatus: "opt-in-not-required" },
      { RegionName: "ap-east-1", OptInStatus: "opted-in" },
      { RegionName: "me-south-1", OptInStatus: "not-opted-in" },
    ],
  },
  ...Object.fromEntries(
    ["User", "Group", "Role", "Policy", "InstanceProfile"].map((kind) => [
      `Get${kind}`,
      "error NoSuchEntity",
    ]),
  ),
};

const settingsOf = (given: unknown = {}) => JSON.stringify(given);

/**
 * An image that DKP can use, with these differences; `disks` are EBS disks by device, or instance
 * store volumes by name.
 */
function imageOf({
  disks = ["/dev/sda1"],
  ...differences
}: {
  readonly disks?: readonly string[];
}) {
  const BlockDeviceMappings = disks.map((disk) =>
    disk.startsWith("/")
      ? { DeviceName: disk, Ebs: { VolumeSize: 8 } }
      : { DeviceName: "/dev/sdb", VirtualName: disk },
  );
  const root = {
    ImageId: "ami-0aad10862ade98f27",
    RootDeviceType: "ebs",
    RootDeviceName: "/dev/sda1",
    BlockDeviceMappings,
  };
  return { State: "available", Architecture: "x86_64", EnaSupport: true, ...root, ...differences };
}

function answersOf({ image, ...aws }: NonNullable<World["aws"]>) {
  return {
    ...NEW_ACCOUNT,
    ...(image && { DescribeImages: { Images: [imageOf(image)] } }),
    ...aws,
  };
}

/** Runs the preflight in an account. */
export async function preflightIn({
  settings,
  aws = {},
  dry = {},
  asKey = false,
  state,
}: World): Promise<readonly CheckResult[]> {
  const call = callsOf(answersOf(aws), {});
  const dryRun = async (operation: string) =>
    dry[operation] ?? { code: "DryRunOperation", message: "" };
  const current = Object.entries(state ?? {}).map(([address, name]) => ({
    address,
    attributes: { name },
  }));
  const value = { resources: { current, tainted: [], deposed: [] }, outputs: {} };
  return runPreflight(
    deployment(settingsOf(settings)),
    { call, dryRun } as unknown as Parameters<typeof runPreflight>[1],
    {
      asKey,
      state: async () => (state === undefined ? { unread: "not synthesized" } : { value }),
    },
  );
}

export const findingsOf = (
  results: readonly CheckResult[],
  check: string,
): readonly PreflightFound[] =>
  results.filter((result) => result.check === check).flatMap(({ findings }) => findings);

interface Row extends World {
  readonly case: string;
  readonly check?: string;
  readonly finds: readonly string[];
}

const text = readFileSync(
  join(PROJECT, "packages/cli/__tests__/account/preflight.worlds.yaml"),
  "utf8",
);
const ROWS = parse(text, { merge: true }) as Readonly<Record<string, readonly Row[]>>;

/** The rules, and if it matters the field. */
export const CASES = Object.entries(ROWS).flatMap(([id, rows]) =>
  rows.map(({ case: title, check = id, finds, ...account }) => {
    const expected = finds
      .map((found) => found.split(" "))
      .map(([rule, field]) => (field ? { rule, field } : { rule }));
    return { check, title, account: account as World, expected };
  }),
);
