# SPDX-License-Identifier: MIT
"""The parser of the transport format: what hcsshim staged is accepted, every fault is refused for its own reason."""

import os
import struct
import tarfile
import unittest

import rig
from simhost import transport

TRACES = os.path.join(rig.WINHOST, "..", "data", "traces", "layers")
RECORDED = os.path.join(TRACES, "a2-transport-folder-as-passed-to-ImportLayer.tar")

SID = bytes.fromhex("010100000000000512000000")  # S-1-5-18
ACE = struct.pack("<BBHI", 0, 0, 8 + len(SID), 0x001F01FF) + SID
ACL = struct.pack("<BBHHH", 2, 0, 8 + len(ACE), 1, 0) + ACE


def descriptor(control=0x8004, owner=20, group=32, sacl=0, dacl=44, body=SID + SID + ACL, revision=1):
    return struct.pack("<BBHIIII", revision, 0, control, owner, group, sacl, dacl) + body


def stream(kind, payload, name=b"", attributes=0, size=None):
    return struct.pack("<IIQI", kind, attributes, len(payload) if size is None else size, len(name)) + name + payload


def named(name):
    return f":{name}:$DATA".encode("utf-16-le")


def file(*streams, attributes=0x20):
    return struct.pack("<I", attributes) + b"".join(streams)


JUNCTION = bytes.fromhex(
    "030000a0240000000000100012000800" "5c003f003f005c0043003a005c00500000" "0043003a005c0050000000")
SYMLINK = bytes.fromhex(
    "0c0000a02000000000000800" "0a00080001000000" "2e002e005c0061000000" "2e002e005c0061000000")
EAS = bytes.fromhex("0c00000000010200" "41000102" "0000000000020100" "42430078")

ACCEPTED = {
    "an empty file": file(stream(1, b"")),
    "everything in order": file(stream(3, descriptor()), stream(2, EAS), stream(1, b"abc"), stream(4, b"xyz", named("s"))),
    "two alternate streams": file(stream(1, b""), stream(4, b"a", named("s")), stream(4, b"b", named("t"))),
    "a symbolic link": file(stream(8, SYMLINK), attributes=0x420),
    "a sparse file": file(stream(1, b"", attributes=8), stream(9, struct.pack("<q", 4096) + b"x", attributes=8)),
    "an absent DACL": file(stream(3, descriptor(control=0x8000, dacl=0, body=SID + SID)), stream(1, b"")),
}

REFUSED = {
    "nothing": (b"", "shorter than its attributes"),
    "three bytes": (b"\x20\0\0", "shorter than its attributes"),
    "raw bytes instead of streams": (b"MZ\x90\0this is the file itself, not a backup stream", "attributes"),
    "attributes nobody knows": (file(stream(1, b""), attributes=0x80000020), "unknown attributes"),
    "a directory's attributes on a file": (file(attributes=0x10), "a directory's attributes"),
    "no data stream": (file(stream(3, descriptor())), "without a data stream"),
    "half a header": (file(stream(1, b"")[:10]), "truncated stream header"),
    "stream id 0": (file(stream(0, b"")), "unknown stream id"),
    "stream id 5": (file(stream(5, b"x"), stream(1, b"")), "unknown stream id"),
    "stream id 10": (file(stream(10, b"x")), "unknown stream id"),
    "a size beyond the end": (file(stream(1, b"abc", size=4)), "3 left"),
    "a size of 2^64-1": (file(stream(1, b"abc", size=2**64 - 1)), "left"),
    "data before security": (file(stream(1, b""), stream(3, descriptor())), "out of order"),
    "security after attributes": (file(stream(2, EAS), stream(3, descriptor()), stream(1, b"")), "out of order"),
    "data after an alternate stream": (file(stream(4, b"", named("s")), stream(1, b"")), "out of order"),
    "data twice": (file(stream(1, b"a"), stream(1, b"b")), "twice"),
    "bytes after the last stream": (file(stream(1, b"")) + b"\0", "truncated stream header"),
    "a name on the data stream": (file(stream(1, b"", named("s"))), "a name on"),
    "stream attributes on security": (file(stream(3, descriptor(), attributes=8), stream(1, b"")), "stream attributes"),
    "an odd name": (file(stream(1, b""), stream(4, b"", b"abc")), "stream name of 3 bytes"),
    "a name cut off": (file(stream(1, b""), struct.pack("<IIQI", 4, 0, 0, 20) + b":\0"), "truncated stream name"),
    "a name without :$DATA": (file(stream(1, b""), stream(4, b"", ":s".encode("utf-16-le"))), "stream name"),
    "an empty name": (file(stream(1, b""), stream(4, b"", named(""))), "stream name"),
    "a backslash in a name": (file(stream(1, b""), stream(4, b"", named("a\\b"))), "stream name"),
    "a lone surrogate in a name": (file(stream(1, b""), stream(4, b"", b":\0\0\xd8")), "not UTF-16"),
    "one stream twice": (file(stream(1, b""), stream(4, b"", named("s")), stream(4, b"", named("S"))), "same alternate stream"),
    "data on a link": (file(stream(8, SYMLINK), stream(1, b"")), "data on a reparse point"),
    "a sparse block without offset": (file(stream(1, b""), stream(9, b"1234")), "without an offset"),
    "a negative sparse offset": (file(stream(1, b""), stream(9, struct.pack("<q", -1))), "negative offset"),
}

BAD_SECURITY = {
    "too short": (descriptor()[:19], "shorter than its header"),
    "revision 2": (descriptor(revision=2), "revision"),
    "absolute form": (descriptor(control=4), "self-relative"),
    "owner outside": (descriptor(owner=200), "outside"),
    "owner inside the header": (descriptor(owner=4), "outside"),
    "a SID of revision 3": (descriptor(body=b"\x03" + SID[1:] + SID + ACL), "SID revision"),
    "16 sub-authorities": (descriptor(body=b"\x01\x10" + SID[2:] + SID + ACL), "sub-authorities"),
    "a SID past the end": (descriptor(owner=44, group=0, dacl=0, control=0x8000, body=SID + SID + b"\x01\x0f" + SID[2:]), "truncated SID"),
    "a DACL that is not present": (descriptor(control=0x8000), "not marked present"),
    "a SACL that is not present": (descriptor(sacl=44), "not marked present"),
    "ACL revision 3": (descriptor(body=SID + SID + b"\x03" + ACL[1:]), "ACL revision"),
    "an ACL past the end": (descriptor(body=SID + SID + struct.pack("<BBHHH", 2, 0, 999, 1, 0) + ACE), "ACL of"),
    "more ACEs than fit": (descriptor(body=SID + SID + struct.pack("<BBHHH", 2, 0, 28, 2, 0) + ACE), "truncated ACE"),
    "an ACE of 3 bytes": (descriptor(body=SID + SID + ACL[:8] + b"\0\0\x03\0" + ACE[4:]), "ACE of 3"),
    "an ACE of unknown type": (descriptor(body=SID + SID + ACL[:8] + b"\x7f" + ACE[1:]), "ACE type"),
}

BAD_EAS = {
    "empty": (b"", "truncated EA"),
    "cut off": (EAS[:-1], "longer than its list"),
    "no NUL after the name": (EAS[:9] + b"x" + EAS[10:], "without a NUL"),
    "no name": (struct.pack("<IBBH", 0, 0, 0, 0) + b"\0", "EA name"),
    "odd offset": (b"\x0d" + EAS[1:], "EA offset"),
    "offset inside the entry": (b"\x08" + EAS[1:], "EA offset"),
    "unknown flags": (EAS[:4] + b"\x01" + EAS[5:], "EA flags"),
    "the same name twice": (EAS[:12] + EAS[:4].replace(b"\x0c", b"\0") + EAS[4:12], "same EA twice"),
    "bytes after the last": (EAS + b"\0" * 8, "after the last EA"),
}

BAD_REPARSE = {
    "seven bytes": (JUNCTION[:7], "reparse data of 7"),
    "a length that lies": (JUNCTION + b"\0\0", "reparse data length"),
    "reserved is not 0": (JUNCTION[:6] + b"\x01" + JUNCTION[7:], "reserved"),
    "a tag of the layer filter": (struct.pack("<IHH", 0x90001018, 4, 0) + b"1234", "layer filter"),
    "a name outside": (JUNCTION[:10] + b"\xff\0" + JUNCTION[12:], "outside"),
    "an odd name length": (JUNCTION[:10] + b"\x0f\0" + JUNCTION[12:], "outside"),
    "no target": (JUNCTION[:10] + b"\0\0" + JUNCTION[12:], "without a target"),
    "a junction that is relative": (JUNCTION[:8] + b"\x12\0\x08\0" + JUNCTION[12:], "junction to"),
    "an absolute link that is not": (SYMLINK[:16] + b"\0" + SYMLINK[17:], "absolute symbolic link"),
    "symbolic link flags 2": (SYMLINK[:16] + b"\x02" + SYMLINK[17:], "flags"),
    "more than 16 KiB": (struct.pack("<IHH", 0xA000000C, 16385, 0) + bytes(16385), "reparse data of"),
}


class Parser(unittest.TestCase):
    def refuse(self, parse, cases):
        for name, (data, reason) in cases.items():
            with self.subTest(name), self.assertRaisesRegex(transport.TransportError, reason.replace("$", r"\$")):
                parse(data)

    def test_accepted(self):
        for name, data in ACCEPTED.items():
            with self.subTest(name):
                transport.parse_bytes(data)

    def test_refused_files(self):
        self.refuse(transport.parse_bytes, REFUSED)

    def test_refused_security(self):
        transport.check_security(descriptor())
        self.refuse(transport.check_security, BAD_SECURITY)

    def test_refused_attributes(self):
        self.refuse(transport.parse_eas, BAD_EAS)

    def test_refused_reparse_points(self):
        self.refuse(transport.parse_reparse, BAD_REPARSE)

    def test_directories(self):
        transport.parse_bytes(file(attributes=0x10), directory=True)
        self.refuse(lambda data: transport.parse_bytes(data, directory=True), {
            "data": (file(stream(1, b""), attributes=0x10), "data on a directory"),
            "a file's attributes": (file(), "a file's attributes"),
        })

    def test_contents(self):
        entry = transport.parse_bytes(ACCEPTED["everything in order"])
        self.assertEqual(descriptor(), entry.security)
        self.assertEqual([("A", b"\x01\x02"), ("BC", b"x")], [(ea.name, ea.value) for ea in entry.eas])
        self.assertEqual(b"abc", ACCEPTED["everything in order"][entry.data[0]:][:entry.data[1]])
        self.assertEqual(["s"], [each.name for each in entry.alternates])
        link = transport.parse_bytes(ACCEPTED["a symbolic link"]).reparse
        self.assertEqual(("..\\a", "..\\a", True), (link.substitute, link.print, link.relative))
        junction = transport.parse_reparse(JUNCTION)
        self.assertEqual(("\\??\\C:\\P", "C:\\P"), (junction.substitute, junction.print))


class Recorded(unittest.TestCase):
    """What Microsoft's client staged."""

    def test_every_file_survives_a_round_trip(self):
        with tarfile.open(RECORDED) as tar:
            members = [(each.name, tar.extractfile(each).read()) for each in tar if each.isreg() and "Hives/" not in each.name]
        self.assertEqual(10, len(members))
        for name, data in members:
            with self.subTest(name):
                entry = transport.parse_bytes(data, name.endswith(transport.DIRECTORY_SUFFIX))
                body = data[entry.data[0]:sum(entry.data)] if entry.data else None
                alternates = [(each.name, data[each.start:each.start + each.size]) for each in entry.alternates]
                reparse = entry.reparse.data if entry.reparse else None
                self.assertEqual(data, transport.pack(entry.attributes, entry.security, entry.eas, reparse, body, alternates))


class Tombstones(unittest.TestCase):
    def test_round_trip(self):
        paths = ["Users", "Windows\\System32\\ea.dll", "Ä\\日本"]
        packed = transport.pack_tombstones(paths)
        self.assertTrue(packed.startswith(b"\xef\xbb\xbfVersion 1.0\r\n\\Users\r\n"))
        self.assertEqual(paths, transport.parse_tombstones(packed))

    def test_refused(self):
        for text in ("", "Version 2.0\n\\a", "Version 1.0\na", "Version 1.0\n\\..\\a", "Version 1.0\n\\a\\\\b", "Version 1.0\n\\"):
            with self.subTest(text), self.assertRaises(transport.TransportError):
                transport.parse_tombstones(text.encode())


if __name__ == "__main__":
    unittest.main()
