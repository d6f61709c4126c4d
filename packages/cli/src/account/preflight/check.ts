import type { Deployment } from "../../../../../src/settings/deployment";
import type { Found } from "../../findings/finding";
import type { StateContents } from "../../terraform/state-file";
import { callErrorOf } from "../aws/call-errors";
import type { Aws } from "../aws/client";
import type { IamReader, Reading } from "../aws/iam-reader";
import {
  type Action,
  AwsError,
  type Input,
  type Output,
  TIMED_OUT,
  UNREACHABLE,
} from "../aws/operations";
import type { PreflightRules } from "./preflight-rules";

export type PreflightFound = Found<PreflightRules>;

/** A finding, if a condition holds. */
export const when = (isFound: boolean, finding: PreflightFound): readonly PreflightFound[] =>
  isFound ? [finding] : [];

/** Of a call of EC2 that describes. */
export const filteredBy = (
  Name: string,
  ...Values: string[]
): { readonly Filters: { Name: string; Values: string[] }[] } => ({ Filters: [{ Name, Values }] });

/** The finding that a check cannot run without a setting. */
export const settingNotSet = (field: string): PreflightFound => ({
  rule: "setting-not-set",
  field,
  values: { field },
});

export type StateReading = Promise<Reading<Pick<StateContents, "resources">>>;

/** What a check reads. Errors of AWS are thrown as `AwsError`, except by `iam`. */
export interface Subject {
  readonly deployment: Deployment;
  readonly account: string;
  readonly state: () => StateReading;
  list<A extends Action, T>(
    action: A,
    input: Input<A>,
    itemsOf: (page: Output<A>) => readonly T[] | undefined,
  ): Promise<readonly T[]>;
  readonly dryRun: Aws["dryRun"];
  readonly iam: IamReader;
}

export interface Check {
  readonly id: string;
  /** The setting that it is about; a finding can name another one. */
  readonly field: string;
  run(subject: Subject): Promise<readonly PreflightFound[]>;
}

/** What work finds, or the finding that an error of AWS is. */
export async function orErrorFinding(
  work: Promise<readonly PreflightFound[]>,
): Promise<readonly PreflightFound[]> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof AwsError)) {
      throw error;
    }
    const { action, code, message } = error;
    const values = {
      action,
      reason: code === UNREACHABLE || code === TIMED_OUT ? message : `${code}: ${message}`,
    };
    const rule = callErrorOf(error);
    return [
      rule === "role-not-assumed"
        ? { rule, field: "provider.assumeRoleArn", values }
        : { rule, values },
    ];
  }
}
