#!/bin/sh
# Checks an instance against what the DKP authorization page requires of its image: cloud-init, its three services, one disk.
# Usage: sh check-image.sh [ROOT], on an instance that was launched from the image and has booted. ROOT: the folder of its files.
# Exit code: 0 all checks passed, 1 a check failed, 3 no check failed, and a result is unknown. Changes nothing.
set -u
root=${1-}
code=0

# report CHECK RESULT FOUND: one line. RESULT is ok, failed or unknown.
report() {
  case $2 in
    failed) code=1 ;;
    unknown) [ "$code" -eq 1 ] || code=3 ;;
  esac
  printf '%-8s%s: %s\n' "$2" "$1" "$3"
}

check_package() {
  for folder in /usr/bin /usr/local/bin /bin; do
    if [ -x "$root$folder/cloud-init" ]; then
      report cloud-init ok "$folder/cloud-init"
      return
    fi
  done
  report cloud-init failed "not installed; install the package cloud-init in the image"
}

# check_service UNIT [NEWER-NAME]: these services do their work once, at boot, and remain "active".
check_service() {
  for unit in "$@"; do
    state=$(systemctl is-active "$unit" 2>/dev/null)
    case $state in
      active)
        report "$1" ok "$unit is active"
        return
        ;;
      activating | reloading)
        report "$1" unknown "$unit is $state: wait with \"cloud-init status --wait\", and run this again"
        return
        ;;
      failed) break ;;
      '')
        report "$1" unknown "systemd does not respond; run this on an instance that was launched from the image"
        return
        ;;
    esac
  done
  report "$1" failed "$state, must be active; \"systemctl status $unit\" and \"cloud-init status --long\" show why"
}

# Not counted: virtual devices, drives without a medium, hidden paths to an NVMe disk, and storage that the instance type brings.
check_disks() {
  count=0
  disks=
  for block in "$root"/sys/block/*; do
    disk=${block##*/}
    size=$(cat "$block/size" 2>/dev/null)
    case $disk,$(cat "$block/device/model" 2>/dev/null) in
      '*'* | loop* | ram* | zram* | sr* | fd* | dm-* | md* | nbd* | *,*"EC2 NVMe Instance Storage"*) continue ;;
    esac
    if [ "${size:-0}" -eq 0 ] || [ "$(cat "$block/hidden" 2>/dev/null)" = 1 ]; then
      continue
    fi
    count=$((count + 1))
    # The kernel counts in 512 bytes.
    disks="$disks${disks:+, }$disk ($((size / 2097152)) GiB)"
  done
  case $count in
    0) report disks unknown "no disk found; run this on an instance that was launched from the image" ;;
    1) report disks ok "$disks" ;;
    *) report disks failed "$count disks, must be one: $disks; create the image from an instance with one disk, and launch without others" ;;
  esac
}

check_package
check_service cloud-config.service
check_service cloud-final.service
check_service cloud-init.service cloud-init-network.service # Its name since cloud-init 24.3.
check_disks
exit "$code"
