#!/bin/sh
# make bench: every program of tests/bench, with the folder of the programs as argument. Their
# figures stand beside the budgets that they are to reach.
set -e
build=$1
nproc | sed 's/$/ cores/'
for bench in "$build"/bench/bench_*; do
    case $bench in *.d) continue ;; esac
    "$bench" "$build/bin"
    echo
done
/usr/bin/python3 tests/bench/http_load.py "$build"
