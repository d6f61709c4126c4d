import type { Deployment } from "../../settings/deployment";
import type { Part } from "./aws-cli-parts";

/** The key that is handed out, into a file. The secret goes from the AWS CLI straight there: no variable, no argument has it. */
export function accessKeyPart({ region, stack, user }: Deployment): Part {
  return {
    what: `access key of user ${user.name}, in a new file that only you can read (mode 0600)`,
    values: {
      key_file: `./${stack}-access-key.yaml`,
      // A text of JMESPath, which may have several lines; region names need no quoting there.
      provider_block: `join('', ['provider:
  providerAccessKeyId: "', AccessKey.AccessKeyId, '"
  providerSecretAccessKey: "', AccessKey.SecretAccessKey, '"
  region: "${region}"'])`,
    },
    functions: [
      `# The id of the key in the key file; nothing if there is no such file.
key_in_file() {
  if [ -e "$key_file" ]; then
    sed -n 's/^  providerAccessKeyId: "\\([A-Z0-9]*\\)"$/\\1/p' <"$key_file"
  fi
}`,
      `# Whether the key file has one key as written here, and nothing else.
only_key_in_file() {
  ! sed -e '1{/^provider:$/d;}' -e '2{/^  providerAccessKeyId: "[A-Z0-9]*"$/d;}' \\
    -e '3{/^  providerSecretAccessKey: "[^"]*"$/d;}' -e '4{/^  region: "[^"]*"$/d;}' <"$key_file" | grep -q ''
}`,
      `look_for_keys() {
  step="access key of user $user_name"
  states=
  if [ -n "$user_found" ]; then
    states=$(look text list-access-keys --user-name="$user_name" --query="AccessKeyMetadata[].[join(' ', [AccessKeyId, Status])]")
  fi
  keys=$(printf '%s\\n' "$states" | cut -d ' ' -f 1)
  own=$(key_in_file)
  if [ "$mode" = make ]; then usable_key; fi
}`,
      `# A key that is there must be one that works, and the key file's.
usable_key() {
  if [ ! -e "$key_file" ]; then
    if [ -n "$keys" ] && ! printf '%s\\n' "$states" | grep -q ' Active$'; then
      refuse "user $user_name has no Active key:" "$states" "activate the one that is handed out:" \\
        "  aws iam update-access-key --user-name=$user_name --access-key-id=ID --status=Active" \\
        "or delete what nobody needs; once the user has no key, this makes one"
    fi
  elif [ -z "$keys" ]; then
    refuse "$key_file: exists already, and the user has no key yet; remove it, or write another file with --key-file"
  elif [ -z "$own" ] || ! has "$keys" "$own"; then
    refuse "$key_file: has none of the keys of user $user_name:" "$keys" \\
      "name the file that has one with --key-file, or a file that does not exist, where the key is kept elsewhere"
  elif ! has "$states" "$own Active"; then
    refuse "$key_file: its key, $own, is Inactive: AWS refuses it; activate it:" \\
      "  aws iam update-access-key --user-name=$user_name --access-key-id=$own --status=Active"
  fi
}`,
      `make_key() {
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
}`,
      `only_own_keys() {
  step="access key of user $user_name"
  foreign=
  for key in $keys; do
    if [ "$key" != "$own" ]; then foreign="$foreign $key"; fi
  done
  if [ -n "$foreign" ]; then
    refuse "user $user_name has keys that are not in $key_file:$foreign; somebody may use them" \\
      "name the file that has the key with --key-file, and delete the others:" \\
      "  aws iam delete-access-key --user-name=$user_name --access-key-id=ID"
  fi
}`,
      `undo_key() {
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
}`,
    ],
    look: ["look_for_keys"],
    lookBeforeUndo: ["only_own_keys"],
    make: ["make_key"],
    undo: ["undo_key"],
  };
}

/** What stands in the key's place with `accessKeys: none`: no key is made, and none is removed. */
export function noAccessKeyPart(): Part {
  return {
    what: "no access key: accessKeys is none, so make one yourself, straight into where you keep secrets",
    values: {},
    functions: [
      `no_keys() {
  step="user $user_name"
  keys=
  if [ -n "$user_found" ]; then
    keys=$(look text list-access-keys --user-name="$user_name" --query='AccessKeyMetadata[].[AccessKeyId]')
  fi
  if [ -n "$keys" ]; then
    refuse "user $user_name has keys that this script did not make; delete them first, if nobody uses them:" "$keys"
  fi
}`,
    ],
    look: [],
    lookBeforeUndo: ["no_keys"],
    make: [],
    undo: [],
  };
}
