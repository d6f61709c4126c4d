import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { type ConfigFile, readConfigFile } from "../../settings/config-file";
import { SettingsError } from "../../settings/errors";
import { readFileOf } from "../../settings/read-settings";
import { dkpFields } from "../../settings/schema/cluster-schema";
import type { Settings } from "../../settings/schema/deployment-schema";
import { parseYaml } from "../../settings/yaml-file";
import { packageFile } from "../../text/package-file";
import { RECOMMENDED_SETTINGS } from "../recommended-settings";

/** Fields for which no example can pass: whoever forgot to change it would apply to another account, or with a secret in plaintext. */
const TO_BE_WRITTEN = /^(accountId|accessKeys):.*\n( .*\n)*/gm;

type Cluster = Partial<Settings["cluster"]>;

/**
 * The settings file of a first deployment, with the recommended settings for production.
 * @param configFile path of DKP's installation file, from which `region` and `cluster` follow; without it they are examples.
 *   Only the fields that the settings have are copied, never credentials or comments
 * @throws SettingsError if the installation file has errors, or a value that the settings reject, such as a secret in a tag
 */
export function deploymentFile(stack: string, configFile: string | undefined): string {
  const template = withReasons(readFileSync(packageFile("templates/deployment.yaml"), "utf8"));
  const text = configFile === undefined ? template : withFields(template, readFields(configFile));
  const { errors } = readFileOf(stack, stack, parseYaml(text.replace(TO_BE_WRITTEN, "")));
  if (errors.length > 0) {
    throw new SettingsError(new Map([[configFile ?? stack, errors]]));
  }
  return text;
}

/** The template with the reasons of the recommended settings, as comments. */
function withReasons(template: string): string {
  return template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const why = RECOMMENDED_SETTINGS[name as keyof typeof RECOMMENDED_SETTINGS];
    return `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
  });
}

function readFields(path: string): ConfigFile {
  const read = readConfigFile(path);
  if ("errors" in read) {
    throw new SettingsError(new Map([["--config-file", read.errors.map(({ message }) => ({ path: [], message }))]]));
  }
  return read.config;
}

/** The template with the values of an installation file instead of its examples, which have the mark `CHANGE`. */
function withFields(template: string, { fields, region }: ConfigFile): string {
  const { prefix, layout, ...further } = knownFields(fields);
  const examples = Object.entries({ region, prefix, layout }).filter(([, value]) => value !== undefined);
  const filled = examples.reduce(
    (text, [name, value]) =>
      text.replaceAll(new RegExp(`\\b${name}: .* # CHANGE$`, "gm"), () => yaml({ [name]: value }).trimEnd()),
    template,
  );
  return filled.replace(/^ +# .*\n +# dkpVersion/m, (line) => `${yaml(further).replaceAll(/^(?=.)/gm, "  ")}${line}`);
}

/** YAML whose lines are never folded; nothing for an object without fields. */
function yaml(value: Readonly<Record<string, unknown>>): string {
  return Object.keys(value).length === 0 ? "" : stringify(value, { lineWidth: 0 });
}

/** The fields that the settings have. DKP's objects may have others beside them, such as keys. */
function knownFields(cluster: Cluster): Readonly<Record<string, unknown>> {
  const { amis = [], withNAT } = cluster;
  const fields = {
    ...Object.fromEntries(Object.keys(dkpFields).map((name) => [name, cluster[name as keyof typeof dkpFields]])),
    amis: amis.length === 0 ? undefined : amis,
    withNAT: withNAT && { bastionInstance: withNAT.bastionInstance && {} },
  };
  // A round trip through JSON omits fields without a value.
  return JSON.parse(JSON.stringify(fields)) as Readonly<Record<string, unknown>>;
}
