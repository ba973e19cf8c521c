# SPDX-License-Identifier: MIT
"""What ImportLayer must be given for a diff layer: the staged files, computed from the layer's tar alone.

Written from the description of the formats, without a look at src/layers, and only for layers that are in order: the parents of
an entry are in the tar, nothing is hostile. A staged file is the file's attributes and then what BackupRead would give: a sequence of
streams, each with a header of 20 bytes. The same stands for a directory in a file NAME.$wcidirs$ beside it. Registry hives are staged
as they are; links and deletions are not staged, they are applied afterwards.
"""
import base64
import struct
import tarfile

DATA, EA, SECURITY, ALTERNATE, REPARSE = 1, 2, 3, 4, 8
MOUNT_POINT, SYMLINK = 0xA0000003, 0xA000000C
DIRECTORY = 0x10
WHITEOUT = ".wh."


def stream(kind, data, name=""):
    encoded = name.encode("utf-16-le")
    return struct.pack("<IIQI", kind, 0, len(data), len(encoded)) + encoded + data


def extended_attributes(values):
    """A list of FILE_FULL_EA_INFORMATION, each padded to four bytes, the last one too."""
    entries = []
    for name, value in values:
        entry = struct.pack("<BBH", 0, len(name), len(value)) + name.encode() + b"\0" + value
        entries.append(entry + b"\0" * (-(4 + len(entry)) % 4))
    nexts = [4 + len(entry) for entry in entries[:-1]] + [0]
    return b"".join(struct.pack("<I", following) + entry for following, entry in zip(nexts, entries))


def substitute_name(target):
    """The name as the kernel wants it, and whether it is relative."""
    if target.startswith("\\\\?\\"):
        return "\\??\\" + target[4:], False
    if target.startswith("\\\\"):
        return "\\??\\UNC\\" + target[2:], False
    if target[1:2] == ":":
        return "\\??\\" + target, False
    return target, True


def reparse_point(target, is_mount_point):
    """REPARSE_DATA_BUFFER of a junction or a symbolic link."""
    printed = target.replace("/", "\\")
    substitute, relative = substitute_name(printed)
    names = [name.encode("utf-16-le") for name in (substitute, printed)]
    body = struct.pack("<HHHH", 0, len(names[0]), len(names[0]) + 2, len(names[1]))
    if not is_mount_point:
        body += struct.pack("<I", relative)
    body += b"".join(name + b"\0\0" for name in names)
    return struct.pack("<IHH", MOUNT_POINT if is_mount_point else SYMLINK, len(body), 0) + body


def metadata(member):
    """Attributes and the streams that come before the data."""
    records = member.pax_headers
    head = struct.pack("<I", int(records.get("MSWINDOWS.fileattr", DIRECTORY if member.isdir() else 0)))
    if "MSWINDOWS.rawsd" in records:
        head += stream(SECURITY, base64.b64decode(records["MSWINDOWS.rawsd"]))
    prefix = "MSWINDOWS.xattr."
    values = [(key[len(prefix):], base64.b64decode(value)) for key, value in records.items() if key.startswith(prefix)]
    if values:
        head += stream(EA, extended_attributes(values))
    if member.issym():
        head += stream(REPARSE, reparse_point(member.linkname, "MSWINDOWS.mountpoint" in records))
    return head


def is_directory(member):
    attributes = int(member.pax_headers.get("MSWINDOWS.fileattr", 0))
    return member.isdir() or bool(attributes & DIRECTORY)


def staged_path(name):
    return "\\" + name.rstrip("/").replace("/", "\\")


def stage(file):
    """Everything that is staged for the tar in the binary file `file`: {path: bytes}, a directory is None."""
    staged = {}
    with tarfile.open(fileobj=file) as tar:
        for member in tar:
            base = member.name.rpartition("/")[2]
            if base.startswith(WHITEOUT) or member.islnk() or member.name.split("/")[0] == "UtilityVM":
                continue
            path = staged_path(member.name)
            content = tar.extractfile(member).read() if member.isreg() else b""
            if ":" in base:
                owner, name = path.split(":")
                owner = owner + ".$wcidirs$" if staged[owner] is None else owner
                staged[owner] += stream(ALTERNATE, content, f":{name}:$DATA")
            elif is_directory(member):
                staged[path] = None
                staged[path + ".$wcidirs$"] = metadata(member)
            elif path.startswith("\\Hives\\"):
                staged[path] = content
            else:
                staged[path] = metadata(member) + (stream(DATA, content) if member.isreg() else b"")
    return staged
