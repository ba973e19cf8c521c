# SPDX-License-Identifier: MIT
"""What a registry serves: names, platforms, manifests that are wrong in every way."""
import json
import socket

import fault_registry as faults
from pulling import INTEGRITY, NO_IMAGE, NOT_FOUND, REGISTRY, UNSUPPORTED, FaultTestCase, make_image, noise_layer, oci

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class OrdinaryTest(FaultTestCase):
    def test_everything_arrives(self):
        answer = self.pull_json(self.reference)
        self.assertEqual(answer["digest"], self.image.manifest.digest)
        self.assertEqual([x["digest"] for x in answer["layers"]], [x.digest for x in self.image.layers])
        self.check_stored(self.image)
        record, = self.store.references()
        self.assertEqual((record["reference"], record["digest"], record["mediaType"], record["size"]),
                         (self.reference, self.image.manifest.digest, oci.DOCKER_MANIFEST,
                          len(self.image.manifest.data)))

    def test_requests_introduce_themselves(self):
        self.pull(self.reference)
        request, = self.registry.seen("/manifests/")
        self.assertRegex(request.headers["User-Agent"], r"^wrun/\d+\.\d+\.\d+ \((linux|windows); \w+\)$")
        for media_type in (oci.DOCKER_INDEX, oci.DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST):
            self.assertIn(media_type, request.headers["Accept"])
        for request in self.registry.requests:
            self.assertNotIn("Accept-Encoding", request.headers)
            self.assertNotIn("Authorization", request.headers)

    def test_a_second_pull_only_looks_the_tag_up(self):
        self.pull(self.reference)
        self.registry.forget()
        self.pull(self.reference)
        self.assertEqual([r.path for r in self.registry.requests], ["/v2/a/b/manifests/1"])

    def test_a_complete_digest_needs_no_network(self):
        pinned = f"{self.registry.address}/a/b@{self.image.manifest.digest}"
        self.pull(pinned)
        self.registry.forget()
        answer = self.pull_json(pinned)
        self.assertEqual(answer["digest"], self.image.manifest.digest)
        self.assertEqual(self.registry.requests, [])

    def test_a_moved_tag_is_followed_and_shared_layers_stay(self):
        self.pull(self.reference)
        newer = oci.Image([self.image.layers[0], noise_layer(2000, 77)], os_version="10.0.20348.3000")
        self.registry.put_image("a/b", newer, "1")
        self.registry.forget()
        self.assertEqual(self.pull_json(self.reference)["digest"], newer.manifest.digest)
        self.assertEqual(len(self.registry.seen(self.image.layers[0].digest)), 0)
        self.check_stored(newer)
        self.assertEqual([r["digest"] for r in self.store.references()], [newer.manifest.digest])

    def test_equal_layers_are_fetched_once(self):
        layer = noise_layer(3000)
        self.registry.put_image("a/twice", oci.Image([layer, layer, layer]), "1")
        answer = self.pull_json(f"{self.registry.address}/a/twice:1")
        self.assertEqual(len(answer["layers"]), 3)
        self.assertEqual(len(self.registry.seen(layer.digest)), 1)

    def test_damaged_documents_in_the_store_are_fetched_again(self):
        index = oci.index([self.image])
        self.registry.put_index("a/b", "index", index, [self.image])
        reference = f"{self.registry.address}/a/b:index"
        self.pull(reference)
        for blob in (self.image.manifest, self.image.config):
            damaged = bytearray(blob.data)
            damaged[len(damaged) // 2] ^= 1
            self.store.path(blob.digest).write_bytes(damaged)
            self.pull(reference)
            self.check_stored(self.image)

    def test_a_cut_layer_in_the_store_is_fetched_again(self):
        self.pull(self.reference)
        self.store.path(self.layer_path()).write_bytes(b"")
        self.pull(self.reference)
        self.check_stored(self.image)


class NameTest(FaultTestCase):
    def test_unknown_tag(self):
        done = self.pull(f"{self.registry.address}/a/b:2", code=NOT_FOUND)
        self.check_says(done, "the repository has no '2'", "MANIFEST_UNKNOWN", "hint: check the tag")
        self.check_nothing_recorded()

    def test_unknown_digest(self):
        absent = oci.digest(b"absent")
        done = self.pull(f"{self.registry.address}/a/b@{absent}", code=NOT_FOUND)
        self.check_says(done, f"the repository has no '{absent}'")

    def test_unknown_repository(self):
        done = self.pull(f"{self.registry.address}/a/c:1", code=NOT_FOUND)
        self.check_says(done, "there is no repository 'a/c'", "hint: check the name of the repository")

    def test_registry_down(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            done = self.pull(f"{address}/a/b:1", code=REGISTRY, timeout=20)
        self.check_says(done, address, "Failed to connect", "hint: check that the registry is running")

    def test_unknown_host(self):
        done = self.pull("registry.invalid:5000/a/b:1", code=REGISTRY)
        self.check_says(done, "registry.invalid", "hint: check the name of the registry")

    def test_no_registry_but_a_web_server(self):
        self.registry.fault("/", faults.status(404, b"<html>\x1b]0;owned\x07</html>"))
        done = self.pull(self.reference, "--verbose", code=NOT_FOUND)
        self.assertNotIn("\x1b", done.stderr)

    def test_hostile_error_text_is_harmless(self):
        self.registry.fault("/manifests/", faults.error(403, "DENIED", "\x1b[2Jgone\r\n\u009b1m" + "x" * 5000))
        done = self.pull(self.reference, "--verbose", code=REGISTRY)
        self.check_says(done, "DENIED: ?[2Jgone", "the image may be private")
        self.assertNotIn("\x1b", done.stderr)
        self.assertNotIn("\u009b", done.stderr)
        self.assertLess(len(done.stderr), 4000)


class PlatformTest(FaultTestCase):
    def put(self, *images):
        self.registry.put_index("a/multi", "1", oci.index(images), images)
        return f"{self.registry.address}/a/multi:1"

    def check_no_layers(self, *images):
        for image in images:
            for layer in image.layers:
                self.assertEqual(self.registry.seen(layer.digest), [])

    def test_the_host_chooses(self):
        images = [make_image("10.0.17763.5458"), make_image("10.0.20348.405"), make_image("10.0.20348.2322"),
                  make_image("10.0.26100.1742"), make_image(None, os="linux")]
        reference = self.put(*images)
        for host, expected in [("10.0.17763.1", 0), ("10.0.20348.3000", 2), ("10.0.20348.500", 1),
                               ("10.0.22631.1", 2), ("10.0.26100.1", 3)]:
            answer = self.pull_json(reference, "--platform", f"windows/amd64:{host}")
            self.assertEqual(answer["digest"], images[expected].manifest.digest, host)

    def test_linux_only(self):
        image = make_image(None, os="linux")
        done = self.pull(self.put(image), code=NO_IMAGE)
        self.check_says(done, "linux/amd64 (not a Windows image)", "hint:")
        self.check_no_layers(image)
        self.check_nothing_recorded()

    def test_linux_image_without_an_index(self):
        image = make_image(None, os="linux")
        self.registry.put_image("a/linux", image, "1")
        done = self.pull(f"{self.registry.address}/a/linux:1", code=NO_IMAGE)
        self.check_says(done, "linux/amd64 (not a Windows image)")
        self.check_no_layers(image)

    def test_other_builds_only(self):
        images = [make_image("10.0.17763.5458"), make_image("10.0.26100.1742")]
        done = self.pull(self.put(*images), "--platform", "windows/amd64:10.0.20348.1", code=NO_IMAGE)
        self.check_says(done, "no image for windows/amd64 10.0.20348 (process isolation)",
                        "windows/amd64 10.0.17763.5458 (too old), windows/amd64 10.0.26100.1742 (too new)")
        self.check_no_layers(*images)

    def test_the_configuration_has_the_last_word(self):
        image = make_image("10.0.26100.1742")
        image.os_version = "10.0.20348.1"  # what the index will say
        done = self.pull(self.put(image), "--platform", "windows/amd64:10.0.20348.1", code=NO_IMAGE)
        self.check_says(done, "windows/amd64 10.0.26100.1742 (too new)")
        self.check_no_layers(image)

    def test_an_index_in_an_index(self):
        inner = oci.index([self.image])
        outer = oci.Blob(oci.dump({"schemaVersion": 2, "manifests": [inner.descriptor()]}), OCI_INDEX)
        self.registry.put_index("a/nested", "inner", inner, [self.image])
        self.registry.put_manifest("a/nested", "1", outer.data, outer.media_type)
        answer = self.pull_json(f"{self.registry.address}/a/nested:1")
        self.assertEqual(answer["digest"], self.image.manifest.digest)

    def test_indexes_without_end(self):
        blob = oci.Blob(oci.dump({"schemaVersion": 2, "manifests": [self.image.manifest.descriptor()]}), OCI_INDEX)
        for _ in range(4):
            self.registry.put_manifest("a/deep", blob.digest, blob.data, blob.media_type)
            blob = oci.Blob(oci.dump({"schemaVersion": 2, "manifests": [blob.descriptor()]}), OCI_INDEX)
        self.registry.put_manifest("a/deep", "1", blob.data, blob.media_type)
        done = self.pull(f"{self.registry.address}/a/deep:1", code=INTEGRITY)
        self.check_says(done, "more than 3 indexes")


class ManifestTest(FaultTestCase):
    def check_refused(self, data, code, *texts, media_type=OCI_MANIFEST):
        self.registry.put_manifest("a/bad", "1", data, media_type)
        done = self.pull(f"{self.registry.address}/a/bad:1", code=code)
        self.check_says(done, *texts)
        self.check_nothing_recorded()

    def test_not_json(self):
        self.check_refused(b"<html>", INTEGRITY, "image manifest")

    def test_web_page(self):
        self.check_refused(b"<html>", UNSUPPORTED, "text/html", media_type="text/html")

    def test_too_large(self):
        self.check_refused(b" " * (4 * 1024 * 1024 + 1), INTEGRITY, "4194304")

    def test_deeply_nested(self):
        self.check_refused(b"[" * 2_000_000, INTEGRITY, "image manifest")

    def test_schema_1(self):
        self.check_refused(b'{"schemaVersion":1,"fsLayers":[]}', UNSUPPORTED, "schema 1",
                           media_type="application/vnd.docker.distribution.manifest.v1+prettyjws")

    def test_two_meanings(self):
        document = json.loads(self.image.manifest.data)
        document["manifests"] = []
        self.check_refused(oci.dump(document), INTEGRITY, "manifests", media_type=oci.DOCKER_MANIFEST)

    def test_another_type_than_declared(self):
        self.check_refused(self.image.manifest.data, INTEGRITY, "was sent as")

    def test_a_digest_that_is_a_path(self):
        document = json.loads(self.image.manifest.data)
        document["layers"][0]["digest"] = "sha256:../../../../etc/passwd"
        self.check_refused(oci.dump(document), INTEGRITY, "layers[0].digest", media_type=oci.DOCKER_MANIFEST)

    def test_other_content_than_the_digest(self):
        other = make_image("10.0.17763.1")
        self.registry.put_manifest("a/b", self.image.manifest.digest, other.manifest.data, oci.DOCKER_MANIFEST)
        done = self.pull(f"{self.registry.address}/a/b@{self.image.manifest.digest}", code=INTEGRITY)
        self.check_says(done, f"expected {self.image.manifest.digest}, got {other.manifest.digest}")

    def test_another_size_than_the_index_says(self):
        entry = self.image.manifest.descriptor(platform=self.image.platform())
        entry["size"] += 1
        index = oci.Blob(oci.dump({"schemaVersion": 2, "manifests": [entry]}), OCI_INDEX)
        self.registry.put_manifest("a/b", "index", index.data, index.media_type)
        done = self.pull(f"{self.registry.address}/a/b:index", code=INTEGRITY)
        self.check_says(done, "were promised")

    def test_other_layers_than_the_configuration(self):
        image = make_image(layers=3)
        document = json.loads(image.manifest.data)
        del document["layers"][1]
        self.registry.put_image("a/bad", image)
        self.check_refused(oci.dump(document), INTEGRITY, "3 layers where the manifest has 2",
                           media_type=oci.DOCKER_MANIFEST)

    def test_configuration_too_large(self):
        document = json.loads(self.image.manifest.data)
        document["config"]["size"] = 8 * 1024 * 1024 + 1
        self.check_refused(oci.dump(document), INTEGRITY, "larger than 8388608", media_type=oci.DOCKER_MANIFEST)

    def test_configuration_not_json(self):
        config = oci.Blob(b"not json", oci.DOCKER_CONFIG)
        self.registry.blobs[config.digest] = config.data
        document = json.loads(self.image.manifest.data)
        document["config"] = config.descriptor()
        self.check_refused(oci.dump(document), INTEGRITY, "image configuration", media_type=oci.DOCKER_MANIFEST)
