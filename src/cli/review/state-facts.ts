import { backendType } from "../../terraform/backends";
import { type BackendArguments, type StateLocation, s3Endpoint, stateReading, urlOf } from "../../terraform/state-location";

/** Where a state is, and how it is protected. */
export function stateFacts(state: StateLocation) {
  const { type, arguments: given } = state;
  const destinations = destinationsOf(state);
  const isStateOutsideAws = isOutsideAws(state);
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
  const argumentOf = (name: string) =>
    name.split(".").reduce<unknown>((outer, key) => (outer as BackendArguments | undefined)?.[key], given);
  return names.map((name) => [name, argumentOf(name)]);
}

/**
 * Whether a state is in a store that speaks S3 and is not AWS: the host of the endpoint is none of AWS. A user name in the address
 * is a mistake or a disguise, and no endpoint of AWS has one.
 */
export function isOutsideAws({ type, arguments: given }: StateLocation): boolean {
  const endpoint = type === "s3" ? s3Endpoint(given) : undefined;
  const { hostname = "", username = "" } = endpoint === undefined ? {} : (urlOf(endpoint) ?? {});
  return endpoint !== undefined && (username !== "" || !/(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(hostname));
}

/** Whether a state in S3 has the ARN of its KMS key: policies name keys by ARN. */
export function hasKeyArn({ arguments: { kms_key_id } }: StateLocation): boolean {
  return typeof kms_key_id === "string" && /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\//.test(kms_key_id);
}
