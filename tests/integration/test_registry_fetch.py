# SPDX-License-Identifier: MIT
"""How blobs come in: by ranges, resumed after any end of an earlier pull, in little memory."""
import contextlib
import os
import random
import signal
import subprocess
import time

import fault_registry as faults
from pulling import INTEGRITY, INTERRUPTED, REGISTRY, USAGE, BigFaultTestCase, noise, oci

MIB = 1 << 20
PART = 8 * MIB  # asked for at a time
CONNECTIONS = 6
# What a kill can cost: less than a mebibyte that the map does not speak of yet, and what is in the buffers of each
# connection, at both ends.
LOST_BY_KILL = MIB + CONNECTIONS * MIB


class FetchTestCase(BigFaultTestCase):
    def start_pull(self, *options):
        process = subprocess.Popen(self.command(self.reference, *options), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.environment())
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def wait_until_served(self, bytes_):
        deadline = time.monotonic() + 30
        while self.registry.served(self.layer) < bytes_:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def check_kept(self):
        """What is kept of the layer is right; returns how much."""
        data, done = self.store.part(self.image.layers[1])
        for first, end in done:
            self.assertEqual(data[first:end], self.image.layers[1].data[first:end])
        return sum(end - first for first, end in done)

    def ranges(self):
        return sorted(request.range for request in self.requests())


class RangesTest(FetchTestCase):
    def test_each_byte_once(self):
        self.pull(self.reference)
        self.check_stored(self.image)
        ranges = self.ranges()
        self.assertEqual([first for first, _ in ranges], list(range(0, self.size, PART)))
        self.assertEqual([last for _, last in ranges], [*range(PART - 1, self.size - 1, PART), self.size - 1])

    def test_small_blobs_in_one_request(self):
        self.pull(self.reference)
        requests = self.registry.seen(self.layer_path(0))
        self.assertEqual([request.range for request in requests], [None])

    def test_number_of_connections(self):
        self.registry.rate = 100 * MIB  # so that no part is there before all have been asked for
        for count in (1, 2, 5):
            with self.subTest(count=count):
                self.store.clear()
                before = self.registry.connections
                self.pull(self.reference, "--max-concurrent", str(count))
                self.check_stored(self.image)
                self.assertEqual(self.registry.connections - before, count)
        self.registry.rate = None
        for wrong in ("0", "33", "many", "-1", ""):
            done = self.pull(self.reference, "--max-concurrent", wrong, code=USAGE)
            self.assertEqual(done.stderr, f"wrun: pull: --max-concurrent: '{wrong}' is not a number from 1 to 32\n")

    def test_the_front_comes_first(self):
        """A slow server: whenever the pull is killed, little is there but the front."""
        self.registry.rate = 40 * MIB
        process = self.start_pull()
        self.wait_until_served(24 * MIB)
        process.kill()
        process.wait()
        _, done = self.store.part(self.image.layers[1])
        self.assertLessEqual(done[-1][1], (CONNECTIONS + 4) * PART)
        self.assertEqual(done[0][0], 0)

    def test_parts_with_a_false_label(self):
        """The server says they are what was asked for; only the hash can tell."""
        self.fault(faults.under_false_name,
                   when=lambda request: request.range and request.range[0] == PART)
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual([request.range for request in self.requests()][-1], None)
        self.check_served(2)

    def test_no_ranges_and_a_stream_that_breaks(self):
        self.fault(faults.ranges_ignored)
        self.fault(faults.truncated(30 * MIB), times=1, when=lambda request: not request.range)
        self.fault(faults.content(lambda blob: blob), when=lambda request: not request.range)
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_a_stream_that_never_comes_to_its_end(self):
        def cut(handler):
            handler.begin(200, {"Content-Length": str(self.size)})
            handler.send(handler.blob()[:20 * MIB])
            handler.hang_up()
        self.fault(cut)
        self.pull(self.reference, code=REGISTRY, timeout=90)
        self.assertEqual(self.check_kept(), 20 * MIB)


class RedirectTest(FetchTestCase):
    def setUp(self):
        super().setUp()
        self.other = self.start()
        self.other.put_image("a/b", self.image, "1")

    def test_target_is_remembered(self):
        self.fault(faults.redirect(self.other.url))
        self.pull(self.reference, "--max-concurrent", "2")
        self.check_stored(self.image)
        # Each connection may ask before the first answer has come; the later parts need not.
        self.assertLessEqual(len(self.requests()), 2)
        self.assertEqual(self.other.served(self.layer), self.size)

    def test_target_expires(self):
        self.fault(faults.redirect(self.other.url))
        for status in (403, 404, 410):
            with self.subTest(status=status):
                self.store.clear()
                self.other.forget()
                self.other.fault(self.layer, faults.status(status), times=1,
                                 when=lambda request: request.range[0] > PART)
                self.pull(self.reference)
                self.check_stored(self.image)
                self.assertEqual(self.other.served(self.layer), self.size)

    def test_target_refuses_always(self):
        self.fault(faults.redirect(self.other.url))
        self.other.fault(self.layer, faults.status(403))
        self.pull(self.reference, code=(REGISTRY,))
        self.assertLessEqual(len(self.requests()), 4 * CONNECTIONS)


class ResumeTest(FetchTestCase):
    def test_interrupted(self):
        self.registry.rate = 40 * MIB
        process = self.start_pull()
        self.wait_until_served(16 * MIB)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(10), INTERRUPTED)
        kept = self.check_kept()
        self.assertGreater(kept, 8 * MIB)
        self.registry.rate = None
        self.registry.forget()
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.registry.served(self.layer), self.size - kept)
        self.assertEqual(self.registry.seen(self.layer_path(0)), [])

    def test_network_fails(self):
        self.fault(faults.status(503, b"", Retry_After="3600"), when=lambda request: request.range[0] >= 2 * PART)
        self.pull(self.reference, "--max-concurrent", "1", code=REGISTRY)
        self.assertEqual(self.check_kept(), 2 * PART)
        self.registry.faults.clear()
        self.registry.forget()
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.ranges()[0][0], 2 * PART)
        self.check_served(1 - 2 * PART / self.size)

    def test_killed_again_and_again(self):
        dice = random.Random(7)
        self.registry.rate = 60 * MIB
        kills = 0
        for _ in range(10):
            process = self.start_pull()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(dice.uniform(0.05, 0.3))
            if process.poll() == 0:
                break
            process.kill()
            process.wait()
            kills += 1
            if self.layer.removeprefix("sha256:") + ".map" in self.store.partial():
                self.check_kept()
        self.registry.rate = None
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertGreaterEqual(kills, 2)
        self.assertLess(self.registry.served(self.layer), self.size + kills * LOST_BY_KILL)

    def interrupt_half_way(self):
        self.registry.rate = 40 * MIB
        process = self.start_pull()
        self.wait_until_served(20 * MIB)
        process.kill()
        process.wait()
        self.registry.rate = None
        self.registry.forget()
        return self.store.root / "ingest" / self.layer.removeprefix("sha256:")

    def test_after_a_power_cut(self):
        """The map survived, the bytes did not: the blob is fetched anew, and nobody is blamed for it."""
        path = self.interrupt_half_way().with_suffix(".part")
        path.write_bytes(bytes(path.stat().st_size))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertNotIn(None, [request.range for request in self.requests()])

    def test_a_damaged_map(self):
        path = self.interrupt_half_way().with_suffix(".map")
        path.write_bytes(path.read_bytes().replace(b"done 0", b"done 1", 1))
        self.pull(self.reference)
        self.check_stored(self.image)
        self.check_served(1)

    def test_a_stranger_in_the_part_file(self):
        path = self.interrupt_half_way().with_suffix(".part")
        path.write_bytes(noise(self.size, seed=9))
        self.pull(self.reference)
        self.check_stored(self.image)

    def test_killed_before_it_was_published(self):
        name = self.store.root / "ingest" / self.layer.removeprefix("sha256:")
        self.pull(self.reference)
        self.registry.forget()
        os.rename(self.store.path(self.layer), name.with_suffix(".part"))
        lines = f"wrun part 1\nsize {self.size}\ndone 0 {self.size}\n".encode()
        name.with_suffix(".map").write_bytes(lines + f"hash {oci.digest(lines)}\n".encode())
        self.pull(self.reference)
        self.check_stored(self.image)
        self.assertEqual(self.requests(), [])

    def test_wrong_content_is_not_kept(self):
        self.fault(faults.flipped(33_000_000))
        self.pull(self.reference, code=INTEGRITY)
        self.check_no_part(self.image.layers[1])
        self.check_served(2)


class SharedTest(FetchTestCase):
    def test_two_at_once_share_the_work(self):
        self.registry.rate = 100 * MIB
        both = [self.start_pull(), self.start_pull()]
        self.assertEqual([process.wait(30) for process in both], [0, 0])
        self.check_stored(self.image)
        self.check_served(1)

    def test_the_second_goes_on_where_the_first_was_killed(self):
        self.registry.rate = 40 * MIB
        first = self.start_pull()
        self.wait_until_served(10 * MIB)
        second = self.start_pull()
        self.wait_until_served(20 * MIB)
        first.kill()
        self.assertEqual(second.wait(30), 0)
        self.check_store()
        self.check_stored(self.image)
        self.assertLess(self.registry.served(self.layer), self.size + LOST_BY_KILL)
