import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { Caller } from "../../src/iam/catalogue";
import { VERIFIED_COMPONENTS } from "../../src/iam/dkp-versions";

/** A component of DKP that is written in Go and calls AWS. */
export interface Component {
  readonly name: Caller;
  /** Path of its Go module. */
  readonly module: string;
  /** Folder of its main package in the module: only packages that it imports, directly or not, are read. */
  readonly main: string;
}

export const COMPONENTS: readonly Component[] = [
  { name: "cloud-controller-manager", module: "k8s.io/cloud-provider-aws", main: "cmd/aws-cloud-controller-manager" },
  { name: "ebs-csi", module: "github.com/kubernetes-sigs/aws-ebs-csi-driver", main: "cmd" },
  // DKP runs a fork, deckhouse/mcm, which keeps the path of this module: read the fork with --source.
  {
    name: "machine-controller-manager",
    module: "github.com/gardener/machine-controller-manager",
    main: "cmd/machine-controller-manager",
  },
];

/** IDs of the components in DKP's list of them. */
const OSS_IDS: Partial<Record<Caller, string>> = { "cloud-controller-manager": "ccm-aws", "ebs-csi": "csi-aws" };

/** The versions of a component that a source tree of DKP ships, without `v`; the verified ones where its list does not have it. */
export function shippedVersions(component: Component, tree: string): readonly string[] {
  const id = OSS_IDS[component.name];
  const list = parse(readFileSync(join(tree, "modules/030-cloud-provider-aws/oss.yaml"), "utf8")) as readonly {
    readonly id: string;
    readonly versions?: readonly { readonly version: string }[];
  }[];
  const versions = list.find((each) => each.id === id)?.versions?.map(({ version }) => version.replace(/^v/, ""));
  return versions === undefined ? verifiedVersions(component) : [...new Set(versions)];
}

/** The versions of a component that DKP ships and that the catalogue was compared with; oldest first, without `v`. */
export function verifiedVersions({ name }: Component): readonly string[] {
  return VERIFIED_COMPONENTS.find(({ component }) => component === name)?.versions.split(", ") ?? [];
}
