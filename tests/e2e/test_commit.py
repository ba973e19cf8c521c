# SPDX-License-Identifier: MIT
"""Layers that are committed, exported, imported, compared and copied; images made of them."""
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import unittest

from hosted import IMAGE, control, faults
from pulled import NOT_FOUND, USAGE, Store, make_image
from test_store import BUSY, StoreOnHost


class Layers(StoreOnHost):
    """One store with the image for all cases of a class; what they make in it goes after each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = Store(os.path.join(cls.host.path("drive_d"), "store"))
        cls().ok("pull", "-q", "--root", cls.root, IMAGE)

    def setUp(self):
        self.addCleanup(self.clear)

    def clear(self):
        for folder in ("names", "scratch"):
            for name in self.store.names(folder):
                shutil.rmtree(self.store.root / folder / name)
        for name, record in zip(self.store.names("refs"), self.store.references()):
            if record["reference"] != IMAGE:
                (self.store.root / "refs" / name).unlink()

    def layer(self, verb, *arguments, code=0, says=(), **more):
        result = self.wrun("layer", verb, "-q", "--root", self.root, *arguments, **more)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        return result

    def record(self, name):
        return json.loads((self.store.root / "names" / name / "layer.json").read_text())

    def prepare(self, name, *things, source=IMAGE):
        """A writable layer with these things on it, as if a container had made them."""
        answer = json.loads(self.layer("prepare", "--json", name, "--from", source).out)
        control.plant(self.host.directory, answer["path"], list(things), answer["parents"])
        return answer

    def commit(self, name, *things, source=IMAGE):
        self.prepare(name, *things, source=source)
        return self.layer("commit", name)

    def tar(self, name):
        return self.layer("export", name).bytes

    @staticmethod
    def files(data):
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return {info.name: tar.extractfile(info).read() for info in tar if info.isfile() and info.name.startswith("Files/")}

    @staticmethod
    def members(data):
        """All that a tar says but for the times, of which Wine can set only some."""
        times = ("atime", "ctime", "mtime", "LIBARCHIVE.creationtime")
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return [(info.name, info.type, info.linkname, info.size and hashlib.sha256(tar.extractfile(info).read()).hexdigest(),
                     {key: value for key, value in info.pax_headers.items() if key not in times}) for info in tar]

    def keep(self, name, command):
        """A kept run; it is removed with what the case has made."""
        result = self.wrun("run", "-q", "--root", self.root, "--network", "none", "--keep", "--name", name, IMAGE, "cmd", "/c", command)
        self.assertEqual(result.code, 0, result)
        self.addCleanup(self.wrun, "rm", "--root", self.root, name)

    def assert_settled(self):
        """Nothing is mounted or half done; every record says so, and every scratch has one."""
        records = [self.record(name) for name in self.store.names("names")]
        for record in records:
            self.assertFalse(record.get("mounted", False), record)
            self.assertIn(record["state"], ("active", "committed"))
        scratches = sorted(record["scratch"] for record in records if record["state"] == "active")
        self.assertEqual(self.leftovers(), [("scratch", rf"D:\store\scratch\{name}") for name in scratches])
        self.assertEqual((self.store.names("scratch"), self.store.names("tmp")), (scratches, []))


FILE = {"path": r"app\new.txt", "data": "new"}


class Committing(Layers):
    def test_a_layer_becomes_read_only_and_can_be_built_on(self):
        self.prepare("one", FILE, {"path": r"Windows\hidden.ini", "type": "delete"})
        before = set(self.store.names("layers"))
        answer = json.loads(self.layer("commit", "--json", "one").out)
        (made,) = set(self.store.names("layers")) - before
        self.assertEqual((answer["state"], answer["path"][-32:]), ("committed", made))
        self.assertEqual((self.record("one")["state"], self.store.names("scratch")), ("committed", []))
        self.assertEqual(self.store.record(made)["parents"], [path[-32:] for path in answer["parents"]])
        self.assert_settled()

        above = self.prepare("two", {"path": r"app\more.txt", "data": "more"}, source="one")
        self.assertEqual(above["parents"], [answer["path"], *answer["parents"]])
        self.assertEqual(self.files(self.tar("two")), {"Files/app/more.txt": b"more"})
        self.assert_settled()

    def test_the_calls_are_those_of_hcsshim(self):
        self.prepare("one", FILE)
        since = len(self.journal())
        self.layer("commit", "one")
        calls = [call for call in self.calls(since) if call not in ("NameToGuid", "DestroyLayer")]
        self.assertEqual(calls, ["ActivateLayer", "PrepareLayer", "UnprepareLayer", "ExportLayer", "DeactivateLayer",
                                 "ImportLayer"])

    def test_the_cost_is_that_of_the_change(self):
        """Of twelve megabytes below, nothing is read into the folder, the tar, or the new layer."""
        registry = self.serve()
        registry.put_image("big", make_image(size=12 << 20), "1")
        self.ok("pull", "-q", "--root", self.root, f"{registry.address}/big:1")
        self.prepare("one", {"path": r"a\small.txt", "data": "x" * 1000}, source=f"{registry.address}/big:1")
        before, since = set(self.store.names("layers")), len(self.journal())
        self.layer("commit", "one")
        (staged,) = [entry["tree"] for entry in self.journal()[since:] if entry.get("fn") == "ExportLayer"]
        self.assertIn(r"\Files\a\small.txt", [entry["path"] for entry in staged])
        self.assertLess(sum(entry["size"] for entry in staged), 16 << 10)
        (made,) = set(self.store.names("layers")) - before
        files = [path.stat() for path in (self.store.layer(made) / "Files").rglob("*") if path.is_file()]
        own = [each.st_size for each in files if each.st_nlink == 1]  # the simulation's placeholders are links
        self.assertEqual(own, [1000])
        self.assertLess(len(self.tar("one")), 32 << 10)

    def test_a_new_name(self):
        self.prepare("one", FILE)
        self.layer("commit", "one", "Done")
        self.assertEqual(self.store.names("names"), ["done"])
        self.assertEqual((self.record("done")["name"], self.record("done")["state"]), ("Done", "committed"))
        self.assertEqual(self.files(self.tar("done")), {"Files/app/new.txt": b"new"})
        self.assert_settled()

    def test_what_cannot_be_committed(self):
        self.layer("commit", "none", code=NOT_FOUND, says="there is no layer named 'none'")
        self.layer("commit", "a b", code=USAGE)
        self.commit("one", FILE)
        self.layer("commit", "one", code=BUSY, says=["is committed already", "wrun layer prepare NAME --from one"])
        self.prepare("two", FILE)
        self.layer("commit", "two", "ONE", code=BUSY, says="there is a layer named 'ONE' already")
        self.assertEqual(self.record("two")["state"], "active")
        self.assert_settled()

    def test_a_failing_call_leaves_the_layer_writable(self):
        self.prepare("one", FILE)
        before = self.store.names("layers")
        for function, says in (("ActivateLayer", "BitLocker"), ("PrepareLayer", "PrepareLayer"), ("ExportLayer", "ExportLayer"),
                               ("ImportLayer", "ImportLayer")):
            with self.subTest(function):
                self.fault(fn=function, do="fail", hr="0x80070013" if function == "ActivateLayer" else "0x80070005")
                self.layer("commit", "one", code=3, says=[says, "commit the layer 'one'"])
                self.assertEqual((self.record("one")["state"], self.store.names("layers")), ("active", before))
                faults.clear(self.host.path("faults.json"))
                self.layer("export", "one", "-o", r"d:\swept.tar")
                self.assert_settled()


class Exporting(Layers):
    def test_what_a_layer_changes(self):
        self.prepare("one", FILE, {"path": r"Windows\hidden.ini", "type": "delete"})
        data = self.tar("one")
        self.assertIn("Files/Windows/.wh.hidden.ini", [name for name, *_ in self.members(data)])
        self.assertEqual(self.files(data)["Files/app/new.txt"], b"new")
        self.assertEqual(self.record("one")["state"], "active")
        self.layer("commit", "one")
        self.assertEqual(self.members(self.tar("one")), self.members(data))
        self.assert_settled()

    def test_into_a_file(self):
        self.prepare("one", FILE)
        answer = json.loads(self.layer("export", "one", "--json", "-o", r"d:\one.tar.gz", "--compress", "gzip").out)
        blob = self.drive("d", "one.tar.gz").read_bytes()
        self.assertEqual(answer["digest"], "sha256:" + hashlib.sha256(blob).hexdigest())
        plain = gzip.decompress(blob)
        self.assertEqual(answer["diffId"], "sha256:" + hashlib.sha256(plain).hexdigest())
        self.assertEqual((answer["size"], answer["tarSize"]), (len(blob), len(plain)))
        self.assertEqual(self.files(plain), {"Files/app/new.txt": b"new"})

    def test_what_cannot_be_exported(self):
        self.prepare("one", FILE)
        self.layer("export", "none", code=NOT_FOUND, says="there is no layer and no kept run named 'none'")
        self.layer("export", "one", "--compress", "lzma", code=USAGE, says="'lzma' is not one of none, gzip, zstd")
        self.layer("export", "one", "-o", "d:\\", code=USAGE, says="is not a file")
        self.layer("export", "one", "-o", r"d:\no\such\place.tar", code=NOT_FOUND)
        self.assert_settled()


class Importing(Layers):
    def test_the_way_back(self):
        self.prepare("one", FILE, {"path": r"Windows\hidden.ini", "type": "delete"})
        data = self.tar("one")
        answer = json.loads(self.layer("import", "--json", "back", "--from", IMAGE, "-l", "a=b", data=data).out)
        self.assertEqual((answer["state"], answer["labels"], answer["from"]), ("committed", {"a": "b"}, IMAGE))
        self.assertEqual(self.store.record(self.record("back")["layer"])["diffId"], "sha256:" + hashlib.sha256(data).hexdigest())
        self.assertEqual(self.members(self.tar("back")), self.members(data))
        self.prepare("above", {"path": r"app\above.txt", "data": "x"}, source="back")
        self.assertEqual(self.files(self.tar("above")), {"Files/app/above.txt": b"x"})
        self.assert_settled()

    def test_from_a_compressed_file(self):
        self.prepare("one", FILE)
        for compression in ("gzip", "zstd"):
            answer = json.loads(self.layer("export", "one", "--json", "-o", r"d:\one.blob", "--compress", compression).out)
            self.layer("import", compression, "--from", IMAGE, "-i", r"d:\one.blob")
            self.assertEqual(self.store.record(self.record(compression)["layer"])["diffId"], answer["diffId"])
            self.assertEqual(self.drive("d", "one.blob").stat().st_size, answer["size"])  # read where it lies, and left there
        self.assertEqual(self.members(self.tar("gzip")), self.members(self.tar("zstd")))

    def test_what_cannot_be_imported(self):
        self.prepare("one", FILE)
        data = self.tar("one")
        self.layer("import", "new", code=USAGE, says="--from is missing", data=data)
        self.layer("import", "one", "--from", IMAGE, code=BUSY, says="there is a layer named 'one' already", data=data)
        self.layer("import", "new", "--from", "one", code=BUSY, says="is active", data=data)
        self.layer("import", "new", "--from", IMAGE, code=6, says="import the layer 'new'", data=data[:len(data) // 2])
        self.layer("import", "new", "--from", IMAGE, code=6, says="import the layer 'new'", data=b"no tar at all" * 100)
        self.layer("import", "new", "--from", IMAGE, "-i", r"d:\nothing.tar", code=NOT_FOUND)
        half = self.drive("d", "half.tar")
        half.write_bytes(data[:len(data) // 2])
        self.layer("import", "new", "--from", IMAGE, "-i", r"d:\half.tar", code=6, says="import the layer 'new'")
        self.assertEqual(half.read_bytes(), data[:len(data) // 2])
        self.assertEqual(self.store.names("names"), ["one"])
        self.assert_settled()


class Comparing(Layers):
    def test_what_is_added_changed_and_deleted(self):
        self.prepare("one", FILE, {"path": r"app\deep", "type": "directory"}, {"path": "License.txt", "data": "mine"},
                     {"path": r"Windows\hidden.ini", "type": "delete"})
        expected = ["A C:\\app\\deep", "A C:\\app\\new.txt", "C C:\\License.txt", "C C:\\Windows", "C C:\\app",
                    "D C:\\Windows\\hidden.ini"]
        self.assertEqual(sorted(self.layer("diff", "one").out.splitlines()), expected)
        answer = json.loads(self.layer("diff", "--json", "one").out)
        self.assertEqual(sorted(f"{each['change']} {each['path']}" for each in answer), expected)
        self.assertEqual([each["path"] for each in answer if each.get("directory")],
                         ["C:\\Windows", "C:\\app", "C:\\app\\deep"])
        self.layer("commit", "one")
        self.assertEqual(sorted(self.layer("diff", "one").out.splitlines()), expected)

        self.prepare("two", {"path": r"Windows\hidden.ini", "data": "again"}, {"path": r"app\new.txt", "data": "newer"}, source="one")
        self.assertEqual(sorted(self.layer("diff", "two").out.splitlines()),
                         ["A C:\\Windows\\hidden.ini", "C C:\\Windows", "C C:\\app", "C C:\\app\\new.txt"])
        self.prepare("three", source="one")
        self.assertEqual(self.layer("diff", "three").out, "")
        self.layer("diff", "none", code=NOT_FOUND, says="'none'")
        self.assert_settled()


class Copying(Layers):
    def cp(self, source, target, **more):
        return self.layer("cp", source, target, **more)

    def setUp(self):
        super().setUp()
        self.here = self.mkdir("d", "here")
        self.addCleanup(shutil.rmtree, self.here)
        (self.here / "dir" / "inner").mkdir(parents=True)
        (self.here / "dir" / "inner" / "a.txt").write_bytes(b"a")
        (self.here / "dir" / "b.txt").write_bytes(b"b" * 300000)

    def tree(self, *parts):
        top = self.here.joinpath(*parts)
        return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}

    def test_in_and_out_of_a_writable_layer(self):
        self.prepare("one")
        since = len(self.journal())
        self.cp(r"d:\here\dir", r"one:C:\new")
        self.assertEqual([call for call in self.calls(since) if call != "NameToGuid"],
                         ["ActivateLayer", "PrepareLayer", "GetLayerMountPath", "GetLayerMountPath", "UnprepareLayer",
                          "DeactivateLayer"])
        self.assert_settled()
        self.cp(r"d:\here\dir", r"one:C:\new")  # it exists by now, so the copy goes inside
        self.cp(r"d:\here\dir\.", r"one:C:\app")
        self.cp(r"d:\here\dir\b.txt", r"one:C:\License.txt")  # a file that is read-only
        whole = {"inner/a.txt": b"a", "b.txt": b"b" * 300000}
        changed = self.files(self.tar("one"))
        self.assertEqual(changed, {
            **{f"Files/{top}/{name}": data for name, data in whole.items() for top in ("new", "new/dir", "app")},
            "Files/License.txt": whole["b.txt"]})
        self.cp(r"one:C:\new\dir", "d:/here/back")
        self.assertEqual(self.tree("back"), whole)
        self.cp(r"one:C:\Windows\hidden.ini", r"d:\here\back")
        self.assertIn("hidden.ini", self.tree("back"))
        self.assert_settled()

    def test_out_of_a_committed_layer(self):
        self.commit("one", FILE)
        self.cp(r"one:/app/new.txt", r"d:\here\got.txt")
        self.cp(r"one:C:\License.txt", "d:\\here\\")
        self.assertEqual((self.tree()["got.txt"], self.tree()["License.txt"]), (b"new", b"wrun demo base layer\r\n"))
        self.assertEqual((self.store.names("names"), self.store.names("scratch")), (["one"], []))
        self.cp(r"d:\here\got.txt", r"one:C:\x", code=BUSY, says=["is read-only", "wrun layer prepare NAME --from one"])
        self.assert_settled()

    def test_in_and_out_of_a_kept_run(self):
        self.keep("kept", r"echo text> C:\app\made.txt")
        self.cp(r"kept:C:\app\made.txt", "d:\\here\\")
        self.cp(r"d:\here\dir", r"KEPT:C:\new")
        self.cp(r"kept:C:\nothing", r"d:\here", code=NOT_FOUND, says=r"there is no 'kept:C:\nothing'")
        self.assertEqual(self.tree()["made.txt"], b"text\r\n")
        files = self.files(self.tar("kept"))
        self.assertEqual((files["Files/app/made.txt"], files["Files/new/inner/a.txt"]), (b"text\r\n", b"a"))
        self.assertIn("A C:\\new\\b.txt", self.layer("diff", "kept").out.splitlines())
        self.assertEqual([kind for kind, _ in self.leftovers()], ["scratch"])
        self.at("rm", "kept")
        self.assert_settled()

    def test_what_cannot_be_copied(self):
        self.prepare("one", FILE)
        for source, target, code, says in (
                (r"d:\here", r"d:\there", USAGE, "is in a layer"), (r"one:C:\a", r"two:C:\b", USAGE, "into another"),
                (r"one:D:\x", r"d:\here", USAGE, "no drive 'D:'"), (r"one:C:\..\x", r"d:\here", USAGE, "C:\\..\\x"),
                (r"none:C:\x", r"d:\here", NOT_FOUND, "no kept run named 'none'"),
                (r"none:C:\x", r"d:\here", NOT_FOUND, "'wrun layer ls'"),
                (r"o:C:\x", r"d:\here", NOT_FOUND, "no kept run named 'o'"),
                (r"one:C:\app\nothing", r"d:\here", NOT_FOUND, r"there is no 'one:C:\app\nothing'"),
                (r"d:\here\nothing", r"one:C:\x", NOT_FOUND, r"there is no 'd:\here\nothing'"),
                (r"d:\here\dir", r"one:C:\no\such\x", NOT_FOUND, r"no directory 'one:C:\no\such'"),
                (r"d:\here\dir\b.txt", "one:C:\\no\\", NOT_FOUND, r"no directory 'one:C:\no'"),
                (r"d:\here\dir", r"one:C:\License.txt", USAGE, r"'one:C:\License.txt' is a file"),
                (r"one:C:\app", r"d:\here\dir\b.txt", USAGE, r"'d:\here\dir\b.txt' is a file")):
            with self.subTest(f"{source} {target}"):
                self.cp(source, target, code=code, says=says)
        self.assertEqual(self.files(self.tar("one")), {"Files/app/new.txt": b"new"})
        self.assert_settled()


class Images(Layers):
    """wrun commit: what becomes of it runs here, and elsewhere."""

    new = "localhost/made:1"

    def make(self, source, *options, name=new, code=0, says=(), **more):
        result = self.wrun("commit", "-q", "--root", self.root, *options, source, name, **more)
        self.assertEqual(result.code, code, result)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.err, result)
        return result

    def run_made(self, *arguments, root=None, name=new):
        result = self.wrun("run", "-q", "--root", root or self.root, "--network", "none", "--pull", "never", name, *arguments)
        self.assertEqual(result.code, 0, result)
        return result.out

    def document(self, digest):
        return json.loads((self.store.root / "blobs/sha256" / digest.removeprefix("sha256:")).read_text())

    def test_a_kept_run_becomes_an_image_that_runs_here_and_elsewhere(self):
        self.keep("kept", r"echo text> C:\app\made.txt & del C:\Windows\hidden.ini /a")
        digest = self.make("kept", "-m", "a file", "-a", "Me", "-c", r"CMD type C:\app\made.txt", "-c", "ENV MADE=yes",
                           environment={"SOURCE_DATE_EPOCH": "1763776496"}).out.strip()
        since = len(self.journal())
        self.assertEqual(self.run_made().strip(), "text")
        self.assertNotIn("ImportLayer", self.calls(since))  # committing has unpacked it

        manifest = self.document(digest)
        config = self.document(manifest["config"]["digest"])
        (base,) = [self.document(record["digest"]) for record in self.store.references() if record["reference"] == IMAGE]
        self.assertEqual(manifest["layers"][:-1], base["layers"])
        self.assertEqual((config["created"], config["author"]), ("2025-11-22T01:54:56Z", "Me"))
        self.assertEqual(config["history"][-1], {"created": "2025-11-22T01:54:56Z", "author": "Me", "comment": "a file"})
        self.assertEqual(len([entry for entry in config["history"] if not entry.get("empty_layer")]), len(manifest["layers"]))
        self.assertIn("MADE=yes", config["config"]["Env"])
        older = self.document(base["config"]["digest"])
        self.assertEqual((config["os.version"], config["rootfs"]["diff_ids"][:-1]), (older["os.version"], older["rootfs"]["diff_ids"]))
        blob = (self.store.root / "blobs/sha256" / manifest["layers"][-1]["digest"][7:]).read_bytes()
        self.assertEqual(self.files(gzip.decompress(blob))["Files/app/made.txt"].strip(), b"text")
        self.assertIn("Files/Windows/.wh.hidden.ini", [name for name, *_ in self.members(gzip.decompress(blob))])

        saved = self.wrun("save", "--root", self.root, self.new)
        self.assertEqual(saved.code, 0, saved)
        self.ok("load", "-q", "--root", r"d:\elsewhere", data=saved.bytes)
        self.assertEqual(self.run_made(root=r"d:\elsewhere").strip(), "text")
        self.make("kept", name="localhost/again:1")  # the run is still there
        listed = json.loads(self.wrun("images", "--json", "--root", self.root).out)
        self.assertIn(digest, json.dumps(listed))

    def test_a_chain_of_layers_becomes_an_image(self):
        self.commit("one", FILE)
        self.prepare("two", {"path": r"app\more.txt", "data": "more"}, source="one")
        self.make("two")
        self.assertEqual(self.run_made("cmd", "/c", r"type C:\app\new.txt & type C:\app\more.txt"), "newmore")
        self.make("one", name="localhost/one:1")
        self.assertEqual(self.run_made("cmd", "/c", r"dir /b C:\app\new.txt", name="localhost/one:1").strip(), "new.txt")
        self.assertEqual(self.record("two")["state"], "active")
        self.assert_settled()

    def test_what_cannot_be_made(self):
        self.prepare("one", FILE)
        self.make("none", code=NOT_FOUND, says="there is no layer and no kept run named 'none'")
        self.make("one", name="Bad Name", code=USAGE)
        self.make("one", name="a@sha256:" + "0" * 64, code=USAGE, says="by a tag")
        self.make("one", "-c", "RUN x", code=USAGE, says=["'RUN' is no instruction", "CMD, ENTRYPOINT"])
        self.make("one", environment={"SOURCE_DATE_EPOCH": "soon"}, code=USAGE, says="SOURCE_DATE_EPOCH")
        run = self.start_run("--name", "running")
        self.make("running", code=BUSY, says="still running")
        self.end_run(run)
        self.assertEqual(len(self.store.references()), 1)
        self.assert_settled()

    def test_what_a_failing_commit_has_stored_goes_with_it(self):
        self.prepare("one", FILE)
        before = [self.store.names(folder) for folder in ("blobs/sha256", "layers", "ingest")]
        self.fault(fn="ImportLayer", do="fail", hr="0x80070005")
        self.make("one", code=3, says="ImportLayer")
        faults.clear(self.host.path("faults.json"))
        self.assertEqual([self.store.names(folder) for folder in ("blobs/sha256", "layers", "ingest")], before)
        self.make("one")
        self.assertEqual(self.run_made("cmd", "/c", r"type C:\app\new.txt"), "new")
        self.assert_settled()


if __name__ == "__main__":
    unittest.main()
