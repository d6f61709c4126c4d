import { type DiffFound, RULES, type RuleId } from "../../packages/cli/src/diff/change-rules";
import {
  type Changes,
  changesExitCode,
  type DeploymentChanges,
  findingsOf,
} from "../../packages/cli/src/diff/changes";
import { changesAgainst } from "../../packages/cli/src/diff/packs/compare";
import type { Files } from "../../packages/cli/src/diff/packs/pack-side";
import { levelOf } from "../../packages/cli/src/findings/finding";
import type { JsonObject } from "../../src/text/json";
import { packOf, reviewPackOf } from "./packs";

export const betweenPacks = (before: Files, after: Files) =>
  changesAgainst({ x: before }, { x: after }, "Compared with main");

export const between = (before: string, after: string) =>
  betweenPacks(reviewPackOf(before), reviewPackOf(after));

/** With other Terraform JSON, and other files. */
export const packWith = (
  settings: string,
  terraform: JsonObject = packOf(settings),
  files: Files = {},
): Files => ({
  ...reviewPackOf(settings),
  "main.tf.json": JSON.stringify(terraform),
  ...files,
});

/** Terraform JSON with other arguments of a resource. */
export function withResource(pack: JsonObject, address: string, values: object): JsonObject {
  const copy = JSON.parse(JSON.stringify(pack));
  const [type = "", name = ""] = address.split(".");
  copy.resource[type] = {
    ...copy.resource[type],
    [name]: { ...copy.resource[type]?.[name], ...values },
  };
  return copy;
}

type Findings = Pick<Changes, "deployments">;

const all = ({ deployments }: Findings): readonly DiffFound[] =>
  findingsOf({ source: "", deployments });

export const serious = (changes: Findings): readonly DiffFound[] =>
  all(changes).filter((found) => levelOf(RULES, found) !== "note");

export const seriousRules = (changes: Findings): readonly RuleId[] =>
  serious(changes).map(({ rule }) => rule);

export const verdictOf = (changes: Changes): readonly [number, ...(readonly RuleId[])] => [
  changesExitCode(changes),
  ...seriousRules(changes),
];

export const ofRule = <Rule extends RuleId>(changes: Findings, wanted: Rule) =>
  all(changes).filter(
    (found): found is DiffFound & { readonly rule: Rule } => found.rule === wanted,
  );

export const actionsOf = (changes: Findings, rule: RuleId, principal?: string): readonly string[] =>
  ofRule(changes, rule)
    .filter((found) => principal === undefined || found.principal === principal)
    .flatMap(({ values }) => ("actions" in values ? (values.actions ?? []) : []))
    .map(({ action }) => action);

/**
 * The requests that show broadened permissions, else the reasons why something is not comparable.
 */
export const evidenceOf = (changes: Findings) =>
  all(changes).flatMap(({ values }) => {
    const { request, example, reason } = values as Readonly<Record<string, unknown>>;
    return [request ?? example ?? reason].filter((evidence) => evidence !== undefined);
  });

/** "created aws_iam_user.user". */
export const resourcesOf = ({ findings }: DeploymentChanges) =>
  findings.flatMap((found) =>
    found.rule === "resource" ? [`${found.values.action} ${found.address}`] : [],
  );
