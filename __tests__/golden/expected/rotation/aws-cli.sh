#!/bin/sh
# The AWS access of the deployment rotation for the Deckhouse Kubernetes Platform (DKP), made with the AWS CLI instead of Terraform:
# the same objects from the same settings. Run it again at any time: what is there stays, what differs is brought up to date,
# but for a policy that others have too: there it stops.
# It takes nothing away that the settings no longer name: neither tags, boundaries and attachments, nor members of a group.
# Made by npm run review: change the settings, not this file.
# The settings have primary: Inactive, secondary: Active. This makes one key, the one handed out (secondary); rotate by hand.
#
# What is otherwise than on the DKP authorization page:
# - The page attaches the policy to a user named username, which its commands do not make. Here it is the user that was made.
# - The page's ARN has the place holder 123 for the account. Here it is the account of the credentials, asked of AWS.
# - The page leaves <Policy JSON spec> to be filled in. Here the policy stands below, each action once, and with what DKP calls
#   and the page lacks, unless the settings say policy.supplement: false.
# - The page prints the secret access key on the terminal. Here it goes into a new file that only you can read.
# - The page makes the key before the user has the policy. Here the key comes last.
# - The page's commands fail when run again, and undo nothing. These go on where they stopped, and --undo removes all of it.
# shellcheck disable=SC2016 # texts of the settings are meant as they stand

set -eu
umask 077

# Where IAM is asked: it is one for the whole partition.
export AWS_REGION='us-east-1' AWS_DEFAULT_REGION='us-east-1' AWS_PAGER=''
policy_name='D8CloudProviderAWS'
policy_path='/'
policy_description='{"Description":"Deckhouse policy"}'
user_name='deckhouse'
user_path='/'
key_file='./rotation-access-key.yaml'
provider_block='join('\'''\'', ['\''provider:
  providerAccessKeyId: "'\'', AccessKey.AccessKeyId, '\''"
  providerSecretAccessKey: "'\'', AccessKey.SecretAccessKey, '\''"
  region: "eu-west-2"'\''])'

usage() {
  cat <<'END'
Usage: sh aws-cli.sh [--key-file FILE] [--dry-run] [--undo]

Makes with the AWS CLI:
  - policy D8CloudProviderAWS
  - user deckhouse
  - policy D8CloudProviderAWS on user deckhouse
  - access key of user deckhouse, in a new file that only you can read (mode 0600)

Options:
  --key-file FILE  where the key is written, as provider of DKP's AWSClusterConfiguration; ./rotation-access-key.yaml by default
  --dry-run        say what would be done, change nothing
  --undo           remove all of it, with the key that the key file has, and the file if it has nothing else;
                   nothing, where that would fail or take other keys: it names what must go first
                   (protect in the settings guards against Terraform's plans alone)
  -h, --help

Exit code: 0 when all is as it should be, 1 when not, 2 for wrong arguments.
END
}

wrong_arguments() {
  printf '%s\n' "$1; try --help" >&2
  exit 2
}

# refuse LINE...: stops here
refuse() {
  printf '%s\n' "$@" >&2
  exit 1
}

# The last words, whatever ends the script.
finish() {
  rm -rf -- "$work"
  case $1 in
    0) exit 0 ;;
    130 | 143) code=$1 ;;
    *) code=1 ;;
  esac
  case $changed in
    no) state='Nothing was changed' ;;
    perhaps) state='As far as known nothing was changed; if the answer of AWS was lost, this may be done. Mend the cause and run this again' ;;
    *) state='What was done before stays; mend the cause and run this again, it goes on from there' ;;
  esac
  printf 'stopped at: %s. %s\n' "$step" "$state" >&2
  exit "$code"
}

# tell WHAT HOW: one line about one object
tell() {
  printf '%s: %s\n' "$1" "$2"
}

# did WHAT HOW: the same, of what `change` did
did() {
  if [ "$dry_run" = yes ]; then tell "$1" "would be $2"; else tell "$1" "$2"; fi
}

# look text|json COMMAND...: the answer of an IAM call that changes nothing; no answer where AWS knows no such object
look() {
  format=$1
  shift
  if ! aws iam "$@" --output="$format" 2>"$work/errors"; then
    if ! grep -q NoSuchEntity "$work/errors"; then
      cat "$work/errors" >&2
      return 1
    fi
  fi
}

# Before a call that changes something: it may do so although its answer is lost.
changing() {
  if [ "$changed" = no ]; then changed=perhaps; fi
}

# change COMMAND...: an IAM call that changes something
change() {
  if [ "$dry_run" = no ]; then
    changing
    aws iam "$@" >/dev/null
    changed=yes
  fi
}

compact() {
  tr -d ' \t\r\n'
}

# same WANTED PLACE COMMAND...: true or false, whether the document that an IAM call has there is the same, in whatever order its
# keys stand; no answer where AWS knows no such object
same() {
  literal=$(printf '%s\n' "$1" | sed 's/`/\\`/g')
  place=$2
  shift 2
  look json "$@" --query="$place == \`$literal\`"
}

# has LIST LINE
has() {
  printf '%s\n' "$1" | grep -qFx -e "$2"
}

# others LIST NAME...: the lines of LIST that are none of the names
others() {
  list=$1
  shift
  for name in '' "$@"; do
    list=$(printf '%s\n' "$list" | grep -vFx -e "$name" || :)
  done
  printf '%s' "$list"
}

# only WHAT LIST NAME...: what --undo does not take away would stop it halfway
only() {
  what=$1
  shift
  more=$(others "$@")
  if [ -n "$more" ]; then
    refuse "$what:" "$more" "--undo leaves that alone, and can remove nothing before it is gone; take it away first, if nobody needs it"
  fi
}

# require_path WHAT FOUND PATH: an object elsewhere is somebody else's
require_path() {
  if [ -n "$2" ] && [ "$(printf '%s\n' "$2" | cut -f 1)" != "$3" ]; then
    refuse "$1: exists with another path than the settings have, $3; correct the settings or choose another name"
  fi
}

# attach user|group|role FOUND --KIND-name=NAME POLICY-ARN WHAT: nothing is FOUND where the object is new
attach() {
  step=$5
  attached=
  if [ -n "$2" ]; then
    attached=$(look text "list-attached-$1-policies" "$3" --query='AttachedPolicies[].[PolicyArn]')
  fi
  if has "$attached" "$4"; then
    tell "$step" exists
  else
    change "attach-$1-policy" "$3" --policy-arn="$4"
    did "$step" created
  fi
}

# detach: as attach
detach() {
  step=$5
  attached=
  if [ -n "$2" ]; then
    attached=$(look text "list-attached-$1-policies" "$3" --query='AttachedPolicies[].[PolicyArn]')
  fi
  if has "$attached" "$4"; then
    change "detach-$1-policy" "$3" --policy-arn="$4"
    did "$step" removed
  else
    tell "$step" "not there"
  fi
}

mode=make dry_run=no changed=no
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit
      ;;
    --undo) mode=undo ;;
    --dry-run) dry_run=yes ;;
    --key-file)
      if [ $# -lt 2 ]; then wrong_arguments "--key-file: needs the name of a file"; fi
      key_file=$2
      shift
      ;;
    --key-file=*) key_file=${1#*=} ;;
    *) wrong_arguments "$1: unknown argument" ;;
  esac
  shift
done

# As AWS stores it, but for white space: no text in it has any.
policy_document() {
  compact <<END
{
  "Statement": [
    {
      "Action": [
        "sts:GetCallerIdentity",
        "kms:DescribeKey",
        "iam:TagRole",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:PutRolePolicy",
        "iam:PassRole",
        "iam:ListRolePolicies",
        "iam:ListInstanceProfilesForRole",
        "iam:ListAttachedRolePolicies",
        "iam:GetRolePolicy",
        "iam:GetRole",
        "iam:GetInstanceProfile",
        "iam:DeleteRolePolicy",
        "iam:DeleteRole",
        "iam:DeleteInstanceProfile",
        "iam:CreateServiceLinkedRole",
        "iam:CreateRole",
        "iam:CreateInstanceProfile",
        "iam:AddRoleToInstanceProfile",
        "elasticloadbalancing:SetLoadBalancerPoliciesOfListener",
        "elasticloadbalancing:SetLoadBalancerPoliciesForBackendServer",
        "elasticloadbalancing:RegisterTargets",
        "elasticloadbalancing:RegisterInstancesWithLoadBalancer",
        "elasticloadbalancing:ModifyTargetGroup",
        "elasticloadbalancing:ModifyLoadBalancerAttributes",
        "elasticloadbalancing:ModifyListener",
        "elasticloadbalancing:DetachLoadBalancerFromSubnets",
        "elasticloadbalancing:DescribeTargetHealth",
        "elasticloadbalancing:DescribeTargetGroups",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancerPolicies",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DeregisterTargets",
        "elasticloadbalancing:DeregisterInstancesFromLoadBalancer",
        "elasticloadbalancing:DeleteTargetGroup",
        "elasticloadbalancing:DeleteLoadBalancerListeners",
        "elasticloadbalancing:DeleteLoadBalancer",
        "elasticloadbalancing:DeleteListener",
        "elasticloadbalancing:CreateTargetGroup",
        "elasticloadbalancing:CreateLoadBalancerPolicy",
        "elasticloadbalancing:CreateLoadBalancerListeners",
        "elasticloadbalancing:CreateLoadBalancer",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:ConfigureHealthCheck",
        "elasticloadbalancing:AttachLoadBalancerToSubnets",
        "elasticloadbalancing:ApplySecurityGroupsToLoadBalancer",
        "elasticloadbalancing:AddTags",
        "ec2:TerminateInstances",
        "ec2:RunInstances",
        "ec2:RevokeSecurityGroupIngress",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:ReleaseAddress",
        "ec2:ModifyVpcAttribute",
        "ec2:ModifyVolume",
        "ec2:ModifySubnetAttribute",
        "ec2:ModifyNetworkInterfaceAttribute",
        "ec2:ModifyInstanceAttribute",
        "ec2:ImportKeyPair",
        "ec2:DisassociateRouteTable",
        "ec2:DisassociateAddress",
        "ec2:DetachVolume",
        "ec2:DetachInternetGateway",
        "ec2:DescribeVpcs",
        "ec2:DescribeVpcPeeringConnections",
        "ec2:DescribeVpcClassicLinkDnsSupport",
        "ec2:DescribeVpcClassicLink",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVolumesModifications",
        "ec2:DescribeVolumes",
        "ec2:DescribeTags",
        "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSecurityGroupRules",
        "ec2:DescribeRouteTables",
        "ec2:DescribeRegions",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeNetworkInterfaceAttribute",
        "ec2:DescribeNatGateways",
        "ec2:DescribeKeyPairs",
        "ec2:DescribeInternetGateways",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstanceTopology",
        "ec2:DescribeInstanceCreditSpecifications",
        "ec2:DescribeInstanceAttribute",
        "ec2:DescribeImages",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeAddresses",
        "ec2:DescribeAccountAttributes",
        "ec2:DeleteVpcPeeringConnection",
        "ec2:DeleteVpc",
        "ec2:DeleteVolume",
        "ec2:DeleteTags",
        "ec2:DeleteSubnet",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteRouteTable",
        "ec2:DeleteRoute",
        "ec2:DeleteNetworkInterface",
        "ec2:DeleteNatGateway",
        "ec2:DeleteKeyPair",
        "ec2:DeleteInternetGateway",
        "ec2:CreateVpcPeeringConnection",
        "ec2:CreateVpc",
        "ec2:CreateVolume",
        "ec2:CreateTags",
        "ec2:CreateSubnet",
        "ec2:CreateSecurityGroup",
        "ec2:CreateRouteTable",
        "ec2:CreateRoute",
        "ec2:CreateNetworkInterface",
        "ec2:CreateNatGateway",
        "ec2:CreateKeyPair",
        "ec2:CreateInternetGateway",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AttachVolume",
        "ec2:AttachInternetGateway",
        "ec2:AssociateRouteTable",
        "ec2:AssociateAddress",
        "ec2:AllocateAddress",
        "ec2:AcceptVpcPeeringConnection",
        "autoscaling:DescribeTags",
        "autoscaling:DescribeLaunchConfigurations",
        "autoscaling:DescribeAutoScalingGroups"
      ],
      "Effect": "Allow",
      "Resource": "*",
      "Sid": "VisualEditor0"
    },
    {
      "Action": "ec2:DescribeAddressesAttribute",
      "Effect": "Allow",
      "Resource": "*",
      "Sid": "DkpAlsoCalls"
    }
  ],
  "Version": "2012-10-17"
}
END
}

# Who has the policy, be it as the permissions boundary; one a line.
policy_holders() {
  look text list-entities-for-policy --policy-arn="$policy_arn" --query="[PolicyUsers[].join(' ', ['user', UserName]),
    PolicyGroups[].join(' ', ['group', GroupName]), PolicyRoles[].join(' ', ['role', RoleName])][] | [?@].[@]"
}

make_policy() {
  step="policy $policy_name"
  wanted=$(policy_document)
  version=$(look text get-policy --policy-arn="$policy_arn" --query=Policy.DefaultVersionId)
  if [ -z "$version" ]; then
    change create-policy --policy-name="$policy_name" --path="$policy_path" --policy-document="$wanted" \
      --cli-input-json="$policy_description"
    did "$step" created
    return
  fi
  same=$(same "$wanted" PolicyVersion.Document get-policy-version --policy-arn="$policy_arn" --version-id="$version")
  if [ "$same" = true ]; then
    tell "$step" exists
  else
    holders=$(policy_holders)
    strangers=$(others "$holders" "user $user_name")
    if [ -n "$strangers" ]; then
      refuse "$step: exists with other content, and others have it:" "$strangers" "set another policy.name, or take it from them first"
    fi
    versions=$(look text list-policy-versions --policy-arn="$policy_arn" --query='Versions[?!IsDefaultVersion].[VersionId]')
    # IAM keeps five versions.
    if [ "$(printf '%s\n' "$versions" | wc -l)" -ge 4 ]; then
      oldest=$(printf '%s\n' "$versions" | sort -t v -k 2n | head -n 1)
      change delete-policy-version --policy-arn="$policy_arn" --version-id="$oldest"
      did "$step, version $oldest, the oldest of five" removed
    fi
    change create-policy-version --policy-arn="$policy_arn" --policy-document="$wanted" --set-as-default
    did "$step" updated
  fi
}

policy_is_free() {
  step="policy $policy_name"
  holders=$(policy_holders)
  only "$step is attached elsewhere too" "$holders" "user $user_name"
}

undo_policy() {
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
}

look_for_user() {
  step="user $user_name"
  user_found=$(look text get-user --user-name="$user_name" --query='User.[Path, PermissionsBoundary.PermissionsBoundaryArn]')
  require_path "$step" "$user_found" "$user_path"
}

make_user() {
  step="user $user_name"
  if [ -z "$user_found" ]; then
    change create-user --user-name="$user_name" --path="$user_path"
    did "$step" created
    return
  fi
  tell "$step" exists
}

user_is_free() {
  step="user $user_name"
  if [ -z "$user_found" ]; then return; fi
  found=$(look text list-groups-for-user --user-name="$user_name" --query='Groups[].[GroupName]')
  only "$step is in other groups" "$found"
  found=$(look text list-attached-user-policies --user-name="$user_name" --query='AttachedPolicies[].[PolicyArn]')
  only "$step has other policies" "$found" "$policy_arn"
  found=$(look text list-user-policies --user-name="$user_name" --query='PolicyNames[].[@]')
  only "$step has inline policies" "$found"
  found=$(look text get-login-profile --user-name="$user_name" --query='[LoginProfile.CreateDate]')
  only "$step has a console password, made" "$found"
  found=$(look text list-mfa-devices --user-name="$user_name" --query='MFADevices[].[SerialNumber]')
  only "$step has MFA devices" "$found"
  found=$(look text list-signing-certificates --user-name="$user_name" --query='Certificates[].[CertificateId]')
  only "$step has signing certificates" "$found"
  found=$(look text list-ssh-public-keys --user-name="$user_name" --query='SSHPublicKeys[].[SSHPublicKeyId]')
  only "$step has SSH keys" "$found"
  found=$(look text list-service-specific-credentials --user-name="$user_name" --query='ServiceSpecificCredentials[].[ServiceSpecificCredentialId]')
  only "$step has credentials of single services" "$found"
}

undo_user() {
  step="user $user_name"
  if [ -z "$user_found" ]; then
    tell "$step" "not there"
    return
  fi
  change delete-user --user-name="$user_name"
  did "$step" removed
}

# The id of the key in the key file; nothing if there is no such file.
key_in_file() {
  if [ -e "$key_file" ]; then
    sed -n 's/^  providerAccessKeyId: "\([A-Z0-9]*\)"$/\1/p' <"$key_file"
  fi
}

# Whether the key file has one key as written here, and nothing else.
only_key_in_file() {
  ! sed -e '1{/^provider:$/d;}' -e '2{/^  providerAccessKeyId: "[A-Z0-9]*"$/d;}' \
    -e '3{/^  providerSecretAccessKey: "[^"]*"$/d;}' -e '4{/^  region: "[^"]*"$/d;}' <"$key_file" | grep -q ''
}

look_for_keys() {
  step="access key of user $user_name"
  states=
  if [ -n "$user_found" ]; then
    states=$(look text list-access-keys --user-name="$user_name" --query="AccessKeyMetadata[].[join(' ', [AccessKeyId, Status])]")
  fi
  keys=$(printf '%s\n' "$states" | cut -d ' ' -f 1)
  own=$(key_in_file)
  if [ "$mode" = make ]; then usable_key; fi
}

# A key that is there must be one that works, and the key file's.
usable_key() {
  if [ ! -e "$key_file" ]; then
    if [ -n "$keys" ] && ! printf '%s\n' "$states" | grep -q ' Active$'; then
      refuse "user $user_name has no Active key:" "$states" "activate the one that is handed out:" \
        "  aws iam update-access-key --user-name=$user_name --access-key-id=ID --status=Active" \
        "or delete what nobody needs; once the user has no key, this makes one"
    fi
  elif [ -z "$keys" ]; then
    refuse "$key_file: exists already, and the user has no key yet; remove it, or write another file with --key-file"
  elif [ -z "$own" ] || ! has "$keys" "$own"; then
    refuse "$key_file: has none of the keys of user $user_name:" "$keys" \
      "name the file that has one with --key-file, or a file that does not exist, where the key is kept elsewhere"
  elif ! has "$states" "$own Active"; then
    refuse "$key_file: its key, $own, is Inactive: AWS refuses it; activate it:" \
      "  aws iam update-access-key --user-name=$user_name --access-key-id=$own --status=Active"
  fi
}

make_key() {
  step="access key of user $user_name"
  if [ -n "$keys" ]; then
    for key in $keys; do
      tell "access key $key" exists
    done
    if [ ! -e "$key_file" ]; then
      echo "No further key was made, and $key_file does not exist: AWS tells the secret of a key once. If a secret is lost, see whether"
      echo "a cluster uses its key (asked here of $key):"
      echo "  aws iam get-access-key-last-used --access-key-id=$key"
      echo "Only if none does, deactivate the key, wait, and delete it. Once the user has no key, this makes one:"
      echo "  aws iam update-access-key --user-name=$user_name --access-key-id=$key --status=Inactive"
      echo "  aws iam delete-access-key --user-name=$user_name --access-key-id=$key"
    fi
    return
  fi
  if [ "$dry_run" = yes ]; then
    did "$step" created
    return
  fi
  changing
  # noclobber makes the file before AWS makes the key: with nowhere to write it, the secret would be lost.
  if ! (
    set -C
    aws iam create-access-key --user-name="$user_name" --output=text --query="$provider_block" >"$key_file"
  ); then
    if [ ! -s "$key_file" ]; then rm -f -- "$key_file"; fi
    refuse "no key was written; if the user has one now, its secret is lost: delete it before the next run"
  fi
  changed=yes
  did "access key $(key_in_file)" "created, in $key_file"
}

only_own_keys() {
  step="access key of user $user_name"
  foreign=
  for key in $keys; do
    if [ "$key" != "$own" ]; then foreign="$foreign $key"; fi
  done
  if [ -n "$foreign" ]; then
    refuse "user $user_name has keys that are not in $key_file:$foreign; somebody may use them" \
      "name the file that has the key with --key-file, and delete the others:" \
      "  aws iam delete-access-key --user-name=$user_name --access-key-id=ID"
  fi
}

undo_key() {
  step="access key of user $user_name"
  if [ -z "$keys" ]; then
    tell "$step" "not there"
  fi
  for key in $keys; do
    change delete-access-key --user-name="$user_name" --access-key-id="$key"
    did "access key $key" removed
  done
  if [ ! -e "$key_file" ]; then return; fi
  step="key file $key_file"
  # Keys that were not its own were refused.
  if [ -z "$keys" ]; then
    tell "$step" "left, no key of it was removed"
  elif ! only_key_in_file; then
    tell "$step" "left, it has more than the key"
  else
    if [ "$dry_run" = no ]; then rm -f -- "$key_file"; fi
    did "$step" removed
  fi
}

if ! command -v aws >/dev/null; then
  refuse "aws: not found; install the AWS CLI, version 1 or 2, and put it on the PATH"
fi
work=$(mktemp -d)
trap 'finish $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step='asking AWS whose credentials these are'
account=$(aws sts get-caller-identity --query=Account --output=text) ||
  refuse "the AWS CLI has no credentials that AWS takes; give it some, for example with AWS_PROFILE"
if [ "$account" != '777788889999' ]; then
  refuse "the credentials belong to account $account, the settings are for account 777788889999; use credentials of that account"
fi
policy_arn='arn:aws:iam::'$account':policy/D8CloudProviderAWS'

look_for_user
look_for_keys

if [ "$mode" = undo ]; then
  policy_is_free
  user_is_free
  only_own_keys
  undo_key
  detach user "$user_found" "--user-name=$user_name" "$policy_arn" "policy $policy_name on user $user_name"
  undo_user
  undo_policy
  exit
fi

make_policy
make_user
attach user "$user_found" "--user-name=$user_name" "$policy_arn" "policy $policy_name on user $user_name"
make_key
