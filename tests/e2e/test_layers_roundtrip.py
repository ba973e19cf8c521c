# SPDX-License-Identifier: MIT
"""A tree with everything that a layer can hold goes out and in again: the same tree, attribute by attribute, and the same tar."""
import hashlib
import io
import os
import time
import unittest

import transport_oracle
from hosted import control
import layer_tars
import planted_trees
from image import cases, layertar, oci
from pulled import Pulled

SEED = int(os.environ.get("WRUN_TREE_SEED", time.time_ns() % 1000))


def image():
    """With files to be deleted, changed and replaced."""
    base = cases.small_base().directories("Files/old", "Files/old/dir", "Files/old/tree", "Files/old/tree/deep")
    base.file("Files/old/tree/deep/x.txt", b"x").file("Files/old/dir/y.txt", b"y").file("Files/old/stays.txt", b"stays")
    top = cases.top().file("Files/a/x.txt", b"x\r\n").file("Files/a/noise.bin", b"noise", streams={"kept": b"stream"})
    return oci.Image([oci.Layer(base.bytes()), oci.Layer(top.bytes())], os_version=cases.VERSION)


class RoundTrip(Pulled):
    def setUp(self):
        super().setUp()
        self.isolated()  # the tree's times and links need a disk of the scratch's own
        registry = self.serve()
        registry.put_image("a/b", image(), "1")
        self.reference = f"{registry.address}/a/b:1"

    def layer(self, verb, *arguments):
        return self.ok("layer", verb, "--root", self.root, *arguments)

    def export(self, name):
        self.layer("export", name, "-o", rf"d:\{name}.tar")
        path = self.drive("d", f"{name}.tar")
        self.addCleanup(path.unlink, missing_ok=True)
        return path.read_bytes()

    def prepare(self, name, things):
        self.layer("prepare", name, "--from", self.reference)
        record = self.store.json(f"names/{name}/layer.json")
        control.plant(self.host.directory, f"{self.root}\\scratch\\{record['scratch']}", things,
                      [f"{self.root}\\layers\\{parent}" for parent in record["parents"]])

    def last_import(self):
        """{path: digest} of what ImportLayer was given last."""
        call = next(entry for entry in reversed(self.journal()) if entry["fn"] == "ImportLayer")
        return {each["path"]: each.get("sha256") for each in call["sourceTree"]}

    def staged(self, tar):
        """What the rules say that it must be given for the tar."""
        return {path: None if data is None else hashlib.sha256(data).hexdigest()
                for path, data in transport_oracle.stage(io.BytesIO(tar)).items()}

    def check_tree(self, tar, things):
        found, wanted = layer_tars.tree(tar), planted_trees.expected(things)
        for path, properties in wanted.items():
            self.assertEqual(found.get(path), properties, path)
        for path in ("Files/.wh.License.txt", "Files/old/.wh.tree"):
            self.assertEqual(found[path], {"kind": "deletion"})
        self.assertEqual((found["Files/old/dir"]["kind"], found["Files/old/dir"]["data"]), ("file", b"now a file"))
        self.assertEqual(found["Files/a/x.txt"]["kind"], "directory")
        noise = found["Files/a/noise.bin"]
        self.assertEqual((noise["data"], noise["attributes"], noise["eas"], sorted(noise["streams"])),
                         (b"noise", 0x22, {"NEW": b"1"}, ["Zone.Identifier", "kept"]))
        self.assertEqual(noise["security"], layertar.SD_INSTALLER)
        for name in found:
            self.assertNotIn("stays", name)  # only what changed
        extra = set(found) - set(wanted)
        self.assertLessEqual({path.split("/")[0] for path in extra}, {"Files", "Hives"})
        self.assertLess(len([path for path in extra if path.startswith("Files")]), 12, sorted(extra))
        self.check_links(tar, things)

    def check_links(self, tar, things):
        groups = {}
        for thing in things:
            if thing.get("type") == "hardlink":
                name = "Files/" + thing["target"].replace("\\", "/")
                groups.setdefault(name, {name}).add("Files/" + thing["path"].replace("\\", "/"))
        self.assertEqual(layer_tars.names_of_one_file(tar), sorted(sorted(group) for group in groups.values()))

    def assert_same_tar(self, one, other):
        self.assertEqual(layer_tars.tree(one), layer_tars.tree(other))
        self.assertEqual(layer_tars.without_change_times(one), layer_tars.without_change_times(other))

    def test_everything(self):
        things = planted_trees.Generator(SEED).run()
        with self.subTest(seed=SEED):
            self.prepare("made", things)
            active = self.export("made")
            self.check_tree(active, things)

            self.layer("commit", "made")
            self.assertEqual(self.last_import(), self.staged(active))
            committed = self.export("made")
            self.assert_same_tar(active, committed)

            self.layer("import", "again", "--from", self.reference, "-i", r"d:\made.tar")
            self.assertEqual(self.last_import(), self.staged(committed))
            again = self.export("again")
            self.assert_same_tar(committed, again)
            self.layer("rm", "made", "again")
            self.check_store()

    def test_nothing_changed(self):
        self.prepare("empty", [])
        names = [member.name for member in layer_tars.members(self.export("empty"))]
        self.assertEqual(names, ["Files", "Hives", *sorted(f"Hives/{name}_Delta" for name in
                                                           ("DefaultUser", "Sam", "Security", "Software", "System"))])
        self.layer("rm", "empty")

    def test_the_same_twice(self):
        """An export changes nothing, and the same scratch gives the same bytes."""
        self.prepare("twice", planted_trees.Generator(SEED).run(objects=5))
        self.assert_same_tar(self.export("twice"), self.export("twice"))
        self.layer("rm", "twice")


class Reader(unittest.TestCase):
    """The second opinion, before it is asked."""

    def test_a_difference_is_noticed(self):
        def tar(**more):
            return layertar.LayerTar().directory("Files").file("Files/a.txt", b"a", **more).bytes()

        same = layer_tars.without_change_times(tar())
        self.assertEqual(layer_tars.without_change_times(tar().replace(b"ctime=1717243200.1234567", b"ctime=1717243200.7654321")), same)
        for other in (tar(attributes=0x21), tar(eas={"A": b"1"}), tar(streams={"s": b""}), tar(sd=layertar.SD_INSTALLER),
                      tar().replace(b" mtime=1717243200.1234567", b" mtime=1717243200.1234568")):
            self.assertNotEqual(layer_tars.without_change_times(other), same)
            self.assertNotEqual(layer_tars.tree(other), layer_tars.tree(tar()))

    def test_what_is_out_of_order(self):
        good = layertar.LayerTar().directory("Files").bytes()
        for bad in (good[:-512], good + bytes(512), good.replace(b"mtime", b"atime"), good[:512] + b"9" + good[513:],
                    layertar.LayerTar().hard_link("Files/b", "Files/a").bytes()):
            with self.assertRaises((AssertionError, ValueError, KeyError)):
                layer_tars.tree(bad)


del Pulled  # no tests of its own
if __name__ == "__main__":
    unittest.main()
