import type { ExitCode } from "../findings/finding";
import type { Define } from "./support/session";

interface CommandRow {
  readonly summary: string;
  /** Loads the module of the command. A command that uses neither CDKTF nor the AWS SDK works where they are not installed. */
  readonly load: () => Promise<{ readonly define: Define }>;
  /** What people type after the name of the program, for its help. */
  readonly examples: readonly [string, string];
  /** What each of its exit codes means, for its help. */
  readonly exitCodes: Readonly<Partial<Record<ExitCode, string>>>;
}

/** The environment variables that commands read, for the help. */
export const ENVIRONMENT = {
  CDKTF_CONTEXT_JSON: '{"deployments":"FOLDER"}: the folder of the settings files, deployments by default',
  CDKTF_OUTDIR: "the output folder, cdktf.out by default",
  TERRAFORM_BINARY_NAME: "the binary to run, terraform by default",
  TERRAFORM_TIMEOUT: "how long one run of Terraform may take, in seconds, 300 by default",
  TF_DATA_DIR: "Terraform's data folder, .terraform by default",
  "AWS_...": "credentials, as for any AWS tool",
  HTTPS_PROXY: "the URL of the HTTP proxy for calls of AWS",
  NO_PROXY: "hosts that are called without the proxy",
  DEBUG: "1 prints the stack trace of an error",
};

const INVALID = "the settings or the arguments have an error";

/** The commands, in the order of the help. */
export const COMMANDS = {
  init: {
    summary: "create a repository for deployments",
    load: () => import("./init.js"),
    examples: ["init ../acme", "init ../acme --stack prod --pipeline github"],
    exitCodes: { 0: "the repository is created", 1: "the arguments have an error, or the folder is not empty" },
  },
  synth: {
    summary: "write the Terraform JSON of all deployments",
    load: () => import("./synth.js"),
    examples: ["synth", "synth --project ../acme"],
    exitCodes: {
      0: "all files are written",
      1: "the settings have errors or a stack's folder holds other Terraform files, and nothing is written; or a file cannot be written",
    },
  },
  policy: {
    summary: "print the policy as AWS stores it, or explain an action",
    load: () => import("./policy.js"),
    examples: ["policy deckhouse --mode minimal", "policy deckhouse --explain ec2:RunInstances"],
    exitCodes: { 0: "the policy or the explanation is printed", 1: INVALID },
  },
  review: {
    summary: "write the review packs",
    load: () => import("./review.js"),
    examples: ["review", "review --check"],
    exitCodes: {
      0: "the review packs are up to date",
      1: `${INVALID}, or a file cannot be written; with --check also a file that is not up to date`,
    },
  },
  diff: {
    summary: "summarize a change of the settings, or a plan",
    load: () => import("./diff.js"),
    examples: ["diff --against main", "diff deckhouse --dkp-version 1.77"],
    exitCodes: {
      0: "every difference is known to be harmless",
      1: "the settings, the arguments or the plan have an error",
      2: "something requires attention: permissions are broadened, or a running cluster may lose some; the Terraform role needs more; a secret is exposed, or goes elsewhere; a deployment is left unmanaged; or a difference is not known to be harmless",
      3: "a breaking change: the user, the policy, the node role or a key is replaced, deleted or no longer managed, or a deactivated key is activated; or unverifiable: the plan is incomplete",
    },
  },
  plan: {
    summary: "plan one deployment, and summarize the plan; applies nothing",
    load: () => import("./plan.js"),
    examples: ["plan deckhouse", "plan deckhouse --format markdown"],
    exitCodes: {
      0: "there is nothing to apply, or what is planned is harmless",
      1: `${INVALID}, or Terraform failed; there is no plan`,
      2: "what is planned requires attention, as in diff",
      3: "what is planned has a breaking change, or is unverifiable, as in diff",
    },
  },
  apply: {
    summary: "plan one deployment again, and apply what was approved",
    load: () => import("./apply.js"),
    examples: ["apply deckhouse", "apply deckhouse --approved DIGEST --accept 2"],
    exitCodes: {
      0: "the plan is applied, or there is nothing to apply",
      1: `${INVALID}, or Terraform failed`,
      3: "there is something to apply, and it was refused: it is not what was approved, or not accepted",
    },
  },
  preflight: {
    summary: "check the AWS account before DKP is installed",
    load: () => import("./preflight.js"),
    examples: ["preflight deckhouse", "preflight deckhouse --permissions"],
    exitCodes: {
      0: "no check requires attention",
      1: INVALID,
      2: "a check requires attention",
      3: "no check requires attention, and one is unverifiable",
    },
  },
  keys: {
    summary: "show the status of the access keys and the next step of a rotation",
    load: () => import("./keys.js"),
    examples: ["keys", "keys deckhouse --write"],
    exitCodes: {
      0: "nothing but notes is reported; with --leaked: the steps are printed",
      1: `${INVALID}; with --leaked: IAM does not list the keys`,
      2: "a deployment needs attention",
      3: "the keys of a deployment cannot be read, and the others are reported; with --leaked: the steps are printed without the state, which cannot be read",
    },
  },
  "hand-over": {
    summary: "print the provider block for DKP, with the secret",
    load: () => import("./hand-over.js"),
    examples: ["hand-over deckhouse --out provider.yaml", "hand-over deckhouse --format json"],
    exitCodes: { 0: "the provider block is printed or written", 1: "the provider block is neither printed nor written" },
  },
  drift: {
    summary: "report what exists in AWS in addition to what Terraform manages",
    load: () => import("./drift.js"),
    examples: ["drift", "drift deckhouse --policy"],
    exitCodes: {
      0: "nothing exists besides what is managed, and nothing that was applied is missing",
      1: INVALID,
      2: "something exists besides what is managed, or something that was applied is missing",
      3: "something, also the state, cannot be read, or the credentials belong to another account: the result is unknown",
    },
  },
} satisfies Readonly<Record<string, CommandRow>>;
