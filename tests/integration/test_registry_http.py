# SPDX-License-Identifier: MIT
"""The transport: proxies, what is said of limits, how fast a pull can be interrupted."""
import email.utils
import signal
import subprocess
import threading
import time

import fault_registry as faults
import tls
from proxy import Proxy
from pulling import INTERRUPTED, REGISTRY, FaultTestCase


class ProxyTest(FaultTestCase):
    """*.localhost is this host, but no loopback name of the reference grammar: proxies are used."""

    HOST = "registry.localhost"

    def setUp(self):
        super().setUp()
        port = self.registry.address.rpartition(":")[2]
        self.plain = f"{self.HOST}:{port}/a/b:1"
        certificate = tls.certificate(self.HOST)
        self.secure = self.start(self.HOST, certificate.files)
        self.secure.put_image("a/b", self.image, "1")
        self.secure_reference = f"{self.secure.address}/a/b:1"
        self.trust = ("--cacert", certificate.authority)

    def start_proxy(self, *args, **more):
        proxy = Proxy(*args, **more)
        self.addCleanup(proxy.close)
        return proxy

    def test_http_is_forwarded(self):
        proxy = self.start_proxy()
        self.pull(self.plain, "--plain-http", env={"http_proxy": f"http://{proxy.address}"})
        self.check_stored(self.image)
        self.assertEqual({method for method, _ in proxy.requests}, {"GET"})
        self.assertGreaterEqual(len(proxy.requests), 4)

    def test_https_is_tunnelled(self):
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            with self.subTest(name):
                self.store.clear()
                proxy = self.start_proxy()
                self.pull(self.secure_reference, *self.trust, env={name: proxy.address})
                self.check_stored(self.image)
                self.assertEqual(set(proxy.requests), {("CONNECT", self.secure.address)})

    def test_the_header_of_cgi_programs_is_no_proxy(self):
        proxy = self.start_proxy()
        self.pull(self.plain, "--plain-http", env={"HTTP_PROXY": proxy.address})
        self.check_stored(self.image)
        self.assertEqual(proxy.requests, [])

    def test_exceptions(self):
        proxy = self.start_proxy()
        for exceptions in ("localhost", ".localhost", f"other,{self.HOST}", "*"):
            with self.subTest(exceptions):
                self.store.clear()
                self.pull(self.secure_reference, *self.trust,
                          env={"https_proxy": proxy.address, "no_proxy": exceptions})
                self.check_stored(self.image)
                self.assertEqual(proxy.requests, [])
        self.store.clear()
        self.pull(self.secure_reference, *self.trust, env={"https_proxy": proxy.address, "NO_PROXY": "ocalhost,host.x"})
        self.assertNotEqual(proxy.requests, [])

    def test_this_host_needs_no_proxy(self):
        proxy = self.start_proxy()
        self.pull(self.reference, env={"http_proxy": proxy.address, "all_proxy": proxy.address})
        self.assertEqual(proxy.requests, [])

    def test_a_user_and_a_password(self):
        proxy = self.start_proxy(user="u:p@ss")
        self.pull(self.secure_reference, *self.trust, env={"https_proxy": f"http://u:p%40ss@{proxy.address}"})
        self.check_stored(self.image)
        self.store.clear()
        self.pull(self.plain, "--plain-http", env={"http_proxy": f"http://u:p%40ss@{proxy.address}"})
        self.check_stored(self.image)

    def test_a_password_that_is_missing(self):
        proxy = self.start_proxy(user="u:p")
        done = self.pull(self.secure_reference, *self.trust, code=REGISTRY, timeout=10,
                         env={"https_proxy": proxy.address})
        self.check_says(done, "407", "hint: give the user name and the password for the proxy")
        self.assertEqual(self.secure.requests, [])

    def test_a_proxy_that_refuses(self):
        proxy = self.start_proxy(refusal=403)
        done = self.pull(self.secure_reference, *self.trust, code=REGISTRY, timeout=10,
                         env={"https_proxy": proxy.address})
        self.check_says(done, "through a proxy", "hint: the proxy does not let this host talk to the registry")

    def test_a_secret_of_the_proxy_is_not_told(self):
        done = self.pull(self.secure_reference, "--verbose", "--progress", "plain", code=REGISTRY, timeout=30,
                         env={"https_proxy": "http://user:s3cret@127.0.0.1:1"})
        self.assertNotIn("s3cret", done.stderr)

    def test_of_hosts_toml(self):
        proxy, other = self.start_proxy(), self.start_proxy()
        folder = self.store.root.parent / "certs.d" / "_default"
        folder.mkdir(parents=True)
        (folder / "hosts.toml").write_text(f'proxy = "http://{proxy.address}"\n')
        self.pull(self.secure_reference, *self.trust, "--hosts-dir", str(folder.parent),
                  env={"https_proxy": other.address, "no_proxy": "*"})
        self.check_stored(self.image)
        self.assertEqual(other.requests, [])
        self.assertEqual(set(proxy.requests), {("CONNECT", self.secure.address)})


class LimitTest(FaultTestCase):
    def limit(self, **headers):
        self.registry.fault("/manifests/", faults.error(429, "TOOMANYREQUESTS", "slow down", **headers))

    def test_what_is_left_is_told(self):
        self.limit(Retry_After="3600", RateLimit_Limit="100;w=21600", RateLimit_Remaining="0;w=21600")
        started = time.monotonic()
        done = self.pull(self.reference, code=REGISTRY)
        self.assertLess(time.monotonic() - started, 5)
        self.check_says(done, "TOOMANYREQUESTS: slow down",
                        "127.0.0.1 limits how often you may pull (limit 100;w=21600, remaining 0;w=21600); "
                        "come back in 3600 seconds")
        # Only Docker Hub is known to give more to those who log in.
        self.assertNotIn("log in", done.stderr)

    def test_control_characters_are_not_passed_on(self):
        self.limit(Retry_After="3600", RateLimit_Limit="1\x1b[2J", RateLimit_Remaining="0")
        self.assertNotIn("\x1b", self.pull(self.reference, code=REGISTRY).stderr)

    def test_a_date_that_is_far(self):
        self.limit(Retry_After=email.utils.formatdate(time.time() + 7200, usegmt=True))
        done = self.pull(self.reference, code=REGISTRY)
        self.assertRegex(done.stderr, r"come back in 7(19|20)\d seconds")
        self.assertEqual(len(self.registry.seen("/manifests/")), 1)

    def test_a_date_that_is_near(self):
        self.registry.fault("/manifests/", lambda handler: handler.reply_error(
            503, "UNAVAILABLE", "", {"Retry-After": email.utils.formatdate(time.time() + 2, usegmt=True)}), times=1)
        started = time.monotonic()
        self.pull(self.reference)
        # The header has whole seconds.
        self.assertGreater(time.monotonic() - started, 0.5)
        self.check_stored(self.image)

    def test_nonsense_is_passed_over(self):
        for value in ("soon", "-5", "Sun, 99 Nov 2026 00:00:00 GMT", ""):
            with self.subTest(value):
                self.store.clear()
                self.registry.fault("/manifests/", faults.status(503, Retry_After=value), times=1)
                self.pull(self.reference, timeout=20)
                self.check_stored(self.image)


class InterruptTest(FaultTestCase):
    def test_while_nothing_comes(self):
        released = threading.Event()
        self.addCleanup(released.set)
        self.registry.fault(self.layer_path(), faults.stalled(1000, released))
        process = subprocess.Popen(self.command(self.reference), env=self.environment(), stderr=subprocess.PIPE)
        deadline = time.monotonic() + 20
        while not self.registry.seen(self.layer_path()) and time.monotonic() < deadline:
            time.sleep(0.02)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        self.assertEqual(process.returncode, INTERRUPTED)
        self.assertLess(time.monotonic() - started, 8)
