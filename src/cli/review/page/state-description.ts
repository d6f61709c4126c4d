import { destinationsOf, stateReading } from "../../../terraform/remote-state";
import type { BackendArguments, StateLocation } from "../../../terraform/state-location";
import { code, joined, type Markdown, md, prose, trusted } from "../../../text/markdown";

/** Where a state is stored, and how it is encrypted and locked: s3, bucket `state`, key `deckhouse/terraform.tfstate`. */
export function stateLocated(location: StateLocation): Markdown {
  const { type, arguments: given } = location;
  const { config } = stateReading(location);
  // Whoever receives the state is named even where only its writer needs the address.
  const known = { ...config, ...Object.fromEntries(destinationsOf(location)) };
  const named = Object.entries(known).flatMap(([name, value]) =>
    typeof value === "string" ? [md`${prose(name)} ${code(value)}`] : [],
  );
  return joined([prose(type), ...named, ...(PROTECTION[type]?.(given) ?? [])], ", ");
}

/**
 * How a backend protects the state, as far as its arguments state it.
 * Source: Terraform, "Backend Type: s3" (`encrypt`, `kms_key_id`, `use_lockfile`) and "Backend Type: gcs" (`kms_encryption_key`).
 */
const PROTECTION: Readonly<Record<string, (stated: BackendArguments) => readonly Markdown[]>> = {
  s3: ({ encrypt, kms_key_id, use_lockfile }) => [
    ...(typeof kms_key_id === "string" ? [md`encrypted with the KMS key ${code(kms_key_id)}`] : []),
    ...(kms_key_id === undefined
      ? [
          trusted(
            encrypt === true
              ? "encrypted with a key of S3: every reader of the object can decrypt it"
              : "encryption not requested",
          ),
        ]
      : []),
    ...(use_lockfile === true ? [] : [trusted("**no lock file**")]),
  ],
  gcs: ({ kms_encryption_key }) =>
    typeof kms_encryption_key === "string" ? [md`encrypted with the KMS key ${code(kms_encryption_key)}`] : [],
};
