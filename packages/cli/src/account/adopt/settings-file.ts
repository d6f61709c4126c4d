import { stringify } from "yaml";
import { secondPolicyName } from "../../../../../src/iam/deployment-policies";
import { policyDocument } from "../../../../../src/iam/policy-document";
import { MODES, type Mode } from "../../../../../src/iam/policy-statements";
import { listed, SettingsError } from "../../../../../src/settings/errors";
import { readFileOf } from "../../../../../src/settings/read-settings";
import { dkpFields } from "../../../../../src/settings/schema/cluster-schema";
import { parseYaml } from "../../../../../src/settings/yaml-file";
import { type JsonObject, listOf, textOf, valueAt } from "../../../../../src/text/json";
import { actionsBeyond, actionsOf } from "../drift/document";
import type { AttachedPolicy, RunningAccess } from "./running-access";

interface AdoptedSettings {
  /** Without the key of the cluster. */
  readonly text: string;
  /** Undefined if the user has no policy of the account. */
  readonly nearest: NearestMode | undefined;
}

/**
 * Settings with which an apply imports the user, its policy and the attachment, without changing
 * the key.
 * @param file its path, for messages
 * @throws SettingsError if the cluster has a value that settings cannot have
 */
export function adoptedSettings(
  access: RunningAccess,
  file: string,
  stack: string,
): AdoptedSettings {
  const readings = MODES.map((mode) => {
    const text = settingsText(access, mode);
    return { mode, ...readFileOf(file, stack, parseYaml(text), undefined) };
  });
  const [documented] = readings;
  if (documented !== undefined && documented.errors.length > 0) {
    throw new SettingsError(new Map([[file, documented.errors]]));
  }
  const modes = readings.flatMap(({ mode, deployment }) =>
    deployment === undefined
      ? []
      : {
          mode,
          documents: deployment.policies.map(({ statements }) => ({
            ...policyDocument(statements, access.account),
          })),
        },
  );
  const nearest = nearestMode(access.policies, modes);
  return { text: settingsText(access, nearest?.mode ?? "documented", nearest?.policy), nearest };
}

interface ModePolicies {
  readonly mode: Mode;
  readonly documents: readonly JsonObject[];
}

interface NearestMode {
  readonly policy: AttachedPolicy;
  readonly mode: Mode;
  readonly added: readonly string[];
  /** Actions that only the policy allows, or the second one that belongs to it. */
  readonly removed: readonly string[];
}

/**
 * The policy and the mode that differ in the fewest actions; of equal ones, the mode with most
 * permissions.
 */
function nearestMode(
  policies: readonly AttachedPolicy[],
  modes: readonly ModePolicies[],
): NearestMode | undefined {
  const pairs = policies.flatMap((policy) =>
    modes.map(({ mode, documents }): NearestMode => {
      const names = [policy.name, secondPolicyName(policy.name)];
      const deployed = policies.filter(({ name }) => names.includes(name));
      const own = deployed.flatMap(({ document }) => actionsOf(document));
      const added = documents.flatMap((document) => actionsBeyond(document, own)).sort();
      return {
        policy,
        mode,
        added,
        removed: deployed.flatMap(({ document }) =>
          actionsBeyond(document, documents.flatMap(actionsOf)),
        ),
      };
    }),
  );
  const count = ({ added, removed }: NearestMode) => added.length + removed.length;
  return pairs.toSorted((one, other) => count(one) - count(other))[0];
}

type Part = readonly [comment: string, settings: JsonObject];

function settingsText(
  { account, cluster, user, policies, isShared, notes }: RunningAccess,
  mode: Mode,
  policy?: AttachedPolicy,
): string {
  const { context, configuration } = cluster;
  const { region } = configuration;
  const parts: readonly Part[] = [
    [`From the cluster ${context}: the Region that DKP runs in.`, { region }],
    ["From IAM: the account of the key that the cluster has.", { accountId: account }],
    [
      "The Terraform state, which nothing shows. " +
        "The bucket must exist, be private, and have versioning enabled.",
      { backend: { s3: { bucket: "example-terraform-state", region } } },
    ],
    [
      "From IAM: the user of that key.",
      { user: { name: user.name, path: user.path, permissionsBoundary: user.boundary } },
    ],
    [
      policy === undefined
        ? "The user has no managed policy of the account. " +
          "The next apply creates this one, and attaches it."
        : "From IAM: the policy of the user. The mode is the nearest one.",
      { policy: { name: policy?.name, path: policy?.path, mode } },
    ],
    [
      "Imported by the next apply.",
      { import: { user: true, policy: policy && true, attachment: policy && true } },
    ],
    isShared
      ? [
          "The cluster has a key that stays as it is. " +
            "Another cluster uses it too, so nothing rotates it.",
          { accessKeys: { managedBy: "none" } },
        ]
      : [
          "The cluster has a key that stays as it is until dkp-access rotate replaces it: " +
            "Terraform has none.",
          { accessKeys: { managedBy: "rotate", maxAge: 90 } },
        ],
    [
      `From the cluster ${context}: the fields that decide about permissions.`,
      { cluster: clusterFields(cluster.prefix, configuration.fields) },
    ],
    [
      "Functions of the cluster that require additional permissions, " +
        "which the configuration does not show.",
      { features: [] },
    ],
  ];
  const text = parts.map(([comment, settings]) => `# ${comment}\n${yaml(settings)}`).join("\n");
  const found = leftOver(notes, policies, policy)
    .map((note) => `#   - ${note}\n`)
    .join("");
  return `${HEAD}\n${text}${found && `\n# Found, and not in these settings:\n${found}`}`;
}

function leftOver(
  notes: readonly string[],
  policies: readonly AttachedPolicy[],
  imported?: AttachedPolicy,
): readonly string[] {
  const others = policies.filter((policy) => policy.name !== imported?.name);
  return [
    ...notes,
    ...others.map(({ name }) =>
      imported !== undefined && name === secondPolicyName(imported.name)
        ? `the user has the policy ${name}, whose name the second policy has in the modes scoped ` +
          "and minimal; import it before the first apply (docs/how-to/import.md)"
        : `the user has the policy ${name}, which stays and is not managed`,
    ),
  ];
}

const HEAD =
  "# yaml-language-server: $schema=../node_modules/dkp-access/deployments/schema.json\n" +
  "# The access of one DKP cluster to AWS, as it was found. " +
  "The name of this file is the name of the stack.\n" +
  "# Replace the values that are marked with CHANGE, and remove the mark: " +
  "synth and review report each that stays. No secrets.\n";

function yaml(settings: JsonObject): string {
  const text = stringify(settings, {
    keepUndefined: false,
    lineWidth: 0,
    compat: "yaml-1.1",
    nullStr: "",
  });
  return "backend" in settings ? text.replaceAll(/(?<=(bucket|region): .*)$/gm, " # CHANGE") : text;
}

function clusterFields(prefix: string | undefined, fields: JsonObject): JsonObject {
  const { withNAT, ...others } = Object.fromEntries(
    Object.keys(dkpFields).map((name) => [name, fields[name]]),
  );
  const bastion = valueAt(withNAT, ["bastionInstance"]);
  const groups = [fields.masterNodeGroup, ...listOf(fields.nodeGroups), bastion];
  const amis = [
    ...new Set(groups.flatMap((group) => textOf(valueAt(group, ["instanceClass", "ami"])) ?? [])),
  ];
  return {
    ...others,
    prefix,
    withNAT: bastion && { bastionInstance: {} },
    amis: amis.length === 0 ? undefined : amis,
  };
}

/** What a person should know before the first plan. */
export function adoptedText(
  { user, notes, policies }: RunningAccess,
  { nearest }: AdoptedSettings,
): string {
  const lines = [`The cluster has a key of the user ${user.name}. It stays as it is.`];
  if (nearest === undefined) {
    lines.push(
      "The user has no managed policy of the account: the next apply creates one, and attaches it.",
    );
  } else {
    const { policy, mode, added, removed } = nearest;
    lines.push(
      `The policy ${policy.name} is nearest to the mode ${mode}.`,
      `  actions that the next apply adds: ${added.length === 0 ? "none" : listed(added)}`,
      `  actions that the next apply removes: ${removed.length === 0 ? "none" : listed(removed)}`,
    );
  }
  lines.push(...leftOver(notes, policies, nearest?.policy).map((note) => `Note: ${note}.`));
  return `${lines.join("\n")}\n`;
}
