import { partitionOf } from "../../iam/partitions";
import { equals, viaService } from "../../iam/policy-statements";
import type { BackendArguments, StateLocation } from "../../terraform/state-location";
import { type Grant, grants, literal } from "../iam/deployer-permissions";
import { hasKeyArn, isOutsideAws } from "./state-facts";

/** A role that Terraform assumes, and what its caller requires for that, with reasons. */
export interface AssumedRole {
  readonly arn: string;
  /** Empty for a web identity, for which AWS requires no permission. */
  readonly actions: Readonly<Record<string, string>>;
}

/** The permission that every caller of a role requires. */
export const ASSUMES_ROLE: AssumedRole["actions"] = { "sts:AssumeRole": "assumes the role" };

/** Additional permissions by argument. Source: "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles". */
const SESSION_ACTIONS: Readonly<Record<string, AssumedRole["actions"]>> = {
  tags: { "sts:TagSession": "sets the session tags" },
  assume_role_tags: { "sts:TagSession": "sets the session tags" },
  source_identity: { "sts:SetSourceIdentity": "sets the source identity" },
};

/**
 * What Terraform calls for a state in the default workspace: objects by their exact keys, the lock, the KMS key.
 * Source: "Permissions Required" of Terraform's S3 backend, and its calls to a local AWS, which are fewer.
 * @param fallbackRegion the deployment's Region, for the partition where the backend has no Region
 * @returns the permissions, and the role that the backend assumes, which requires them instead of the credentials of Terraform
 */
export function stateAccess(location: StateLocation, fallbackRegion: string): { grants: readonly Grant[]; role?: AssumedRole } {
  const { type, arguments: given } = location;
  const { bucket, key, kms_key_id, dynamodb_table: table } = given;
  if (type !== "s3" || typeof bucket !== "string" || typeof key !== "string" || isOutsideAws(location)) {
    return { grants: [] };
  }
  const region = typeof given.region === "string" ? given.region : undefined;
  const partition = partitionOf(region ?? fallbackRegion);
  const bucketArn = `arn:${partition}:s3:::${literal(bucket)}`;
  const object = (name: string) => ({ resources: [`${bucketArn}/${literal(name)}`], conditions: [] });
  const workspaces = `${typeof given.workspace_key_prefix === "string" ? given.workspace_key_prefix : "env:"}/`;
  const acl: Readonly<Record<string, string>> =
    given.acl === undefined ? {} : { "s3:PutObjectAcl": "backend.s3.acl is set with every write" };
  const all: Grant[] = [
    ...grants(
      "ListState",
      { resources: [bucketArn], conditions: [equals("s3:prefix", workspaces, key)] },
      { "s3:ListBucket": "lists workspaces in every command; without it, S3 denies access to a state that does not exist yet" },
      ["s3:ListBucket"],
    ),
    ...grants("State", object(key), { "s3:GetObject": "reads the state", "s3:PutObject": "writes the state", ...acl }, [
      "s3:GetObject",
    ]),
  ];
  if (given.use_lockfile === true) {
    const lock = {
      "s3:DeleteObject": "releases the lock",
      "s3:GetObject": "reads the lock before it is released",
      "s3:PutObject": "locks the state",
    };
    all.push(...grants("StateLock", object(`${key}.tflock`), { ...lock, ...acl }));
  }
  if (typeof table === "string") {
    // Many states share a table: only the two items of this one.
    const items = [`${bucket}/${key}`, `${bucket}/${key}-md5`];
    const scope = {
      resources: [`arn:${partition}:dynamodb:${region ?? "*"}:*:table/${literal(table)}`],
      conditions: [{ test: "ForAllValues:StringEquals", variable: "dynamodb:LeadingKeys", values: items } as const],
    };
    const lock = {
      "dynamodb:DeleteItem": "releases the lock",
      "dynamodb:GetItem": "reads the lock and the checksum of the state",
      "dynamodb:PutItem": "locks the state, and writes its checksum",
    };
    all.push(...grants("StateLockTable", scope, lock, ["dynamodb:GetItem"]));
  }
  if (hasKeyArn(location)) {
    // S3 uses the key on behalf of the caller.
    const scope = { resources: [literal(`${kms_key_id}`)], conditions: region === undefined ? [] : [viaService("s3", region)] };
    const crypt = { "kms:Decrypt": "S3 decrypts the state", "kms:GenerateDataKey": "S3 encrypts the state and the lock" };
    all.push(...grants("StateKey", scope, crypt, ["kms:Decrypt"]));
  }
  const role = assumedRole(given);
  return role === undefined ? { grants: all } : { grants: all, role };
}

function assumedRole(given: BackendArguments): AssumedRole | undefined {
  const { assume_role, assume_role_with_web_identity } = given as Readonly<Record<string, BackendArguments | undefined>>;
  const role = assume_role ?? given;
  if (typeof role.role_arn === "string") {
    const more = Object.entries(SESSION_ACTIONS).filter(([argument]) => role[argument] !== undefined);
    return { arn: role.role_arn, actions: Object.assign({}, ASSUMES_ROLE, ...more.map(([, action]) => action)) };
  }
  const arn = assume_role_with_web_identity?.role_arn;
  return typeof arn === "string" ? { arn, actions: {} } : undefined;
}
