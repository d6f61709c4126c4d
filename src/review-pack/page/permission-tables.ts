import type { Area, CatalogueRow } from "../../iam/catalogue";
import type { Cluster } from "../../iam/cluster";
import { appliesTo } from "../../iam/dkp-versions";
import { needsOf } from "../../iam/explanation";
import { grantedRows, type PolicyCondition, type PolicyOptions, type PolicyStatement } from "../../iam/policy-statements";
import { code, plain, prose, table } from "../../render/markdown";
import { forPeople } from "../account-placeholder";

/** What DKP does with the actions of an area. */
const AREAS: Readonly<Record<Area, string>> = {
  network: "Network",
  nodes: "Nodes",
  disks: "Disks",
  "load balancers": "Load balancers",
  identity: "Identity",
  account: "Account and region",
};

/** Where each statement applies. */
export function statementTable(statements: readonly PolicyStatement[]): readonly string[] {
  return table(
    ["statement", "actions", "on", "only if"],
    statements.map(({ sid, actions, resources, conditions }) => [
      code(sid),
      String(actions.length),
      resources[0] === "*" ? "every resource" : resources.map((arn) => code(forPeople(arn))).join(", "),
      renderConditions(conditions),
    ]),
  );
}

/** All conditions of a statement, for a cell of a table. */
export function renderConditions(conditions: readonly PolicyCondition[]): string {
  return conditions.map(({ test, variable, values }) => code(`${variable} ${test} ${values.join(", ")}`)).join(", ");
}

/** Every action that is granted, by what DKP does with it, with its reason and its statement. */
export function permissionTables(options: PolicyOptions, statements: readonly PolicyStatement[]): readonly string[] {
  const rows = grantedRows(options);
  return (Object.entries(AREAS) as [Area, string][]).flatMap(([area, title]) => {
    const inArea = rows.filter((row) => row.area === area);
    return inArea.length === 0
      ? []
      : [
          `### ${title}`,
          "",
          ...table(
            ["action", "access", "what DKP does with it", "called by", "needed by", "statement"],
            inArea.map((row) => permissionRow(row, options, statements)),
          ),
        ];
  });
}

/** How many granted actions have no known use, and how to remove them. */
export function unusedActions(options: PolicyOptions): readonly string[] {
  const rows = grantedRows(options).filter((row) => !neededBy(row, options.cluster).needed);
  return rows.length === 0
    ? []
    : [
        `${rows.length} of the actions below are not known to be needed${options.cluster.layout === undefined ? "" : " by this cluster"}; they are there because DKP's page lists them. Mode \`minimal\` leaves them out.`,
        "",
      ];
}

function permissionRow(row: CatalogueRow, options: PolicyOptions, statements: readonly PolicyStatement[]): readonly string[] {
  const { action, access, why, callers, documented } = row;
  const sids = statements.filter(({ actions }) => actions.includes(action)).map(({ sid }) => code(sid));
  return [
    `${code(action)}${documented ? "" : " (not on DKP's page)"}`,
    access,
    plain(options.cluster.prefix === undefined ? why : why.replaceAll("<prefix>", prose(options.cluster.prefix))),
    callers.length === 0 ? "nobody found" : callers.join(", "),
    plain(neededBy(row, options.cluster).reasons),
    sids.join(", "),
  ];
}

/** What requires an action. `needed` is true if anything does, as far as the settings describe the cluster. */
function neededBy(row: CatalogueRow, cluster: Cluster): { readonly reasons: string; readonly needed: boolean } {
  const { because, elsewhere } = needsOf(row, cluster);
  if (because.length > 0) {
    return { reasons: because.join(", "), needed: true };
  }
  if (row.requiredWhen.length === 0) {
    return { reasons: "nothing known", needed: false };
  }
  const known = cluster.layout !== undefined;
  return {
    reasons: `${known ? "not this cluster; " : ""}with ${elsewhere.join(" or ")}`,
    needed: !known && appliesTo(row, cluster.dkpVersion),
  };
}
