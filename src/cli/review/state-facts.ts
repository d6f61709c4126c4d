import { backendType } from "../../terraform/backends";
import { type BackendArguments, type StateLocation, stateReading } from "../../terraform/state-location";
import { valueAt } from "../../text/json";

/** Where a state is, and how it is protected. */
export function stateFacts(state: StateLocation) {
  const { type, arguments: given } = state;
  const destinations = destinationsOf(state);
  // Without TLS, it is not only AWS that reads the state.
  const isStateOutsideAws = isOutsideAws(state) || endpointOf(state)?.protocol === "http:";
  const { missing: missingArguments, ...remoteState } = stateReading(state);
  const location = Object.entries({ ...remoteState.config, ...Object.fromEntries(destinations) });
  // Without `encrypt`, s3 uses no `kms_key_id`. Source: Terraform, "Backend Type: s3" and "Backend Type: gcs".
  const s3Key = given.encrypt === true ? given.kms_key_id : undefined;
  return {
    /** How others read the state. */
    remoteState,
    missingArguments,
    /** The arguments that say where the state is and who receives it, also where only its writer needs the address. */
    stateLocation: location.filter(([, value]) => typeof value === "string"),
    /** The KMS key that encrypts the state. */
    stateKey: { s3: s3Key, gcs: given.kms_encryption_key }[type],
    /** Whether the settings have the ARN of that key, as policies do. */
    hasStateKeyArn: hasKeyArn(state),
    isStateOutsideAws,
    /** Whether Terraform locks a state in S3. Source: Terraform, "Backend Type: s3", "State Locking". */
    isStateLocked: given.use_lockfile === true || given.dynamodb_table !== undefined,
  };
}

/** The hosts and organizations that a state is sent to, by the name of their argument: `endpoints.s3`. */
function destinationsOf({ type, arguments: given }: StateLocation): readonly (readonly [string, unknown])[] {
  const names = backendType(type)?.destinations ?? [];
  return names.map((name) => [name, valueAt(given, name.split("."))]);
}

/**
 * The hosts of S3: of a Region, and of a VPC endpoint of the account. Other hosts below these domains are anybody's, such as those of
 * API Gateway, load balancers and buckets. Source: "Amazon S3 endpoints and quotas"; "AWS PrivateLink for Amazon S3"; `partitions.json`
 * of the AWS SDKs (`dnsSuffix`).
 */
const S3_HOST =
  /^(?:s3(?:-fips)?(?:\.dualstack)?(?:[.-][a-z0-9-]+)?|bucket\.vpce-[a-z0-9-]+\.s3\.[a-z0-9-]+\.vpce)\.(?:amazonaws\.(?:com(?:\.cn)?|eu)|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

/**
 * Whether a state is in a store that speaks S3 and is not AWS. A user name in the address is a mistake or a disguise, and no endpoint of
 * AWS has one.
 */
export function isOutsideAws(state: StateLocation): boolean {
  const endpoint = endpointOf(state);
  return endpoint !== undefined && (endpoint.username !== "" || !S3_HOST.test(endpoint.hostname));
}

/**
 * The endpoint of a state in S3, if the settings name one: `endpoints.s3` is the newer spelling of `endpoint`. One without a scheme has
 * HTTPS, and what is no address has no host.
 */
function endpointOf({ type, arguments: given }: StateLocation): Pick<URL, "protocol" | "hostname" | "username"> | undefined {
  const { s3 = given.endpoint } = (given.endpoints ?? {}) as BackendArguments;
  if (type !== "s3" || typeof s3 !== "string") {
    return undefined;
  }
  const url = /^[a-z]+:\/\//i.test(s3) ? s3 : `https://${s3}`;
  return URL.canParse(url) ? new URL(url) : { protocol: "", hostname: "", username: "" };
}

/** Whether a state in S3 has the ARN of its KMS key: policies name keys by ARN. */
export function hasKeyArn({ arguments: { kms_key_id } }: StateLocation): boolean {
  return typeof kms_key_id === "string" && /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\//.test(kms_key_id);
}
