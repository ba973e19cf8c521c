# SPDX-License-Identifier: MIT
"""Images that wrun must refuse: each with the entry named, and with nothing changed outside the store."""
import unittest

from pulled import INTEGRITY, Pulled, cases, layer_names, make_image, snapshot

PLACE = "the path is not in Files, Hives or UtilityVM"
DOTS = "the path has a '.' or '..' component"
COLON = "the path has a colon"
DEVICE = "the path has the name of a device"
DOT_OR_SPACE = "the path has a component that ends in a dot or space"
TAKEN = "the layer has this name already"
NO_DEVICES = "a Windows layer has no devices"
NO_TAR = "the layer is not a tar archive, or one of its headers is damaged"

# image: what the error says of the layer
REASONS = {
    "dotdot": f"entry 'Files/../../evil.txt': {DOTS}",
    "dotdot-backslash": rf"entry 'Files\..\..\evil.txt': {DOTS}",
    "absolute": "entry '/Files/evil.txt': the path is absolute",
    "drive": f"entry 'C:/evil.txt': {COLON}",
    "drive-inside": f"entry 'Files/C:/evil.txt': {COLON}",
    "unc": r"entry '\\server\share\evil.txt': the path is absolute",
    "device-path": r"entry '\\?\C:\evil.txt': the path is absolute",
    "stream-of-nothing": "entry 'Files/a/x.txt:evil': a data stream must directly follow the file",
    "stream-type": "entry 'Files/a::$INDEX_ALLOCATION': ':$INDEX_ALLOCATION' cannot be the name of a data stream",
    "device-name": f"entry 'Files/a/CON': {DEVICE}",
    "device-name-extension": f"entry 'Files/a/nul.txt': {DEVICE}",
    "reserved-com1": f"entry 'Files/a/COM1': {DEVICE}",
    "trailing-dot": f"entry 'Files/a/x.': {DOT_OR_SPACE}",
    "trailing-space": f"entry 'Files/a/x ': {DOT_OR_SPACE}",
    "wcidirs": "entry 'Files/a.$wcidirs$': the path has a name that is reserved for directory metadata",
    "tombstones-file": f"entry 'tombstones.txt': {PLACE}",
    "other-root": f"entry 'sandbox.vhdx': {PLACE}",
    "nul-in-name": "a PAX 'path' of the archive has a NUL in it",
    "not-utf8": "entry 'Files/a/??.txt': the path is not UTF-8",
    "duplicate": f"entry 'Files/a/x.txt': {TAKEN}",
    "case-collision": f"entry 'Files/a/X.TXT': {TAKEN}",
    "below-junction": r"entry 'Files/a/link/evil.txt': it lies below 'Files\a\link', which is a link",
    "below-file": r"entry 'Files/a/x/evil.txt': it lies below 'Files\a\x', which is a file",
    "link-outside": f"entry 'Files/a/evil.txt': it is a hard link to '../../Windows/System32/config/SAM': {DOTS}",
    "link-absolute": rf"entry 'Files/a/evil.txt': it is a hard link to 'C:\Windows\System32\config\SAM': {COLON}",
    "link-to-hives": "entry 'Files/a/evil.txt': a registry hive cannot be a hard link",
    "link-to-nothing": r"entry 'Files\a\evil.txt': it is a hard link to 'Files\a\absent.txt', which is no file",
    "character-device": f"entry 'Files/a/device': {NO_DEVICES}",
    "fifo": f"entry 'Files/a/fifo': {NO_DEVICES}",
    "pax-too-large": "an extended header of the archive is larger than 1048576 bytes",
    "bad-hive-name": "entry 'Hives/Evil_Delta': the path is not one of the five registry hives of a layer",
    "tar-truncated": "the archive is cut short",
    "gzip-truncated": "the gzip data is cut short",
    "wrong-diff-id": "wrong content: it has the digest sha256:",
    "not-a-tar": NO_TAR,
    "bad-checksum": NO_TAR,
    "whiteout-in-base": "entry 'Files/.wh.License.txt': a base layer has nothing to delete",
    "no-windows": "hint: the base layer has no registry hives: it is not a Windows base image",
}
FITS_A_LARGE_DISK = "case/big"


class Hostile(Pulled):
    def outside(self):
        return {**snapshot(self.drive("c"), self.store.root), **snapshot(self.drive("d"), self.store.root)}

    def check_refused(self, registry, name, image):
        before = self.outside()
        reference = f"{registry.address}/{name}:latest"
        result = self.pull(reference, "--progress", "none", code=INTEGRITY)
        after = self.outside()
        self.assertEqual([path for path in {**before, **after} if before.get(path) != after.get(path)], [])
        self.assertIn(REASONS[name.removeprefix("case/")], result.err)
        place = f"layer {len(image.layers)} of {len(image.layers)} ({image.layers[-1].diff_id}): "
        self.assertTrue(result.err.startswith(f"wrun: pull: {reference}: {place}"), result)
        self.assertEqual(result.out, "")
        # Of the layers, only the good ones below it are left, as far as they were finished.
        self.assertLessEqual(set(self.store.names("layers")), set(layer_names(image)[:-1]))

    def test_each_is_refused_and_leaves_nothing(self):
        registry = self.serve()
        self.ok("version")  # the machine has the program from now on
        for name, image in cases.published():
            if name == FITS_A_LARGE_DISK:
                continue
            with self.subTest(name):
                self.store.clear()
                registry.put_image(name, image, "latest")
                self.check_refused(registry, name, image)

    def test_good_layers_stay_usable(self):
        registry, good = self.serve(), make_image()
        registry.put_image("good", good, "latest")
        for name in ("dotdot", "below-junction", "link-to-nothing", "tar-truncated"):
            image = dict(cases.published())[f"case/{name}"]
            registry.put_image(f"case/{name}", image, "latest")
            self.pull(f"{registry.address}/case/{name}:latest", code=INTEGRITY)
        before = len(self.journal())
        self.pull(f"{registry.address}/good:latest")
        self.check_complete(good)
        calls = [name for name in self.layer_calls(before) if name not in ("DestroyLayer", "ProcessBaseImage")]
        self.assertEqual(calls, ["ImportLayer"])

    def test_run_refuses_as_pull_does(self):
        registry = self.serve()
        registry.put_image("case/dotdot", dict(cases.published())["case/dotdot"], "latest")
        self.refused(125, "run", "--root", self.root, f"{registry.address}/case/dotdot:latest", says=REASONS["dotdot"])
        self.check_store()

    def test_names_of_an_image_cannot_steer_a_terminal(self):
        registry = self.serve()
        evil = cases.oci.Layer(cases.file_named("Files/a/\x1b[2J\x07.txt").bytes())
        registry.put_image("a/b", cases.oci.Image([cases.base_layer(), evil], os_version=cases.VERSION), "1")
        result = self.pull(f"{registry.address}/a/b:1", code=INTEGRITY, says="entry 'Files/a/?[2J?.txt'")
        self.assertNotIn("\x1b", result.err)


if __name__ == "__main__":
    unittest.main()
