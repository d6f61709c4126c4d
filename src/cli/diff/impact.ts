import { type Risk, risksOf } from "../../iam/risks";
import { type Deployment, policyOptionsOf } from "../../settings/deployment";
import { comparePolicies } from "./policies";
import type { DiffFound } from "./rules";
import type { Snapshot } from "./snapshot";

/** One side of a change: what the user has, and the deployment whose settings the wording depends on. */
interface Side {
  readonly snapshot: Snapshot;
  readonly deployment: Deployment | undefined;
}

/** The difference of what an attacker with the key can do, as `REVIEW.md` lists it. */
export function riskFindings(before: Side, after: Side): readonly DiffFound[] {
  const [had, has] = [risksIn(before), risksIn(after)];
  const keys = [...new Set([...had.keys(), ...has.keys()])];
  return keys
    .map((key) => ({ before: had.get(key) ?? "", after: has.get(key) ?? "no longer possible" }))
    .filter((change) => change.before !== change.after)
    .map((values) => ({ rule: "risk", values }));
}

/** By the actions that a risk requires, what it is. */
function risksIn({ snapshot, deployment }: Side): ReadonlyMap<string, string> {
  if (deployment === undefined) {
    return new Map();
  }
  const { broadened } = comparePolicies([], [...snapshot.userPolicies.values()]);
  const granted = new Set(broadened.map(({ action }) => action));
  const options = policyOptionsOf(deployment);
  const risks: readonly Risk[] = risksOf(options, (name) => name, granted);
  return new Map(risks.map(({ actions, what }) => [actions.join(), what]));
}
