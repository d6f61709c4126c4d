import { policyStatements } from "../../iam/policy";
import { policyDocument } from "../../iam/policy-document";
import type { Deployment } from "../../settings/deployment";
import { STORED_TRUST, storedNodePolicy } from "./node-role-documents";
import { policyOptions } from "./policy-options";
import { asciiJson, hereDocument, quote } from "./shell";

// The parts of `aws-cli.sh`, one per thing that it makes: shell functions, and the calls of them.

/** One thing that the script makes and unmakes. */
export interface Part {
  /** What the help says of it. */
  readonly what: string;
  /** Values of the deployment, by shell variable; each becomes one quoted word. */
  readonly values: Readonly<Record<string, string>>;
  readonly functions: readonly string[];
  /** Questions before anything changes, on either way. They may refuse. */
  readonly look: readonly string[];
  /** Questions before anything is removed. They may refuse. */
  readonly lookBeforeUndo: readonly string[];
  readonly make: readonly string[];
  readonly undo: readonly string[];
}

/** Lines of a function: refuses where an IAM call lists more than what `--undo` takes away, which is given as words of the shell. */
const only = (has: string, call: string, query: string, ...own: readonly string[]) =>
  `  found=$(look text ${call} --query='${query}')\n  ${["only", `"$step ${has}"`, '"$found"', ...own].join(" ")}`;

const NOTHING = { look: [], lookBeforeUndo: [] } as const;

type Tags = Deployment["tags"];

const tagged = (tags: Tags) => Object.keys(tags ?? {}).length > 0;

/** The managed policy. Its older versions are kept as far as IAM keeps any. */
export function policyPart(deployment: Deployment): Part {
  const { attachment, tags } = deployment;
  const { name, path, description } = deployment.policy;
  const user = '"user $user_name"';
  const groups = attachment === "user" ? [] : ['"group $group_name"'];
  return {
    look: [],
    what: `policy ${name}`,
    values: {
      policy_name: name,
      policy_path: path,
      // Not as an option of its own: the AWS CLI would read a file for a description such as file://notes.
      policy_description: asciiJson({ Description: description }),
    },
    functions: [
      `# As AWS stores it, but for white space: no text in it has any.
policy_document() {
  compact <<END
${hereDocument(policyDocument(policyStatements(policyOptions(deployment, " "))), "account")}
END
}`,
      `# Who has the policy, be it as the permissions boundary; one a line.
policy_holders() {
  look text list-entities-for-policy --policy-arn="$policy_arn" --query="[PolicyUsers[].join(' ', ['user', UserName]),
    PolicyGroups[].join(' ', ['group', GroupName]), PolicyRoles[].join(' ', ['role', RoleName])][] | [?@].[@]"
}`,
      `make_policy() {
  step="policy $policy_name"
  wanted=$(policy_document)
  version=$(look text get-policy --policy-arn="$policy_arn" --query=Policy.DefaultVersionId)
  if [ -z "$version" ]; then
    change create-policy --policy-name="$policy_name" --path="$policy_path" --policy-document="$wanted" \\
      --cli-input-json="$policy_description"${tagged(tags) ? ' --tags="$tags"' : ""}
    did "$step" created
    return
  fi
  same=$(same "$wanted" PolicyVersion.Document get-policy-version --policy-arn="$policy_arn" --version-id="$version")
  if [ "$same" = true ]; then
    tell "$step" exists
  else
    holders=$(policy_holders)
    strangers=$(others "$holders" ${[user, ...groups].join(" ")})
    if [ -n "$strangers" ]; then
      refuse "$step: exists with other content, and others have it:" "$strangers" "set another policy.name, or take it from them first"
    fi
    versions=$(look text list-policy-versions --policy-arn="$policy_arn" --query='Versions[?!IsDefaultVersion].[VersionId]')
    # IAM keeps five versions.
    if [ "$(printf '%s\\n' "$versions" | wc -l)" -ge 4 ]; then
      oldest=$(printf '%s\\n' "$versions" | sort -t v -k 2n | head -n 1)
      change delete-policy-version --policy-arn="$policy_arn" --version-id="$oldest"
      did "$step, version $oldest, the oldest of five" removed
    fi
    change create-policy-version --policy-arn="$policy_arn" --policy-document="$wanted" --set-as-default
    did "$step" updated
  fi${tagged(tags) ? '\n  tag policy "--policy-arn=$policy_arn"' : ""}
}`,
      `policy_is_free() {
  step="policy $policy_name"
  holders=$(policy_holders)
  only "$step is attached elsewhere too" "$holders" ${[...(attachment === "group" ? [] : [user]), ...groups].join(" ")}
}`,
      `undo_policy() {
  step="policy $policy_name"
  version=$(look text get-policy --policy-arn="$policy_arn" --query=Policy.DefaultVersionId)
  if [ -z "$version" ]; then
    tell "$step" "not there"
    return
  fi
  versions=$(look text list-policy-versions --policy-arn="$policy_arn" --query='Versions[?!IsDefaultVersion].[VersionId]')
  for version in $versions; do
    change delete-policy-version --policy-arn="$policy_arn" --version-id="$version"
  done
  change delete-policy --policy-arn="$policy_arn"
  did "$step" removed
}`,
    ],
    lookBeforeUndo: ["policy_is_free"],
    make: ["make_policy"],
    undo: ["undo_policy"],
  };
}

/** What IAM wants gone before it deletes a user, keys left out, and what of it the script takes away. Source: IAM API, DeleteUser. */
const HANGS_ON_USER: readonly (readonly [
  has: string,
  call: string,
  query: string,
  own: (attachment: Deployment["attachment"]) => readonly string[],
])[] = [
  [
    "is in other groups",
    "list-groups-for-user",
    "Groups[].[GroupName]",
    (attachment) => (attachment === "user" ? [] : ['"$group_name"']),
  ],
  [
    "has other policies",
    "list-attached-user-policies",
    "AttachedPolicies[].[PolicyArn]",
    (attachment) => (attachment === "group" ? [] : ['"$policy_arn"']),
  ],
  ["has inline policies", "list-user-policies", "PolicyNames[].[@]", () => []],
  ["has a console password, made", "get-login-profile", "[LoginProfile.CreateDate]", () => []],
  ["has MFA devices", "list-mfa-devices", "MFADevices[].[SerialNumber]", () => []],
  ["has signing certificates", "list-signing-certificates", "Certificates[].[CertificateId]", () => []],
  ["has SSH keys", "list-ssh-public-keys", "SSHPublicKeys[].[SSHPublicKeyId]", () => []],
  [
    "has credentials of single services",
    "list-service-specific-credentials",
    "ServiceSpecificCredentials[].[ServiceSpecificCredentialId]",
    () => [],
  ],
];

/** The user. */
export function userPart({ user, attachment, tags }: Deployment): Part {
  const { name, path, permissionsBoundary } = user;
  const bounded = permissionsBoundary !== undefined;
  return {
    what: `user ${name}`,
    values: {
      user_name: name,
      user_path: path,
      ...(bounded ? { user_boundary: permissionsBoundary } : {}),
    },
    functions: [
      `look_for_user() {
  step="user $user_name"
  user_found=$(look text get-user --user-name="$user_name" --query='User.[Path, PermissionsBoundary.PermissionsBoundaryArn]')
  require_path "$step" "$user_found" "$user_path"
}`,
      `make_user() {
  step="user $user_name"
  if [ -z "$user_found" ]; then
    change create-user --user-name="$user_name" --path="$user_path"${bounded ? ' --permissions-boundary="$user_boundary"' : ""}${tagged(tags) ? ' --tags="$tags"' : ""}
    did "$step" created
    return
  fi
  tell "$step" exists${bounded ? '\n  bound user "--user-name=$user_name" "$user_found" "$user_boundary"' : ""}${tagged(tags) ? '\n  tag user "--user-name=$user_name"' : ""}
}`,
      `user_is_free() {
  step="user $user_name"
  if [ -z "$user_found" ]; then return; fi
${HANGS_ON_USER.map(([has, call, query, own]) => only(has, `${call} --user-name="$user_name"`, query, ...own(attachment))).join("\n")}
}`,
      `undo_user() {
  step="user $user_name"
  if [ -z "$user_found" ]; then
    tell "$step" "not there"
    return
  fi
  change delete-user --user-name="$user_name"
  did "$step" removed
}`,
    ],
    look: ["look_for_user"],
    lookBeforeUndo: ["user_is_free"],
    make: ["make_user"],
    undo: ["undo_user"],
  };
}

/** The policy on the user itself. */
export function userAttachmentPart({ user, policy }: Deployment): Part {
  return {
    ...NOTHING,
    what: `policy ${policy.name} on user ${user.name}`,
    values: {},
    functions: [],
    make: ['attach user "$user_found" "--user-name=$user_name" "$policy_arn" "policy $policy_name on user $user_name"'],
    undo: ['detach user "$user_found" "--user-name=$user_name" "$policy_arn" "policy $policy_name on user $user_name"'],
  };
}

/** The group with the user in it, and the policy on it. */
export function groupPart({ group, user, policy }: Deployment): Part {
  return {
    what: `group ${group.name} with user ${user.name} in it and policy ${policy.name} on it`,
    values: { group_name: group.name, group_path: group.path },
    functions: [
      `look_for_group() {
  step="group $group_name"
  # The first page of its members is enough: each page has the group.
  group_found=$(look text get-group --group-name="$group_name" --no-paginate --query=Group.Path)
  require_path "$step" "$group_found" "$group_path"
}`,
      `make_group() {
  step="group $group_name"
  if [ -z "$group_found" ]; then
    change create-group --group-name="$group_name" --path="$group_path"
    did "$step" created
  else
    tell "$step" exists
  fi
}`,
      `make_membership() {
  step="user $user_name in group $group_name"
  groups=
  if [ -n "$user_found" ]; then
    groups=$(look text list-groups-for-user --user-name="$user_name" --query='Groups[].[GroupName]')
  fi
  if has "$groups" "$group_name"; then
    tell "$step" exists
  else
    change add-user-to-group --user-name="$user_name" --group-name="$group_name"
    did "$step" created
  fi
}`,
      `group_is_free() {
  step="group $group_name"
  if [ -z "$group_found" ]; then return; fi
${[
  only("has other members", 'get-group --group-name="$group_name"', "Users[].[UserName]", '"$user_name"'),
  only(
    "has other policies",
    'list-attached-group-policies --group-name="$group_name"',
    "AttachedPolicies[].[PolicyArn]",
    '"$policy_arn"',
  ),
  only("has inline policies", 'list-group-policies --group-name="$group_name"', "PolicyNames[].[@]"),
].join("\n")}
}`,
      `undo_membership() {
  step="user $user_name in group $group_name"
  groups=
  if [ -n "$user_found" ]; then
    groups=$(look text list-groups-for-user --user-name="$user_name" --query='Groups[].[GroupName]')
  fi
  if has "$groups" "$group_name"; then
    change remove-user-from-group --user-name="$user_name" --group-name="$group_name"
    did "$step" removed
  else
    tell "$step" "not there"
  fi
}`,
      `undo_group() {
  step="group $group_name"
  if [ -z "$group_found" ]; then
    tell "$step" "not there"
    return
  fi
  change delete-group --group-name="$group_name"
  did "$step" removed
}`,
    ],
    look: ["look_for_group"],
    lookBeforeUndo: ["group_is_free"],
    make: [
      "make_group",
      'attach group "$group_found" "--group-name=$group_name" "$policy_arn" "policy $policy_name on group $group_name"',
      "make_membership",
    ],
    undo: [
      "undo_membership",
      'detach group "$group_found" "--group-name=$group_name" "$policy_arn" "policy $policy_name on group $group_name"',
      "undo_group",
    ],
  };
}

/** The role for nodes: trust, inline policy and managed policies. */
export function nodeRolePart(nodeRole: NonNullable<Deployment["nodeRole"]>, tags: Tags): Part {
  const { name, path, permissionsBoundary, additionalActions, managedPolicyArns } = nodeRole;
  const bounded = permissionsBoundary !== undefined;
  const each = (verb: string) =>
    managedPolicyArns.map(
      (arn) => `${verb} role "$role_found" "--role-name=$role_name" ${quote(arn)} ${quote(`policy ${arn} on role ${name}`)}`,
    );
  return {
    what: `role ${name} for nodes`,
    values: {
      role_name: name,
      role_path: path,
      ...(bounded ? { role_boundary: permissionsBoundary } : {}),
    },
    functions: [
      `role_trust() {
  compact <<END
${hereDocument(STORED_TRUST, "account")}
END
}`,
      `role_document() {
  compact <<END
${hereDocument(storedNodePolicy(additionalActions), "account")}
END
}`,
      `look_for_role() {
  step="role $role_name"
  role_found=$(look text get-role --role-name="$role_name" --query='Role.[Path, PermissionsBoundary.PermissionsBoundaryArn]')
  require_path "$step" "$role_found" "$role_path"
}`,
      `make_role() {
  step="role $role_name"
  wanted=$(role_trust)
  if [ -z "$role_found" ]; then
    change create-role --role-name="$role_name" --path="$role_path" --assume-role-policy-document="$wanted"${
      bounded || tagged(tags) ? " \\\n     " : ""
    }${bounded ? ' --permissions-boundary="$role_boundary"' : ""}${tagged(tags) ? ' --tags="$tags"' : ""}
    did "$step" created
    return
  fi
  same=$(same "$wanted" Role.AssumeRolePolicyDocument get-role --role-name="$role_name")
  if [ "$same" = true ]; then
    tell "$step" exists
  else
    change update-assume-role-policy --role-name="$role_name" --policy-document="$wanted"
    did "who may take $step" updated
  fi${bounded ? '\n  bound role "--role-name=$role_name" "$role_found" "$role_boundary"' : ""}${tagged(tags) ? '\n  tag role "--role-name=$role_name"' : ""}
}`,
      `make_role_policy() {
  step="permissions of role $role_name"
  wanted=$(role_document)
  same=
  if [ -n "$role_found" ]; then
    same=$(same "$wanted" PolicyDocument get-role-policy --role-name="$role_name" --policy-name="$role_name")
  fi
  if [ "$same" = true ]; then
    tell "$step" exists
    return
  fi
  change put-role-policy --role-name="$role_name" --policy-name="$role_name" --policy-document="$wanted"
  if [ -z "$same" ]; then did "$step" created; else did "$step" updated; fi
}`,
      `role_is_free() {
  step="role $role_name"
  if [ -z "$role_found" ]; then return; fi
  profiles=$(look text list-instance-profiles-for-role --role-name="$role_name" --query='InstanceProfiles[].[InstanceProfileName]')
  if [ -n "$profiles" ]; then
    refuse "role $role_name is in use, by the instance profile" "$profiles" "of a cluster; destroy the cluster, or give it another role, first"
  fi
${[
  only(
    "has other policies",
    'list-attached-role-policies --role-name="$role_name"',
    "AttachedPolicies[].[PolicyArn]",
    ...managedPolicyArns.map(quote),
  ),
  only("has other inline policies", 'list-role-policies --role-name="$role_name"', "PolicyNames[].[@]", '"$role_name"'),
].join("\n")}
}`,
      `undo_role() {
  step="role $role_name"
  if [ -z "$role_found" ]; then
    tell "$step" "not there"
    return
  fi
  policies=$(look text list-role-policies --role-name="$role_name" --query='PolicyNames[].[@]')
  if has "$policies" "$role_name"; then
    change delete-role-policy --role-name="$role_name" --policy-name="$role_name"
  fi
  change delete-role --role-name="$role_name"
  did "$step" removed
}`,
    ],
    look: ["look_for_role"],
    lookBeforeUndo: ["role_is_free"],
    make: ["make_role", "make_role_policy", ...each("attach")],
    undo: [...each("detach"), "undo_role"],
  };
}
