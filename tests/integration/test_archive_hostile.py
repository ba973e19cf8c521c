# SPDX-License-Identifier: MIT
"""`wrun load` given archives that lie, break off or want to harm: nothing is kept, nothing is written elsewhere."""
import contextlib
import gzip
import os
import signal
import subprocess
import tarfile
import threading
import time

import archives
from archives import (NAME, blob_member, docker_members, index_json, layer_tar, make_image, member, named, oci,
                      oci_archive, oci_members, tar_of)
from pulling import INTEGRITY, INTERRUPTED, NO_SPACE, UNSUPPORTED, USAGE, WRUN, peak_mb

MEBIBYTE = 1 << 20


def replaced(members, name, data):
    """The member of that name with other content."""
    return [(n, data) if n == name else (n, d) for n, d in members]


class Hostile(archives.ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.image = make_image()
        self.members = oci_members([self.image], index_json(named(self.image.manifest, NAME)))
        self.layer = blob_member(self.image.layers[0])[0]

    def refuse_with(self, name, data, *says, code=INTEGRITY):
        return self.refuse(tar_of(replaced(self.members, name, data)), *says, code=code)

    def test_names_that_lead_elsewhere_are_passed_over(self):
        hostile = ["../evil", "../../evil", "/tmp/wrun-evil", "blobs/../../evil", "blobs/sha256/../../../evil",
                   "..\\evil", "C:\\evil", "blobs/sha256/" + "A" * 64, "blobs/sha256/con", "index.json/evil",
                   "blobs/sha256/" + "a" * 64 + "/evil", "evil\x01", "\xfc\U0001f42b", "x" * 4000, "refs/evil.json"]
        members = [*[(name, b"evil") for name in hostile], *self.members]
        before = sorted(os.listdir(self.folder))
        self.assertEqual(self.load(tar_of(members, tarfile.PAX_FORMAT)), [NAME])
        self.check_holds(self.image)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted([*before, "store"]))
        self.assertFalse(os.path.exists("/tmp/wrun-evil"))
        for folder, _, files in os.walk(self.store.root):
            self.assertFalse([name for name in files if "evil" in name], folder)

    def test_links_and_devices_under_good_names(self):
        secret = self.path("secret", b"secret")
        for name in (self.layer, "index.json", "oci-layout"):
            rest = [entry for entry in self.members if entry[0] != name]
            for kind, target in ((tarfile.SYMTYPE, str(secret)), (tarfile.SYMTYPE, "../../../secret"),
                                 (tarfile.SYMTYPE, "../" * 30 + str(secret)[1:]), (tarfile.LNKTYPE, str(secret)),
                                 (tarfile.SYMTYPE, name.rsplit("/", 1)[-1]), (tarfile.LNKTYPE, name),
                                 (tarfile.FIFOTYPE, ""), (tarfile.CHRTYPE, ""), (tarfile.DIRTYPE, "")):
                with self.subTest(name=name, kind=kind, target=target):
                    self.refuse(tar_of([member(name, kind=kind, target=target), *rest], tarfile.PAX_FORMAT),
                                    code=INTEGRITY)

    def test_content_that_is_not_what_its_name_says(self):
        for blob in (self.image.layers[1], self.image.config, self.image.manifest):
            name, data = blob_member(blob)
            for other in (data[:-1], data + b"\n", bytes([data[0] ^ 1]) + data[1:], b""):
                with self.subTest(name):
                    self.refuse_with(name, other, name, "holds other content")

    def test_digests_in_capitals_are_other_names(self):
        members = [(self.layer.upper() if n == self.layer else n, d) for n, d in self.members]
        self.refuse(tar_of(members), f"the archive lacks {self.image.layers[0].digest}", code=INTEGRITY)
        index = index_json(named(self.image.manifest, NAME)).replace(b"sha256:", b"SHA256:")
        self.refuse_with("index.json", index, "index.json: ", "digest")

    def test_sizes_that_lie(self):
        entry = named(self.image.manifest, NAME)
        for size in (entry["size"] - 1, entry["size"] + 1, 0, -1, 2**60, "574", 1.5):
            with self.subTest(size):
                self.refuse_with("index.json", index_json({**entry, "size": size}), code=INTEGRITY)

    def test_a_declared_size_beyond_the_volume(self):
        header = bytearray(tar_of([(self.layer, b"x" * 512)]))
        header[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header[:512])
        self.refuse(bytes(header), "do not fit", code=NO_SPACE)

    def test_archives_that_break_off(self):
        data = tar_of(self.members).rstrip(b"\0")
        for cut in (100, 600, len(data) // 3, len(data) // 2, len(data) - 600):
            with self.subTest(cut):
                self.refuse(data[:cut], code=INTEGRITY)
        packed = gzip.compress(data)
        for cut in (1, 5, len(packed) // 2):
            with self.subTest(cut):
                self.refuse(packed[:cut], code=INTEGRITY)

    def test_no_archive(self):
        rows = [(b"", "the archive is empty"), (bytes(10240), "neither an OCI layout"),
                (b"hello world\n" * 200, "cannot be read"), (os.urandom(20000), "cannot be read"),
                (layer_tar(), "neither an OCI layout nor a manifest.json"),
                (b"PK\3\4" + bytes(2000), "cannot be read")]
        for data, text in rows:
            self.refuse(data, text, code=INTEGRITY)
        self.refuse(layer_tar(), "'wrun import' takes the tar file of a layer", code=INTEGRITY)

    def test_documents_that_come_twice(self):
        for name in ("index.json", "oci-layout"):
            again = dict(self.members)[name]
            self.refuse(tar_of([*self.members, (name, again)]), f"'{name}' twice", code=INTEGRITY)
        docker = docker_members([layer_tar()], make_image(layers=1), ["a/b:1"])
        for name, data in [entry for entry in docker if entry[0] in ("manifest.json", docker[3][0])]:
            self.refuse(tar_of([*docker, (name, data)]), f"'{name}' twice", code=INTEGRITY)
        # A blob is its digest, so the second one is the first.
        self.assertEqual(self.load(tar_of([*self.members, (self.layer, b"something else")])), [NAME])
        self.check_holds(self.image)

    def test_json_that_is_too_much(self):
        deep = b"[" * 2_000_000
        rows = [("index.json", b" " * (4 * MEBIBYTE + 1), "larger than 4194304 bytes"), ("index.json", deep, "index.json"),
                ("oci-layout", deep, "oci-layout"), ("oci-layout", b"\0" * 100, "oci-layout"),
                ("index.json", index_json(*[named(self.image.manifest, NAME)] * 1001), "more than 1000"),
                ("index.json", b'{"schemaVersion":2,"schemaVersion":2,"manifests":[]}', "index.json"),
                ("index.json", b'{"schemaVersion":2,"manifests":[]}', "there is no image in the archive"),
                ("index.json", b'{"schemaVersion":2,"manifests":[],"layers":[]}', '"layers" of another type')]
        for name, data, text in rows:
            with self.subTest(text):
                self.refuse_with(name, data, text)
        self.refuse_with("oci-layout", b'{"imageLayoutVersion":"2.0.0"}', "'2.0.0' is not known", code=UNSUPPORTED)

    def test_a_manifest_that_is_too_large(self):
        manifest = oci.Blob(self.image.manifest.data + b" " * (4 * MEBIBYTE), oci.DOCKER_MANIFEST)
        members = [*self.members[:-2], blob_member(manifest), ("index.json", index_json(named(manifest, NAME))),
                   ("oci-layout", archives.LAYOUT)]
        self.refuse(tar_of(members), code=INTEGRITY)

    def test_indexes_without_end(self):
        index = oci.index([self.image])
        extra = [index]
        for _ in range(5):
            entry = extra[-1].descriptor()
            extra.append(oci.Blob(oci.dump({"schemaVersion": 2, "mediaType": oci.DOCKER_INDEX, "manifests": [entry]}),
                                  oci.DOCKER_INDEX))
        members = oci_members([self.image], index_json(named(extra[-1], NAME)), extra)
        self.refuse(tar_of(members), "more than 3 indexes inside each other", code=INTEGRITY)

    def test_names_of_images_that_are_none(self):
        for name in ("docker.io/UPPER:1", "../../etc", "a b", "x:" + "t" * 200, "a" * 64):
            with self.subTest(name):
                self.refuse_with("index.json", index_json(named(self.image.manifest, name)), "image name", code=USAGE)

    def test_a_name_with_a_digest_cannot_be_taken(self):
        """Whoever runs NAME@sha256:... means that content and no other."""
        victim = f"example.org/demo/app@{make_image(layers=1).manifest.digest}"
        self.refuse_with("index.json", index_json(named(self.image.manifest, victim)), "under the name", victim)
        self.refuse(tar_of(self.members), "under the name", code=INTEGRITY, arguments=["--tag", victim])
        self.refuse(tar_of(docker_members([layer_tar()], make_image(layers=1), [victim])), code=INTEGRITY)

    def test_escape_sequences_do_not_reach_the_terminal(self):
        done = self.refuse_with("index.json", index_json(named(self.image.manifest, ref="\x1b[2J\x1b]0;x\x07")),
                                "has no full name", code=USAGE)
        self.assertNotIn("\x1b", done.stderr)

    def test_many_members(self):
        many = tar_of([("x", b"")] * 100_001)
        self.refuse(many, "more than 100000 members", code=INTEGRITY)
        ids = [(f"{i:064x}.tar", b"") for i in range(5001)]
        self.refuse(tar_of(ids), "more than 5000 files of images", code=INTEGRITY)

    def test_a_bomb_costs_no_memory(self):
        bomb = self.path("bomb")
        info = tarfile.TarInfo("README")
        info.size = 512 * MEBIBYTE
        with gzip.open(bomb, "wb", compresslevel=1) as out:
            out.write(info.tobuf())
            for _ in range(512):
                out.write(bytes(MEBIBYTE))
            out.write(tar_of(self.members))
        self.assertLess(bomb.stat().st_size, 4 * MEBIBYTE)
        code, said, peak = peak_mb([WRUN, "load", "--root", str(self.store.root), "-i", str(bomb)])
        self.assertEqual(code, 0, said)
        self.assertLess(peak, 128)
        self.check_holds(self.image)

    def test_layers_in_a_docker_archive_are_checked(self):
        tars = [layer_tar(0), layer_tar(1)]
        image = oci.Image([oci.Layer(tar) for tar in tars], os_version="10.0.20348.1")
        members = docker_members(tars, image, ["a/b:1"])
        names = [archives.layer_id(i) + "/layer.tar" for i in range(2)]
        config = archives.hex_of(image.config.digest) + ".json"
        rows = [(names[0], layer_tar(5), "layer 1 of 2"), (names[1], b"", "it is empty"),
                (names[1], gzip.compress(tars[0]), "layer 2 of 2"), (names[1], gzip.compress(tars[1])[:-9], "cut short"),
                (config, image.config.data + b" ", "holds other content"),
                ("manifest.json", b"{}", "not a list"), ("manifest.json", b"[{}]", "Config"),
                ("manifest.json", b'[{"Config":"../../etc/passwd","Layers":["x"]}]', "lacks '../../etc/passwd'"),
                ("manifest.json", oci.dump([{"Config": config, "RepoTags": ["a/b:1"], "Layers": ["/etc/passwd"] * 2}]),
                 "lacks '/etc/passwd'"),
                ("manifest.json", b"[]", "there is no image")]
        for name, data, text in rows:
            replacement = [(n, data) if n == name else (n, d) for n, d in members]
            with self.subTest(text):
                self.refuse(tar_of(replacement), text, code=INTEGRITY)


class Directory(archives.ArchiveTestCase):
    """An OCI layout on disk that somebody prepared."""

    def setUp(self):
        super().setUp()
        self.image = make_image()
        self.layout = self.path("layout")
        for name, data in oci_members([self.image], index_json(named(self.image.manifest, NAME))):
            path = self.layout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def refuse_layout(self, *says, code=INTEGRITY):
        self.refuse(None, *says, code=code, arguments=["-i", self.layout])

    def test_links_are_not_followed(self):
        path = self.layout / blob_member(self.image.layers[0])[0]
        path.rename(self.path("elsewhere"))
        path.symlink_to(self.path("elsewhere"))
        self.refuse_layout(f"the archive lacks {self.image.layers[0].digest}")

    def test_damage(self):
        path = self.layout / blob_member(self.image.layers[0])[0]
        path.write_bytes(path.read_bytes() + b"x")
        self.refuse_layout("holds other content")
        path.unlink()
        self.refuse_layout("the archive lacks")
        (self.layout / "index.json").unlink()
        self.refuse_layout("neither an OCI layout")

    def test_what_is_not_needed_is_not_read(self):
        (self.layout / "blobs/sha256" / ("0" * 64)).write_bytes(b"not what it says")
        self.wrun("load", "-i", self.layout)
        self.check_holds(self.image)


class Interrupted(archives.ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.image = oci.Image([oci.Layer(os.urandom(8 * MEBIBYTE), compress=False)], os_version="10.0.20348.1")
        self.data = oci_archive(self.image)

    def start(self):
        """A load that waits for the second half of its archive."""
        process = subprocess.Popen([WRUN, "load", "--root", str(self.store.root)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.addCleanup(self.close, process)
        process.stdin.write(self.data[:len(self.data) // 2])
        process.stdin.flush()
        return process

    def close(self, process):
        process.kill()
        process.wait(20)
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def wait_for_staging(self):
        deadline = time.monotonic() + 20
        while not self.store.partial() or not any((self.store.root / "ingest").rglob("0")):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_by_a_person(self):
        process = self.start()
        self.wait_for_staging()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), INTERRUPTED)
        self.assertIn(b"interrupted", process.stderr.read())
        self.check_empty()

    def test_killed(self):
        process = self.start()
        self.wait_for_staging()
        process.kill()
        process.wait(20)
        folder, = self.store.partial()
        self.assertTrue(folder.startswith("load-"))
        self.assertEqual((self.store.blobs(), self.store.references()), ({}, []))
        # The next one tidies up and does its work.
        self.assertEqual(self.load(self.data), [NAME])
        self.check_holds(self.image)

    def test_what_was_killed_is_pruned(self):
        process = self.start()
        self.wait_for_staging()
        process.kill()
        process.wait(20)
        self.assertEqual(len(self.store.partial()), 1)
        self.wrun("prune")
        self.check_empty()

    def test_one_that_is_at_work_is_left_alone(self):
        process = self.start()
        self.wait_for_staging()
        other = make_image()
        done = self.wrun("load", data=oci_archive(other, "example.org/other:1"))
        self.assertIn(b"example.org/other:1", done.stdout)
        process.stdin.write(self.data[len(self.data) // 2:])
        process.stdin.close()
        self.assertEqual(process.wait(20), 0)
        self.assertEqual(set(self.records()), {NAME, "example.org/other:1"})
        self.check_sound(self.store)

    def test_two_of_the_same_at_once(self):
        results = []
        threads = [threading.Thread(target=lambda: results.append(self.wrun("load", data=self.data).stdout))
                   for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [f"Loaded image: {NAME}\n".encode()] * 4)
        self.check_holds(self.image)

    def test_whoever_writes_the_archive_is_not_cut_off(self):
        """tar fills its last record with zeros, and others write more after the end of the archive."""
        ours = oci_archive(make_image()) + bytes(4 * MEBIBYTE)
        process = subprocess.Popen([WRUN, "load", "--root", str(self.store.root)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        out, _ = process.communicate(ours, timeout=60)
        self.assertEqual((process.returncode, out), (0, f"Loaded image: {NAME}\n".encode()))


class FullDisk(archives.ArchiveTestCase):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("mounting a small volume needs root")
        self.store.root.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(self.store.root)], check=False,
                              capture_output=True)
        if done.returncode:
            self.skipTest("mounting is not allowed here: " + done.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", str(self.store.root)], check=True)

    def test_a_layer_that_does_not_fit(self):
        big = oci.Image([oci.Layer(os.urandom(4 * MEBIBYTE), compress=False)], os_version="10.0.20348.1")
        self.refuse(oci_archive(big), "do not fit", "hint: free some space", code=NO_SPACE)

    def test_several_that_do_not_fit_together(self):
        layers = [oci.Layer(os.urandom(900_000), compress=False) for _ in range(4)]
        self.refuse(oci_archive(oci.Image(layers, os_version="10.0.20348.1")), code=NO_SPACE)
        small = make_image()
        self.assertEqual(self.load(oci_archive(small)), [NAME])
        self.check_holds(small)

    def test_an_archive_that_does_not_fit(self):
        source = self.other_store("source")
        image = oci.Image([oci.Layer(os.urandom(4 * MEBIBYTE), compress=False)], os_version="10.0.20348.1")
        self.load(oci_archive(image), store=source)
        self.wrun("save", "-o", self.store.root / "out.tar", NAME, store=source, code=NO_SPACE)
        self.wrun("save", "--format", "oci-dir", "-o", self.store.root / "out", NAME, store=source, code=NO_SPACE)
        self.assertEqual(os.listdir(self.store.root), [])

    def test_an_import_that_does_not_fit(self):
        tar = archives.layertar.LayerTar().file("Files/x", os.urandom(4 * MEBIBYTE)).bytes()
        self.wrun("import", "--os-version", "10.0.20348", "-", NAME, data=tar, code=NO_SPACE)
        self.check_empty()
