# SPDX-License-Identifier: MIT
"""Archives exchanged with skopeo, umoci and containerd: each side reads what the other wrote."""
import json
import os
import shutil
import socket
import subprocess
import time
import unittest

import archives
from archives import NAME, blob_member, index_json, layer_tar, named, oci, oci_archive, oci_members, tar_of

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


class OciImage(oci.Image):
    """The same image in OCI's own media types, which umoci and skopeo's OCI side insist on."""

    def __init__(self, layers, **more):
        super().__init__(layers, {"Cmd": ["cmd"]}, **more)
        config = json.loads(self.config.data)
        config["history"] = [{"created_by": "a test"} for _ in layers]
        self.config = oci.Blob(oci.dump(config), OCI_CONFIG)
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": self.config.descriptor(),
                    "layers": [layer.descriptor() for layer in layers]}
        self.manifest = oci.Blob(oci.dump(manifest), OCI_MANIFEST)


def make_oci_image():
    return OciImage([oci.Layer(layer_tar(i), OCI_LAYER) for i in range(2)], os_version="10.0.20348.1")


class PeerTestCase(archives.ArchiveTestCase):
    PROGRAM = None

    def setUp(self):
        super().setUp()
        if not shutil.which(self.PROGRAM):
            self.skipTest(f"{self.PROGRAM} is not installed")
        self.image = make_oci_image()
        self.load(oci_archive(self.image))
        self.docker_image = archives.make_image()
        self.docker_name = "example.org/demo/docker:2"
        self.load(oci_archive(self.docker_image, self.docker_name))

    def call(self, *arguments):
        done = subprocess.run([self.PROGRAM, *map(str, arguments)], capture_output=True, check=False, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout

    def saved(self, name, *references):
        path = self.path(name)
        self.save("-o", path, *references)
        return path

    def check_layers(self, image, store):
        """The image came in with these layers, uncompressed or not, under a configuration of its own."""
        manifest = self.manifest_of(store)
        config = json.loads(store.path(manifest["config"]["digest"]).read_bytes())
        self.assertEqual(config["rootfs"]["diff_ids"], [layer.diff_id for layer in image.layers])
        return manifest


class Skopeo(PeerTestCase):
    PROGRAM = "skopeo"

    def copy(self, *arguments):
        return self.call("--override-os", "windows", "--insecure-policy", "copy", "--quiet", *arguments)

    def test_reads_our_oci_archive(self):
        path = self.saved("ours.tar", NAME)
        self.assertEqual(self.call("inspect", "--raw", f"oci-archive:{path}:1"), self.image.manifest.data)
        self.copy("--preserve-digests", f"oci-archive:{path}:1", f"dir:{self.path('out')}")
        self.assertEqual((self.path("out") / "manifest.json").read_bytes(), self.image.manifest.data)
        for layer in self.image.layers:
            self.assertEqual((self.path("out") / archives.hex_of(layer.digest)).read_bytes(), layer.data)

    def test_reads_our_archive_as_dockers(self):
        path = self.saved("ours.tar", NAME, self.docker_name)
        for name, image in ((NAME, self.image), (self.docker_name, self.docker_image)):
            config = self.call("--override-os", "windows", "inspect", "--config", "--raw", f"docker-archive:{path}:{name}")
            self.assertEqual(config, image.config.data)
            layers = json.loads(self.call("--override-os", "windows", "inspect", f"docker-archive:{path}:{name}"))["Layers"]
            self.assertEqual(layers, [layer.diff_id for layer in image.layers])
            out = self.path("out-" + name.rsplit(":", 1)[1])
            self.copy(f"docker-archive:{path}:{name}", f"dir:{out}")

    def test_reads_our_directory(self):
        self.save("--format", "oci-dir", "-o", self.path("layout"), NAME)
        self.assertEqual(self.call("inspect", "--raw", f"oci:{self.path('layout')}:1"), self.image.manifest.data)

    def test_writes_an_oci_archive(self):
        source = self.saved("ours.tar", NAME)
        self.copy("--preserve-digests", f"oci-archive:{source}:1", f"oci-archive:{self.path('theirs.tar')}:example.org/x/y:3")
        store = self.other_store("other")
        self.assertEqual(self.load(self.path("theirs.tar").read_bytes(), store=store), ["example.org/x/y:3"])
        self.check_holds(self.image, store)

    def test_writes_an_oci_archive_with_a_tag_only(self):
        source = self.saved("ours.tar", NAME)
        self.copy("--preserve-digests", f"oci-archive:{source}:1", f"oci-archive:{self.path('theirs.tar')}:latest")
        store = self.other_store("other")
        done = self.wrun("load", "-i", self.path("theirs.tar"), store=store, code=2)
        self.assertIn("(only 'latest')", done.stderr)
        self.wrun("load", "-i", self.path("theirs.tar"), "--tag", "x/y:latest", store=store)
        self.check_holds(self.image, store)

    def test_writes_a_docker_archive(self):
        source = self.saved("ours.tar", self.docker_name)
        self.copy(f"docker-archive:{source}", f"docker-archive:{self.path('theirs.tar')}:example.org/x/y:4")
        names = archives.names_of(self.path("theirs.tar").read_bytes())
        self.assertTrue([name for name in names if name.endswith("/layer.tar")], names)
        store = self.other_store("other")
        self.assertEqual(self.load(self.path("theirs.tar").read_bytes(), store=store), ["example.org/x/y:4"])
        manifest = self.check_layers(self.docker_image, store)
        self.assertEqual([x["digest"] for x in manifest["layers"]], [x.diff_id for x in self.docker_image.layers])
        # What we composed is an image that skopeo reads again.
        self.wrun("save", "-o", self.path("again.tar"), "example.org/x/y:4", store=store)
        config = self.call("--override-os", "windows", "inspect", "--config", "--raw",
                           f"docker-archive:{self.path('again.tar')}")
        self.assertEqual(config, store.path(manifest["config"]["digest"]).read_bytes())


class Umoci(PeerTestCase):
    PROGRAM = "umoci"

    def test_reads_and_changes_our_directory(self):
        layout = self.path("layout")
        self.save("--format", "oci-dir", "-o", layout, NAME)
        self.assertEqual(self.call("ls", "--layout", layout).split(), [b"1"])
        stat = json.loads(self.call("stat", "--json", "--image", f"{layout}:1"))
        digests = [x["layer"]["digest"] for x in stat["history"] if x["layer"]]
        self.assertEqual(digests, [layer.digest for layer in self.image.layers])
        # Our files are read-write, as umoci wants to add to them.
        self.call("config", "--image", f"{layout}:1", "--tag", "changed", "--config.cmd", "other")
        self.call("rm", "--image", f"{layout}:1")
        store = self.other_store("other")
        self.wrun("load", "-i", layout, "--tag", "x/y:1", store=store)
        manifest = self.check_layers(self.image, store)
        config = json.loads(store.path(manifest["config"]["digest"]).read_bytes())
        self.assertEqual(config["config"]["Cmd"], ["other"])


@unittest.skipUnless(os.geteuid() == 0, "containerd needs root")
class Containerd(PeerTestCase):
    PROGRAM = "ctr"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if not shutil.which("containerd"):
            raise unittest.SkipTest("containerd is not installed")
        cls.home = archives.pathlib.Path(archives.tempfile.mkdtemp(prefix="wrun-ctr-"))
        cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        (cls.home / "config.toml").write_text(
            f'version = 2\nroot = "{cls.home}/root"\nstate = "{cls.home}/state"\n'
            'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]\n'
            f'[grpc]\naddress = "{cls.home}/sock"\n')
        cls.log = open(cls.home / "log", "w", encoding="utf-8")
        cls.addClassCleanup(cls.log.close)
        cls.daemon = subprocess.Popen(["containerd", "-c", str(cls.home / "config.toml")], stdout=cls.log, stderr=cls.log)
        cls.addClassCleanup(cls.stop)
        if not cls.answers():
            raise unittest.SkipTest("containerd does not start here: " + (cls.home / "log").read_text()[-500:])

    @classmethod
    def stop(cls):
        cls.daemon.terminate()
        cls.daemon.wait(20)

    @classmethod
    def answers(cls):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and cls.daemon.poll() is None:
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(str(cls.home / "sock")) == 0:
                    return True
            time.sleep(0.05)
        return False

    def ctr(self, *arguments):
        return self.call("--address", self.home / "sock", "--namespace", self.id().rsplit(".", 1)[1].replace("_", "-"),
                         "images", *arguments)

    def test_there_and_back_again(self):
        self.ctr("import", "--all-platforms", "--no-unpack", self.saved("ours.tar", NAME, self.docker_name))
        listed = {line.split()[0]: line.split()[2] for line in self.ctr("ls").decode().splitlines()[1:]}
        self.assertEqual(listed, {NAME: self.image.manifest.digest, self.docker_name: self.docker_image.manifest.digest})
        self.ctr("export", "--platform", "windows/amd64", self.path("theirs.tar"), NAME, self.docker_name)
        store = self.other_store("other")
        names = self.load(self.path("theirs.tar").read_bytes(), store=store)
        self.assertEqual(sorted(names), sorted([NAME, self.docker_name]))
        self.assertEqual(store.blobs(), self.store.blobs())
        self.assertEqual(self.records(store), self.records())

    def test_an_image_of_several_platforms(self):
        images = [archives.make_image(version) for version in ("10.0.17763.1", "10.0.20348.2")]
        images.append(archives.make_image(None, os="linux"))
        index = oci.index(images)
        everything = self.path("all.tar", tar_of(oci_members(images, index_json(named(index, NAME)), [index])))
        self.ctr("import", "--all-platforms", "--no-unpack", everything)
        self.ctr("export", "--all-platforms", self.path("theirs.tar"), NAME)
        store = self.other_store("other")
        self.wrun("load", "-i", self.path("theirs.tar"), "--platform", "windows/amd64:10.0.17763", store=store)
        self.assertEqual(self.records(store), {NAME: images[0].manifest.digest})
        self.check_sound(store)

    def test_foreign_layers(self):
        """Base layers of Microsoft's images before June 2023."""
        layer = oci.Layer(layer_tar(), "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
        image = oci.Image([layer], os_version="10.0.17763.1")
        manifest = json.loads(image.manifest.data)
        manifest["layers"][0]["urls"] = ["https://example.org/layer"]
        image.manifest = oci.Blob(oci.dump(manifest), oci.DOCKER_MANIFEST)
        name = "example.org/demo/foreign:1"
        self.load(oci_archive(image, name))
        path = self.saved("ours.tar", name)
        self.assertIn(blob_member(layer)[0], archives.names_of(path.read_bytes()))
        self.ctr("import", "--all-platforms", "--no-unpack", path)
        self.ctr("export", "--platform", "windows/amd64", self.path("theirs.tar"), name)
        store = self.other_store("other")
        self.assertEqual(self.load(self.path("theirs.tar").read_bytes(), store=store), [name])
        self.check_holds(image, store)
        self.ctr("export", "--platform", "windows/amd64", "--skip-non-distributable", self.path("less.tar"), name)
        self.refuse_less(self.path("less.tar"), layer)

    def refuse_less(self, path, layer):
        store = self.other_store("less")
        done = self.wrun("load", "-i", path, store=store, code=6)
        self.assertIn(f"the archive lacks {layer.digest}", done.stderr)
        self.assertEqual(store.blobs(), {})
