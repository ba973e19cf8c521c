# SPDX-License-Identifier: MIT
"""Layers are imported while later ones are still downloaded; what is unpacked or damaged, and what is fetched then."""
import json
import threading
import time
import unittest

from pulled import INTEGRITY, Pulled, layer_names

import fault_registry as faults
from image import oci


class Pipeline(Pulled):
    def setUp(self):
        super().setUp()
        self.registry, self.image, self.reference = self.serve_image(size=1_500_000)
        self.names = layer_names(self.image)
        self.before = len(self.journal())

    def stall_last(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.registry.fault(self.image.layers[1].digest, faults.stalled(500_000, go_on), times=1)
        return go_on

    def start_pull(self):
        """A pull under way whose last layer has not come, once its first is imported."""
        run = self.start("pull", "--root", self.root, self.reference)
        self.addCleanup(run.kill)
        deadline = time.monotonic() + 30
        while not (self.store.layer(self.names[0]) / "wrun.json").exists():
            self.assertLess(time.monotonic(), deadline, "the first layer is not imported")
            time.sleep(0.02)
        return run

    def asked_for(self):
        return [len(self.registry.seen(layer.digest)) for layer in self.image.layers]

    def test_an_import_does_not_wait_for_later_layers(self):
        go_on = self.stall_last()
        run = self.start_pull()
        self.assertEqual(self.layer_calls(self.before), ["ProcessBaseImage"])
        self.assertFalse(self.store.blob(self.image.layers[1]).exists())
        self.assertEqual(self.store.references(), [])
        go_on.set()
        result = self.finish(run)
        self.assertEqual(result.code, 0, result)
        self.assertEqual(self.layer_calls(self.before), ["ProcessBaseImage", "ImportLayer"])
        self.check_complete(self.image)
        self.check_store()

    def test_killed_in_the_middle(self):
        self.stall_last()
        run = self.start_pull()
        run.kill()
        self.finish(run)
        self.assertEqual(self.store.references(), [])
        result = self.pull(self.reference)
        self.check_complete(self.image)
        self.assertEqual(self.asked_for()[0], 1)
        # What the killed one had begun of the second layer is destroyed first.
        self.assertEqual(self.layer_calls(self.before), ["ProcessBaseImage", "DestroyLayer", "ImportLayer"], result)

    def test_what_is_unpacked_is_not_fetched(self):
        self.pull(self.reference)
        for layer in self.image.layers:
            self.store.blob(layer).unlink()
        asked = self.asked_for()
        self.pull(self.reference)
        self.pull(f"{self.registry.address}/a/b@{self.image.manifest.digest}")
        self.assertEqual(self.asked_for(), asked)
        self.pull(self.reference, "--no-unpack")
        self.assertEqual(self.asked_for(), [count + 1 for count in asked])
        self.check_complete(self.image)

    def test_an_image_runs_without_its_blobs(self):
        self.pull(self.reference)
        for layer in self.image.layers:
            self.store.blob(layer).unlink()
        self.registry.close()
        result = self.wrun("run", "--root", self.root, "--pull", "never", "--dry-run", "--json", self.reference, "cmd")
        self.assertEqual(result.code, 0, result)
        self.assertIn(self.names[1], json.dumps(json.loads(result.out)))

    def test_a_damaged_blob_is_fetched_again(self):
        self.pull(self.reference, "--no-unpack")
        blob = self.store.blob(self.image.layers[1])
        blob.write_bytes(bytes(len(self.image.layers[1].data)))
        asked = self.asked_for()
        self.pull(self.reference, says=[f"the stored blob {self.image.layers[1].digest} was damaged", "fetching it again"])
        self.assertEqual(self.asked_for(), [asked[0], asked[1] + 1])
        self.check_complete(self.image)

    def test_an_image_that_is_wrong(self):
        """Its blobs are kept, of its wrong layer nothing."""
        tar = self.image.layers[1].data
        wrong = oci.Layer(tar, compress=False, diff_id=oci.digest(b"something else"))
        image = oci.Image([self.image.layers[0], wrong], os_version=self.image.os_version)
        self.registry.put_image("a/wrong", image, "1")
        self.pull(f"{self.registry.address}/a/wrong:1", code=INTEGRITY, says=["wrong content", "tell who made the image"])
        # The layer below is unpacked beside it, and stopped if it has not come far.
        self.assertLessEqual(set(self.store.names("layers")), set(self.names[:1]))
        self.assertNotIn("ImportLayer", self.layer_calls(self.before))
        self.assertEqual(self.store.references(), [])
        self.assertTrue(self.store.blob(wrong).exists())


if __name__ == "__main__":
    unittest.main()
