# SPDX-License-Identifier: MIT
"""The merged view of a chain of layers, and the directory trees made of it.

A layer's directory is complete: ImportLayer fills it with placeholders for what the parents have, so what is not there is deleted.
A placeholder of a file is a hard link to the parent's file; a placeholder of a directory or link is an empty object that the
layer's record names. The lowest layer that has a name decides how it is spelled.
"""

import dataclasses
import functools
import hashlib
import os
import shutil

from . import metadata, transport, wine
from .paths import fold

SYSTEM_DIRECTORIES = (
    "windows/temp", "Users/Public", "Users/ContainerAdministrator/AppData/Local/Temp", "Users/ContainerUser/AppData/Local/Temp",
    "ProgramData", "Program Files/Common Files",
)


@dataclasses.dataclass
class File:
    name: str
    source: str


@dataclasses.dataclass
class Link:
    """A reparse point: symbolic link or junction."""

    name: str
    reparse: transport.Reparse
    is_directory: bool


@dataclasses.dataclass
class Directory:
    name: str
    children: dict = dataclasses.field(default_factory=dict)  # folded name -> node
    source: str | None = None  # where its times and attributes are

    def child(self, name):
        return self.children.get(fold(name))

    def add(self, node):
        self.children[fold(node.name)] = node


# --- merging -------------------------------------------------------------------------------------------------------------------


def merge(layers):
    """The tree of a chain of LayerRecords, topmost first."""
    tree = None
    for layer in reversed(layers):
        tree = _visit(layer, os.path.join(layer.path, "Files"), "", tree)
    return tree


def _visit(layer, path, relative, below):
    """The layer's directory `path` over `below`, what the layers under it have of that name."""
    below = below if isinstance(below, Directory) else None
    result = Directory(below.name if below else os.path.basename(path), source=path)
    with os.scandir(path) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if ":" in entry.name:
                continue  # how Wine keeps an alternate data stream
            lower = below.child(entry.name) if below else None
            inner = f"{relative}\\{fold(entry.name)}" if relative else fold(entry.name)
            result.add(_node(layer, entry, inner, lower))
    return result


def _node(layer, entry, relative, lower):
    name = lower.name if lower else entry.name
    is_directory = entry.is_dir(follow_symlinks=False)
    if lower and layer.is_placeholder(relative, entry.inode()):
        return lower
    reparse = layer.reparse(relative, entry.inode())
    if reparse:
        return Link(name, reparse, is_directory)
    if is_directory:
        return _visit(layer, entry.path, relative, lower)
    return File(name, entry.path)


def find(tree, relative):
    """The node at a path of components joined by backslashes; None when there is none."""
    node = tree
    for component in filter(None, relative.split("\\")):
        node = node.child(component) if isinstance(node, Directory) else None
    return node


def walk(node, prefix=""):
    """(path, node) of everything below `node`, parents first."""
    for child in node.children.values():
        path = f"{prefix}\\{child.name}" if prefix else child.name
        yield path, child
        if isinstance(child, Directory):
            yield from walk(child, path)


def fingerprint(tree):
    """Changes when anything of the tree does, without reading a file."""
    digest = hashlib.sha256()
    for path, node in walk(tree):
        facts = [type(node).__name__, path]
        if isinstance(node, File):
            status = os.lstat(node.source)
            facts += [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns]
        elif isinstance(node, Link):
            facts.append(node.reparse.data.hex())
        elif node.source:
            facts.append(os.lstat(node.source).st_mtime_ns)
        digest.update(repr(facts).encode())
    return digest.hexdigest()[:32]


# --- the system below the image ----------------------------------------------------------------------------------------------------


def with_system(tree):
    """The tree over Wine's files, which stand for the system that Windows lends a container.

    Wine needs its directories in lower case, so the system decides their names. An image's programs win over the system's; its
    libraries do not, as they would not work here.
    """
    return _over(tree, _system())


@functools.cache
def _system():
    root = Directory("")
    system32 = _make(root, "windows/system32")
    drivers = _make(root, "windows/system32/drivers")
    for name in os.listdir(wine.BUILTINS):
        place = drivers if name.endswith(".sys") else system32
        place.add(File(name, os.path.join(wine.BUILTINS, name)))
    for path in SYSTEM_DIRECTORIES:
        _make(root, path)
    return root


def _make(root, path):
    for name in path.split("/"):
        if not root.child(name):
            root.add(Directory(name))
        root = root.child(name)
    return root


def _over(upper, lower):
    result = Directory(lower.name, dict(lower.children), upper.source)
    for key, node in upper.children.items():
        system = lower.children.get(key)
        if isinstance(node, Directory) and isinstance(system, Directory):
            result.children[key] = _over(node, system)
        elif not isinstance(system, File) or key.endswith(".EXE"):
            result.children[key] = node
    if not _is_wine_directory(lower):
        result.name = upper.name
    return result


def _is_wine_directory(node):
    return node.name in ("windows", "system32", "drivers")


# --- directories on disk ---------------------------------------------------------------------------------------------------------------


def materialise(tree, target, place):
    """The tree as a directory; `place(source, path)` makes each file."""
    os.mkdir(target)
    _fill(tree, tree, target, [], place)
    dress(tree, target)


def _fill(root, node, target, components, place):
    for child in node.children.values():
        path = os.path.join(target, child.name)
        if isinstance(child, Directory):
            os.mkdir(path)
            _fill(root, child, path, [*components, child.name], place)
            dress(child, path)
        elif isinstance(child, Link):
            os.symlink(link_target(root, components, child.reparse), path)
        else:
            place(child.source, path)
            finish_file(child.source, path)


def dress(node, path):
    """Times and attributes of the layer's directory; the system's have none of note."""
    if not node.source:
        return
    status = os.stat(node.source)
    attributes = metadata.read_wine_attributes(node.source)
    if attributes is not None:
        os.setxattr(path, metadata.WINE_ATTRIBUTES, os.getxattr(node.source, metadata.WINE_ATTRIBUTES))
    metadata.mark_of_layer(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def finish_file(source, path):
    """Wine turns security descriptors into Unix modes, and starts its own program of that name where the image's is not executable."""
    if not source.startswith(wine.BUILTINS + os.sep):
        mode = os.stat(path).st_mode
        if mode & 0o555 != 0o555:
            os.chmod(path, mode & 0o7777 | 0o555)
        metadata.mark_of_layer(path)


def share(source, target):
    """One file under two names, for trees that nobody writes to; where that cannot be, a link to the system's and a copy of others."""
    try:
        os.link(source, target)
    except OSError:
        copy(source, target)


def copy(source, target):
    """For trees that are written to. The system's files are many and large: links, which a program may replace."""
    if source.startswith(wine.BUILTINS + os.sep):
        os.symlink(source, target)
    else:
        shutil.copy2(source, target)


NOWHERE = "/nonexistent/outside-of-the-container"


def link_target(root, directory, reparse):
    """The Linux link for a reparse point in `directory` (components from the root of C:).

    It stays relative, so that it is right wherever the tree is mounted; what leaves C: leads nowhere.
    """
    target = reparse.substitute
    if target is None:
        return NOWHERE
    if reparse.relative:
        components = [] if target.startswith("\\") else list(directory)
    elif target.upper().startswith("\\??\\C:\\"):
        components, target = [], target[len("\\??\\C:\\"):]
    else:
        return NOWHERE
    for part in filter(None, target.replace("/", "\\").split("\\")):
        if part == "..":
            if not components:
                return NOWHERE
            components.pop()
        elif part != ".":
            components.append(part)
    return "/".join([".."] * len(directory) + as_spelled(root, components)) or "."


def as_spelled(root, components):
    """The components with the spelling of the tree, as far as it has them."""
    spelled, node = [], root
    for component in components:
        node = node.child(component) if isinstance(node, Directory) else None
        spelled.append(node.name if node else component)
    return spelled
