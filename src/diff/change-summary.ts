import type { AccessLevel, Area } from "../iam/catalogue";

/** What a change does, by deployment. JSON as it is; it never holds a secret. */
export interface Changes {
  /** What is told of: "review/ against main (1a2b3c4)", "the plan plan.json". */
  readonly source: string;
  readonly deployments: readonly DeploymentChanges[];
}

export interface DeploymentChanges {
  readonly stack: string;
  readonly state: "new" | "removed" | "changed" | "unchanged";
  readonly permissions: PermissionChanges;
  readonly resources: readonly ResourceChange[];
  /** What takes the cluster's access away, or leaves keys behind: nothing to apply without having thought of it. */
  readonly dangers: readonly string[];
  /** Where a secret comes to be seen by more people than before. No permission in AWS. */
  readonly exposures: readonly string[];
  readonly notes: readonly string[];
}

export interface PermissionChanges {
  readonly gained: readonly ActionChange[];
  readonly lost: readonly ActionChange[];
  /** Further growth, in words: a boundary or a Deny that goes, a policy that is attached, what can't be compared. */
  readonly loosened: readonly string[];
  readonly tightened: readonly string[];
}

/** Whose permissions change. The deployer is the principal that runs Terraform. */
export type Holder = "user" | "node role" | "deployer";

/** An action that is allowed on more than before, or on less. */
export interface ActionChange {
  readonly holder: Holder;
  /** In AWS's spelling where the catalogue knows it; may have wildcards. */
  readonly action: string;
  /** `unknown` for what is not in the catalogue. */
  readonly access: AccessLevel | "unknown";
  readonly area: Area | "not in DKP's catalogue";
  /** What DKP does with it. */
  readonly why?: string;
  /** Where it is allowed now and was not before; of what is lost, the other way round. */
  readonly where: readonly Scope[];
  /** Where it is allowed on the other side of the change: of what is gained, before; of what is lost, now. Empty: nowhere. */
  readonly otherwise: readonly Scope[];
}

/** A resource pattern and the conditions that go with it, in words: `aws:RequestedRegion is eu-central-1`. */
export interface Scope {
  readonly resource: string;
  readonly onlyIf: readonly string[];
}

export interface ResourceChange {
  readonly address: string;
  readonly what: string;
  readonly action: "created" | "deleted" | "replaced" | "updated" | "imported" | "forgotten";
  /** Which attributes change, in words. */
  readonly details: readonly string[];
}

/** Whether anybody may do more than before, as far as can be told; what can't be told counts. */
export function permissionsGrow({ gained, loosened }: PermissionChanges): boolean {
  return gained.length + loosened.length > 0;
}

/** Whether anybody may do less than before. */
export function permissionsShrink({ lost, tightened }: PermissionChanges): boolean {
  return lost.length + tightened.length > 0;
}

/** The exit code of a change summary: 3 with a breaking change, else 2 where permissions are broadened or a secret is newly exposed, else 0. */
export function exitCodeOf({ deployments }: Changes): 0 | 2 | 3 {
  if (deployments.some(({ dangers }) => dangers.length > 0)) {
    return 3;
  }
  return deployments.some(({ permissions, exposures }) => permissionsGrow(permissions) || exposures.length > 0) ? 2 : 0;
}

/** Changes as JSON, for machines. */
export function changesJson(changes: Changes): string {
  return `${JSON.stringify({ exitCode: exitCodeOf(changes), ...changes }, null, 2)}\n`;
}
