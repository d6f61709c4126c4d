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
    "permission-denied-by-policy": {
      text: "the key: no policy allows, or one denies, {action}",
      remedy: `apply if the settings have not been applied yet, or run the check from one of
        user.allowedNetworks; npx dkp-access policy says whether the policy has it`,
    },
    "permission-denied-by-boundary": {
      text: "the key: the permissions boundary denies {action}",
      remedy: "allow it in the boundary, or set another user.permissionsBoundary",
    },
    "permission-denied-by-scp": {
      text: "the key: an SCP of the organization denies {action}",
      remedy: "have the administrator of the organization allow it",
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
