# SPDX-License-Identifier: MIT
"""wrun pull when the registry, the disk or the user does not play along: a clear error, and the next pull works."""
import os
import pathlib
import threading
import time
import unittest

from hosted import faults as host_faults
from pulled import INTEGRITY, NO_SPACE, NOT_FOUND, NOT_READY, REGISTRY, USAGE, Pulled, Store, cases, layer_names, oci
from pulled import fault_registry as faults


class Wrong(Pulled):
    """What the registry sends is not what was asked for."""

    def setUp(self):
        super().setUp()
        self.registry, self.image, self.reference = self.serve_image(size=100_000)
        self.digest = self.image.layers[1].digest

    def check_recovers(self):
        self.registry.faults.clear()
        self.pull(self.reference)
        self.check_complete(self.image)

    def test_names(self):
        self.pull(self.reference + "x", code=NOT_FOUND, says=["the repository has no '1x'", "hint: check the tag or digest"])
        self.pull(f"{self.registry.address}/a/c:1", code=NOT_FOUND,
                  says=["there is no repository 'a/c'", "hint: check the name of the repository"])
        absent = oci.digest(b"absent")
        self.pull(f"{self.registry.address}/a/b@{absent}", code=NOT_FOUND, says=f"the repository has no '{absent}'")
        self.check_nothing_published(self.image)

    def test_errors_say_each_thing_once(self):
        error = self.pull(self.reference + "x", code=NOT_FOUND).err.splitlines()[1]
        self.assertTrue(error.startswith(f"wrun: pull: {self.reference}x: the repository has no '1x'"), error)
        self.assertEqual(error.count(self.reference), 1)

    def test_a_registry_that_is_down(self):
        self.registry.close()
        self.pull(self.reference, code=REGISTRY, says=[self.registry.address, "hint: check that the registry is running"])
        self.check_nothing_published(self.image)

    def test_content_with_another_digest(self):
        self.registry.fault(self.digest, faults.content(lambda blob: blob[:-1] + b"?"))
        self.pull(self.reference, code=INTEGRITY, says=[f"expected {self.digest}", "hint: the registry, or a proxy before it"])
        self.check_nothing_published(self.image)
        self.assertEqual(len(self.registry.seen(self.digest)), 2)
        self.check_recovers()

    def test_content_that_is_longer_or_shorter_than_promised(self):
        size = len(self.image.layers[1].data)
        for change, says in ((lambda blob: blob + b"?", f"has {size + 1} bytes where {size} were promised"),
                             (lambda blob: blob[:100], f"has 100 bytes where {size} were promised")):
            with self.subTest(says):
                self.registry.fault(self.digest, faults.content(change))
                self.pull(self.reference, code=INTEGRITY, says=[self.digest, says])
                self.check_nothing_published(self.image)
                self.check_recovers()
                self.store.clear()

    def test_a_transfer_that_breaks_off(self):
        self.registry.fault(self.digest, faults.truncated(1000), times=1)
        result = self.pull(self.reference, "--verbose", says="trying again")
        self.assertIn("downloaded", result.err)
        self.check_complete(self.image)
        self.store.clear()
        self.registry.fault(self.digest, faults.truncated(1000))
        self.pull(self.reference, code=REGISTRY,
                  says=["bytes missing", "hint: check the network between this host and the registry"])
        self.check_nothing_published(self.image)
        self.check_recovers()

    def test_manifests_that_are_none(self):
        for content, says in ((b"<html>", "image manifest: not JSON"), (b"", "image manifest: not JSON"),
                              (b"[]", "image manifest: expected an object, found a list"),
                              (b"{" + b" " * (8 << 20) + b"}", "the registry's answer: larger than the limit of 4194304 bytes"),
                              (b"[" * 1_000_000 + b"]" * 1_000_000, "nested deeper than 32 levels")):
            with self.subTest(says):
                self.registry.put_manifest("a/b", "bad", content, oci.DOCKER_MANIFEST)
                result = self.pull(f"{self.registry.address}/a/b:bad", code=INTEGRITY, says=says)
                self.assertLess(len(result.err), 1000)
                self.check_nothing_published(self.image)


class Place(Pulled):
    def test_a_store_where_none_can_be(self):
        self.drive("d", "file").write_bytes(b"x")
        other = "hint: choose a store on a local NTFS disk with --root"
        for root, code, *says in ((r"z:\store", NOT_READY, r"find the volume of 'z:\store'", other),
                                  (r"\\server\share\store", NOT_READY, "find the volume of", other),
                                  (r"d:\file", USAGE, r"the store 'd:\file' is a file", "hint: name a directory with --root")):
            with self.subTest(root):
                self.refused(code, "pull", "--root", root, "127.0.0.1:1/a/b", says=says)


class Killed(Pulled):
    """Killed as from outside; the next pull repairs what is left."""

    def check_repaired(self, image, reference):
        self.pull(reference)
        self.check_complete(image)
        self.assertEqual(self.store.names("layers"), sorted(layer_names(image)))

    def test_before_and_after_every_call(self):
        _, image, reference = self.serve_image()
        for function in "ProcessBaseImage", "ImportLayer":
            for moment in "kill-before", "kill-after":
                with self.subTest(function=function, moment=moment):
                    self.store.clear()
                    rules = self.host.path("faults.json")
                    host_faults.add(rules, {"fn": function, "nth": 1, "do": moment})
                    self.addCleanup(host_faults.clear, rules)
                    result = self.wrun("pull", "--root", self.root, reference)
                    host_faults.clear(rules)
                    self.assertNotEqual(result.code, 0, result)
                    self.check_repaired(image, reference)

    def test_while_downloading(self):
        registry, image, reference = self.serve_image(size=1_000_000)
        go_on = threading.Event()
        registry.fault(image.layers[1].digest, faults.stalled(300_000, go_on), times=1)
        run = self.start("pull", "--root", self.root, reference)
        part = self.store.root / "ingest" / f"{image.layers[1].digest[7:]}.part"
        self.wait_for(lambda: part.exists() and part.stat().st_size > 0)
        self.end(run)
        go_on.set()
        self.assertTrue(part.exists())
        self.assertEqual(self.store.references(), [])
        self.check_repaired(image, reference)

    def test_while_unpacking(self):
        _, image, reference = self.serve_image(size=12_000_000)
        base, top = layer_names(image)
        record = "wrun.json"
        for name, reached in (("base layer begun", lambda: self.store.layer(base).exists()),
                              ("base layer done", lambda: self.store.layer(base).joinpath(record).exists()),
                              ("layer begun", lambda: self.store.layer(top).exists()),
                              ("layer staged", lambda: list(self.store.root.glob("tmp/*/Files/a/x.txt")))):
            with self.subTest(name):
                self.store.clear()
                run = self.start("pull", "--root", self.root, reference)
                self.wait_for(reached)
                self.end(run)
                self.assertFalse(self.store.layer(top).joinpath(record).exists())
                self.check_repaired(image, reference)

    def test_at_any_time(self):
        _, image, reference = self.serve_image(size=3_000_000)
        self.ok("version")  # the first program starts services of Wine, which would be killed with it
        for step in range(12):
            with self.subTest(step=step):
                self.store.clear()
                run = self.start("pull", "--root", self.root, reference)
                time.sleep(0.06 * step)
                self.end(run)
                self.check_repaired(image, reference)

    def wait_for(self, condition):
        deadline = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.001)

    def end(self, run):
        run.kill()
        self.finish(run)


class Full(Pulled):
    """F: is a small volume."""

    root = "f:\\store"

    def setUp(self):
        self.isolated()
        self.volume = pathlib.Path(f"/proc/{self.host.pid()}/root{self.host.path('drive_f')}")
        self.store = Store(self.volume / "store")
        self.addCleanup(self.store.clear)

    def fill(self, leave):
        """A file that leaves so many bytes free."""
        filler = self.volume / "filler"
        self.addCleanup(filler.unlink, missing_ok=True)
        left = self.free() - leave
        with open(filler, "wb") as file:
            while left > 0:
                left -= file.write(b"\0" * min(left, 1 << 20))
        return filler

    def free(self):
        status = os.statvfs(self.volume)
        return status.f_bavail * status.f_frsize

    def test_a_layer_that_is_larger_than_the_volume(self):
        registry, big = self.serve(), dict(cases.published())["case/big"]
        registry.put_image("case/big", big, "latest")
        before = self.free()
        self.pull(f"{registry.address}/case/big:latest", code=NO_SPACE, 
                  says=["entry 'Files\\zeros.bin'", "hint: free some space there"])
        self.assertEqual(self.store.names("layers"), layer_names(big)[:1])
        self.assertGreater(self.free(), before - (1 << 20))

    def test_too_little_for_the_download(self):
        registry, image, reference = self.serve_image(size=6_000_000)
        filler = self.fill(leave=5_000_000)
        self.pull(reference, code=NO_SPACE, says=["bytes are to be fetched", "bytes left", "hint: free some space there"])
        self.assertEqual(registry.seen(image.layers[1].digest), [])
        self.check_nothing_published(image)
        filler.unlink()
        self.pull(reference)
        self.check_complete(image)

    def test_enough_for_the_download_only(self):
        registry, image, reference = self.serve_image(size=6_000_000)
        filler = self.fill(leave=9_000_000)
        self.pull(reference, code=NO_SPACE, says="hint: free some space there")
        # The lower layer may not have been finished when the upper one failed.
        self.assertLessEqual(set(self.store.names("layers")), set(layer_names(image)[:1]))
        filler.unlink()
        self.pull(reference)
        self.check_complete(image)
        # Unpacking goes on behind the download and may have filled the disk before all had come; then there was no room
        # either for the note of what had come, so that it may be asked for once more.
        self.assertLessEqual(len(registry.seen(image.layers[1].digest)), 2)

    def test_the_disk_fills_up_while_downloading(self):
        registry, image, reference = self.serve_image(size=6_000_000)
        go_on = threading.Event()
        registry.fault(image.layers[1].digest, faults.stalled(500_000, go_on), times=1)
        run = self.start("pull", "--root", self.root, reference)
        while not registry.seen(image.layers[1].digest):
            time.sleep(0.01)
        filler = self.fill(leave=1_000_000)
        go_on.set()
        result = self.finish(run)
        self.assertEqual(result.code, NO_SPACE, result)
        self.check_store()
        self.check_nothing_published(image)
        filler.unlink()
        self.pull(reference)
        self.check_complete(image)


if __name__ == "__main__":
    unittest.main()
