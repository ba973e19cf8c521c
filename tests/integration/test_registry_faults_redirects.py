# SPDX-License-Identifier: MIT
"""Redirects and token services that lead astray."""
import json
import time

import fault_registry as faults
import tls
from pulling import INTEGRITY, NOT_FOUND, REGISTRY, BigFaultTestCase, FaultTestCase, big_image

class RedirectTest(FaultTestCase):
    """redirect: loop, 11 hops, relative Location, other host (assert no Authorization)."""

    def hops(self, count):
        """The blob is so many redirects away."""
        for hop in range(count):
            here, there = (f"/hop{n}/" if n else "/v2/a/b/blobs/" for n in (hop, hop + 1))
            self.registry.fault(here + self.layer_path(), faults.redirect(f"{self.registry.url}{there}{self.layer_path()}"))
        self.registry.fault(f"/hop{count}/", lambda handler: handler.reply_blob(handler.blob()))

    def test_ten_hops(self):
        self.hops(10)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_eleven_hops(self):
        self.hops(11)
        self.check_says(self.pull(self.reference, code=REGISTRY), "more than 10 redirects")
        self.assertEqual(self.registry.seen("/hop11/"), [])

    def test_loop(self):
        self.registry.fault(self.layer_path(), faults.redirect(self.registry.url))
        self.check_says(self.pull(self.reference, code=REGISTRY), "more than 10 redirects")
        self.assertEqual(len(self.registry.seen(self.layer_path())), 11)

    def test_relative(self):
        layer = self.layer_path()
        for location in (f"/v2/moved/blobs/{layer}", f"../../moved/blobs/{layer}", f"?moved={layer}", f"./{layer}#fragment"):
            with self.subTest(location):
                self.store.clear()
                self.registry.fault(layer, lambda handler, to=location: handler.reply(302, b"", {"Location": to}), times=1)
                self.pull(self.reference)
                self.check_stored(self.image)

    def test_every_code(self):
        for code in (301, 302, 303, 307, 308):
            with self.subTest(code):
                self.store.clear()
                self.registry.fault(self.layer_path(), faults.redirect(f"{self.registry.url}/v2/moved/blobs/{self.layer_path()}", code),
                                    times=1)
                self.pull(self.reference)
                self.check_stored(self.image)

    def test_nowhere(self):
        for code, headers in ((307, {}), (302, {"Location": ""}), (300, {"Location": "/x"}), (304, {}), (305, {"Location": "/x"}),
                              (307, {"Location": "http://"}), (307, {"Location": "http://[::1"}), (307, {"Location": "//"}),
                              (307, {"Location": "http://127.0.0.1:99999/"}), (307, {"Location": "/" + "x" * 90_000})):
            with self.subTest(code, headers=str(headers)[:60]):
                self.registry.fault(self.layer_path(), lambda handler, c=code, h=headers: handler.reply(c, b"", h), times=1)
                started = time.monotonic()
                done = self.pull(self.reference, code=(REGISTRY, NOT_FOUND))
                self.assertLess(time.monotonic() - started, 5, done.stderr)
                self.assertLess(len(done.stderr), 4000)

    def test_other_protocols(self):
        for target in ("file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "http://user:pass@127.0.0.1:1/x"):
            with self.subTest(target):
                self.registry.fault(self.layer_path(), faults.redirect(target), times=1)
                self.check_says(self.pull(self.reference, code=REGISTRY), "is not an http or https URL without a user")

    def test_other_host_gets_no_credentials(self):
        """127.0.0.1 and localhost are two hosts, and so are two ports."""
        other = self.start()
        other.blobs = self.registry.blobs
        self.registry.require_token()
        port = other.address.rpartition(":")[2]
        for target in (other.url, f"http://localhost:{port}"):
            with self.subTest(target):
                self.store.clear()
                for layer in self.image.layers:
                    self.registry.fault(layer.digest, faults.redirect(target), when=lambda r: "Authorization" in r.headers)
                self.pull(self.reference)
                self.check_stored(self.image)
                self.registry.faults.clear()
        self.assertEqual(len(other.requests), 4)
        for request in other.requests:
            self.assertNotIn("Authorization", request.headers)
            self.assertNotIn("Cookie", request.headers)

    def test_and_back_they_are_not_given_again_by_the_other_host(self):
        """The other host sends on to the registry: whatever is asked there, no token goes to the other host."""
        other = self.start()
        self.registry.require_token()
        self.registry.fault(self.layer_path(), faults.redirect(other.url), times=1)
        other.fault("/", faults.redirect(self.registry.url), times=1)
        done = self.pull(self.reference, code=(0, REGISTRY))
        self.assertEqual(len(other.requests), 1, done.stderr)
        self.assertNotIn("Authorization", other.requests[0].headers)

    def test_manifests_too(self):
        other = self.start()
        other.manifests, other.blobs = self.registry.manifests, self.registry.blobs
        self.registry.require_token()
        self.registry.fault("/manifests/", faults.redirect(other.url), when=lambda r: "Authorization" in r.headers)
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertNotIn("Authorization", other.requests[0].headers)


class RedirectedRangesTest(BigFaultTestCase):
    """Ranges of a blob that lives elsewhere: the registry is asked again when the place is no longer good."""

    def make_image(self):
        return big_image(150_000_000)

    def setUp(self):
        super().setUp()
        self.other = self.start()
        self.other.blobs = self.registry.blobs
        self.registry.require_token()
        self.issued = []  # what had been served when each signature was given

    def send_there(self, handler):
        if "Authorization" not in handler.request_seen.headers:
            return False
        self.issued.append(self.other.served(self.layer))
        handler.reply(307, b"", {"Location": f"{self.other.url}/cdn/{self.layer}?signature={len(self.issued)}"})
        return True

    def run_out(self, request):
        """A signature is good for about 60 MB."""
        return self.other.served(self.layer) - self.issued[int(request.query["signature"][0]) - 1] > 60_000_000

    def check_other(self):
        self.assertEqual(self.other.served(self.layer), self.size)
        for request in self.other.requests:
            self.assertNotIn("Authorization", request.headers)

    def serve_cdn(self):
        self.other.fault("/cdn/", lambda handler: handler.reply_blob(handler.blob()))

    def test_they_all_go_there(self):
        self.fault(self.send_there)
        self.serve_cdn()
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_other()

    def test_signatures_run_out(self):
        """403, 404, 410 there: a new address from the registry."""
        for code in (401, 403, 404, 410):
            with self.subTest(code):
                self.store.clear()
                self.other.forget()
                self.fault(self.send_there)
                self.other.fault("/cdn/", faults.error(code, "EXPIRED"), when=self.run_out)
                self.serve_cdn()
                self.pull(self.reference)
                self.check_stored(self.image)
                self.check_other()
                self.registry.faults.clear()
                self.other.faults.clear()

    def test_never_good(self):
        for code in (403, 404, 410):
            with self.subTest(code):
                self.store.clear()
                self.other.forget()
                self.registry.forget()
                self.fault(self.send_there)
                self.other.fault("/cdn/", faults.error(code, "EXPIRED", "signature is too old"))
                done = self.pull(self.reference, code=(REGISTRY, NOT_FOUND))
                self.check_says(done, "EXPIRED")
                self.assertNotIn("signature=", done.stderr)
                # A few times for each of the connections.
                self.assertLess(len(self.other.requests), 50)
                self.registry.faults.clear()
                self.other.faults.clear()


class DowngradeTest(FaultTestCase):
    """redirect: http downgrade. realm: http, redirect."""

    HOST = "registry.localhost"

    def setUp(self):
        super().setUp()
        self.certificate = tls.certificate(self.HOST)
        self.secure = self.start(self.HOST, self.certificate.files)
        self.secure.put_image("a/b", self.image, "1")

    def pull_secure(self, **more):
        return self.pull(f"{self.secure.address}/a/b:1", "--cacert", self.certificate.authority, **more)

    def test_blob(self):
        for code in (301, 302, 307, 308):
            self.secure.fault(self.layer_path(), faults.redirect(self.registry.url, code))
            self.check_says(self.pull_secure(code=REGISTRY), "redirects from https to http")
        self.assertEqual(self.registry.requests, [])

    def test_after_a_good_hop(self):
        between = self.start(self.HOST, self.certificate.files)
        self.secure.fault(self.layer_path(), faults.redirect(between.url))
        between.fault(self.layer_path(), faults.redirect(self.registry.url))
        self.check_says(self.pull_secure(code=REGISTRY), "redirects from https to http")
        self.assertEqual(self.registry.requests, [])

    def test_realm(self):
        self.secure.require_token(realm=f"{self.registry.url}/token")
        self.check_says(self.pull_secure(code=REGISTRY), "is not on https")
        self.assertEqual(self.registry.requests, [])

    def test_realm_of_another_host_on_https(self):
        service = self.start(self.HOST, self.certificate.files)
        service.token = "secret-token"
        self.secure.require_token(realm=f"{service.url}/token")
        self.pull_secure()
        self.check_stored(self.image)
        self.assertEqual(service.tokens_given, 1)


class TokenServiceTest(FaultTestCase):
    """realm redirect, token 2 MiB, token deep JSON, no expires_in."""

    def setUp(self):
        super().setUp()
        self.registry.require_token()

    def reply(self, body, **headers):
        self.registry.fault("/token", faults.status(200, body, **headers), times=1)

    def test_redirect(self):
        other = self.start()
        for target in (other.url, f"{self.registry.url}/token2"):
            with self.subTest(target):
                self.registry.fault("/token", faults.redirect(target), times=1)
                self.check_says(self.pull(self.reference, code=REGISTRY), "redirects where it must answer itself")
        self.assertEqual(other.requests, [])

    def test_too_large(self):
        self.reply(json.dumps({"token": "secret-token", "x": "y" * (2 << 20)}).encode())
        self.check_says(self.pull(self.reference, code=(REGISTRY, INTEGRITY)), "larger than")

    def test_without_end(self):
        self.registry.fault("/token", faults.endless)
        started = time.monotonic()
        self.check_says(self.pull(self.reference, code=(REGISTRY, INTEGRITY)), "larger than")
        self.assertLess(time.monotonic() - started, 10)

    def test_deep(self):
        for body in (b"[" * 60_000, b'{"token":' + b"[" * 60_000, b'{"x":' * 12_000):
            self.reply(body)
            self.check_says(self.pull(self.reference, code=(REGISTRY, INTEGRITY)), "token")

    def test_replies_that_are_good(self):
        for reply in ({"token": "secret-token"}, {"access_token": "secret-token"},
                      {"token": "secret-token", "access_token": "secret-token", "expires_in": 300, "issued_at": "2026-01-01T00:00:00Z"},
                      {"token": "secret-token", "expires_in": 0}, {"token": "secret-token", "expires_in": -5},
                      {"token": "secret-token", "expires_in": None}, {"token": "secret-token", "expires_in": 10 ** 15},
                      {"token": "secret-token", "issued_at": "yesterday"}, {"token": "secret-token", "refresh_token": "r"}):
            with self.subTest(reply):
                self.store.clear()
                self.reply(json.dumps(reply).encode())
                self.pull(self.reference)
                self.check_stored(self.image)

    def test_replies_that_are_none(self):
        for body in (b"", b"{}", b"[]", b"null", b"not json", b'{"token":""}', b'{"token":7}', b'{"token":null}',
                     b'{"token":"a\\r\\nX-Injected: 1"}', b'{"token":"a b"}', b'{"token":"a","token":"b"}',
                     b'{"token":"\xff\xfe"}', b'{"token":"secret-token"} and more', b'{"token":"secret-token"'):
            with self.subTest(body):
                self.reply(body)
                self.check_says(self.pull(self.reference, code=(REGISTRY, INTEGRITY)), "token")
        self.assertFalse(any("X-Injected" in request.headers for request in self.registry.requests))

    def test_busy_then_good(self):
        self.registry.fault("/token", faults.error(503, "BUSY"), times=1)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_realms_that_are_none(self):
        for realm, says in (("ftp://127.0.0.1/token", "is not an http or https URL"), ("file:///etc/passwd", "is not an http or https URL"),
                            ("http://u:p@127.0.0.1/token", "is not an http or https URL"), ("", "token service")):
            with self.subTest(realm):
                self.registry.realm = realm
                self.check_says(self.pull(self.reference, code=REGISTRY), says)
