const OSS_LIST = "deckhouse/deckhouse modules/030-cloud-provider-aws/oss.yaml";

/**
 * The components of DKP in the versions that the catalogue was compared with, and the day: all of DKP 1.77 but those below.
 */
export const VERIFIED_COMPONENTS = [
  { component: "cloud-controller-manager", versions: "1.33.4, 1.34.3, 1.36.0", date: "2026-11-27", source: OSS_LIST },
  { component: "ebs-csi", versions: "1.54.0", date: "2026-11-25", source: OSS_LIST },
  {
    component: "machine-controller-manager",
    versions: "0.36.0",
    date: "2026-11-25",
    source: "deckhouse/mcm pkg/driver/driver_aws.go",
  },
  {
    component: "terraform",
    versions: "provider 5.83.1, measured with 5.100.0",
    date: "2026-11-25",
    source: "deckhouse/deckhouse candi/terraform_versions.yml",
  },
] as const;

/** Cloud controller managers of DKP 1.77 whose sources could not be read. */
export const UNVERIFIED_VERSIONS = "1.32.8 and 1.35.2";
