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

  prepare    deletes what git does not track, except the saved plan of an earlier job, and fails when git tracks what would run or be
             planned unseen. First in each job, before npm ci
  synth      validates all settings, and fails when a review pack is stale. Requires no credentials
  changed    prints "changed STACK" for each deployment whose Terraform JSON (review/STACK/main.tf.json), settings or provider lock
             differ from the git commit BASE, or for all without BASE; "redirected STACK" as well, if its backend, cloud or provider
             differs; "deleted STACK" for each settings file that only BASE has. Writes CHANGED, REDIRECTED and DELETED, JSON arrays, into
             pipeline.out/changed.env, and what happens to deleted deployments into pipeline.out/review.md
  plan       plans review/STACK/main.tf.json without locking the state, and writes into pipeline.out/ the change summary review.md;
             verdict.env with VERDICT=0, 2 (permissions are broadened) or 3 (breaking change) and CHANGES=true or false; if there are
             changes, the plan plan.cms, encrypted for the certificate in the file PLAN_CERTIFICATE, if that is set
             AGAINST, a git commit, adds how the review pack differs from the one there
             BASE, a git commit: a redirected deployment is not planned, exit code 3, because terraform init sends the job's credentials
             to the backend. REDIRECTED=approved plans it: set that only in a job that waits for a reviewer
  apply      decrypts pipeline.out/plan.cms with the key in the file PLAN_KEY and applies just that, if dkp-access diff --verify finds it
             to be a plan of the settings of this commit, of their backend and of the state there, and the review pack is theirs. The
             program receives neither the key nor the credentials of AWS. A state that could not be written is kept, encrypted for
             PLAN_CERTIFICATE, as pipeline.out/errored.tfstate.cms
  drift      plans and changes nothing: exit code 2 when AWS and the settings differ, and 3 as in plan
  unmanaged  reports what exists in AWS outside the state (dkp-access drift): exit code 2, or 3 if something cannot be read
  clean      removes the saved plan, and encrypts a state that could not be written. Last in each job, whatever happened

apply forwards SIGINT, SIGTERM and SIGHUP to Terraform once, as SIGINT. FORWARD_SIGNALS=false: the CI system signals every process
itself, and Terraform would abandon its work at the second signal. TERRAFORM_BINARY_NAME names another program than terraform.
HELP
}

refuse() {
  printf 'pipeline.sh: %s\n' "$1" >&2
  exit 1
}

# npm ci prefers npm-shrinkwrap.json to package-lock.json; Node.js finds packages in build/node_modules before node_modules, and a plan in
# pipeline.out would be one that nobody planned. .gitignore has them, git add -f does not mind.
prepare() {
  tracked=$(git ls-files -z | tr '\0' '\n' | grep -E '(^|/)node_modules(/|$)|^build(/|$)|^npm-shrinkwrap\.json$|^[^/]*\.out(/|$)') || true
  [ -z "$tracked" ] || refuse "git tracks files that would run or be planned unseen; remove them with git rm -r --cached:
$tracked"
  git clean -ffdx --quiet --exclude=/pipeline.out/plan.cms
}

# stacks COMMIT, lines FORMAT LIST, array NAME LIST
stacks() { git ls-tree --name-only "$1" deployments/ 2>/dev/null | sed -n 's|^deployments/\([a-z0-9-]*\)\.yaml$|\1|p'; }
lines() { printf '%s\n' "$2" | sed -n "s/..*/$1/p"; }
array() { printf '%s=[%s]\n' "$1" "$(lines '"&"' "$2" | paste -s -d , -)"; }

# The parts of a Terraform JSON that say where Terraform sends the state and the credentials. The provider has the tags too.
destinations() {
  sed -n -e '/^        "default_tags": \[/,/^        \]/d' -e 's/,$//' -e '/^  "provider"/,/^  []}]/p' -e '/^  "terraform"/,/^  []}]/p'
}

# redirected STACK BASE: whether they differ from those in a commit, or it has none.
redirected() {
  [ -n "$2" ] && [ "$(git show "$2:./review/$1/main.tf.json" 2>/dev/null | destinations)" != "$(cat "review/$1/main.tf.json" 2>/dev/null | destinations)" ]
}

# changed BASE: without such a commit git diff fails, and all count as changed. One plan too many changes nothing.
changed() {
  [ -z "$1" ] || git rev-parse --verify --quiet "$1^{commit}" >/dev/null ||
    echo "pipeline.sh: git has no commit $1 here, so all deployments count as changed; if it exists, fetch the whole history" >&2
  all=$(stacks HEAD)
  changed=$(for name in $all; do
    git diff --quiet "$1" HEAD -- "review/$name/main.tf.json" "deployments/$name.yaml" "locks/$name.terraform.lock.hcl" 2>/dev/null || echo "$name"
  done)
  elsewhere=$(for name in $changed; do ! redirected "$name" "$1" || echo "$name"; done)
  deleted=$(stacks "$1" | grep -vxF "$all") || true
  mkdir -p pipeline.out
  { array CHANGED "$changed" && array REDIRECTED "$elsewhere" && array DELETED "$deleted"; } >pipeline.out/changed.env
  lines 'changed &' "$changed"
  lines 'redirected &' "$elsewhere"
  lines 'deleted &' "$deleted"
  rm -f pipeline.out/review.md
  # shellcheck disable=SC2016 # backquotes of Markdown
  [ -z "$deleted" ] || printf '<!-- dkp-access deleted -->\n## Deleted deployments\n\n%s\n\n%s\n' "$(lines '- `&`' "$deleted")" \
    "**Nothing is planned or destroyed for them: the user, its keys and its permissions stay in AWS, and the state stays in its backend.** To destroy them, do it before this change is merged: $docs/change-and-retire.md." >pipeline.out/review.md
}

# encrypt FILE NAME: complete, or not there.
encrypt() {
  mkdir -p pipeline.out
  openssl cms -encrypt -binary -outform DER -aes-256-gcm -in "$1" -out "pipeline.out/part" "$PLAN_CERTIFICATE"
  mv pipeline.out/part "pipeline.out/$2"
}

# A saved plan and a state hold the secret access key, and a state that could not be written is the only record of what exists.
# Nothing removes the plan after kill -9: the last step of the job runs this again.
clean() {
  rm -f "$folder/plan" "$folder/state"
  [ -f "$folder/errored.tfstate" ] || return 0
  [ -n "${PLAN_CERTIFICATE-}" ] ||
    refuse "$folder/errored.tfstate: Terraform could not write the state; PLAN_CERTIFICATE is not set, so it stays there in plaintext; push it before you apply again: $docs/pipelines.md"
  encrypt "$folder/errored.tfstate" errored.tfstate.cms
  rm -f "$folder/errored.tfstate"
  echo "pipeline.sh: Terraform could not write the state; pipeline.out/errored.tfstate.cms has it, encrypted; push it before you apply again: $docs/pipelines.md" >&2
}

# SHA-256 of the standard input. sha256sum is not on every system, openssl is required anyway.
digest() { openssl dgst -sha256 -r | cut -d ' ' -f 1; }

# A folder with the reviewed configuration and the committed provider lock, and nothing else that Terraform would read.
reviewed() {
  [ -f "deployments/$stack.yaml" ] || refuse "\"$stack\": there is no deployments/$stack.yaml; name a deployment"
  [ -f "$pack" ] || refuse "\"$stack\": there is no $pack; run npx dkp-access review $stack and commit the result"
  [ -f "$pack.sha256" ] && [ "$(cut -d ' ' -f 1 "$pack.sha256")" = "$(digest <"$pack")" ] ||
    refuse "$pack.sha256: missing, or not the digest of main.tf.json, so the review pack is stale; run npx dkp-access review $stack, review the result and commit it"
  grep -q '^    "\(backend\|cloud\)": {' "$pack" || refuse "\"$stack\": its state is on a local disk, which another job does not have; set another backend"
  [ -f "$lock" ] || refuse "$lock: missing; create it and commit it:
  npm run synth && $terraform -chdir=$folder providers lock -platform=linux_amd64
  mkdir -p locks && cp $folder/.terraform.lock.hcl $lock"
  [ ! -f "$folder/errored.tfstate" ] || refuse "$folder/errored.tfstate: may be the only record of what exists; push it first: $docs/pipelines.md"
  rm -rf "$folder"
  mkdir -p "$folder"
  trap 'clean' EXIT
  trap 'interrupt' HUP INT TERM
  cp "$pack" "$folder/cdk.tf.json"
  [ ! -f "review/$stack/moved.tf" ] || cp "review/$stack/moved.tf" "$folder"
  cp "$lock" "$folder/.terraform.lock.hcl"
}

# -reconfigure: a data folder outside the stack's folder (TF_DATA_DIR) may be that of another stack.
init() {
  reviewed
  "$terraform" -chdir="$folder" init -input=false -reconfigure -lockfile=readonly
}

# Only the program reads the saved plan, and what it runs receives neither the credentials of the job nor the key.
verified() (
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE PLAN_KEY
  npm run --silent dkp-access -- review "$stack" --check && npm run --silent dkp-access -- diff "$stack" --plan "$folder/plan" --verify --state "$folder/state"
)

# At a signal, Terraform ends first: it writes the state and releases the lock. At a second signal it would abandon its work.
child=
signalled=
interrupt() {
  [ -n "$child" ] || exit 1
  [ -n "$signalled" ] || [ "${FORWARD_SIGNALS-true}" != true ] || kill -s INT "$child" 2>/dev/null || true
  signalled=true
}

# Terraform in the background, since a shell handles signals only between foreground commands. In a session of its own where there is
# setsid, so that Ctrl-C in a terminal does not reach it a second time.
apply() {
  $(command -v setsid || true) "$terraform" -chdir="$folder" apply -input=false -lock-timeout=10m plan &
  child=$!
  while kill -0 "$child" 2>/dev/null; do
    status=0
    wait "$child" || status=$?
  done
  [ -z "$signalled" ] || exit 1
  exit "$status"
}

# dkp_access COMMAND...: its summary, and the verdict if it is worse than what it was. Exit code 1 ends the script.
verdict=0
dkp_access() {
  status=0
  npm run --silent dkp-access -- "$@" --format markdown || status=$?
  case $status in 0 | 2 | 3) ;; *) exit "$status" ;; esac
  [ "$status" -le "$verdict" ] || verdict=$status
}

plan() {
  if [ "${REDIRECTED-}" != approved ] && redirected "$stack" "${BASE-}"; then
    echo "pipeline.sh: \"$stack\": backend, cloud or provider differs from $BASE, so a plan would send credentials elsewhere; plan it in the job that waits for a reviewer: $docs/pipelines.md" >&2
    exit 3
  fi
  reviewed
  mkdir -p pipeline.out
  rm -f pipeline.out/plan.cms
  # shellcheck disable=SC2016 # backquotes of Markdown
  {
    printf '<!-- dkp-access %s -->\n## Plan of `%s`\n\n' "$stack" "$stack"
    dkp_access plan "$stack" --no-synth --no-lock
    if [ -n "${AGAINST-}" ]; then
      printf '\n### Review pack\n\n'
      dkp_access diff "$stack" --against "$AGAINST"
    fi
    case $verdict in
      2) printf '\n**Permissions are broadened: a second reviewer is required.**\n' ;;
      3) printf '\n**Breaking change to objects that a live cluster depends on: a second reviewer is required.**\n' ;;
    esac
  } >pipeline.out/review.md
  cat pipeline.out/review.md
  changes=false
  [ ! -f "$folder/plan" ] || changes=true
  printf 'VERDICT=%s\nCHANGES=%s\n' "$verdict" "$changes" >pipeline.out/verdict.env
  [ "$changes" = false ] || [ -z "${PLAN_CERTIFICATE-}" ] || encrypt "$folder/plan" plan.cms
}

case ${1-}/$# in
  --help/* | -h/*) help && exit ;;
  prepare/1) prepare && exit ;;
  synth/1) npm run --silent synth && npm run --silent review -- --check && exit ;;
  changed/1 | changed/2) changed "${2-}" && exit ;;
  plan/2 | apply/2 | drift/2 | unmanaged/2 | clean/2) ;;
  *) refuse "unknown command, or wrong number of arguments; --help lists them" ;;
esac
stack=$2
case $stack in
  '' | *[!a-z0-9-]*) refuse "\"$stack\": not the name of a stack; name a file of deployments/ without its ending" ;;
esac
terraform=${TERRAFORM_BINARY_NAME:-terraform}
folder=${CDKTF_OUTDIR:-cdktf.out}/stacks/$stack
pack=review/$stack/main.tf.json
lock=locks/$stack.terraform.lock.hcl
umask 077

case $1 in
  plan) plan ;;
  apply)
    [ -n "${PLAN_KEY-}" ] || refuse "PLAN_KEY: not set; it names the file with the key that belongs to the certificate"
    [ -f pipeline.out/plan.cms ] || refuse "pipeline.out/plan.cms: missing; the plan had no changes, or its job was started without PLAN_CERTIFICATE"
    init
    openssl cms -decrypt -binary -inform DER -inkey "$PLAN_KEY" -in pipeline.out/plan.cms -out "$folder/plan"
    "$terraform" -chdir="$folder" state pull >"$folder/state"
    verified ||
      refuse "$stack: the saved plan is not verified to be of the reviewed configuration, its backend and its state; nothing is applied; plan this commit again"
    rm -f "$folder/state"
    apply
    ;;
  drift)
    reviewed
    dkp_access plan "$stack" --no-synth --no-lock
    [ "$verdict" != 0 ] || [ ! -f "$folder/plan" ] || verdict=2
    exit "$verdict"
    ;;
  unmanaged)
    init
    npm run --silent dkp-access -- drift "$stack"
    ;;
  clean) clean ;;
esac
