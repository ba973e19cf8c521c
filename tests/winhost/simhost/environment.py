# SPDX-License-Identifier: MIT
"""The environment of a process in a Windows container."""

import os

from .paths import fold

SYSTEM32 = "C:\\windows\\system32"


def machine_environment(hostname, user):
    """What a process in a Windows container finds without anybody's doing."""
    profile = f"C:\\Users\\{user}"
    return {
        "ALLUSERSPROFILE": "C:\\ProgramData",
        "APPDATA": f"{profile}\\AppData\\Roaming",
        "CommonProgramFiles": "C:\\Program Files\\Common Files",
        "COMPUTERNAME": hostname.upper()[:15],
        "ComSpec": f"{SYSTEM32}\\cmd.exe",
        "LOCALAPPDATA": f"{profile}\\AppData\\Local",
        "NUMBER_OF_PROCESSORS": str(os.cpu_count() or 1),
        "OS": "Windows_NT",
        "Path": f"{SYSTEM32};C:\\windows;{profile}\\AppData\\Local\\Microsoft\\WindowsApps",
        "PATHEXT": ".COM;.EXE;.BAT;.CMD",
        "PROCESSOR_ARCHITECTURE": "AMD64",
        "ProgramData": "C:\\ProgramData",
        "ProgramFiles": "C:\\Program Files",
        "ProgramW6432": "C:\\Program Files",
        "PUBLIC": "C:\\Users\\Public",
        "SystemDrive": "C:",
        "SystemRoot": "C:\\windows",
        "TEMP": f"{profile}\\AppData\\Local\\Temp",
        "TMP": f"{profile}\\AppData\\Local\\Temp",
        "USERDOMAIN": "User Manager",
        "USERNAME": user,
        "USERPROFILE": profile,
        "windir": "C:\\windows",
    }


def merge_environment(base, given):
    """Names compare without case; what is given wins, and keeps the spelling it came with."""
    merged = {fold(name): (name, value) for name, value in base.items()}
    for name, value in given.items():
        merged[fold(name)] = (name, value)
    return dict(sorted(merged.values(), key=lambda item: fold(item[0])))
