/**
 * The recommended settings for production, in the order of a settings file, each with its lines in
 * the file and a purpose: a sentence that starts in lower case, without a period. `dkp-access init`
 * writes them, the documentation shows them, and REVIEW.md recommends them. The default of every
 * other setting is recommended.
 */
export const RECOMMENDED_SETTINGS: Readonly<
  Record<string, { readonly lines: readonly string[]; readonly why: string }>
> = {
  accountId: {
    lines: ['accountId: "123456789012"'],
    why: "Terraform refuses to run in any other account",
  },
  mode: {
    lines: ["policy: { mode: minimal }"],
    why: "only the permissions that this cluster requires",
  },
  allowedNetworks: {
    lines: ["user:", "  allowedNetworks: { cidrs: [203.0.113.10/32] }"],
    why: "a leaked key works only from these networks; set it once the cluster exists",
  },
  permissionsBoundary: {
    lines: ["user:", "  permissionsBoundary: arn:aws:iam::123456789012:policy/dkp"],
    why: "it limits the user, and not the roles that the user can change",
  },
  rotate: {
    lines: ["accessKeys: { managedBy: rotate }"],
    why: "rotate creates the keys, replaces them every 90 days, and no state has their secrets",
  },
  configFile: {
    lines: ["cluster:", "  configFile: cluster.yml"],
    why: "a copy, without credentials, of DKP's installation file, which determines the policy",
  },
  features: {
    lines: ["features: []"],
    why: "functions that the cluster uses, for example volume-snapshots",
  },
};

export const REASONS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(RECOMMENDED_SETTINGS).map(([name, { why }]) => [name, why]),
);
