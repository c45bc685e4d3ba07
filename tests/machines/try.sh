#!/usr/bin/env bash
# Try the README's two commands on another Linux: with the Python of a release of Debian.
#
#   sudo tests/machines/try.sh trixie /var/tmp/trixie        Python 3.13
#   sudo tests/machines/try.sh forky /var/tmp/forky          Python 3.14
#
# Makes the machine with debootstrap in the folder, if it is not there, and runs `make demo` and
# `make test` there on a fresh clone of what is committed here. Takes 2 GB (6 GB where the build of
# torch for CPUs cannot be had) and, on two cores, about 20 minutes. The settings of pip and its
# certificates are taken along. Enter the machine with `chroot FOLDER`; unmount what is below it
# before it is deleted.
set -euo pipefail
release=${1:?a release of Debian}
root=$(realpath -m "${2:?a folder for the machine}")
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

if [ ! -x "$root/usr/bin/python3" ]; then
    script=/usr/share/debootstrap/scripts
    [ -e "$script/$release" ] || ln -s sid "$script/$release" # newer than debootstrap itself
    debootstrap --include python3,python3-venv,make,git,ca-certificates "$release" "$root"
fi

bind() { # what the machine shares with this one
    [ -e "$1" ] || return 0
    if [ -d "$1" ]; then mkdir -p "$root$1"; else touch "$root$1"; fi
    mountpoint -q "$root$1" || mount --bind "$1" "$root$1"
}
for shared in /proc /dev /sys /etc/resolv.conf /etc/hosts /etc/ssl/certs /etc/pip.conf /etc/xdg/pip \
    ${PIP_FIND_LINKS:-}; do
    bind "$shared"
done

rm -rf "$root/root/project"
git clone --quiet "$project" "$root/root/project"
run() { chroot "$root" /usr/bin/env HOME=/root LC_ALL=C.UTF-8 make -C /root/project "$@"; }
run demo
run test
