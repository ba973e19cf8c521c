# SPDX-License-Identifier: MIT
"""The faults of a registry that touch files or TLS, with wrun.exe: tests/integration/test_registry_faults* has them all.

Schannel is Wine's here, which takes any certificate: that a wrong one is refused is shown natively, and is Windows' own work.
"""
import functools
import gzip
import pathlib
import time
import unittest

from pulled import INTEGRITY, NO_SPACE, REGISTRY, Pulled, cases, layer_names, noise, oci
from pulled import fault_registry as faults
from pulled import call_on_network
import tls

BIG = 41_000_000


@functools.cache
def big_image():
    """The second layer is fetched by ranges."""
    layer = oci.Layer(cases.top().file("Files/a/big.bin", noise(BIG)).bytes(), level=0)
    return oci.Image([cases.base_layer(), layer], os_version=cases.VERSION)


class Big(Pulled):
    def setUp(self):
        super().setUp()
        self.image = big_image()
        self.layer = self.image.layers[1]
        self.registry = self.serve()
        self.registry.put_image("a/b", self.image, "1")
        self.reference = f"{self.registry.address}/a/b:1"

    def served(self):
        return self.registry.served(self.layer.digest)

    def begin(self):
        return self.start("pull", "--root", self.root, "--progress", "none", self.reference)

    def wait_until(self, condition):
        deadline = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.002)

    def kill(self, run):
        run.kill()
        self.finish(run)


class Content(Big):
    """What arrives is cut, elsewhere, or wrong."""

    def check_pulls(self, fault, most, **more):
        self.store.clear()
        self.registry.forget()
        self.registry.fault(self.layer.digest, fault, **more)
        self.pull(self.reference)
        self.check_complete(self.image)
        self.assertLessEqual(self.served(), most * len(self.layer.data))
        self.registry.faults.clear()

    def test_cut(self):
        for step in (8 << 20, 3 << 20):
            with self.subTest(step):
                self.check_pulls(faults.cut_at_multiples(step), 1)

    def test_reset(self):
        self.check_pulls(faults.reset(2_000_000), 1.25, times=4)

    def test_other_ranges(self):
        for name, fault in {"ignored": faults.ranges_ignored, "elsewhere": faults.from_elsewhere(1),
                            "false name": faults.under_false_name, "another size": faults.wrong_total(1),
                            "refused": faults.refused_range, "several parts": faults.multipart}.items():
            with self.subTest(name):
                self.check_pulls(fault, 3)

    def test_a_wrong_bit_once(self):
        self.check_pulls(faults.flipped(30_000_000), 2, when=lambda _: self.served() < len(self.layer.data))

    def test_a_wrong_bit_always(self):
        self.registry.fault(self.layer.digest, faults.flipped(30_000_000))
        self.pull(self.reference, code=INTEGRITY, says=f"expected {self.layer.digest}")
        self.check_nothing_published(self.image)
        self.registry.faults.clear()
        self.pull(self.reference)
        self.check_complete(self.image)


class AtOnce(Big):
    """two wruns pull at once; first killed -9 halfway: blob transferred once; second resumes."""

    def test_four(self):
        self.registry.rate = 40_000_000
        runs = [self.begin() for _ in range(4)]
        for run in runs:
            result = self.finish(run)
            self.assertEqual(result.code, 0, result)
        self.check_store()
        self.check_complete(self.image)
        for blob in [*self.image.layers, self.image.config]:
            self.assertEqual(self.registry.served(blob.digest), len(blob.data))

    def test_killed_halfway(self):
        self.registry.rate = 30_000_000
        run = self.begin()
        self.wait_until(lambda: self.served() > len(self.layer.data) * 3 // 4)
        self.kill(run)
        self.assertEqual(self.store.references(), [])
        self.assertFalse(self.store.blob(self.layer).exists())
        self.registry.rate = None
        self.pull(self.reference)
        self.check_complete(self.image)
        self.assertLess(self.served(), 1.8 * len(self.layer.data))

    def test_the_second_goes_on(self):
        self.registry.rate = 20_000_000
        first = self.begin()
        self.wait_until(lambda: self.served() > len(self.layer.data) // 2)
        second = self.begin()
        time.sleep(0.3)
        self.kill(first)
        result = self.finish(second)
        self.assertEqual(result.code, 0, result)
        self.check_complete(self.image)
        self.assertLess(self.served(), 1.8 * len(self.layer.data))
        # What the first had begun to unpack is cleared away by the next that starts.
        self.pull(self.reference)
        self.assertLess(self.served(), 1.8 * len(self.layer.data))

    def test_killed_again_and_again(self):
        self.registry.rate = 40_000_000
        for _ in range(6):
            run = self.begin()
            before = self.served()
            self.wait_until(lambda: self.served() > before + 4_000_000)  # noqa: B023
            self.kill(run)
        self.pull(self.reference)
        self.check_complete(self.image)
        self.assertLess(self.served(), len(self.layer.data) + 6 * (64 << 20))


class Layers(Pulled):
    """gzip faults; diff_id mismatch: exit 6, layer dir removed."""

    TAR = cases.top().file("Files/a/x.txt", b"x\r\n" * 30_000).bytes()

    def put(self, data, tar=None, diff_id=None):
        layer = oci.Layer(tar or self.TAR, diff_id=diff_id)
        layer.data, layer.digest = data, oci.digest(data)
        self.image = oci.Image([cases.base_layer(), layer], os_version=cases.VERSION)
        registry = self.serve()
        registry.put_image("a/b", self.image, "1")
        return f"{registry.address}/a/b:1"

    def accepted(self, *layer):
        self.store.clear()
        self.pull(self.put(*layer))
        self.check_complete(self.image)

    def refused(self, *layer, **more):
        result = self.pull(self.put(*layer, **more), code=INTEGRITY)
        self.assertEqual(self.store.references(), [])
        self.assertEqual(self.store.names("layers"), layer_names(self.image)[:1])
        return result

    def test_gzip_that_is_unusual(self):
        half = len(self.TAR) // 2
        self.accepted(gzip.compress(self.TAR[:half]) + gzip.compress(self.TAR[half:]))
        self.accepted(gzip.compress(self.TAR) + b"\0" * 5000)

    def test_gzip_that_is_wrong(self):
        good = gzip.compress(self.TAR, mtime=0)
        for name, data in {"garbage": good + b"garbage", "sum": good[:-8] + bytes([good[-8] ^ 1]) + good[-7:],
                           "length": good[:-1] + b"\1", "truncated": good[:-9], "half": good[:len(good) // 2]}.items():
            with self.subTest(name):
                self.refused(data)

    def test_another_diff_id(self):
        result = self.refused(gzip.compress(self.TAR), diff_id=oci.digest(b"other"))
        self.assertIn(oci.digest(self.TAR), result.err)
        self.accepted(gzip.compress(self.TAR))


class Full(Pulled):
    """ENOSPC: exit 10; nothing committed. F: is a small volume."""

    root = "f:\\store"

    def test_while_a_range_arrives(self):
        self.isolated()
        volume = pathlib.Path(f"/proc/{self.host.pid()}/root{self.host.path('drive_f')}")
        self.store = type(self.store)(volume / "store")
        self.addCleanup(self.store.clear)
        registry, image = self.serve(), big_image()
        registry.put_image("a/b", image, "1")
        filler = volume / "filler"
        self.addCleanup(filler.unlink, missing_ok=True)

        def fill(_):
            try:
                with open(filler, "wb", buffering=0) as file:
                    while file.write(b"\0" * (1 << 20)):
                        pass
            except OSError:
                pass
            return False
        registry.fault(image.layers[1].digest, fill, times=1)
        self.pull(f"{registry.address}/a/b:1", code=NO_SPACE, says="hint: free some space there")
        self.check_nothing_published(image)


class Secure(Pulled):
    """TLS; redirect: http downgrade; realm http."""

    HOST = "registry.localhost"

    def setUp(self):
        super().setUp()
        self.plain, self.image, _ = self.serve_image(size=300_000)
        self.certificate = tls.certificate(self.HOST)
        self.secure = call_on_network(self.host, lambda: faults.FaultRegistry(self.HOST, self.certificate.files))
        self.addCleanup(self.secure.close)
        self.secure.put_image("a/b", self.image, "1")
        self.reference = f"{self.secure.address}/a/b:1"
        self.layer = self.image.layers[1].digest

    def test_pull(self):
        self.pull(self.reference)
        self.check_complete(self.image)

    def test_cut(self):
        self.secure.fault(self.layer, faults.truncated(100_000), times=2)
        self.pull(self.reference)
        self.check_complete(self.image)
        self.assertEqual(self.secure.served(self.layer), len(self.image.layers[1].data))

    def test_downgrade(self):
        self.secure.fault(self.layer, faults.redirect(self.plain.url))
        self.pull(self.reference, code=REGISTRY, says="redirects from https to http")
        self.assertEqual(self.plain.requests, [])

    def test_token_over_http(self):
        self.secure.require_token(realm=f"{self.plain.url}/token")
        self.pull(self.reference, code=REGISTRY, says="is not on https")
        self.assertEqual(self.plain.requests, [])

    def test_no_tls_there(self):
        port = self.plain.address.rpartition(":")[2]
        self.pull(f"{self.HOST}:{port}/a/b:1", code=REGISTRY, says="hint: if the registry speaks plain http")
        self.assertEqual(self.plain.requests, [])


if __name__ == "__main__":
    unittest.main()
