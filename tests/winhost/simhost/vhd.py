# SPDX-License-Identifier: MIT
"""Virtual disks: small sparse files with a header of our own behind the signature of a VHDX, and volumes made of directories.

blank-base.vhdx is formatted once for a base layer, blank.vhdx is its differencing child, and a scratch's sandbox.vhdx is a copy
of that. What a program writes to the volume is not in the file but in <machine>/vhd/<guid>/; the GUID is written into the file
when it is attached for the first time. So two files with one GUID are a disk and its copy.
"""

import json
import os
import shutil
import uuid

from . import hresult
from .server import Refusal

SIGNATURE = b"vhdxfile"
HEADER_OFFSET, HEADER_SIZE = 64 * 1024, 4096
FILE_SIZE = 4 << 20
DEFAULT_BYTES = 20 << 30
MAXIMUM_BYTES = 64 << 40

# winerror.h, facility VIRTDISK
FORMAT_UNKNOWN, CORRUPT, PARENT_NOT_FOUND = 0xC03A0004, 0xC03A0003, 0xC03A000D


def create(path, parent=None):
    """A formatted disk, or with `parent` (a Windows path) a differencing disk on it. Refuses to replace a file."""
    with open(path, "xb") as file:
        file.truncate(FILE_SIZE)
        file.write(SIGNATURE + "simulated".encode("utf-16-le"))
    write_header(path, {"parent": parent, "guid": None, "bytes": DEFAULT_BYTES})


def read_header(path):
    with open(path, "rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise Refusal(FORMAT_UNKNOWN, "The file is not a virtual disk.")
        file.seek(HEADER_OFFSET)
        text = file.read(HEADER_SIZE).rstrip(b"\0")
    try:
        header = json.loads(text)
        return {name: header[name] for name in ("parent", "guid", "bytes")}
    except (ValueError, KeyError, TypeError):
        raise Refusal(CORRUPT, "The virtual disk is corrupt.") from None


def write_header(path, header):
    with open(path, "r+b") as file:
        file.seek(HEADER_OFFSET)
        file.write(json.dumps(header).encode().ljust(HEADER_SIZE, b"\0"))


def expand(path, size):
    """A disk only grows."""
    header = read_header(path)
    if not header["bytes"] <= size <= MAXIMUM_BYTES:
        raise Refusal(hresult.INVALID_ARGUMENT)
    write_header(path, {**header, "bytes": size})


class Volumes:
    """The disks of a machine: attached as volumes of the Windows host, or lying there."""

    def __init__(self, host):
        self.host = host
        self.attached = {}  # guid -> path of the file
        self._forget_power_cut()

    def directory(self, guid, *parts):
        return os.path.join(self.host.directory, "vhd", guid, *parts)

    def mount_point(self, guid):
        return os.path.join(self.host.directory, "mnt", guid)

    def attach(self, path):
        """Make the disk a volume; its GUID. Refusal when it is attached, broken, or without its parent."""
        header = read_header(path)
        if header["parent"] and not self.host.paths.exists(header["parent"]):
            raise Refusal(PARENT_NOT_FOUND, f"The parent disk {header['parent']} was not found.")
        if path in self.attached.values():
            raise Refusal(hresult.SHARING_VIOLATION)
        guid = self._identify(path, header)
        os.makedirs(self.mount_point(guid), exist_ok=True)
        os.symlink(self.mount_point(guid), self.host.paths.volume_link(guid))
        self.attached[guid] = path
        return guid

    def detach(self, guid):
        os.unlink(self.host.paths.volume_link(guid))
        del self.attached[guid]
        remove_directory(self.mount_point(guid))

    def delete(self, guid):
        """The file is gone, and with it all that was on the disk."""
        shutil.rmtree(self.directory(guid), ignore_errors=True)
        with self.host.lock:
            self.host.section("disks").pop(guid, None)
        self.host.save()

    def _identify(self, path, header):
        """The disk's GUID: a fresh one for a new disk, and for a copy of a used disk, which then has the same content."""
        inode = os.stat(path).st_ino
        disks = self.host.section("disks")
        known = disks.get(header["guid"]) if header["guid"] else None
        if known and known["inode"] == inode:
            return header["guid"]
        guid = str(uuid.uuid4())
        if header["guid"]:
            self._copy_content(header["guid"], guid)
        else:
            for name in ("upper", "work"):
                os.makedirs(self.directory(guid, name))
        write_header(path, {**header, "guid": guid})
        with self.host.lock:
            disks[guid] = {"inode": inode, "layers": known["layers"] if known else None}
        self.host.save()
        return guid

    def _copy_content(self, original, guid):
        if original in self.attached:
            raise Refusal(hresult.SHARING_VIOLATION, "The disk was copied while it is in use.")
        if not os.path.isdir(self.directory(original)):
            raise Refusal(CORRUPT, "The virtual disk is corrupt.")
        copy_tree(self.directory(original), self.directory(guid))

    def layers_of(self, guid):
        """Ids of the layers the disk was prepared with, or None before that."""
        return self.host.section("disks")[guid]["layers"]

    def remember_layers(self, guid, ids):
        with self.host.lock:
            self.host.section("disks")[guid]["layers"] = ids
        self.host.save()

    def _forget_power_cut(self):
        """A disk that was attached when the machine lost power is not attached after it."""
        ours = os.path.join(self.host.directory, "mnt") + os.sep
        for name in os.listdir(self.host.paths.devices):
            link = os.path.join(self.host.paths.devices, name)
            if os.path.islink(link) and os.readlink(link).startswith(ours):
                target = os.readlink(link)
                os.unlink(link)
                remove_directory(target)


def copy_tree(source, target):
    """With everything an overlay keeps: links as links, device nodes, attributes."""
    shutil.copytree(source, target, symlinks=True, copy_function=_copy_node)


def _copy_node(source, target):
    status = os.lstat(source)
    if os.path.isfile(source):
        shutil.copy2(source, target)
    else:
        os.mknod(target, status.st_mode, status.st_rdev)


def remove_directory(path):
    """An empty mount point, or the link that stands for one in reduced mode."""
    if os.path.islink(path):
        os.unlink(path)
    elif os.path.isdir(path):
        try:
            os.rmdir(path)
        except OSError:
            pass  # still a mount, or not ours
