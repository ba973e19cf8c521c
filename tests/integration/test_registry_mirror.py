# SPDX-License-Identifier: MIT
"""Mirrors: --mirror, hosts.toml, certificates for one host."""
import pathlib
import socket

import fault_registry as faults
import tls
from pulling import INTEGRITY, NOT_FOUND, REGISTRY, USAGE, FaultTestCase


def unused_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class MirrorTestCase(FaultTestCase):
    def setUp(self):
        super().setUp()
        self.mirror = self.start()
        self.mirror.put_image("a/b", self.image, "1")
        self.certs = pathlib.Path(self.folder) / "certs.d"

    def write_hosts(self, text, host=None):
        port = self.registry.address.rpartition(":")[2]
        folder = self.certs / (host or f"127.0.0.1_{port}_")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "hosts.toml").write_text(text)
        return folder

    def pull_with_hosts(self, *options, **more):
        return self.pull(self.reference, "--hosts-dir", str(self.certs), *options, **more)

    def blobs_seen(self, registry):
        return len(registry.seen("/blobs/"))


class OptionTest(MirrorTestCase):
    def option(self, mirror=None):
        return f"--mirror={self.registry.address}={(mirror or self.mirror).url}"

    def test_content_comes_from_the_mirror_and_the_tag_from_the_registry(self):
        self.pull(self.reference, self.option())
        self.check_stored(self.image)
        self.assertEqual(self.blobs_seen(self.registry), 0)
        self.assertEqual(self.blobs_seen(self.mirror), 3)
        self.assertEqual(self.mirror.seen("/manifests/"), [])
        for request in self.mirror.requests:
            self.assertEqual(request.query, {"ns": [self.registry.address]})
        for request in self.registry.requests:
            self.assertEqual(request.query, {})

    def test_a_digest_is_asked_of_the_mirror(self):
        self.pull(f"{self.registry.address}/a/b@{self.image.manifest.digest}", self.option())
        self.check_stored(self.image)
        self.assertEqual(self.registry.requests, [])

    def test_a_mirror_of_somebody_else(self):
        self.pull(self.reference, f"--mirror=docker.io={self.mirror.url}")
        self.assertEqual(self.mirror.requests, [])

    def test_the_first_of_two(self):
        second = self.start()
        second.put_image("a/b", self.image, "1")
        del self.mirror.blobs[self.layer_path()]
        done = self.pull(self.reference, self.option(), self.option(second), "--verbose", "--progress", "plain")
        self.check_stored(self.image)
        self.assertEqual(len(second.seen(self.layer_path())), 1)
        self.assertEqual(self.blobs_seen(second), 1)
        self.assertEqual(self.blobs_seen(self.registry), 0)
        self.check_says(done, self.mirror.address)

    def test_mirrors_that_fail(self):
        for action in (faults.status(404), faults.status(403), faults.status(429, Retry_After="60"),
                       faults.status(500), faults.status(503), faults.status(401), faults.truncated(0),
                       faults.truncated(1000), faults.reset(1000), faults.false_length(-1),
                       faults.redirect("http://169.254.169.254/"), faults.redirect("ftp://127.0.0.1/")):
            with self.subTest(action.__qualname__):
                self.store.clear()
                self.mirror.faults.clear()
                self.mirror.fault("/", action)
                self.registry.forget()
                self.pull(self.reference, self.option(), timeout=20)
                self.check_stored(self.image)
                # The configuration is short enough to come whole.
                self.assertGreaterEqual(self.blobs_seen(self.registry), 2)

    def test_a_mirror_that_is_not_there(self):
        self.pull(self.reference, f"--mirror={self.registry.address}=http://127.0.0.1:{unused_port()}", timeout=10)
        self.check_stored(self.image)

    def test_wrong_content(self):
        self.mirror.fault(self.layer_path(), faults.flipped(100))
        done = self.pull(self.reference, self.option())
        self.check_stored(self.image)
        self.check_says(done, "warning", self.mirror.address)
        self.assertEqual(len(self.registry.seen(self.layer_path())), 1)

    def test_wrong_manifest(self):
        self.mirror.put_manifest("a/b", self.image.manifest.digest, b"{}", self.image.manifest.media_type)
        done = self.pull(f"{self.registry.address}/a/b@{self.image.manifest.digest}", self.option())
        self.check_stored(self.image)
        self.check_says(done, "warning", self.mirror.address, "wrong content", "asking elsewhere")

    def test_both_wrong(self):
        for registry in (self.mirror, self.registry):
            registry.fault(self.layer_path(), faults.flipped(100))
        self.pull(self.reference, self.option(), code=INTEGRITY)
        self.check_nothing_recorded()

    def test_the_registry_has_the_last_word(self):
        self.mirror.fault("/", faults.status(503))
        del self.registry.blobs[self.layer_path()]
        done = self.pull(self.reference, self.option(), code=NOT_FOUND)
        self.check_says(done, "BLOB_UNKNOWN")

    def test_credentials_stay_with_the_registry(self):
        self.registry.require_token()
        self.pull(self.reference, self.option())
        self.check_stored(self.image)
        self.assertEqual(self.blobs_seen(self.mirror), 3)
        for request in self.mirror.requests:
            self.assertNotIn("Authorization", request.headers)

    def test_a_mirror_with_tokens_of_its_own(self):
        self.registry.require_token("of-the-registry")
        self.mirror.require_token("of-the-mirror")
        self.pull(self.reference, self.option())
        self.check_stored(self.image)
        self.assertEqual(self.blobs_seen(self.registry), 0)
        self.assertFalse(any("of-the-registry" in r.headers.get("Authorization", "") for r in self.mirror.requests))

    def test_malformed(self):
        for text in ("", "x", "=https://m", f"{self.registry.address}=", f"{self.registry.address}=ftp://m",
                     f"{self.registry.address}=https://u:p@m", f"{self.registry.address}=https://m?x"):
            with self.subTest(text):
                done = self.pull(self.reference, f"--mirror={text}", code=USAGE)
                self.check_says(done, "--mirror")
        self.assertEqual(self.registry.requests, [])


class HostsFileTest(MirrorTestCase):
    def test_a_mirror_that_resolves(self):
        self.write_hosts(f'[host."{self.mirror.url}"]\n')
        self.pull_with_hosts()
        self.check_stored(self.image)
        self.assertEqual(self.registry.requests, [])

    def test_a_mirror_that_may_only_be_asked_for_content(self):
        self.write_hosts(f'[host."{self.mirror.url}"]\n  capabilities = ["pull"]\n')
        self.pull_with_hosts()
        self.assertEqual(self.mirror.seen("/manifests/"), [])
        self.assertEqual(self.blobs_seen(self.mirror), 3)

    def test_a_mirror_that_may_only_be_asked_for_tags(self):
        self.write_hosts(f'[host."{self.mirror.url}"]\n  capabilities = ["resolve"]\n')
        self.pull_with_hosts()
        self.assertEqual(len(self.mirror.seen("/manifests/1")), 1)
        self.assertEqual(self.blobs_seen(self.mirror), 0)

    def test_nobody_resolves(self):
        self.write_hosts('capabilities = ["pull"]\n')
        self.check_says(self.pull_with_hosts(code=USAGE), "none has 'resolve'")

    def test_nobody_has_content(self):
        self.write_hosts('capabilities = ["resolve"]\n')
        self.check_says(self.pull_with_hosts(code=USAGE), "content of")

    def test_in_the_order_of_the_file(self):
        second = self.start()
        second.put_image("a/b", self.image, "1")
        self.write_hosts(f'[host."{second.url}"]\n[host."{self.mirror.url}"]\n')
        self.pull_with_hosts()
        self.assertEqual(self.mirror.requests, [])
        second.fault("/", faults.status(500))
        self.store.clear()
        self.pull_with_hosts()
        self.assertEqual(self.blobs_seen(self.mirror), 3)
        self.assertEqual(self.registry.requests, [])

    def test_another_server(self):
        self.write_hosts(f'server = "{self.mirror.url}"\n')
        self.pull_with_hosts()
        self.check_stored(self.image)
        self.assertEqual(self.registry.requests, [])
        self.assertEqual(self.mirror.requests[0].query, {"ns": [self.registry.address]})

    def test_headers_and_paths(self):
        self.mirror.fault("/sub/", lambda handler: self.mirror.answer(handler, handler.path.partition("?")[0]
                                                                      .replace("/sub/", "/v2/")) or True)
        self.write_hosts(f'[host."{self.mirror.url}/sub"]\n  override_path = true\n'
                         '  header = { X-Team = "one", x-more = ["two", "three"] }\n')
        self.pull_with_hosts()
        self.check_stored(self.image)
        self.assertEqual(self.registry.requests, [])
        for request in self.mirror.requests:
            self.assertTrue(request.path.startswith("/sub/a/b/"), request.path)
            self.assertEqual(request.headers["X-Team"], "one")

    def test_headers_stay_with_the_mirror(self):
        elsewhere = self.start()
        elsewhere.put_image("a/b", self.image)
        self.mirror.fault("/blobs/", faults.redirect(elsewhere.url))
        self.write_hosts(f'[host."{self.mirror.url}"]\n  header = {{ X-Secret = "s3cret" }}\n')
        self.pull_with_hosts()
        self.assertEqual(self.blobs_seen(elsewhere), 3)
        for request in elsewhere.requests + self.registry.requests:
            self.assertNotIn("X-Secret", request.headers)

    def test_for_all_hosts(self):
        self.write_hosts(f'[host."{self.mirror.url}"]\n', "_default")
        self.pull_with_hosts()
        self.assertEqual(self.registry.requests, [])
        # What is said about a host comes before what is said about all.
        self.write_hosts("")
        self.store.clear()
        self.pull_with_hosts()
        self.assertEqual(len(self.registry.seen("/manifests/")), 1)

    def test_the_colon_in_the_name(self):
        self.write_hosts(f'[host."{self.mirror.url}"]\n', self.registry.address)
        self.pull_with_hosts()
        self.assertEqual(self.registry.requests, [])

    def test_from_the_environment(self):
        self.write_hosts(f'[host."{self.mirror.url}"]\n')
        self.pull(self.reference, env={"WRUN_HOSTS_DIR": str(self.certs)})
        self.assertEqual(self.registry.requests, [])

    def test_malformed(self):
        for text, message in (("server = ", "line 1"), ("[host", "line 1"), ("ca = 5", "ca: must be"),
                              ("ca = 'nowhere.crt'", "ca: "), ('[host."ftp://m"]', "ftp://m"),
                              ("\xff", "hosts.toml"), ("x" * (1 << 21), "hosts.toml")):
            with self.subTest(text[:20]):
                (self.write_hosts("") / "hosts.toml").write_bytes(text.encode("latin-1"))
                done = self.pull_with_hosts(code=(USAGE, INTEGRITY))
                self.check_says(done, message)
        self.assertEqual(self.registry.requests + self.mirror.requests, [])

    def test_no_such_directory(self):
        done = self.pull(self.reference, "--hosts-dir", "/nonexistent", code=USAGE)
        self.check_says(done, "/nonexistent")

    def test_a_dial_that_takes_too_long(self):
        # A listener whose queue is full does not answer.
        with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            for client in (first, second):
                client.setblocking(False)
                client.connect_ex(listener.getsockname())
            port = listener.getsockname()[1]
            self.write_hosts(f'[host."http://127.0.0.1:{port}"]\n  dial_timeout = "200ms"\n')
            self.pull_with_hosts(timeout=10)
        self.check_stored(self.image)


class TlsTest(MirrorTestCase):
    HOST = "mirror.localhost"

    def setUp(self):
        super().setUp()
        self.certificate = tls.certificate(self.HOST)
        self.secure = self.start(self.HOST, self.certificate.files)
        self.secure.put_image("a/b", self.image, "1")
        self.secure_reference = f"{self.secure.address}/a/b:1"
        self.port = self.secure.address.rpartition(":")[2]

    def test_an_authority_for_the_mirror(self):
        folder = self.write_hosts(f'[host."{self.secure.url}"]\n  ca = "mirror.crt"\n')
        (folder / "mirror.crt").write_bytes(pathlib.Path(self.certificate.authority).read_bytes())
        self.pull_with_hosts()
        self.assertEqual(self.registry.requests, [])

    def test_not_trusted(self):
        self.write_hosts(f'[host."{self.secure.url}"]\n')
        self.pull_with_hosts()
        self.assertEqual(self.secure.requests, [])
        self.assertEqual(self.blobs_seen(self.registry), 3)

    def test_skip_verify(self):
        self.write_hosts(f'[host."{self.secure.url}"]\n  skip_verify = true\n')
        done = self.pull_with_hosts()
        self.assertEqual(self.registry.requests, [])
        self.check_says(done, f"warning: the certificate of {self.secure.address} is not checked")

    def test_insecure(self):
        for option in ("--insecure", "--skip-verify"):
            with self.subTest(option):
                self.store.clear()
                done = self.pull(self.secure_reference, option)
                self.check_stored(self.image)
                self.check_says(done, f"warning: the certificate of {self.secure.address} is not checked")

    def test_insecure_is_for_the_registry_alone(self):
        other = tls.certificate("other.localhost")
        elsewhere = self.start("other.localhost", other.files)
        elsewhere.put_image("a/b", self.image)
        self.secure.fault(self.layer_path(), faults.redirect(elsewhere.url))
        done = self.pull(self.secure_reference, "--insecure", code=REGISTRY)
        self.check_says(done, elsewhere.address, "certificate")
        self.assertEqual(elsewhere.requests, [])
        self.store.clear()
        self.pull(self.secure_reference, "--insecure", "--cacert", other.authority)
        self.check_stored(self.image)

    def test_certificates_as_docker_keeps_them(self):
        folder = self.certs / f"{self.HOST}_{self.port}_"
        folder.mkdir(parents=True)
        (folder / "ca.crt").write_bytes(pathlib.Path(self.certificate.authority).read_bytes())
        self.pull(self.secure_reference, "--hosts-dir", str(self.certs))
        self.check_stored(self.image)

    def test_the_environment_s_certificates(self):
        self.pull(self.secure_reference, env={"SSL_CERT_FILE": self.certificate.authority})
        self.check_stored(self.image)
        self.store.clear()
        done = self.pull(self.reference, env={"SSL_CERT_FILE": "/nonexistent.pem"})
        self.check_says(done, "warning: SSL_CERT_FILE:")

    def test_no_revoke(self):
        self.pull(self.secure_reference, "--no-revoke", "--cacert", self.certificate.authority)
        self.check_stored(self.image)


class ClientCertificateTest(MirrorTestCase):
    """A registry that wants to see a certificate of its client."""

    HOST = "strict.localhost"

    def setUp(self):
        super().setUp()
        import ssl
        self.certificate = tls.certificate(self.HOST)
        self.client = tls.certificate("client")
        self.strict = self.start(self.HOST, self.certificate.files)
        context = self.strict.server.socket.context
        context.load_verify_locations(self.client.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        self.strict.put_image("a/b", self.image, "1")
        port = self.strict.address.rpartition(":")[2]
        self.reference = f"{self.strict.address}/a/b:1"
        self.directory = self.certs / f"{self.HOST}_{port}_"
        self.directory.mkdir(parents=True)
        (self.directory / "ca.crt").write_bytes(pathlib.Path(self.certificate.authority).read_bytes())

    def test_without_one(self):
        self.pull_with_hosts(code=REGISTRY)
        self.assertEqual(self.strict.requests, [])

    def test_as_docker_keeps_it(self):
        for name, file in zip(("client.cert", "client.key"), self.client.files):
            (self.directory / name).write_bytes(pathlib.Path(file).read_bytes())
        self.pull_with_hosts()
        self.check_stored(self.image)

    def test_of_hosts_toml(self):
        certificate, key = self.client.files
        (self.directory / "hosts.toml").write_text(f'ca = "ca.crt"\nclient = [["{certificate}", "{key}"]]\n')
        self.pull_with_hosts()
        self.check_stored(self.image)

    def test_both_in_one_file(self):
        (self.directory / "both.pem").write_bytes(b"".join(pathlib.Path(f).read_bytes() for f in self.client.files))
        (self.directory / "hosts.toml").write_text('ca = "ca.crt"\nclient = "both.pem"\n')
        self.pull_with_hosts()
        self.check_stored(self.image)

    def test_one_that_is_missing(self):
        (self.directory / "hosts.toml").write_text('ca = "ca.crt"\nclient = "nowhere.pem"\n')
        done = self.pull_with_hosts(code=REGISTRY)
        self.check_says(done, "hint: check the client certificate")
