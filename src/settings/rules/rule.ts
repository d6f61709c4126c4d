import type { DeploymentPolicies } from "../../iam/deployment-policies";
import type { CheckedSettings, FieldName, Fields } from "../checked-settings";
import { errorAt, type FieldError } from "../errors";

/** Where the settings are read. */
export interface RuleContext {
  /** CDKTF's output folder, relative to the project's root. */
  readonly outputFolder: string;
  /** The folder of the settings files, relative to the project's root; undefined where there is none. */
  readonly settingsFolder?: string | undefined;
}

/** What the rules know besides the fields. */
export interface Known extends RuleContext {
  /** The settings that the file states, and the fields inside them; all others have their defaults. */
  readonly stated: ReadonlySet<string>;
  /** The policies of the deployment; undefined if they do not follow from the settings, because of an error. */
  readonly policies: DeploymentPolicies | undefined;
}

/** The errors between fields of one deployment. */
export type Rule = (settings: CheckedSettings, known: Known) => readonly FieldError[];

/**
 * A rule that runs only if the fields it requires have no errors.
 * @param check returns the message about the first of these fields, errors of other ones, or nothing
 */
export function rule<Name extends FieldName>(
  requires: readonly [Name, ...Name[]],
  check: (fields: Fields<Name>, known: Known) => string | FieldError | readonly FieldError[] | false | undefined,
): Rule {
  return (settings, known) => {
    const fields = settings.fields(...requires);
    const found = (fields && check(fields, known)) || [];
    return typeof found === "string" ? [errorAt(requires[0], found)] : [found].flat();
  };
}
