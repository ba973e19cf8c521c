# SPDX-License-Identifier: MIT
"""Layers that nobody should trust, made by a grammar from a seed: the same seed gives the same bytes.

A case is a sound layer of random content into which mutations were put. Each mutation knows whether a layer that has it
must be refused, and what the message must name; those that only shuffle or damage say "either". legit() then tells
whether what was accepted deserves it.
"""
import base64
import dataclasses
import gzip
import io
import random
import re
import struct
import tarfile

from image import cases, layertar, oci
from image.layertar import BLOCK, header, padded, pax_record

OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
ROOTS = ("files", "hives", "utilityvm")
HIVES = ("defaultuser_delta", "sam_delta", "security_delta", "software_delta", "system_delta")


@dataclasses.dataclass
class Case:
    name: str            # of its mutations
    blob: bytes
    media_type: str
    diff_id: str
    tar: bytes           # what the blob is made of
    bad: set             # of "base", "diff": where it must be refused
    unpacked: set        # where it must be refused besides when it is unpacked, not only checked
    sure: bool           # False: a case of "either"
    says: str = ""       # a pattern that the message of a refusal must have

    def layer(self):
        layer = oci.Layer(b"", self.media_type, compress=False, diff_id=self.diff_id)
        layer.data, layer.digest = self.blob, oci.digest(self.blob)
        return layer

    def images(self):
        """(kind, image): the layer as a base layer, and on a good one."""
        for kind in ("base", "diff"):
            layers = [self.layer()] if kind == "base" else [cases.base_layer(), self.layer()]
            yield kind, oci.Image(layers, os_version=cases.VERSION)


# ---- sound content ----


class Grammar:
    """Writes random entries that a layer may have; plain ones need nothing that only NTFS has."""

    def __init__(self, rng, plain=False):
        self.rng, self.plain = rng, plain
        self.tar = layertar.LayerTar()
        self.folders, self.files, self.used = ["Files"], [], set()

    def word(self):
        rng = self.rng
        kind = rng.randrange(8)
        if kind == 0:
            return "x" * rng.randint(100, 200)
        if kind == 1:
            return "".join(rng.choice("äöüßéλЖ漢🎁") for _ in range(rng.randint(1, 6)))
        if kind == 2:
            return "with space " + str(rng.randrange(1000)) + ".txt"
        return "".join(rng.choice("abcdefgh-_+.") for _ in range(rng.randint(1, 8))).strip(".") + str(rng.randrange(100))

    def fresh(self):
        while True:
            name = f"{self.rng.choice(self.folders)}/{self.word()}"
            if name.lower() not in self.used:
                self.used.add(name.lower())
                return name

    def data(self):
        return self.rng.randbytes(self.rng.choice((0, 1, 511, 512, 513, 3000, 20000)))

    def directory(self):
        name = self.fresh()
        self.tar.directory(name + self.rng.choice(("", "/")))
        if self.rng.random() < 0.2:
            self.tar.entry(name + ":note", "0", b"of a directory")
        self.folders.append(name)

    def file(self):
        name, rng = self.fresh(), self.rng
        eas = {f"EA{i}": rng.randbytes(rng.randrange(40)) for i in range(0 if self.plain else rng.randrange(3))}
        streams = {f"s{i}": rng.randbytes(rng.choice((0, 5, 600))) for i in range(rng.choice((0, 0, 0, 1, 2)))}
        self.tar.file(name, self.data(), rng.choice((0, 1, 2, 4, 0x20, 0x23)), rng.choice((None, layertar.SD_INSTALLER)), eas, streams)
        self.files.append(name)

    def symlink(self):
        self.tar.symlink(self.fresh(), self.rng.choice(("a.txt", "..\\..\\x", "C:/Windows", "\\\\?\\C:\\x", "\\\\server\\share")))

    def junction(self):
        self.tar.junction(self.fresh(), self.rng.choice(("C:\\Windows", "\\\\?\\C:\\x", "D:/data")))

    def hard_link(self):
        if self.files:
            self.tar.hard_link(self.fresh(), self.rng.choice(self.files))

    def without_parents(self):
        name = f"{self.rng.choice(self.folders)}/made{self.rng.randrange(10**9)}/deep/file"
        self.tar.file(name, self.data())

    def gnu_name(self):
        name = self.fresh()
        data = name.encode() + b"\0"
        self.tar.raw(header("././@LongLink", "L", len(data)) + padded(data) + header("short", "0"))
        self.files.append(name)

    def global_header(self):
        body = pax_record("comment", "from git")
        self.tar.raw(header("pax_global_header", "g", len(body)) + padded(body) + header(self.fresh_short(), "0"))

    def base_256(self):
        data, block = self.data(), None
        block = bytearray(header(self.fresh_short(), "0"))
        block[124:136] = b"\x80" + len(data).to_bytes(11, "big")
        self.tar.raw(resealed(block) + padded(data))

    def fresh_short(self):
        name = f"Files/n{self.rng.randrange(10**12)}"
        self.used.add(name.lower())
        return name

    def utility_vm(self):
        self.tar.file(f"UtilityVM/Files/vm{self.rng.randrange(10**9)}/f", self.data())

    def sddl(self):
        self.tar.entry(self.fresh(), "0", b"2016", records={"MSWINDOWS.fileattr": "32", "MSWINDOWS.sd": "O:BAG:SYD:(A;;FA;;;SY)"})

    ENTRIES = (directory, directory, file, file, file, symlink, junction, hard_link, without_parents, gnu_name, global_header,
               base_256, utility_vm, sddl)

    def some(self, count):
        for _ in range(count):
            write = self.rng.choice(self.ENTRIES)
            if not (self.plain and write in (Grammar.symlink, Grammar.junction)):
                write(self)


def resealed(block):
    """A header block with its checksum put right."""
    block = bytearray(block)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


# ---- mutations: entries that must not be there ----

BOTH, BASE, DIFF = {"base", "diff"}, {"base"}, {"diff"}


@dataclasses.dataclass
class Wrong:
    """What is wrong with a layer: where it is refused, and where only if it is unpacked, on what is below it."""
    bad: set
    says: str
    unpacked: set = frozenset()


def entry_of(name):
    """How messages name an entry; they cut long names, and have question marks for what no terminal should get."""
    text = "".join("?" if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 else c for c in name)
    return re.escape(f"entry '{text[:25]}")


BAD_COMPONENTS = (
    "..", ".", "", "a:b", "CON", "nul.txt", "AUX .x", "com1", "LPT9.log", "COM¹", "CONIN$", "x.", "x ", "a<b", "a>b", 'a"b', "a|b", "a?b",
    "a*b", "a\x01b", "tab\t", "x.$wcidirs$", "X.$WCIDIRS$", "..\\..\\x", "\\", "y" * 256, "ü" * 256, "🎁" * 128)
BAD_NAMES = (
    "/Files/x", "\\Files\\x", "C:/x", "C:x", "c:\\Files\\x", "\\\\server\\share\\x", "\\\\?\\C:\\x", "\\Device\\HarddiskVolume1\\x", "../x",
    "Files/../../x", "tombstones.txt", "layout", "blank.vhdx", "sandbox.vhdx", "wrun.json", "Windows/x", "Files2/x", "Files.$wcidirs$",
    "Hives/System_Base", "Hives/System_Delta/x", "Hives/x", "UtilityVM/x", "UtilityVM/Files2/x", "UtilityVM/SystemTemplate.vhdx", ".//Files/x",
    "Files//x", "Files/./x", "Files/" + "d/" * 600 + "x", "Files/" + "/".join(["l" * 200] * 200))


def bad_name(g):
    rng = g.rng
    if rng.random() < 0.5:
        name = rng.choice(BAD_NAMES)
    else:
        parts = [rng.choice(g.folders), rng.choice(BAD_COMPONENTS)]
        if rng.random() < 0.5 or parts[-1] == "":
            parts.append("x")
        name = "/".join(parts)
    kind = rng.choice("0005")
    g.tar.entry(name, kind, b"evil" if kind == "0" else b"")
    # A colon in the last part makes it the stream of something that is not there.
    return Wrong(BOTH, entry_of(name))


def bad_bytes(g):
    """Names that are no text."""
    value = g.rng.choice((b"\xff\xfe", b"\xc0\xae\xc0\xae", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\xc3"))
    g.tar.entry("Files/x", "0", b"", records={"path": b"Files/" + value + b"/x"})
    return Wrong(BOTH, "UTF-8")


def nul_in_record(g):
    key = g.rng.choice(("path", "linkpath"))
    g.tar.entry("Files/x", "2" if key == "linkpath" else "0", b"", "x", records={key: b"Files/x\0.txt"})
    return Wrong(BOTH, f"PAX '{key}' of the archive has a NUL")


def taken_name(g):
    name = g.fresh()
    g.tar.file(name, b"first")
    again = g.rng.choice((name, name.upper().replace("ß".upper(), "ß"), name.swapcase()))
    if again.lower() != name.lower() or "ß" in name:
        again = name
    kind = g.rng.choice("0521")
    g.tar.entry(again, kind, b"second" if kind == "0" else b"", name if kind in "12" else "")
    return Wrong(BOTH, "this name already")


def below_something(g):
    rng, name = g.rng, g.fresh()
    what = rng.randrange(4)
    if what == 0:
        g.tar.junction(name, rng.choice(("C:\\Windows", "C:\\", "\\\\?\\Volume{0}\\")))
    elif what == 1:
        g.tar.symlink(name, rng.choice(("..\\..\\..", "C:/Windows/System32")), directory=True)
    elif what == 2:
        g.tar.file(name, b"a file")
    else:
        g.tar.file(name + "-target", b"a file").hard_link(name, name + "-target")
    below = f"{rng.choice((name, name.upper() if 'ß' not in name else name))}/{rng.choice(('evil', 'a/b/evil'))}"
    kind = rng.choice("0521")
    g.tar.entry(below, kind, b"evil" if kind == "0" else b"", "Files/Windows/System32/config/SAM" if kind in "12" else "")
    return Wrong(BOTH, "it lies below")


def bad_hard_link(g):
    rng, name = g.rng, g.fresh()
    target = rng.choice(("../../Windows/System32/config/SAM", "C:\\x", "/x", "Files", "Hives/Sam_Delta",
                         "Windows/x", "", "Files/License.txt:s", "Files/../x", "UtilityVM/x", "\\\\?\\C:\\x", "Files/x\x01"))
    if target == "":
        g.tar.raw(header(g.fresh_short(), "1"))
        return Wrong(BOTH, "entry 'Files/n")
    g.tar.entry(name, "1", link=target)
    return Wrong(BOTH, entry_of(name))


def link_to_nothing(g):
    """Where layers are only checked, what is below them is not known."""
    name = g.fresh()
    g.tar.hard_link(name, g.rng.choice((name, f"Files/absent{g.rng.randrange(10**9)}")))
    return Wrong(BASE, "which is no file", DIFF)


def link_to_link(g):
    name = g.fresh()
    g.tar.symlink(name, "x")
    g.tar.hard_link(name + "-h", name)
    return Wrong(BOTH, "is no file that came before")


def bad_symlink(g):
    rng, name = g.rng, g.fresh_short()
    what = rng.randrange(3)
    if what == 0:
        g.tar.raw(header(name, "2"))
    elif what == 1:
        g.tar.entry(name, "2", link="x" * 20000)
    else:
        g.tar.entry(name, "2", link="x", records={"linkpath": b"\xff\xfe"})
    return Wrong(BOTH, entry_of(name))


def bad_stream(g):
    rng = g.rng
    name = g.fresh_short()
    what = rng.randrange(9)
    if what < 6:
        g.tar.file(name, b"")
    stream = ("", "s:$DATA", ":$INDEX_ALLOCATION", "a/b", "a\\b", "a\x02", "orphan", "", "")[what]
    if what == 7:
        g.tar.symlink(name, "x")
        stream = "s"
    if what == 8:
        g.tar.file(name, b"", streams={"s": b"1"})
        stream = "S"
    kind = rng.choice("05") if what in (1, 2) else "0"
    g.tar.entry(f"{name}:{stream}", kind, b"evil" if kind == "0" else b"")
    return Wrong(BOTH, entry_of(f"{name}:"))


def bad_record(g):
    """A PAX header that is none."""
    body = g.rng.choice((b"x", b"5 a=", b"6 a=b", b"7 a=b\n", b"0 a=b\n", b"4 a\n", b"5 =b\n", b"-6 a=b\n", b"99999999999999999999 a=b\n",
                         b"18446744073709551615 a=b\n", b"6 a=b\n\0", b"\n"))
    kind = g.rng.choice("xg")
    g.tar.raw(header("pax", kind, len(body)) + padded(body) + header(g.fresh_short(), "0"))
    return Wrong(BOTH, "malformed PAX record")


def two_headers(g):
    pax = pax_record("mtime", "1")
    x = header("pax", "x", len(pax)) + padded(pax)
    gnu = header("././@LongLink", "L", 8) + padded(b"Files/y\0")
    path = pax_record("path", "Files/z")
    both = header("pax", "x", len(path)) + padded(path) + gnu
    glob = header("g", "g", len(pax)) + padded(pax)
    pieces, says = g.rng.choice(((x + x, "two extended headers"), (gnu + gnu, "two extended headers"), (both, "GNU and a PAX"),
                                 (x + glob, "global header between")))
    g.tar.raw(pieces + header(g.fresh_short(), "0"))
    return Wrong(BOTH, says)


def too_large_header(g):
    kind = g.rng.choice("xgLK")
    g.tar.raw(header("big", kind, (1 << 20) + g.rng.randrange(1, 1 << 30)))
    return Wrong(BOTH, "larger than 1048576")


def bad_size(g):
    rng, name = g.rng, g.fresh_short()
    if rng.random() < 0.5:
        field = rng.choice((b"\xff" * 12, b"\x80\0\0\1" + b"\0" * 8, b"\x80\0\0\0\x80" + b"\0" * 7, b"99999999999\0", b"-1          ", b"1 1         "))
        block = bytearray(header(name, "0"))
        block[124:136] = field
        g.tar.raw(resealed(block))
    else:
        value = rng.choice(("-1", " 1", "0x10", "9223372036854775808", "1e3", "999999999999999999999"))
        g.tar.entry(name, "0", records={"size": value})
    return Wrong(BOTH, "impossible size")


def endless_size(g):
    """More than there is: the archive is cut short, or larger than layers are."""
    block = bytearray(header(g.fresh_short(), "0"))
    block[124:136] = b"\x80" + g.rng.choice((1 << 33, 1 << 40, (1 << 62) + 1, (1 << 63) - 1)).to_bytes(11, "big")
    g.tar.raw(resealed(block))
    return Wrong(BOTH, "cut short")


def bad_type(g):
    kind = g.rng.choice("346SVMADNXZ8")
    g.tar.raw(header(g.fresh_short(), kind))
    return Wrong(BOTH, "no devices" if kind in "346" else "of a type that no Windows layer may have")


def sparse(g):
    g.tar.entry(g.fresh_short(), "0", records={g.rng.choice(("GNU.sparse.major", "GNU.sparse.map")): "1"})
    return Wrong(BOTH, "sparse file")


def bad_metadata(g):
    rng = g.rng
    name = g.fresh_short()
    sd = bytearray(layertar.SD_PLAIN)
    sd[rng.choice((0, 3, 5, 9, 17))] ^= 0xFF
    records, says = rng.choice((
        ({"MSWINDOWS.rawsd": base64.b64encode(bytes(sd))}, "record MSWINDOWS.rawsd"),
        ({"MSWINDOWS.rawsd": base64.b64encode(bytes(layertar.SD_PLAIN[:rng.randrange(20, 40)]))}, "record MSWINDOWS.rawsd"),
        ({"MSWINDOWS.rawsd": "?"}, "record MSWINDOWS.rawsd"),
        ({"MSWINDOWS.rawsd": base64.b64encode(b"\1\0\4\x80" + bytes(70000))}, "record MSWINDOWS.rawsd"),
        ({"MSWINDOWS.sd": "D:(A;;FA;;;SY"}, "record MSWINDOWS.sd"),
        ({"MSWINDOWS.sd": "D:" + "(" * 5000}, "record MSWINDOWS.sd"),
        ({"MSWINDOWS.fileattr": rng.choice(("", "x", "-1", "4294967296", "0x20"))}, "record MSWINDOWS.fileattr"),
        ({"MSWINDOWS.fileattr": "16"}, "attribute of a directory"),
        ({"mtime": rng.choice(("now", "1,5", "1e9", "99999999999999999999", "--1"))}, "record mtime"),
        ({"LIBARCHIVE.creationtime": "9223372036854775807"}, "record LIBARCHIVE.creationtime"),
        ({"MSWINDOWS.xattr.": "AAAA"}, "extended attribute"),
        ({"MSWINDOWS.xattr." + "N" * 256: "AAAA"}, "extended attribute"),
        ({"MSWINDOWS.xattr.A": "A"}, "extended attribute"),
        ({"MSWINDOWS.xattr.A": base64.b64encode(bytes(66000))}, "extended attribute"),
        ({"MSWINDOWS.xattr.AA": "AAAA", "MSWINDOWS.xattr.aa": "AAAA"}, "extended attribute is there twice"),
        ({f"MSWINDOWS.xattr.E{i}": base64.b64encode(bytes(9000)) for i in range(9)}, "extended attribute"),
    ))
    g.tar.entry(name, "0", records=records)
    return Wrong(BOTH, entry_of(name) + ".*" + says)


def bad_whiteout(g):
    rng = g.rng
    folder = rng.choice(g.folders)
    name, kind, data = rng.choice((
        (f"{folder}/.wh.", "0", b""), (f"{folder}/.wh...", "0", b""), (f"{folder}/.wh.a", "0", b"x"), (f"{folder}/.wh.a", "5", b""),
        (".wh.Files", "0", b""), ("Hives/.wh.Sam_Delta", "0", b""), (f"{folder}/.wh..wh.plnk", "0", b""), ("UtilityVM/.wh.Files", "0", b""),
        (f"{folder}/.wh.x\\..\\..\\y", "0", b""), ("../.wh.x", "0", b""), (".wh..wh..opq", "0", b""), ("Hives/.wh..wh..opq", "0", b""),
        (f"{folder}/.wh.NUL", "0", b"")))
    g.tar.entry(name, kind, data)
    return Wrong(BOTH, entry_of(name))


def whiteout_of_own(g):
    name = g.fresh()
    if g.rng.random() < 0.5:
        g.tar.file(name, b"x").whiteout(name)
    else:
        g.tar.whiteout(name)
        g.tar.file(name if g.rng.random() < 0.5 else name + "/below", b"x")
    return Wrong(BOTH, "nothing to delete|this name already|it lies below")


def hive_link(g):
    if g.rng.random() < 0.5:
        g.tar.hard_link("Hives/Sam_Delta", "Files/License.txt")
    else:
        g.tar.symlink("Hives", "C:\\Windows")
    return Wrong(BOTH, "entry 'Hives")


# ---- what is only refused in a base layer ----


def good_whiteout(g):
    if g.rng.random() < 0.3:
        marker = f"{g.rng.choice(g.folders)}/.wh..wh..opq"
        if marker.lower() in g.used:
            return None
        g.used.add(marker.lower())
        g.tar.entry(marker, "0")
    else:
        g.tar.whiteout(g.fresh())
    return Wrong(BASE, "nothing to delete")


def good_hive(g):
    if "hives" not in g.used:
        g.used.add("hives")
        g.tar.directory("Hives").file("Hives/Software_Delta", layertar.hive("Software"))
        return Wrong(BASE, "no registry deltas")
    return None


def hidden_link(g):
    """A link into the utility VM, which is left out: base layers are then unpacked with it."""
    target = "UtilityVM/" + g.fresh_short()
    g.tar.file(target, b"vm")
    g.tar.hard_link(g.fresh_short(), target)
    return Wrong(set(), "which are left out", DIFF)


ENTRY_MUTATIONS = (bad_name, bad_name, bad_name, bad_name, bad_bytes, nul_in_record, taken_name, taken_name, below_something, below_something,
                   bad_hard_link, bad_hard_link, link_to_nothing, link_to_link, bad_symlink, bad_stream, bad_stream, bad_record, two_headers,
                   too_large_header, bad_size, endless_size, bad_type, sparse, bad_metadata, bad_metadata, bad_metadata, bad_whiteout,
                   bad_whiteout, whiteout_of_own, hive_link)
HARMLESS = (good_whiteout, good_whiteout, good_hive, hidden_link)


# ---- mutations of the archive ----


def headers_of(tar):
    """Offsets of the blocks that look like headers."""
    return [at for at in range(0, len(tar) - BLOCK + 1, BLOCK) if tar[at + 257:at + 262] == b"ustar"]


def cut(rng, tar):
    return tar[:rng.randrange(0, len(tar) - 2 * BLOCK)], Wrong(BOTH, "cut short|is not a tar archive")


def no_end(rng, tar):
    return tar[:-2 * BLOCK], Wrong(BOTH, "cut short")


def early_end(rng, tar):
    at = rng.choice(headers_of(tar)[1:])
    return tar[:at] + b"\0" * BLOCK + tar[at:], Wrong(BOTH, "after a block of zeros|has no entry")


def dangling(rng, tar):
    body = pax_record("mtime", "1")
    return tar[:-2 * BLOCK] + header("pax", "x", len(body)) + padded(body) + b"\0" * 1024, Wrong(BOTH, "has no entry")


def bad_checksum(rng, tar):
    out, at = bytearray(tar), rng.choice(headers_of(tar))
    out[at + rng.randrange(0, 100)] ^= 1 << rng.randrange(7)
    return bytes(out), Wrong(BOTH, "is not a tar archive")


def no_archive(rng, tar):
    return rng.randbytes(len(tar)), Wrong(BOTH, "is not a tar archive|gzip|zstd")


ARCHIVE_MUTATIONS = (cut, cut, no_end, early_end, dangling, bad_checksum, no_archive)


def flip(rng, tar):
    """Bytes of headers change; their checksums agree."""
    out = bytearray(tar)
    for _ in range(rng.randint(1, 4)):
        at = rng.choice(headers_of(tar))
        out[at + rng.randrange(BLOCK)] = rng.choice((0, 0x20, 0x2E, 0x2F, 0x3A, 0x5C, 0x80, 0xFF, rng.randrange(256)))
        out[at:at + BLOCK] = resealed(out[at:at + BLOCK])
    return bytes(out)


def flip_pax(rng, tar):
    """Bytes of PAX records change."""
    out = bytearray(tar)
    spots = [at + BLOCK for at in headers_of(tar) if tar[at + 156:at + 157] == b"x"]
    for _ in range(rng.randint(1, 3)):
        at = rng.choice(spots)
        out[at + rng.randrange(200)] = rng.choice((0, 0x0A, 0x20, 0x2F, 0x3D, 0x5C, rng.randrange(256)))
    return bytes(out)


def lose_block(rng, tar):
    at = rng.randrange(0, len(tar) // BLOCK) * BLOCK
    return tar[:at] + tar[at + BLOCK:]


def repeat_blocks(rng, tar):
    first = rng.randrange(0, len(tar) // BLOCK - 2) * BLOCK
    last = first + rng.randint(1, 6) * BLOCK
    return tar[:last] + tar[first:last] + tar[last:]


EITHER_MUTATIONS = (flip, flip, flip_pax, flip_pax, lose_block, repeat_blocks)


# ---- mutations of the wrapper ----


def stored_zstd(data):
    """A zstd frame of raw blocks: what any decoder must read."""
    out = b"\x28\xb5\x2f\xfd" + bytes([0x80]) + bytes([0x58]) + struct.pack("<I", len(data))
    blocks = [data[at:at + 65536] for at in range(0, len(data), 65536)] or [b""]
    for i, block in enumerate(blocks):
        out += struct.pack("<I", (len(block) << 3) | (i == len(blocks) - 1))[:3] + block
    return out


def wrap(rng, tar):
    """(media type, blob) of a sound wrapper."""
    what = rng.randrange(6)
    if what == 0:
        return OCI_LAYER, tar
    if what == 1:
        half = rng.randrange(len(tar) + 1)
        return OCI_LAYER + "+gzip", gzip.compress(tar[:half], mtime=0) + gzip.compress(tar[half:], mtime=0)
    if what == 2:
        skip = b"\x5a\x2a\x4d\x18\3\0\0\0abc"
        return OCI_LAYER + "+zstd", skip + stored_zstd(tar) + skip
    return OCI_LAYER + "+gzip", gzip.compress(tar, 6, mtime=0)


def damaged_wrapper(rng, tar):
    """(media type, blob, pattern)"""
    packed = bytearray(gzip.compress(tar, 6, mtime=0))
    what = rng.randrange(10)
    if what == 0:
        return "+gzip", packed[:rng.randrange(3, len(packed) - 8)], "gzip data is cut short"
    if what == 1:
        packed[-rng.randint(1, 8)] ^= 0x55
        return "+gzip", packed, "gzip"
    if what == 2:
        return "+gzip", packed + b"\0" * 3 + b"garbage", "gzip"
    if what == 3:
        packed[3] |= 0xE0
        return "+gzip", packed, "gzip"
    if what == 4:
        return "", packed, "media type"
    if what == 5:
        return "+zstd", packed, "media type"
    frame = bytearray(stored_zstd(tar))
    if what == 6:
        return "+zstd", frame[:rng.randrange(5, len(frame))], "zstd"
    if what == 7:
        frame[5] = 0xFF  # a window that nobody should make room for
        return "+zstd", b"\x28\xb5\x2f\xfd\0\xff" + frame[10:], "zstd"
    if what == 8:
        return "+gzip", gzip.compress(bytes(packed), mtime=0), "is not a tar archive"
    return "+zstd", stored_zstd(bytes(frame)), "is not a tar archive|zstd"


# ---- cases ----


def base_content(rng, plain):
    """What ProcessBaseImage asks for, then anything."""
    grammar = Grammar(rng, plain)
    grammar.tar = cases.small_base()
    for name in ("Files", "Files/Windows", "Files/License.txt", "Files/Windows/System32"):
        grammar.used.add(name.lower())
    grammar.folders += ["Files/Windows"]
    grammar.files += ["Files/License.txt"]
    return grammar


def make_case(seed, number, plain=False):
    rng = random.Random(f"{seed}/{number}")
    grammar, names, wrongs, sure = base_content(rng, plain), [], [], True

    def apply(mutation):
        names.append(mutation.__name__)
        wrong = mutation(grammar)
        if wrong:
            wrongs.append(wrong)

    family = rng.random()
    grammar.some(rng.randint(0, 10))
    for _ in range(rng.choice((0, 0, 0, 1, 2))):
        apply(rng.choice(HARMLESS))
    if family < 0.62:
        apply(rng.choice(ENTRY_MUTATIONS))
    grammar.some(rng.randint(0, 4))
    tar = grammar.tar.bytes() + rng.choice((b"", b"", b"\0" * 9000, b"trailing"))
    if 0.62 <= family < 0.70:
        mutation = rng.choice(ARCHIVE_MUTATIONS)
        names.append(mutation.__name__)
        tar, wrong = mutation(rng, grammar.tar.bytes())
        wrongs.append(wrong)
    if 0.70 <= family < 0.85:
        mutation = rng.choice(EITHER_MUTATIONS)
        names.append(mutation.__name__)
        tar, sure = mutation(rng, tar), False
    media_type, blob, diff_id = *wrap(rng, tar), oci.digest(tar)
    if 0.85 <= family < 0.94:
        names.append("damaged_wrapper")
        suffix, blob, says = damaged_wrapper(rng, tar)
        media_type = OCI_LAYER + suffix
        wrongs = [Wrong(BOTH, says + "|" + "|".join(w.says for w in wrongs) if wrongs else says)]
    elif 0.94 <= family < 0.96:
        names.append("wrong_diff_id")
        diff_id = oci.digest(b"other")
        wrongs.append(Wrong(BOTH, "wrong content: it has the digest"))
    bad, unpacked = (set().union(*(getattr(wrong, field) for wrong in wrongs)) for field in ("bad", "unpacked"))
    return Case(f"{number}-" + ("+".join(names) or "sound"), bytes(blob), media_type, diff_id, tar, bad, unpacked, sure,
                "|".join(wrong.says for wrong in wrongs))


def generate(seed, count):
    return (make_case(seed, number) for number in range(count))


# ---- what deserves to be accepted ----


def faults_of_name(name, kind):
    """Why nothing of that name may be in a layer; written without looking at the C code's rules."""
    parts = re.split(r"[/\\]", name.removeprefix("./").rstrip("/"))
    root = parts[0].lower()
    if root not in ROOTS:
        return "outside of the roots"
    if root == "hives" and (kind == "base" or len(parts) > 2 or (len(parts) == 2 and parts[1].lower() not in HIVES)):
        return "no hive of a layer"
    if root == "utilityvm" and len(parts) > 1 and parts[1].lower() != "files":
        return "beside the utility VM's files"
    for part in parts:
        if part in ("", ".", "..") or re.search(r'[\x00-\x1f\x7f<>:"|?*]', part) or part[-1] in ". ":
            return f"the part {part!r}"
        if part.lower().endswith(".$wcidirs$"):
            return "metadata of the import format"
    return None


def legit(tar, kind):
    """What is wrong with a layer that was accepted; an empty list when nothing is."""
    try:
        return faults_of(tar, kind)
    except tarfile.TarError as error:
        # Python looks at fields that mean nothing in a layer, such as the owner.
        return [] if str(error) == "invalid header" else [f"tarfile: {error}"]


def faults_of(tar, kind):
    faults, seen, files, links, previous = [], {}, set(), set(), None
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r:", errors="surrogateescape") as archive:
        for info in archive:
            name = info.name
            if info.isdir() and name in (".", ""):
                continue
            if ":" in name.rpartition("/")[2] and previous and name.startswith(previous + ":"):
                continue
            previous = name.rstrip("/")
            last = name.rpartition("/")[2]
            if last.startswith(".wh."):
                if kind == "base":
                    faults.append(f"{name}: a whiteout in a base layer")
                previous, last = None, last.removeprefix(".wh.")
                name = name.rpartition("/")[0] + "/" + last
            fault = faults_of_name(name, kind)
            if fault:
                faults.append(f"{name}: {fault}")
            folded = name.rstrip("/").replace("\\", "/").removeprefix("./").lower()
            if folded in seen and not (info.isdir() and seen[folded] == "implied"):
                faults.append(f"{name}: twice")
            seen[folded] = "real"
            if info.issym():
                links.add(folded)
            if info.isreg():
                files.add(folded)
            above = folded
            while "/" in above:
                above = above.rpartition("/")[0]
                if above in links or above in files:
                    faults.append(f"{name}: below {above}")
                seen.setdefault(above, "implied")
            if not (info.isreg() or info.isdir() or info.issym() or info.islnk()):
                faults.append(f"{name}: of type {info.type!r}")
    return faults
