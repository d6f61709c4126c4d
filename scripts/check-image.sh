#!/bin/sh
# Checks an instance against what the DKP authorization page requires of its image: cloud-init and its services, one disk, x86_64.
# Requires a POSIX shell and the programs of every base system. Changes nothing. `sh check-image.sh --help` shows the options.
set -u

help() {
  cat <<'HELP'
Usage: sh check-image.sh [--json] [--root DIR]

Run it on an instance that was launched from the image and has booted. It checks that
  - cloud-init is installed
  - cloud-config.service, cloud-final.service and cloud-init.service run, which for these
    services is "active (exited)": they do their work once, at boot
  - the instance has exactly one disk; instance storage, which the instance type brings, does not count
  - the instance is x86_64

  --json      prints one JSON object: result, and checks with check, result, found and, where there is something to do, remedy
  --root DIR  checks the files below DIR instead of /, for example of a mounted image. Services can only be checked
              where systemd runs, and disks where DIR/sys exists, so that both are unknown for a mounted image

Exit code: 0 all checks passed, 1 a check failed, 2 wrong arguments, 3 no check failed, and a result is unknown.
HELP
}

as=text
root=
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h)
      help
      exit 0
      ;;
    --json) as=json ;;
    --root)
      if [ $# -lt 2 ] || [ ! -d "$2" ]; then
        printf 'check-image.sh: --root: "%s" is not a folder; name the folder to check\n' "${2-}" >&2
        exit 2
      fi
      root=${2%/}
      shift
      ;;
    *)
      printf 'check-image.sh: "%s": unknown argument; --help lists the known ones\n' "$1" >&2
      exit 2
      ;;
  esac
  shift
done

failures=0
unknowns=0
objects=

# json TEXT: TEXT as a JSON string. what is not printable ASCII becomes a space.
json() {
  printf '"%s"' "$(printf '%s\n' "$1" | LC_ALL=C tr -c '\040-\176\n' ' ' | tr '\n' ' ' | sed 's/ *$//; s/\\/\\\\/g; s/"/\\"/g')"
}

# report CHECK RESULT FOUND [REMEDY]: one line of the report. RESULT is ok, failed or unknown.
report() {
  case $2 in
    failed) failures=$((failures + 1)) ;;
    unknown) unknowns=$((unknowns + 1)) ;;
  esac
  if [ "$as" = json ]; then
    remedy=
    if [ $# -gt 3 ]; then
      remedy=",\"remedy\":$(json "$4")"
    fi
    objects="$objects${objects:+,}{\"check\":$(json "$1"),\"result\":$(json "$2"),\"found\":$(json "$3")$remedy}"
  else
    printf '%-8s%s: %s%s\n' "$2" "$1" "$3" "${4:+; $4}"
  fi
}

# package VERSION-COMMAND...: what a package manager reports about cloud-init; fails if the manager does not exist or does not know the package.
package() {
  command -v "$1" >/dev/null 2>&1 && version=$("$@" 2>/dev/null) && [ -n "$version" ]
}

# First the package databases, since the documentation requires the package; a cloud-init installed without one works as well.
check_package() {
  # shellcheck disable=SC2016 # dpkg-query's own variables
  if [ -d "$root/var/lib/dpkg" ] && package dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${db:Status-Status} ${Version}' cloud-init; then
    case $version in
      "installed "*)
        report cloud-init ok "package version ${version#installed }"
        return
        ;;
    esac
  elif [ -d "$root/var/lib/rpm" ] && package rpm --root "${root:-/}" -q --qf '%{VERSION}-%{RELEASE}' cloud-init; then
    report cloud-init ok "package version $version"
    return
  elif [ -d "$root/lib/apk/db" ] && package apk --root "${root:-/}" info -e cloud-init; then
    report cloud-init ok "package is installed"
    return
  fi
  for folder in /usr/bin /usr/local/bin /bin; do
    if [ -x "$root$folder/cloud-init" ]; then
      report cloud-init ok "$folder/cloud-init, not installed as a package"
      return
    fi
  done
  report cloud-init failed "not installed" "DKP sets up nodes through it; install the package cloud-init in the image"
}

# state UNIT: sets load, active and sub to what systemd reports. Fails if it reports nothing, as where systemd does not run.
state() {
  load=
  active=
  sub=
  properties=$(systemctl show -p LoadState -p ActiveState -p SubState "$1" 2>/dev/null) || return 1
  for property in $properties; do
    case $property in
      LoadState=*) load=${property#*=} ;;
      ActiveState=*) active=${property#*=} ;;
      SubState=*) sub=${property#*=} ;;
    esac
  done
  [ -n "$load" ] && [ -n "$active" ]
}

check_service() {
  if [ ! -d "$root/run/systemd/system" ]; then
    report "$1" unknown "systemd does not run here" "run this on an instance that was launched from the image"
    return
  fi
  unit=$1
  name=
  if state "$unit" && [ "$load" = not-found ] && [ "$unit" = cloud-init.service ]; then
    if state cloud-init-network.service && [ "$load" != not-found ]; then
      unit=cloud-init-network.service
      name=" as $unit, its name since cloud-init 24.3"
    else
      state "$unit"
    fi
  fi
  case $load,$active in
    ,*)
      report "$1" unknown "systemd does not respond" "check the output of \"systemctl show $unit\", and run this again"
      ;;
    not-found,*)
      report "$1" failed "there is no such service" "it comes with cloud-init: install the whole package in the image"
      ;;
    masked,*)
      report "$1" failed "masked$name, must run" "run \"systemctl unmask $unit\" in the image"
      ;;
    *,active)
      report "$1" ok "$active ($sub)$name"
      ;;
    *,activating | *,reloading)
      report "$1" unknown "$active ($sub)$name" "still booting: wait with \"cloud-init status --wait\", and run this again"
      ;;
    *,failed)
      report "$1" failed "failed$name, must run" "\"journalctl -u $unit\" shows why"
      ;;
    *)
      report "$1" failed "$active ($sub)$name, must run" \
        "run \"systemctl enable $unit\" in the image, and check that neither /etc/cloud/cloud-init.disabled nor the kernel argument cloud-init=disabled exists; \"cloud-init status --long\" shows more"
      ;;
  esac
}

# line FILE: its first line, or nothing where there is no such file
line() {
  text=
  if [ -r "$1" ]; then
    read -r text <"$1" || :
  fi
  printf '%s' "$text"
}

# Partitions have no entry of their own in /sys/block. Hidden ones are single paths to an NVMe disk that has an entry as well;
# those of size 0 are drives without medium.
check_disks() {
  if [ ! -d "$root/sys/block" ]; then
    report disks unknown "there is no $root/sys/block" "run this on an instance that was launched from the image"
    return
  fi
  count=0
  disks=
  for block in "$root"/sys/block/*; do
    disk=${block##*/}
    case $disk in
      '*' | loop* | ram* | zram* | sr* | fd* | dm-* | md* | nbd*) continue ;;
    esac
    size=$(line "$block/size")
    case $size in
      '' | *[!0-9]*) size=0 ;;
    esac
    if [ "$size" -eq 0 ] || [ "$(line "$block/hidden")" = 1 ]; then
      continue
    fi
    case $(line "$block/device/model") in
      "Amazon EC2 NVMe Instance Storage"*) continue ;;
    esac
    count=$((count + 1))
    # The kernel counts in 512 bytes, whatever the disk's own blocks are.
    disks="$disks${disks:+, }$disk ($((size / 2097152)) GiB)"
  done
  case $count in
    0) report disks unknown "no disk found" "run this on an instance that was launched from the image" ;;
    1) report disks ok "$disks" ;;
    *) report disks failed "$count disks, must be one: $disks" "if they come from the image, create it from an instance with one disk; if one was added at launch, launch without it" ;;
  esac
}

# architecture: its name; for a mounted image that of a program in it, by the architecture number of its ELF header
architecture() {
  if [ -z "$root" ]; then
    uname -m
    return
  fi
  for program in /usr/lib/systemd/systemd /lib/systemd/systemd /bin/bash /bin/busybox; do
    if [ -r "$root$program" ]; then
      # shellcheck disable=SC2046 # one argument for each byte
      set -- $(od -A n -t u1 -j 18 -N 2 "$root$program")
      case $((${1:-0} + ${2:-0} * 256)) in
        62) echo x86_64 ;;
        183) echo aarch64 ;;
        3) echo i386 ;;
        *) echo "ELF architecture $((${1:-0} + ${2:-0} * 256))" ;;
      esac
      return
    fi
  done
}

check_architecture() {
  found=$(architecture)
  case $found in
    x86_64) report architecture ok x86_64 ;;
    '') report architecture unknown "no known program found in the image" "run this on an instance that was launched from the image" ;;
    *) report architecture failed "$found, must be x86_64" "DKP's programs are built for x86_64: use an image of that architecture" ;;
  esac
}

check_package
for service in cloud-config.service cloud-final.service cloud-init.service; do
  check_service "$service"
done
check_disks
check_architecture

if [ "$failures" -gt 0 ]; then
  result=failed
  code=1
elif [ "$unknowns" -gt 0 ]; then
  result=unknown
  code=3
else
  result=ok
  code=0
fi
if [ "$as" = json ]; then
  printf '{"result":%s,"checks":[%s]}\n' "$(json "$result")" "$objects"
else
  case $result in
    ok) echo "all checks passed" ;;
    *) echo "failed: $failures, unknown: $unknowns" ;;
  esac
fi
exit "$code"
