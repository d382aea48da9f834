#!/bin/sh
# Runs the test programs named after the build folder, then the scripts of tests/e2e, and counts.
# A program's output is shown when it fails. The last line is "N passed, N failed[, N skipped]".
build=$1
shift
passed=0 failed=0 skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export JINMU_BIN="$build/bin"

count() { # the numbers that cmocka (or a script in its manner) printed
    passed=$((passed + $(grep -c '^\[       OK \]' "$log")))
    skipped=$((skipped + $(grep -c '^\[  SKIPPED \] [^0-9]' "$log")))
    failed=$((failed + $(grep '^\[  FAILED  \] [^0-9]' "$log" | sort -u | wc -l))) # each is listed again at the end
}
run_one() {
    before=$failed
    "$@" >"$log" 2>&1
    status=$?
    count
    if [ $status -ne 0 ]; then
        [ $failed -gt $before ] || failed=$((failed + 1))
        echo "FAILED ($status): $*"
        cat "$log"
    else
        echo "ok $*"
    fi
}
for program in "$@"; do
    run_one "$program"
done
for replay in "$build"/fuzz/replay_*; do
    [ -x "$replay" ] && run_one "$replay" "tests/fuzz/corpus/${replay##*/replay_}"
done
for script in tests/e2e/test_*.py; do
    [ -e "$script" ] && run_one /usr/bin/python3 "$script"
done
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
