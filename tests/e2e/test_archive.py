# SPDX-License-Identifier: MIT
"""Images out of one store and into another on the simulated host, by file and by stream."""
import hashlib
import io
import json
import tarfile
import uuid

from hosted import IMAGE, Hosted

HELLO = "hello from the image\n"


def files_of(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {info.name: tar.extractfile(info).read() for info in tar if info.isfile()}


class Archive(Hosted):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls().ok("pull", IMAGE)
        cls.archive = cls().ok("save", IMAGE).bytes

    def tearDown(self):
        self.assert_clean()

    @staticmethod
    def root(name):
        return "d:\\" + name

    def blobs(self, name):
        return {path.name: path.read_bytes() for path in self.drive("d", name, "blobs", "sha256").iterdir()}

    def test_what_is_written(self):
        files = files_of(self.archive)
        for name, data in files.items():
            if name.startswith("blobs/"):
                self.assertEqual(hashlib.sha256(data).hexdigest(), name.rpartition("/")[2])
        entry, = json.loads(files["index.json"])["manifests"]
        self.assertEqual(entry["annotations"]["io.containerd.image.name"], IMAGE)
        self.assertEqual(entry["platform"]["os.version"], "10.0.20348.2322")
        self.assertEqual(json.loads(files["manifest.json"])[0]["RepoTags"], [IMAGE])
        self.assertEqual(len(files), 3 + 4)  # the documents; manifest, configuration and two layers

    def test_from_a_file_into_another_store(self):
        root = self.root("from-file")
        self.ok("save", "-o", r"d:\images.tar", IMAGE)
        self.assertEqual(self.drive("d", "images.tar").read_bytes(), self.archive)
        result = self.ok("load", "--root", root, "-i", r"d:\images.tar")
        self.assertEqual(result.out, f"Loaded image: {IMAGE}\n")
        self.assertEqual(set(self.blobs("from-file")), {name[13:] for name in files_of(self.archive) if len(name) > 64})
        self.assertEqual(list(self.drive("d", "from-file", "ingest").iterdir()), [])
        result = self.wrun("run", "-q", "--root", root, "--pull", "never", IMAGE)
        self.assertEqual((result.code, result.out), (0, HELLO), result)

    def test_by_stream_and_as_a_directory(self):
        root = self.root("from-stream")
        result = self.ok("load", "-q", "--root", root, data=self.archive)
        self.assertEqual(result.out, IMAGE + "\n")
        self.ok("save", "--root", root, "--format", "oci-dir", "-o", r"d:\layout", IMAGE)
        layout = self.drive("d", "layout")
        found = {path.relative_to(layout).as_posix(): path.read_bytes() for path in layout.rglob("*") if path.is_file()}
        self.assertEqual(found, files_of(self.archive))
        self.ok("load", "--root", self.root("from-directory"), "-i", r"d:\layout")
        self.assertEqual(self.blobs("from-directory"), self.blobs("from-stream"))

    def test_what_a_killed_wrun_left_beside_it(self):
        orphan = self.drive("d", f"left.tar.part-{uuid.uuid4()}")
        orphan.write_bytes(b"x")
        self.ok("save", "-o", r"d:\left.tar", IMAGE)
        self.assertEqual(self.drive("d", "left.tar").read_bytes(), self.archive)
        self.assertFalse(orphan.exists())
        self.assertEqual(list(self.drive("d").glob("left.tar?*")), [])

    def test_an_imported_layer_runs(self):
        files = files_of(self.archive)
        manifest = json.loads(files[json.loads(files["manifest.json"])[0]["Config"]])
        self.assertEqual(manifest["os"], "windows")
        layer = files[json.loads(files["manifest.json"])[0]["Layers"][0]]
        self.drive("d", "base.tar.gz").write_bytes(layer)
        root = self.root("imported")
        self.ok("import", "--root", root, r"d:\base.tar.gz", "example.org/base:1")
        result = self.wrun("run", "-q", "--root", root, "--pull", "never", "example.org/base:1", "cmd", "/c", "type",
                           r"C:\License.txt")
        self.assertEqual((result.code, result.out), (0, "wrun demo base layer\n"), result)

    def test_a_bad_image_is_not_looked_for_in_the_registry(self):
        """Its blob is what its maker made it, so fetching it again would help nobody."""
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, kind in ("Files", tarfile.DIRTYPE), ("Files/.wh.x", tarfile.REGTYPE):
                info = tarfile.TarInfo(name)
                info.type = kind
                tar.addfile(info)
        self.drive("d", "bad.tar").write_bytes(out.getvalue())
        root = self.root("bad")
        self.ok("import", "--root", root, r"d:\bad.tar", "127.0.0.1:9/bad:1")
        result = self.refused(125, "run", "--root", root, "127.0.0.1:9/bad:1", "cmd", says="'Files/.wh.x'")
        self.assertNotIn("resolving", result.err)

    def test_refused(self):
        root = self.root("refused")
        self.refused(6, "load", "--root", root, data=self.archive[:len(self.archive) // 2], says="standard input: ")
        self.refused(4, "save", "-o", r"d:\nothing.tar", "example.org/nope:1", says="not in the store")
        self.assertFalse(self.drive("d", "nothing.tar").exists())
        self.assertEqual(self.blobs("refused"), {})
        broken = bytearray(self.archive)
        broken[len(broken) // 3] ^= 1
        self.refused(6, "load", "--root", root, data=bytes(broken), says="holds other content")
        self.assertEqual(self.blobs("refused"), {})
        self.assertEqual(list(self.drive("d", "refused", "ingest").iterdir()), [])
