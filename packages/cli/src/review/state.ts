import { partitionOf } from "../../../../src/iam/arns";
import { equals, viaService } from "../../../../src/iam/policy-statements";
import { backendType } from "../../../../src/terraform/backends";
import type { StateLocation } from "../../../../src/terraform/state-location";
import { objectOf, textOf, valueAt } from "../../../../src/text/json";
import { type Call, type DeployerStatement, literal } from "../iam/deployer-permissions";

/** What the templates read about the state. */
export function stateFacts(state: StateLocation): object {
  const { type, arguments: given } = state;
  const { identity = {}, destinations = [] } = backendType(type) ?? {};
  const names = new Set([...[...Object.keys(identity), "region"].sort(), ...destinations]);
  const location = [...names].map((name) => [name, valueAt(given, name.split("."))] as const);
  // Without `encrypt`, s3 uses no `kms_key_id`. Source: Terraform, "Backend Type: s3" and "Backend
  // Type: gcs".
  const s3Key = given.encrypt === true ? given.kms_key_id : undefined;
  return {
    // Where the state is and who receives it.
    stateLocation: location.filter(([, value]) => typeof value === "string"),
    stateKey: { s3: s3Key, gcs: given.kms_encryption_key }[type],
    isStateOutsideAws: isOutsideAws(state),
    // Source: Terraform, "Backend Type: s3", "State Locking".
    isStateLocked: given.use_lockfile === true || given.dynamodb_table !== undefined,
  };
}

/**
 * The hosts of S3: of a Region, and of a VPC endpoint. Other hosts below these domains are
 * anybody's. Source: "Amazon S3 endpoints and quotas"; "AWS PrivateLink for Amazon S3";
 * `partitions.json` of the AWS SDKs (`dnsSuffix`).
 */
const S3_NAME =
  /s3(?:-fips)?(?:\.dualstack)?(?:[.-][a-z0-9-]+)?|bucket\.vpce-[a-z0-9-]+\.s3\.[a-z0-9-]+\.vpce/;
const AWS_DOMAIN =
  /amazonaws\.(?:com(?:\.cn)?|eu)|(?:c2s\.ic|sc2s\.sgov|csp\.hci\.ic)\.gov|cloud\.adc-e\.uk/;
const S3_HOST = new RegExp(`^(?:${S3_NAME.source})\\.(?:${AWS_DOMAIN.source})$`);

/**
 * Without TLS or with a user name, an address is no endpoint of AWS. `endpoints.s3` is the newer
 * spelling of `endpoint`.
 */
function isOutsideAws({ type, arguments: given }: StateLocation): boolean {
  const { s3 = given.endpoint } = objectOf(given.endpoints);
  if (type !== "s3" || typeof s3 !== "string") {
    return false;
  }
  const address = s3.includes("://") ? s3 : `https://${s3}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url?.protocol !== "https:" || url.username !== "" || !S3_HOST.test(url.hostname);
}

function hasKeyArn({ arguments: { kms_key_id } }: StateLocation): boolean {
  return (
    typeof kms_key_id === "string" && /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\//.test(kms_key_id)
  );
}

interface StateAccess {
  readonly statements: readonly DeployerStatement[];
  /** Assumed by the backend, with the permissions of the state. */
  readonly role?: string | undefined;
  /** If its caller requires a permission to assume it: not with a web identity. */
  readonly assumed?: string | undefined;
}

/**
 * What Terraform calls for a state in the default workspace. Source: "Permissions Required" of
 * Terraform's S3 backend, and its calls to a local AWS, which are fewer.
 * @param fallbackRegion for the partition if the backend has no Region
 */
export function stateAccess(location: StateLocation, fallbackRegion: string): StateAccess {
  const { type, arguments: given } = location;
  const { bucket, key, kms_key_id, dynamodb_table: table } = given;
  const isInAws = type === "s3" && !isOutsideAws(location);
  if (!isInAws || typeof bucket !== "string" || typeof key !== "string") {
    return { statements: [] };
  }
  const region = textOf(given.region);
  const partition = partitionOf(region ?? fallbackRegion);
  const bucketArn = `arn:${partition}:s3:::${literal(bucket)}`;
  const object = (name: string) => `${bucketArn}/${literal(name)}`;
  const workspaces = `${textOf(given.workspace_key_prefix) ?? "env:"}/`;
  const statements: DeployerStatement[] = [];
  const allow = (
    sid: string,
    resource: string,
    conditions: DeployerStatement["conditions"],
    calls: readonly Call[],
  ) => statements.push({ sid, resources: [resource], conditions, calls });
  const call = (action: string, plan = false) => ({ action, plan });
  // It is set with every write.
  const acl = given.acl === undefined ? [] : [call("s3:PutObjectAcl")];
  const inState = [equals("s3:prefix", workspaces, key)];
  // Every command lists workspaces, and else S3 denies access to a state that does not exist yet.
  allow("ListState", bucketArn, inState, [call("s3:ListBucket", true)]);
  allow("State", object(key), [], [call("s3:GetObject", true), call("s3:PutObject"), ...acl]);
  if (given.use_lockfile === true) {
    // The lock is read before it is released.
    const locks = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"].map((name) => call(name));
    allow("StateLock", object(`${key}.tflock`), [], [...locks, ...acl]);
  }
  if (typeof table === "string") {
    // Many states share a table: only the two items of this one.
    const items = [`${bucket}/${key}`, `${bucket}/${key}-md5`];
    const ofState = {
      test: "ForAllValues:StringEquals",
      variable: "dynamodb:LeadingKeys",
      values: items,
    } as const;
    const tableArn = `arn:${partition}:dynamodb:${region ?? "*"}:*:table/${literal(table)}`;
    // A plan reads the checksum of the state, and an apply writes it.
    const locks = [
      call("dynamodb:DeleteItem"),
      call("dynamodb:GetItem", true),
      call("dynamodb:PutItem"),
    ];
    allow("StateLockTable", tableArn, [ofState], locks);
  }
  if (hasKeyArn(location)) {
    // S3 uses the key on behalf of the caller.
    const throughS3 = region === undefined ? [] : [viaService("s3", region)];
    const crypts = [call("kms:Decrypt", true), call("kms:GenerateDataKey")];
    allow("StateKey", literal(`${kms_key_id}`), throughS3, crypts);
  }
  const assumed = textOf(objectOf(given.assume_role ?? given).role_arn);
  const webRole = textOf(objectOf(given.assume_role_with_web_identity).role_arn);
  return { statements, role: assumed ?? webRole, assumed };
}
