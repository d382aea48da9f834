#!/bin/sh
# Installs the catalog's data: install-data.sh SOURCE TARGET. What a keeper has changed there since the
# last time stays; the new one is put beside it as FILE.new, and said. TARGET/installed.sha256 holds
# what was installed.
set -e
source=$1 target=$2 sums=installed.sha256
mkdir -p "$target"
touch "$target/$sums"

# Whether the installed file is still the one that was installed, or the new one already.
is_ours() {
    sum=$(sha256sum <"$target/$1")
    grep -qxF "${sum%% *}  $1" "$target/$sums" || cmp -s "$source/$1" "$target/$1"
}

(cd "$source" && find . -type f | sed 's#^\./##' | LC_ALL=C sort) | while IFS= read -r file; do
    place=$target/$file
    mkdir -p "${place%/*}"
    if [ -e "$place" ] && ! is_ours "$file"; then
        place=$place.new
        echo "$target/$file was changed and stays; the new one is $place" >&2
    else
        rm -f "$place.new"
    fi
    install -m 644 "$source/$file" "$place"
done
(cd "$source" && find . -type f | sed 's#^\./##' | LC_ALL=C sort | xargs -d '\n' sha256sum) >"$target/$sums"
