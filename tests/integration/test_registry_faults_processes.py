# SPDX-License-Identifier: MIT
"""Several pulls at once, pulls that are killed, and volumes that are full or cannot be written."""
import contextlib
import signal
import subprocess
import threading
import time

import fault_registry as faults
from pulling import INTERRUPTED, NO_SPACE, REGISTRY, BigFaultTestCase, FaultTestCase, big_image, make_image, oci


class Pulls:
    """Pulls in the background."""

    def start_pull(self, *options):
        process = subprocess.Popen(self.command(self.reference, *options), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def finish(self, process, code=0, timeout=60):
        said = process.stderr.read().decode()
        self.assertEqual(process.wait(timeout), code, said)
        return said

    def wait_until(self, condition, what):
        deadline = time.monotonic() + 20
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"never came: {what}")
            time.sleep(0.005)


class AtOnceTest(Pulls, BigFaultTestCase):
    """two wruns pull at once: blob transferred once. first killed -9 halfway: second resumes (count bytes served)."""

    def check_each_once(self, image):
        for blob in [*image.layers, image.config]:
            self.assertEqual(self.registry.served(blob.digest), len(blob.data))
        self.check_store()
        self.check_stored(image)

    def test_two(self):
        self.registry.rate = 80_000_000
        pulls = [self.start_pull() for _ in range(2)]
        for pull in pulls:
            self.finish(pull)
        self.check_each_once(self.image)

    def test_eight(self):
        """Of an image with several layers, all started in one moment."""
        image = oci.Image([*big_image().layers, *make_image(layers=5, size=3_000_000).layers[1:]], os_version="10.0.20348.2322")
        self.registry.put_image("a/b", image, "1")
        self.registry.rate = 50_000_000
        pulls = [self.start_pull() for _ in range(8)]
        for pull in pulls:
            self.finish(pull)
        self.check_each_once(image)

    def test_eight_with_nothing_to_wait_for(self):
        """As fast as it goes: the races are others."""
        for _ in range(3):
            self.store.clear()
            self.registry.forget()
            pulls = [self.start_pull() for _ in range(8)]
            for pull in pulls:
                self.finish(pull)
            self.check_each_once(self.image)

    def test_eight_where_the_first_answers_are_broken(self):
        self.fault(faults.reset(1_000_000), times=3)
        pulls = [self.start_pull() for _ in range(8)]
        for pull in pulls:
            self.finish(pull)
        self.check_store()
        self.check_stored(self.image)
        self.check_served(1.3, 1)

    def test_two_different_images_with_a_common_layer(self):
        other = oci.Image([*reversed(make_image(layers=3, size=2_000_000).layers), self.image.layers[1]], os_version="10.0.20348.1")
        self.registry.put_image("a/c", other, "1")
        self.registry.rate = 60_000_000
        first, reference = self.start_pull("--platform", "windows/amd64:10.0.20348.3000"), self.reference
        self.reference = f"{self.registry.address}/a/c:1"
        second, self.reference = self.start_pull("--platform", "windows/amd64:10.0.20348.3000"), reference
        self.finish(first)
        self.finish(second)
        self.check_served(1)
        self.check_stored(self.image)
        self.check_stored(other)

    def test_the_second_goes_on_where_the_first_was_killed(self):
        self.registry.rate = 40_000_000
        first = self.start_pull()
        self.wait_until(lambda: self.registry.served(self.layer) > self.size // 2, "half of the layer")
        second = self.start_pull()
        time.sleep(0.05)
        first.kill()
        self.finish(second)
        self.check_store()
        self.check_stored(self.image)
        self.check_served(1.8, 1)

    def test_the_first_fails_and_the_second_succeeds(self):
        """What one could not get is not lost for the other."""
        go_on = threading.Event()
        self.addCleanup(go_on.set)
        self.registry.fault(self.layer, faults.after(go_on, faults.error(403, "DENIED")), times=1)
        first = self.start_pull()
        self.wait_until(lambda: self.registry.seen(self.layer), "the request")
        second = self.start_pull()
        time.sleep(0.3)
        go_on.set()
        self.finish(first, REGISTRY)
        self.finish(second)
        self.check_store()
        self.check_stored(self.image)


class KilledTest(Pulls, BigFaultTestCase):
    """first killed -9 halfway; second resumes (count bytes served)."""

    def test_half_way(self):
        self.registry.rate = 60_000_000
        pull = self.start_pull()
        self.wait_until(lambda: self.registry.served(self.layer) > self.size * 3 // 4, "three quarters of the layer")
        pull.kill()
        pull.wait()
        self.assertEqual(self.store.references(), [])
        self.assertFalse(self.store.has(self.image.layers[1]))
        self.registry.rate = None
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1.8, 1)

    def test_interrupted(self):
        self.registry.rate = 60_000_000
        for number in (signal.SIGINT, signal.SIGTERM):
            pull = self.start_pull()
            before = self.registry.served(self.layer)
            self.wait_until(lambda: self.registry.served(self.layer) > before + 6_000_000, "some of the layer")  # noqa: B023
            pull.send_signal(number)
            started = time.monotonic()
            self.finish(pull, INTERRUPTED)
            self.assertLess(time.monotonic() - started, 8)
            self.check_store(INTERRUPTED)
            self.assertEqual(self.store.references(), [])
        self.registry.rate = None
        self.pull(self.reference)
        self.check_stored(self.image)
        # What had arrived is kept to the byte; what was on its way is not.
        self.check_served(1.25, 1)

    def test_damage_to_what_was_kept(self):
        """A part of the right size with other bytes in it is found out."""
        self.registry.rate = 60_000_000
        pull = self.start_pull()
        self.wait_until(lambda: self.registry.served(self.layer) > self.size * 3 // 4, "three quarters of the layer")
        pull.kill()
        pull.wait()
        self.registry.rate = None
        part, = (self.store.root / "ingest").glob("*.part")
        for damage in (lambda data: bytes(len(data)), lambda data: data[:len(data) // 2], lambda data: b"", lambda data: data * 2):
            part.write_bytes(damage(part.read_bytes()))
        part.write_bytes(bytes(self.size))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(3, 1)

    def test_what_is_kept_without_its_map(self):
        for kind, content in (("map", None), ("map", b""), ("map", b"garbage" * 100), ("map", b"\0" * 4096), ("part", None),
                              ("part", b""), ("part", b"short")):
            with self.subTest(kind, content=content and content[:8]):
                self.store.clear()
                self.registry.forget()
                self.registry.rate = 100_000_000
                pull = self.start_pull()
                self.wait_until(lambda: self.registry.served(self.layer) > self.size // 2, "half of the layer")
                pull.kill()
                pull.wait()
                self.registry.rate = None
                for path in (self.store.root / "ingest").glob(f"*.{kind}"):
                    path.unlink()
                    if content is not None:
                        path.write_bytes(content)
                self.pull(self.reference)
                self.check_stored(self.image)
                self.check_served(3, 1)


class VolumeTestCase(Pulls, FaultTestCase):
    SIZE = "2m"

    def setUp(self):
        super().setUp()
        self.store.root.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.SIZE}", "none", str(self.store.root)],
                              capture_output=True, check=False)
        if done.returncode:
            self.skipTest("mounting a small volume needs root: " + done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", str(self.store.root)], check=True)

    def fill(self):
        with contextlib.suppress(OSError), open(self.store.root / "filler", "ab", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass

    def free(self):
        (self.store.root / "filler").unlink()


class FullVolumeTest(VolumeTestCase):
    """ENOSPC: exit 10; nothing committed."""

    def make_image(self):
        return make_image(size=300_000)

    def test_known_before_the_download(self):
        image = make_image(layers=2, size=1_500_000)
        self.registry.put_image("a/big", image, "1")
        done = self.pull(f"{self.registry.address}/a/big:1", code=NO_SPACE)
        self.check_says(done, str(sum(len(layer.data) for layer in image.layers)), "bytes left", "hint: free some space")
        for layer in image.layers:
            self.assertEqual(self.registry.seen(layer.digest), [])

    def test_at_every_moment(self):
        moments = {"manifest": "/manifests/", "configuration": self.image.config.digest, "first layer": self.layer_path(0),
                   "second layer": self.layer_path(1)}
        for name, part in moments.items():
            with self.subTest(name):
                self.registry.fault(part, lambda _: self.fill() or False, times=1)
                done = self.pull(self.reference, code=NO_SPACE)
                self.check_says(done, "hint: free some space")
                self.check_nothing_recorded()
                self.registry.faults.clear()
                self.free()
                self.pull(self.reference)
                self.check_stored(self.image)
                for path in [*self.store.root.rglob("*")]:
                    if path.is_file():
                        path.unlink()

    def test_while_a_layer_arrives(self):
        event = threading.Event()
        self.addCleanup(event.set)
        self.registry.fault(self.layer_path(1), faults.stalled(50_000, event), times=1)
        pull = self.start_pull()
        self.wait_until(lambda: self.registry.served(self.layer_path(1)) >= 50_000, "the layer")
        self.fill()
        event.set()
        # Where the place was reserved beforehand nothing goes wrong.
        pull.wait(20)
        self.assertIn(pull.returncode, (0, NO_SPACE), pull.stderr.read())
        self.check_store(pull.returncode)
        self.free()
        self.pull(self.reference)
        self.check_stored(self.image)


class ReadOnlyVolumeTest(VolumeTestCase):
    def test_read_only(self):
        subprocess.run(["mount", "-o", "remount,ro", str(self.store.root)], check=True)
        done = self.pull(self.reference, code=(3, 1))
        self.check_says(done, str(self.store.root))

    def test_becomes_read_only(self):
        self.registry.fault(self.layer_path(1), lambda _: subprocess.run(
            ["mount", "-o", "remount,ro", str(self.store.root)], check=False, capture_output=True) and False, times=1)
        self.pull(self.reference, code=(0, 1, 3))
        subprocess.run(["mount", "-o", "remount,rw", str(self.store.root)], check=True)
        self.registry.faults.clear()
        self.pull(self.reference)
        self.check_stored(self.image)
