import { DRIFT_RULES } from "../../packages/cli/src/account/drift/drift-rules";
import { KEY_RULES } from "../../packages/cli/src/account/keys/key-rules";
import { PREFLIGHT_RULES } from "../../packages/cli/src/account/preflight/preflight-rules";
import { ROTATE_RULES } from "../../packages/cli/src/account/rotate/rotate-rules";
import { RULES } from "../../packages/cli/src/diff/change-rules";
import { LEVELS, type Rules } from "../../packages/cli/src/findings/finding";

const RULES_OF: Readonly<Record<string, Rules>> = {
  diff: RULES,
  keys: KEY_RULES,
  drift: DRIFT_RULES,
  preflight: PREFLIGHT_RULES,
  rotate: ROTATE_RULES,
};

const text = (description: string) => ({ description, type: "string" });

/** What `keys` reports of a deployment besides findings. */
const OF_KEYS = {
  user: text("keys: the user that has the keys."),
  keys: {
    description:
      "keys: each key of the user, of the state and of the cluster, with its status in IAM and who has it.",
    type: "array",
    items: { type: "object", required: ["id", "status", "who"] },
  },
  approved: {
    description: "diff --against: the files that a reviewer approves, with their SHA-256.",
    type: "array",
    items: { type: "object", required: ["name", "digest"] },
  },
} as const;

/** The JSON schema of what `--format json` prints, one for all commands. */
export function findingsSchema(): string {
  const rules = Object.values(RULES_OF).flatMap((own) => Object.keys(own));
  const finding = {
    description: "One finding. Rules are stable; more may be added.",
    type: "object",
    properties: {
      rule: { description: "ID of the rule.", enum: [...new Set(rules)] },
      level: {
        description: "note: exit code 0; attention: 2; unverifiable and breaking: 3.",
        enum: LEVELS,
      },
      stack: text("The deployment."),
      field: text("Path of the setting that it follows from."),
      address: text("Address of the resource in Terraform."),
      principal: text("Whose permissions it is about."),
      object: text("The object in AWS."),
      text: text("What was found, in one line."),
      risk: text("What it allows or breaks."),
      remedy: text("What to do, or what not to do."),
      values: {
        description: "What the sentences are made of; the names depend on the rule.",
        type: "object",
      },
    },
    required: ["rule", "level", "stack", "text", "values"],
    additionalProperties: false,
  };
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Findings: what dkp-access prints with --format json",
    description: `The commands ${Object.keys(RULES_OF).join(", ")}, plan, apply. Further properties depend on the command.`,
    type: "object",
    properties: {
      exitCode: {
        description: "Exit code of the command: that of the most serious finding.",
        enum: [0, 2, 3],
      },
      deployments: {
        description: "What the command reports of each deployment besides findings.",
        type: "array",
        items: {
          type: "object",
          properties: { stack: { type: "string" }, ...OF_KEYS },
          required: ["stack"],
        },
      },
      guardsOff: {
        description: "plan, apply: the guards that the settings do not set.",
        type: "array",
        items: { type: "string" },
      },
      digest: text(
        "plan, apply: SHA-256 of everything that the plan changes, if there is something to apply.",
      ),
      findings: { type: "array", items: { $ref: "#/$defs/finding" } },
    },
    required: ["exitCode", "deployments", "findings"],
    $defs: { finding },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}
