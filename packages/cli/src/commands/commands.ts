import type { ExitCode } from "../findings/finding";
import type { Define } from "./support/session";

interface CommandRow {
  readonly summary: string;
  /** Loads the module of the command, because CDKTF and the AWS SDK take long to load. */
  readonly load: () => Promise<{ readonly define: Define }>;
  readonly examples: readonly [string, string];
}

export const ENVIRONMENT = {
  CDKTF_CONTEXT_JSON:
    '{"deployments":"FOLDER"}: the folder of the settings files, deployments by default',
  CDKTF_OUTDIR: "the output folder, cdktf.out by default",
  TERRAFORM_BINARY_NAME: "the binary to run, terraform by default",
  D8_BINARY_NAME: "the command of DKP, d8 by default",
  TF_DATA_DIR: "Terraform's data folder, .terraform by default",
  "AWS_...": "credentials, as for any AWS tool",
  HTTPS_PROXY: "the URL of the HTTP proxy for calls of AWS",
  NO_PROXY: "hosts that are called without the proxy",
  DEBUG: "1 prints the stack trace of an error",
};

export const EXIT_CODES: Readonly<Record<ExitCode, string>> = {
  0: "success; nothing requires attention",
  1: "an error; for review --check a file that is not up to date",
  2: "something requires attention",
  3: "something is breaking or cannot be verified; for apply also a plan that was refused",
};

/** The commands, in the order of the help. */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  init: {
    summary: "create a repository for deployments",
    load: () => import("./init.js"),
    examples: [
      "init ../acme --pipeline github",
      "init ../acme --stack prod --cluster --context prod",
    ],
  },
  synth: {
    summary: "write the Terraform JSON of all deployments",
    load: () => import("./synth.js"),
    examples: ["synth", "synth && terraform -chdir=cdktf.out/stacks/deckhouse init"],
  },
  policy: {
    summary: "print the policy as AWS stores it, or explain a denied call",
    load: () => import("./policy.js"),
    examples: ["policy deckhouse --mode minimal", "policy deckhouse --explain - < error.txt"],
  },
  review: {
    summary: "write the review packs",
    load: () => import("./review.js"),
    examples: ["review", "review --check"],
  },
  diff: {
    summary: "summarize a change of the settings, or a plan",
    load: () => import("./diff.js"),
    examples: ["diff --against main", "diff deckhouse --plan plan.json"],
  },
  plan: {
    summary: "plan one deployment, and summarize the plan; applies nothing",
    load: () => import("./plan.js"),
    examples: ["plan deckhouse", "plan deckhouse --format markdown"],
  },
  apply: {
    summary: "plan one deployment again, and apply what was approved",
    load: () => import("./apply.js"),
    examples: ["apply deckhouse", "apply deckhouse --approved DIGEST --accept 2"],
  },
  preflight: {
    summary: "check the AWS account before DKP is installed",
    load: () => import("./preflight.js"),
    examples: ["preflight deckhouse", "preflight deckhouse --cluster --context prod"],
  },
  keys: {
    summary: "show the status of the access keys and the next step of a rotation",
    load: () => import("./keys.js"),
    examples: ["keys", "keys deckhouse --cluster"],
  },
  "hand-over": {
    summary: "print the provider block for DKP, with the secret, or give it to a cluster",
    load: () => import("./hand-over.js"),
    examples: [
      "hand-over deckhouse --out provider.yaml",
      "hand-over deckhouse --cluster --context prod",
    ],
  },
  rotate: {
    summary: "do the next step of a rotation of the key that a cluster has",
    load: () => import("./rotate.js"),
    examples: [
      "rotate deckhouse --cluster --context prod",
      "rotate deckhouse --cluster --leaked AKIAIOSFODNN7EXAMPLE",
    ],
  },
  drift: {
    summary: "report what exists in AWS in addition to what Terraform manages",
    load: () => import("./drift.js"),
    examples: ["drift", "drift deckhouse --policy"],
  },
};
