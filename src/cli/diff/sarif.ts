import { createHash } from "node:crypto";
import { visible } from "../../text/printable";
import type { Level } from "../findings/finding";
import { type Changes, type DeploymentChanges, exitCodeOf } from "./change-summary";
import { DEPLOYER_NEEDS } from "./policy-files";
import { countsOfBroadened, evidenceText } from "./render-summary";

/** Where the settings of deployments are. */
export interface SettingsFiles {
  /** Path of the settings file of a stack, relative to the project's root, with `/`. */
  readonly path: (stack: string) => string;
  /** Line of a field, or of the nearest field above it that the file states; undefined if there is neither. */
  readonly lineOf: (stack: string, field: readonly string[]) => number | undefined;
}

/** The levels of SARIF. */
const SARIF_LEVEL = { note: "note", attention: "warning", unverifiable: "error", breaking: "error" } as const satisfies Record<
  Level,
  string
>;

/** Rules, which keep their ids: alerts of a code scanner refer to them. */
export const RULES = {
  "breaking-change": {
    level: "breaking",
    text: "The change removes the access of the cluster, or leaves access keys unmanaged.",
  },
  "permissions-broadened": { level: "attention", text: "A principal is allowed more than before." },
  "deployer-permissions-broadened": {
    level: "attention",
    text: "The principal that runs Terraform needs more permissions: update its role before you apply.",
  },
  "secret-exposed": { level: "attention", text: "More principals than before can read a secret." },
  "not-comparable": { level: "attention", text: "The policies are not comparable, which counts as broadened." },
} as const satisfies Readonly<Record<string, { readonly level: Level; readonly text: string }>>;

type RuleId = keyof typeof RULES;

interface Finding {
  readonly rule: RuleId;
  readonly message: string;
}

/**
 * What makes the exit code of a change other than 0, in the Static Analysis Results Interchange Format 2.1.0, for code scanners. Each
 * result is on the line of the settings that it most likely follows from, see `FIELDS`.
 */
export function changesSarif(changes: Changes, files: SettingsFiles): string {
  const ids = Object.keys(RULES) as RuleId[];
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "dkp-access diff",
            rules: ids.map((id) => ({
              id,
              shortDescription: { text: RULES[id].text },
              defaultConfiguration: { level: SARIF_LEVEL[RULES[id].level] },
            })),
          },
        },
        properties: { exitCode: exitCodeOf(changes), source: changes.source },
        results: changes.deployments.flatMap((deployment) =>
          findingsOf(deployment).map(({ rule, message }) => resultOf(deployment.stack, rule, message, files)),
        ),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function resultOf(stack: string, rule: RuleId, message: string, files: SettingsFiles): object {
  const startLine = fieldsOf(message)
    .map((field) => files.lineOf(stack, field))
    .find((line) => line !== undefined);
  return {
    ruleId: rule,
    level: SARIF_LEVEL[RULES[rule].level],
    message: { text: `${visible(stack)}: ${visible(message)}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: encodeURI(files.path(stack)) },
          // A file that is deleted has no lines; code scanners expect one.
          region: { startLine: startLine ?? 1 },
        },
      },
    ],
    partialFingerprints: {
      "dkpAccessDiff/v1": createHash("sha256")
        .update(JSON.stringify([rule, stack, message]))
        .digest("hex"),
    },
  };
}

/** Lines of a summary that say that something is not compared. */
const NOT_COMPARABLE = /not compar|is unknown|compared as a whole/;

function findingsOf({ breakingChanges, secretExposures, permissions, notes }: DeploymentChanges): readonly Finding[] {
  const { broadened, otherBroadened, evidence } = permissions;
  const own = broadened.filter(({ principal }) => principal !== "deployer");
  const principals = [...new Set(own.map(({ principal }) => principal))];
  const examples = evidence.filter(({ kind }) => kind === "new-request");
  const ofActions = (principal: string) => examples.filter((one) => one.principal === principal && one.policy === undefined);
  const others = examples.filter(({ policy }) => policy !== undefined);
  return [
    ...breakingChanges.map((message): Finding => ({ rule: "breaking-change", message })),
    ...secretExposures.map((message): Finding => ({ rule: "secret-exposed", message })),
    ...otherBroadened.map(
      (message): Finding => ({ rule: NOT_COMPARABLE.test(message) ? "not-comparable" : "permissions-broadened", message }),
    ),
    ...principals.map((principal): Finding => {
      const some = own.filter((change) => change.principal === principal);
      const actions = [...new Set(some.map(({ action }) => action))].join(", ");
      const message = [`the ${principal}: ${countsOfBroadened(some)}: ${actions}`, ...ofActions(principal).map(evidenceText)];
      return { rule: "permissions-broadened", message: message.join("; ") };
    }),
    ...notes
      .filter((note) => note.startsWith(DEPLOYER_NEEDS))
      .map((message): Finding => ({ rule: "deployer-permissions-broadened", message })),
    ...others.map((one): Finding => ({ rule: "permissions-broadened", message: evidenceText(one) })),
    ...evidence
      .filter(({ kind }) => kind === "not-comparable")
      .map((one): Finding => ({ rule: "not-comparable", message: evidenceText(one) })),
  ];
}

/** What a message names, and the fields of the settings that decide it; the first one that the file states counts. */
const FIELDS: readonly (readonly [pattern: RegExp, ...fields: string[]])[] = [
  [/slot secondary/, "accessKeys.secondary", "accessKeys"],
  [/slot primary/, "accessKeys.primary", "accessKeys"],
  [/^the output /, "outputs"],
  [/an access key|aws_iam_access_key/, "accessKeys"],
  [/rename the user/, "user.name"],
  [/node role.*permissions boundary/, "nodeRole.permissionsBoundary", "nodeRole"],
  [/user.*permissions boundary/, "user.permissionsBoundary", "user"],
  [/NodeRoleStaysNodeRole/, "cluster.additionalRolePolicies", "cluster.prefix"],
  [/service control policy/, "cluster.iamNodeRole", "cluster.formerIamNodeRoles", "policy.mode", "cluster.prefix"],
  [/deployer needs|of the deployer/, "provider", "tags", "attachment", "user", "nodeRole"],
  [/node role|aws_iam_role/, "nodeRole"],
  [/replace the policy/, "policy.name", "policy.path"],
  [/attachment|group|move the policy|detach the policy/, "attachment", "policy.name"],
  [/in the account/, "accountId"],
  [/in the partition/, "region"],
  [/while protect is on/, "protect"],
  [/^the user: .*(?:kms|Snapshot)/, "features", "policy.mode", "policy"],
  [/^the user: .*Peering/, "cluster.peeredVPCs", "cluster.peerAccountIds", "policy.mode", "policy"],
];

/** Fields that decide everything else. */
const OTHER_FIELDS = ["policy.mode", "policy", "cluster", "region"];

function fieldsOf(message: string): readonly (readonly string[])[] {
  const [, ...fields] = FIELDS.find(([pattern]) => pattern.test(message)) ?? [];
  return [...fields, ...OTHER_FIELDS].map((field) => field.split("."));
}
