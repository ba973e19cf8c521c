# SPDX-License-Identifier: MIT
"""Layers whose digest is right and whose inside is not."""
import gzip
import struct
import zlib

from pulling import INTEGRITY, FaultTestCase, cases, oci

TAR = cases.top().file("Files/a/x.txt", b"x\r\n" * 30_000).bytes()
OTHER_DIFF_ID = oci.digest(b"other")


def layer(data, tar=TAR, **more):
    """A layer with exactly these bytes, which claims to be that tar."""
    made = oci.Layer(tar, **more)
    made.data, made.digest = data, oci.digest(data)
    return made


def gzipped(tar=TAR):
    return gzip.compress(tar, 6, mtime=0)


def zeros(size):
    """A tar with a file of so many zeros, as gzip, made in pieces."""
    head, tail = cases.top(), b"\0" * (-size % 512 + 1024)
    head.entry("Files/a/zeros.bin", "0", b"")
    start = bytearray(head.out.getvalue())
    start[-512 + 124:-512 + 136] = b"\x80" + size.to_bytes(11, "big")
    start[-512 + 148:-512 + 156] = b" " * 8
    start[-512 + 148:-512 + 156] = b"%06o\0 " % sum(start[-512:])
    packer, hasher, out = zlib.compressobj(9, wbits=31), oci.hashlib.sha256(), []
    piece = b"\0" * (1 << 20)
    for data in (bytes(start), *[piece] * (size >> 20), b"\0" * (size & ((1 << 20) - 1)), tail):
        hasher.update(data)
        out.append(packer.compress(data))
    out.append(packer.flush())
    return b"".join(out), "sha256:" + hasher.hexdigest()


class LayerTest(FaultTestCase):
    def put(self, top):
        self.top = top
        self.image = oci.Image([cases.base_layer(), top], os_version="10.0.20348.2322")
        self.registry.put_image("a/odd", self.image, "1")
        return f"{self.registry.address}/a/odd:1"

    def accepted(self, top, **more):
        self.pull(self.put(top), **more)
        self.check_stored(self.image)

    def refused(self, top, *texts, **more):
        done = self.pull(self.put(top), code=INTEGRITY, **more)
        self.check_says(done, *texts)
        self.check_nothing_recorded()


class GzipTest(LayerTest):
    """gzip: bomb 1000:1, multi-member, trailing garbage, bad CRC, truncated."""

    def test_several_members(self):
        half = len(TAR) // 2
        self.accepted(layer(gzip.compress(TAR[:half]) + gzip.compress(b"") + gzip.compress(TAR[half:])))
        self.store.clear()
        self.accepted(layer(b"".join(gzip.compress(TAR[at:at + 997]) for at in range(0, len(TAR), 997))))

    def test_fields_of_the_header(self):
        plain = gzipped()
        flags = plain[:3] + bytes([2 | 4 | 8 | 16]) + plain[4:10]
        head = flags + struct.pack("<H", 60_000) + b"e" * 60_000 + b"n" * 5000 + b"\0" + b"c" * 5000 + b"\0"
        self.accepted(layer(head + struct.pack("<H", zlib.crc32(head) & 0xffff) + plain[10:]))

    def test_zeros_at_the_end(self):
        self.accepted(layer(gzipped() + b"\0" * 5000))

    def test_garbage_at_the_end(self):
        for garbage in (b"!", b"garbage" * 100, b"\0" * 100 + b"!", b"\x1f", b"\x1f\x8b\x08"):
            with self.subTest(garbage[-20:]):
                self.refused(layer(gzipped() + garbage), "gzip")

    def test_wrong_sums(self):
        for position in (-1, -4, -5, -8):
            with self.subTest(position):
                wrong = bytearray(gzipped())
                wrong[position] ^= 0x10
                self.refused(layer(bytes(wrong)), "gzip")

    def test_a_wrong_bit_in_the_middle(self):
        wrong = bytearray(gzipped())
        wrong[len(wrong) // 2] ^= 4
        self.refused(layer(bytes(wrong)))

    def test_truncated(self):
        for keep in (5, 10, 30, -9, -8, -4, -1):
            with self.subTest(keep):
                self.refused(layer(gzipped()[:keep]), "gzip" if keep != 5 else "")

    def test_truncated_second_member(self):
        self.refused(layer(gzip.compress(TAR[:1024]) + gzip.compress(TAR[1024:])[:-3]), "gzip")

    def test_nothing_inside(self):
        self.refused(layer(gzip.compress(b"")))

    def test_reserved_flags_and_methods(self):
        for position, value in ((2, 7), (3, 0x20), (3, 0x80)):
            with self.subTest(position=position, value=value):
                wrong = bytearray(gzipped())
                wrong[position] = value
                self.refused(layer(bytes(wrong)))

    def test_another_compression_than_the_type_says(self):
        self.refused(layer(gzipped(), media_type="application/vnd.oci.image.layer.v1.tar+zstd"))
        self.refused(layer(TAR, media_type="application/vnd.oci.image.layer.v1.tar+gzip"))


class BombTest(LayerTest):
    def test_zeros_that_are_meant(self):
        """1000:1 is what zeros come to; 100 MB of them are no attack."""
        data, diff_id = zeros(100_000_000)
        self.assertGreater(100_000_000 / len(data), 900)
        self.accepted(layer(data, diff_id=diff_id))

    def test_bomb(self):
        """More than 1 GiB at more than 200:1."""
        data, diff_id = zeros((1 << 30) + (600 << 20))
        self.refused(layer(data, diff_id=diff_id), "200", timeout=120)

    def test_bomb_of_members(self):
        data, _ = zeros(50 << 20)
        bomb = gzip.compress(b"\0" * (64 << 20), 9)
        self.refused(layer(data + bomb * 20, diff_id=OTHER_DIFF_ID), timeout=120)


class DiffIdTest(LayerTest):
    """diff_id mismatch: exit 6."""

    def test_another_layer(self):
        top = oci.Layer(TAR, diff_id=OTHER_DIFF_ID)
        self.refused(top, OTHER_DIFF_ID, oci.digest(TAR))

    def test_the_next_pull_is_not_fooled(self):
        for _ in range(2):
            self.refused(oci.Layer(TAR, diff_id=OTHER_DIFF_ID), OTHER_DIFF_ID)
        self.accepted(oci.Layer(TAR))

    def test_bytes_after_the_archive_count(self):
        """A tar ends with zeros; whatever follows them is part of the diff id."""
        longer = TAR + b"\0" * 10_240
        self.accepted(oci.Layer(longer))
        self.store.clear()
        self.refused(oci.Layer(longer, diff_id=oci.digest(TAR)), oci.digest(TAR))


class TarTest(LayerTest):
    def test_broken_archives(self):
        for name, image in cases.broken_images():
            if name in ("case/big", "case/gzip-truncated", "case/wrong-diff-id", "case/whiteout-in-base", "case/no-windows"):
                continue
            with self.subTest(name):
                self.refused(image.layers[1])
