import { nodeRoleName } from "../../../../iam/cluster";
import { type Action, unlessMissing } from "../../aws/operations";
import { type Check, check, type Finding, failed, ok, skipped, type Tools, warning } from "../check";

/** An object that DKP creates under a fixed name. */
export interface NamedObject {
  /** "role dev-node". */
  readonly what: string;
  /** Its ARN or id, where it exists. */
  readonly id: string | undefined;
  /** The error code that AWS would return to DKP. */
  readonly code: string;
}

/** A name must be free before the cluster is created, and in use afterwards. */
export function judgeName({ what, id, code }: NamedObject, existingCluster: boolean): Finding {
  if (existingCluster) {
    return id === undefined
      ? warning(
          `the ${what} does not exist, and --existing-cluster expects the cluster`,
          "check cluster.prefix, region and account",
        )
      : ok(`the ${what} exists (${id}), as --existing-cluster expects`);
  }
  return id === undefined
    ? ok(`the ${what} does not exist yet`)
    : failed(
        `the ${what} exists (${id}), and DKP creates it itself: the bootstrap would fail with ${code}`,
        "choose another cluster.prefix, delete it if it is left over, or add --existing-cluster if the cluster already exists",
      );
}

function nameCheck<const A extends Action>(given: {
  readonly name: string;
  readonly call: A;
  readonly where: Check["where"];
  readonly code: string;
  readonly whatOf: (prefix: string) => string;
  readonly find: (call: Tools<A>["call"], prefix: string) => Promise<string | undefined>;
}): Check {
  return check({
    name: given.name,
    calls: [given.call],
    where: given.where,
    async run({ call }, { deployment: { cluster }, existingCluster }) {
      if (cluster.prefix === undefined) {
        return [skipped("cluster.prefix is not set", "set cluster.prefix")];
      }
      const id = await given.find(call, cluster.prefix);
      return [judgeName({ what: given.whatOf(cluster.prefix), id, code: given.code }, existingCluster)];
    },
  });
}

/** The names that DKP uses in every layout: the role of the nodes, its instance profile and the key pair. */
export const FREE_NAME_CHECKS: readonly Check[] = [
  nameCheck({
    name: "role name",
    call: "iam:GetRole",
    where: "always-on region",
    code: "EntityAlreadyExists",
    whatOf: (prefix) => `role ${nodeRoleName(prefix)}`,
    find: async (call, prefix) =>
      (await unlessMissing(call("iam:GetRole", { RoleName: nodeRoleName(prefix) }), "NoSuchEntity"))?.Role?.Arn,
  }),
  nameCheck({
    name: "instance profile name",
    call: "iam:GetInstanceProfile",
    where: "always-on region",
    code: "EntityAlreadyExists",
    whatOf: (prefix) => `instance profile ${nodeRoleName(prefix)}`,
    find: async (call, prefix) =>
      (await unlessMissing(call("iam:GetInstanceProfile", { InstanceProfileName: nodeRoleName(prefix) }), "NoSuchEntity"))
        ?.InstanceProfile?.Arn,
  }),
  nameCheck({
    name: "key pair name",
    call: "ec2:DescribeKeyPairs",
    where: "region",
    code: "InvalidKeyPair.Duplicate",
    whatOf: (prefix) => `key pair ${prefix}`,
    find: async (call, prefix) =>
      (await unlessMissing(call("ec2:DescribeKeyPairs", { KeyNames: [prefix] }), "InvalidKeyPair.NotFound"))?.KeyPairs?.[0]
        ?.KeyPairId,
  }),
];
