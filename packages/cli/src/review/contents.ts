import { createHash } from "node:crypto";
import type { Deployment } from "../../../../src/settings/deployment";
import { isObject, type JsonObject } from "../../../../src/text/json";
import { packageVersion } from "../../../../src/text/package-file";

export const DEPLOYER_FILES = [
  "deployer-policy.json",
  "deployer-role-policy.json",
  "deployer-state-role-policy.json",
] as const;

export const PLANNER_FILE = "planner-policy.json";

export const CONTROL_POLICY_FILE = "service-control-policy.json";

export const DEPLOYMENT_FILE = "deployment.json";

export const POLICY_FILES = ["policy.json", "policy-2.json"] as const;

const FILES = [
  "REVIEW.md",
  "actions.md",
  "aws-cli.sh",
  "cluster-access.yaml",
  "console.md",
  "deployer-policy.json",
  "deployer-role-policy.json",
  "deployer-state-role-policy.json",
  "deployment.json",
  "main.tf.json",
  "main.tf.json.sha256",
  "node-role-policy.json",
  "node-role-trust.json",
  "planner-policy.json",
  "policy-2.json",
  "policy.json",
  "responder-policy.json",
  "rotator-policy.json",
  "service-control-policy.json",
] as const;

/** Other files in the folder of a review pack belong to the user. */
export type PackFile = (typeof FILES)[number];

/** The same settings always give the same bytes. */
export type Pack = Readonly<Partial<Record<PackFile, string>>>;

/** Of a managed policy, counted from 1. */
export const policyFile = (number: number): string => POLICY_FILES[number - 1] ?? "";

/** The files that a reviewer approves. */
export function approvedFiles(
  files: Readonly<Partial<Record<string, string>>>,
): readonly { readonly name: string; readonly digest: string }[] {
  return (["main.tf.json", ...POLICY_FILES] as const).flatMap((name) => {
    const text = files[name];
    return text === undefined ? [] : [{ name, digest: sha256(text) }];
  });
}

/** As `sha256sum` prints it. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export const PACK_FILES: readonly PackFile[] = FILES;

/** With all defaults. They are valid settings again, without secrets, and `diff` compares them. */
export function normalizedSettings({ settings, state }: Deployment): {
  readonly version: string;
  readonly settings: JsonObject;
} {
  const { backend, cloud, ...rest } = settings;
  const location =
    cloud === undefined
      ? { backend: { ...backend, [state.type]: state.arguments } }
      : { cloud: state.arguments };
  return { version: packageVersion(), settings: effectiveSettings({ ...rest, ...location }) };
}

/** Without what has no effect: the file of the other fields of `cluster`. */
export function effectiveSettings(settings: JsonObject): JsonObject {
  const { cluster, ...rest } = settings;
  const { configFile: _, ...fields } = isObject(cluster) ? cluster : {};
  return { ...rest, cluster: fields };
}
