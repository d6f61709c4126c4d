import { literal } from "../../iam/arns";
import { type Grant, grants } from "../../iam/deployer-permissions";
import { partitionOf } from "../../iam/partitions";
import { equals, viaService } from "../../iam/policy-statements";
import type { BackendArguments, StateLocation } from "../../terraform/state-location";

/** What a pipeline must be allowed in AWS to use a state. */
export interface StateAccess {
  readonly grants: readonly Grant[];
  /** The role that the backend takes to reach the state; the grants are that role's. @default the pipeline's own credentials */
  readonly role?: AssumedRole | undefined;
  /** What the grants leave open, as sentences. */
  readonly notes: readonly string[];
}

/** A role that Terraform takes, with what its caller must be allowed to take it. */
export interface AssumedRole {
  readonly arn: string;
  /** Empty where the role is taken with a web identity, for which AWS asks no permission. */
  readonly actions: Readonly<Record<string, string>>;
}

/** What asking for a role takes besides the asking itself, by argument. Source: "Pass session tags in AWS STS", "Monitor and control actions". */
const SESSION_ACTIONS: Readonly<Record<string, readonly [string, string]>> = {
  tags: ["sts:TagSession", "gives the role's session tags"],
  assume_role_tags: ["sts:TagSession", "gives the role's session tags"],
  source_identity: ["sts:SetSourceIdentity", "says on whose behalf the role is taken"],
};

/**
 * What Terraform asks of AWS for a state in the default workspace: objects by their exact keys, the lock, the KMS key.
 * Source: "Permissions Required" of Terraform's S3 backend, and its calls on a local AWS, which are fewer.
 *
 * @param fallbackRegion the deployment's region, for the partition where the backend states no region
 */
export function stateAccess({ type, arguments: given }: StateLocation, fallbackRegion: string): StateAccess {
  const { bucket, key } = given;
  if (type !== "s3") {
    return {
      grants: [],
      notes: [`the state is in the backend ${type}: what reaches it is not IAM's, and nothing here is about it`],
    };
  }
  if (typeof bucket !== "string" || typeof key !== "string") {
    return { grants: [], notes: ["backend.s3.bucket is given to terraform init: what reaches the state is missing here"] };
  }
  if (isOutsideAws({ type, arguments: given })) {
    return { grants: [], notes: ["the state is in a store that speaks S3 and is not AWS: nothing here is about it"] };
  }
  const region = typeof given.region === "string" ? given.region : undefined;
  const partition = partitionOf(region ?? fallbackRegion);
  const kmsKey = kmsAccess(given);
  return {
    grants: [
      ...objectGrants(given, `arn:${partition}:s3:::${literal(bucket)}`, key),
      ...tableGrants(given, partition, region ?? "*", `${bucket}/${key}`),
      ...kmsKey.grants,
    ],
    role: assumedRole(given),
    notes: kmsKey.notes,
  };
}

/** Whether a state is in a store that speaks S3 and is not AWS. */
export function isOutsideAws({ type, arguments: { endpoint, endpoints } }: StateLocation): boolean {
  const s3 = endpoint ?? (endpoints as BackendArguments | undefined)?.s3;
  return type === "s3" && typeof s3 === "string" && !/^(?:https?:\/\/)?[\w.-]+\.amazonaws\.com(?:\.cn)?(?:[:/]|$)/.test(s3);
}

/** Whether Terraform locks a state in S3. Source: Terraform, "Backend Type: s3", "State Locking". */
export function isLocked({ arguments: { use_lockfile, dynamodb_table } }: StateLocation): boolean {
  return use_lockfile === true || dynamodb_table !== undefined;
}

function objectGrants(given: BackendArguments, bucketArn: string, key: string): readonly Grant[] {
  const workspaces = `${typeof given.workspace_key_prefix === "string" ? given.workspace_key_prefix : "env:"}/`;
  const acl: Readonly<Record<string, string>> =
    given.acl === undefined ? {} : { "s3:PutObjectAcl": "backend.s3.acl is set with every write" };
  const object = (name: string) => ({ resources: [`${bucketArn}/${literal(name)}`], conditions: [] });
  const state = grants(
    "State",
    object(key),
    {
      "s3:GetObject": "reads the state",
      "s3:PutObject": "writes the state",
      ...acl,
    },
    ["s3:GetObject"],
  );
  const lock = grants("StateLock", object(`${key}.tflock`), {
    "s3:DeleteObject": "takes the lock off",
    "s3:GetObject": "reads whose the lock is, before it is taken off",
    "s3:PutObject": "locks the state",
    ...acl,
  });
  const list = grants(
    "ListState",
    { resources: [bucketArn], conditions: [equals("s3:prefix", workspaces, key)] },
    {
      "s3:ListBucket":
        "looks for workspaces, at every command; without it S3 says of a state that does not exist yet that it is forbidden",
    },
    ["s3:ListBucket"],
  );
  return [...list, ...state, ...(given.use_lockfile === true ? lock : [])];
}

/** The lock in a DynamoDB table, which many states share: only the two items of this one. */
function tableGrants({ dynamodb_table }: BackendArguments, partition: string, region: string, lockId: string): readonly Grant[] {
  if (typeof dynamodb_table !== "string") {
    return [];
  }
  return grants(
    "StateLockTable",
    {
      resources: [`arn:${partition}:dynamodb:${region}:*:table/${literal(dynamodb_table)}`],
      conditions: [{ test: "ForAllValues:StringEquals", variable: "dynamodb:LeadingKeys", values: [lockId, `${lockId}-md5`] }],
    },
    {
      "dynamodb:DeleteItem": "takes the lock off",
      "dynamodb:GetItem": "reads whose the lock is, and the checksum of the state",
      "dynamodb:PutItem": "locks the state, and writes its checksum",
    },
    ["dynamodb:GetItem"],
  );
}

/** S3 uses the KMS key in the caller's name. */
function kmsAccess({ kms_key_id: key, region }: BackendArguments): Pick<StateAccess, "grants" | "notes"> {
  if (typeof key !== "string") {
    return { grants: [], notes: [] };
  }
  if (!/^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\//.test(key)) {
    return {
      grants: [],
      notes: [
        `backend.s3.kms_key_id is no key's ARN, and a policy names keys by ARN: write the ARN, or allow kms:Decrypt and kms:GenerateDataKey on that key`,
      ],
    };
  }
  const viaS3 = typeof region === "string" ? [viaService("s3", region)] : [];
  return {
    grants: grants(
      "StateKey",
      { resources: [literal(key)], conditions: viaS3 },
      { "kms:Decrypt": "S3 decrypts the state", "kms:GenerateDataKey": "S3 encrypts the state and the lock" },
      ["kms:Decrypt"],
    ),
    notes: [],
  };
}

function assumedRole(given: BackendArguments): AssumedRole | undefined {
  const { assume_role, assume_role_with_web_identity } = given as Readonly<Record<string, BackendArguments | undefined>>;
  const asked = assume_role ?? given;
  if (typeof asked.role_arn === "string") {
    const more = Object.entries(SESSION_ACTIONS).filter(([argument]) => asked[argument] !== undefined);
    return {
      arn: asked.role_arn,
      actions: { ...ASSUMES_ROLE, ...Object.fromEntries(more.map(([, action]) => action)) },
    };
  }
  const arn = assume_role_with_web_identity?.role_arn;
  return typeof arn === "string" ? { arn, actions: {} } : undefined;
}

/** The permission that every caller of a role requires. */
export const ASSUMES_ROLE: AssumedRole["actions"] = { "sts:AssumeRole": "assumes the role" };
