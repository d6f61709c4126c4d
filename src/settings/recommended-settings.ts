/** A setting that is recommended for production, whose default follows the DKP documentation. */
export interface RecommendedSetting {
  /** The lines of a settings file. */
  readonly yaml: readonly string[];
  /** What it achieves: a sentence that starts in lower case, without a period. */
  readonly why: string;
}

/**
 * The recommended settings for production, in the order of a settings file. `dkp-access init` writes them, the documentation shows
 * them, and REVIEW.md lists the ones that a deployment does not have.
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
} as const satisfies Readonly<Record<string, RecommendedSetting>>;

/** The recommended settings as one settings file. Each one has its reason as a comment; `BASE64` stands for a public key. */
export function recommendedYaml(): string {
  const lines: { readonly text: string; readonly why: string }[] = [];
  for (const { yaml, why } of Object.values<RecommendedSetting>(RECOMMENDED_SETTINGS)) {
    // Two settings below the same key are one object.
    const own = yaml.filter((text, index) => index > 0 || !lines.some((line) => line.text === text));
    lines.push(...own.map((text, index) => ({ text, why: index === 0 ? why : "" })));
  }
  const width = Math.max(...lines.map(({ text }) => text.length));
  return lines.map(({ text, why }) => (why === "" ? text : `${text.padEnd(width)} # ${why}`)).join("\n");
}
