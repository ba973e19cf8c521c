# SPDX-License-Identifier: MIT
"""The transport format: what ImportLayer reads and ExportLayer writes.

A transport folder holds `Files`, `Hives` and, next to every directory D, a file `D.$wcidirs$` with D's metadata. A file below
`Files`, and every `.$wcidirs$`, is a u32 with the Win32 attributes and then a sequence of WIN32_STREAM_ID records, the bytes that
BackupWrite takes. Files below `Hives` are raw.

Sources: hcsshim's legacy layer writer and reader, go-winio's backup stream code, Microsoft's pages on WIN32_STREAM_ID,
SECURITY_DESCRIPTOR, FILE_FULL_EA_INFORMATION and REPARSE_DATA_BUFFER. Malformed bytes are a TransportError, 0x8007000D to the caller.
"""

import collections
import io
import struct

DIRECTORY_SUFFIX = ".$wcidirs$"
HIVES = ("DefaultUser_Delta", "Sam_Delta", "Security_Delta", "Software_Delta", "System_Delta")

ATTRIBUTE_DIRECTORY = 0x10
ATTRIBUTES_KNOWN = 0x001FFFB7  # every FILE_ATTRIBUTE_ bit of winnt.h up to PINNED and UNPINNED

DATA, EA, SECURITY, ALTERNATE, LINK, PROPERTY, OBJECT_ID, REPARSE, SPARSE = range(1, 10)
STREAM_NAMES = {DATA: "DATA", EA: "EA_DATA", SECURITY: "SECURITY_DATA", ALTERNATE: "ALTERNATE_DATA", REPARSE: "REPARSE_DATA",
                SPARSE: "SPARSE_BLOCK"}
STREAM_RANKS = {SECURITY: 0, EA: 1, REPARSE: 2, DATA: 3, SPARSE: 4, ALTERNATE: 5}  # the order of BackupRead and of every writer
REPEATABLE = {SPARSE, ALTERNATE}
STREAM_ATTRIBUTES = {SECURITY: 0x2, DATA: 0x8, ALTERNATE: 0x8, SPARSE: 0x8}  # CONTAINS_SECURITY, SPARSE_ATTRIBUTE; else none
HEADER = struct.Struct("<IIQI")
NAME_MAX = 2 * 261

TAG_MOUNT_POINT, TAG_SYMLINK = 0xA0000003, 0xA000000C
FILTER_TAGS = {0x80000018, 0x90001018, 0xA000001F, 0xA0000027, 0xA0001027}  # made by the layer filter alone
REPARSE_MAX = 16 * 1024
TAG_MICROSOFT = 0x80000000

Reparse = collections.namedtuple("Reparse", "tag substitute print relative data")
ExtendedAttribute = collections.namedtuple("ExtendedAttribute", "flags name value")
Alternate = collections.namedtuple("Alternate", "name start size")  # `start` is a place in the transport file
SparseBlock = collections.namedtuple("SparseBlock", "offset start size")  # `offset` is a place in the file it describes


class TransportError(Exception):
    """The bytes are not a transport file."""


def require(condition, text):
    if not condition:
        raise TransportError(text)


class Entry:
    """What a transport file says; data streams stay in the file, as (offset, size)."""

    def __init__(self, attributes):
        self.attributes = attributes
        self.security = None
        self.eas = []
        self.reparse = None
        self.data = None
        self.sparse = []
        self.alternates = []

    @property
    def is_directory(self):
        return bool(self.attributes & ATTRIBUTE_DIRECTORY)


# --- reading -------------------------------------------------------------------------------------------------------------------


def parse(file, directory):
    """The Entry of an open binary file; `directory` tells whether it is a `.$wcidirs$`."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(4)
    require(len(head) == 4, "shorter than its attributes")
    entry = Entry(struct.unpack("<I", head)[0])
    require(entry.attributes & ~ATTRIBUTES_KNOWN == 0, f"unknown attributes {entry.attributes:#x}")
    kinds = ("directory", "file") if directory else ("file", "directory")
    require(entry.is_directory == directory, f"a {kinds[1]}'s attributes on a {kinds[0]}")
    rank, seen = -1, set()
    while file.tell() < size:
        stream, name, length = read_header(file, size)
        require(STREAM_RANKS[stream] >= rank, f"stream {STREAM_NAMES[stream]} out of order")
        require(stream in REPEATABLE or stream not in seen, f"stream {STREAM_NAMES[stream]} twice")
        rank = STREAM_RANKS[stream]
        seen.add(stream)
        read_stream(entry, file, stream, name, length)
    check_whole(entry, directory)
    return entry


def parse_bytes(data, directory=False):
    return parse(io.BytesIO(data), directory)


def read_header(file, end):
    """(stream id, name, size of the payload) of the next WIN32_STREAM_ID."""
    raw = file.read(HEADER.size)
    require(len(raw) == HEADER.size, "truncated stream header")
    stream, attributes, length, name_bytes = HEADER.unpack(raw)
    require(stream in STREAM_RANKS, f"unknown stream id {stream}")
    require(attributes & ~STREAM_ATTRIBUTES.get(stream, 0) == 0, f"stream attributes {attributes:#x} on {STREAM_NAMES[stream]}")
    require(name_bytes == 0 or stream == ALTERNATE, f"a name on {STREAM_NAMES[stream]}")
    require(name_bytes % 2 == 0 and name_bytes <= NAME_MAX, f"stream name of {name_bytes} bytes")
    raw_name = file.read(name_bytes)
    require(len(raw_name) == name_bytes, "truncated stream name")
    require(length <= end - file.tell(), f"stream {STREAM_NAMES[stream]} of {length} bytes, {end - file.tell()} left")
    return stream, raw_name, length


def read_stream(entry, file, stream, name, length):
    start = file.tell()
    if stream == DATA:
        entry.data = (start, length)
    elif stream == SPARSE:
        entry.sparse.append(read_sparse(file, length))
    elif stream == ALTERNATE:
        entry.alternates.append(Alternate(alternate_name(name), start, length))
    else:
        payload = file.read(length)
        if stream == SECURITY:
            check_security(payload)
            entry.security = payload
        elif stream == EA:
            entry.eas = parse_eas(payload)
        else:
            entry.reparse = parse_reparse(payload)
    file.seek(start + length)


def check_whole(entry, directory):
    if directory:
        require(entry.data is None and not entry.sparse, "data on a directory")
    elif entry.reparse is None:
        require(entry.data is not None, "a file without a data stream")
    else:
        require(entry.data is None, "data on a reparse point")
    require(not entry.sparse or entry.data is not None, "sparse blocks without a data stream")
    names = [alternate.name.upper() for alternate in entry.alternates]
    require(len(names) == len(set(names)), "the same alternate stream twice")


def read_sparse(file, length):
    """A sparse block begins with its i64 offset, which counts in the size."""
    require(length >= 8, "sparse block without an offset")
    offset = struct.unpack("<q", file.read(8))[0]
    require(offset >= 0, "sparse block at a negative offset")
    return SparseBlock(offset, file.tell(), length - 8)


def alternate_name(raw):
    """`name` of the stream name `:name:$DATA`."""
    try:
        text = raw.decode("utf-16-le")
    except UnicodeDecodeError:
        raise TransportError("stream name is not UTF-16") from None
    require(text.startswith(":") and text.endswith(":$DATA"), f"stream name {text!r}")
    name = text[1:-len(":$DATA")]
    require(name != "" and not set(name) & set(":\\/\0"), f"stream name {text!r}")
    return name


# --- security descriptors --------------------------------------------------------------------------------------------------------

SE_DACL_PRESENT, SE_SACL_PRESENT, SE_SELF_RELATIVE = 0x0004, 0x0010, 0x8000
ACES_WITH_SID = {0, 1, 2, 3, 0x09, 0x0A, 0x0D, 0x11, 0x12, 0x13}  # those whose SID follows the mask at once
ACE_TYPE_MAX = 0x15


def check_security(data):
    """A self-relative SECURITY_DESCRIPTOR, whole and with everything inside it."""
    require(len(data) >= 20, "security descriptor shorter than its header")
    revision, _, control, owner, group, sacl, dacl = struct.unpack_from("<BBHIIII", data)
    require(revision == 1, f"security descriptor revision {revision}")
    require(control & SE_SELF_RELATIVE, "security descriptor is not self-relative")
    for offset in (owner, group):
        if offset:
            check_sid(data, offset)
    require(not sacl or control & SE_SACL_PRESENT, "a SACL that is not marked present")
    require(not dacl or control & SE_DACL_PRESENT, "a DACL that is not marked present")
    for offset in (sacl, dacl):
        if offset:
            check_acl(data, offset)


def check_sid(data, offset, end=None):
    end = len(data) if end is None else end
    require(20 <= offset <= end - 8, f"SID at {offset} is outside")
    revision, count = data[offset], data[offset + 1]
    require(revision == 1, f"SID revision {revision}")
    require(count <= 15, f"SID with {count} sub-authorities")
    require(offset + 8 + 4 * count <= end, "truncated SID")
    return 8 + 4 * count


def check_acl(data, offset):
    require(20 <= offset <= len(data) - 8, f"ACL at {offset} is outside")
    revision, _, size, count, _ = struct.unpack_from("<BBHHH", data, offset)
    require(revision in (2, 4), f"ACL revision {revision}")
    require(size >= 8 and offset + size <= len(data), f"ACL of {size} bytes")
    position, end = offset + 8, offset + size
    for _ in range(count):
        require(position + 8 <= end, "truncated ACE")
        kind, _, ace_size = struct.unpack_from("<BBH", data, position)
        require(kind <= ACE_TYPE_MAX, f"ACE type {kind}")
        require(ace_size >= 8 and ace_size % 4 == 0 and position + ace_size <= end, f"ACE of {ace_size} bytes")
        if kind in ACES_WITH_SID:
            check_sid(data, position + 8, position + ace_size)
        position += ace_size


# --- extended attributes -----------------------------------------------------------------------------------------------------------


def parse_eas(data):
    """The FILE_FULL_EA_INFORMATION list."""
    found, position = [], 0
    while True:
        require(position + 8 <= len(data), "truncated EA")
        following, flags, name_length, value_length = struct.unpack_from("<IBBH", data, position)
        end = position + 8 + name_length + 1 + value_length
        require(end <= len(data), "EA longer than its list")
        name = data[position + 8:position + 8 + name_length]
        require(name_length > 0 and name.isascii() and b"\0" not in name, f"EA name {name!r}")
        require(data[position + 8 + name_length] == 0, "EA name without a NUL")
        require(flags in (0, 0x80), f"EA flags {flags:#x}")
        found.append(ExtendedAttribute(flags, name.decode("ascii"), data[end - value_length:end]))
        if following == 0:
            require(len(data) - end < 4, "bytes after the last EA")
            break
        require(following % 4 == 0 and position + following >= end, f"EA offset {following}")
        position += following
    require(len({ea.name.upper() for ea in found}) == len(found), "the same EA twice")
    return found


def pack_eas(eas):
    packed = []
    for position, ea in enumerate(eas):
        name = ea.name.encode("ascii")
        body = struct.pack("<BBH", ea.flags, len(name), len(ea.value)) + name + b"\0" + ea.value
        padding = -(4 + len(body)) % 4
        following = 0 if position == len(eas) - 1 else 4 + len(body) + padding
        packed.append(struct.pack("<I", following) + body + bytes(padding))
    return b"".join(packed)


# --- reparse points ------------------------------------------------------------------------------------------------------------------


def parse_reparse(data):
    """REPARSE_DATA_BUFFER; the names of symbolic links and junctions, the bare bytes of other tags."""
    require(8 <= len(data) <= REPARSE_MAX, f"reparse data of {len(data)} bytes")
    tag, length, reserved = struct.unpack_from("<IHH", data)
    require(reserved == 0, "reserved field of the reparse data is not 0")
    require(tag not in FILTER_TAGS, f"reparse tag {tag:#x} belongs to the layer filter")
    guid_size = 0 if tag & TAG_MICROSOFT else 16
    require(length + 8 + guid_size == len(data), f"reparse data length {length} of {len(data)} bytes")
    if tag not in (TAG_SYMLINK, TAG_MOUNT_POINT):
        return Reparse(tag, None, None, False, data)
    names = 20 if tag == TAG_SYMLINK else 16
    require(len(data) >= names, "truncated reparse data")
    flags = struct.unpack_from("<I", data, 16)[0] if tag == TAG_SYMLINK else 0
    require(flags <= 1, f"symbolic link flags {flags:#x}")
    substitute = reparse_name(data, names, *struct.unpack_from("<HH", data, 8))
    printed = reparse_name(data, names, *struct.unpack_from("<HH", data, 12))
    require(substitute != "", "reparse point without a target")
    if tag == TAG_MOUNT_POINT:
        require(substitute.startswith("\\??\\"), f"junction to {substitute!r}")
    elif not flags:
        require(substitute.startswith("\\??\\"), f"absolute symbolic link to {substitute!r}")
    return Reparse(tag, substitute, printed, bool(flags), data)


def reparse_name(data, names, offset, length):
    require(offset % 2 == 0 and length % 2 == 0 and names + offset + length <= len(data), "reparse name is outside")
    try:
        text = data[names + offset:names + offset + length].decode("utf-16-le")
    except UnicodeDecodeError:
        raise TransportError("reparse name is not UTF-16") from None
    require("\0" not in text, "NUL in a reparse name")
    return text


# --- writing ---------------------------------------------------------------------------------------------------------------------------


def stream_header(stream, size, name=""):
    raw = f":{name}:$DATA".encode("utf-16-le") if name else b""
    return HEADER.pack(stream, 0, size, len(raw)) + raw


def pack(attributes, security=None, eas=(), reparse=None, data=None, alternates=()):
    """The bytes of a transport file; `data` None for directories and links, `alternates` are (name, bytes)."""
    parts = [struct.pack("<I", attributes)]
    for stream, payload in ((SECURITY, security), (EA, pack_eas(eas) if eas else None), (REPARSE, reparse), (DATA, data)):
        if payload is not None:
            parts += [stream_header(stream, len(payload)), payload]
    for name, payload in alternates:
        parts += [stream_header(ALTERNATE, len(payload), name), payload]
    return b"".join(parts)


# --- tombstones.txt ----------------------------------------------------------------------------------------------------------------------

TOMBSTONES = "tombstones.txt"
TOMBSTONES_VERSION = "Version 1.0"


def pack_tombstones(paths):
    """UTF-8 with a byte order mark; `paths` are relative to `Files`, components separated by backslashes."""
    lines = [TOMBSTONES_VERSION, *("\\" + path for path in paths)]
    return b"\xef\xbb\xbf" + "".join(line + "\r\n" for line in lines).encode("utf-8")


def parse_tombstones(data):
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise TransportError("tombstones.txt is not UTF-8") from None
    require(lines[:1] == [TOMBSTONES_VERSION], "tombstones.txt without its version")
    for line in lines[1:]:
        components = line.split("\\")
        require(components[0] == "" and len(components) > 1, f"tombstone {line!r}")
        require(not any(part in ("", ".", "..") or "/" in part for part in components[1:]), f"tombstone {line!r}")
    return [line[1:] for line in lines[1:]]
