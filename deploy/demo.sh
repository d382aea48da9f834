#!/bin/sh
# make demo: both catalogs, real services, a sample document from its text to a table. Everything is
# in a temporary state directory; nothing is left behind. Argument: the build folder.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$(cd "$1" && pwd)/bin:$PATH
JINMU_STATE=$(mktemp -d /tmp/jm-demo.XXXXXX)
JINMU_LOG=warning
export PATH JINMU_STATE JINMU_LOG
serve=

finish() {
    status=$?
    trap - EXIT INT TERM
    if [ -n "$serve" ]; then
        kill "$serve" 2>/dev/null || true
        wait "$serve" || status=1
    fi
    [ $status -eq 0 ] || cat "$JINMU_STATE/serve.log" >&2
    rm -rf "$JINMU_STATE"
    exit $status
}
trap finish EXIT
trap 'exit 1' INT TERM
step() {
    printf '\n== %s\n' "$*"
}

step "jinmu catalog build: both revisions into $JINMU_STATE/catalog.db"
jinmu catalog build
jinmu catalog list

step "jinmu serve: broker, collector, two workers"
mkfifo "$JINMU_STATE/ready"
jinmu serve --workers 2 >"$JINMU_STATE/ready" 2>"$JINMU_STATE/serve.log" &
serve=$!
head -n 1 "$JINMU_STATE/ready"

step "jinmu intake deploy/sample/预算公开样例.txt | jinmu submit --wait --table -"
jinmu intake "$here/sample/预算公开样例.txt" >"$JINMU_STATE/projects.jsonl"
jinmu submit --wait --table "$JINMU_STATE/projects.jsonl"

step "jinmu status"
jinmu status
step "stop"
kill "$serve"
wait "$serve"
serve=
echo "all services ended"
