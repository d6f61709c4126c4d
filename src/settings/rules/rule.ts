import type { CheckedSettings, FieldName, Fields } from "../checked-settings";
import type { FieldError } from "../errors";

/** What the rules know besides the settings. */
export interface RuleContext {
  /** CDKTF's output folder, relative to the project's root. */
  readonly outputFolder: string;
  /** The folder of the settings files, relative to the project's root; undefined where there is none. */
  readonly settingsFolder?: string | undefined;
}

/** The errors between fields of one deployment. */
export type Rule = (settings: CheckedSettings, context: RuleContext) => readonly FieldError[];

/** A rule that runs only if the fields it requires have no errors. */
export function rule<Name extends FieldName>(
  requires: readonly Name[],
  check: (fields: Fields<Name>, context: RuleContext) => FieldError | readonly FieldError[] | undefined,
): Rule {
  return (settings, context) => {
    const fields = settings.fields(...requires);
    return fields === undefined ? [] : [check(fields, context) ?? []].flat();
  };
}
