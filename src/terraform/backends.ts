/**
 * Where a backend keeps its state and what its arguments are called.
 * Argument names are the union of Terraform 1.11 to 1.15 and OpenTofu 1.10, read from their backend schemas,
 * so that whatever either of them takes passes.
 */
export interface BackendType {
  /** Arguments, with the names of the arguments inside where it is an object. */
  readonly args: Readonly<Record<string, readonly string[] | true>>;
  /** Arguments that the backend can't do without. */
  readonly required: readonly string[];
  /** Arguments that hold a secret, with the environment variables (or the file) that carry it instead. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Arguments that together say which state it is, with what the backend takes when one is absent. */
  readonly identity: Readonly<Record<string, string | undefined>>;
  /** Further arguments that whoever reads the state needs to reach it; credentials are his own. */
  readonly reach: readonly string[];
}

function args(names: string, nested: Readonly<Record<string, string>> = {}): BackendType["args"] {
  const words = (list: string) => list.split(/\s+/).filter((word) => word !== "");
  return Object.fromEntries([
    ...words(names).map((name) => [name, true] as const),
    ...Object.entries(nested).map(([name, inner]) => [name, words(inner)] as const),
  ]);
}

/** What Terraform converts an argument's value to. */
export type ArgumentType = "bool" | "number" | "list" | "map" | "string";

const TYPES_BY_NAME: readonly { readonly type: ArgumentType; readonly names: RegExp }[] = [
  {
    type: "bool",
    names:
      /^(?:accelerate|encrypt|force_path_style|gzip|in_cluster_config|insecure|load_config_file|lock|lookup_blob_endpoint|snapshot|use_.+|skip_.+)$/,
  },
  {
    type: "number",
    names:
      /^(?:assume_role_duration_seconds|assume_role_session_expiration|max_retries|retry_max|retry_wait_max|retry_wait_min|session_duration|session_expiration|timeout_seconds)$/,
  },
  {
    type: "list",
    names:
      /^(?:allowed_account_ids|args|assume_role_policy_arns|assume_role_transitive_tag_keys|config_paths|forbidden_account_ids|impersonate_service_account_delegates|policy_arns|shared_config_files|shared_credentials_files|transitive_tag_keys)$/,
  },
  { type: "map", names: /^(?:assume_role_tags|env|headers|labels)$/ },
];

/**
 * The type of a backend argument, which is the same for all backends that have one of the name; undefined where it is not.
 * Source: the backend schemas of Terraform 1.11 to 1.15 and OpenTofu 1.10, in each backend's `backend.go`.
 */
export function argumentType(name: string): ArgumentType | undefined {
  // A map of `assume_role`, a set or a map of `cloud`.
  return name === "tags" ? undefined : (TYPES_BY_NAME.find(({ names }) => names.test(name))?.type ?? "string");
}

const AWS_KEYS = "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN";
const CONFIG_FILE = "a -backend-config file that is not committed";

const CLOUD_SECRETS = { token: "TF_TOKEN_<hostname> or `terraform login`" };

/** A backend type by its name; `toString` and the like are none. */
export function backendType(name: string): BackendType | undefined {
  return Object.hasOwn(BACKEND_TYPES, name) ? BACKEND_TYPES[name] : undefined;
}

/** Every backend type of Terraform and OpenTofu, and Terraform's `cloud` block under that name. */
export const BACKEND_TYPES: Readonly<Record<string, BackendType>> & { readonly cloud: BackendType } = {
  azurerm: {
    args: args(`ado_pipeline_service_connection_id access_key client_certificate client_certificate_password
      client_certificate_path client_id client_id_file_path client_secret client_secret_file_path container_name endpoint
      environment key lookup_blob_endpoint metadata_host msi_endpoint oidc_request_token oidc_request_url oidc_token
      oidc_token_file_path resource_group_name sas_token snapshot storage_account_name subscription_id tenant_id
      timeout_seconds use_aks_workload_identity use_azuread_auth use_cli use_msi use_oidc`),
    required: ["container_name", "key", "storage_account_name"],
    secrets: {
      access_key: "ARM_ACCESS_KEY",
      client_certificate: "ARM_CLIENT_CERTIFICATE",
      client_certificate_password: "ARM_CLIENT_CERTIFICATE_PASSWORD",
      client_secret: "ARM_CLIENT_SECRET",
      oidc_request_token: "ARM_OIDC_REQUEST_TOKEN",
      oidc_token: "ARM_OIDC_TOKEN",
      sas_token: "ARM_SAS_TOKEN",
    },
    identity: { storage_account_name: undefined, container_name: undefined, key: undefined },
    reach: ["environment", "metadata_host", "resource_group_name", "subscription_id", "tenant_id", "use_azuread_auth"],
  },
  cloud: {
    args: args("hostname organization token", { workspaces: "name project tags" }),
    required: ["organization", "workspaces"],
    secrets: CLOUD_SECRETS,
    identity: { hostname: "app.terraform.io", organization: undefined, workspaces: undefined },
    reach: [],
  },
  consul: {
    args: args("access_token address ca_file cert_file datacenter gzip http_auth key_file lock path scheme"),
    required: ["path"],
    secrets: { access_token: "CONSUL_HTTP_TOKEN", http_auth: "CONSUL_HTTP_AUTH" },
    identity: { address: "", datacenter: "", path: undefined },
    reach: ["ca_file", "scheme", "gzip"],
  },
  cos: {
    args: args("accelerate acl bucket domain encrypt endpoint key prefix region secret_id secret_key security_token", {
      assume_role: "external_id policy role_arn session_duration session_name",
    }),
    required: ["bucket", "region"],
    secrets: {
      secret_id: "TENCENTCLOUD_SECRET_ID",
      secret_key: "TENCENTCLOUD_SECRET_KEY",
      security_token: "TENCENTCLOUD_SECURITY_TOKEN",
    },
    identity: { bucket: undefined, region: undefined, prefix: "", key: "terraform.tfstate" },
    reach: ["domain", "endpoint"],
  },
  gcs: {
    args: args(`access_token bucket credentials encryption_key impersonate_service_account
      impersonate_service_account_delegates kms_encryption_key prefix storage_custom_endpoint`),
    required: ["bucket"],
    secrets: { access_token: "GOOGLE_OAUTH_ACCESS_TOKEN", encryption_key: "GOOGLE_ENCRYPTION_KEY" },
    identity: { bucket: undefined, prefix: "" },
    reach: ["storage_custom_endpoint"],
  },
  http: {
    args: args(`address client_ca_certificate_pem client_certificate_pem client_private_key_pem headers lock_address
      lock_method password retry_max retry_wait_max retry_wait_min skip_cert_verification unlock_address unlock_method
      update_method username`),
    required: ["address"],
    secrets: { client_private_key_pem: "TF_HTTP_CLIENT_PRIVATE_KEY_PEM", headers: CONFIG_FILE, password: "TF_HTTP_PASSWORD" },
    identity: { address: undefined },
    reach: ["client_ca_certificate_pem", "skip_cert_verification"],
  },
  kubernetes: {
    args: args(
      `client_certificate client_key cluster_ca_certificate config_context config_context_auth_info
      config_context_cluster config_path config_paths host in_cluster_config insecure labels load_config_file namespace
      password secret_suffix token username`,
      { exec: "api_version args command env" },
    ),
    required: ["secret_suffix"],
    secrets: { client_key: "KUBE_CLIENT_KEY_DATA", password: "KUBE_PASSWORD", token: "KUBE_TOKEN" },
    identity: { host: "", config_path: "", config_context: "", namespace: "default", secret_suffix: undefined },
    reach: ["cluster_ca_certificate", "in_cluster_config", "insecure"],
  },
  local: {
    args: args("path workspace_dir"),
    required: [],
    secrets: {},
    identity: { path: undefined },
    reach: [],
  },
  oci: {
    args: args(`auth bucket config_file_profile fingerprint key kms_key_id namespace private_key private_key_password
      private_key_path region sse_customer_algorithm sse_customer_key sse_customer_key_sha256 tenancy_ocid user_ocid
      workspace_key_prefix`),
    required: ["bucket", "namespace"],
    secrets: {
      private_key: "private_key_path",
      private_key_password: "OCI_private_key_password",
      sse_customer_key: CONFIG_FILE,
    },
    identity: { namespace: undefined, bucket: undefined, region: "", key: "terraform.tfstate" },
    reach: ["auth"],
  },
  oss: {
    args: args(
      `access_key acl assume_role_policy assume_role_role_arn assume_role_session_expiration
      assume_role_session_name bucket ecs_role_name encrypt endpoint key prefix profile region secret_key security_token
      shared_credentials_file sts_endpoint tablestore_endpoint tablestore_instance_name tablestore_table`,
      { assume_role: "policy role_arn session_expiration session_name" },
    ),
    required: ["bucket"],
    secrets: {
      access_key: "ALICLOUD_ACCESS_KEY",
      secret_key: "ALICLOUD_SECRET_KEY",
      security_token: "ALICLOUD_SECURITY_TOKEN",
    },
    identity: { bucket: undefined, prefix: "env:", key: "terraform.tfstate" },
    reach: ["endpoint", "region", "sts_endpoint"],
  },
  pg: {
    args: args("conn_str index_name schema_name skip_index_creation skip_schema_creation skip_table_creation table_name"),
    required: [],
    secrets: {},
    identity: { conn_str: undefined, schema_name: "terraform_remote_state", table_name: "states" },
    reach: [],
  },
  remote: {
    args: args("hostname organization token", { workspaces: "name prefix" }),
    required: ["organization", "workspaces"],
    secrets: CLOUD_SECRETS,
    identity: { hostname: "app.terraform.io", organization: undefined, workspaces: undefined },
    reach: [],
  },
  s3: {
    args: args(
      `access_key acl allowed_account_ids assume_role_duration_seconds assume_role_policy assume_role_policy_arns
      assume_role_tags assume_role_transitive_tag_keys bucket custom_ca_bundle dynamodb_endpoint dynamodb_table
      ec2_metadata_service_endpoint ec2_metadata_service_endpoint_mode encrypt endpoint external_id forbidden_account_ids
      force_path_style http_proxy https_proxy iam_endpoint insecure key kms_key_id max_retries no_proxy profile region
      retry_mode role_arn secret_key session_name shared_config_files shared_credentials_file shared_credentials_files
      skip_credentials_validation skip_metadata_api_check skip_region_validation skip_requesting_account_id
      skip_s3_checksum sse_customer_key sts_endpoint sts_region token use_dualstack_endpoint use_fips_endpoint
      use_lockfile use_path_style workspace_key_prefix`,
      {
        assume_role: `duration external_id policy policy_arns role_arn session_name source_identity tags
          transitive_tag_keys`,
        assume_role_with_web_identity: `duration policy policy_arns role_arn session_name web_identity_token
          web_identity_token_file`,
        endpoints: "dynamodb iam s3 sso sts",
      },
    ),
    required: ["bucket", "key"],
    secrets: {
      access_key: AWS_KEYS,
      secret_key: AWS_KEYS,
      token: AWS_KEYS,
      sse_customer_key: "AWS_SSE_CUSTOMER_KEY",
    },
    // S3-compatible stores may have buckets of the same names.
    identity: { endpoint: "", endpoints: "", bucket: undefined, key: undefined },
    reach: [
      "force_path_style",
      "insecure",
      "region",
      "skip_credentials_validation",
      "skip_metadata_api_check",
      "skip_region_validation",
      "skip_requesting_account_id",
      "skip_s3_checksum",
      "use_dualstack_endpoint",
      "use_fips_endpoint",
      "use_path_style",
    ],
  },
};
