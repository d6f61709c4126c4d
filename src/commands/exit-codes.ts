/** Exit codes of all commands. Where several apply, the highest one counts. */
export const EXIT = { success: 0, error: 1, attention: 2, breaking: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The commands of the program. */
export type CommandName =
  | "synth"
  | "policy"
  | "review"
  | "diff"
  | "upgrade"
  | "preflight"
  | "keys"
  | "hand-over"
  | "audit"
  | "drift";

/** What each exit code of each command means, for the help texts and the reference. */
export const EXIT_CODES: Readonly<Record<CommandName, Partial<Readonly<Record<keyof typeof EXIT, string>>>>> = {
  synth: {
    success: "all files are written",
    error:
      "the settings have errors or a stack's folder holds other Terraform files, and nothing is written; or a file cannot be written, and each file is the old one or the new one",
  },
  policy: { success: "the policy or the explanation is printed", error: "the settings or the arguments have an error" },
  review: {
    success: "the review packs are up to date",
    error:
      "the settings or the arguments have an error, or a file cannot be written; with --check also a file that is out of date, missing or left over",
  },
  diff: {
    success: "no permissions are broadened, and nothing breaks",
    error: "the settings, the arguments or the plan have an error",
    attention:
      "permissions are broadened, also those of the deployer; or something is not comparable; or a secret is newly exposed",
    breaking:
      "a breaking change: the user, the policy, the node role or a key is replaced or deleted, an active key is deleted or forgotten, a key that was deactivated outside Terraform is activated, or keys are created and deleted at once; or the plan is incomplete",
  },
  upgrade: { success: "the report is printed", error: "the settings or the arguments have an error" },
  preflight: {
    success: "no check failed",
    error: "the settings or the arguments have an error",
    attention: "a check failed",
    breaking: "no check failed, and the result of a check is unknown",
  },
  keys: {
    success: "all keys are in order",
    error: "something cannot be read",
    attention: "a deployment has errors or warnings",
  },
  "hand-over": { success: "the provider block is printed or written", error: "it is not" },
  audit: {
    success: "no secret is in plaintext",
    error: "something cannot be read",
    attention: "a secret is in plaintext",
  },
  drift: {
    success: "nothing exists beside what Terraform manages",
    error: "the settings or the arguments have an error, or the credentials belong to another account",
    attention: "something exists beside what Terraform manages",
    breaking: "something cannot be read, so the result is unknown; also if something was found",
  },
};
