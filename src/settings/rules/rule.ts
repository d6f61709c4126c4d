import type { FieldError } from "../errors";
import type { Settings } from "../schema/deployment-schema";

/** What the rules know besides the settings. */
export interface RuleContext {
  /** CDKTF's output folder, relative to the project's root. */
  readonly outputFolder: string;
  /** The folder of the settings files, relative to the project's root; undefined where there is none. */
  readonly settingsFolder?: string | undefined;
  /** Options of a command that replace the settings' own `policy`. */
  readonly policy?: Partial<Settings["policy"]> | undefined;
}

/** A rule between fields of one deployment. It runs only if the fields it requires have no errors. */
export interface Rule {
  readonly requires: readonly (readonly string[])[];
  readonly check: (settings: Settings, context: RuleContext) => FieldError | readonly FieldError[] | undefined;
}
