#!/bin/sh
# make fuzz: every target for that many seconds, two at a time. What is found is left in
# BUILD/fuzz/NAME-crash-* (or leak, oom, timeout) and ends this with status 1.
# Arguments: the build folder, seconds a target, and the names of targets (default: all).
build=$1 seconds=$2
shift 2
names=${*:-$(cd tests/fuzz && ls fuzz_*.c | sed 's/fuzz_\(.*\)\.c/\1/')}

fuzz_one() {
    mkdir -p "$build/fuzz/corpus/$1"
    log=$build/fuzz/$1.log
    "$build/fuzz/fuzz_$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -max_len=16384 -print_final_stats=1 -artifact_prefix="$build/fuzz/$1-" \
        "$build/fuzz/corpus/$1" "tests/fuzz/corpus/$1" >"$log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    if [ $status -eq 0 ]; then
        echo "ok fuzz_$1: ${runs:-?} runs in $seconds s"
    else
        echo "FAILED fuzz_$1:"
        tail -n 40 "$log"
    fi
    return $status
}

failed=0
waiting=
for name in $names; do
    fuzz_one "$name" &
    if [ -n "$waiting" ]; then
        wait "$waiting" || failed=1
    fi
    waiting=$!
done
[ -z "$waiting" ] || wait "$waiting" || failed=1
exit $failed
