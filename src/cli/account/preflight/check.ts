import { iamResourceArn } from "../../../iam/arns";
import type { Deployment } from "../../../settings/deployment";
import type { Found } from "../../findings/finding";
import type { StateResource } from "../../terraform/state-file";
import type { IamReader, Reading } from "../aws/iam-reader";
import type { Action, Call, CallAll, DryRun } from "../aws/operations";
import type { PreflightRules } from "./rules";

export type PreflightFound = Found<PreflightRules>;

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
  readonly iam: IamReader;
}

/** One check of the account. */
export interface Check {
  /** Stable: reports refer to it. */
  readonly id: string;
  /** The setting that it is about; a finding can name another one. */
  readonly field: string;
  /** All calls that it can make: the permissions that the preflight requires follow from it. */
  readonly calls: readonly Action[];
  /** Where it calls AWS: in the deployment's Region, or, for global services, in a Region that every account has. */
  readonly where: "region" | "always-on region";
  run(tools: Tools, subject: Subject): Promise<readonly PreflightFound[]>;
}

/** A check that can make no other calls than it lists. */
export function check<const A extends Action>(
  given: Omit<Check, "calls" | "run"> & {
    readonly calls: readonly A[];
    run(tools: Tools<A>, subject: Subject): Promise<readonly PreflightFound[]>;
  },
): Check {
  return given;
}
