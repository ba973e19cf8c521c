# SPDX-License-Identifier: MIT
"""Puts objects on a scratch as if a container had made them, with what no program under Wine can make.

A plant is a list of objects, made in their order. Each is a dictionary:

    path        below C:, components joined by backslashes; "" is C: itself
    type        file (default), directory, symlink, junction, hardlink, delete, hive
    data        bytes of a file or hive: text, or base64 with the prefix "base64:"
    target      of a symlink or junction as Windows shows it (`C:\\x`, `..\\x`); of a hardlink a path like `path`
    directory   true for a symlink to a directory
    attributes  Win32 attributes; those that make an object a directory or a link need not be said
    security    a self-relative security descriptor, base64
    eas         {name: value} of extended attributes; values like `data`
    streams     {name: bytes} of alternate streams, like `data`
    reparse     bytes of a REPARSE_DATA_BUFFER of any tag, base64, in place of `target`
    written, accessed   FILETIMEs; the other two times are not the disk's to keep

An object that is there keeps what is not mentioned, as on NTFS. Without a type such an object stays what it is. A hive (`System_Delta`)
is what ExportLayer says of the registry; once one was planted, those that were not are left out.
"""

import os
import shutil
import struct

from . import hresult, layertree, metadata, transport
from .paths import under
from .server import Refusal

KEYS = {"path", "type", "data", "target", "directory", "attributes", "security", "eas", "streams", "reparse", "written", "accessed"}
FIELDS = ("attributes", "security", "eas", "streams", "reparse")
UNIX_EPOCH = 116444736000000000  # as a FILETIME


def refuse(text):
    raise Refusal(hresult.INVALID_ARGUMENT, f"plant: {text}")


def binary(text):
    if text.startswith("base64:"):
        return metadata.decode(text.removeprefix("base64:"))
    return text.encode("utf-8")


def unix_times(written, accessed):
    """(accessed, written) in nanoseconds; a FILETIME counts 100 of them."""
    return tuple((each - UNIX_EPOCH) * 100 for each in (accessed, written))


def link_data(target, junction):
    """REPARSE_DATA_BUFFER as CreateSymbolicLink and mklink /J write it."""
    relative = not junction and target[1:2] != ":" and not target.startswith("\\\\")
    substitute = target if relative else "\\??\\" + target
    names = [name.encode("utf-16-le") for name in (substitute, target)]
    flags = b"" if junction else struct.pack("<I", int(relative))
    body = struct.pack("<HHHH", 0, len(names[0]), len(names[0]) + 2, len(names[1])) + flags
    body += b"".join(name + b"\0\0" for name in names)
    tag = transport.TAG_MOUNT_POINT if junction else transport.TAG_SYMLINK
    return struct.pack("<IHH", tag, len(body), 0) + body


class Planter:
    """Plants on one disk: `volume` is its merged view, `disk` what it holds itself (None in reduced mode), `tree` the layers' tree."""

    def __init__(self, volume, disk, directory, tree):
        self.volume, self.disk, self.tree = volume, disk, tree
        self.hives = os.path.join(directory, "hives")
        self.planted = metadata.Planted(directory)

    def run(self, things):
        times = []
        try:
            for thing in things:
                self._check(thing)
                times += self._plant(thing)
            for path, pair in reversed(times):  # what is made in a directory changes its time
                os.utime(path, ns=pair, follow_symlinks=False)
        finally:
            self.planted.save()

    @staticmethod
    def _check(thing):
        unknown = set(thing) - KEYS
        if unknown or not isinstance(thing.get("path"), str):
            refuse(f"{thing.get('path')}: {', '.join(sorted(unknown)) or 'no path'}")
        if any(part in ("", ".", "..") or ":" in part or "/" in part for part in thing["path"].split("\\")) and thing["path"]:
            refuse(f"{thing['path']}: not a plain path")
        if "security" in thing:
            transport.check_security(metadata.decode(thing["security"]))
        if "reparse" in thing:
            transport.parse_reparse(metadata.decode(thing["reparse"]))

    def _plant(self, thing):
        """Makes the object; (path, times) to be set in the end."""
        kind = thing.get("type")
        if kind == "hive":
            return self._hive(thing)
        path = under(self.volume, [part for part in thing["path"].split("\\") if part])
        if kind == "delete":
            self._delete(path, thing)
            return []
        if not os.path.isdir(os.path.dirname(path)):
            refuse(f"{thing['path']}: its directory is not there")
        make = {"file": self._file, "directory": self._directory, "symlink": self._link, "junction": self._link,
                "hardlink": self._hard_link, None: self._file}.get(kind)
        if not make:
            refuse(f"{thing['path']}: type {kind}")
        kept = os.stat(path) if os.path.exists(path) else None
        make(path, thing)
        self._streams(path, thing)
        self._fields(path, thing)
        if "written" in thing:
            pair = unix_times(thing["written"], thing.get("accessed", thing["written"]))
            return [(path, pair)]
        return [(path, (kept.st_atime_ns, kept.st_mtime_ns))] if kept and "data" not in thing else []

    # --- objects ---------------------------------------------------------------------------------------------------------------

    def _file(self, path, thing):
        """A new file, or new data of one that is there; without data what is there stays."""
        if os.path.lexists(path) and "data" not in thing:
            if thing.get("type") == "file" and not os.path.isfile(path):
                refuse(f"{thing['path']} is there, and no file")
            return
        with open(path, "wb") as file:
            file.write(binary(thing.get("data", "")))

    @staticmethod
    def _directory(path, thing):
        if not os.path.isdir(path):
            os.mkdir(path)

    def _link(self, path, thing):
        data = self._reparse(thing)
        parsed = transport.parse_reparse(data)
        directory = os.path.relpath(os.path.dirname(path), self.volume)
        components = [] if directory == "." else directory.split("/")
        if os.path.islink(path):
            os.unlink(path)  # a link is not changed but made anew
        os.symlink(layertree.link_target(self.tree, components, parsed), path)

    @staticmethod
    def _reparse(thing):
        if "reparse" in thing:
            return metadata.decode(thing["reparse"])
        if "target" not in thing:
            refuse(f"{thing['path']}: a link without a target")
        return link_data(thing["target"], thing["type"] == "junction")

    def _hard_link(self, path, thing):
        os.link(under(self.volume, thing["target"].split("\\")), path)

    def _delete(self, path, thing):
        if not os.path.lexists(path):
            refuse(f"{thing['path']} is not there")
        for stream, _ in metadata.read_streams(path):
            os.unlink(f"{path}:{stream}")
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)

    def _hive(self, thing):
        if thing["path"] not in transport.HIVES:
            refuse(f"{thing['path']} is no hive")
        os.makedirs(self.hives, exist_ok=True)
        path = os.path.join(self.hives, thing["path"])
        with open(path, "wb") as file:
            file.write(binary(thing["data"]))
        return [(path, unix_times(thing["written"], thing.get("accessed", thing["written"])))] if "written" in thing else []

    # --- what goes with them --------------------------------------------------------------------------------------------------------

    @staticmethod
    def _streams(path, thing):
        for name, data in thing.get("streams", {}).items():
            if not name or set(name) & set(":\\/"):
                refuse(f"{thing['path']}: stream {name}")
            with open(f"{path}:{name}", "wb") as file:
                file.write(binary(data))

    def _fields(self, path, thing):
        """Note what the disk cannot hold, over what was planted on the object before."""
        is_link = thing.get("type") in ("symlink", "junction")
        if thing.get("type") == "hardlink" or not (is_link or set(FIELDS) & set(thing)):
            return
        own = self._own(path)
        fields = dict(self.planted.of(own) or {})
        if "attributes" in thing or is_link:
            fields["attributes"] = self._attributes(path, thing, is_link)
        if "security" in thing:
            fields["security"] = thing["security"]
        if "eas" in thing:
            eas = [transport.ExtendedAttribute(0, name, binary(value)) for name, value in thing["eas"].items()]
            transport.parse_eas(transport.pack_eas(eas))
            fields["eas"] = metadata.encode(transport.pack_eas(eas))
        if "streams" in thing:  # beside the file for programs to see; here for its other names
            made = {name: metadata.encode(binary(data)) for name, data in thing["streams"].items()}
            fields["streams"] = {**fields.get("streams", {}), **made}
        if is_link:
            fields["reparse"] = metadata.encode(self._reparse(thing))
        self.planted.put(own, fields)

    @staticmethod
    def _attributes(path, thing, is_link):
        is_directory = thing.get("type") == "junction" or thing.get("directory") or (os.path.isdir(path) and not is_link)
        kind = (metadata.DIRECTORY if is_directory else 0) | (metadata.REPARSE_POINT if is_link else 0)
        value = thing.get("attributes", 0) | kind
        if not is_link:
            metadata.write_wine_attributes(path, value)
        return value

    def _own(self, path):
        """The object on the disk itself; one of the layers comes there when it is written to."""
        if self.disk is None:
            return path
        status = os.lstat(path)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)
        return os.path.join(self.disk, os.path.relpath(path, self.volume))
