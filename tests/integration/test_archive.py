# SPDX-License-Identifier: MIT
"""`wrun save` and `wrun load`: what goes out comes in again, whatever the archive looks like."""
import fcntl
import gzip
import hashlib
import json
import os
import pty
import struct
import subprocess
import tarfile
import uuid

import archives
from archives import (NAME, blob_member, docker_members, index_json, layer_tar, make_image, member, named, oci,
                      oci_archive, oci_members, read_tar, tar_of)
from image import layertar
from pulling import DENIED, INTEGRITY, NO_IMAGE, NO_SPACE, NOT_FOUND, USAGE, WRUN

F_OFD_SETLK = 37  # of Linux; Python 3.11 has no name for it


class RoundTrip(archives.ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.image = make_image()
        self.assertEqual(self.load(oci_archive(self.image)), [NAME])
        self.check_holds(self.image)

    def test_an_archive_is_an_oci_layout_and_a_docker_archive(self):
        files = read_tar(self.save(NAME))
        for blob in archives.blobs_of(self.image).values():
            name, data = blob_member(blob)
            self.assertEqual(files.pop(name), data)
        self.assertEqual(files.pop("oci-layout"), archives.LAYOUT)
        entry, = json.loads(files.pop("index.json"))["manifests"]
        self.assertEqual(entry, {
            "mediaType": oci.DOCKER_MANIFEST, "digest": self.image.manifest.digest,
            "size": len(self.image.manifest.data),
            "annotations": {"io.containerd.image.name": NAME, "org.opencontainers.image.ref.name": "1"},
            "platform": {"architecture": "amd64", "os": "windows", "os.version": "10.0.20348.2322"}})
        listed, = json.loads(files.pop("manifest.json"))
        self.assertEqual(listed, {"Config": blob_member(self.image.config)[0], "RepoTags": [NAME],
                                  "Layers": [blob_member(layer)[0] for layer in self.image.layers]})
        self.assertEqual(files, {})

    def test_the_same_image_gives_the_same_bytes(self):
        first = self.save(NAME)
        with tarfile.open(fileobj=archives.io.BytesIO(first)) as tar:
            members = tar.getmembers()
        self.assertEqual([x.name for x in members], sorted(x.name for x in members))
        self.assertEqual({(x.mtime, x.uid, x.gid, x.uname, x.gname) for x in members}, {(0, 0, 0, "", "")})
        for name in ("a.tar", "b.tar"):
            self.save("-o", self.path(name), NAME)
            self.assertEqual(self.path(name).read_bytes(), first)
        other = self.other_store("other")
        self.load(first, store=other)
        self.assertEqual(self.save(NAME, store=other), first)
        self.assertEqual(self.save("--format", "docker-archive", NAME), first)

    def test_a_directory_is_the_same_layout(self):
        target = self.path("layout")
        self.save("--format", "oci-dir", "-o", target, NAME)
        files = {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
        self.assertEqual(files, read_tar(self.save(NAME)))
        done = self.wrun("save", "--format", "oci-dir", "-o", target, NAME, code=USAGE)
        self.assertIn("exists already", done.stderr)
        other = self.other_store("other")
        self.wrun("load", "-i", target, store=other)
        self.check_holds(self.image, other)
        self.check_sound(other)

    def test_out_of_one_wrun_into_another(self):
        other = self.other_store("other")
        out = subprocess.Popen([WRUN, "save", "--root", str(self.store.root), NAME], stdout=subprocess.PIPE)
        done = subprocess.run([WRUN, "load", "--root", str(other.root), "--json"], stdin=out.stdout,
                              capture_output=True, check=True, timeout=60)
        out.stdout.close()
        self.assertEqual(out.wait(60), 0)
        self.assertEqual(json.loads(done.stdout), [{"ref": NAME, "digest": self.image.manifest.digest}])
        self.check_holds(self.image, other)

    def test_compressed_archives(self):
        data = self.save(NAME)
        zstd = subprocess.run(["zstd", "-qc"], input=data, capture_output=True, check=True).stdout
        for number, packed in enumerate([gzip.compress(data), zstd]):
            other = self.other_store(f"other{number}")
            self.assertEqual(self.load(packed, store=other), [NAME])
            self.check_holds(self.image, other)

    def test_loading_twice_changes_nothing(self):
        before = {path: path.stat().st_mtime_ns for path in (self.store.root / "blobs/sha256").iterdir()}
        self.assertEqual(self.load(self.save(NAME)), [NAME])
        self.check_holds(self.image)
        after = {path: path.stat().st_mtime_ns for path in (self.store.root / "blobs/sha256").iterdir()}
        self.assertEqual(after, before)

    def test_several_images_share_what_they_have_in_common(self):
        second = oci.Image([self.image.layers[0]], {"Cmd": ["other"]}, os_version="10.0.20348.1")
        self.load(oci_archive(second, "example.org/demo/second:2"))
        self.load(oci_archive(self.image, "example.org/demo/again:1"))
        references = [NAME, "example.org/demo/second:2", "example.org/demo/again:1"]
        data = self.save(*references, NAME)
        blobs = [name for name in archives.names_of(data) if len(name) > 64]
        self.assertEqual(len(blobs), 6)  # two layers, two configurations, two manifests
        listed = json.loads(read_tar(data)["manifest.json"])
        self.assertEqual([x["RepoTags"] for x in listed], [[NAME, "example.org/demo/again:1"],
                                                           ["example.org/demo/second:2"]])
        other = self.other_store("other")
        self.assertEqual(sorted(self.load(data, store=other)), sorted(references))
        self.assertEqual(self.records(other), self.records())

    def test_what_is_not_there_is_told_before_anything_is_written(self):
        target = self.path("out.tar")
        done = self.wrun("save", "-o", target, NAME, "example.org/nope:1", code=NOT_FOUND)
        self.assertIn("example.org/nope:1 is not in the store", done.stderr)
        self.assertFalse(target.exists())
        self.assertEqual(self.wrun("save", "example.org/nope:1", code=NOT_FOUND).stdout, b"")

    def test_damaged_content_never_makes_a_good_archive(self):
        path = self.store.path(self.image.layers[1].digest)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        target = self.path("out.tar", b"the old one")
        done = self.wrun("save", "-o", target, NAME, code=INTEGRITY)
        self.assertIn(f"{self.image.layers[1].digest} is damaged", done.stderr)
        self.assertEqual(target.read_bytes(), b"the old one")
        self.wrun("save", "--format", "oci-dir", "-o", self.path("layout"), NAME, code=INTEGRITY)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out.tar", "store"])
        cut = self.wrun("save", NAME, code=INTEGRITY).stdout
        self.assertFalse(cut.endswith(bytes(1024)))  # no end of an archive, so nobody takes it for one
        path.write_bytes(data[:-1])
        self.wrun("save", "-o", target, NAME, code=NOT_FOUND)

    def test_a_terminal_a_device_and_a_directory_are_refused(self):
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        done = subprocess.run([WRUN, "save", "--root", str(self.store.root), NAME], stdin=subprocess.DEVNULL,
                              stdout=theirs, stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn(b"would be written to the terminal", done.stderr)
        done = subprocess.run([WRUN, "load", "--root", str(self.store.root)], stdin=theirs, check=False, timeout=60,
                              capture_output=True)
        os.close(theirs)
        self.assertEqual((done.returncode, b"no archive is given" in done.stderr), (USAGE, True))
        for target, text in (("/dev/null", "-o -"), (self.folder, "oci-dir")):
            done = self.wrun("save", "-o", target, NAME, code=USAGE)
            self.assertIn(text, done.stderr)
        self.assertFalse(os.path.isfile("/dev/null"))

    def test_a_directory_that_is_not_there(self):
        target = self.path("no/such/out.tar")
        done = self.wrun("save", "-o", target, NAME, code=NOT_FOUND)
        self.assertIn(f"'{target}' cannot be made: its directory is not there", done.stderr)
        self.assertNotIn(".part-", done.stderr)

    def test_what_a_killed_wrun_left_goes_and_what_others_write_stays(self):
        target = self.path("out.tar")
        orphan, other = (self.path(f"{name}.part-{uuid.uuid4()}", b"x") for name in ("out.tar", "other.tar"))
        lookalike = self.path("out.tar.part-2", b"x")
        busy = self.path(f"out.tar.part-{uuid.uuid4()}", b"x")
        with open(busy, "r+b") as writer:
            fcntl.fcntl(writer, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
            self.save("-o", target, NAME)
            self.assertEqual([path.exists() for path in (target, orphan, other, lookalike, busy)],
                             [True, False, True, True, True])
        self.save("-o", target, NAME)
        self.assertFalse(busy.exists())

    def test_a_full_disk_is_not_the_one_of_the_store(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([WRUN, "save", "--root", str(self.store.root), NAME], stdout=full,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
        self.assertEqual(done.returncode, NO_SPACE)
        self.assertIn(b"write to another disk", done.stderr)
        self.assertNotIn(b"--root", done.stderr)

    def test_a_reader_that_goes_away(self):
        big = oci.Image([oci.Layer(os.urandom(1 << 20), compress=False)], os_version="10.0.20348.1")
        self.load(oci_archive(big, "example.org/big:1"))
        out = subprocess.Popen([WRUN, "save", "--root", str(self.store.root), "example.org/big:1"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out.stdout.close()
        error = out.stderr.read()
        out.stderr.close()
        self.assertEqual(out.wait(60), 1)
        self.assertIn(b"write to standard output", error)

    def test_formats_and_options_are_checked(self):
        done = self.wrun("save", "--format", "zip", NAME, code=USAGE)
        self.assertIn("oci-archive, oci-dir, docker-archive", done.stderr)
        self.assertIn("a directory needs a name", self.wrun("save", "--format", "oci-dir", NAME, code=USAGE).stderr)
        self.assertIn("an argument is missing", self.wrun("save", code=USAGE).stderr)

    def test_a_reference_by_digest(self):
        pinned = f"example.org/demo/app@{self.image.manifest.digest}"
        self.load(oci_archive(self.image, pinned))
        data = self.save(pinned)
        self.assertEqual(json.loads(read_tar(data)["manifest.json"])[0]["RepoTags"], [])
        other = self.other_store("other")
        self.assertEqual(self.load(data, store=other), [pinned])

    def test_a_store_that_cannot_be_written_can_be_saved_from(self):
        done = self.wrun("save", NAME, prefix=["setpriv", "--reuid=65534", "--clear-groups"]) \
            if os.geteuid() == 0 and self.readable_by_all() else self.wrun("save", NAME)
        self.assertEqual(done.stdout, self.save(NAME))

    def test_a_store_that_cannot_be_made(self):
        if os.geteuid() != 0 or not self.readable_by_all():
            self.skipTest("needs root")
        done = self.wrun("load", data=oci_archive(self.image), code=DENIED, store=self.other_store("new"),
                         prefix=["setpriv", "--reuid=65534", "--clear-groups"])
        self.assertIn("hint: the store '" + str(self.folder) + "/new' cannot be written by this user", done.stderr)

    def readable_by_all(self):
        os.chmod(self.folder, 0o755)
        return os.access(WRUN, os.X_OK)


class Layouts(archives.ArchiveTestCase):
    """What others write, or may write."""

    def test_the_index_may_come_first_or_last(self):
        image = make_image()
        members = oci_members([image], index_json(named(image.manifest, NAME)))
        for number, order in enumerate([members, members[::-1]]):
            store = self.other_store(f"s{number}")
            self.load(tar_of(order), store=store)
            self.check_holds(image, store)

    def test_names_with_a_dot_before_them(self):
        image = make_image()
        members = oci_members([image], index_json(named(image.manifest, NAME)))
        self.assertEqual(self.load(tar_of([("./" + name, data) for name, data in members])), [NAME])
        self.check_holds(image)

    def test_pax_and_gnu_headers(self):
        image = make_image()
        members = oci_members([image], index_json(named(image.manifest, NAME)))
        for form in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            self.assertEqual(self.load(tar_of(members, form)), [NAME])
        self.check_holds(image)

    def test_what_no_image_needs_is_not_kept(self):
        image = make_image()
        extra = oci.Blob(b"a signature", "application/vnd.example.signature")
        unknown = named(extra, "example.org/demo/signature:1")
        members = oci_members([image], index_json(unknown, named(image.manifest, NAME)), [extra])
        members.insert(0, ("README.md", b"hello"))
        members.insert(1, member("blobs/", kind=tarfile.DIRTYPE))
        self.assertEqual(self.load(tar_of(members)), [NAME])
        self.check_holds(image)

    def test_the_platform_is_chosen_from_an_index(self):
        images = [make_image(version) for version in ("10.0.17763.1", "10.0.20348.2", "10.0.26100.3")]
        index = oci.index(images)
        data = tar_of(oci_members(images, index_json(named(index, NAME)), [index]))
        self.load(data, "--platform", "windows/amd64:10.0.17763.9")
        self.assertEqual(self.records(), {NAME: images[0].manifest.digest})
        expected = {**archives.blobs_of(images[0]), index.digest: index}
        self.assertEqual(set(self.store.blobs()), {archives.hex_of(digest) for digest in expected})
        # The index is not in what is saved, so that everything there is to be found.
        entry, = json.loads(read_tar(self.save(NAME))["index.json"])["manifests"]
        self.assertEqual(entry["digest"], images[0].manifest.digest)
        self.load(data)
        self.assertEqual(self.records(), {NAME: images[2].manifest.digest})

    def test_only_the_chosen_platform_must_be_whole(self):
        images = [make_image(version) for version in ("10.0.17763.1", "10.0.20348.2")]
        index = oci.index(images)
        data = tar_of(oci_members([images[1]], index_json(named(index, NAME)), [index]))
        self.load(data, "--platform", "windows/amd64:10.0.20348")
        done = self.wrun("load", "--platform", "windows/amd64:10.0.17763", data=data, code=INTEGRITY)
        self.assertIn(f"the archive lacks {images[0].manifest.digest}", done.stderr)

    def test_entries_of_one_name_are_platforms_of_one_image(self):
        images = [make_image(version) for version in ("10.0.17763.1", "10.0.20348.2")]
        entries = [named(x.manifest, NAME, platform=x.platform()) for x in images]
        self.load(tar_of(oci_members(images, index_json(*entries))), "--platform", "windows/amd64:10.0.17763")
        self.check_holds(images[0])

    def test_one_image_is_taken_whatever_its_version(self):
        image = make_image("10.0.14393.1")
        self.assertEqual(self.load(oci_archive(image)), [NAME])
        self.store = self.other_store("strict")
        self.refuse(oci_archive(image), "no image for windows/amd64 10.0.20348", code=NO_IMAGE,
                    arguments=["--platform", "windows/amd64:10.0.20348"])

    def test_an_image_of_another_system_is_refused(self):
        self.refuse(oci_archive(make_image(None, os="linux")), "linux/amd64 (not a Windows image)", code=NO_IMAGE)

    def test_a_version_that_is_missing_stays_missing(self):
        image = make_image(None)
        self.load(oci_archive(image))
        self.check_holds(image)

    def test_where_names_come_from(self):
        image = make_image()
        rows = [
            (dict(name="app:1"), ["docker.io/library/app:1"]),
            (dict(name=NAME, ref="other"), [NAME]),
            (dict(ref="example.org/x/y:2"), ["example.org/x/y:2"]),
            (dict(ref="app:2"), ["docker.io/library/app:2"]),
        ]
        for annotations, expected in rows:
            with self.subTest(annotations):
                data = tar_of(oci_members([image], index_json(named(image.manifest, **annotations))))
                self.assertEqual(self.load(data), expected)

    def test_an_image_without_a_full_name(self):
        image = make_image()
        for ref in (None, "latest", "not a / name"):
            data = tar_of(oci_members([image], index_json(named(image.manifest, ref=ref))))
            with self.subTest(ref):
                self.refuse(data, image.manifest.digest, "hint: name it with --tag", code=USAGE)
        self.assertEqual(self.load(data, "--tag", "app:3"), ["docker.io/library/app:3"])
        self.check_holds(image)

    def test_tag_is_for_one_image(self):
        images = [make_image(), make_image(layers=1)]
        entries = [named(x.manifest, f"example.org/x:{i}") for i, x in enumerate(images)]
        self.refuse(tar_of(oci_members(images, index_json(*entries))), "holds 2 images", code=USAGE,
                    arguments=["--tag", "app:1"])

    def test_a_name_that_is_taken_moves(self):
        self.load(oci_archive(make_image()))
        other = make_image(layers=1)
        self.load(oci_archive(other))
        self.assertEqual(self.records(), {NAME: other.manifest.digest})

    def test_layers_that_the_store_has_need_not_come(self):
        image = make_image()
        self.load(oci_archive(image))
        second = oci.Image(image.layers, {"Cmd": ["else"]}, os_version="10.0.20348.5")
        members = [entry for entry in oci_members([second], index_json(named(second.manifest, "example.org/x:1")))
                   if entry[0] not in [blob_member(layer)[0] for layer in image.layers]]
        self.assertEqual(self.load(tar_of(members)), ["example.org/x:1"])


class DockerArchives(archives.ArchiveTestCase):
    def setUp(self):
        super().setUp()
        self.tars = [layer_tar(0), layer_tar(1)]
        self.image = oci.Image([oci.Layer(tar) for tar in self.tars], {"Cmd": ["cmd"]}, os_version="10.0.20348.1")

    def check_layers(self, suffix=""):
        manifest = self.manifest_of()
        self.assertEqual(manifest["config"]["digest"], self.image.config.digest)
        self.assertEqual({x["mediaType"] for x in manifest["layers"]},
                         {"application/vnd.docker.image.rootfs.diff.tar" + suffix})
        return [x["digest"] for x in manifest["layers"]]

    def test_of_docker_before_25(self):
        data = tar_of(docker_members(self.tars, self.image, ["demo/app:1", "demo/app:2"]))
        self.assertEqual(self.load(data), ["docker.io/demo/app:1", "docker.io/demo/app:2"])
        self.assertEqual(self.check_layers(), [layer.diff_id for layer in self.image.layers])
        first = self.records()
        self.load(data)
        self.assertEqual(self.records(), first)  # the manifest is composed, always the same

    def test_equal_layers_are_links(self):
        tars = [self.tars[0], self.tars[0]]
        image = oci.Image([oci.Layer(tar) for tar in tars], os_version="10.0.20348.1")
        for kind, target in ((tarfile.SYMTYPE, "../{}/layer.tar"), (tarfile.LNKTYPE, "{}/layer.tar")):
            ids = [archives.layer_id(0), archives.layer_id(1)]
            members = [entry for entry in docker_members(tars, image, ["demo/app:1"], ids)
                       if entry[0] != ids[1] + "/layer.tar"]
            members.insert(3, member(ids[1] + "/layer.tar", kind=kind, target=target.format(ids[0])))
            with self.subTest(target):
                self.assertEqual(self.load(tar_of(members)), ["docker.io/demo/app:1"])
                self.assertEqual([x["digest"] for x in self.manifest_of()["layers"]], [image.layers[0].diff_id] * 2)

    def test_compressed_layers(self):
        """As crane writes them; the diff id is that of the content."""
        packed = [layer.data for layer in self.image.layers]
        names = [archives.hex_of(layer.digest) + ".tar.gz" for layer in self.image.layers]
        entry = {"Config": self.image.config.digest, "RepoTags": ["demo/app:1"], "Layers": names}
        members = [(self.image.config.digest, self.image.config.data), *zip(names, packed),
                   ("manifest.json", oci.dump([entry]))]
        self.load(tar_of(members))
        self.assertEqual(self.check_layers(".gzip"), [layer.digest for layer in self.image.layers])
        wrong = gzip.compress(layer_tar(7), mtime=0)
        members[1] = (names[0], wrong)
        self.store = self.other_store("wrong")
        self.refuse(tar_of(members), "layer 1 of 2", "where the configuration says", code=INTEGRITY)

    def test_without_tags(self):
        for tags in (None, []):
            self.refuse(tar_of(docker_members(self.tars, self.image, tags)), "--tag", code=USAGE)
        self.assertEqual(self.load(tar_of(docker_members(self.tars, self.image, None)), "--tag", "x/y"),
                         ["docker.io/x/y:latest"])

    def test_the_layout_is_preferred_where_both_are(self):
        members = oci_members([self.image], index_json(named(self.image.manifest, NAME)))
        members += docker_members(self.tars, self.image, ["demo/app:1"])
        self.assertEqual(self.load(tar_of(members)), [NAME])
        self.check_holds(self.image)

    def test_layers_in_another_order(self):
        members = docker_members(self.tars, self.image, ["demo/app:1"])
        entry = json.loads(members[-2][1])
        entry[0]["Layers"].reverse()
        members[-2] = ("manifest.json", oci.dump(entry))
        self.refuse(tar_of(members), "layer 1 of 2", hashlib.sha256(self.tars[0]).hexdigest(), code=INTEGRITY)

    def test_layers_that_are_too_few(self):
        members = docker_members(self.tars[:1], self.image, ["demo/app:1"])
        self.refuse(tar_of(members), "2 layers where manifest.json has 1", code=INTEGRITY)


class Imports(archives.ArchiveTestCase):
    REFERENCE = "example.org/demo/base:1"

    def import_layer(self, data, *arguments, code=0):
        done = self.wrun("import", *arguments, self.path("layer.tar", data), self.REFERENCE, code=code)
        self.check_sound(self.store)
        return done

    def test_a_layer_stays_as_it_is(self):
        tar = layer_tar()
        zstd = subprocess.run(["zstd", "-qc"], input=tar, capture_output=True, check=True).stdout
        for data, suffix in ((tar, ""), (gzip.compress(tar, mtime=0), ".gzip"), (zstd, ".zstd")):
            with self.subTest(suffix):
                self.store = self.other_store("s" + suffix)
                done = self.import_layer(data, "--os-version", "10.0.20348.7")
                digest = self.records()[self.REFERENCE]
                self.assertEqual(done.stdout.decode(), f"{self.REFERENCE}@{digest}\n")
                layer, = self.manifest_of()["layers"]
                self.assertEqual(layer["mediaType"], "application/vnd.docker.image.rootfs.diff.tar" + suffix)
                self.assertEqual(self.store.path(layer["digest"]).read_bytes(), data)
                config = json.loads(self.store.path(self.manifest_of()["config"]["digest"]).read_bytes())
                self.assertEqual(config["rootfs"]["diff_ids"], [oci.digest(tar)])
                self.assertEqual((config["os"], config["architecture"], config["os.version"]),
                                 ("windows", "amd64", "10.0.20348.7"))
                self.import_layer(data, "--os-version", "10.0.20348.7")
                self.assertEqual(self.records()[self.REFERENCE], digest)
                self.assertEqual(self.load(self.save(self.REFERENCE), store=self.other_store("t" + suffix)),
                                 [self.REFERENCE])

    def test_from_a_pipe(self):
        self.wrun("import", "--os-version", "10.0.20348", "-", self.REFERENCE, data=layer_tar())
        self.assertEqual(list(self.records()), [self.REFERENCE])

    def test_what_is_no_windows_layer(self):
        linux = tar_of([member("./", kind=tarfile.DIRTYPE), ("./etc/motd", b"hello")])
        rows = [
            (linux, "it has './etc/motd'"), (b"not a tar at all" * 100, ""), (b"", "the file is empty"),
            (bytes(1024), "it is empty"), (layer_tar()[:-3000], ""), (gzip.compress(layer_tar())[:-20], "cut short"),
            (tar_of([("Files/../../x", b""), ("Windows/x", b"")]), "it has 'Windows/x'"),
        ]
        for data, text in rows:
            with self.subTest(data[:30]):
                done = self.import_layer(data, "--os-version", "10.0.20348", code=INTEGRITY)
                self.assertIn(text, done.stderr)
                self.check_empty()

    def test_what_lies_on_another_layer(self):
        delta = layertar.LayerTar().directories("Files", "Hives").file("Hives/System_Delta", b"x").bytes()
        done = self.import_layer(delta, "--os-version", "10.0.20348", code=INTEGRITY)
        self.assertIn("it is no base layer", done.stderr)
        self.assertIn("wrun layer import", done.stderr)
        self.check_empty()

    def test_instructions_and_a_message(self):
        self.import_layer(layer_tar(), "--os-version", "10.0.20348", "-m", "made by hand",
                          "-c", "CMD cmd /c echo hi", "--change", "ENV A=B C=D")
        config = json.loads(self.store.path(self.manifest_of()["config"]["digest"]).read_bytes())
        self.assertEqual(config["config"]["Env"], ["A=B", "C=D"])
        self.assertEqual(config["config"]["Cmd"], ["cmd /S /C cmd /c echo hi"])
        self.assertEqual(config["history"], [{"comment": "made by hand"}])
        done = self.import_layer(layer_tar(), "--os-version", "10.0.20348", "-c", "RUN x", code=USAGE)
        self.assertIn("'RUN' is no instruction", done.stderr)

    def test_a_directory_is_no_file(self):
        done = self.wrun("import", "--os-version", "10.0.20348", self.folder, self.REFERENCE, code=USAGE)
        self.assertIn("is a directory, not a file", done.stderr)

    def test_the_version_must_be_known(self):
        self.assertIn("add --os-version", self.import_layer(layer_tar(), code=USAGE).stderr)
        self.assertIn("'eleven'", self.import_layer(layer_tar(), "--os-version", "eleven", code=USAGE).stderr)
        self.check_absent()

    def check_absent(self):
        self.assertFalse(self.store.root.exists())
