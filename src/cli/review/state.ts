import { partitionOf } from "../../iam/arns";
import { equals, viaService } from "../../iam/policy-statements";
import { backendType } from "../../terraform/backends";
import type { StateLocation } from "../../terraform/state-location";
import { type JsonObject, objectOf, textOf, valueAt } from "../../text/json";
import { type Call, type DeployerStatement, literal } from "../iam/deployer-permissions";

/** What the templates read about the state. */
export function stateFacts(state: StateLocation): object {
  const { type, arguments: given } = state;
  const { missing: missingArguments, ...remoteState } = stateReading(state);
  const destinations = backendType(type)?.destinations?.map((name) => [
    name,
    valueAt(given, name.split(".")),
  ]);
  const location = { ...remoteState.config, ...Object.fromEntries(destinations ?? []) };
  // Without `encrypt`, s3 uses no `kms_key_id`. Source: Terraform, "Backend Type: s3" and "Backend
  // Type: gcs".
  const s3Key = given.encrypt === true ? given.kms_key_id : undefined;
  return {
    remoteState,
    missingArguments,
    // Where the state is and who receives it.
    stateLocation: Object.entries(location).filter(([, value]) => typeof value === "string"),
    stateKey: { s3: s3Key, gcs: given.kms_encryption_key }[type],
    // Whether the settings have the ARN of that key, as policies do.
    hasStateKeyArn: hasKeyArn(state),
    isStateOutsideAws: isOutsideAws(state),
    // Whether the settings name what the deployer requires permissions for.
    hasStatePermissions: stateAccess(state, "").statements.length > 0,
    // Source: Terraform, "Backend Type: s3", "State Locking".
    isStateLocked: given.use_lockfile === true || given.dynamodb_table !== undefined,
  };
}

/**
 * How `terraform_remote_state` finds a state, without what only its writer needs (locks,
 * encryption, credentials). A `cloud` block is read as `remote`.
 * @returns also the arguments that come from `-backend-config` or at run time
 */
function stateReading({ type, arguments: given }: StateLocation) {
  const backend = backendType(type);
  const names = [...Object.keys(backend?.identity ?? {}), ...(backend?.reach ?? [])].sort();
  // A reader takes one workspace; prefixes, tags and projects only choose among them at run time.
  const workspace = valueAt(given, ["workspaces", "name"]);
  const values: JsonObject = { ...given, workspaces: workspace && { name: workspace } };
  const config = Object.fromEntries(
    names.map((name) => [name, values[name]]).filter(([, value]) => value !== undefined),
  );
  const missing = Object.entries(backend?.identity ?? {})
    .filter(([name, fallback]) => fallback === undefined && config[name] === undefined)
    .map(([name]) => name);
  return { backend: type === "cloud" ? "remote" : type, config, missing };
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
  const call = (action: string, why: string, plan = false) => ({ action, why, plan });
  const setsAcl = call("s3:PutObjectAcl", "backend.s3.acl is set with every write");
  const acl = given.acl === undefined ? [] : [setsAcl];
  const lists =
    "lists workspaces in every command; without it, " +
    "S3 denies access to a state that does not exist yet";
  const inState = [equals("s3:prefix", workspaces, key)];
  allow("ListState", bucketArn, inState, [call("s3:ListBucket", lists, true)]);
  const uses = [
    call("s3:GetObject", "reads the state", true),
    call("s3:PutObject", "writes the state"),
    ...acl,
  ];
  allow("State", object(key), [], uses);
  if (given.use_lockfile === true) {
    const locks = [
      call("s3:DeleteObject", "releases the lock"),
      call("s3:GetObject", "reads the lock before it is released"),
      call("s3:PutObject", "locks the state"),
    ];
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
    const locks = [
      call("dynamodb:DeleteItem", "releases the lock"),
      call("dynamodb:GetItem", "reads the lock and the checksum of the state", true),
      call("dynamodb:PutItem", "locks the state, and writes its checksum"),
    ];
    allow("StateLockTable", tableArn, [ofState], locks);
  }
  if (hasKeyArn(location)) {
    // S3 uses the key on behalf of the caller.
    const throughS3 = region === undefined ? [] : [viaService("s3", region)];
    const crypts = [
      call("kms:Decrypt", "S3 decrypts the state", true),
      call("kms:GenerateDataKey", "S3 encrypts the state and the lock"),
    ];
    allow("StateKey", literal(`${kms_key_id}`), throughS3, crypts);
  }
  const assumed = textOf(objectOf(given.assume_role ?? given).role_arn);
  const webRole = textOf(objectOf(given.assume_role_with_web_identity).role_arn);
  return { statements, role: assumed ?? webRole, assumed };
}
