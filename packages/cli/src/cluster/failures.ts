import { anyOf } from "../../../../src/text/patterns";
import { shellCommand } from "../text/advice";

/** "refused": the cluster certainly does not have the write. */
type Failure = "not found" | "refused" | "other";

/** An error of the cluster or of `d8`, with its remedy. */
export class ClusterError extends Error {
  constructor(
    readonly failure: Failure,
    message: string,
  ) {
    super(message);
    this.name = "ClusterError";
  }
}

interface FailureRow {
  readonly failure: Failure;
  /**
   * What `d8` prints. Sources: k8s.io/apimachinery v0.34.4 pkg/api/errors, k8s.io/kubectl v0.34.4
   * pkg/cmd/util/helpers.go.
   */
  readonly pattern: RegExp;
  readonly message: string;
}

/** The first one that matches counts. */
const FAILURES: readonly FailureRow[] = [
  {
    failure: "refused",
    pattern: /failed calling webhook/,
    message:
      "DKP's webhook, which checks the configuration, does not answer; " +
      "wait until the Pod of Deckhouse is ready, and try again",
  },
  {
    failure: "refused",
    pattern: /admission webhook .* denied the request/,
    message:
      "DKP's webhook rejects the configuration of the cluster, " +
      "of which another field is out of date; " +
      "correct it with d8 system edit provider-cluster-configuration, which names the field, " +
      "and try again",
  },
  {
    failure: "refused",
    pattern: /Unauthorized|must be logged in|asked for the client to provide credentials/,
    message: "the cluster rejects the credentials of the kubeconfig; log in again",
  },
  {
    failure: "refused",
    pattern: /The request is invalid|the object has been modified|\(Conflict\)/,
    message:
      "somebody changed the configuration of the cluster at the same moment; run the command again",
  },
  {
    failure: "not found",
    // Not "executable kubelogin not found", a login program that is missing.
    pattern: /\(NotFound\)|" not found|doesn't have a resource type/,
    message: "the cluster does not have it",
  },
  {
    failure: "other",
    pattern: anyOf(
      /invalid configuration|no configuration has been provided/,
      /reading kubeconfig file|error loading config/,
    ),
    message: "the kubeconfig cannot be read; set KUBECONFIG to a file that has the cluster",
  },
  {
    failure: "other",
    pattern: anyOf(
      /Unable to connect to the server|The connection to the server|no such host/,
      /dial tcp|EOF|i\/o timeout|tls:|x509:/,
    ),
    message: "the cluster does not answer; check the network, the VPN and the kubeconfig",
  },
  {
    failure: "other",
    pattern: anyOf(
      /\((?:InternalError|ServiceUnavailable|TooManyRequests|(?:Server)?Timeout)\)/,
      /etcdserver: |unable to handle the request/,
    ),
    message: "the API server of the cluster is not ready; run the command again in a minute",
  },
];

/** Its rule is what a role lacks. */
const FORBIDDEN =
  /(?<resource>[\w.]+)(?: "(?<name>[\w.-]+)")? is forbidden: User .* cannot (?<verb>\w+) resource/;

/**
 * The error that the output of `d8` means.
 * @param command without secrets
 */
export function failureOf(stderr: string, command: readonly string[]): ClusterError {
  const forbidden = FORBIDDEN.exec(stderr)?.groups;
  if (forbidden !== undefined) {
    const { resource, name, verb } = forbidden;
    const object = name === undefined ? resource : `${resource} ${name}`;
    const message =
      `the user of the kubeconfig may not ${verb} ${object}; ` +
      "add that rule to its role, as cluster-access.yaml of the review pack has it";
    return new ClusterError("refused", message);
  }
  const row = FAILURES.find(({ pattern }) => pattern.test(stderr));
  if (row !== undefined) {
    return new ClusterError(row.failure, row.message);
  }
  // A patch waits for its input, and the output as JSON would be the secret.
  const shown = shellCommand(...command.map((word) => word.replace("=json", "=name")));
  const remedy = command.includes("patch") ? "run the command again" : `run ${shown} to see it`;
  return new ClusterError(
    "other",
    `${command[0]} failed, and its message is not shown because it can have a secret; ${remedy}`,
  );
}
