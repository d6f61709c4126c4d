import { ACCOUNT_ID } from "../../iam/arns";
import { CATALOGUE } from "../../iam/catalogue";
import { type Cluster, PLAIN_CLUSTER } from "../../iam/cluster";
import type { Mode, PolicyOptions } from "../../iam/policy-statements";
import { type Risk, risksOf } from "../../iam/risks";
import type { ImpactChanges } from "./change-summary";
import { grantsOf } from "./policy-comparison";
import { type Policy, union } from "./policy-model";
import type { Snapshot } from "./snapshot";

/**
 * The difference of what an attacker with the key can do, as `REVIEW.md` lists it. It follows from the policies on both sides, so that
 * it is known for a plan as well. For policies that this project did not generate, it names what it recognizes and nothing else.
 */
export function impactChanges(before: Snapshot, after: Snapshot): ImpactChanges {
  const [had, has] = [risksIn(before), risksIn(after)];
  return {
    added: has.filter(({ rule }) => !had.some((other) => other.rule === rule)).map(({ what }) => what),
    removed: had.filter(({ rule }) => !has.some((other) => other.rule === rule)).map(({ what }) => what),
    changed: has.flatMap(({ rule, what }) => {
      const earlier = had.find((other) => other.rule === rule);
      return earlier === undefined || earlier.what === what ? [] : [{ before: earlier.what, after: what }];
    }),
  };
}

function risksIn(snapshot: Snapshot): readonly (Risk & { readonly rule: string })[] {
  const policy = union([...snapshot.userPolicies.values()]);
  const granted = new Set(CATALOGUE.map(({ action }) => action).filter((action) => grants(policy, action).length > 0));
  return risksOf(optionsOf(policy, snapshot), (name) => name, granted).map((risk) => ({ ...risk, rule: risk.actions.join() }));
}

function grants({ allows }: Policy, action: string): ReturnType<typeof grantsOf> {
  return grantsOf(allows, action.toLowerCase());
}

/** The settings that the wording of the risks depends on, from the policy that was generated from them. */
function optionsOf(policy: Policy, snapshot: Snapshot): PolicyOptions {
  const isUnlimited = grants(policy, "ec2:RunInstances").some(
    ({ resource, conditions }) => resource === "*" && conditions.length === 0,
  );
  const ended = grants(policy, "ec2:TerminateInstances");
  const hasMarker =
    ended.length > 0 && ended.every(({ conditions }) => conditions.some(({ key }) => key.startsWith("aws:ResourceTag/")));
  const region = snapshot.outputs.get("region")?.value ?? "the Region of the deployment";
  return {
    mode: modeOf(isUnlimited, hasMarker),
    supplement: true,
    environment: { partition: "aws", region, account: ACCOUNT_ID },
    cluster: clusterOf(policy),
  };
}

/** The wording of `minimal` is that of `scoped`. */
function modeOf(isUnlimited: boolean, hasMarker: boolean): Mode {
  if (isUnlimited) {
    return "documented";
  }
  return hasMarker ? "strict" : "scoped";
}

function clusterOf(policy: Policy): Cluster {
  const names = (action: string) => grants(policy, action).flatMap(({ resource }) => /:role(\/.+)$/.exec(resource)?.[1] ?? []);
  const own = names("iam:PutRolePolicy").find((name) => name.endsWith("-node"));
  return {
    ...PLAIN_CLUSTER,
    prefix: own?.slice(1, -"-node".length),
    formerIamNodeRoles: names("iam:PassRole").filter((name) => name !== own),
    features: grants(policy, "kms:CreateGrant").length > 0 ? ["encrypted-volumes"] : [],
  };
}
