#!/bin/sh
# Installs the Debian packages of deploy/packages.txt that are missing; does nothing when all are
# there. Arguments: the purposes wanted (build, check, lint, asan, web, node …); without any, build and check.
set -eu
here=$(dirname "$0")
[ $# -gt 0 ] || set -- build check
missing=
for purpose in "$@"; do
    for package in $(sed -n "s/^$purpose //p" "$here/packages.txt"); do
        status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
        [ "$status" = "install ok installed" ] || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

echo "setup: installing$missing"
as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || {
        echo "setup: these packages are missing and I am not root:$missing" >&2
        echo "setup: run as root: apt-get install$missing" >&2
        exit 1
    }
    as_root=sudo
fi
# shellcheck disable=SC2086
install() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}
install >/dev/null 2>&1 || { $as_root apt-get update && install; }
