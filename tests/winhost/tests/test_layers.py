# SPDX-License-Identifier: MIT
"""The layer calls: identities, import on parents, merging, and the states of a scratch."""

import errno
import hashlib
import json
import os
import shutil
import tarfile
import unittest
from unittest import mock

import rig
from layering import BAD_ARGUMENT, BAD_DATA, ELEMENT, EXISTS, NOT_FOUND, PATH_NOT_FOUND, SHARING, LayerTest, Staging, reparse
from rig import OK, chain
from simhost import layers, layerstore, layertree, transport

TRACES = os.path.join(rig.WINHOST, "..", "data", "traces")
RECORDED = os.path.join(TRACES, "layers", "a2-transport-folder-as-passed-to-ImportLayer.tar")
RECORDED_CALLS = os.path.join(TRACES, "a2-import-delta.jsonl")

# (directory name, id) pairs seen on real hosts, from Microsoft's documentation and public logs
IDS = {
    "4": "bd9c3ef9-f239-59b5-a27e-15c523b1d149",
    "10": "7c9a6fb7-2ca8-5ef7-bbfe-cabbff23cfa4",
    "11": "8698c4b4-b092-57c6-b1eb-0a7ca14fcf4e",
    "28": "9e6302af-4082-5230-ac0e-efe1e3828954",
    "b2b88bc2a47abcc682e422507abbba9c9b6d826d34e67b9e4e3144cc125a1f80": "1532b584-8431-5b5a-8735-5e1b4fe9c2a9",
}


class Identities(LayerTest):
    def test_name_to_guid(self):
        for name, guid in IDS.items():
            self.assertEqual((OK, {"guid": guid}), self.desk.call("NameToGuid", name=name))
        self.expect(BAD_ARGUMENT, self.desk.call("NameToGuid", name=None))

    def test_driver_info(self):
        for flavour, home in ((0, ""), (2, ""), (1, "C:\\x"), (1, None)):
            self.expect(BAD_ARGUMENT, self.desk.call(
                "LayerExists", driverInfo__Flavour=flavour, driverInfo__HomeDir=home, id="C:\\L"))

    def test_descriptors(self):
        base, other = self.base(), self.base("other")
        upper = self.imported("upper", Staging(self.desk), base)
        top = self.imported("top", Staging(self.desk, "staging2"), upper, base)
        right = [rig.descriptor(each) for each in (top, upper, base)]
        wrong = {
            "no layers": [],
            "base first": right[::-1],
            "one left out": [right[0], right[2]],
            "no base": right[:2],
            "another base": [*right[:2], rig.descriptor(other)],
            "an id of another name": [{**right[0], "LayerId": right[1]["LayerId"]}, *right[1:]],
            "a random id": [{**right[0], "LayerId": "6f0d2a0b-8a3c-4d0e-9c57-0c7c5e0b2f11"}, *right[1:]],
            "a directory that is no layer": [rig.descriptor("C:\\windows"), *right[1:]],
            "a directory that is not there": [rig.descriptor("C:\\nothing"), *right[1:]],
            "the same layer twice": [right[0], *right],
        }
        for name, array in wrong.items():
            with self.subTest(name):
                self.expect(PATH_NOT_FOUND if array else BAD_ARGUMENT, self.desk.layer(
                    "CreateSandboxLayer", id="C:\\L\\s", parent=None, descriptors=json.dumps(array)))
        self.assertFalse(os.path.exists(self.desk.disk("L", "s")))
        flags = [{**right[0], "Flags": 1}, *right[1:]]
        self.expect(BAD_ARGUMENT, self.desk.layer("CreateSandboxLayer", id="C:\\L\\s", parent=None, descriptors=json.dumps(flags)))
        self.scratch("s", top, upper, base)

    def test_a_layer_made_again_by_hand_is_no_layer(self):
        base = self.base()
        shutil.rmtree(self.desk.disk("L", "base"))
        rig.make_base_files(self.desk.disk("L", "base"), programs=())
        self.expect(PATH_NOT_FOUND, self.desk.layer("CreateSandboxLayer", id="C:\\L\\s", parent=None, descriptors=chain(base)))


class BaseLayers(LayerTest):
    def test_what_it_leaves(self):
        self.base()
        layer = self.desk.disk("L", "base")
        self.assertEqual({"Files", "Hives", "blank-base.vhdx", "blank.vhdx", "layout"}, set(os.listdir(layer)))
        with open(os.path.join(layer, "layout"), "rb") as file:
            self.assertEqual(b"vhd-with-hives\n", file.read())
        for base, hive in layers.BASE_HIVES.items():
            config = os.path.join(layer, "Files", "Windows", "System32", "config", hive)
            self.assertTrue(os.path.samefile(config, os.path.join(layer, "Hives", f"{base}_Base")))

    def test_refusals(self):
        self.base()
        self.expect(EXISTS, self.desk.call("ProcessBaseImage", path="C:\\L\\base"))
        self.expect(PATH_NOT_FOUND, self.desk.call("ProcessBaseImage", path="C:\\L\\nothing"))
        self.expect(PATH_NOT_FOUND, self.desk.call("ProcessBaseImage", path="L\\base"))
        for hive in rig.HIVES:
            with self.subTest(hive):
                rig.make_base_files(self.desk.disk("L", hive), programs=())
                os.unlink(self.desk.disk("L", hive, "Files", "Windows", "System32", "config", hive))
                self.expect(NOT_FOUND, self.desk.call("ProcessBaseImage", path=f"C:\\L\\{hive}"))
                self.assertFalse(os.path.exists(self.desk.disk("L", hive, "Hives")))

    def test_the_case_of_names_does_not_matter(self):
        rig.make_base_files(self.desk.disk("L", "odd"), programs=())
        os.rename(self.desk.disk("L", "odd", "Files", "Windows"), self.desk.disk("L", "odd", "Files", "WINDOWS"))
        self.expect(OK, self.desk.call("ProcessBaseImage", path="C:\\L\\odd"))


class Import(LayerTest):
    def refused(self, code, staging, *parents, name="new"):
        reply = self.desk.layer("ImportLayer", id=f"C:\\L\\{name}", path=staging.name, descriptors=chain(*parents))
        self.expect(code, reply)
        return reply[1]["result"]

    def test_recorded_staging_folder(self):
        base = self.base(more=[("Users/x.txt", b"x"), ("Windows/stream.txt", b"s"), ("Windows/System32/ea.dll", b"e")])
        with tarfile.open(RECORDED) as tar:
            tar.extractall(self.desk.disk("staging"))
        os.makedirs(self.desk.disk("L", "delta"))
        self.expect(OK, self.desk.layer("ImportLayer", id="\\\\?\\C:\\L\\delta", path="C:\\staging", descriptors=chain(base)))
        listed = {each["path"]: each for each in self.desk.notes["sourceTree"]}
        with open(RECORDED_CALLS, encoding="utf-8") as file:
            recorded = json.loads(file.readlines()[-1])["sourceTree"]
        self.assertEqual({each["path"]: (each["attr"], each["size"]) for each in recorded},
                         {path: (each["attr"], each["size"]) for path, each in listed.items()})
        with open(self.desk.disk("staging", "Files", "app", "ads.txt"), "rb") as file:
            self.assertEqual(hashlib.sha256(file.read()).hexdigest(), listed["\\Files\\app\\ads.txt"]["sha256"])
        delta = self.desk.disk("L", "delta")
        self.assertEqual({"Files", "Hives"}, set(os.listdir(delta)))
        self.assertEqual({"ads.txt", "new.exe", "sub", "sym"}, set(os.listdir(os.path.join(delta, "Files", "app"))))
        self.assertEqual({"System32", "stream.txt"}, set(os.listdir(os.path.join(delta, "Files", "Windows"))))
        self.assertEqual({"Users", "Windows", "app"}, set(os.listdir(os.path.join(delta, "Files"))))
        self.assertEqual(
            {f"{hive}_Base" for hive in layerstore.HIVE_NAMES} | {"System_Delta", "Software_Delta"},
            set(os.listdir(os.path.join(delta, "Hives"))))
        merged = self.merged("C:\\L\\delta", base)
        self.assertEqual("../app/new.exe", os.readlink(os.path.join(merged, "app", "sym")))
        record = self.desk.host.part(layers.Layers).records.get(delta)
        self.assertEqual(["foo"], list(record.entries["APP\\ADS.TXT"]["streams"]))
        self.assertEqual(0x21, record.entries["APP\\SUB\\RO.TXT"]["attributes"])

    def test_faults_in_the_folder(self):
        base = self.base()
        cases = {
            "a directory without its metadata": (lambda s: os.unlink(s.path + "/Files.$wcidirs$"), NOT_FOUND, "wcidirs"),
            "an inner one": (lambda s: os.mkdir(s.path + "/Files/a"), NOT_FOUND, "wcidirs"),
            "metadata without a directory": (lambda s: s.raw("Files/a.$wcidirs$", transport.pack(0x10)), BAD_DATA, "without its directory"),
            "no Files": (lambda s: shutil.rmtree(s.path + "/Files"), PATH_NOT_FOUND, "path"),
            "raw bytes": (lambda s: s.raw("Files/a.txt", b"hello"), BAD_DATA, "a.txt"),
            "another root": (lambda s: s.raw("blank.vhdx", b""), BAD_DATA, "blank.vhdx"),
            "Hives without metadata": (lambda s: s.raw("Hives/System_Delta", b"regf"), NOT_FOUND, "Hives"),
            "a hive of another name": (lambda s: s.directory("Hives").raw("Hives/System_Base", b"regf"), BAD_DATA, "System_Base"),
            "a hive that is none": (lambda s: s.directory("Hives").raw("Hives/System_Delta", b"text"), "0x800703f1", "registry"),
            "entries below a junction": (
                lambda s: s.directory("Files/j", reparse=reparse("C:\\x", junction=True)).file("Files/j/evil"), BAD_DATA, "below"),
        }
        for number, (name, (spoil, code, word)) in enumerate(cases.items()):
            with self.subTest(name):
                staging = Staging(self.desk, f"staging{number}")
                spoil(staging)
                self.assertIn(word, self.refused(code, staging, base, name=f"new{number}"))
                self.refused(PATH_NOT_FOUND, Staging(self.desk, f"next{number}"), f"C:\\L\\new{number}", base, name=f"next{number}")

    def test_full_disk(self):
        base = self.base()
        staging = Staging(self.desk).file("Files/a.txt", b"a")
        with mock.patch("simhost.importer.copy_range", side_effect=OSError(errno.ENOSPC, "full")):
            self.refused("0x80070070", staging, base)
        self.assertEqual([], self.desk.host.violations())

    def test_destination(self):
        base = self.base()
        self.refused(EXISTS, Staging(self.desk, "a"), base, name="base")
        self.refused(PATH_NOT_FOUND, Staging(self.desk, "b"), base, name="no\\such\\place")
        os.makedirs(self.desk.disk("L", "uvm", "UtilityVM", "Files"))
        self.imported("uvm", Staging(self.desk, "c"), base)

    def test_placeholders_and_tombstones(self):
        base = self.base(more=[("app/old.txt", b"old"), ("app/deep/x.txt", b"x"), ("other/y.txt", b"y")])
        staging = Staging(self.desk).directory("Files/App").file("Files/App/new.txt", b"new")
        upper = self.imported("upper", staging, base)
        app = self.desk.disk("L", "upper", "Files", "App")
        self.assertEqual({"new.txt", "old.txt", "deep"}, set(os.listdir(app)))
        self.assertEqual([], os.listdir(os.path.join(app, "deep")))
        self.assertTrue(os.path.samefile(os.path.join(app, "old.txt"), self.desk.disk("L", "base", "Files", "app", "old.txt")))
        self.assertEqual({"new.txt", "old.txt", "deep"}, set(os.listdir(self.merged(upper, base) + "/app")))

        os.unlink(os.path.join(app, "old.txt"))
        os.rmdir(os.path.join(app, "deep"))
        os.rmdir(self.desk.disk("L", "upper", "Files", "other"))
        os.link(self.desk.disk("L", "base", "Files", "app", "old.txt"), os.path.join(app, "linked.txt"))
        merged = self.merged(upper, base)
        self.assertEqual({"new.txt", "linked.txt"}, set(os.listdir(merged + "/app")))
        self.assertNotIn("other", os.listdir(merged))
        self.assertTrue(os.path.exists(self.desk.disk("L", "base", "Files", "app", "deep", "x.txt")))

    def test_untouched_directory_shows_the_parents_files(self):
        base = self.base(more=[("app/deep/x.txt", b"x")])
        upper = self.imported("upper", Staging(self.desk).directory("Files/app"), base)
        top = self.imported("top", Staging(self.desk, "staging2"), upper, base)
        with open(self.merged(top, upper, base) + "/app/deep/x.txt", "rb") as file:
            self.assertEqual(b"x", file.read())

    def test_names_are_compared_without_case(self):
        base = self.base(more=[("Straße/ÄÖ.txt", b"1")])
        staging = Staging(self.desk).directory("Files/STRAßE").file("Files/STRAßE/äö.TXT", b"2")
        merged = self.merged(self.imported("upper", staging, base), base)
        self.assertEqual(["ÄÖ.txt"], os.listdir(merged + "/Straße"))
        with open(merged + "/Straße/ÄÖ.txt", "rb") as file:
            self.assertEqual(b"2", file.read())

    def test_a_file_may_become_a_directory(self):
        base = self.base(more=[("thing", b"file"), ("place/x", b"x")])
        staging = Staging(self.desk).directory("Files/thing").file("Files/thing/in", b"in").file("Files/place", b"now a file")
        merged = self.merged(self.imported("upper", staging, base), base)
        self.assertEqual(["in"], os.listdir(merged + "/thing"))
        self.assertTrue(os.path.isfile(merged + "/place"))

    def test_links_stay_inside(self):
        targets = {
            "a": (reparse("C:\\Users\\x.txt"), "Users/x.txt"),
            "b": (reparse("users\\X.TXT", relative=True), "Users/x.txt"),
            "c": (reparse("..\\x", relative=True), layertree.NOWHERE),
            "d": (reparse("D:\\x"), layertree.NOWHERE),
            "e": (reparse("\\windows\\SYSTEM32", relative=True), "windows/system32"),
            "f": (reparse("C:\\Windows\\Temp", junction=True), "windows/temp"),
            "g": (reparse("UNC\\server\\share"), layertree.NOWHERE),
        }
        base = self.base(more=[("Users/x.txt", b"x")])
        staging = Staging(self.desk)
        for name, (data, _) in targets.items():
            staging.raw(f"Files/{name}", transport.pack(0x420, reparse=data))
        staging.directory("Files/dir").directory("Files/dir/j", reparse=reparse("C:\\Users", junction=True))
        upper = self.imported("upper", staging, base)
        merged = self.merged(upper, base)
        for name, (_, target) in targets.items():
            self.assertEqual(target, os.readlink(f"{merged}/{name}"), name)
        self.assertEqual("../Users", os.readlink(f"{merged}/dir/j"))
        self.assertFalse(any(os.path.islink(self.desk.disk("L", "upper", "Files", name)) for name in targets))
        top = self.imported("top", Staging(self.desk, "staging2").directory("Files/dir"), upper, base)
        self.assertEqual("../Users", os.readlink(self.merged(top, upper, base) + "/dir/j"))

    def test_tombstone_file(self):
        base = self.base(more=[("app/old.txt", b"old")])
        staging = Staging(self.desk).directory("Files/app").raw(
            "tombstones.txt", transport.pack_tombstones(["app\\OLD.txt", "app\\never.txt"]))
        self.assertEqual([], os.listdir(self.merged(self.imported("upper", staging, base), base) + "/app"))


class Scratches(LayerTest):
    def state(self, verb, scratch="C:\\L\\s", **more):
        return self.desk.layer(f"{verb}Layer", id=scratch, **more)[0]

    def test_a_whole_life(self):
        base = self.base(more=[("app/a.txt", b"a")])
        scratch = self.prepared("s", base)
        code, values = self.desk.layer("GetLayerMountPath", id=scratch)
        self.assertEqual(OK, code)
        self.assertRegex(values["mount"], r"^\\\\\?\\Volume\{[0-9a-f-]{36}\}$")
        volume = self.desk.host.paths.host(values["mount"] + "\\")
        with open(volume + "/app/a.txt", "rb") as file:
            self.assertEqual(b"a", file.read())
        rig.write(volume + "/app/b.txt", b"b")
        for verb in ("Unprepare", "Deactivate", "Activate"):
            self.assertEqual(OK, self.state(verb), verb)
        self.assertEqual((OK, values), self.desk.layer("GetLayerMountPath", id=scratch))
        self.assertEqual(OK, self.state("Prepare", descriptors=chain(base)))
        self.assertEqual({"a.txt", "b.txt"}, set(os.listdir(self.desk.host.paths.host(values["mount"] + "\\app"))))
        for verb in ("Unprepare", "Deactivate", "Destroy"):
            self.assertEqual(OK, self.state(verb), verb)
        self.assertFalse(os.path.exists(self.desk.disk("L", "s")))
        self.assertEqual([], os.listdir(self.desk.machine.path("vhd")))
        with open(self.desk.disk("L", "base", "Files", "app", "a.txt"), "rb") as file:
            self.assertEqual(b"a", file.read())

    def test_wrong_order(self):
        base = self.base()
        self.scratch("s", base)
        array = chain(base)
        self.assertEqual(ELEMENT, self.state("Prepare", descriptors=array))
        self.assertEqual(ELEMENT, self.state("Unprepare"))
        self.assertEqual(ELEMENT, self.state("Deactivate"))
        self.expect(ELEMENT, self.desk.layer("GetLayerMountPath", id="C:\\L\\s"))
        self.assertEqual(OK, self.state("Activate"))
        self.assertEqual(SHARING, self.state("Activate"))
        self.assertEqual(ELEMENT, self.state("Unprepare"))
        self.assertEqual(SHARING, self.state("Destroy"))
        self.expect(SHARING, self.desk.layer("ExpandSandboxSize", id="C:\\L\\s", size=30 << 30))
        self.assertEqual(OK, self.state("Prepare", descriptors=array))
        self.assertEqual(SHARING, self.state("Prepare", descriptors=array))
        self.assertEqual(SHARING, self.state("Deactivate"))
        self.assertEqual(SHARING, self.state("Destroy"))
        self.assertEqual(SHARING, self.state("Destroy", base))
        self.assertEqual(OK, self.state("Unprepare"))
        self.assertEqual(OK, self.state("Deactivate"))
        self.expect(OK, self.desk.layer("ExpandSandboxSize", id="C:\\L\\s", size=30 << 30))
        self.expect(BAD_ARGUMENT, self.desk.layer("ExpandSandboxSize", id="C:\\L\\s", size=20 << 30))

    def test_bad_disks(self):
        base = self.base()
        os.makedirs(self.desk.disk("L", "s"))
        self.assertEqual(NOT_FOUND, self.state("Activate"))
        rig.write(self.desk.disk("L", "s", "sandbox.vhdx"), b"not a disk")
        self.assertEqual("0xc03a0004", self.state("Activate"))
        shutil.copy(self.desk.disk("L", "base", "blank.vhdx"), self.desk.disk("L", "s", "sandbox.vhdx"))
        os.rename(self.desk.disk("L", "base"), self.desk.disk("L", "moved"))
        self.assertEqual("0xc03a000d", self.state("Activate"))
        os.rename(self.desk.disk("L", "moved"), self.desk.disk("L", "base"))
        self.assertEqual(OK, self.state("Activate"))
        self.assertEqual(PATH_NOT_FOUND, self.state("Prepare", descriptors=chain(self.base("other"))))
        self.assertEqual(OK, self.state("Prepare", descriptors=chain(base)))

    def test_a_scratch_keeps_its_layers(self):
        base = self.base()
        upper = self.imported("upper", Staging(self.desk), base)
        self.prepared("s", base)
        for verb in ("Unprepare", "Deactivate", "Activate"):
            self.state(verb)
        self.assertEqual(PATH_NOT_FOUND, self.state("Prepare", descriptors=chain(upper, base)))
        self.assertEqual(OK, self.state("Prepare", descriptors=chain(base)))

    def test_a_copied_disk_is_another_disk(self):
        base = self.base()
        self.prepared("s", base)
        first = self.desk.layer("GetLayerMountPath", id="C:\\L\\s")[1]["mount"]
        rig.write(self.desk.host.paths.host(first + "\\") + "/mine.txt", b"1")
        os.makedirs(self.desk.disk("L", "copy"))
        shutil.copy(self.desk.disk("L", "s", "sandbox.vhdx"), self.desk.disk("L", "copy", "sandbox.vhdx"))
        self.assertEqual(SHARING, self.state("Activate", "C:\\L\\copy"))
        self.state("Unprepare")
        self.state("Deactivate")
        self.assertEqual(OK, self.state("Activate", "C:\\L\\copy"))
        self.assertEqual(OK, self.state("Prepare", "C:\\L\\copy", descriptors=chain(base)))
        second = self.desk.layer("GetLayerMountPath", id="C:\\L\\copy")[1]["mount"]
        self.assertNotEqual(first, second)
        self.assertTrue(os.path.exists(self.desk.host.paths.host(second + "\\mine.txt")))

    def test_power_cut(self):
        base = self.base()
        self.prepared("s", base)
        self.desk.reboot(self)
        self.assertEqual(OK, self.state("Activate"))
        self.assertEqual(OK, self.state("Prepare", descriptors=chain(base)))
        volumes = [name for name in os.listdir(self.desk.host.paths.devices) if "{" in name and "{00000000-" not in name]
        self.assertEqual(1, len(volumes))


del LayerTest  # no tests of its own
if __name__ == "__main__":
    unittest.main()
