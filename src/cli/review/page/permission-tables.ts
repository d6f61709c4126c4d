import type { Area, CatalogueRow } from "../../../iam/catalogue";
import type { Cluster } from "../../../iam/cluster";
import { appliesTo } from "../../../iam/dkp-versions";
import type { PolicyCondition, PolicyOptions, PolicyStatement } from "../../../iam/policy-statements";
import { code, codes, counted, joined, list, type Markdown, md, plain, prose, table, trusted } from "../../text/markdown";
import type { DeployerPolicies } from "../deployer-policy-files";
import { requirementsOf } from "../explanation";
import { policyFile } from "../file-names";

/** The headings of the areas that the actions belong to. */
const AREAS: Readonly<Record<Area, string>> = {
  network: "Network",
  nodes: "Nodes",
  disks: "Disks",
  "load balancers": "Load balancers",
  identity: "Identity",
  account: "Account and Region",
};

/** How many actions are granted: `125 documented + 1 additional actions`. */
export function actionCount(rows: readonly CatalogueRow[]): string {
  const documented = rows.filter((row) => row.documented).length;
  return `${documented} documented + ${rows.length - documented} additional actions`;
}

/** The resources and conditions of each statement, by policy. ARNs of its own account and Region are shortened. */
export function statementTables(policies: readonly (readonly PolicyStatement[])[], own: Environment): Markdown {
  return blocks(
    policies.flatMap((statements, index) => [
      ...(policies.length === 1 ? [] : [md`${code(policyFile(index + 1))}:`]),
      statementTable(statements, own),
    ]),
  );
}

interface Environment {
  readonly account: string;
  readonly region: string;
}

function statementTable(statements: readonly PolicyStatement[], { account, region }: Environment): Markdown {
  // arn:aws:ec2:eu-central-1:123456789012:volume/* becomes ec2 volume/*
  const short = (arn: string) => {
    const [, , service, regionOfArn, accountOfArn, ...resource] = arn.split(":");
    const isOwn = accountOfArn === account && [region, ""].includes(regionOfArn ?? "");
    return isOwn ? `${service} ${resource.join(":")}` : arn;
  };
  return table(
    ["statement", "actions", "resources", "conditions"],
    statements.map(({ effect, sid, actions, resources, conditions }) => [
      md`${code(sid)}${trusted(effect === "Deny" ? " (Deny)" : "")}`,
      trusted(actions[0] === "*" ? "all" : String(actions.length)),
      resources[0] === "*" ? trusted("all resources") : codes(resources.map(short)),
      conditionList(conditions),
    ]),
  );
}

/** Conditions as code. */
export function conditionList(conditions: readonly PolicyCondition[]): Markdown {
  return codes(conditions.map(({ test, variable, values }) => `${variable} ${test} ${values.join(", ")}`));
}

/** The files with the policies for whoever applies a deployment. */
export function deployerFiles({ policies }: DeployerPolicies): Markdown {
  return list(
    policies.map(
      ({ file, principal, role, grants }) =>
        md`[${code(file)}](${trusted(file)}), for ${role === undefined ? plain(principal) : md`the role ${code(role)}`}: ${counted(grants.length, "action")}`,
    ),
  );
}

/** Every granted action by area, with its reason and its statement. */
export function permissionTables(
  options: PolicyOptions,
  statements: readonly PolicyStatement[],
  rows: readonly CatalogueRow[],
): Markdown {
  const areas = (Object.entries(AREAS) as [Area, string][])
    .map(([area, title]) => ({ title, inArea: rows.filter((row) => row.area === area) }))
    .filter(({ inArea }) => inArea.length > 0);
  return blocks(
    areas.flatMap(({ title, inArea }) => [
      md`## ${trusted(title)}`,
      table(
        ["action", "access", "use", "called by", "required by", "statement"],
        inArea.map((row) => permissionRow(row, options, statements)),
      ),
    ]),
  );
}

function permissionRow(row: CatalogueRow, options: PolicyOptions, statements: readonly PolicyStatement[]): readonly Markdown[] {
  const { action, access, why, callers, documented } = row;
  const { prefix } = options.cluster;
  const sids = statements.filter(({ actions }) => actions.includes(action)).map(({ sid }) => sid);
  return [
    md`${code(action)}${trusted(documented ? "" : " (additional)")}`,
    trusted(access),
    plain(prefix === undefined ? why : why.replaceAll("<prefix>", prose(prefix))),
    trusted(callers.length === 0 ? "no known caller" : callers.join(", ")),
    plain(requiredBy(row, options.cluster)),
    codes(sids),
  ];
}

/** Whether anything requires an action, as far as the settings describe the cluster. */
export function isRequired(row: CatalogueRow, cluster: Cluster): boolean {
  return (
    requirementsOf(row, cluster).because.length > 0 ||
    (row.requiredWhen.length > 0 && cluster.layout === undefined && appliesTo(row, cluster.dkpVersion))
  );
}

function requiredBy(row: CatalogueRow, cluster: Cluster): string {
  const { because, elsewhere } = requirementsOf(row, cluster);
  if (because.length > 0) {
    return because.join(", ");
  }
  if (row.requiredWhen.length === 0) {
    return "nothing known";
  }
  return `${cluster.layout === undefined ? "" : "not this cluster; "}with ${elsewhere.join(" or ")}`;
}

function blocks(all: readonly Markdown[]): Markdown {
  return joined(all, "\n\n");
}
