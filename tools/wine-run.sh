#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs one Windows program of the build under Wine: tools/wine-run.sh PROGRAM.EXE [ARGUMENT...]
#
# The prefix is a throw-away of our own making (build/wine-unit, or $WRUN_WINE_PREFIX): links to the
# distribution's DLLs and the registry of tests/winhost. It takes 0.1 s, where wineboot takes ten.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=${WRUN_WINE_PREFIX:-$root/build/wine-unit}
wine=(/usr/lib/wine/wine64)
wineserver=/usr/lib/wine/wineserver64
dlls=/usr/lib/x86_64-linux-gnu/wine/x86_64-windows

# make_prefix <folder>
make_prefix() {
    local system32=$1/drive_c/windows/system32 hive
    mkdir -p "$system32/drivers" "$1/drive_c/windows/temp" "$1/drive_c/users/Public" \
        "$1/drive_c/ProgramData" "$1/drive_c/Program Files" "$1/dosdevices"
    cp -as "$dlls/." "$system32/"
    mv "$system32"/*.sys "$system32/drivers/"
    ln -s ../drive_c "$1/dosdevices/c:"
    ln -s / "$1/dosdevices/z:"
    # Copied, never linked: the Wine server writes them in place.
    cp "$root/tests/winhost/system.reg" "$1/system.reg"
    for hive in 'user.reg S-1-5-21-0-0-0-1000' 'userdef.reg .Default'; do
        printf 'WINE REGISTRY Version 2\n;; All keys relative to \\\\User\\\\%s\n\n#arch=win64\n' \
            "${hive#* }" >"$1/${hive%% *}"
    done
    # Or Wine would run its own set-up.
    echo disable >"$1/.update-timestamp"
}

# Debian's Wine makes the folder of its server's socket in $TMPDIR, and never removes it.
server_is_up() { compgen -G "$prefix/wine-*/server-*/socket" >/dev/null; }

# Starts the server and Windows' services with no stream of ours: they stay for a minute, and a pipe
# they had inherited would stay open as long.
start_server() {
    "$wineserver" -p60 </dev/null >/dev/null 2>&1 9>&- || true
    "${wine[@]}" cmd.exe /c exit </dev/null >/dev/null 2>&1 9>&- || true
}

# One start in eight thousand ends at once if chance decides where things are in memory.
setarch -R true 2>/dev/null && wine=(setarch -R "${wine[@]}")

# Without a UTF-8 locale Wine can make no file whose name is not ASCII.
export LC_ALL=C.UTF-8
# winedbg would turn a crash into minutes of output.
export WINEPREFIX=$prefix TMPDIR=$prefix WINEDEBUG=${WINEDEBUG:--all}
export WINEDLLOVERRIDES='mscoree,mshtml=;winedbg.exe,winemenubuilder.exe='

# Several tests start at once; one of them prepares everything.
mkdir -p "$(dirname "$prefix")"
exec 9>"$prefix.lock"
flock 9
if [ ! -e "$prefix" ]; then
    rm -rf "$prefix.new"
    make_prefix "$prefix.new"
    mv -T "$prefix.new" "$prefix"
fi
server_is_up || start_server
exec 9>&-

exec "${wine[@]}" "$@"
