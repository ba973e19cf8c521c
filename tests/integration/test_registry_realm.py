# SPDX-License-Identifier: MIT
"""No Authorization where it does not belong: redirects, other hosts, plain http."""
import fault_registry as faults
from access import PASSWORD, USER, AuthTestCase, auth
from fault_registry import BasicAccess, TokenAccess, basic
from pulling import REGISTRY
from test_registry_access import TlsTestCase

TOKENS = TokenAccess.PATH


def authorizations(registry, part="/"):
    """What was sent to it, in order; None where there was no such header."""
    return [request.headers.get("Authorization") for request in registry.seen(part)]


class ElsewhereTest(AuthTestCase):
    def test_redirected_blobs(self):
        other = self.start()
        other.put_image("a/b", self.image, "1")
        self.registry.require(TokenAccess({USER: PASSWORD}))
        self.write_home(self.auths())
        self.registry.fault("/blobs/", faults.redirect(other.url),
                            when=lambda r: r.headers.get("Authorization") == "Bearer token-1")
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(authorizations(other), [None] * 3)

    def test_redirected_blobs_with_a_password(self):
        other = self.start()
        other.put_image("a/b", self.image, "1")
        self.registry.require(BasicAccess(USER, PASSWORD))
        self.write_home(self.auths())
        self.registry.fault("/blobs/", faults.redirect(other.url),
                            when=lambda r: r.headers.get("Authorization") is not None)
        self.pull(self.reference)
        self.assertEqual(authorizations(other), [None] * 3)

    def test_another_host_s_credentials(self):
        self.registry.require(BasicAccess(USER, PASSWORD))
        port = self.registry.address.rpartition(":")[2]
        self.write_home(self.auths(host=f"localhost:{port}"))
        self.check_says(self.pull(self.reference, code=REGISTRY), "wants a user name")
        self.assertEqual(set(authorizations(self.registry)), {None})

    def test_redirecting_token_service(self):
        other = self.start()
        self.registry.require(TokenAccess({USER: PASSWORD}))
        self.write_home(self.auths())
        self.registry.fault(TOKENS, faults.redirect(other.url))
        self.check_says(self.pull(self.reference, code=REGISTRY), "redirects where it must answer itself")
        self.assertEqual(other.requests, [])


class PlainHttpTest(AuthTestCase):
    """A registry that is no loopback one by its name."""

    HOST = "registry.localhost"

    def setUp(self):
        super().setUp()
        port = self.registry.address.rpartition(":")[2]
        self.registry.address = f"{self.HOST}:{port}"
        self.registry.url = f"http://{self.registry.address}"
        self.reference = f"{self.registry.address}/a/b:1"
        self.write_home(self.auths())
        self.service = self.start("other.localhost")
        self.service.require(TokenAccess())

    def test_password_in_the_open_is_told(self):
        for access in (BasicAccess(USER, PASSWORD), TokenAccess({USER: PASSWORD})):
            self.registry.require(access)
            done = self.pull(self.reference, "--plain-http")
            self.assertEqual(done.stderr.count("crosses the network unencrypted"), 1, done.stderr)

    def test_not_without_a_password(self):
        self.write_home({})
        self.registry.require(TokenAccess())
        self.assertNotIn("unencrypted", self.pull(self.reference, "--plain-http").stderr)

    def test_service_elsewhere_in_plain_http(self):
        self.registry.require(TokenAccess(realm=f"{self.service.url}{TOKENS}"))
        done = self.pull(self.reference, "--plain-http", code=REGISTRY)
        self.check_says(done, "it is asked without the password")
        self.assertEqual(authorizations(self.service), [None])


class SecureRealmTest(AuthTestCase, TlsTestCase):
    """Registry and token service on https."""

    def setUp(self):
        super().setUp()
        self.service = self.start("registry.localhost", self.certificate)
        self.access = TokenAccess({USER: PASSWORD}, realm=f"{self.service.url}{TOKENS}")
        self.service.require(self.access)
        self.write_home(self.auths(host=self.secure.address))

    def test_service_on_another_port(self):
        self.secure.require(self.access)
        self.pull(self.secure_reference, "--cacert", self.certificate[0])
        self.check_stored(self.image)
        self.assertEqual(authorizations(self.service), [basic(USER, PASSWORD)])
        self.assertEqual(set(authorizations(self.secure)), {None, "Bearer token-1"})

    def test_service_on_another_host_is_named(self):
        self.service.address = self.service.address.replace("registry.", "auth.")
        self.access.realm = f"https://{self.service.address}{TOKENS}"
        self.secure.require(self.access)
        done = self.pull(self.secure_reference, "--cacert", self.certificate[0])
        self.check_says(done, f"{self.secure.address}: its token service is {self.service.address}")
        self.assertEqual(authorizations(self.service), [basic(USER, PASSWORD)])
        self.assertEqual(set(authorizations(self.secure)), {None, "Bearer token-1"})

    def test_service_in_plain_http(self):
        self.secure.require(TokenAccess({USER: PASSWORD}, realm=f"{self.registry.url}{TOKENS}"))
        done = self.pull(self.secure_reference, "--cacert", self.certificate[0], code=REGISTRY)
        self.check_says(done, "is not on https")
        self.assertEqual(self.registry.requests, [])

    def test_credentials_of_the_plain_one_on_the_same_host(self):
        """Another port is another registry."""
        self.write_home({"auths": {"registry.localhost": auth(), self.registry.address: auth()}})
        self.secure.require(self.access)
        self.pull(self.secure_reference, "--cacert", self.certificate[0], code=REGISTRY)
        self.assertEqual(authorizations(self.service), [None])
