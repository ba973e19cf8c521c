#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sets everything up, then builds and tests everything: tools/test.sh [STAGE...]
#
# Without arguments all stages run, cheap ones first; docs/testing.md says what each does. A failing
# stage does not keep the others from running. The last line is "N passed, N failed[, N skipped]".
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
all_stages=(format includes native asan mingw imports reproducible tidy wine e2e traces faults
    killmatrix registry-faults hostile)
jobs=$(nproc)
results=$root/build/test-results
passed=0 failed=0 skipped=0
timings=()
declare -A built=()

# check <name> <command>...: one lint check or build step that counts as a test of its own.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$name"
    fi
}

# build <preset>: once per run. Counts as a failure only; that it compiles is what the tests show.
build() {
    if [ -z "${built[$1]:-}" ]; then
        built[$1]=good
        # The compilers' command lines are cut: they would hide their messages.
        if ! { cmake --preset "$1" >/dev/null &&
            cmake --build --preset "$1" -- --quiet 2>&1 | cut -c1-300; }; then
            built[$1]=bad
            check "build of preset $1" false
        fi
    fi
    [ "${built[$1]}" = good ] || {
        printf 'not run: preset %s does not build\n' "$1"
        return 1
    }
}

# count_of <attribute> <junit file>
count_of() { sed -n "s/.*<testsuite.*//; s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1; }

# run_ctest <preset> <stage> <ctest arguments>...: runs tests and adds up what ctest reports.
run_ctest() {
    local preset=$1 stage=$2 junit=$results/$2.xml total bad
    shift 2
    ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" --output-junit "$junit" "$@" || true
    total=$(count_of tests "$junit")
    # A label nobody carries any more must not look like success.
    [ "$total" -gt 0 ] || check "$stage has tests" false
    bad=$(count_of failures "$junit")
    passed=$((passed + total - bad - $(count_of skipped "$junit") - $(count_of disabled "$junit")))
    failed=$((failed + bad))
}

stage_format() { check format tests/lint/format.sh; }

stage_includes() {
    check includes python3 tests/lint/includes.py
    check 'tests that the docs name' python3 tests/lint/named_tests.py
}

stage_native() { build native && run_ctest native native -L 'unit|winhost|memory'; }

stage_asan() {
    build asan || return 0
    run_ctest asan asan -L unit
    # Much of a pull from a broken registry is waiting.
    run_ctest asan integration -L integration -j $((3 * jobs))
}

stage_mingw() { build mingw && check 'wrun.exe is made' test -s build/mingw/wrun.exe; }

stage_imports() {
    build mingw || return 0
    check imports python3 tests/lint/imports.py build/mingw/wrun.exe
    printf 'wrun.exe: %s bytes\n' "$(stat -c %s build/mingw/wrun.exe)"
}

# The same sources in another folder must give the same bytes.
stage_reproducible() {
    local copy=build/reproducible
    build mingw || return 0
    rm -rf "$copy"
    mkdir -p "$copy"
    git ls-files -co --exclude-standard -- CMakeLists.txt CMakePresets.json cmake src tools |
        xargs cp --parents -t "$copy"
    if (cd "$copy" && cmake --preset mingw -DWRUN_TESTS=OFF >/dev/null && cmake --build --preset mingw \
        --target wrun -- --quiet); then
        check 'two builds are equal' cmp "$copy/build/mingw/wrun.exe" build/mingw/wrun.exe
    else
        check 'second build' false
    fi
    rm -rf "$copy"
}

stage_tidy() {
    cmake --preset asan >/dev/null && cmake --preset mingw >/dev/null
    check tidy python3 tests/lint/tidy.py --native build/asan --windows build/mingw
}

stage_wine() {
    build mingw || return 0
    rm -rf build/wine-unit
    run_ctest mingw wine -L unit
}

stage_e2e() { build mingw && run_ctest mingw e2e -L e2e; }

stage_traces() { build mingw && run_ctest mingw traces -L traces; }

stage_registry-faults() {
    build native && run_ctest native registry-native -L '^registry-faults$' -j $((3 * jobs))
    build mingw && run_ctest mingw registry-wine -L '^registry-faults$'
}

stage_killmatrix() { build mingw && run_ctest mingw killmatrix -L killmatrix; }

# Natively with the sanitizers.
stage_hostile() {
    build asan && run_ctest asan hostile-native -L '^hostile$'
    build mingw && run_ctest mingw hostile-wine -L '^hostile$'
}

stage_faults() { build mingw && run_ctest mingw faults -L '^faults$'; }

# timed <name> <command>...: the command's failures are counted by itself.
timed() {
    local name=$1 start=$SECONDS
    shift
    printf '\n=== %s\n' "$name"
    "$@" || true
    timings+=("$(printf '%-14s %4d s' "$name" $((SECONDS - start)))")
}

main() {
    local stage stages=("$@")
    [ "${#stages[@]}" -gt 0 ] || stages=("${all_stages[@]}")
    for stage in "${stages[@]}"; do
        declare -F "stage_$stage" >/dev/null || {
            printf 'test.sh: no stage %s; there are: %s\n' "$stage" "${all_stages[*]}" >&2
            exit 2
        }
    done
    # Nothing here may wait for an answer.
    exec </dev/null
    mkdir -p "$results"
    export WRUN_TEST_SKIPS=$results/skips
    : >"$WRUN_TEST_SKIPS"
    printf '=== set-up\n'
    tools/setup.sh
    timings+=("$(printf '%-14s %4d s' set-up "$SECONDS")")
    for stage in "${stages[@]}"; do
        timed "$stage" "stage_$stage"
    done
    printf '\n=== timings\n'
    printf '%s\n' "${timings[@]}"
    skipped=$(wc -l <"$WRUN_TEST_SKIPS")
    if [ "$skipped" -gt 0 ]; then
        printf '\n=== skipped\n'
        cat "$WRUN_TEST_SKIPS"
    fi
    printf '%d passed, %d failed' "$passed" "$failed"
    [ "$skipped" = 0 ] || printf ', %d skipped' "$skipped"
    printf '\n'
    [ "$failed" = 0 ]
}

main "$@"
