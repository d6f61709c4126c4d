import { templateRules } from "../../findings/templates";
import { PROGRAM } from "../../text/advice";
import { CALL_REMEDIES, UNMANAGED_RULES } from "../shared-rules";

const EXISTS = "it exists ({arn}[, created {since}])";
const OTHER_NAME = "choose another {setting}.name";
const ALLOW_IN_BOUNDARY = "allow them in the boundary, or set another user.permissionsBoundary";

const NOTES = templateRules("note", {
  "account-ok": "the credentials are {arn} in the account {account}[; {unset} is not set]",
  "image-imdsv2": [
    "{ami} accepts only IMDSv2",
    "set cluster.imdsv2: true here and in DKP, or use another image",
  ],
  "key-call-undecided":
    "{action} was not tested, because it requires a default VPC with a subnet ({reason})",
  "networks-not-set": [
    "user.allowedNetworks is not set, so a leaked key works in every network[; the calls of the cluster come from {sources}]",
    "set user.allowedNetworks to the networks of the cluster, once it exists, and the address of whoever runs dhctl",
  ],
});

const ATTENTION = templateRules("attention", {
  "account-differs": [
    "the credentials belong to account {account} ({arn}), and accountId is {accountId}",
    "use credentials of {accountId} (AWS_PROFILE, provider.profile or provider.assumeRoleArn), or correct accountId",
  ],
  "credentials-missing": [
    "no credentials were found ({reason}); AWS was not called",
    CALL_REMEDIES["credentials-missing"],
  ],
  "credentials-rejected": [
    "AWS rejects the credentials ({reason})",
    CALL_REMEDIES["credentials-rejected"],
  ],
  "role-not-assumed": [
    "provider.assumeRoleArn cannot be assumed ({reason})",
    CALL_REMEDIES["role-not-assumed"],
  ],
  "key-owner-differs": [
    "these credentials are not the key of {user}, but of {arn}",
    `use its key: ${PROGRAM} hand-over {stack} --out FILE`,
  ],
  "region-disabled": [
    "{region} is not enabled in the account ({status})",
    "correct region, or aws account enable-region --region-name {region}",
  ],
  "image-missing": [
    "{ami} does not exist in {region}, or is not shared",
    "use another image; AMI IDs differ between Regions",
  ],
  "image-disks": [
    "{ami} has the EBS disks {disks}, and DKP requires exactly one, the root disk {root}",
    "create an image with only the root disk: start an instance from it, detach the other disks, create an image",
  ],
  "image-differs": [
    "{ami} has the {argument} {value}, and DKP requires {required}",
    "use another image",
  ],
  "name-import-missing": [
    "it does not exist, and import.{imports} is set",
    "remove import.{imports}, or correct {setting}.name and path",
  ],
  "name-address-taken": [
    `${EXISTS}, and the state has another object, {managed}, at {address}`,
    `${OTHER_NAME}; an object cannot be imported where the state has one`,
  ],
  "prefix-in-use": [
    "these objects have names that DKP gives to its own for the prefix {prefix}: {objects}",
    "do nothing if DKP has already created this cluster; otherwise choose another cluster.prefix, or delete the objects that a former cluster left over",
  ],
  "source-outside": [
    "calls from {sources} are denied, unless they go through a VPC endpoint",
    "add {cidrs} to user.allowedNetworks.cidrs",
  ],
  "endpoint-outside": [
    "calls of {service} in {vpc} go through the VPC endpoint {id}, have no public address, and are denied",
    "add {id} to user.allowedNetworks.vpcEndpoints, or {vpc} to user.allowedNetworks.vpcs",
  ],
  "permission-denied-by-policy": [
    "{simulated}: no policy allows, or one denies, {actions}",
    `apply if the settings have not been applied yet[, or run the check from {source}]; otherwise change policy.mode or cluster until ${PROGRAM} policy prints them`,
  ],
  "permission-denied-by-boundary": [
    "{simulated}: the permissions boundary denies {actions}",
    ALLOW_IN_BOUNDARY,
  ],
  "permission-denied-by-scp": [
    "{simulated}: an SCP of the organization denies {actions}",
    "have the administrator of the organization allow them; if an SCP has a condition key that the preflight does not pass, test the access key itself with --as-key",
  ],
  "cluster-access-lacking": {
    text: "the user of the kubeconfig may not {verb} {wanted}",
    risk: "{risk}",
    remedy:
      "bind the user to the {role} of cluster-access.yaml in the review pack, or add its rule to another role: {ruleToAdd}",
  },
  "pgp-key-unusable": [
    "accessKeys.{slot}.pgpKey: {warning}",
    "use another key: gpg --armor --export --export-options export-minimal ID writes it",
  ],
});

/** Checks that had nothing to check. */
const NOT_RUN = templateRules("unverifiable", {
  "setting-not-set": ["{field} is not set", "set {field}"],
  "sources-not-found": [
    "no NAT gateway and no Elastic IP has a name of the cluster, so the sources of its calls are unknown",
    "remove user.allowedNetworks until DKP has created the cluster; afterwards check cluster.prefix, cluster.layout and region",
  ],
  "permissions-not-yet": [
    "IAM does not have the user {name}, so nothing was simulated",
    "run the preflight again after the apply",
  ],
  "check-not-run": "it was not run, because the check {required} did not pass",
});

const UNVERIFIABLE = templateRules("unverifiable", {
  "name-state-unread": [
    `${EXISTS}, and no state shows whether this deployment manages it: {reason}`,
    `if this deployment has a state, run ${PROGRAM} synth, initialize the stack (init), and try again; otherwise ${OTHER_NAME}`,
  ],
  "permission-undecided": [
    "{simulated}: the simulator does not decide on {actions}",
    "test the key itself with --as-key",
  ],
  "key-call-failed": [
    "{action} returned {reason}",
    "read the error above; it is about the call, not about the key",
  ],
  "cluster-access-unread": "nothing shows whether the user of the kubeconfig has access: {reason}",
  "timed-out": ["{action}: {reason}", CALL_REMEDIES["timed-out"]],
  "call-denied": ["{action} is denied to these credentials", CALL_REMEDIES["call-denied"]],
  "call-unreachable": [
    "{action}: AWS cannot be reached ({reason})",
    CALL_REMEDIES["call-unreachable"],
  ],
  "call-failed": ["{action} returned {reason}", CALL_REMEDIES["call-failed"]],
});

export const PREFLIGHT_RULES = {
  ...NOTES,
  ...ATTENTION,
  ...UNMANAGED_RULES,
  ...UNVERIFIABLE,
  ...NOT_RUN,
};

/** Whether a finding says that its check had nothing to check. */
export const isNotRun = (rule: string): boolean => rule in NOT_RUN;

export type PreflightRules = typeof PREFLIGHT_RULES;
