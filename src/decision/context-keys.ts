/**
 * Keys with at most one value in a request, in lower case. A key that is in neither list may have several values in a proof, but not in a
 * counterexample, unless a policy tests it with a set operator.
 * Sources: IAM user guide, "AWS global condition context keys" (value type); service authorization reference, types of condition keys.
 */
// cspell:disable
const SINGLE_VALUED =
  /^(?:aws:(?:requestedregion|principalarn|principalaccount|principaltype|userid|username|sourceip|sourcevpce|sourcevpc|sourcearn|sourceaccount|currenttime|epochtime|securetransport|multifactorauthpresent|multifactorauthage|tokenissuetime|viaawsservice|useragent|(?:resourcetag|requesttag|principaltag)\/.+)|kms:(?:viaservice|grantisforawsresource|calleraccount)|iam:(?:passedtoservice|awsservicename|policyarn|permissionsboundary)|elasticloadbalancing:createaction|ec2:(?:createaction|acceptervpc|requestervpc|vpc|region|instancetype|resourcetag\/.+))$/;

/** Keys that can have several values, in lower case. Sources as above. */
const MULTIVALUED = /^(?:aws:(?:tagkeys|calledvia|principalorgpaths|principalservicenameslist)|kms:grantoperations)$/;
// cspell:enable

/** How many values a context key can have in one request. */
export function multiplicity(key: string): "single" | "several" | "unknown" {
  if (MULTIVALUED.test(key)) {
    return "several";
  }
  return SINGLE_VALUED.test(key) ? "single" : "unknown";
}
