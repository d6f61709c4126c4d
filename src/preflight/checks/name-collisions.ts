import { type Action, unlessMissing } from "../../aws-api/operations";
import { nodeRoleName } from "../../iam/cluster";
import { blocker, type Check, check, type Finding, ok, skipped, type Tools, warning } from "../check";

/** A thing that DKP makes under a fixed name. */
export interface NamedThing {
  /** "role dev-node". */
  readonly what: string;
  /** Its ARN or id, where it exists. */
  readonly id: string | undefined;
  /** The error that DKP would get. */
  readonly code: string;
}

/** A name must be free before the cluster is made, and taken afterwards. */
export function judgeName({ what, id, code }: NamedThing, existingCluster: boolean): Finding {
  if (existingCluster) {
    return id === undefined
      ? warning(
          `the ${what} is not there, and --existing-cluster says that DKP has made the cluster`,
          "check cluster.prefix, region and account",
        )
      : ok(`the ${what} is there (${id}), as --existing-cluster says`);
  }
  return id === undefined
    ? ok(`the ${what} is free`)
    : blocker(
        `the ${what} exists (${id}), and DKP makes it itself: its bootstrap would stop at ${code}`,
        "choose another cluster.prefix, delete it if it is a left-over, or say --existing-cluster if the cluster is there already",
      );
}

function nameCheck<const A extends Action>(given: {
  readonly name: string;
  readonly call: A;
  readonly where: Check["where"];
  readonly code: string;
  readonly whatOf: (prefix: string) => string;
  readonly find: (ask: Tools<A>["ask"], prefix: string) => Promise<string | undefined>;
}): Check {
  return check({
    name: given.name,
    calls: [given.call],
    where: given.where,
    async run({ ask }, { deployment: { cluster }, existingCluster }) {
      if (cluster.prefix === undefined) {
        return [skipped("the cluster's prefix is not stated", "say cluster.prefix")];
      }
      const id = await given.find(ask, cluster.prefix);
      return [judgeName({ what: given.whatOf(cluster.prefix), id, code: given.code }, existingCluster)];
    },
  });
}

/** The names that DKP takes in every layout: the role of the nodes, its instance profile and the key pair. */
export const FREE_NAME_CHECKS: readonly Check[] = [
  nameCheck({
    name: "role name",
    call: "iam:GetRole",
    where: "always-on region",
    code: "EntityAlreadyExists",
    whatOf: (prefix) => `role ${nodeRoleName(prefix)}`,
    find: async (ask, prefix) =>
      (await unlessMissing(ask("iam:GetRole", { RoleName: nodeRoleName(prefix) }), "NoSuchEntity"))?.Role?.Arn,
  }),
  nameCheck({
    name: "instance profile name",
    call: "iam:GetInstanceProfile",
    where: "always-on region",
    code: "EntityAlreadyExists",
    whatOf: (prefix) => `instance profile ${nodeRoleName(prefix)}`,
    find: async (ask, prefix) =>
      (await unlessMissing(ask("iam:GetInstanceProfile", { InstanceProfileName: nodeRoleName(prefix) }), "NoSuchEntity"))
        ?.InstanceProfile?.Arn,
  }),
  nameCheck({
    name: "key pair name",
    call: "ec2:DescribeKeyPairs",
    where: "region",
    code: "InvalidKeyPair.Duplicate",
    whatOf: (prefix) => `key pair ${prefix}`,
    find: async (ask, prefix) =>
      (await unlessMissing(ask("ec2:DescribeKeyPairs", { KeyNames: [prefix] }), "InvalidKeyPair.NotFound"))?.KeyPairs?.[0]
        ?.KeyPairId,
  }),
];
