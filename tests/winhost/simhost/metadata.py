# SPDX-License-Identifier: MIT
"""What the simulated host knows of a file beside its bytes: attributes, security descriptor, extended attributes, reparse data, streams.

NTFS would hold these. Here they stand in a layer's record for what was imported, and beside a virtual disk for what was planted on it
(planter.py); both keep them as the same dictionary of fields. What a program under Wine can set, its attributes and its alternate
streams, is on the disk the way Wine keeps it.
"""

import base64
import json
import os
import struct
import uuid

from . import transport

READ_ONLY, HIDDEN, SYSTEM, DIRECTORY, ARCHIVE, REPARSE_POINT = 0x1, 0x2, 0x4, 0x10, 0x20, 0x400
WINE_ATTRIBUTES = "user.DOSATTRIB"
WINE_KEEPS = HIDDEN | SYSTEM
OF_LAYER = "trusted.simhost.layer"
WRITABLE_BY_ANYBODY = 0o222


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


def encode(data):
    return base64.b64encode(data).decode("ascii")


def decode(text):
    return base64.b64decode(text)


def security(fields):
    return decode(fields["security"]) if "security" in fields else DEFAULT_SECURITY


def extended_attributes(fields):
    return transport.parse_eas(decode(fields["eas"])) if "eas" in fields else []


def reparse(fields):
    return decode(fields["reparse"]) if "reparse" in fields else None


def streams(fields):
    """(name, bytes) of each alternate stream, in the order they were made."""
    return [(name, decode(data)) for name, data in fields.get("streams", {}).items()]


def attributes(path, fields):
    """Win32 attributes: those that are known, and what a program under Wine made of them."""
    status = os.lstat(path)
    is_link = os.path.islink(path)
    kind = DIRECTORY if os.path.isdir(path) and not is_link else 0
    known = fields.get("attributes", kind or ARCHIVE)
    if is_link:
        return known
    shown = read_wine_attributes(path)
    if shown is not None:
        known = known & ~WINE_KEEPS | shown & WINE_KEEPS
    if not status.st_mode & WRITABLE_BY_ANYBODY:
        known |= READ_ONLY
    return known


def read_wine_attributes(path):
    """The attributes that Wine keeps for the file; None where nobody set any."""
    try:
        return int(os.getxattr(path, WINE_ATTRIBUTES).rstrip(b"\0"), 16)
    except (OSError, ValueError):
        return None


def write_wine_attributes(path, value):
    """So that programs see them; a disk without extended attributes shows none."""
    try:
        os.setxattr(path, WINE_ATTRIBUTES, b"0x%x" % (value & WINE_KEEPS))
    except OSError:
        pass


def split_streams(directory):
    """(names of objects, those of them with alternate streams): Wine keeps a stream as a file NAME:STREAM."""
    entries = sorted(os.listdir(directory))
    owners = {entry.partition(":")[0] for entry in entries if ":" in entry}
    return [entry for entry in entries if ":" not in entry], owners


def read_streams(path):
    """(name, bytes) of each alternate stream that a program under Wine made."""
    directory, name = os.path.split(path)
    found = []
    for entry in sorted(os.listdir(directory)):
        if entry.startswith(name + ":"):
            with open(os.path.join(directory, entry), "rb") as file:
                found.append((entry.partition(":")[2].removesuffix(":$DATA"), file.read()))
    return found


class Planted:
    """The fields of objects on one virtual disk, by a mark on the object, so that they go where it goes and end with it."""

    MARK = "trusted.simhost.planted"

    def __init__(self, directory):
        self.file = os.path.join(directory, "planted.json")
        try:
            with open(self.file, encoding="utf-8") as file:
                self.fields = json.load(file)
        except FileNotFoundError:
            self.fields = {}

    def save(self):
        with open(self.file + ".new", "w", encoding="utf-8") as file:
            json.dump(self.fields, file, indent=1)
        os.replace(self.file + ".new", self.file)

    def of(self, path):
        """The fields of the object at a path of this system; None when nothing was planted there."""
        return self.fields.get(self._mark(path))

    def put(self, path, fields):
        mark = uuid.uuid4().hex
        try:
            os.setxattr(path, self.MARK, mark.encode(), follow_symlinks=False)
        except OSError:
            mark = self._mark(path)  # a disk without attributes, or not ours to set: the inode must do
        self.fields[mark] = fields

    def _mark(self, path):
        try:
            return os.getxattr(path, self.MARK, follow_symlinks=False).decode()
        except OSError:
            return f"inode {os.lstat(path).st_ino}"


def mark_of_layer(path):
    """An overlay copies the mark along when it makes a changed copy; a file that a program makes anew has none."""
    try:
        os.setxattr(path, OF_LAYER, b"1")
    except OSError:
        pass  # in reduced mode, where nothing can be told of that


def is_of_layer(path):
    try:
        os.getxattr(path, OF_LAYER, follow_symlinks=False)
        return True
    except OSError:
        return False
