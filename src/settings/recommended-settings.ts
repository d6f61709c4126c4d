/**
 * The recommended settings for production, in the order of a settings file. `dkp-access init` writes them, the documentation shows
 * them, and REVIEW.md lists the ones that a deployment does not have. Their defaults follow the DKP documentation.
 * `why`: what a setting achieves, as a sentence that starts in lower case, without a period.
 */
export const RECOMMENDED_SETTINGS = {
  accountId: { yaml: ['accountId: "123456789012"'], why: "Terraform refuses to run in any other account" },
  mode: { yaml: ["policy: { mode: minimal }"], why: "only the permissions that this cluster requires" },
  attachment: { yaml: ["attachment: group"], why: "the user has the policy through a group, as scanners require" },
  pgpKeys: {
    yaml: ["accessKeys:", "  primary: { pgpKey: BASE64 }", "  secondary: { pgpKey: BASE64 }"],
    why: "the state contains the secret access keys only encrypted",
  },
  configFile: {
    yaml: ["cluster:", "  configFile: cluster.yml"],
    why: "a copy of DKP's installation file without credentials: the policy follows from it",
  },
  dkpVersion: { yaml: ["cluster:", '  dkpVersion: "1.77"'], why: "the policy covers this version only" },
  features: { yaml: ["features: []"], why: "what the cluster uses, for example volume-snapshots" },
} as const satisfies Readonly<Record<string, { readonly yaml: readonly string[]; readonly why: string }>>;
