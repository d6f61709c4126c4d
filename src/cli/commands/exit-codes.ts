/** Exit codes of all commands. Where several apply, the highest one counts. */
export const EXIT = { success: 0, error: 1, attention: 2, breaking: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The commands of the program. */
export type CommandName = "init" | "synth" | "policy" | "review" | "diff" | "plan" | "preflight" | "keys" | "hand-over" | "drift";

/** What each exit code of each command means, for its help. */
export const EXIT_CODES: Readonly<Record<CommandName, Readonly<Partial<Record<ExitCode, string>>>>> = {
  init: {
    0: "the repository is created",
    1: "the arguments or the installation file have an error, or the folder is not empty",
  },
  synth: {
    0: "all files are written",
    1: "the settings have errors or a stack's folder holds other Terraform files, and nothing is written; or a file cannot be written",
  },
  policy: { 0: "the policy or the explanation is printed", 1: "the settings or the arguments have an error" },
  review: {
    0: "the review packs are up to date",
    1: "the settings or the arguments have an error, or a file cannot be written; with --check also a file that is not up to date",
  },
  diff: {
    0: "every difference is known to be harmless",
    1: "the settings, the arguments or the plan have an error",
    2: "something requires attention: permissions are broadened, or a running cluster may lose some; the Terraform role needs more; a secret is exposed, or goes elsewhere; a deployment is left unmanaged; or a difference is not known to be harmless",
    3: "a breaking change: the user, the policy, the node role or a key is replaced, deleted or no longer managed, or a deactivated key is activated; or unverifiable: the plan is incomplete, of another configuration or backend, or cannot be read",
  },
  plan: {
    0: "nothing is to apply, or the saved plan is harmless",
    1: "the settings or the arguments have an error, or Terraform failed; there is no plan",
    2: "the saved plan requires attention, as in diff",
    3: "the saved plan has a breaking change, or is unverifiable, as in diff",
  },
  preflight: {
    0: "no check requires attention",
    1: "the settings or the arguments have an error",
    2: "a check requires attention",
    3: "no check requires attention, and one is unverifiable",
  },
  keys: {
    0: "nothing but notes is reported; with --leaked: the steps are printed",
    1: "the settings or the arguments have an error; with --leaked: IAM does not list the keys",
    2: "a deployment needs attention",
    3: "the keys of a deployment cannot be read, and the others are reported; with --leaked: the steps are printed without the state, which cannot be read",
  },
  "hand-over": { 0: "the provider block is printed or written", 1: "the provider block is neither printed nor written" },
  drift: {
    0: "nothing exists besides what is managed, and nothing of that is missing",
    1: "the settings or the arguments have an error",
    2: "something exists besides what is managed, or something of that is missing",
    3: "something, also the state, cannot be read, or the credentials belong to another account: the result is unknown",
  },
};
