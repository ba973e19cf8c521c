#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a fresh Debian 12 ready to build wrun and to run all its tests: one apt-get install, then
# the Windows libraries (tools/build-deps.sh). Run again it only looks, which takes a moment.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

build=(gcc libc6-dev cmake ninja-build pkg-config nasm patch xz-utils
    gcc-mingw-w64-x86-64-win32 git ca-certificates python3)
# The native build takes the libraries from Debian; clang brings the sanitizers and the fuzzer.
native=(libyajl-dev libarchive-dev libcurl4-openssl-dev libisal-dev libzstd-dev zlib1g-dev
    libcmocka-dev clang-14 libclang-rt-14-dev clang-tidy-14 clang-format-14)
# libgnutls30 is what Schannel becomes under Wine.
simulation=(wine64 libgnutls30 iproute2 util-linux)
servers=(docker-registry skopeo umoci nginx-light openssl)

# What apt says is long and of interest only when it fails.
log=$(mktemp "${TMPDIR:-/tmp}/wrun-setup.XXXXXX")
trap 'rm -f "$log"' EXIT

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# missing <package>...: those that are not installed.
missing() {
    local package
    for package; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            printf '%s\n' "$package"
    done
}

# The registry and the web server are started by tests, on ports of their own; this keeps their
# packages from starting them as services of the machine. A policy that is there is left alone.
install_without_services() {
    local policy=/usr/sbin/policy-rc.d status=0 ours=
    if [ ! -e "$policy" ]; then
        ours=yes
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" \
        </dev/null >"$log" 2>&1 || {
        status=$?
        tail -n 40 "$log" >&2
    }
    [ -z "$ours" ] || as_root rm -f "$policy"
    return $status
}

# An index that cannot satisfy the list is fetched again; one that can is used as it is.
update_index() {
    if ! apt-get install -q=2 --simulate --no-install-recommends "$@" >/dev/null 2>&1; then
        say "fetching the package index"
        as_root apt-get -q=2 update </dev/null >&2
    fi
}

main() {
    local wanted
    mapfile -t wanted < <(missing "${build[@]}" "${native[@]}" "${simulation[@]}" "${servers[@]}")
    if [ "${#wanted[@]}" = 0 ]; then
        say "all packages are installed"
    else
        say "installing ${wanted[*]}"
        update_index "${wanted[@]}"
        install_without_services "${wanted[@]}" || {
            # The index may be older than the archive: a package that is gone was replaced by a newer one.
            as_root apt-get -q=2 update </dev/null >&2
            install_without_services "${wanted[@]}"
        }
    fi
    say "libraries for Windows: $("$here/build-deps.sh")"
}

main "$@"
