# SPDX-License-Identifier: MIT
"""kill -9 at every call of a pull and of a removal: after the next wrun all is as before or as after, and the command works again."""
import unittest

from killing import Deed, Kills
from pulled import layer_names, make_image


class Pull(Deed):
    """A new image each time: all of its layers are as they should be, or they are not there."""

    def begin(self):
        self.image = make_image(size=20_000, seed=self.number)
        self.test.registry.put_image("a/b", self.image, str(self.number))
        self.reference = f"{self.test.registry.address}/a/b:{self.number}"
        self.top = layer_names(self.image)[1]

    def command(self):
        return ["pull", "--root", self.test.root, self.reference]

    def outcome(self):
        referred = self.image.manifest.digest in [record["digest"] for record in self.test.store.references()]
        if not referred:
            return "before"
        self.test.check_complete(self.image)
        files = self.test.store.layer(self.top) / "Files/a"
        self.test.assertEqual({file.name: file.stat().st_size for file in files.iterdir()}, {"x.txt": 3, "noise.bin": 20_000})
        return "after"

    def end(self):
        self.test.ok("rmi", "--root", self.test.root, self.reference)
        self.test.assertEqual(self.test.store.names("layers"), [])


class Rmi(Pull):
    """An image whose layers nobody else needs."""

    def begin(self):
        super().begin()
        self.test.ok("pull", "--root", self.test.root, self.reference)

    def command(self):
        return ["rmi", "--root", self.test.root, self.reference]

    def outcome(self):
        if super().outcome() == "after":
            return "before"
        self.test.ok("prune", "--root", self.test.root)  # what was let go and not yet removed is nobody's
        self.test.assertEqual(self.test.store.names("layers") + self.test.store.names("blobs/sha256"), [])
        return "after"

    def end(self):
        """Nothing is left."""


class Pulls(Kills):
    def setUp(self):
        super().setUp()
        self.registry = self.serve()

    def test_pull(self):
        self.assertGreaterEqual(self.kill_everywhere(Pull(self)), 3)  # NameToGuid, ProcessBaseImage, ImportLayer
        self.kill_at_times(Pull(self))

    def test_rmi(self):
        self.assertGreaterEqual(self.kill_everywhere(Rmi(self)), 2)  # DestroyLayer of both layers
        self.kill_at_times(Rmi(self))


del Kills  # no tests of its own
if __name__ == "__main__":
    unittest.main()
