/**
 * The arguments of a backend that settings may have: an allow list, because Terraform acts on them
 * in `terraform init`, with the credentials of whoever runs it. Terraform opens the files, runs the
 * programs and sends the credentials that other arguments name: those belong to `-backend-config`.
 * Terraform itself checks the types of values and which arguments belong together.
 *
 * A name with a point is an argument inside an object, and `.*` stands for any name there.
 * Source: the backend schemas of Terraform 1.11 to 1.15 and OpenTofu 1.10.
 */
export interface BackendType {
  /** Arguments that name nothing that Terraform runs, opens or authenticates to. */
  readonly harmless: readonly string[];
  /** Hosts and organizations: the state, and with it the secret, is sent there. */
  readonly destinations?: readonly string[];
  /** As whom Terraform reads and writes the state. */
  readonly identities?: readonly string[];
  /**
   * Arguments that together say which state it is, with what the backend takes when one is absent;
   * undefined if it has no default.
   */
  readonly identity: Readonly<Record<string, string | undefined>>;
}

const HOSTED = { hostname: "app.terraform.io", organization: undefined, workspaces: undefined };

export type BackendName =
  | "azurerm"
  | "consul"
  | "cos"
  | "gcs"
  | "http"
  | "kubernetes"
  | "local"
  | "oci"
  | "oss"
  | "pg"
  | "remote"
  | "s3";

/** Every backend type of Terraform and OpenTofu, and Terraform's `cloud` block under that name. */
// biome-ignore format: the lists have as many names on a line as fit
export const BACKEND_TYPES: Readonly<Record<BackendName | "cloud", BackendType>> = {
  azurerm: {
    harmless: [
      "environment", "key", "lookup_blob_endpoint", "snapshot", "timeout_seconds",
      "use_aks_workload_identity", "use_azuread_auth", "use_cli", "use_msi", "use_oidc",
    ],
    destinations: ["container_name", "storage_account_name"],
    identities: [
      "ado_pipeline_service_connection_id", "client_id", "resource_group_name", "subscription_id",
      "tenant_id",
    ],
    identity: { storage_account_name: undefined, container_name: undefined, key: undefined },
  },
  cloud: {
    harmless: [],
    destinations: [
      "hostname", "organization", "workspaces.name", "workspaces.project", "workspaces.tags",
      "workspaces.tags.*",
    ],
    identity: HOSTED,
  },
  consul: {
    harmless: ["datacenter", "gzip", "lock", "path"],
    destinations: ["address", "scheme"],
    identity: { address: "", datacenter: "", path: undefined },
  },
  cos: {
    harmless: ["accelerate", "bucket", "encrypt", "key", "prefix", "region"],
    destinations: ["domain", "endpoint"],
    identities: [
      "assume_role.external_id", "assume_role.policy", "assume_role.role_arn",
      "assume_role.session_duration", "assume_role.session_name",
    ],
    identity: { bucket: undefined, region: undefined, prefix: "", key: "terraform.tfstate" },
  },
  gcs: {
    harmless: ["bucket", "kms_encryption_key", "prefix"],
    destinations: ["storage_custom_endpoint"],
    identities: ["impersonate_service_account", "impersonate_service_account_delegates"],
    identity: { bucket: undefined, prefix: "" },
  },
  http: {
    harmless: [
      "lock_method", "retry_max", "retry_wait_max", "retry_wait_min", "unlock_method",
      "update_method",
    ],
    destinations: ["address", "lock_address", "unlock_address"],
    identities: ["username"],
    identity: { address: undefined },
  },
  kubernetes: {
    harmless: ["in_cluster_config", "labels.*", "namespace", "secret_suffix"],
    destinations: ["host"],
    identities: ["config_context", "config_context_auth_info", "config_context_cluster"],
    identity: { host: "", config_context: "", namespace: "default", secret_suffix: undefined },
  },
  local: { harmless: ["path", "workspace_dir"], identity: { path: undefined } },
  oci: {
    harmless: ["bucket", "key", "kms_key_id", "namespace", "region", "workspace_key_prefix"],
    identities: ["auth", "config_file_profile", "fingerprint", "tenancy_ocid", "user_ocid"],
    identity: { namespace: undefined, bucket: undefined, region: "", key: "terraform.tfstate" },
  },
  oss: {
    harmless: [
      "bucket", "encrypt", "key", "prefix", "region", "tablestore_instance_name",
      "tablestore_table",
    ],
    destinations: ["endpoint", "tablestore_endpoint"],
    identities: [
      "assume_role.policy", "assume_role.role_arn", "assume_role.session_expiration",
      "assume_role.session_name", "assume_role_policy", "assume_role_role_arn",
      "assume_role_session_expiration", "assume_role_session_name", "ecs_role_name", "profile",
    ],
    identity: { bucket: undefined, prefix: "env:", key: "terraform.tfstate" },
  },
  // `conn_str` has the host and the password in one string, and names files.
  pg: {
    harmless: ["index_name", "schema_name", "table_name"],
    identity: { conn_str: undefined, schema_name: "terraform_remote_state", table_name: "states" },
  },
  remote: {
    harmless: [],
    destinations: ["hostname", "organization", "workspaces.name", "workspaces.prefix"],
    identity: HOSTED,
  },
  s3: {
    harmless: [
      "acl", "allowed_account_ids", "bucket", "dynamodb_table", "encrypt", "forbidden_account_ids",
      "force_path_style", "key", "kms_key_id", "max_retries", "region", "retry_mode",
      "use_dualstack_endpoint", "use_fips_endpoint", "use_lockfile", "use_path_style",
      "workspace_key_prefix",
    ],
    destinations: ["dynamodb_endpoint", "endpoint", "endpoints.dynamodb", "endpoints.s3"],
    identities: [
      "assume_role.duration", "assume_role.external_id", "assume_role.policy",
      "assume_role.policy_arns", "assume_role.role_arn", "assume_role.session_name",
      "assume_role.source_identity", "assume_role.tags.*", "assume_role.transitive_tag_keys",
      "assume_role_duration_seconds", "assume_role_policy", "assume_role_policy_arns",
      "assume_role_tags.*", "assume_role_transitive_tag_keys",
      "assume_role_with_web_identity.duration", "assume_role_with_web_identity.policy",
      "assume_role_with_web_identity.policy_arns", "assume_role_with_web_identity.role_arn",
      "assume_role_with_web_identity.session_name", "external_id", "profile", "role_arn",
      "session_name",
    ],
    // S3-compatible stores may have buckets of the same names.
    identity: { endpoint: "", endpoints: "", bucket: undefined, key: undefined },
  },
};

/**
 * What a change of a backend argument means: where the state goes, or as whom Terraform goes there.
 */
export type ArgumentMeaning = "exposure" | "identity";

/** The arguments that settings may have, by name. */
export function argumentsOf({
  harmless,
  destinations = [],
  identities = [],
}: BackendType): ReadonlyMap<string, ArgumentMeaning> {
  const declared = (names: readonly string[], meaning: ArgumentMeaning) =>
    names.map((name) => [name, meaning] as const);
  return new Map([
    ...declared([...harmless, ...destinations], "exposure"),
    ...declared(identities, "identity"),
  ]);
}

/** A backend type by its name; `toString` and the like are none. */
export function backendType(name: string): BackendType | undefined {
  return Object.entries(BACKEND_TYPES).find(([type]) => type === name)?.[1];
}
