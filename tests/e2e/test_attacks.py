# SPDX-License-Identifier: MIT
"""What a layer may try against what lies beside it: other layers, the host, and the store's own calls.

Layers that are refused for what one of their entries says are in test_hostile.py; these are refused late, or are sound and
must do no harm.
"""
import os
import unittest

from pulled import INTEGRITY, Pulled, cases, layer_names, snapshot
from image import layertar, oci


def image_of(*tars):
    return oci.Image([cases.base_layer(), *(oci.Layer(tar.bytes()) for tar in tars)], os_version=cases.VERSION)


def facts(path):
    """What a change of a file's inode would show in; its number of names may grow."""
    status = os.lstat(path)
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, path.read_bytes()


class Attacks(Pulled):
    def setUp(self):
        super().setUp()
        self.ok("version")  # the machine has the program from now on
        self.precious = self.mkdir("c", "precious")
        (self.precious / "file.txt").write_bytes(b"precious")
        self.before = self.outside()

    def outside(self):
        return {**snapshot(self.drive("c"), self.store.root), **snapshot(self.drive("d"), self.store.root)}

    def check_outside(self):
        after = self.outside()
        self.assertEqual([path for path in {**self.before, **after} if self.before.get(path) != after.get(path)], [])

    def put(self, *tars):
        self.image = image_of(*tars)
        registry = self.serve()
        registry.put_image("a/b", self.image, "1")
        return f"{registry.address}/a/b:1"

    def files(self, number, *names):
        return self.store.layer(layer_names(self.image)[number]).joinpath("Files", *names)


class OtherLayers(Attacks):
    def test_a_link_to_a_file_of_a_parent_changes_nothing_of_it(self):
        """Rows 5 and 6: attributes, times and data of the link entry are not the file's."""
        first = layertar.LayerTar().directory("Files")
        self.pull(self.put(first))
        target = self.files(0, "License.txt")
        before = facts(target)
        second = layertar.LayerTar().directory("Files")
        second.entry("Files/evil.txt", "1", link="Files/License.txt",
                     records=second.windows(layertar.ATTR_READONLY | layertar.ATTR_HIDDEN, layertar.SD_INSTALLER))
        self.pull(self.put(first, second))
        self.assertTrue(os.path.samefile(target, self.files(2, "evil.txt")))
        self.assertEqual(facts(target), before)
        self.check_outside()

    def test_a_link_to_a_file_of_a_parent_is_not_written_through(self):
        """Row 5: the second entry of that name is refused, whichever comes first."""
        link = layertar.LayerTar().directory("Files").hard_link("Files/evil.txt", "Files/License.txt")
        link.file("Files/evil.txt", b"overwritten")
        stream = layertar.LayerTar().directory("Files").hard_link("Files/evil.txt", "Files/License.txt")
        stream.entry("Files/evil.txt:stream", "0", b"added")
        self.pull(self.put())
        before = facts(self.files(0, "License.txt"))
        for tar, says in ((link, "this name already"), (stream, "a data stream must directly follow")):
            self.pull(self.put(tar), code=INTEGRITY, says=says)
            self.assertEqual(facts(self.files(0, "License.txt")), before)
        self.check_outside()

    def test_what_a_layer_deletes_stays_in_its_parents(self):
        deleting = layertar.LayerTar().whiteout("Files/License.txt").whiteout("Files/Windows")
        self.pull(self.put(deleting))
        self.assertFalse(self.files(1, "License.txt").exists() or self.files(1, "Windows").exists())
        self.assertTrue(self.files(0, "License.txt").exists() and self.files(0, "Windows/System32").exists())
        self.check_outside()


class ThroughLinks(Attacks):
    def junction(self):
        return layertar.LayerTar().directory("Files").junction("Files/link", r"C:\precious")

    def test_writing_below_a_link_of_a_parent(self):
        """Row 2: the link makes way for a directory."""
        self.pull(self.put(self.junction(), layertar.LayerTar().file("Files/link/evil.txt", b"evil")))
        self.assertEqual(self.files(2, "link", "evil.txt").read_bytes(), b"evil")
        self.check_outside()

    def test_deleting_below_a_link_of_a_parent(self):
        upper = layertar.LayerTar().whiteout("Files/link/file.txt")
        upper.entry("Files/link/.wh..wh..opq", "0")
        self.pull(self.put(self.junction(), upper))
        self.check_outside()

    def test_a_hard_link_to_what_lies_behind_a_link(self):
        """Row 4."""
        upper = layertar.LayerTar().hard_link("Files/evil.txt", "Files/link/file.txt")
        self.pull(self.put(self.junction(), upper), code=INTEGRITY, says="which is no file in this layer or its parents")
        self.check_outside()

    def test_a_hard_link_to_a_link(self):
        upper = layertar.LayerTar().hard_link("Files/evil", "Files/link")
        self.pull(self.put(self.junction(), upper), code=INTEGRITY, says="which is no file in this layer or its parents")
        self.check_outside()

    def test_removing_a_layer_with_links(self):
        """Row 21."""
        reference = self.put(self.junction().symlink("Files/sym", r"C:\precious\file.txt").symlink("Files/dir", "..\\..\\..\\..", directory=True))
        self.pull(reference)
        self.ok("rmi", "--root", self.root, reference)
        self.ok("prune", "--root", self.root)
        self.assertEqual(self.store.names("layers"), [])
        self.check_outside()


class BeforeWindowsSeesIt(Attacks):
    def test_content_that_is_another(self):
        """Row 19: neither call is made for a layer whose digest is wrong, if perhaps for the one below it."""
        good = layertar.LayerTar().directory("Files").file("Files/x.txt", b"x").bytes()
        for layers, expected in (([oci.Layer(cases.small_base().bytes(), diff_id=oci.digest(b"other"))], []),
                                 ([cases.base_layer(), oci.Layer(good, diff_id=oci.digest(b"other"))], ["ProcessBaseImage"])):
            self.store.clear()
            before = len(self.journal())
            registry = self.serve()
            registry.put_image("a/b", oci.Image(layers, os_version=cases.VERSION), "1")
            self.pull(f"{registry.address}/a/b:1", code=INTEGRITY, says="wrong content: it has the digest")
            calls = [name for name in self.layer_calls(before) if name != "DestroyLayer"]
            self.assertLessEqual(set(calls), set(expected))
            self.check_outside()


if __name__ == "__main__":
    unittest.main()
