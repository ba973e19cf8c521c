# SPDX-License-Identifier: MIT
"""Manifests, indexes and configurations made to hurt."""
import json
import shutil

import fault_registry as faults
from pulling import INTEGRITY, REGISTRY, UNSUPPORTED, WRUN, FaultTestCase, make_image, oci, peak_mb

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SCHEMA_1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
MEMORY_MB = 64


class DocumentTest(FaultTestCase):
    """manifest: 4 MiB + 1, depth 2,000,000, duplicate keys, both `layers` + `manifests`, schema 1, wrong Content-Type, digests
    in upper case / short / `../..`: exit 7/6, no crash, small RSS."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The sanitizers keep what is freed.
        with open(shutil.which(WRUN), "rb") as program:
            cls.memory = 500 if b"__asan_init" in program.read() else MEMORY_MB

    def check_refused(self, data, *texts, code=INTEGRITY, media_type=oci.DOCKER_MANIFEST):
        self.registry.put_manifest("a/bad", "1", data, media_type)
        self.registry.put_manifest("a/bad", oci.digest(data), data, media_type)
        self.registry.forget()
        for name in ("a/bad:1", f"a/bad@{oci.digest(data)}"):
            result, said, peak = peak_mb(self.command(f"{self.registry.address}/{name}"), self.environment())
            self.assertEqual(result, code, said)
            for text in texts:
                self.assertIn(text, said)
            self.assertLess(len(said), 4000)
            self.assertLess(peak, self.memory)
        self.assertEqual(self.registry.seen("/blobs/"), [])
        self.check_store(code)
        self.check_nothing_recorded()

    def changed(self, change):
        """The image's manifest with something changed."""
        document = json.loads(self.image.manifest.data)
        change(document)
        return oci.dump(document)

    # ---- too much ----

    def test_too_large(self):
        self.check_refused(b" " * (4 << 20) + b"{", "4194304")
        self.check_refused(b" " * (100 << 20), "4194304")

    def test_without_end(self):
        self.registry.fault("/manifests/", faults.endless)
        self.check_says(self.pull(self.reference, code=INTEGRITY), "4194304")

    def test_the_largest_allowed(self):
        data = self.image.manifest.data.ljust(4 << 20)
        self.registry.put_manifest("a/b", "padded", data, oci.DOCKER_MANIFEST)
        self.pull(f"{self.registry.address}/a/b:padded")

    def test_deep(self):
        for data in (b"[" * 2_000_000, b'{"a":' * 800_000, b'{"layers":' + b"[" * 2_000_000,
                     b'{"config":' * 33 + b"{}" + b"}" * 33, b"[" * 2_000_000 + b"]" * 2_000_000):
            self.check_refused(data, "image manifest")

    def test_many(self):
        layer = self.image.layers[0].descriptor()
        self.check_refused(self.changed(lambda d: d.update(layers=[layer] * 513)), "512")
        entry = self.image.manifest.descriptor(platform=self.image.platform())
        self.check_refused(oci.dump({"schemaVersion": 2, "manifests": [entry] * 1001}), "1000", media_type=OCI_INDEX)
        keys = {f"key {number}": number for number in range(100_000)}
        self.registry.put_manifest("a/b", "keys", self.changed(lambda d: d.update(annotations=keys)), oci.DOCKER_MANIFEST)
        result, said, peak = peak_mb(self.command(f"{self.registry.address}/a/b:keys"), self.environment())
        self.assertIn(result, (0, INTEGRITY), said)
        self.assertLess(peak, self.memory)

    def test_long_strings(self):
        """Kept strings are of bounded length; that such a type is no layer's is the other reason to refuse it."""
        self.check_refused(self.changed(lambda d: d["layers"][0].update(mediaType="x" * 1_000_000)), "layers[0]",
                           code=UNSUPPORTED)

    # ---- two meanings ----

    def test_keys_that_come_twice(self):
        text = self.image.manifest.data.decode()
        other = json.dumps(make_image("10.0.17763.1").config.descriptor())
        for twice in (text[:-1] + f',"config":{other}}}', text[:-1] + ',"layers":[]}', text[:-1] + ',"schemaVersion":2}',
                      text.replace('"size":', '"size":1,"size":', 1)):
            self.check_refused(twice.encode(), "image manifest")

    def test_both_kinds(self):
        entry = self.image.manifest.descriptor(platform=self.image.platform())
        both = self.changed(lambda d: (d.pop("mediaType"), d.update(manifests=[entry])))
        for media_type in (oci.DOCKER_MANIFEST, OCI_MANIFEST, oci.DOCKER_INDEX, OCI_INDEX):
            with self.subTest(media_type):
                self.check_refused(both, "of another type", media_type=media_type)
        self.check_refused(oci.dump({"schemaVersion": 2, "manifests": [entry], "config": self.image.config.descriptor()}), "config",
                           media_type=OCI_INDEX)
        self.check_refused(self.changed(lambda d: d.update(fsLayers=[])), "fsLayers")

    def test_another_type_than_declared(self):
        self.check_refused(self.image.manifest.data, "was sent as", media_type=OCI_MANIFEST)
        self.check_refused(self.image.manifest.data, "was sent as", media_type=oci.DOCKER_INDEX)
        self.check_refused(self.image.manifest.data, "text/html", code=UNSUPPORTED, media_type="text/html")
        self.check_refused(self.image.manifest.data, code=UNSUPPORTED, media_type="application/octet-stream")

    def test_parameters_and_case_of_the_type_do_not_matter(self):
        for media_type in (f"{oci.DOCKER_MANIFEST}; charset=utf-8", oci.DOCKER_MANIFEST.replace("docker", "Docker")):
            self.registry.put_manifest("a/b", "odd", self.image.manifest.data, media_type)
            self.pull(f"{self.registry.address}/a/b:odd")
        self.check_stored(self.image)

    def test_no_type_at_all(self):
        data = self.changed(lambda d: d.pop("mediaType"))
        self.registry.fault("/manifests/", lambda handler: handler.reply(200, data))
        self.pull(self.reference, code=(INTEGRITY, UNSUPPORTED))
        self.check_nothing_recorded()

    def test_schema_1(self):
        for data, media_type in ((b'{"schemaVersion":1,"fsLayers":[]}', SCHEMA_1),
                                 (b'{"schemaVersion":1,"fsLayers":[]}', SCHEMA_1.replace("prettyjws", "json"))):
            self.check_refused(data, "schema 1", code=UNSUPPORTED, media_type=media_type)
        self.check_refused(self.changed(lambda d: d.update(schemaVersion=1)), "schema 1", code=UNSUPPORTED)
        self.check_refused(self.changed(lambda d: d.pop("schemaVersion")), "schemaVersion")

    # ---- values ----

    def test_digests(self):
        good = self.image.layers[0].digest
        for digest in (good.upper(), good.replace("sha256:", "sha256:").upper().replace("SHA256", "sha256"), good[:-1], good + "0",
                       "sha256:", "sha256:../../../../etc/passwd".ljust(71, "a"), "../../etc/passwd", "", "sha256", good[7:],
                       "sha256:" + "g" * 64, "md5:" + "0" * 32, good + "\n", good + "\0", 7, None, [], {}):
            with self.subTest(digest):
                self.check_refused(self.changed(lambda d, x=digest: d["layers"][0].update(digest=x)), "image manifest")
                self.check_refused(self.changed(lambda d, x=digest: d["config"].update(digest=x)), "image manifest")

    def test_algorithms_that_are_unknown(self):
        """Never taken for verified."""
        for digest in ("sha512:" + "0" * 128, "sha384:" + "0" * 96, "blake3:" + "0" * 64, "sha1:" + "0" * 40):
            with self.subTest(digest):
                self.check_refused(self.changed(lambda d, x=digest: d["layers"][0].update(digest=x)), "layers[0].digest")

    def test_sizes(self):
        for size in (-1, 2 ** 53 + 1, 2 ** 63, 2 ** 64, 1e300, 1.5, "10", None, [], True):
            with self.subTest(size):
                self.check_refused(self.changed(lambda d, x=size: d["layers"][0].update(size=x)), "image manifest: layers[0]")

    def test_shapes(self):
        for change, where in ((lambda d: d.update(layers={}), "layers"), (lambda d: d.update(layers=[7]), "layers[0]"),
                              (lambda d: d.update(layers=[None]), "layers[0]"), (lambda d: d.update(config=[]), "config"),
                              (lambda d: d.pop("config"), "config"), (lambda d: d.update(schemaVersion="2"), "schemaVersion"),
                              (lambda d: d.update(schemaVersion=2 ** 70), "schemaVersion")):
            with self.subTest(where):
                self.check_refused(self.changed(change), where)

    def test_texts(self):
        for data in (b"", b"null", b"7", b'"x"', b"[]", b"{}", b"\xef\xbb\xbf{", b"\0" * 100, b'{"a":"\xff"}', b"{'a':1}",
                     b'{"schemaVersion":NaN}', self.image.manifest.data + b"{}", self.image.manifest.data[:-1],
                     self.image.manifest.data.decode().encode("utf-16")):
            with self.subTest(data[:20]):
                self.check_refused(data, "image manifest")

    def test_none_of_its_own_bytes(self):
        """Asked for by digest, answered with something else; and a header that says it is right."""
        other = make_image("10.0.17763.1").manifest
        for part in ("@" + self.image.manifest.digest,):
            self.registry.fault("/manifests/", lambda handler: handler.reply(
                200, other.data, {"Content-Type": oci.DOCKER_MANIFEST, "Docker-Content-Digest": self.image.manifest.digest}))
            done = self.pull(f"{self.registry.address}/a/b{part}", code=INTEGRITY)
            self.check_says(done, f"expected {self.image.manifest.digest}, got {other.digest}")
        self.check_nothing_recorded()


class ConfigurationTest(FaultTestCase):
    """The same for the configuration, whose digest is right."""

    def check(self, data, *texts, code=INTEGRITY, size=None):
        config = oci.Blob(data, oci.DOCKER_CONFIG)
        document = json.loads(self.image.manifest.data)
        document["config"] = {**config.descriptor(), **({"size": size} if size else {})}
        self.registry.blobs[config.digest] = data
        self.registry.put_manifest("a/b", "odd", oci.dump(document), oci.DOCKER_MANIFEST)
        done = self.pull(f"{self.registry.address}/a/b:odd", code=code)
        self.check_says(done, *texts)
        self.assertEqual(self.registry.seen(self.layer_path()), [])
        self.check_nothing_recorded()

    def changed(self, change):
        document = json.loads(self.image.config.data)
        change(document)
        return oci.dump(document)

    def test_texts(self):
        for data in (b"null", b"[]", b"7", b"not json", b"[" * 2_000_000, b'{"config":' * 100_000, b"\xff\xfe{}"):
            with self.subTest(data[:20]):
                self.check(data, "image configuration")

    def test_values(self):
        for name, change in {"os": lambda d: d.update(os=7), "digest": lambda d: d["rootfs"].update(diff_ids=["sha256:../../x"]),
                             "no list": lambda d: d["rootfs"].update(diff_ids={}),
                             "rootfs of another type": lambda d: d["rootfs"].update(type="other"),
                             "environment": lambda d: d["config"].update(Env="A=b"),
                             "command": lambda d: d["config"].update(Cmd=[7])}.items():
            with self.subTest(name):
                self.check(self.changed(change), "image configuration")

    def test_keys_that_come_twice(self):
        self.check(self.image.config.data[:-1] + b',"os":"windows"}', "image configuration")

    def test_too_large(self):
        self.check(b"{}", "larger than", size=1 << 40)

    def test_fewer_layers_than_the_manifest(self):
        self.check(self.changed(lambda d: d["rootfs"]["diff_ids"].pop()), "where the manifest has 2")


class ErrorsAreNotDocumentsTest(FaultTestCase):
    def test_a_login_page(self):
        """200 and a page of HTML, as networks answer that want a log-in first."""
        self.registry.fault("/", faults.status(200, b"<html>log in</html>", Content_Type="text/html"))
        self.check_says(self.pull(self.reference, code=(UNSUPPORTED, REGISTRY)), "text/html")
