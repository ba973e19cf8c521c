# SPDX-License-Identifier: MIT
"""How blobs arrive: damaged, cut, elsewhere, late, not at all."""
import gzip
import json
import time

import fault_registry as faults
from pulling import INTEGRITY, NOT_FOUND, REGISTRY, FaultTestCase, noise_layer, oci


class BlobTest(FaultTestCase):
    def check_missing(self, number=0):
        self.assertFalse(self.store.has(self.image.layers[number]))
        self.check_nothing_recorded()

    def test_wrong_content(self):
        wrong = b"\x00" + self.image.layers[0].data[1:]
        self.registry.fault(self.layer_path(), faults.content(lambda _: wrong))
        done = self.pull(self.reference, code=INTEGRITY)
        self.check_says(done, f"expected {self.image.layers[0].digest}, got {oci.digest(wrong)}")
        self.check_missing()
        self.assertEqual(len(self.registry.seen(self.layer_path())), 2)

    def test_wrong_content_once(self):
        self.registry.fault(self.layer_path(), faults.content(lambda data: data[::-1]), times=1)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_wrong_configuration(self):
        self.registry.fault(self.image.config.digest, faults.content(lambda data: data[::-1]))
        done = self.pull(self.reference, code=INTEGRITY)
        self.check_says(done, self.image.config.digest)

    def test_shorter_than_promised(self):
        self.registry.fault(self.layer_path(), faults.content(lambda data: data[:-1]))
        done = self.pull(self.reference, code=INTEGRITY)
        size = len(self.image.layers[0].data)
        self.check_says(done, f"has {size - 1} bytes where {size} were promised")
        self.check_missing()

    def test_empty(self):
        self.registry.fault(self.layer_path(), faults.content(lambda data: b""))
        done = self.pull(self.reference, code=INTEGRITY)
        self.check_says(done, "has 0 bytes")
        self.check_missing()

    def test_longer_than_promised(self):
        self.registry.fault(self.layer_path(), faults.content(lambda data: data + b"!"))
        done = self.pull(self.reference, code=INTEGRITY)
        size = len(self.image.layers[0].data)
        self.check_says(done, f"has {size + 1} bytes where {size} were promised")
        self.check_missing()

    def test_endless(self):
        self.registry.fault(self.layer_path(), faults.endless)
        started = time.monotonic()
        done = self.pull(self.reference, code=INTEGRITY)
        self.assertLess(time.monotonic() - started, 10)
        self.check_says(done, f"longer than the {len(self.image.layers[0].data)} bytes promised")
        self.check_missing()

    def test_cut_once(self):
        for keep in (0, 1, 20_000):
            self.registry.fault(self.layer_path(), faults.truncated(keep), times=1)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_cut_always(self):
        self.registry.fault(self.layer_path(1), faults.truncated(1000))
        done = self.pull(self.reference, code=REGISTRY, timeout=90)
        self.check_says(done, self.registry.address)
        self.check_missing(1)
        # What was complete before stays, and is not fetched again.
        self.assertTrue(self.store.has(self.image.layers[0]))
        self.registry.faults.clear()
        self.registry.forget()
        self.pull(self.reference)
        self.assertEqual(self.registry.seen(self.layer_path(0)), [])

    def test_gone(self):
        del self.registry.blobs[self.layer_path()]
        done = self.pull(self.reference, code=NOT_FOUND)
        self.check_says(done, self.image.layers[0].digest, "BLOB_UNKNOWN", "hint: the registry has lost")
        self.check_missing()

    def test_content_encoding(self):
        self.registry.fault(self.layer_path(), faults.content(gzip.compress, **{"Content-Encoding": "gzip"}))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "Content-Encoding 'gzip'")
        self.check_missing()

    def test_foreign_layers_come_from_their_urls(self):
        other = self.start()
        layer = noise_layer(5000, media_type="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
        other.blobs[layer.digest] = layer.data
        image = oci.Image([layer])
        document = json.loads(image.manifest.data)
        document["layers"][0]["urls"] = ["ftp://127.0.0.1/x", f"{other.url}/v2/gone/blobs/sha256:00",
                                         f"{other.url}/v2/base/blobs/{layer.digest}"]
        self.registry.put_image("a/foreign", image)
        self.registry.put_manifest("a/foreign", "1", oci.dump(document), oci.DOCKER_MANIFEST)
        del self.registry.blobs[layer.digest]
        self.registry.require_token()
        reference = f"{self.registry.address}/a/foreign:1"
        self.pull(reference)
        self.assertEqual(self.store.path(layer.digest).read_bytes(), layer.data)
        self.assertEqual(len(self.registry.seen(layer.digest)), 1)
        self.assertEqual(len(other.requests), 2)
        for request in other.requests:
            self.assertNotIn("Authorization", request.headers)

        # The registry's own copy is preferred.
        self.registry.blobs[layer.digest] = layer.data
        self.store.path(layer.digest).unlink()
        other.forget()
        self.pull(reference)
        self.assertEqual(other.requests, [])


class RetryTest(FaultTestCase):
    def test_passing_faults(self):
        for code in (408, 500, 502, 503, 504):
            with self.subTest(code):
                self.registry.fault("/manifests/", faults.status(code), times=1)
                self.pull(self.reference)
        self.assertEqual(len(self.registry.seen("/manifests/")), 10)

    def test_a_fault_that_does_not_pass(self):
        self.registry.fault("/manifests/", faults.error(503, "UNAVAILABLE", "down for maintenance", Retry_After="1"))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "status 503 (UNAVAILABLE: down for maintenance)")
        self.assertEqual(len(self.registry.seen("/manifests/")), 7)

    def test_other_statuses_are_final(self):
        for code, exit_code in ((400, REGISTRY), (403, REGISTRY), (451, REGISTRY)):
            with self.subTest(code):
                self.registry.forget()
                self.registry.fault("/manifests/", faults.status(code), times=1)
                self.pull(self.reference, code=exit_code)
                self.assertEqual(len(self.registry.seen("/manifests/")), 1)

    def test_retry_after_is_kept(self):
        self.registry.fault(self.layer_path(), faults.error(429, "TOOMANYREQUESTS", Retry_After="2"), times=1)
        started = time.monotonic()
        self.pull(self.reference)
        self.assertGreaterEqual(time.monotonic() - started, 2)
        self.check_stored(self.image)

    def test_a_long_wait_is_left_to_the_user(self):
        self.registry.fault("/manifests/", faults.error(429, "TOOMANYREQUESTS", "slow down", Retry_After="3600"))
        started = time.monotonic()
        done = self.pull(self.reference, code=REGISTRY)
        self.assertLess(time.monotonic() - started, 5)
        self.check_says(done, "TOOMANYREQUESTS: slow down", "come back in 3600 seconds")


class RedirectTest(FaultTestCase):
    def test_credentials_stay_with_the_registry(self):
        other = self.start()
        other.blobs = self.registry.blobs
        self.registry.require_token()
        for layer in self.image.layers:
            self.registry.fault(layer.digest, faults.redirect(other.url))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(len(other.requests), 2)
        for request in other.requests:
            self.assertNotIn("Authorization", request.headers)
        for layer in self.image.layers:
            asked, = self.registry.seen(layer.digest)
            self.assertEqual(asked.headers["Authorization"], "Bearer secret-token")

    def test_within_the_registry_they_are_kept(self):
        self.registry.require_token()
        self.registry.fault(self.layer_path(),
                            faults.redirect(f"/v2/moved/blobs/{self.layer_path()}", 302), times=1)
        self.pull(self.reference)
        moved, = self.registry.seen("/v2/moved/")
        self.assertEqual(moved.headers["Authorization"], "Bearer secret-token")

    def test_signatures_of_redirects_are_not_told(self):
        other = self.start()
        other.fault("/cdn", faults.error(503, "BUSY"), times=1)
        other.fault("/cdn", faults.error(403, "EXPIRED"))
        self.registry.fault(self.layer_path(), faults.redirect(f"{other.url}/cdn?signature=secret"))
        done = self.pull(self.reference, "--verbose", "--progress", "plain", code=REGISTRY)
        self.check_says(done, "trying again", "EXPIRED")
        self.assertEqual(other.seen("/cdn")[0].query, {"signature": ["secret"]})
        self.assertNotIn("secret", done.stderr)

    def test_loop(self):
        self.registry.fault("/manifests/", faults.redirect(self.registry.url))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "more than 10 redirects")
        self.assertEqual(len(self.registry.seen("/manifests/")), 11)

    def test_to_another_protocol(self):
        for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "http://user:pass@127.0.0.1:1/x"):
            with self.subTest(target):
                self.registry.fault(self.layer_path(), faults.redirect(target), times=1)
                done = self.pull(self.reference, code=REGISTRY)
                self.check_says(done, "is not an http or https URL without a user")

    def test_wrong_content_elsewhere(self):
        other = self.start()
        other.blobs = {self.layer_path(): b"x" * len(self.image.layers[0].data)}
        self.registry.fault(self.layer_path(), faults.redirect(other.url))
        self.pull(self.reference, code=INTEGRITY)
