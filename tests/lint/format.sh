#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks (or with --fix makes) the formatting of all our C files. The version of clang-format is part
# of the style: another one formats differently.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mode=(--dry-run --Werror)
[ "${1:-}" != --fix ] || mode=(-i)

# Also files that are not committed yet, but none that are ignored or already deleted.
git ls-files -co --exclude-standard -- '*.c' '*.h' | sort -u | while read -r file; do
    [ ! -e "$file" ] || printf '%s\0' "$file"
done | xargs -0 clang-format-14 --style=file "${mode[@]}"
