import { policyArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import { visible } from "../../printable";
import type { Deployment } from "../../settings/deployment";
import { accessKeyPart, noAccessKeyPart } from "./aws-cli-key";
import { groupPart, nodeRolePart, type Part, policyPart, userAttachmentPart, userPart } from "./aws-cli-parts";
import { asciiJson, comment, quote } from "./shell";

/** What the script does otherwise than the commands of the DKP authorization page, and why. */
const DIFFERENCES = [
  "- The page attaches the policy to a user named username, which its commands do not make. Here it is the user that was made.",
  "- The page's ARN has the place holder 123 for the account. Here it is the account of the credentials, asked of AWS.",
  "- The page leaves <Policy JSON spec> to be filled in. Here the policy stands below, each action once, and with what DKP calls",
  "  and the page lacks, unless the settings say policy.supplement: false.",
  "- The page prints the secret access key on the terminal. Here it goes into a new file that only you can read.",
  "- The page makes the key before the user has the policy. Here the key comes last.",
  "- The page's commands fail when run again, and undo nothing. These go on where they stopped, and --undo removes all of it.",
];

/**
 * A shell script that makes with the AWS CLI what Terraform makes from the same settings, and undoes it: the second of the three
 * routes of the DKP authorization page. POSIX sh, needs only \`aws\` and what every system has. The same text for the same settings.
 */
export function awsCliScript(deployment: Deployment): string {
  const parts = partsOf(deployment);
  const undone = parts.toReversed();
  const lines = (pick: (part: Part) => readonly string[], from = parts) => from.flatMap(pick);
  return `${[
    `#!/bin/sh\n${header(deployment)}\n# shellcheck disable=SC2016 # texts of the settings are meant as they stand`,
    "set -eu\numask 077",
    values(deployment, parts),
    usage(deployment, parts),
    common(deployment),
    ...lines(({ functions }) => functions),
    begin(deployment),
    lines(({ look }) => look).join("\n"),
    `if [ "$mode" = undo ]; then\n${indented([
      ...lines(({ lookBeforeUndo }) => lookBeforeUndo),
      ...lines(({ undo }) => undo, undone),
      "exit",
    ])}\nfi`,
    lines(({ make }) => make).join("\n"),
  ].join("\n\n")}\n`;
}

function partsOf(deployment: Deployment): readonly Part[] {
  const { attachment, nodeRole, accessKeys, tags } = deployment;
  return [
    policyPart(deployment),
    userPart(deployment),
    ...(attachment === "user" ? [] : [groupPart(deployment)]),
    ...(attachment === "group" ? [] : [userAttachmentPart(deployment)]),
    ...(nodeRole === undefined ? [] : [nodeRolePart(nodeRole, tags)]),
    // Last: a key is made once all that it needs is there.
    accessKeys === "none" ? noAccessKeyPart() : accessKeyPart(deployment),
  ];
}

const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join("\n");

function header({ stack, accessKeys, provider }: Deployment): string {
  return comment(
    `The AWS access of the deployment ${stack} for the Deckhouse Kubernetes Platform (DKP), made with the AWS CLI instead of Terraform:`,
    "the same objects from the same settings. Run it again at any time: what is there stays, what differs is brought up to date,",
    "but for a policy that others have too: there it stops.",
    "It takes nothing away that the settings no longer name: neither tags, boundaries and attachments, nor members of a group.",
    "Made by npm run review: change the settings, not this file.",
    ...credentials(provider),
    ...keyRemarks(accessKeys),
    "",
    "What is otherwise than on the DKP authorization page:",
    ...DIFFERENCES,
  );
}

function credentials({ profile, assumeRoleArn }: Deployment["provider"]): readonly string[] {
  return [
    ...(profile === undefined ? [] : [`Terraform runs with the profile ${JSON.stringify(profile)}: set AWS_PROFILE to it.`]),
    ...(assumeRoleArn === undefined ? [] : [`Terraform assumes the role ${assumeRoleArn}: run this as that role.`]),
  ];
}

function keyRemarks(accessKeys: Deployment["accessKeys"]): readonly string[] {
  if (accessKeys === "none") {
    return [];
  }
  const { primary, secondary, current } = accessKeys;
  const plain = primary.status === "Active" && secondary.status === "absent";
  return [
    ...(plain
      ? []
      : [
          `The settings have primary: ${primary.status}, secondary: ${secondary.status}. This makes one key, the one handed out (${current}); rotate by hand.`,
        ]),
    ...(accessKeys[current].pgpKey === undefined
      ? []
      : [
          "The settings encrypt the secret with a pgpKey. This writes it in clear: encrypt the file with gpg --encrypt, then delete it.",
        ]),
  ];
}

function values({ region, tags = {} }: Deployment, parts: readonly Part[]): string {
  const pairs = Object.entries(tags);
  const all = {
    ...Object.assign({}, ...parts.map((part) => part.values)),
    ...(pairs.length === 0
      ? {}
      : {
          tags: asciiJson(pairs.map(([Key, Value]) => ({ Key, Value }))),
          tag_pairs: asciiJson(pairs),
          tag_count: String(pairs.length),
        }),
  } as Readonly<Record<string, string>>;
  // In the partition aws IAM is in us-east-1, and STS there takes credentials before the deployment's own region is enabled.
  const asked = quote(partitionOf(region) === "aws" ? "us-east-1" : region);
  return [
    "# Where IAM is asked: it is one for the whole partition.",
    `export AWS_REGION=${asked} AWS_DEFAULT_REGION=${asked} AWS_PAGER=''`,
    ...Object.entries(all).map(([name, value]) => `${name}=${quote(value)}`),
  ].join("\n");
}

function usage({ accessKeys, protect }: Deployment, parts: readonly Part[]): string {
  const key = accessKeys === "none" ? "" : " [--key-file FILE]";
  return `usage() {
  cat <<'END'
Usage: sh aws-cli.sh${key} [--dry-run] [--undo]

Makes with the AWS CLI:
${parts.map(({ what }) => `  - ${visible(what)}`).join("\n")}

Options:
${accessKeys === "none" ? "" : `  --key-file FILE  where the key is written, as provider of DKP's AWSClusterConfiguration; ${visible(parts.map((part) => part.values.key_file ?? "").join(""))} by default\n`}  --dry-run        say what would be done, change nothing
  --undo           remove all of it${accessKeys === "none" ? "" : ", with the key that the key file has, and the file if it has nothing else"};
                   nothing, where that would fail or take other keys: it names what must go first${protect ? "\n                   (protect in the settings guards against Terraform's plans alone)" : ""}
  -h, --help

Exit code: 0 when all is as it should be, 1 when not, 2 for wrong arguments.
END
}`;
}

function common({ tags, accessKeys, user, nodeRole }: Deployment): string {
  const bounded = user.permissionsBoundary !== undefined || nodeRole?.permissionsBoundary !== undefined;
  return [
    `wrong_arguments() {
  printf '%s\\n' "$1; try --help" >&2
  exit 2
}`,
    `# refuse LINE...: stops here
refuse() {
  printf '%s\\n' "$@" >&2
  exit 1
}`,
    `# The last words, whatever ends the script.
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
  printf 'stopped at: %s. %s\\n' "$step" "$state" >&2
  exit "$code"
}`,
    `# tell WHAT HOW: one line about one object
tell() {
  printf '%s: %s\\n' "$1" "$2"
}`,
    `# did WHAT HOW: the same, of what \`change\` did
did() {
  if [ "$dry_run" = yes ]; then tell "$1" "would be $2"; else tell "$1" "$2"; fi
}`,
    `# look text|json COMMAND...: the answer of an IAM call that changes nothing; no answer where AWS knows no such object
look() {
  format=$1
  shift
  if ! aws iam "$@" --output="$format" 2>"$work/errors"; then
    if ! grep -q NoSuchEntity "$work/errors"; then
      cat "$work/errors" >&2
      return 1
    fi
  fi
}`,
    `# Before a call that changes something: it may do so although its answer is lost.
changing() {
  if [ "$changed" = no ]; then changed=perhaps; fi
}`,
    `# change COMMAND...: an IAM call that changes something
change() {
  if [ "$dry_run" = no ]; then
    changing
    aws iam "$@" >/dev/null
    changed=yes
  fi
}`,
    `compact() {
  tr -d ' \\t\\r\\n'
}`,
    `# same WANTED PLACE COMMAND...: true or false, whether the document that an IAM call has there is the same, in whatever order its
# keys stand; no answer where AWS knows no such object
same() {
  literal=$(printf '%s\\n' "$1" | sed 's/\`/\\\\\`/g')
  place=$2
  shift 2
  look json "$@" --query="$place == \\\`$literal\\\`"
}`,
    `# has LIST LINE
has() {
  printf '%s\\n' "$1" | grep -qFx -e "$2"
}`,
    `# others LIST NAME...: the lines of LIST that are none of the names
others() {
  list=$1
  shift
  for name in '' "$@"; do
    list=$(printf '%s\\n' "$list" | grep -vFx -e "$name" || :)
  done
  printf '%s' "$list"
}`,
    `# only WHAT LIST NAME...: what --undo does not take away would stop it halfway
only() {
  what=$1
  shift
  more=$(others "$@")
  if [ -n "$more" ]; then
    refuse "$what:" "$more" "--undo leaves that alone, and can remove nothing before it is gone; take it away first, if nobody needs it"
  fi
}`,
    `# require_path WHAT FOUND PATH: an object elsewhere is somebody else's
require_path() {
  if [ -n "$2" ] && [ "$(printf '%s\\n' "$2" | cut -f 1)" != "$3" ]; then
    refuse "$1: exists with another path than the settings have, $3; correct the settings or choose another name"
  fi
}`,
    `# attach user|group|role FOUND --KIND-name=NAME POLICY-ARN WHAT: nothing is FOUND where the object is new
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
}`,
    `# detach: as attach
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
}`,
    ...(bounded
      ? [
          `# bound user|role --KIND-name=NAME FOUND POLICY-ARN: the permissions boundary
bound() {
  if [ "$(printf '%s\\n' "$3" | cut -f 2)" != "$4" ]; then
    change "put-$1-permissions-boundary" "$2" --permissions-boundary="$4"
    did "permissions boundary of $step" updated
  fi
}`,
        ]
      : []),
    ...(Object.keys(tags ?? {}).length > 0
      ? [
          `# tag user|policy|role OPTION: the tags of the settings; others stay
tag() {
  present=$(look text "list-$1-tags" "$2" --query="length(Tags[?contains(\\\`$tag_pairs\\\`, [Key, Value])])")
  if [ "$present" != "$tag_count" ]; then
    change "tag-$1" "$2" --tags="$tags"
    did "tags of $step" updated
  fi
}`,
        ]
      : []),
    `mode=make dry_run=no changed=no
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help)
      usage
      exit
      ;;
    --undo) mode=undo ;;
    --dry-run) dry_run=yes ;;${
      accessKeys === "none"
        ? ""
        : `
    --key-file)
      if [ $# -lt 2 ]; then wrong_arguments "--key-file: needs the name of a file"; fi
      key_file=$2
      shift
      ;;
    --key-file=*) key_file=\${1#*=} ;;`
    }
    *) wrong_arguments "$1: unknown argument" ;;
  esac
  shift
done`,
  ].join("\n\n");
}

function begin({ accountId, region, policy }: Deployment): string {
  // No part of an ARN has a space.
  const arn = policyArn({ partition: partitionOf(region), account: " ", path: policy.path, name: policy.name });
  const [before = "", after = ""] = arn.split(" ");
  return `if ! command -v aws >/dev/null; then
  refuse "aws: not found; install the AWS CLI, version 1 or 2, and put it on the PATH"
fi
work=$(mktemp -d)
trap 'finish $?' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step='asking AWS whose credentials these are'
account=$(aws sts get-caller-identity --query=Account --output=text) ||
  refuse "the AWS CLI has no credentials that AWS takes; give it some, for example with AWS_PROFILE"${
    accountId === undefined
      ? ""
      : `
if [ "$account" != ${quote(accountId)} ]; then
  refuse "the credentials belong to account $account, the settings are for account "${quote(accountId)}"; use credentials of that account"
fi`
  }
policy_arn=${quote(before)}$account${quote(after)}`;
}
