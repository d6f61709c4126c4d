import { iamResourceArn } from "../../../iam/arns";
import type { Deployment } from "../../../settings/deployment";
import type { StateResource } from "../../terraform/state-file";
import type { Reading } from "../aws/iam-reader";
import type { Action, Call, CallAll, DryRun } from "../aws/operations";

/** `skipped`: nothing to check, or another check must pass first. `unknown`: AWS was called and returned no result. */
export const VERDICTS = ["ok", "failed", "warning", "unknown", "skipped"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** One result of a check. */
export interface Finding {
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do; absent where there is nothing to do. */
  readonly remedy?: string | undefined;
}

/** A finding and its source. */
export interface Result extends Finding {
  readonly check: string;
  /** The calls that it is based on, with the region where it matters. */
  readonly source: string;
}

/** What is checked. */
export interface Subject {
  readonly deployment: Deployment;
  readonly partition: string;
  /** Account of the credentials. */
  readonly account: string;
  /** DKP has already created the cluster: its names are expected to be in use. */
  readonly existingCluster: boolean;
  /** The managed resources in the deployment's state, or why they cannot be read. */
  readonly state: ReadState;
}

/** ARN of the deployment's user. */
export function userArn({ deployment: { user }, ...environment }: Pick<Subject, "deployment" | "partition" | "account">): string {
  return iamResourceArn(environment, `user${user.path}${user.name}`);
}

export type ReadState = () => Promise<Reading<readonly StateResource[]>>;

/** Tools of a check. */
export interface Tools<A extends Action = Action> {
  readonly call: Call<A>;
  readonly callAll: CallAll<A>;
  readonly dryRun: DryRun;
}

/** One check of the account. */
export interface Check {
  readonly name: string;
  /** All calls that it can make: the permissions that the preflight requires follow from it. */
  readonly calls: readonly Action[];
  /** Where it calls AWS: in the deployment's region, or, for global services, in a region that every account has. */
  readonly where: "region" | "always-on region";
  run(tools: Tools, subject: Subject): Promise<readonly Finding[]>;
}

/** A check that can make no other calls than it lists. */
export function check<const A extends Action>(
  given: Omit<Check, "calls" | "run"> & {
    readonly calls: readonly A[];
    run(tools: Tools<A>, subject: Subject): Promise<readonly Finding[]>;
  },
): Check {
  return given;
}

export const ok = (found: string): Finding => ({ verdict: "ok", found });
export const failed = (found: string, remedy: string): Finding => ({ verdict: "failed", found, remedy });
export const warning = (found: string, remedy: string): Finding => ({ verdict: "warning", found, remedy });
export const unknown = (found: string, remedy: string): Finding => ({ verdict: "unknown", found, remedy });
export const skipped = (found: string, remedy?: string): Finding => ({ verdict: "skipped", found, remedy });

/** IDs as text, at most a number of them: enough to find the objects, of which a cluster can have hundreds. */
export function named(ids: readonly string[], most: number): string {
  const shown = ids.slice(0, most).join(", ");
  return ids.length > most ? `${shown} and ${ids.length - most} more` : shown;
}
