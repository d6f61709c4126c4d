import type { CheckedSettings } from "../checked-settings";

/** A deployment that may have errors. */
export interface Candidate {
  readonly stack: string;
  /** The name of the deployment in messages: its file. */
  readonly source: string;
  readonly settings: CheckedSettings;
}
