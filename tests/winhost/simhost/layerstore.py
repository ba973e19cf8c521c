# SPDX-License-Identifier: MIT
"""What the simulated host knows of layers: a record for each directory that ProcessBaseImage or ImportLayer made a layer.

Records live in <machine>/layers/, not in the layer, because the metadata that NTFS would hold (security descriptors, extended
attributes, reparse data, alternate streams) has no other place here. A record is good as long as the directory is the same one,
known by its inode and a mark of ours.
"""

import hashlib
import json
import os
import uuid

from . import transport
from .metadata import decode, encode
from .paths import fold

# UUID version 5 over the UTF-16 name; the namespace is that of the Host Compute Service
NAMESPACE = uuid.UUID("800872c5-909c-403a-89c9-931fe5e2fd08")

MARK = "user.simhost.layer"
HIVE_NAMES = ("DefaultUser", "Sam", "Security", "Software", "System")


def name_to_guid(name):
    """The layer id that belongs to a directory name."""
    digest = bytearray(hashlib.sha1(NAMESPACE.bytes + name.encode("utf-16-le", "surrogatepass")).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(digest)))


class LayerRecord:
    """One layer. `parents` are directories, topmost first; `entries` metadata by folded path below Files."""

    def __init__(self, path, kind, parents=(), identity=None):
        self.path, self.kind, self.parents = path, kind, list(parents)
        self.identity = identity or mark(path)
        self.entries = {}
        self.placeholders = {}  # folded path of an untouched directory -> inode

    def note(self, relative, path, entry, streams):
        """Keep what the transport file of `path` said; `streams` are the alternate streams' bytes by name."""
        fields = {"inode": os.lstat(path).st_ino, "attributes": entry.attributes}
        if entry.security is not None:
            fields["security"] = encode(entry.security)
        if entry.eas:
            fields["eas"] = encode(transport.pack_eas(entry.eas))
        if entry.reparse:
            fields["reparse"] = encode(entry.reparse.data)
        if streams:
            fields["streams"] = {name: encode(data) for name, data in streams.items()}
        self.entries[fold(relative)] = fields

    def note_placeholder(self, relative, path):
        self.placeholders[fold(relative)] = os.lstat(path).st_ino

    def metadata(self, relative, inode):
        """The fields noted for that path, if the object there is still the one they were noted for."""
        fields = self.entries.get(relative)
        return fields if fields and fields["inode"] == inode else None

    def reparse(self, relative, inode):
        fields = self.metadata(relative, inode)
        if fields and "reparse" in fields:
            return transport.parse_reparse(decode(fields["reparse"]))
        return None

    def is_placeholder(self, relative, inode):
        return self.placeholders.get(relative) == inode

    def to_json(self):
        return {"path": self.path, "kind": self.kind, "parents": self.parents, "identity": self.identity,
                "entries": self.entries, "placeholders": self.placeholders}

    @classmethod
    def from_json(cls, fields):
        record = cls(fields["path"], fields["kind"], fields["parents"], fields["identity"])
        record.entries, record.placeholders = fields["entries"], fields["placeholders"]
        return record


def mark(path):
    """Give the directory an identity that no later directory of that name can have."""
    try:
        os.setxattr(path, MARK, uuid.uuid4().bytes)
    except OSError:
        pass  # a file system without attributes; the inode must do
    return identify(path)


def identify(path):
    try:
        value = os.getxattr(path, MARK).hex()
    except OSError:
        value = ""
    return f"{os.stat(path).st_ino}:{value}"


class Records:
    """The records of a machine, by directory."""

    def __init__(self, host):
        self.directory = os.path.join(host.directory, "layers")
        os.makedirs(self.directory, exist_ok=True)

    def get(self, path):
        """The record of the layer in that directory; None when it is no layer."""
        try:
            with open(self._file(path), encoding="utf-8") as file:
                record = LayerRecord.from_json(json.load(file))
            return record if identify(path) == record.identity else None
        except FileNotFoundError:
            return None

    def put(self, record):
        name = self._file(record.path)
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump(record.to_json(), file)
        os.replace(name + ".new", name)

    def remove(self, path):
        try:
            os.unlink(self._file(path))
        except FileNotFoundError:
            pass

    def _file(self, path):
        return os.path.join(self.directory, hashlib.sha256(os.fsencode(path)).hexdigest()[:32] + ".json")
