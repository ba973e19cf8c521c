# SPDX-License-Identifier: MIT
"""Statuses: try later, broken, token ran out, no pulls left."""
import email.utils
import json
import time

import fault_registry as faults
from pulling import REGISTRY, BigFaultTestCase, FaultTestCase, big_image


class TryLaterTest(FaultTestCase):
    """429 + Retry-After: 1 / HTTP date / 3600: waits / waits / exits 7 quickly saying when."""

    def pull_timed(self, **more):
        started = time.monotonic()
        done = self.pull(self.reference, **more)
        return done, time.monotonic() - started

    def test_seconds(self):
        for part in ("/manifests/", self.image.config.digest, self.layer_path(1)):
            self.registry.fault(part, faults.error(429, "TOOMANYREQUESTS", Retry_After="1"), times=1)
        _, took = self.pull_timed()
        self.assertGreaterEqual(took, 3)
        self.check_stored(self.image)
        self.assertEqual(len(self.registry.seen(self.layer_path(1))), 2)

    def test_date(self):
        # Dates have whole seconds: the third from now is at least two away.
        def later(handler):
            date = email.utils.formatdate(int(time.time()) + 3, usegmt=True)
            handler.reply_error(429, "TOOMANYREQUESTS", "", {"Retry-After": date})
        self.registry.fault(self.layer_path(1), later, times=1)
        _, took = self.pull_timed()
        self.assertGreaterEqual(took, 1.9)
        self.assertLess(took, 10)
        self.check_stored(self.image)

    def test_dates_that_are_past_or_none(self):
        past = email.utils.formatdate(time.time() - 3600, usegmt=True)
        for text in (past, "Mon, 99 Foo 2026 25:61:61 GMT", "soon", "-1", "1e9", "", "0"):
            with self.subTest(text):
                self.store.clear()
                self.registry.fault("/manifests/", faults.error(429, "TOOMANYREQUESTS", Retry_After=text), times=1)
                _, took = self.pull_timed()
                self.assertLess(took, 5)
                self.check_stored(self.image)

    def test_an_hour(self):
        for text in ("3600", email.utils.formatdate(time.time() + 3600, usegmt=True), "99999999999999999999"):
            for part in ("/manifests/", self.layer_path(1)):
                with self.subTest(text, part=part):
                    self.registry.fault(part, faults.error(429, "TOOMANYREQUESTS", "slow down", Retry_After=text))
                    done, took = self.pull_timed(code=REGISTRY)
                    self.assertLess(took, 5)
                    self.check_says(done, "TOOMANYREQUESTS: slow down")
                    if text == "3600":
                        self.check_says(done, "3600 seconds")
                    self.registry.faults.clear()

    def test_other_layers_go_on(self):
        """One blob has to wait, the others need not."""
        self.registry.fault(self.layer_path(0), faults.error(503, "BUSY", Retry_After="2"), times=1)
        self.pull(self.reference)
        first = [r.status for r in self.registry.seen(self.layer_path(0))]
        self.assertEqual(first, [503, 200])
        order = [r.path.rpartition("/")[2] for r in self.registry.requests]
        self.assertLess(order.index(self.layer_path(1)), len(order) - 1)


class BrokenTest(FaultTestCase):
    """500, 502, 503, 504 x n then ok: ok with backoff."""

    CODES = (408, 425, 429, 499, 500, 502, 503, 504, 522)

    def test_then_ok(self):
        for code in self.CODES:
            with self.subTest(code):
                self.store.clear()
                self.registry.forget()
                self.registry.fault(self.layer_path(1), faults.status(code), times=1)
                started = time.monotonic()
                self.pull(self.reference)
                # Half a second, give or take a fifth.
                self.assertGreater(time.monotonic() - started, 0.4)
                self.check_stored(self.image)
                self.assertEqual([r.status for r in self.registry.seen(self.layer_path(1))], [code, 200])

    def test_growing_pauses(self):
        times = []

        def broken(handler):
            times.append(time.monotonic())
            handler.reply(503)
        self.registry.fault("/manifests/", broken, times=3)
        self.pull(self.reference)
        self.check_stored(self.image)
        first, second = (later - earlier for earlier, later in zip(times, times[1:]))
        # Half a second and one, both 20 % off at the most; a busy machine takes its time on top.
        self.assertTrue(0.4 <= first < 4, first)
        self.assertTrue(0.8 <= second < 4, second)

    def test_others_are_final(self):
        for code in (400, 403, 405, 410, 418, 451, 501, 505):
            with self.subTest(code):
                self.registry.forget()
                self.registry.fault("/manifests/", faults.error(code, "NO", "not today"), times=1)
                self.check_says(self.pull(self.reference, code=REGISTRY), "not today")
                self.assertEqual(len(self.registry.seen("/manifests/")), 1)


class TokenExpiryTest(BigFaultTestCase):
    """401 in the middle of ranges (token expiry): new token, no restart."""

    def make_image(self):
        return big_image(150_000_000)

    def setUp(self):
        super().setUp()
        self.registry.require_token("token-1")

    def expire(self, _):
        """Every token that was given so far is refused from now on."""
        self.registry.token = f"token-{self.registry.tokens_given + 1}"
        return False

    def test_once(self):
        self.fault(self.expire, times=1, when=lambda request: len(self.requests()) == 3)
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.registry.tokens_given, 2)
        self.check_served(1)

    def token_serves(self):
        """The present token has opened the layer, and the client knows: a new one that opens nothing is not renewed."""
        return any(request.status == 206 and request.sent > 1_000_000
                   and request.headers.get("Authorization") == f"Bearer {self.registry.token}" for request in self.requests())

    def test_again_and_again(self):
        for number in (2, 4, 6):
            self.fault(self.expire, times=1, when=lambda request, n=number:
                       self.registry.served(self.layer) >= n * 10_000_000 and self.token_serves())
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertGreaterEqual(self.registry.tokens_given, 3)
        self.check_served(1)

    def test_refused_from_the_middle_on(self):
        """A new token that is no better ends it; what was there is not lost."""
        def refuse(handler):
            handler.reply_error(401, "UNAUTHORIZED", "go away", {"WWW-Authenticate": f'Bearer realm="{self.registry.realm}"'})
        self.fault(refuse, when=lambda request: self.registry.served(self.layer) > self.size // 2)
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "UNAUTHORIZED: go away", "hint: the image may be private")
        self.assertLess(self.registry.tokens_given, 5)
        self.check_nothing_recorded()
        self.registry.faults.clear()
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1)


class NoPullsLeftTest(FaultTestCase):
    """Hub headers ratelimit-remaining 0: message."""

    HEADERS = {"ratelimit_limit": "100;w=21600", "ratelimit_remaining": "0;w=21600",
               "docker_ratelimit_source": "192.0.2.7"}

    def test_message(self):
        self.registry.fault("/manifests/", faults.error(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.",
                                                        Retry_After="3600", **self.HEADERS))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, self.registry.address, "TOOMANYREQUESTS: You have reached your pull rate limit.",
                        "100;w=21600", "0;w=21600")
        # Logging in helps at Docker Hub only.
        self.assertNotIn("wrun login", done.stderr)

    def test_they_do_not_disturb_an_answer(self):
        image = self.image
        body = {"Content-Type": image.manifest.media_type, **{k.replace("_", "-"): v for k, v in self.HEADERS.items()}}
        self.registry.fault("/manifests/", lambda handler: handler.reply(200, image.manifest.data, body))
        self.pull(self.reference)
        self.check_stored(image)

    def test_hostile_headers(self):
        self.registry.fault("/manifests/", faults.error(429, "TOOMANYREQUESTS", Retry_After="3600",
                                                        ratelimit_remaining="\x1b[2J" + "9" * 5000))
        done = self.pull(self.reference, "--verbose", code=REGISTRY)
        self.assertNotIn("\x1b", done.stderr)
        self.assertLess(len(done.stderr), 4000)


class ErrorBodyTest(FaultTestCase):
    """What a registry says of an error is shown, whatever it is, and does no harm."""

    BODIES = (b"", b"<html>", b"[" * 60_000, b'{"errors":[]}', b'{"errors":[{}]}', b'{"errors":[[[]]]}', b'{"errors":7}',
              b'{"errors":[{"code":"' + b"x" * 100_000, json.dumps({"errors": [{"code": "A", "message": "b"}] * 5000}).encode(),
              b"\xff\xfe\0\0", b'{"errors":[{"code":"\\u0000\\u001b[2J","message":"\\ud800"}]}')

    def test_bodies(self):
        for body in self.BODIES:
            with self.subTest(body[:30]):
                self.registry.fault("/manifests/", faults.status(403, body, Content_Type="application/json"), times=1)
                done = self.pull(self.reference, code=REGISTRY)
                self.check_says(done, "403")
                self.assertNotIn("\x1b", done.stderr)
                self.assertLess(len(done.stderr), 4000)
