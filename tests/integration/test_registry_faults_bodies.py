# SPDX-License-Identifier: MIT
"""Blobs that are cut, reset, wrong, of another size, or encoded: in one piece and by ranges."""
import gzip

import fault_registry as faults
from pulling import INTEGRITY, REGISTRY, BigFaultTestCase, FaultTestCase, noise_layer, oci


class CutTest(BigFaultTestCase):
    """Body cut at 8 MiB multiple with full Content-Length: resume, right digest, exit 0."""

    def test_at_every_8_mib_of_the_blob(self):
        self.fault(faults.cut_at_multiples(8 << 20))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1)

    def test_in_the_middle_of_every_range(self):
        self.fault(faults.cut_at_multiples(3 << 20))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1)

    def test_a_layer_in_one_piece(self):
        """20 MB: one request, and one for each piece that was missing."""
        image = oci.Image([noise_layer(1000), noise_layer(20_000_000, 5, level=0)], os_version="10.0.20348.2322")
        layer = image.layers[1]
        self.registry.put_image("a/one", image, "1")
        self.registry.fault(layer.digest, faults.cut_at_multiples(8 << 20))
        self.pull(f"{self.registry.address}/a/one:1")
        self.check_stored(image)
        self.assertEqual([r.range for r in self.registry.seen(layer.digest)],
                         [None, (8 << 20, len(layer.data) - 1), (16 << 20, len(layer.data) - 1)])
        self.assertEqual(self.registry.served(layer.digest), len(layer.data))


class ResetTest(BigFaultTestCase):
    """RST mid-body: retry."""

    def test_first_requests(self):
        self.fault(faults.reset(2_000_000), times=4)
        self.pull(self.reference)
        self.check_stored(self.image)
        # What was on its way when the connection broke may be lost, but no more.
        self.check_served(1.25, 1)

    def test_before_the_answer(self):
        self.fault(faults.at_once, times=2)
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1)


class WrongContent:
    """Wrong digest (1 bit), right after one retry: refetch once, exit 0. Always: exit 6, no blob left."""

    def break_once(self):
        """The bit is wrong until all of the layer was served once."""
        wrong = faults.flipped(self.layer_size(1) * 3 // 4)
        self.registry.fault(self.layer_path(1), wrong,
                            when=lambda _: self.registry.served(self.layer_path(1)) < self.layer_size(1))

    def test_once(self):
        self.break_once()
        self.pull(self.reference)
        self.check_stored(self.image)
        served = self.registry.served(self.layer_path(1))
        self.assertEqual(served, 2 * self.layer_size(1))
        self.assertIsNone(self.registry.seen(self.layer_path(1))[-1].range)

    def test_always(self):
        layer = self.image.layers[1]
        wrong = bytearray(layer.data)
        wrong[len(wrong) * 3 // 4] ^= 1
        self.registry.fault(layer.digest, faults.content(lambda _: wrong))
        done = self.pull(self.reference, code=INTEGRITY)
        self.check_says(done, f"expected {layer.digest}, got {oci.digest(bytes(wrong))}")
        self.assertFalse(self.store.has(layer))
        self.check_nothing_recorded()
        self.assertEqual(self.registry.served(layer.digest), 2 * len(layer.data))
        self.registry.faults.clear()
        self.pull(self.reference)
        self.check_stored(self.image)


class WrongContentInOnePieceTest(WrongContent, FaultTestCase):
    pass


class WrongContentByRangesTest(WrongContent, BigFaultTestCase):
    pass


class OtherSize:
    """Longer than size; shorter; zero-length: exit 6."""

    def check_refused(self, change):
        layer = self.image.layers[1]
        self.registry.fault(layer.digest, faults.content(change))
        done = self.pull(self.reference, code=INTEGRITY)
        self.check_says(done, layer.digest, str(len(layer.data)))
        self.assertFalse(self.store.has(layer))
        self.check_nothing_recorded()
        self.assertLessEqual(self.registry.served(layer.digest), 4 * len(layer.data) + 2)
        self.registry.faults.clear()
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_longer(self):
        self.check_refused(lambda data: data + b"!")

    def test_twice_as_long(self):
        self.check_refused(lambda data: data + data)

    def test_shorter(self):
        self.check_refused(lambda data: data[:-1])

    def test_half(self):
        self.check_refused(lambda data: data[:len(data) // 2])

    def test_empty(self):
        self.check_refused(lambda data: b"")


class OtherSizeInOnePieceTest(OtherSize, FaultTestCase):
    pass


class OtherSizeByRangesTest(OtherSize, BigFaultTestCase):
    pass


class Coding:
    """Content-Length lie; chunked coding; Content-Encoding: gzip: refuse/handle."""

    def test_content_length_too_large(self):
        """The right bytes may be taken, or the promise of more be refused, or waited for."""
        layer = self.image.layers[1]
        self.registry.fault(layer.digest, faults.false_length(100))
        done = self.pull(self.reference, code=(0, INTEGRITY, REGISTRY))
        if done.returncode == INTEGRITY:
            self.check_says(done, layer.digest, f"{len(layer.data) + 100} bytes where {len(layer.data)} were promised")
            self.assertFalse(self.store.has(layer))

    def test_content_length_too_large_once(self):
        self.registry.fault(self.layer_path(1), faults.false_length(100), times=1)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_content_length_too_small_once(self):
        self.registry.fault(self.layer_path(1), faults.false_length(-100), times=1)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_content_length_too_small(self):
        layer = self.image.layers[1]
        self.registry.fault(layer.digest, faults.false_length(-100))
        done = self.pull(self.reference, code=(INTEGRITY, REGISTRY))
        self.check_says(done, layer.digest)
        self.assertFalse(self.store.has(layer))

    def test_chunked(self):
        self.registry.fault(self.layer_path(1), faults.chunked())
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.registry.served(self.layer_path(1)), self.layer_size(1))

    def test_chunked_without_the_last_chunk(self):
        self.registry.fault(self.layer_path(1), faults.chunked(end=False), times=1)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_content_encoding(self):
        layer = self.image.layers[1]
        self.registry.fault(layer.digest, faults.content(lambda data: gzip.compress(data, 1), Content_Encoding="gzip"))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "Content-Encoding 'gzip'")
        self.assertFalse(self.store.has(layer))
        self.check_nothing_recorded()


class CodingInOnePieceTest(Coding, FaultTestCase):
    pass


class CodingByRangesTest(Coding, BigFaultTestCase):
    pass
