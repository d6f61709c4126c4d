import { nodeRoleName } from "../../../../iam/cluster";
import { type Action, unlessMissing } from "../../aws/operations";
import type { Check, PreflightFound, Tools } from "../check";

export const NO_PREFIX: PreflightFound = { rule: "setting-not-set", values: { field: "cluster.prefix" } };

/** An object that DKP creates under a fixed name. */
interface DkpName extends Pick<Check, "id" | "where"> {
  readonly kind: string;
  readonly call: Action;
  /** The error code that AWS would return to DKP if the object exists. */
  readonly code: string;
  /** The error code of a call for an object that does not exist. */
  readonly missing: string;
  readonly nameOf: (prefix: string) => string;
  /** The ARN or ID of the object of a name. */
  readonly find: (list: Tools["list"], name: string) => Promise<readonly (string | undefined)[]>;
}

const IAM = { where: "always-on region", code: "EntityAlreadyExists", missing: "NoSuchEntity", nameOf: nodeRoleName } as const;

/** Source: deckhouse/deckhouse modules/030-cloud-provider-aws/candi/terraform-modules. */
const DKP_NAMES: readonly DkpName[] = [
  {
    ...IAM,
    id: "node-role-name",
    kind: "role",
    call: "iam:GetRole",
    find: (list, RoleName) => list("iam:GetRole", { RoleName }, ({ Role }) => [Role?.Arn]),
  },
  {
    ...IAM,
    id: "instance-profile-name",
    kind: "instance profile",
    call: "iam:GetInstanceProfile",
    find: (list, InstanceProfileName) =>
      list("iam:GetInstanceProfile", { InstanceProfileName }, ({ InstanceProfile }) => [InstanceProfile?.Arn]),
  },
  {
    id: "key-pair-name",
    kind: "key pair",
    call: "ec2:DescribeKeyPairs",
    where: "region",
    code: "InvalidKeyPair.Duplicate",
    missing: "InvalidKeyPair.NotFound",
    nameOf: (prefix) => prefix,
    find: (list, name) =>
      list("ec2:DescribeKeyPairs", { KeyNames: [name] }, ({ KeyPairs = [] }) => KeyPairs.map(({ KeyPairId }) => KeyPairId)),
  },
];

/** The names that DKP uses in every layout must be free before the cluster is created, and in use afterwards. */
export const DKP_NAME_CHECKS = DKP_NAMES.map(
  ({ id, kind, call, where, code, missing, nameOf, find }): Check => ({
    id,
    field: "cluster.prefix",
    calls: [call],
    where,
    async run({ list }, { deployment: { cluster }, existingCluster }) {
      if (cluster.prefix === undefined) {
        return [NO_PREFIX];
      }
      const name = nameOf(cluster.prefix);
      const object = `${kind} ${name}`;
      const [existing] = (await unlessMissing(find(list, name), missing)) ?? [];
      if (existing === undefined) {
        return [{ rule: existingCluster ? "dkp-name-absent" : "dkp-name-free", object, values: { object } }];
      }
      const rule = existingCluster ? "dkp-name-expected" : "dkp-name-taken";
      return [{ rule, object, values: { object, id: existing, code } }];
    },
  }),
);
