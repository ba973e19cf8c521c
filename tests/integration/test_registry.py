# SPDX-License-Identifier: MIT
"""`wrun pull` from Debian's docker-registry, filled by plain requests and by skopeo."""
import pathlib
import shutil
import subprocess

import pulling
from pulling import NO_IMAGE, NOT_FOUND, REGISTRY, make_image, oci
from servers import DockerRegistry

BUILDS = ["10.0.17763.5458", "10.0.20348.405", "10.0.20348.2322", "10.0.26100.1742"]


class DockerRegistryTest(pulling.PullTestCase):
    MORE = ""

    def setUp(self):
        super().setUp()
        if not shutil.which("docker-registry"):
            self.skipTest("docker-registry is not installed")
        self.registry = DockerRegistry(pathlib.Path(self.folder) / "registry", self.MORE)
        self.addCleanup(self.registry.close)


class PlainTest(DockerRegistryTest):
    def setUp(self):
        super().setUp()
        self.images = [make_image(version) for version in BUILDS]
        self.linux = make_image(None, os="linux")
        client = oci.Registry(self.registry.address)
        client.push_index("demo/nanoserver", "ltsc2022", [self.linux, *self.images])
        client.push_index("demo/nanoserver", "linux-only", [self.linux])
        client.push_image("demo/single", self.images[2], "1")
        self.reference = f"{self.registry.address}/demo/nanoserver:ltsc2022"

    def test_the_image_for_the_host(self):
        answer = self.pull_json(self.reference, "--platform", "windows/amd64:10.0.20348.3000")
        self.assertEqual(answer["digest"], self.images[2].manifest.digest)
        self.assertEqual(answer["platform"]["osVersion"], "10.0.20348.2322")
        self.check_stored(self.images[2])

    def test_a_second_pull_does_no_work(self):
        self.pull(self.reference)
        before = len(self.registry.requests())
        self.pull(self.reference)
        self.assertEqual(self.registry.requests()[before:], ["GET /v2/demo/nanoserver/manifests/ltsc2022"])

    def test_by_digest_and_then_without_network(self):
        pinned = f"{self.registry.address}/demo/nanoserver@{self.images[1].manifest.digest}"
        self.pull(pinned)
        self.check_stored(self.images[1])
        self.registry.close()
        self.pull(pinned)

    def test_an_index_by_digest(self):
        index = oci.index([self.linux, *self.images])
        answer = self.pull_json(f"{self.registry.address}/demo/nanoserver@{index.digest}",
                                "--platform", "windows/amd64:10.0.17763.1")
        self.assertEqual(answer["digest"], self.images[0].manifest.digest)

    def test_an_image_without_index(self):
        answer = self.pull_json(f"{self.registry.address}/demo/single:1")
        self.assertEqual(answer["digest"], self.images[2].manifest.digest)

    def test_what_is_not_there(self):
        for name, text in [("demo/nanoserver:nope", "the repository has no 'nope'"),
                           ("demo/nope:1", "there is no repository 'demo/nope'")]:
            with self.subTest(name):
                self.check_says(self.pull(f"{self.registry.address}/{name}", code=NOT_FOUND), text)

    def test_no_image_for_windows(self):
        done = self.pull(f"{self.registry.address}/demo/nanoserver:linux-only", code=NO_IMAGE)
        self.check_says(done, "linux/amd64 (not a Windows image)")

    def test_what_skopeo_made_of_it(self):
        if not shutil.which("skopeo"):
            self.skipTest("skopeo is not installed")
        source, target = (f"docker://{self.registry.address}/demo/{name}" for name in ("single:1", "oci:1"))
        subprocess.run(["skopeo", "--override-os", "windows", "copy", "--quiet", "--format", "oci",
                        "--src-tls-verify=false", "--dest-tls-verify=false", source, target],
                       check=True, capture_output=True)
        answer = self.pull_json(f"{self.registry.address}/demo/oci:1")
        # The manifest is another one, in OCI's terms; the content is the same.
        self.assertNotEqual(answer["digest"], self.images[2].manifest.digest)
        self.assertEqual([x["digest"] for x in answer["layers"]], [x.digest for x in self.images[2].layers])
        record, = self.store.references()
        self.assertEqual(record["mediaType"], "application/vnd.oci.image.manifest.v1+json")


class PrivateTest(DockerRegistryTest):
    MORE = "auth:\n  htpasswd:\n    realm: a-realm\n    path: {folder}/passwords\n"

    def test_credentials_are_missing(self):
        done = self.pull(f"{self.registry.address}/a/b:1", code=REGISTRY)
        self.check_says(done, "wants a user name and a password", "hint: the image may be private")
