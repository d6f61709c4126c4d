/**
 * The recommended settings for production, in the order of a settings file, with what each achieves: a sentence that starts in lower
 * case, without a period. `dkp-access init` writes them, the documentation shows them, and REVIEW.md lists the ones that a deployment
 * does not have. Their defaults follow the DKP documentation.
 */
export const RECOMMENDED_SETTINGS = {
  accountId: "Terraform refuses to run in any other account",
  mode: "only the permissions that this cluster requires",
  attachment: "the user has the policy through a group, as scanners require",
  pgpKeys: "the state contains the secret access keys only encrypted",
  configFile: "a copy of DKP's installation file without credentials: the policy follows from it",
  dkpVersion: "the policy covers this version only",
  features: "what the cluster uses, for example volume-snapshots",
} as const;
