#!/bin/sh
# What a pipeline does with one deployment, the same in every CI system. `sh scripts/pipeline.sh --help` tells how; docs/pipelines.md, why.
set -eu
cd "$(dirname "$0")/.."

help() {
  cat <<'HELP'
Usage: sh scripts/pipeline.sh plan|apply|drift STACK     after npm ci

  plan   plans without taking the state's lock, and writes into pipeline.out/
           review.md     the changes in words
           verdict.env   VERDICT=0, 2 (permissions grow) or 3 (dangerous), CHANGES=true or false
           plan.cms      the saved plan, encrypted for the certificate in the file PLAN_CERTIFICATE; without that there is none
         AGAINST, a git commit, adds how the review pack differs from the one there. Fails when the review pack is stale
  apply  decrypts pipeline.out/plan.cms with the key in the file PLAN_KEY and applies just that
  drift  plans and changes nothing: exit code 2 when AWS and the settings differ, with the changes in words

Exit code: 0 done, 2 drift, 1 or another one of the failing command else.
HELP
}

refuse() {
  printf 'pipeline.sh: %s\n' "$1" >&2
  exit 1
}

# A saved plan holds the secret access key: it never outlives the job, whatever happens.
prepare() {
  npm run --silent synth
  [ -d "$folder" ] || refuse "\"$stack\": there is no such stack; name a file of deployments/ without its ending"
  trap 'rm -f "$folder/plan"' EXIT
  trap 'exit 1' HUP INT TERM
  terraform -chdir="$folder" init -input=false -lockfile=readonly
}

# plan: saves a plan, and sets changes to true or false. Without lock, so that a role that can only read will do:
# Terraform refuses to apply a plan of a state that has changed since.
plan() {
  changes=false
  terraform -chdir="$folder" plan -input=false -lock=false -detailed-exitcode -out=plan || {
    [ $? -eq 2 ] || exit 1
    changes=true
  }
}

# words ARGUMENT...: what review says of a change, and sets verdict if that is worse than what it was.
verdict=0
words() {
  status=0
  npm run --silent review -- "$@" --format markdown || status=$?
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
[ $# -eq 2 ] || refuse "wrong number of arguments; --help tells them"
stack=$2
folder=cdktf.out/stacks/$stack
umask 077

case $1 in
  plan)
    npm run --silent review -- --check
    prepare
    mkdir -p pipeline.out
    plan
    # shellcheck disable=SC2016 # backquotes of Markdown
    {
      printf '<!-- dkp-access %s -->\n## Plan of `%s`\n\n' "$stack" "$stack"
      words --plan "$folder/plan" --stack "$stack"
      if [ -n "${AGAINST-}" ]; then
        printf '\n### Review pack\n\n'
        words --against "$AGAINST"
      fi
      case $verdict in
        2) printf '\n**Permissions grow: this needs a second reviewer.**\n' ;;
        3) printf '\n**This replaces or deletes what a live cluster depends on: it needs a second reviewer.**\n' ;;
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
    prepare
    openssl cms -decrypt -binary -inform DER -inkey "$PLAN_KEY" -in pipeline.out/plan.cms -out "$folder/plan"
    terraform -chdir="$folder" apply -input=false plan
    ;;
  drift)
    prepare
    plan
    if [ "$changes" = true ]; then
      words --plan "$folder/plan" --stack "$stack"
      exit 2
    fi
    ;;
  *)
    refuse "\"$1\": unknown command; there are plan, apply and drift"
    ;;
esac
