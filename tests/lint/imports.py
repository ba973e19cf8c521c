#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what a built wrun.exe asks of the loader: imports.py WRUN.EXE

It must start on a bare Windows: only DLLs that every Windows has, no run-time library of the
compiler; and it must accept address space layout randomization and no-execute memory.
"""
import re
import subprocess
import sys

SYSTEM_DLLS = {
    "advapi32.dll",
    "bcrypt.dll",
    "crypt32.dll",
    "iphlpapi.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "secur32.dll",
    "shell32.dll",
    "user32.dll",
    "ws2_32.dll",
}
CHARACTERISTICS = {"HIGH_ENTROPY_VA", "DYNAMIC_BASE", "NX_COMPAT"}


def main():
    dump = subprocess.run(
        ["x86_64-w64-mingw32-objdump", "-p", sys.argv[1]], check=True, capture_output=True, text=True
    ).stdout
    dlls = re.findall(r"^\s*DLL Name: (\S+)$", dump, re.M)
    present = {name for name in CHARACTERISTICS if re.search(rf"^\s+{name}$", dump, re.M)}
    problems = [f"imports {dll}, which not every Windows has" for dll in dlls
                if dll.lower() not in SYSTEM_DLLS]
    problems += [f"lacks {name}" for name in sorted(CHARACTERISTICS - present)]
    if not dlls:
        problems.append("has no import table")
    if not re.search(r"^\s*Subsystem\s+0+3\s+\(Windows CUI\)", dump, re.M):
        problems.append("is not a console program")
    for problem in problems:
        print(f"{sys.argv[1]}: {problem}")
    print(f"imports: {' '.join(sorted(dlls, key=str.lower))}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
