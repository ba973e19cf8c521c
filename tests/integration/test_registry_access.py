# SPDX-License-Identifier: MIT
"""Tokens and TLS."""
import pathlib
import subprocess
import tempfile

import fault_registry as faults
from pulling import INTEGRITY, REGISTRY, USAGE, FaultTestCase


class TokenTest(FaultTestCase):
    def test_anonymous_token(self):
        self.registry.require_token()
        self.pull(self.reference)
        self.check_stored(self.image)
        asked, = self.registry.seen("/token")
        self.assertEqual(asked.query, {"purpose": ["test"], "service": ["the service"],
                                       "scope": ["repository:a/b:pull"]})
        self.assertNotIn("Authorization", asked.headers)

    def test_access_token_is_the_same(self):
        self.registry.require_token()
        self.registry.fault("/token", faults.status(200, b'{"access_token":"secret-token","expires_in":60}'))
        self.pull(self.reference)

    def test_a_token_that_runs_out(self):
        self.registry.require_token()

        def expire(_):
            self.registry.token = "another-token"
            return False
        self.registry.fault(self.image.config.digest, expire, times=1)
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.registry.tokens_given, 2)

    def test_refused_again_with_a_token(self):
        self.registry.require_token()
        self.registry.fault("/token", faults.status(200, b'{"token":"worthless"}'))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "UNAUTHORIZED", "hint: the image may be private")
        self.assertEqual(len(self.registry.seen("/manifests/")), 2)

    def test_refused_by_the_token_service(self):
        self.registry.require_token()
        self.registry.fault("/token", faults.error(401, "UNAUTHORIZED", "no anonymous access"))
        done = self.pull(self.reference, code=REGISTRY)
        self.check_says(done, "get a token", "no anonymous access", "hint: the image may be private")

    def test_bad_token_replies(self):
        self.registry.require_token()
        replies = {
            b"{}": "no usable token",
            b'{"token":""}': "no usable token",
            b'{"token":"a\\r\\nX-Injected: 1"}': "no usable token",
            b'{"token":"a b"}': "no usable token",
            b'{"token":7}': "token",
            b"not json": "token reply",
            b"[" * 60000: "token reply",
            b'{"token":"' + b"x" * 2_000_000 + b'"}': "1048576",
        }
        for body, text in replies.items():
            with self.subTest(body[:30]):
                self.registry.fault("/token", faults.status(200, body), times=1)
                done = subprocess.run(self.command(self.reference), capture_output=True, timeout=30,
                                      env=self.environment(), check=False)
                self.assertIn(done.returncode, (REGISTRY, INTEGRITY), done.stderr)
                self.assertIn(text, done.stderr.decode())
        self.assertFalse(any("X-Injected" in r.headers for r in self.registry.requests))

    def test_bad_challenges(self):
        for challenge, text in [
                ('Basic realm="private"', "wants a user name and a password"),
                ('Bearer service="x"', "names no token service"),
                ('Bearer realm="ftp://127.0.0.1/token"', "is not an http or https URL"),
                ('Bearer realm="http://u:p@127.0.0.1/token"', "is not an http or https URL"),
                ('Bearer realm="never closed', "malformed WWW-Authenticate"),
                ("Negotiate", "does not say how to authenticate")]:
            with self.subTest(challenge):
                self.registry.fault("/manifests/", faults.error(401, "UNAUTHORIZED", WWW_Authenticate=challenge),
                                    times=1)
                self.check_says(self.pull(self.reference, code=REGISTRY), text)

    def test_a_token_service_does_not_redirect(self):
        other = self.start()
        self.registry.require_token()
        self.registry.fault("/token", faults.redirect(other.url))
        self.check_says(self.pull(self.reference, code=REGISTRY), "redirects where it must answer itself")
        self.assertEqual(other.requests, [])


class TlsTestCase(FaultTestCase):
    """*.localhost is this host, but no loopback name of the reference grammar: https is spoken."""

    HOST = "registry.localhost"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.certificate = (str(folder / "cert.pem"), str(folder / "key.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test",
                        "-addext", f"subjectAltName=DNS:{cls.HOST},DNS:auth.localhost", "-out", cls.certificate[0],
                        "-keyout", cls.certificate[1]], check=True, capture_output=True)

    def setUp(self):
        super().setUp()
        self.secure = self.start(self.HOST, self.certificate)
        self.secure.put_image("a/b", self.image, "1")
        self.secure_reference = f"{self.secure.address}/a/b:1"


class TlsTest(TlsTestCase):
    def test_trusted(self):
        self.pull(self.secure_reference, "--cacert", self.certificate[0])
        self.check_stored(self.image)

    def test_not_trusted(self):
        done = self.pull(self.secure_reference, code=REGISTRY)
        self.check_says(done, self.secure.address, "certificate", "hint: install the registry's CA")
        self.assertEqual(self.secure.requests, [])

    def test_another_name_than_the_certificate_s(self):
        port = self.secure.address.rpartition(":")[2]
        done = self.pull(f"other.localhost:{port}/a/b:1", "--cacert", self.certificate[0], code=REGISTRY)
        self.check_says(done, "other.localhost")
        self.assertEqual(self.secure.requests, [])

    def test_ca_file_missing(self):
        done = self.pull(self.secure_reference, "--cacert", "/nonexistent.pem", code=USAGE)
        self.check_says(done, "hint: check the file given with --cacert")

    def test_plain_http_where_tls_is_expected(self):
        port = self.registry.address.rpartition(":")[2]
        reference = f"{self.HOST}:{port}/a/b:1"
        self.check_says(self.pull(reference, code=REGISTRY), "hint: if the registry speaks plain http")
        self.assertEqual(self.registry.requests, [])
        self.pull(reference, "--plain-http")
        self.check_stored(self.image)

    def test_no_downgrade(self):
        self.secure.fault(self.layer_path(), faults.redirect(self.registry.url))
        done = self.pull(self.secure_reference, "--cacert", self.certificate[0], code=REGISTRY)
        self.check_says(done, "redirects from https to http")
        self.assertEqual(self.registry.requests, [])

    def test_no_token_over_plain_http(self):
        self.secure.require_token(realm=f"{self.registry.url}/token")
        done = self.pull(self.secure_reference, "--cacert", self.certificate[0], code=REGISTRY)
        self.check_says(done, "is not on https")
        self.assertEqual(self.registry.requests, [])

    def test_from_plain_to_secure(self):
        self.registry.fault(self.layer_path(), faults.redirect(self.secure.url))
        self.pull(self.reference, "--cacert", self.certificate[0])
        self.check_stored(self.image)
