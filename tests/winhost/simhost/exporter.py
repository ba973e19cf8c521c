# SPDX-License-Identifier: MIT
"""ExportLayer: what a scratch changed, as a transport folder."""

import filecmp
import os
import shutil
import struct

from . import layertree, transport, wine
from .layerstore import decode
from .paths import fold

ATTRIBUTE_ARCHIVE = 0x20
WINE_ATTRIBUTES = "user.DOSATTRIB"
EMPTY_HIVE = b"regf"


def sid(authority, *subs):
    return struct.pack("<BB", 1, len(subs)) + authority.to_bytes(6, "big") + struct.pack(f"<{len(subs)}I", *subs)


def default_security():
    """Owned by Administrators; full access for them and SYSTEM, reading for Users. What a file without a history gets."""
    administrators, system, users = sid(5, 32, 544), sid(5, 18), sid(5, 32, 545)
    aces = b"".join(struct.pack("<BBHI", 0, 0, 8 + len(who), mask) + who
                    for who, mask in ((system, 0x1F01FF), (administrators, 0x1F01FF), (users, 0x1200A9)))
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(aces), 3, 0) + aces
    owner, group = 20, 20 + len(administrators)
    return struct.pack("<BBHIIII", 1, 0, 0x8004, owner, group, 0, group + len(system)) + administrators + system + acl


DEFAULT_SECURITY = default_security()


class Exporter:
    """One ExportLayer call: compares the volume's merged view with the layers below it."""

    def __init__(self, records, volume, target):
        self.records, self.volume, self.target = records, volume, target
        self.tombstones = []
        self.staged = {}  # (device, inode) -> staged file, for hard links

    def run(self):
        below = layertree.with_system(layertree.merge(self.records))
        self._directory(self.volume, "", below, os.path.join(self.target, "Files"))
        hives = os.path.join(self.target, "Hives")
        os.mkdir(hives)
        write(hives + transport.DIRECTORY_SUFFIX, transport.pack(transport.ATTRIBUTE_DIRECTORY, DEFAULT_SECURITY))
        for name in transport.HIVES:
            write(os.path.join(hives, name), EMPTY_HIVE)
        write(os.path.join(self.target, transport.TOMBSTONES), transport.pack_tombstones(sorted(self.tombstones, key=fold)))

    def _directory(self, source, relative, below, target):
        """Stages `source`, which differs from `below`, and what changed in it."""
        self._make(target, source, relative)
        children = below.children if isinstance(below, layertree.Directory) else {}
        names, streams = split_streams(source)
        present = {fold(name) for name in names}
        self.tombstones += [join(relative, node.name) for key, node in children.items() if key not in present]
        for name in names:
            path, node = os.path.join(source, name), children.get(fold(name))
            if name not in streams and not differs(path, node):
                continue
            stage = self._directory if os.path.isdir(path) else self._file
            stage(path, join(relative, name), node, os.path.join(target, name))

    def _make(self, target, source, relative):
        os.mkdir(target)
        fields = self._known(relative)
        path = target + transport.DIRECTORY_SUFFIX
        write(path, transport.pack(transport.ATTRIBUTE_DIRECTORY, security_of(fields), eas_of(fields)))
        shutil.copystat(source, path)

    def _file(self, source, relative, _, target):
        status = os.stat(source)
        identity = (status.st_dev, status.st_ino)
        if status.st_nlink > 1 and identity in self.staged:
            os.link(self.staged[identity], target)
            return
        fields = self._known(relative)
        with open(source, "rb") as file:
            data = file.read()
        alternates = read_alternates(source)
        write(target, transport.pack(attributes_of(source, fields), security_of(fields), eas_of(fields), None, data, alternates))
        shutil.copystat(source, target)
        self.staged[identity] = target

    def _known(self, relative):
        """What the layers say about the path, the topmost first."""
        for record in self.records:
            if fold(relative) in record.entries:
                return record.entries[fold(relative)]
        return {}


def join(relative, name):
    return f"{relative}\\{name}" if relative else name


def write(path, data):
    with open(path, "xb") as file:
        file.write(data)


def split_streams(directory):
    """(names of objects, those of them with alternate streams): Wine keeps a stream as a file NAME:STREAM."""
    entries = sorted(os.listdir(directory))
    streams = {entry.partition(":")[0] for entry in entries if ":" in entry}
    return [entry for entry in entries if ":" not in entry], streams


def differs(path, node):
    """Whether the object is not what the layers have there; links are theirs, a container under Wine cannot make one."""
    if os.path.islink(path):
        return False
    if not os.path.isdir(path):
        return not same_file(path, node)
    if not isinstance(node, layertree.Directory):
        return True
    names, streams = split_streams(path)
    if streams or not node.children.keys() <= {fold(name) for name in names}:
        return True
    return any(differs(os.path.join(path, name), node.child(name)) for name in names)


def same_file(path, node):
    if not isinstance(node, layertree.File):
        return False
    if node.source.startswith(wine.BUILTINS + os.sep):
        return os.path.getsize(path) == os.path.getsize(node.source)  # hundreds of megabytes that nobody writes to
    return filecmp.cmp(path, node.source, shallow=False)


def read_alternates(path):
    """(name, bytes) of each alternate stream."""
    directory, name = os.path.split(path)
    found = []
    for entry in sorted(os.listdir(directory)):
        if entry.startswith(name + ":"):
            with open(os.path.join(directory, entry), "rb") as file:
                found.append((entry.partition(":")[2].removesuffix(":$DATA"), file.read()))
    return found


def attributes_of(path, fields):
    try:
        return int(os.getxattr(path, WINE_ATTRIBUTES).rstrip(b"\0"), 16) | ATTRIBUTE_ARCHIVE
    except (OSError, ValueError):
        return fields.get("attributes", ATTRIBUTE_ARCHIVE)


def security_of(fields):
    return decode(fields["security"]) if "security" in fields else DEFAULT_SECURITY


def eas_of(fields):
    return transport.parse_eas(decode(fields["eas"])) if "eas" in fields else []
