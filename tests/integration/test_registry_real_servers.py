# SPDX-License-Identifier: MIT
"""`wrun pull` from docker-registry and nginx as they are set up in earnest: passwords, tokens, a content network, a cache, TLS."""
import base64
import json
import pathlib
import subprocess
import time

import fault_registry as faults
import servers
import tls
from pulling import BIG, REGISTRY, PullTestCase, big_image, noise, oci

USER, PASSWORD = "user", "pass"
# bcrypt, which is all that docker-registry knows.
HTPASSWD = "user:$2b$04$wrunwrunwrunwrunwrunwuhKWuP0GnD3XNWCrDS5DvuId44wihW8S\n"


class ServersTestCase(PullTestCase):
    def setUp(self):
        super().setUp()
        servers.need("docker-registry")
        servers.need("nginx")
        self.image = big_image()
        self.layer = self.image.layers[1]

    def path(self, name):
        return pathlib.Path(self.folder) / name

    def write(self, name, text):
        self.path(name).write_text(text)
        return str(self.path(name))

    def docker_registry(self, name, more="", data=None):
        registry = servers.DockerRegistry(self.path(name), more, data)
        self.addCleanup(registry.close)
        return registry

    def nginx(self, name, locations, certificate=None):
        server = servers.Nginx(self.path(name), locations, certificate)
        self.addCleanup(server.close)
        return server

    def filled(self, more=""):
        """A registry with the image. It is filled while it is open to everyone, then set up as 'more' says."""
        registry = self.docker_registry("open")
        oci.Registry(registry.address).push_image("demo/big", self.image, "1")
        return self.docker_registry("other", more, registry.data) if more else registry

    def login(self, registry, user=USER, password=PASSWORD):
        secret = base64.b64encode(f"{user}:{password}".encode()).decode()
        return "--authfile", self.write("auth.json", json.dumps({"auths": {registry.address: {"auth": secret}}}))


class PlainTest(ServersTestCase):
    def test_by_ranges(self):
        registry = self.filled()
        self.pull(f"{registry.address}/demo/big:1")
        self.check_stored(self.image)
        self.assertGreater(registry.requests().count(f"GET /v2/demo/big/blobs/{self.layer.digest}"), 3)

    def test_what_skopeo_fetches_is_what_is_stored(self):
        servers.need("skopeo")
        registry = self.filled()
        self.pull(f"{registry.address}/demo/big:1")
        target = self.path("copy")
        subprocess.run(["skopeo", "--override-os", "windows", "copy", "--quiet", "--src-tls-verify=false",
                        f"docker://{registry.address}/demo/big:1", f"dir:{target}"], check=True, capture_output=True)
        stored, files = self.store.blobs(), {path.name: path.read_bytes() for path in target.iterdir() if len(path.name) == 64}
        self.assertEqual(len(files), 3)
        for name, data in files.items():
            self.assertEqual(stored[name], data)
        self.assertEqual(stored[self.image.manifest.digest[7:]], (target / "manifest.json").read_bytes())

    def test_what_umoci_reads(self):
        """The store has the shape of an OCI layout: with an index.json it is one."""
        servers.need("umoci")
        servers.need("skopeo")
        registry = self.filled()
        source, target = (f"docker://{registry.address}/demo/{name}" for name in ("big:1", "oci:1"))
        subprocess.run(["skopeo", "--override-os", "windows", "copy", "--quiet", "--format", "oci",
                        "--src-tls-verify=false", "--dest-tls-verify=false", source, target], check=True, capture_output=True)
        digest = self.pull_json(f"{registry.address}/demo/oci:1")["digest"]
        (self.store.root / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [
            {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest,
             "size": self.store.path(digest).stat().st_size,
             "annotations": {"org.opencontainers.image.ref.name": "big"}}]}))
        subprocess.run(["umoci", "raw", "unpack", "--rootless", "--image", f"{self.store.root}:big", str(self.path("files"))],
                       check=True, capture_output=True)
        self.assertEqual((self.path("files") / "Files/big.bin").read_bytes(), noise(BIG))


class PasswordTest(ServersTestCase):
    def setUp(self):
        super().setUp()
        passwords = self.write("passwords", HTPASSWD)
        self.registry = self.filled(f"auth:\n  htpasswd:\n    realm: a-realm\n    path: {passwords}\n")
        self.reference = f"{self.registry.address}/demo/big:1"

    def test_right(self):
        self.pull(self.reference, *self.login(self.registry))
        self.check_stored(self.image)

    def test_wrong(self):
        done = self.pull(self.reference, *self.login(self.registry, password="guess"), code=REGISTRY)
        self.assertNotIn("guess", done.stderr)

    def test_none(self):
        self.check_says(self.pull(self.reference, code=REGISTRY), "hint: the image may be private")


class TokenTest(ServersTestCase):
    """docker-registry verifies the tokens; they are signed as the authority of its configuration allows."""

    def setUp(self):
        super().setUp()
        self.tokens = faults.FaultRegistry()
        self.addCleanup(self.tokens.close)
        self.tokens.fault("/token", self.give)
        tls.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tokens",
                    "-out", str(self.path("token.pem")), "-keyout", str(self.path("token.key")))
        self.registry = self.filled(f"auth:\n  token:\n    realm: {self.tokens.url}/token\n    service: the registry\n"
                                    f"    issuer: the issuer\n    rootcertbundle: {self.path('token.pem')}\n")
        self.reference = f"{self.registry.address}/demo/big:1"
        self.lifetime = 300

    def give(self, handler):
        query = handler.request_seen.query
        kind, name, actions = query["scope"][0].split(":")
        now = int(time.time())
        claims = {"iss": "the issuer", "sub": "", "aud": query["service"][0], "iat": now, "nbf": now - 5,
                  "exp": now + self.lifetime, "jti": "1", "access": [{"type": kind, "name": name, "actions": actions.split(",")}]}
        certificate = "".join(self.path("token.pem").read_text().splitlines()[1:-1])
        text = ".".join(base64url(part) for part in ({"typ": "JWT", "alg": "RS256", "x5c": [certificate]}, claims))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", str(self.path("token.key"))],
                                   input=text.encode(), check=True, capture_output=True).stdout
        handler.reply(200, json.dumps({"token": f"{text}.{base64url(signature)}", "expires_in": self.lifetime}).encode())

    def test_anonymous(self):
        self.pull(self.reference)
        self.check_stored(self.image)
        asked, = self.tokens.requests
        self.assertEqual(asked.query, {"service": ["the registry"], "scope": ["repository:demo/big:pull"]})
        self.assertNotIn("Authorization", asked.headers)

    def test_password_goes_to_the_token_service_only(self):
        self.pull(self.reference, *self.login(self.registry))
        self.check_stored(self.image)
        for asked in self.tokens.requests:
            self.assertEqual(asked.headers["Authorization"], "Basic dXNlcjpwYXNz")


def base64url(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class ContentNetworkTest(ServersTestCase):
    """docker-registry sends to nginx for every blob."""

    def setUp(self):
        super().setUp()
        registry = self.filled()
        self.network = self.nginx("network", f"location / {{ root {registry.data}; }}")
        passwords = self.write("passwords", HTPASSWD)
        self.registry = self.docker_registry("sender", (
            f"auth:\n  htpasswd:\n    realm: a-realm\n    path: {passwords}\n"
            "middleware:\n  storage:\n    - name: redirect\n      options:\n"
            f"        baseurl: http://{self.network.address}/\n"), registry.data)

    def test_no_authorization_there(self):
        self.pull(f"{self.registry.address}/demo/big:1", *self.login(self.registry))
        self.check_stored(self.image)
        requests = self.network.requests()
        self.assertGreater(len(requests), 5)
        for status, _, range_, authorization, _ in requests:
            self.assertIn(status, (200, 206))
            self.assertEqual(authorization, "-", range_)
        self.assertEqual(sum(size for _, size, *_ in requests),
                         sum(len(blob.data) for blob in [*self.image.layers, self.image.config]))


class CacheTest(ServersTestCase):
    """A docker-registry that fetches what it has not from another one."""

    def setUp(self):
        super().setUp()
        self.upstream = self.filled()
        self.cache = self.docker_registry("cache", f"proxy:\n  remoteurl: http://{self.upstream.address}\n")

    def test_empty_and_full(self):
        for state in ("empty", "full"):
            with self.subTest(state):
                self.store.clear()
                self.pull(f"{self.cache.address}/demo/big:1")
                self.check_stored(self.image)


class TlsTest(ServersTestCase):
    """nginx before docker-registry, with TLS, HTTP/1.1 and a rate for each connection."""

    HOST = "registry.localhost"

    def start_nginx(self, more=""):
        registry = self.filled()
        self.certificate = tls.certificate(self.HOST)
        front = self.nginx("front", f"location / {{ proxy_pass http://{registry.address}; proxy_set_header Host $http_host; "
                           f"proxy_max_temp_file_size 0; {more} }}", self.certificate)
        self.reference = f"{self.HOST}:{front.port}/demo/big:1"
        return front

    def test_authority(self):
        self.start_nginx()
        self.pull(self.reference, "--cacert", self.certificate.authority)
        self.check_stored(self.image)

    def test_no_authority(self):
        front = self.start_nginx()
        self.check_says(self.pull(self.reference, code=REGISTRY), "hint: install the registry's CA")
        self.assertEqual(front.requests(), [])

    def test_several_connections_beat_a_rate_for_each(self):
        self.start_nginx("limit_rate 2m;")
        started = time.monotonic()
        self.pull(self.reference, "--cacert", self.certificate.authority)
        self.check_stored(self.image)
        # One connection would take twenty seconds.
        self.assertLess(time.monotonic() - started, 13)
