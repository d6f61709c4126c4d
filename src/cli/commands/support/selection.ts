import type { Deployment } from "../../../settings/deployment";
import { SettingsError } from "../../../settings/errors";
import { readFolder, stackOf } from "../../../settings/load";
import { show, suggest } from "../../../settings/message-parts";
import { errorsOf, withPolicy } from "../../../settings/read-settings";
import type { Settings } from "../../../settings/schema/deployment-schema";
import { visible } from "../../../text/printable";

/** Deployments that were selected by their names, each valid by itself, whatever the others are like. */
export interface Selection {
  readonly deployments: readonly Deployment[];
  /** The stacks of all settings files, valid or not. */
  readonly stacks: readonly string[];
  /** The errors of the other deployments, and those between deployments; undefined if there are none. */
  readonly others: SettingsError | undefined;
}

/**
 * Selects deployments of a folder by their names, in the order given; the only one, when no stack is named.
 * @param change replaces fields of their own `policy`; the other deployments keep theirs
 * @throws SettingsError with the errors of these deployments; Error if there is no such deployment
 */
export function selectDeployments(folder: string, names: readonly string[], change?: Partial<Settings["policy"]>): Selection {
  const readings = readFolder(folder);
  const stacks = [...new Set(readings.map(({ source }) => stackOf(source)))];
  const selected = selectedNames(names, stacks, folder);
  const own = readings.filter(({ source }) => selected.has(stackOf(source)));
  const invalid = own.filter(({ errors }) => errors.length > 0);
  if (invalid.length > 0) {
    throw new SettingsError(new Map(invalid.map(({ source, errors }) => [source, errors])));
  }
  // A valid deployment has one file.
  const byStack = new Map(own.map((reading) => [stackOf(reading.source), reading]));
  const deployments = [...selected].flatMap((name) => {
    const reading = byStack.get(name);
    return (change === undefined ? reading?.deployment : reading && withPolicy(reading, change)) ?? [];
  });
  const errors = errorsOf(readings);
  return { deployments, stacks, others: errors.size === 0 ? undefined : new SettingsError(errors) };
}

function selectedNames(names: readonly string[], stacks: readonly string[], folder: string): ReadonlySet<string> {
  if (names.length === 0 && stacks.length > 1) {
    throw new Error(`name a stack: ${stacks.map(visible).join(", ")}`);
  }
  const known = new Set(stacks);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    const stack = stackOf(unknown);
    const remedy = known.has(stack) ? `write ${stack}` : suggest(unknown, stacks);
    throw new Error(`no deployment ${show(unknown)} in ${folder}, ${remedy}`);
  }
  return new Set(names.length === 0 ? stacks : names);
}
