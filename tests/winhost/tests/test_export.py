# SPDX-License-Identifier: MIT
"""ExportLayer of scratches and of imported layers, and what is planted for it."""

import base64
import json
import os
import shutil
import struct
import unittest

import rig
from layering import BAD_ARGUMENT, ELEMENT, NOT_FOUND, PATH_NOT_FOUND, SHARING, EXISTS, LayerTest, Staging, reparse
from rig import OK, chain
from simhost import metadata, planter, transport

FILETIME = 133_000_000_001_234_567
NANOSECONDS = (FILETIME - 116_444_736_000_000_000) * 100

BARE_SECURITY = struct.pack("<BBHIIII", 1, 0, 0x8000, 0, 0, 0, 0)  # self-relative, and nothing in it


def encoded(data):
    return base64.b64encode(data).decode()


class ExportTest(LayerTest):
    def export(self, source, *parents, name="out", code=OK):
        os.makedirs(self.desk.disk(name), exist_ok=True)
        reply = self.desk.layer("ExportLayer", id=source, path=f"C:\\{name}", descriptors=chain(*parents))
        self.expect(code, reply)
        return self.desk.disk(name)

    def plant(self, scratch, things, *parents, code=OK):
        path = os.path.join(self.desk.machine.directory, "things.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(things, file)
        self.expect(code, self.desk.call("plant", "winhost", scratch=scratch, parents=json.dumps(parents), things=path))

    def staged(self, folder):
        """{path: bytes} of a transport folder; a directory is None."""
        found = {}
        for parent, folders, names in os.walk(folder):
            below = os.path.relpath(parent, folder).removeprefix(".")
            found.update({os.path.join(below, name): None for name in folders})
            for name in names:
                with open(os.path.join(parent, name), "rb") as file:
                    found[os.path.join(below, name)] = file.read()
        return found

    def times(self, folder):
        return {os.path.relpath(os.path.join(parent, name), folder): os.stat(os.path.join(parent, name)).st_mtime_ns
                for parent, _, names in os.walk(folder) for name in names if name != transport.TOMBSTONES}

    def entry(self, folder, path, directory=False):
        with open(os.path.join(folder, path), "rb") as file:
            return transport.parse(file, directory)


class ScratchExport(ExportTest):
    def test_what_changed_comes_back_through_an_import(self):
        base = self.base(more=[("app/a.txt", b"a"), ("app/b.txt", b"b"), ("app/deep/c.txt", b"c"), ("other/d.txt", b"d")])
        scratch = self.prepared("s", base)
        volume = self.desk.host.paths.host(self.desk.layer("GetLayerMountPath", id=scratch)[1]["mount"] + "\\")
        rig.write(volume + "/app/a.txt", b"A")
        rig.write(volume + "/app/a.txt:stream", b"hidden")
        rig.write(volume + "/new/e.txt", b"e")
        os.unlink(volume + "/app/b.txt")
        shutil.rmtree(volume + "/app/deep")
        os.makedirs(self.desk.disk("out"))
        arguments = {"id": scratch, "path": "C:\\out", "descriptors": chain(base)}
        self.expect(SHARING, self.desk.layer("ExportLayer", **arguments))
        self.desk.layer("UnprepareLayer", id=scratch)
        self.expect(OK, self.desk.layer("ExportLayer", **arguments))
        self.expect("0x80070091", self.desk.layer("ExportLayer", **arguments))
        self.assertEqual({"Files", "Files.$wcidirs$", "Hives", "Hives.$wcidirs$", "tombstones.txt"}, set(os.listdir(self.desk.disk("out"))))
        self.assertEqual({"app", "app.$wcidirs$", "new", "new.$wcidirs$"}, set(os.listdir(self.desk.disk("out", "Files"))))
        with open(self.desk.disk("out", "tombstones.txt"), "rb") as file:
            self.assertEqual(["app\\b.txt", "app\\deep"], transport.parse_tombstones(file.read()))
        with open(self.desk.disk("out", "Files", "app", "a.txt"), "rb") as file:
            entry = transport.parse(file, False)
        self.assertEqual(["stream"], [each.name for each in entry.alternates])
        transport.check_security(entry.security)

        os.makedirs(self.desk.disk("L", "committed"))
        self.expect(OK, self.desk.layer("ImportLayer", id="C:\\L\\committed", path="C:\\out", descriptors=chain(base)))
        merged = self.merged("C:\\L\\committed", base)
        self.assertEqual(["a.txt"], os.listdir(merged + "/app"))
        self.assertEqual((["e.txt"], ["d.txt"]), (os.listdir(merged + "/new"), os.listdir(merged + "/other")))
        with open(merged + "/app/a.txt", "rb") as file:
            self.assertEqual(b"A", file.read())

    def test_nothing_changed(self):
        base = self.base(more=[("app/a.txt", b"a")])
        scratch = self.prepared("s", base)
        self.desk.layer("UnprepareLayer", id=scratch)
        os.makedirs(self.desk.disk("out"))
        self.expect(OK, self.desk.layer("ExportLayer", id=scratch, path="C:\\out", descriptors=chain(base)))
        self.assertEqual([], os.listdir(self.desk.disk("out", "Files")))

    def test_a_scratch_that_was_never_prepared(self):
        base = self.base()
        scratch = self.scratch("s", base)
        os.makedirs(self.desk.disk("out"))
        arguments = {"id": scratch, "path": "C:\\out", "descriptors": chain(base)}
        self.expect(ELEMENT, self.desk.layer("ExportLayer", **arguments))
        self.desk.layer("ActivateLayer", id=scratch)
        self.expect(PATH_NOT_FOUND, self.desk.layer("ExportLayer", **arguments))

    def test_only_opened_or_touched_without_a_change(self):
        base = self.base(more=[("app/a.txt", b"a"), ("app/b.txt", b"b")])
        scratch = self.prepared("s", base)
        volume = self.volume(scratch)
        with open(volume + "/app/a.txt", "r+b"):
            pass
        os.utime(volume + "/app/b.txt", ns=(NANOSECONDS, NANOSECONDS))
        self.desk.layer("UnprepareLayer", id=scratch)
        out = self.export(scratch, base)
        self.assertEqual({"app", "app.$wcidirs$", "b.txt"}, set(os.listdir(out + "/Files") + os.listdir(out + "/Files/app")) )
        self.assertEqual(NANOSECONDS, os.stat(out + "/Files/app/b.txt").st_mtime_ns)

    def test_the_metadata_of_a_changed_file_stays(self):
        base = self.base()
        eas = [transport.ExtendedAttribute(0, "EA", b"v")]
        staging = Staging(self.desk).file("Files/a.txt", b"a", security=BARE_SECURITY, eas=eas,
                                          alternates=[("s", b"stream")])
        upper = self.imported("upper", staging, base)
        scratch = self.prepared("s", upper, base)
        with open(self.volume(scratch) + "/a.txt", "ab") as file:
            file.write(b"more")
        self.desk.layer("UnprepareLayer", id=scratch)
        entry = self.entry(self.export(scratch, upper, base), "Files/a.txt")
        self.assertEqual((eas, ["s"], BARE_SECURITY),
                         (entry.eas, [each.name for each in entry.alternates], entry.security))


class LayerExport(ExportTest):
    def setUp(self):
        super().setUp()
        self.bottom = self.base(more=[("app/old.txt", b"old"), ("app/keep.txt", b"keep"), ("app/deep/x", b"x"), ("other/y", b"y")])

    def whole(self):
        """A layer with everything, and its staging folder."""
        security = metadata.DEFAULT_SECURITY
        staging = Staging(self.desk)
        shutil.rmtree(staging.path + "/Files")
        os.unlink(staging.path + "/Files.$wcidirs$")
        staging.directory("Files", security=security).directory("Files/app", security=security, alternates=[("d", b"on a directory")])
        staging.file("Files/app/a.txt", b"a", security=security, eas=[transport.ExtendedAttribute(0, "EA", b"v")],
                     alternates=[("s", b"stream"), ("t", b"")])
        staging.file("Files/app/empty", security=security)
        staging.raw("Files/app/link", transport.pack(0x420, security=security, reparse=reparse("..\\x", relative=True)))
        staging.raw("Files/app/hidden", transport.pack(0x27, security=security, data=b"h"))
        staging.directory("Files/app/j", security=security, reparse=reparse("C:\\Users", junction=True))
        rig.write(staging.path + "/Files/app/j.$wcidirs$", transport.pack(
            0x410, security=security, reparse=reparse("C:\\Users", junction=True)))
        os.link(staging.path + "/Files/app/a.txt", staging.path + "/Files/again.txt")
        staging.directory("Hives", security=security)
        for name in transport.HIVES:
            staging.raw(f"Hives/{name}", b"regf" + name.encode())
        staging.raw("tombstones.txt", transport.pack_tombstones(["app\\deep", "app\\old.txt"]))
        for number, path in enumerate(sorted(self.times(staging.path))):
            os.utime(os.path.join(staging.path, path), ns=(NANOSECONDS, NANOSECONDS + number * 1_000_000_000))
        return self.imported("whole", staging, self.bottom), staging

    def test_an_imported_layer_is_what_was_imported(self):
        layer, staging = self.whole()
        made = self.export(layer, self.bottom)
        expected = self.staged(staging.path)
        self.assertEqual(expected, self.staged(made))
        expected_times = self.times(staging.path)
        del expected_times["Files/again.txt"], expected_times["Files/app/a.txt"]  # the staging folder's hard link was imported as a copy
        got = self.times(made)
        self.assertEqual({path: time for path, time in expected_times.items() if path != "Hives.$wcidirs$"},
                         {path: got[path] for path in expected_times if path != "Hives.$wcidirs$"})

    def test_links_and_deletions_made_after_the_import(self):
        layer, _ = self.whole()
        files = self.desk.disk("L", "whole", "Files")
        os.link(files + "/app/a.txt", files + "/app/second.txt")
        os.link(self.desk.disk("L", "base", "Files", "other", "y"), files + "/app/of-the-parent")
        os.unlink(files + "/app/keep.txt")
        made = self.export(layer, self.bottom)
        self.assertTrue(os.path.samefile(made + "/Files/app/a.txt", made + "/Files/app/second.txt"))
        self.assertEqual(b"y", self.staged(made)["Files/app/of-the-parent"][-1:])
        with open(made + "/tombstones.txt", "rb") as file:
            self.assertEqual(["app\\deep", "app\\keep.txt", "app\\old.txt"], transport.parse_tombstones(file.read()))

    def test_tombstones_file(self):
        layer, _ = self.whole()
        with open(self.export(layer, self.bottom) + "/tombstones.txt", "rb") as file:
            self.assertEqual(b"\xef\xbb\xbfVersion 1.0\r\n\\app\\deep\r\n\\app\\old.txt\r\n", file.read())

    def test_refusals(self):
        layer, _ = self.whole()
        other = self.base("other")
        self.export(layer, other, code=PATH_NOT_FOUND)
        self.export(self.bottom, other, code=BAD_ARGUMENT)
        self.export("C:\\nothing", self.bottom, code=PATH_NOT_FOUND)
        self.export("C:\\windows", self.bottom, code=ELEMENT)
        rig.write(self.desk.disk("out", "x"), b"")
        self.export(layer, self.bottom, code="0x80070091")
        self.expect(PATH_NOT_FOUND, self.desk.layer("ExportLayer", id=layer, path="C:\\no", descriptors=chain(self.bottom)))
        self.expect(BAD_ARGUMENT, self.desk.layer("ExportLayer", id=layer, path="C:\\out", descriptors="[]"))


class Plants(ExportTest):
    SECURITY = encoded(BARE_SECURITY)
    THINGS = [
        {"path": "new", "type": "directory", "attributes": 0x12, "security": SECURITY, "streams": {"d": "on a directory"},
         "written": FILETIME, "eas": {"DIR": "1"}},
        {"path": "new\\a.txt", "data": "text", "attributes": 0x23, "security": SECURITY, "eas": {"ONE": "1", "TWO": "base64:AAE="},
         "streams": {"s": "stream"}, "written": FILETIME + 10_000_000, "accessed": FILETIME},
        {"path": "new\\again.txt", "type": "hardlink", "target": "new\\a.txt"},
        {"path": "new\\link", "type": "symlink", "target": "..\\app\\a.txt", "written": FILETIME},
        {"path": "new\\dirlink", "type": "symlink", "target": "C:\\app", "directory": True},
        {"path": "new\\j", "type": "junction", "target": "C:\\app"},
        {"path": "app\\a.txt", "attributes": 0x26},
        {"path": "app\\gone", "type": "delete"},
        {"path": "System_Delta", "type": "hive", "data": "regf!", "written": FILETIME},
    ]

    def test_all_of_it(self):
        base = self.base(more=[("app/a.txt", b"a"), ("app/gone/x", b"x")])
        scratch = self.scratch("s", base)
        self.plant(scratch, self.THINGS, base)
        self.expect(ELEMENT, self.desk.layer("DeactivateLayer", id=scratch))
        self.desk.layer("ActivateLayer", id=scratch)
        out = self.export(scratch, base)
        status = os.stat(out + "/Files/new/a.txt")
        security = base64.b64decode(self.SECURITY)
        new = self.entry(out, "Files/new.$wcidirs$", True)
        self.assertEqual((0x12, security, ["d"], ["DIR"]),
                         (new.attributes, new.security, [each.name for each in new.alternates], [ea.name for ea in new.eas]))
        self.assertEqual(NANOSECONDS, os.stat(out + "/Files/new.$wcidirs$").st_mtime_ns)
        file = self.entry(out, "Files/new/a.txt")
        self.assertEqual((0x23, security, [("ONE", b"1"), ("TWO", b"\0\1")]),
                         (file.attributes, file.security, [(ea.name, ea.value) for ea in file.eas]))
        self.assertEqual((NANOSECONDS + 1_000_000_000, NANOSECONDS), (status.st_mtime_ns, status.st_atime_ns))
        self.assertTrue(os.path.samefile(out + "/Files/new/a.txt", out + "/Files/new/again.txt"))
        link = self.entry(out, "Files/new/link")
        self.assertEqual((0x400, "..\\app\\a.txt", True), (link.attributes, link.reparse.print, link.reparse.relative))
        for name, tag in (("dirlink", transport.TAG_SYMLINK), ("j", transport.TAG_MOUNT_POINT)):
            link = self.entry(out, f"Files/new/{name}.$wcidirs$", True)
            self.assertEqual((0x410, tag, "\\??\\C:\\app"), (link.attributes, link.reparse.tag, link.reparse.substitute))
            self.assertEqual([], os.listdir(out + f"/Files/new/{name}"))
        changed = self.entry(out, "Files/app/a.txt")
        self.assertEqual((0x26, metadata.DEFAULT_SECURITY, 1), (changed.attributes, changed.security, changed.data[1]))
        with open(out + "/tombstones.txt", "rb") as file:
            self.assertEqual(["app\\gone"], transport.parse_tombstones(file.read()))
        self.assertEqual({"System_Delta": b"regf!"}, {name: data for name, data in self.staged(out + "/Hives").items()})
        self.imported("back", type("Made", (), {"name": "C:\\out"}), base)

    def test_link_data_is_what_windows_writes(self):
        junction = bytes.fromhex("030000a02400000000001000120008005c003f003f005c0043003a005c005000000043003a005c0050000000".replace(" ", ""))
        link = bytes.fromhex("0c0000a02000000000000800 0a000800010000002e002e005c00610000002e002e005c0061000000".replace(" ", ""))
        self.assertEqual(junction, planter.link_data("C:\\P", True))
        self.assertEqual(link, planter.link_data("..\\a", False))

    def test_what_replaces_a_planted_object_has_none_of_it(self):
        base = self.base()
        scratch = self.prepared("s", base)
        self.plant(scratch, [{"path": "a.txt", "data": "a", "security": self.SECURITY}])
        volume = self.volume(scratch)
        if metadata.Planted(self.desk.machine.directory)._mark(volume + "/a.txt").startswith("inode"):
            self.skipTest("needs a disk with trusted attributes")
        os.unlink(volume + "/a.txt")
        rig.write(volume + "/a.txt", b"a")
        self.desk.layer("UnprepareLayer", id=scratch)
        self.assertEqual(metadata.DEFAULT_SECURITY, self.entry(self.export(scratch, base), "Files/a.txt").security)

    def test_refusals(self):
        base = self.base(more=[("app/a.txt", b"a")])
        scratch = self.prepared("s", base)
        wrong = {
            "unknown key": {"path": "x", "colour": 1},
            "no path": {"type": "file"},
            "absolute": {"path": "\\x"},
            "upwards": {"path": "..\\x"},
            "stream as a path": {"path": "x:y"},
            "no directory": {"path": "no\\x"},
            "type": {"path": "x", "type": "fifo"},
            "nothing to delete": {"path": "x", "type": "delete"},
            "link to nowhere": {"path": "x", "type": "symlink"},
            "security": {"path": "x", "security": encoded(b"short")},
            "reparse": {"path": "x", "type": "symlink", "reparse": encoded(struct.pack("<IHH", 0x80000018, 0, 0))},
            "hive": {"path": "Bcd_Delta", "type": "hive", "data": "regf"},
            "EA": {"path": "x", "eas": {"": "1"}},
        }
        for name, thing in wrong.items():
            with self.subTest(name):
                self.plant(scratch, [thing], code=BAD_ARGUMENT)
        self.plant("C:\\L\\nothing", [], base, code=PATH_NOT_FOUND)
        self.plant("C:\\L\\base", [], base, code=NOT_FOUND)
        self.assertEqual([], self.desk.host.violations())


class Utility(ExportTest):
    def test_templates_and_boot_configuration(self):
        boot = self.desk.disk("L", "base", "UtilityVM", "Files", "EFI", "Microsoft", "Boot")
        os.makedirs(boot)
        self.expect(NOT_FOUND, self.desk.call("ProcessUtilityImage", path="C:\\L\\base\\UtilityVM"))
        rig.write(boot + "/BCD", b"regf")
        self.expect(OK, self.desk.call("ProcessUtilityImage", path="C:\\L\\base\\UtilityVM"))
        made = os.listdir(self.desk.disk("L", "base", "UtilityVM"))
        self.assertEqual({"Files", "SystemTemplate.vhdx", "SystemTemplateBase.vhdx"}, set(made))
        self.assertGreater(os.path.getsize(boot + "/BCD"), 4)
        self.expect(EXISTS, self.desk.call("ProcessUtilityImage", path="C:\\L\\base\\UtilityVM"))
        self.expect(PATH_NOT_FOUND, self.desk.call("ProcessUtilityImage", path="C:\\L\\nothing"))


del ExportTest, LayerTest  # no tests of their own
if __name__ == "__main__":
    unittest.main()
