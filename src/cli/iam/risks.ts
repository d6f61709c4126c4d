import { type Cluster, nodeRoleName, otherNodeRoles } from "../../iam/cluster";
import { grantedRows, type PolicyOptions } from "../../iam/policy-statements";
import rows from "./risks.json";

/** Something that a principal with the access key can do and should not do. */
export interface Risk {
  /** A continuation of "a principal with the key can". */
  readonly what: string;
  /** The actions that it requires, all granted. */
  readonly actions: readonly string[];
}

/** A row of `risks.yaml`: texts by the mode of the policy, with values in braces. */
interface RiskRow {
  readonly actions: readonly string[];
  readonly all?: string;
  readonly documented?: string;
  readonly limited?: string;
}

/**
 * The impact of a leaked key: what the policy of a deployment allows an attacker, most severe first.
 * @param role formats the name of a role. @default as code
 * @param granted the actions that the policy allows. @default those that follow from the options
 */
export function risksOf(
  options: PolicyOptions,
  role = (name: string) => `\`${name}\``,
  granted: ReadonlySet<string> = new Set(grantedRows(options).map(({ action }) => action)),
): readonly Risk[] {
  const { mode, cluster, environment } = options;
  const values: Readonly<Record<string, string>> = {
    reach: mode === "documented" ? "in every Region" : `in ${environment.region}`,
    role: role(roleOf(cluster)),
    roles: otherNodeRoles(cluster).map(role).join(" or "),
  };
  return (rows as readonly RiskRow[])
    .filter(({ actions }) => actions.every((action) => granted.has(action)))
    .flatMap(({ actions, all, ...texts }) => {
      const text = all ?? texts[mode === "documented" ? mode : "limited"];
      const isEmpty = text === undefined || (text.includes("{roles}") && values.roles === "");
      return isEmpty ? [] : [{ what: filled(text, cluster, values), actions }];
    });
}

function filled(text: string, { features }: Cluster, values: Readonly<Record<string, string>>): string {
  return text
    .replace(/\[(.*)\]/, features.includes("encrypted-volumes") ? "" : "$1")
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "");
}

/** Name of the node role of DKP; `PREFIX-node` if the settings have no prefix. */
export function roleOf({ prefix }: Cluster): string {
  return nodeRoleName(prefix ?? "PREFIX");
}
