# SPDX-License-Identifier: MIT
"""A registry in public that points at what is near: other machines' services must not be asked for it.

192.0.2.0/24 and 198.51.100.0/24 stand for public addresses; all of them are this machine's, in a network of its own.
"""
import fault_registry as faults
import tls
from network import Network
from pulling import REGISTRY, FaultTestCase

PUBLIC, OTHER, PRIVATE = "192.0.2.1", "198.51.100.1", "10.1.2.3"
METADATA, AZURE = "169.254.169.254", "168.63.129.16"
FORBIDDEN = ("127.0.0.1", "127.9.9.9", METADATA, "169.254.1.1", AZURE)


class AddressTestCase(FaultTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.network = Network(*(f"{address}/32" for address in (PUBLIC, OTHER, PRIVATE, METADATA, "169.254.1.1", AZURE)),
                              "fd00:ec2::254/128", "fe80::1/128")
        cls.addClassCleanup(cls.network.close)

    def setUp(self):
        super().setUp()
        self.registry = self.start(listen=PUBLIC)
        self.registry.put_image("a/b", self.image, "1")
        self.reference = f"{self.registry.address}/a/b:1"
        self.target = self.start(listen="0.0.0.0")
        self.target.blobs = self.registry.blobs
        self.port = self.target.server.server_address[1]

    def start(self, *args, **more):
        registry = self.network.call(faults.FaultRegistry, *args, **more)
        self.addCleanup(registry.close)
        return registry

    def command(self, reference, *options):
        return self.network.entering(*super().command(reference, "--plain-http", *options))


class RedirectAddressTest(AddressTestCase):
    """redirect: to 169.254.169.254."""

    def check_refused(self, host):
        self.registry.fault(self.layer_path(), faults.redirect(f"http://{host}:{self.port}"), times=1)
        done = self.pull(self.reference, code=REGISTRY)
        self.assertEqual(self.target.requests, [])
        self.assertFalse(self.store.has(self.image.layers[0]))
        return done

    def test_forbidden(self):
        for address in FORBIDDEN:
            with self.subTest(address):
                self.check_says(self.check_refused(address), address)

    def test_in_other_notations(self):
        for host in ("2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
                     "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "[::]", "localhost"):
            with self.subTest(host):
                self.check_refused(host)

    def test_after_a_good_hop(self):
        between = self.start(listen=OTHER)
        between.fault("/", faults.redirect(f"http://{METADATA}:{self.port}"))
        self.registry.fault(self.layer_path(), faults.redirect(between.url))
        self.pull(self.reference, code=REGISTRY)
        self.assertEqual(len(between.requests), 1)
        self.assertEqual(self.target.requests, [])

    def test_public_and_private_targets_are_usual(self):
        for address in (OTHER, PRIVATE):
            with self.subTest(address):
                self.store.clear()
                self.registry.fault(self.layer_path(), faults.redirect(f"http://{address}:{self.port}"), times=1)
                self.pull(self.reference)
                self.check_stored(self.image)
        self.assertEqual(len(self.target.requests), 2)

    def test_foreign_layers(self):
        """The urls of a layer are not better than a redirect."""
        manifest = self.image.manifest.data.decode()
        for address in FORBIDDEN:
            with self.subTest(address):
                url = f"http://{address}:{self.port}/v2/x/blobs/{self.layer_path()}"
                text = manifest.replace('"digest":"' + self.layer_path() + '"',
                                        '"digest":"' + self.layer_path() + f'","urls":["{url}"]').replace(
                    "rootfs.diff.tar.gzip", "rootfs.foreign.diff.tar.gzip", 1)
                self.registry.put_manifest("a/b", "foreign", text.encode(), self.image.manifest.media_type)
                self.registry.fault(self.layer_path(), faults.error(404, "BLOB_UNKNOWN"), times=1)
                self.pull(f"{self.registry.address}/a/b:foreign", code=(REGISTRY, 4))
                self.assertEqual(self.target.requests, [])


class RealmAddressTest(AddressTestCase):
    """realm metadata IP."""

    def test_forbidden(self):
        self.target.token = "secret-token"
        for address in FORBIDDEN:
            with self.subTest(address):
                self.registry.require_token(realm=f"http://{address}:{self.port}/token")
                self.check_says(self.pull(self.reference, code=REGISTRY), address)
                self.assertEqual(self.target.requests, [])

    def test_public(self):
        self.target.token = "secret-token"
        self.registry.require_token(realm=f"http://{OTHER}:{self.port}/token")
        self.pull(self.reference)
        self.check_stored(self.image)


class TlsAddressTest(AddressTestCase):
    """The same over TLS, where the peer is known before anything is sent."""

    def test_forbidden(self):
        certificate = tls.certificate("registry.localhost")
        near = self.start("registry.localhost", certificate.files, listen="127.0.0.1")
        self.registry.fault(self.layer_path(), faults.redirect(near.url))
        self.pull(self.reference, "--cacert", certificate.authority, code=REGISTRY)
        self.assertEqual(near.requests, [])


class NearRegistryTest(AddressTestCase):
    """A registry on this machine may send to this machine, but nobody to the service that gives out secrets."""

    def setUp(self):
        super().setUp()
        self.registry = self.start()
        self.registry.put_image("a/b", self.image, "1")
        self.reference = f"{self.registry.address}/a/b:1"

    def test_loopback(self):
        self.registry.fault(self.layer_path(), faults.redirect(f"http://127.0.0.1:{self.port}"))
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_metadata(self):
        for address in (METADATA, AZURE, "[fd00:ec2::254]"):
            with self.subTest(address):
                self.registry.fault(self.layer_path(), faults.redirect(f"http://{address}:{self.port}"), times=1)
                self.pull(self.reference, code=REGISTRY)
                self.registry.require_token(realm=f"http://{address}:{self.port}/token")
                self.pull(self.reference, code=REGISTRY)
                self.registry.token = None
        self.assertEqual(self.target.requests, [])
