import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Caller } from "../../src/iam/catalogue";
import { type DkpVersion, isNewer, SUPPORTED_VERSIONS } from "../../src/iam/dkp-versions";

/** A component of DKP that is written in Go and calls AWS. */
export interface Component {
  readonly name: Caller;
  /** Path of its Go module. */
  readonly module: string;
  /**
   * Folder of its main package in the module: only packages that it imports, directly or not, are
   * read.
   */
  readonly main: string;
}

export const COMPONENTS: readonly Component[] = [
  {
    name: "cloud-controller-manager",
    module: "k8s.io/cloud-provider-aws",
    main: "cmd/aws-cloud-controller-manager",
  },
  { name: "ebs-csi", module: "github.com/kubernetes-sigs/aws-ebs-csi-driver", main: "cmd" },
  // DKP runs a fork, deckhouse/mcm, which keeps the path of this module: read the fork with
  // --source.
  {
    name: "machine-controller-manager",
    module: "github.com/gardener/machine-controller-manager",
    main: "cmd/machine-controller-manager",
  },
];

/**
 * The components of DKP in the versions that the catalogue was compared with, and the day: those of
 * the branch main of 6 August 2026, because no tree of 1.77 (17 August 2026) could be read, but the
 * cloud controller managers 1.32.8 and 1.35.2, whose sources could not be read. Source: oss.yaml as
 * below, and for the machine controller manager deckhouse/mcm pkg/driver/driver_aws.go.
 */
const VERIFIED_COMPONENTS: readonly {
  readonly component: Caller;
  readonly versions: string;
  readonly date: string;
}[] = [
  { component: "cloud-controller-manager", versions: "1.33.4, 1.34.3, 1.36.0", date: "2026-11-27" },
  { component: "ebs-csi", versions: "1.54.0", date: "2026-11-25" },
  { component: "machine-controller-manager", versions: "0.36.0", date: "2026-11-25" },
  {
    component: "terraform",
    versions: "provider 5.83.1, measured with 5.100.0",
    date: "2026-11-25",
  },
];

/**
 * IDs of the components in DKP's list of them.
 * Source: https://github.com/deckhouse/deckhouse/blob/main/modules/030-cloud-provider-aws/oss.yaml
 */
const OSS_IDS: Partial<Record<Caller, string>> = {
  "cloud-controller-manager": "ccm-aws",
  "ebs-csi": "csi-aws",
  terraform: "terraform-provider-aws",
};

/** An entry of DKP's list of components: one version, or one for each Kubernetes version. */
interface OssEntry {
  readonly id: string;
  readonly version?: string;
  readonly versions?: readonly { readonly version: string }[];
}

/** DKP's list of components, in a source tree of DKP: the versions of each ID, without `v`. */
export function readShippedVersions(tree: string): ReadonlyMap<string, readonly string[]> {
  const list = parse(
    readFileSync(join(tree, "modules/030-cloud-provider-aws/oss.yaml"), "utf8"),
  ) as readonly OssEntry[];
  return new Map(
    list.map(({ id, version = "", versions = [{ version }] }) => [
      id,
      [...new Set(versions.map((each) => each.version.replace(/^v/, "")))],
    ]),
  );
}

/**
 * The versions of a component that DKP ships; the verified ones where its list does not have the
 * component.
 */
export function shippedVersions(
  name: Caller,
  shipped: ReadonlyMap<string, readonly string[]>,
): readonly string[] {
  return shipped.get(OSS_IDS[name] ?? "") ?? verifiedVersions(name);
}

/** Versions that DKP ships and the catalogue was compared with; oldest first, without `v`. */
export function verifiedVersions(name: Caller): readonly string[] {
  return (
    VERIFIED_COMPONENTS.find(({ component }) => component === name)?.versions.match(
      /\d+\.\d+\.\d+/g,
    ) ?? []
  );
}

/**
 * A line for each component of which DKP ships versions that the catalogue was not compared with:
 * docs/reference/support.md.
 */
export function unverified(shipped: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return (Object.keys(OSS_IDS) as Caller[]).flatMap((name) => {
    const versions = shippedVersions(name, shipped).filter(
      (each) => !verifiedVersions(name).includes(each),
    );
    return versions.length === 0
      ? []
      : [
          `${name}: DKP ships ${versions.join(", ")}; once compared, add them to VERIFIED_COMPONENTS`,
        ];
  });
}

/** What a release of a newer release line requires; undefined for one that is known. */
export function newerLine(release: DkpVersion | undefined): string | undefined {
  return release !== undefined && isNewer(release, SUPPORTED_VERSIONS.last)
    ? `DKP ${release} is newer than ${SUPPORTED_VERSIONS.last}; once compared, write it into SUPPORTED_VERSIONS`
    : undefined;
}

/**
 * When the rows of a component were last compared with its sources, for versions that could not be
 * read.
 */
export function lastCompared(name: Caller, rows: number, now: Date): string {
  const { date = "", versions = "no version" } =
    VERIFIED_COMPONENTS.find(({ component }) => component === name) ?? {};
  const days = Math.floor((now.getTime() - Date.parse(date)) / 86_400_000);
  return `its ${rows} rows were last compared on ${date}, ${days} days ago, with ${versions}`;
}
