#!/bin/sh
# make check-valgrind: test programs under valgrind; each test counts, and a program that reads or
# leaks what it should not counts as failed. The last line is "N passed, N failed".
passed=0 failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
    valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect \
        "$program" >"$log" 2>&1
    status=$?
    passed=$((passed + $(grep -c '^\[       OK \]' "$log")))
    if [ $status -eq 0 ]; then
        echo "ok $program"
    else
        failed=$((failed + 1))
        echo "FAILED ($status): $program"
        grep -v '^\[' "$log"
    fi
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
