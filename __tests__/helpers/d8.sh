#!/bin/sh
# A stand-in of DKP's command d8 for one cluster, which is the folder of this script: a document of each Secret, objects, contexts,
# in failures/ what d8 prints for commands that begin with the name of the file, and in denied what the user may not do.
cd "$(dirname "$0")" || exit

command=
for argument; do
  case $argument in
  --context=*) ;;
  *) command="$command${command:+ }$argument" ;;
  esac
done

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

for failure in failures/*; do
  case $command in
  "${failure#failures/}"*)
    [ "$(cat "$failure")" != hangs ] || sleep 600
    fail "$(cat "$failure")"
    ;;
  esac
done

case $command in
"k config get-contexts "*) cat contexts ;;
"k auth can-i "*)
  ! grep -qxF "$4 $5" denied 2>/dev/null || {
    echo no
    exit 1
  }
  echo yes
  ;;
"system get "*) cat "$3" 2>/dev/null || fail "Error executing command: Error fetching secret: secrets \"d8-$3\" not found" ;;
"k get secret "*)
  document=${4#d8-}
  [ -e "$document" ] || fail "Error from server (NotFound): secrets \"$4\" not found"
  manager=kubectl-patch
  [ -e patched ] && [ ! "$document" -nt patched ] || manager=kubectl-client-side-apply
  fields='{"f:data":{".":{},"f:cloud-'$document'.yaml":{}}}'
  printf '{"metadata":{"managedFields":[{"manager":"%s","operation":"Update","time":"%s","fieldsV1":%s}]},"data":{"cloud-%s.yaml":"%s"}}' \
    $manager "$(date -u -r "$document" +%FT%TZ)" "$fields" "$document" "$(base64 -w 0 <"$document")"
  ;;
"k patch "*)
  document=provider-cluster-configuration
  values=$(grep -o '"value":"[^"]*"' /dev/stdin | cut -d '"' -f 4)
  [ "$(base64 -w 0 <$document)" = "${values%%
*}" ] || fail "The request is invalid"
  printf %s "${values##*
}" | base64 -d >$document
  touch patched
  ;;
*)
  kind=$3
  name=${4%%--*}
  cat "$kind${name:+-$name}" 2>/dev/null || fail "Error from server (NotFound): $kind \"$name\" not found"
  ;;
esac
