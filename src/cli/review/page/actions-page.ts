import type { Area } from "../../../iam/catalogue";
import { SUPPORTED_VERSIONS } from "../../../iam/dkp-versions";
import type { PolicyStatement } from "../../../iam/policy-statement";
import { VERIFIED_COMPONENTS } from "../../iam/verified-components";
import { code, codes, joined, type Markdown, md, plain, prose, table, trusted } from "../../text/markdown";
import { fillTemplateFile } from "../../text/template";
import type { Permission } from "../explanation";
import { policyFile } from "../file-names";
import type { Reviewed } from "../reviewed";
import { conditionList } from "./deployer-page";

/** actions.md: every action of the policy with its reason, and the versions of DKP's components that were read. */
export function actionsPage(review: Reviewed): string {
  return fillTemplateFile("src/cli/review/page/actions-page.md", {
    actionCount: actionCount(review),
    permissions: permissionTables(review),
    stack: prose(review.deployment.stack),
    verifiedVersion: trusted(SUPPORTED_VERSIONS.last),
    verifiedComponents: table(
      ["component", "versions", "compared on", "source"],
      VERIFIED_COMPONENTS.map(({ component, versions, date, source }) => [component, versions, date, source].map(plain)),
    ),
  });
}

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
