import { type RulesOf, templateRules } from "../../findings/templates";
import { UNMANAGED_RULES, type UnmanagedRules } from "../shared-rules";

const RESULTS = {
  note: {
    "account-ok": "the credentials are {arn} in the account {account}[; {unset} is not set]",
    "image-imdsv2": {
      text: "{ami} accepts only IMDSv2",
      remedy: "set cluster.imdsv2: true here and in DKP, or use another image",
    },
    "key-call-undecided":
      "{action} was not tested, because it requires a default VPC with a subnet ({reason})",
    "networks-not-set": {
      text: `user.allowedNetworks is not set, so a leaked key works in every network[; the calls of
        the cluster come from {sources}]`,
      remedy: `set user.allowedNetworks to the networks of the cluster, once it exists, and the
        address of whoever runs dhctl`,
    },
  },
  attention: {
    "account-differs": {
      text: "the credentials belong to account {account} ({arn}), and accountId is {accountId}",
      remedy: `use credentials of {accountId} (AWS_PROFILE, provider.profile or
        provider.assumeRoleArn), or correct accountId`,
    },
    "credentials-missing": {
      text: "no credentials were found ({reason}); AWS was not called",
      remedy: `check that aws configure list-profiles lists the profile of AWS_PROFILE or
        provider.profile, and that its sign-in has not expired; or set AWS_ACCESS_KEY_ID and
        AWS_SECRET_ACCESS_KEY`,
    },
    "credentials-rejected": {
      text: "AWS rejects the credentials ({reason})",
      remedy: "use the credentials that apply the stack",
    },
    "role-not-assumed": {
      text: "provider.assumeRoleArn cannot be assumed ({reason})",
      remedy: "correct it, or the trust policy of the role",
    },
    "key-owner-differs": {
      text: "these credentials are not the key of {user}, but of {arn}",
      remedy: "use its key: npx dkp-access hand-over {stack} --out FILE",
    },
    "region-disabled": {
      text: "{region} is not enabled in the account ({status})",
      remedy: "correct region, or aws account enable-region --region-name {region}",
    },
    "image-missing": {
      text: "{ami} does not exist in {region}, or is not shared",
      remedy: "use another image; AMI IDs differ between Regions",
    },
    "image-disks": {
      text: "{ami} has the EBS disks {disks}, and DKP requires exactly one, the root disk {root}",
      remedy: `create an image with only the root disk: start an instance from it, detach the other
        disks, create an image`,
    },
    "image-differs": {
      text: "{ami} has the {argument} {value}, and DKP requires {required}",
      remedy: "use another image",
    },
    "name-import-missing": {
      text: "it does not exist, and import.{imports} is set",
      remedy: "remove import.{imports}, or correct {setting}.name and path",
    },
    "name-address-taken": {
      text: `it exists ({arn}[, created {since}]), and the state has another object, {managed}, at
        {address}`,
      remedy: "choose another {setting}.name; an object cannot be imported where the state has one",
    },
    "prefix-in-use": {
      text: "these objects have names that DKP gives to its own for the prefix {prefix}: {objects}",
      remedy: `do nothing if DKP has already created this cluster; otherwise choose another
        cluster.prefix, or delete the objects that a former cluster left over`,
    },
    "source-outside": {
      text: "calls from {sources} are denied, unless they go through a VPC endpoint",
      remedy: "add {cidrs} to user.allowedNetworks.cidrs",
    },
    "endpoint-outside": {
      text: `calls of {service} in {vpc} go through the VPC endpoint {id}, have no public address,
        and are denied`,
      remedy:
        "add {id} to user.allowedNetworks.vpcEndpoints, or {vpc} to user.allowedNetworks.vpcs",
    },
    "permission-denied-by-policy": {
      text: "{simulated}: no policy allows, or one denies, {actions}",
      remedy: `apply if the settings have not been applied yet[, or run the check from {source}];
        otherwise change policy.mode or cluster until npx dkp-access policy prints them`,
    },
    "permission-denied-by-boundary": {
      text: "{simulated}: the permissions boundary denies {actions}",
      remedy: "allow them in the boundary, or set another user.permissionsBoundary",
    },
    "permission-denied-by-scp": {
      text: "{simulated}: an SCP of the organization denies {actions}",
      remedy: `have the administrator of the organization allow them; if an SCP has a condition key
        that the preflight does not pass, test the access key itself with --as-key`,
    },
    "cluster-access-lacking": {
      text: "the user of the kubeconfig may not {verb} {wanted}",
      risk: "{risk}",
      remedy: `bind the user to the {role} of cluster-access.yaml in the review pack, or add its
        rule to another role: {ruleToAdd}`,
    },
  },
} as const;

const UNDECIDED = {
  unverifiable: {
    "name-state-unread": {
      text: `it exists ({arn}[, created {since}]), and no state shows whether this deployment
        manages it: {reason}`,
      remedy: `if this deployment has a state, run npx dkp-access synth, initialize the stack
        (init), and try again; otherwise choose another {setting}.name`,
    },
    "permission-undecided": {
      text: "{simulated}: the simulator does not decide on {actions}",
      remedy: "test the key itself with --as-key",
    },
    "key-call-failed": {
      text: "{action} returned {reason}",
      remedy: "read the error above; it is about the call, not about the key",
    },
    "cluster-access-unread":
      "nothing shows whether the user of the kubeconfig has access: {reason}",
    "timed-out": { text: "{action}: {reason}", remedy: "try again with a longer --timeout" },
    "call-denied": {
      text: "{action} is denied to these credentials",
      remedy: "allow what npx dkp-access preflight --policy prints",
    },
    "call-unreachable": {
      text: "{action}: AWS cannot be reached ({reason})",
      remedy: `check the Region; sign in to the network if it asks for that, or set HTTPS_PROXY and
        NO_PROXY as it requires`,
    },
    "call-failed": {
      text: "{action} returned {reason}",
      remedy: "try again; if the error persists, its message names the cause",
    },
  },
} as const;

/** Checks that had nothing to check. */
const NOT_RUN = {
  unverifiable: {
    "setting-not-set": { text: "{field} is not set", remedy: "set {field}" },
    "sources-not-found": {
      text: `no NAT gateway and no Elastic IP has a name of the cluster, so the sources of its calls
        are unknown`,
      remedy: `remove user.allowedNetworks until DKP has created the cluster; afterwards check
        cluster.prefix, cluster.layout and region`,
    },
    "permissions-not-yet": {
      text: "IAM does not have the user {name}, so nothing was simulated",
      remedy: "run the preflight again after the apply",
    },
    "check-not-run": "it was not run, because the check {required} did not pass",
  },
} as const;

export type PreflightRules = RulesOf<typeof RESULTS> &
  UnmanagedRules &
  RulesOf<typeof UNDECIDED> &
  RulesOf<typeof NOT_RUN>;

export const PREFLIGHT_RULES: PreflightRules = {
  ...templateRules(RESULTS),
  ...UNMANAGED_RULES,
  ...templateRules(UNDECIDED),
  ...templateRules(NOT_RUN),
};

/** Whether a finding says that its check had nothing to check. */
export const isNotRun = (rule: string): boolean => rule in NOT_RUN.unverifiable;
