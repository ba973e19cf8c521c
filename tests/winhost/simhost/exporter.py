# SPDX-License-Identifier: MIT
"""ExportLayer: what a layer holds beyond its parents, as a transport folder.

A scratch is compared with the layers below it: what is on its disk and is not what they have, and what they have and it lacks. An
imported layer says by itself what it holds: everything in its directory but the placeholders. Sources: hcsshim's legacy layer reader and
layer export, the recording of such an export, and Microsoft's page on HcsExportLayer, whose option IsWritableLayer tells the two apart.
"""

import filecmp
import os

from . import layertree, metadata, transport, wine
from .layerstore import HIVE_NAMES
from .paths import find, fold

EMPTY_HIVE = b"regf"
HIVES = "Hives"


def join(relative, name):
    return f"{relative}\\{name}" if relative else name


def write(path, data):
    with open(path, "xb") as file:
        file.write(data)


def times_of(path):
    status = os.lstat(path)
    return status.st_atime_ns, status.st_mtime_ns


class TransportFolder:
    """The folder under construction. Files that are one on the disk are one here: hard links."""

    def __init__(self, target):
        self.target = target
        self.tombstones = []
        self.links = {}  # (device, inode) -> staged file

    def directory(self, path, attributes, fields, streams, times):
        os.mkdir(path)
        head = transport.pack(attributes | metadata.DIRECTORY, metadata.security(fields), metadata.extended_attributes(fields),
                              metadata.reparse(fields), None, streams)
        self._write(path + transport.DIRECTORY_SUFFIX, head, times)

    def file(self, path, source, attributes, fields, streams):
        status = os.lstat(source)
        identity = (status.st_dev, status.st_ino)
        if identity in self.links:
            os.link(self.links[identity], path)
            return
        reparse, data = metadata.reparse(fields), None
        if reparse is None:
            with open(source, "rb") as file:
                data = file.read()
        packed = transport.pack(attributes, metadata.security(fields), metadata.extended_attributes(fields), reparse, data, streams)
        self._write(path, packed, (status.st_atime_ns, status.st_mtime_ns))
        self.links[identity] = path

    def hives(self, deltas):
        """`deltas`: name -> (bytes, times)."""
        directory = os.path.join(self.target, HIVES)
        os.mkdir(directory)
        write(directory + transport.DIRECTORY_SUFFIX, transport.pack(metadata.DIRECTORY, metadata.DEFAULT_SECURITY))
        for name, (data, times) in deltas.items():
            self._write(os.path.join(directory, name), data, times)

    def finish(self):
        lines = sorted(self.tombstones, key=fold)
        write(os.path.join(self.target, transport.TOMBSTONES), transport.pack_tombstones(lines))

    def list(self):
        """What was staged, for the journal."""
        found = []
        for parent, folders, names in os.walk(self.target):
            folders.sort(key=fold)
            below = os.path.relpath(parent, self.target).replace("/", "\\").removeprefix(".")
            found += [{"path": f"\\{join(below, name)}", "size": 0} for name in folders]
            found += [{"path": f"\\{join(below, name)}", "size": os.path.getsize(os.path.join(parent, name))} for name in names]
        return sorted(found, key=lambda each: fold(each["path"]))

    @staticmethod
    def _write(path, data, times):
        write(path, data)
        os.utime(path, ns=times)


def empty_hives(times):
    """Windows writes a delta of every hive, whether the registry was touched or not."""
    return {name: (EMPTY_HIVE, times) for name in transport.HIVES}


def hives_in(directory, suffix="_Delta"):
    """The deltas that lie in a directory of this system, by their proper names."""
    found = {}
    for name in HIVE_NAMES:
        path = find(directory, name + suffix)
        if path:
            with open(path, "rb") as file:
                found[name + suffix] = (file.read(), times_of(path))
    return found


class ScratchExporter:
    """`volume` is the merged view of the disk; `disk` what the disk itself holds, None where that is not kept apart (reduced mode)."""

    def __init__(self, records, volume, disk, planted, folder):
        self.records, self.volume, self.disk, self.planted, self.folder = records, volume, disk, planted, folder
        self.layers = layertree.merge(records)
        self.inodes = [inodes_of(record) for record in records]

    def run(self, hives):
        below = layertree.with_system(self.layers)
        self._directory(self.volume, "", below, self.layers, os.path.join(self.folder.target, "Files"))
        self.folder.hives(hives)
        self.folder.finish()

    def _directory(self, source, relative, below, spelled, target):
        """Stages `source`, which differs from `below`, and what changed in it. `spelled` are the names of the layers alone."""
        fields = self._fields(source, below, relative)
        streams = merged_streams(fields, source)
        self.folder.directory(target, metadata.attributes(source, fields), fields, streams, times_of(source))
        children = below.children if isinstance(below, layertree.Directory) else {}
        names, owners = metadata.split_streams(source)
        present = {fold(name) for name in names}
        self.folder.tombstones += [join(relative, spelling(spelled, node.name)) for key, node in children.items() if key not in present]
        for name in names:
            path, node = os.path.join(source, name), children.get(fold(name))
            if name in owners or self._differs(path, node):
                inner = child(spelled, name)
                name = spelling(spelled, name)
                self._stage(path, join(relative, name), node, inner, os.path.join(target, name))

    def _stage(self, path, relative, node, spelled, target):
        fields = self._fields(path, node, relative)
        if os.path.islink(path):
            self._link(path, fields, target)
        elif os.path.isdir(path):
            self._directory(path, relative, node, spelled, target)
        else:
            streams = merged_streams(fields, path)
            self.folder.file(target, self._own(path), metadata.attributes(path, fields), fields, streams)

    def _link(self, path, fields, target):
        """A reparse point, which this system's disk has as a symbolic link."""
        attributes = fields["attributes"] | metadata.REPARSE_POINT
        if attributes & metadata.DIRECTORY:
            self.folder.directory(target, attributes, fields, merged_streams(fields, path), times_of(path))
        else:
            self.folder.file(target, path, attributes, fields, merged_streams(fields, path))

    def _own(self, path):
        """The object as the disk has it, which is where its marks and its identity are; the view's where it is the layers'."""
        if self.disk is None:
            return path
        own = os.path.join(self.disk, os.path.relpath(path, self.volume))
        return own if os.path.lexists(own) else path

    def _is_own(self, path):
        return self.disk is None or os.path.lexists(os.path.join(self.disk, os.path.relpath(path, self.volume)))

    def _fields(self, path, node, relative):
        """What was planted on the object, or what the layers say about the one it was made from; nothing about a new one."""
        planted = self.planted.of(self._own(path)) or {}
        if self.disk is not None and self._is_own(path) and relative and not metadata.is_of_layer(self._own(path)):
            return planted
        known = self._known(node, relative)
        both = {**known.get("streams", {}), **planted.get("streams", {})}
        return {**known, **planted, **({"streams": both} if both else {})}

    def _known(self, node, relative):
        if isinstance(node, layertree.File):
            inode = os.lstat(node.source).st_ino
            return next((inodes[inode] for inodes in self.inodes if inode in inodes), {})
        return next((record.entries[fold(relative)] for record in self.records if fold(relative) in record.entries), {})

    def _differs(self, path, node):
        """Whether the object is not what the layers have there. A link is theirs unless it was planted: Wine can make none."""
        if not self._is_own(path) and node is not None:
            return False
        if self.planted.of(self._own(path)) is not None:
            return True
        if os.path.islink(path):
            return False
        if not os.path.isdir(path):
            return not self._same_file(path, node)
        if not isinstance(node, layertree.Directory):
            return True
        names, owners = metadata.split_streams(path)
        if owners or not node.children.keys() <= {fold(name) for name in names} or not same_attributes(path, node.source):
            return True
        return any(self._differs(os.path.join(path, name), node.child(name)) for name in names)

    @staticmethod
    def _same_file(path, node):
        """Bytes, time of the last write and attributes; a file that a program only opened for writing is on the disk, too."""
        if not isinstance(node, layertree.File):
            return False
        if node.source.startswith(wine.BUILTINS + os.sep):
            return os.path.getsize(path) == os.path.getsize(node.source)  # hundreds of megabytes that nobody writes to
        return (os.stat(path).st_mtime_ns == os.stat(node.source).st_mtime_ns and same_attributes(path, node.source) and
                filecmp.cmp(path, node.source, shallow=False))


class LayerExporter:
    """An imported layer: `record` is its own, `parents` those below it."""

    def __init__(self, record, parents, folder):
        self.record, self.folder = record, folder
        self.below = layertree.merge(parents)
        self.inodes = [inodes_of(each) for each in (record, *parents)]

    def run(self):
        self._directory(os.path.join(self.record.path, "Files"), "", self.below, os.path.join(self.folder.target, "Files"))
        hives = os.path.join(self.record.path, HIVES)
        deltas = hives_in(hives)
        if not deltas:
            deltas = empty_hives(times_of(os.path.join(hives, f"{HIVE_NAMES[0]}_Base")))
        self.folder.hives(deltas)
        self.folder.finish()

    def _directory(self, source, relative, below, target):
        fields = self.record.entries.get(fold(relative), {})
        self.folder.directory(target, fields.get("attributes", metadata.DIRECTORY), fields, metadata.streams(fields), times_of(source))
        if metadata.reparse(fields):
            return
        children = below.children if isinstance(below, layertree.Directory) else {}
        names = sorted(name for name in os.listdir(source) if ":" not in name)
        present = {fold(name) for name in names}
        self.folder.tombstones += [join(relative, node.name) for key, node in children.items() if key not in present]
        for name in names:
            self._child(os.path.join(source, name), join(relative, name), children.get(fold(name)), os.path.join(target, name))

    def _child(self, path, relative, node, target):
        inode = os.lstat(path).st_ino
        if self.record.is_placeholder(fold(relative), inode):
            return
        if isinstance(node, layertree.File) and os.path.samefile(path, node.source):
            return
        if os.path.isdir(path):
            self._directory(path, relative, node, target)
            return
        fields = next((inodes[inode] for inodes in self.inodes if inode in inodes), {})
        self.folder.file(target, path, fields.get("attributes", metadata.ARCHIVE), fields, metadata.streams(fields))


def inodes_of(record):
    """Metadata by inode, since a hard link has no entry of its own."""
    return {fields["inode"]: fields for fields in record.entries.values()}


def same_attributes(path, source):
    """What Wine keeps of attributes, on the object and on the layers' one."""
    return source is None or metadata.attributes(path, {}) == metadata.attributes(source, {})


def merged_streams(fields, path):
    """The streams the object had and those that a program made; one that was made again counts."""
    made = metadata.read_streams(path)
    again = {fold(name) for name, _ in made}
    return [each for each in metadata.streams(fields) if fold(each[0]) not in again] + made


def child(directory, name):
    return directory.child(name) if isinstance(directory, layertree.Directory) else None


def spelling(directory, name):
    """The name as the layers have it: Wine needs some in lower case."""
    node = child(directory, name)
    return node.name if node else name
