# SPDX-License-Identifier: MIT
"""ImportLayer: a transport folder becomes a layer on its parents."""

import concurrent.futures
import hashlib
import os
import shutil

from . import hresult, layertree, transport
from .layerstore import HIVE_NAMES, LayerRecord
from .paths import find, fold
from .server import Refusal

ROOTS = {"FILES": "Files", "HIVES": "Hives"}
BAD_DATABASE = 0x800703F1
HIVE_SIGNATURE = b"regf"


class Importer:
    """One ImportLayer call. `notes` goes into the journal: the tree that was staged, with a digest of each file."""

    def __init__(self, layers, target, staging, parents, notes):
        self.layers, self.target, self.staging, self.parents = layers, target, staging, parents
        self.source_tree = notes.setdefault("sourceTree", [])
        self.digests = []  # (entry of the tree, its digest to be)
        self.record = None
        self.directories = []  # (metadata file, directory): times come last, everything below changes them

    def run(self):
        self._check_target()
        # Only a test looks at the digests: the call shall not take the time of reading everything twice.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            self._list(self.staging, "", pool)
            try:
                self._import()
            finally:
                for entry, coming in self.digests:
                    entry["sha256"] = coming.result()

    def _import(self):
        roots = self._roots()
        os.makedirs(self.target, exist_ok=True)
        self.record = LayerRecord(self.target, "diff", [parent.path for parent in self.parents])
        below = layertree.merge(self.parents)
        try:
            self._directory(roots["Files"], os.path.join(self.target, "Files"), "", below)
            self._hives(roots.get("Hives"))
            self._tombstones()
            for source, directory in self.directories:
                if os.path.isdir(directory):
                    copy_times(source, directory)
        except transport.TransportError as error:
            raise Refusal(hresult.INVALID_DATA, f"The data is invalid. ({error})") from None
        self.layers.records.put(self.record)

    def _check_target(self):
        if not os.path.isdir(os.path.dirname(self.target)):
            raise Refusal(hresult.PATH_NOT_FOUND)
        if any(find(self.target, name) for name in ROOTS.values()):
            raise Refusal(hresult.ALREADY_EXISTS)
        if os.path.realpath(self.staging).startswith(os.path.realpath(self.target) + os.sep):
            raise Refusal(hresult.INVALID_ARGUMENT)

    def _list(self, directory, prefix, pool):
        with os.scandir(directory) as entries:
            for entry in sorted(entries, key=lambda each: fold(each.name)):
                path = f"{prefix}\\{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    self.source_tree.append({"path": path, "attr": "0x10", "size": 0})
                    self._list(entry.path, path, pool)
                else:
                    self.source_tree.append({"path": path, "attr": "0x20", "size": entry.stat().st_size})
                    self.digests.append((self.source_tree[-1], pool.submit(digest, entry.path)))

    def _roots(self):
        """The top directories by their proper names; anything else in the staging folder is refused."""
        roots = {}
        for name in os.listdir(self.staging):
            bare = name.removesuffix(transport.DIRECTORY_SUFFIX)
            if fold(name) in ROOTS:
                roots[ROOTS[fold(name)]] = os.path.join(self.staging, name)
            elif fold(bare) not in ROOTS and name != transport.TOMBSTONES:
                raise Refusal(hresult.INVALID_DATA, f"The data is invalid. ({name} in the transport folder)")
        if "Files" not in roots:
            raise Refusal(hresult.PATH_NOT_FOUND)
        return roots

    # --- Files --------------------------------------------------------------------------------------------------------------------

    def _directory(self, source, target, relative, below):
        """Makes `target` from the staged directory; `below` is what the parents have there, or None."""
        os.mkdir(target)
        entry = self._metadata(source, target, relative)
        names = [name for name in os.listdir(source) if not name.endswith(transport.DIRECTORY_SUFFIX)]
        self._check_orphans(source, names)
        if entry.reparse:
            transport.require(not names, f"entries below the reparse point {relative}")
            self.directories.append((source + transport.DIRECTORY_SUFFIX, target))
            return
        below = below if isinstance(below, layertree.Directory) else None
        for name in sorted(names):
            self._child(os.path.join(source, name), os.path.join(target, name), join(relative, name), below and below.child(name))
        if below:
            self._placeholders(target, relative, below, {fold(name) for name in names})
        self.directories.append((source + transport.DIRECTORY_SUFFIX, target))

    def _child(self, source, target, relative, below):
        if os.path.isdir(source):
            self._directory(source, target, relative, below)
        else:
            self._file(source, target, relative)

    def _metadata(self, source, target, relative):
        path = source + transport.DIRECTORY_SUFFIX
        if not os.path.isfile(path):
            raise Refusal(hresult.FILE_NOT_FOUND, f"The system cannot find the file specified. ({relative or 'Files'}.$wcidirs$)")
        with open(path, "rb") as file:
            entry = parse(file, True, relative)
            self.record.note(relative, target, entry, read_alternates(file, entry))
        return entry

    @staticmethod
    def _check_orphans(source, names):
        for name in os.listdir(source):
            bare = name.removesuffix(transport.DIRECTORY_SUFFIX)
            transport.require(name == bare or bare in names, f"{name} without its directory")

    def _file(self, source, target, relative):
        with open(source, "rb") as file:
            entry = parse(file, False, relative)
            with open(target, "xb") as output:
                if entry.data and not entry.sparse:
                    copy_range(file, entry.data, output)
                for offset, data in read_sparse_blocks(file, entry):
                    output.seek(offset)
                    output.write(data)
            self.record.note(relative, target, entry, read_alternates(file, entry))
        copy_times(source, target)

    def _placeholders(self, target, relative, below, staged):
        """For what the parents have and this layer does not mention: deleting a placeholder deletes the thing."""
        for key, node in below.children.items():
            if key in staged:
                continue
            path = os.path.join(target, node.name)
            if isinstance(node, layertree.File):
                layertree.share(node.source, path)
                continue
            if isinstance(node, layertree.Directory) or node.is_directory:
                os.mkdir(path)
            else:
                os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o644))
            self.record.note_placeholder(join(relative, node.name), path)

    # --- Hives and tombstones ----------------------------------------------------------------------------------------------------------

    def _hives(self, source):
        """Keeps the deltas and makes the layer's own base hives of the parent's and them."""
        deltas = self._deltas(source) if source else {}
        target = os.path.join(self.target, "Hives")
        os.mkdir(target)
        for name in HIVE_NAMES:
            with open(os.path.join(self.parents[0].path, "Hives", f"{name}_Base"), "rb") as file:
                merged = file.read()
            if f"{name}_Delta" in deltas:
                merged += deltas[f"{name}_Delta"]
                write(os.path.join(target, f"{name}_Delta"), deltas[f"{name}_Delta"])
                copy_times(find(source, f"{name}_Delta"), os.path.join(target, f"{name}_Delta"))
            write(os.path.join(target, f"{name}_Base"), merged)

    def _deltas(self, source):
        if not os.path.isfile(source + transport.DIRECTORY_SUFFIX):
            raise Refusal(hresult.FILE_NOT_FOUND, "The system cannot find the file specified. (Hives.$wcidirs$)")
        proper = {fold(name): name for name in transport.HIVES}
        found = {}
        for name in os.listdir(source):
            transport.require(fold(name) in proper, f"Hives\\{name}")
            with open(os.path.join(source, name), "rb") as file:
                data = file.read()
            if not data.startswith(HIVE_SIGNATURE):
                raise Refusal(BAD_DATABASE, f"The configuration registry database is corrupt. ({name})")
            found[proper[fold(name)]] = data
        return found

    def _tombstones(self):
        path = os.path.join(self.staging, transport.TOMBSTONES)
        if not os.path.isfile(path):
            return
        with open(path, "rb") as file:
            deleted = transport.parse_tombstones(file.read())
        for relative in deleted:
            delete(os.path.join(self.target, "Files"), relative.split("\\"))


def join(relative, name):
    return f"{relative}\\{name}" if relative else name


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parse(file, directory, relative):
    try:
        return transport.parse(file, directory)
    except transport.TransportError as error:
        raise transport.TransportError(f"{relative or 'Files'}: {error}") from None


def read_range(file, offset, size):
    file.seek(offset)
    return file.read(size)


def read_alternates(file, entry):
    return {each.name: read_range(file, each.start, each.size) for each in entry.alternates}


def copy_range(file, where, output):
    offset, left = where
    while left:
        copied = os.sendfile(output.fileno(), file.fileno(), offset, left)
        transport.require(copied, "a file that became shorter")
        offset, left = offset + copied, left - copied


def read_sparse_blocks(file, entry):
    """(offset in the file, bytes) of each block; the blocks' payloads follow their offsets in the stream."""
    return [(block.offset, read_range(file, block.start, block.size)) for block in entry.sparse]


def delete(directory, components):
    for component in components:
        directory = directory and find(directory, component)
    if not directory:
        return
    if os.path.isdir(directory) and not os.path.islink(directory):
        shutil.rmtree(directory)
    else:
        os.unlink(directory)


def copy_times(source, target):
    status = os.stat(source)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def write(path, data):
    with open(path, "xb") as file:
        file.write(data)
