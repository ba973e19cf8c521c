# SPDX-License-Identifier: MIT
"""Windows layer tars, entry by entry, as Microsoft's tools write them - or deliberately wrong.

Times are fixed, so the same calls give the same bytes and therefore the same digests.
"""
import base64
import io
import struct

TIME = "1717243200.1234567"          # mtime of every entry, 100 ns precision
CREATED = "1714564800.7654321"

ATTR_READONLY, ATTR_HIDDEN, ATTR_SYSTEM, ATTR_DIRECTORY, ATTR_ARCHIVE = 1, 2, 4, 0x10, 0x20
ATTR_REPARSE = 0x400

BLOCK = 512


def sid(authority, *sub_authorities):
    head = struct.pack("<BB", 1, len(sub_authorities)) + authority.to_bytes(6, "big")
    return head + b"".join(struct.pack("<I", s) for s in sub_authorities)


SYSTEM = sid(5, 18)
ADMINISTRATORS = sid(5, 32, 544)
USERS = sid(5, 32, 545)
TRUSTED_INSTALLER = sid(5, 80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464)


def security_descriptor(owner, group, *rights):
    """A self-relative descriptor with a DACL of (SID, access mask) pairs."""
    aces = b"".join(struct.pack("<BBHI", 0, 0, 8 + len(s), mask) + s for s, mask in rights)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(aces), len(rights), 0) + aces
    owner_at = 20
    group_at = owner_at + len(owner)
    acl_at = group_at + len(group)
    head = struct.pack("<BBHIIII", 1, 0, 0x8004, owner_at, group_at, 0, acl_at)
    return head + owner + group + acl


SD_PLAIN = security_descriptor(ADMINISTRATORS, SYSTEM, (SYSTEM, 0x1F01FF), (ADMINISTRATORS, 0x1F01FF),
                               (USERS, 0x1200A9))
SD_INSTALLER = security_descriptor(TRUSTED_INSTALLER, TRUSTED_INSTALLER, (SYSTEM, 0x1F01FF),
                                   (USERS, 0x1200A9))


def pax_record(key, value):
    if isinstance(value, str):
        value = value.encode()
    body = b" " + key.encode() + b"=" + value + b"\n"
    length = len(body)
    while length != len(str(length)) + len(body):
        length = len(str(length)) + len(body)
    return str(length).encode() + body


def header(name, kind, size=0, link="", mode=0o644, mtime=1717243200):
    """One ustar header block; names that do not fit must come in a PAX record."""
    block = bytearray(BLOCK)

    def put(offset, length, data):
        block[offset:offset + length] = data[:length].ljust(length, b"\0")

    put(0, 100, name.encode("utf-8", "surrogateescape"))
    put(100, 8, b"%07o" % mode)
    put(108, 8, b"%07o" % 0)
    put(116, 8, b"%07o" % 0)
    put(124, 12, b"%011o" % size)
    put(136, 12, b"%011o" % mtime)
    put(148, 8, b" " * 8)
    block[156] = ord(kind)
    put(157, 100, link.encode())
    put(257, 8, b"ustar\x0000")
    put(148, 8, b"%06o\0 " % sum(block))
    return bytes(block)


def padded(data):
    return data + b"\0" * (-len(data) % BLOCK)


class LayerTar:
    def __init__(self):
        self.out = io.BytesIO()

    # ---- raw pieces ----

    def raw(self, data):
        self.out.write(data)

    def entry(self, name, kind, data=b"", link="", records=None, mode=0o644):
        """An entry with PAX records; 'path' and 'linkpath' are added when ustar cannot hold them."""
        records = dict(records or {})
        if len(name.encode()) > 100 or not name.isascii():
            records["path"] = name
        if len(link.encode()) > 100 or not link.isascii():
            records["linkpath"] = link
        if records:
            body = b"".join(pax_record(k, v) for k, v in sorted(records.items()))
            self.raw(header("PaxHeaders.0/entry", "x", len(body)) + padded(body))
        short = name if name.isascii() else "non-ascii"
        self.raw(header(short[:100], kind, len(data), link[:100] if link.isascii() else "", mode))
        self.raw(padded(data))

    def windows(self, attributes, sd=None, eas=None, junction=False):
        records = {"MSWINDOWS.fileattr": str(attributes), "LIBARCHIVE.creationtime": CREATED,
                   "mtime": TIME, "atime": TIME, "ctime": TIME}
        if sd is not None:
            records["MSWINDOWS.rawsd"] = base64.b64encode(sd)
        for key, value in (eas or {}).items():
            records["MSWINDOWS.xattr." + key] = base64.b64encode(value)
        if junction:
            records["MSWINDOWS.mountpoint"] = "1"
        return records

    # ---- what images hold ----

    def directory(self, name, attributes=ATTR_DIRECTORY, sd=SD_PLAIN):
        self.entry(name, "5", records=self.windows(attributes, sd), mode=0o755)
        return self

    def directories(self, *names):
        for name in names:
            self.directory(name)
        return self

    def file(self, name, data=b"", attributes=ATTR_ARCHIVE, sd=SD_PLAIN, eas=None, streams=None):
        self.entry(name, "0", data, records=self.windows(attributes, sd, eas))
        for stream, content in (streams or {}).items():
            self.entry(f"{name}:{stream}", "0", content)
        return self

    def hard_link(self, name, target):
        self.entry(name, "1", link=target, records=self.windows(ATTR_ARCHIVE))
        return self

    def symlink(self, name, target, directory=False):
        attributes = ATTR_REPARSE | (ATTR_DIRECTORY if directory else ATTR_ARCHIVE)
        self.entry(name, "2", link=target, records=self.windows(attributes, SD_PLAIN))
        return self

    def junction(self, name, target):
        self.entry(name, "2", link=target,
                   records=self.windows(ATTR_REPARSE | ATTR_DIRECTORY, SD_PLAIN, junction=True))
        return self

    def whiteout(self, name):
        directory, _, base = name.rpartition("/")
        self.entry(f"{directory}/.wh.{base}", "0")
        return self

    def bytes(self):
        return self.out.getvalue() + b"\0" * (2 * BLOCK)


def hive(name, size=4096):
    """A file that begins as a registry hive does ('regf'); the simulation reads no further."""
    return b"regf" + struct.pack("<II", 1, 1) + name.encode("utf-16-le").ljust(64, b"\0") + b"\0" * (size - 76)
