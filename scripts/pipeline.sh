#!/bin/sh
# The steps of a pipeline, the same in every CI system. `--help` describes them, docs/how-to/pipelines.md gives the reasons.
set -eu
package=$(dirname "$(dirname "$0")")
docs=$package/docs/how-to
terraform=${TERRAFORM_BINARY_NAME:-terraform}
stacks=${CDKTF_OUTDIR:-cdktf.out}/stacks

help() {
  cat <<'HELP'
Usage: sh node_modules/dkp-access/scripts/pipeline.sh STEP, in the folder of the repository, after npm ci

  changed [BASE [STACK]]
                      fails when settings are invalid, a review pack is stale, or a provider lock is missing. Requires no credentials.
                      Prints "changed STACK" for each deployment whose review pack (main.tf.json and deployment.json), settings, defaults or
                      provider lock differ from the git commit BASE, for all without BASE, or only for STACK; "redirected STACK" as
                      well, if its backend, cloud or provider differs: plan it only after a reviewer has approved, because terraform
                      init sends the job's credentials to the backend; "deleted STACK" for each review pack that only BASE has.
                      Writes CHANGED, REDIRECTED, and ROTATED (accessKeys.managedBy: rotate), JSON arrays, into pipeline.out/changed.env, and what happens to deleted
                      deployments into pipeline.out/review.md
  gitlab EVENT [BASE] the same, and writes GitLab's jobs for these deployments into pipeline.out/child.yml
  plan STACK [BASE]   plans without locking the state, and writes into pipeline.out the change summary review.md, and plan.env with
                      VERDICT=0, 2 (requires attention) or 3 (breaking) and DIGEST, empty if there is nothing to apply. With the git commit
                      BASE it adds how the review pack differs from the one there, because a plan does not show the settings that
                      change no resource, such as accountId. The worse verdict counts
  summary FOLDER CHANGED
                      reads FOLDER/review-STACK/plan.env of each stack of CHANGED, a JSON array, and writes the worst VERDICT, and APPLY, a
                      JSON array of stacks and digests, into pipeline.out/summary.env. A file that is missing is an error
  drift STACK         plans, and reports what exists in AWS outside the state: exit code 2 for each difference, 3 as in plan or if
                      something cannot be read
  rotate STACK        does the next step of a rotation in the cluster of the context STACK of the kubeconfig, without core dumps
  keep STACK          last in each job that applies, whatever happened: tries again to write a state that Terraform could not write

What applies is the program itself, so that a signal reaches it: dkp-access apply STACK --approved DIGEST --accept VERDICT.
TERRAFORM_BINARY_NAME names another program than terraform.
HELP
}

refuse() {
  printf 'pipeline.sh: %s\n' "$1" >&2
  exit 1
}

# dkp_access COMMAND...: runs the program, and keeps the worst verdict. Only exit codes that have a meaning continue.
verdict=0
dkp_access() {
  status=0
  node "$package/bin/dkp-access" "$@" || status=$?
  case $status in 0 | 2 | 3) ;; *) exit "$status" ;; esac
  [ "$status" -le "$verdict" ] || verdict=$status
}

# packs_at COMMIT: the deployments that had a review pack there. lines FORMAT LIST, array NAME LIST
packs_at() { git ls-tree -r --name-only "$1" review/ 2>/dev/null | sed -n 's|^review/\([a-z0-9-]*\)/main\.tf\.json$|\1|p'; }
lines() { printf '%s\n' "$2" | sed -n "s/..*/$1/p"; }
array() { printf '%s=[%s]\n' "$1" "$(lines '"&"' "$2" | paste -s -d , -)"; }

# The parts of a Terraform JSON that say where Terraform sends the state and the credentials. The provider has the tags too.
destinations() {
  sed -n -e '/^        "default_tags": \[/,/^        \]/d' -e 's/,$//' -e '/^  "provider"/,/^  []}]/p' -e '/^  "terraform"/,/^  []}]/p'
}

# redirected STACK BASE: whether they differ from those in a commit, or it has none.
redirected() {
  [ -n "$2" ] && [ "$(git show "$2:./review/$1/main.tf.json" 2>/dev/null | destinations)" != "$(destinations <"review/$1/main.tf.json")" ]
}

# ready STACK...: what another job needs. A state on a local disk is not there.
ready() {
  missing=
  for name; do
    grep -q '^    "\(backend\|cloud\)": {' "review/$name/main.tf.json" || refuse "$name: its state is on a local disk, which another job does not have; set another backend"
    [ -f "locks/$name.terraform.lock.hcl" ] || missing="$missing
  $terraform -chdir=$stacks/$name providers lock -platform=linux_amd64 && cp $stacks/$name/.terraform.lock.hcl locks/$name.terraform.lock.hcl"
  done
  [ -z "$missing" ] || refuse "provider locks are missing; create and commit them:
  npx dkp-access synth && mkdir -p locks$missing"
}

# deployments: their names, which the program alone knows. What it reads elsewhere would change without a plan.
deployments() {
  [ -z "${CDKTF_CONTEXT_JSON-}" ] || refuse "CDKTF_CONTEXT_JSON: is set, and a pipeline reads no other folder of settings than deployments; unset it"
  all=$(node "$package/bin/dkp-access" review --check)
  for name in $all; do
    git ls-tree HEAD "deployments/$name.yaml" | grep -q ^100 ||
      refuse "deployments/$name.yaml: is no file of the commit, and a pipeline reads no other settings; commit it, in a folder that is no link"
  done
}

# changed BASE STACK: without such a commit git diff fails, and all count as changed. One plan too many changes nothing.
changed() {
  deployments
  [ -z "$1" ] || git rev-parse --verify --quiet "$1^{commit}" >/dev/null ||
    echo "pipeline.sh: git has no commit $1 here, so all deployments count as changed; if it exists, fetch the whole history" >&2
  [ -z "$2" ] || printf '%s\n' "$all" | grep -qxF "$2" || refuse "there is no deployment $2"
  changed=$2
  [ -n "$2" ] || changed=$(for name in $all; do
    git diff --quiet "$1" HEAD -- "review/$name/main.tf.json" "deployments/$name.yaml" deployments/defaults.yaml \
      "review/$name/deployment.json" "locks/$name.terraform.lock.hcl" 2>/dev/null || echo "$name"
  done)
  # shellcheck disable=SC2086 # names of stacks
  ready $changed
  elsewhere=$(for name in $changed; do ! redirected "$name" "$1" || echo "$name"; done)
  rotated=$(for name in $changed; do ! grep -qs '"managedBy": "rotate"' "review/$name/deployment.json" || echo "$name"; done)
  deleted=$(packs_at "$1" | grep -vxF "$all") || true
  mkdir -p pipeline.out
  { array CHANGED "$changed" && array REDIRECTED "$elsewhere" && array ROTATED "$rotated"; } >pipeline.out/changed.env
  lines 'changed &' "$changed"
  lines 'redirected &' "$elsewhere"
  lines 'deleted &' "$deleted"
  rm -f pipeline.out/review.md
  # shellcheck disable=SC2016 # backquotes of Markdown
  [ -z "$deleted" ] || printf '<!-- dkp-access deleted -->\n## Deleted deployments\n\n%s\n\n%s\n' "$(lines '- `&`' "$deleted")" \
    "**Nothing is planned or destroyed for them: the user, its keys and its permissions stay in AWS, and the state stays in its backend.** To destroy them, do it before this change is merged: $docs/change-and-retire.md." >pipeline.out/review.md
}

# gitlab EVENT BASE: jobs that extend those of .gitlab-ci.yml.
gitlab() {
  base=$2 first=plan later="apply apply-attention" manual=''
  case $1 in
    merge_request_event) later="comment second-reviewer" ;;
    schedule) base='' first=drift later='' ;;
    web) base='' manual=', rules: [{ when: manual, allow_failure: true }]' ;; # "New pipeline": somebody chooses a deployment
  esac
  changed "$base" ""
  {
    echo "include: { local: .gitlab-ci.yml }"
    echo "nothing more: { stage: plan, script: [echo done], rules: [{ when: on_success }] }" # a pipeline needs a job
    for name in $changed; do
      # terraform init sends the credentials to the backend: a new one waits for a reviewer.
      waits=$manual
      ! printf '%s\n' "$elsewhere" | grep -qx "$name" ||
        waits=', environment: { name: dkp-access-second-reviewer, deployment_tier: other }, rules: [{ when: manual }]'
      echo "$first $name: { extends: .$first, variables: { STACK: $name, BASE: \"$base\" }, needs: []$waits }"
      [ "$1" != schedule ] || ! printf '%s\n' "$rotated" | grep -qx "$name" ||
        echo "rotate $name: { extends: .rotate, variables: { STACK: $name }, needs: [] }"
      for job in $later; do echo "$job $name: { extends: .$job, variables: { STACK: $name }, needs: [$first $name] }"; done
    done
  } >pipeline.out/child.yml
}

# plan STACK BASE
plan() {
  mkdir -p pipeline.out
  rm -f pipeline.out/plan.env
  # shellcheck disable=SC2016 # backquotes of Markdown
  {
    printf '<!-- dkp-access %s -->\n## Plan of `%s`\n\n' "$1" "$1"
    dkp_access plan "$1" --no-lock --digest-file pipeline.out/digest --format markdown
    case $2 in *[!0]*) # zeros stand for no commit
      printf '\n### Review pack\n\n'
      dkp_access diff "$1" --against "$2" --format markdown
      ;;
    esac
    finding='requires attention'
    [ "$verdict" != 3 ] || finding='breaks something or cannot be verified'
    [ "$verdict" = 0 ] || printf '\n**This change %s: a second reviewer is required.**\n' "$finding"
  } >pipeline.out/review.md
  cat pipeline.out/review.md
  printf 'VERDICT=%s\nDIGEST=%s\n' "$verdict" "$(cat pipeline.out/digest 2>/dev/null)" >pipeline.out/plan.env
}

# summary FOLDER CHANGED
summary() {
  apply=
  for name in $(printf '%s' "$2" | tr -c 'a-z0-9-' ' '); do
    file=$1/review-$name/plan.env
    [ -f "$file" ] || refuse "$file: is missing, so that the plan of $name has no verdict"
    found=$(sed -n 's/^VERDICT=//p' "$file") digest=$(sed -n 's/^DIGEST=//p' "$file")
    case $found,$digest in
      *[!0-9a-f,]* | *,*,*) refuse "$file: not the verdict and the digest of a plan" ;;
      [023],*) ;;
      *) refuse "$file: has no verdict" ;;
    esac
    [ "$found" -le "$verdict" ] || verdict=$found
    [ -z "$digest" ] || apply="$apply,{\"stack\":\"$name\",\"digest\":\"$digest\"}"
  done
  mkdir -p pipeline.out
  printf 'VERDICT=%s\nAPPLY=[%s]\n' "$verdict" "${apply#,}" >pipeline.out/summary.env
}

drift() {
  mkdir -p pipeline.out
  dkp_access plan "$1" --no-lock --digest-file pipeline.out/digest
  [ "$verdict" != 0 ] || [ ! -f pipeline.out/digest ] || verdict=2
  dkp_access drift "$1"
  exit "$verdict"
}

rotate() {
  # shellcheck disable=SC3045 # dash has it
  ulimit -c 0
  exec node "$package/bin/dkp-access" rotate "$1" --cluster --context "$1" --yes
}

# A state that could not be written is the only record of what exists.
keep() {
  folder=$stacks/$1
  [ -f "$folder/errored.tfstate" ] || return 0
  "$terraform" -chdir="$folder" state push errored.tfstate ||
    refuse "Terraform could not write the state, and it is not kept beyond this job; npx dkp-access keys $1 shows what it lacks: $docs/recover.md"
  rm "$folder/errored.tfstate"
}

umask 077
case ${1-}/$# in
  --help/* | -h/*) help ;;
  changed/[1-3]) changed "${2-}" "${3-}" ;;
  gitlab/2 | gitlab/3) gitlab "$2" "${3-}" ;;
  plan/2 | plan/3) plan "$2" "${3-}" ;;
  summary/3) summary "$2" "$3" ;;
  drift/2 | keep/2 | rotate/2) "$1" "$2" ;;
  *) refuse "unknown step, or wrong number of arguments; --help lists them" ;;
esac
