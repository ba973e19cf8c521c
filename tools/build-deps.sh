#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the third-party libraries of wrun.exe (tools/deps.lock) for Windows.
#
#   tools/build-deps.sh            builds them unless that was done before; prints the prefix
#   tools/build-deps.sh --prefix   only prints where they are or would be
#
# The sources come from Debian through apt with a private configuration derived from the machine's
# own sources, so nothing on the system changes and no host name is written down here. They end up
# in ${XDG_CACHE_HOME:-~/.cache}/wrun; files put into its folder "sources" beforehand are used
# without asking apt (tarballs are checked against the lock).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lock=$here/deps.lock
toolchain=$here/../cmake/mingw-x86_64.cmake
compiler=x86_64-w64-mingw32-gcc
cache=${XDG_CACHE_HOME:-$HOME/.cache}/wrun
sources=$cache/sources
apt_state=$cache/apt

say() { printf 'build-deps: %s\n' "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# Everything that decides what the libraries look like names their folder.
prefix_path() {
    local key
    key=$(cd "$here" && {
        cat deps.lock build-deps.sh deps/CMakeLists.txt deps/wrun_archive_config.h "$toolchain"
        "$compiler" -dumpfullversion
    } | sha256sum | cut -c1-16)
    printf '%s/deps-%s\n' "$cache" "$key"
}

# rows <kind>: the rest of each line of that kind in the lock.
rows() { awk -v kind="$1" '$1 == kind { sub("^[^ ]+ ", ""); print }' "$lock"; }

# --- apt -------------------------------------------------------------------------------------------

# The archives (URIs) from which this machine gets its own release, and its security updates.
archives() {
    local codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016 # apt expands these
    apt-get indextargets --no-release-info --format '$(RELEASE) $(REPO_URI)' \
        'Created-By: Packages' |
        awk -v release="$codename$1" '$1 == release { print $2 }' | sort -u
}

# source_entry <suite suffix>: a deb822 stanza for the suites of the lock.
source_entry() {
    local uris suites keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    uris=$(archives "$1" | paste -sd' ')
    [ -n "$uris" ] || return 0
    suites=$(rows suite | sed "s/\$/$1/" | paste -sd' ')
    printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n' "$uris" "$suites"
    [ ! -e "$keyring" ] || printf 'Signed-By: %s\n' "$keyring"
    printf '\n'
}

# Makes the private configuration and fetches the source indexes.
apt_prepare() {
    command -v apt-get >/dev/null || die "apt-get is missing; put the files of $lock into $sources"
    mkdir -p "$apt_state/lists/partial" "$apt_state/cache/archives/partial"
    : >"$apt_state/status"
    { source_entry ''; source_entry '-security'; } >"$apt_state/wrun.sources"
    [ -s "$apt_state/wrun.sources" ] || die "this machine has no Debian archive among its apt sources"
    cat >"$apt_state/apt.conf" <<CONF
Dir::State "$apt_state";
Dir::State::status "$apt_state/status";
Dir::Cache "$apt_state/cache";
Dir::Etc::sourcelist "$apt_state/wrun.sources";
Dir::Etc::sourceparts "/dev/null";
APT::Sandbox::User "";
CONF
    export APT_CONFIG=$apt_state/apt.conf
    say "fetching Debian's source indexes"
    # One archive that does not answer is not fatal here: what is missing is said below.
    apt-get -q=2 update >&2 || say "warning: not all source indexes could be fetched"
}

# revisions <package> [file]: "version patches" of all revisions, newest first; with a file only
# those made for that tarball. Patches is the name of the debian.tar archive.
revisions() {
    apt-cache showsrc "$1" 2>/dev/null | awk -v wanted="${2:-}" '
        function flush() {
            if (patches != "" && (wanted == "" || found)) print version, patches
            version = patches = ""; found = 0
        }
        /^Package:/ { flush() }
        /^Version:/ { version = $2 }
        /^ / && $3 == wanted { found = 1 }
        /^ / && $3 ~ /\.debian\.tar\.[a-z0-9]+$/ { patches = $3 }
        END { flush() }' | sort -rVu
}

# apt_fetch <part> <package> <version> <file>: part is tar or diff; into the sources folder.
apt_fetch() {
    [ -e "$sources/$4" ] && return 0
    local tmp
    tmp=$(mktemp -d "$cache/fetch.XXXXXX")
    (cd "$tmp" && apt-get -q=2 source --download-only "--$1-only" "$2=$3" >/dev/null 2>&1) &&
        [ -e "$tmp/$4" ] && mv "$tmp/$4" "$sources/$4"
    local status=$?
    rm -rf "$tmp"
    return $status
}

# --- one package -------------------------------------------------------------------------------------

# Tarball into the sources folder, whichever revision offers it; checked against the lock.
fetch_tarball() {
    local package=$1 file=$2 sha256=$3 version
    if [ ! -e "$sources/$file" ]; then
        while read -r version _; do
            apt_fetch tar "$package" "$version" "$file" && break
        done < <(revisions "$package" "$file")
    fi
    [ -e "$sources/$file" ] || die "$file is not offered by this machine's Debian archives"
    if ! printf '%s  %s\n' "$sha256" "$sources/$file" | sha256sum --check --status; then
        rm -f "$sources/$file"
        die "$file does not have the checksum of the lock"
    fi
}

# Debian's patches: the newest revision whose archive can be had. Prints the file's name.
fetch_patches() {
    local package=$1 tarball=$2 version patches
    while read -r version patches; do
        if apt_fetch diff "$package" "$version" "$patches"; then
            say "$package: taking Debian revision $version"
            printf '%s\n' "$patches"
            return 0
        fi
        say "$package: revision $version is listed but cannot be fetched"
    done < <(revisions "$package" "$tarball")
    say "warning: $package: no Debian revision could be fetched; upstream's sources as they are"
}

# apply <folder> <patch file>...
apply() {
    local folder=$1 file
    shift
    for file in "$@"; do
        patch --silent --directory "$folder" -p1 <"$file" || die "$file does not apply"
    done
}

# apply_series <folder> <debian.tar archive>: all of Debian's patches, in its order.
apply_series() {
    local folder=$1 name
    mkdir "$folder.debian"
    tar -xf "$sources/$2" -C "$folder.debian"
    [ -e "$folder.debian/debian/patches/series" ] || return 0
    while read -r name _; do
        case $name in '' | '#'*) continue ;; esac
        apply "$folder" "$folder.debian/debian/patches/$name"
    done <"$folder.debian/debian/patches/series"
}

# has_patch <unpacked debian.tar> <name>
has_patch() { compgen -G "$1/debian/patches/$2*.patch" >/dev/null; }

# apply_fix <package> <folder> <name>: from another revision, unless the series had it.
apply_fix() {
    local package=$1 folder=$2 name=$3 version patches other=$2.other
    ! has_patch "$folder.debian" "$name" || return 0
    while read -r version patches; do
        apt_fetch diff "$package" "$version" "$patches" || continue
        rm -rf "$other" && mkdir "$other" && tar -xf "$sources/$patches" -C "$other"
        has_patch "$other" "$name" || continue
        apply "$folder" "$other"/debian/patches/"$name"*.patch
        say "$package: $name taken from Debian revision $version"
        printf '%s %s from %s\n' "$package" "$name" "$patches" >>"$folder/../SOURCES"
        return 0
    done < <(revisions "$package")
    die "$package: the fix $name is not offered by this machine's Debian archives"
}

# unpack <work> <package> <version> <tarball> <sha256>: fetched, verified, patched.
unpack() {
    local work=$1 package=$2 version=$3 tarball=$4 sha256=$5 patches name
    fetch_tarball "$package" "$tarball" "$sha256"
    mkdir "$work/$package"
    tar -xf "$sources/$tarball" -C "$work/$package" --strip-components=1
    patches=$(fetch_patches "$package" "$tarball")
    [ -z "$patches" ] || apply_series "$work/$package" "$patches"
    printf '%s %s %s\n' "$package" "$version" "${patches:-no Debian patches}" >>"$work/SOURCES"
    while read -r name; do
        apply_fix "$package" "$work/$package" "$name"
    done < <(rows fix | awk -v package="$package" '$1 == package { print $2 }')
}

# --- all of it ---------------------------------------------------------------------------------------

compile() {
    cmake -S "$here/deps" -B "$1/build" -G Ninja -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DSOURCES="$1" -DCMAKE_INSTALL_PREFIX="$1/prefix" &&
        cmake --build "$1/build" --target install
}

build() {
    local prefix=$1 work row
    apt_prepare
    # Of runs that were killed; nobody else is here while the lock is ours.
    rm -rf "$cache"/build.* "$cache"/fetch.*
    work=$(mktemp -d "$cache/build.XXXXXX")
    # shellcheck disable=SC2064 # the value of now
    trap "rm -rf '$work'" EXIT
    while read -r -a row; do
        unpack "$work" "${row[@]}"
    done < <(rows source)
    say "compiling"
    compile "$work" >"$work/log" 2>&1 || {
        tail -n 40 "$work/log" >&2
        die "the libraries do not compile"
    }
    cp "$work/SOURCES" "$work/prefix/"
    # Published by one rename: a reader sees all of it or nothing.
    mv -T "$work/prefix" "$prefix"
}

main() {
    local prefix
    command -v "$compiler" >/dev/null || die "$compiler is missing; run tools/setup.sh"
    prefix=$(prefix_path)
    if [ "${1:-}" != --prefix ] && [ ! -e "$prefix" ]; then
        mkdir -p "$sources"
        # A second run waits here and then finds the work done.
        exec 9>"$cache/lock"
        flock 9
        [ -e "$prefix" ] || build "$prefix"
    fi
    printf '%s\n' "$prefix"
}

main "$@"
