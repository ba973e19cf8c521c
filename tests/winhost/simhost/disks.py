# SPDX-License-Identifier: MIT
"""What is left on the machine's disks: directories of writable layers."""

import os

from .server import leftover

SCRATCH_DISK = "sandbox.vhdx"


def drives(host):
    """(letter, directory) of the disks a program may keep things on."""
    return (("C", os.path.join(host.directory, "host", "drive_c")), ("D", os.path.join(host.directory, "drive_d")),
            ("F", os.path.join(host.directory, "drive_f")))


@leftover
def scratch_directories(host):
    """Every directory with a writable layer's disk in it, as a Windows path."""
    lines = []
    for letter, root in drives(host):
        for parent, folders, files in os.walk(root):
            if parent == root and "windows" in folders:
                folders.remove("windows")
            if SCRATCH_DISK in files:
                below = os.path.relpath(parent, root).replace("/", "\\")
                lines.append(("scratch", f"{letter}:\\{below}"))
    return sorted(lines)
