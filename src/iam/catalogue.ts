/**
 * The AWS actions that DKP calls, one row per action. The policies, the review pack and the
 * additional permissions are derived from these rows.
 */

import rows from "./catalogue.json";
import type { VersionRange } from "./dkp-versions";

/**
 * Access levels of the AWS Service Authorization Reference. Of two levels ("Tagging, Write"), a row
 * has the first one.
 */
export type AccessLevel = "List" | "Read" | "Write" | "Tagging" | "Permissions management";

/**
 * A component that calls the action. Elastic Load Balancing and EC2 also make calls on behalf of
 * their caller.
 */
export type Caller =
  | "terraform"
  | "cloud-controller-manager"
  | "machine-controller-manager"
  | "ebs-csi"
  | "cloud-data-discoverer"
  | "elastic-load-balancing";

/** What DKP does with the action; the review pack groups actions by it. */
export type Area = "account" | "network" | "nodes" | "disks" | "load balancers" | "identity";

/** Changes to a running cluster and optional DKP features that call additional actions. */
export type Feature =
  | "drift-repair"
  | "encrypted-volumes"
  | "fast-snapshot-restore"
  | "instance-type-change"
  | "nlb-security-groups"
  | "nlb-target-group-attributes"
  | "spot-instances"
  | "volume-cloning"
  | "volume-snapshots";

/** Described from the point of view of the user who enables them. */
export const FEATURES: Readonly<Record<Feature, string>> = {
  "drift-repair":
    "Terraform restores routes, subnet route tables, instance profiles and the trust policy " +
    "of the node role after a change outside Terraform, " +
    "and deletes network interfaces that AWS Lambda left behind",
  "encrypted-volumes":
    "volumes, images or snapshots encrypted with a customer managed KMS key, " +
    "including a default key of the account",
  "fast-snapshot-restore": "a VolumeSnapshotClass that enables fast snapshot restore",
  "instance-type-change": "changing the instance type of masters, static nodes or the bastion",
  "nlb-security-groups":
    "security groups on network load balancers: NLBSecurityGroupMode=Managed, " +
    "which DKP up to 1.77 does not set",
  "nlb-target-group-attributes":
    "services with an annotation that sets target group attributes of a network load balancer " +
    "(DKP 1.77, or Kubernetes 1.35 or newer)",
  "spot-instances": "an AWSInstanceClass with spot: true",
  "volume-cloning": "persistent volume claims that use another claim as data source",
  "volume-snapshots":
    "VolumeSnapshot objects (DKP enables the module snapshot-controller by default), " +
    "or a StorageClass of your own with blockAttachUntilInitialized",
};

/**
 * A condition that a cluster meets or not. Any one of the conditions of a row requires the action.
 * A condition still holds while a change removes it (a peering, the last tag, the default groups),
 * because the removal calls AWS too.
 */
export type ClusterCondition =
  /** Every cluster: during creation, operation, changes of settings or deletion. */
  | "always"
  | "layout:WithoutNAT"
  | "layout:WithNAT"
  | "layout:Standard"
  /** `withNAT.bastionInstance` is set and the layout is WithNAT. */
  | "bastion"
  /** No `existingVPCID`. */
  | "own-vpc"
  /** `peeredVPCs` has entries. */
  | "peering"
  /** `tags` has entries. */
  | "tags"
  /**
   * `imdsv2` is set, `true` or `false`: DKP then manages the metadata options of its instances.
   * Source: docs/reference/facts.yaml, dkp-imdsv2.
   */
  | "imdsv2-set"
  /** Not `disableDefaultSecurityGroup`. */
  | "default-security-groups"
  | `feature:${Feature}`;

/** One action. `since` and `until`: the versions of DKP that call it. */
export interface CatalogueRow extends VersionRange {
  /** In the canonical case of AWS. IAM ignores case, but tools that compare strings do not. */
  readonly action: string;
  readonly access: AccessLevel;
  /** Resource types of the action, as the reference names them; empty: only `Resource: "*"`. */
  readonly resources: readonly string[];
  /** Empty: no caller is known. */
  readonly callers: readonly Caller[];
  /** Empty: no call was found in the sources read and the runs measured. */
  readonly requiredWhen: readonly ClusterCondition[];
  /** Whether the DKP authorization page lists it. */
  readonly documented: boolean;
  readonly area: Area;
  /** What DKP uses the action for, for a security reviewer. */
  readonly why: string;
  /** "measured": DKP's own Terraform was run against a local AWS. */
  readonly source: string;
}

/**
 * Values of `iam:AWSServiceName` that `iam:CreateServiceLinkedRole` is allowed for. Spot instances
 * change nothing else.
 */
export const LINKED_SERVICES: readonly (Pick<CatalogueRow, "requiredWhen"> & {
  readonly service: string;
})[] = [
  // Created with the first load balancer of an account, and DKP creates load balancers by default.
  // Source: terraform-aws-modules/terraform-aws-eks#183.
  { service: "elasticloadbalancing.amazonaws.com", requiredWhen: ["always"] },
  // Created with the first spot instance of an account. Source: deckhouse/mcm
  // pkg/driver/driver_aws.go.
  { service: "spot.amazonaws.com", requiredWhen: ["feature:spot-instances"] },
];

/** Every action, sorted: `catalogue.yaml`. */
export const CATALOGUE = rows as readonly CatalogueRow[];
