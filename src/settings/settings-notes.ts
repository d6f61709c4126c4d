import type { Deployment } from "./deployment";
import { show } from "./errors";

const SECRET_IN_STATE =
  "the secret access key is in the Terraform state in plaintext; " +
  "encrypt the state and restrict who can read it, or let rotate create the keys";
const SECRET_IN_OUTPUTS =
  `${SECRET_IN_STATE}. Every workspace that reads one output of this state receives the secret ` +
  "too; outputs.secret: false prevents that";
const IMPORTING =
  "import is set: remove it after the apply; " +
  "while import is set, checkov cannot read the Terraform JSON";
const ANY_ACCOUNT =
  "accountId is not set: Terraform applies to whatever account the credentials belong to";

const MARKED =
  "ends with # CHANGE, as init writes it; write your own value, and remove the comment";

/**
 * Notes about a deployment: the parts that could be stronger, and the requirements of an import.
 * REVIEW.md has the other choices.
 */
export function notesOf(deployment: Deployment): readonly string[] {
  const { import: imports, accountId, accessKeys, outputs } = deployment;
  const exposure = outputs.secret ? SECRET_IN_OUTPUTS : SECRET_IN_STATE;
  return [
    imports && IMPORTING,
    accessKeys.managedBy === "terraform" && exposure,
    accountId === undefined && ANY_ACCOUNT,
  ].filter((note) => typeof note === "string");
}

/** Values that are allowed and likely to be mistakes. */
export function settingsWarnings({
  cluster,
  marked,
  secretLine,
  settings,
}: Deployment): readonly string[] {
  const warnings = {
    "cluster.prefix": prefixWarning(cluster.prefix),
    "cluster.configFile":
      secretLine &&
      `line ${secretLine} of ${show(settings.cluster.configFile)} has a secret access key; ` +
        "name a copy without it before you commit",
    ...Object.fromEntries(marked.map((lines) => [lines, MARKED])),
  };
  return Object.entries(warnings).flatMap(([field, warning]) =>
    warning === undefined ? [] : `${field}: ${warning}`,
  );
}

/** The most characters of a prefix from DKP 1.78 on: docs/reference/facts.yaml, dkp-prefix. */
const LONGEST_PREFIX = 45;

function prefixWarning(prefix = ""): string | undefined {
  return prefix.length > LONGEST_PREFIX
    ? `has ${prefix.length} characters, and DKP accepts at most ${LONGEST_PREFIX} from 1.78 on; ` +
        "choose a shorter one before you install the cluster"
    : undefined;
}
