import { type Changes, changesExitCode, type DeploymentChanges } from "../../src/cli/diff/changes";
import { changesAgainst, type DeploymentOf, type Packs } from "../../src/cli/diff/compare";
import type { JsonObject } from "../../src/cli/diff/json-values";
import { type ActionChange, type DiffFound, type Principal, RULES, type RuleId, type Section } from "../../src/cli/diff/rules";
import { levelOf, textOf } from "../../src/cli/findings/finding";
import { ADDRESSES } from "../../src/terraform/addresses";

/** The sentences of the findings under some headings. */
export function texts(findings: readonly DiffFound[], ...sections: readonly Section[]): readonly string[] {
  return findings.filter(({ rule }) => sections.includes(RULES[rule].section)).map((found) => textOf(RULES, found));
}

/** The rules that make the exit code of a change other than 0. */
export function seriousRules({ deployments }: Pick<Changes, "deployments">): readonly RuleId[] {
  return deployments
    .flatMap(({ findings }) => findings)
    .filter((found) => levelOf(RULES, found) !== "note")
    .map(({ rule }) => rule);
}

type PrincipalAction = ActionChange & { readonly principal: Principal };

const actionsOf = (findings: readonly DiffFound[], wanted: RuleId): readonly PrincipalAction[] =>
  findings.flatMap(({ rule, values }) =>
    rule === wanted && "principal" in values && "actions" in values
      ? (values.actions as readonly ActionChange[]).map((action) => ({ principal: values.principal as Principal, ...action }))
      : [],
  );

/** The requests that show what is broadened, and the reasons why something is not comparable. */
const evidenceOf = (findings: readonly DiffFound[]) =>
  findings.flatMap(({ rule, values }) => {
    const { request, reason } = values as { readonly request?: unknown; readonly reason?: unknown };
    return request === undefined && reason === undefined ? [] : [{ rule, request, reason }];
  });

/** What a change does to one deployment, by heading. */
export function summaryOf(deployment: DeploymentChanges) {
  const { findings } = deployment;
  const broadened = findings.filter(({ rule }) => RULES[rule].section === "Broadened permissions");
  return {
    ...deployment,
    broadened: actionsOf(findings, "permissions-broadened"),
    narrowed: actionsOf(findings, "permissions-narrowed"),
    otherBroadened: broadened
      .filter(({ rule, values }) => rule !== "permissions-broadened" || "reason" in values)
      .map((found) => textOf(RULES, found)),
    otherNarrowed: findings.filter(({ rule }) => rule === "limits-strengthened").map((found) => textOf(RULES, found)),
    evidence: evidenceOf(findings),
    breakingChanges: texts(findings, "Breaking changes"),
    secretExposures: texts(findings, "Who can read a secret", "Destination of the secret"),
    attention: texts(findings, "Other changes that require attention"),
    resources: findings.flatMap((found) => (found.rule === "resource" ? [{ address: found.address, ...found.values }] : [])),
    settings: texts(findings, "Settings"),
    notes: texts(findings, "Notes"),
  };
}

export type Summary = ReturnType<typeof summaryOf>;

interface TerraformStatement {
  readonly sid?: string;
  readonly effect?: string;
  readonly actions?: readonly string[];
  readonly not_actions?: readonly string[];
  readonly resources?: readonly string[];
  readonly not_resources?: readonly string[];
  readonly condition?: readonly { readonly test: string; readonly variable: string; readonly values: readonly string[] }[];
}

/** The policy that the AWS provider renders of an `aws_iam_policy_document`, as `policy.json` has it. */
function renderedPolicy({ statement }: { readonly statement: readonly TerraformStatement[] }): string {
  const Statement = statement.map(({ sid, effect = "Allow", actions, not_actions, resources, not_resources, condition }) => {
    const Condition: Record<string, Record<string, readonly string[]>> = {};
    for (const { test, variable, values } of condition ?? []) {
      Condition[test] = { ...Condition[test], [variable]: [...(Condition[test]?.[variable] ?? []), ...values] };
    }
    const terms = { Action: actions, NotAction: not_actions, Resource: resources, NotResource: not_resources };
    return { Sid: sid, Effect: effect, ...terms, ...(condition === undefined ? {} : { Condition }) };
  });
  const text = JSON.stringify({ Version: "2012-10-17", Statement });
  return text.replaceAll(`\${${ADDRESSES.callerIdentity}.account_id}`, "ACCOUNT_ID");
}

/** The policies that the Terraform JSON of a review pack refers to, as files of the pack. */
function policyFilesOf(pack: JsonObject): Packs[string] {
  const { aws_iam_policy_document: documents = {} } = (pack.data ?? {}) as Readonly<
    Record<string, Readonly<Record<string, Parameters<typeof renderedPolicy>[0]>>>
  >;
  return Object.fromEntries(Object.entries(documents).map(([name, document]) => [`${name}.json`, renderedPolicy(document)]));
}

/** A review pack. All of these have the same settings: only its Terraform JSON and its policies are compared. */
export const packFiles = (pack: JsonObject, files: Readonly<Record<string, string>> = {}): Packs[string] => ({
  "main.tf.json": JSON.stringify(pack),
  "deployment.json": JSON.stringify({ version: "0.1.0", settings: {} }),
  ...policyFilesOf(pack),
  ...files,
});

const NO_DEPLOYMENT: DeploymentOf = () => undefined;

/** What changes between review packs. */
export function between(base: Packs, current: Packs, deploymentOf = NO_DEPLOYMENT) {
  const changes = changesAgainst(base, current, "Compared with main", deploymentOf);
  return { ...changes, exitCode: changesExitCode(changes), deployments: changes.deployments.map(summaryOf) };
}

/** What changes between the Terraform JSON of one deployment, of which the settings stay. */
export const betweenPacks = (before: JsonObject, after: JsonObject) => between({ x: packFiles(before) }, { x: packFiles(after) });
