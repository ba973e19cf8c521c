# SPDX-License-Identifier: MIT
"""Pulls that are interrupted, killed, run side by side, or run out of space."""
import contextlib
import signal
import subprocess
import threading
import time

import fault_registry as faults
from pulling import INTERRUPTED, NO_SPACE, FaultTestCase, make_image


class ProcessTest(FaultTestCase):
    def start_pull(self, *options):
        process = subprocess.Popen(self.command(self.reference, *options), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_for_part(self):
        """Until the first layer, which stalls, has begun to arrive."""
        part = self.store.root / "ingest" / (self.layer_path().removeprefix("sha256:") + ".part")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_size:
                    return
            time.sleep(0.02)
        self.fail("the download did not begin")

    def stall(self, keep=20_000):
        event = threading.Event()
        self.addCleanup(event.set)
        self.registry.fault(self.layer_path(), faults.stalled(keep, event), times=1)
        return event

    def test_interrupt(self):
        self.stall()
        process = self.start_pull()
        self.wait_for_part()
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), INTERRUPTED)
        self.assertLess(time.monotonic() - started, 8)
        self.check_store(INTERRUPTED)
        self.check_nothing_recorded()

    def test_interrupt_while_it_waits_to_try_again(self):
        self.registry.fault("/manifests/", faults.error(503, "BUSY", Retry_After="100"))
        process = self.start_pull()
        while not self.registry.seen("/manifests/"):
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), INTERRUPTED)

    def test_killed_half_way(self):
        self.stall()
        process = self.start_pull()
        self.wait_for_part()
        process.kill()
        process.wait()
        self.assertIn(self.layer_path().removeprefix("sha256:") + ".part", self.store.partial())
        self.check_nothing_recorded()
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_two_at_once_share_the_work(self):
        event = self.stall()
        first = self.start_pull()
        self.wait_for_part()
        second = self.start_pull()
        time.sleep(1)
        self.assertIsNone(second.poll())
        event.set()
        self.assertEqual((first.wait(20), second.wait(20)), (0, 0))
        self.check_store()
        self.check_stored(self.image)
        for layer in self.image.layers:
            self.assertEqual(len(self.registry.seen(layer.digest)), 1)

    def test_the_second_takes_over_from_a_killed_first(self):
        self.stall()
        first = self.start_pull()
        self.wait_for_part()
        second = self.start_pull()
        time.sleep(0.5)
        first.kill()
        self.assertEqual(second.wait(20), 0)
        self.check_store()
        self.check_stored(self.image)

    def test_a_proxy_is_not_asked_for_loopback(self):
        self.pull(self.reference, env={"http_proxy": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"})
        self.check_stored(self.image)


class FullVolumeTest(FaultTestCase):
    def setUp(self):
        super().setUp()
        self.store.root.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(self.store.root)]
        done = subprocess.run(mount, capture_output=True, check=False)
        if done.returncode:
            self.skipTest("mounting a small volume needs root: " + done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", str(self.store.root)], check=True)

    def test_known_before_the_download(self):
        image = make_image(layers=2, size=700_000)
        self.registry.put_image("a/big", image, "1")
        done = self.pull(f"{self.registry.address}/a/big:1", code=NO_SPACE)
        self.check_says(done, str(sum(len(layer.data) for layer in image.layers)), "bytes left")
        for layer in image.layers:
            self.assertEqual(self.registry.seen(layer.digest), [])

    def test_full_while_writing(self):
        filler = self.store.root / "filler"

        def fill(_):
            with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
            return False
        self.registry.fault(self.layer_path(), fill)
        self.pull(self.reference, code=NO_SPACE)
        self.assertFalse(self.store.has(self.image.layers[0]))
        self.check_nothing_recorded()
        self.registry.faults.clear()
        filler.unlink()
        self.pull(self.reference)
        self.check_stored(self.image)
