#!/bin/sh
# The steps of a pipeline, the same in every CI system. `sh scripts/pipeline.sh --help` describes them, docs/how-to/pipelines.md gives the reasons.
set -eu
cd "$(dirname "$0")/.."
# Pages of the documentation: in a checkout of the project, or in the package.
docs=docs/how-to
[ -f bin/dkp-access ] || docs=node_modules/dkp-access/docs/how-to

help() {
  cat <<'HELP'
Usage: sh scripts/pipeline.sh prepare|synth
       sh scripts/pipeline.sh changed [BASE]
       sh scripts/pipeline.sh plan|apply|drift|unmanaged|clean STACK

  prepare
         deletes every file that git does not track (git clean -ffdx), and fails when git tracks one that would run in place of the
         packages of package-lock.json or of the plan. Run it first in each job, before npm ci
  synth  validates the settings of all deployments and fails when a review pack is stale. Run it first, after npm ci, and without
         credentials: it needs none
  changed
         prints "changed STACK" for each deployment to plan: its Terraform JSON (review/STACK/main.tf.json), its settings or its
         provider lock differ from those of the git commit BASE; "redirected STACK" beside it, if its backend, cloud or provider
         differs from the one in BASE, or BASE has none; and "deleted STACK" for each review pack that BASE has and this commit has
         not. Without BASE, all deployments are changed and none is redirected. Writes into pipeline.out/
           changed.env   CHANGED, REDIRECTED and DELETED, JSON arrays
           review.md     what happens to the deleted deployments, if there are any
  plan   plans review/STACK/main.tf.json without taking the state's lock, and writes into pipeline.out/
           review.md     the change summary
           verdict.env   VERDICT=0, 2 (permissions broadened) or 3 (breaking change), CHANGES=true or false
           plan.cms      the saved plan, encrypted for the certificate in the file PLAN_CERTIFICATE; without that there is none
         AGAINST, a git commit, adds how the review pack differs from the one there
         BASE, a git commit: terraform init sends the job's credentials to the backend, so a redirected deployment is not planned,
         exit code 3, unless REDIRECTED=approved. Set that only in a job that waits for a reviewer
  apply  decrypts pipeline.out/plan.cms with the key in the file PLAN_KEY and applies just that, if it is a plan of the reviewed
         configuration: review/STACK/main.tf.json.sha256 of this commit. Runs neither Node.js nor npm.
         A state that could not be written is kept, encrypted for PLAN_CERTIFICATE, as pipeline.out/errored.tfstate.cms
  drift  plans and changes nothing: exit code 2 and a change summary when AWS and the settings differ
  unmanaged
         reports what exists in AWS beside the state (dkp-access drift): exit code 2, or 3 if something cannot be read
  clean  removes the saved plan, and encrypts a state that could not be written. Run it last, whatever happened: the others do
         so themselves, but for kill -9

SIGINT, SIGTERM and SIGHUP are forwarded to Terraform once, as SIGINT. FORWARD_SIGNALS=false: the CI system signals every process
itself, and Terraform would abandon its work at the second signal. TERRAFORM_BINARY_NAME names another program than terraform.

Exit code: 0 done, 2 drift or unmanaged objects, 3 unknown, 1 or another one of the failing command else.
HELP
}

refuse() {
  printf 'pipeline.sh: %s\n' "$1" >&2
  exit 1
}

# prepare: npm ci prefers npm-shrinkwrap.json to package-lock.json; Node.js finds packages in build/node_modules before node_modules, and
# a plan in pipeline.out would be one that nobody planned. .gitignore has them, git add -f does not mind.
prepare() {
  tracked=$(git ls-files -z | tr '\0' '\n' | grep -E '(^|/)node_modules(/|$)|^build(/|$)|^npm-shrinkwrap\.json$|^[^/]*\.out(/|$)') || true
  [ -z "$tracked" ] || refuse "git tracks files that would run or be planned unseen; remove them with git rm -r --cached:
$tracked"
  git clean -ffdx --quiet
}

# clean: a saved plan and a state hold the secret access key, and a state that could not be written is the only record of what exists.
# The plain text of the state goes only once it is encrypted. Nothing removes the plan after kill -9: the last step runs this again.
clean() {
  rm -f "$folder/plan"
  [ -f "$folder/errored.tfstate" ] || return 0
  [ -n "${PLAN_CERTIFICATE-}" ] ||
    refuse "$folder/errored.tfstate: Terraform could not write the state; PLAN_CERTIFICATE is not set, so it stays there in plaintext; push it before you apply again: $docs/pipelines.md"
  mkdir -p pipeline.out
  openssl cms -encrypt -binary -outform DER -aes-256-gcm -in "$folder/errored.tfstate" -out pipeline.out/errored.tfstate.part "$PLAN_CERTIFICATE"
  mv pipeline.out/errored.tfstate.part pipeline.out/errored.tfstate.cms
  rm -f "$folder/errored.tfstate"
  echo "pipeline.sh: Terraform could not write the state; pipeline.out/errored.tfstate.cms has it, encrypted; push it before you apply again: $docs/pipelines.md" >&2
}

# cleanly: cleans when the script ends, also by a signal. That ends Terraform first, which then writes the state and releases the lock.
child=
signalled=
cleanly() {
  trap 'clean' EXIT
  trap 'interrupt' HUP INT TERM
}

interrupt() {
  [ -n "$child" ] || exit 1
  # At a second signal Terraform would abandon its work.
  if [ -z "$signalled" ] && [ "${FORWARD_SIGNALS-true}" = true ]; then
    kill -s INT "$child" 2>/dev/null || true
  fi
  signalled=true
}

# tf ARGUMENT...: Terraform in the background, since a shell handles signals only between foreground commands. In a session of its own
# where there is setsid, so that Ctrl-C in a terminal does not reach it a second time.
session=$(command -v setsid || true)
terraform=${TERRAFORM_BINARY_NAME:-terraform}
tf() {
  $session "$terraform" -chdir="$folder" "$@" &
  child=$!
  while :; do
    status=0
    wait "$child" || status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  child=
  [ -z "$signalled" ] || exit 1
  return "$status"
}

# digest: the SHA-256 of the standard input. sha256sum is not on every system, openssl is required anyway.
digest() {
  openssl dgst -sha256 -r | cut -d ' ' -f 1
}

# reviewed: the review pack in this commit is complete and its digest is that of its Terraform JSON.
reviewed() {
  [ -f "$pack/main.tf.json" ] ||
    refuse "\"$stack\": there is no $pack/main.tf.json; name a deployment, or run npx dkp-access review $stack and commit the result"
  [ -f "$pack/main.tf.json.sha256" ] && [ "$(cut -d ' ' -f 1 "$pack/main.tf.json.sha256")" = "$(digest <"$pack/main.tf.json")" ] ||
    refuse "$pack/main.tf.json.sha256: missing, or not the digest of main.tf.json, so the review pack is stale; run npx dkp-access review $stack, review the result and commit it"
  grep -q '^    "\(backend\|cloud\)": {' "$pack/main.tf.json" ||
    refuse "\"$stack\": its state is on a local disk, which another job does not have; set another backend"
}

# init: in an empty folder, with the reviewed configuration and the committed provider lock, and nothing else that Terraform would read.
init() {
  reviewed
  [ -f "$lock" ] || refuse "$lock: missing; create it and commit it:
  npm run synth && $terraform -chdir=$folder providers lock -platform=linux_amd64
  mkdir -p locks && cp $folder/.terraform.lock.hcl $lock"
  [ ! -f "$folder/errored.tfstate" ] || refuse "$folder/errored.tfstate: may be the only record of what exists; push it first: $docs/pipelines.md"
  rm -rf "$folder"
  mkdir -p "$folder"
  cleanly
  cp "$pack/main.tf.json" "$folder/cdk.tf.json"
  [ ! -f "$pack/moved.tf" ] || cp "$pack/moved.tf" "$folder/moved.tf"
  cp "$lock" "$folder/.terraform.lock.hcl"
  # -reconfigure: a data folder outside the stack's folder (TF_DATA_DIR) may be that of another stack.
  tf init -input=false -reconfigure -lockfile=readonly
}

# same_configuration: a saved plan is a zip archive that contains the configuration it plans.
same_configuration() {
  command -v unzip >/dev/null || refuse "unzip is not on the PATH; install it: apply reads the configuration in the saved plan"
  moved=
  [ ! -f "$pack/moved.tf" ] || moved=tfconfig/m-/moved.tf
  files=$(unzip -Z1 "$folder/plan" 'tfconfig/m*' | sort)
  if ! {
    [ "$files" = "$(printf '%s\n' tfconfig/m-/cdk.tf.json $moved tfconfig/modules.json)" ] &&
      [ "$(unzip -p "$folder/plan" tfconfig/m-/cdk.tf.json | digest)" = "$(digest <"$pack/main.tf.json")" ] &&
      { [ -z "$moved" ] || [ "$(unzip -p "$folder/plan" tfconfig/m-/moved.tf | digest)" = "$(digest <"$pack/moved.tf")" ]; }
  }; then
    refuse "$stack: the saved plan is of another configuration than $pack/main.tf.json in this commit, which was reviewed; nothing is applied; plan this commit again"
  fi
}

# plan: saves a plan, and sets changes to true or false. Without lock, so that a role that can only read will do:
# Terraform refuses to apply a plan of a state that has changed since.
plan() {
  changes=false
  tf plan -input=false -lock=false -detailed-exitcode -out=plan || {
    [ $? -eq 2 ] || exit 1
    changes=true
  }
}

# words ARGUMENT...: what diff reports about a change, and sets verdict if that is worse than what it was.
verdict=0
words() {
  status=0
  npm run --silent diff -- "$@" --format markdown || status=$?
  case $status in
    0 | 2 | 3) ;;
    *) exit "$status" ;;
  esac
  if [ "$status" -gt "$verdict" ]; then
    verdict=$status
  fi
}

# json_array: of the lines of the standard input, which are names of stacks.
json_array() {
  printf '[%s]' "$(sed 's/.*/"&"/' | paste -s -d , -)"
}

# stacks_of_paths: the stack that each path belongs to, if a change of the file requires a plan.
stacks_of_paths() {
  sed -n \
    -e 's|^review/\([a-z0-9-]*\)/main\.tf\.json$|\1|p' \
    -e 's|^deployments/\([a-z0-9-]*\)\.ya\{0,1\}ml$|\1|p' \
    -e 's|^locks/\([a-z0-9-]*\)\.terraform\.lock\.hcl$|\1|p' | sort -u
}

# destinations: the parts of a Terraform JSON that say where Terraform sends the state and the credentials. The provider has the tags too.
destinations() {
  sed -n -e '/^        "default_tags": \[/,/^        \]/d' -e 's/,$//' -e '/^  "provider"/,/^  []}]/p' -e '/^  "terraform"/,/^  []}]/p'
}

# redirected STACK BASE: whether they differ from those in a commit, or it has none.
redirected() {
  case $2 in
    *[!0]*) ;;
    *) [ -n "$2" ] && return ;; # a new branch
  esac
  [ -n "$2" ] && [ "$(git show "$2:./review/$1/main.tf.json" 2>/dev/null | destinations)" != "$(destinations <"review/$1/main.tf.json")" ]
}

# candidates BASE: the stacks of which something differs from a commit. All of them if there is no such commit: one plan too many
# changes nothing, one that is missing leaves a change unapplied.
candidates() {
  case $1 in
    *[!0]*) ;;
    *) git ls-files review | stacks_of_paths && return ;;
  esac
  if git rev-parse --verify --quiet "$1^{commit}" >/dev/null; then
    git diff --relative --no-renames --name-only "$1" HEAD -- review deployments locks | stacks_of_paths
  else
    echo "pipeline.sh: git has no commit $1 here, so all deployments count as changed; if it exists, fetch the whole history" >&2
    git ls-files review | stacks_of_paths
  fi
}

# changed BASE
changed() {
  all=$(candidates "$1")
  changed=
  elsewhere=
  deleted=
  for stack in $all; do
    if git cat-file -e "HEAD:./review/$stack/main.tf.json" 2>/dev/null; then
      changed="$changed$stack
"
      ! redirected "$stack" "$1" || elsewhere="$elsewhere$stack
"
    elif git cat-file -e "$1:./review/$stack/main.tf.json" 2>/dev/null; then
      deleted="$deleted$stack
"
    fi
  done
  mkdir -p pipeline.out
  {
    printf 'CHANGED=%s\n' "$(printf %s "$changed" | json_array)"
    printf 'REDIRECTED=%s\n' "$(printf %s "$elsewhere" | json_array)"
    printf 'DELETED=%s\n' "$(printf %s "$deleted" | json_array)"
  } >pipeline.out/changed.env
  printf %s "$changed" | sed 's/^/changed /'
  printf %s "$elsewhere" | sed 's/^/redirected /'
  printf %s "$deleted" | sed 's/^/deleted /'
  rm -f pipeline.out/review.md
  [ -z "$deleted" ] || deletions >pipeline.out/review.md
}

# deletions: a removed settings file destroys nothing.
deletions() {
  # shellcheck disable=SC2016 # backquotes of Markdown
  {
    printf '<!-- dkp-access deleted -->\n## Deleted deployments\n\n'
    printf %s "$deleted" | sed 's/.*/- `&`/'
    printf '\n**Nothing is planned or destroyed for them: the user, its keys and its permissions stay in AWS, and the state stays in its backend.** To destroy them, do it before this change is merged: %s/change-and-retire.md.\n' "$docs"
  }
}

usage() {
  refuse "wrong number of arguments; --help lists them"
}

case ${1-} in
  --help | -h)
    help
    exit 0
    ;;
  prepare)
    [ $# -eq 1 ] || usage
    prepare
    exit
    ;;
  synth)
    [ $# -eq 1 ] || usage
    npm run --silent synth
    npm run --silent review -- --check
    exit
    ;;
  changed)
    [ $# -le 2 ] || usage
    changed "${2-}"
    exit
    ;;
esac
[ $# -eq 2 ] || usage
stack=$2
case $stack in
  '' | *[!a-z0-9-]*) refuse "\"$stack\": not the name of a stack; name a file of deployments/ without its ending" ;;
esac
folder=${CDKTF_OUTDIR:-cdktf.out}/stacks/$stack
pack=review/$stack
lock=locks/$stack.terraform.lock.hcl
umask 077

case $1 in
  plan)
    reviewed
    if [ "${REDIRECTED-}" != approved ] && redirected "$stack" "${BASE-}"; then
      echo "pipeline.sh: \"$stack\": backend, cloud or provider differs from $BASE, so a plan would send credentials elsewhere; plan it in the job that waits for a reviewer: $docs/pipelines.md" >&2
      exit 3
    fi
    init
    mkdir -p pipeline.out
    plan
    # shellcheck disable=SC2016 # backquotes of Markdown
    {
      printf '<!-- dkp-access %s -->\n## Plan of `%s`\n\n' "$stack" "$stack"
      words "$stack" --plan "$folder/plan"
      if [ -n "${AGAINST-}" ]; then
        printf '\n### Review pack\n\n'
        words "$stack" --against "$AGAINST"
      fi
      case $verdict in
        2) printf '\n**Permissions are broadened: a second reviewer is required.**\n' ;;
        3) printf '\n**Breaking change to objects that a live cluster depends on: a second reviewer is required.**\n' ;;
      esac
    } >pipeline.out/review.md
    printf 'VERDICT=%s\nCHANGES=%s\n' "$verdict" "$changes" >pipeline.out/verdict.env
    if [ -n "${PLAN_CERTIFICATE-}" ]; then
      openssl cms -encrypt -binary -outform DER -aes-256-gcm -in "$folder/plan" -out pipeline.out/plan.cms "$PLAN_CERTIFICATE"
    fi
    cat pipeline.out/review.md
    ;;
  apply)
    [ -n "${PLAN_KEY-}" ] || refuse "PLAN_KEY: not set; it names the file with the key that belongs to the certificate"
    init
    openssl cms -decrypt -binary -inform DER -inkey "$PLAN_KEY" -in pipeline.out/plan.cms -out "$folder/plan"
    same_configuration
    tf apply -input=false -lock-timeout=10m plan
    ;;
  drift)
    init
    plan
    if [ "$changes" = true ]; then
      words "$stack" --plan "$folder/plan"
      exit 2
    fi
    ;;
  unmanaged)
    init
    npm run --silent dkp-access -- drift "$stack"
    ;;
  clean)
    clean
    ;;
  *)
    refuse "\"$1\": unknown command; there are prepare, synth, changed, plan, apply, drift, unmanaged and clean"
    ;;
esac
