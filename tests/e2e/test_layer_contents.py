# SPDX-License-Identifier: MIT
"""What layers of other tools and other years hold: opaque directories, whiteouts alone, descriptors as text, a utility VM."""
import base64
import json
import os
import pathlib
import unittest

from pulled import Pulled, cases, layer_names
from image import demo, layertar, oci

BOOT = "UtilityVM/Files/EFI/Microsoft/Boot"
UNSUPPORTED = 3


def image_of(*tars):
    return oci.Image([demo.base_layer(), *(oci.Layer(tar.bytes()) for tar in tars)], demo.CONFIG, os_version="10.0.20348.2322")


def lower():
    tar = layertar.LayerTar().directories("Files", "Files/app", "Files/app/sub", "Files/app/gone")
    for name in ("old.txt", "kept.txt", "sub/x.txt", "sub/y.txt", "gone/deep.txt"):
        tar.file(f"Files/app/{name}", b"lower\r\n")
    return tar


class Whiteouts(Pulled):
    def listed(self, registry, name, *tars):
        """What a container has in C:\\app, and what its kept.txt says."""
        registry.put_image(name, image_of(*tars), "1")
        reference = f"{registry.address}/{name}:1"
        listing = self.ok("run", "-q", "--root", self.root, reference, "cmd", "/c", "dir /s /b C:\\app").out
        return sorted(line.strip().lower().removeprefix("c:\\app\\") for line in listing.splitlines())

    def test_an_opaque_directory_has_only_what_the_layer_has(self):
        registry = self.serve()
        upper = layertar.LayerTar().directories("Files", "Files/app")
        upper.entry("Files/app/.wh..wh..opq", "0")
        upper.file("Files/app/new.txt", b"upper").directory("Files/app/sub").file("Files/app/sub/z.txt", b"upper")
        self.assertEqual(self.listed(registry, "opaque/marked", lower(), upper), ["new.txt", "sub", "sub\\z.txt"])

    def test_the_marker_alone_empties_the_directory(self):
        upper = layertar.LayerTar()
        upper.entry("Files/app/.wh..wh..opq", "0")
        upper.file("Files/other.txt", b"x")
        between = layertar.LayerTar().directory("Files").file("Files/app/between.txt", b"b")
        self.assertEqual(self.listed(self.serve(), "opaque/alone", lower(), between, upper), [])

    def test_a_whiteout_in_a_directory_that_the_layer_does_not_have(self):
        upper = layertar.LayerTar().whiteout("Files/app/sub/x.txt").whiteout("Files/app/gone").whiteout("Files/app/never.txt")
        self.assertEqual(self.listed(self.serve(), "whiteout/alone", lower(), upper), ["kept.txt", "old.txt", "sub", "sub\\y.txt"])


class Descriptors(Pulled):
    def test_text_becomes_a_descriptor(self):
        tar = layertar.LayerTar().directory("Files")
        tar.entry("Files/2016.txt", "0", b"x", records={"MSWINDOWS.fileattr": "32", "MSWINDOWS.sd": "O:BAG:SYD:P(A;;FA;;;SY)"})
        registry = self.serve()
        registry.put_image("a/2016", image_of(tar), "1")
        self.pull(f"{registry.address}/a/2016:1")
        records = [json.loads(path.read_text()) for path in pathlib.Path(self.host.path("layers")).glob("*.json")]
        entries = {name.lower(): entry for record in records for name, entry in record["entries"].items()}
        descriptor = base64.b64decode(entries["2016.txt"]["security"])
        for sid in (layertar.ADMINISTRATORS, layertar.SYSTEM):
            self.assertIn(sid, descriptor)
        self.assertEqual(descriptor[3] & 0x90, 0x90)  # self-relative, the DACL protected


class UtilityVm(Pulled):
    def images(self):
        base = cases.small_base().directories("UtilityVM", "UtilityVM/Files", "UtilityVM/Files/dir")
        base.file("UtilityVM/Files/dir/kept", b"kept").file("UtilityVM/Files/dir/gone", b"gone").file(f"{BOOT}/BCD", b"boot")
        base.hard_link("UtilityVM/Files/license", "Files/License.txt")
        upper = cases.top().file("UtilityVM/Files/dir/new", b"new").whiteout("UtilityVM/Files/dir/gone")
        upper.hard_link("UtilityVM/Files/license2", "Files/License.txt")
        plain = cases.top().file("Files/a/plain.txt", b"x")
        return oci.Image([oci.Layer(tar.bytes()) for tar in (base, upper, plain)], os_version=cases.VERSION)

    def put(self):
        registry, image = self.serve(), self.images()
        registry.put_image("a/vm", image, "1")
        return f"{registry.address}/a/vm:1", [self.store.layer(name) for name in layer_names(image)]

    def states(self, layers):
        return [json.loads((layer / "wrun.json").read_text())["utilityVm"] for layer in layers]

    def test_each_layer_that_changes_it_has_all_of_it(self):
        reference, layers = self.put()
        before = len(self.journal())
        self.pull(reference, "--utility-vm")
        self.assertEqual(self.layer_calls(before), ["ProcessBaseImage", "ProcessUtilityImage", "ImportLayer", "ProcessUtilityImage", "ImportLayer"])
        self.assertEqual(self.states(layers), ["kept", "kept", "none"])
        below, above = (layer / "UtilityVM/Files" for layer in layers[:2])
        self.assertEqual(sorted(os.listdir(above / "dir")), ["kept", "new"])
        self.assertTrue(os.path.samefile(above / "dir/kept", below / "dir/kept"))
        for name in ("license", "license2"):
            self.assertTrue(os.path.samefile(above / name, layers[0] / "Files/License.txt"))
        # Windows writes to it for each layer; the parent's has only what was written for the parent.
        mine, parents = ((folder / "EFI/Microsoft/Boot/BCD").read_bytes() for folder in (above, below))
        self.assertTrue(mine.startswith(parents) and parents.startswith(b"boot"), (mine, parents))
        self.assertFalse(os.path.samefile(above / "EFI/Microsoft/Boot/BCD", below / "EFI/Microsoft/Boot/BCD"))
        self.assertEqual((below / "dir/gone").read_bytes(), b"gone")
        for layer in layers[:2]:
            self.assertTrue((layer / "UtilityVM/SystemTemplate.vhdx").exists())
        self.assertFalse((layers[2] / "UtilityVM").exists())

    def test_it_is_left_out_and_cannot_be_had_later(self):
        reference, layers = self.put()
        before = len(self.journal())
        self.pull(reference)
        self.assertEqual(self.layer_calls(before), ["ProcessBaseImage", "ImportLayer", "ImportLayer"])
        self.assertEqual(self.states(layers), ["left out", "left out", "none"])
        self.assertFalse(any((layer / "UtilityVM").exists() for layer in layers))
        self.pull(reference, "--utility-vm", code=UNSUPPORTED, says=["without the files for Hyper-V isolation", "another store"])
        self.pull(reference)


if __name__ == "__main__":
    unittest.main()
