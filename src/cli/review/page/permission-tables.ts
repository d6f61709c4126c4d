import type { Area } from "../../../iam/catalogue";
import type { PolicyCondition, PolicyStatement } from "../../../iam/policy-statement";
import { code, codes, counted, joined, list, type Markdown, md, plain, prose, table, trusted } from "../../text/markdown";
import type { DeployerPolicies } from "../deployer-policy-files";
import type { Permission } from "../explanation";
import { policyFile } from "../file-names";
import type { Reviewed } from "../reviewed";

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
export function actionCount({ permissions }: Reviewed): Markdown {
  const documented = permissions.filter(({ row }) => row.documented).length;
  return trusted(`${documented} documented + ${permissions.length - documented} additional actions`);
}

/** The resources and conditions of each statement, by policy. ARNs of its own account and Region are shortened. */
export function statementTables({ policies, account, deployment }: Reviewed): Markdown {
  return blocks(
    policies.flatMap(({ number, statements }) => [
      ...(policies.length === 1 ? [] : [md`${code(policyFile(number))}:`]),
      statementTable(statements, account, deployment.region),
    ]),
  );
}

function statementTable(statements: readonly PolicyStatement[], account: string, region: string): Markdown {
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
export function permissionTables({ permissions, deployment }: Reviewed): Markdown {
  const areas = (Object.entries(AREAS) as [Area, string][])
    .map(([area, title]) => ({ title, inArea: permissions.filter(({ row }) => row.area === area) }))
    .filter(({ inArea }) => inArea.length > 0);
  return blocks(
    areas.flatMap(({ title, inArea }) => [
      md`## ${trusted(title)}`,
      table(
        ["action", "access", "use", "called by", "required by", "statement"],
        inArea.map((permission) => permissionRow(permission, deployment.cluster.prefix)),
      ),
    ]),
  );
}

function permissionRow({ row, requiredBy, sids }: Permission, prefix: string | undefined): readonly Markdown[] {
  const { action, access, why, callers, documented } = row;
  return [
    md`${code(action)}${trusted(documented ? "" : " (additional)")}`,
    trusted(access),
    plain(prefix === undefined ? why : why.replaceAll("<prefix>", prose(prefix))),
    trusted(callers.length === 0 ? "no known caller" : callers.join(", ")),
    plain(requiredBy),
    codes(sids),
  ];
}

function blocks(all: readonly Markdown[]): Markdown {
  return joined(all, "\n\n");
}
