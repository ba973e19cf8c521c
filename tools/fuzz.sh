#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes with libFuzzer under the sanitizers: tools/fuzz.sh [TARGET|all] [SECONDS]
#
# TARGET is the <x> of tests/fuzz/fuzz_<x>.c; SECONDS (default 60) is per target. New inputs are kept
# in build/asan/corpus; a crash leaves its input in build/asan/crashes and ends the run with 1.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${1:-all}
seconds=${2:-60}
build=$root/build/asan

cd "$root"
cmake --preset asan >/dev/null
cmake --build --preset asan --target fuzzers

if [ "$target" = all ]; then
    mapfile -t targets < <(cd tests/fuzz && printf "%s\n" fuzz_*.c | sed 's/^fuzz_//; s/\.c$//')
else
    targets=("$target")
fi

mkdir -p "$build/crashes"
for name in "${targets[@]}"; do
    found=$build/corpus/$name
    seeds=$root/tests/fuzz/corpus/$name
    mkdir -p "$found"
    printf 'fuzz: %s for %s s\n' "$name" "$seconds"
    "$build/tests/fuzz/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$build/crashes/$name-" "$found" "$seeds" 2>&1 |
        grep -vE '^#[0-9]+[[:space:]]+(NEW|REDUCE|pulse)' || exit 1
done
