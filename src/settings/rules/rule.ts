import type { Problem } from "../errors";
import type { Settings } from "../schema/deployment-schema";

/** What the rules know besides the settings. */
export interface Surroundings {
  /** CDKTF's output folder, relative to the project's root. */
  readonly outputFolder: string;
  /** The folder of the settings files, relative to the project's root; undefined where there is none. */
  readonly settingsFolder?: string | undefined;
  /** What a command line says instead of the settings' own `policy`. */
  readonly policy?: Partial<Settings["policy"]> | undefined;
}

/** A rule between fields of one deployment. It runs only when the fields it needs have no problem of their own. */
export interface Rule {
  readonly needs: readonly (readonly string[])[];
  readonly problem: (settings: Settings, surroundings: Surroundings) => Problem | readonly Problem[] | undefined;
}
