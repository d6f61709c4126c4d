import { type ClusterAccess, canI } from "./d8";

interface AccessRule {
  readonly risk: string;
  readonly role: string;
  readonly verb: "get" | "list" | "patch";
  readonly apiGroup: "" | "deckhouse.io";
  readonly resource: string;
  readonly name?: string;
}

const NAMESPACE = "kube-system";
const READER = {
  risk: "the commands with --cluster fail",
  role: `Role dkp-access-reader in ${NAMESPACE}`,
};
const CLUSTER_READER = { ...READER, role: "ClusterRole dkp-access-reader" };
const PROVIDER = {
  apiGroup: "",
  resource: "secrets",
  name: "d8-provider-cluster-configuration",
} as const;

/** What the commands with `--cluster` need, in the order of `cluster-access.yaml`. */
export const ACCESS_RULES: readonly AccessRule[] = [
  { ...READER, verb: "get", ...PROVIDER },
  {
    ...READER,
    verb: "get",
    apiGroup: "",
    resource: "secrets",
    name: "d8-cluster-configuration",
  },
  { ...READER, verb: "get", apiGroup: "", resource: "configmaps", name: "d8-commander-uuid" },
  {
    ...CLUSTER_READER,
    verb: "list",
    apiGroup: "deckhouse.io",
    resource: "deckhousereleases",
  },
  {
    ...CLUSTER_READER,
    verb: "get",
    apiGroup: "deckhouse.io",
    resource: "moduleconfigs",
    name: "global",
  },
  {
    risk: "hand-over --cluster fails, so that DKP keeps a leaked key for longer",
    role: `Role dkp-access-writer in ${NAMESPACE}`,
    verb: "patch",
    ...PROVIDER,
  },
];

/**
 * The rules that the user of the kubeconfig lacks.
 * @throws ClusterError if the cluster does not say it
 */
export async function lackingRules(access: ClusterAccess): Promise<readonly AccessRule[]> {
  const lacking: AccessRule[] = [];
  for (const rule of ACCESS_RULES) {
    const { verb, apiGroup, resource, name, role } = rule;
    const type = apiGroup === "" ? resource : `${resource}.${apiGroup}`;
    const scope = role.startsWith("ClusterRole") ? "--all-namespaces" : `--namespace=${NAMESPACE}`;
    if (!(await canI(access, [verb, name === undefined ? type : `${type}/${name}`, scope]))) {
      lacking.push(rule);
    }
  }
  return lacking;
}

/** A rule as a role has it, in YAML. */
export function ruleYaml({ verb, apiGroup, resource, name }: AccessRule): string {
  const names = name === undefined ? "" : `, resourceNames: [${name}]`;
  return `{ apiGroups: ["${apiGroup}"], resources: [${resource}]${names}, verbs: [${verb}] }`;
}
