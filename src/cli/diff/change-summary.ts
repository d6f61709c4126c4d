import type { DecisionRequest } from "../../decision/model";
import type { AccessLevel, Area } from "../../iam/catalogue";

/** What a change does, by deployment. Printed as it is by `--format json`; it never contains a secret. */
export interface Changes {
  /** What is compared: "Compared with git ref main (1a2b3c4d)", "Plan plan.json". */
  readonly source: string;
  readonly deployments: readonly DeploymentChanges[];
}

export interface DeploymentChanges {
  readonly stack: string;
  readonly state: "new" | "removed" | "changed" | "unchanged";
  readonly permissions: PermissionChanges;
  readonly impact: ImpactChanges;
  readonly resources: readonly ResourceChange[];
  /** What removes the access of the cluster, or leaves access keys unmanaged. */
  readonly breakingChanges: readonly string[];
  /** Where more principals than before can read a secret. No permission in AWS. */
  readonly secretExposures: readonly string[];
  readonly notes: readonly string[];
}

/** The difference of what an attacker with the key can do: continuations of "an attacker can". */
export interface ImpactChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly before: string; readonly after: string }[];
}

export interface PermissionChanges {
  readonly broadened: readonly ActionChange[];
  readonly narrowed: readonly ActionChange[];
  /** What else is broadened: a boundary or a Deny that is removed, a policy that is attached, what cannot be compared. */
  readonly otherBroadened: readonly string[];
  readonly otherNarrowed: readonly string[];
  /** By policy that is broadened, what the decision procedure shows. */
  readonly evidence: readonly Evidence[];
}

/** Why something counts as broadened: a request, or the reason why the policies are not comparable. */
export type Evidence = EvidenceSubject &
  (
    | {
        readonly kind: "new-request";
        /** A request that is allowed after the change and was not allowed before. */
        readonly request: DecisionRequest;
      }
    | { readonly kind: "not-comparable"; readonly reason: string }
  );

/** What a piece of evidence is about. */
export interface EvidenceSubject {
  readonly principal: Principal | "any principal";
  /** Absent for the identity policies of the principal. */
  readonly policy?: "Deny statements" | "permissions boundary" | "trust policy" | "service control policy";
  /** ARN of a permissions boundary that stays and whose content is unknown: the request also needs its permission. */
  readonly boundary?: string;
}

/** Whose permissions change. The deployer is the principal that runs Terraform. */
export type Principal = "user" | "node role" | "deployer";

/** An action that is allowed for more requests than before, or for fewer. */
export interface ActionChange {
  readonly principal: Principal;
  /** In AWS's spelling where the catalogue knows it; may have wildcards. */
  readonly action: string;
  /** `unknown` for what is not in the catalogue. */
  readonly access: AccessLevel | "unknown";
  readonly area: Area | "not in DKP's catalogue";
  /** What DKP does with it. */
  readonly why?: string;
  /** Where it is allowed now and was not before; of a narrowed action, where it was allowed and is not now. */
  readonly scopes: readonly Scope[];
  /** All scopes on the other side: of a broadened action, before; of a narrowed one, now. Empty: it is not allowed there. */
  readonly otherSide: readonly Scope[];
}

/** Whether actions of an access level change something. */
export function isWrite(access: ActionChange["access"]): boolean {
  return access !== "List" && access !== "Read" && access !== "unknown";
}

/** A resource pattern and its conditions as people read them: `aws:RequestedRegion is eu-central-1`. */
export interface Scope {
  readonly resource: string;
  readonly conditions: readonly string[];
}

export interface ResourceChange {
  readonly address: string;
  /** What the resource is: `user "deckhouse"`. */
  readonly description: string;
  readonly action: "created" | "deleted" | "replaced" | "updated" | "imported" | "forgotten";
  /** Which attributes change. */
  readonly details: readonly string[];
}

/** Whether any principal may do more than before; what is unknown counts. */
export function isBroadened({ broadened, otherBroadened }: PermissionChanges): boolean {
  return broadened.length + otherBroadened.length > 0;
}

/** Whether any principal may do less than before. */
export function isNarrowed({ narrowed, otherNarrowed }: PermissionChanges): boolean {
  return narrowed.length + otherNarrowed.length > 0;
}

/** The exit code of a change summary: 3 with a breaking change, else 2 where permissions are broadened or a secret is newly exposed, else 0. */
export function exitCodeOf({ deployments }: Changes): 0 | 2 | 3 {
  if (deployments.some(({ breakingChanges }) => breakingChanges.length > 0)) {
    return 3;
  }
  return deployments.some(({ permissions, secretExposures }) => isBroadened(permissions) || secretExposures.length > 0) ? 2 : 0;
}

/** Changes as JSON, with the exit code. */
export function changesJson(changes: Changes): string {
  return `${JSON.stringify({ exitCode: exitCodeOf(changes), ...changes }, null, 2)}\n`;
}
