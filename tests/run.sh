#!/bin/sh
# Runs the scripts of tests/e2e, the test programs named after the build folder and what fuzzing has
# kept, and counts. One more at once than there are processors, for they mostly wait (JOBS=1: one after
# the other). What a failed one printed comes at the end. The last line is
# "N passed, N failed[, N skipped]".
build=$1
shift
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
export JINMU_BIN="$build/bin" logs

commands() { # the longest first
    for script in tests/e2e/test_*.py; do
        echo "/usr/bin/python3 $script"
    done
    for program in "$@"; do
        echo "$program"
    done
    for replay in "$build"/fuzz/replay_*; do
        [ ! -x "$replay" ] || echo "$replay tests/fuzz/corpus/${replay##*/replay_}"
    done
}

# shellcheck disable=SC2016  # the variables are those of the inner shell
commands "$@" | xargs -P "${JOBS:-$(($(nproc) + 1))}" -I '{}' sh -c '
    log=$(mktemp "$logs/XXXXXXXX")
    {} >"$log" 2>&1
    status=$?
    if [ $status -eq 0 ]; then
        echo "ok {}"
    else
        echo "FAILED ($status): {}" | tee "$log.failed"
    fi'

passed=0 failed=0 skipped=0
for log in "$logs"/*; do # the numbers that cmocka (or a script in its manner) printed
    [ "$log" = "${log%.failed}" ] || continue
    passed=$((passed + $(grep -c '^\[       OK \]' "$log")))
    skipped=$((skipped + $(grep -c '^\[  SKIPPED \] [^0-9]' "$log")))
    ours=$(grep '^\[  FAILED  \] [^0-9]' "$log" | sort -u | wc -l) # each is listed again at the end
    if [ -e "$log.failed" ]; then
        cat "$log.failed" "$log"
        [ "$ours" -gt 0 ] || ours=1
    fi
    failed=$((failed + ours))
done
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ]
