import { ROLE_POLICIES } from "../iam/names";
import { REGIONS } from "../iam/regions";
import type { Deployment } from "./deployment";
import { show, suggest } from "./messages";

/** What is allowed in the settings and is likely to be a mistake. */
export function settingsWarnings({ region, nodeRole }: Pick<Deployment, "region" | "nodeRole">): readonly string[] {
  const policies = nodeRole?.managedPolicyArns.length ?? 0;
  return [
    ...(REGIONS.includes(region)
      ? []
      : [`region: ${show(region)} is not a region that AWS is known to have, ${suggest(region, REGIONS)}`]),
    ...(policies > ROLE_POLICIES.byDefault
      ? [
          `nodeRole.managedPolicyArns: has ${policies} policies, an account allows ${ROLE_POLICIES.byDefault} per role by default; raise the quota "Managed policies per role" before the apply`,
        ]
      : []),
  ];
}
