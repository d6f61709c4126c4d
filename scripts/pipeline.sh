#!/bin/sh
# The steps of a pipeline for one deployment, the same in every CI system. `sh scripts/pipeline.sh --help` describes them, docs/pipelines.md gives the reasons.
set -eu
cd "$(dirname "$0")/.."

help() {
  cat <<'HELP'
Usage: sh scripts/pipeline.sh synth|plan|apply|drift|unmanaged|clean STACK

  synth  empties the stack's output folder and synthesizes it. Run it first, after npm ci, and without credentials: it needs none.
         Fails when git tracks a file in the output folder, or the review pack is stale
  plan   plans without taking the state's lock, and writes into pipeline.out/
           review.md     the change summary
           verdict.env   VERDICT=0, 2 (permissions broadened) or 3 (breaking change), CHANGES=true or false
           plan.cms      the saved plan, encrypted for the certificate in the file PLAN_CERTIFICATE; without that there is none
         AGAINST, a git commit, adds how the review pack differs from the one there
  apply  decrypts pipeline.out/plan.cms with the key in the file PLAN_KEY and applies just that. Runs neither Node.js nor npm.
         A state that could not be written is kept, encrypted for PLAN_CERTIFICATE, as pipeline.out/errored.tfstate.cms
  drift  plans and changes nothing: exit code 2 and a change summary when AWS and the settings differ
  unmanaged
         reports what exists in AWS beside the state (dkp-access drift): exit code 2, or 3 if something cannot be read
  clean  removes the saved plan, and encrypts a state that could not be written. Run it last, whatever happened: the others do
         so themselves, but for kill -9

SIGINT, SIGTERM and SIGHUP are forwarded to Terraform once, as SIGINT. FORWARD_SIGNALS=false: the CI system signals every process
itself, and Terraform would abandon its work at the second signal.

Exit code: 0 done, 2 drift or unmanaged objects, 3 unknown, 1 or another one of the failing command else.
HELP
}

refuse() {
  printf 'pipeline.sh: %s\n' "$1" >&2
  exit 1
}

# clean: a saved plan and a state hold the secret access key, and a state that could not be written is the only record of what exists.
# The plain text of the state goes only once it is encrypted. Nothing removes the plan after kill -9: the last step runs this again.
clean() {
  rm -f "$folder/plan"
  [ -f "$folder/errored.tfstate" ] || return 0
  [ -n "${PLAN_CERTIFICATE-}" ] ||
    refuse "$folder/errored.tfstate: Terraform could not write the state; PLAN_CERTIFICATE is not set, so it stays there in plaintext; push it before you apply again: docs/pipelines.md"
  mkdir -p pipeline.out
  openssl cms -encrypt -binary -outform DER -aes-256-gcm -in "$folder/errored.tfstate" -out pipeline.out/errored.tfstate.part "$PLAN_CERTIFICATE"
  mv pipeline.out/errored.tfstate.part pipeline.out/errored.tfstate.cms
  rm -f "$folder/errored.tfstate"
  echo "pipeline.sh: Terraform could not write the state; pipeline.out/errored.tfstate.cms has it, encrypted; push it before you apply again: docs/pipelines.md" >&2
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
tf() {
  $session terraform -chdir="$folder" "$@" &
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

# init: with the committed provider lock and no other. What synth wrote may come from another job, without hidden files.
init() {
  [ -f "$folder/cdk.tf.json" ] || refuse "$folder: no synthesized stack; run first: sh scripts/pipeline.sh synth $stack"
  cleanly
  if [ -f "locks/$stack.terraform.lock.hcl" ]; then
    cp "locks/$stack.terraform.lock.hcl" "$folder/.terraform.lock.hcl"
  fi
  tf init -input=false -lockfile=readonly
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

case ${1-} in
  --help | -h)
    help
    exit 0
    ;;
esac
[ $# -eq 2 ] || refuse "wrong number of arguments; --help lists them"
stack=$2
case $stack in
  '' | *[!a-z0-9-]*) refuse "\"$stack\": not the name of a stack; name a file of deployments/ without its ending" ;;
esac
output=${CDKTF_OUTDIR:-cdktf.out}
folder=$output/stacks/$stack
umask 077

case $1 in
  synth)
    tracked=$(git ls-files -- "$output")
    [ -z "$tracked" ] || refuse "$output: git tracks files in it, and Terraform could apply them; run git rm -r --cached $output, and commit that
$tracked"
    [ ! -f "$folder/errored.tfstate" ] || refuse "$folder/errored.tfstate: may be the only record of what exists; push it first: docs/pipelines.md"
    rm -rf "$folder"
    npm run --silent synth
    [ -d "$folder" ] || refuse "\"$stack\": there is no such stack; name a file of deployments/ without its ending"
    npm run --silent review -- --check
    ;;
  plan)
    init
    mkdir -p pipeline.out
    plan
    # shellcheck disable=SC2016 # backquotes of Markdown
    {
      printf '<!-- dkp-access %s -->\n## Plan of `%s`\n\n' "$stack" "$stack"
      words "$stack" --plan "$folder/plan"
      if [ -n "${AGAINST-}" ]; then
        printf '\n### Review pack\n\n'
        words --against "$AGAINST"
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
    npm run --silent drift -- "$stack"
    ;;
  clean)
    clean
    ;;
  *)
    refuse "\"$1\": unknown command; there are synth, plan, apply, drift, unmanaged and clean"
    ;;
esac
