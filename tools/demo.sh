#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sets everything up, builds wrun.exe and shows the main job on the simulated Windows host: each
# command as a user types it, and what it really prints.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
machine=build/winhost/default

# show <command>...: prints the command as it would be typed, runs it, and tells an exit code that is not 0.
show() {
    local word code=0
    printf '\n$'
    for word; do
        case $word in
            *[\ \\\>\&\"]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    "$@" || code=$?
    [ "$code" = 0 ] || printf '(exit code %d)\n' "$code"
}

build() {
    printf '=== building wrun.exe and the simulated host\n'
    cmake --preset mingw >/dev/null
    cmake --build --preset mingw -- --quiet
    ls -l build/mingw/wrun.exe
}

main() {
    local start=$SECONDS image
    printf '=== set-up\n'
    tools/setup.sh
    printf 'set-up took %d s\n' $((SECONDS - start))
    start=$SECONDS
    build

    printf '\n=== the main job\n'
    tools/winhost start >/dev/null
    mkdir -p "$machine/drive_d/cache" "$machine/drive_d/src"
    printf 'a file of the host\r\n' >"$machine/drive_d/src/readme.txt"
    rm -f "$machine/drive_d/cache/f"
    tools/wrun version >/dev/null
    image=$(cat build/demo-image)

    show tools/wrun pull "$image"
    show tools/wrun pull -q "$image"
    show tools/wrun run --rm "$image"
    show tools/wrun run --rm --mount 'type=bind,src=d:\cache,dst=C:\cache' "$image" \
        cmd /c 'echo hi> C:\cache\f & exit 7'
    printf '\n(the file on the host, D:\\cache\\f)\n'
    show cat "$machine/drive_d/cache/f"
    show tools/wrun run -v 'd:\src:C:\src:ro' -w 'C:\src' "$image" cmd /c 'type readme.txt & cd'
    printf '\n(standard input: echo data)\n'
    printf 'data\r\nxray\r\n' | show tools/wrun run -i "$image" findstr x
    show tools/wrun run -e 'GREETING=hello' --hostname builder "$image" \
        cmd /c 'echo %GREETING% from %COMPUTERNAME% & ipconfig'
    printf '\n(mistakes)\n'
    show tools/wrun run "$image" nosuch.exe
    show tools/wrun run -v 'd:\src:D:\src' "$image"
    show tools/wrun pull "${image%:*}:too-new"
    printf '\n(what is left on the host: nothing)\n'
    show tools/wrun --leftovers
    printf '\nbuild and demo took %d s\n' $((SECONDS - start))
}

main "$@"
