# SPDX-License-Identifier: MIT
"""From a Windows path to the file on this system, through the Wine prefix of the simulated host."""

import os
import re

VOLUME = re.compile(r"^\\\\\?\\(volume\{[0-9a-f-]{36}\})(?:\\|$)", re.IGNORECASE)
DRIVE = re.compile(r"^(?:\\\\\?\\)?([a-z]:)(?:[\\/]|$)", re.IGNORECASE)


class PathError(ValueError):
    """Not an absolute Windows path on a drive or volume."""


def fold(name):
    """Names that Windows takes for the same have the same fold. Windows compares upper case, one character for one."""
    upper = name.upper()
    if len(upper) == len(name):
        return upper
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in name)


def split(path):
    """(root, components) of an absolute path; the root is `c:` or `volume{guid}` in lower case."""
    match = VOLUME.match(path) or DRIVE.match(path)
    if not match:
        raise PathError(f"not an absolute path: {path!r}")
    verbatim = path.startswith("\\\\?\\")
    rest = path[match.end():] if verbatim else path[match.end():].replace("/", "\\")
    components = [part for part in rest.split("\\") if part]
    if any(part in (".", "..") or "/" in part or "\0" in part for part in components):
        raise PathError(f"not a plain path: {path!r}")
    return match.group(1).lower(), components


def find(directory, name):
    """The entry of `directory` that Windows means by `name`, or None."""
    exact = os.path.join(directory, name)
    if os.path.lexists(exact):
        return exact
    wanted = fold(name)
    try:
        entries = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return next((os.path.join(directory, entry) for entry in sorted(entries) if fold(entry) == wanted), None)


def under(directory, components):
    """The path of `components` below `directory`: existing names as they are on disk, the rest as given."""
    for component in components:
        directory = find(directory, component) or os.path.join(directory, component)
    return directory


class Paths:
    """Windows paths of one Wine prefix."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.devices = os.path.join(prefix, "dosdevices")

    def host(self, path):
        """The file a Windows path names, existing or not; real, without the colons of dosdevices. PathError when it is none."""
        root, components = split(path)
        link = os.path.join(self.devices, root)
        if not os.path.lexists(link):
            raise PathError(f"no such drive or volume: {path!r}")
        return under(os.path.realpath(link), components)

    def exists(self, path):
        try:
            return os.path.exists(self.host(path))
        except PathError:
            return False

    def volume_link(self, guid):
        """Where the volume of that GUID is a symbolic link while it is attached."""
        return os.path.join(self.devices, f"volume{{{guid.lower()}}}")
