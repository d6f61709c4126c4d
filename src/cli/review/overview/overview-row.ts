import { SLOTS } from "../../../iam/key-slots";
import { MAX_POLICY_CHARACTERS } from "../../../iam/limits";
import { policySize } from "../../../iam/policy-document";
import type { Deployment } from "../../../settings/deployment";
import { code, type Markdown, prose, trusted } from "../../../text/markdown";
import { secretInState } from "../page/secret-exposure";
import { weakChoices } from "../page/weak-choices";

/** A deployment in the overview. Every field is Markdown, except the name of the stack. */
export interface OverviewRow {
  readonly stack: string;
  readonly account: Markdown;
  readonly region: Markdown;
  readonly mode: Markdown;
  readonly dkpVersion: Markdown;
  /** Characters that each policy can still get. */
  readonly sizeLeft: Markdown;
  readonly keys: Markdown;
  /** How the state protects the secret. */
  readonly secret: Markdown;
  /** The settings for which a stronger choice exists, most important first. */
  readonly weak: readonly Markdown[];
}

/** What the overview shows of a deployment. */
export function overviewRow(deployment: Deployment): OverviewRow {
  const { stack, accountId, region, policy, policies, cluster, outputs } = deployment;
  const left = policies.map(({ statements }) => MAX_POLICY_CHARACTERS - policySize(statements));
  const { form } = secretInState(deployment);
  return {
    stack,
    account: accountId === undefined ? trusted("any") : prose(accountId),
    region: prose(region),
    mode: trusted(policy.mode),
    dkpVersion: cluster.dkpVersion === undefined ? trusted("any") : prose(cluster.dkpVersion),
    sizeLeft: trusted(left.join(", ")),
    keys: keysOf(deployment),
    secret: trusted(form === "plaintext" && outputs.secret ? "plaintext, in outputs" : form),
    weak: weakChoices(deployment).map(({ setting }) => code(setting)),
  };
}

function keysOf({ accessKeys }: Deployment): Markdown {
  if (accessKeys === "none") {
    return trusted("outside Terraform");
  }
  const slots = SLOTS.filter((slot) => accessKeys[slot].status !== "absent");
  return trusted(slots.map((slot) => `${slot}${slot === accessKeys.current ? "" : ` (${accessKeys[slot].status})`}`).join(", "));
}
