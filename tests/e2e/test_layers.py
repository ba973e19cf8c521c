# SPDX-License-Identifier: MIT
"""Named layers on the simulated host: prepare, and what is left by it."""
import json
import unittest

from hosted import IMAGE
from test_store import BUSY, StoreOnHost


class Layers(StoreOnHost):
    def layer(self, verb, *arguments, code=0, says=()):
        result = self.wrun("layer", verb, "-q", "--root", self.root, *arguments)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        return result

    def prepare(self, name, *arguments, source=IMAGE, **more):
        return self.layer("prepare", name, "--from", source, *arguments, **more)


class Preparing(Layers):
    def test_a_layer_on_an_image(self):
        answer = json.loads(self.prepare("One", "--json", "--label", "b=2", "-l", "a").out)
        (scratch,) = self.store.names("scratch")
        self.assertEqual((answer["name"], answer["state"], answer["from"]), ("One", "active", IMAGE))
        self.assertEqual(answer["labels"], {"a": "", "b": "2"})
        self.assertTrue(answer["path"].endswith(f"\\scratch\\{scratch}"), answer)
        self.assertEqual(sorted(path[-32:] for path in answer["parents"]), self.store.names("layers"))
        self.assertEqual(self.store.names("names"), ["one"])
        self.assertEqual(self.store.names("names/one"), ["config.json", "layer.json"])
        self.assert_clean()

    def test_a_name_that_is_taken(self):
        self.prepare("one")
        self.prepare("ONE", code=BUSY, says=["there is a layer named 'ONE' already", "--replace"])
        self.assertEqual(len(self.store.names("scratch")), 1)

    def test_a_disk_of_another_size(self):
        answer = json.loads(self.prepare("big", "--size", "60GB", "--json").out)
        self.assertEqual(answer["storageBytes"], 60 << 30)
        self.prepare("small", "--size", "10GB", code=1, says=["ExpandSandboxSize", "can only grow"])
        self.assertEqual((self.store.names("names"), len(self.store.names("scratch"))), (["big"], 1))


if __name__ == "__main__":
    unittest.main()
