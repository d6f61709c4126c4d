import type { Deployment } from "./deployment";
import { errorAt } from "./errors";
import { stackNameErrors } from "./load";
import { OUTPUT_FOLDER } from "./paths";
import { deploymentsOf, type Reading, readSettings } from "./read-settings";
import type { RuleContext } from "./rules/rule";
import type { SettingsInput } from "./schema/deployment-schema";

/**
 * Deployments that are written in code instead of YAML files, by stack name: the same settings, held to the same rules.
 * All that are applied together belong into one call, which reports when two have the same state or the same names.
 *
 * @param context with CDKTF's output folder, `cdktf.out` by default
 * @throws SettingsError with every error of every deployment
 */
export function defineDeployments<Stack extends string>(
  settings: Readonly<Record<Stack, SettingsInput>>,
  context: Pick<RuleContext, "outputFolder"> = { outputFolder: OUTPUT_FOLDER },
): Readonly<Record<Stack, Deployment>> {
  const readings = Object.entries(settings).map(([stack, value]) => readObject(stack, value, context));
  const deployments = deploymentsOf(readings).map((deployment) => [deployment.stack, deployment] as const);
  return Object.fromEntries(deployments) as Record<Stack, Deployment>;
}

function readObject(stack: string, settings: unknown, context: RuleContext): Reading {
  const source = `deployment ${JSON.stringify(stack)}`;
  const nameErrors = stackNameErrors(stack, "rename the key");
  try {
    // Through JSON, settings from code meet exactly what settings from a file meet.
    const value: unknown = JSON.parse(JSON.stringify(settings) ?? "null");
    const reading = readSettings({ source, stack, value, context });
    return { ...reading, errors: [...nameErrors, ...reading.errors] };
  } catch {
    const message = "can't be written as JSON: it holds itself, or a BigInt; write plain values";
    return { source, errors: [...nameErrors, errorAt("", message)] };
  }
}
